"""Export: the public data as files that anything reads. The folder is written beside its place and appears there whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

from newsroom.errors import ConfigError
from newsroom.model import StageReport
from newsroom.warehouse import PublicReader, QueryError, open_public

Format = Literal["parquet", "csv", "jsonl"]

MANIFEST = "manifest.json"
"""Marks a folder as an export of ours, which the next one may replace."""
TABLES = (
    "articles", "article_versions", "article_urls", "duplicates", "listing_entries", "listing_changes", "coverage", "walks", "quarantine",
    "runs", "checks", "article_changes",
)  # fmt: skip
_OPTIONS: dict[Format, str] = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER",
    "jsonl": "FORMAT json",
}
_CHANGES = """SELECT c.change, c.changed, c.noted_at, c.run_id, c.article_id, a.* EXCLUDE (article_id)
FROM changes_since({since}) AS c LEFT JOIN articles AS a USING (article_id) ORDER BY c.noted_at, c.article_id"""


def export(data_dir: Path, target: Path, *, form: Format = "parquet", since: str | None = None) -> StageReport:
    """Write every table to the folder `target`: Parquet (articles partitioned by year), CSV or JSON Lines; and a manifest.

    With `since` (a run id, or a time) only `article_changes`: the feed of what differs since then, each row with the article as it
    stands now; of a withdrawn one only its id. An earlier export at `target` is replaced, and nothing else is. Raises `ConfigError` if
    `target` holds something else or `since` names nothing, `NewsroomError` if it cannot be written.
    """
    target = target.resolve()
    _check_target(target)
    incoming = target.with_name(f".{target.name}.incoming")
    shutil.rmtree(incoming, ignore_errors=True)
    try:
        incoming.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror}; choose another folder") from None
    try:
        with open_public(data_dir, writable=incoming) as public:
            counts = _tables(public, incoming, form) if since is None else {"article_changes": _changes(public, incoming, form, since)}
            about = public.query("SELECT schema_version, run_id, published_at, newsroom_version FROM meta").dicts()[0]
        manifest: dict[str, Any] = {**about, "format": form, "since": since, "rows": counts}
        (incoming / MANIFEST).write_text(json.dumps(manifest, indent=2, default=str) + "\n", encoding="utf-8")
        _put_in_place(incoming, target)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return StageReport("export", counts=counts, detail=str(target))


def _check_target(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise ConfigError(f"{target}: is a file; name a folder")
    if any(target.iterdir()) and not (target / MANIFEST).is_file():
        raise ConfigError(f"{target}: is not empty, and no earlier export; name another folder")


def _tables(public: PublicReader, folder: Path, form: Format) -> dict[str, int]:
    return {table: _table(public, folder, form, table) for table in TABLES}


def _table(public: PublicReader, folder: Path, form: Format, table: str) -> int:
    columns = public.query(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND schema_name = 'main'", [table]
    ).rows
    chosen = _chosen(dict(columns), form)
    if form == "parquet" and table == "articles":
        query = f"SELECT {chosen}, CAST(year(published_on) AS VARCHAR) AS year FROM articles ORDER BY published_on, article_id"  # noqa: S608
        return public.copy(query, folder / table, f"{_OPTIONS[form]}, PARTITION_BY (year), FILENAME_PATTERN 'articles_{{i}}'")
    return public.copy(f"SELECT {chosen} FROM {table}", folder / f"{table}.{form}", _OPTIONS[form])  # noqa: S608


def _changes(public: PublicReader, folder: Path, form: Format, since: str) -> int:
    quoted = "'" + since.replace("'", "''") + "'"
    query = _CHANGES.format(since=quoted)
    try:
        columns = public.query(f"SELECT column_name, column_type FROM (DESCRIBE {query})").rows  # noqa: S608
        public.query(f"SELECT count(*) FROM changes_since({quoted})")  # noqa: S608 -- is it a run or a time?
    except QueryError:
        raise ConfigError(f"--since {since}: names neither a run nor a time; `newsroom status` shows the last runs") from None
    chosen = _chosen(dict(columns), form)
    return public.copy(f"SELECT {chosen} FROM ({query})", folder / f"article_changes.{form}", _OPTIONS[form])  # noqa: S608


def _chosen(columns: dict[str, str], form: Format) -> str:
    """The columns; in CSV, which has no lists, a list is a JSON array.

    >>> _chosen({"title": "VARCHAR", "topics": "VARCHAR[]"}, "csv")
    '"title", CAST(to_json("topics") AS VARCHAR) AS "topics"'
    """
    return ", ".join(
        f'CAST(to_json("{name}") AS VARCHAR) AS "{name}"' if form == "csv" and kind.endswith("[]") else f'"{name}"'
        for name, kind in columns.items()
    )


def _put_in_place(incoming: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.replaced")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    incoming.replace(target)
    shutil.rmtree(old, ignore_errors=True)
