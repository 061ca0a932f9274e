"""What the report tells, gathered once: what consumers see comes from the public file, what happened from the warehouse."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsroom.warehouse import Warehouse, open_public

Row = dict[str, Any]

_WAREHOUSE = ("runs", "fetches", "field_rates", "checks", "check_rows", "quarantine", "quarantine_reasons", "walks", "missing_months")
_PUBLIC = ("totals", "new", "changes", "months", "issuers", "fields", "coverage", "gaps")


@dataclass(frozen=True, slots=True)
class Facts:
    """Answers of the queries in `sql/report/`, by their names."""

    run: Row | None
    """The run that the report is about; None if there has been none."""
    is_published: bool
    """Whether anything has ever been published."""
    totals: Row = field(default_factory=dict)
    runs: list[Row] = field(default_factory=list)
    fetches: list[Row] = field(default_factory=list)
    field_rates: list[Row] = field(default_factory=list)
    checks: list[Row] = field(default_factory=list)
    check_rows: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)
    quarantine_reasons: list[Row] = field(default_factory=list)
    walks: list[Row] = field(default_factory=list)
    missing_months: list[Row] = field(default_factory=list)
    new: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    months: list[Row] = field(default_factory=list)
    issuers: list[Row] = field(default_factory=list)
    fields: list[Row] = field(default_factory=list)
    coverage: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)


def gather(data_dir: Path, warehouse: Warehouse, run_id: str | None = None) -> Facts:
    """Ask everything the report needs, about the given run or the last one."""
    runs = warehouse.rows("report/runs")
    run = next((each for each in runs if run_id in (None, each["run_id"])), None)
    told = run["run_id"] if run else ""
    answers: dict[str, Any] = {}

    def ask(lane: Warehouse) -> None:
        answers.update({name: lane.rows(f"report/{name}", run_id=told) for name in _WAREHOUSE if name != "runs"})

    def ask_public() -> bool:
        if not (data_dir / "public" / "newsroom.duckdb").is_file():
            return False
        with open_public(data_dir) as public:
            answers.update({name: public.rows(f"report/public_{name}", run_id=told) for name in _PUBLIC})
        answers["totals"] = answers["totals"][0]
        return True

    is_published = warehouse.both(ask_public, ask)
    return Facts(run=run, is_published=is_published, runs=runs, **answers)
