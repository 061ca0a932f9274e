"""Machines that die: kills at any instant, power cuts, full disks, clocks that jump, files that others hold or have damaged."""

from __future__ import annotations

import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsroom import extract, lock, pipeline
from newsroom.errors import Busy, ConfigError, Damaged, NewsroomError
from newsroom.sample import SampleSite, Server, serve
from newsroom.sample.faults import Fault, status
from newsroom.sample.items import Item
from newsroom.warehouse import Warehouse
from tests import crash
from tests.crash import assert_archive_is_clean, assert_facts_lead_to_their_bytes, crash_test, cut_the_power, is_leftover, small_batches
from tests.nights import Office, impatient_config

CRASH_KILLS = int(os.environ.get("CRASH_KILLS", "45"))
CRASH_SEED = int(os.environ.get("CRASH_SEED", "1"))
POWER_CUTS = int(os.environ.get("POWER_CUTS", "8"))


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(24, seed=3)


def titles(office: Office) -> set[str]:
    return {row[0] for row in office.sql("SELECT title FROM articles")}


# --- kills and power cuts


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("kills", "seed"), [(15, CRASH_SEED), pytest.param(CRASH_KILLS - 15, CRASH_SEED + 1, marks=pytest.mark.long)])
def test_killed_at_any_instant_and_run_again_it_ends_as_if_nothing_had_happened(kills: int, seed: int, tmp_path: Path) -> None:
    """Contract, invariant 4: see tests/crash.py. `CRASH_KILLS=220` for the whole of it."""
    print(crash_test(kills, seed, tmp_path, say=print))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("wanted", "seed"), [(3, CRASH_SEED), pytest.param(POWER_CUTS - 3, CRASH_SEED + 1, marks=pytest.mark.long)])
def test_after_a_power_cut_no_fact_points_to_a_lost_record(wanted: int, seed: int, site: SampleSite, tmp_path: Path) -> None:
    """The machine stops dead, and what was not synced is gone or garbage: every fact finds its bytes, and the next run ends well."""
    rng = random.Random(seed)
    config = small_batches(tmp_path / "config")
    site.faults.append(Fault(".", crash._slowly))
    cuts = facts = mended = 0
    with serve(site) as server:
        clean = Office(tmp_path / "clean", server.url, config)
        began = time.monotonic()
        assert clean.run("sweep").outcome == "ok"
        lasts, number = time.monotonic() - began, 0
        while cuts < wanted:
            number += 1
            place = tmp_path / f"{number:03}"
            place.mkdir()
            told = place / "told"
            child = crash._FORKS.Process(target=crash._command, args=(place / "data", server.url, config, "sweep", {}, crash.Blow(), told))
            child.start()
            time.sleep(rng.uniform(0.15, 1.1) * lasts)
            with suppress(ProcessLookupError):  # over already
                os.kill(child.pid, signal.SIGSTOP)
            shutil.copytree(place / "data", place / "after", dirs_exist_ok=True)
            child.kill()
            child.join()
            lines = told.with_suffix(".synced").read_text(encoding="utf-8").splitlines() if told.with_suffix(".synced").exists() else []
            synced = {Path(path).name: int(size) for size, path in (line.split(" ", 1) for line in lines)}
            if not (place / "after" / "warehouse.duckdb").exists():
                continue
            did = cut_the_power(place / "after", synced, rng)
            cuts += bool(did)
            with Warehouse.open(place / "after" / "warehouse.duckdb") as warehouse:
                mended += warehouse.healed is not None
            facts += assert_facts_lead_to_their_bytes(place / "after")
            after = Office(place / "after", server.url, config)
            assert after.run("sweep").outcome == "ok", did
            assert after.public_data() == clean.public_data(), did
            assert_archive_is_clean(place / "after")
    print(f"{cuts} power cuts, {mended} torn logs mended, {facts} facts led to their bytes")


