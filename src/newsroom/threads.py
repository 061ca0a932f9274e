"""Work in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_thread(name: str, work: Callable[[], T]) -> Future[T]:
    """Do it in a daemon thread: an interrupted command need not wait for a slow site. Raises `RuntimeError` if no more threads are to be had."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 -- it is the business of whoever waits for the result
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def meanwhile(name: str, work: Callable[[], T]) -> Callable[[], T]:
    """Begin it in a thread; call what is returned for its result. Where no more threads are to be had, it is done when it is called for."""
    try:
        return in_thread(name, work).result
    except RuntimeError:
        return work
