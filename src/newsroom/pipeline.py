"""The order of the stages: opens the doors once, hands them to the stages, and ends every run with a verdict.

How work is executed is the engine's business (`flows/` has the Prefect one, `Inline` runs plainly), who looks on is the watch's.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from newsroom import __version__, archive, backup, config, dispatch, extract, housekeeping, ledger, lock, notify, slices, store
from newsroom import status as standing
from newsroom.config import Settings, Source
from newsroom.crawl import CRAWLS, FEW, Crawl, Errand
from newsroom.dispatch import Desk, Engine, Inline, Silent, Watch
from newsroom.errors import Busy, ConfigError, Damaged, NewsroomError, Transient
from newsroom.model import CheckResult, Outcome, Reading, Recheck, RunKind, RunResult, Slice, SliceState, StageReport, Window
from newsroom.processes import Processes
from newsroom.stages import check as checking
from newsroom.stages import dedupe, parse, publish
from newsroom.stages import model as modelling
from newsroom.stages.fetch import Way, utc_now
from newsroom.status import Status
from newsroom.store import Store
from newsroom.warehouse import Warehouse, sql_text


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    config_dir: Path
    data_dir: Path
    base_url: str | None = None
    delay: float | None = None
    recheck: Recheck = "due"
    wait_seconds: float = 0
    """How long to wait for another run to end; 0: not at all."""


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
    slice: Slice | None = None
    """Set where the window is one of several of a backfill."""
    again: bool = False
    """Of a backfill in slices: do those again that are complete."""

    def work(self) -> str:
        """What it will do, in words that are equal for runs that do the same: `nightly osce`, `backfill osce 2001`."""
        names = [self.kind, ",".join(sorted(source.name for source in self.sources))]
        if self.window:
            names.append(slices.name(self.window) + (f" of {slices.name(self.slice.of)}" if self.slice else ""))
        names += [", ".join((*self.ids, *self.checks))] if self.ids or self.checks else []
        names += [f"--recheck {self.options.recheck}"] if self.options.recheck != "due" else []
        names += [f"at {self.options.base_url}"] if self.options.base_url else []
        return " ".join(names)

    def parameters(self) -> dict[str, Any]:
        """What a run is recorded with."""
        window = {"since": self.window.since.isoformat(), "until": self.window.until.isoformat()} if self.window else {}
        options = {"base_url": self.options.base_url, "delay": self.options.delay, "recheck": self.options.recheck}
        of = {"slice_of": slices.name(self.slice.of)} if self.slice else {}
        return {key: value for key, value in {**options, **window, **of, "ids": list(self.ids)}.items() if value}


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
    again: bool = False,
    is_asking: bool = True,
) -> Plan:
    """Check everything that can be checked before anything is done. Raises `ConfigError`.

    Not `is_asking`: no site and no store will be asked for anything, it is only to be told what would be.
    """
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
    _check_options(options, chosen)
    if is_asking and kind in CRAWLS:
        _check_contact(options, settings)
    _check_data_dir(options.data_dir)
    _check_store(options.data_dir, settings, asks=is_asking and (kind in CRAWLS or kind in ("reparse", "retry")))
    bounds = config.load_checks(options.config_dir)
    overrides = config.load_check_overrides(options.config_dir)
    named = _named_checks(kind, checks)
    if kind not in CRAWLS and not (options.data_dir / "warehouse.duckdb").exists():
        raise ConfigError(f"{options.data_dir}: nothing has been obtained yet; run `newsroom run --data {options.data_dir}` first")
    return Plan(kind, options, settings, chosen, bounds, window, tuple(ids), overrides, named, again=again)


def _named_checks(kind: RunKind, checks: Sequence[str]) -> tuple[str, ...]:
    if checks and kind != "check":
        raise ConfigError(f"{kind}: cannot be limited to some checks; only `newsroom check NAME…` can")
    return config.known_checks(checks)


def _check_options(options: Options, sources: tuple[Source, ...]) -> None:
    if options.delay is not None and options.delay < 0:
        raise ConfigError(f"--delay {options.delay}: must be 0 or more seconds")
    if options.base_url is not None:
        parts = urlsplit(options.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ConfigError(f"--base-url {options.base_url}: must be like http://127.0.0.1:8000 (http or https, a host, no query)")
        if len(sources) > 1:
            raise ConfigError(
                f"--base-url stands for one source, but {len(sources)} would run ({', '.join(s.name for s in sources)}); name one"
            )
    if options.delay == 0 and not _is_loopback(options):
        raise ConfigError("--delay 0 is honoured only together with a loopback --base-url; give at least 0.1")


def _check_contact(options: Options, settings: Settings) -> None:
    if settings.contact_is_placeholder and not _is_loopback(options):
        raise ConfigError(
            f"{options.config_dir / 'newsroom.toml'}: contact: set it to your e-mail or page before asking real sites "
            f"(it goes into the User-Agent; it is still {settings.contact!r})"
        )


def _is_loopback(options: Options) -> bool:
    return options.base_url is not None and is_loopback_host(urlsplit(options.base_url).hostname or "")


def is_loopback_host(host: str) -> bool:
    """Whether a host of an address is this machine.

    >>> [is_loopback_host(h) for h in ("localhost", "127.0.0.1", "::1", "www.osce.org", "10.0.0.1")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


MOVED = "archive/moved-to"
"""In the data directory: the URL of the store that archive files have gone to."""


def _check_store(data: Path, settings: Settings, *, asks: bool = True) -> None:
    """Whether the archive is where the settings say, and, if `asks`, whether it can be had there."""
    url, moved = settings.archive.store, data / MOVED
    known = moved.read_text(encoding="utf-8").strip() if moved.is_file() else url
    if known != url:
        raise ConfigError(
            f"newsroom.toml: archive.store: is {url!r}, but the archive of {data} is in {known}; "
            f"name that, or move the files and then write their new place into {moved} (or remove it, for {data / 'archive'})"
        )
    if url and asks:
        Store(url).check()


def _check_data_dir(data_dir: Path, *, restoring: bool = False) -> None:
    if not restoring and (data_dir / backup.UNFINISHED).exists():
        raise ConfigError(f"{data_dir}: is being restored from a backup, or that was broken off; run `newsroom restore` again to finish it")
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
    is_real_time: bool
    processes: Processes | None = None
    troubles: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    """Why archive files are still here that should be in the store."""
    draft: publish.Draft | None = None
    """Of the public file; what is left of it goes with the run."""

    def count(self, report: StageReport) -> None:
        if report.source is not None:
            self.counts[report.source].update(report.counts)


def run(
    plan: Plan, *, engine: Engine, watch: Watch, clock: Callable[[], datetime] = utc_now, stop: threading.Event | None = None
) -> RunResult:
    """A whole run: take the lock (or wait for it), heal what a dead run left, then the stages, the checks and the public file.

    Setting `stop` lets batches under way end early. Raises `NewsroomError` only where the run could not begin or its end could
    not be written; everything else is told by the outcome. Whatever was obtained before an error is kept, and the next run goes on.
    """
    data = plan.options.data_dir
    is_real_time = clock is utc_now
    clock = steady(clock)
    with readable_disk(data):
        for folder in (data, data / "archive", data / "public"):
            folder.mkdir(parents=True, exist_ok=True)
    with readable_disk(data), lock.turn(data, work=plan.work(), wait_seconds=plan.options.wait_seconds, say=watch.say):
        started_at = clock()  # not before its turn: what others did meanwhile was done before this run
        run_id = f"{started_at:%Y%m%d-%H%M%S}-{plan.kind}"
        lock.note(data, run_id=run_id, now=started_at)
        with _warehouse(plan, say=watch.say) as warehouse:
            if plan.slice and (done := _done_before(warehouse, plan, plan.slice)):
                return done
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
                is_real_time,
            )
            _heal(this)
            _tell(this)  # of a run that was killed, only the next one can
            try:
                result = _finish(this, _stages(this))
            except BaseException as error:
                _died(this, error)
                raise
            finally:
                if this.draft:
                    this.draft.drop()
            _tell(this)
            if result.published and plan.kind in ("nightly", "sweep"):
                _beat(this)
            return result


