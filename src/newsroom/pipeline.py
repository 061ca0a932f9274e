"""The order of the stages: opens the doors once, hands them to the stages, and ends every run with a verdict.

How work is executed is the engine's business (`flows/` has the Prefect one, `Inline` runs plainly), who looks on is the watch's.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from newsroom import __version__, archive, config, extract, lock
from newsroom.alike import Alike
from newsroom.config import Settings, Source
from newsroom.errors import Busy, ConfigError, NewsroomError
from newsroom.http import Client
from newsroom.model import ArchiveRef, CheckResult, Exchange, Fetch, Outcome, Reading, Recheck, RunKind, RunResult, StageReport, Window
from newsroom.report import write_report
from newsroom.stages import check as checking
from newsroom.stages import dedupe, discover, fetch, parse, publish
from newsroom.stages import model as modelling
from newsroom.urls import Addresses
from newsroom.walk import Page
from newsroom.warehouse import Warehouse, open_public

T = TypeVar("T")
B = TypeVar("B", bound="Batch")
R = TypeVar("R")

CRAWLS: tuple[RunKind, ...] = ("nightly", "backfill", "sweep")


class Batch(Protocol):
    """A portion of work that can be named."""

    def describe(self) -> str:
        """Its name in a log or the Prefect UI."""
        ...


class Engine(Protocol):
    """How work is executed."""

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Do it here, in this thread: it may use the warehouse."""
        ...

    def batches(self, name: str, work: Callable[[B], R], batches: Iterable[B]) -> Iterator[R]:
        """Do each, perhaps elsewhere, several at once, in any order: it must not touch the warehouse."""
        ...


class Watch(Protocol):
    """Who looks on."""

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        """So much of a stage is done; `total` is None while unknown."""
        ...

    def say(self, line: str) -> None:
        """A plain line."""
        ...


class Inline:
    """The engine that runs everything plainly, here and now."""

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Do it."""
        return work()

    def batches(self, name: str, work: Callable[[B], R], batches: Iterable[B]) -> Iterator[R]:
        """Do one after the other."""
        return map(work, batches)


class Silent:
    """Nobody looks on."""

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    config_dir: Path
    data_dir: Path
    base_url: str | None = None
    delay: float | None = None
    recheck: Recheck = "due"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that has been checked for mistakes; nothing has been done yet."""

    kind: RunKind
    options: Options
    settings: Settings
    sources: tuple[Source, ...]
    bounds: dict[str, config.CheckBounds]
    window: Window | None = None
    ids: tuple[str, ...] = ()
    overrides: dict[str, dict[str, config.CheckBounds]] = field(default_factory=dict)
    """Bounds of checks by source, where they differ."""
    checks: tuple[str, ...] = ()
    """Only these are asked (of a run of kind check); empty for all."""

    def parameters(self) -> dict[str, Any]:
        """What a run is recorded with."""
        window = {"since": self.window.since.isoformat(), "until": self.window.until.isoformat()} if self.window else {}
        options = {"base_url": self.options.base_url, "delay": self.options.delay, "recheck": self.options.recheck}
        return {key: value for key, value in {**options, **window, "ids": list(self.ids)}.items() if value}


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def bundled_config() -> Path:
    """The configuration that ships with the package."""
    shipped = Path(str(files("newsroom").joinpath("_config")))
    return shipped if shipped.is_dir() else Path(__file__).resolve().parents[2] / "config"


