"""What runs look like under Prefect, and that its server never stays behind.

One server of our own serves all tests of this file; everything else about flows is shown through the command line (`test_cli.py`).
"""

from __future__ import annotations

import doctest
import gc
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.server import prefect_api
from newsroom import dispatch
from newsroom.errors import Busy, ConfigError, NewsroomError, Rejected, Transient
from newsroom.model import RunResult

ROOT = Path(__file__).resolve().parents[1]
KILLED_PARENT = """
import os, pathlib, signal, sys, time
from flows.server import prefect_api
with prefect_api(pathlib.Path(sys.argv[1]), os.environ) as api:
    api.wait() if sys.argv[2] == "ready" else time.sleep(float(sys.argv[2]))
    print(api.process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def environment(**more: str) -> dict[str, str]:
    """Without what a developer may have set for Prefect, with this checkout first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))), **more}


def is_alive(pid: int) -> bool:
    """Whether a process runs: a zombie that nobody has collected yet does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


def is_soon(wanted: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if wanted():
            return True
        time.sleep(0.05)
    return wanted()


@dataclass(frozen=True)
class Share:
    number: int

    def describe(self) -> str:
        return f"fetch osce {self.number} {{of}} 3"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prefect's directory; its database is made by the first server and used by all."""
    return tmp_path_factory.mktemp("flows") / "prefect"


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[str]:
    """Address of a Prefect server of our own; Prefect in this process is told to use it."""
    env = environment()
    with prefect_api(home, env) as api:
        from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_HOME, temporary_settings

        api.wait()
        api.wait()  # costs nothing: a command may run several flows
        mine = {PREFECT_API_URL: api.url, PREFECT_HOME: env["PREFECT_HOME"], PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
        with temporary_settings(updates=mine):
            yield api.url
            from prefect.events.worker import EventsWorker

            EventsWorker.drain_all(timeout=10)


def done(engine: Any, work: Callable[[Any], Any], shares: Iterable[Share], stop: threading.Event | None = None) -> list[Any]:
    """What came of the batches, as it came."""
    came: list[Any] = []
    dispatch.each(engine, stop or threading.Event(), "fetch osce", work, iter(shares), came.append)
    return came


def in_a_flow(work: Callable[[Any], Any]) -> Any:
    """The answer of `work(engine)`, called inside a flow."""
    from prefect import flow

    from flows.engine import PrefectEngine, Workers

    @flow(name="test", task_runner=Workers(max_workers=8), persist_result=False)
    def body() -> Any:
        return work(PrefectEngine())

    return body(return_state=True).result(raise_on_failure=False)


def test_batches_are_task_runs_with_names_one_can_read(server: str) -> None:
    """Three batches give three results and three task runs, each named by what it does; without tags, which would cost seconds (engine.py)."""
    from prefect.client.orchestration import get_client
    from prefect.runtime import flow_run

    def work(engine: Any) -> tuple[str, list[int], str]:
        results = sorted(done(engine, lambda share: share.number * 10, map(Share, (1, 2, 3))))
        return str(flow_run.id), results, engine.step("model", lambda: "done")

    run_id, results, stepped = in_a_flow(work)

    def recorded() -> list[tuple[str, str, tuple[str, ...]]]:
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

        with get_client(sync_client=True) as client:
            runs = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id])))
        return sorted((run.name, run.state_name or "", tuple(run.tags)) for run in runs)

    wanted = [(f"fetch osce {number} {{of}} 3", "Completed", ()) for number in (1, 2, 3)] + [("model", "Completed", ())]
    assert (results, stepped) == ([10, 20, 30], "done")
    assert is_soon(lambda: recorded() == wanted, 120), recorded()


def test_batches_are_asked_for_only_as_there_is_room(server: str) -> None:
    """A thousand batches do not wait in memory: those not yet begun are still in the generator."""
    from flows.engine import ROOM

    taken: list[int] = []
    most: list[int] = []

    def shares() -> Iterator[Share]:
        for number in range(ROOM + 5):
            taken.append(number)
            most.append(len(taken))
            yield Share(number)

    def taken_in(engine: Any) -> None:
        dispatch.each(engine, threading.Event(), "fetch osce", lambda share: share.number, shares(), lambda number: taken.remove(number))

    in_a_flow(taken_in)
    assert max(most) <= ROOM + 1 and not taken  # one that has come back may still be taken in


