"""Model: make the mart anew from the facts."""

from __future__ import annotations

from newsroom.model import StageReport
from newsroom.warehouse import Warehouse


def model(warehouse: Warehouse) -> StageReport:
    """Rebuild every mart table. A pure function of the facts: run it as often as you like."""
    warehouse.rebuild()
    rows = warehouse.ask("SELECT status, count(*) FROM mart.statuses GROUP BY status").rows
    return StageReport("model", counts=dict(rows))
