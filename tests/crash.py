"""Runs that are killed at random instants, and what must be true of whatever they leave behind.

    CRASH_KILLS=220 CRASH_SEED=1 python -m pytest tests/test_crash.py -k any_instant -s

A campaign is a short story (two backfills, edits, a sweep that asks for everything again) at a sample newsroom. Every command of
it is killed a few times, healed by being run again, and at last allowed to end. Its public data are then compared with those of the
same story told without interruption (contract, invariant 4), and every file it left is looked at. A reader polls the public file
all the while. Kills come at random times, and at *points*: before or after the nth commit, `fsync`, rename, link or deletion, so
that the few instants which matter most are all hit.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from warcio.checker import Checker

from newsroom import touched
from newsroom.archive import ArchiveReader
from newsroom.errors import Damaged
from newsroom.interrupts import Stopped, interruptible
from newsroom.model import ArchiveRef
from newsroom.pipeline import utc_now
from newsroom.sample import SampleSite, serve
from newsroom.sample.faults import Fault
from newsroom.warehouse import Warehouse, open_public
from tests.nights import Office, impatient_config

ARTICLES = 36
LATENCY_SECONDS = 0.004
KEPT_SNAPSHOTS = 14

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.crash", "newsroom.pipeline"])

POINTS = {"commit": 40, "fsync": 12, "rename": 1, "unlink": 3, "rebuild": 1, "public_file": 1, "amend": 25, "replace": 2, "link": 1}
"""Where a run may be struck, and about how often it comes by there."""

Command = tuple[str, dict[str, Any]]
STORY: tuple[Command | Callable[[SampleSite], object], ...] = (
    ("backfill", {"since": date(1999, 1, 1), "until": date(2013, 1, 1), "recheck": "none"}),
    ("backfill", {"since": date(2012, 1, 1), "until": date(2027, 1, 1), "recheck": "none"}),
    lambda site: [
        site.rewrite(item.id, f"Corrected under number {item.id}.") for item in site.articles()[::5] if item.exact_copy_of is None
    ],
    lambda site: site.add(3, on=date(2026, 1, 20)),
    ("sweep", {"recheck": "all"}),
)


@dataclass(frozen=True)
class Blow:
    """When a child dies: after so many seconds, or when it comes by a point for the nth time (just `before` or after); and of what."""

    seconds: float = 1e9
    point: str | None = None
    nth: int = 1
    before: bool = False
    sign: signal.Signals = signal.SIGKILL


@dataclass
class Tally:
    """What a series of campaigns came to."""

    kills: int = 0
    campaigns: int = 0
    at_points: dict[str, int] = field(default_factory=dict)
    terminated: int = 0
    slowest_end_seconds: float = 0
    polls: int = 0
    archived: int = 0

    def __str__(self) -> str:
        points = ", ".join(f"{count} at {name}" for name, count in sorted(self.at_points.items()))
        return (
            f"{self.kills} kills ({points}; the others at random times) in {self.campaigns} campaigns, {self.terminated} SIGTERMs (slowest "
            f"end {self.slowest_end_seconds:.1f} s), {self.archived} archived responses read back, {self.polls} reads of the public file"
        )


# --- the child


def _arm(blow: Blow, told: Path) -> None:
    """Let this process die where `blow` says."""
    passed = 0

    def point(name: str, *, before: bool) -> None:
        nonlocal passed
        if name == blow.point and before == blow.before:
            passed += 1
            if passed == blow.nth:
                told.write_text(name, encoding="utf-8")
                os.kill(os.getpid(), blow.sign)

    def around(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            point(name, before=True)
            done = call(*args, **options)
            point(name, before=False)
            return done

        return wrapped

    _tell_what_is_synced(told.with_suffix(".synced"))
    for name in ("fsync", "replace", "rename", "link", "unlink"):
        setattr(os, name, around(name, getattr(os, name)))
    plain = Warehouse.transaction

    @contextmanager
    def transaction(self: Warehouse) -> Iterator[None]:
        with plain(self):
            yield
            point("commit", before=True)
        point("commit", before=False)

    Warehouse.transaction = transaction  # type: ignore[method-assign]
    file, run = Warehouse.public_file, Warehouse.run

    @contextmanager
    def public_file(self: Warehouse, target: Path, *, is_there: bool = False) -> Iterator[None]:
        with file(self, target, is_there=is_there):
            yield
            point("public_file", before=True)  # everything said, nothing checkpointed
        point("public_file", before=False)

    Warehouse.public_file = public_file  # type: ignore[method-assign]
    amending = around("amend", run)
    Warehouse.run = lambda self, text, **values: (amending if "public_file" in text else run)(self, text, **values)  # type: ignore[method-assign]
    touched.rebuild = around("rebuild", touched.rebuild)


def _tell_what_is_synced(told: Path) -> None:
    plain = os.fsync

    def fsync(handle: int) -> None:
        size, path = os.fstat(handle).st_size, Path(f"/proc/self/fd/{handle}").readlink()
        plain(handle)
        with told.open("a", encoding="utf-8") as file:
            file.write(f"{size} {path}\n")

    os.fsync = fsync  # type: ignore[assignment]


def _command(data: Path, base_url: str, config: Path, kind: str, options: dict[str, Any], blow: Blow, told: Path) -> None:
    """In the child: the command, watched by nobody. Exit code 0 if it ended well, 9 if it did not, 143 if SIGTERM ended it in order."""
    os.setpgid(0, 0)
    _arm(blow, told)
    office = Office(data, base_url, config)
    office.clock = utc_now  # type: ignore[method-assign]
    try:
        with interruptible():
            result = office.run(kind, **options)  # type: ignore[arg-type]
    except Stopped as stopped:
        os._exit(stopped.exit_code)
    except BaseException as error:  # noqa: BLE001 -- told to the parent
        told.with_suffix(".error").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        os._exit(9)
    if result.outcome != "ok":
        told.with_suffix(".error").write_text(f"{result.outcome}: {result.detail}", encoding="utf-8")
    os._exit(0 if result.outcome == "ok" else 9)


def _poll(data: Path, stop: Any, told: Path) -> None:
    """In a process of its own: open the public file again and again; once it is there, it must always open and add up."""
    polls, there, troubles = 0, False, []
    while not stop.is_set():
        if (data / "public" / "newsroom.duckdb").exists() or there:
            there = True
            try:
                with open_public(data) as public:
                    (row,) = public.query(
                        "SELECT (SELECT count(*) FROM articles), (SELECT sum(published) FROM coverage), (SELECT count(*) FROM runs)"
                    ).rows
                if row[0] != row[1] or not row[2]:
                    troubles.append(f"does not add up: {row}")
            except Exception as error:  # noqa: BLE001 -- that is what we look for
                troubles.append(f"{type(error).__name__}: {error}")
            polls += 1
        time.sleep(0.02)
    told.write_text(json.dumps([polls, troubles]), encoding="utf-8")


# --- the parent


class Campaign:
    """One data directory and what is done to it."""

    def __init__(self, place: Path, tally: Tally, rng: random.Random) -> None:
        self.data, self.told, self.tally, self.rng = place / "data", place / "told", tally, rng
        self.config = small_batches(place / "config")
        self.durations = dict.fromkeys(("backfill", "sweep"), 1.2)

    def play(self, kills_each: Callable[[], int], *, terms: bool = True) -> dict[str, Any]:
        """The story at a newsroom of its own; gives the public data at its end."""
        site = SampleSite(ARTICLES, seed=7)
        site.faults.append(Fault(".", _slowly))
        stop = _FORKS.Event()
        polled = self.told.with_suffix(".polls")
        reader = _FORKS.Process(target=_poll, args=(self.data, stop, polled), daemon=True)
        reader.start()
        try:
            with serve(site) as server:
                for step in STORY:
                    if callable(step):
                        step(site)
                        continue
                    for _ in range(kills_each()):
                        self.interrupt(server.url, step, self.choose(step[0], terms=terms))
                    self.let_end(server.url, step)
        finally:
            stop.set()
            reader.join(120)
        polls, troubles = json.loads(polled.read_text(encoding="utf-8"))
        assert troubles == [], f"a reader saw: {troubles[:3]}"
        self.tally.polls += polls
        self.tally.campaigns += 1
        self.assert_sound()
        return Office(self.data).public_data()

    def choose(self, kind: str, *, terms: bool) -> Blow:
        dice = self.rng.random()
        if dice < 0.45:
            name = self.rng.choice(sorted(POINTS))
            return Blow(point=name, nth=self.rng.randint(1, POINTS[name]), before=self.rng.random() < 0.5)
        return Blow(
            seconds=self.rng.uniform(0, 1.1 * self.durations[kind]), sign=signal.SIGTERM if terms and dice > 0.92 else signal.SIGKILL
        )

    def interrupt(self, url: str, command: Command, blow: Blow) -> None:
        """Run the command, and strike; if it is over before that, nothing is counted."""
        began = time.monotonic()
        child = self.start(url, command, blow)
        child.join(blow.seconds if blow.point is None else 200)
        if child.is_alive():
            assert child.pid is not None
            os.kill(child.pid, blow.sign)
            struck = time.monotonic()
            child.join(90)
            assert not child.is_alive(), f"still there 90 s after {blow.sign.name}"
            if blow.sign == signal.SIGTERM:
                self.tally.slowest_end_seconds = max(self.tally.slowest_end_seconds, time.monotonic() - struck)
        if child.exitcode == -signal.SIGKILL:
            self.tally.kills += 1
            if self.told.exists():
                name = self.told.read_text(encoding="utf-8")
                self.tally.at_points[name] = self.tally.at_points.get(name, 0) + 1
        elif child.exitcode in (143, -signal.SIGTERM):
            self.tally.terminated += 1
        else:
            assert child.exitcode == 0, f"{command} on what a killed run left: {self.trouble()} (exit {child.exitcode})"
            self.durations[command[0]] = min(3.0, time.monotonic() - began)

    def let_end(self, url: str, command: Command) -> None:
        child = self.start(url, command, Blow())
        child.join(400)
        assert child.exitcode == 0, f"{command} on what killed runs left: {self.trouble()} (exit {child.exitcode})"

    def start(self, url: str, command: Command, blow: Blow) -> Any:
        self.told.unlink(missing_ok=True)
        self.told.with_suffix(".error").unlink(missing_ok=True)
        child = _FORKS.Process(target=_command, args=(self.data, url, self.config, *command, blow, self.told))
        child.start()
        return child

    def trouble(self) -> str:
        said = self.told.with_suffix(".error")
        return said.read_text(encoding="utf-8") if said.exists() else "it said nothing"

    def assert_sound(self) -> None:
        """No leftovers, no dangling fact, no archive file that another tool would refuse, no snapshot that does not open."""
        self.tally.archived += assert_facts_lead_to_their_bytes(self.data)
        assert_archive_is_clean(self.data)
        leftovers = [str(path.relative_to(self.data)) for path in self.data.rglob("*") if is_leftover(path)]
        assert leftovers == []
        snapshots = sorted((self.data / "public" / "snapshots").glob("*.duckdb"))
        assert 0 < len(snapshots) <= KEPT_SNAPSHOTS
        for snapshot in snapshots:
            with open_public(self.data, snapshot) as public:
                assert public.query("SELECT count(*) FROM articles").rows[0][0] > 0
        with Warehouse.look(self.data / "warehouse.duckdb") as warehouse:
            assert warehouse.ask("SELECT run_id FROM ops.runs WHERE outcome IS NULL").rows == []


def is_leftover(path: Path) -> bool:
    """Whether only a run at work may have such a file."""
    name = path.name
    return (
        name.endswith((".open", ".unfinished", ".incoming", ".wal", ".tmp", ".cut"))
        or ".unfinished" in name
        or name in ("running.json", "tmp")
    )


def assert_facts_lead_to_their_bytes(data: Path) -> int:
    """First the bytes are on the disk, then the fact that points to them: every reference can be read, and holds what the fact says."""
    with Warehouse.look(data / "warehouse.duckdb") as warehouse:
        rows = warehouse.ask(
            "SELECT source, warc_file, warc_offset, payload_sha256, url FROM facts.fetches WHERE warc_file IS NOT NULL"
        ).rows
    lost = []
    for source in {row[0] for row in rows}:
        with ArchiveReader(data / "archive" / source) as archive:
            for _, file, offset, payload, url in (row for row in rows if row[0] == source):
                try:
                    stored = archive.read(ArchiveRef(file, offset))
                except Damaged as error:
                    lost.append(str(error))
                    continue
                assert payload is None or sha256(stored.content).hexdigest() == payload, f"{url}: other bytes at {file} {offset}"
    assert lost == []
    return len(rows)


def assert_archive_is_clean(data: Path) -> None:
    """`warcio check`, for all files at once."""
    files = sorted(map(str, (data / "archive").rglob("*.warc")))
    assert files
    assert Checker(type("Arguments", (), {"inputs": files, "verbose": False})).process_all() == 0


def _slowly(request: Any, _site: Any, proceed: Callable[[Any], Any]) -> Any:
    time.sleep(LATENCY_SECONDS)
    return proceed(request)


def small_batches(folder: Path) -> Path:
    """The impatient configuration with small listing pages and small batches: many commits, so many instants to die at."""
    impatient_config(folder)
    source, settings = folder / "sources" / "osce.toml", folder / "newsroom.toml"
    source.write_text(source.read_text(encoding="utf-8").replace("rows = 50", "rows = 10"), encoding="utf-8")
    settings.write_text(settings.read_text(encoding="utf-8").replace("articles = 200", "articles = 7"), encoding="utf-8")
    return folder


def crash_test(kills: int, seed: int, place: Path, *, seconds: float = 1e9, say: Callable[[str], object] = lambda _line: None) -> Tally:
    """Campaigns until there were so many kills (or the time is up). Raises AssertionError for anything that did not heal."""
    rng = random.Random(seed)
    began = time.monotonic()
    clean = Campaign(place / "clean", Tally(), rng).play(lambda: 0)
    tally = Tally()
    while tally.kills < kills and (time.monotonic() - began < seconds or tally.campaigns == 0):
        campaign = Campaign(place / f"{tally.campaigns:03}", tally, rng)
        had = campaign.play(lambda: rng.randint(2, 7))
        for table, rows in clean.items():
            assert had[table] == rows, f"campaign {tally.campaigns - 1}, {table}: {set(map(repr, had[table])) ^ set(map(repr, rows))}"
        say(f"{time.monotonic() - began:.0f} s: {tally}")
    return tally


def cut_the_power(data: Path, synced: dict[str, int], rng: random.Random) -> str:
    """What a power cut can do to a copy of a data directory: what was not synced is lost, or other bytes stand there.

    Of the write-ahead log any length may be lost: DuckDB syncs it at each commit, so a shorter one is that of an earlier instant.
    """
    did = []
    for path in sorted([*data.rglob("*.warc.open"), *data.rglob("*.wal")]):
        size = path.stat().st_size
        kept = rng.randint(0 if path.suffix == ".wal" else min(size, synced.get(path.name, 0)), size)
        filler = rng.choice([b"", b"\0" * (size - kept), rng.randbytes(size - kept)])
        path.write_bytes(path.read_bytes()[:kept] + filler)
        did.append(f"{path.name}: {kept} of {size}, {'zeros' if filler[:1] == bytes(1) else 'garbage' if filler else 'nothing'} after")
    return "; ".join(did)