def prepare(
    kind: RunKind,
    options: Options,
    *,
    sources: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    ids: Sequence[str] = (),
    checks: Sequence[str] = (),
) -> Plan:
    """Check everything that can be checked before anything is done. Raises `ConfigError`."""
    settings = config.load_settings(options.config_dir)
    chosen = config.load_sources(options.config_dir, tuple(sources), problems=extract.problems)
    chosen = tuple(source for source in chosen if source.enabled or source.name in sources)
    if not chosen:
        raise ConfigError(f"{options.config_dir / 'sources'}: no source is enabled; set `enabled = true` in one, or name one")
    window = None
    if kind == "backfill":
        if since is None or until is None:
            raise ConfigError("backfill: needs --since and --until (dates such as 2021-01-01)")
        if since >= until:
            raise ConfigError(f"backfill: --since {since} must be before --until {until} (the window is [since, until))")
        window = Window(since, until)
    _check_options(kind, options, settings, chosen)
    _check_data_dir(options.data_dir)
    bounds = config.load_checks(options.config_dir)
    overrides = config.load_check_overrides(options.config_dir)
    return Plan(kind, options, settings, chosen, bounds, window, tuple(ids), overrides, _named_checks(kind, checks))


def _named_checks(kind: RunKind, checks: Sequence[str]) -> tuple[str, ...]:
    if checks and kind != "check":
        raise ConfigError(f"{kind}: cannot be limited to some checks; only `newsroom check NAME…` can")
    return config.known_checks(checks)


