"""Where finished archive files go if not into a directory: a folder in an object store, spoken to through fsspec.

An object is written once, whole, under a name nobody else has, and counts as written when the store says how long it is. How to reach the
store (keys, endpoint, region) is not ours to know: fsspec and the store's own library read their usual environment variables and files.
This is the only module that knows of fsspec.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from newsroom.errors import ConfigError, Damaged, Transient

_SHOW_ONLY_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "memory"})
"""Protocols of stores without folders, whose objects are seen when they are whole. Elsewhere a file is put beside and then renamed."""
_NOTE = "newsroom.txt"
_ABOUT = b"Archive files of a newsroom, in WARC format. Written once; what is needed of them is named in its warehouse.\n"
_PAUSES = (1.0, 5.0, 20.0)
"""Seconds before a further try to put a file, beside those of the store's library: what is lost otherwise must be asked for again."""
_COMPARED_BYTES = 8 * 1024 * 1024


def at(url: str) -> Store | None:
    """The store of that URL; none if it is empty."""
    return Store(url) if url else None


class Store:
    """A folder of a store, by its URL. Errors: `FileNotFoundError` for an object that is not there, `Transient` where nobody can say."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def folder(self, name: str) -> Store:
        """A folder in this one."""
        return Store(f"{self.url}/{name}")

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The file system, as fsspec calls it, and our path in it. It keeps no listings: other processes write, too."""
        import fsspec

        with self._told("be reached"):
            system, path = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        return system, str(path).rstrip("/")

    @property
    def _has_folders(self) -> bool:
        protocol = self._opened[0].protocol
        return not _SHOW_ONLY_WHOLE.intersection((protocol,) if isinstance(protocol, str) else protocol)

    def check(self) -> None:
        """Whether files can be put here and read back. Raises `ConfigError` where a person must act, `Transient` where time may help."""
        key = f"archive.store = {self.url}"
        try:
            system, path = self._opened
            if self._has_folders and not system.isdir(path):
                raise ConfigError(f"{key}: there is no such bucket or folder (is it mounted?); it must be there before the first run")
            system.pipe_file(f"{path}/{_NOTE}", _ABOUT)
            whole: object = system.cat_file(f"{path}/{_NOTE}")
        except ImportError as error:
            raise ConfigError(f'{key}: needs another package ({_line(error)}); for S3: pip install "newsroom[s3]"') from None
        except FileNotFoundError as error:
            raise ConfigError(f"{key}: there is no such bucket or folder ({_line(error)}); create it") from error
        except PermissionError as error:
            raise ConfigError(f"{key}: may not be read and written ({_line(error)}); mend the rights or the keys") from error
        except (Transient, ConfigError):
            raise
        except Exception as error:
            if _may_pass(error):
                raise Transient(f"{key}: does not answer ({_line(error)}); try again later") from error
            raise ConfigError(f"{key}: cannot be used ({_line(error)}); mend it, or the environment it takes its keys from") from error
        if whole != _ABOUT:
            raise ConfigError(f"{key}: {_NOTE} did not come back as it was put there; use a store that shows what was written at once")

    def sizes(self) -> dict[str, int]:
        """Bytes of every file in this folder and those below, by path."""
        system, path = self._opened
        with self._told("be listed"):
            try:
                found = system.find(path, detail=True)
            except FileNotFoundError:
                return {}
        return {name.removeprefix(path).lstrip("/"): int(info["size"]) for name, info in found.items()}

    def size(self, name: str) -> int | None:
        """Bytes of a file; None if it is not there."""
        system, path = self._opened
        with self._told("be asked", name):
            try:
                return int(system.info(f"{path}/{name}")["size"])
            except FileNotFoundError:
                return None

    def put(self, file: Path) -> None:
        """Put a file here, under its own name. When this returns it is here, whole.

        Raises `Damaged` if another file of that name is here: nothing is ever written over.
        """
        for pause in (*_PAUSES, None):
            try:
                self._put(file)
                return
            except Transient:
                if pause is None:
                    raise
                time.sleep(pause)

    def _put(self, file: Path) -> None:
        system, path = self._opened
        size = self.size(file.name)
        if size is not None:
            if not self._is_same(file, size):
                raise Damaged(
                    f"{file}: {self.url}/{file.name} is another file of that name; two newsrooms must not share a store: "
                    "change archive.store of one of them, or move that file away"
                )
            return
        with self._told("take", file.name):
            if not self._has_folders:
                system.put_file(str(file), f"{path}/{file.name}")
            else:
                system.makedirs(path, exist_ok=True)
                beside = f"{path}/.{file.name}.part"
                system.put_file(str(file), beside)
                self._make_durable(beside)
                system.mv(beside, f"{path}/{file.name}")
                self._make_durable(path)
        if (came := self.size(file.name)) != (want := file.stat().st_size):
            raise Transient(f"{self.url}/{file.name}: has {came} bytes of {want} after it was put there; the file stays here, run again")

    def _make_durable(self, path: str) -> None:
        if "file" in self._opened[0].protocol:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _is_same(self, file: Path, size: int) -> bool:
        """Whether what is there are the bytes of this file: a run was killed between putting it there and removing it here."""
        if size != file.stat().st_size:
            return False
        system, path = self._opened
        with self._told("be read", file.name), file.open("rb") as mine:
            for start in range(0, size, _COMPARED_BYTES):
                if system.cat_file(f"{path}/{file.name}", start=start, end=min(size, start + _COMPARED_BYTES)) != mine.read(
                    _COMPARED_BYTES
                ):
                    return False
        return True

    def open(self, name: str, *, ahead: int) -> Stored:
        """A file to read from, `ahead` bytes at a time. Raises `FileNotFoundError`."""
        system, path = self._opened
        with self._told("be read", name):
            return Stored(self, name, system.open(f"{path}/{name}", "rb", block_size=ahead, cache_type="readahead"))

    def remove(self, name: str) -> None:
        """Remove a file."""
        system, path = self._opened
        with self._told("remove", name):
            system.rm_file(f"{path}/{name}")

    @contextmanager
    def _told(self, what: str, name: str = "") -> Iterator[None]:
        """What the store's library raises, which may be anything, in one line."""
        try:
            yield
        except (FileNotFoundError, ImportError, Transient):
            raise
        except Exception as error:
            if not _may_pass(error) and isinstance(error, ValueError):  # fsspec's word for a protocol that it does not know
                raise ConfigError(
                    f"archive.store = {self.url}: {error}; write one that fsspec knows, such as s3://, gs://, az:// or file://"
                ) from error
            where = f"{self.url}/{name}" if name else self.url
            raise Transient(f"{where}: the store could not {what} ({_line(error)}); what was obtained is kept, run again") from error


class Stored:
    """An object that is read from."""

    def __init__(self, store: Store, name: str, file: BinaryIO) -> None:
        self._store, self._name, self._file = store, name, file
        self.size = file.seek(0, os.SEEK_END)

    def pread(self, count: int, offset: int) -> bytes:
        """At most so many bytes from there."""
        with self._store._told("be read", self._name):
            self._file.seek(offset)
            return self._file.read(count)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


def _may_pass(error: Exception) -> bool:
    """Whether it may be the network or the store's bad day: its libraries have their own families of errors, but name them alike."""
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    return "Connect" in names or "Timeout" in names or isinstance(error, OSError)


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0] if str(error) else type(error).__name__
