"""Rows come out of DuckDB as they went in, whatever a column holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.warehouse import Warehouse

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
COLUMNS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "text": ("VARCHAR", TEXTS),
    "number": ("INTEGER", st.integers(-(2**31), 2**31 - 1)),
    "large": ("UBIGINT", st.integers(0, 2**64 - 1)),
    "small": ("UTINYINT", st.integers(0, 255)),
    "share": ("DOUBLE", st.floats(allow_nan=False)),
    "is_so": ("BOOLEAN", st.booleans()),
    "day": ("DATE", st.dates()),
    "moment": ("TIMESTAMPTZ", st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))),
    "words": ("VARCHAR[]", st.lists(TEXTS, max_size=3)),
    "bands": ("UBIGINT[]", st.lists(st.integers(0, 2**64 - 1), max_size=3).map(tuple)),
    "found": ("MAP(VARCHAR, VARCHAR)", st.dictionaries(TEXTS, TEXTS, max_size=3).map(lambda pairs: tuple(pairs.items()))),
    "nested": ("JSON", st.sampled_from(['{"a": [1, null]}', "[]", '"ä"'])),
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One with a table that has a column of each kind."""
    with Warehouse.open(tmp_path_factory.mktemp("arrow") / "warehouse.duckdb") as warehouse:
        warehouse.run(f"CREATE TABLE rows_in (position INTEGER, {', '.join(f'{name} {kind}' for name, (kind, _) in COLUMNS.items())})")
        yield warehouse


def came_out(name: str, value: Any) -> Any:
    """What Python gets for a value: lists for tuples, a dictionary for a map."""
    if value is None:
        return None
    return dict(value) if name == "found" else list(value) if isinstance(value, tuple) else value


@given(st.lists(st.fixed_dictionaries({}, optional={name: values | st.none() for name, (_, values) in COLUMNS.items()}), max_size=4))
def test_rows_come_out_as_they_went_in(warehouse: Warehouse, rows: list[dict[str, Any]]) -> None:
    """Missing keys and None are NULL; nothing is rounded, cut or read in another time zone."""
    warehouse.run("DELETE FROM rows_in")
    assert warehouse.append("rows_in", [{"position": n, **row} for n, row in enumerate(rows)]) == len(rows)
    found = warehouse.ask("SELECT * EXCLUDE (position) FROM rows_in ORDER BY position").dicts()
    assert found == [{name: came_out(name, row.get(name)) for name in COLUMNS} for row in rows]


def test_a_time_of_another_zone_is_the_same_instant(warehouse: Warehouse) -> None:
    """An hour east of Greenwich it is one hour later."""
    warehouse.run("DELETE FROM rows_in")
    warehouse.append("rows_in", [{"moment": datetime(2026, 12, 1, 1, 30, 0, 5, tzinfo=timezone(timedelta(hours=1)))}])
    assert warehouse.ask("SELECT moment FROM rows_in").rows == [(datetime(2026, 12, 1, 0, 30, 0, 5, tzinfo=UTC),)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", 2**31),
        ("small", -1),
        ("number", "12"),
        ("text", 5),
        ("is_so", 1),
        ("moment", datetime(2026, 12, 1)),
        ("words", [None, 5]),
    ],
)
def test_what_a_column_cannot_hold_is_refused_and_leaves_nothing(warehouse: Warehouse, column: str, value: object) -> None:
    """A mistake of ours: an error, not a guess."""
    warehouse.run("DELETE FROM rows_in")
    with pytest.raises((TypeError, OverflowError)):
        warehouse.append("rows_in", [{"position": 1}, {"position": 2, column: value}])
    assert warehouse.ask("SELECT count(*) FROM rows_in").rows == [(0,)]
