"""Politeness in time: the starts of two requests to one host are at least its delay apart, whoever makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

# What leaves evenly spaced does not arrive so: a little more than the delay, lest two requests arrive closer than it.
_MARGIN_RATIO = 0.2
_MARGIN_SECONDS = 0.01


class _Host:
    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.due = float("-inf")
        self.postponed = float("-inf")


class Turn:
    """The right to start the next request to a host: `with` waits for it, `sent()` passes it on.

    It is held until the request is on the wire, name resolution and connection included, so that a slow
    connection does not let the next request come too close. Leaving the block passes it on in any case.
    """

    def __init__(self, host: _Host, seconds: float, monotonic: Callable[[], float], wait: Callable[[float], None]) -> None:
        self._host, self._seconds, self._monotonic, self._wait = host, seconds, monotonic, wait
        self._held = False

    def __enter__(self) -> Turn:
        self._host.turn.acquire()
        self._held = True
        try:
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
            self._release()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.sent()

    def _release(self) -> None:
        self._held = False
        self._host.turn.release()


class Pacer:
    """Hands out turns, host by host. `wait(seconds)` may raise to end all waiting (a run that is being stopped)."""

    def __init__(self, *, monotonic: Callable[[], float], wait: Callable[[float], None]) -> None:
        self._monotonic, self._wait = monotonic, wait
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
            return self._hosts.setdefault(host, _Host())
