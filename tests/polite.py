"""Politeness, measured twice: where requests leave, to the microsecond; and by the log of the server that got them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

import pytest

from newsroom import pacing

LATE_SECONDS = 0.5
"""So late the server, a thread of a busy process on a busy machine, may note an arrival."""


def departures(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each request left, from now on: the pacer is told so once it is on the wire."""
    times: list[float] = []
    plain = pacing.Turn.sent

    def sent(turn: pacing.Turn) -> None:
        if turn._held:
            times.append(time.monotonic())
        plain(turn)

    monkeypatch.setattr(pacing.Turn, "sent", sent)
    return times


def assert_polite(sent: Sequence[float], arrived: Sequence[float], delay: float) -> None:
    """No two requests closer than the delay: retries, redirects, robots.txt, and all batches and runs included.

    To the letter where they leave; the server's log must have them all, and take as long for any ten of them as ten delays, less what
    one of them may have been noted late. Requests that kept no distance would come thousands of times faster.
    """
    assert len(sent) >= len(arrived)
    assert min(two - one for one, two in pairwise(sent)) >= delay
    assert_steady(arrived, delay)


def assert_steady(arrived: Sequence[float], delay: float) -> None:
    """What the server's log can tell by itself: see above."""
    arrived = sorted(arrived)
    stretch = max(10, round(2 * LATE_SECONDS / delay))
    assert len(arrived) > stretch
    assert min(last - first for first, last in zip(arrived, arrived[stretch:], strict=False)) >= stretch * delay - LATE_SECONDS
