"""A mart made anew only where it was touched, and a public file amended from the one before, are what they would be made as a whole."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from newsroom import pipeline, touched
from newsroom.errors import NewsroomError
from newsroom.model import StageReport
from newsroom.sample import SampleSite
from newsroom.sample.faults import Fault, login_wall, redirect, status
from newsroom.stages import check as checking
from newsroom.stages import model as modelling
from newsroom.stages import publish
from newsroom.warehouse import Warehouse, compact, open_public
from tests import crash
from tests.bench_publish import Made
from tests.nights import Office

NIGHTS = int(os.environ.get("AMEND_NIGHTS", "12"))
ASIDE = {"mart.built", "mart.touched", "mart.shown"}
"""How the mart came about, not what it says."""
CATALOG = {
    "views": "SELECT view_name, sql, comment FROM duckdb_views() WHERE database_name = 'file' AND NOT internal",
    "tables": "SELECT table_name, sql, comment FROM duckdb_tables() WHERE database_name = 'file'",
    "columns": "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE database_name = 'file' AND NOT internal",
    "macros": "SELECT function_name, parameters, macro_definition, comment FROM duckdb_functions() WHERE database_name = 'file' AND NOT internal",
}


def assert_as_if_made_whole(office: Office, beside: Path) -> int:
    """Compare with a mart and a file made whole from the same facts; returns how often the public file has been amended by now."""
    beside.mkdir(exist_ok=True)
    shutil.copy(office.data / "warehouse.duckdb", beside / "warehouse.duckdb")
    whole = beside / "whole.duckdb"
    with Warehouse.open(beside / "warehouse.duckdb") as warehouse:
        (amended,) = warehouse.ask("SELECT amended FROM mart.shown").rows[0]
        assert touched.rebuild(warehouse) == 0  # the signs of drift are measured by what has been published, and so differ after it
        partly = warehouse.digests()
        touched.rebuild(warehouse, whole=True)
        wholly = warehouse.digests()
        assert [name for name in wholly if name.startswith("mart.") and name not in ASIDE and partly[name] != wholly[name]] == []
        warehouse.write_public(whole)
    assert_equal_files(office.data / "public" / "newsroom.duckdb", whole)
    shutil.rmtree(beside)
    return int(amended)


def catalog(path: Path) -> dict[str, list[str]]:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS file (READ_ONLY)")
        return {what: sorted(map(str, connection.execute(query).fetchall())) for what, query in CATALOG.items()}


def assert_equal_files(one: Path, other: Path) -> None:
    """Every row of every table; tables, columns, views, macros and comments; the storage version."""
    assert catalog(one) == catalog(other)
    with duckdb.connect() as connection:
        for path, name in ((one, "one"), (other, "other")):
            connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        tags = connection.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name IN ('one', 'other')"
        ).fetchall()
        assert len(set(tags)) == 1 and "v1.4" in tags[0][0], tags
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'one'").fetchall():
            for mine, theirs in (("one", "other"), ("other", "one")):
                rows = connection.execute(f"FROM {mine}.main.{table} EXCEPT ALL FROM {theirs}.main.{table} LIMIT 3").fetchall()
                assert rows == [], f"{table}: only in {mine}: {rows}"


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(40, seed=5)


class Newsroom:
    """What can happen to a newsroom between two nights."""

    def __init__(self, site: SampleSite, office: Office, rng: random.Random) -> None:
        self.site, self.office, self.rng = site, office, rng

    def some(self) -> int:
        return self.rng.choice([number for number in self.site.items if number not in self.site.gone])

    def nothing(self) -> None:
        pass

    def news(self) -> None:
        self.site.add(self.rng.randint(1, 4))

    def correction(self) -> None:
        self.site.rewrite(self.some(), f"Corrected {self.rng.random()}.")

    def other_words_for_the_listing(self) -> None:
        self.site.edit(self.some(), title=f"Another title {self.rng.randint(1, 10**6)}")

    def removal(self) -> None:
        self.site.remove(self.some(), self.rng.choice((404, 410)))

    def return_(self) -> None:
        if self.site.gone:
            self.site.restore(self.rng.choice(sorted(self.site.gone)))

    def copy(self) -> None:
        """An article of which there is one already, word for word; sometimes the copy has the lower number and takes over."""
        kept = self.site.items[self.some()]
        (number,) = self.site.add()
        self.site.items[number] = replace(kept, id=number, rank=self.site.items[number].rank, edited_at=None)

    def moved(self) -> None:
        one, other = self.some(), self.some()
        self.site.faults.append(Fault(rf"/{one}$", redirect(f"/node/{other}"), times=2))

    def wall(self) -> None:
        self.site.faults.append(Fault(rf"/{self.some()}$", login_wall(), times=3))

    def errors(self) -> None:
        self.site.faults.append(Fault(rf"/{self.some()}$", status(500), times=6))

    def another_definition(self) -> None:
        """The source's file changes in how pages are read: all of them are read again."""
        path = self.office.config / "sources" / "osce.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("[article]\n", "[article]\nnot_articles = ['No such title']\n", 1), encoding="utf-8")


