"""One spelling for every address of a source, and the article id it stands for. Pure: nothing is asked, nothing is resolved.

Why not url-normalize or w3lib: both keep unknown parameters or drop all of them, neither undoes encoded leftovers
(`%253Fpage%253D1`), and what is left after our own rules is what `urllib.parse` does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from newsroom.errors import ConfigError

MAX_LENGTH = 2_048
"""Characters of the longest address that is still believed to be one."""

_REMEMBERED = 4_096
"""Addresses whose canonical spelling is kept, so that it need not be found again."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_DROPPED = re.compile(r"[\t\r\n]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_EDGE = "".join(map(chr, range(33)))
"""C0 controls and the blank: cut off both ends of an address (WHATWG URL, "basic URL parser")."""
_LEFTOVER = re.compile(r"%(?:25)*(?:3F|23|26).*", re.IGNORECASE | re.DOTALL)
"""Another address's `?`, `#` or `&`, encoded once more than it should be, and all that follows."""
_TRIPLET = re.compile(r"%[0-9a-f]{2}")
_PATH_SAFE = "!$&'()*+,;=:@"


class _Site(Protocol):
    @property
    def base_url(self) -> str: ...
    @property
    def host_aliases(self) -> tuple[str, ...]: ...
    @property
    def article_path(self) -> str: ...
    @property
    def keep_parameters(self) -> tuple[str, ...]: ...


class _Listing(Protocol):
    @property
    def url(self) -> str: ...


class _Source(Protocol):
    """What is needed of a `config.Source`, which stands above this module and may not be imported here."""

    @property
    def name(self) -> str: ...
    @property
    def site(self) -> _Site: ...
    @property
    def listing(self) -> _Listing: ...


