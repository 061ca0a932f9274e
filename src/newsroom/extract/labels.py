"""`Issued by: OSCE Secretariat`: labels and their values, whatever elements carry them.

A label is what a redesign keeps. It is recognised as a reader recognises it: a line of its own (`<dt>`, `<th>`, `<h3>`,
a `<div>`), or the head of a line (in an element of its own, or followed by a colon). Its value is the rest of the line,
else what stands next to it, up to the next label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby

from newsroom.extract.page import Line, Page, Run
from newsroom.extract.text import same, squeeze

_DATE_AHEAD = r"(?=\d|[A-Z]\w+(?:day\b| \d))"
_HAS_DIGIT = re.compile(r"\d").search
_COLON = r"[:\uff1a]"
_HAS_COLON = re.compile(_COLON).search
_MAX_VALUE_LINES = 40
_MAX_ITEM = 100
_MAX_LABELS_IN_LINE = 30
_BETWEEN_ITEMS = re.compile(r"[,;]\s|\s[|·•]\s")
_SEPARATORS = " \u00a0,;:\uff1a|·•/–-"


@dataclass(slots=True)
class Labelled:
    """A label on the page, and its value."""

    name: str
    """As `labels` in the source definition spells it."""
    at: int
    """Line it stands in."""
    end: int
    """First line after its value."""
    lines: list[list[Run]] = field(default_factory=list)
    """The value, line by line; empty where the page prints the label alone."""
    fills_line: bool = False

    @property
    def text(self) -> str:
        """The value on one line."""
        return squeeze(" ".join(["".join([run.text for run in runs]) for runs in self.lines])).strip(_SEPARATORS)

    @property
    def stamps(self) -> list[str]:
        """`datetime` of every `<time>` in the value."""
        return [run.stamp for runs in self.lines for run in runs if run.stamp]

    @property
    def items(self) -> list[str]:
        """The values of a list: its links, its elements, its lines, or what stands between commas."""
        found = [item for runs in self.lines for item in items_of(runs)]
        return list(dict.fromkeys(item for item in found if item))


def items_of(runs: Sequence[Run]) -> list[str]:
    """Items of one line: commas (or what stands for them) part them, and so does the seam between two links (or two other elements).

    >>> items_of([Run("Policing", 1, 1), Run(", "), Run("Border, customs", 2, 2)])
    ['Policing', 'Border, customs']
    >>> items_of([Run("Policing, Border management"), Run(", "), Run("Youth", 2, 2)])
    ['Policing', 'Border management', 'Youth']
    >>> items_of([Run("Policing; Border management | Cyber/ICT Security")])
    ['Policing', 'Border management', 'Cyber/ICT Security']
    >>> items_of([Run("Policing", 1), Run(" "), Run("Youth", 2)])
    ['Policing', 'Youth']
    """
    text, previous = "", (0, 0)
    for run in runs:
        if not run.text.strip():
            text += run.text
            continue
        seam = (run.link, 0 if run.link else run.group)
        if any(seam) and any(previous) and seam != previous:
            text += ", "
        text += run.text.replace(",", "\0") if run.link else run.text
        previous = seam
    return [squeeze(part.replace("\0", ",")).strip(_SEPARATORS) for part in _BETWEEN_ITEMS.split(text)]


def _is_list(text: str) -> bool:
    """`OSCE Presence in Albania, Troika, OSCE Secretariat`: long, but no sentence."""
    parts = _BETWEEN_ITEMS.split(text)
    return len(parts) > 1 and text[-1] not in ".!?…" and all(part[:1].isupper() and len(part) <= _MAX_ITEM for part in parts)


def _by_commas(line: Line) -> str:
    """The line with commas where it has none but elements of their own: `<span>Policing</span><span>Border management</span>`."""
    return ", ".join(items_of(line.runs)) if all(run.group for run in line.runs if run.text.strip()) else line.text


class Labels:
    """The labels of a source, compiled."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._spelling = {same(name): name for name in names}
        first = re.compile(_either({key[:1] for key in self._spelling}), re.IGNORECASE)
        self._first = frozenset(character for character in map(chr, range(128)) if first.match(character))
        words = _either(self._spelling)
        self._pattern = re.compile(rf"\s*(?P<name>{words})\s*(?P<colon>{_COLON})?\s*", re.IGNORECASE)
        as_printed = _either([*names, *(name.upper() for name in names)])
        self._mentioned = re.compile(rf"(?P<name>{as_printed})(?!\w)\s*[–-]?\s*(?:(?P<colon>{_COLON}|{_DATE_AHEAD})|(?=[^\Wa-z_]))")

    def spelling(self, name: str) -> str:
        """A label as the source definition spells it, from any printing of it."""
        return self._spelling[same(name)]

    def mentioned(self, text: str) -> Iterator[tuple[str, bool]]:
        """Labels that a stretch of text seems to print, in order; and whether a colon, a number or a date comes after."""
        for one in self._mentioned.finditer(text):
            if one.start() == 0 or not _is_letter(text[one.start() - 1]):
                yield self.spelling(one.group("name")), one.group("colon") is not None

    def in_line(self, line: Line) -> list[tuple[str, list[Run], bool]]:
        """Labels that the line begins with: name, value's runs, whether the label is alone."""
        first = line.text[:1]
        if first.isascii() and first not in self._first:
            return []
        raw = "".join([run.text for run in line.runs])
        head = self._pattern.match(raw)
        if head is None or not _is_word(head, line.runs, raw) or not self._opens(head, line.runs, raw):
            return []
        found: list[tuple[str, list[Run], bool]] = []
        while head is not None:
            begin = max(head.end("name"), head.end("colon"))
            following = self._next(begin, line.runs, raw) if len(found) < _MAX_LABELS_IN_LINE else None
            end = following.start("name") if following else len(raw)
            value = _slice(line.runs, begin, end)
            is_empty = not raw[begin:end].strip(_SEPARATORS) and not any(run.stamp for run in value)
            found.append((self.spelling(head.group("name")), [] if is_empty else value, is_empty))
            head = following
        return found

    def _opens(self, head: re.Match[str], runs: Sequence[Run], raw: str) -> bool:
        """Whether it is a label: no sentence that begins with the same word, no entry of a menu."""
        if _at(runs, head.start("name")).link:
            return False
        if head.group("colon") or head.end() == len(raw):
            return True
        return _is_own_element(runs, head.start("name"), head.end("name")) or _reads_like_label(raw, head)

    def _next(self, position: int, runs: Sequence[Run], raw: str) -> re.Match[str] | None:
        """A further label in the same line: in an element of its own, or with a colon after a separator."""
        if not _HAS_COLON(raw, position) and not any(run.group and not run.link for run in runs[1:]):
            return None
        for match in self._pattern.finditer(raw, position):
            begin = match.start("name")
            if not _is_word(match, runs, raw) or _at(runs, begin).link:
                continue
            if _is_own_element(runs, begin, match.end("name")):
                return match
            if match.group("colon") and (not raw[begin - 1].isalnum()):
                return match
        return None


