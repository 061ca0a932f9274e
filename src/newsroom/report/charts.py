"""Charts as SVG, drawn here and not in the reader's browser: no script, no network, colours from the page's style sheet.

drawsvg writes (and escapes) the elements; what stands here is where they go. Marks of one colour share one path, so that a heat map
of thousands of cells stays small. Text from pages is only ever the text of an element, never an attribute.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import drawsvg as draw

WIDE, NARROW = 940, 350
"""Widths in pixels: for a desk and for a phone. The style sheet shows the one that fits."""
LEVELS = 5
"""Of a heat map."""
_TEXT = 11
_MAX_BAR = 44
_MIN_LABEL = 46
"""Pixels between two labels of the horizontal axis."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one colour, one for each bucket; None where there is none."""

    name: str
    style: str
    """A class of the style sheet."""
    values: Sequence[float | None]


def months(first: date, last: date) -> list[date]:
    """First days of the months from one to the other.

    >>> [str(m) for m in months(date(2025, 12, 1), date(2026, 1, 1))]
    ['2025-12-01', '2026-01-01']
    """
    return [date(n // 12, n % 12 + 1, 1) for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)]


def ticks(top: float, wanted: int = 4) -> list[float]:
    """Round values from 0 to at least `top`, about as many as wanted.

    >>> ticks(37), ticks(0.9), ticks(0)
    ([0.0, 10.0, 20.0, 30.0, 40.0], [0.0, 0.5, 1.0], [0.0, 1.0])
    """
    if top <= 0:
        return [0.0, 1.0]
    raw = top / wanted
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    return [round(n * step, 10) for n in range(math.ceil(round(top / step, 9)) + 1)]


def thresholds(highest: int) -> list[int]:
    """Lowest count of each level of a heat map, in a geometric series.

    >>> thresholds(100), thresholds(3)
    ([1, 3, 6, 16, 40], [1, 2, 3])
    """
    if highest < LEVELS:
        return list(range(1, max(highest, 1) + 1))
    return sorted({max(1, round(highest ** (n / LEVELS))) for n in range(LEVELS)})


def short(value: float) -> str:
    """A number on an axis.

    >>> short(0), short(0.25), short(40), short(12000)
    ('0', '0.25', '40', '12k')
    """
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:g}"


def stacked_bars(labels: Sequence[str], series: Sequence[Series], *, title: str, width: int, height: int = 220) -> str:
    """A bar for each label, made of the series one above the other."""
    totals = [sum(one.values[n] or 0 for one in series) for n in range(len(labels))]
    frame = _Frame(title, labels, max(totals, default=0), width, height)
    base = [0.0] * len(labels)
    gap = max(min(3.0, frame.step * 0.2), frame.step - _MAX_BAR)
    for one in series:
        path = ""
        for n, value in enumerate(one.values):
            if value:
                bottom, top = frame.y(base[n]), frame.y(base[n] + value)
                path += _box(frame.x(n) + gap / 2, top, frame.step - gap, bottom - top)
                base[n] += value
        frame.mark(path, one.style)
    if width == WIDE:
        for n, label in enumerate(labels):
            if totals[n]:
                parts = "; ".join(f"{one.name} {one.values[n]:,.0f}" for one in series if one.values[n])
                frame.hover(n, f"{label}: {totals[n]:,.0f} ({parts})")
    return frame.svg()


def lines(labels: Sequence[str], series: Sequence[Series], *, title: str, width: int, height: int = 160, unit: str = "") -> str:
    """A line for each series, broken where a value is missing."""
    highest = max((value for one in series for value in one.values if value is not None), default=0)
    frame = _Frame(title, labels, highest, width, height, unit=unit)
    for one in series:
        path, pen = "", "M"
        for n, value in enumerate(one.values):
            if value is None:
                pen = "M"
                continue
            path += f"{pen}{frame.x(n + 0.5):.1f} {frame.y(value):.1f}"
            pen = "L"
        frame.mark(path, f"line {one.style}")
        for n, value in enumerate(one.values):
            if value is not None and len(labels) <= 60:
                frame.drawing.append(draw.Circle(round(frame.x(n + 0.5), 1), round(frame.y(value), 1), 2.2, class_=f"dot {one.style}"))
    if width == WIDE:
        for n, label in enumerate(labels):
            parts = "; ".join(f"{one.name} {one.values[n]:.3g}{unit}" for one in series if one.values[n] is not None)
            frame.hover(n, f"{label}: {parts}")
    return frame.svg()


def sparkline(values: Sequence[float | None], *, title: str, style: str = "c1", width: int = 260, height: int = 56) -> str:
    """An area between 0 and 1, for small multiples."""
    drawing = _drawing(title, width, height)
    step = width / max(len(values) - 1, 1)
    known = [(n * step, height - 2 - (height - 4) * value) for n, value in enumerate(values) if value is not None]
    drawing.append(draw.Path(d=f"M0 {height - 1}h{width}M0 1h{width}", class_="grid"))
    if len(known) == 1:
        known = [(0, known[0][1]), (width, known[0][1])]
    if known:
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in known)
        drawing.append(draw.Path(d=f"M{known[0][0]:.1f} {height}L{line}L{known[-1][0]:.1f} {height}z", class_=f"area {style}"))
        drawing.append(draw.Path(d=f"M{line}", class_=f"line {style}"))
    return _written(drawing)


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[int, int], int],
    missing: Iterable[tuple[int, int]],
    levels: Sequence[int],
    notes: Sequence[str],
    *,
    title: str,
    width: int,
) -> str:
    """Rows by columns: a cell's colour is its level, a row's track shows from its first to its last cell, so that gaps are seen.

    `missing` cells carry a mark; `notes` are what hovering over a row says.
    """
    is_wide = width == WIDE
    left, line, top = (240, 17, 4) if is_wide else (0, 34, 4)
    high = 13 if is_wide else 15
    step = (width - left - 2) / max(len(columns), 1)
    height = top + line * len(rows) + 22
    drawing = _drawing(title, width, height)
    paths: defaultdict[str, list[str]] = defaultdict(list)
    ends: dict[int, tuple[int, int]] = {}
    for row, column in cells:
        first, last = ends.get(row, (column, column))
        ends[row] = min(first, column), max(last, column)

    def place(row: int) -> float:
        return top + row * line + (0 if is_wide else line - high - 2)

    for row, name in enumerate(rows):
        if row in ends:
            first, last = ends[row]
            paths["track"].append(_box(left + first * step, place(row) + high * 0.3, (last - first + 1) * step, high * 0.4))
        letters = 33 if is_wide else 52
        text = name if len(name) <= letters else name[: letters - 1] + "…"
        y = place(row) + high - 3 if is_wide else place(row) - 4
        drawing.append(draw.Text(text, _TEXT, left - 8 if is_wide else 0, y, class_="axis", text_anchor="end" if is_wide else "start"))
    gap = min(1.0, step * 0.15)
    for (row, column), value in sorted(cells.items()):
        paths[f"h{bisect_right(levels, value)}"].append(_box(left + column * step, place(row), step - gap, high))
    for row, column in sorted(missing):
        paths["miss"].append(_box(left + column * step, place(row) + high - 5, max(step - gap, 3), 5))
    for style in ("track", *(f"h{n}" for n in range(1, LEVELS + 1)), "miss"):
        if style in paths:
            drawing.append(draw.Path(d="".join(paths[style]), class_=style))
    for n, label in _labelled(columns, step):
        is_last = left + n * step > width - 30
        anchor, x = ("end", width - 2) if is_last else ("start", left + n * step)
        drawing.append(draw.Text(label, _TEXT, round(x, 1), height - 6, class_="axis", text_anchor=anchor))
        if is_wide:
            drawing.append(draw.Path(d=f"M{left + n * step:.1f} {top}V{height - 18}", class_="grid"))
    if is_wide:
        for row, note in enumerate(notes):
            box = draw.Rectangle(0, place(row) - 2, width, line, class_="hover")
            box.append_title(note)
            drawing.append(box)
    return _written(drawing)


