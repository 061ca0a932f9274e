"""Errors, named by what the caller can do about them.

Every message is one line: what happened, where, and what to do. `cli/` prints it and
chooses the exit code from `exit_code`; nothing below the CLI prints or exits.
"""

from __future__ import annotations

from typing import Any


class NewsroomError(Exception):
    """Base of all errors that Newsroom raises on purpose. They cross processes, whatever they are made from."""

    exit_code = 3

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (type(self), self.args), self.__dict__


def _made_again(kind: type[NewsroomError], args: tuple[Any, ...]) -> NewsroomError:
    """An error as it was, without its `__init__`, whose arguments nobody has kept."""
    error = kind.__new__(kind)
    error.args = args
    return error


class ConfigError(NewsroomError):
    """Mend the file (or the option): refused before any request was made."""

    exit_code = 2


class Busy(NewsroomError):
    """Another command holds the data directory: wait for it, or stop it."""


class Damaged(NewsroomError):
    """Something on disk is not what it should be; the message says how to restore it."""


class ChecksFailed(NewsroomError):
    """Do not publish: a blocking check returned rows."""

    exit_code = 1


class Transient(NewsroomError):
    """Try again later: the network, the server or the name service failed.

    `status` is the last HTTP status seen, if any; `retry_after_seconds` what the server asked for.
    """

    def __init__(self, message: str, *, status: int | None = None, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class RobotsDisallowed(NewsroomError):
    """Skip the address and say so: robots.txt does not let us ask for it."""


class Rejected(NewsroomError):
    """Quarantine this one record: it was obtained but cannot or must not be used.

    `reason` is a short code (`field-missing`, `too-large`, `outside-source`, `not-html`, …), the message the detail.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class FieldMissing(Rejected):
    """A required field was found by none of its candidates.

    >>> str(FieldMissing("title", tried=("ld:headline", "css:h1")))
    'title: nothing found; tried ld:headline, css:h1'
    """

    def __init__(self, field: str, *, tried: tuple[str, ...]) -> None:
        super().__init__("field-missing", f"{field}: nothing found; tried {', '.join(tried) or 'nothing'}")
        self.field = field
        self.tried = tried
