"""The archive: raw requests and responses in WARC files, appended once and never rewritten.

A file is `<name>.warc.open` while it is written and `<name>.warc` once it is complete; references always carry the final name. Several
processes may write in turn to one file: each appends where the one before paused. What a crash left behind is mended by `heal`: whole
records stay, a torn tail goes. Who writes holds a lock on the file, which dies with its process, so nothing is mended under a writer.

Finished files may live in a store elsewhere (`store.py`). They are written here all the same, and `deliver` takes them there once they have
their final name. A file is here until the store has confirmed it, so whoever reads looks here first.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

from newsroom import warc
from newsroom.errors import Damaged, NewsroomError
from newsroom.model import ArchiveRef, Exchange
from newsroom.store import Store
from newsroom.warc import StoredResponse

_OPEN = ".open"
_RESTORE = "restore the file from a copy; its other records can still be read"
_AHEAD_BYTES = 2 * 1024 * 1024
"""Read at once from a store: a hundred pages. They are asked for in the order of the archive, so a request each would be a waste."""
_STORED_OPEN = 4
"""Files of a store kept open: each holds what was read ahead."""


def _sync_directory(directory: Path) -> None:
    """Makes the names in a directory durable: a file's own fsync does not."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cannot_write(path: Path, error: OSError) -> NewsroomError:
    return NewsroomError(f"{path}: cannot be written ({error.strerror}); make room or mend the rights, then run again: what was kept stays")


_ORPHAN_SECONDS = 10
"""How long a process that has lost its parent may still hold a file: it ends within a second."""


def _lock(file: BinaryIO, path: Path, *, patience: float) -> None:
    """Hold the file as its only writer. Raises NewsroomError if another one does not let go of it in time (seconds)."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise NewsroomError(f"{path}: another process is still writing to it; end that process, then run again") from None
            time.sleep(0.05)
        except OSError:  # no locks on this file system: the lock of the data directory must do
            return


class ArchiveWriter:
    """Appends exchanges to one file `<name>.warc` below `directory`. Safe to share between threads.

    The file comes into being with the first exchange, opened by a warcinfo record of `info` (software, robots policy, …). `end` is
    where a writer before this one paused (0: there was none): this one goes on there, behind a warcinfo record of its own. Raises
    NewsroomError where the disk does not take a record: none of it is kept then, and the writer can go on once there is room.
    """

    def __init__(self, directory: Path, *, name: str, info: Mapping[str, str], clock: Callable[[], datetime], end: int = 0) -> None:
        self._directory, self._file_name, self._info, self._clock = directory, f"{name}.warc", dict(info), clock
        self._paused_at = end
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._end = 0
        self._closed = False
        self._warcinfo_id = warc.new_record_id()

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def _open_path(self) -> Path:
        return self._directory / (self._file_name + _OPEN)

    def write(self, exchange: Exchange, *, refers_to: tuple[str, datetime] | None = None) -> ArchiveRef:
        """Keeps an exchange; the reference is to its response record. `refers_to`: URL and time of the response that a 304 confirms."""
        data = warc.exchange_records(exchange, warcinfo_id=self._warcinfo_id, refers_to=refers_to)
        with self._lock:
            if self._closed:
                raise ValueError(f"{self._file_name}: written to after it was closed")
            try:
                if self._file is None:
                    self._create()
                return ArchiveRef(self._file_name, self._append(data))
            except OSError as error:
                raise _cannot_write(self._open_path, error) from error

    def flush(self, sync: bool = True) -> None:
        """What was written is with the operating system already; `sync` puts it on the disk. To be called before anyone refers to it."""
        with self._lock:
            if sync and self._file is not None:
                try:
                    os.fsync(self._file.fileno())
                except OSError as error:
                    raise _cannot_write(self._open_path, error) from error

    def pause(self) -> int:
        """Makes what was written durable and lets go of the file, for another writer to go on: its `end`."""
        with self._lock:
            self._closed = True
            if self._file is None:
                return self._paused_at
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise _cannot_write(self._open_path, error) from error
            finally:
                self._file.close()
                self._file = None
            return self._end

    def close(self) -> None:
        """Makes the file durable and gives it its final name. Does nothing the second time, or if nothing was written."""
        with self._lock:
            self._closed = True
            if self._file is None:
                return
            try:
                os.fsync(self._file.fileno())
                self._file.close()
                self._open_path.rename(self._directory / self._file_name)
                _sync_directory(self._directory)
            except OSError as error:
                raise _cannot_write(self._open_path, error) from error
            finally:
                self._file = None

    def _create(self) -> None:
        first = warc.warcinfo(self._info, filename=self._file_name, record_id=self._warcinfo_id, at=self._clock())
        if self._open_path.exists():
            self._resume(first)
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        _sync_directory(self._directory.parent)
        final = self._directory / self._file_name
        if final.exists():
            raise NewsroomError(f"{final}: exists already, and archive files are never rewritten; use another run id")
        self._file = self._open_path.open("xb", buffering=0)
        try:
            _lock(self._file, self._open_path, patience=0)
            self._append(first)
            _sync_directory(self._directory)
        except OSError:
            self._file.close()
            self._file, self._end = None, 0
            self._open_path.unlink()
            raise

    def _resume(self, first: bytes) -> None:
        """Go on behind the last whole record: where the last writer paused, or, if it died, where its torn record begins."""
        file = self._open_path.open("r+b", buffering=0)
        try:
            _lock(file, self._open_path, patience=_ORPHAN_SECONDS)
            size = os.fstat(file.fileno()).st_size
            self._end = size if size == self._paused_at else _cut_torn_tail(self._open_path)[1]
            file.seek(self._end)
            self._file = file
            self._append(first)
        except BaseException:
            file.close()
            self._file, self._end = None, 0
            raise

    def _append(self, data: bytes) -> int:
        """Writes at the end, wholly or not at all; gives the offset."""
        assert self._file is not None
        offset, rest = self._end, memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except BaseException:
            self._file.truncate(offset)
            self._file.seek(offset)
            raise
        self._end += len(data)
        return offset


class _Opened(Protocol):
    """A file that is read from, wherever it is."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def pread(self, count: int, offset: int) -> bytes:
        """At most so many bytes from there."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class _Local:
    """A file of this machine."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)

    @property
    def size(self) -> int:
        """As it is now: it may still grow."""
        return os.fstat(self._file.fileno()).st_size

    def pread(self, count: int, offset: int) -> bytes:
        """At most so many bytes from there."""
        return os.pread(self._file.fileno(), count, offset)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


