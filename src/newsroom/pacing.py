"""Politeness in time: the starts of two requests to one host are at least its delay apart, whoever makes them.

Whoever: another thread; another process; a run that starts right after another. So the time of a host's last request is also kept
in a file of its own, which whoever's turn it is holds locked. It is a time of day, as no other clock outlives a process; what a clock
that was put back makes of it is never waited for longer than a request would have to wait anyway.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

# What leaves evenly spaced does not arrive so (28 ms off, measured on a busy machine): a little more than the delay, lest two requests arrive closer.
_MARGIN_RATIO = 0.2
_MARGIN_SECONDS = 0.05


_BETWEEN_LOOKS = 0.02
"""Seconds between two looks at a lock that another process holds."""


class _Host:
    def __init__(self, file: Path | None) -> None:
        self.turn = threading.Lock()
        self.due = float("-inf")
        self.postponed = float("-inf")
        self._file = file
        self._handle: int | None = None

    def lock(self, seconds: float, monotonic: Callable[[], float], wait: Callable[[float], None]) -> None:
        """Keep other processes from the host; heed when they, or an earlier run, asked it last. Nothing where there is no delay."""
        if self._file is None or seconds <= 0:
            return
        if self._handle is None:
            with contextlib.suppress(OSError):  # a disk that takes no more files: this process still keeps its own distance
                self._file.parent.mkdir(exist_ok=True)
                self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        while self._handle is not None:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                wait(_BETWEEN_LOOKS)
        passed = time.time() - self._last()
        if passed < seconds:
            self.due = max(self.due, monotonic() + seconds - max(0.0, passed))

    def _last(self) -> float:
        try:
            return float(os.pread(self._handle, 32, 0)) if self._handle is not None else 0.0
        except (OSError, ValueError):
            return 0.0

    def tell(self) -> None:
        """Leave word that the host was asked just now."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._handle, f"{time.time():.6f}\n".encode(), 0)

    def unlock(self) -> None:
        """Let other processes have their turn."""
        if self._handle is not None:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Put the file away."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class Turn:
    """The right to start the next request to a host: `with` waits for it, `sent()` passes it on.

    It is held until the request is on the wire, name resolution and connection included, so that a slow
    connection does not let the next request come too close. Leaving the block passes it on in any case.
    """

    def __init__(self, host: _Host, seconds: float, monotonic: Callable[[], float], wait: Callable[[float], None]) -> None:
        self._host, self._seconds, self._monotonic, self._wait = host, seconds, monotonic, wait
        self._held = False

    def __enter__(self) -> Turn:
        if self._seconds <= 0:  # nobody's turn: only a pause that the host has asked for
            while (rest := self._host.postponed - self._monotonic()) > 0:
                self._wait(rest)
            return self
        self._host.turn.acquire()
        self._held = True
        try:
            self._host.lock(self._seconds, self._monotonic, self._wait)
            while (rest := max(self._host.due, self._host.postponed) - self._monotonic()) > 0:
                self._wait(rest)
        except BaseException:
            self._release()
            raise
        return self

    def sent(self) -> None:
        """The request is on the wire: the delay counts from now."""
        if self._held:
            self._host.due = self._monotonic() + self._seconds
            if self._seconds > 0:
                self._host.tell()
            self._release()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.sent()

    def _release(self) -> None:
        self._held = False
        self._host.unlock()
        self._host.turn.release()


class Pacer:
    """Hands out turns, host by host. `wait(seconds)` may raise to end all waiting (a run that is being stopped).

    `folder`: where the times of last requests are kept, for other processes and the next run; None to forget them.
    """

    def __init__(self, *, monotonic: Callable[[], float], wait: Callable[[float], None], folder: Path | None = None) -> None:
        self._monotonic, self._wait, self._folder = monotonic, wait, folder
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def turn(self, host: str, delay: float) -> Turn:
        """The next turn for a host; `delay` in seconds, 0 for none."""
        margin = min(delay * _MARGIN_RATIO, _MARGIN_SECONDS)
        return Turn(self._host(host), delay + margin, self._monotonic, self._wait)

    def postpone(self, host: str, seconds: float) -> None:
        """The host asked for a pause (429 with Retry-After): nobody starts before it is over."""
        state = self._host(host)
        state.postponed = max(state.postponed, self._monotonic() + seconds)

    def rest(self, host: str) -> float:
        """Seconds until the next request to the host may start."""
        state = self._host(host)
        return max(0.0, max(state.due, state.postponed) - self._monotonic())

    def _host(self, host: str) -> _Host:
        with self._lock:
            if host not in self._hosts:
                self._hosts[host] = _Host(self._folder / host.replace(":", "_") if self._folder else None)
            return self._hosts[host]

    def close(self) -> None:
        """Put the files away."""
        with self._lock:
            for host in self._hosts.values():
                host.close()