def _check_options(kind: RunKind, options: Options, settings: Settings, sources: tuple[Source, ...]) -> None:
    if options.delay is not None and options.delay < 0:
        raise ConfigError(f"--delay {options.delay}: must be 0 or more seconds")
    is_loopback = False
    if options.base_url is not None:
        parts = urlsplit(options.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ConfigError(f"--base-url {options.base_url}: must be like http://127.0.0.1:8000 (http or https, a host, no query)")
        if len(sources) > 1:
            raise ConfigError(
                f"--base-url stands for one source, but {len(sources)} would run ({', '.join(s.name for s in sources)}); name one"
            )
        is_loopback = is_loopback_host(parts.hostname)
    if options.delay == 0 and not is_loopback:
        raise ConfigError("--delay 0 is honoured only together with a loopback --base-url; give at least 0.1")
    if kind in CRAWLS and not is_loopback and settings.contact_is_placeholder:
        raise ConfigError(
            f"{options.config_dir / 'newsroom.toml'}: contact: set it to your e-mail or page before asking real sites "
            f"(it goes into the User-Agent; it is still {settings.contact!r})"
        )


def is_loopback_host(host: str) -> bool:
    """Whether a host of an address is this machine.

    >>> [is_loopback_host(h) for h in ("localhost", "127.0.0.1", "::1", "www.osce.org", "10.0.0.1")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _check_data_dir(data_dir: Path) -> None:
    if data_dir.exists() and not data_dir.is_dir():
        raise ConfigError(f"{data_dir}: is a file; --data must be a directory")
    place = next(each for each in (data_dir, *data_dir.resolve().parents) if each.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        raise ConfigError(f"{data_dir}: cannot be written; choose another --data or mend its permissions")


@dataclass(slots=True)
class _Run:
    plan: Plan
    run_id: str
    started_at: datetime
    warehouse: Warehouse
    engine: Engine
    watch: Watch
    clock: Callable[[], datetime]
    stop: threading.Event
    counts: dict[str, Counter[str]]
    troubles: list[str] = field(default_factory=list)

    def count(self, report: StageReport) -> None:
        if report.source is not None:
            self.counts[report.source].update(report.counts)


def run(
    plan: Plan, *, engine: Engine, watch: Watch, clock: Callable[[], datetime] = utc_now, stop: threading.Event | None = None
) -> RunResult:
    """A whole run: take the lock, heal what a dead run left, then the stages, the checks and the public file.

    Setting `stop` lets batches under way end early. Raises `NewsroomError` only where the run could not begin or its end could
    not be written; everything else is told by the outcome. Whatever was obtained before an error is kept, and the next run goes on.
    """
    data = plan.options.data_dir
    clock = steady(clock)
    started_at = clock()
    run_id = f"{started_at:%Y%m%d-%H%M%S}-{plan.kind}"
    with _readable_disk(data):
        for folder in (data, data / "archive", data / "public"):
            folder.mkdir(parents=True, exist_ok=True)
    with _readable_disk(data), lock.hold(data, run_id=run_id, now=started_at):
        settings = plan.settings.warehouse
        with Warehouse.open(data / "warehouse.duckdb", memory_limit=settings.memory_limit, threads=settings.threads) as warehouse:
            run_id = _begin(warehouse, plan, run_id, started_at)
            this = _Run(
                plan,
                run_id,
                started_at,
                warehouse,
                engine,
                watch,
                clock,
                stop or threading.Event(),
                {s.name: Counter() for s in plan.sources},
            )
            _heal(this)
            try:
                return _finish(this, _stages(this))
            except BaseException as error:
                _died(this, error)
                raise


def steady(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """The same clock, except that it never runs backwards: it stands still until the other one has caught up."""
    guard = threading.Lock()
    latest = datetime.min.replace(tzinfo=UTC)

    def now() -> datetime:
        nonlocal latest
        with guard:
            latest = max(latest, clock())
            return latest

    return now


@contextmanager
def _readable_disk(data: Path) -> Iterator[None]:
    """What the file system refuses, in one line."""
    try:
        yield
    except OSError as error:
        where, why = error.filename or data, error.strerror or str(error)
        raise NewsroomError(f"{where}: {why}; make room or mend its rights, then run again: what was obtained is kept") from error


def _begin(warehouse: Warehouse, plan: Plan, run_id: str, started_at: datetime) -> str:
    taken = {row[0] for row in warehouse.ask("SELECT run_id FROM ops.runs WHERE starts_with(run_id, $run_id)", run_id=run_id).rows}
    # a warehouse restored from a backup, or a clock put back: files are never written anew under the name of an old one
    files = (*plan.options.data_dir.glob(f"archive/*/{run_id}*"), *plan.options.data_dir.glob(f"public/snapshots/{run_id}*"))
    taken |= {path.name.split(".")[0] for path in files}
    if taken:
        run_id = next(name for n in range(2, len(taken) + 3) if (name := f"{run_id}-{n}") not in taken)
    with warehouse.transaction():
        warehouse.run(
            """UPDATE ops.runs SET outcome = 'failed', detail = 'died before its end; this run goes on from where it stopped',
                finished_at = greatest(started_at, $now)
            WHERE outcome IS NULL""",
            now=started_at,
        )
        row = {
            "run_id": run_id,
            "kind": plan.kind,
            "sources": [source.name for source in plan.sources],
            "parameters": json.dumps(plan.parameters()),
            "started_at": started_at,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "newsroom_version": __version__,
        }
        warehouse.append("ops.runs", [row])
        for source in plan.sources:
            warehouse.run("DELETE FROM ops.source_settings WHERE source = $source", source=source.name)
        warehouse.append(
            "ops.source_settings",
            [
                {
                    "source": source.name,
                    "title": source.title,
                    "give_up_after_nights": source.recheck.give_up_after_nights,
                    "near_similarity": source.duplicates.near_similarity,
                    "language": source.language,
                    "labels": list(source.labels),
                }
                for source in plan.sources
            ],
        )
    return run_id


def _heal(this: _Run) -> None:
    """Put right what a killed run left behind. We hold the lock, so nobody is writing."""
    data = this.plan.options.data_dir
    if this.warehouse.healed:
        this.watch.say(f"warehouse: {this.warehouse.healed}")
    publish.sweep_unfinished(data / "public")
    for folder in sorted(path for path in (data / "archive").iterdir() if path.is_dir()):
        for healed in archive.heal(folder):
            this.watch.say(f"archive: {healed}")


def _stages(this: _Run) -> tuple[CheckResult, ...]:
    kind = this.plan.kind
    for source in this.plan.sources:
        if kind == "retry":
            unfetched, unread = _set_aside(this, source)
            if unfetched:
                _crawl(this, source, ids=unfetched)
            _read(this, source, force=unread)
        elif kind in CRAWLS:
            _crawl(this, source)
        if kind in (*CRAWLS, "reparse"):
            _read(this, source)
    if kind not in ("check", "publish"):
        threshold = min(source.duplicates.near_similarity for source in this.plan.sources)
        report = this.engine.step("dedupe", lambda: dedupe.dedupe(this.warehouse, near_similarity=threshold))
        if report.counts["signed"]:
            this.watch.say(f"dedupe: {report.counts['signed']} texts compared, {report.counts['similar_pairs']} pairs similar")
    report = this.engine.step("model", lambda: modelling.model(this.warehouse))
    _count_news(this)
    return this.engine.step(
        "check",
        lambda: checking.check(
            this.warehouse, this.plan.bounds, overrides=this.plan.overrides, names=this.plan.checks, run_id=this.run_id, now=this.clock()
        ),
    )


def _set_aside(this: _Run, source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Article ids in quarantine that are to be asked for again, and those to be read again from the archive."""
    rows = this.warehouse.rows("queue/set_aside", source=source.name, ids=list(this.plan.ids), refusals=list(extract.REFUSALS))
    unfetched = tuple(row["article_id"] for row in rows if row["stage"] == "fetch")
    return unfetched, tuple(row["article_id"] for row in rows if row["stage"] == "parse")


def _crawl(this: _Run, source: Source, *, ids: tuple[str, ...] = ()) -> None:
    options = this.plan.options
    addresses = Addresses(source, base_url=options.base_url)
    delay = source.politeness.delay_seconds if options.delay is None else options.delay
    with ExitStack() as doors:
        writer = doors.enter_context(
            archive.ArchiveWriter(
                options.data_dir / "archive" / source.name,
                name=this.run_id,
                info={
                    "user-agent": this.plan.settings.user_agent_text,
                    "robots": "classic",
                    "base-url": options.base_url or source.site.base_url,
                },
                clock=this.clock,
            )
        )
        confirmed: dict[str, tuple[str, datetime]] = {}
        """Address -> the stored response (address, time) that a 304 would confirm."""

        def keep(exchange: Exchange) -> ArchiveRef:
            return writer.write(exchange, refers_to=confirmed.get(exchange.url) if exchange.status == 304 else None)

        client = doors.enter_context(
            Client(
                source,
                canonical=addresses.canonical,
                request_url=addresses.request_url,
                record=keep,
                user_agent=this.plan.settings.user_agent_text,
                base_url=options.base_url,
                delay=options.delay,
                clock=this.clock,
                stop=this.stop,
            )
        )
        unseen_walk = None
        if this.plan.kind in CRAWLS:
            found = _discover(this, source, client, addresses)
            writer.flush(sync=True)
            if this.plan.kind == "sweep" and found.is_complete and found.is_whole:
                unseen_walk = found.walk_id
        jobs = fetch.pending(
            source,
            warehouse=this.warehouse,
            now=this.clock(),
            started_at=this.started_at,
            recheck=options.recheck,
            window=this.plan.window,
            ids=ids,
            unseen_walk=unseen_walk if options.recheck != "none" else None,
        )
        confirmed.update((job.url, (job.url, job.payload_at)) for job in jobs if job.payload_at)
        batch_settings = this.plan.settings.batch
        cuts = fetch.batches(source, jobs, delay=delay, articles=batch_settings.articles, seconds=batch_settings.seconds)
        done = 0
        totals: Counter[str] = Counter()
        alike = Alike(stop_at=source.suspicion.stop_at, of_last=source.suspicion.of_last)

        def work(batch: fetch.FetchBatch) -> list[Fetch]:
            return fetch.fetch_batch(
                batch, source=source, addresses=addresses, client=client, alike=alike, clock=this.clock, stop=this.stop
            )

        for fetches in this.engine.batches(f"fetch {source.name}", work, cuts):
            writer.flush(sync=True)  # first the bytes, then the fact that points to them
            report = fetch.record(fetches, source=source, run_id=this.run_id, warehouse=this.warehouse, alike=alike, now=this.clock())
            this.count(report)
            totals.update(report.counts)
            done += len(fetches)
            this.watch.progress("fetch", source.name, done, len(jobs))
        this.counts[source.name]["requests"] += client.requests
        if jobs:
            this.watch.say(f"fetch {source.name}: " + ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in totals.items() if n))
        if totals["failed"]:
            this.troubles.append(f"{source.name}: {totals['failed']} of {len(jobs)} articles could not be had; they stay pending")
        if alike.verdict:
            this.troubles.append(f"{source.name}: stopped asking for articles, they stay pending: {alike.verdict.reason}")
        elif done < len(jobs):
            this.troubles.append(f"{source.name}: stopped with {len(jobs) - done} articles still to be asked for")


