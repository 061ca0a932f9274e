"""Backfills: a long window in slices, each an ordinary run with its own lock and its own publish.

Between two slices the data directory is free, so a nightly that waits goes first; a kill costs the walk of one slice; and what is
complete stands in the ledger and is not done again when the same is typed after days. Each slice is published (seconds, against
the hours it takes to get them): years of work are not held back until the last of them is done.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from newsroom import ledger, lock, slices
from newsroom.config import Source
from newsroom.crawl import STOPPED_ASKING
from newsroom.errors import Busy, NewsroomError
from newsroom.model import Outcome, RunResult, Slice, Window
from newsroom.pipeline import Plan, Watch, readable_disk, utc_now
from newsroom.stages import fetch
from newsroom.walk import Walk
from newsroom.warehouse import Warehouse

GIVE_WAY_SECONDS = 24 * 3600.0
"""After its first slice a backfill waits at least so long for a turn: it let the others go first, whatever its own patience was."""
_MARGIN_PAGES = 3
_WORST: tuple[Outcome, ...] = ("ok", "incomplete", "blocked", "failed")


class Onlooker(Watch, Protocol):
    """Who looks on at a backfill."""

    def detail(self, line: str) -> None:
        """A line for those who want to know all; `say` has one for each slice."""
        ...

    def outlook(self, share_done: float, seconds_left: float | None) -> None:
        """How much of it is done (0 to 1), and how long the rest takes as far as one can tell."""
        ...


def cut(plan: Plan, *, clock: Callable[[], datetime] = utc_now) -> list[Window]:
    """The slices of a plan's window, the newest first.

    One where the listing is not sorted: every slice would have to read all of it.
    """
    assert plan.window is not None
    (source,) = plan.sources
    is_sorted = source.listing.order == "newest-first"
    return slices.cut(plan.window, plan.settings.backfill.slices if is_sorted else "whole", today=clock().date())


def run(
    plan: Plan,
    *,
    execute: Callable[[Plan, str | None, Watch], RunResult],
    watch: Onlooker,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> RunResult:
    """All slices of a backfill, by `execute(plan of the slice, its name, its watch)`; a window within one slice is just that run.

    The result has the last run's id, the worst outcome and the summed counts. Ends early where going on is of no use: the disk is full,
    the site is down or refuses everything, another run does not end. The same again then goes on.
    """
    parts = cut(plan, clock=clock)
    if len(parts) == 1:
        result = execute(plan, None, _Part(watch, slices.Outlook(1, monotonic=monotonic), None))
        watch.outlook(1.0, 0.0)
        return result
    data = plan.options.data_dir
    with readable_disk(data):
        data.mkdir(parents=True, exist_ok=True)
    with readable_disk(data), lock.sole(data, plan.work()):
        done = {} if plan.again else _done_before(plan, watch)
        to_do = [window for window in parts if window not in done]
        if skipped := [done[window] for window in parts if window in done]:
            watch.say(
                f"{len(skipped)} of {len(parts)} slices are complete already, the latest since {skipped[0].run_id} (--again does them again)"
            )
        if not to_do:
            nothing: dict[str, dict[str, int]] = {source.name: {} for source in plan.sources}
            latest = max(skipped, key=lambda each: each.finished_at)
            watch.outlook(1.0, 0.0)
            return RunResult(latest.run_id, plan.kind, "ok", nothing, published=True, is_skipped=True)
        return _all(plan, to_do, execute=execute, watch=watch, outlook=slices.Outlook(len(to_do), monotonic=monotonic), clock=clock)


def _done_before(plan: Plan, watch: Onlooker) -> dict[Window, ledger.Known]:
    """What the ledger calls done; it is looked at when nobody writes."""
    data, options, (source,) = plan.options.data_dir, plan.options, plan.sources
    with lock.turn(data, work=f"{plan.work()} (ledger)", wait_seconds=options.wait_seconds, say=watch.say):
        if not (data / "warehouse.duckdb").is_file():
            return {}
        with Warehouse.look(data / "warehouse.duckdb") as warehouse:
            known = ledger.done(warehouse, source, recheck=options.recheck, base_url=options.base_url)
    return {each.window: each for each in known}


def _all(
    plan: Plan,
    parts: list[Window],
    *,
    execute: Callable[[Plan, str | None, Watch], RunResult],
    watch: Onlooker,
    outlook: slices.Outlook,
    clock: Callable[[], datetime],
) -> RunResult:
    assert plan.window is not None
    part_of = Slice(plan.window, clock(), plan.again)
    ended: list[tuple[str, RunResult]] = []
    trouble: tuple[Outcome, str] | None = None
    try:
        for number, window in enumerate(parts, start=1):
            name = slices.name(window)
            options = replace(plan.options, wait_seconds=max(plan.options.wait_seconds, GIVE_WAY_SECONDS)) if ended else plan.options
            part = replace(plan, options=options, window=window, slice=part_of)
            try:
                result = execute(part, name, _Part(watch, outlook, f"{name} ({number}/{len(parts)})"))
            except NewsroomError as error:
                if not ended:
                    raise
                trouble = "failed", f"{name}: {error}"
                break
            ended.append((name, result))
            outlook.ended(is_skipped=result.is_skipped)
            watch.say(f"slice {number} of {len(parts)}, {name}: {_told(result)}" + _left(outlook))
            watch.outlook(outlook.share_done, outlook.seconds_left())
            if number < len(parts) and _is_hopeless(result):
                trouble = "incomplete", f"stopped after {name}: the site gives nothing of what it is asked for"
                break
    except BaseException:
        with suppress(Exception):
            watch.say(f"{len(ended)} of {len(parts)} slices were ended; the same command goes on from there")
        raise
    return _summed(ended, trouble, len(parts))


def _told(result: RunResult) -> str:
    if result.is_skipped:
        return "older than anything listed" if result.slice_state == "empty" else f"done meanwhile by {result.run_id}"
    counted = _counted(result)
    names = ("new_articles", "new_versions", "requests")
    told = ", ".join(f"{counted[name]} {name.replace('_', ' ')}" for name in names if counted[name])
    state = "open: its days are not over" if result.slice_state == "open" else result.slice_state or "not in the ledger"
    reason = f": {result.detail}" if result.detail else ""
    return f"{told or 'nothing'}; {state}" + (f"; {result.outcome}{reason}" if result.outcome != "ok" else "")


def _counted(result: RunResult) -> Counter[str]:
    counted = Counter[str]()
    for counts in result.sources.values():
        counted.update(counts)
    return counted


def _left(outlook: slices.Outlook) -> str:
    seconds = outlook.seconds_left()
    return f"; about {slices.in_words(seconds)} left" if seconds and outlook.done < outlook.slices else ""


def _is_hopeless(result: RunResult) -> bool:
    """Whether the site gave nothing (not one page of the listing, or not one of the articles asked for), or one answer to all."""
    if result.outcome != "incomplete":
        return False
    counted = _counted(result)
    got = counted["fetched"] + counted["not_modified"] + counted["gone"]
    asked = got + counted["failed"] + counted["rejected"]
    return counted["pages"] == 0 or (got == 0 and asked >= 5) or STOPPED_ASKING in (result.detail or "")


def _summed(ended: list[tuple[str, RunResult]], trouble: tuple[Outcome, str] | None, total: int) -> RunResult:
    last = next((result for _, result in reversed(ended) if not result.is_skipped), ended[-1][1])
    outcome = max((result.outcome for _, result in ended), key=_WORST.index)
    details = [f"{name}: {result.detail}" for name, result in ended if result.detail]
    if trouble:
        outcome = max(outcome, trouble[0], key=_WORST.index)
        details.append(f"{trouble[1]} ({len(ended)} of {total} slices were ended; the same command goes on from there)")
    counts: dict[str, Counter[str]] = {}
    for _, result in ended:
        for source, counted in result.sources.items():
            counts.setdefault(source, Counter()).update(counted)
    summed = {source: dict(counter) for source, counter in counts.items()}
    published = any(result.published for _, result in ended)
    return RunResult(last.run_id, last.kind, outcome, summed, "; ".join(details) or None, last.checks, published=published)


class _Part:
    """The watch of one run of a backfill: what it says in detail is kept from those who look at years."""

    def __init__(self, onlooker: Onlooker, outlook: slices.Outlook, name: str | None) -> None:
        self._onlooker, self._outlook, self._name = onlooker, outlook, name
        self._is_under_way = False

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        """So much of a stage is done."""
        self._is_under_way = True
        self._outlook.moved(stage, done, total)
        self._onlooker.outlook(self._outlook.share_done, self._outlook.seconds_left())
        self._onlooker.progress(f"{self._name} {stage}" if self._name else stage, source, done, total)

    def say(self, line: str) -> None:
        """Before the run is under way: whom it waits for, what it healed. Then: details, unless it is the only slice."""
        if self._name is None or not self._is_under_way:
            self._onlooker.say(line)
        else:
            self._onlooker.detail(f"{self._name}: {line}")


# --- what it would do


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a slice would ask for, as far as the warehouse knows."""

    window: Window
    is_done: bool
    """The ledger has it: nothing would be asked."""
    listed: int
    """Articles known to be listed in it."""
    to_ask: int
    """Of those known, the ones that would be asked for."""
    pages: int | None
    """Listing pages that would be read if nothing moves; None if its part of the listing has never been read whole."""
    pages_at_most: int
    search_pages: int
    """Of those, what finding its first page takes at most."""

    def seconds(self, delay: float) -> float | None:
        """At the source's delay; None if its part of the listing is not known."""
        return None if self.pages is None else (self.pages + self.to_ask) * delay