# --- full disks and shut doors


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """A disk of its own at `tmp_path / "disk"`; call it with mount options, such as `size=300k` or `ro`, to change it."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs (root)")

    def change(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)

    yield change
    subprocess.run(["umount", "-l", place], check=True)


def used_kilobytes(place: Path) -> int:
    return int(subprocess.run(["df", "--output=used", "-k", place], capture_output=True, text=True, check=True).stdout.split()[1])


def assert_readable(error: NewsroomError, *words: str) -> None:
    """One line: what, where, what to do; exit code 3."""
    assert error.exit_code == 3
    assert "\n" not in str(error)
    assert any(word in str(error) for word in words), error


@pytest.mark.slow
def test_a_full_disk_costs_the_night_and_nothing_else(
    site: SampleSite, server: Server, tmp_path: Path, tiny_disk: Callable[[str], None]
) -> None:
    """While listing, fetching, modelling, publishing: one line, exit code 3, the old public file; with room again all is well."""
    place = tmp_path / "disk"
    office = Office(place / "data", server.url, impatient_config(tmp_path / "config"))
    assert office.run("sweep").outcome == "ok"
    before = office.public_data()
    site.add(20)
    said = []
    for room in (0, 16, 80, 400, 1000, 1500):
        tiny_disk(f"size={used_kilobytes(place) + room}k")
        office.sleep()
        with pytest.raises(NewsroomError) as trouble:
            office.run("nightly", recheck="all")
        assert_readable(trouble.value, "run again")
        said.append(str(trouble.value))
        assert office.public_data() == before
        assert [path for path in place.rglob("*") if ".unfinished" in path.name or path.name == ".newsroom.duckdb.incoming"] == []
    for part in ("warehouse.duckdb", ".warc.open", ".unfinished"):
        assert any(part in line for line in said), f"never full while writing {part}: {said}"
    tiny_disk("size=64m")
    assert office.run("nightly").outcome == "ok"
    assert {row[0] for row in office.sql("SELECT article_id FROM articles")} == {row["article_id"] for row in site.expected()}
    assert_facts_lead_to_their_bytes(office.data)
    assert_archive_is_clean(office.data)
    assert [path for path in place.rglob("*") if is_leftover(path)] == []


def test_a_read_only_disk_is_refused_before_anything_is_done(tmp_path: Path, office: Office, tiny_disk: Callable[[str], None]) -> None:
    office.data = tmp_path / "disk" / "data"
    tiny_disk("ro")
    with pytest.raises(ConfigError, match="cannot be written; choose another --data or mend its permissions"):
        office.run("nightly")
    tiny_disk("rw")


def _limited(data: Path, url: str, config: Path, limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        outcome = Office(data, url, config).run("sweep").outcome
        said = ["ended", outcome, 0]
    except NewsroomError as error:
        said = ["refused", str(error), error.exit_code]
    except BaseException as error:  # noqa: BLE001 -- told to the parent
        said = ["raw", f"{type(error).__name__}: {error}", 99]
    os.write(1, (json.dumps(said) + "\n").encode())


@pytest.mark.slow
@pytest.mark.parametrize("limit", [3_000, 20_000, 60_000, 300_000, 900_000])
def test_a_file_that_may_not_grow(office: Office, site: SampleSite, limit: int) -> None:
    """A quota on the size of a file (EFBIG), met by whichever file meets it: one line, and without the quota the next run heals."""
    imports = "import sys; from pathlib import Path; from tests.test_crash import _limited"
    program = f"{imports}; d, u, c = sys.argv[1:]; _limited(Path(d), u, Path(c), {limit})"
    child = subprocess.run(
        [sys.executable, "-c", program, office.data, office.base_url, office.config], capture_output=True, text=True, timeout=280
    )
    assert child.stdout, child.stderr
    how, said, code = json.loads(child.stdout.splitlines()[-1])
    assert (how, code) == ("refused", 3), said
    assert "\n" not in said and "run again" in said
    assert office.run("sweep").outcome == "ok"
    assert len(office.sql("SELECT article_id FROM articles")) == len(site.expected())
    assert_facts_lead_to_their_bytes(office.data)


@pytest.mark.parametrize("in_the_way", ["public", "archive", "public/snapshots", "archive/osce", "warehouse.duckdb/x"])
def test_something_else_stands_where_a_directory_should(office: Office, in_the_way: str) -> None:
    """A file named `public`, a directory named `warehouse.duckdb`: one line with the place; once it is gone all is well."""
    path = office.data / in_the_way
    path.parent.mkdir(parents=True)
    path.write_text("not ours", encoding="utf-8")
    with pytest.raises(NewsroomError) as trouble:
        office.run("nightly")
    assert_readable(trouble.value, in_the_way.split("/x")[0])
    path.unlink()
    if in_the_way.endswith("/x"):
        path.parent.rmdir()
    assert office.run("nightly").outcome == "ok"


# --- what others hold


def in_another_process(program: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process that has said it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_warehouse_that_somebody_looks_into(office: Office) -> None:
    """A colleague has it open in DuckDB: said in one line; killed, however rudely, he holds nothing any more."""
    office.run("nightly")
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('ready', flush=True); sys.stdin.read()"
    colleague = in_another_process(program, office.data / "warehouse.duckdb")
    with pytest.raises(Busy) as trouble:
        office.run("nightly")
    assert_readable(trouble.value, "another process has the warehouse open; close it and try again")
    assert f"PID {colleague.pid}" in str(trouble.value)
    colleague.kill()
    colleague.wait()
    assert office.run("nightly").outcome == "ok"


def test_two_commands_at_once_and_one_that_died(office: Office) -> None:
    """A living run is named, and nothing is touched; the lock and the note of one that was killed count for nothing."""
    office.run("nightly")
    program = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from newsroom import lock
with lock.hold(Path(sys.argv[1]), run_id='20270601-023000-sweep', now=datetime.now(UTC)):
    print('ready', flush=True)
    sys.stdin.read()
"""
    other = in_another_process(program, office.data)
    with pytest.raises(Busy) as trouble:
        office.run("nightly")
    assert_readable(trouble.value, f"run 20270601-023000-sweep (process {other.pid}")
    other.kill()
    other.wait()
    assert (office.data / "running.json").exists()
    assert lock.holder(office.data) is None
    assert office.run("nightly").outcome == "ok"
    assert not (office.data / "running.json").exists()