def _either(names: Iterable[str]) -> str:
    """A pattern for any of these texts, the longest first; whitespace of any kind between words."""
    longest_first = sorted(set(names), key=len, reverse=True)
    return "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest_first) or r"(?!)"


def _is_word(match: re.Match[str], runs: Sequence[Run], raw: str) -> bool:
    """Whether the name is no part of a longer word; `<span>Date</span><span>5 May` are two words, though no blank is between them."""
    begin, end = match.span("name")
    opens = begin == 0 or not _is_letter(raw[begin - 1]) or _is_seam(runs, begin)
    return opens and (end == len(raw) or not _is_letter(raw[end]) or (not raw[end].islower() and _is_seam(runs, end)))


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_seam(runs: Sequence[Run], position: int) -> bool:
    """Whether an element ends, or another begins, at this position of the joined text."""
    return _at(runs, position - 1).group != _at(runs, position).group


def _reads_like_label(raw: str, head: re.Match[str]) -> bool:
    """`Place TIRANA`, `Date 26 April 2015`: a short line that goes on with a name or a number, and is no sentence."""
    value = raw[head.end() :].rstrip()
    name = head.group("name")
    is_short = len(value) < 200 or _is_list(value)
    return is_short and name[0].isupper() and (value[0].isupper() or value[0].isdigit()) and value[-1] not in ".!?…:"


def _at(runs: Sequence[Run], position: int) -> Run:
    """The run that holds a character of the joined text."""
    for run in runs:
        if position < len(run.text):
            return run
        position -= len(run.text)
    return runs[-1]


def _is_own_element(runs: Sequence[Run], begin: int, end: int) -> bool:
    """Whether an inline element holds these characters, perhaps a colon, and nothing else."""
    group = _at(runs, begin).group
    position, text = 0, ""
    for run in runs:
        if run.group == group:
            text += run.text
    for run in runs:
        if run.group == group:
            break
        position += len(run.text)
    return bool(group) and text.strip().rstrip(":\uff1a").strip() == _between(runs, begin, end) and position <= begin


def _between(runs: Sequence[Run], begin: int, end: int) -> str:
    return "".join(run.text for run in runs)[begin:end].strip()


def _slice(runs: Sequence[Run], begin: int, end: int) -> list[Run]:
    """The runs of the joined text's characters [begin, end); a run without text stays where it stands."""
    found: list[Run] = []
    position = 0
    for run in runs:
        start, position = position, position + len(run.text)
        if begin <= start and position <= end:
            found.append(run)
        elif start < end and begin < position and run.text:
            found.append(replace(run, text=run.text[max(0, begin - start) : end - start]))
    return found


@lru_cache(maxsize=32)
def mentioned_again(labels: Labels, text: str) -> tuple[tuple[str, bool], ...]:
    """`Labels.mentioned` of a text that may stand on the next page, too: a menu."""
    return tuple(labels.mentioned(text))


@lru_cache(maxsize=64)
def compiled(names: tuple[str, ...]) -> Labels:
    """The labels of a source, compiled once."""
    return Labels(names)