def foresee(plan: Plan, *, clock: Callable[[], datetime] = utc_now) -> list[Forecast]:
    """What a backfill would ask for, slice by slice. Asks the site for nothing and writes nothing. Raises `Busy` while a run is at work."""
    data = plan.options.data_dir
    (source,) = plan.sources
    parts = cut(plan, clock=clock)
    if not (data / "warehouse.duckdb").is_file():
        search = _search_pages(source.listing.max_pages)
        return [Forecast(window, False, 0, 0, None, search + Walk.passes * source.listing.max_pages, search) for window in parts]
    if running := lock.holder(data):
        raise Busy(f"{data}: {running} is at work and has the warehouse; ask again when it has ended")
    with lock.turn(data, work="dry run"), Warehouse.look(data / "warehouse.duckdb") as warehouse:
        return list(_forecasts(warehouse, plan, source, parts, clock()))


def pages_at_most(forecasts: list[Forecast]) -> int:
    """Listing pages for slices together: each is a part of the listing, with a page or two of margin at both ends."""
    whole = max(each.pages_at_most - each.search_pages for each in forecasts)
    return whole + sum(each.search_pages + Walk.passes * _MARGIN_PAGES for each in forecasts)


def _forecasts(warehouse: Warehouse, plan: Plan, source: Source, parts: list[Window], now: datetime) -> Iterator[Forecast]:
    options = plan.options
    known = {each.window for each in ledger.done(warehouse, source, recheck=options.recheck, base_url=options.base_url)}
    skips = known if len(parts) > 1 and not plan.again else set()
    for window in parts:
        (found,) = warehouse.rows("queue/walked", source=source.name, since=window.since, until=window.until)
        if window in skips:
            yield Forecast(window, True, found["listed"], 0, 0, 0, 0)
            continue
        jobs = fetch.pending(source, warehouse=warehouse, now=now, started_at=now, recheck=options.recheck, window=window)
        rows, is_sorted = source.listing.rows, source.listing.order == "newest-first"
        whole = math.ceil(found["whole"] / rows) + 1 if found["whole"] else source.listing.max_pages
        of_slice = math.ceil(found["listed"] / rows) + 2 if is_sorted and found["is_known"] else whole
        search = _search_pages(math.ceil(found["all_listed"] / rows) + 1) if is_sorted else 0
        pages = search + 2 * of_slice if found["is_known"] else None
        most_search = _search_pages(whole) if is_sorted else 0
        yield Forecast(window, False, found["listed"], len(jobs), pages, most_search + Walk.passes * of_slice, most_search)


def _search_pages(whole: int) -> int:
    """Pages that finding a window in so many takes at most: out in doubling steps, and back in halves."""
    return 1 + 2 * math.ceil(math.log2(max(2, whole)))
