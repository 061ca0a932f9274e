"""The charts of the report, from its facts: each for a desk and for a phone, with the numbers as a table beside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from newsroom.report import charts
from newsroom.report.charts import NARROW, WIDE, Series
from newsroom.report.facts import Facts, Row

TYPES = 5
"""Content types with a colour of their own; the rest is one more."""
ISSUERS = 24
"""Issuers with a row of their own: the most prolific."""
_FIELDS = {
    "content_type": "Content type",
    "page_date": "Date on the page",
    "place": "Place",
    "issuers": "Issuers",
    "topics": "Topics",
    "lead": "Lead",
    "language": "Language",
}
_OUTCOMES = {
    "fetched": ("received", "c1"),
    "not_modified": ("unchanged (304)", "c0"),
    "gone": ("gone (404, 410)", "c4"),
    "refused": ("not allowed", "c5"),
    "rejected": ("not trusted", "c2"),
    "failed": ("failed", "bad"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart in two widths, its legend, and its numbers."""

    wide: Markup
    narrow: Markup
    legend: list[tuple[str, str]]
    """Class of the style sheet, and what it stands for."""
    columns: list[str]
    rows: list[list[Any]]
    narrow_note: str = ""
    narrow_legend: list[tuple[str, str]] = field(default_factory=list)
    """Where it is another one."""