def random_nights(site: SampleSite, office: Office, seed: int, beside: Path) -> tuple[int, int]:
    """Nights of all kinds, each compared; returns how many amended the public file, and how many were published."""
    rng = random.Random(seed)
    happens = Newsroom(site, office, rng)
    events: list[Callable[[], None]] = [
        happens.nothing, happens.news, happens.correction, happens.other_words_for_the_listing, happens.removal, happens.return_, happens.copy,
        happens.moved, happens.wall, happens.errors,
    ]  # fmt: skip
    assert office.run("sweep").outcome == "ok"
    amended = published = 0
    for number in range(NIGHTS):
        for _ in range(rng.randint(0, 3)):
            rng.choice(events)()
        office.sleep(rng.choice((1, 1, 1, 40)))
        if number == NIGHTS // 2:
            happens.another_definition()
        if number % 7 == 5:
            pipeline.rollback(pipeline.Options(office.config, office.data), None)
        before = contents(office)
        if number % 7 == 3:
            office.run("retry")
        kind: Any = rng.choice(("nightly", "nightly", "nightly", "sweep"))
        result = office.run(kind, recheck=rng.choice(("due", "due", "all")))
        after = contents(office)
        assert all(before[name] == after[name] for name in before.keys() & after.keys()), "a snapshot was written to"
        if result.published:
            published += 1
            amended += assert_as_if_made_whole(office, beside) > 0
    return amended, published


def contents(office: Office) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (office.data / "public" / "snapshots").iterdir()}


@pytest.mark.parametrize(
    "seed",
    [
        1,
        pytest.param(2, marks=pytest.mark.slow),
        *(pytest.param(seed, marks=[pytest.mark.slow, pytest.mark.long]) for seed in range(3, 8)),
    ],
)
def test_random_nights_end_as_if_everything_was_made_whole(site: SampleSite, office: Office, tmp_path: Path, seed: int) -> None:
    """Mart and public file have the rows they would have, made whole; and no snapshot is ever written to.

    News, corrections, removals, returns, copies, redirects, quarantines, another definition, a rollback.
    """
    amended, published = random_nights(site, office, seed, tmp_path / "beside")
    assert published > NIGHTS / 2
    assert amended > published / 2
    assert not any("could not be amended" in line for line in office.lines)


def state(office: Office) -> dict[str, Any]:
    with Warehouse.look(office.data / "warehouse.duckdb") as warehouse:
        return warehouse.ask("SELECT amended, bytes, whole_bytes FROM mart.shown").dicts()[0]


