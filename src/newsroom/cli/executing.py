"""A run from a command: shown, done under Prefect or without it, and told. For all commands that crawl, and for the demo."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from newsroom import console
from newsroom.errors import NewsroomError
from newsroom.interrupts import interruptible
from newsroom.model import RunResult
from newsroom.threads import meanwhile

if TYPE_CHECKING:
    from newsroom.pipeline import Plan

T = TypeVar("T")
EXIT_CODES = {"ok": 0, "blocked": 1, "incomplete": 3, "failed": 3}
used_prefect: ContextVar[bool] = ContextVar("used_prefect", default=False)
"""Set once Prefect is imported: the process then ends in another way (`newsroom.cli`)."""


def run_flow(plan: Plan, *, as_json: bool = False, direct: bool = False, debug: bool) -> None:
    """Run a flow; show the plan while Prefect starts."""
    try:
        result = _directly(plan) if direct else under_prefect(plan.options.data_dir, debug, lambda execute: execute(plan))
    except NewsroomError as error:
        if as_json and error.exit_code == 3:
            say_as_json(None, "failed", {})
        raise
    end(result, as_json=as_json)


def _directly(plan: Plan) -> RunResult:
    from newsroom import direct

    with interruptible(), console.screen(sys.stderr) as screen:
        _refuse_more(plan)
        _show_plan(plan, screen)
        return direct.execute(plan, watch=screen)


def under_prefect(data_dir: Path, debug: bool, work: Callable[[Callable[[Plan], RunResult]], T]) -> T:
    """Do work that executes plans, with a Prefect server to report to and a display to look at."""
    from flows.server import prefect_api

    with interruptible(), prefect_api(data_dir / "prefect", os.environ, debug=debug) as api, console.screen(sys.stderr) as screen:

        def execute(plan: Plan) -> RunResult:
            _refuse_more(plan)
            shown = meanwhile("plan", partial(_show_plan, plan, screen))  # Prefect is not imported in less time
            screen.wait_for("starting Prefect" if api.is_own else "importing Prefect")
            used_prefect.set(True)
            from flows import runs

            shown()
            api.wait()
            screen.wait_for(None)
            return runs.execute(plan, watch=screen, own_server=api.is_own)

        return work(execute)


def _refuse_more(plan: Plan) -> None:
    """Raise `Busy` before anything has begun, if it must not be, and not wait either."""
    from newsroom import lock

    lock.refuse_more(plan.options.data_dir, work=plan.work(), wait_seconds=plan.options.wait_seconds)


def _show_plan(plan: Plan, screen: console.Screen) -> None:
    """What is about to happen, and after what."""
    from newsroom import backfill, pipeline

    status = pipeline.status(plan.options)
    names = ", ".join(source.name for source in plan.sources)
    window = f", published {plan.window.since} to {plan.window.until} (exclusive)" if plan.window else ""
    at = f" at {plan.options.base_url}" if plan.options.base_url else ""
    parts = len(backfill.cut(plan)) if plan.kind == "backfill" else 1
    by = f", in {parts} slices by {plan.settings.backfill.slices}, the newest first" if parts > 1 else ""
    screen.say(f"{plan.kind}: {names}{window}{at}{by}")
    last = status.runs[0] if status.runs else None
    before = f"last run {last['run_id']}: {last['outcome'] or 'unfinished'}" if last else "no run before this one"
    screen.say(f"{plan.options.data_dir}: {before}" + (f"; {status.articles} articles published" if status.articles is not None else ""))


def end(result: RunResult, *, as_json: bool = False) -> NoReturn:
    """Show what came of a run, and end with its exit code."""
    if as_json:
        say_as_json(result.run_id, result.outcome, result.sources)
    else:
        for source, counts in result.sources.items():
            told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
            console.say(f"{source}: {told or 'nothing to do'}")
        console.say(f"{result.run_id}: {result.outcome}, {'published' if result.published else 'not published'}")
    for each in result.checks:
        if each.verdict == "fail" and each.severity == "warn":
            console.error(f"warning: {each.check_name}: {each.detail}")
    if result.outcome != "ok":
        console.error(f"{result.outcome}: {result.detail or result.run_id}")
    raise typer.Exit(EXIT_CODES[result.outcome])


def say_as_json(run_id: str | None, outcome: str, sources: Mapping[str, Any]) -> None:
    """The one line that `--json` promises."""
    console.say(json.dumps({"run_id": run_id, "outcome": outcome, "sources": sources}))