def _discover(this: _Run, source: Source, client: Client, addresses: Addresses) -> discover.Discovery:
    pages = 0

    def on_page(page: Page) -> None:
        nonlocal pages
        pages += 1
        this.watch.progress("discover", source.name, pages, None)

    found = this.engine.step(
        f"discover {source.name}",
        lambda: discover.discover(
            source,
            kind=this.plan.kind,
            run_id=this.run_id,
            window=this.plan.window,
            warehouse=this.warehouse,
            client=client,
            addresses=addresses,
            clock=this.clock,
            on_page=on_page,
        ),
    )
    this.count(found.report)
    counts = found.report.counts
    verdict = "complete" if found.is_complete else "INCOMPLETE"
    this.watch.say(f"discover {source.name}: {counts['entries']} entries on {counts['pages']} pages; {verdict}: {found.reason}")
    if not found.is_complete:
        this.troubles.append(f"{source.name}: listing not read whole: {found.reason}")
    return found


def _read(this: _Run, source: Source, *, force: tuple[str, ...] = ()) -> None:
    """Read what today's parser has not read; and the articles of `force` whoever read them."""
    jobs = parse.pending(source, warehouse=this.warehouse, run_id=this.run_id, force=force)
    addresses = Addresses(source, base_url=this.plan.options.base_url)
    archive_dir = this.plan.options.data_dir / "archive"
    done = 0
    totals: Counter[str] = Counter()

    def work(batch: parse.ReadBatch) -> list[Reading]:
        return parse.parse_batch(batch, source=source, addresses=addresses, archive_dir=archive_dir)

    for readings in this.engine.batches(f"parse {source.name}", work, parse.batches(source, jobs, pages=this.plan.settings.batch.articles)):
        report = parse.record(readings, source=source, run_id=this.run_id, warehouse=this.warehouse, clock=this.clock)
        this.count(report)
        totals.update(report.counts)
        done += len(readings)
        this.watch.progress("parse", source.name, done, len(jobs))
    if jobs:
        unread = f", {totals['unread']} could not be read (see `newsroom quarantine list`)" if totals["unread"] else ""
        this.watch.say(f"parse {source.name}: {totals['read']} pages read{unread}")