def _open(directory: Path, store: Store | None, name: str, *, ahead: int = _AHEAD_BYTES) -> _Opened:
    """A finished file or one being written, here or else in the store. Raises `FileNotFoundError`."""
    for _ in range(2):  # between two looks it may have got its final name, or gone to the store
        for path in (directory / name, directory / (name + _OPEN)):
            try:
                return _Local(path)
            except FileNotFoundError:
                continue
        if store is not None:
            try:
                return store.open(name, ahead=ahead)
            except FileNotFoundError:
                continue
    raise FileNotFoundError(str(directory / name))


class ArchiveReader:
    """Reads responses by reference, from finished files and those being written. Keeps files open; safe to share between threads."""

    def __init__(self, directory: Path, store: Store | None = None, *, keep_open: int = 32, ahead: int = _AHEAD_BYTES) -> None:
        self._directory, self._store, self._ahead = directory, store, ahead
        self._keep_open = keep_open if store is None else min(keep_open, _STORED_OPEN)
        self._files: OrderedDict[str, _Opened] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the files; reading opens them again."""
        with self._lock:
            while self._files:
                self._files.popitem()[1].close()

    def read(self, ref: ArchiveRef) -> StoredResponse:
        """The response at a reference. Raises Damaged if it is not there, not whole or not the bytes that were written.

        `Transient` if the store does not say: that is no verdict on the page.
        """
        place = f"{self._directory / ref.warc_file} at {ref.warc_offset}"
        try:
            size = self._size(ref.warc_file)
            record = warc.read_record(lambda count, offset: self._pread(ref.warc_file, count, offset), ref.warc_offset, size)
            return warc.stored_response(record)
        except FileNotFoundError as error:
            wanted = f"{self._store.url}/{ref.warc_file}" if self._store else self._directory / ref.warc_file
            raise Damaged(f"{wanted}: the archive file is missing; restore it from a copy") from error
        except OSError as error:
            raise Damaged(f"{place}: cannot be read ({error.strerror}); {_RESTORE}") from error
        except Damaged as error:
            raise Damaged(f"{place}: {error}; {_RESTORE}") from error

    def _size(self, name: str) -> int:
        with self._lock:
            return self._file(name).size

    def _pread(self, name: str, count: int, offset: int) -> bytes:
        # under the lock, lest another thread closes this very file to make room for its own
        with self._lock:
            return self._file(name).pread(count, offset)

    def _file(self, name: str) -> _Opened:
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = _open(self._directory, self._store, name, ahead=self._ahead)
            if len(self._files) > self._keep_open:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(name)
        return file


def read(directory: Path, ref: ArchiveRef, store: Store | None = None) -> StoredResponse:
    """One response; who reads many keeps an ArchiveReader. Raises Damaged."""
    with ArchiveReader(directory, store, ahead=64 * 1024) as reader:
        return reader.read(ref)


def _records(path: Path) -> Iterator[warc.Record]:
    with path.open("rb", buffering=0) as file:
        yield from warc.records(lambda count, offset: os.pread(file.fileno(), count, offset), os.fstat(file.fileno()).st_size)


def exchanges(path: Path, store: Store | None = None) -> Iterator[tuple[ArchiveRef, StoredResponse]]:
    """All responses of a file in the order they came, with their references. Raises Damaged at the first record that is not whole.

    Of a finished file that is not here any more, those of the same name in the store.
    """
    name = path.name.removesuffix(_OPEN)
    offset = 0
    file = _open(path.parent, store, name)
    try:
        for record in warc.records(file.pread, file.size):
            offset = record.end
            if record.kind in ("response", "revisit"):
                yield ArchiveRef(name, record.offset), warc.stored_response(record)
    except Damaged as error:
        where = path if isinstance(file, _Local) or store is None else f"{store.url}/{name}"
        raise Damaged(f"{where} at {offset}: {error}; {_RESTORE}") from error
    finally:
        file.close()


def verify(directory: Path, store: Store | None = None, *, unfinished: bool = True, stored: Sequence[str] = ()) -> list[str]:
    """What is wrong with the archive files of a directory: one readable line for each damaged one. Reads every byte.

    `unfinished`: those being written as well; not while a run is writing them. `stored`: names of those in the store.
    """
    problems = []
    here = [*directory.glob("*.warc"), *(directory.glob("*.warc" + _OPEN) if unfinished else ())]
    for path in sorted({*here, *(directory / name for name in stored)}):
        try:
            for _ in exchanges(path, store):
                pass
        except (Damaged, OSError) as error:
            problems.append(str(error))
    return problems


def deliver(directory: Path, store: Store) -> int:
    """Take the finished files of a directory to the store, each removed here once it is whole there; how many.

    Done again after a kill at any instant, it ends the same. Raises `Transient` where the store cannot be reached and `Damaged` where it
    has another file of that name; what was not taken there is still here, and can be read.
    """
    paths = sorted(directory.glob("*.warc"))
    for path in paths:
        store.put(path)
        path.unlink()
    return len(paths)


@dataclass(frozen=True, slots=True)
class Healed:
    """What was done to a file that a dead run left behind."""

    warc_file: str
    records: int
    cut_bytes: int
    saved_as: str | None = None
    """Where the cut bytes were put, if there were whole records among them."""

    def __str__(self) -> str:
        kept = f"{self.warc_file}: left behind by a run that died; {self.records} whole records kept"
        cut = f", {self.cut_bytes} torn bytes cut" if self.cut_bytes else ""
        return kept + cut + (f" and saved as {self.saved_as}, since records follow the torn one" if self.saved_as else "")


def heal(directory: Path) -> list[Healed]:
    """Finishes the files that dead runs left open: cut back to the last whole record, made durable, given their final name.

    To be called by whoever holds the run lock: a living run's file must not be touched. A file without a whole record is
    removed. Doing it twice does nothing. Raises Damaged or NewsroomError where a file cannot be mended.
    """
    return finish(directory, "*", {})


def finish(directory: Path, name: str, ends: Mapping[str, int], *, heals: bool = True) -> list[Healed]:
    """Gives the paused files whose names match the pattern `name` (without `.warc`) their final names.

    `ends` says where each was paused, by file name. A file that ends elsewhere was left by a writer that died: it is healed and told,
    unless not `heals`, because that writer may be alive.
    """
    healed = []
    paths = sorted(directory.glob(f"{name}.warc{_OPEN}"))
    if not heals:
        paths = [path for path in paths if path.stat().st_size == ends.get(path.name.removesuffix(_OPEN))]
    for path in paths:
        final = path.with_name(path.name.removesuffix(_OPEN))
        if final.exists():
            raise Damaged(f"{path}: {final.name} is there too; keep the one that is whole (`warcio check`) and remove the other")
        try:
            if path.stat().st_size == ends.get(final.name):
                path.rename(final)
            else:
                healed.append(_heal_file(path, final))
        except OSError as error:
            raise _cannot_write(path, error) from error
    if paths:
        _sync_directory(directory)
    return healed


def _heal_file(path: Path, final: Path) -> Healed:
    with path.open("rb") as writing:
        _lock(writing, path, patience=_ORPHAN_SECONDS)
        count, _, cut_bytes, saved_as = _cut_torn_tail(path)
    if count:
        path.rename(final)
    else:
        path.unlink()
    return Healed(final.name, count, cut_bytes, saved_as)


def _cut_torn_tail(path: Path) -> tuple[int, int, int, str | None]:
    """Cut a file back to its last whole record: whole records, the end, bytes cut, and where those were put if not worthless."""
    count = end = 0
    try:
        for record in _records(path):
            count, end = count + 1, record.end
    except Damaged:
        pass
    size = path.stat().st_size
    saved_as = _save_tail(path, end) if end < size else None
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    return count, end, size - end, saved_as


def _save_tail(path: Path, end: int) -> str | None:
    """Puts what will be cut aside if it is more than one torn record: nothing that could still be read is thrown away."""
    with path.open("rb") as file:
        file.seek(end)
        tail = file.read()
    if b"\r\n\r\nWARC/1." not in tail:
        return None
    aside = path.with_name(path.name.removesuffix(_OPEN) + ".cut")
    with aside.open("wb") as file:
        file.write(tail)
        os.fsync(file.fileno())
    return aside.name
