"""Commands that show what is there: `status`, `coverage`, `sql`, `export`, `report`, `sources`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from newsroom import console
from newsroom.cli.options import CONFIG, DATA, Config, Data, Debug, Format, MaxAge, as_options
from newsroom.errors import ConfigError, Damaged

if TYPE_CHECKING:
    from newsroom.status import Status

commands = typer.Typer()


@commands.command(epilog="Example: newsroom status --max-age 26h")
def status(
    max_age: MaxAge = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as one line of JSON, and nothing else, on standard output.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """A verdict in one sentence, then freshness by source and the last runs.

    The public data are as old as the source whose listing was read whole longest ago; sources that are disabled or no longer defined
    are not waited for.
    """
    from newsroom import pipeline
    from newsroom import status as standing

    found = pipeline.status(as_options(config, data))
    word, sentence = standing.verdict(found, max_age)
    if as_json:
        console.say(json.dumps(standing.as_json(found, data, max_age), default=lambda value: value.isoformat()))
    else:
        console.say(f"{word}: {sentence}")
        _show_status(found)
    if found.is_damaged:
        raise Damaged(str(found.problem))
    if max_age is not None and (found.age_hours is None or found.age_hours > max_age):
        what = "nothing has been published yet" if found.articles is None else f"the public data are older than {max_age:g} hours"
        console.error(f"{data}: {what}; `newsroom run` makes them fresh, docs/runbook.md helps")
        raise typer.Exit(1)
    if found.problem:
        raise ConfigError(found.problem)


def _show_status(found: Status) -> None:
    """The tables below the verdict."""
    from newsroom.status import age

    if found.running:
        console.say(f"running now: {found.running}")
    if found.published_run_id:
        console.say(f"published: {found.published_run_id}, {found.articles} articles")
    rows: list[Sequence[Any]] = [
        (each.source, f"{each.whole_at:%Y-%m-%d %H:%M}" if each.whole_at else "never", age(each.age_hours) if each.age_hours is not None else "",
         each.note or "")
        for each in found.sources
    ]  # fmt: skip
    if rows:
        console.write_rows(("source", "read whole (UTC)", "age", "note"), rows)
    rows = [
        (
            run["run_id"],
            run["outcome"] or ("running" if found.running else "died"),
            f"{(run['finished_at'] - run['started_at']).total_seconds() / 60:.1f}" if run["finished_at"] else "",
            run["new_articles"],
            run["new_versions"],
            run["detail"],
        )
        for run in found.runs
    ]
    if rows:
        console.write_rows(("run", "outcome", "minutes", "new", "changed", "detail"), rows)
    if found.failing_checks:
        rows = [(each["check_name"], each["severity"], each["failing_rows"], each["detail"]) for each in found.failing_checks]
        console.write_rows(("failing check", "severity", "rows", "detail"), rows)
    if found.quarantine:
        rows = [(each["source"], each["stage"], each["reason"], each["count"]) for each in found.quarantine]
        console.write_rows(("quarantined of", "at", "reason", "pages"), rows)


@commands.command(epilog="Example: newsroom coverage osce")
def coverage(
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="Name of a source; default: all.", show_default=False)] = None,
    form: Format = None,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """What was listed and what became of it, by month and type."""
    from newsroom.warehouse import open_public

    with open_public(data) as public:
        known = [row[0] for row in public.query("SELECT DISTINCT source FROM coverage ORDER BY 1").rows]
        if source is not None and source not in known:
            raise ConfigError(f"coverage: nothing is known of a source {source!r}; there are: {', '.join(known) or 'none yet'}")
        table = public.query(
            """SELECT source, strftime(month, '%Y-%m') AS month, content_type, listed, published, duplicate, quarantined, pending, gone
            FROM coverage WHERE source = coalesce(?, source) ORDER BY source, month NULLS LAST, content_type NULLS LAST""",
            [source],
        )
    rows: list[Sequence[Any]] = list(table.rows)
    if form in (None, "table"):
        rows.append(("total", None, None, *(sum(row[place] for row in table.rows) for place in range(3, 9))))
    console.write_rows(table.columns, rows, form=form)


@commands.command(
    epilog="""Example: newsroom sql "SELECT published_on, title FROM articles ORDER BY 1 DESC LIMIT 10" --format csv""",
)
def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One or more SQL statements; the answer of the last is shown.")],
    form: Format = None,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Ask the public database, read-only. A table on a terminal, CSV elsewhere, unless --format says otherwise."""
    from newsroom.warehouse import open_public

    with open_public(data) as public:
        table = public.query(query)
    console.write_rows(table.columns, table.rows, form=form or ("table" if sys.stdout.isatty() else "csv"))


@commands.command(epilog="Example: newsroom export --format parquet exports/newsroom")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write; an earlier export there is replaced.")],
    form: Annotated[Literal["parquet", "csv", "jsonl"], typer.Option("--format", help="Form of the files.")] = "parquet",
    since: Annotated[
        str | None, typer.Option("--since", metavar="RUN", help="Only what has changed in articles since this run (or time).")
    ] = None,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The public data as files: every table, or the feed of changes since a run."""
    from newsroom.export import export as write

    done = write(data, folder, form=form, since=since)
    console.say(f"{done.detail}: " + ", ".join(f"{rows} {table}" for table, rows in done.counts.items()))


@commands.command(epilog="Example: newsroom report --open")
def report(
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """One HTML page of the last run, the trends and the checks; made anew, though every night makes it too."""
    import webbrowser

    from newsroom import pipeline

    page = pipeline.report(as_options(config, data)).resolve()
    console.say(str(page))
    if show and not webbrowser.open(page.as_uri()):
        console.error(f"no browser could be started here; open {page.as_uri()}")


@commands.command(epilog="Example: newsroom sources --check")
def sources(
    check: Annotated[bool, typer.Option("--check", help="Validate every definition against its recorded pages.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The sources and whether their definitions hold."""
    from newsroom import pipeline

    verdicts = pipeline.check_sources(as_options(config, data), recorded=check)
    names = ("source", "title", "enabled", *(("verdict",) if check else ()))
    rows = [(each.name, each.title, each.enabled, *(("ok" if each.ok else "wrong",) if check else ())) for each in verdicts]
    console.write_rows(names, rows)
    for each in verdicts:
        for problem in each.problems:
            console.error(f"{each.name}: {problem}")
    if not all(each.ok for each in verdicts):
        raise typer.Exit(ConfigError.exit_code)
