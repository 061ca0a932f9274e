"""What options and arguments mean, for all commands that have them."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsroom import console
from newsroom.model import Recheck

if TYPE_CHECKING:
    from newsroom.pipeline import Options


def _day(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise typer.BadParameter(f"{text!r} is not a date; write it like 2021-03-31")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date: {error}") from None


def _hours(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?h?", text)
    if not found:
        raise typer.BadParameter(f"{text!r} is not a number of hours; write it like 26 or 26h")
    return float(found[1])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise typer.BadParameter(f"{text!r} is not a number of seconds; write it like 0.5")
    return seconds


def _work_pool(text: str) -> str:
    if not text.strip() or set(text) & set("/%&<>"):
        raise typer.BadParameter(f"{text!r} is no name of a work pool; write it like newsroom, without any of / % & < >")
    return text


Config = Annotated[Path, typer.Option("--config", metavar="DIR", envvar="NEWSROOM_CONFIG", help="Configuration directory.")]
Data = Annotated[Path, typer.Option("--data", metavar="DIR", envvar="NEWSROOM_DATA", help="Data directory.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks and what Prefect says.")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", metavar="URL", help="Crawl the source at another address (a mirror, a test).")]
Delay = Annotated[
    float | None,
    typer.Option("--delay", metavar="SECONDS", parser=_seconds, help="Politeness for this run; 0 only with a loopback --base-url."),
]
RecheckOption = Annotated[Recheck, typer.Option("--recheck", help="Which stored articles to ask for again.")]
Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", parser=_seconds, help="How long to wait for a run that is at work; 0: not at all."),
]
Since = Annotated[date, typer.Option("--since", metavar="DATE", parser=_day, help="First day of the window.")]
Until = Annotated[date, typer.Option("--until", metavar="DATE", parser=_day, help="Day after the last day of the window.")]
MaxAge = Annotated[
    float | None, typer.Option("--max-age", metavar="HOURS", parser=_hours, help="Exit 1 if the public data are older than this.")
]
WorkPool = Annotated[
    str,
    typer.Option("--work-pool", metavar="NAME", parser=_work_pool, help="A work pool of the server that PREFECT_API_URL names."),
]
Direct = Annotated[bool, typer.Option("--direct", help="Without Prefect: plainly in this process, and in processes of its own.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON, and nothing else, on standard output.")]
Format = Annotated[console.Format | None, typer.Option("--format", help="Form of the output.")]
Sources = Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="Names of sources; default: all enabled.", show_default=False)]
OneSource = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of a source.")]

CONFIG = Path("config")
DATA = Path("data")
WAIT = 600.0


def as_options(
    config: Path, data: Path, base_url: str | None = None, delay: float | None = None, recheck: Recheck = "due", wait: float = 0
) -> Options:
    """What was asked for, as the pipeline takes it."""
    from newsroom.pipeline import Options

    return Options(config, data, base_url, delay, recheck, wait)
