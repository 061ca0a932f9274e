"""Keeping house: the archive pruned and verified, the warehouse written anew, backups that bring everything back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from flows.server import prefect_api
from newsroom import backup as backups
from newsroom import pipeline
from newsroom.config import Retention, Settings
from newsroom.errors import Busy, ConfigError, Damaged, NewsroomError
from newsroom.housekeeping import Done, keep_house
from newsroom.lock import hold
from newsroom.sample import SampleSite, Server, serve
from newsroom.warehouse import Warehouse, compact
from tests.nights import CONFIG, Office
from tests.served import Prefect


@pytest.fixture(scope="module")
def site() -> SampleSite:
    return SampleSite(12)


@pytest.fixture(scope="module")
def newsroom(site: SampleSite) -> Iterator[Server]:
    with serve(site) as server:
        yield server


@pytest.fixture(scope="module")
def two_nights(newsroom: Server, site: SampleSite, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A newsroom after a first night, and a second one on which nothing but the listing and unchanged articles was received."""
    here = Office(tmp_path_factory.mktemp("house") / "data", newsroom.url)
    assert here.run().outcome == "ok"
    here.sleep()
    assert here.run(recheck="all").outcome == "ok"
    return here


@pytest.fixture
def here(two_nights: Office, tmp_path: Path) -> Office:
    """A copy of it, to do with as one likes."""
    shutil.copytree(two_nights.data, tmp_path / "data", copy_function=shutil.copy2)
    public = tmp_path / "data" / "public"
    (public / "newsroom.duckdb").unlink()
    os.link(max((public / "snapshots").glob("*.duckdb")), public / "newsroom.duckdb")
    return Office(tmp_path / "data", two_nights.base_url, now=two_nights.now)


def options(here: Office) -> pipeline.Options:
    return pipeline.Options(here.config, here.data)


def warcs(here: Office) -> list[str]:
    return sorted(path.name for path in here.data.glob("archive/osce/*"))


# --- the archive


def test_only_files_that_nothing_refers_to_may_go(here: Office) -> None:
    """The second night's file holds a listing and answers of `not modified`: it may go, and nobody misses it. The first one may not."""
    first, second = warcs(here)
    before = here.public_data()
    here.sleep(400)
    assert [each.name for each in pipeline.prune_archive(options(here), days=365, dry_run=True, clock=here.clock)] == [second]
    assert warcs(here) == [first, second]
    assert pipeline.prune_archive(options(here), days=500, clock=here.clock) == []
    assert [each.name for each in pipeline.prune_archive(options(here), days=365, clock=here.clock)] == [second]
    assert warcs(here) == [first]
    assert list(pipeline.verify_archive(options(here))) == [("osce", 1, [])]
    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:
        warehouse.run("DELETE FROM facts.readings")
    assert here.run("reparse").outcome == "ok"
    assert here.public_data() == before
    assert here.run("sweep", recheck="all").outcome == "ok"


def test_the_archive_is_kept_for_ever_unless_someone_says_otherwise(here: Office) -> None:
    here.sleep(4000)
    with pytest.raises(ConfigError, match="kept for ever"):
        pipeline.prune_archive(options(here), clock=here.clock)
    assert any("kept for ever" in done.line for done in pipeline.keep_house(options(here), clock=here.clock))
    assert len(warcs(here)) == 2


def test_a_snapshot_one_can_go_back_to_keeps_its_responses(here: Office) -> None:
    """Whatever the warehouse says now."""
    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:
        for table in ("facts.fetches", "mart.current", "mart.versions", "mart.quarantine"):
            warehouse.run(f"DELETE FROM {table}")
    here.sleep(400)
    (gone,) = pipeline.prune_archive(options(here), days=1, dry_run=True, clock=here.clock)
    assert gone.name == warcs(here)[1]
    for snapshot in here.data.glob("public/snapshots/*"):
        snapshot.unlink()
    assert len(pipeline.prune_archive(options(here), days=1, dry_run=True, clock=here.clock)) == 2


