"""The ledger of backfills: which slices are done, so that the same backfill, typed again after days, goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsroom.config import Source
from newsroom.model import Recheck, SliceState, Window
from newsroom.warehouse import Warehouse

_AT_LEAST: dict[Recheck, list[str]] = {"none": ["none", "due", "all"], "due": ["due", "all"], "all": ["all"]}


@dataclass(frozen=True, slots=True)
class Known:
    """A slice that need not be done: the state it was left in, by which run and when."""

    window: Window
    state: SliceState
    run_id: str
    finished_at: datetime


def done(warehouse: Warehouse, source: Source, *, recheck: Recheck, base_url: str | None) -> list[Known]:
    """Slices that need not be done again."""
    if not warehouse.ask("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'ops' AND table_name = 'slices'").rows:
        return []  # looked at read-only, before any run of this version has brought its schema up to date
    rows = warehouse.rows(
        "queue/slices_done",
        source=source.name,
        base_url=base_url,
        rechecks=_AT_LEAST[recheck],
        give_up_after_nights=source.recheck.give_up_after_nights,
    )
    return [Known(Window(row["since_on"], row["until_on"]), row["state"], row["run_id"], row["finished_at"]) for row in rows]


def beyond_the_end(warehouse: Warehouse, source: Source, window: Window, *, began_at: datetime) -> Known | None:
    """Whether a walk since `began_at` came to the end of the listing without meeting anything as old as the window."""
    rows = warehouse.rows("queue/listing_end", source=source.name, until=window.until, began_at=began_at)
    return Known(window, "empty", rows[0]["run_id"], rows[0]["finished_at"]) if rows else None


def stands(
    warehouse: Warehouse, source: Source, window: Window, *, run_id: str, started_at: datetime, is_published: bool
) -> tuple[SliceState, str | None]:
    """How a window stands after a run, and why it is not complete."""
    (found,) = warehouse.rows(
        "queue/slice_stands",
        run_id=run_id,
        source=source.name,
        since=window.since,
        until=window.until,
        give_up_after_nights=source.recheck.give_up_after_nights,
    )
    if not found["is_complete"]:
        return "incomplete", f"listing not read whole: {found['reason'] or 'not at all'}"
    if found["pending"]:
        return "incomplete", f"{found['pending']} articles still to be had"
    if not is_published:
        return "incomplete", "not published"
    if window.until + timedelta(days=source.listing.overlap_days) > started_at.date():
        return "open", "its days are not over: entries may still come"
    return "complete", None


def write(
    warehouse: Warehouse,
    source: Source,
    known: Known,
    *,
    of: Window,
    recheck: Recheck,
    base_url: str | None,
    reason: str | None = None,
) -> None:
    """Add a line to the ledger."""
    row = {
        "source": source.name,
        "window_since_on": of.since,
        "window_until_on": of.until,
        "since_on": known.window.since,
        "until_on": known.window.until,
        "recheck": recheck,
        "base_url": base_url,
        "state": known.state,
        "reason": reason,
        "run_id": known.run_id,
        "finished_at": known.finished_at,
    }
    with warehouse.transaction():
        warehouse.append("ops.slices", [row])
