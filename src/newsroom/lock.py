"""One writer at a time: a lock on the data directory that the kernel frees when its holder dies, however it dies.

Those who wait for it stand in line: each has a numbered file below `waiting/`, locked as long as its process lives, and the lowest
number goes next. So a backfill that frees the directory between two of its slices and comes back at once finds the nightly before it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from newsroom.errors import Busy
from newsroom.slices import in_words

GLANCE_SECONDS = 0.1
"""Who asks whether the directory is held, holds it for an instant: a moment later it is free."""
POLL_SECONDS = 0.25


def _silent(_line: str) -> None:
    """Nobody listens."""


@contextmanager
def turn(data_dir: Path, *, work: str, wait_seconds: float = 0, say: Callable[[str], object] = _silent) -> Iterator[None]:
    """Hold the data directory; if somebody else does, wait so long for it, and say once for whom.

    `work` says in words what for; equal words mean the same work, for which only one waits at a time. Raises `Busy`, saying who holds
    it, or who waits for the same already. A dead holder never blocks: the lock (`flock`) dies with its process, and the note it left
    counts for nothing.
    """
    lock = FileLock(data_dir / "newsroom.lock", timeout=0)
    _take(lock, data_dir, work, wait_seconds, say)
    note = data_dir / "running.json"
    try:
        note.unlink(missing_ok=True)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def note(data_dir: Path, *, run_id: str, now: datetime) -> None:
    """Write down who holds the data directory, for those who find it held."""
    told = {"run_id": run_id, "pid": os.getpid(), "host": socket.gethostname(), "started_at": now.isoformat()}
    (data_dir / "running.json").write_text(json.dumps(told), encoding="utf-8")


@contextmanager
def hold(data_dir: Path, *, run_id: str, now: datetime, wait_seconds: float = 0, say: Callable[[str], object] = _silent) -> Iterator[None]:
    """`turn` and `note` in one, for what needs no time of its own."""
    with turn(data_dir, work=run_id, wait_seconds=wait_seconds, say=say):
        note(data_dir, run_id=run_id, now=now)
        yield


def _take(lock: FileLock, data_dir: Path, work: str, wait_seconds: float, say: Callable[[str], object]) -> None:
    if not waiting(data_dir) and _is_taken(lock):
        return
    if wait_seconds <= 0:
        time.sleep(GLANCE_SECONDS)
        if not waiting(data_dir) and _is_taken(lock):
            return
        raise Busy(f"{data_dir}: {_whom(data_dir, waiting(data_dir))} is at work; wait for it or stop it")
    with _in_line(data_dir, work) as number:
        deadline = time.monotonic() + wait_seconds
        is_told = False
        time.sleep(GLANCE_SECONDS)
        while True:
            ahead = [each for each in waiting(data_dir) if each.number < number]
            if not ahead and _is_taken(lock):
                return
            whom = _whom(data_dir, ahead)
            if not is_told:
                say(f"{data_dir}: waiting for {whom}, at most {in_words(wait_seconds)}")
                is_told = True
            if time.monotonic() >= deadline:
                raise Busy(f"{data_dir}: {whom} is still at work after {in_words(wait_seconds)}; wait longer (--wait), or stop it")
            time.sleep(min(POLL_SECONDS, max(0.01, deadline - time.monotonic())))


def _is_taken(lock: FileLock) -> bool:
    try:
        lock.acquire()
    except Timeout:
        return False
    return True


def _whom(data_dir: Path, ahead: list[Waiting]) -> str:
    return " and then ".join([holder(data_dir) or "another command", *(f"{each} which waits too" for each in ahead)])


def holder(data_dir: Path) -> str | None:
    """Who holds the data directory, in words; None if nobody does (a note left by a dead run does not count)."""
    if not (data_dir / "newsroom.lock").exists():
        return None
    probe = FileLock(data_dir / "newsroom.lock", timeout=0)
    if _is_taken(probe):
        probe.release()
        return None
    try:
        told = json.loads((data_dir / "running.json").read_text(encoding="utf-8"))
        return f"run {told['run_id']} (process {told['pid']} on {told['host']}, since {_minute(told['started_at'])})"
    except (OSError, ValueError, KeyError):
        return "another command"


def _minute(iso: str) -> str:
    return f"{iso[:16].replace('T', ' ')} UTC"


# --- the line of those who wait


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in line."""

    number: int
    work: str
    who: str

    def __str__(self) -> str:
        return f"{self.work} ({self.who})"


