"""The mart made anew only where it can have changed.

No model is written twice. Those that go article by article run, word for word, over a *slice*: a warehouse in memory with the facts of the
touched articles, that is of those with new facts, and of all that share a content or an address with them. What they make of it takes
the place of these articles' rows. The other models (near-duplicates, signs of drift, runs) look at everything, and are small.

`mart.touched` gathers the articles that may differ from what was last published: it is what the public file is amended by.
"""

from __future__ import annotations

import hashlib

import newsroom
from newsroom.warehouse import Warehouse, sql_names, sql_text
from newsroom.words import count_words

BY_ARTICLE = {
    "mart/10_versions": "versions",
    "mart/20_current": "current",
    "mart/45_search_documents": "search_documents",
    "mart/60_article_urls": "article_urls",
    "mart/70_statuses": "statuses",
    "mart/85_listing_entries": "listing_entries",
    "mart/86_listing_changes": "listing_changes",
    "mart/90_quarantine": "quarantine",
}
"""Models that can be made of a slice, and the tables they make. Each has a column article_id."""
OF_DRIFT = ("mart/71_judged_pages", "mart/72_signs", "mart/73_sign_rates")
"""Models that nothing but the checks asks for, made of facts alone: they are made beside the others."""
FEW = 1000
"""So many articles are done by themselves, however small the newsroom."""
LARGE_SHARE = 0.2
"""Of all articles: where more are touched, it is cheaper to do everything anew."""


def rebuild(warehouse: Warehouse, *, whole: bool = False) -> int | None:
    """Make the mart as the facts have it now; in one transaction, but for `OF_DRIFT`. Returns how many articles it was made for, None for all."""
    return warehouse.both(lambda: _rebuild(warehouse, whole=whole), _drift)


def _rebuild(warehouse: Warehouse, *, whole: bool) -> int | None:
    count_words(warehouse)
    models = _models(warehouse)
    touched = None if whole or not _is_like_today(warehouse, models) else _gather(warehouse)
    if touched is None:
        _whole(warehouse, models)
    else:
        _partly(warehouse, models)
    return touched


def _drift(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        for name in OF_DRIFT:
            warehouse.run(sql_text(name))


def _whole(warehouse: Warehouse, models: str) -> None:
    with warehouse.transaction():
        for name in sql_names("mart"):
            if name not in OF_DRIFT:
                warehouse.run(sql_text(name))
        warehouse.run(sql_text("touched/built"), models=models)


def _partly(warehouse: Warehouse, models: str) -> None:
    with warehouse.beside("slice"):
        warehouse.run(sql_text("touched/slice"))
        with warehouse.within("slice"):
            for name in (*sql_names("views"), *BY_ARTICLE):
                warehouse.run(sql_text(name))
        with warehouse.transaction():
            for table in BY_ARTICLE.values():
                warehouse.run(f"DELETE FROM mart.{table} WHERE article_id IN (SELECT article_id FROM touched)")
                warehouse.run(f"INSERT INTO mart.{table} BY NAME FROM slice.mart.{table}")
            for name in sql_names("mart"):
                if name not in (*BY_ARTICLE, *OF_DRIFT, "mart/99_touched"):
                    warehouse.run(sql_text(name))
            warehouse.run("INSERT INTO mart.touched FROM touched EXCEPT FROM mart.touched")
            warehouse.run(sql_text("touched/built"), models=models)


def _gather(warehouse: Warehouse) -> int | None:
    """Write down the touched articles and count them; None where they are too many."""
    before = -1
    warehouse.run(sql_text("touched/seeds"))
    while True:
        now: int = warehouse.ask("SELECT count(*) FROM touched").rows[0][0]
        if not are_few(warehouse, now):
            return None
        if now == before:
            return now
        before = now
        warehouse.run(sql_text("touched/related"))


def are_few(warehouse: Warehouse, touched: int) -> bool:
    """Whether so many touched articles are worth being done by themselves."""
    articles: int = warehouse.ask("SELECT count(*) FROM mart.current").rows[0][0]
    return touched <= max(FEW, LARGE_SHARE * articles)


def _is_like_today(warehouse: Warehouse, models: str) -> bool:
    is_there = "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'mart' AND table_name IN ('built', 'touched')"
    return warehouse.ask(is_there).rows == [(2,)] and warehouse.rows("touched/is_like_today", models=models)[0]["is_like_today"]


def _models(warehouse: Warehouse) -> str:
    """Digest of everything that the mart and the public file depend on, other than facts and settings.

    DuckDB too: how it spells a macro is the rule by which the search index was made (search/count.sql), and that numbers all words anew.
    """
    engine: str = warehouse.ask("SELECT version()").rows[0][0]
    names = [name for folder in ("migrations", "views", "mart", "public", "publish", "search", "touched") for name in sql_names(folder)]
    return hashlib.sha256("\0".join((newsroom.__version__, engine, *(sql_text(name) for name in names))).encode()).hexdigest()
