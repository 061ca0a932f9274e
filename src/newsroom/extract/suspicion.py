"""Is this page what was asked for? Judged before a word of it is believed. Pure: markup in, a `Doubt` or None out.

Servers say "no" with status 200: challenges, log-in walls, soft 404s, maintenance, consent and error pages. What gives them
away (`signals` has the words):

| signal | looked for in | reason | weight |
|---|---|---|---|
| `[article] not_articles` of the definition | title, heading or line, fullmatch | `not-an-article` | decides |
| canonical, og:url or redirect to *another* article | head, final address | `other-page` | decides [1] |
| challenge scripts: `_cf_chl_opt`, `px-captcha`, `gokuProps` … | markup | `block-page` | strong |
| `Just a moment...`, `Access denied`, `Page not found`, `Log in` … | the whole of title, h1, h2 | by title | strong |
| a password field outside header, navigation, footer | forms | `login-wall` | strong |
| canonical, og:url or redirect to home, log-in, error or other page | head, final address | by path | weak |
| `could not be found`, `you must log in`, `scheduled maintenance` … | text of a short page | by sentence | weak |
| captcha widget, refresh to another page, robots noindex | a short page | `block-page`, `other-page`, `not-an-article` | weak |
| hardly any text | all but navigation | `not-an-article` | weak |

[1] unless the page bears the title that the listing gives the article.

Against them stand the *marks* of an article of the source: two of its labels, each once, with values; the line that names the kind of
text, above the heading; the page's own word that it is this very article (canonical, og:url); the title that the listing gives it.
A page with labels is believed whatever it talks about; one with any other mark too, unless it has hardly any text and a strong signal
(a log-in wall that keeps title and canonical). A page without marks is refused for any signal. So `Access denied to observers` and
`Maintenance of peace` pass twice: no title of theirs is a signal as a whole, and they bear marks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import urljoin, urlsplit

from newsroom.config import Source
from newsroom.errors import Rejected
from newsroom.extract import candidates, labels, layout
from newsroom.extract.page import cut, lines_of, parse
from newsroom.extract.signals import CAPTCHAS, CHALLENGES, PATHS, Reason, marker, pieces, sentence_signal, title_signal
from newsroom.extract.text import decode, same, squeeze

Canonical = Callable[[str], str | None]

FEW_WORDS = 40
"""A page with fewer words, navigation aside, has no article on it that one would recognise without marks."""
SHORT_WORDS = 120
"""Sentences are signals only on pages with fewer words than that: an article may quote them all."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a page is not believed."""

    reason: Reason
    evidence: str
    """What gave it away, in a few words."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a page tells."""

    doubt: Doubt | None
    likeness: str
    """Equal for pages that say the same under different addresses (addresses, tokens and ids in the text aside)."""


_TOKEN = re.compile(r"/|\w+://|(?=\S*\d)[0-9a-f-]{8,}$|\d{1,2}:\d\d(?::\d\d)?$", re.IGNORECASE)
"""Words that may differ between two answers that say the same: addresses, ids, clock times."""
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"\s]+)", re.IGNORECASE)
_AROUND = ("nav", "footer", "aside")
_OTHER = "another article"
_MAX_TITLE = 200
_MAX_TEXT = 5_000


def look(
    html: bytes | str,
    source: Source,
    *,
    url: str,
    canonical: Canonical,
    article_id: Canonical,
    final_url: str | None = None,
    listed_title: str | None = None,
) -> Look:
    """Look at an article page. `url` is the address asked for, `final_url` the one that answered; both canonical.

    Never raises: a page that cannot be parsed at all is left to the reader, which says why.
    """
    try:
        page = _Looked(html, source, url, canonical, article_id)
    except Rejected:
        return Look(None, hashlib.sha256(html if isinstance(html, bytes) else html.encode("utf-8", "replace")).hexdigest())
    return Look(page.doubt(final_url, listed_title), page.likeness())