def test_verify_finds_a_flipped_bit_and_a_lost_file(here: Office) -> None:
    first, second = (here.data / "archive" / "osce" / name for name in warcs(here))
    content = bytearray(second.read_bytes())
    content[-200] ^= 1  # within the last response
    second.write_bytes(content)
    first.rename(here.data / "mislaid")
    ((source, files, problems),) = pipeline.verify_archive(options(here))
    assert (source, files) == ("osce", 1)
    assert [str(first) in problems[0] and "is missing" in problems[0], str(second) in problems[1]] == [True, True]
    with hold(here.data, run_id="a-run", now=here.clock()):  # beside a run: what is there is read
        assert [len(problems) for _, _, problems in pipeline.verify_archive(options(here))] == [1]


# --- the warehouse


def bloat(here: Office) -> None:
    """Leave the file full of holes."""
    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:
        warehouse.run("CREATE TABLE ops.ballast AS SELECT hash(i) AS a, hash(i + 1) AS b FROM range(4000000) AS t(i)")
        warehouse.run("CHECKPOINT")
        warehouse.run("CREATE TABLE ops.behind AS SELECT hash(i) AS a FROM range(200000) AS t(i)")  # DuckDB cuts off an empty end itself
        warehouse.run("CHECKPOINT")
        warehouse.run("DROP TABLE ops.ballast")
        warehouse.run("CHECKPOINT")


def test_a_warehouse_full_of_holes_is_written_anew(here: Office) -> None:
    """Smaller, the same in every row, ticks go on where they were, and the next night finds all in place."""
    bloat(here)
    path, before = here.data / "warehouse.duckdb", here.public_data()
    size = path.stat().st_size
    with Warehouse.open(path) as warehouse:
        digests = warehouse.digests()
        (tick,) = warehouse.ask("SELECT max(tick) FROM facts.fetches").rows[0]
    dry = {done.what: done for done in pipeline.keep_house(options(here), dry_run=True)}
    assert "would be written anew" in dry["warehouse"].line and path.stat().st_size == size
    done = {done.what: done for done in pipeline.keep_house(options(here))}
    assert "written anew" in done["warehouse"].line and path.stat().st_size < size / 2
    assert done["warehouse"].freed_bytes == size - path.stat().st_size
    with Warehouse.open(path) as warehouse:
        del digests["mart.built"]  # it tells by where rows stand what is new, and they may stand elsewhere now
        assert warehouse.digests() == digests
        assert warehouse.ask("SELECT nextval('facts.ticks')").rows[0][0] > tick
    assert [path.name for path in here.data.glob("warehouse*")] == ["warehouse.duckdb"]
    again = {done.what: done for done in pipeline.keep_house(options(here))}
    assert "left as it is" in again["warehouse"].line
    here.sleep()
    assert here.run(recheck="all").outcome == "ok"
    assert here.public_data() == before


def test_killed_while_written_anew_it_is_the_old_or_the_new_one(here: Office, tmp_path: Path) -> None:
    """At every step that changes something on disk."""
    bloat(here)
    path, before = here.data / "warehouse.duckdb", here.public_data()
    script = f"""
import os, sys
from pathlib import Path
import newsroom.warehouse as w
count = 0
real_sync, real_replace = w.sync, os.replace
def sync(p):
    step(); real_sync(p); step()
def replace(a, b):
    step(); real_replace(a, b); step()
def step():
    global count
    count += 1
    if count == int(sys.argv[1]):
        os._exit(9)
w.sync, os.replace = sync, replace
w.compact(Path({str(path)!r}), memory_limit="1GB", threads=2)
"""
    killed = 0
    for step in range(1, 10):
        ended = subprocess.run([sys.executable, "-c", script, str(step)], check=False, env={**os.environ, "PYTHONPATH": "src"}).returncode
        assert ended in (0, 9)
        killed += ended == 9
        with Warehouse.open(path) as warehouse:
            assert warehouse.ask("SELECT count(*) FROM facts.texts").rows[0][0] > 0
        assert [each.name for each in here.data.glob("warehouse*")] == ["warehouse.duckdb"]
        if ended == 0:
            break
    assert killed == 6
    here.sleep()
    assert here.run(recheck="all").outcome == "ok"
    assert here.public_data() == before


