"""Model: make the mart anew from the facts, where they have changed."""

from __future__ import annotations

from newsroom import touched
from newsroom.model import StageReport
from newsroom.warehouse import Warehouse


def model(warehouse: Warehouse, *, whole: bool = False) -> StageReport:
    """Bring every mart table up to the facts. A pure function of them: run it as often as you like."""
    touched.rebuild(warehouse, whole=whole)
    rows = warehouse.ask("SELECT status, count(*) FROM mart.statuses GROUP BY status").rows
    return StageReport("model", counts=dict(rows))
