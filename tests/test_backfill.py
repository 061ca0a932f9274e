"""Backfills of years: slices, the ledger, what is left out when the same is typed again, and a word on what it would take."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.server import prefect_api
from newsroom import backfill, cli, lock, pipeline
from newsroom.errors import Busy, NewsroomError
from newsroom.model import RunResult
from newsroom.sample import SampleSite, Server, serve
from newsroom.sample.faults import Fault, status
from newsroom.warehouse import Warehouse
from tests import crash
from tests.nights import CONFIG, Office, impatient_config
from tests.served import Prefect
from tests.test_flows import environment, is_soon

ROOT = Path(__file__).resolve().parents[1]
START, END = date(2021, 2, 1), date(2024, 11, 30)
YEARS = ["2024", "2023", "2022", "2021"]


@dataclass
class Years(Office):
    """An office that does backfills in slices."""

    details: list[str] = field(default_factory=list)
    outlooks: list[tuple[float, float | None]] = field(default_factory=list)
    done: list[str | None] = field(default_factory=list)

    def detail(self, line: str) -> None:
        self.details.append(line)

    def outlook(self, share_done: float, seconds_left: float | None) -> None:
        self.outlooks.append((share_done, seconds_left))

    def plan(self, since: date, until: date, **how: Any) -> pipeline.Plan:
        again = how.pop("again", False)
        options = pipeline.Options(self.config, self.data, self.base_url, 0, **how)
        return pipeline.prepare("backfill", options, sources=("osce",), since=since, until=until, again=again)

    def execute(self, part: pipeline.Plan, name: str | None, watch: pipeline.Watch) -> RunResult:
        result = pipeline.run(part, engine=pipeline.Inline(), watch=watch, clock=self.clock)
        self.done.append(name)
        return result

    def backfill(self, since: date, until: date, **how: Any) -> RunResult:
        """Done anew are `done`, said `lines`."""
        self.done, self.lines = [], []
        return backfill.run(self.plan(since, until, **how), execute=self.execute, watch=self, clock=self.clock)

    def ledger(self) -> list[tuple[Any, ...]]:
        with Warehouse.look(self.data / "warehouse.duckdb") as warehouse:
            return warehouse.ask("SELECT since_on, state, run_id FROM ops.slices ORDER BY tick").rows


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(16, seed=7, start=START, end=END)


@pytest.fixture
def office(server: Server, tmp_path: Path) -> Years:
    return Years(tmp_path / "data", server.url, impatient_config(tmp_path / "config"))


def articles_asked(server: Server, since: int = 0) -> list[str]:
    return [request.path for request in server.log[since:] if not request.path.startswith(("/press-releases", "/robots.txt"))]


def test_years_are_slices_each_a_run_of_its_own_and_equal_to_one(office: Years, server: Server, tmp_path: Path) -> None:
    """Newest first, one line a slice, published one by one, in the ledger; in the end the same public data as in one piece."""
    one = Office(tmp_path / "one", server.url, office.config)
    one.run("backfill", since=date(2021, 1, 1), until=date(2025, 1, 1))

    result = office.backfill(date(2021, 1, 1), date(2025, 1, 1))

    assert office.done == YEARS
    assert [line.split(":")[0] for line in office.lines] == [f"slice {n} of 4, {year}" for n, year in enumerate(YEARS, 1)]
    assert office.public_data() == one.public_data()
    runs = [row[0] for row in office.sql("SELECT run_id FROM runs ORDER BY run_id")]
    assert len(runs) == 4 and result.run_id in runs and result.run_id == office.ledger()[-1][2]
    assert [state for _, state, _ in office.ledger()] == ["complete"] * 4
    assert result.outcome == "ok" and result.published
    assert result.sources["osce"]["fetched"] == 16 and result.sources["osce"]["requests"] == len(server.log) - sum(
        row[0] for row in one.sql("SELECT requests FROM runs")
    ), "summed"
    assert office.outlooks[-1] == (1.0, 0.0) and any(left for _, left in office.outlooks)
    assert any(line.startswith("2021 (4/4): publish") for line in office.details), "what each run says is kept for the log"


def test_typed_again_after_days_it_does_what_is_left(office: Years, site: SampleSite, server: Server) -> None:
    """An article of 2022 could not be had: 2022 is incomplete and done again; the other years are not even looked at."""
    lost = next(item for item in site.articles() if item.published_on.year == 2022)
    site.faults.append(Fault(rf"/{lost.id}$", status(500)))
    result = office.backfill(date(2021, 1, 1), date(2025, 1, 1))
    assert result.outcome == "incomplete" and (result.detail or "").startswith("2022: osce: 1 of ")
    assert [state for _, state, _ in office.ledger()] == ["complete", "complete", "incomplete", "complete"]

    site.faults.clear()
    office.sleep(3)
    asked = len(server.log)
    assert office.backfill(date(2021, 1, 1), date(2025, 1, 1)).outcome == "ok"
    assert office.done == ["2022"] and "3 of 4 slices are complete already" in office.lines[0]
    assert articles_asked(server, asked) == [lost.path]

    office.sleep(3)
    asked = len(server.log)
    result = office.backfill(date(2021, 1, 1), date(2025, 1, 1))
    assert (office.done, len(server.log)) == ([], asked), "nothing is left"
    assert (result.outcome, result.run_id, result.sources) == ("ok", office.ledger()[-1][2], {"osce": {}})

    office.backfill(date(2021, 1, 1), date(2023, 1, 1), recheck="all")
    assert office.done == ["2022", "2021"], "the ledger knows only of articles that were due"
    office.backfill(date(2021, 1, 1), date(2023, 1, 1), recheck="all")
    assert office.done == []
    office.execute = lambda part, name, watch: office.done.append(name) or result  # type: ignore[assignment, func-returns-value]
    office.backfill(date(2021, 1, 1), date(2025, 1, 1), again=True)
    assert office.done == YEARS


def test_a_window_within_one_slice_is_what_it_always_was(office: Years, server: Server, tmp_path: Path) -> None:
    """The same requests in the same order, the same counts and data, whatever the ledger says."""
    one = Office(tmp_path / "one", server.url, office.config)
    for _ in range(2):
        start = len(server.log)
        plain = one.run("backfill", since=date(2021, 1, 1), until=date(2022, 1, 1))
        middle = len(server.log)
        sliced = office.backfill(date(2021, 1, 1), date(2022, 1, 1))
        asked = [[each.path for each in server.log[one:other]] for one, other in ((start, middle), (middle, len(server.log)))]
        listing, articles = (
            [[path for path in paths if ("page=" in path) is is_listing] for paths in asked] for is_listing in (True, False)
        )
        assert listing[0] == listing[1] and sorted(articles[0]) == sorted(articles[1]), "two articles are asked for at a time"
        assert (sliced.outcome, sliced.sources, sliced.detail) == (plain.outcome, plain.sources, plain.detail)
        assert office.public_data() == one.public_data()
        assert office.done == [None]
        assert [line.split(" ")[0] for line in office.lines[:1] + office.lines[-2:]] == ["discover", "publish:", "report:"]


def test_years_before_the_newsroom_cost_nothing(office: Years, server: Server) -> None:
    """The slice that meets the end of the listing tells that all older ones are empty."""
    office.backfill(date(2001, 1, 1), date(2022, 1, 1))
    asked = len(server.log)
    states = [state for _, state, _ in office.ledger()]
    assert states == ["complete"] + ["empty"] * 20
    assert office.lines[-1] == "slice 21 of 21, 2001: older than anything listed"
    assert office.backfill(date(2001, 1, 1), date(2022, 1, 1)).outcome == "ok"
    assert len(server.log) == asked
    assert office.sql("SELECT count(*) FROM runs") == [(1,)]


def test_days_to_come_are_one_slice_that_is_never_complete(office: Years, site: SampleSite) -> None:
    """It is done again when typed again: its entries are still to come, the latest for weeks after their day."""
    office.now = datetime(2024, 12, 1, 2, 30, tzinfo=UTC)
    office.backfill(date(2023, 1, 1), date(2031, 1, 1))
    assert office.done == ["2024-01-01..2031-01-01", "2023"]
    assert [state for _, state, _ in office.ledger()] == ["open", "complete"]
    (new,) = site.add(1, on=date(2024, 11, 30))
    office.sleep(2)
    assert office.backfill(date(2023, 1, 1), date(2031, 1, 1)).sources["osce"]["new_articles"] == 1
    assert office.done == ["2024-01-01..2031-01-01"]
    assert office.sql(f"SELECT count(*) FROM articles WHERE article_id = 'osce:{new}'") == [(1,)]
    assert office.backfill(date(2028, 1, 1), date(2031, 1, 1)).outcome == "ok", "a window wholly in the future is one slice, and empty"
    assert office.done == [None]


def test_a_listing_that_is_not_sorted_is_never_cut(office: Years, server: Server) -> None:
    """Each slice would read all of it: so the whole window is one."""
    definition = office.config / "sources" / "osce.toml"
    definition.write_text(definition.read_text(encoding="utf-8").replace('order = "newest-first"', 'order = "none"'), encoding="utf-8")
    assert office.backfill(date(2021, 1, 1), date(2025, 1, 1)).outcome == "ok"
    assert office.done == [None]
    assert office.sql("SELECT count(*) FROM runs") == [(1,)]
    assert len(articles_asked(server)) == 16


def test_slices_are_months_where_the_settings_say_so(office: Years) -> None:
    settings = office.config / "newsroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('slices = "year"', 'slices = "month"'), encoding="utf-8")
    office.backfill(date(2024, 10, 15), date(2025, 1, 1))
    assert office.done == ["2024-12", "2024-11", "2024-10-15..2024-11-01"]


def test_interrupted_between_two_slices(office: Years) -> None:
    """Ctrl-C: nothing is held, the ledger is right, and the same command goes on."""
    calls = itertools.count()

    def execute(part: pipeline.Plan, name: str | None, watch: pipeline.Watch) -> RunResult:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return office.execute(part, name, watch)

    with pytest.raises(KeyboardInterrupt):
        backfill.run(office.plan(date(2023, 1, 1), date(2025, 1, 1)), execute=execute, watch=office, clock=office.clock)
    assert office.lines[-1] == "1 of 2 slices were ended; the same command goes on from there"
    assert lock.holder(office.data) is None and lock.waiting(office.data) == []
    assert office.backfill(date(2023, 1, 1), date(2025, 1, 1)).outcome == "ok"
    assert office.done == ["2023"]


@pytest.mark.parametrize("down", ["listing", "articles"])
def test_a_site_that_is_down_is_not_asked_for_years(office: Years, site: SampleSite, server: Server, down: str) -> None:
    """After one slice that gave nothing it stops, and says how to go on."""
    site.faults.append(Fault("/press-releases" if down == "listing" else r"/\d+$", status(503)))
    result = office.backfill(date(2021, 1, 1), date(2025, 1, 1))
    assert result.outcome == "incomplete"
    assert office.done == ["2024"]
    assert "stopped after 2024" in (result.detail or "") and "(1 of 4 slices were ended; the same command goes on" in (result.detail or "")


def test_a_slice_that_cannot_end_ends_the_backfill(office: Years) -> None:
    """The disk is full in the third slice: what the first two brought is told and kept; failed, not raised."""

    def execute(part: pipeline.Plan, name: str | None, watch: pipeline.Watch) -> RunResult:
        if name == "2022":
            raise NewsroomError("data: the disk is full")
        return office.execute(part, name, watch)

    result = backfill.run(office.plan(date(2021, 1, 1), date(2025, 1, 1)), execute=execute, watch=office, clock=office.clock)
    assert result.outcome == "failed"
    assert result.detail == "2022: data: the disk is full (2 of 4 slices were ended; the same command goes on from there)"
    assert result.sources["osce"]["fetched"] > 0


def test_the_same_backfill_is_under_way_once_and_a_nightly_slips_in(office: Years, site: SampleSite) -> None:
    """A nightly that waits has its turn after the slice at work; a second backfill of the same years is refused at once."""
    office.run("nightly")
    site.add(1, on=END)
    night = Office(office.data, office.base_url, office.config, now=office.now + timedelta(days=1))
    results: list[RunResult] = []
    waiting = threading.Thread(target=lambda: results.append(night.run("nightly", wait=60)))

    def execute(part: pipeline.Plan, name: str | None, watch: pipeline.Watch) -> RunResult:
        if name == "2023":
            with pytest.raises(Busy, match="is under way already"):
                Years(office.data, office.base_url, office.config).backfill(date(2023, 1, 1), date(2025, 1, 1))
        return office.execute(part, name, watch)

    def meddle(stage: str, source: str | None, done: int, total: int | None) -> None:
        if waiting.ident is None:
            waiting.start()
            assert is_soon(lambda: len(lock.waiting(office.data)) == 1, 10)

    office.progress = meddle  # type: ignore[method-assign]
    office.done = []
    result = backfill.run(office.plan(date(2023, 1, 1), date(2025, 1, 1)), execute=execute, watch=office, clock=office.clock)
    waiting.join()
    assert result.outcome == results[0].outcome == "ok"
    assert office.done == ["2024", "2023"]
    with Warehouse.look(office.data / "warehouse.duckdb") as warehouse:
        kinds = [
            row[0] for row in warehouse.ask("SELECT r.kind FROM facts.walks AS w JOIN ops.runs AS r USING (run_id) ORDER BY tick").rows
        ]
    assert kinds == ["nightly", "backfill", "nightly", "backfill"], "it went second"


# --- what it would do


def everything_in(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_dry_run_asks_nothing_writes_nothing_and_tells_what_is_known(
    office: Years, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is known: how many pages at most. Afterwards: what is done, what is left, and how long it takes."""

    def dry(*more: str) -> str:
        words = ["--since", "2021-01-01", "--until", "2025-01-01", "--base-url", server.url, "--delay", "2", "--dry-run", *more]
        where = ["--config", str(office.config), "--data", str(office.data)]
        monkeypatch.setattr(sys, "argv", ["newsroom", "backfill", "osce", *words, *where])
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert (ended.value.code, said.err) == (0, ""), said.err
        return said.out

    before = dry()
    assert "4 of 4 slices have never been read whole" in before and "that may be 20156 pages at most (11 h 12 min)" in before
    assert not office.data.exists() and server.log == []

    lost = next(item for item in server.site.articles() if item.published_on.year == 2023)
    server.site.faults.append(Fault(rf"/{lost.id}$", status(500)))
    office.now = datetime.now(UTC) - timedelta(days=2)
    office.backfill(date(2022, 1, 1), date(2025, 1, 1))
    asked, files = len(server.log), everything_in(office.data)
    told = dry()
    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line.startswith(" 20")}
    assert {year: row[0] for year, row in rows.items()} == {year: "to" if year in ("2023", "2021") else "complete" for year in YEARS}
    assert rows["2023"][3] == "1", "the one article that is still to be had"
    assert "1 of 4 slices are known" in told and "1 of 4 slices have never been read whole" in told
    assert "nothing was asked for and nothing written" in told
    machine = json.loads(dry("--json"))  # 2021 shares a page of the listing with 2022, so its three articles are known already
    assert machine["sources"]["osce"] | {"listed": 0, "seconds": 0} == {
        "slices": 4, "slices_done": 2, "slices_unknown": 1, "listed": 0, "to_ask": 1 + 3, "seconds": 0,
    }  # fmt: skip
    assert (len(server.log), everything_in(office.data)) == (asked, files)


