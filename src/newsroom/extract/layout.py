"""What stands where on an article page: title, kind of text, labels, place and date, lead, body.

Nothing here looks at class names: it is what a reader would point at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from newsroom.config import Source
from newsroom.dates import leading_date, place_and_date, read_date
from newsroom.extract import body, labels
from newsroom.extract.labels import Labelled
from newsroom.extract.page import Line, Page
from newsroom.extract.text import same, squeeze

_KIND_ABOVE = 3
_KIND_BELOW = 6
_MAX_LEAD_PARAGRAPHS = 3
_LABELS_ABOVE_TITLE = 12
_PLACE_LINE = 80
_MIN_LEAD = 25
_MIN_TITLE = 15
_MAX_TITLE = 400
_AROUND_PLACE = " ,-–|·•"
_DATE_FIRST = re.compile(r"(.*\b(?:19|20)\d\d)[\s,|·•–-]+([^\W\d].*)")
_TRAIL = re.compile(r"\w{1,20}( \w{1,20})?\s*[/|›»>]\s*")
"""What a kind of text may be the end of: `Newsroom / Press release`."""
_ENDS_TRAIL = re.compile(r"[/|›»>]").search
_HAS_DIGIT = re.compile(r"\d").search


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """`PRISTINA 23 March 2004`, under the title of older pages."""

    at: int
    end: int
    place: str | None
    on: date


@dataclass(slots=True)
class Layout:
    """The parts of a page, as line numbers; half-open ranges."""

    title: tuple[int, int] | None
    labels: list[Labelled] = field(default_factory=list)
    place_line: PlaceLine | None = None
    kinds: dict[int, str] = field(default_factory=dict)
    """Lines that are nothing but a known content type, near the title; nearest first."""
    start: int = 0
    """Where the body may begin."""
    stop: int = 0
    """Where it must have ended."""

    @property
    def title_end(self) -> int:
        """First line after the title; 0 where none is printed."""
        return self.title[1] if self.title else 0

    def labelled(self, name: str) -> Iterator[Labelled]:
        """The labels of that name, in order."""
        key = same(name)
        return (item for item in self.labels if same(item.name) == key)


def content_types(source: Source) -> dict[str, str]:
    """Every known spelling of a content type (`same`) and what we store for it."""
    return _spellings(source.content_types, tuple(source.vocabulary.get("content_type", {}).items()))


@lru_cache(maxsize=64)
def _spellings(names: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {same(name): name for name in names} | {same(alias): name for alias, name in aliases}


def kind_of(text: str, source: Source) -> str | None:
    """The known content type that a line is, perhaps in brackets or at the end of a trail; None if it is something else."""
    if _ENDS_TRAIL(text):
        text = _TRAIL.sub("", text)
    return content_types(source).get(same(text.strip(" []():|·•–-")))


def part_headings(page: Page, titles: Collection[str], source: Source) -> dict[int, str]:
    """Take a kind of text out of the headings that print it in an element of its own: `<h1><small>Press release</small> Title</h1>`.

    Returns them by line. None of `titles` (`same`) is parted: a title may begin with such a word (`Statement by the Troika`).
    """
    found: dict[int, str] = {}
    for number, line in enumerate(page.lines):
        groups = [run.group for run in line.runs if run.text.strip()] if line.heading and same(line.text) not in titles else []
        for group in {*groups[:1], *groups[-1:]} - {0} if len(set(groups)) > 1 else ():
            kind = kind_of("".join(run.text for run in line.runs if run.group == group), source)
            rest = [run for run in line.runs if run.group != group]
            text = squeeze("".join(run.text for run in rest))
            is_title = any(" " in run.text.strip() for run in rest)  # not the last of many words, each in an element of its own
            if kind and is_title and number not in found and not text[:1].islower():
                found[number], line.runs, line.text = kind, rest, text
    return found


def locate(page: Page, title: str) -> tuple[int, int] | None:
    """The lines on which the page prints that title; a heading rather than a breadcrumb, and none of a menu."""
    key = same(title)
    found: list[tuple[int, int]] = []
    for number, line in enumerate(page.lines):
        text = line.text
        if text and len(text) <= len(key) and key.startswith(text.casefold()) and (end := _matches(page, number, key)):
            found.append((number, end))  # folding makes no text shorter
    if not found:
        return None
    starts = {at for at, _ in found}
    prose = next((n for n, line in enumerate(page.lines) if line.is_prose and n not in starts), len(page.lines))

    def rank(at: tuple[int, int]) -> tuple[bool, int, bool, int]:
        line = page.lines[at[0]]
        return line.is_linky, line.heading or 9, at[0] > prose, -at[0]

    return min(found, key=rank)


def _matches(page: Page, number: int, key: str) -> int | None:
    """End of the lines that together are the text `key`: a heading may be broken by <br>."""
    text, element = "", page.lines[number].element
    for end in range(number, min(number + 5, len(page.lines))):
        if page.lines[end].element != element:
            return None
        text = f"{text} {page.lines[end].text}"
        if same(text) == key:
            return end + 1
    return None


def title_above_labels(page: Page, source: Source) -> str | None:
    """The title by its place alone: above the first good labels, or a line of place and date; below a line that names the kind of text."""
    lines = page.lines
    clusters = [c for c in _clusters(page, labels.find(page, source.labels, 0, len(lines))) if _is_good(c, source)]
    place_line = next((p for n in range(min(40, len(lines))) if (p := _place_line_at(page, n, source))), None)
    below = min([c[0].at for c in clusters[:1]] + [p.at for p in (place_line,) if p], default=None)
    if below is None:
        return None
    above = [n for n in range(below) if _may_be_title(lines[n]) and not kind_of(lines[n].text, source)]
    after_kind = [n for n in above if n and kind_of(lines[n - 1].text, source) and not lines[n - 1].is_linky]
    titles = [n for n in above if lines[n].heading or (_MIN_TITLE <= len(lines[n].text) <= _MAX_TITLE and lines[n].text[-1] not in ".…:")]
    if after_kind and (not titles or after_kind[-1] in titles):
        return lines[after_kind[-1]].text
    if not titles:  # labels may stand above the title, too
        end = clusters[0][-1].end if clusters else below
        found = next((line.text for line in lines[end : end + _KIND_BELOW] if line.heading and _may_be_title(line)), None)
        return found or (lines[above[-1]].text if above else None)
    headings = [n for n in titles if lines[n].heading]
    return lines[headings[-1] if headings and lines[titles[-1]].is_prose else titles[-1]].text


def _may_be_title(line: Line) -> bool:
    return bool(line.text) and not line.is_linky and (line.heading > 0 or not (line.is_prose and line.text[-1] in ".…:"))


def read(page: Page, title: str | None, source: Source) -> Layout:
    """Find the parts around the title; a title that is printed nowhere is None."""
    layout = Layout(locate(page, title) if title else None)
    layout.stop = len(page.lines)
    layout.place_line = _place_line(page, layout.title_end, source) if layout.title else None
    _place_labels(page, layout, source)
    layout.start = max(layout.start, layout.title_end, layout.place_line.end if layout.place_line else 0)
    layout.kinds = _kinds(page, layout, source)
    return layout


# --- labels ------------------------------------------------------------------------------------------------------


def _clusters(page: Page, found: list[Labelled]) -> list[list[Labelled]]:
    """Labels that stand together, printed alike: at most two short lines between one's value and the next."""
    clusters: list[list[Labelled]] = []
    for item in found:
        end = clusters[-1][-1].end if clusters else 0
        between = [line for line in page.lines[end : item.at] if line.text and not line.is_linky]
        is_alike = bool(clusters) and page.lines[clusters[-1][-1].at].heading == page.lines[item.at].heading
        if is_alike and len(between) <= 2 and not any(line.is_prose for line in between):
            clusters[-1].append(item)
        else:
            clusters.append([item])
    return clusters


