"""The flows: nightly, backfill, sweep, reparse, retry. Each prepares a plan from plain parameters and runs it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from datetime import UTC, date, datetime
from logging import WARNING, Logger, LoggerAdapter, LogRecord, getLogger
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger, tags
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext, TagsContext
from prefect.events import emit_event
from prefect.events.worker import EventsWorker
from prefect.exceptions import CancelledRun, FailedRun
from prefect.futures import PrefectFuture
from prefect.logging.handlers import APILogWorker
from prefect.runtime import deployment
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner

from flows import artifacts
from flows.engine import ROOM, PrefectEngine, Workers
from flows.unattended import unattended
from newsroom import backfill as backfilling
from newsroom import config as configuration
from newsroom import pipeline
from newsroom.dispatch import WAITING_ROOM, Screen
from newsroom.errors import Busy, NewsroomError
from newsroom.model import Recheck, RunKind, RunResult
from newsroom.threads import in_thread
from newsroom.warehouse import open_public

CONFIG = Path("config")
DATA = Path("data")
WAIT_SECONDS = 6 * 3600.0
"""How long a run on a schedule waits for another one: a sweep may hold a night up, but not swallow it."""
Log = Logger | LoggerAdapter[Any]
RECORD_SECONDS = 20
"""How long to wait until the server has been told everything."""

_onlooker: ContextVar[Screen | None] = ContextVar("onlooker", default=None)
_heartbeat_seconds: ContextVar[int | None] = ContextVar("heartbeat_seconds", default=None)
"""Between two heartbeats that we send ourselves; None: Prefect does, or nobody."""


def _run_name() -> str:
    """`nightly osce 2026-11-22`, `backfill osce 2001-01-01..2002-01-01`: what one looks for in Prefect's UI."""
    context = FlowRunContext.get()
    assert context is not None and context.flow is not None
    given: dict[str, Any] = context.parameters or {}
    source: str = given.get("source") or ",".join(given.get("sources") or ()) or "all"
    when = f"{given['since']}..{given['until']}" if "since" in given else datetime.now(UTC).date().isoformat()
    return f"{context.flow.name} {source} {when}"


_workers = cast("TaskRunner[PrefectFuture[Any]]", Workers(max_workers=ROOM + WAITING_ROOM))


@flow(name="nightly", flow_run_name=_run_name, task_runner=_workers, persist_result=False)
def nightly(
    sources: list[str] | None = None,
    config: Path = CONFIG,
    data: Path = DATA,
    base_url: str | None = None,
    delay: float | None = None,
    recheck: Recheck = "due",
    wait_seconds: float = WAIT_SECONDS,
) -> State[Any]:
    """New, changed and due items of the named (default: all enabled) sources, to published.

    Args:
        sources: Names of sources; empty for all that are enabled.
        config: Directory of the configuration.
        data: Directory of the data.
        base_url: Another address to crawl the source at: a mirror, a test server.
        delay: Seconds between two requests to a host; empty for what the source's definition says.
        recheck: Which stored articles to ask for again: those that are due, all, or none.
        wait_seconds: How long to wait for another run that is at work; 0 for not at all.
    """
    options = pipeline.Options(config, data, base_url, delay, recheck, wait_seconds)
    return _run("nightly", options, sources=tuple(sources or ()))


@flow(name="backfill", flow_run_name=_run_name, task_runner=_workers, persist_result=False)
def backfill(
    source: str,
    since: date,
    until: date,
    config: Path = CONFIG,
    data: Path = DATA,
    base_url: str | None = None,
    delay: float | None = None,
    recheck: Recheck = "due",
    again: bool = False,
    wait_seconds: float = WAIT_SECONDS,
) -> State[Any]:
    """The items published in `[since, until)`; resumable, and without a word to the nightly's watermark.

    A long window is done in slices; those that are complete already are left out unless `again`.

    Args:
        source: Name of the source.
        since: First day of the window.
        until: Day after the last day of the window.
        config: Directory of the configuration.
        data: Directory of the data.
        base_url: Another address to crawl the source at: a mirror, a test server.
        delay: Seconds between two requests to a host; empty for what the source's definition says.
        recheck: Which stored articles to ask for again: those that are due, all, or none.
        again: Whether to do slices again that are complete.
        wait_seconds: How long to wait for another run that is at work; 0 for not at all.
    """
    options = pipeline.Options(config, data, base_url, delay, recheck, wait_seconds)
    return _run("backfill", options, sources=(source,), since=since, until=until, again=again)


