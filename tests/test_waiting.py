"""Runs wait for each other: for whom, how long, in which order, and never in a pile."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsroom import lock
from newsroom.errors import Busy
from newsroom.sample import SampleSite, serve
from tests.nights import Office, impatient_config

HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from newsroom import lock
with lock.hold(Path(sys.argv[1]), run_id='20270601-023000-sweep', now=datetime(2027, 6, 1, 2, 30, tzinfo=UTC)):
    print('ready', flush=True)
    sys.stdin.read()
"""
WAIT = """
import sys
from pathlib import Path
from newsroom import lock
from newsroom.errors import Busy
def say(line): print(line, flush=True)
try:
    with lock.turn(Path(sys.argv[1]), work=sys.argv[2], wait_seconds=250, say=say):
        print('my turn', flush=True)
except Busy as busy:
    print(busy, flush=True)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@contextmanager
def another(program: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """A process that has said its first line, which is `its.first`."""
    process = subprocess.Popen([sys.executable, "-c", program, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.first = process.stdout.readline().rstrip("\n")  # type: ignore[attr-defined]
        yield process
    finally:
        process.kill()
        process.wait()


def first_line(process: subprocess.Popen[str]) -> str:
    return str(process.first)  # type: ignore[attr-defined]


def ends(process: subprocess.Popen[str]) -> list[str]:
    """What it says until it ends."""
    return (process.communicate(timeout=120)[0] or "").splitlines()


def test_a_run_says_once_for_whom_it_waits_and_goes_on_when_it_is_free(tmp_path: Path, data: Path) -> None:
    """One line with run, process and time; then a night as any other, which began when its turn came."""
    with serve(SampleSite(12)) as server, another(HOLD, data) as sweep:
        office = Office(data, server.url, impatient_config(tmp_path / "config"))
        assert sweep.stdin is not None
        end, asked_at = sweep.stdin.close, list[int]()
        office.when = ("waiting for", lambda: threading.Timer(0.5, lambda: [asked_at.append(len(server.log)), end()]).start())
        result = office.run("nightly", wait=120)
    assert (result.outcome, asked_at) == ("ok", [0]), "no request before its turn"
    told = [line for line in office.lines if "waiting for" in line]
    assert len(told) == 1
    assert f"waiting for run 20270601-023000-sweep (process {sweep.pid} on " in told[0]
    assert "since 2027-06-01 02:30 UTC), at most 2 min" in told[0]
    assert [path.name for path in (data / "waiting").iterdir()] == ["line.lock"]


def test_a_run_waits_for_those_who_only_look_into_the_warehouse(tmp_path: Path, data: Path) -> None:
    """`newsroom report`, or a colleague with DuckDB, at the very minute of the nightly: it is not lost for that."""
    look = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('ready', flush=True); sys.stdin.read()"
    with serve(SampleSite(12)) as server:
        office = Office(data, server.url, impatient_config(tmp_path / "config"))
        office.run("nightly")
        office.lines.clear()
        with another(look, data / "warehouse.duckdb") as colleague:
            office.when = ("another process has the warehouse open", colleague.kill)
            assert office.run("nightly", wait=120).outcome == "ok"
    (told,) = [line for line in office.lines if "waiting" in line]
    assert "another process has the warehouse open" in told and f"PID {colleague.pid}" in told


def test_patience_has_an_end(data: Path) -> None:
    """Then one line, exit code 3; without any patience, at once, and nothing is said before."""
    said: list[str] = []
    with another(HOLD, data) as sweep:
        began = time.monotonic()
        with pytest.raises(Busy) as busy, lock.turn(data, work="nightly", wait_seconds=0.6, say=said.append):
            pytest.fail("must not get here")
        assert 0.6 <= time.monotonic() - began < 60
        assert f"process {sweep.pid}" in str(busy.value) and "is still at work after 1 s; wait longer (--wait), or stop it" in str(
            busy.value
        )
        assert len(said) == 1 and "\n" not in str(busy.value) and busy.value.exit_code == 3
        with pytest.raises(Busy, match="is at work; wait for it or stop it"), lock.turn(data, work="nightly", say=said.append):
            pytest.fail("must not get here")
        assert len(said) == 1


def test_of_the_same_work_only_one_waits(data: Path) -> None:
    """A second nightly ends at once and says why; a sweep waits behind the first. Whoever is killed while waiting counts for nothing."""
    with another(HOLD, data) as sweep, another(WAIT, data, "nightly osce") as nightly:
        assert f"waiting for run 20270601-023000-sweep (process {sweep.pid}" in first_line(nightly)
        with another(WAIT, data, "nightly osce") as second:
            told = first_line(second)
            assert f"nightly osce (process {nightly.pid} on" in told and "waits already and will do the same" in told
            assert second.wait(120) == 0
        with another(WAIT, data, "sweep osce") as other:
            assert f"and then nightly osce (process {nightly.pid}" in first_line(other), "it says for whom else"
            with pytest.raises(Busy, match="waits already"):
                lock.refuse_more(data, work="sweep osce", wait_seconds=600)
            other.kill()
            other.wait()
            assert [each.work for each in lock.waiting(data)] == ["nightly osce"]
        with another(WAIT, data, "sweep osce") as again:
            assert "waiting for" in first_line(again)
            sweep.kill()
            assert ends(nightly) == ["my turn"]
            assert ends(again) == ["my turn"]
    assert lock.waiting(data) == []


def test_first_come_first_served_and_who_comes_back_at_once_is_last(data: Path) -> None:
    """A backfill frees the directory between two slices and wants it back at once: those who waited meanwhile go before it."""
    order: list[str] = []

    def take(work: str) -> None:
        with lock.turn(data, work=work, wait_seconds=250):
            order.append(work)
            time.sleep(0.05)

    threads = []
    for slice_number in range(2):
        with lock.turn(data, work=f"backfill, slice {slice_number}", wait_seconds=250):
            order.append(f"backfill, slice {slice_number}")
            for work in ("nightly", "sweep") if slice_number == 0 else ("reparse",):
                threads.append(threading.Thread(target=take, args=(work,)))
                threads[-1].start()
                until(lambda work=work: work in [each.work for each in lock.waiting(data)])  # type: ignore[misc]
    take("backfill, slice 2")
    for thread in threads:
        thread.join()
    assert order == ["backfill, slice 0", "nightly", "sweep", "backfill, slice 1", "reparse", "backfill, slice 2"]


def test_a_look_does_not_turn_a_run_away(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`newsroom status` holds the lock for an instant to see whether anybody does: no reason to refuse a run that will not wait."""
    with lock.turn(data, work="first"):
        pass
    look = lock.FileLock(data / "newsroom.lock")
    look.acquire()
    glances: list[float] = []

    def over(seconds: float) -> None:
        glances.append(seconds)
        look.release()

    monkeypatch.setattr(lock.time, "sleep", over)
    with lock.turn(data, work="nightly"):
        assert glances == [lock.GLANCE_SECONDS]


