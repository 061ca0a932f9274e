"""Nights for the tests: run the pipeline plainly on a server, look at the public file, compare it with the truth."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from newsroom import pipeline
from newsroom.model import Recheck, RunKind, RunResult
from newsroom.warehouse import open_public

CONFIG = Path(__file__).resolve().parents[1] / "config"


def impatient_config(folder: Path) -> Path:
    """The shipped configuration, but with short pauses between tries, so that bad nights pass quickly in tests."""
    shutil.copytree(CONFIG, folder)
    path = folder / "sources" / "osce.toml"
    text = path.read_text(encoding="utf-8").replace("[politeness]\n", "[politeness]\nbackoff_seconds = 0.01\nretries = 2\n")
    path.write_text(text, encoding="utf-8")
    return folder


LONG_AFTER = datetime(2027, 6, 1, 2, 30, tzinfo=UTC)
"""A night so long after the sample newsroom's last article that none is due for a re-check by its age."""

TIMELESS = {
    "articles": "* EXCLUDE (first_seen_at, last_seen_at, last_changed_at, warc_file, warc_offset)",
    "article_versions": "* EXCLUDE (valid_from, valid_to, run_id, warc_file, warc_offset)",
    "article_urls": "*",
    "duplicates": "*",
    "listing_entries": "* EXCLUDE (first_seen_at, last_seen_at)",
    "coverage": "*",
    "quarantine": "* EXCLUDE (attempts, first_at, last_at, warc_file, warc_offset, detail)",
}
"""The public data, times, run ids and archive references aside (contract, invariant 4)."""


@dataclass
class Office:
    """A newsroom office: a data directory, a clock one can turn, and commands."""

    data: Path
    base_url: str | None = None
    config: Path = CONFIG
    now: datetime = LONG_AFTER
    lines: list[str] = field(default_factory=list)
    when: tuple[str, Callable[[], object]] | None = None
    """Words, and what happens (in the world outside) once they are said: no pause in a test is as sure."""

    def clock(self) -> datetime:
        """Ticks a millisecond whenever it is read, so that no two facts have the same time."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def sleep(self, days: float = 1) -> None:
        self.now += timedelta(days=days)

    def say(self, line: str) -> None:
        self.lines.append(line)
        if self.when and self.when[0] in line:
            self.when[1]()

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        pass

    def run(
        self,
        kind: RunKind = "nightly",
        *,
        recheck: Recheck = "due",
        since: date | None = None,
        until: date | None = None,
        ids: tuple[str, ...] = (),
        delay: float = 0,
        engine: pipeline.Engine | None = None,
        wait: float = 0,
    ) -> RunResult:
        crawls = kind in (*pipeline.CRAWLS, "retry")
        options = pipeline.Options(self.config, self.data, self.base_url if crawls else None, delay if crawls else None, recheck, wait)
        plan = pipeline.prepare(kind, options, sources=("osce",), since=since, until=until, ids=ids)
        return pipeline.run(plan, engine=engine or pipeline.Inline(), watch=self, clock=self.clock)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with open_public(self.data) as public:
            return public.query(query).rows

    def dicts(self, query: str) -> list[dict[str, Any]]:
        with open_public(self.data) as public:
            return public.query(query).dicts()

    def public_data(self) -> dict[str, list[tuple[Any, ...]]]:
        """All public data that must not depend on when and how often we ran."""
        return {table: sorted(self.sql(f"SELECT {columns} FROM {table}"), key=repr) for table, columns in TIMELESS.items()}


def differences(have: list[dict[str, Any]], want: list[dict[str, Any]], key: str, fields: tuple[str, ...]) -> list[str]:
    """Rows and fields in which two lists of rows differ, in words."""
    mine, theirs = ({row[key]: row for row in rows} for rows in (have, want))
    found = [f"missing: {each}" for each in sorted(theirs.keys() - mine.keys())] + [
        f"too much: {each}" for each in sorted(mine.keys() - theirs.keys())
    ]
    for each in sorted(mine.keys() & theirs.keys()):
        for name in fields:
            a, b = plain(mine[each][name]), plain(theirs[each][name])
            if a != b:
                found.append(f"{each}.{name}: {a!r} should be {b!r}")
    return found


def plain(value: Any) -> Any:
    """Dates as text and tuples as lists, so that values from JSON and from DuckDB compare."""
    if isinstance(value, date):
        return value.isoformat()
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