@flow(name="sweep", flow_run_name=_run_name, task_runner=_workers, persist_result=False)
def sweep(
    source: str | None = None,
    config: Path = CONFIG,
    data: Path = DATA,
    base_url: str | None = None,
    delay: float | None = None,
    recheck: Recheck = "due",
    wait_seconds: float = WAIT_SECONDS,
) -> State[Any]:
    """The whole listing, end to end: finds what any overlap missed, confirms removals.

    Args:
        source: Name of the source; empty for all that are enabled.
        config: Directory of the configuration.
        data: Directory of the data.
        base_url: Another address to crawl the source at: a mirror, a test server.
        delay: Seconds between two requests to a host; empty for what the source's definition says.
        recheck: Which stored articles to ask for again: those that are due, all, or none.
        wait_seconds: How long to wait for another run that is at work; 0 for not at all.
    """
    options = pipeline.Options(config, data, base_url, delay, recheck, wait_seconds)
    return _run("sweep", options, sources=(source,) if source else ())


@flow(name="reparse", flow_run_name=_run_name, task_runner=_workers, persist_result=False)
def reparse(sources: list[str] | None = None, config: Path = CONFIG, data: Path = DATA, wait_seconds: float = WAIT_SECONDS) -> State[Any]:
    """Archived pages through today's parser, no network at all.

    Args:
        sources: Names of sources; empty for all that are enabled.
        config: Directory of the configuration.
        data: Directory of the data.
        wait_seconds: How long to wait for another run that is at work; 0 for not at all.
    """
    return _run("reparse", pipeline.Options(config, data, wait_seconds=wait_seconds), sources=tuple(sources or ()))


@flow(name="retry", flow_run_name=_run_name, task_runner=_workers, persist_result=False)
def retry(
    ids: list[str] | None = None,
    config: Path = CONFIG,
    data: Path = DATA,
    base_url: str | None = None,
    delay: float | None = None,
    wait_seconds: float = WAIT_SECONDS,
) -> State[Any]:
    """What was set aside in quarantine (default: all of it), once more."""
    return _run("retry", pipeline.Options(config, data, base_url, delay, wait_seconds=wait_seconds), ids=tuple(ids or ()))


def _run(kind: RunKind, options: pipeline.Options, **what: Any) -> State[Any]:
    log = get_run_logger()
    getLogger("prefect.task_runs").setLevel(WARNING)  # "Finished in state Completed()": our own line says of which batch, and how far
    getLogger("prefect.flow_runs").addFilter(_is_news)

    def work(stop: threading.Event) -> State[Any]:
        try:
            plan = pipeline.prepare(kind, options, **what)
            result, run_ids = _years(plan, log, stop) if kind == "backfill" else _night(plan, log, stop)
        except NewsroomError as error:  # the message says what and where: it is the state's, and no traceback could add to it
            log.error(str(error))
            return Failed(name="Busy" if isinstance(error, Busy) else "Failed", message=str(error), data=error)
        walks = _walks(result, options.data_dir, run_ids)
        artifacts.leave(result, walks=walks, report=options.data_dir / "public" / "report.html")
        return final_state(result)

    context = FlowRunContext.get()
    assert context is not None
    if context.flow_run is None or context.flow_run.deployment_id is None:
        with _heartbeats(context.flow_run), TagsContext(current_tags=set()):  # the flow run has them; its task runs shall not (engine.py)
            return work(threading.Event())
    return unattended(context.flow_run, work, data_dir=options.data_dir, jitter_seconds=_jitter_seconds(options.config_dir))


