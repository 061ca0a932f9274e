"""The command line: `newsroom COMMAND`. Reads arguments, calls the flows or the pipeline, shows what came of it.

Imports are made inside the commands: Prefect takes seconds and DuckDB a third of one, and `newsroom --help` needs neither.
"""
# ruff: noqa: ARG001 -- every command takes --config, --data and --debug, whether it needs them or not

from __future__ import annotations

import json
import math
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import typer

from newsroom import __version__, console
from newsroom.errors import ConfigError, Damaged, NewsroomError
from newsroom.interrupts import Stopped, interruptible, stoppable
from newsroom.model import CheckResult, Recheck, RunKind, RunResult

if TYPE_CHECKING:
    from newsroom.pipeline import Options, Plan
    from newsroom.status import Status
    from newsroom.warehouse import Table

T = TypeVar("T")
_used_prefect: ContextVar[bool] = ContextVar("used_prefect", default=False)
EXIT_CODES = {"ok": 0, "blocked": 1, "incomplete": 3, "failed": 3}

app = typer.Typer(
    name="newsroom",
    help="Keep a complete, versioned copy of public newsrooms in a DuckDB file.",
    epilog="Exit: 0 ok, 1 blocked by checks, 2 usage or configuration error, 3 incomplete or failed (what was obtained is kept).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
quarantine = typer.Typer(help="See and replay what was set aside (alone: list).")
app.add_typer(quarantine, name="quarantine")


# --- what options mean


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
Direct = Annotated[bool, typer.Option("--direct", help="Without Prefect: plainly in this process, and in processes of its own.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON, and nothing else, on standard output.")]
Format = Annotated[console.Format | None, typer.Option("--format", help="Form of the output.")]
Sources = Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="Names of sources; default: all enabled.", show_default=False)]
OneSource = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of a source.")]

CONFIG = Path("config")
DATA = Path("data")
WAIT = 600.0


def _options(
    config: Path, data: Path, base_url: str | None = None, delay: float | None = None, recheck: Recheck = "due", wait: float = 0
) -> Options:
    from newsroom.pipeline import Options

    return Options(config, data, base_url, delay, recheck, wait)


# --- runs