def test_what_would_be_done_is_told_before_anybody_answers_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shipped configuration names no contact yet: no real site is asked for anything, but one may look."""
    words = [
        "backfill",
        "osce",
        "--since",
        "2021-01-01",
        "--until",
        "2025-01-01",
        "--config",
        str(CONFIG),
        "--data",
        str(tmp_path / "data"),
    ]
    for more, code, told in ((["--dry-run"], 0, "4 of 4 slices have never been read whole"), ([], 2, "contact: set it to your e-mail")):
        monkeypatch.setattr(sys, "argv", ["newsroom", *words, *more])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert ended.value.code == code and told in said.out + said.err, said
    assert not (tmp_path / "data").exists()


# --- killed


def _years(data: Path, url: str, config: Path) -> None:
    """In a child: twenty years."""
    os.setpgid(0, 0)
    office = Years(data, url, config)
    office.clock = pipeline.utc_now  # type: ignore[method-assign]
    result = office.backfill(date(2005, 1, 1), date(2025, 1, 1), recheck="none")
    os._exit(0 if result.outcome == "ok" else 9)


def _night(data: Path, url: str, config: Path) -> None:
    """In a child: a night that waits for its turn."""
    office = Office(data, url, config)
    office.clock = pipeline.utc_now  # type: ignore[method-assign]
    os._exit(0 if office.run("nightly", recheck="none", wait=300).outcome == "ok" else 9)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_twenty_years_killed_ten_times_and_a_night_between_equal_one_clean_run(tmp_path: Path) -> None:
    """Contract, invariant 4: `kill -9` at random instants, the same command again; a nightly slips in; each year is done once."""
    rng = random.Random(20)
    config = crash.small_batches(tmp_path / "config")
    site = SampleSite(60, seed=7, start=date(2005, 2, 1), end=date(2024, 12, 20))
    old = [item.id for item in site.articles() if item.published_on < date(2024, 12, 1)]
    for number in old:  # at first the newsroom shows its last weeks only, so that there is a watermark before the backfill
        site.unlist(number)
    with serve(site) as server:
        clean = Office(tmp_path / "clean", server.url, config, now=datetime.now(UTC))
        office = Years(tmp_path / "data", server.url, config, now=datetime.now(UTC))
        for each in (clean, office):
            assert each.run("nightly", recheck="none").outcome == "ok"
        for number in old:
            site.restore(number)
        site.add(2, on=date(2024, 12, 20))

        for _ in range(10):
            at = len(server.log) + rng.randint(4, 40)  # a year takes some fifteen requests
            child = crash._FORKS.Process(target=_years, args=(office.data, server.url, config))
            child.start()
            assert is_soon(lambda at=at: len(server.log) >= at, 200)  # type: ignore[misc]
            time.sleep(rng.uniform(0, 0.5))
            assert child.is_alive(), "it ended before it could be killed"
            child.kill()
            child.join()
        done_before = office.ledger()

        years = crash._FORKS.Process(target=_years, args=(office.data, server.url, config))
        years.start()
        assert is_soon(lambda: "backfill" in (lock.holder(office.data) or ""), 200)
        night = crash._FORKS.Process(target=_night, args=(office.data, server.url, config))
        night.start()
        for child in (years, night):
            child.join(400)
            assert child.exitcode == 0

        assert clean.run("backfill", recheck="none", since=date(2005, 1, 1), until=date(2025, 1, 1)).outcome == "ok"
        assert clean.run("nightly", recheck="none").outcome == "ok"

    had, wanted = office.public_data(), clean.public_data()
    for table, rows in wanted.items():
        assert had[table] == rows, f"{table}: {set(map(repr, had[table])) ^ set(map(repr, rows))}"
    assert len(office.sql("SELECT article_id FROM articles")) == len(site.expected()) > 50
    assert 3 <= len(done_before) <= 19, "some years were done before the last of the kills, and some were not"
    states = office.ledger()
    assert sorted(since for since, state, _ in states if state in ("complete", "empty")) == [
        date(year, 1, 1) for year in range(2005, 2025)
    ], "each once"
    with Warehouse.look(office.data / "warehouse.duckdb") as warehouse:
        runs = warehouse.ask("SELECT kind, outcome FROM ops.runs ORDER BY started_at, run_id").rows
        assert warehouse.ask("SELECT count(*) FROM ops.runs WHERE outcome = 'failed'").rows[0][0] <= 10
    kinds = [kind for kind, _ in runs]
    assert kinds.count("nightly") == 2 and "nightly" in kinds[2:-1], "the second night did not have to wait for the end"
    crash.assert_facts_lead_to_their_bytes(office.data)
    crash.assert_archive_is_clean(office.data)
    assert [path for path in office.data.rglob("*") if crash.is_leftover(path)] == []


# --- under Prefect


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_in_prefect_a_backfill_is_one_run_that_shows_how_far_it_is(site: SampleSite, server: Server, tmp_path: Path) -> None:
    """One flow run, task runs named by year, a progress artifact that ends at 100, the counts of all slices in the last line of JSON."""
    words = ["backfill", "osce", "--since", "2022-01-01", "--until", "2024-01-01", "--base-url", server.url, "--delay", "0", "--json"]
    env = environment()
    with prefect_api(tmp_path / "prefect", env) as api:
        api.wait()
        command = [
            sys.executable,
            "-c",
            "from newsroom.cli import main; main()",
            *words,
            "--config",
            str(CONFIG),
            "--data",
            str(tmp_path / "data"),
        ]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == 0, done.stderr

        prefect = Prefect(api.url, tmp_path / "prefect" / "server.log")
        (flow_run,) = prefect.ask("flow_runs/filter", {})
        wanted = {"2023 discover osce", "2022 publish"}  # a server writes down what it was told a moment later
        prefect.wait("the task runs", lambda: wanted <= {each["name"] for each in prefect.ask("task_runs/filter", {})})
        prefect.wait("the logs", lambda: any("2023 (1/2): publish" in each["message"] for each in prefect.ask("logs/filter", {})))
        runs = prefect.ask("task_runs/filter", {})
        tasks = {each["name"] for each in runs}
        assert {"newsroom", "backfill", "osce"} <= set(flow_run["tags"])
        assert not any(each["tags"] for each in runs), "for each that has some, the server would be asked for a slot"
        heartbeats = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}}}
        prefect.wait("a heartbeat", lambda: prefect.ask("events/filter", heartbeats)["events"])
        event = prefect.ask("events/filter", heartbeats)["events"][-1]
        assert event["resource"]["prefect.resource.id"] == f"prefect.flow-run.{flow_run['id']}"
        related = {each["prefect.resource.id"] for each in event["related"] if each["prefect.resource.role"] == "tag"}
        assert "prefect.tag.newsroom" in related, "by which the automation of `newsroom deploy` knows whose silence to mind"
        artifacts = {each["key"]: each for each in prefect.ask("artifacts/filter", {})}
        logs = [each["message"] for each in prefect.ask("logs/filter", {})]
    lines = done.stderr.splitlines()
    assert "in 2 slices by year, the newest first" in lines[0]
    lines = [line for line in lines if line.startswith("slice ")]
    assert [line.split(":")[0] for line in lines] == ["slice 1 of 2, 2023", "slice 2 of 2, 2022"]
    assert "left" in lines[0]
    result = json.loads(done.stdout)
    assert (result["outcome"], result["sources"]["osce"]["fetched"]) == ("ok", 6)
    assert flow_run["name"] == "backfill osce 2022-01-01..2024-01-01"
    assert {"2023 discover osce", "2022 publish"} <= tasks
    assert any(name.startswith("2023 fetch osce 1 (") for name in tasks)
    assert artifacts["newsroom-progress"]["data"] == 100
    assert "backfill osce 2022-01-01..2024-01-01" in artifacts["newsroom-progress"]["description"]
    assert artifacts["newsroom-verdict"]["data"].count("* walk osce: complete") == 2
    assert lines[0] in logs and any(line.startswith("2023 (1/2): publish") for line in logs)
