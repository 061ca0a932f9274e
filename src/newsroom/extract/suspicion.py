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
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice, pairwise
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsroom.config import Source
from newsroom.errors import Rejected
from newsroom.extract import labels, layout
from newsroom.extract.opened import Opened
from newsroom.extract.page import Page, cut, is_inside, lines_of, unhook
from newsroom.extract.signals import CAPTCHAS, CHALLENGES, PATHS, Reason, marker, pieces, sentence_signal, title_signal
from newsroom.extract.text import folded, same, squeeze

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
_AS_DIGITS = bytes(ord("0") if chr(byte) in "0123456789abcdefABCDEF-" else byte for byte in range(256))
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"\s]+)", re.IGNORECASE)
AROUND = ("nav", "footer", "aside")
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
        opened = Opened(html)
        page = Looked(opened, source, url, canonical, article_id, lines_of(_cut(opened.tree, source)))
    except Rejected:
        return unread(html)
    return page.look(final_url, listed_title)


def doubt_listing(html: bytes | str, source: Source, *, url: str, canonical: Canonical, article_id: Canonical) -> Doubt | None:
    """Why a listing page *without entries* is no listing page; None if it may be an empty one.

    An empty listing still has its site around it; a page that links nowhere into the site is none.
    """
    try:
        opened = Opened(html)
        hrefs = [squeeze(node.attributes.get("href") or "#") for node in opened.tree.css("a[href]")[:1_000]]
        page = Looked(opened, source, url, canonical, article_id, lines_of(_cut(opened.tree, source)))
    except Rejected as error:
        return Doubt("not-an-article", str(error))
    if signal := page.strong() or page.sentence():
        return signal
    if not any(canonical(target) for href in hrefs if not href.startswith("#") and (target := _joined(url, href))):
        return Doubt("not-an-article", "nothing on it leads into the site")
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def _cut(tree: LexborHTMLParser, source: Source) -> LexborHTMLParser:
    """All but the site's frame, by our own words and by the definition's; forms stay, for their password fields."""
    cut(tree, selectors(source))
    for header in tree.css("header"):
        if is_of_site(header):
            unhook(header)
    return tree


def selectors(source: Source) -> list[str]:
    """What a look does not see: what the definition cuts, except forms, for their password fields, and headers, for `is_of_site`."""
    return [*(one for one in source.article.cut.selectors if one not in ("form", "header")), *AROUND]


def is_of_site(header: LexborNode) -> bool:
    """Whether a `<header>` is the site's: an article's own holds its title."""
    return not header.css("h1, h2")


def _is_in_head(title: LexborNode) -> bool:
    at = title.parent
    while at is not None and at.tag != "head":
        at = at.parent
    return at is not None


def unread(html: bytes | str) -> Look:
    """The look at a page that cannot be parsed."""
    return Look(None, hashlib.sha256(html if isinstance(html, bytes) else html.encode("utf-8", "replace")).hexdigest())


