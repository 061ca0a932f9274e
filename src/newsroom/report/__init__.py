"""The report: one self-contained page that says whether the night was good, to people who never read a log.

Everything is in the file: no script, no font, no image from elsewhere, and a content security policy that forbids them. What comes
from pages is escaped by Jinja2 (autoescape) and by drawsvg, and links lead nowhere but to http(s) addresses.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from newsroom import __version__
from newsroom.report import diff, figures
from newsroom.report.facts import Facts, gather
from newsroom.report.verdict import SIGNS, count, day, remedy, verdict
from newsroom.threads import meanwhile
from newsroom.warehouse import Warehouse, sync

__all__ = ["Facts", "gather", "render", "write_report"]

_CONTROL = dict.fromkeys((*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}")


def write_report(data_dir: Path, warehouse: Warehouse, *, now: datetime, run_id: str | None = None) -> Path:
    """Draw the report about the given run (or the last one) and put it at `public/report.html`, in one step. Returns its path.

    Raises `NewsroomError` where the data cannot be read, `OSError` where the page cannot be written; the page before stays then.
    """
    compiled = meanwhile("page of the report", _page)
    facts = gather(data_dir, warehouse, run_id)
    compiled()
    page = render(facts, now=now)
    target = data_dir / "public" / "report.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming = target.with_name(".report.html.incoming")
    incoming.write_text(page, encoding="utf-8", errors="replace")
    incoming.replace(target)
    sync(target)
    return target


def render(facts: Facts, *, now: datetime) -> str:
    """The page. Pure: the same facts give the same page."""
    style = _part("style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    found: dict[str, list[dict[str, Any]]] = {}
    for row in facts.check_rows:
        found.setdefault(row["check_name"], []).append(json.loads(row["found"]))
    return _page().render(
        facts=facts,
        verdict=verdict(facts),
        figures=figures.draw(facts),
        found=found,
        changes=[{**each, "diffs": _diffs(each)} for each in facts.changes],
        style=Markup(style),  # noqa: S704 -- our own file
        style_sha256=digest,
        now=now,
        version=__version__,
        signs=SIGNS,
    )


def _part(name: str) -> str:
    return files("newsroom.report").joinpath(name).read_text(encoding="utf-8")


@cache  # compiling it takes longer than filling it
def _page() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_tame)
    environment.filters |= {"count": count, "day": day, "link": _link, "percent": _percent, "number": _number}
    environment.filters |= {"words": _underscored, "seconds": _seconds}
    environment.globals["remedy"] = remedy
    return environment.from_string(_part("page.html.j2"))


def _diffs(change: dict[str, Any]) -> list[tuple[str, list[diff.Piece]]]:
    """The fields that differ, each word by word."""
    pairs = [(name, str(change[f"{name}_before"] or ""), str(change[name] or "")) for name in ("title", "lead", "published_on", "body")]
    return [(name, diff.words(before, after)) for name, before, after in pairs if before != after]


def _tame(value: object) -> object:
    """Control characters shown as what they are: nothing a reader could see."""
    return value.translate(_CONTROL) if isinstance(value, str) and not isinstance(value, Markup) else value


def _link(url: str | None) -> str | None:
    """An address one may click on, else None.

    >>> _link("https://www.osce.org/node/1"), _link("javascript:alert(1)"), _link(None)
    ('https://www.osce.org/node/1', None, None)
    """
    try:
        return url if url and urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None


def _percent(share: float | None) -> str:
    """A share, never rounded up to all or down to none.

    >>> _percent(0.9996), _percent(1), _percent(0.0001), _percent(None), _percent(0.25)
    ('99.9 %', '100 %', '0.1 %', '–', '25 %')
    """
    if share is None:
        return "–"
    if 0 < share < 1:
        shown = min(max(share * 100, 0.1), 99.9)
        return f"{int(shown * 10) / 10:g} %"
    return f"{share * 100:.0f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _seconds(value: float | None) -> str:
    """A duration for people.

    >>> _seconds(0.0042), _seconds(3.2), _seconds(400), _seconds(7300), _seconds(None)
    ('4 ms', '3.2 s', '6 min 40 s', '2 h 1 min', '–')
    """
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def _underscored(name: str) -> str:
    return name.replace("_", " ")
