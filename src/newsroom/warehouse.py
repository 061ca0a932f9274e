"""The only door to DuckDB: the private warehouse, the public file, and reading it.

SQL is asked by name (`warehouse.rows("queue/pending_fetches", source="osce", …)`); the files stand in `sql/` and each opens with
what one row means. Facts go in as Arrow tables inside one transaction a batch (measured: 10 to 20 times faster than `executemany`).
The public file is built beside its place, synced, and moved there, so a reader sees the old one or the new one and is never locked out.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Generic, TypeVar

import duckdb

from newsroom import arrow
from newsroom.errors import Busy, ConfigError, Damaged, NewsroomError
from newsroom.threads import in_thread

T = TypeVar("T")

STORAGE_VERSION = "v1.4.0"
"""Storage version of the public file: what DuckDB 1.4, 1.5 and 2.x clients can all open."""

ROW_GROUP_SIZE = 8192
"""Rows that the public file keeps together. What is amended is written anew by row groups: DuckDB's own size (122,880) would be all bodies."""

_LOG_SIZE = "64MB"
"""Of the write-ahead log, before it is merged into the warehouse: each time the youngest rows of all tables are compressed anew. What a
killed run leaves in it is read in a fraction of a second."""

_LEAST_BYTES = 96 * 2**20
_OF_SIZE = 0.75
"""DuckDB keeps what it may take, be it only as a cache. So it may take this at first, and such a share of the warehouse's file where that is more.
To make everything anew takes 75 MB of 4,000 articles, 80 of 40,000, 150 of 100,000, where more is quicker (docs/performance.md)."""
_UNITS = {unit + ending: base**power for power, unit in enumerate("KMGT", 1) for ending, base in (("B", 1000), ("iB", 1024))}

_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
_PUBLIC_TABLES = (
    "articles",
    "article_versions",
    "article_urls",
    "duplicates",
    "listing_entries",
    "listing_changes",
    "coverage",
    "walks",
    "quarantine",
    "runs",
    "checks",
    "check_rows",
    "article_changes",
    "search_documents",
    "search_words",
    "search_postings",
)
LAST_TABLES = ("walks", "runs", "checks", "check_rows", "article_changes")
"""Those that the verdict on the run, and what follows from it, still change."""
_ORDERED = {
    "articles": "published_on DESC NULLS LAST, article_id",
    "article_versions": "article_id, version",
    "article_urls": "url",
    "listing_entries": "published_on DESC NULLS LAST, url",
    "listing_changes": "changed_at DESC, url",
    "quarantine": "last_at DESC, article_id",
    "article_changes": "publication, article_id",
    "search_documents": "document",
}
"""In what order rows are written; other tables as the mart has them."""
WITH_TEXTS = {"articles": "article_id", "article_versions": "article_id, version"}
"""Tables of whole texts, with the keys of their rows: too large to be put in order at once."""
_PORTION_SHARE = 1 / 6
"""Of the memory that DuckDB may take: so much of them is put in order at a time. It is there three times then: found, in order, and to be written."""
_PUBLIC_SCHEMA = ("public/schema", "public/words", "public/convenience")


@cache
def sql_text(name: str) -> str:
    """Text of `sql/<name>.sql`."""
    return files("newsroom").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def sql_names(folder: str) -> tuple[str, ...]:
    """Names of the files in `sql/<folder>/`, sorted, without ending."""
    found = files("newsroom").joinpath("sql", folder).iterdir()
    return tuple(sorted(f"{folder}/{entry.name[:-4]}" for entry in found if entry.name.endswith(".sql")))