@dataclass(frozen=True)
class Addresses:
    """The addresses of one source, crawled at its own host or at `base_url` (a mirror, a test server).

    A plain value: it crosses threads and processes. Raises ConfigError for a base address that is none.
    """

    source: _Source
    base_url: str | None = None

    def __post_init__(self) -> None:
        _ = self._own, self._asked, self._names  # a bad address is refused here, not in the middle of a crawl

    @cached_property
    def _own(self) -> str:
        return _base("site.base_url", self.source.site.base_url)[0]

    @cached_property
    def _asked(self) -> tuple[str, tuple[str, ...]]:
        """`scheme://host[:port]` that is really asked, and the segments of the path below which the source is found there."""
        return _base("--base-url", self.base_url) if self.base_url else (self._own, ())

    @cached_property
    def _names(self) -> frozenset[str]:
        """Every `host[:port]` that means this source."""
        aliases = (_netloc(urlsplit(f"https://{alias}")) for alias in self.source.site.host_aliases)
        return frozenset({_after_scheme(self._own), _after_scheme(self._asked[0]), *(alias for alias in aliases if alias)})

    @cached_property
    def _article_path(self) -> re.Pattern[str]:
        return re.compile(self.source.site.article_path, re.IGNORECASE)

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        """An address of ours, small letters, figures, hyphens and slashes only; none where a path is to be cut off, or has capitals."""
        is_simple = not self._asked[1] and self._listing_path == self._listing_path.lower()
        return re.compile(re.escape(self._own) + r"(?:/[a-z0-9-]+)+" if is_simple else r"(?!)")

    @cached_property
    def _listing_path(self) -> str:
        return "/" + "/".join(_segments(urlsplit(self.source.listing.url).path))

    @property
    def hosts(self) -> frozenset[str]:
        """Every `host[:port]` (no default port) that may be asked: the source's own, or that of `base_url`. Aliases never are."""
        return frozenset({_after_scheme(self._asked[0])})

    def canonical(self, url: str, *, relative_to: str | None = None) -> str | None:
        """The one spelling of an address of this source; None if it is not http(s), not of this source, or no address at all.

        Host aliases (and `base_url`), http, default ports, user names, fragments, parameters that mean nothing, `..`, doubled and
        trailing slashes and encoded leftovers fall away; the listing's path and the slugs around a native id lose their capitals.
        Section slugs and language prefixes stay: they are addresses of their own. Never raises, and is idempotent.
        """
        if len(url) > MAX_LENGTH:
            return None
        if relative_to is None:
            return self._known(url)
        try:
            return self._spelled(urljoin(_clean(relative_to), _clean(url)))
        except ValueError:  # a bracket without its pair
            return None

    @cached_property
    def _known(self) -> Callable[[str], str | None]:
        """`_spelled`, remembered: a site's pages link to the same two hundred addresses."""
        return lru_cache(maxsize=_REMEMBERED)(self._spelled)

    def __getstate__(self) -> dict[str, object]:
        return {"source": self.source, "base_url": self.base_url}

    def _spelled(self, url: str) -> str | None:
        if self._plain.fullmatch(url):  # most are: nothing to undo
            return url
        try:
            parts = urlsplit(_clean(url))
            is_ours = parts.scheme in _DEFAULT_PORTS and _netloc(parts) in self._names
        except ValueError:  # a bracket without its pair, a port that is no number
            return None
        if not is_ours:
            return None
        path = self._fold_case("/" + "/".join(self._below_prefix(_segments(parts.path))))
        # the native id says it all: a parameter of the listing that got into an article's address means nothing there
        query = "" if self._identified(path) else self._query(parts.query)
        canonical = self._own + path + (f"?{query}" if query else "")
        return canonical if len(canonical) <= MAX_LENGTH else None

    def native_id(self, url: str) -> str | None:
        """The source's own id (`49210`, `sq/95137` with a language prefix), else 16 hex digits of the canonical address's SHA-256.

        None if the address is no article's: this is the filter for what is an article at all.
        """
        canonical = self.canonical(url)
        if canonical is None:
            return None
        path = canonical.removeprefix(self._own).partition("?")[0]
        match = self._article_path.fullmatch(path)
        if match is None:
            return None
        groups = match.groupdict()
        if not groups.get("id"):
            return hashlib.sha256(canonical.encode()).hexdigest()[:16]
        return f"{groups['lang'].lower()}/{groups['id']}" if groups.get("lang") else str(groups["id"])

    def article_id(self, url: str) -> str | None:
        """`<source>:<native id>`, the same for every address of one article; None if the address is no article's."""
        native = self.native_id(url)
        return None if native is None else f"{self.source.name}:{native}"

    def request_url(self, canonical_url: str) -> str:
        """The address to really ask for: `base_url` in place of the source's own host; unchanged without one.

        `canonical` is the inverse. An address that is not the source's own comes back unchanged; `hosts` is the guard against it.
        """
        host, prefix = self._asked
        below = canonical_url[len(self._own) :]
        if not self.base_url or not canonical_url.startswith(self._own) or not below.startswith(("/", "?")):
            return canonical_url
        return host + "".join(f"/{segment}" for segment in prefix) + below

    def _below_prefix(self, segments: tuple[str, ...]) -> tuple[str, ...]:
        """Segments without the mirror's path; also where a page of the mirror links `/mirror/x`, resolved against our own host."""
        prefix = self._asked[1]
        while prefix and segments[: len(prefix)] == prefix:
            segments = segments[len(prefix) :]
        return segments

    def _identified(self, path: str) -> bool:
        match = self._article_path.fullmatch(path)
        return bool(match and match.groupdict().get("id"))

    def _fold_case(self, path: str) -> str:
        listing = self._listing_path
        if path.lower() == listing.lower() or path.lower().startswith(f"{listing.lower()}/"):
            path = listing + path[len(listing) :]
        match = self._article_path.fullmatch(path)
        if match is None or not match.groupdict().get("id"):
            return path  # nothing says that the server does not tell capitals apart
        start, end = match.span("id")
        return _lower(path[:start]) + path[start:end] + _lower(path[end:])

    def _query(self, query: str) -> str:
        keep = self.source.site.keep_parameters
        pairs = [(key, _value(value)) for key, value in parse_qsl(query, errors="surrogateescape") if key in keep]
        # sorted() is stable: values of one parameter keep their order
        kept = sorted((pair for pair in pairs if pair[1]), key=lambda pair: keep.index(pair[0]))
        return urlencode(kept, errors="surrogateescape")