class _Frame:
    """Axes and scales of a chart whose values begin at 0."""

    def __init__(self, title: str, labels: Sequence[str], highest: float, width: int, height: int, unit: str = "") -> None:
        self.width, self.height = width, height
        self.left, self.top, self.bottom = 44, 8, height - 24
        marks = ticks(highest)
        self.highest = marks[-1]
        self.step = (width - self.left - 4) / max(len(labels), 1)
        self.drawing = _drawing(title, width, height)
        for mark in marks:
            y = round(self.y(mark), 1)
            self.drawing.append(draw.Path(d=f"M{self.left} {y}H{width - 4}", class_="grid" if mark else "base"))
            self.drawing.append(draw.Text(short(mark) + unit, _TEXT, self.left - 6, y + 4, class_="axis", text_anchor="end"))
        for n, label in _labelled(labels, self.step):
            x = self.x(n + 0.5)
            anchor, x = ("end", width - 4) if x > width - 40 else ("middle", x)
            self.drawing.append(draw.Text(label, _TEXT, round(x, 1), height - 7, class_="axis", text_anchor=anchor))

    def x(self, place: float) -> float:
        return self.left + place * self.step

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.highest

    def mark(self, path: str, style: str) -> None:
        if path:
            self.drawing.append(draw.Path(d=path, class_=style))

    def hover(self, n: int, text: str) -> None:
        box = draw.Rectangle(round(self.x(n), 1), self.top, round(self.step, 1), self.bottom - self.top, class_="hover")
        box.append_title(text)
        self.drawing.append(box)

    def svg(self) -> str:
        return _written(self.drawing)


def _labelled(labels: Sequence[str], step: float) -> list[tuple[int, str]]:
    """Which labels find room: of months, those that begin a year; then every so many of them."""
    begins = [(n, label[:4]) for n, label in enumerate(labels) if label[4:] == "-01"]
    shown = begins if len(begins) > 1 and step < _MIN_LABEL else list(enumerate(labels))
    if len(shown) < 2:
        return shown
    apart = (shown[1][0] - shown[0][0]) * step
    return shown[:: max(1, math.ceil(_MIN_LABEL / max(apart, 0.01)))]


def _drawing(title: str, width: float, height: float) -> Any:
    drawing = draw.Drawing(width, height, role="img")
    drawing.append(draw.Title(title))
    return drawing


def _written(drawing: Any) -> str:
    text: str = drawing.as_svg(header="", skip_js=True, skip_css=True)
    return text.replace("<defs>\n</defs>\n", "").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"
