"""How things stand, for whoever watches from outside: what is published, how fresh each source is, and a verdict in one sentence.

Fresh means: the listing of every source that counts was read whole not too long ago, and what was read there is published. A source
counts while its definition is there and enabled; one that was retired keeps its articles and is no longer waited for. A backfill
reads a window of the past, so it makes nothing fresher.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from newsroom import lock
from newsroom.errors import Damaged
from newsroom.stages import publish
from newsroom.warehouse import PublicReader, Warehouse, open_public

Word = Literal["OK", "ATTENTION", "OLD", "NOTHING", "DAMAGED"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the public data of a source are."""

    source: str
    whole_at: datetime | None
    """When its listing was last read whole by a run that is published."""
    age_hours: float | None
    counts: bool
    """Whether it is waited for: defined and enabled."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What a monitor wants to know."""

    runs: list[dict[str, Any]]
    """The last runs, newest first; those after the last publish are known only while no run holds the warehouse."""
    published_run_id: str | None
    fresh_at: datetime | None
    """When the listing behind the public data was last read whole; of several sources that count, the one longest ago."""
    age_hours: float | None
    """Hours since then: a night that reached nothing makes nothing fresher, although it is published."""
    running: str | None
    articles: int | None
    sources: tuple[Freshness, ...] = ()
    failing_checks: list[dict[str, Any]] = field(default_factory=list)
    """Of the last run that was judged."""
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    """How much is set aside in the public data, by source, stage and reason."""
    max_age_hours: float = 26
    """Beyond it the data are told as old (`watch.max_age_hours`)."""
    problem: str | None = None
    """Why the public file or the configuration cannot be read."""

    @property
    def is_damaged(self) -> bool:
        """Whether there is a public file that nobody can read."""
        return self.articles is None and self.problem is not None


def freshness(whole: Mapping[str, datetime | None], defined: Mapping[str, bool] | None, *, now: datetime) -> tuple[Freshness, ...]:
    """One line for each source, by name.

    `whole`: when the listing of each source in the data was last read whole. `defined`: the sources of the configuration and whether
    they are enabled; None if it cannot be read, and then all count.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    >>> rows = freshness({"acme": at, "gone": at}, {"acme": True, "new": True, "off": False}, now=at.replace(hour=5))
    >>> [(each.source, each.counts, each.age_hours, each.note) for each in rows]
    [('acme', True, 3.0, None), ('gone', False, 3.0, 'no longer defined'), ('new', True, None, 'never read whole'), ('off', False, None, 'disabled')]
    """
    found = []
    for source in sorted({*whole, *(defined or {})}):
        at = whole.get(source)
        counts = defined is None or defined.get(source, False)
        note = None if counts else "disabled" if source in (defined or {}) else "no longer defined"
        age = (now - at).total_seconds() / 3600 if at else None
        found.append(Freshness(source, at, age, counts, note or (None if at else "never read whole")))
    return tuple(found)


def oldest(sources: Sequence[Freshness]) -> tuple[datetime | None, float | None]:
    """When the data as a whole were fresh, and their age: that of the source read longest ago; None if one was never read whole."""
    ages = [(each.age_hours, each.whole_at) for each in sources if each.counts]
    if not ages or any(hours is None for hours, _ in ages):
        return None, None
    hours, at = max(ages, key=lambda pair: pair[0] or 0)
    return at, hours


WHOLE = """SELECT source, max(finished_at) FILTER (is_complete AND kind IN ('nightly', 'sweep')) AS whole_at
    FROM {walks} GROUP BY source ORDER BY source"""
"""Also for the sources of which there is no walk read whole."""


def look(data: Path, *, defined: Mapping[str, bool] | None, max_age_hours: float, problem: str | None, now: datetime, runs: int) -> Status:
    """Reads only, and takes no lock for longer than a moment."""
    found: dict[str, Any] = {"runs": [], "published_run_id": None, "articles": None}
    whole: dict[str, datetime | None] = {}
    if (data / "public" / "newsroom.duckdb").is_file():
        try:
            with open_public(data) as public:
                found |= _in_public(public, runs)
                whole = dict(public.query(WHOLE.format(walks="walks")).rows)
        except Damaged as error:
            problem = str(error)
        else:
            found["published_run_id"] = publish.shown(data / "public") or (found["runs"][0]["run_id"] if found["runs"] else None)
    running = lock.holder(data) if data.is_dir() else None
    if running is None and (data / "warehouse.duckdb").is_file():
        with suppress(Exception), Warehouse.look(data / "warehouse.duckdb") as warehouse:  # a run may begin just now
            found |= _in_warehouse(warehouse, runs)
    sources = freshness(whole, defined, now=now)
    fresh_at, age_hours = oldest(sources) if found["articles"] is not None else (None, None)
    return Status(
        fresh_at=fresh_at, age_hours=age_hours, running=running, sources=sources, max_age_hours=max_age_hours, problem=problem, **found
    )


def _in_public(public: PublicReader, runs: int) -> dict[str, Any]:
    last = public.query(
        """SELECT run_id, kind, started_at, finished_at, outcome, detail, new_articles, new_versions
        FROM runs ORDER BY started_at DESC, run_id DESC LIMIT ?""",
        [runs],
    ).dicts()
    failing = public.query(
        """SELECT run_id, check_name, severity, failing_rows, detail FROM checks
        WHERE verdict = 'fail' AND run_id = (SELECT max_by(run_id, started_at) FROM runs JOIN checks USING (run_id))
        ORDER BY severity, check_name"""
    ).dicts()
    quarantine = public.query(
        "SELECT source, stage, reason, count(*) AS count FROM quarantine GROUP BY ALL ORDER BY source, count DESC, reason"
    ).dicts()
    articles = public.query("SELECT count(*) FROM articles").rows[0][0]
    return {"runs": last, "failing_checks": failing, "quarantine": quarantine, "articles": articles}