_TRACKERS = re.compile(
    r"utm_\w+|mtm_\w+|pk_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_ga|_gl|mkt_tok|s_cid|itok|oly_\w+"
    r"|sid|s?session_?(?:id)?|phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken|x-amz-\w+|expires|signature|sig"
    r"|(?:csrf|xsrf|form|auth|access|authenticity|csrfmiddleware)?_?token|form_build_id|nonce|random|rand|rnd|nocache|cachebuster",
    re.IGNORECASE,
)
_BUSTERS = re.compile(r"_|v|ver|version|rev|cb|ts|t|timestamp|time|cache|hash|h", re.IGNORECASE)
_BUSTING = re.compile(r"[\d.]+|[0-9a-f]{6,}", re.IGNORECASE)


def without_tokens(url: str) -> str:
    """An address of another site without what changes from visit to visit: campaign and session tokens, cache-busters.

    What is a token is a judgement: names that mean nothing else, and names that mean it when the value is a number or a hash.

    >>> without_tokens("https://a.example/x;jsessionid=8A?utm_source=n&id=7&v=1712000000#top")
    'https://a.example/x?id=7#top'
    >>> without_tokens("https://www.youtube.com/watch?v=dQw4w9WgXcQ")
    'https://www.youtube.com/watch?v=dQw4w9WgXcQ'
    """
    head, mark, fragment = url.partition("#")
    path, has_query, query = head.partition("?")
    path = re.sub(r";(?:jsessionid|phpsessid|sid)=[^/;]*", "", path, flags=re.IGNORECASE)
    kept = [pair for pair in query.split("&") if has_query and not _is_token(*pair.partition("=")[::2])]
    return path + ("?" + "&".join(kept) if kept else "") + mark + fragment


def _is_token(name: str, value: str) -> bool:
    return bool(_TRACKERS.fullmatch(name) or (_BUSTERS.fullmatch(name) and _BUSTING.fullmatch(value)))


def _base(key: str, url: str) -> tuple[str, tuple[str, ...]]:
    """A base address as (`scheme://host[:port]`, segments of its path)."""
    try:
        parts = urlsplit(_clean(url))
        netloc = _netloc(parts)
    except ValueError:
        netloc = None
    if not netloc or parts.scheme not in _DEFAULT_PORTS:
        raise ConfigError(f"{key} = {url!r}: not an address of a site; it looks like https://www.example.org")
    return f"{parts.scheme}://{netloc}", _segments(parts.path)


def _after_scheme(base: str) -> str:
    return base.partition("://")[2]


def _clean(url: str) -> str:
    """An address as a browser reads it (WHATWG URL): no line breaks, no blanks at the ends, no backslashes before the query."""
    text = _SURROGATE.sub("\ufffd", _DROPPED.sub("", url)).strip(_EDGE)
    end = min((at for at in (text.find("?"), text.find("#")) if at >= 0), default=len(text))
    return text[:end].replace("\\", "/") + text[end:]


def _netloc(parts: SplitResult) -> str | None:
    """`host[:port]` in lower case, without user, default port and final dot; None without a host. Raises ValueError for a bad one."""
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    if not host:
        return None
    port = parts.port
    name = f"[{host}]" if ":" in host else host
    return name if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f"{name}:{port}"


def _segments(path: str) -> tuple[str, ...]:
    """Segments of a path, each encoded once, as little as possible; cut where an encoded `?` or `#` begins another address.

    >>> _segments("/press-releases/chair%253Fpage%253D354")
    ('press-releases', 'chair')
    >>> _segments("//a/./b/../5%20%252B%202%2F/")
    ('a', '5%20+%202%2F')
    """
    segments: list[str] = []
    for raw in path.split("/"):
        decoded = _decode(raw)
        segment = re.split("[?#]", decoded, maxsplit=1)[0]
        kept = segment.strip()
        if kept == "..":
            del segments[-1:]
        elif kept not in ("", "."):
            segments.append(quote(kept, safe=_PATH_SAFE, errors="surrogateescape"))
        if segment != decoded:
            break
    return tuple(segments)


def _value(value: str) -> str:
    return _decode(_LEFTOVER.sub("", value)).strip()


def _decode(text: str) -> str:
    """Percent-decoded as often as it was encoded; bytes that are no UTF-8 survive as lone surrogates (PEP 383).

    >>> _decode("Pe%25C4%258Duj 100%")
    'Pečuj 100%'
    """
    while (decoded := unquote(text, errors="surrogateescape")) != text:
        text = decoded
    return text


def _lower(path: str) -> str:
    return _TRIPLET.sub(lambda triplet: triplet[0].upper(), path.lower())