def test_a_copy_that_differs_is_not_put_in_place(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    path = here.data / "warehouse.duckdb"
    inode = path.stat().st_ino
    real = Warehouse.digests

    def wrong(self: Warehouse, database: str | None = None) -> dict[str, Any]:
        return {**real(self, database), **({"facts.texts": (0, None)} if database else {})}

    monkeypatch.setattr(Warehouse, "digests", wrong)
    with pytest.raises(Damaged, match="differs"):
        compact(path, memory_limit="1GB", threads=2)
    monkeypatch.undo()
    assert path.stat().st_ino == inode
    with Warehouse.open(path):
        assert [each.name for each in here.data.glob("warehouse*.anew*")] == []


def test_nobody_keeps_house_while_a_run_is_at_work(here: Office, tmp_path: Path) -> None:
    with hold(here.data, run_id="20261123-023000-nightly", now=here.clock()):
        for act in (
            lambda: list(pipeline.keep_house(options(here))),
            lambda: pipeline.prune_archive(options(here), days=1),
            lambda: pipeline.back_up(options(here), tmp_path / "backup"),
            lambda: pipeline.archive_files(options(here)),
        ):
            with pytest.raises(Busy, match="20261123-023000-nightly"):
                act()


def test_housekeeping_and_backup_wait_their_turn(here: Office, tmp_path: Path) -> None:
    """Begun by cron while a night is at work: they say for whom they wait, and go on when it has ended."""
    patient = pipeline.Options(here.config, here.data, wait_seconds=60)
    for act in (
        lambda say: list(pipeline.keep_house(patient, say=say)),
        lambda say: pipeline.prune_archive(patient, days=10_000, say=say),
        lambda say: pipeline.back_up(patient, tmp_path / "backup", say=say),
    ):
        night, told = hold(here.data, run_id="20261123-023000-nightly", now=here.clock()), list[str]()

        def say(line: str, night: AbstractContextManager[None] = night, told: list[str] = told) -> None:
            told.append(line)
            night.__exit__(None, None, None)

        night.__enter__()
        act(say)
        assert len(told) == 1 and "waiting for run 20261123-023000-nightly" in told[0] and told[0].endswith("at most 60 s")
    assert (tmp_path / "backup" / "warehouse.duckdb").is_file()


# --- Prefect's own database


def test_room_in_prefects_database_is_given_back(here: Office) -> None:
    """Unless somebody is writing to it."""
    path = here.data / "prefect" / "prefect.db"
    path.parent.mkdir()
    with sqlite3.connect(path, isolation_level=None) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE task_run (data)")
        database.execute(
            "INSERT INTO task_run WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT randomblob(1000) FROM n"
        )
        database.execute("DELETE FROM task_run WHERE rowid > 10")
        database.execute("BEGIN IMMEDIATE")
        assert "left as it is: database is locked" in prefect(here).line
        database.execute("COMMIT")
    database.close()
    size = path.stat().st_size
    assert prefect(here, dry_run=True).freed_bytes > size * 0.9 and path.stat().st_size == size
    assert prefect(here).freed_bytes == size - path.stat().st_size > size * 0.9
    assert "left as it is" in prefect(here).line


def prefect(here: Office, *, dry_run: bool = False) -> Done:
    settings = Settings(retention=Retention(compact_share=1))
    return next(done for done in keep_house(here.data, settings, now=here.clock(), dry_run=dry_run) if done.what == "prefect")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_our_prefect_server_forgets_old_runs(tmp_path: Path) -> None:
    """A temporary server deletes what is older than 30 days while it serves; a log that has grown begins anew."""
    home = tmp_path / "prefect"
    home.mkdir()
    (home / "server.log").write_bytes(b"x" * 5_000_001)

    with prefect_api(home, dict(os.environ)) as api:
        api.wait()
        server = Prefect(api.url, home / "server.log")
        flow = server.ask("flows/", {"name": "nightly"})["id"]
        old, young = (
            server.ask("flow_runs/", {"flow_id": flow, "name": name, "state": {"type": "COMPLETED"}})["id"] for name in ("old", "young")
        )
        server.ask("task_runs/", {"flow_run_id": old, "task_key": "fetch", "dynamic_key": "1"})
    assert (home / "server.log").stat().st_size < 5_000_000 and (home / "server.log.1").stat().st_size == 5_000_001
    with closing(sqlite3.connect(home / "prefect.db", isolation_level=None)) as database:
        database.execute("UPDATE flow_run SET end_time = '2026-01-01 02:30:00.000000' WHERE id = ?", [old])

    with prefect_api(home, dict(os.environ)) as api:
        api.wait()
        server = Prefect(api.url, home / "server.log")
        server.wait("housekeeping", lambda: len(server.ask("flow_runs/filter", {})) == 1)
        assert [run["id"] for run in server.ask("flow_runs/filter", {})] == [young]
        assert server.ask("task_runs/filter", {}) == []


# --- backup and restore


def test_a_backup_brings_everything_back(here: Office, tmp_path: Path, site: SampleSite) -> None:
    """The data are lost; restored, they are equal, earlier snapshots included, and the next night goes on."""
    target = tmp_path / "disk" / "newsroom"
    before, snapshots = here.public_data(), sorted(path.name for path in here.data.glob("public/snapshots/*"))
    done = pipeline.back_up(options(here), target)
    assert done.linked >= 4 and done.run_id is not None
    shutil.rmtree(here.data)
    config = tmp_path / "config again"
    back = pipeline.restore(pipeline.Options(config, here.data), target)
    assert back.notes == ()
    assert here.public_data() == before
    assert sorted(path.name for path in here.data.glob("public/snapshots/*")) == snapshots
    assert (config / "newsroom.toml").read_bytes() == (CONFIG / "newsroom.toml").read_bytes()
    assert (here.data / "warehouse.duckdb").stat().st_ino != (target / "warehouse.duckdb").stat().st_ino
    assert (here.data / "public" / "newsroom.duckdb").samefile(max(here.data.glob("public/snapshots/*")))
    backed_up = (target / "warehouse.duckdb").read_bytes()
    assert list(pipeline.verify_archive(options(here))) == [("osce", 2, [])]

    here.sleep()
    assert here.run(recheck="all").outcome == "ok"
    assert here.public_data() == before
    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:
        warehouse.run("DELETE FROM facts.readings")
    assert here.run("reparse").outcome == "ok"
    assert here.public_data() == before
    assert pipeline.rollback(options(here), snapshots[0].removesuffix(".duckdb")) == snapshots[0].removesuffix(".duckdb")
    assert here.sql("SELECT count(*) FROM articles")[0][0] == len(before["articles"])
    assert (target / "warehouse.duckdb").read_bytes() == backed_up  # living on did not touch it


def test_a_backup_is_replaced_only_by_a_whole_one(here: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "backup"
    pipeline.back_up(options(here), target)
    first = json.loads((target / backups.MANIFEST).read_text(encoding="utf-8"))
    here.sleep()
    assert here.run(recheck="none").outcome == "ok"

    with monkeypatch.context() as broken:
        broken.setattr(backups, "_swap", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device", str(target))))
        with pytest.raises(NewsroomError, match="No space left"):
            pipeline.back_up(options(here), target)
    assert json.loads((target / backups.MANIFEST).read_text(encoding="utf-8")) == first

    os.replace(target, backups._old(target))  # killed in the middle of the swap
    pipeline.back_up(options(here), target)
    second = json.loads((target / backups.MANIFEST).read_text(encoding="utf-8"))
    assert second["last_run"] > first["last_run"]
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["backup"]


def test_a_night_during_a_long_backup_is_in_it(here: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copying the archive keeps no run waiting; what such a run adds and drops is added and dropped."""
    target, real = tmp_path / "backup", backups._link

    def link(path: Path, place: Path, earlier: Path) -> bool:
        if here.now == before:
            here.sleep()
            assert here.run(recheck="all").outcome == "ok"
            min(here.data.glob("public/snapshots/*")).unlink()
        return real(path, place, earlier)

    before = here.now
    monkeypatch.setattr(backups, "_link", link)
    pipeline.back_up(options(here), target)
    monkeypatch.undo()
    there = Office(tmp_path / "second", here.base_url, now=here.now)
    pipeline.restore(options(there), target)
    assert there.public_data() == here.public_data()
    assert there.sql("SELECT max(run_id) FROM runs") == here.sql("SELECT max(run_id) FROM runs")
    assert warcs(there) == warcs(here) and len(warcs(there)) == 3
    names = [sorted(path.name for path in each.data.glob("public/snapshots/*")) for each in (here, there)]
    assert names[0] == names[1]


def test_two_backups_to_one_place_do_not_mix(here: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is refused while the first copies, by another spelling of the same place, too; another place is free."""
    target, real = tmp_path / "backup", backups._link
    tried: list[Path] = []

    def link(path: Path, place: Path, earlier: Path) -> bool:
        if not tried:
            tried.append(tmp_path / "." / "elsewhere" / ".." / "backup")
            with pytest.raises(Busy, match=r"a backup to .*backup is under way already"):
                pipeline.back_up(options(here), tried[0])
            tried.append(tmp_path / "second")
            pipeline.back_up(options(here), tried[1])
        return real(path, place, earlier)

    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(backups, "_link", link)
    pipeline.back_up(options(here), target)
    assert len(tried) == 2 and (tmp_path / "second" / backups.MANIFEST).is_file()
    there = Office(tmp_path / "there", here.base_url, now=here.now)
    pipeline.restore(options(there), target)
    assert there.public_data() == here.public_data()


def test_what_is_no_place_for_a_backup(here: Office, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"")
    for target, words in ((here.data / "backup", "neither inside"), (tmp_path, "nor around"), (tmp_path / "photos", "is not empty")):
        with pytest.raises(ConfigError, match=words):
            pipeline.back_up(options(here), target)
    with pytest.raises(ConfigError, match="no run yet"):
        pipeline.back_up(pipeline.Options(CONFIG, tmp_path / "nothing"), tmp_path / "backup")


def test_a_restore_never_overwrites_and_can_be_finished(here: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, empty = tmp_path / "backup", tmp_path / "empty"
    before = here.public_data()
    pipeline.back_up(options(here), target)
    with pytest.raises(ConfigError, match="there is a newsroom already"):
        pipeline.restore(options(here), target)
    with pytest.raises(ConfigError, match="holds no backup"):
        pipeline.restore(pipeline.Options(CONFIG, empty), tmp_path)

    there = Office(empty, here.base_url, now=here.now)
    with monkeypatch.context() as broken:
        broken.setattr(backups.publish, "put_in_place", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device", "x")))
        with pytest.raises(NewsroomError, match="No space left"):
            pipeline.restore(options(there), target)
    with pytest.raises(ConfigError, match="being restored"):
        there.run()
    pipeline.restore(options(there), target)
    assert there.public_data() == before
    there.sleep()
    assert there.run(recheck="all").outcome == "ok"


def test_a_damaged_backup_is_not_restored(here: Office, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    pipeline.back_up(options(here), target)
    warc = next(target.glob("archive/osce/*.warc"))
    warc.unlink()
    with pytest.raises(Damaged, match="is missing; nothing was restored"):
        pipeline.restore(pipeline.Options(CONFIG, tmp_path / "empty"), target)
    assert not list((tmp_path / "empty").glob("warehouse*"))