def find(page: Page, names: Iterable[str], start: int, stop: int) -> list[Labelled]:
    """The labels in lines [start, stop) with their values, in order."""
    labels = compiled(tuple(names))
    lines = page.lines
    hits = [(n, parts) for n, line in enumerate(lines[start:stop], start) if (parts := labels.in_line(line))]
    found: list[Labelled] = []
    for order, (number, parts) in enumerate(hits):
        limit = hits[order + 1][0] if order + 1 < len(hits) else stop
        for name, runs, alone in parts:
            found.append(Labelled(name, number, number + 1, [runs] if runs else [], fills_line=alone and len(parts) == 1))
        if found[-1].fills_line or (not found[-1].lines and limit > number + 1):
            _take_neighbour(page, found[-1], limit)
        elif found[-1].lines:
            _take_lines_below(page, found[-1], limit)
    _pair_columns(page, found, stop)
    return found


def _take_neighbour(page: Page, labelled: Labelled, limit: int) -> None:
    """Give a label that stands alone the value that stands next to it."""
    lines, first = page.lines, labelled.at + 1
    if first >= limit:
        return
    if lines[first].heading and lines[first].is_linky:
        return  # the title of an entry
    here, there = lines[labelled.at].element, lines[first].element
    shared = page.common(here, there)
    own = page.tags[page.below(shared, here)]
    if own in ("dt", "th") and page.tags[page.below(shared, there)] not in ("dd", "td"):
        return  # an empty <dd> was left out altogether
    end = _end_of_value(page, labelled.at, first, limit, shared)
    value = lines[first:end]
    if len(value) > _MAX_VALUE_LINES or any(line.is_prose and not line.linked and not _is_list(_by_commas(line)) for line in value):
        return  # the value is missing: this is the text that follows
    labelled.lines = [line.runs for line in value if line.runs]
    labelled.end = end


def _take_lines_below(page: Page, labelled: Labelled, limit: int) -> None:
    """Give a label with a value beside it what follows after `<br>`: links after a link, names to the end of its element."""
    first = page.lines[labelled.at]
    start, stop = page.span(first.element)
    if stop == labelled.end:
        return
    below = page.lines[labelled.end : stop]
    if start == labelled.at and stop <= limit and not any(line.is_prose or _HAS_DIGIT(line.text) for line in (*below, first)):
        labelled.lines += [line.runs for line in below]
        labelled.end = stop
        return
    while any(run.link for run in labelled.lines[-1]) and labelled.end < limit:
        line = page.lines[labelled.end]
        if line.paragraph != first.paragraph or not line.is_linky:
            return
        labelled.lines.append(line.runs)
        labelled.end += 1


def _end_of_value(page: Page, at: int, first: int, limit: int, shared: int) -> int:
    """Where the value ends that begins in line `first`, `shared` being the element it has in common with the label."""
    lines = page.lines
    neighbour = page.below(shared, lines[first].element)
    if neighbour != shared:
        end = min(page.span(neighbour)[1], limit)
        parent, tag = page.parents[neighbour], page.tags[neighbour]
        while end < limit and page.common(lines[end].element, neighbour) == parent:
            further = page.below(parent, lines[end].element)
            if page.tags[further] != tag or not (tag in ("dd", "td") or (lines[first].is_linky and lines[end].is_linky)):
                break
            end = min(page.span(further)[1], limit)
    else:  # text beside the label's element, or after a <br>
        end = first + 1
        while end < limit and lines[end].paragraph == lines[first].paragraph:
            end += 1
    opens, closes = page.span(shared)
    if opens == at and closes <= limit and not any(line.is_prose for line in lines[first:closes]):
        return closes  # label and values are all there is in this element
    return end


def _pair_columns(page: Page, found: list[Labelled], stop: int) -> None:
    """A table with the labels in one row and the values in the next: pair them by column."""
    for row, columns in groupby(found, key=lambda item: _row_of(page, item)):
        cells = list(columns)
        if row and len(cells) > 1 and not any(item.lines for item in cells[:-1]):
            _fill(page, cells, row, stop)


def _row_of(page: Page, labelled: Labelled) -> int:
    """The `<tr>` of a label that fills its cell; 0 if it does not."""
    element = page.lines[labelled.at].element
    return next((e for e in page.ancestors(element) if page.tags[e] == "tr"), 0) if labelled.fills_line else 0


def _fill(page: Page, columns: list[Labelled], row: int, stop: int) -> None:
    first = page.span(row)[1]
    if first - page.span(row)[0] != len(columns) or first >= stop:
        return
    values_row = next((e for e in page.ancestors(page.lines[first].element) if page.tags[e] == "tr"), 0)
    if not values_row:
        return
    end = min(page.span(values_row)[1], stop)
    cells: dict[int, list[list[Run]]] = {}
    for line in page.lines[first:end]:
        cells.setdefault(page.below(values_row, line.element), []).append(line.runs)
    if len(cells) != len(columns):
        return
    for labelled, value in zip(columns, cells.values(), strict=True):
        labelled.lines = [runs for runs in value if runs]
        labelled.end = end