LOOKERS_SECONDS = 5.0
"""Waited for in any case: `newsroom status` and the like have the warehouse open for no longer than that."""


@contextmanager
def _warehouse(plan: Plan, *, say: Callable[[str], object]) -> Iterator[Warehouse]:
    """The warehouse, as soon as those who only look into it (`newsroom report`, a colleague with DuckDB) let go of it."""
    settings, path = plan.settings.warehouse, plan.options.data_dir / "warehouse.duckdb"
    patience = max(plan.options.wait_seconds, LOOKERS_SECONDS)
    deadline, is_told = time.monotonic() + patience, False
    with ExitStack() as door:
        while True:
            try:
                warehouse = door.enter_context(
                    Warehouse.open(path, memory_limit=settings.memory_limit, threads=settings.threads, by_size=True)
                )
                break
            except Busy as busy:
                if time.monotonic() >= deadline:
                    raise
                if not is_told:
                    say(f"waiting, at most {slices.in_words(patience)}: {busy}")
                    is_told = True
                time.sleep(lock.POLL_SECONDS)
        yield warehouse


def _done_before(warehouse: Warehouse, plan: Plan, part: Slice) -> RunResult | None:
    """The end of a run that need not be: of a slice that is done, perhaps by another backfill while this one waited; or that is empty."""
    assert plan.window is not None
    (source,), options = plan.sources, plan.options
    done = () if part.again else ledger.done(warehouse, source, recheck=options.recheck, base_url=options.base_url)
    known = next((each for each in done if each.window == plan.window), None)
    if known is None and (known := ledger.beyond_the_end(warehouse, source, plan.window, began_at=part.began_at)):
        reason = "older than anything listed"
        ledger.write(warehouse, source, known, of=part.of, recheck=options.recheck, base_url=options.base_url, reason=reason)
    if known is None:
        return None
    counts: dict[str, dict[str, int]] = {source.name: {}}
    return RunResult(known.run_id, plan.kind, "ok", counts, published=True, slice_state=known.state, is_skipped=True)


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
def readable_disk(data: Path) -> Iterator[None]:
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
    stores = [Store(plan.settings.archive.of(source.name)) for source in plan.sources if plan.settings.archive.store]
    taken |= {run_id for store in stores if store.size(f"{run_id}.warc") is not None}
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
    _deliver(this)