def _named(text: str, values: Mapping[str, object]) -> dict[str, object]:
    """Only the values that the text asks for: DuckDB refuses superfluous ones."""
    return {name: values[name] for name in set(re.findall(r"\$([a-z_0-9]+)", re.sub(r"--.*", "", text)))}


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of an answer."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Aside(Generic[T]):
    """Something that is done beside, with a connection of its own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, work: Callable[[Warehouse], T]) -> None:
        self._connection = connection
        try:
            self._pending = in_thread("aside", lambda: work(Warehouse(connection, path)))
        except RuntimeError:
            connection.close()
            raise

    def result(self) -> T:
        """What came of it, once it is done; raises what it raised."""
        try:
            return self._pending.result()
        finally:
            if self._pending.done():
                self._connection.close()

    def stop(self) -> None:
        """Have it end, whatever it is at: a signal reaches the main thread only."""
        while wait([self._pending], timeout=0.05).not_done:
            self._connection.interrupt()
        self._connection.close()


class Warehouse:
    """The pipeline's private database. One process holds it at a time; threads of it must not share it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.healed: str | None = None
        """What had to be mended at opening, in words."""
        self._kinds: dict[str, arrow.Kinds] = {}
        self._allowed, self._taken = 0, 0
        """Bytes that DuckDB may take, and those that it is told it may; 0 if that is not measured by the size of the warehouse."""

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, memory_limit: str = "512MB", threads: int = 2, by_size: bool = False) -> Iterator[Warehouse]:
        """Open (create, migrate) the warehouse for writing.

        `memory_limit` is the most that DuckDB may take; `by_size`: a small warehouse is given less, and more as it grows, or where that does
        not suffice (`with_enough`).
        What a dead process left is mended first (see `healed`). Raises `Busy` if another process holds it, `Damaged` if the file is no
        DuckDB database, `NewsroomError` where the disk does not let us.
        """
        config: dict[str, str | bool | int | float | list[str]] = {
            **_CONFIG,
            "memory_limit": memory_limit,
            "threads": threads,
            "checkpoint_threshold": _LOG_SIZE,
            "temp_directory": str(path.with_name("tmp")),
        }
        shutil.rmtree(path.with_name("tmp"), ignore_errors=True)  # what a killed process had put there for want of memory
        for leftover in path.parent.glob(f"{path.name}{_ANEW}*"):  # or while writing it anew
            leftover.unlink()
        healed = None
        try:
            try:
                connection = _connect_patiently(path, config)
            except duckdb.Error as error:
                healed = _mend(path, error)
                if healed is None:
                    raise
                connection = duckdb.connect(str(path), config=config)
        except (duckdb.Error, OSError) as error:
            raise _unusable(error, path) from None
        try:
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            connection.execute("SET preserve_insertion_order = false")
            warehouse = cls(connection, path)
            warehouse.healed = healed
            warehouse.migrate()
            if by_size:
                warehouse._allowed = _bytes(memory_limit)
                warehouse._fit()
            yield warehouse
        except duckdb.Error as error:
            raise _readable(error, path) from error
        finally:
            connection.close()

    @classmethod
    @contextmanager
    def look(cls, path: Path) -> Iterator[Warehouse]:
        """Open the warehouse read-only, for a moment, while no run holds it. Raises `Busy` or `Damaged`."""
        try:
            connection = duckdb.connect(str(path), read_only=True, config=dict(_CONFIG))
        except duckdb.Error as error:
            raise _unusable(error, path) from None
        try:
            connection.execute("SET GLOBAL TimeZone = 'UTC'")  # of what is done aside, too
            yield cls(connection, path)
        finally:
            connection.close()

    def quarantine(self) -> Table:
        """What is set aside, for a time when nothing is public yet; nothing where no run came as far as that."""
        try:
            return self.ask("SELECT * FROM mart.quarantine ORDER BY last_at DESC, article_id")
        except duckdb.CatalogException:
            return Table(["quarantine_id", "url", "article_id", "stage", "reason", "detail", "attempts", "first_at", "last_at"], [])

    def migrate(self) -> None:
        """Bring the schema up to date: numbered files in `sql/migrations/`, each once and in its own transaction, forward only."""
        self._connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS ops.migrations (number INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL)"
        )
        applied = {number for (number,) in self._connection.execute("SELECT number FROM ops.migrations").fetchall()}
        known = {int(name.split("/")[1].split("_")[0]): name for name in sql_names("migrations")}
        if newer := applied - known.keys():
            raise Damaged(f"{self.path}: was written by a newer Newsroom (schema {max(newer)}, this one knows {max(known)}); upgrade it")
        for number in sorted(known.keys() - applied):
            with self.transaction():
                self._connection.execute(sql_text(known[number]))
                self._connection.execute("INSERT INTO ops.migrations VALUES (?, ?, ?)", [number, known[number], datetime.now(UTC)])
        for name in (*sql_names("views"), "public/words"):
            self._connection.execute(sql_text(name))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; committed changes survive `kill -9`."""
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):  # a fatal error has ended the transaction already, and it is the one to tell
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        self._fit()

    def _fit(self) -> None:
        """Let DuckDB take what a warehouse of this size needs."""
        if self._taken >= self._allowed:
            return
        if (wanted := max(_LEAST_BYTES, int(_OF_SIZE * self.path.stat().st_size))) > 1.1 * self._taken:
            with suppress(duckdb.OutOfMemoryException):  # it has more already, of a long log, and keeps what it may take
                self._let_take(wanted)

    def _let_take(self, wanted: int) -> None:
        wanted = min(wanted, self._allowed)
        self._connection.execute(f"SET memory_limit = '{wanted >> 10}KiB'")
        self._taken = wanted

    def with_enough(self, work: Callable[[], T]) -> T:
        """Do it; where memory does not suffice, again with half as much again, up to all that may be taken. Not within a transaction."""
        while True:
            try:
                return work()
            except (duckdb.OutOfMemoryException, NewsroomError) as error:
                is_want = isinstance(error, duckdb.OutOfMemoryException) or isinstance(error.__cause__, duckdb.OutOfMemoryException)
                if not is_want or self._taken >= self._allowed:
                    raise
                self._let_take(int(1.5 * self._taken) or self._allowed)

    def size(self) -> int:
        """Bytes on the disk, those of the write-ahead log included."""
        size = 0
        for each in self.path.parent.glob(f"{self.path.name}*"):
            with suppress(FileNotFoundError):  # a checkpoint, perhaps of what is done aside, has just removed the log
                size += each.stat().st_size
        return size

    def rows(self, name: str, **values: object) -> list[dict[str, Any]]:
        """Answer of the query `sql/<name>.sql` as dictionaries."""
        return self.ask(sql_text(name), **values).dicts()

    def rows_side_by_side(self, names: Sequence[str], **values: object) -> dict[str, list[dict[str, Any]]]:
        """The same for several queries, two at a time: most are too small for DuckDB to share one out. They see what has been committed."""
        left = iter(names)  # of both lanes
        found: dict[str, list[dict[str, Any]]] = {}

        def take(lane: Warehouse) -> None:
            for name in left:
                found[name] = lane.rows(name, **values)

        try:
            with self.aside(take), self.aside(take):
                pass  # this thread only waits: at a query of its own it may not hear of a signal before that is answered
        except duckdb.OutOfMemoryException:  # for two; one by one they may do
            return {name: found[name] if name in found else self.with_enough(partial(self.rows, name, **values)) for name in names}
        return found

    def both(self, work: Callable[[], T], other: Callable[[Warehouse], object]) -> T:
        """Do `work` here and something else aside; where memory does not suffice for both, one after the other. Either may be begun twice."""
        try:
            with self.aside(other):
                return work()
        except duckdb.OutOfMemoryException:
            self.with_enough(partial(other, self))
            return self.with_enough(work)

    @contextmanager
    def aside(self, work: Callable[[Warehouse], object]) -> Iterator[None]:
        """Do something else meanwhile, in a thread: it is done at the end of the block, which raises what it raised."""
        try:
            beside = self.begin(work)
        except RuntimeError:  # no more threads are to be had
            yield
            work(self)
            return
        try:
            yield
            beside.result()
        except BaseException:
            beside.stop()
            raise

    def begin(self, work: Callable[[Warehouse], T]) -> Aside[T]:
        """Begin something else, in a thread of its own; raises `RuntimeError` if there are no more threads.

        It sees what has been committed, and what it commits itself stays, whatever becomes of the rest. All that is done at a time shares the
        memory that DuckDB may take.
        """
        return Aside(self._connection.cursor(), self.path, work)

    def ask(self, text: str, **values: object) -> Table:
        """Answer of a query."""
        with _interruptible():
            answer = self._connection.execute(text, _named(text, values))
            return Table([column[0] for column in answer.description or ()], answer.fetchall())

    def run(self, text: str, **values: object) -> None:
        """Execute a statement."""
        with _interruptible():
            self._connection.execute(text, _named(text, values))

    def append(self, table: str, rows: Sequence[Mapping[str, object]]) -> int:
        """Add rows to a table; missing keys are NULL. Returns how many.

        Rows added together share a `tick`, where the table has one: it grows with every append, whatever the clock does.
        """
        return self.append_in_order(table, [rows])

    def append_in_order(self, table: str, parts: Sequence[Sequence[Mapping[str, object]]]) -> int:
        """As if each of the parts were appended, one after the other; but at once."""
        parts = [part for part in parts if part]
        rows = [row for part in parts for row in part]
        if not rows:
            return 0
        if (kinds := self._kinds.get(table)) is None:
            kinds = self._kinds[table] = arrow.kinds(self._connection.sql(f"SELECT * FROM {table} LIMIT 0"))
        unknown = {key for row in rows for key in row} - kinds.keys()
        if unknown:
            raise NewsroomError(f"{table}: no such columns: {', '.join(sorted(unknown))}")
        if "tick" in kinds:
            ticks = self.ask(f"SELECT nextval('facts.ticks') FROM range({len(parts)})").rows
            rows = [{**row, "tick": tick} for (tick,), part in zip(sorted(ticks), parts, strict=True) for row in part]
        try:
            incoming = arrow.table(rows, kinds)
        except UnicodeEncodeError:
            incoming = arrow.table([_writable(row) for row in rows], kinds)
        self._connection.register("incoming", incoming)
        try:
            with _interruptible():
                self._connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
        finally:
            with suppress(duckdb.Error):  # after a fatal error nothing is taken any more, and that error is the one to tell
                self._connection.unregister("incoming")
        return len(rows)

    @contextmanager
    def beside(self, name: str) -> Iterator[None]:
        """A database in memory beside this one, gone at the end."""
        self._connection.execute(f"ATTACH ':memory:' AS {name}")
        try:
            yield
        finally:
            with suppress(duckdb.Error):  # after a fatal error nothing is taken any more, and that error is the one to tell
                self._connection.execute(f"DETACH {name}")

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        """Names mean those of the database beside this one."""
        (home,) = self.ask("SELECT current_database()").rows[0]
        self._connection.execute(f"USE {name}.main")
        try:
            yield
        finally:
            with suppress(duckdb.Error):
                self._connection.execute(f'USE "{home}".main')

    def schema(self) -> int:
        """Number of the newest migration applied."""
        return int(self.ask("SELECT max(number) FROM ops.migrations").rows[0][0])

    def unused_share(self) -> float:
        """How much of the file is free blocks, 0 to 1, after a checkpoint."""
        self._connection.execute("CHECKPOINT")
        (size,) = self.ask("PRAGMA database_size").dicts()
        return float(size["free_blocks"] / max(1, size["total_blocks"]))

    def digests(self, database: str | None = None) -> dict[str, tuple[int, int | None]]:
        """Rows and digest of every table: equal for the same content, whatever the order. Reads everything once."""
        name = database or self.ask("SELECT current_database()").rows[0][0]
        tables = self.ask("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $name ORDER BY ALL", name=name).rows
        return {
            f"{schema}.{table}": self.ask(f'SELECT count(*), bit_xor(hash(t)) FROM "{name}"."{schema}"."{table}" AS t').rows[0]
            for schema, table in tables
        }

    def copy_to(self, target: Path) -> None:
        """Write all of it into a new file without free blocks, compare what stands there, sync. Raises `Damaged` if it differs."""
        home = self.ask("SELECT current_database()").rows[0][0]
        target.unlink(missing_ok=True)
        try:
            (tick,) = self.ask("SELECT nextval('facts.ticks')").rows[0]
            self._connection.execute(f"ATTACH '{_quoted(target)}' AS anew")
            try:
                self._connection.execute(f'COPY FROM DATABASE "{home}" TO anew')
                (next_tick,) = self.ask("SELECT nextval('anew.facts.ticks')").rows[0]
                if next_tick <= tick or self.digests() != self.digests("anew"):
                    raise Damaged(f"{target}: the copy of {self.path} differs from it; nothing was changed, try again")
                self._connection.execute("DROP TABLE IF EXISTS anew.mart.built")  # rows may stand elsewhere now (touched.py)
                self._connection.execute("CHECKPOINT anew")
            finally:
                self._connection.execute("DETACH anew")
            sync(target)
        except (duckdb.Error, OSError) as error:
            target.unlink(missing_ok=True)
            raise _readable(error, target) from error

    @contextmanager
    def public_file(self, target: Path, *, is_there: bool = False) -> Iterator[None]:
        """A public file at `target`, attached as `public_file`; at the end checkpointed and synced. A new one, unless it `is_there` already.

        Raises `NewsroomError` if it cannot be written, and then leaves nothing.
        """
        if not is_there:
            remove_database(target)
        try:
            # no write-ahead log: what is not checkpointed and synced at the end is thrown away anyhow
            options = f"STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_SIZE}, RECOVERY_MODE no_wal_writes"
            self._connection.execute(f"ATTACH '{_quoted(target)}' AS public_file ({options})")
            try:
                yield
                self._connection.execute("CHECKPOINT public_file")
            finally:
                self._connection.execute("DETACH public_file")
            sync(target)
        except (duckdb.Error, OSError) as error:
            remove_database(target)
            raise _readable(error, target) from error
        except NewsroomError:
            remove_database(target)
            raise

    def write_public(self, target: Path, *, wait: Callable[[], object] = lambda: None) -> None:
        """Write the mart as a public database to `target` (a new file), checkpointed and synced. Raises `NewsroomError` if it cannot.

        `wait` returns when `LAST_TABLES` are as they will be.
        """
        with self.public_file(target):
            with self.within("public_file"):
                for part in _PUBLIC_SCHEMA:
                    self.run(sql_text(part))
            for table in _PUBLIC_TABLES:
                if table in WITH_TEXTS:
                    self._write_in_portions(table)
                elif table not in LAST_TABLES:
                    self._write(table)
            self.wait_in_public_file(wait)
            for table in LAST_TABLES:
                self._write(table)

    def wait_in_public_file(self, wait: Callable[[], object]) -> None:
        """Wait for what is still to be written into an attached public file; what has been is on its way to the disk meanwhile."""
        self.run("CHECKPOINT public_file")
        wait()

    def _write(self, table: str) -> None:
        order = f" ORDER BY {_ORDERED[table]}" if table in _ORDERED else ""
        self.run(f"INSERT INTO public_file.main.{table} BY NAME SELECT * FROM mart.{table}{order}")

    def _write_in_portions(self, table: str) -> None:
        """In order, so many megabytes at a time: to sort all bodies at once takes more memory than there may be. Nor are they joined for their size."""
        key = WITH_TEXTS[table]
        memory = _bytes(self.ask("SELECT current_setting('memory_limit')").rows[0][0])
        self.run(
            f"""CREATE OR REPLACE TEMP TABLE places AS
            WITH sizes AS MATERIALIZED (SELECT content_sha256, max(strlen(body)) AS bytes FROM facts.texts GROUP BY ALL)
            SELECT {key}, row_number() OVER placed AS place, CAST(sum(coalesce(bytes, 0)) OVER placed AS BIGINT) // $bytes AS portion
            FROM mart.{table} LEFT JOIN sizes USING (content_sha256)
            WINDOW placed AS (ORDER BY {_ORDERED[table]} ROWS UNBOUNDED PRECEDING)""",
            bytes=int(_PORTION_SHARE * memory),
        )
        for (portion,) in self.ask("SELECT DISTINCT portion FROM places ORDER BY portion").rows:
            self.run(
                f"""INSERT INTO public_file.main.{table} BY NAME
                SELECT m.* FROM mart.{table} AS m JOIN (FROM places WHERE portion = $portion) AS p USING ({key}) ORDER BY p.place""",
                portion=portion,
            )
        (rows,), (written,) = (self.ask(f"SELECT count(*) FROM {each}").rows[0] for each in ("places", f"public_file.main.{table}"))
        if rows != written:
            raise Damaged(
                f"{self.path}: {table} has {rows} rows, of which {written} were written; nothing was published, run `newsroom check`"
            )
        self.run("DROP TABLE places")


_ANEW = ".anew"


def compact(path: Path, *, memory_limit: str, threads: int) -> None:
    """Write the warehouse anew, without free blocks, and put it in place in one step. To be called by whoever holds the run lock.

    Killed at any instant, the warehouse is the old or the new one; what is left beside it is removed when it is next opened.
    """
    anew = path.with_name(path.name + _ANEW)
    with Warehouse.open(path, memory_limit=memory_limit, threads=threads) as warehouse:
        warehouse.copy_to(anew)
        warehouse.run("CHECKPOINT")
    log = path.with_name(path.name + ".wal")
    if log.exists():  # closed in order it has none; played back over the new file, it would destroy it
        anew.unlink()
        raise Damaged(f"{log}: is still there after closing; the warehouse is left as it was, try again")
    os.replace(anew, path)
    sync(path)


_LOOKERS_SECONDS = 0.5
"""So long a look takes; a run that has more patience says so (pipeline)."""


def _connect_patiently(path: Path, config: dict[str, str | bool | int | float | list[str]]) -> duckdb.DuckDBPyConnection:
    """Open for writing; whoever calls holds the run lock, so only one who looks (`newsroom status`) can be in the way, for a moment."""
    deadline = time.monotonic() + _LOOKERS_SECONDS
    while True:
        try:
            return duckdb.connect(str(path), config=config)
        except duckdb.Error as error:
            if "Could not set lock" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def _bytes(size: str) -> int:
    """Bytes of a size as DuckDB and the settings spell it.

    >>> _bytes("512MB"), _bytes("1.5 GiB")
    (512000000, 1610612736)
    """
    number, unit = re.fullmatch(r"([\d.]+) ?([KMGT]i?B)", size).groups()  # type: ignore[union-attr]  # the settings have seen to that
    return int(float(number) * _UNITS[unit])


def remove_database(path: Path) -> None:
    """Remove a database and its log, if they are there."""
    for each in (path, path.with_name(path.name + ".wal")):
        each.unlink(missing_ok=True)


def _writable(value: Any) -> Any:
    """The same value, with lone surrogates as U+FFFD: a page can spell them (in JSON-LD), and no database can hold them."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {_writable(key): _writable(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_writable(each) for each in value)
    return [_writable(each) for each in value] if isinstance(value, list) else value


