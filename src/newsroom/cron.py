"""Cron lines: what is wrong with one, said without the scheduler that will go by it, whose import alone takes a second."""

from __future__ import annotations

from datetime import datetime

from cronsim import CronSim, CronSimError

_SOME_TIME = datetime(2000, 1, 1)  # noqa: DTZ001 -- that it comes is asked, not when


def problem(cron: str) -> str | None:
    """What is wrong with a cron line, and what is allowed: what cron knows, `L` for the last day of a month, `sun#1` for its first Sunday.

    What only one of the two libraries reads is refused (tests/test_schedules.py asks Prefect).

    >>> problem("30 2 * * *"), problem("0 4 1-7 */3 mon"), problem("0 0 30 2 *")
    (None, None, 'never comes: there is no such day')
    """
    fields = cron.split()
    if len(fields) != 5:
        return 'must be five fields: minute, hour, day, month, weekday, as in "30 2 * * *"'
    minute, hour, day, month, weekday = fields
    is_known_to_both = "W" not in day.upper() and "L" not in weekday.upper()  # last working days, last Fridays
    if not (is_known_to_both and _comes(minute, hour, day, "*", "*") and _comes("*", "*", "*", month, weekday)):
        return 'no such time; minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7, as in "30 2 * * *"'
    if not _comes(minute, hour, day, month, "*"):  # nor does it to Prefect, whatever the weekday is
        return "never comes: there is no such day"
    if "#" in weekday and day != "*":
        return f"with {weekday}, a weekday of the month, the day must be *"
    return None


def _comes(*fields: str) -> bool:
    try:
        next(CronSim(" ".join(fields), _SOME_TIME))
    except (CronSimError, StopIteration):
        return False
    return True
