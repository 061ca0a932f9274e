"""The public file of the night before, amended: a copy of it, in which only the rows are written that differ.

It ends with the same rows as a file written whole, only in another order; `newsroom publish` and now and then a night write it whole, which puts
the order right and gives back what deleted rows have left. What may differ is told by `mart.touched` (see touched.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from newsroom.errors import Damaged
from newsroom.warehouse import LAST_TABLES, WITH_TEXTS, Warehouse, sql_text

_TOUCHED = "mart.touched"
_READ = "(FROM mart.touched WHERE is_read)"
_TEXTS = ("title", "lead", "body")
_BY_ARTICLE = ("article_urls", "listing_entries", "listing_changes")
"""Compared where articles were touched."""
_SMALL = {"duplicates": "article_id", "quarantine": "article_id"}
"""Compared as a whole; the rows of a key are written anew if any of them differs."""
_LAST = [table for table in LAST_TABLES if table != "article_changes"]
"""The same by run, of those that are only known when all else is done. The feed only grows (amend/90_changes)."""


def amend_public(warehouse: Warehouse, copy: Path, *, wait: Callable[[], object] = lambda: None) -> None:
    """Make a public file hold what the mart holds now; it is the copy of a snapshot that differs only in what is touched.

    `wait` returns when `LAST_TABLES` are as they will be. Raises `Damaged` if the outcome is not as large as it should be, `NewsroomError`
    if it cannot be read or written.
    """
    with warehouse.public_file(copy, is_there=True):
        warehouse.run(sql_text("amend/10_seen"))
        columns = {row["table_name"]: row["columns"] for row in warehouse.rows("amend/columns")}
        has_read = warehouse.ask("SELECT 1 FROM mart.touched WHERE is_read LIMIT 1").rows
        for table in WITH_TEXTS:  # which are compared only where pages were read; all else of them wherever articles were touched
            _renew(warehouse, table, [name for name in columns[table] if name not in _TEXTS], "article_id", _TOUCHED)
            if has_read:
                _renew(warehouse, table, columns[table], "article_id", _READ)
        for table in _BY_ARTICLE:
            _renew(warehouse, table, columns[table], "article_id", _TOUCHED)
        for table, key in _SMALL.items():
            _renew(warehouse, table, columns[table], key)
        warehouse.run(sql_text("amend/50_search"))
        warehouse.wait_in_public_file(wait)
        for table in _LAST:
            _renew(warehouse, table, columns[table], "run_id")
        warehouse.run(sql_text("amend/90_changes"))
        if wrong := warehouse.rows("amend/verify"):
            first = wrong[0]
            raise Damaged(f"{copy}: amended, it has {first['amended']} rows in {first['name']} instead of {first['whole']}")


def _renew(warehouse: Warehouse, table: str, columns: Sequence[str], key: str, scope: str = "") -> None:
    """Write anew all rows of the keys of which a row differs, among the articles in scope, in one of the columns."""
    compared = ", ".join(columns)
    made, shown = (
        f"SELECT {compared}, {side} AS side {_rows(f'{of}.{table}', scope)}" for of, side in (("mart", 1), ("public_file.main", -1))
    )
    warehouse.run(
        f"""CREATE OR REPLACE TEMP TABLE differing AS
        SELECT DISTINCT {key} FROM ({made} UNION ALL {shown}) GROUP BY {compared} HAVING sum(side) <> 0"""
    )
    if warehouse.ask("SELECT count(*) FROM differing").rows == [(0,)]:
        return
    warehouse.run(f"DELETE FROM public_file.main.{table} WHERE {key} IN (FROM differing)")
    warehouse.run(f"INSERT INTO public_file.main.{table} BY NAME FROM mart.{table} WHERE {key} IN (FROM differing)")


def _rows(table: str, scope: str) -> str:
    """FROM clause of the rows in scope: found by the key alone and then read by their rowids, for few of many are wanted.

    Not in a transaction that has added rows to the table (touched/slice.sql says why).
    """
    if not scope:
        return f"FROM {table}"
    if table.removeprefix("mart.") in WITH_TEXTS:  # a view has no rowids
        return f"FROM {table} SEMI JOIN {scope} USING (article_id)"
    return f"FROM {table} WHERE rowid IN (SELECT rowid FROM {table} SEMI JOIN {scope} USING (article_id))"