def _count_news(this: _Run) -> None:
    rows = this.warehouse.ask(
        """SELECT c.source, count(*) FILTER (v.version = 1), count(*) FILTER (v.version > 1)
        FROM mart.article_versions AS v JOIN mart.current AS c USING (article_id) WHERE v.run_id = $run_id GROUP BY c.source""",
        run_id=this.run_id,
    ).rows
    for source, new_articles, new_versions in rows:
        if source in this.counts:
            this.counts[source].update({"new_articles": new_articles, "new_versions": new_versions})


def _finish(this: _Run, checks: tuple[CheckResult, ...]) -> RunResult:
    blocked = checking.blocking(checks)
    articles: int = this.warehouse.ask("SELECT count(*) FROM mart.articles").rows[0][0]
    outcome: Outcome = "blocked" if blocked else "incomplete" if this.troubles else "ok"
    details = [f"{check.check_name}: {check.detail}" for check in blocked] + this.troubles
    nothing_yet = articles == 0 and outcome == "incomplete"  # a first night that reached nothing: there is nothing to show
    wanted = this.plan.kind != "check" and not blocked and not nothing_yet
    _end(this, outcome, details)
    if wanted:
        this.warehouse.rebuild(("mart/95_runs",))
        report = this.engine.step(
            "publish",
            lambda: publish.publish(
                this.warehouse,
                this.plan.options.data_dir / "public",
                run_id=this.run_id,
                now=this.clock(),
                keep_snapshots=this.plan.settings.publish.keep_snapshots,
            ),
        )
        this.watch.say(f"publish: {report.counts['articles']} articles in {report.detail}")
    if wanted or blocked:
        _report(this)
    counts = {name: dict(counter) for name, counter in this.counts.items()}
    return RunResult(this.run_id, this.plan.kind, outcome, counts, "; ".join(details) or None, checks, published=wanted)


