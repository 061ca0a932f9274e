"""One writer at a time: an advisory lock on the data directory that the kernel frees when its holder dies, however it dies."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from newsroom.errors import Busy


@contextmanager
def hold(data_dir: Path, *, run_id: str, now: datetime) -> Iterator[None]:
    """Hold the data directory for a run.

    Raises `Busy`, saying who holds it. A dead holder never blocks: the lock (`flock`) dies with its process, and the note it left
    is overwritten.
    """
    lock = FileLock(data_dir / "newsroom.lock", timeout=0)
    note = data_dir / "running.json"
    try:
        lock.acquire()
    except Timeout:
        raise Busy(f"{data_dir}: {holder(data_dir) or 'another command'} is at work; wait for it or stop it") from None
    try:
        note.write_text(
            json.dumps({"run_id": run_id, "pid": os.getpid(), "host": socket.gethostname(), "started_at": now.isoformat()}),
            encoding="utf-8",
        )
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def holder(data_dir: Path) -> str | None:
    """Who holds the data directory, in words; None if nobody does (a note left by a dead run does not count)."""
    if not (data_dir / "newsroom.lock").exists():
        return None
    probe = FileLock(data_dir / "newsroom.lock", timeout=0)
    try:
        probe.acquire()
    except Timeout:
        pass
    else:
        probe.release()
        return None
    try:
        told = json.loads((data_dir / "running.json").read_text(encoding="utf-8"))
        return f"run {told['run_id']} (process {told['pid']} on {told['host']}, since {told['started_at'][:16].replace('T', ' ')} UTC)"
    except (OSError, ValueError, KeyError):
        return "another command"
