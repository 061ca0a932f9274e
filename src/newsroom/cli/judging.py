"""Commands that judge and publish what is there: `check`, `publish`, `rollback`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from newsroom import console
from newsroom.cli.executing import end
from newsroom.cli.options import CONFIG, DATA, WAIT, Config, Data, Debug, Wait, as_options
from newsroom.interrupts import interruptible
from newsroom.model import CheckResult, RunKind

if TYPE_CHECKING:
    from newsroom.pipeline import Options

commands = typer.Typer()


@commands.command(epilog="Example: newsroom check missing_date drift_fields")
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Checks to ask; default: all. An unknown name lists them.", show_default=False),
    ] = None,
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Judge the data as they stand, and show the rows found; publish nothing."""
    _run_here("check", as_options(config, data, wait=wait), checks=names or ())


@commands.command(epilog="Example: newsroom publish")
def publish(wait: Wait = WAIT, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """Publish the data as they stand, if the checks allow it."""
    _run_here("publish", as_options(config, data, wait=wait))


@commands.command(epilog="Example: newsroom rollback 20261122-023000-nightly")
def rollback(
    run_id: Annotated[str | None, typer.Argument(metavar="RUN_ID", help="A snapshot; default: the one before.", show_default=False)] = None,
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Show consumers an earlier snapshot again."""
    from newsroom import pipeline

    shown = pipeline.rollback(as_options(config, data, wait=wait), run_id, say=console.error)
    console.say(f"consumers see {shown} again, until the next run is published")


def _run_here(kind: RunKind, options: Options, *, checks: Sequence[str] = ()) -> None:
    """A run without network, and too short to start Prefect for."""
    from newsroom import pipeline

    plan = pipeline.prepare(kind, options, checks=checks)
    with interruptible(), console.screen(sys.stderr) as screen:
        result = pipeline.run(plan, engine=pipeline.Inline(), watch=screen)
    rows = [(each.check_name, each.severity, each.verdict, each.failing_rows, each.detail) for each in result.checks]
    console.write_rows(("check", "severity", "verdict", "rows", "detail"), rows)
    for each in result.checks:
        if each.sample and (checks or each.verdict == "fail"):
            _show_found(each)
    end(result)


def _show_found(result: CheckResult) -> None:
    """The rows that a check found: its sentences where it has some, else its columns."""
    is_all = result.failing_rows <= len(result.sample)
    title = f"{result.check_name}: " + ("the rows found" if is_all else f"the first {len(result.sample)} of {result.failing_rows} rows")
    if all(row.get("finding") for row in result.sample):
        console.say(title)
        for row in result.sample:
            console.say(f"  {row['source']}: {row['finding']}" if row.get("source") else f"  {row['finding']}")
    else:
        columns = list(result.sample[0])
        rows = [[row.get(name) for name in columns] for row in result.sample]
        console.write_rows(columns, rows, title=title)