def _has_date(cluster: list[Labelled], source: Source) -> bool:
    names = {same(c.partition(":")[2]) for c in source.article.fields.published_on if c.startswith("label:")}
    return any(same(item.name) in names and date_of(item.stamps, item.text) for item in cluster)


def _is_good(cluster: list[Labelled], source: Source) -> bool:
    return _has_date(cluster, source) or len({item.name for item in cluster if item.lines}) > 1


def _place_labels(page: Page, layout: Layout, source: Source) -> None:
    """Choose the labels of this article: under the title (and lead); else above it; else after the body."""
    found = _outside(labels.find(page, source.labels, 0, layout.stop), layout.title)
    above, below = [item for item in found if item.at < layout.title_end], [item for item in found if item.at >= layout.title_end]
    clusters = [*_clusters(page, above), *_clusters(page, below)]
    after = [c for c in clusters if c[0].at >= layout.title_end]
    most = 0 if layout.place_line else _MAX_LEAD_PARAGRAPHS
    for cluster in after[:3]:
        between = _prose(page, layout.title_end, cluster[0].at) if layout.title else 0
        if between and not _is_above_text(page, layout, cluster, source):
            continue
        if between <= most and (_is_good(cluster, source) or (not between and layout.title)):
            layout.labels, layout.start = cluster, cluster[-1].end
            _complete(page, layout, clusters, source)
            return
    title = layout.title[0] if layout.title else 0
    for cluster in reversed([c for c in clusters if c[-1].end <= title]):
        if _is_of_other(page, cluster, title):
            continue
        end = cluster[-1].end
        if layout.title_end - end <= _LABELS_ABOVE_TITLE and _has_date(cluster, source) and not _prose(page, end, title):
            layout.labels = cluster
            _complete(page, layout, clusters, source)
            return
    for cluster in after:
        if _has_date(cluster, source) and not layout.place_line and not _is_of_other(page, cluster, layout.title_end - 1):
            layout.labels, layout.stop = cluster, _without_caption(page, cluster[0].at)
            return


