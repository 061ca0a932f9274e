"""What people see: a live display on a terminal, plain sparse lines in a log, tables and other formats of rows.

Everything that may come from a page goes through `visible` on its way to a terminal: titles can hold escape codes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TextIO

from newsroom.slices import in_words

if TYPE_CHECKING:
    from rich.progress import Progress

Format = Literal["table", "csv", "json", "jsonl"]
SPARSE_SECONDS = 30
"""Between two lines of progress in a log."""
CELL_CHARACTERS = 500
"""Of a value in a table; other formats give it whole."""

_TRICKS = {*range(0x20), *range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000), 0xFEFF}
_VISIBLE = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _TRICKS}
_VISIBLE_LINES = {code: shown for code, shown in _VISIBLE.items() if code != 0x0A}


def visible(text: str, *, lines: bool = False) -> str:
    r"""Control characters, direction overrides and lone surrogates made visible; line ends too unless `lines`.

    >>> visible("\x1b[2JGone\x07\n")
    '\\x1b[2JGone\\x07\\x0a'
    """
    return text.translate(_VISIBLE_LINES if lines else _VISIBLE)


def say(line: str) -> None:
    """A line on standard output."""
    sys.stdout.write((visible(line) if sys.stdout.isatty() else line) + "\n")
    sys.stdout.flush()


def error(message: str) -> None:
    """One readable line on standard error."""
    sys.stderr.write(f"newsroom: {visible(message)}\n")


def _text(value: object) -> str:
    """A value for people and CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (list, tuple)):
        return "; ".join(_text(each) for each in value)
    return str(value)


def _json(value: object) -> object:
    """A value that JSON has no word for."""
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def write_rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    form: Format | None = None,
    out: TextIO | None = None,
    title: str | None = None,
) -> None:
    """Write rows in the form asked for, else as a table; on standard output, if nowhere else."""
    out = out or sys.stdout
    if form in (None, "table"):
        _write_table(columns, rows, out=out, title=title)
    elif form == "csv":
        import csv

        tame = visible if out.isatty() else str
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([tame(_text(value)) for value in row] for row in rows)
    else:
        whole = [dict(zip(columns, row, strict=True)) for row in rows]
        if form == "json":
            out.write(json.dumps(whole, default=_json, indent=2) + "\n")
        else:
            out.writelines(json.dumps(row, default=_json) + "\n" for row in whole)


def _write_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, out: TextIO, title: str | None) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        numbers = any(isinstance(row[index], (int, float)) and not isinstance(row[index], bool) for row in rows)
        table.add_column(Text(visible(column)), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cut(visible(_text(value).replace("\n", " ")))) for value in row))
    console = Console(file=out, highlight=False, soft_wrap=False, width=None if out.isatty() else 200)
    console.print(table)


def _cut(text: str) -> str:
    return text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…"


def _left(seconds: float | None) -> str:
    return f", about {in_words(seconds)} left" if seconds else ""


class PlainScreen:
    """A `pipeline.Watch` for logs: what is said, and a line of progress now and then."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last = time.monotonic()
        self._left = ""

    def time_left(self, seconds: float | None) -> None:
        """How long the rest takes: told with the next progress."""
        self._left = _left(seconds)

    def say(self, line: str) -> None:
        """A line; the time of day is the logger's business."""
        self._out.write(visible(line) + "\n")
        self._out.flush()

    def wait_for(self, what: str | None) -> None:
        """Nobody watches a log: nothing."""

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        """So much of a stage is done; told at most every `SPARSE_SECONDS`."""
        if time.monotonic() - self._last >= SPARSE_SECONDS:
            self._last = time.monotonic()
            self.say(f"{stage} {source or ''}".rstrip() + f": {done}" + (f" of {total}" if total is not None else "") + self._left)


class LiveScreen:
    """A `pipeline.Watch` for a terminal: the stage at work in the last line, what is said above it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._at_work: str | None = None
        self._left = ""

    def time_left(self, seconds: float | None) -> None:
        """How long the rest takes: shown with the next progress."""
        self._left = _left(seconds)

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._progress.console.print(visible(line), markup=False, highlight=False, soft_wrap=True)

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        """Move the bar of the stage at work."""
        self._show(
            f"{stage} {source or ''}".rstrip(), done, total, count=(f"{done}/{total}" if total is not None else str(done)) + self._left
        )

    def wait_for(self, what: str | None) -> None:
        """Say what is waited for; None: for nothing any more."""
        self._show(what, 0, None, count="")

    def _show(self, what: str | None, done: int, total: int | None, *, count: str) -> None:
        if what != self._at_work:
            for task in self._progress.task_ids:
                self._progress.remove_task(task)
            if what is not None:
                self._progress.add_task(visible(what), total=None, count="")
            self._at_work = what
        for task in self._progress.task_ids:
            self._progress.update(task, completed=done, total=total, count=count)


Screen = PlainScreen | LiveScreen


@contextmanager
def screen(out: TextIO) -> Iterator[Screen]:
    """The display that suits where the output goes."""
    if not out.isatty():
        yield PlainScreen(out)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    description, count = (TextColumn("{task." + field + "}", markup=False) for field in ("description", "fields[count]"))
    columns = (SpinnerColumn(), description, BarColumn(), count, TimeElapsedColumn())
    with Progress(*columns, console=Console(file=out), transient=True, refresh_per_second=5) as progress:
        yield LiveScreen(progress)
