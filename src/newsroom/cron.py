"""Cron lines: what is wrong with one, said without the scheduler that will go by it, whose import alone takes a second.

Let through is what cron knows, with names, ranges around the end (`fri-mon`), `L` for the last day of a month, and `sun#1` or `L5` for its
first Sunday and last Friday. Prefect's scheduler understands all of that (tests/test_schedules.py asks it); nothing else is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAYS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
"""Of the months that never have 31."""
_ITEM = re.compile(r"(?:\*|(?P<low>[0-9a-z]+)(?:-(?P<high>[0-9a-z]+))?)(?:/(?P<step>[1-9][0-9]?))?")
_OF_THE_MONTH = re.compile(rf"(?:[0-7]|{'|'.join(_WEEKDAYS)})#[1-5]|l[0-7]")


def problem(cron: str) -> str | None:
    """What is wrong with a cron line, and what is allowed.

    >>> problem("30 2 * * *"), problem("0 4 1-7 */3 mon"), problem("0 0 30 2 *")
    (None, None, 'never comes: there is no such day')
    """
    fields = cron.lower().split()
    if len(fields) != 5:
        return 'must be five fields: minute, hour, day, month, weekday, as in "30 2 * * *"'
    minute, hour, day, month, weekday = fields
    try:
        _values(minute, range(60))
        _values(hour, range(24))
        days = {28} if day == "l" else _values(day, range(1, 32))  # a last day every month has, the 28th or later
        months = _values(month, range(1, 13), _MONTHS)
        if all(_OF_THE_MONTH.fullmatch(item) for item in weekday.split(",")):
            return None if day == "*" else f"with {weekday}, a weekday of the month, the day must be *"
        _values(weekday, range(8), _WEEKDAYS)
    except ValueError:
        return 'no such time; minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7, as in "30 2 * * *"'
    if min(days) > max(_DAYS.get(each, 31) for each in months):
        return "never comes: there is no such day"
    return None


def _values(field: str, there_are: Sequence[int], names: Sequence[str] = ()) -> set[int]:
    """What a field stands for. Raises `ValueError`."""
    return {value for item in field.split(",") for value in _item(item, there_are, names, alone=item == field)}


def _item(text: str, there_are: Sequence[int], names: Sequence[str], *, alone: bool) -> Sequence[int]:
    """What one of a list stands for: `3`, `fri-mon`, `8-18/2`, `10/15` (from 10 on), `*/15`."""
    found = _ITEM.fullmatch(text)
    if found is None or (text == "*" and not alone):
        raise ValueError(text)
    low, high, step = found["low"], found["high"], found["step"]
    first = _place(low, there_are, names) if low else 0
    if low and not high and not step:
        return [there_are[first]]
    last = _place(high, there_are, names) if high else len(there_are) - 1
    if first == last:  # to Prefect that is from one to the next
        first, last = 0, len(there_are) - 1
    if first < last:
        return there_are[first : last + 1 : int(step or 1)]
    if step:  # Prefect's steps around the end are nobody's
        raise ValueError(text)
    return [*there_are[first:], *there_are[: last + 1]]


def _place(word: str, there_are: Sequence[int], names: Sequence[str]) -> int:
    return names.index(word) if word in names else there_are.index(int(word))