def test_many_who_want_it_never_have_it_together_and_all_get_it(data: Path) -> None:
    """Twelve, some of them twice, from threads and at once."""
    inside: list[str] = []
    most: list[int] = []

    def take(work: str) -> None:
        for _ in range(2):
            with lock.turn(data, work=work, wait_seconds=250):
                inside.append(work)
                most.append(len(inside))
                time.sleep(0.005)
                inside.remove(work)

    threads = [threading.Thread(target=take, args=(f"work {number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(250)
    assert most == [1] * 24
    assert lock.waiting(data) == []


def test_work_of_many_turns_is_under_way_once(data: Path) -> None:
    """Also between its turns, when it neither holds the directory nor waits for it; and not when it was killed."""
    program = WAIT.replace(
        "with lock.turn(Path(sys.argv[1]), work=sys.argv[2], wait_seconds=250, say=say):", "with lock.sole(Path(sys.argv[1]), sys.argv[2]):"
    )
    with another(program.replace("print('my turn', flush=True)", "print('my turn', flush=True); sys.stdin.read()"), data, "years") as years:
        assert first_line(years) == "my turn"
        said = rf"years is under way already \(process {years.pid} on"
        with pytest.raises(Busy, match=said), lock.sole(data, "years"):
            pytest.fail("must not get here")
        with pytest.raises(Busy, match=said):
            lock.refuse_more(data, work="years", wait_seconds=9)
        with lock.sole(data, "other years"):
            pass
        years.kill()
        years.wait()
        with lock.sole(data, "years"):
            pass


def until(wanted: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
