"""An article page in, an `Article` out: every field from the first of its candidates that gives a believable value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborNode

from newsroom import dates
from newsroom.config import Source
from newsroom.errors import FieldMissing
from newsroom.extract import attachments, body, candidates, labels, layout
from newsroom.extract.candidates import Candidate
from newsroom.extract.labels import Labelled
from newsroom.extract.opened import Opened
from newsroom.extract.page import Line, Pleases, Replaces, cut, lines_of
from newsroom.extract.text import collapse_doubled_tail, same, squeeze
from newsroom.model import Article
from newsroom.urls import without_tokens

_MAX_TITLE = 1_000
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_MIN_STEM = 15
_MAX_PLACE = 120
_MAX_ITEM = 150
_MAX_TYPE = 60
_PLAIN_PATH = re.compile(r"(?:/[\w-]+)+", re.ASCII)
_TITLE_SEPARATOR = re.compile(r"\s+[|–—·:»-]+\s+")

Canonical = Callable[[str], str | None]
T = TypeVar("T")


def read_article(
    html: bytes | str, source: Source, *, url: str, canonical: Canonical, article_id: Canonical, listed_on: date | None = None
) -> Article:
    """Read one article page.

    `url` is its canonical address, `listed_on` the date its listing entry gives (only to complete a dateline without a
    year). Raises `FieldMissing` for a required field that none of its candidates finds, `Rejected` for what is no
    readable page. What else cannot be read is None or empty; nothing is made up.
    """
    return Reader(Opened(html), source, url, canonical, article_id).article(listed_on)


def absolute(url: str, href: str, canonical: Canonical, *, is_file: bool = False) -> str | None:
    """The address a link leads to: canonical where it is the source's own, without tokens elsewhere; None if it is no web address.

    That of a file keeps its `download` parameter, which tells it from the article of the same number.
    """
    try:
        if _PLAIN_PATH.fullmatch(href):  # most are: nothing to resolve
            parts = urlsplit(url)
            target = f"{parts.scheme}://{parts.netloc}{href}"
        else:
            target = urljoin(url, squeeze(href))
            parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return None
    own = canonical(target)
    if own is None:
        return without_tokens(target)
    return f"{own}?download=true" if is_file and "download=" in urlsplit(target).query and "?" not in own else own


class Reader:
    """One page on its way to an article. The page's tree is cut."""

    def __init__(self, opened: Opened, source: Source, url: str, canonical: Canonical, article_id: Canonical) -> None:
        self.opened = opened
        self.source = source
        self.url = url
        self.canonical = canonical
        self.article_id = article_id
        self.fields = source.article.fields
        self.cut = source.article.cut
        self.tree = opened.tree
        self.found_by: dict[str, str] = {}
        self.ld = candidates.json_ld(self.tree) if self._uses("ld") else []
        self.address = self._address()
        self.language = self._language()
        self.heads = self._heads()
        self.cut_out = cut(self.tree, self.cut.selectors, spare=self._spare())
        self.page = lines_of(self.tree)

    def _uses(self, kind: str) -> bool:
        fields = self.fields
        return any(c.startswith(f"{kind}:") for name in type(fields).model_fields for c in getattr(fields, name))

    def article(self, listed_on: date | None) -> Article:
        """Read it. Raises what `read_article` raises."""
        self.kinds_in_headings = layout.part_headings(self.page, {same(title) for title in self.heads}, self.source)
        title = self._title()
        self.layout = layout.read(self.page, title, self.source)
        content_type = self._first("content_type", self.fields.content_type, self._content_type)
        published_on = self._first("published_on", self.fields.published_on, self._date)
        place = self._first("place", self.fields.place, self._place)
        lead = self._first("lead", self.fields.lead, self._lead)
        found = self._first("body", self.fields.body, self._body) or []
        if not found:
            raise FieldMissing("body", tried=self.fields.body)
        for name, value in (("published_on", published_on), ("content_type", content_type)):
            if value is None and name in self.source.article.required:
                raise FieldMissing(name, tried=getattr(self.fields, name))
        if "repeated" in self.fields.lead and body.begins_again(found):
            lead, found = lead or self._repeated(found[0][0]), found[1:]
        paragraphs = collapse_doubled_tail([text for text, _ in found])
        dateline = None if content_type in self.source.article.no_dateline else dates.read_dateline(paragraphs[0])
        links, files = self._links([line for _, lines in found for line in lines])
        return Article(
            title=title,
            body="\n\n".join(paragraphs),
            lead=lead,
            content_type=content_type,
            published_on=published_on,
            place=place,
            issuers=tuple(self._first("issuers", self.fields.issuers, self._items) or ()),
            topics=tuple(self._first("topics", self.fields.topics, self._items) or ()),
            language=self.language,
            url=self.address,
            dateline_place=dateline.place if dateline else None,
            dateline_on=dates.resolve(dateline, published_on or listed_on) if dateline else None,
            links=links,
            attachments=files,
            found_by=tuple(sorted(self.found_by.items())),
        )

    def _first(self, name: str, tried: tuple[str, ...], read: Callable[[Candidate], T | None]) -> T | None:
        for text in tried:
            value = read(candidates.read(text))
            if value:
                self.found_by[name] = text
                return value
        return None

    # --- before the walk: what the head of the page says --------------------------------------------------------

    def _address(self) -> str | None:
        href = next(iter(self.opened.canonicals), None)
        address = absolute(self.url, href, self.canonical) if href else None
        return address if address and self.article_id(address) else None

    def _language(self) -> str:
        """The address says it (`/sq/albania/95137`), else `<html lang>`, else the source."""
        found = re.fullmatch(self.source.site.article_path, urlsplit(self.url).path, re.IGNORECASE)
        if found and (prefix := found.groupdict().get("lang")):
            return prefix[:2].lower()
        lang = next(iter(self.opened.languages), None) or ""
        return lang[:2].lower() if re.match(r"[A-Za-z]{2}(?![A-Za-z])", lang) else self.source.language

    def _heads(self) -> list[str]:
        """Titles that the head of the page offers, longest first: og:title, and `<title>` whole and without site names at its ends."""
        offered = [*self.opened.meta("og:title"), *self.opened.meta("twitter:title")]
        for node in self.opened.titles[:1]:
            whole = squeeze(node.text())
            breaks = [found.span() for found in _TITLE_SEPARATOR.finditer(whole)][:10]
            pieces = [whole, *(whole[:start] for start, _ in breaks), *(whole[end:] for _, end in breaks)]
            offered += pieces
        found = dict.fromkeys(text for title in offered for text in (self._without_suffix(title), title) if text)
        return sorted(found, key=len, reverse=True)

    def _without_suffix(self, title: str) -> str:
        suffix = self.source.article.cut.title_suffix
        return re.sub(f"(?:{suffix})$", "", title).strip() if suffix else title

    def _is_suffix(self, title: str) -> bool:
        """Whether a title is nothing but what the tab says after every title: the site's name."""
        suffix = self.source.article.cut.title_suffix
        return suffix is not None and re.fullmatch(suffix, f" | {title}") is not None

    def _spare(self) -> list[tuple[Pleases, Replaces]]:
        """What must not be cut: the title (as the head names it, or the only <h1>), and its labels: a date's, or two."""
        h1 = self.opened.h1s
        titles = [*(title.rstrip("….") for title in self.heads[:3]), *([squeeze(h1[0].text(separator=" "))] if len(h1) == 1 else [])]
        known = labels.compiled(self.source.labels)
        dated = {same(c.removeprefix("label:")) for c in self.fields.published_on if c.startswith("label:")}

        def holds(title: str) -> Pleases:
            return lambda text: title in text

        def has_date(mentions: Iterable[tuple[str, bool]]) -> bool:
            return any(is_certain and same(name) in dated for name, is_certain in mentions)

        def has_labels(text: str) -> bool:
            mentions = labels.mentioned_again(known, text)
            return len({name for name, _ in mentions}) > 1 or has_date(mentions)

        def has_other_labels(text: str, rest: str) -> bool:
            """Labels of others, once and again; or the rest of the page has a date's, and whatever else these are."""
            if not has_date(known.mentioned(rest)):
                return False
            names = [name for name, _ in labels.mentioned_again(known, text)]
            elsewhere = [name for name, _ in known.mentioned(rest)]
            return _repeats(names) or (set(names) <= set(elsewhere) and not _repeats(elsewhere))

        return [
            *((holds(title), lambda _, rest, title=title: title in rest) for title in titles if title and not self._is_suffix(title)),
            (has_labels, has_other_labels),
        ]

    # --- fields ----------------------------------------------------------------------------------------------------

    def _title(self) -> str:
        for text in self.fields.title:
            candidate = candidates.read(text)
            for value in self._titles(candidate):
                value = self._without_suffix(value) if candidate.kind in ("meta", "css", "ld") else value
                is_other = self._is_suffix(value) or same(value) in layout.content_types(self.source) or body.is_cut(value, self.cut)
                if value and len(value) <= _MAX_TITLE and not is_other:
                    self.found_by["title"] = text
                    return value
        raise FieldMissing("title", tried=self.fields.title)

    def _titles(self, candidate: Candidate) -> Iterator[str]:
        if candidate.kind == "head":
            printed = [at for offered in self.heads if (at := layout.locate(self.page, offered))]
            prose = [n for n, line in enumerate(self.page.lines) if line.is_prose] or [len(self.page.lines)]
            # a site's name may be longer than the title, and stand in the footer
            for at in sorted(printed, key=lambda at: (not self.page.lines[at[0]].heading, (at[0] > prose[0]) + (at[0] > prose[-1]))):
                line = self.page.lines[at[0]]
                if self._is_whole(at) if line.heading else not self._has_other_h1():
                    yield squeeze(" ".join(line.text for line in self.page.lines[slice(*at)]))
            yield from (whole for offered in self.heads if (whole := self._whole(offered)))
        elif candidate.kind == "before:labels":
            if title := layout.title_above_labels(self.page, self.source):
                yield title
        else:
            yield from (squeeze(value) for value in self._plain(candidate) if value not in self._names_of_site())

    def _whole(self, title: str) -> str | None:
        """The line that a title goes on in which the head of the page cuts short: `OSCE to develop advanced training…`."""
        stem = title.rstrip("….")
        if stem == title or len(stem) < _MIN_STEM:
            return None
        lines = self.page.lines
        headings = {line.element: "" for line in lines if line.heading}
        for line in lines:
            if line.element in headings:
                headings[line.element] = squeeze(f"{headings[line.element]} {line.text}")
        found = [text for text in headings.values() if text.startswith(stem)]
        found = found or [line.text for line in lines if line.text.startswith(stem) and not (line.is_linky or line.is_prose)]
        return max(found, key=len, default=None)

    def _names_of_site(self) -> set[str]:
        """Headings that lead elsewhere: the site's name, above all."""
        headings = (line for line in self.page.lines if line.heading == 1 and line.is_linky)
        targets = ((line.text, next((run.href for run in line.runs if run.href), "")) for line in headings)
        return {text for text, href in targets if self.article_id(absolute(self.url, href or "", self.canonical) or "") is None}

    def _is_whole(self, at: tuple[int, int]) -> bool:
        """Whether a heading says no more (but a kind of text); not `OSCE` of a title that begins with that."""
        start, stop = self.page.span(self.page.lines[at[0]].element)
        others = (line for n, line in enumerate(self.page.lines[start:stop], start) if not at[0] <= n < at[1])
        return all(same(line.text) in layout.content_types(self.source) for line in others)

    def _has_other_h1(self) -> bool:
        """A heading of which the head of the page knows nothing: where the tab only says `OSCE`, that is the logo's line."""
        known = {same(title) for title in self.heads}
        return any(line.heading == 1 and not line.is_linky and same(line.text) not in known for line in self.page.lines)

    def _date(self, candidate: Candidate) -> date | None:
        if candidate.kind == "label":
            return next((on for item in self._labelled(candidate) if (on := layout.date_of(item.stamps, item.text, self.language))), None)
        if candidate.kind == "after:title":
            return self.layout.place_line.on if self.layout.place_line else None
        if candidate.kind == "css" and not candidate.attribute:
            values = ((_stamps(node), self.page.text_of(node)) for node in self._nodes(candidate))
            return next((on for stamps, text in values if (on := layout.date_of(stamps, text, self.language))), None)
        return next((on for value in self._plain(candidate) if (on := layout.date_of([], value, self.language))), None)

    def _place(self, candidate: Candidate) -> str | None:
        if candidate.kind == "after:title":
            return self.layout.place_line.place if self.layout.place_line else None
        values = [item.text for item in self._labelled(candidate)] if candidate.kind == "label" else [*self._plain(candidate)]
        return next((place for value in values if (place := _place_in(squeeze(value)))), None)

    def _content_type(self, candidate: Candidate) -> str | None:
        if candidate.kind in ("before:title", "after:title"):
            title = self.layout.title or (len(self.page.lines), 0)
            if kind := self.kinds_in_headings.get(title[0]):
                return kind
            wanted = (n < title[0] if candidate.kind == "before:title" else n >= title[1] for n in self.layout.kinds)
            return next((kind for kind, is_here in zip(self.layout.kinds.values(), wanted, strict=True) if is_here), None)
        values = [item.text for item in self._labelled(candidate)] if candidate.kind == "label" else [*self._plain(candidate)]
        return next((kind for value in values if (kind := content_type(value, self.source))), None)

    def _items(self, candidate: Candidate) -> list[str] | None:
        if candidate.kind == "label":
            return next((items for item in self._labelled(candidate) if (items := believable(item.items))), None)
        return believable([squeeze(value) for value in self._plain(candidate)])

    def _lead(self, candidate: Candidate) -> str | None:
        if candidate.kind == "repeated":
            return None  # the body tells
        if candidate.kind == "between:title..labels":
            return layout.lead(self.page, self.layout, self.source)
        if candidate.kind == "css" and not candidate.attribute:
            for node in self._nodes(candidate):
                if found := body.paragraphs(self.page.lines_in(node), self.cut):
                    return "\n\n".join(text for text, _ in found)
            return None
        return next((squeeze(value) for value in self._plain(candidate)), None)

    def _repeated(self, text: str) -> str:
        self.found_by["lead"] = "repeated"
        return text

    def _body(self, candidate: Candidate) -> list[tuple[str, list[Line]]] | None:
        if candidate.kind in ("after:labels", "after:title"):
            start = self.layout.start if candidate.kind == "after:labels" else self.layout.title_end
            passed = {*self.layout.kinds, *(n for item in self.layout.labels for n in range(item.at, item.end))}
            found = body.paragraphs(body.follow(self.page, start, self.layout.stop, self.cut, passed=passed), self.cut)
        elif candidate.kind == "css" and not candidate.attribute:
            found = body.paragraphs(self._body_lines(candidate), self.cut)
        else:
            texts = (squeeze(text) for value in self._plain(candidate) for text in re.split(r"\n+", value))
            found = [(text, []) for text in texts if text]
        if found and self.layout.title and same(found[0][0]) == same(self.page.lines[self.layout.title[0]].text):
            found = found[1:]  # the title again
        return found

    # --- values of candidates ------------------------------------------------------------------------------------

    def _labelled(self, candidate: Candidate) -> Iterator[Labelled]:
        return self.layout.labelled(candidate.argument)

    def _nodes(self, candidate: Candidate) -> list[LexborNode]:
        return self.tree.css(candidate.argument)

    def _plain(self, candidate: Candidate) -> Iterator[str]:
        """Texts of a `css:`, `meta:` or `ld:` candidate."""
        if candidate.kind == "ld":
            yield from candidates.ld_values(self.ld, candidate.argument)
        elif candidate.kind == "meta":
            yield from self.opened.meta(candidate.argument)
        else:
            for node in self._nodes(candidate):
                value = node.attributes.get(candidate.attribute) if candidate.attribute else self.page.text_of(node)
                if value and squeeze(value):
                    yield value

    def _body_lines(self, candidate: Candidate) -> list[Line]:
        """Lines of the matching element with most text, if it stands below the title and holds no labels."""
        spans = [span for node in self._nodes(candidate) if (span := self.page.span_of(node))]
        spans = [(a, b) for a, b in spans if a >= self.layout.title_end and not any(a <= item.at < b for item in self.layout.labels)]
        if not spans:
            return []
        first, end = max(spans, key=lambda span: sum(len(line.text) for line in self.page.lines[slice(*span)]))
        lines = [line for n, line in enumerate(self.page.lines[first:end], first) if n not in self.layout.kinds]
        skip = next((n for n, line in enumerate(lines) if line.text and not line.is_linky), 0)
        return lines[skip:]

    def _links(self, lines: list[Line]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Addresses linked from the body, and those of the attachments among them and below it."""
        files = attachments.find(self.page, lines, self.layout.title_end)
        hrefs = dict.fromkeys(run.href for line in lines for run in line.runs if run.href)
        links = (absolute(self.url, href, self.canonical) for href in hrefs if href not in files)
        addresses = (absolute(self.url, href, self.canonical, is_file=True) for href in files)
        return tuple(dict.fromkeys(one for one in links if one)), tuple(dict.fromkeys(one for one in addresses if one))


def _repeats(names: list[str]) -> bool:
    """Whether labels come twice: those of several articles."""
    return len(names) > len(set(names))


def content_type(text: str, source: Source) -> str | None:
    """What we store for a content type as printed; None for what is too long to be one."""
    text = squeeze(text).rstrip(":")
    return layout.kind_of(text, source) or (text if 0 < len(text) <= _MAX_TYPE else None)


def believable(items: list[str]) -> list[str] | None:
    """A list of names as it is; None if it is something else (a sentence, a date)."""
    items = [item for item in items if item]
    if not items or any(len(item) > _MAX_ITEM or layout.date_of([], item) for item in items):
        return None
    return items


def _place_in(text: str) -> str | None:
    place, on = layout.place_and_day_in(text)
    if on is None and not _YEAR.search(text):
        place = text
    if place is None or len(place) > _MAX_PLACE or not any(c.isalpha() for c in place):
        return None
    return place.strip(" ,;") or None


def _stamps(node: LexborNode) -> list[str]:
    stamped = [node, *node.css("time[datetime]")]
    return [stamp for one in stamped if (stamp := one.attributes.get("datetime"))]