def _deliver(this: _Run) -> None:
    """Take what is finished to the store, if there is one. What cannot be taken there now stays here, is read here, and goes another time."""
    data, settings = this.plan.options.data_dir, this.plan.settings.archive
    if not settings.store:
        return
    (data / MOVED).write_text(f"{settings.store}\n", encoding="utf-8")
    this.undelivered.clear()
    for folder in sorted(path for path in (data / "archive").iterdir() if path.is_dir()):
        try:
            archive.deliver(folder, Store(settings.of(folder.name)))
        except (Transient, Damaged) as error:
            if this.engine.is_remote:  # workers elsewhere could not read what is here
                raise
            this.undelivered.append(str(error))
            if isinstance(error, Transient):
                return


def _stages(this: _Run) -> tuple[CheckResult, ...]:
    kind = this.plan.kind
    if kind == "nightly":  # which mostly finds little that is new, and waits for the site meanwhile
        _begin_draft(this, ahead=True)
    with Processes(this.plan.settings.workers.count) as processes:
        # a clock that is not the machine's cannot follow the work into another process
        this.processes = processes if this.is_real_time and processes.count > 1 else None
        if kind in CRAWLS:
            _crawl(this, [(source, ()) for source in this.plan.sources])
            for source in this.plan.sources:
                _read(this, source)
        elif kind == "reparse":
            for source in this.plan.sources:
                _read(this, source)
        elif kind == "retry":
            set_aside = [(source, *_set_aside(this, source)) for source in this.plan.sources]
            _crawl(this, [(source, unfetched) for source, unfetched, _ in set_aside if unfetched])
            for source, _, unread in set_aside:
                _read(this, source, force=unread)
    by_hand = kind in ("check", "publish")
    if kind != "check" and not this.draft:
        _begin_draft(this, ahead=not by_hand)
    if not by_hand:
        threshold = min(source.duplicates.near_similarity for source in this.plan.sources)
        report = this.engine.step("dedupe", lambda: dedupe.dedupe(this.warehouse, near_similarity=threshold))
        if report.counts["compared"]:
            this.watch.say(f"dedupe: {report.counts['compared']} texts compared, {report.counts['similar_pairs']} pairs similar")
    # who types one of these wants all of it looked at, not only what is new since last night
    report = this.engine.step("model", lambda: modelling.model(this.warehouse, whole=by_hand))
    _count_news(this)
    if this.draft:
        this.draft.fill(this.warehouse)
    return this.engine.step(
        "check",
        lambda: checking.check(
            this.warehouse, this.plan.bounds, overrides=this.plan.overrides, names=this.plan.checks, run_id=this.run_id, now=this.clock()
        ),
    )


