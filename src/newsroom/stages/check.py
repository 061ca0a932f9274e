"""Check: ask the mart the questions in `sql/checks/`, each of which returns the rows we would be ashamed of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from newsroom.config import CheckBounds
from newsroom.model import CheckResult
from newsroom.warehouse import Warehouse, sql_names, sql_text

SAMPLE_ROWS = 20
"""Offending rows kept of a failing check."""


def check(warehouse: Warehouse, bounds: Mapping[str, CheckBounds], *, run_id: str, now: datetime) -> tuple[CheckResult, ...]:
    """Judge the mart, keep the verdicts and a sample of the offending rows."""
    articles: int = warehouse.ask("SELECT count(*) FROM mart.articles").rows[0][0]
    results = tuple(
        _judge(warehouse, name, bounds.get(name.split("/")[1], CheckBounds()), run_id=run_id, now=now, articles=articles)
        for name in sql_names("checks")
    )
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
        {"run_id": run_id, "check_name": result.check_name, "position": position, "found": json.dumps(row, default=str, ensure_ascii=False)}
        for result in results
        for position, row in enumerate(result.sample)
    ]
    with warehouse.transaction():
        warehouse.append("ops.checks", verdicts)
        warehouse.append("ops.check_rows", rows)
    return results


def _judge(warehouse: Warehouse, name: str, bounds: CheckBounds, *, run_id: str, now: datetime, articles: int) -> CheckResult:
    found = warehouse.rows(name, run_id=run_id, now=now)
    allowed = max(bounds.max_rows, int(bounds.max_share * articles))
    question = sql_text(name).splitlines()[0].removeprefix("-- ")
    first = "; first: " + ", ".join(f"{key}={value}" for key, value in found[0].items())[:300] if found else ""
    return CheckResult(
        check_name=name.split("/")[1],
        severity=bounds.severity,
        verdict="fail" if len(found) > allowed else "pass",
        failing_rows=len(found),
        detail=question + (f" {len(found)} found, {allowed} allowed" if found else "") + first,
        sample=tuple(found[:SAMPLE_ROWS]),
    )


def blocking(results: tuple[CheckResult, ...]) -> list[CheckResult]:
    """The failed checks that stop publishing."""
    return [result for result in results if result.verdict == "fail" and result.severity == "block"]