def doubt_listing(html: bytes | str, source: Source, *, url: str, canonical: Canonical, article_id: Canonical) -> Doubt | None:
    """Why a listing page *without entries* is no listing page; None if it may be an empty one.

    An empty listing still has its site around it; a page that links nowhere into the site is none.
    """
    try:
        page = _Looked(html, source, url, canonical, article_id, wants_links=True)
    except Rejected as error:
        return Doubt("not-an-article", str(error))
    if signal := page.strong() or page.sentence():
        return signal
    hrefs = (squeeze(node.attributes.get("href") or "#") for node in page.links)
    if not any(canonical(target) for href in hrefs if not href.startswith("#") and (target := _joined(url, href))):
        return Doubt("not-an-article", "nothing on it leads into the site")
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


class _Looked:
    """One page, and what can be seen of it."""

    def __init__(
        self, html: bytes | str, source: Source, url: str, canonical: Canonical, article_id: Canonical, *, wants_links: bool = False
    ) -> None:
        self.raw = decode(html) if isinstance(html, bytes) else html
        self.source = source
        self.url = url
        self.canonical = canonical
        self.article_id = article_id
        self.tree = parse(html)
        self.metas = self.tree.css("meta")
        self.head_titles = [squeeze(node.text()) for node in self.tree.css("head title")][:1]
        self.head_titles += [text for name in ("og:title", "twitter:title") for text in candidates.meta_values(self.metas, name)]
        self.claims = self._claims()
        self.links = self.tree.css("a[href]")[:1_000] if wants_links else []
        unscripted = " ".join(squeeze(node.text()) for node in self.tree.css("noscript")[:20])
        cut(self.tree, [*(one for one in source.article.cut.selectors if one not in ("form", "header")), *_AROUND])
        for header in self.tree.css("header"):
            if not header.css("h1, h2"):  # the site's; an article's own holds its title
                header.decompose()
        self.has_password = any((node.attributes.get("type") or "").lower() == "password" for node in self.tree.css("input[type]"))
        self.page = lines_of(self.tree)
        self.lines = [line for line in self.page.lines if line.text and not line.is_linky]
        self.words = sum(len(line.text.split()) for line in self.lines)
        self.text = " ".join([*(line.text for line in self.lines[:200]), unscripted])[:_MAX_TEXT]
        self.headings = [line.text for line in self.lines if line.heading in (1, 2)]

    def _claims(self) -> list[str]:
        """Addresses that the page gives as its own, as they are."""
        links = [node.attributes.get("href") for node in self.tree.css("link[rel=canonical]")[:2]]
        offered = [*links, *candidates.meta_values(self.metas, "og:url")]
        return [target for one in offered if one and (target := _joined(self.url, squeeze(one)))]

    def doubt(self, final_url: str | None, listed_title: str | None) -> Doubt | None:
        if own := self._not_articles():
            return own
        has_title = self._bears(listed_title)
        elsewhere = self._elsewhere(final_url)
        if elsewhere and elsewhere.reason == "other-page" and elsewhere.evidence.startswith(_OTHER) and not has_title:
            return elsewhere
        strong = self.strong()
        if not (strong or elsewhere or self.words < SHORT_WORDS):
            return None  # a text of some length, and nothing against it
        marks = [*(["title"] if has_title else []), *self._marks()]
        if "labels" in marks or (marks and not (strong and self.words < FEW_WORDS)):
            return None
        return strong or elsewhere or self.weak()

    def likeness(self) -> str:
        """Hash of titles and text, without what differs between two answers that say the same."""
        own = (self.article_id(self.url) or self.url).rpartition("/")[2].rpartition(":")[2]
        words = " ".join([*self.head_titles, *(line.text for line in self.lines)]).split()
        kept = (word for word in words if word.isalpha() or not (own in word or _TOKEN.match(word)))
        return hashlib.sha256(" ".join(kept).casefold().encode("utf-8", "replace")).hexdigest()

    # --- signals -----------------------------------------------------------------------------------------------------

    def _not_articles(self) -> Doubt | None:
        patterns = self.source.article.not_articles
        if patterns:
            for text in [*self.head_titles, *(line.text for line in self.lines)]:
                if any(_compiled(pattern).fullmatch(text) for pattern in patterns):
                    return Doubt("not-an-article", f"article.not_articles matches {_short(text)}")
        return None

    def strong(self) -> Doubt | None:
        """A signal that hardly any article gives."""
        if challenge := marker(self.raw, CHALLENGES):
            return Doubt("block-page", f"challenge script {_short(challenge)}")
        for title in [*self.head_titles, *self.headings]:
            if reason := title_signal(title):
                return Doubt(reason, f"title {_short(title)}")
        return Doubt("login-wall", "a password field") if self.has_password else None

    def _elsewhere(self, final_url: str | None) -> Doubt | None:
        """What its address says: the one that answered, or the one the page gives as its own."""
        offered = [("answered by", final_url)] if final_url and final_url != self.url else []
        for how, address in [*offered, *(("canonical", claim) for claim in self.claims)]:
            there = self.canonical(address) or address
            native = self.article_id(address)
            if native and _same_item(native, self.article_id(self.url)):
                continue
            if native:
                return Doubt("other-page", f"{_OTHER}: {how} {_short(there)}")
            path = urlsplit(there).path
            reason = next((reason for reason, pattern in PATHS.items() if pattern.search(path)), None)
            if self.canonical(address) or reason:
                return Doubt(reason or "other-page", f"{how} {_short(there)}")
        return None

    def weak(self) -> Doubt | None:
        """Signals of a short page without marks."""
        if self.words >= SHORT_WORDS:
            return None
        if sentence := self.sentence():
            return sentence
        for node in self.metas:
            named = (node.attributes.get("http-equiv") or node.attributes.get("name") or "").lower()
            content = node.attributes.get("content") or ""
            target = _REFRESH.search(content[:2_000]) if named == "refresh" else None
            if target and self.article_id(_joined(self.url, target[1]) or "") != self.article_id(self.url):
                return Doubt("other-page", f"refreshes to {_short(target[1])}")
            if named == "robots" and "noindex" in content.lower():
                return Doubt("not-an-article", f"meta robots {_short(content)}")
        if captcha := marker(self.raw, CAPTCHAS):
            return Doubt("block-page", f"{_short(captcha)} on a page of {self.words} words")
        if 0 < self.words < FEW_WORDS:
            return Doubt("not-an-article", f"{self.words} words, and neither labels, kind, title nor address of the article")
        return None

    def sentence(self) -> Doubt | None:
        """A sentence that such pages say."""
        found = sentence_signal(self.text)
        return Doubt(found[0], f"says {_short(found[1])}") if found else None

    # --- marks -------------------------------------------------------------------------------------------------------

    def _marks(self) -> list[str]:
        marks = []
        found = [item.name for item in labels.find(self.page, self.source.labels, 0, len(self.page.lines)) if item.lines]
        if len(found) > 1 and len(set(found)) == len(found):  # a teaser of other articles prints them again and again
            marks.append("labels")
        kinds = layout.content_types(self.source)
        if any(same(a.text) in kinds and b.heading in (1, 2) for a, b in pairwise(self.lines)):
            marks.append("kind")
        if any(_same_item(native, self.article_id(self.url)) for claim in self.claims if (native := self.article_id(claim))):
            marks.append("address")
        return marks

    def _bears(self, listed_title: str | None) -> bool:
        """Whether the page is headed by the title that the listing gives it, or nearly so: titles get mended."""
        wanted = _words(listed_title or "")
        titles = [*self.head_titles, *(line.text for line in self.lines if line.heading or len(line.text) <= _MAX_TITLE)][:60]
        if len(wanted) < 4:  # too few to count what they have in common
            return listed_title is not None and any(same(listed_title) in (same(piece) for piece in pieces(title)) for title in titles)
        return any(len(wanted & _words(title)) >= 0.7 * len(wanted) for title in titles)


def _same_item(one: str, other: str | None) -> bool:
    """Whether two ids are those of one item, perhaps in two languages (`osce:sq/95137`, `osce:95137`): pages fall back to English."""
    return other is not None and re.split("[:/]", one)[-1] == re.split("[:/]", other)[-1]


def _joined(url: str, href: str) -> str | None:
    try:
        return urljoin(url, href)
    except ValueError:
        return None


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text[:1_000].casefold()))


def _short(text: str) -> str:
    text = squeeze(text)
    return repr(text if len(text) <= 80 else text[:79] + "…")