@app.command(epilog="Example: newsroom run osce")
def run(
    sources: Sources = None,
    base_url: BaseUrl = None,
    delay: Delay = None,
    recheck: RecheckOption = "due",
    wait: Wait = WAIT,
    direct: Direct = False,
    as_json: Json = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The nightly: new, changed and due items, to published."""
    options = _options(config, data, base_url, delay, recheck, wait)
    _run_flow("nightly", options, sources=sources or (), as_json=as_json, direct=direct, debug=debug)


@app.command(epilog="Example: newsroom backfill osce --since 2001-01-01 --until 2002-01-01")
def backfill(
    source: OneSource,
    since: Annotated[date, typer.Option("--since", metavar="DATE", parser=_day, help="First day of the window.")],
    until: Annotated[date, typer.Option("--until", metavar="DATE", parser=_day, help="Day after the last day of the window.")],
    again: Annotated[bool, typer.Option("--again", help="Do the slices again that are complete.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would ask for; ask for nothing and write nothing.")] = False,
    base_url: BaseUrl = None,
    delay: Delay = None,
    recheck: RecheckOption = "due",
    wait: Wait = WAIT,
    direct: Direct = False,
    as_json: Json = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The items published in the window; resumable and repeatable.

    A long window is done in slices, the newest first; between two of them a nightly that waits has its turn. Slices that are complete
    are left out when the same is typed again.
    """
    options = _options(config, data, base_url, delay, recheck, wait)
    if dry_run:
        _foresee(options, source, since, until, again=again, as_json=as_json)
    else:
        _run_flow("backfill", options, sources=[source], since=since, until=until, again=again, as_json=as_json, direct=direct, debug=debug)


@app.command(epilog="Example: newsroom sweep osce")
def sweep(
    source: OneSource,
    base_url: BaseUrl = None,
    delay: Delay = None,
    recheck: RecheckOption = "due",
    wait: Wait = WAIT,
    direct: Direct = False,
    as_json: Json = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The whole listing, end to end.

    Finds what any overlap missed, and confirms removals.
    """
    options = _options(config, data, base_url, delay, recheck, wait)
    _run_flow("sweep", options, sources=[source], as_json=as_json, direct=direct, debug=debug)


@app.command(epilog="Example: newsroom reparse osce")
def reparse(
    sources: Sources = None,
    wait: Wait = WAIT,
    direct: Direct = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Archived pages through today's parser, no network at all."""
    _run_flow("reparse", _options(config, data, wait=wait), sources=sources or (), direct=direct, debug=debug)


@app.command(epilog="Example: newsroom check missing_date drift_fields")
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Checks to ask; default: all. An unknown name lists them.", show_default=False),
    ] = None,
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Judge the data as they stand, and show the rows found; publish nothing."""
    _run_here("check", _options(config, data, wait=wait), checks=names or ())


@app.command(epilog="Example: newsroom publish")
def publish(wait: Wait = WAIT, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """Publish the data as they stand, if the checks allow it."""
    _run_here("publish", _options(config, data, wait=wait))


@app.command(epilog="Example: newsroom rollback 20261122-023000-nightly")
def rollback(
    run_id: Annotated[str | None, typer.Argument(metavar="RUN_ID", help="A snapshot; default: the one before.", show_default=False)] = None,
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Show consumers an earlier snapshot again."""
    from newsroom import pipeline

    shown = pipeline.rollback(_options(config, data, wait=wait), run_id, say=console.error)
    console.say(f"consumers see {shown} again, until the next run is published")


def _run_flow(
    kind: RunKind,
    options: Options,
    *,
    sources: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    ids: Sequence[str] = (),
    again: bool = False,
    as_json: bool = False,
    direct: bool = False,
    debug: bool,
) -> None:
    """Prepare and run a flow; show the plan while Prefect starts."""
    from newsroom import pipeline

    plan = pipeline.prepare(kind, options, sources=sources, since=since, until=until, ids=ids, again=again)
    try:
        result = _directly(plan) if direct else _under_prefect(options.data_dir, debug, lambda execute: execute(plan))
    except NewsroomError as error:
        if as_json and error.exit_code == 3:
            _say_as_json(None, "failed", {})
        raise
    _end(result, as_json=as_json)


def _foresee(options: Options, source: str, since: date, until: date, *, again: bool, as_json: bool) -> None:
    """What a backfill would do, as a table and in words."""
    from newsroom import backfill, pipeline, slices

    plan = pipeline.prepare("backfill", options, sources=[source], since=since, until=until, again=again)
    (definition,) = plan.sources
    delay = definition.politeness.delay_seconds if options.delay is None else options.delay
    parts = backfill.foresee(plan)
    to_do = [each for each in parts if not each.is_done]
    unknown = [each for each in to_do if each.pages is None]
    known = sum(each.seconds(delay) or 0 for each in to_do)
    if not as_json:
        names = ("slice", "state", "listed", "to ask for", "listing pages", "at most", "time")
        rows = []
        for each in parts:
            seconds = each.seconds(delay)
            time = "unknown" if seconds is None else "" if each.is_done else slices.in_words(seconds)
            rows.append(
                (
                    slices.name(each.window),
                    "complete" if each.is_done else "to do",
                    each.listed,
                    each.to_ask,
                    each.pages,
                    each.pages_at_most,
                    time,
                )
            )
        console.write_rows(names, rows)
        known_ones = len(to_do) - len(unknown)
        if known_ones:
            console.say(
                f"{known_ones} of {len(parts)} slices are known from the listing as it was read before: about {slices.in_words(known)} at one "
                f"request in {delay:g} s, if nothing has changed there since"
            )
        if unknown:
            most = backfill.pages_at_most(unknown)
            at_most = f"{most} pages at most" + (f" ({slices.in_words(most * delay)})" if delay else "")
            console.say(
                f"{len(unknown)} of {len(parts)} slices have never been read whole: which articles they hold is known once their part of the "
                f"listing has been read, as a rule twice; as far as is known now, that may be {at_most}"
            )
        console.say("nothing was asked for and nothing written")
        return
    counts = {
        "slices": len(parts), "slices_done": len(parts) - len(to_do), "slices_unknown": len(unknown),
        "listed": sum(each.listed for each in parts), "to_ask": sum(each.to_ask for each in to_do), "seconds": round(known),
    }  # fmt: skip
    _say_as_json(None, "ok", {source: counts})


def _directly(plan: Plan) -> RunResult:
    from newsroom import direct

    with interruptible(), console.screen(sys.stderr) as screen:
        _show_plan(plan, screen)
        return direct.execute(plan, watch=screen)


def _under_prefect(data_dir: Path, debug: bool, work: Callable[[Callable[[Plan], RunResult]], T]) -> T:
    """Do work that executes plans, with a Prefect server to report to and a display to look at."""
    from flows.server import prefect_api

    with interruptible(), prefect_api(data_dir / "prefect", os.environ, debug=debug) as api, console.screen(sys.stderr) as screen:

        def execute(plan: Plan) -> RunResult:
            _show_plan(plan, screen)
            screen.wait_for("starting Prefect" if api.is_own else "importing Prefect")
            _used_prefect.set(True)
            from flows import runs

            api.wait()
            screen.wait_for(None)
            return runs.execute(plan, watch=screen, own_server=api.is_own)

        return work(execute)


def _show_plan(plan: Plan, screen: console.Screen) -> None:
    """What is about to happen. Raises `Busy` before anything has begun if it must not be, and not wait either."""
    from newsroom import backfill, lock, pipeline

    lock.refuse_more(plan.options.data_dir, work=plan.work(), wait_seconds=plan.options.wait_seconds)
    status = pipeline.status(plan.options)
    names = ", ".join(source.name for source in plan.sources)
    window = f", published {plan.window.since} to {plan.window.until} (exclusive)" if plan.window else ""
    at = f" at {plan.options.base_url}" if plan.options.base_url else ""
    parts = len(backfill.cut(plan)) if plan.kind == "backfill" else 1
    by = f", in {parts} slices by {plan.settings.backfill.slices}, the newest first" if parts > 1 else ""
    screen.say(f"{plan.kind}: {names}{window}{at}{by}")
    last = status.runs[0] if status.runs else None
    before = f"last run {last['run_id']}: {last['outcome'] or 'unfinished'}" if last else "no run before this one"
    screen.say(f"{plan.options.data_dir}: {before}" + (f"; {status.articles} articles published" if status.articles is not None else ""))


def _run_here(kind: RunKind, options: Options, *, checks: Sequence[str] = ()) -> None:
    """A run without network, and too short to start Prefect for."""
    from newsroom import pipeline

    plan = pipeline.prepare(kind, options, checks=checks)
    with interruptible(), console.screen(sys.stderr) as screen:
        result = pipeline.run(plan, engine=pipeline.Inline(), watch=screen)
    rows = [(each.check_name, each.severity, each.verdict, each.failing_rows, each.detail) for each in result.checks]
    console.write_rows(("check", "severity", "verdict", "rows", "detail"), rows)
    for each in result.checks:
        if each.sample and (checks or each.verdict == "fail"):
            _show_found(each)
    _end(result)


def _show_found(result: CheckResult) -> None:
    """The rows that a check found: its sentences where it has some, else its columns."""
    is_all = result.failing_rows <= len(result.sample)
    title = f"{result.check_name}: " + ("the rows found" if is_all else f"the first {len(result.sample)} of {result.failing_rows} rows")
    if all(row.get("finding") for row in result.sample):
        console.say(title)
        for row in result.sample:
            console.say(f"  {row['source']}: {row['finding']}" if row.get("source") else f"  {row['finding']}")
    else:
        columns = list(result.sample[0])
        rows = [[row.get(name) for name in columns] for row in result.sample]
        console.write_rows(columns, rows, title=title)


def _end(result: RunResult, *, as_json: bool = False) -> NoReturn:
    """Show what came of a run, and end with its exit code."""
    if as_json:
        _say_as_json(result.run_id, result.outcome, result.sources)
    else:
        for source, counts in result.sources.items():
            told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
            console.say(f"{source}: {told or 'nothing to do'}")
        console.say(f"{result.run_id}: {result.outcome}, {'published' if result.published else 'not published'}")
    for each in result.checks:
        if each.verdict == "fail" and each.severity == "warn":
            console.error(f"warning: {each.check_name}: {each.detail}")
    if result.outcome != "ok":
        console.error(f"{result.outcome}: {result.detail or result.run_id}")
    raise typer.Exit(EXIT_CODES[result.outcome])


def _say_as_json(run_id: str | None, outcome: str, sources: Mapping[str, Any]) -> None:
    """The one line that `--json` promises."""
    console.say(json.dumps({"run_id": run_id, "outcome": outcome, "sources": sources}))


# --- looking


@app.command(epilog="Example: newsroom status --max-age 26h")
def status(
    max_age: Annotated[
        float | None, typer.Option("--max-age", metavar="HOURS", parser=_hours, help="Exit 1 if the public data are older than this.")
    ] = None,
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

    found = pipeline.status(_options(config, data))
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


@app.command(epilog="Example: newsroom coverage osce")
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


@app.command(
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


@app.command(epilog="Example: newsroom export --format parquet exports/newsroom")
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


@app.command(epilog="Example: newsroom report --open")
def report(
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """One HTML page of the last run, the trends and the checks; made anew, though every night makes it too."""
    import webbrowser

    from newsroom import pipeline

    page = pipeline.report(_options(config, data)).resolve()
    console.say(str(page))
    if show and not webbrowser.open(page.as_uri()):
        console.error(f"no browser could be started here; open {page.as_uri()}")


@app.command(epilog="Example: newsroom sources --check")
def sources(
    check: Annotated[bool, typer.Option("--check", help="Validate every definition against its recorded pages.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The sources and whether their definitions hold."""
    from newsroom import pipeline

    verdicts = pipeline.check_sources(_options(config, data), recorded=check)
    names = ("source", "title", "enabled", *(("verdict",) if check else ()))
    rows = [(each.name, each.title, each.enabled, *(("ok" if each.ok else "wrong",) if check else ())) for each in verdicts]
    console.write_rows(names, rows)
    for each in verdicts:
        for problem in each.problems:
            console.error(f"{each.name}: {problem}")
    if not all(each.ok for each in verdicts):
        raise typer.Exit(ConfigError.exit_code)


# --- quarantine


def _set_aside(data: Path) -> Table:
    from newsroom.warehouse import Warehouse, open_public

    warehouse = data / "warehouse.duckdb"
    if warehouse.exists() and not (data / "public" / "newsroom.duckdb").exists():  # the first run was blocked: nothing is public yet
        with Warehouse.look(warehouse) as private:
            return private.quarantine()
    with open_public(data) as public:
        return public.query("SELECT * FROM quarantine ORDER BY last_at DESC, article_id")


@quarantine.callback(invoke_without_command=True)
def _quarantine(ctx: typer.Context, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    if ctx.invoked_subcommand is None:
        quarantine_list(None, config, data, debug)


@quarantine.command("list", epilog="Example: newsroom quarantine list --format csv")
def quarantine_list(form: Format = None, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """What is set aside, the latest first."""
    table = _set_aside(data)
    console.write_rows(table.columns, table.rows, form=form)


@quarantine.command("show", epilog="Example: newsroom quarantine show osce:49210")
def quarantine_show(
    name: Annotated[str, typer.Argument(metavar="ID", help="A quarantine id or an article id, as `quarantine list` shows them.")],
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Everything known about one item: reason, evidence, attempts."""
    found = [row for row in _set_aside(data).dicts() if name in (row["quarantine_id"], row["article_id"])]
    if not found:
        raise ConfigError(f"quarantine: {name} is not set aside; `newsroom quarantine list` shows what is")
    for row in found:
        console.write_rows(("field", "value"), list(row.items()))


@quarantine.command("retry", epilog="Example: newsroom quarantine retry osce:49210")
def quarantine_retry(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Quarantine ids or article ids; default: all.", show_default=False)
    ] = None,
    base_url: BaseUrl = None,
    delay: Delay = None,
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Try again what was set aside: unreadable pages from the archive, what could not be had from the site."""
    known = {name for row in _set_aside(data).dicts() for name in (row["quarantine_id"], row["article_id"])}
    if unknown := [name for name in ids or () if name not in known]:
        raise ConfigError(f"quarantine: {', '.join(unknown)}: not set aside; `newsroom quarantine list` shows what is")
    _run_flow("retry", _options(config, data, base_url, delay, wait=wait), ids=ids or (), debug=debug)


# --- keeping house


archive_commands = typer.Typer(help="What the archive takes, whether it is whole, and what may go (alone: size).")
app.add_typer(archive_commands, name="archive")


@archive_commands.callback(invoke_without_command=True)
def _archive(ctx: typer.Context, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    if ctx.invoked_subcommand is None:
        archive_size(None, config, data, debug)


@archive_commands.command("size", epilog="Example: newsroom archive size --format csv")
def archive_size(form: Format = None, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """Files and bytes by source, and how much of it is still needed."""
    from newsroom import pipeline

    files = pipeline.archive_files(_options(config, data))
    names = ("source", "files", "bytes", "needed_files", "needed_bytes", "first", "last")
    rows: list[Sequence[Any]] = []
    for source in sorted({each.source for each in files}):
        mine = [each for each in files if each.source == source]
        kept = [each for each in mine if each.is_needed]
        sizes = (len(mine), sum(each.bytes for each in mine), len(kept), sum(each.bytes for each in kept))
        rows.append((source, *sizes, min(each.name for each in mine), max(each.name for each in mine)))
    console.write_rows(names, rows, form=form)


@archive_commands.command("verify", epilog="Example: newsroom archive verify")
def archive_verify(config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """Read every byte and compare it with its digest; exit 3 if something is damaged or missing. May run beside a run."""
    from newsroom import pipeline

    count = 0
    for source, files, problems in pipeline.verify_archive(_options(config, data)):
        console.say(f"{source}: {files} files, {'all whole' if not problems else f'{len(problems)} damaged or missing'}")
        for problem in problems:
            console.error(problem)
        count += len(problems)
    if count:
        raise typer.Exit(Damaged.exit_code)


DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@archive_commands.command("prune", epilog="Example: newsroom archive prune --days 730 --dry-run")
def archive_prune(
    days: Annotated[int | None, typer.Option("--days", min=1, help="Older than this; default: retention.archive_days.")] = None,
    dry_run: DryRun = False,
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Remove old files none of whose responses is needed any more; never a part of a file."""
    from newsroom import pipeline
    from newsroom.housekeeping import megabytes

    gone = pipeline.prune_archive(_options(config, data, wait=wait), days=days, dry_run=dry_run, say=console.error)
    for each in gone:
        console.say(f"{each.where}: {megabytes(each.bytes)}")
    console.say(f"{len(gone)} files, {megabytes(sum(each.bytes for each in gone))} {'would be removed' if dry_run else 'removed'}")


@app.command(epilog="Example: newsroom housekeeping --dry-run")
def housekeeping(dry_run: DryRun = False, wait: Wait = WAIT, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """What is due by the policy of [retention]: archive, warehouse, Prefect's own database. For once a week."""
    from newsroom import pipeline
    from newsroom.housekeeping import megabytes

    freed = 0
    for done in pipeline.keep_house(_options(config, data, wait=wait), dry_run=dry_run, say=console.error):
        console.say(f"{done.what}: {done.line}")
        freed += done.freed_bytes
    console.say(f"{megabytes(freed)} {'would be freed' if dry_run else 'freed'}")


@app.command(epilog="Example: newsroom backup /mnt/backup/newsroom")
def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A folder only for this; an earlier backup there is replaced.")],
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """A consistent copy of warehouse, archive, public files and configuration."""
    from newsroom import pipeline
    from newsroom.housekeeping import megabytes

    done = pipeline.back_up(_options(config, data, wait=wait), target, say=console.error)
    console.say(f"{target}: {done.files} files, {megabytes(done.bytes)}, as of {done.run_id}; {done.linked} of them linked, not copied")
    for note in done.notes:
        console.say(note)
    if target.resolve().stat().st_dev == data.resolve().stat().st_dev:
        console.say("on the same disk as the data: it helps against mistakes, not against a broken disk")


@app.command(epilog="Example: newsroom restore /mnt/backup/newsroom")
def restore(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A folder that `newsroom backup` has written.")],
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Put a backup back into an empty data directory; the configuration too, where there is none."""
    from newsroom import pipeline
    from newsroom.housekeeping import megabytes

    done = pipeline.restore(_options(config, data), source)
    for note in done.notes:
        console.error(note)
    console.say(f"{data}: {done.files} files, {megabytes(done.bytes)}, as of {done.run_id}; the next run goes on from there")


# --- the schedule


@app.command(epilog="Example: newsroom serve")
def serve(base_url: BaseUrl = None, delay: Delay = None, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """The schedule on this machine, until stopped: nightly, weekly sweep, and Prefect's UI.

    Starts a Prefect server of its own, unless PREFECT_API_URL names one. When and where: schedules.toml.
    """
    from flows.server import Standing, prefect_api
    from newsroom import config as configuration
    from newsroom import pipeline

    options = _options(config, data, base_url, delay)
    plan = pipeline.prepare("nightly", options)
    schedules = configuration.load_schedules(config)
    standing = Standing(schedules.server.host, schedules.server.port, data)
    with prefect_api(data / "prefect", os.environ, debug=debug, standing=standing) as api:
        from flows import schedule, serving

        _used_prefect.set(True)
        api.wait()
        console.say(f"Prefect's UI: {api.ui_url}")
        for line in serving.told(schedules):
            console.say(line)
        offered = schedule.deployments(schedules, plan)
        serving.serve(offered, schedule.not_offered(schedules), data_dir=data, api=api, say=console.say)


@app.command(epilog="Example: newsroom deploy --work-pool newsroom")
def deploy(
    work_pool: Annotated[
        str,
        typer.Option("--work-pool", metavar="NAME", parser=_work_pool, help="A work pool of the server that PREFECT_API_URL names."),
    ],
    variables: Annotated[
        list[str] | None,
        typer.Option("--job-variable", metavar="NAME=VALUE", help="A setting of the pool's jobs, such as image=newsroom. Repeatable."),
    ] = None,
    base_url: BaseUrl = None,
    delay: Delay = None,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The same deployments on a work pool of an existing Prefect server; its workers run them.

    CONFIG and DATA are taken as absolute paths: the workers need the package, and these directories, under the same names.
    """
    from flows.server import prefect_api
    from newsroom import config as configuration
    from newsroom import pipeline

    plan = pipeline.prepare("nightly", _options(config, data, base_url, delay))
    schedules = configuration.load_schedules(config)
    given = _job_variables(variables or ())
    if not os.environ.get("PREFECT_API_URL"):
        raise ConfigError(
            "deploy: PREFECT_API_URL names no Prefect server; set it, as in PREFECT_API_URL=http://127.0.0.1:4200/api "
            "(`prefect server start` starts one; to need none, use `newsroom serve`)"
        )
    with prefect_api(data / "prefect", os.environ, debug=debug):
        from flows import schedule, serving

        _used_prefect.set(True)
        offered = schedule.deployments(schedules, plan, work_pool=work_pool, job_variables=serving.with_heartbeats(given))
        serving.deploy(offered, schedule.not_offered(schedules), work_pool=work_pool)
        for line in serving.told(schedules):
            console.say(line)
    console.say(f"deployed; a worker runs them: prefect worker start --pool {work_pool}")


def _job_variables(given: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE`, the value as JSON where it is some, else as it stands."""
    found: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{each!r} is not NAME=VALUE; write it like image=newsroom", param_hint="--job-variable")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    if not isinstance(found.get("env") or {}, dict):
        raise typer.BadParameter(f"env={found['env']} is no JSON object", param_hint="--job-variable")
    return found


# --- demo


@app.command(epilog="Example: newsroom demo")
def demo(ctx: typer.Context, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """Two real nights against the bundled sample newsroom.

    It is served on loopback; between the nights its editors are at work. Data go to DATA/demo, unless --data is given.
    """
    from newsroom import demo as demonstration
    from newsroom.pipeline import bundled_config

    def is_given(name: str) -> bool:
        where = ctx.get_parameter_source(name)
        return where is not None and where.name == "COMMANDLINE"

    place = data if is_given("data") else data / "demo"
    settings = config if is_given("config") else bundled_config()
    results = _under_prefect(place, debug, lambda execute: demonstration.two_nights(settings, place, execute=execute, say=console.say))
    for line in demonstration.what_next(place):
        console.say(line)
    raise typer.Exit(max(EXIT_CODES[result.outcome] for result in results))


# --- the program


@app.callback(invoke_without_command=True)
def _program(ctx: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        console.say(f"newsroom {__version__}")
        raise typer.Exit


def main() -> None:
    """Entry point of the console script."""
    debug = "--debug" in sys.argv
    try:
        with stoppable():
            code = app(prog_name="newsroom", standalone_mode=False) or 0
    except typer.TyperException as error:  # usage
        _report_usage(error)
        code = 2
    except NewsroomError as error:
        code = error.exit_code
        _report(str(error), debug=debug)
    except Stopped as stopped:
        _report(f"stopped by {stopped}; what was obtained is kept, and the next run goes on", debug=debug)
        code = stopped.exit_code
    except (KeyboardInterrupt, typer.Abort):
        console.error("stopped")
        code = 130
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # noqa: BLE001 -- a mistake of ours: still one readable line
        code = 3
        _report(
            f"internal error: {type(error).__name__}: {error}".splitlines()[0] + " (run again with --debug, and report it)", debug=debug
        )
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process; after a flow at once.

    Nothing is left to do then, but threads may still listen to a slow site, and taking down Prefect and DuckDB in the order that
    Python chooses takes long and prints the latter's complaints about the former.
    """
    if not _used_prefect.get():
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _report_usage(error: typer.TyperException) -> None:
    """What is wrong with the arguments, and where to read what is right; the help itself where nothing was asked for."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "newsroom"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if "\n" in message:
        sys.stderr.write(message + "\n")
    else:
        console.error(f"{message.rstrip('.')}; see `{command} --help`")


def _report(message: str, *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    console.error(message)
