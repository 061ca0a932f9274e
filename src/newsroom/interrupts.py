"""Being told to stop: Ctrl-C, SIGTERM and SIGHUP end a command in order, within seconds."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

PATIENCE_SECONDS = 20
"""For an orderly end; then the process ends as it is, which every next run can heal."""


class Stopped(BaseException):
    """The command was told to stop and has put everything in order. Not an `Exception`: nothing on the way may take it for an error."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class _Interrupt(KeyboardInterrupt):
    """On its way up through the run: what Prefect and others know to be an interrupt."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


def _stop_run(number: int, _frame: FrameType | None) -> NoReturn:
    for again in _SIGNALS:  # whoever asks twice is in a hurry
        signal.signal(again, lambda number, _frame: os._exit(128 + number))
    last = threading.Timer(PATIENCE_SECONDS, os._exit, (128 + number,))
    last.daemon = True
    last.start()
    raise _Interrupt(number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Let these signals end the block with `Stopped`."""
    with _handled(_stop):
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """Let the first of these signals interrupt the run in the block, which then ends with `Stopped`; the second ends the process."""
    told: list[int] = []

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        told.append(number)
        _stop_run(number, frame)

    try:
        with _handled(stop):
            yield
    except BaseException as error:
        if told:  # whatever became of the interrupt on its way up: DuckDB, for one, makes an error of its own of it
            raise Stopped(told[0]) from error
        raise


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], NoReturn]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    except (KeyboardInterrupt, Stopped):
        raise  # the process is about to end, and a second signal must still find its handler
    except BaseException:
        _put_back(before)
        raise
    _put_back(before)


def _put_back(before: Mapping[signal.Signals, Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