@contextmanager
def _heartbeats(run: FlowRun | None) -> Iterator[None]:
    """The events by which a server knows that the run lives, as Prefect sends them; but its end does not wait for a thread that is asleep.

    Prefect's own sleeps a second at a time, and is waited for (`prefect.flow_engine._send_heartbeats`).
    """
    seconds, over = _heartbeat_seconds.get(), threading.Event()
    if run is None or seconds is None:
        yield
        return
    resource = {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name}
    related = [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in run.tags]

    def beat() -> None:
        while not over.is_set():
            emit_event("prefect.flow-run.heartbeat", resource, related=related)
            over.wait(seconds)

    context = copy_context()  # with the settings that say which server
    with suppress(RuntimeError):  # no more threads are to be had: the run goes on without
        in_thread("heartbeats", lambda: context.run(beat))
    try:
        yield
    finally:
        over.set()


def _night(plan: pipeline.Plan, log: Log, stop: threading.Event) -> tuple[RunResult, list[str]]:
    with engine_for(plan) as engine:
        watch = _Logged(_onlooker.get(), log, artifacts.StageProgress())
        result = pipeline.run(plan, engine=engine, watch=watch, stop=stop)
    return result, [result.run_id]


def _years(plan: pipeline.Plan, log: Log, stop: threading.Event) -> tuple[RunResult, list[str]]:
    run_ids: list[str] = []

    def execute(part: pipeline.Plan, name: str | None, watch: pipeline.Watch) -> RunResult:
        with engine_for(part, name) as engine:
            result = pipeline.run(part, engine=engine, watch=watch, stop=stop)
        run_ids.append(result.run_id)
        return result

    return backfilling.run(plan, execute=execute, watch=_Years(_onlooker.get(), log, artifacts.Progress(plan.work()))), run_ids


@contextmanager
def engine_for(plan: pipeline.Plan, about: str | None = None) -> Iterator[PrefectEngine]:
    """Who does the batches: threads and processes of this machine, or the workers of a Dask cluster."""
    if not plan.settings.workers.dask:
        yield PrefectEngine(about)
        return
    from flows.cluster import cluster

    with cluster(plan.settings.workers.dask, about) as engine:
        yield engine


def _is_news(record: LogRecord) -> bool:
    """Not so: that a run we ended as failed or skipped, for a reason that its state tells, was an "unexpected exception" of fifty lines."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, (NewsroomError, FailedRun, CancelledRun)) and "unexpected exception" in record.msg)


def _jitter_seconds(config_dir: Path) -> int:
    """What `schedules.toml` says of the deployment at work. A mistake in it is not this run's business."""
    try:
        schedules = configuration.load_schedules(config_dir)
    except NewsroomError:
        return 0
    context = FlowRunContext.get()
    name = f"{context.flow.name if context and context.flow else ''}/{deployment.name}"
    return schedules.deployments[name].jitter_seconds if name in schedules.deployments else 0


def _walks(result: RunResult, data_dir: Path, run_ids: list[str]) -> list[dict[str, Any]]:
    """The verdicts of the walks of these runs; they are told only where the run was published."""
    if not result.published:
        return []
    query = "SELECT source, pages, entries, is_complete, reason FROM walks WHERE run_id IN (SELECT unnest(?)) ORDER BY started_at"
    with open_public(data_dir) as public:
        return public.query(query, [run_ids]).dicts()


def final_state(result: RunResult) -> State[Any]:
    """The state that Prefect's UI shows and its automations react to."""
    news = {name: sum(counts.get(name, 0) for counts in result.sources.values()) for name in ("new_articles", "new_versions")}
    message = (
        result.detail or f"{result.run_id}: {result.outcome}; {news['new_articles']} new articles, {news['new_versions']} new versions"
    )
    name = None if result.outcome == "ok" else result.outcome.capitalize()
    make = Completed if result.outcome in ("ok", "incomplete") else Failed
    state: State[Any] = make(name=name, message=message, data=result) if name else make(message=message, data=result)
    return state


