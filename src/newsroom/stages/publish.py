"""Publish: write the mart beside the public file, keep it as a snapshot, and put it in place in one step.

What is written is a copy of the last snapshot, amended, where that is the same and cheaper; else the file as a whole.
"""

from __future__ import annotations

import os
import shutil
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from newsroom import touched
from newsroom.amend import amend_public
from newsroom.errors import ConfigError, Damaged, NewsroomError
from newsroom.model import StageReport
from newsroom.threads import in_thread
from newsroom.warehouse import Aside, Warehouse, copy_file, open_public, remove_database, sql_text, sync

MAX_AMENDED = 30
"""So often a file is amended before it is written whole again: that gives back what deleted rows leave behind, and puts rows in order."""
MAX_GROWTH = 1.5
"""It is written whole before that, too, where it has grown so many times larger than it was when it was, and by more than `SLACK_BYTES`."""
SLACK_BYTES = 16 * 2**20
"""So much any file may grow: what an amendment replaces stays in the file until the next one writes over it."""
BESIDE = 20_000
"""So many articles are written whole beside the checks. More need the memory that these need."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The snapshot that holds what was last published."""

    run_id: str
    bytes: int
    whole_bytes: int
    """Its size when it was last written whole."""
    amended: int
    """How often since then."""
    crc32: int
    """Of its bytes. A copy would hand on what the disk has done to them since: DuckDB looks only at the blocks it needs."""


