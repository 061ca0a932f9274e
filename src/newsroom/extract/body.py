"""Where the text of an article begins and ends on a page, and its paragraphs.

The body is what follows title and labels, up to the end of the element that holds it. What stands there too is known by
its looks: lists of links, with the heading above them; and by the words the source definition knows (`cut`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from newsroom.config import Cut
from newsroom.extract.page import Line, Page
from newsroom.extract.text import squeeze

_MIN_TEASER = 25
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)", re.IGNORECASE | re.DOTALL)


def ends_body(text: str, cut: Cut) -> bool:
    """Whether a paragraph is one with which, in the definition's words, a body has ended."""
    return _compiled(cut.body_ends_at).fullmatch(text) is not None


def is_cut(text: str, cut: Cut) -> bool:
    """Whether a paragraph is, in the definition's words, none of the article's (a photo caption)."""
    return _compiled(cut.paragraphs).fullmatch(text) is not None


def is_cut_line(line: Line, cut: Cut) -> bool:
    """The same of a line; or of what is left of it without its links: `Share this page: X Email`."""
    if is_cut(line.text, cut):
        return True
    rest = squeeze("".join(run.text for run in line.runs if not run.link)).strip(" ,;|/·•") if line.linked else ""
    return bool(rest) and is_cut(rest, cut)


def paragraphs(lines: list[Line], cut: Cut, *, is_headed: bool = True) -> list[tuple[str, list[Line]]]:
    """The paragraphs of these lines with the lines each is made of, up to the first that ends a body.

    `is_headed`: a heading needs something under it.
    """
    grouped: list[list[Line]] = []
    for line in lines:
        if not line.text:
            continue
        if grouped and grouped[-1][-1].paragraph == line.paragraph:
            grouped[-1].append(line)
        else:
            grouped.append([line])
    found: list[tuple[str, list[Line]]] = []
    for group in grouped:
        text = " ".join(line.text for line in group)
        if ends_body(text, cut):
            if found:
                break
        elif not (is_cut_line(group[0], cut) if len(group) == 1 else is_cut(text, cut)):
            found.append((text, group))
    while is_headed and found and found[-1][1][0].heading:
        found.pop()  # a heading with nothing under it
    return found


def begins_again(found: list[tuple[str, list[Line]]]) -> bool:
    """Whether the first paragraph is a teaser, with which the second begins again (`…recent downturn...`: cut short)."""
    teaser = found[0][0].rstrip(".… ") if len(found) > 1 else ""
    return len(teaser) >= _MIN_TEASER and found[1][0].startswith(teaser)


def follow(page: Page, start: int, stop: int, cut: Cut, *, passed: Collection[int] = ()) -> list[Line]:
    """The lines of the body that begins at or after line `start`, without boxes, menus and footer."""
    lines = page.lines
    first = next((n for n in range(start, stop) if n not in passed and _is_text(lines[n], cut) and not _opens_box(lines, n, stop)), stop)
    if first == stop:
        return []
    home = page.common(lines[start - 1].element, lines[first].element) if start else 0
    while home and not any(line.is_prose for line in lines[first : min(stop, page.span(home)[1])]):
        home = page.parents[home]
    end = min(stop, page.span(home)[1])
    end = next((n for n in range(first + 1, end) if ends_body(lines[n].text, cut)), end)
    keep = _without_boxes(page, first, end, home)
    return [lines[n] for n in keep if n not in passed]


def _is_text(line: Line, cut: Cut) -> bool:
    return bool(line.text) and not line.is_linky and not is_cut_line(line, cut) and not ends_body(line.text, cut)


def _opens_box(lines: list[Line], number: int, stop: int) -> bool:
    """`Related`, `Share:` and links below it, before the body."""
    line = lines[number]
    below = lines[number + 1 : min(number + 3, stop)]
    is_heading = line.heading > 0 or (len(line.text) <= 40 and not line.is_prose)
    return is_heading and len(below) > 0 and below[0].is_linky and (line.heading > 0 or below[-1].is_linky)


def _without_boxes(page: Page, first: int, end: int, home: int) -> list[int]:
    """Line numbers in [first, end) without lists of links: `Related`, a menu, the footer.

    Such a list with nothing but its like after it ends the body. Among paragraphs it goes only if it is a box: with a
    heading, and outside the element that holds the paragraphs. Without wrappers there is no telling a closing list of
    links from a footer: it goes.
    """
    lines = page.lines
    column = page.parents[lines[first].element]
    has_column = column != home and lines[first].element != home
    last_prose = max((n for n in range(first, end) if lines[n].is_prose), default=first)
    keep: list[int] = []
    number = first
    while number < end:
        is_inside = has_column and page.within(lines[number].element, column)
        if lines[number].is_linky and not is_inside and _is_teaser(page, number, first, column):
            box = page.below(page.common(lines[first].element, lines[number].element), lines[number].element)
            keep = [n for n in keep if n < page.span(box)[0]]
            while keep and (lines[keep[-1]].heading or (lines[keep[-1]].is_linky and not has_column)):
                keep.pop()
            return keep
        if not lines[number].is_linky:
            keep.append(number)
            number += 1
            continue
        after = number
        while after < end and (lines[after].is_linky or not lines[after].text):
            after += 1
        is_boxed = not is_inside
        headed = bool(keep) and _heads(page, keep[-1], number, (home, column))
        if number > last_prose:
            if headed or (is_boxed and (has_column or after - number > 1 or len({run.link for run in lines[number].runs} - {0}) > 1)):
                return keep[:-1] if headed else keep
            keep.extend(range(number, after))
        elif headed and is_boxed:
            keep.pop()
        else:
            keep.extend(range(number, after))
        number = after
    return keep


def _is_teaser(page: Page, number: int, first: int, column: int) -> bool:
    """Whether this line of link is the title of another article: in a box, a heading or with a date of its own."""
    line = page.lines[number]
    if number == first or column in (line.element, page.parents[line.element]):
        return False
    card = page.parents[line.element]
    beside = (n for n in (number - 1, number + 1) if first < n < len(page.lines) and page.within(page.lines[n].element, card))
    return line.heading > 0 or any(len(page.lines[n].text) <= 60 and _YEAR.search(page.lines[n].text) for n in beside)


def _heads(page: Page, number: int, box: int, outside: tuple[int, int]) -> bool:
    """Whether this line heads the list of links that begins at line `box`: a heading, or a short line in an element with it."""
    line = page.lines[number]
    if line.heading:
        return True
    return len(line.text) <= 40 and not line.is_prose and page.common(line.element, page.lines[box].element) not in outside