@contextmanager
def _interruptible() -> Iterator[None]:
    """A signal handler's interrupt that hits DuckDB at work comes out as an error of DuckDB's: make an interrupt of it again."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        if str(error).startswith("Query interrupted"):
            raise KeyboardInterrupt from error
        raise


def sync(path: Path) -> None:
    """Force a file and its directory entry to the disk."""
    for each, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))):
        handle = os.open(each, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_COPIED_AT_ONCE = 32 * 2**20


def copy_file(source: Path, target: Path, *, stop: threading.Event | None = None) -> None:
    """Copy a file; where the file system can, both share their blocks until one is written. Once `stop` is set, it is left half done."""
    try:
        with source.open("rb") as given, target.open("wb") as copy:
            size = os.fstat(given.fileno()).st_size
            while size > 0 and (copied := os.copy_file_range(given.fileno(), copy.fileno(), min(size, _COPIED_AT_ONCE))):
                size -= copied
                if stop is not None and stop.is_set():
                    return
        is_whole = size == 0
    except (AttributeError, OSError):  # not on every system, nor between all file systems; a full disk is told by the next line, too
        is_whole = False
    if not is_whole:
        shutil.copyfile(source, target)


class PublicReader:
    """The public database, read-only."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def query(self, text: str, params: Sequence[object] | Mapping[str, object] = ()) -> Table:
        """Answer of any query; `NewsroomError` with DuckDB's first line if it cannot be answered."""
        try:
            answer = self._connection.execute(text, params or None)
            return Table([column[0] for column in answer.description or ()], answer.fetchall())
        except duckdb.Error as error:
            raise QueryError(_first_line(error)) from None

    def rows(self, name: str, **values: object) -> list[dict[str, Any]]:
        """Answer of the query `sql/<name>.sql` as dictionaries."""
        text = sql_text(name)
        return self.query(text, _named(text, values)).dicts()

    def verify(self) -> None:
        """Read every block of the file; DuckDB compares checksums. Raises `Damaged`."""
        try:
            for (name,) in self._connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall():
                self._connection.execute(f'SELECT bit_xor(hash(t)) FROM main."{name}" AS t').fetchall()
        except duckdb.Error as error:
            raise Damaged(f"{self.path}: is damaged: {_first_line(error)}; remove it and choose another") from None

    def copy(self, query: str, target: Path, options: str) -> int:
        """Write the answer of a query to a file or folder; returns its rows. `NewsroomError` if it cannot be written.

        `options` are those of DuckDB's COPY. The target must be below `writable` of `open_public`.
        """
        try:
            answer = self._connection.execute(f"COPY ({query}) TO '{_quoted(target)}' ({options})").fetchone()
        except duckdb.Error as error:
            raise _readable(error, target) from None
        return int(answer[0]) if answer else 0


