"""Check: ask the mart the questions in `sql/checks/`, each of which returns the rows we would be ashamed of.

A row that has a `source` is judged by the bounds of that source; one that has a `finding` says itself what is wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from newsroom.config import CheckBounds
from newsroom.model import CheckResult
from newsroom.warehouse import Warehouse, sql_names, sql_text

SAMPLE_ROWS = 20
"""Offending rows kept of a check."""
_SHOWN = 500

Overrides = Mapping[str, Mapping[str, CheckBounds]]
"""Bounds by source and check."""


def check(
    warehouse: Warehouse,
    bounds: Mapping[str, CheckBounds],
    *,
    run_id: str,
    now: datetime,
    overrides: Overrides | None = None,
    names: Sequence[str] = (),
) -> tuple[CheckResult, ...]:
    """Judge the mart, by all checks or by those named; keep the verdicts and a sample of the offending rows."""
    articles = dict(warehouse.ask("SELECT source, count(*) FROM mart.current WHERE copy_rank = 1 GROUP BY source").rows)
    asked = [name for name in (file.split("/")[1] for file in sql_names("checks")) if not names or name in names]
    _write_bounds(warehouse, asked, bounds, overrides or {})
    found = warehouse.rows_side_by_side([f"checks/{name}" for name in asked], run_id=run_id, now=now)
    results = tuple(
        _judge(
            name,
            found[f"checks/{name}"],
            bounds.get(name, CheckBounds()),
            {source: given[name] for source, given in (overrides or {}).items() if name in given},
            articles,
        )
        for name in asked
    )
    _keep(warehouse, results, run_id=run_id, now=now)
    return results


def _write_bounds(warehouse: Warehouse, names: Sequence[str], bounds: Mapping[str, CheckBounds], overrides: Overrides) -> None:
    """Bounds that are part of a question stand in a table, for the SQL to join."""
    sources = [row[0] for row in warehouse.ask("SELECT source FROM facts.walks UNION SELECT source FROM facts.fetches").rows]
    rows = []
    for name in names:
        if "ops.check_bounds" in sql_text(f"checks/{name}"):
            for source in sources:
                mine = overrides.get(source, {}).get(name, bounds.get(name, CheckBounds()))
                rows.append({"check_name": name, "source": source, "min_pages": mine.min_pages, "max_drop": mine.max_drop})
    with warehouse.transaction():
        warehouse.run("DELETE FROM ops.check_bounds")
        warehouse.append("ops.check_bounds", rows)


def _judge(
    name: str, found: list[dict[str, Any]], general: CheckBounds, own: Mapping[str, CheckBounds], articles: Mapping[str, int]
) -> CheckResult:
    def of(source: str | None) -> CheckBounds:
        return own.get(source or "", general)

    found = [row for row in found if of(row.get("source")).severity != "off"]
    failing: list[Literal["block", "warn"]] = []
    allowed_rows = 0
    for source, count in Counter(row.get("source") for row in found).items():
        mine = of(source)
        allowed = max(mine.max_rows, int(mine.max_share * (sum(articles.values()) if source is None else articles.get(source, 0))))
        allowed_rows += allowed
        if count > allowed:
            failing.append("block" if mine.severity == "block" else "warn")
    severity = min(failing, default="warn" if general.severity == "warn" else "block")  # "block" < "warn"
    return CheckResult(
        check_name=name,
        severity=severity,
        verdict="fail" if failing else "pass",
        failing_rows=len(found),
        detail=_detail(name, found, allowed_rows, is_off=general.severity == "off"),
        sample=tuple(found[:SAMPLE_ROWS]),
    )


def _detail(name: str, found: list[dict[str, Any]], allowed: int, *, is_off: bool) -> str:
    question = sql_text(f"checks/{name}").splitlines()[0].removeprefix("-- ")
    if not found:
        return question + (" (switched off)" if is_off else "")
    first = found[0].get("finding") or ", ".join(f"{key}={value}" for key, value in found[0].items())
    return f"{question} {len(found)} found, {allowed} allowed; first: {str(first)[:_SHOWN]}"


def _keep(warehouse: Warehouse, results: Sequence[CheckResult], *, run_id: str, now: datetime) -> None:
    verdicts = [
        {
            "run_id": run_id,
            "check_name": result.check_name,
            "severity": result.severity,
            "verdict": result.verdict,
            "failing_rows": result.failing_rows,
            "detail": result.detail,
            "checked_at": now,
        }
        for result in results
    ]
    rows = [
        {
            "run_id": run_id,
            "check_name": result.check_name,
            "position": position,
            "source": row.get("source"),
            "finding": row.get("finding"),
            "found": json.dumps(row, default=str, ensure_ascii=False),
        }
        for result in results
        for position, row in enumerate(result.sample)
    ]
    with warehouse.transaction():
        warehouse.append("ops.checks", verdicts)
        warehouse.append("ops.check_rows", rows)


def blocking(results: tuple[CheckResult, ...]) -> list[CheckResult]:
    """The failed checks that stop publishing."""
    return [result for result in results if result.verdict == "fail" and result.severity == "block"]