# --- what is damaged


def test_a_damaged_snapshot_is_never_put_before_consumers(office: Office, site: SampleSite) -> None:
    """Half a file under `snapshots/` (a copy that was cut short, bit rot): rollback refuses it and names it; the public file stays."""
    ids = []
    for _ in range(3):
        ids.append(office.run("nightly").run_id)
        site.add(1)
        office.sleep()
    seen = office.public_data()
    half = office.data / "public" / "snapshots" / f"{ids[1]}.duckdb"
    half.chmod(0o644)
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    options = pipeline.Options(office.config, office.data)
    with pytest.raises(Damaged) as trouble:
        pipeline.rollback(options, None)
    assert_readable(trouble.value, f"{ids[1]}.duckdb: is damaged", f"{ids[1]}.duckdb: cannot be opened")
    assert office.public_data() == seen
    assert pipeline.rollback(options, ids[0]) == ids[0]
    assert office.run("nightly").outcome == "ok"


@pytest.mark.parametrize("damage", ["cut", "garbage", "zeros", "text"])
def test_a_damaged_warehouse_says_so_and_what_to_do(office: Office, damage: str) -> None:
    """One line, and consumers keep their file. Moved away, everything is asked for anew."""
    office.run("nightly")
    before, path = office.public_data(), office.data / "warehouse.duckdb"
    whole = path.read_bytes()
    size = len(whole)
    path.write_bytes(
        {"cut": whole[: size // 2], "garbage": random.Random(1).randbytes(size), "zeros": b"\0" * size, "text": b"hello"}[damage]
    )
    damaged = path.read_bytes()
    office.sleep()
    with pytest.raises(Damaged) as trouble:
        office.run("nightly")
    assert_readable(trouble.value, "put a backup in its place, or move it away and run again")
    assert damage == "cut" or path.read_bytes() == damaged
    assert office.public_data() == before
    path.rename(path.with_suffix(".damaged"))
    assert office.run("nightly").outcome == "ok"
    assert office.public_data() == before


@pytest.mark.parametrize("left", [b"", b"\0" * 12_288, "head"])
def test_killed_while_the_warehouse_was_made(office: Office, tmp_path: Path, left: bytes | str) -> None:
    """An empty file, or the first blocks of one: nothing was ever in it, so it is made anew."""
    if isinstance(left, str):
        with Warehouse.open(tmp_path / "whole.duckdb"):
            pass
        left = (tmp_path / "whole.duckdb").read_bytes()[:4_096] + b"\0" * 8_192
    office.data.mkdir()
    (office.data / "warehouse.duckdb").write_bytes(left)
    assert office.run("nightly").outcome == "ok"
    assert any("made anew" in line for line in office.lines)


def test_a_log_torn_by_a_power_cut_is_cut_back_to_what_was_committed(tmp_path: Path) -> None:
    """Blocks of zeros or garbage behind the last synced commit: set aside, said, and every whole commit before them is there."""
    path, rng = tmp_path / "warehouse.duckdb", random.Random(5)
    with Warehouse.open(path) as warehouse:
        for number in range(30):
            with warehouse.transaction():
                warehouse.append("ops.counts", [{"run_id": f"r{number}", "source": "s", "name": str(n), "value": n} for n in range(20)])
        shutil.copy(path, tmp_path / "base")
        log = path.with_name("warehouse.duckdb.wal").read_bytes()
    healed = 0
    for number in range(12):
        kept = rng.randint(0, len(log))
        place = tmp_path / str(number)
        place.mkdir()
        shutil.copy(tmp_path / "base", place / "warehouse.duckdb")
        (place / "warehouse.duckdb.wal").write_bytes(log[:kept] + rng.choice([b"\0", b"\xa5", b""]) * (len(log) - kept))
        with Warehouse.open(place / "warehouse.duckdb") as warehouse:
            healed += warehouse.healed is not None
            rows = warehouse.ask("SELECT run_id, count(*) FROM ops.counts GROUP BY 1").rows
        assert all(count == 20 for _, count in rows), "half a commit"
        assert {run_id for run_id, _ in rows} == {f"r{n}" for n in range(len(rows))}, "a commit is missing in the middle"
    assert healed >= 3


def test_bit_rot_in_the_archive_costs_no_article(office: Office, site: SampleSite, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that can no longer be read back: what was read of it before stands, and the next night asks for the page anew."""
    office.run("nightly")
    before = office.public_data()
    rows = office.sql("SELECT article_id, warc_file, warc_offset, url FROM articles ORDER BY article_id LIMIT 2")
    for _, file, offset, _url in rows:
        with (office.data / "archive" / "osce" / file).open("r+b") as damaged:
            damaged.seek(offset + 700)
            damaged.write(b"\xff\xfe\xfd" * 20)
    monkeypatch.setattr(extract, "PARSER_VERSION", extract.PARSER_VERSION + 1)
    result = office.run("reparse")
    assert result.outcome == "ok" and result.sources["osce"]["unread"] == 2
    told = f"SELECT verdict, failing_rows FROM checks WHERE check_name = 'archive_damaged' AND run_id = '{result.run_id}'"
    assert office.sql(told) == [("fail", 2)]
    assert titles(office) == {row["title"] for row in site.expected()}
    assert office.sql("SELECT count(*) FROM quarantine") == [(0,)]
    asked = len(server.log)
    office.sleep(0.1)
    assert office.run("nightly").outcome == "ok"
    again = [request for request in server.log[asked:] if not request.path.startswith(("/press-releases", "/robots.txt"))]
    assert len(again) == 2 and {request.status for request in again} == {200}, "asked for without validators"
    assert office.sql("SELECT DISTINCT parser_version FROM articles") == [(extract.PARSER_VERSION,)]
    after = office.public_data()
    for table in before.keys() - {"articles"}:
        assert after[table] == before[table]
    asked = len(server.log)
    office.sleep(0.1)
    office.run("nightly")
    assert not [request for request in server.log[asked:] if not request.path.startswith(("/press-releases", "/robots.txt"))]


def test_an_archive_file_that_is_gone_costs_no_article(office: Office, site: SampleSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody removed last year's WARC files: the articles stay, and are asked for anew."""
    office.run("nightly")
    for path in (office.data / "archive" / "osce").glob("*.warc"):
        path.unlink()
    monkeypatch.setattr(extract, "PARSER_VERSION", extract.PARSER_VERSION + 1)
    office.sleep(0.1)
    office.run("reparse")
    assert titles(office) == {row["title"] for row in site.expected()}
    assert office.run("nightly").sources["osce"]["fetched"] == len(site.articles())
    assert office.sql("SELECT DISTINCT parser_version FROM articles") == [(extract.PARSER_VERSION,)]


# --- clocks


def assert_in_order(office: Office, site: SampleSite) -> None:
    """The newest version is what the site says now; versions follow each other without a gap; the checks agree."""
    now = {row["article_id"]: row["body"] for row in site.expected()}
    assert dict(office.sql("SELECT article_id, body FROM articles")) == now
    assert office.sql("SELECT run_id FROM checks WHERE verdict = 'fail' AND check_name LIKE 'invariant%'") == []
    for _, versions in office.sql(
        "SELECT article_id, list({'n': version, 'a': valid_from, 'z': valid_to} ORDER BY version) FROM article_versions GROUP BY article_id"
    ):
        assert [each["n"] for each in versions] == list(range(1, len(versions) + 1))
        assert all(one["z"] == two["a"] and one["a"] < two["a"] for one, two in itertools.pairwise(versions))
        assert versions[-1]["z"] is None


def some(site: SampleSite, number: int) -> Item:
    return [item for item in site.articles() if item.exact_copy_of is None][number]


def test_a_clock_put_back_by_days(office: Office, site: SampleSite) -> None:
    """The battery of the clock is empty: tonight is last week. An edit received now is the newest all the same."""
    office.run("nightly")
    site.rewrite(some(site, 4).id, "First correction.")
    office.sleep()
    office.run("nightly", recheck="all")
    site.rewrite(some(site, 4).id, "Second correction.")
    office.now -= timedelta(days=9)
    assert office.run("nightly", recheck="all").outcome == "ok"
    assert_in_order(office, site)
    assert office.sql("SELECT max(version) FROM articles") == [(3,)]
    site.add(2)
    office.sleep()
    assert office.run("nightly").sources["osce"]["new_articles"] == 2
    assert len(list((office.data / "public" / "snapshots").glob("*.duckdb"))) == 4
    assert pipeline.status(pipeline.Options(office.config, office.data), clock=office.clock).published_run_id is not None


def test_a_clock_that_was_years_ahead_for_one_night(office: Office, site: SampleSite, server: Server) -> None:
    """2037 for a night, then 2027 again: nothing waits for ten years, the watermark has not jumped, and edits are in order."""
    right = office.now
    office.run("nightly")
    new = site.add(2)
    site.rewrite(some(site, 3).id, "Received in 2037.")
    site.faults.append(Fault(rf"/{new[0]}$", status(500)))
    office.now = right + timedelta(days=3652)
    assert office.run("nightly", recheck="all").outcome == "incomplete"
    site.faults.clear()
    site.rewrite(some(site, 3).id, "Received in 2027.")
    site.add(1, on=site.end - timedelta(days=25))
    office.now = right + timedelta(days=1)
    result = office.run("nightly")
    assert result.outcome == "ok"
    assert result.sources["osce"]["new_articles"] == 2, "the one that failed in 2037, and the late one"
    assert_in_order(office, site)
    office.sleep()
    asked = len(server.log)
    office.run("nightly")
    assert len(server.log) - asked < 8, "and then the nights are quiet again"


def test_a_clock_that_jumps_about_within_a_run(office: Office, site: SampleSite) -> None:
    """Up to three days either way at every glance: nights end well, in order, and a second run finds nothing to do."""
    rng = random.Random(11)
    steady = office.clock

    def jumping() -> datetime:
        return steady() + timedelta(seconds=rng.uniform(-259_200, 259_200))

    office.clock = jumping  # type: ignore[method-assign]
    for number in range(4):
        assert office.run("nightly", recheck="all").outcome == "ok"
        site.rewrite(some(site, number).id, f"Correction {number}.")
        office.now += timedelta(hours=1)
    office.run("nightly", recheck="all")
    assert_in_order(office, site)


def test_run_ids_that_collide(office: Office, site: SampleSite, tmp_path: Path) -> None:
    """Three runs within a second, and the same second once more after the warehouse was lost: each has files of its own."""
    fixed = office.now
    office.clock = lambda: fixed  # type: ignore[method-assign]
    ids = [office.run("nightly", recheck="all").run_id for _ in range(3)]
    (office.data / "warehouse.duckdb").unlink()
    ids.append(office.run("nightly").run_id)
    assert len(set(ids)) == 4
    assert {path.name for path in (office.data / "archive" / "osce").iterdir()} == {f"{run_id}.warc" for run_id in ids}
    assert {path.stem for path in (office.data / "public" / "snapshots").iterdir()} == set(ids)
    assert_archive_is_clean(office.data)


def test_the_snapshot_just_made_outlives_older_ones_with_later_names(office: Office) -> None:
    """With the clock put back its name sorts before all others; it is what consumers see, and must not be swept away as the oldest."""
    settings = office.config / "newsroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("keep_snapshots = 14", "keep_snapshots = 2"), encoding="utf-8")
    for _ in range(3):
        office.run("nightly")
        office.sleep()
    office.now -= timedelta(days=30)
    last = office.run("nightly").run_id
    kept = {path.stem for path in (office.data / "public" / "snapshots").iterdir()}
    assert last in kept and len(kept) == 2