class Looked:
    """One page, and what can be seen of it: `page` has its lines; of the tree all but the elements with the `mem_id` in `unseen`."""

    def __init__(
        self, opened: Opened, source: Source, url: str, canonical: Canonical, article_id: Canonical, page: Page, unseen: Container[int] = ()
    ) -> None:
        self.opened = opened
        self.source = source
        self.url = url
        self.canonical = canonical
        self.article_id = article_id
        self.head_titles = [squeeze(node.text()) for node in opened.titles if _is_in_head(node)][:1]
        self.head_titles += [text for name in ("og:title", "twitter:title") for text in opened.meta(name)]
        self.page = page
        self.unseen = unseen
        self.lines = [line for line in self.page.lines if line.text and not line.is_linky]
        self.words = sum([line.text.count(" ") + 1 for line in self.lines])

    @cached_property
    def claims(self) -> list[str]:
        """Addresses that the page gives as its own, as they are."""
        offered = [*self.opened.canonicals[:2], *self.opened.meta("og:url")]
        return [target for one in offered if one and (target := _joined(self.url, squeeze(one)))]

    def look(self, final_url: str | None, listed_title: str | None) -> Look:
        """What it tells."""
        return Look(self.doubt(final_url, listed_title), self.likeness())

    def doubt(self, final_url: str | None, listed_title: str | None) -> Doubt | None:
        """Signals against marks. What settles most pages is asked first: the markup of a page that bears its title is never searched."""
        if own := self._not_articles():
            return own
        is_long = self.words >= FEW_WORDS
        has_title = self._bears(listed_title)
        if has_title and is_long:
            return None  # a mark, and more than a wall has: no signal counts
        elsewhere = self._elsewhere(final_url)
        if elsewhere and elsewhere.reason == "other-page" and elsewhere.evidence.startswith(_OTHER) and not has_title:
            return elsewhere
        if is_long and any(self._marks()):
            return None
        strong = self.strong()
        marks = [] if is_long else [*(["title"] if has_title else []), *self._marks()]
        if "labels" in marks or (marks and not strong):
            return None
        return strong or elsewhere or self.weak()

    def likeness(self) -> str:
        """Hash of titles and text, without what differs between two answers that say the same."""
        own = (self.article_id(self.url) or self.url).rpartition("/")[2].rpartition(":")[2]
        text = " ".join([text for text in (*self.head_titles, *(line.text for line in self.lines)) if text])
        if own in text or any(_TOKEN.match(word) for word in _odd_words(text)):  # few pages have such words
            text = " ".join([word for word in text.split() if word.isalpha() or not (own in word or _TOKEN.match(word))])
        return hashlib.sha256(folded(text)).hexdigest()

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
        if challenge := marker(self.opened.markup, CHALLENGES):
            return Doubt("block-page", f"challenge script {_short(challenge)}")
        for title in [*self.head_titles, *(line.text for line in self.lines if line.heading in (1, 2))]:
            if reason := title_signal(title):
                return Doubt(reason, f"title {_short(title)}")
        inputs = (node for node in self.opened.tree.css("input[type]") if not is_inside(node, self.unseen))
        kinds = (node.attributes.get("type") or "" for node in inputs)
        return Doubt("login-wall", "a password field") if any(kind.lower() == "password" for kind in kinds) else None

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
        for meta in self.opened.metas:
            named = (meta.get("http-equiv") or meta.get("name") or "").lower()
            content = meta.get("content") or ""
            target = _REFRESH.search(content[:2_000]) if named == "refresh" else None
            if target and self.article_id(_joined(self.url, target[1]) or "") != self.article_id(self.url):
                return Doubt("other-page", f"refreshes to {_short(target[1])}")
            if named == "robots" and "noindex" in content.lower():
                return Doubt("not-an-article", f"meta robots {_short(content)}")
        if captcha := marker(self.opened.markup, CAPTCHAS):
            return Doubt("block-page", f"{_short(captcha)} on a page of {self.words} words")
        if 0 < self.words < FEW_WORDS:
            return Doubt("not-an-article", f"{self.words} words, and neither labels, kind, title nor address of the article")
        return None

    def sentence(self) -> Doubt | None:
        """A sentence that such pages say."""
        text = " ".join([*(line.text for line in self.lines[:200]), " ".join(self.opened.unscripted)])
        found = sentence_signal(text[:_MAX_TEXT])
        return Doubt(found[0], f"says {_short(found[1])}") if found else None

    # --- marks -------------------------------------------------------------------------------------------------------

    def _marks(self) -> Iterator[str]:
        """What tells that this is the article, the cheapest to find first."""
        own = self.article_id(self.url)
        if any(_same_item(native, own) for claim in self.claims if (native := self.article_id(claim))):
            yield "address"
        kinds = layout.content_types(self.source)
        if any(b.heading in (1, 2) and same(a.text) in kinds for a, b in pairwise(self.lines)):
            yield "kind"
        found = [item.name for item in labels.find(self.page, self.source.labels, 0, len(self.page.lines)) if item.lines]
        if len(found) > 1 and len(set(found)) == len(found):  # a teaser of other articles prints them again and again
            yield "labels"

    def _bears(self, listed_title: str | None) -> bool:
        """Whether the page is headed by the title that the listing gives it, or nearly so: titles get mended."""
        wanted = _words(listed_title or "")
        short = (line.text for line in self.lines if line.heading or len(line.text) <= _MAX_TITLE)
        titles = islice(chain(self.head_titles, short), 60)
        if len(wanted) < 4:  # too few to count what they have in common
            return listed_title is not None and any(same(listed_title) in (same(piece) for piece in pieces(title)) for title in titles)
        return any(len(wanted & _words(title)) >= 0.7 * len(wanted) for title in titles)


def _odd_words(text: str) -> Iterator[str]:
    """The words that `_TOKEN` may match: those with a slash or a colon, and all if there is a long one of hexadecimal digits.

    Plain searches: going through the words of a page costs ten times as much.
    """
    if b"00000000" in text.encode("utf-8", "replace").translate(_AS_DIGITS):
        yield from text.split()
    for character in "/:":
        at = text.find(character)
        while at >= 0:
            end = text.find(" ", at)
            yield text[text.rfind(" ", 0, at) + 1 : end if end >= 0 else None]
            at = text.find(character, end) if end >= 0 else -1


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
