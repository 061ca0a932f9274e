"""What a run shows in Prefect's UI: how far it is; and at its end counts, checks and walk verdicts as tables, and the report."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from newsroom import slices
from newsroom.model import RunResult

UPDATE_SECONDS = 3
"""Between two updates of the progress: each is a request to the server, which keeps every one in its database."""
PROGRESS_SECONDS = 10
"""The same for a run that may take days."""


class StageProgress:
    """A bar that moves while the run is at work: of the stage that knows how much it has to do."""

    def __init__(self) -> None:
        self._id: UUID | None = None
        self._told: float | None = None

    def show(self, line: str, done: int, total: int | None) -> bool:
        """Move the bar, unless it has just been moved; whether it is time to say so: after a batch, and now and then on a walk."""
        if self._told is None or time.monotonic() - self._told >= UPDATE_SECONDS or done == total:
            self._told = time.monotonic()
            if total:
                self._move(line, 100 * done / total)
            return True
        return total is not None

    def _move(self, line: str, percent: float) -> None:
        if self._id is None:
            self._id = cast("UUID", create_progress_artifact(progress=percent, key="newsroom-progress", description=line))
        else:
            update_progress_artifact(self._id, progress=percent, description=line)


def leave(result: RunResult, *, walks: Sequence[dict[str, Any]] = (), report: Path | None = None) -> None:
    """Write the artifacts of a run that has ended; `walks` are its rows of the table of that name, `report` its HTML page."""
    counted = counts(result)
    if counted:
        create_table_artifact(key="newsroom-counts", table=counted, description=f"Run `{result.run_id}`: {result.outcome}")
    if result.checks:
        rows = [
            {"check": each.check_name, "severity": each.severity, "verdict": each.verdict, "rows": each.failing_rows, "detail": each.detail}
            for each in sorted(result.checks, key=lambda each: (each.verdict, each.check_name))
        ]
        create_table_artifact(key="newsroom-checks", table=rows, description="Any failing `block` keeps the public file as it was")
    create_markdown_artifact(key="newsroom-verdict", markdown=verdict(result, walks))
    if report is not None and report.is_file():
        served = os.environ.get("NEWSROOM_REPORT_URL")
        text = "The report" if served else "The report, on the machine that ran it"
        create_link_artifact(link=served or report.resolve().as_uri(), link_text=text, key="newsroom-report", description=text)


def counts(result: RunResult) -> list[dict[str, object]]:
    """A row for each count, a column for each source; what is new first. The other way round one would have to scroll sideways.

    >>> counts(RunResult("r1", "nightly", "ok", {"osce": {"pages": 2, "new_articles": 3}}))
    [{'count': 'new articles', 'osce': 3}, {'count': 'pages', 'osce': 2}]
    """
    names = list(dict.fromkeys(name for counted in result.sources.values() for name in counted))
    names.sort(key=lambda name: not name.startswith("new_"))
    return [
        {"count": name.replace("_", " "), **{source: counted.get(name, 0) for source, counted in result.sources.items()}} for name in names
    ]


def verdict(result: RunResult, walks: Sequence[dict[str, Any]] = ()) -> str:
    """The end of a run in a few lines of Markdown.

    >>> walk = {"source": "osce", "pages": 3, "entries": 140, "is_complete": False, "reason": "page 4: HTTP 503"}
    >>> print(verdict(RunResult(run_id="r1", kind="sweep", outcome="incomplete", sources={}, published=True), [walk]))
    # sweep r1: incomplete
    <BLANKLINE>
    Published.
    <BLANKLINE>
    * walk osce: incomplete, 3 pages, 140 entries: page 4: HTTP 503
    """
    lines = [f"# {result.kind} {result.run_id}: {result.outcome}", "", "Published." if result.published else "Nothing new was published."]
    if result.detail:
        lines += ["", _plain(result.detail)]
    if walks:
        lines += [""]
    for walk in walks:
        complete = "complete" if walk["is_complete"] else "incomplete"
        reason = f": {_plain(walk['reason'])}" if walk["reason"] else ""
        lines.append(f"* walk {walk['source']}: {complete}, {walk['pages']} pages, {walk['entries']} entries{reason}")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Without markup: it may quote what a page said."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("[", "&#91;")


class Progress:
    """A progress artifact of a run that may take days: how far it is, and how long the rest takes."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._id: UUID | None = None
        self._shown_at = 0.0
        self._slice = ""

    def slice_ended(self, line: str) -> None:
        """What became of the last slice: shown with the next figure."""
        self._slice = f"  \n{_plain(line)}"
        self._shown_at = 0.0

    def show(self, share_done: float, seconds_left: float | None) -> None:
        """Show a share (0 to 1) and the time left; at most every `PROGRESS_SECONDS`, and always the end and the end of a slice."""
        now = time.monotonic()
        if share_done < 1 and self._shown_at and now - self._shown_at < PROGRESS_SECONDS:
            return
        self._shown_at = now
        left = "done" if share_done >= 1 else f"about {slices.in_words(seconds_left)} left" if seconds_left else "time left not known yet"
        description = f"{_plain(self._what)}: {left}{self._slice}"
        with suppress(Exception):  # a server that hiccups must not cost a run of days
            self._write(round(100 * share_done, 1), description)

    def _write(self, percent: float, description: str) -> None:
        if self._id is None:
            made = create_progress_artifact(progress=percent, key="newsroom-progress", description=description)
            assert isinstance(made, UUID)
            self._id = made
        else:
            update_progress_artifact(artifact_id=self._id, progress=percent, description=description)