def test_the_file_is_written_whole_when_it_should_be(
    site: SampleSite, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First, by hand, after a rollback, after so many times, when it has grown, or when too much was touched; amended otherwise."""
    amended = []

    def night(kind: Any = "nightly") -> None:
        site.add()
        office.sleep()
        office.run(kind)
        amended.append(state(office)["amended"])

    for _ in range(3):
        night()
    assert amended == [0, 1, 2]
    night("publish")
    assert amended[-1] == 0
    night()
    pipeline.rollback(pipeline.Options(office.config, office.data), None)
    night()
    assert amended[-2:] == [1, 0]
    monkeypatch.setattr(publish, "MAX_AMENDED", 1)
    night()
    night()
    assert amended[-2:] == [1, 0]
    monkeypatch.setattr(publish, "MAX_GROWTH", 0.9)
    monkeypatch.setattr(publish, "SLACK_BYTES", -1)
    night()
    assert amended[-1] == 0
    monkeypatch.undo()
    monkeypatch.setattr(touched, "FEW", 3)
    night()
    assert amended[-1] == 0
    assert_as_if_made_whole(office, tmp_path / "beside")


@pytest.mark.parametrize("harm", ["cut", "overwritten", "gone", "another"])
def test_a_damaged_snapshot_is_not_amended(site: SampleSite, office: Office, tmp_path: Path, harm: str) -> None:
    """The file before it is cut, overwritten, gone, or another file: the next one is written whole, and right."""
    office.run("nightly")
    site.add(2)
    office.sleep()
    office.run("nightly")
    (latest,) = sorted((office.data / "public" / "snapshots").iterdir())[-1:]
    size = latest.stat().st_size
    earlier = sorted((office.data / "public" / "snapshots").iterdir())[0]
    latest.chmod(0o644)
    if harm == "cut":
        os.truncate(latest, size // 2)
    elif harm == "overwritten":
        latest.write_bytes(latest.read_bytes()[:12288] + b"\xff" * (size - 12288))
    elif harm == "gone":
        latest.unlink()
    else:
        latest.write_bytes(earlier.read_bytes().ljust(size, b"\0")[:size])
    site.add()
    office.sleep()
    office.run("nightly")
    assert_as_if_made_whole(office, tmp_path / "beside")
    assert harm != "overwritten" or any("could not be amended" in line for line in office.lines)


BLOWS = (
    *(
        crash.Blow(point="amend", nth=nth, before=before)
        for nth, before in ((1, True), (2, False), (5, False), (9, False), (14, False), (19, False))
    ),
    *(crash.Blow(point="public_file", before=before) for before in (True, False)),
    *(crash.Blow(point="replace", nth=nth, before=before) for nth in (1, 2) for before in (True, False)),
    *(crash.Blow(point="link", before=before) for before in (True, False)),
)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_while_amending_the_file_is_the_old_or_the_new_one(site: SampleSite, office: Office, tmp_path: Path) -> None:
    """Kill -9 at every step of an amendment: the public file is that of the night before, byte for byte, or a whole new one.

    The run after that ends with the file that would have been made whole.
    """
    office.now = datetime.now(UTC) - timedelta(days=3)
    office.run("sweep")
    site.add(2)
    office.sleep()
    office.run("sweep")
    site.add(2)
    site.rewrite(site.articles()[3].id)
    seen = set()
    for number, blow in enumerate(BLOWS):
        place = tmp_path / f"{number}"
        shutil.copytree(office.data, place / "data")
        shutil.rmtree(place / "data" / "public")
        subprocess.run(["cp", "-a", office.data / "public", place / "data" / "public"], check=True)  # links stay links
        before = sha256((place / "data" / "public" / "newsroom.duckdb").read_bytes()).hexdigest()
        arguments = (place / "data", office.base_url, office.config, "sweep", {"recheck": "all"}, blow, place / "told")
        child = crash._FORKS.Process(target=crash._command, args=arguments)
        child.start()
        child.join(200)
        assert (child.exitcode, (place / "told").read_text()) == (-signal.SIGKILL, blow.point), blow
        mine = Office(place / "data", office.base_url, office.config, datetime.now(UTC))
        is_old = sha256((mine.data / "public" / "newsroom.duckdb").read_bytes()).hexdigest() == before
        with open_public(mine.data) as reader:
            reader.verify()
        assert mine.sql("SELECT count(*) FROM articles")[0][0] == (42 if is_old else 44) - len(
            mine.sql("FROM duplicates WHERE kind = 'exact'")
        )
        assert is_old or blow.point in ("replace", "link"), blow
        assert mine.run("sweep").outcome == "ok"
        seen.add((is_old, assert_as_if_made_whole(mine, tmp_path / "beside") > 1))
        assert not any(crash.is_leftover(path) for path in mine.data.rglob("*"))
    assert (True, True) in seen, "killed, and amended all the same"
    assert any(not is_old for is_old, _ in seen), "killed when the new one was in place"


def test_what_the_disk_does_to_a_snapshot_is_not_handed_on(tmp_path: Path) -> None:
    """A bit that has flipped where amending does not look, such as the bodies of old articles: the next file is written whole, and says why."""
    public = tmp_path / "public"
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        made = Made(warehouse, body_bytes=6000, words=1000)
        made.settings()

        def night(numbers: range) -> str:
            run_id = made.begin()
            made.articles(run_id, numbers)
            touched.rebuild(warehouse)
            return publish.publish(warehouse, public, run_id=run_id, now=made.now, keep_snapshots=2).detail

        night(range(600))
        assert "written whole" not in night(range(600, 601))
        for part in range(8):
            latest = public / "snapshots" / f"{publish.shown(public)}.duckdb"
            latest.chmod(0o644)
            with latest.open("r+b") as file:
                file.seek(int(latest.stat().st_size * (part + 0.7) / 8))
                (byte,) = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte ^ 1]))
            assert "written whole, for the one before could not be amended" in night(range(601 + part, 602 + part))
            with open_public(tmp_path) as reader:
                reader.verify()


@pytest.mark.parametrize("wrong", ["a want of memory", "no more threads", "little room", "the snapshot goes meanwhile", "memory for one"])
def test_the_copy_made_ahead_is_only_a_saving(
    wrong: str, site: SampleSite, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last snapshot is copied while models and checks are made; whatever becomes of that, the night is published and leaves nothing behind."""
    office.run("nightly")
    site.add(2)
    office.sleep()

    def fails(*_: object, **__: object) -> None:
        raise MemoryError if wrong == "a want of memory" else RuntimeError("can't start new thread")

    tried = []

    def short_of_memory(plain: Callable[..., None]) -> Callable[..., None]:
        def write(*given: Any, **options: Any) -> None:
            tried.append(threading.current_thread().name)
            if tried[-1] == "aside":
                raise NewsroomError("more memory needed")
            plain(*given, **options)

        return write

    make = modelling.model

    def goes(warehouse: Warehouse, *, whole: bool = False) -> StageReport:
        for snapshot in office.data.glob("public/snapshots/*.duckdb"):
            snapshot.unlink()
        return make(warehouse, whole=whole)

    if wrong == "a want of memory":
        monkeypatch.setattr(publish, "copy_file", fails)
    elif wrong == "no more threads":
        monkeypatch.setattr(publish, "in_thread", fails)
    elif wrong == "little room":
        monkeypatch.setattr(publish.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
        monkeypatch.setattr(publish, "in_thread", lambda *_: pytest.fail("copied before there was need"))
    elif wrong == "memory for one":  # and the checks take it
        monkeypatch.setattr(publish, "amend_public", short_of_memory(publish.amend_public))
        monkeypatch.setattr(Warehouse, "write_public", short_of_memory(Warehouse.write_public))
    else:
        monkeypatch.setattr(modelling, "model", goes)
    assert office.run("nightly").outcome == "ok"
    told = [line for line in office.lines if line.startswith("publish: ")][-1]
    assert ("MemoryError" in told) == (wrong == "a want of memory"), told
    assert tried == (["aside", "aside", "MainThread"] if wrong == "memory for one" else [])
    assert not any(crash.is_leftover(path) for path in office.data.rglob("*"))
    assert_as_if_made_whole(office, tmp_path / "beside")


def test_a_run_that_is_stopped_does_not_wait_for_the_copy(site: SampleSite, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while models are made and the last snapshot is still being copied: the copy is given up, and is gone."""
    office.run("nightly")
    site.add()
    office.sleep()
    copying = threading.Event()

    def slowly(_: Path, target: Path, *, stop: threading.Event) -> None:
        target.write_bytes(b"half of it")
        copying.set()
        assert stop.wait(60), "nobody gave it up"

    def interrupted(*_: object, **__: object) -> StageReport:
        assert copying.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr(publish, "copy_file", slowly)
    monkeypatch.setattr(modelling, "model", interrupted)
    with pytest.raises(KeyboardInterrupt):
        office.run("nightly")
    assert not any(path.name.endswith(".unfinished") for path in office.data.rglob("*"))


@pytest.mark.parametrize("at", ["waiting for the verdict", "writing", "writing, and heedless"])
def test_a_run_that_is_stopped_leaves_nothing_of_its_file(
    at: str, site: SampleSite, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is made while checks are asked; Ctrl-C then ends both, and the next run in this process makes its own."""
    office.run("nightly")
    site.add()
    office.sleep()
    begun, plain, before = threading.Event(), publish.amend_public, set(threading.enumerate())

    def slowly(warehouse: Warehouse, copy: Path, *, wait: Callable[[], object]) -> None:
        if at == "waiting for the verdict":
            plain(warehouse, copy, wait=lambda: (begun.set(), wait()))
        with warehouse.public_file(copy, is_there=True):
            begun.set()
            if at == "writing":
                wait()
            warehouse.ask("SELECT count(*) FROM range(10000000000) AS a(n), range(1000) AS b(m) WHERE hash(n, m) = 1")

    def interrupted(*_: object, **__: object) -> StageReport:
        assert begun.wait(60)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publish, "amend_public", slowly)
        patched.setattr(checking, "check", interrupted)
        with pytest.raises(KeyboardInterrupt):
            office.run("nightly")
    assert not any(crash.is_leftover(path) for path in office.data.rglob("*"))
    for each in set(threading.enumerate()) - before:
        each.join(10)
        assert not each.is_alive(), each.name
    assert office.run("nightly").outcome == "ok"
    assert assert_as_if_made_whole(office, tmp_path / "beside") == 1


def test_a_file_that_cannot_be_written_keeps_nobody_from_checking(
    site: SampleSite, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails while checks are asked: they are asked to their end and kept, then the run says what it lacks; the next one has it all."""
    office.run("nightly")
    site.add()
    office.sleep()

    def full(*_: object, **__: object) -> None:
        raise NewsroomError("public/snapshots: the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(publish, "amend_public", full)
        patched.setattr(Warehouse, "write_public", full)
        with pytest.raises(NewsroomError, match="the disk is full"):
            office.run("nightly")
    with Warehouse.look(office.data / "warehouse.duckdb") as warehouse:
        (last,) = warehouse.ask("SELECT outcome, run_id, detail FROM ops.runs ORDER BY started_at DESC LIMIT 1").rows
        assert last[0] == "failed" and "the disk is full" in last[2]
        assert warehouse.ask("SELECT count(*) > 20 FROM ops.checks WHERE run_id = $run_id", run_id=last[1]).rows == [(True,)]
    assert not any(crash.is_leftover(path) for path in office.data.rglob("*"))
    office.sleep()
    assert office.run("nightly").outcome == "ok"
    assert_as_if_made_whole(office, tmp_path / "beside")


def test_without_a_place_for_the_file_pages_are_had_all_the_same(office: Office) -> None:
    """Somebody has put a file where the snapshots belong: that is told when there is something to publish."""
    (office.data / "public").mkdir(parents=True)
    (office.data / "public" / "snapshots").touch()
    with pytest.raises(NewsroomError, match="snapshots"):
        office.run("nightly")
    with Warehouse.look(office.data / "warehouse.duckdb") as warehouse:
        assert warehouse.ask("SELECT count(*) > 10 FROM facts.readings").rows == [(True,)]


def test_a_night_that_was_blocked_is_in_the_next_file(site: SampleSite, office: Office, tmp_path: Path) -> None:
    """What a blocked night touched is still to be shown: the next file is amended by both nights."""
    office.run("nightly")
    number = site.add()[0]
    site.edit(number, published_on=date(2099, 1, 1))
    office.sleep()
    assert office.run("nightly").outcome == "blocked"
    assert not any(crash.is_leftover(path) for path in office.data.rglob("*")), "the copy that was to be amended is gone"
    site.edit(number, published_on=site.end)
    site.add()
    office.sleep()
    assert office.run("nightly", recheck="all").outcome == "ok"
    assert assert_as_if_made_whole(office, tmp_path / "beside") == 1
    assert office.sql(f"SELECT count(*) FROM articles WHERE article_id = 'osce:{number}'") == [(1,)]


def test_a_compacted_warehouse_is_gone_through_anew(site: SampleSite, office: Office, tmp_path: Path) -> None:
    """Writing the warehouse anew may put rows elsewhere, and what is new is told by where rows stand."""
    office.run("nightly")
    compact(office.data / "warehouse.duckdb", memory_limit="1GB", threads=2)
    site.add(2)
    office.sleep()
    office.run("nightly")
    assert assert_as_if_made_whole(office, tmp_path / "beside") == 0


def test_two_sources_that_list_the_same_addresses(site: SampleSite, office: Office, tmp_path: Path) -> None:
    """Each run is of one of them, and moves rows of the other: the first in the alphabet has the articles, the other the copies."""
    first, second = office.config / "sources" / "osce.toml", office.config / "sources" / "again.toml"
    second.write_text(first.read_text(encoding="utf-8").replace('name = "osce"', 'name = "again"'), encoding="utf-8")
    amended = []
    for source in ("osce", "again", "osce", "again"):
        site.add(2)
        office.sleep()
        options = pipeline.Options(office.config, office.data, office.base_url, 0, "all")
        result = pipeline.run(
            pipeline.prepare("sweep", options, sources=(source,)), engine=pipeline.Inline(), watch=office, clock=office.clock
        )
        assert result.outcome == "ok", result.detail
        amended.append(assert_as_if_made_whole(office, tmp_path / "beside"))
    assert amended == [0, 0, 1, 2]  # the second source is new to the settings
    assert {source for (source,) in office.sql("SELECT DISTINCT source FROM articles")} == {"again"}