def waiting(data_dir: Path) -> list[Waiting]:
    """Who stands in line, the next one first; the dead do not count."""
    found = []
    for path in (data_dir / "waiting").glob("[0-9]*.json"):
        told = _told_by_the_living(path)
        if told is not None:
            found.append(Waiting(int(path.stem), told.get("work", "another command"), told.get("who", "just come")))
    return sorted(found, key=lambda each: each.number)


def refuse_more(data_dir: Path, *, work: str, wait_seconds: float) -> None:
    """Raise `Busy` now if a turn for this work would be refused sooner or later: before anything that takes long has begun."""
    line = waiting(data_dir)
    if wait_seconds <= 0 and (running := holder(data_dir)):
        raise Busy(f"{data_dir}: {running} is at work; wait for it or stop it")
    _refuse_same(data_dir, line, work)
    if (told := _told_by_the_living(_sole(data_dir, work))) is not None:
        raise _under_way(data_dir, work, told)


def _refuse_same(data_dir: Path, line: list[Waiting], work: str) -> None:
    for each in line:
        if each.work == work:
            raise Busy(f"{data_dir}: {each} waits already and will do the same; there is nothing more to do")


@contextmanager
def _in_line(data_dir: Path, work: str) -> Iterator[int]:
    """A place at the end of the line."""
    with _mine(data_dir) as folder:
        _refuse_same(data_dir, waiting(data_dir), work)
        places = list(folder.glob("[0-9]*.json"))
        number = 1 + max((int(path.stem) for path in places), default=0)
        for path in places:
            if _told_by_the_living(path) is None:
                path.unlink(missing_ok=True)
        path = folder / f"{number:06}.json"
        handle = _sign(path, work)
    try:
        yield number
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


@contextmanager
def sole(data_dir: Path, work: str) -> Iterator[None]:
    """For work that takes many turns: raises `Busy` if the same is under way already, whether or not it holds the directory just now."""
    path = _sole(data_dir, work)
    with _mine(data_dir):
        if (told := _told_by_the_living(path)) is not None:
            raise _under_way(data_dir, work, told)
        handle = _sign(path, work)
    try:
        yield
    finally:
        with _mine(data_dir):
            path.unlink(missing_ok=True)
            os.close(handle)


def _sole(data_dir: Path, work: str) -> Path:
    return data_dir / "waiting" / f"sole-{sha256(work.encode()).hexdigest()[:16]}.json"


def _under_way(data_dir: Path, work: str, told: dict[str, str]) -> Busy:
    return Busy(f"{data_dir}: {work} is under way already ({told.get('who', 'another command')}); wait for it or stop it")


@contextmanager
def _mine(data_dir: Path) -> Iterator[Path]:
    """The folder of the line, while nobody else joins or leaves it: for microseconds."""
    folder = data_dir / "waiting"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "line.lock", timeout=30):
        yield folder


def _sign(path: Path, work: str) -> int:
    """Write a file that stays locked as long as this process lives; returns its handle."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    fcntl.flock(handle, fcntl.LOCK_EX)
    who = f"process {os.getpid()} on {socket.gethostname()}, since {_minute(datetime.now(UTC).isoformat())}"
    os.write(handle, json.dumps({"work": work, "who": who}).encode())
    return handle


def _told_by_the_living(path: Path) -> dict[str, str] | None:
    """What such a file says; None if its process is gone."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who ask at once do not take each other for the living
    except BlockingIOError:
        told: dict[str, str] = {}
        with suppress(ValueError):
            told = json.loads(os.read(handle, 10_000))
        return told
    else:
        return None
    finally:
        os.close(handle)
