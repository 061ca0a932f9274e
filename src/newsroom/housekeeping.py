"""Keeping house: what may be removed is, by the policy of `[retention]`, and what has grown is written anew.

Every night does what is cheap by itself: earlier snapshots go beyond `publish.keep_snapshots`, what a dead run left is swept up, and
Prefect's server (ours) forgets old runs. The rest is `newsroom housekeeping`, for once a week.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsroom import archive
from newsroom.config import Settings
from newsroom.stages import publish
from newsroom.store import Store, at
from newsroom.warehouse import Warehouse, compact, open_public

_NAMED_BY_TIME = re.compile(r"(\d{8}-\d{6})-.*\.warc")


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of the archive."""

    source: str
    name: str
    where: str
    """Its path, or its URL in the store."""
    bytes: int
    written_at: datetime | None
    """As its name says; None if it says nothing, and then it is never removed."""
    is_needed: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, or would be, in a line."""

    what: str
    line: str
    freed_bytes: int = 0


def archive_files(data: Path, warehouse: Warehouse, store: Store | None = None) -> list[ArchiveFile]:
    """All finished files of the archive, by source and age, and whether a response in them is still needed."""
    needed = needed_files(data, warehouse)  # not known yet: all are
    here = {(path.parent.name, path.name): (str(path), path.stat().st_size) for path in data.glob("archive/*/*.warc")}
    found = []
    for (source, name), (where, size) in sorted({**_stored(store), **here}.items()):
        named = _NAMED_BY_TIME.fullmatch(name)
        at = datetime.strptime(named[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if named else None
        found.append(ArchiveFile(source, name, where, size, at, needed is None or (source, name) in needed))
    return found


def _stored(store: Store | None) -> dict[tuple[str, str], tuple[str, int]]:
    """URL and bytes of each file in the store, by source and name."""
    if store is None:
        return {}
    sizes = {path: size for path, size in store.sizes().items() if path.count("/") == 1 and path.endswith(".warc")}
    return {(path.split("/")[0], path.split("/")[1]): (f"{store.url}/{path}", size) for path, size in sizes.items()}


def needed_files(data: Path, warehouse: Warehouse) -> set[tuple[str, str]] | None:
    """(source, file name) of what the warehouse or a snapshot that can be rolled back to refers to; None before the first model."""
    if not warehouse.ask("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'mart' AND table_name = 'quarantine'").rows:
        return None
    needed = {(row["source"], row["warc_file"]) for row in warehouse.rows("archive/needed")}
    for run_id in publish.snapshots(data / "public"):
        with open_public(data, data / "public" / "snapshots" / f"{run_id}.duckdb") as public:
            needed |= {(row["source"], row["warc_file"]) for row in public.rows("archive/needed_by_snapshot")}
    return needed


def prune_archive(
    data: Path, warehouse: Warehouse, store: Store | None = None, *, days: int, now: datetime, dry_run: bool
) -> list[ArchiveFile]:
    """Remove whole files older than so many days that nothing refers to; a file is never rewritten. Returns what went (or would go)."""
    files = archive_files(data, warehouse, store)
    going = [each for each in files if not each.is_needed and each.written_at and each.written_at < now - timedelta(days=days)]
    for each in going if not dry_run else ():
        if store is not None and each.where.startswith(store.url):
            store.folder(each.source).remove(each.name)
        else:
            Path(each.where).unlink()
    return going


def verify_archive(data: Path, needed: set[tuple[str, str]] | None, store: Store | None = None) -> Iterator[tuple[str, int, list[str]]]:
    """Source by source: how many files, and what is wrong with them. `needed` ones must be there (None: not known, a run is at work)."""
    needed = needed or set()
    here = {(path.parent.name, path.name) for path in data.glob("archive/*/*.warc")}  # first: what is here may go there meanwhile
    there = set(_stored(store))
    sources = {path.name for path in data.glob("archive/*") if path.is_dir()} | {source for source, _ in needed | there}
    for source in sorted(sources):
        folder = data / "archive" / source
        missing = sorted(name for of, name in needed - here - there if of == source)
        place = f"{store.url}/{source}" if store else folder
        lost = [f"{place}/{name}: is missing, though responses in it are needed; restore it from a backup" for name in missing]
        stored = [name for of, name in there if of == source]
        problems = archive.verify(folder, store.folder(source) if store else None, unfinished=False, stored=stored)
        yield source, len({name for of, name in here | there if of == source}), [*lost, *problems]


def keep_house(data: Path, settings: Settings, *, now: datetime, dry_run: bool) -> Iterator[Done]:
    """All that is due by policy; to be called by whoever holds the run lock."""
    limits = settings.warehouse
    path = data / "warehouse.duckdb"
    with Warehouse.open(path, memory_limit=limits.memory_limit, threads=limits.threads) as warehouse:
        yield _archive(data, warehouse, at(settings.archive.store), settings.retention.archive_days, now=now, dry_run=dry_run)
        unused = warehouse.unused_share()
    yield _warehouse(path, settings, unused, dry_run=dry_run)
    yield _prefect(data / "prefect" / "prefect.db", dry_run=dry_run)


def _archive(data: Path, warehouse: Warehouse, store: Store | None, days: int, *, now: datetime, dry_run: bool) -> Done:
    files = archive_files(data, warehouse, store)
    whole = f"{len(files)} files, {megabytes(sum(each.bytes for each in files))}"
    if not days:
        return Done("archive", f"{whole}; kept for ever (retention.archive_days = 0)")
    gone = prune_archive(data, warehouse, store, days=days, now=now, dry_run=dry_run)
    freed = sum(each.bytes for each in gone)
    would = "would be removed" if dry_run else "removed"
    return Done("archive", f"{whole}; {len(gone)} older than {days} days and no longer needed {would}, {megabytes(freed)}", freed)


def _warehouse(path: Path, settings: Settings, unused: float, *, dry_run: bool) -> Done:
    before = path.stat().st_size
    told = f"{megabytes(before)}, {unused:.0%} of it unused"
    if unused < settings.retention.compact_share:
        return Done("warehouse", f"{told}; left as it is (retention.compact_share = {settings.retention.compact_share:g})")
    if dry_run:
        return Done("warehouse", f"{told}; would be written anew", int(before * unused))
    compact(path, memory_limit=settings.warehouse.memory_limit, threads=settings.warehouse.threads)
    after = path.stat().st_size
    return Done("warehouse", f"{told}; written anew, now {megabytes(after)}", before - after)


def _prefect(path: Path, *, dry_run: bool) -> Done:
    """Give back what Prefect's own database no longer uses. The rows themselves are its server's business (`flows/server_process.py`)."""
    if not path.is_file():
        return Done("prefect", f"{path}: there is none here")
    before = path.stat().st_size
    try:
        with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as database:
            (free,), (pages,) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count"))
            unused = free / max(1, pages)
            if dry_run or unused < 0.1:
                left = "would be written anew" if unused >= 0.1 else "left as it is"
                return Done("prefect", f"{megabytes(before)}, {unused:.0%} of it unused; {left}", int(before * unused) if dry_run else 0)
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        return Done("prefect", f"{megabytes(before)}; left as it is: {error} (a Prefect server is running on it?)")
    after = path.stat().st_size
    return Done("prefect", f"{megabytes(before)}, {unused:.0%} of it unused; written anew, now {megabytes(after)}", before - after)


def megabytes(size: int) -> str:
    """A size for people.

    >>> megabytes(123_456), megabytes(12_345_678), megabytes(4_200_000_000)
    ('0.1 MB', '12.3 MB', '4.2 GB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