class QueryError(NewsroomError):
    """Mend the query."""

    exit_code = 2


@contextmanager
def open_public(data_dir: Path, snapshot: Path | None = None, writable: Path | None = None) -> Iterator[PublicReader]:
    """Open the public file below `data_dir` read-only (or a given snapshot). It cannot reach other files or the network.

    `writable` is a directory that `PublicReader.copy` may write to.

    Raises `ConfigError` if nothing has been published yet, `Damaged` if the file cannot be read.
    """
    path = snapshot or data_dir / "public" / "newsroom.duckdb"
    if not path.is_file():
        raise ConfigError(f"{path}: nothing has been published yet; run `newsroom run --data {data_dir}` first")
    try:
        connection = duckdb.connect(str(path), read_only=True, config=dict(_CONFIG))
    except duckdb.Error as error:
        hint = "remove it" if snapshot else "`newsroom rollback` shows an earlier snapshot"
        raise Damaged(f"{path}: cannot be opened: {_first_line(error)}; {hint}") from None
    try:
        connection.execute("SET TimeZone = 'UTC'")
        if writable is not None:
            connection.execute(f"SET allowed_directories = ['{_quoted(writable)}']")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield PublicReader(connection, path)
    finally:
        connection.close()


def _quoted(path: Path) -> str:
    """A path inside quotes of SQL."""
    return str(path).replace("'", "''")


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