def _complete(page: Page, layout: Layout, clusters: list[list[Labelled]], source: Source) -> None:
    """Take in what a redesign parted from these labels: the date's above the title, others below it or at the end of the text."""
    chosen = layout.labels
    if layout.title is None or not any(item.lines for item in chosen):
        return
    for cluster in clusters:
        at, end = cluster[0].at, cluster[-1].end
        if not _belongs(page, cluster, chosen, source) or _is_of_other(page, cluster, layout.title[0]):
            continue
        if end <= layout.title[0]:
            is_near = layout.title_end - end <= _LABELS_ABOVE_TITLE and not _prose(page, end, layout.title[0])
        elif is_near := at >= max(layout.start, layout.title_end):
            is_below_title = layout.start == 0 and _prose(page, layout.title_end, at) <= _MAX_LEAD_PARAGRAPHS
            if is_below_title and _is_above_text(page, layout, cluster, source):
                layout.start = end
            else:
                layout.stop = _without_caption(page, at)
        if is_near:
            layout.labels = [*chosen, *cluster]
            return


def _belongs(page: Page, cluster: list[Labelled], chosen: list[Labelled], source: Source) -> bool:
    """Whether labels are printed as others are, and complete them: other names, all with values, and one of the two has the date."""
    one, other = page.lines[cluster[0].at], page.lines[chosen[0].at]
    if (one.tag, one.heading, page.depths[one.element]) != (other.tag, other.heading, page.depths[other.element]):
        return False
    is_other = cluster is not chosen and not {item.name for item in cluster} & {item.name for item in chosen}
    return is_other and all(item.lines for item in cluster) and _has_date(cluster, source) != _has_date(chosen, source)


def _without_caption(page: Page, at: int) -> int:
    """The first line of labels, with the caption above them: `<details><summary>Details</summary>…`."""
    return at - 1 if at and page.lines[at - 1].tag in ("caption", "legend", "summary") else at


def _is_above_text(page: Page, layout: Layout, cluster: list[Labelled], source: Source) -> bool:
    """Whether these labels part a lead from its text, which is longer; not a short text from what stands below it."""
    above = sum(len(line.text) for line in page.lines[layout.title_end : cluster[0].at] if line.is_prose)
    return sum(len(line.text) for line in body.follow(page, cluster[-1].end, layout.stop, source.article.cut)) >= above


def _is_of_other(page: Page, cluster: list[Labelled], title: int) -> bool:
    """Whether these are the labels of another article: below a link to it, in a box that does not hold this one's title."""
    at = cluster[0].at
    above = next((n for n in range(at - 1, -1, -1) if page.lines[n].text), None)
    if above is None or title < 0 or not page.lines[above].is_linky:
        return False
    start, stop = page.span(page.common(page.lines[above].element, page.lines[at].element))
    return not start <= title < stop


def _outside(found: list[Labelled], title: tuple[int, int] | None) -> list[Labelled]:
    """A title may begin with a label's word."""
    return [item for item in found if not title or not title[0] <= item.at < title[1]]


def _prose(page: Page, start: int, stop: int) -> int:
    return len({line.paragraph for line in page.lines[start:stop] if line.is_prose})


# --- dates, places, kinds ----------------------------------------------------------------------------------------


def date_of(stamps: list[str], text: str, language: str | None = None) -> date | None:
    """The date of a value: `<time datetime>` first, then the text.

    A stamp of a day in another time zone may be a day off what is printed (`2015-04-25T22:00:00Z` for 26 April): then
    the reader's date counts; and so does the first date of a text that goes on with another (`12 May 2020 (updated …)`).
    """
    printed = read_date(text, language=language) if _HAS_DIGIT(text) else None
    if printed is None and _HAS_DIGIT(text) and (first := leading_date(text, language=language)):
        return first
    for stamp in stamps:
        stamped = read_date(stamp)
        if stamped is not None:
            is_shifted = printed is not None and "T" in stamp and abs((printed - stamped).days) == 1
            return printed if is_shifted else stamped
    return printed


def place_and_day_in(text: str) -> tuple[str | None, date | None]:
    """`dates.place_and_date`, which need not be asked where there is no figure."""
    return place_and_date(text) if _HAS_DIGIT(text) else (None, None)


