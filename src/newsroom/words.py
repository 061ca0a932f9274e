"""The index of the full-text search: the words of every text, counted once and kept (`facts.search_…`), so that a night costs what is new.

Where the site is what takes the time, they are counted while it is asked, as soon as there are texts enough. The end of the night counts the rest.
"""

from __future__ import annotations

from newsroom.warehouse import Warehouse, sql_text

PORTION = 1000
"""Texts that `search/count` counts together, for good. That takes 40 MB, so a first crawl needs no more memory than a night."""


def count_words(warehouse: Warehouse, *, at_least: int = 1) -> None:
    """Count the words of the texts that have not been counted, a portion after the other, as long as there are `at_least` so many."""
    warehouse.run(sql_text("search/rule"))
    while warehouse.rows("search/uncounted")[0]["texts"] >= at_least:
        with warehouse.transaction():
            warehouse.run(sql_text("search/count"))