def _in_warehouse(warehouse: Warehouse, runs: int) -> dict[str, Any]:
    last = warehouse.ask(
        """SELECT r.run_id, kind, started_at, finished_at, outcome, detail,
            sum(value) FILTER (name = 'new_articles') AS new_articles, sum(value) FILTER (name = 'new_versions') AS new_versions
        FROM ops.runs AS r LEFT JOIN ops.counts USING (run_id) GROUP BY ALL ORDER BY started_at DESC, r.run_id DESC LIMIT $runs""",
        runs=runs,
    ).dicts()
    failing = warehouse.ask(
        """SELECT run_id, check_name, severity, failing_rows, detail FROM ops.checks
        WHERE verdict = 'fail' AND run_id = (SELECT max_by(run_id, checked_at) FROM ops.checks) ORDER BY severity, check_name"""
    ).dicts()
    return {"runs": last, "failing_checks": failing}


# --- the verdict


def verdict(status: Status, max_age_hours: float | None = None) -> tuple[Word, str]:
    """The whole in one word and one sentence. `max_age_hours`: what is asked for, else what the configuration calls old."""
    limit = status.max_age_hours if max_age_hours is None else max_age_hours
    last = next((run for run in status.runs if run["outcome"] or not status.running), None)
    if status.is_damaged:
        return "DAMAGED", str(status.problem)
    if status.articles is None:
        return "NOTHING", f"no data have been published yet; {_of_run(last) if last else 'there has been no run'}"
    late = [each for each in status.sources if each.counts and (each.age_hours is None or each.age_hours > limit)]
    data = f"{status.articles:,} articles, {_as_of(status)}"
    if status.problem:
        return "ATTENTION", f"{status.problem}; {data}"
    if late or status.age_hours is None:
        return "OLD", f"{', '.join(map(_late, late)) or 'no source is enabled'}; wanted: {limit:g} hours at most; {_of_run(last)}"
    if last is not None and last["outcome"] != "ok":
        return "ATTENTION", f"{_of_run(last)}; {data}"
    return "OK", f"{data}; {_of_run(last)}"


def _late(source: Freshness) -> str:
    if source.whole_at is None or source.age_hours is None:
        return f"{source.source} was never read whole"
    return f"{source.source} was last read whole {age(source.age_hours)} ago ({source.whole_at:%Y-%m-%d %H:%M} UTC)"


def _as_of(status: Status) -> str:
    if status.age_hours is None or status.fresh_at is None:
        return "not every source read whole yet"
    return f"read whole {age(status.age_hours)} ago ({status.fresh_at:%Y-%m-%d %H:%M} UTC)"


def _of_run(run: Mapping[str, Any] | None) -> str:
    if run is None:
        return "no run is known"
    if run["outcome"] is None:
        return f"the last run ({run['run_id']}) died before its end; the next one goes on"
    return f"the last run ({run['run_id']}) was {run['outcome']}" + (f": {run['detail']}" if run["detail"] else "")


def age(hours: float) -> str:
    """An age for people.

    >>> [age(hours) for hours in (0.001, 0.2, 1, 1.26, 47, 50, 720)]
    ['a minute', '12 minutes', '1.0 hours', '1.3 hours', '47.0 hours', '2.1 days', '30.0 days']
    """
    if abs(hours) < 1 / 40:
        return "a minute"
    if abs(hours) < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


# --- for machines


def disk(data: Path) -> dict[str, int]:
    """What the data directory takes, in bytes, and what is free beside it."""

    def size(*found: Path) -> int:
        return sum({each.stat().st_ino: each.stat().st_size for each in found if each.is_file()}.values())

    warcs = list(data.glob("archive/*/*"))
    return {
        "warehouse_bytes": size(*data.glob("warehouse.duckdb*")),
        "archive_bytes": size(*warcs),
        "archive_files": len(warcs),
        "public_bytes": size(*data.glob("public/*"), *data.glob("public/snapshots/*")),
        "snapshots": len(publish.snapshots(data / "public")),
        "prefect_bytes": size(*data.glob("prefect/**/*")),
        "free_bytes": shutil.disk_usage(data).free if data.is_dir() else 0,
    }


def as_json(status: Status, data: Path, max_age_hours: float | None = None) -> dict[str, Any]:
    """All of it as one object (docs/watching.md)."""
    word, sentence = verdict(status, max_age_hours)
    return {
        "verdict": word,
        "sentence": sentence,
        "max_age_hours": status.max_age_hours if max_age_hours is None else max_age_hours,
        "age_hours": status.age_hours,
        "fresh_at": status.fresh_at,
        "published_run_id": status.published_run_id,
        "articles": status.articles,
        "running": status.running,
        "sources": [
            {"source": e.source, "counts": e.counts, "whole_at": e.whole_at, "age_hours": e.age_hours, "note": e.note}
            for e in status.sources
        ],
        "runs": status.runs,
        "failing_checks": status.failing_checks,
        "quarantine": status.quarantine,
        "disk": disk(data),
        "problem": status.problem,
    }
