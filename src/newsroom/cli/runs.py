"""Commands that run flows: `run`, `backfill`, `sweep`, `reparse`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsroom import console
from newsroom.cli.executing import run_flow, say_as_json
from newsroom.cli.options import (
    CONFIG,
    DATA,
    WAIT,
    BaseUrl,
    Config,
    Data,
    Debug,
    Delay,
    Direct,
    Json,
    OneSource,
    RecheckOption,
    Since,
    Sources,
    Until,
    Wait,
    as_options,
)

if TYPE_CHECKING:
    from newsroom.backfill import Forecast
    from newsroom.pipeline import Plan

commands = typer.Typer()


@commands.command(epilog="Example: newsroom run osce")
def run(
    sources: Sources = None,
    base_url: BaseUrl = None,
    delay: Delay = None,
    recheck: RecheckOption = "due",
    wait: Wait = WAIT,
    direct: Direct = False,
    as_json: Json = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The nightly: new, changed and due items, to published."""
    from newsroom.pipeline import prepare

    plan = prepare("nightly", as_options(config, data, base_url, delay, recheck, wait), sources=sources or ())
    run_flow(plan, as_json=as_json, direct=direct, debug=debug)


@commands.command(epilog="Example: newsroom backfill osce --since 2001-01-01 --until 2002-01-01")
def backfill(
    source: OneSource,
    since: Since,
    until: Until,
    again: Annotated[bool, typer.Option("--again", help="Do the slices again that are complete.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would ask for; ask for nothing and write nothing.")] = False,
    base_url: BaseUrl = None,
    delay: Delay = None,
    recheck: RecheckOption = "due",
    wait: Wait = WAIT,
    direct: Direct = False,
    as_json: Json = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The items published in the window; resumable and repeatable.

    A long window is done in slices, the newest first; between two of them a nightly that waits has its turn. Slices that are complete
    are left out when the same is typed again.
    """
    from newsroom.pipeline import prepare

    options = as_options(config, data, base_url, delay, recheck, wait)
    plan = prepare("backfill", options, sources=[source], since=since, until=until, again=again, is_asking=not dry_run)
    if dry_run:
        _foresee(plan, as_json=as_json)
    else:
        run_flow(plan, as_json=as_json, direct=direct, debug=debug)


@commands.command(epilog="Example: newsroom sweep osce")
def sweep(
    source: OneSource,
    base_url: BaseUrl = None,
    delay: Delay = None,
    recheck: RecheckOption = "due",
    wait: Wait = WAIT,
    direct: Direct = False,
    as_json: Json = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The whole listing, end to end.

    Finds what any overlap missed, and confirms removals.
    """
    from newsroom.pipeline import prepare

    plan = prepare("sweep", as_options(config, data, base_url, delay, recheck, wait), sources=[source])
    run_flow(plan, as_json=as_json, direct=direct, debug=debug)


@commands.command(epilog="Example: newsroom reparse osce")
def reparse(
    sources: Sources = None,
    wait: Wait = WAIT,
    direct: Direct = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Archived pages through today's parser, no network at all."""
    from newsroom.pipeline import prepare

    plan = prepare("reparse", as_options(config, data, wait=wait), sources=sources or ())
    run_flow(plan, direct=direct, debug=debug)


def _foresee(plan: Plan, *, as_json: bool) -> None:
    """What a backfill would do: in figures, or as a table and in words."""
    from newsroom import backfill, slices

    (source,) = plan.sources
    delay = source.politeness.delay_seconds if plan.options.delay is None else plan.options.delay
    parts = backfill.foresee(plan)
    to_do = [each for each in parts if not each.is_done]
    unknown = [each for each in to_do if each.pages is None]
    known = sum(each.seconds(delay) or 0 for each in to_do)
    if as_json:
        counts = {
            "slices": len(parts), "slices_done": len(parts) - len(to_do), "slices_unknown": len(unknown),
            "listed": sum(each.listed for each in parts), "to_ask": sum(each.to_ask for each in to_do), "seconds": round(known),
        }  # fmt: skip
        say_as_json(None, "ok", {source.name: counts})
        return

    def time(part: Forecast) -> str:
        seconds = part.seconds(delay)
        return "unknown" if seconds is None else "" if part.is_done else slices.in_words(seconds)

    rows = [
        (slices.name(each.window), "complete" if each.is_done else "to do", each.listed, each.to_ask, each.pages, each.pages_at_most,
         time(each))
        for each in parts
    ]  # fmt: skip
    console.write_rows(("slice", "state", "listed", "to ask for", "listing pages", "at most", "time"), rows)
    if known_ones := len(to_do) - len(unknown):
        console.say(
            f"{known_ones} of {len(parts)} slices are known from the listing as it was read before: about {slices.in_words(known)} at one "
            f"request in {delay:g} s, if nothing has changed there since"
        )
    if unknown:
        most = backfill.pages_at_most(unknown)
        at_most = f"{most} pages at most" + (f" ({slices.in_words(most * delay)})" if delay else "")
        console.say(
            f"{len(unknown)} of {len(parts)} slices have never been read whole: which articles they hold is known once their part of the "
            f"listing has been read, as a rule twice; as far as is known now, that may be {at_most}"
        )
    console.say("nothing was asked for and nothing written")
