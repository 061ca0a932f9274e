"""A copy of the whole newsroom from which it can be put back: warehouse, archive, public files, configuration.

It is taken while no run is writing, compared with the original, and takes the place of an earlier one only when it is whole. Archive
files and snapshots never change, so they are linked, not copied, where the file system can: from the data, or from the backup before.
Prefect's own database (what its UI shows of past runs) is not part of it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from newsroom import __version__, archive, lock
from newsroom.config import Settings
from newsroom.errors import Busy, ConfigError, Damaged
from newsroom.stages import publish
from newsroom.warehouse import Warehouse, copy_file, sync

MANIFEST = "backup.json"
UNFINISHED = "restore.unfinished"
"""Stands in a data directory while it is being restored: no run may start there."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of a backup or a restore."""

    files: int
    bytes: int
    linked: int
    """Files that share their bytes with the data or an earlier backup."""
    run_id: str | None
    """The last run in it."""
    notes: tuple[str, ...] = ()


def backup(
    data: Path,
    config_dir: Path,
    target: Path,
    settings: Settings,
    *,
    now: datetime,
    wait_seconds: float = 0,
    say: Callable[[str], object] = lambda _line: None,
) -> Copied:
    """Write a backup to `target`, a folder of its own.

    What never changes is copied first; the run lock is held only for the rest, so that hours of copying keep no night waiting. Killed
    at any instant, an earlier backup there is still whole. Raises `ConfigError` if `target` is something else, `Busy` if a run is still at
    work after `wait_seconds`, or another backup to the same place is under way.
    """
    _check_target(data, target)
    if wait_seconds <= 0 and (running := lock.holder(data)):
        raise Busy(f"{data}: {running} is at work; wait for it or stop it")
    beside = target.with_name(f".{target.name}.unfinished")
    with lock.sole(data, f"a backup to {target.resolve()}"):
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            turn = lock.hold(data, run_id="backup", now=now, wait_seconds=wait_seconds, say=say)
            manifest, linked = _write(data, config_dir, target, beside, settings, turn, now=now)
            _swap(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    store = settings.archive.store
    notes = (f"finished archive files are in {store} and not in the backup: copy them with the means of that store",) if store else ()
    return Copied(len(manifest["files"]), sum(manifest["files"].values()), linked, manifest["last_run"], notes)


def _write(
    data: Path, config_dir: Path, target: Path, beside: Path, settings: Settings, turn: AbstractContextManager[None], *, now: datetime
) -> tuple[dict[str, Any], int]:
    """All of the backup into `beside`, what changes in its `turn`; returns its manifest, and how many files are links."""
    linked: dict[str, bool] = {}
    for name, path in _unchanging(data):
        with suppress(FileNotFoundError):  # a snapshot that a night has just dropped
            linked[name] = _link(path, beside / name, target / name)
    with turn:
        schema, last, digests = _warehouse(data, beside, settings)
        there = dict(_unchanging(data))
        linked |= {name: _link(path, beside / name, target / name) for name, path in there.items() if name not in linked}
        shown = publish.shown(data / "public")
    for name in linked.keys() - there.keys():
        (beside / name).unlink()
        del linked[name]
    with Warehouse.look(beside / "warehouse.duckdb") as copy:
        if copy.digests() != digests:
            raise Damaged(f"{beside / 'warehouse.duckdb'}: the copy differs from the warehouse; an earlier backup is untouched, try again")
    if shown:
        publish.put_in_place(beside / "public" / "snapshots" / f"{shown}.duckdb", beside / "public")
    if (data / "public" / "report.html").is_file():
        _copy(data / "public" / "report.html", beside / "public" / "report.html")
    if config_dir.is_dir():
        shutil.copytree(config_dir, beside / "config")
    files = {str(path.relative_to(beside)): path.stat().st_size for path in sorted(beside.rglob("*")) if path.is_file()}
    manifest = {
        "newsroom": __version__,
        "schema": schema,
        "made_at": now.isoformat(),
        "last_run": last,
        "shown": shown,
        "rows": {table: rows for table, (rows, _) in digests.items()},
        "files": files,
    }
    (beside / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    sync(beside / MANIFEST)
    return manifest, sum(linked.values())


def _warehouse(data: Path, beside: Path, settings: Settings) -> tuple[int, str | None, dict[str, tuple[int, int | None]]]:
    """Copy the warehouse while nobody writes; returns its schema, its last run and what it holds."""
    limits = settings.warehouse
    with Warehouse.open(data / "warehouse.duckdb", memory_limit=limits.memory_limit, threads=limits.threads) as warehouse:
        for folder in data.glob("archive/*/"):
            archive.heal(folder)
        warehouse.run("CHECKPOINT")
        schema, digests = warehouse.schema(), warehouse.digests()
        last = warehouse.ask("SELECT max_by(run_id, started_at) FROM ops.runs").rows[0][0]
    _copy(data / "warehouse.duckdb", beside / "warehouse.duckdb")
    return schema, last, digests


def _check_target(data: Path, target: Path) -> None:
    home, there = data.resolve(), target.resolve()
    if there == home or home in there.parents or there in home.parents:
        raise ConfigError(f"{target}: must be neither inside nor around the data directory {data}; choose another folder")
    old = _old(target)
    if old.exists() and not target.exists():  # killed in the middle of a swap
        os.replace(old, target)
    if target.exists() and not (target / MANIFEST).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target}: is not empty and holds no backup; name a folder that is only for this")


def _unchanging(data: Path) -> Iterator[tuple[str, Path]]:
    """Files that are never written again, by their place in the data directory."""
    for pattern in ("archive/*/*.warc", "archive/*/*.warc.gz", "archive/*/*.cut", "public/snapshots/*.duckdb"):
        for path in sorted(data.glob(pattern)):
            yield str(path.relative_to(data)), path


def _link(path: Path, place: Path, earlier: Path) -> bool:
    """Put a file in place by a link to it, or to the same file in an earlier backup; else copy it. Says whether it was linked."""
    place.parent.mkdir(parents=True, exist_ok=True)
    known = earlier.is_file() and earlier.stat().st_size == path.stat().st_size and earlier.stat().st_mtime == path.stat().st_mtime
    for each in (path, *((earlier,) if known else ())):
        try:
            os.link(each, place)
        except OSError:
            continue
        return True
    _copy(path, place)
    return False


def _copy(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.copying")
    copy_file(path, beside)
    shutil.copystat(path, beside)
    os.replace(beside, place)
    sync(place)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _swap(beside: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(_old(target), ignore_errors=True)
        os.replace(target, _old(target))
    os.replace(beside, target)
    sync(target / MANIFEST)
    shutil.rmtree(_old(target), ignore_errors=True)


def restore(source: Path, data: Path, config_dir: Path) -> Copied:
    """Put a backup back into an empty data directory; the configuration only where there is none. Call it holding the run lock.

    Killed at any instant, doing it again finishes it; until then no run starts there. Every byte of the archive is compared with its
    digest, and what is wrong is among the notes. Raises `ConfigError` if there is a newsroom already, `Damaged` if the backup is not whole.
    """
    manifest = _manifest(source)
    check_is_free(data)
    (data / UNFINISHED).write_text(f"{source.absolute()}\n", encoding="utf-8")
    sync(data / UNFINISHED)
    names = [name for name in manifest["files"] if not name.startswith("config/")]
    for name in names:
        if name not in ("warehouse.duckdb", "public/newsroom.duckdb"):
            _copy(source / name, data / name)
    if manifest["shown"]:
        publish.put_in_place(data / "public" / "snapshots" / f"{manifest['shown']}.duckdb", data / "public")
    _copy(source / "warehouse.duckdb", data / "warehouse.duckdb")
    with Warehouse.look(data / "warehouse.duckdb") as copy:
        rows = {table: count for table, (count, _) in copy.digests().items()}
    if rows != manifest["rows"]:
        raise Damaged(f"{source / 'warehouse.duckdb'}: does not hold what {MANIFEST} says; use another backup")
    notes = [line for folder in sorted(data.glob("archive/*/")) for line in archive.verify(folder)]
    if config_dir.exists():
        notes.append(f"{config_dir}: kept as it is; the configuration of the backup is in {source / 'config'}")
    elif (source / "config").is_dir():
        shutil.copytree(source / "config", config_dir)
    (data / UNFINISHED).unlink()
    return Copied(len(names), sum(manifest["files"][name] for name in names), 0, manifest["last_run"], tuple(notes))


def check_is_free(data: Path) -> None:
    """Refuse to restore over a newsroom."""
    taken = [name for name in ("warehouse.duckdb", "archive", "public") if (data / name).exists()]
    if taken and not (data / UNFINISHED).exists():
        raise ConfigError(f"{data}: there is a newsroom already ({', '.join(taken)}); move it away, or restore with another --data")


def _manifest(source: Path) -> dict[str, Any]:
    """What the backup says it holds, checked against what is there."""
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        files: dict[str, int] = manifest["files"]
    except (OSError, ValueError, KeyError):
        raise ConfigError(f"{source}: holds no backup ({MANIFEST}); name a folder that `newsroom backup` has written") from None
    for name, size in files.items():
        path = source / name
        if not path.is_file() or path.stat().st_size != size:
            raise Damaged(f"{path}: is {'missing' if not path.is_file() else 'cut short'}; nothing was restored, use another backup")
    return manifest
