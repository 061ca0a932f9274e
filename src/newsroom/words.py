"""The index of the full-text search: the words of every text, counted once and kept (`facts.search_…`), so that a night costs what is new.

Where the site is what takes the time, they are counted while it is asked, as soon as there are texts enough. The end of the night counts the rest.
"""

from __future__ import annotations

from newsroom.warehouse import Warehouse, sql_text

PORTION = 1000
"""Texts that `search/count` counts together, for good. That takes 40 MB, so a first crawl needs no more memory than a night."""


def count_words(warehouse: Warehouse) -> None:
    """Count the words of all texts that have not been counted."""
    while count_portion(warehouse):
        pass


def count_portion(warehouse: Warehouse, *, at_least: int = 1) -> bool:
    """Count the words of a portion of them, if there are `at_least` so many. Returns whether any were counted."""
    warehouse.run(sql_text("search/rule"))
    if warehouse.rows("search/uncounted")[0]["texts"] < at_least:
        return False
    with warehouse.transaction():
        warehouse.run(sql_text("search/count"))
    return warehouse.ask("SELECT count(*) FROM unindexed").rows != [(0,)]
