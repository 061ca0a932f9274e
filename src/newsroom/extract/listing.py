"""A listing page in, its entries out.

Entries are found by their container where the definition's CSS still fits; else by what a reader sees: each occurrence
of a label (`Publishing date`) belongs to an entry, whose link stands in the same box, or directly above.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

from selectolax.lexbor import LexborNode

from newsroom.config import Source
from newsroom.extract import body, candidates, labels, layout
from newsroom.extract.article import absolute, believable, content_type
from newsroom.extract.candidates import Candidate
from newsroom.extract.labels import Labelled
from newsroom.extract.page import Line, Page, lines_of, parse
from newsroom.extract.text import same, squeeze
from newsroom.model import Entry, ListingPage

Canonical = Callable[[str], str | None]
T = TypeVar("T")
_MAX_STOCK_TEXT = 25
_MIN_SNIPPET = 40
_FIELDS = ("title", "published_on", "content_type", "issuers", "topics", "snippet")


class _Link(NamedTuple):
    """A line that is (nearly) all link: what a title looks like."""

    line: int
    href: str
    text: str


class _Found(NamedTuple):
    """An entry on the page: its lines, and the line of its title."""

    start: int
    stop: int
    link: _Link


class _Match(NamedTuple):
    """What a CSS selector matches: the lines it stands in, its `<time>` stamps, its text."""

    start: int
    stop: int
    stamps: list[str]
    text: str


_Own = dict[str, list[Labelled]]
"""The labels of an entry, by name (`same`)."""


_line_of, _at, _start = attrgetter("line"), attrgetter("at"), attrgetter("start")


def read_listing(html: bytes | str, source: Source, *, canonical: Canonical, article_id: Canonical, url: str) -> ListingPage:
    """Read one listing page. `url` is its address, for relative links and the pager. Raises `Rejected` for what is no page.

    A page without entries gives an empty tuple: whether that may be is for the walk to judge.
    """
    tree = parse(html)
    page = lines_of(tree, has_cards=True)
    reader = _Reader(page, source, url, canonical, article_id)
    entries: list[Entry] = []
    outside: list[str] = []
    for found in reader.entries():
        address, native = reader.address(found.link.href)
        if address and native:
            entries.append(reader.entry(found, native, address))
        else:
            outside.append(address or squeeze(found.link.href))
    hrefs = (href for node in tree.css("a[href]") if (href := node.attributes.get("href")))
    return ListingPage(
        entries=tuple(dict.fromkeys(entries)),
        outside=tuple(dict.fromkeys(outside)),
        last_page=last_page(hrefs, source, url, canonical),
        missing=_missing(entries, source),
    )


def _missing(entries: list[Entry], source: Source) -> tuple[str, ...]:
    if not entries:
        return ()
    return tuple(name for name in _FIELDS if getattr(source.listing.fields, name) and not any(getattr(entry, name) for entry in entries))


def last_page(hrefs: Iterator[str], source: Source, url: str, canonical: Canonical) -> int | None:
    """Highest page number among links that differ from `url` in the page number only."""
    template = urlsplit(source.listing.url)
    name = next((key for key, value in parse_qsl(template.query, keep_blank_values=True) if value == "{page}"), None)
    if name is None:
        return _last_page_in_path(hrefs, source, url, canonical)
    here = _address_without(absolute(url, url, canonical), name)
    numbers = []
    for href in dict.fromkeys(hrefs):
        if name in href and (there := absolute(url, href, canonical)) and _address_without(there, name) == here:
            numbers += [int(value) for key, value in parse_qsl(urlsplit(there).query) if key == name and _is_number(value)]
    return max(numbers, default=None)


def _last_page_in_path(hrefs: Iterator[str], source: Source, url: str, canonical: Canonical) -> int | None:
    path = re.escape(urlsplit(source.listing.url).path).replace(r"\{page\}", r"(?P<page>\d{1,7})").replace(r"\{rows\}", r"\d+")
    if "(?P<page>" not in path:
        return None
    found = (re.fullmatch(path, urlsplit(address).path, re.IGNORECASE) for href in hrefs if (address := absolute(url, href, canonical)))
    return max((int(match.group("page")) for match in found if match), default=None)


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 8


def _address_without(address: str | None, parameter: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    parts = urlsplit(address or "")
    query = sorted((key, value) for key, value in parse_qsl(parts.query) if key != parameter)
    return parts.netloc.lower(), parts.path.lower().rstrip("/"), tuple(query)


class _Reader:
    """Entries of one page."""

    def __init__(self, page: Page, source: Source, url: str, canonical: Canonical, article_id: Canonical) -> None:
        self.page = page
        self.source = source
        self.url = url
        self.canonical = canonical
        self.article_id = article_id
        self._addresses: dict[str, tuple[str | None, str | None]] = {}
        self._matched: dict[str, list[_Match]] = {}
        self.labels = labels.find(page, source.labels, 0, len(page.lines))
        self.in_label = {n for item in self.labels for n in range(item.at, item.end)}
        self.links = list(self._links())

    # --- what is an entry ------------------------------------------------------------------------------------------

    def entries(self) -> list[_Found]:
        """By the candidate that finds most; the first of those that find as many."""
        best: list[_Found] = []
        for text in self.source.listing.entries:
            candidate = candidates.read(text)
            found = self._by_css(candidate) if candidate.kind == "css" else self._by_label(candidate, more_than=len(best))
            best = found if len(found) > len(best) else best
        return best

    def _by_css(self, candidate: Candidate) -> list[_Found]:
        spans = [span for node in self.page.tree.css(candidate.argument) if (span := self.page.span_of(node))]
        return [found for start, stop in spans if (found := self._in_box(start, stop))]

    def _by_label(self, candidate: Candidate, *, more_than: int) -> list[_Found]:
        name = same(candidate.argument)
        mine = [item for item in self.labels if same(item.name) == name]
        if len(mine) <= more_than:
            return []
        dated = [item for item in mine if layout.date_of(item.stamps, item.text)]  # not the `Publishing date` to sort or filter by
        at = [item.at for item in dated or mine]
        if len(at) <= more_than:
            return []
        boxes = self._boxes(at)
        found = [one for span in boxes if span and (one := self._in_box(*span))]
        if found and len(found) == len(at) and not any(self._repeats(one, number) for one, number in zip(found, at, strict=True)):
            return self._with_unlabelled_boxes(found)
        return self._by_order(at)

    def _with_unlabelled_boxes(self, found: list[_Found]) -> list[_Found]:
        """Entries that lack the label stand among the others, with a title like theirs."""
        more = list(found)
        covered = {n for one in found for n in range(one.start, one.stop)}
        home = self._home([one.link.line for one in found])
        for link in self._like(found[0].link, home):
            if link.line not in covered:
                span = self.page.span(self.page.below(home, self.page.lines[link.line].element))
                covered.update(range(*span))
                more.append(_Found(*span, link))
        return sorted(more, key=lambda one: one.start)

    def _home(self, lines: Sequence[int]) -> int:
        """The element that holds all these lines."""
        page = self.page
        home = page.lines[lines[0]].element if lines else 0
        for number in lines[1:]:
            home = page.common(home, page.lines[number].element)
        return home

    def _like(self, title: _Link, home: int) -> list[_Link]:
        """Links to articles, within `home`, that look like this title: same tag, same depth."""
        look = self._look(title)
        return [link for link in self._between(*self.page.span(home)) if self._look(link) == look and self._is_article(link)]

    def _look(self, link: _Link) -> tuple[str, int, int]:
        line = self.page.lines[link.line]
        return line.tag, line.heading, self.page.depths[line.element]

    def _repeats(self, found: _Found, label: int) -> bool:
        """Whether the link is a `Read more` below the label, and the title, with the same address, outside the box above it."""
        above = self._between(0, label)[-1:] if found.link.line > label else []
        return bool(above) and above[0].line < found.start and above[0].href == found.link.href

    def _boxes(self, at: Sequence[int]) -> list[tuple[int, int] | None]:
        """For each label the largest element that holds no other of them; None where there is but one label on the page."""
        page, boxes = self.page, []
        for order, number in enumerate(at):
            neighbours = [page.lines[n].element for n in (*at[max(0, order - 1) : order], *at[order + 1 : order + 2])]
            own = page.lines[number].element
            shared = [page.common(own, other) for other in neighbours]
            deepest = max(shared, key=lambda element: page.depths[element], default=None)
            boxes.append(None if deepest is None or deepest == own else page.span(page.below(deepest, own)))
        return boxes

    def _in_box(self, start: int, stop: int) -> _Found | None:
        """The entry that one element holds: its title is the heading that is a link, else the first line that is one."""
        links = self._between(start, stop)
        if not links:
            return None
        articles = [link for link in links if self._is_article(link)] or links
        headings = [link for link in articles if self.page.lines[link.line].heading]
        return _Found(start, stop, self._titled((headings or articles)[0], start, stop))

    def _titled(self, link: _Link, start: int, stop: int) -> _Link:
        """The same link under the entry's title, if it says `Read more` as others do."""
        if len(link.text) > _MAX_STOCK_TEXT or link.text not in self._stock_texts:
            return link
        lines = self.page.lines
        free = [n for n in range(start, stop) if lines[n].text and n not in self.in_label and not lines[n].is_linky]
        title = next((n for n in free if lines[n].heading), free[0] if free else link.line)
        return _Link(title, link.href, lines[title].text)

    @cached_property
    def _stock_texts(self) -> set[str]:
        """Texts of two or more links to different articles, and short: `Read more`."""
        targets: dict[str, set[str]] = {}
        for link in self.links:
            if len(link.text) <= _MAX_STOCK_TEXT and self._is_article(link):
                targets.setdefault(link.text, set()).add(link.href)
        return {text for text, hrefs in targets.items() if len(hrefs) > 1}

    def _by_order(self, at: Sequence[int]) -> list[_Found]:
        """No boxes: an entry goes from its title to the next one's, the title standing above (or, if so throughout, below) the label."""
        if not at:
            return []
        titles = self._above(at)
        if not titles or not self._is_article(titles[0][0]):
            below = self._below(at)
            titles = below if below and (not titles or self._is_article(below[0][0])) else titles
        if not titles:
            return []
        home = self._home([*at, titles[0][0].line])
        starts = {min(title.line, label): title for title, label in titles}
        own = {title.href for title, _ in titles}
        if titles[0][0].line < titles[0][1] and len(titles) > 1:  # entries that lack the label: a title like the others, of no entry yet
            starts |= {link.line: link for link in self._like(titles[0][0], home) if link.href not in own}
        order = sorted(starts)
        ends = [*order[1:], self._end_of_list(max(at[-1], order[-1]), home)]
        return [_Found(start, end, starts[start]) for start, end in zip(order, ends, strict=True)]

    def _above(self, at: Sequence[int]) -> list[tuple[_Link, int]]:
        """For each label the nearest line of link above it; empty if the first has none, or stands nearer to what follows."""
        found: list[tuple[_Link, int]] = []
        for previous, number in zip((-1, *at), at, strict=False):
            between = self._between(previous + 1, number)
            if not between:
                continue
            nearest = next((link for link in reversed(between) if self._is_article(link)), None)
            if nearest is None or number - between[-1].line == 1:
                nearest = between[-1]
            found.append((nearest, number))
        return found if found and found[0][1] == at[0] and self._is_near(*found[0]) else []

    def _is_near(self, link: _Link, label: int) -> bool:
        """Only labels (and a line or two) between a title and its label."""
        return sum(n not in self.in_label for n in range(link.line + 1, label)) <= 2

    def _below(self, at: Sequence[int]) -> list[tuple[_Link, int]]:
        found = []
        for number, following in zip(at, (*at[1:], len(self.page.lines)), strict=True):
            between = self._between(number, following)
            title = next((link for link in between if self._is_article(link)), between[0] if between else None)
            if title:
                found.append((title, number))
        return found

    def _end_of_list(self, last: int, home: int) -> int:
        """First line after the last entry (its title or label stands in line `last`): the end of `home`, or a pager or box before it."""
        stop = self.page.span(home)[1]
        text = next((n for n in range(last + 1, stop) if n not in self.in_label and not self.page.lines[n].is_linky), stop)
        return next((n for n in range(text, stop) if self._opens_other(n)), stop)

    def _opens_other(self, number: int) -> bool:
        line = self.page.lines[number]
        return number not in self.in_label and (line.is_linky or line.heading > 0)

    def _links(self) -> Iterator[_Link]:
        """Lines that are link from end to end; not the values of labels."""
        for number, line in enumerate(self.page.lines):
            if line.linked and number not in self.in_label and line.linked >= 0.8 * len(line.text):
                run = line.runs[0] if len(line.runs) == 1 else max(line.runs, key=lambda run: len(run.text) if run.href else -1)
                if run.href and run.text.strip():
                    yield _Link(number, run.href, line.text)

    def _between(self, start: int, stop: int) -> list[_Link]:
        """The links in lines [start, stop)."""
        return self.links[bisect_left(self.links, start, key=_line_of) : bisect_left(self.links, stop, key=_line_of)]

    def address(self, href: str) -> tuple[str | None, str | None]:
        """Where a link leads, and the article's id if that is an article of the source."""
        if href not in self._addresses:
            address = absolute(self.url, href, self.canonical)
            self._addresses[href] = address, self.article_id(address) if address else None
        return self._addresses[href]

    def _is_article(self, link: _Link) -> bool:
        return self.address(link.href)[1] is not None

    # --- what it says -------------------------------------------------------------------------------------------------

    def entry(self, found: _Found, native: str, address: str) -> Entry:
        fields = self.source.listing.fields
        own: _Own = {}
        for item in self.labels[bisect_left(self.labels, found.start, key=_at) : bisect_left(self.labels, found.stop, key=_at)]:
            own.setdefault(same(item.name), []).append(item)
        return Entry(
            article_id=native,
            url=address,
            title=_first(fields.title, self._title, found, own),
            published_on=_first(fields.published_on, self._date, found, own),
            content_type=_first(fields.content_type, self._type, found, own),
            issuers=tuple(_first(fields.issuers, self._items, found, own) or ()),
            topics=tuple(_first(fields.topics, self._items, found, own) or ()),
            snippet=_first(fields.snippet, self._snippet, found, own),
        )

    def _texts(self, candidate: Candidate, found: _Found, own: _Own) -> list[tuple[list[str], str]]:
        """(stamps, text) of what a `label:` or `css:` candidate finds in an entry."""
        if candidate.kind == "label":
            return [(item.stamps, item.text) for item in own.get(same(candidate.argument), ()) if item.lines]
        matches = self._matches(candidate.argument)
        near = matches[bisect_left(matches, found.start, key=_start) : bisect_left(matches, found.stop, key=_start)]
        return [(match.stamps, match.text) for match in near if match.start < match.stop <= found.stop]

    def _matches(self, selector: str) -> list[_Match]:
        """Every match on the page, in order."""
        if selector not in self._matched:
            self._matched[selector] = sorted((self._match(node) for node in self.page.tree.css(selector)), key=_start)
        return self._matched[selector]

    def _match(self, node: LexborNode) -> _Match:
        stamps = [run.stamp for line in self.page.lines_in(node) for run in line.runs if run.stamp]
        return _Match(*self.page.around(node), stamps, self.page.text_of(node))

    def _title(self, candidate: Candidate, found: _Found, own: _Own) -> str | None:
        if candidate.kind == "link":
            return found.link.text
        return next((text for _, text in self._texts(candidate, found, own) if text), None)

    def _date(self, candidate: Candidate, found: _Found, own: _Own) -> date | None:
        return next((on for stamps, text in self._texts(candidate, found, own) if (on := layout.date_of(stamps, text))), None)

    def _type(self, candidate: Candidate, found: _Found, own: _Own) -> str | None:
        return next((kind for _, text in self._texts(candidate, found, own) if (kind := content_type(text, self.source))), None)

    def _items(self, candidate: Candidate, found: _Found, own: _Own) -> list[str] | None:
        if candidate.kind == "label":
            return next((items for item in own.get(same(candidate.argument), ()) if (items := believable(item.items))), None)
        return believable([text for _, text in self._texts(candidate, found, own) if text])

    def _snippet(self, candidate: Candidate, found: _Found, own: _Own) -> str | None:
        if candidate.kind != "rest":
            return next((text for _, text in self._texts(candidate, found, own) if text), None)
        taken = {n for items in own.values() for item in items for n in range(item.at, item.end)} | {found.link.line}
        lines: list[Line] = [self.page.lines[n] for n in range(found.start, found.stop) if n not in taken]
        cut = self.source.article.cut
        texts = (_without_link(line, found.link.href) for line in lines)
        return squeeze(" ".join(text for text in texts if not body.is_cut(text, cut) and any(c.isalpha() for c in text))) or None


def _without_link(line: Line, href: str) -> str:
    """Text of a line without a `Read more` that leads to the entry's own article; nothing of a line of other links."""
    if len(line.text) >= _MIN_SNIPPET and all(run.href == href for run in line.runs if run.text.strip()):
        return line.text
    if line.is_linky:
        return ""
    return squeeze("".join(run.text for run in line.runs if run.href != href)) if line.linked else line.text


def _first(tried: tuple[str, ...], read: Callable[[Candidate, _Found, _Own], T | None], found: _Found, own: _Own) -> T | None:
    """The first believable value of the candidates."""
    for text in tried:
        if value := read(candidates.read(text), found, own):
            return value
    return None