@dataclass(frozen=True, slots=True)
class _Logged:
    """A `pipeline.Watch` that also writes what is said into the flow run's log, a line per batch, and keeps the progress artifact."""

    onlooker: Screen | None
    log: Log
    """The flow's: inside a task it would be the task's."""
    artifact: artifacts.StageProgress

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        line = f"{stage} {source or ''}".rstrip() + (f": {done} of {total}" if total is not None else f": page {done}")
        if self.artifact.show(line, done, total):
            self.log.info(line)
        if self.onlooker:
            self.onlooker.progress(stage, source, done, total)

    def say(self, line: str) -> None:
        self.log.info(line)
        if self.onlooker:
            self.onlooker.say(line)


@dataclass(frozen=True, slots=True)
class _Years:
    """The watch of a backfill: its slices in the log, how far it is in a progress artifact."""

    onlooker: Screen | None
    log: Log
    shown: artifacts.Progress

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        if self.onlooker:
            self.onlooker.progress(stage, source, done, total)

    def say(self, line: str) -> None:
        self.shown.slice_ended(line)
        self.log.info(line)
        if self.onlooker:
            self.onlooker.say(line)

    def detail(self, line: str) -> None:
        self.log.info(line)

    def outlook(self, share_done: float, seconds_left: float | None) -> None:
        self.shown.show(share_done, seconds_left)
        if self.onlooker:
            self.onlooker.time_left(seconds_left)


def execute(plan: pipeline.Plan, *, watch: Screen, own_server: bool) -> RunResult:
    """Run the plan's flow in this process, before the eyes of `watch`.

    `own_server`: it ends with us, so it gets no heartbeats (nobody would miss them). Raises what the run raised.
    """
    token = _onlooker.set(watch)
    try:
        with tags("newsroom", plan.kind, *(source.name for source in plan.sources)), _reporting(own_server=own_server):
            state = _flow_of(plan)
    finally:
        _onlooker.reset(token)
    result = state.result(raise_on_failure=False)
    if isinstance(result, RunResult):
        return result
    raise result if isinstance(result, BaseException) else NewsroomError(f"Prefect ended the run as {state.name}: {state.message}")


def _flow_of(plan: pipeline.Plan) -> State[Any]:
    options = plan.options
    where: dict[str, Any] = {"config": options.config_dir, "data": options.data_dir, "wait_seconds": options.wait_seconds}
    names = [source.name for source in plan.sources]
    if plan.kind == "reparse":
        return reparse(sources=names, **where, return_state=True)
    where |= {"base_url": options.base_url, "delay": options.delay}
    if plan.kind == "retry":
        return retry(ids=list(plan.ids), **where, return_state=True)
    where |= {"recheck": options.recheck}
    if plan.kind == "nightly":
        return nightly(sources=names, **where, return_state=True)
    if plan.kind == "sweep":
        return sweep(source=names[0], **where, return_state=True)
    assert plan.kind == "backfill" and plan.window is not None, plan.kind
    return backfill(source=names[0], since=plan.window.since, until=plan.window.until, again=plan.again, **where, return_state=True)


@contextmanager
def _reporting(*, own_server: bool) -> Iterator[None]:
    """Heartbeats of our own or none, for the time of a flow, and afterwards the last word to the server: nothing more is sent at exit."""
    token = _heartbeat_seconds.set(None if own_server else PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value())
    try:
        with temporary_settings(updates={PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield
    finally:
        _heartbeat_seconds.reset(token)
        EventsWorker.drain_all(timeout=RECORD_SECONDS)
        APILogWorker.drain_all(timeout=RECORD_SECONDS)