def place_and_day(line: Line) -> tuple[str | None, date | None]:
    """Place and date of a line that holds nothing else; a date in an element of its own leaves the rest to the place."""
    if not _HAS_DIGIT(line.text) and not any(run.stamp for run in line.runs):
        return None, None
    groups = dict.fromkeys(run.group for run in reversed(line.runs) if run.group and (run.text.strip() or run.stamp))
    for group in groups if len({run.group for run in line.runs}) > 1 else ():
        own = [run for run in line.runs if run.group == group]
        if on := date_of([run.stamp for run in own if run.stamp], squeeze("".join(run.text for run in own))):
            rest = squeeze("".join(run.text for run in line.runs if run.group != group)).strip(_AROUND_PLACE)
            if not _HAS_DIGIT(rest):
                return rest or None, on
    if backwards := _DATE_FIRST.fullmatch(line.text):
        on, place = read_date(backwards[1]), place_and_date(f"{backwards[2]} 1 January 2000")[0]
        if on and place:
            return place, on
    place, on = place_and_date(re.sub(r"\s[|·•]\s", ", ", line.text))
    return place, on or date_of([run.stamp for run in line.runs if run.stamp], "")


def _place_line(page: Page, start: int, source: Source) -> PlaceLine | None:
    """The line of place and date below the title, before any sentence."""
    names = labels.compiled(source.labels)
    for number in range(start, min(start + 6, len(page.lines))):
        line = page.lines[number]
        if line.is_prose or names.in_line(line):
            return None
        if found := _place_line_at(page, number, source, after=start):
            return found
    return None


def _place_line_at(page: Page, number: int, source: Source, *, after: int = 0) -> PlaceLine | None:
    line = page.lines[number]
    if len(line.text) > _PLACE_LINE or line.is_linky or line.is_prose:
        return None
    place, on = place_and_day(line)
    if on is None:
        return None
    if place is None:
        for other in (number - 1, number + 1):
            if after <= other < len(page.lines) and _is_place(page.lines[other], source):
                return PlaceLine(min(number, other), max(number, other) + 1, page.lines[other].text, on)
    return PlaceLine(number, number + 1, place, on)


def _is_place(line: Line, source: Source) -> bool:
    """A place in a line of its own: `PRISTINA`."""
    is_name = line.text.isupper() and len(line.text) <= 60 and not line.linked and same(line.text) not in content_types(source)
    return is_name and place_and_date(f"{line.text} 1 January 2000")[0] is not None


def _kinds(page: Page, layout: Layout, source: Source) -> dict[int, str]:
    """Lines near the title that are a known content type and nothing else; nearest first."""
    if layout.title is None:
        near = list(range(min(10, len(page.lines))))
    else:
        inside = {n for item in layout.labels for n in range(item.at, item.end)}
        above = [n for n in range(layout.title[0] - 1, -1, -1) if page.lines[n].text and n not in inside][:_KIND_ABOVE]
        end = next((n for n in range(layout.start, layout.stop) if page.lines[n].is_prose), layout.stop)
        below = [n for n in range(layout.title[1], min(layout.start + _KIND_BELOW, end)) if n not in inside]
        near = [*above, *below]
    found: dict[int, str] = {}
    for n in near:
        line = page.lines[n]
        kind = kind_of(line.text, source)
        if kind and not (line.is_linky and _is_in_menu(page, n, layout)):
            found[n] = kind
    return found


def _is_in_menu(page: Page, number: int, layout: Layout) -> bool:
    """A link is a kind of text only directly above or below title or labels, and not at the end of a row of links."""
    above_labels = _without_caption(page, min((item.at for item in layout.labels), default=0)) - 1
    if layout.title is None or number not in (layout.title[0] - 1, layout.title[1], layout.start, above_labels):
        return True
    other = number - 1 if number < layout.title[0] else number + 1
    if not 0 <= other < len(page.lines) or not page.lines[other].is_linky:
        return False
    one, two = page.lines[number].element, page.lines[other].element
    return one == two or page.parents[one] == page.parents[two]


def lead(page: Page, layout: Layout, source: Source) -> str | None:
    """Sentences between title and labels; an older page, without labels, has none."""
    end = min((item.at for item in layout.labels if item.at >= layout.title_end), default=layout.stop)
    if layout.title is None or end >= layout.stop:
        return None
    title = same(" ".join(line.text for line in page.lines[slice(*layout.title)]))
    lines = [
        line
        for n, line in enumerate(page.lines[layout.title[1] : end], layout.title[1])
        if n not in layout.kinds and not line.is_linky and len(line.text) >= _MIN_LEAD and same(line.text) != title
    ]
    found = body.paragraphs(lines, source.article.cut, is_headed=False)
    return "\n\n".join(text for text, _ in found) or None