_TORN_LOG = re.compile(r"Corrupt WAL file: entry at byte position (\d+)")
_EMPTY_DATABASE_BYTES = 3 * 4096


def _mend(path: Path, error: duckdb.Error) -> str | None:
    """Put right what a power cut can do to the files of a database, if that is what `error` speaks of; in words what was done.

    A commit is synced to the write-ahead log (WAL) before anything relies on it, so the blocks that a power cut leaves behind it
    (zeros, or what was on the disk before) hold nothing that ever counted. DuckDB mends a log that ends too early by itself.
    """
    log = path.with_name(path.name + ".wal")
    if (torn := _TORN_LOG.search(str(error))) and log.is_file():
        end, tail = int(torn[1]), log.with_name(log.name + ".cut")
        with log.open("r+b") as file:
            file.seek(end)
            tail.write_bytes(file.read())
            sync(tail)
            file.truncate(end)
        sync(log)
        return f"{log.name}: torn from byte {end} on; what follows is set aside as {tail.name}, and what it held will be asked for again"
    size = path.stat().st_size if path.is_file() and not log.exists() else _EMPTY_DATABASE_BYTES + 1
    if size <= _EMPTY_DATABASE_BYTES:
        start = path.read_bytes()
        if not start.strip(b"\0") or start[8:12] == b"DUCK":  # nothing was ever committed to it
            path.unlink()
            return f"{path.name}: left behind by a process that died while making it; made anew"
    return None