@dataclass(slots=True)
class Draft:
    """The public file of a run, being made where it is not shown yet. To be finished once, or dropped."""

    path: Path
    base: _Shown | None = None
    """The snapshot that has been copied ahead, or is being copied."""
    _copied: Callable[[], None] = lambda: None
    """Returns when it is; raises `NewsroomError` or `OSError` if it could not be."""
    _forget: threading.Event = field(default_factory=threading.Event)
    """Leave the copy half done."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _wanted: Future[bool] = field(default_factory=Future)
    _filling: Aside[tuple[_Shown | None, str]] | None = None

    def fill(self, warehouse: Warehouse) -> None:
        """Begin to make it of the mart, in a thread: all but what is only known at the end.

        Where there is little room on the disk, the warehouse comes first; and a large file that must be written whole needs the memory that
        the checks need: such a one is made when they have been asked.
        """
        with suppress(RuntimeError, OSError):  # no more threads are to be had, or no disk
            size = warehouse.size()  # the file will not be larger
            articles: int = warehouse.ask("SELECT count(*) FROM mart.current").rows[0][0]
            if _has_room(self.path.parent, 2 * size) and (articles <= BESIDE or self._to_amend(warehouse)):
                self._filling = warehouse.begin(self._make)

    def finish(self, warehouse: Warehouse) -> tuple[_Shown | None, str]:
        """Make the rest, too. Returns the snapshot that was amended, if one was, and why it was not, if it should have been.

        Raises `NewsroomError` if the file cannot be written.
        """
        self._wanted.set_result(True)
        if self._filling:
            with suppress(NewsroomError):  # the checks beside it may have taken the memory or the disk that it lacked
                return self._filling.result()
        return warehouse.with_enough(lambda: self._make(warehouse))

    def drop(self) -> None:
        """It is not needed, or no more. Whatever goes wrong with that is no trouble: the next run sweeps."""
        self._stop.set()
        self._forget.set()
        if not self._wanted.done():
            self._wanted.set_result(False)
        if self._filling:
            self._filling.stop()
        with suppress(NewsroomError, OSError):
            self._copied()
        with suppress(OSError):
            remove_database(self.path)

    def _to_amend(self, warehouse: Warehouse) -> _Shown | None:
        base = _base(warehouse, self.path.parents[1])
        return base if base and _is_little(warehouse) else None

    def _make(self, warehouse: Warehouse) -> tuple[_Shown | None, str]:
        base, trouble = self._to_amend(warehouse), ""
        if base:
            try:
                if self.base == base:
                    self._copied()
                else:
                    self._forget_copy()
                    _copy(base, self.path, self._stop)
                self.base = None  # what is done to it cannot be undone
                amend_public(warehouse, self.path, wait=self._await)
            except (NewsroomError, OSError) as error:  # the mart has all that is needed to do without the snapshot
                if self._stop.is_set():
                    raise
                what, _, _ = str(error).partition(";")  # behind it stands what to do, and that has just been done
                what = what.replace(str(self.path), f"copy of {base.run_id}.duckdb")
                trouble = f"; written whole, for the one before could not be amended: {what}"
            else:
                return base, ""
        self._forget_copy()  # it would go on writing where the file is to be
        warehouse.write_public(self.path, wait=self._await)
        return None, trouble

    def _forget_copy(self) -> None:
        self._forget.set()
        with suppress(NewsroomError, OSError):
            self._copied()

    def _await(self) -> None:
        if not self._wanted.result():
            raise NewsroomError("not to be published")


def begin_draft(warehouse: Warehouse, public_dir: Path, *, run_id: str, ahead: bool = False) -> Draft:
    """The file that the run will publish. `ahead`: the snapshot that will probably be amended is copied from now on, where there is room.

    That takes half a second for 100,000 articles, in which other things can be done. Raises `OSError` if there is no place for it.
    """
    draft = Draft(public_dir / "snapshots" / f".{run_id}.duckdb.unfinished")
    draft.path.parent.mkdir(parents=True, exist_ok=True)
    base = _base(warehouse, public_dir) if ahead else None
    if base and _has_room(public_dir, 2 * base.bytes):
        with suppress(RuntimeError):  # no more threads are to be had
            draft._copied = in_thread("copy of the public file", partial(_copy, base, draft.path, draft._forget)).result
            draft.base = base
    return draft


def _has_room(place: Path, size: int) -> bool:
    """Whether there is room for so much, and some."""
    return shutil.disk_usage(place).free >= SLACK_BYTES + size


def _copy(base: _Shown, path: Path, stop: threading.Event) -> None:
    earlier = path.with_name(f"{base.run_id}.duckdb")
    try:
        if crc32(earlier) != base.crc32:
            raise Damaged(f"{earlier}: is not as it was written")
        copy_file(earlier, path, stop=stop)
    except (NewsroomError, OSError):
        raise
    except Exception as error:  # such as a want of memory: no reason not to write the file whole
        raise NewsroomError(f"{earlier}: {type(error).__name__}: {error}") from error


def publish(
    warehouse: Warehouse, public_dir: Path, *, run_id: str, now: datetime, keep_snapshots: int, draft: Draft | None = None
) -> StageReport:
    """Write `snapshots/<run_id>.duckdb`, move it to `newsroom.duckdb`, drop snapshots beyond the newest `keep_snapshots`.

    `draft` is what has been made of it already. Where little has changed since the snapshot before, a copy of that is amended.
    Readers keep the file they opened; new readers see the new one. Killed at any instant, the public file is the old or the new one.
    """
    snapshots = public_dir / "snapshots"
    snapshot = snapshots / f"{run_id}.duckdb"
    draft = draft or begin_draft(warehouse, public_dir, run_id=run_id)
    unfinished = draft.path
    warehouse.with_enough(lambda: warehouse.run(sql_text("publish/article_changes"), run_id=run_id, now=now))  # the file tells it, too
    base, trouble = draft.finish(warehouse)
    size, checksum = unfinished.stat().st_size, crc32(unfinished)
    unfinished.chmod(0o444)
    os.replace(unfinished, snapshot)
    sync(snapshot)
    put_in_place(snapshot, public_dir)
    articles: int = warehouse.ask("SELECT count(*) FROM mart.current WHERE copy_rank = 1").rows[0][0]
    with warehouse.transaction():
        row = {"run_id": run_id, "action": "publish", "snapshot_run_id": run_id, "article_count": articles, "published_at": now}
        warehouse.append("ops.publications", [row])
        warehouse.run(
            """INSERT INTO ops.published_runs
            SELECT run_id, $run_id FROM ops.runs WHERE run_id NOT IN (SELECT run_id FROM ops.published_runs)""",
            run_id=run_id,
        )
        warehouse.run(
            """INSERT INTO ops.published_counts
            SELECT $run_id, source, count(*), $now FROM mart.statuses WHERE status IN ('published', 'duplicate') GROUP BY source""",
            run_id=run_id,
            now=now,
        )
        warehouse.run(
            sql_text("publish/shown"),
            run_id=run_id,
            bytes=size,
            whole_bytes=base.whole_bytes if base else size,
            amended=base.amended + 1 if base else 0,
            crc32=checksum,
        )
        warehouse.run("DELETE FROM mart.touched")
    others = sorted((path for path in snapshots.glob("*.duckdb") if path != snapshot), reverse=True)
    for old in others[keep_snapshots - 1 :]:  # never the one just made, wherever a jumping clock has put its name
        old.unlink()
    return StageReport("publish", counts={"articles": articles}, detail=f"{public_dir / 'newsroom.duckdb'}{trouble}")


def _base(warehouse: Warehouse, public_dir: Path) -> _Shown | None:
    """What to amend; None where the file is to be written whole."""
    if not warehouse.ask("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'mart' AND table_name = 'shown'").rows:
        return None  # never published, or the mart was made anew since
    base = _Shown(**warehouse.ask("SELECT run_id, bytes, whole_bytes, amended, crc32 FROM mart.shown").dicts()[0])
    snapshot = public_dir / "snapshots" / f"{base.run_id}.duckdb"
    if shown(public_dir) != base.run_id or snapshot.stat().st_size != base.bytes:
        return None  # after a rollback; or files have been exchanged
    if base.amended >= MAX_AMENDED or base.bytes > max(MAX_GROWTH * base.whole_bytes, base.whole_bytes + SLACK_BYTES):
        return None
    return base


def _is_little(warehouse: Warehouse) -> bool:
    """Whether so little has been touched since that it is worth amending."""
    (gathered,) = warehouse.ask("SELECT count(DISTINCT article_id) FROM mart.touched").rows[0]
    return touched.are_few(warehouse, gathered)


_PIECE_BYTES = 16 * 2**20


def crc32(path: Path) -> int:
    """Checksum of a file, by the checksums of its pieces: enough against rot, and the fastest there is. Two cores share them."""
    starts = range(0, path.stat().st_size, _PIECE_BYTES)
    checksum = partial(_crc32_from, path)
    try:
        with ThreadPoolExecutor(2) as pool:
            sums = list(pool.map(checksum, starts))
    except RuntimeError:  # no more threads are to be had
        sums = list(map(checksum, starts))
    return zlib.crc32(b"".join(each.to_bytes(4, "big") for each in sums))


def _crc32_from(path: Path, start: int) -> int:
    checksum, end = 0, start + _PIECE_BYTES
    with path.open("rb") as file:
        file.seek(start)
        while block := file.read(min(2**20, end - file.tell())):
            checksum = zlib.crc32(block, checksum)
    return checksum


def put_in_place(snapshot: Path, public_dir: Path) -> None:
    """Make the public file the given snapshot, atomically. It is the same file on disk (a hard link) where links are possible."""
    incoming = public_dir / ".newsroom.duckdb.incoming"
    incoming.unlink(missing_ok=True)
    try:
        os.link(snapshot, incoming)
    except OSError:  # no hard links here (some network and FAT file systems): copy
        copy_file(snapshot, incoming)
        sync(incoming)
    os.replace(incoming, public_dir / "newsroom.duckdb")
    sync(public_dir / "newsroom.duckdb")


def sweep_unfinished(public_dir: Path) -> None:
    """Remove what a killed publish left behind."""
    for leftover in (*public_dir.glob("snapshots/.*.unfinished*"), *public_dir.glob(".*.incoming")):
        leftover.unlink()


def snapshots(public_dir: Path) -> list[str]:
    """Run ids of the snapshots kept, newest first."""
    return sorted((path.stem for path in public_dir.glob("snapshots/*.duckdb")), reverse=True)


def shown(public_dir: Path) -> str | None:
    """Run id of the snapshot that consumers see now, None if none is known."""
    public = public_dir / "newsroom.duckdb"
    if not public.is_file():
        return None
    for run_id in snapshots(public_dir):
        snapshot = public_dir / "snapshots" / f"{run_id}.duckdb"
        if snapshot.samefile(public):
            return run_id
    return None


def rollback(public_dir: Path, run_id: str | None) -> str:
    """Show consumers an earlier snapshot again: the given one, else the one before what is shown now. Returns its run id."""
    kept = snapshots(public_dir)
    if not kept:
        raise ConfigError(f"{public_dir / 'snapshots'}: there is no snapshot to go back to")
    if run_id is None:
        now_shown = shown(public_dir)
        earlier = [each for each in kept if now_shown is None or each < now_shown]
        if not earlier:
            raise NewsroomError(f"{now_shown} is the oldest snapshot kept; there is none before it")
        run_id = earlier[0]
    elif run_id not in kept:
        raise ConfigError(f"no snapshot {run_id!r}; kept are {', '.join(kept)}")
    snapshot = public_dir / "snapshots" / f"{run_id}.duckdb"
    with open_public(public_dir.parent, snapshot) as public:  # a damaged one must not replace what consumers can read
        public.verify()
    put_in_place(snapshot, public_dir)
    return run_id
