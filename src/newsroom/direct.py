"""Runs without Prefect: the same stages on threads and processes of our own, for a bare cron line and for looking closely.

What is missing: no record of the run in Prefect's UI, and a batch that fails is tried again by the next run, not by this one.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from newsroom import backfill, pipeline
from newsroom.dispatch import Screen, Threads, Watch
from newsroom.model import RunResult


@dataclass(frozen=True, slots=True)
class _Years:
    """The watch of a backfill: a line for each slice, and the time left."""

    screen: Screen

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        self.screen.progress(stage, source, done, total)

    def say(self, line: str) -> None:
        self.screen.say(line)

    def detail(self, line: str) -> None:
        """Nobody asked for more."""

    def outlook(self, share_done: float, seconds_left: float | None) -> None:  # noqa: ARG002 -- the screen shows the time only
        self.screen.time_left(seconds_left)


def execute(plan: pipeline.Plan, *, watch: Screen) -> RunResult:
    """Run the plan in this process. Raises what the run raised."""
    stop = threading.Event()
    engine = Threads(max(2, os.cpu_count() or 1) + 1)

    def one(part: pipeline.Plan, _name: str | None, watch: Watch) -> RunResult:
        return pipeline.run(part, engine=engine, watch=watch, stop=stop)

    return backfill.run(plan, execute=one, watch=_Years(watch)) if plan.kind == "backfill" else one(plan, None, watch)