def test_what_a_batch_brought_is_let_go_of_once_it_has_been_taken_in(server: str) -> None:
    """Not kept until the garbage is collected: Prefect's futures refer to themselves, and the texts of a batch are a megabyte or two."""

    class Brought:
        pass

    def work(engine: Any) -> bool:
        brought: list[weakref.ref[Brought]] = []

        def bring(_share: Share) -> Brought:
            came = Brought()
            brought.append(weakref.ref(came))
            return came

        dispatch.each(engine, threading.Event(), "fetch osce", bring, map(Share, range(4)), lambda _came: None)
        return len(brought) == 4 and is_soon(lambda: not any(each() for each in brought), 10)

    gc.disable()
    try:
        assert in_a_flow(work)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("error", "calls"),
    [(ValueError("a hiccup"), 2), (Transient("the network is gone"), 2), (ConfigError("a wrong key"), 1), (Busy("another run"), 1)],
)
def test_a_batch_is_tried_again_unless_only_a_person_can_help(server: str, error: Exception, calls: int) -> None:
    """The first attempt fails; what time may cure gets a second one, what a person must mend does not."""
    attempts: list[int] = []

    def fragile(share: Share) -> str:
        attempts.append(share.number)
        if len(attempts) == 1:
            raise error
        return "cured"

    came = in_a_flow(lambda engine: done(engine, fragile, [Share(1)]))

    assert len(attempts) == calls
    assert came == ["cured"] if calls == 2 else isinstance(came, type(error))


def test_an_interrupted_run_asks_its_batches_to_stop(server: str) -> None:
    """Ctrl-C while a batch waits for a slow site: the batch is told, and the flow is over within seconds."""
    stop = threading.Event()

    def work(engine: Any) -> None:
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        done(engine, lambda _share: stop.wait(110), [Share(1), Share(2)], stop)

    began = time.monotonic()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in its background deaf to it
    try:
        with pytest.raises(KeyboardInterrupt):
            in_a_flow(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert stop.is_set()
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [("ok", "COMPLETED"), ("incomplete", "COMPLETED"), ("blocked", "FAILED"), ("failed", "FAILED")],
)
def test_the_outcome_is_the_final_state(outcome: Any, shown: str) -> None:
    """Prefect's UI says how the night went, and why; only blocked and failed are red."""
    from flows.runs import final_state

    state = final_state(RunResult("r1", "nightly", outcome, {}, detail="missing_title: 3 articles"))
    assert state.type.value == shown
    assert state.message == "missing_title: 3 articles"
    assert state.name == ("Completed" if outcome == "ok" else outcome.capitalize())


@pytest.mark.parametrize("error", [Rejected("not-html", "a picture"), ConfigError("a key"), NewsroomError("a full disk")])
def test_what_a_person_must_mend_is_not_cured_by_time(error: NewsroomError) -> None:
    from prefect.states import Failed

    from flows.engine import can_be_cured

    assert not can_be_cured(None, None, Failed(data=error))  # type: ignore[arg-type]
    assert can_be_cured(None, None, Failed(data=OSError("reset by peer")))  # type: ignore[arg-type]


@pytest.mark.parametrize("moment", ["0.2", "2.5", "ready"])
def test_no_server_outlives_a_killed_command(home: Path, moment: str, server: str) -> None:
    """`kill -9` of the command, just after the start, while the server imports, and when it is ready: the server is gone, too."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_PARENT, str(home), moment],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert is_soon(lambda: not is_alive(int(killed.stdout)), 60)


def test_a_server_that_is_not_there_is_said_before_anything_is_done(tmp_path: Path) -> None:
    """PREFECT_API_URL is a promise of the user's: it is honoured or refused, never replaced by a server of our own."""
    env = environment(PREFECT_API_URL="http://127.0.0.1:9/api")
    with pytest.raises(Transient, match=r"127\.0\.0\.1:9/api: no Prefect server answers there") as caught, prefect_api(tmp_path / "p", env):
        pytest.fail("must not get here")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "p").exists()


def test_a_server_of_the_users_is_used_as_it_is(tmp_path: Path, server: str) -> None:
    env = environment(PREFECT_API_URL=server)
    with prefect_api(tmp_path / "p", env) as api:
        api.wait()
        assert (api.url, api.is_own) == (server, False)
    assert env["PREFECT_API_URL"] == server
    assert "PREFECT_HOME" not in env  # their profile, their keys


def test_a_server_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    """Prefect's database is no database: the message names the log to look into."""
    (tmp_path / "prefect.db").write_text("this is not SQLite, not at all, however long one looks at it\n" * 50)
    with (
        prefect_api(tmp_path, environment()) as api,
        pytest.raises(NewsroomError, match=r"ended while starting: see the end of .*server\.log"),
    ):
        api.wait()


@pytest.mark.slow
def test_commands_begun_at_once_in_a_new_directory_all_get_a_server(tmp_path: Path) -> None:
    """Three servers that all find no database: one makes it, the others wait for it."""
    with ExitStack() as stack:
        apis = [stack.enter_context(prefect_api(tmp_path / "prefect", environment())) for _ in range(3)]
        for api in apis:
            api.wait()
        assert len({api.url for api in apis}) == 3


def test_the_package_costs_nothing_to_import() -> None:
    """`import flows` and the command line bring in neither Prefect nor DuckDB."""
    code = (
        "import sys, flows, flows.server, newsroom.cli; print([m for m in ('prefect', 'duckdb', 'pydantic', 'rich') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[]"


@pytest.mark.parametrize("name", ["flows.artifacts", "flows.server"])
def test_the_examples_in_docstrings_hold(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0
