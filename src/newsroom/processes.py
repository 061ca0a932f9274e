"""Processes of our own for work that keeps a core busy: Python's interpreter lock lets threads use one.

They are started when first needed, from a fork server that has imported what batches need and nothing else (Prefect and DuckDB are
half of this process's memory), and they end with us by any ending: each watches for it. What they are given and give back are plain
values; the bytes of pages go to the archive.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import ModuleType
from typing import Any, TypeVar

from newsroom.errors import Transient

T = TypeVar("T")

_PRELOADED = ["newsroom.stages.fetch", "newsroom.stages.parse"]


class Processes:
    """At most `count` processes. Use as a context: they end with it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, work: Callable[[Any], T], batch: Any) -> T:
        """Do it in one of the processes and wait for it. Raises what it raised, `Transient` if its process died."""
        pool = self._started()
        try:
            with _without_main():
                future = pool.submit(work, batch)
            return future.result()
        except BrokenProcessPool:
            with self._lock:
                if self._pool is pool:
                    self._pool = None
            raise Transient(f"{batch.describe()}: the process at work on it died (killed, or out of memory?); tried again") from None

    def close(self) -> None:
        """End them, whatever they are at."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(_PRELOADED)
                self._pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_begin)
            return self._pool


_main_guard = threading.Lock()


@contextmanager
def _without_main() -> Iterator[None]:
    """A new process imports the main module of this one, for what is defined there; ours may be all of Prefect, and defines nothing."""
    with _main_guard:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _begin() -> None:
    """In a new process: Ctrl-C is for the parent, and nobody stays behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
