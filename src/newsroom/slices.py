"""A long window in slices, and how long it still takes. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from typing import Literal

from newsroom.model import Window

SliceBy = Literal["year", "month", "whole"]


def cut(window: Window, by: SliceBy, *, today: date) -> list[Window]:
    """The window in slices that begin where calendar years (or months) begin, the newest first.

    Newest first, because what is asked for most is there soonest, because it joins on to what the nightly has, and because the slice
    that meets the end of the listing tells that all older ones are empty. Days to come are not cut up: they belong to the slice of today.

    >>> [name(each) for each in cut(Window(date(2018, 6, 1), date(2030, 1, 1)), "year", today=date(2020, 5, 5))]
    ['2020-01-01..2030-01-01', '2019', '2018-06-01..2019-01-01']
    >>> [name(each) for each in cut(Window(date(2018, 12, 1), date(2019, 2, 15)), "month", today=date(2020, 5, 5))]
    ['2019-02-01..2019-02-15', '2019-01', '2018-12']
    """
    if by == "whole":
        return [window]
    months = range(1, 13) if by == "month" else (1,)
    years = range(window.since.year, min(window.until, today).year + 1)
    starts = [day for year in years for month in months if window.since < (day := date(year, month, 1)) < window.until and day <= today]
    edges = [window.since, *starts, window.until]
    return [Window(since, until) for since, until in itertools.pairwise(edges)][::-1]


def name(window: Window) -> str:
    """In the fewest words: `2019`, `2019-03`, `2019-03-05..2019-04-01`.

    >>> name(Window(date(2018, 12, 1), date(2019, 1, 1)))
    '2018-12'
    """
    since, until = window.since, window.until
    if since.day == until.day == 1:
        if since.month == 1 and until == date(since.year + 1, 1, 1):
            return f"{since.year}"
        if 12 * until.year + until.month - 12 * since.year - since.month == 1:
            return f"{since:%Y-%m}"
    return f"{since}..{until}"


def in_words(seconds: float) -> str:
    """A time one can remember.

    >>> [in_words(seconds) for seconds in (0.2, 50, 125, 7_300, 200_000)]
    ['1 s', '50 s', '2 min', '2 h 2 min', '2 days 7 h']
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{days} days" + (f" {hours} h" if hours else "")


class Outlook:
    """How much of a number of slices is done and how long the rest takes, told by the pace so far.

    What remains of the slice at work is told by the pace of its articles, the slices after it by the mean of those before: older years
    hold fewer articles in most newsrooms, so it errs on the long side.

    >>> now = 0.0
    >>> outlook = Outlook(3, monotonic=lambda: now)
    >>> outlook.moved("discover", 1, None); outlook.seconds_left() is None
    True
    >>> outlook.moved("fetch", 0, 100); now = 50.0
    >>> outlook.moved("fetch", 25, 100); outlook.seconds_left(), round(outlook.share_done, 2)
    (550.0, 0.08)
    >>> now = 200.0; outlook.ended(); outlook.seconds_left()
    400.0
    """

    def __init__(self, slices: int, *, monotonic: Callable[[], float]) -> None:
        self.slices, self.done = slices, 0
        self._monotonic = monotonic
        self._spent: list[float] = []
        self._began_at: float | None = None
        self._discovered_at = 0.0
        self._fetched_share = 0.0

    def moved(self, stage: str, done: int, total: int | None) -> None:
        """The slice at work made a step; the first one is its beginning (before that it may have waited for its turn)."""
        now = self._monotonic()
        self._began_at = now if self._began_at is None else self._began_at
        if stage == "fetch" and total:
            self._fetched_share = done / total
        elif stage == "discover":
            self._discovered_at = now

    def ended(self, *, is_skipped: bool = False) -> None:
        """A slice is over. One that was skipped says nothing of the pace."""
        if self._began_at is not None and not is_skipped:
            self._spent.append(self._monotonic() - self._began_at)
        self.done += 1
        self._began_at, self._fetched_share = None, 0.0

    @property
    def share_done(self) -> float:
        """From 0 to 1."""
        return min(1.0, (self.done + self._fetched_share) / self.slices)

    def seconds_left(self) -> float | None:
        """As far as one can tell; None if one cannot."""
        spent = 0.0 if self._began_at is None else self._monotonic() - self._began_at
        mean = sum(self._spent) / len(self._spent) if self._spent else None
        at_work = None if mean is None else max(0.0, mean - spent)
        if self._began_at is not None and self._fetched_share:
            at_work = (self._monotonic() - self._discovered_at) * (1 - self._fetched_share) / self._fetched_share
            mean = spent + at_work if mean is None else mean
        if at_work is None or mean is None:
            return None
        later = self.slices - self.done - (self._began_at is not None)
        return later * mean + (at_work if self._began_at is not None else 0.0)