def _unusable(error: BaseException, path: Path) -> NewsroomError:
    """Why a warehouse cannot be opened, and what to do."""
    text = _first_line(error)
    if "Could not set lock" in text:
        return Busy(f"{path}: another process has the warehouse open; close it and try again ({text})")
    if isinstance(error, OSError) or any(words in text for words in ("Permission denied", "Read-only file system", "Is a directory")):
        return NewsroomError(f"{path}: cannot be opened for writing; mend its rights ({text})")
    known = _readable(error, path)
    return known if _says_full(text) or _says_short_of_memory(error) else Damaged(f"{path}: is not a usable warehouse: {text}; {_RESTORE}")


_RESTORE = "put a backup in its place, or move it away and run again: all articles are then asked for anew"


def _says_full(text: str) -> bool:
    signs = ("no space left", "not enough free disk space", "could not write", "file too large", "disk quota")
    return any(words in text.lower() for words in signs)


def _says_short_of_memory(error: BaseException) -> bool:
    return "Out of Memory" in str(error) or "OutOfMemory" in type(error).__name__


def _readable(error: BaseException, path: Path) -> NewsroomError:
    """A one-line error for what DuckDB or the file system said."""
    text = str(error)
    if not _says_full(text) and any(words in text for words in ("Corrupt", "does not match stored checksum", "Could not read")):
        return Damaged(f"{path}: is damaged: {_first_line(error)}; {_RESTORE}")
    if _says_full(text):
        return NewsroomError(
            f"{path}: the disk is full or cannot be written; free some space and run again, nothing is lost ({_first_line(error)})"
        )
    if _says_short_of_memory(error):
        return NewsroomError(f"{path}: more memory needed; raise warehouse.memory_limit in newsroom.toml ({_first_line(error)})")
    return NewsroomError(f"{path}: {_first_line(error)}")