def _report(this: _Run) -> None:
    """Draw the report. The night is over by then: whatever keeps it from being drawn is told, and spoils nothing."""

    def work() -> Path | str:
        try:
            return write_report(this.plan.options.data_dir, this.warehouse, now=this.clock(), run_id=this.run_id)
        except Exception as error:  # noqa: BLE001 -- a page about the data must never cost the data
            return f"{type(error).__name__}: {error}".splitlines()[0]

    drawn = this.engine.step("report", work)
    if isinstance(drawn, Path):
        this.watch.say(f"report: {drawn}")
    else:
        this.watch.say(f"report: could not be drawn, the data are not touched by that; try `newsroom report` ({drawn})")


def _end(this: _Run, outcome: Outcome, details: list[str]) -> None:
    rows = [
        {"run_id": this.run_id, "source": source, "name": name, "value": value}
        for source, counter in this.counts.items()
        for name, value in counter.items()
    ]
    with this.warehouse.transaction():
        this.warehouse.run("DELETE FROM ops.counts WHERE run_id = $run_id", run_id=this.run_id)
        this.warehouse.append("ops.counts", rows)
        this.warehouse.run(
            "UPDATE ops.runs SET outcome = $outcome, detail = $detail, finished_at = $now WHERE run_id = $run_id",
            outcome=outcome,
            detail="; ".join(details) or None,
            now=this.clock(),
            run_id=this.run_id,
        )


def _died(this: _Run, error: BaseException) -> None:
    """Write down, if that is still possible, that the run failed; the error itself goes on to the caller."""
    reason = str(error) if isinstance(error, NewsroomError) else f"{type(error).__name__}: {error}"
    if not isinstance(error, Exception):  # Ctrl-C, a cancellation
        reason = "told to stop before its end; the next run goes on from where it stopped"
    with _forgiving():
        _end(this, "failed", [reason])


@contextmanager
def _forgiving() -> Iterator[None]:
    try:
        yield
    except Exception:  # noqa: BLE001 -- the disk is full or the database unusable: the first error is the one to show
        return


def report(options: Options, *, clock: Callable[[], datetime] = utc_now) -> Path:
    """Draw the report about the last run anew; returns its path. Raises `Busy` while a run holds the warehouse."""
    data = options.data_dir
    if not (data / "warehouse.duckdb").is_file():
        raise ConfigError(f"{data}: there has been no run yet; start one with `newsroom run --data {data}`")
    if running := lock.holder(data):
        raise Busy(f"{data}: {running} is at work, and draws the report at its end; try again then")
    with Warehouse.look(data / "warehouse.duckdb") as warehouse:
        return write_report(data, warehouse, now=clock())


