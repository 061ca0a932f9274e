"""The public file of the night before, amended: a copy of it, in which only the rows are written that differ.

It ends with the same rows as a file written whole, only in another order; `newsroom publish` and now and then a night write it whole, which puts
the order right and gives back what deleted rows have left. What may differ is told by `mart.touched` (see touched.py).
"""

from __future__ import annotations

from pathlib import Path

from newsroom.errors import Damaged
from newsroom.warehouse import Warehouse, sql_text

_COMPARED = {
    "articles": ("article_id", True),
    "article_versions": ("article_id", True),
    "article_urls": ("article_id", True),
    "listing_entries": ("article_id", True),
    "listing_changes": ("article_id", True),
    "duplicates": ("article_id", False),
    "quarantine": ("article_id", False),
    "walks": ("run_id", False),
    "runs": ("run_id", False),
    "checks": ("run_id", False),
    "check_rows": ("run_id", False),
}
"""Tables of which the rows of a key are written anew if any of them differs; and whether only touched articles need be looked at."""


def amend_public(warehouse: Warehouse, base: Path, target: Path) -> None:
    """Write a public file to `target` that holds what the mart holds now; `base` is a snapshot that differs only in what is touched.

    Raises `Damaged` if the outcome is not as large as it should be, `NewsroomError` if it cannot be written or `base` not be read.
    """
    with warehouse.public_file(target, base=base):
        warehouse.run(sql_text("amend/10_seen"))
        for table, (key, is_touched_only) in _COMPARED.items():
            _renew(warehouse, table, key, " SEMI JOIN mart.touched USING (article_id)" if is_touched_only else "")
        for name in ("amend/50_search", "amend/90_changes"):
            warehouse.run(sql_text(name))
        if wrong := warehouse.rows("amend/verify"):
            first = wrong[0]
            raise Damaged(f"{base}: amended, it has {first['amended']} rows in {first['name']} instead of {first['whole']}")


def _renew(warehouse: Warehouse, table: str, key: str, scope: str) -> None:
    names = warehouse.ask(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = 'public_file' AND table_name = $t ORDER BY column_index", t=table
    )
    columns = ", ".join(name for (name,) in names.rows)
    warehouse.run(f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {columns} FROM mart.{table}{scope}")
    warehouse.run(f"CREATE OR REPLACE TEMP TABLE shown AS SELECT {columns} FROM public_file.main.{table}{scope}")
    warehouse.run(
        f"""CREATE OR REPLACE TEMP TABLE differing AS
        SELECT {key} FROM (FROM fresh EXCEPT ALL FROM shown) UNION SELECT {key} FROM (FROM shown EXCEPT ALL FROM fresh)"""
    )
    warehouse.run(f"DELETE FROM public_file.main.{table} WHERE {key} IN (FROM differing)")
    warehouse.run(f"INSERT INTO public_file.main.{table} BY NAME FROM fresh WHERE {key} IN (FROM differing)")