@dataclass(frozen=True, slots=True)
class Small:
    """One of the small multiples."""

    name: str
    share: float | None
    svg: Markup
    low: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All of them; None where there is nothing to draw."""

    months: Figure | None = None
    issuers: Figure | None = None
    others: int = 0
    fetches: Figure | None = None
    latency: Figure | None = None
    fields: list[Small] = field(default_factory=list)


def draw(facts: Facts) -> Figures:
    """Every chart for which there are facts."""
    issuers, others = _issuers(facts)
    return Figures(
        months=_months(facts.months),
        issuers=issuers,
        others=others,
        fetches=_fetches(facts.fetches),
        latency=_latency(facts.fetches),
        fields=_fields(facts.fields),
    )


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704 -- drawsvg has escaped every text in it


def _months(rows: list[Row]) -> Figure | None:
    """Articles per month by type; per year where a phone has no room for months."""
    if not rows:
        return None
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["content_type"]] += row["articles"]
    named = [name for name, _ in counts.most_common(TYPES)]
    styles = {name: f"c{n}" for n, name in enumerate(named, start=1)}
    names = [*named, *(["other types"] if len(counts) > TYPES else [])]
    span = charts.months(min(row["month"] for row in rows), max(row["month"] for row in rows))
    by_month: Counter[tuple[str, str]] = Counter()
    by_year: Counter[tuple[str, str]] = Counter()
    for row in rows:
        name = row["content_type"] if row["content_type"] in styles else "other types"
        by_month[f"{row['month']:%Y-%m}", name] += row["articles"]
        by_year[f"{row['month']:%Y}", name] += row["articles"]
    monthly = [f"{month:%Y-%m}" for month in span]
    yearly = sorted({label[:4] for label in monthly})

    def chart(labels: list[str], counted: Counter[tuple[str, str]], width: int, per: str) -> Markup:
        series = [Series(name, styles.get(name, "c0"), [counted[label, name] for label in labels]) for name in names]
        return _svg(charts.stacked_bars(labels, series, title=f"Articles per {per} by content type, as a bar chart", width=width))

    is_long = len(monthly) > 60
    return Figure(
        wide=chart(monthly, by_month, WIDE, "month"),
        narrow=chart(yearly, by_year, NARROW, "year") if is_long else chart(monthly, by_month, NARROW, "month"),
        legend=[(styles.get(name, "c0"), name) for name in names],
        columns=["Year", *names, "Total"],
        rows=[[year, *(by_year[year, name] for name in names), sum(by_year[year, name] for name in names)] for year in reversed(yearly)],
        narrow_note="per year" if is_long else "",
    )


def _issuers(facts: Facts) -> tuple[Figure | None, int]:
    """Months by issuer, and how many issuers had no room."""
    if not facts.issuers:
        return None, 0
    counts: Counter[str] = Counter()
    for row in facts.issuers:
        counts[row["issuer"]] += row["articles"]
    names = [name for name, _ in counts.most_common(ISSUERS)]
    lacking = [row for row in facts.missing_months if row["issuer"] in names]
    of: dict[str, list[Row]] = {name: [] for name in names}
    for row in facts.issuers:
        if row["issuer"] in of:
            of[row["issuer"]].append(row)
    known = [row["month"] for row in facts.issuers + lacking]
    span = charts.months(min(known), max(known))
    monthly, yearly = [f"{month:%Y-%m}" for month in span], sorted({f"{month:%Y}" for month in span})
    is_long = len(monthly) > 60
    width_of = {WIDE: monthly, NARROW: yearly if is_long else monthly}
    told = {name: _track(name, rows, lacking) for name, rows in of.items()}
    drawn: dict[int, Markup] = {}
    legends: dict[int, list[tuple[str, str]]] = {}
    for width, labels in width_of.items():
        place = {label: n for n, label in enumerate(labels)}
        size = len(labels[0])
        place_of = {month: place[str(month)[:size]] for month in span}
        cells: Counter[tuple[int, int]] = Counter()
        for line, rows in enumerate(of.values()):
            for row in rows:
                cells[line, place_of[row["month"]]] += row["articles"]
        missing = {(names.index(row["issuer"]), place_of[row["month"]]) for row in lacking}
        steps = charts.thresholds(max(cells.values()))
        legends[width] = _levels(steps)
        notes = ["{}: {:,} articles, {} to {}, {} months without any".format(*told[name][:5]) for name in names]
        title = f"Articles by issuer and {'year' if size == 4 else 'month'}, as a heat map"
        drawn[width] = _svg(charts.heat_map(names, labels, cells, missing, steps, notes, title=title, width=width))
    return Figure(
        wide=drawn[WIDE],
        narrow=drawn[NARROW],
        legend=legends[WIDE],
        columns=["Issuer", "Articles", "First", "Last", "Months without any", "Longest gap (months)", "Listed, not in the data"],
        rows=[told[name] for name in names],
        narrow_note="per year" if is_long else "",
        narrow_legend=legends[NARROW] if is_long else [],
    ), len(counts) - len(names)


def _levels(lowest: list[int]) -> list[tuple[str, str]]:
    """The legend of a heat map.

    >>> _levels([1, 2, 5])[:3]
    [('h1', '1'), ('h2', '2–4'), ('h3', '5 or more')]
    """
    named = []
    for n, low in enumerate(lowest):
        high = lowest[n + 1] - 1 if n + 1 < len(lowest) else None
        named.append((f"h{n + 1}", f"{low} or more" if high is None else f"{low}" if high == low else f"{low}–{high}"))
    return [*named, ("track", "nothing published"), ("miss", "listed, but not in the data")]


def _track(name: str, rows: list[Row], lacking: list[Row]) -> list[Any]:
    """What there is of an issuer, by its own rows, and its gaps: a row of the table."""
    have = sorted({row["month"] for row in rows})
    number = sum(row["articles"] for row in rows)
    missing = sum(row["articles"] for row in lacking if row["issuer"] == name)
    ordinals = [_ordinal(month) for month in have]
    gaps = [later - earlier - 1 for earlier, later in pairwise(ordinals)]
    return [name, number, f"{have[0]:%Y-%m}", f"{have[-1]:%Y-%m}", sum(gaps), max(gaps, default=0), missing]


def _ordinal(month: date) -> int:
    return month.year * 12 + month.month


def _night(row: Row) -> str:
    return f"{row['started_at']:%d %b %H:%M}"


def _fetches(rows: list[Row]) -> Figure | None:
    """What came of the requests, night by night."""
    if not rows:
        return None
    labels = [f"{row['started_at']:%d %b}" for row in rows]
    series = [Series(name, style, [row[key] for row in rows]) for key, (name, style) in _OUTCOMES.items() if any(row[key] for row in rows)]
    title = "Answers of the site per run, as a bar chart"
    return Figure(
        wide=_svg(charts.stacked_bars(labels, series, title=title, width=WIDE, height=190)),
        narrow=_svg(charts.stacked_bars(labels, series, title=title, width=NARROW, height=190)),
        legend=[(one.style, one.name) for one in series],
        columns=["Run", *(name for name, _ in _OUTCOMES.values()), "MB received"],
        rows=[[_night(row), *(row[key] for key in _OUTCOMES), round(row["wire_bytes"] / 1e6, 1)] for row in reversed(rows)],
    )


def _latency(rows: list[Row]) -> Figure | None:
    """How long answers took, night by night, in milliseconds."""
    known = [row for row in rows if row["median_seconds"] is not None]
    if not known:
        return None
    labels = [f"{row['started_at']:%d %b}" for row in known]
    series = [
        Series("half of the answers within", "c1", [row["median_seconds"] * 1000 for row in known]),
        Series("95 % within", "c2", [row["slow_seconds"] * 1000 for row in known]),
    ]
    title = "Milliseconds until the answer per run, as a line chart"
    return Figure(
        wide=_svg(charts.lines(labels, series, title=title, width=WIDE)),
        narrow=_svg(charts.lines(labels, series, title=title, width=NARROW)),
        legend=[(one.style, f"{one.name} … ms") for one in series],
        columns=["Run", "Half within (ms)", "95 % within (ms)"],
        rows=[[_night(row), round(row["median_seconds"] * 1000, 1), round(row["slow_seconds"] * 1000, 1)] for row in reversed(known)],
    )


def _fields(rows: list[Row]) -> list[Small]:
    """The share of articles that have a field, by year of publication."""
    if not rows:
        return []
    every = {row["year"]: row for row in rows}
    years = range(min(every), max(every) + 1)
    total = sum(row["articles"] for row in rows)
    smalls = []
    for key, name in _FIELDS.items():
        values = [every[year][key] if year in every else None for year in years]
        lowest = min(rows, key=lambda row: (row[key], row["year"]))
        share = sum(row[key] * row["articles"] for row in rows) / total
        low = f"lowest in {lowest['year']}" if lowest[key] < 1 else "in every year"
        smalls.append(Small(name, share, _svg(charts.sparkline(values, title=f"{name} by year of publication")), low))
    return smalls