def rollback(options: Options, run_id: str | None) -> str:
    """Show consumers an earlier snapshot again; returns its run id. The next published run replaces it."""
    data = options.data_dir
    if not (data / "public").is_dir():
        raise ConfigError(f"{data / 'public'}: nothing has been published yet")
    with _readable_disk(data), lock.hold(data, run_id="rollback", now=utc_now()):
        return publish.rollback(data / "public", run_id)


@dataclass(frozen=True, slots=True)
class Status:
    """What a monitor wants to know."""

    runs: list[dict[str, Any]]
    """The last runs, newest first; those after the last publish are known only while no run holds the warehouse."""
    published_run_id: str | None
    fresh_at: datetime | None
    """When the listing behind the public data was last read whole; of several sources, the one longest ago."""
    age_hours: float | None
    """Hours since then: a night that reached nothing makes nothing fresher, although it is published."""
    running: str | None
    articles: int | None


def status(options: Options, *, clock: Callable[[], datetime] = utc_now, runs: int = 5) -> Status:
    """Last runs, freshness of the public data, and what is running now. Reads only."""
    data = options.data_dir
    query = f"SELECT run_id, kind, started_at, finished_at, outcome, detail, new_articles, new_versions FROM runs ORDER BY started_at DESC LIMIT {runs}"
    running = lock.holder(data) if data.is_dir() else None
    last_runs: list[dict[str, Any]] = []
    published_run_id = fresh_at = age_hours = articles = None
    if (data / "public" / "newsroom.duckdb").is_file():
        with open_public(data) as public:
            last_runs = public.query(query).dicts()
            articles = public.query("SELECT count(*) FROM articles").rows[0][0]
            published_run_id = publish.shown(data / "public") or (last_runs[0]["run_id"] if last_runs else None)
            fresh_at = public.query(
                """SELECT min(finished_at) FROM (SELECT source, max(finished_at) AS finished_at FROM walks WHERE is_complete GROUP BY source)"""
            ).rows[0][0]
        age_hours = (clock() - fresh_at).total_seconds() / 3600 if fresh_at else None
    if running is None and (data / "warehouse.duckdb").is_file():
        with _forgiving(), Warehouse.look(data / "warehouse.duckdb") as warehouse:
            last_runs = warehouse.ask(
                f"""SELECT r.run_id, kind, started_at, finished_at, outcome, detail,
                    sum(value) FILTER (name = 'new_articles') AS new_articles, sum(value) FILTER (name = 'new_versions') AS new_versions
                FROM ops.runs AS r LEFT JOIN ops.counts USING (run_id) GROUP BY ALL ORDER BY started_at DESC, r.run_id DESC LIMIT {runs}"""
            ).dicts()
    return Status(last_runs, published_run_id, fresh_at, age_hours, running, articles)


@dataclass(frozen=True, slots=True)
class SourceVerdict:
    """A source definition, judged."""

    name: str
    title: str
    enabled: bool
    problems: list[str]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems


def check_sources(options: Options, *, recorded: bool = False) -> list[SourceVerdict]:
    """The sources; with `recorded`, each is read against its recorded pages (`tests/pages/<source>/` beside the configuration)."""
    verdicts = []
    for source in config.load_sources(options.config_dir, (), problems=extract.problems):
        pages = options.config_dir.resolve().parent / "tests" / "pages" / source.name
        problems: list[str] = []
        if recorded and not pages.is_dir():
            problems = [f"{pages}: no recorded pages to check against"]
        elif recorded:
            problems = extract.check_recorded(source, pages)
        verdicts.append(SourceVerdict(source.name, source.title, source.enabled, problems))
    return verdicts


__all__ = [
    "Batch",
    "Engine",
    "Inline",
    "Options",
    "Plan",
    "Silent",
    "SourceVerdict",
    "Status",
    "Watch",
    "bundled_config",
    "check_sources",
    "prepare",
    "report",
    "rollback",
    "run",
    "status",
]