def _begin_draft(this: _Run, *, ahead: bool) -> None:
    with suppress(OSError):  # whatever is wrong with the place is told when there is something to publish
        this.draft = publish.begin_draft(this.warehouse, this.plan.options.data_dir / "public", run_id=this.run_id, ahead=ahead)


def _set_aside(this: _Run, source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Article ids in quarantine that are to be asked for again, and those to be read again from the archive."""
    rows = this.warehouse.rows("queue/set_aside", source=source.name, ids=list(this.plan.ids), refusals=list(extract.REFUSALS))
    unfetched = tuple(row["article_id"] for row in rows if row["stage"] == "fetch")
    return unfetched, tuple(row["article_id"] for row in rows if row["stage"] == "parse")


def _crawl(this: _Run, wanted: Sequence[tuple[Source, tuple[str, ...]]]) -> None:
    """Crawl these sources, all at once; of each only the articles named, if any are."""
    options, settings = this.plan.options, this.plan.settings
    desk = Desk(this.engine, this.stop)
    crawls = [
        Crawl(
            Way(
                source,
                settings.user_agent_text,
                (options.data_dir / "archive" / source.name).absolute(),
                base_url=options.base_url,
                store=settings.archive.of(source.name),
                delay=options.delay,
                pacing=(options.data_dir / "pacing").absolute(),
            ),
            Errand(this.plan.kind, this.run_id, this.started_at, options.recheck, this.plan.window, ids),
            warehouse=this.warehouse,
            desk=desk,
            watch=this.watch,
            clock=this.clock,
            batch=settings.batch,
            processes=this.processes,
        )
        for source, ids in wanted
    ]
    try:
        for crawl in crawls:
            crawl.start()
        desk.serve(crawls)
    except BaseException:
        this.stop.set()
        with _forgiving():
            for crawl in crawls:
                crawl.leave()
        raise
    for crawl in crawls:
        crawl.close()
        this.counts[crawl.source.name].update(crawl.counts)
        this.troubles += crawl.troubles
    _deliver(this)


def _read(this: _Run, source: Source, *, force: tuple[str, ...] = ()) -> None:
    """Read what today's parser has not read; and the articles of `force` whoever read them."""
    options = this.plan.options
    jobs = parse.pending(source, warehouse=this.warehouse, force=force)
    if not jobs:
        return
    batches = parse.batches(
        source,
        jobs,
        pages=this.plan.settings.batch.articles,
        archive_dir=(options.data_dir / "archive" / source.name).absolute(),
        store=this.plan.settings.archive.of(source.name),
        base_url=options.base_url,
    )
    totals: Counter[str] = Counter()

    def take_in(readings: list[Reading]) -> None:
        report = parse.record(readings, source=source, run_id=this.run_id, warehouse=this.warehouse, clock=this.clock)
        this.count(report)
        totals.update(report.counts)
        this.watch.progress("parse", source.name, totals.total(), len(jobs))

    is_much = this.processes is not None and not this.engine.is_remote and len(jobs) > FEW
    work = partial(this.processes.call, parse.parse_batch) if this.processes and is_much else parse.parse_batch
    dispatch.each(this.engine, this.stop, f"parse {source.name}", work, iter(batches), take_in)
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
    this.troubles += this.undelivered
    articles: int = this.warehouse.ask("SELECT count(*) FROM mart.current WHERE copy_rank = 1").rows[0][0]
    outcome: Outcome = "blocked" if blocked else "incomplete" if this.troubles else "ok"
    details = [f"{check.check_name}: {check.detail}" for check in blocked] + this.troubles
    nothing_yet = articles == 0 and outcome == "incomplete"  # a first night that reached nothing: there is nothing to show
    wanted = this.plan.kind != "check" and not blocked and not nothing_yet
    _end(this, outcome, details)
    if wanted:
        this.warehouse.run(sql_text("mart/95_runs"))
        report = this.engine.step(
            "publish",
            lambda: publish.publish(
                this.warehouse,
                this.plan.options.data_dir / "public",
                run_id=this.run_id,
                now=this.clock(),
                keep_snapshots=this.plan.settings.publish.keep_snapshots,
                draft=this.draft,
            ),
        )
        this.watch.say(f"publish: {report.counts['articles']} articles in {report.detail}")
    if wanted or blocked:
        _report(this)
    state = _enter(this, is_published=wanted) if this.plan.window else None
    counts = {name: dict(counter) for name, counter in this.counts.items()}
    return RunResult(this.run_id, this.plan.kind, outcome, counts, "; ".join(details) or None, checks, published=wanted, slice_state=state)


def _enter(this: _Run, *, is_published: bool) -> SliceState:
    """Enter the window into the ledger: last of all, since what it calls complete is not published again."""
    plan, window = this.plan, this.plan.window
    assert window is not None
    states = []
    for source in plan.sources:
        state, reason = ledger.stands(
            this.warehouse, source, window, run_id=this.run_id, started_at=this.started_at, is_published=is_published
        )
        known = ledger.Known(window, state, this.run_id, this.clock())
        of = plan.slice.of if plan.slice else window
        options = plan.options
        ledger.write(this.warehouse, source, known, of=of, recheck=options.recheck, base_url=options.base_url, reason=reason)
        states.append(state)
    return max(states, key=("complete", "empty", "open", "incomplete").index)


def _report(this: _Run) -> None:
    """Draw the report. The night is over by then: whatever keeps it from being drawn is told, and spoils nothing."""

    def work() -> Path | str:
        from newsroom.report import write_report  # only now: while the site is asked, there are processes that need the memory

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
    if not isinstance(error, Exception):  # by Ctrl-C, a shutdown, or a click in Prefect's UI
        reason = f"{notify.STOPPED}; the next run goes on from where it stopped"
    with _forgiving():
        _end(this, "failed", [reason])
    if isinstance(error, Exception):
        _tell(this)


def _tell(this: _Run) -> None:
    """Tell people what they do not know yet. Whatever keeps them from being told is said, and spoils nothing."""
    settings, data = this.plan.settings, this.plan.options.data_dir
    try:
        notify.tell(this.warehouse, settings, run_id=this.run_id, data=data, now=this.clock(), say=this.watch.say)
    except Exception as error:  # noqa: BLE001 -- a message about the run must never cost the run
        this.watch.say(f"notify: {error}".splitlines()[0])


def _beat(this: _Run) -> None:
    """The sign of life, for a monitor that knows nothing of Prefect."""
    settings, data = this.plan.settings, this.plan.options.data_dir
    try:
        defined = {source.name: source.enabled for source in config.load_sources(this.plan.options.config_dir)}
        notify.beat(this.warehouse, settings, defined=defined, data=data, now=this.clock(), say=this.watch.say)
    except Exception as error:  # noqa: BLE001 -- as above
        this.watch.say(f"heartbeat: {error}".splitlines()[0])


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
    from newsroom.report import write_report

    with Warehouse.look(data / "warehouse.duckdb") as warehouse:
        return write_report(data, warehouse, now=clock())


def rollback(options: Options, run_id: str | None, *, say: Callable[[str], object] = lambda _line: None) -> str:
    """Show consumers an earlier snapshot again; returns its run id. The next published run replaces it. `say` hears whom it waits for."""
    data = options.data_dir
    if not (data / "public").is_dir():
        raise ConfigError(f"{data / 'public'}: nothing has been published yet")
    with (
        readable_disk(data),
        lock.hold(data, run_id=f"rollback {run_id or ''}".strip(), now=utc_now(), wait_seconds=options.wait_seconds, say=say),
    ):
        return publish.rollback(data / "public", run_id)


def status(options: Options, *, clock: Callable[[], datetime] = utc_now, runs: int = 5) -> Status:
    """Last runs, freshness of the public data, and what is running now. Reads only."""
    defined, max_age_hours, problem = None, Settings().watch.max_age_hours, None
    if options.config_dir.is_dir():  # whoever has only the data may ask too: then every source counts
        try:
            defined = {source.name: source.enabled for source in config.load_sources(options.config_dir)}
            max_age_hours = config.load_settings(options.config_dir).watch.max_age_hours
        except ConfigError as error:  # the nightly does not start either
            problem = str(error)
    return standing.look(options.data_dir, defined=defined, max_age_hours=max_age_hours, problem=problem, now=clock(), runs=runs)


def _with_warehouse(options: Options) -> Path:
    if not (options.data_dir / "warehouse.duckdb").is_file():
        raise ConfigError(f"{options.data_dir}: there has been no run yet; start one with `newsroom run --data {options.data_dir}`")
    _check_data_dir(options.data_dir)
    return options.data_dir


def keep_house(
    options: Options, *, dry_run: bool = False, clock: Callable[[], datetime] = utc_now, say: Callable[[str], object] = lambda _line: None
) -> Iterator[housekeeping.Done]:
    """What is due by the policy of `[retention]`, step by step. `say` hears whom it waits for."""
    settings, data = config.load_settings(options.config_dir), _with_warehouse(options)
    with readable_disk(data), lock.hold(data, run_id="housekeeping", now=clock(), wait_seconds=options.wait_seconds, say=say):
        yield from housekeeping.keep_house(data, settings, now=clock(), dry_run=dry_run)


def archive_files(options: Options) -> list[housekeeping.ArchiveFile]:
    """The files of the archive, and which are needed."""
    data = _with_warehouse(options)
    if running := lock.holder(data):
        raise Busy(f"{data}: {running} is at work; wait for it or stop it")
    with Warehouse.look(data / "warehouse.duckdb") as warehouse:
        return housekeeping.archive_files(data, warehouse, _store(options))


def verify_archive(options: Options) -> Iterator[tuple[str, int, list[str]]]:
    """Source by source: files, and what is wrong with them. While a run is at work, only what it has finished is read."""
    data = _with_warehouse(options)
    if lock.holder(data):
        yield from housekeeping.verify_archive(data, None, _store(options))
        return
    with Warehouse.look(data / "warehouse.duckdb") as warehouse:
        needed = housekeeping.needed_files(data, warehouse)
    yield from housekeeping.verify_archive(data, needed, _store(options))


def _store(options: Options) -> Store | None:
    """Where finished archive files are, if elsewhere. Raises `ConfigError` if the settings and the data disagree about it."""
    if not options.config_dir.is_dir():  # whoever has only the data may ask, too
        return None
    settings = config.load_settings(options.config_dir)
    _check_store(options.data_dir, settings, asks=False)
    return store.at(settings.archive.store)


def prune_archive(
    options: Options,
    *,
    days: int | None = None,
    dry_run: bool = False,
    clock: Callable[[], datetime] = utc_now,
    say: Callable[[str], object] = lambda _line: None,
) -> list[housekeeping.ArchiveFile]:
    """Remove old files of the archive that nothing refers to; `days` by default as `[retention]` says. `say` hears whom it waits for."""
    days = config.load_settings(options.config_dir).retention.archive_days if days is None else days
    if not days:
        raise ConfigError(
            "archive prune: the archive is kept for ever (retention.archive_days = 0 in newsroom.toml); set it, or say --days for this once"
        )
    data = _with_warehouse(options)
    with (
        readable_disk(data),
        lock.hold(data, run_id="archive prune", now=clock(), wait_seconds=options.wait_seconds, say=say),
        Warehouse.open(data / "warehouse.duckdb") as warehouse,
    ):
        return housekeeping.prune_archive(data, warehouse, _store(options), days=days, now=clock(), dry_run=dry_run)


def back_up(
    options: Options, target: Path, *, clock: Callable[[], datetime] = utc_now, say: Callable[[str], object] = lambda _line: None
) -> backup.Copied:
    """A consistent copy of everything, in a folder of its own. `say` hears whom it waits for."""
    settings, data = config.load_settings(options.config_dir), _with_warehouse(options)
    with readable_disk(target):
        return backup.backup(data, options.config_dir, target, settings, now=clock(), wait_seconds=options.wait_seconds, say=say)


def restore(options: Options, source: Path, *, clock: Callable[[], datetime] = utc_now) -> backup.Copied:
    """Put a backup back where there is no newsroom yet."""
    data = options.data_dir
    backup.check_is_free(data)
    _check_data_dir(data, restoring=True)
    with readable_disk(data):
        data.mkdir(parents=True, exist_ok=True)
        with lock.hold(data, run_id="restore", now=clock()):
            return backup.restore(source, data, options.config_dir)


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
    "CRAWLS",
    "Engine",
    "Inline",
    "Options",
    "Plan",
    "Silent",
    "SourceVerdict",
    "Status",
    "Watch",
    "archive_files",
    "back_up",
    "bundled_config",
    "check_sources",
    "keep_house",
    "prepare",
    "prune_archive",
    "report",
    "restore",
    "rollback",
    "run",
    "status",
    "utc_now",
    "verify_archive",
]
