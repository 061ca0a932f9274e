"""`schedules.toml`, and what follows from it without any server: when runs come, which of them make way, and that the dead are told."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsroom import config, cron
from newsroom.errors import Busy, ConfigError
from tests.nights import CONFIG
from tests.served import PROGRAM, ROOT, environment, servers

ON = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def load(folder: Path, text: str | None) -> config.Schedules:
    """The schedules of a configuration whose file says this."""
    shutil.copytree(CONFIG, folder, dirs_exist_ok=True)
    path = folder / "schedules.toml"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    return config.load_schedules(folder)


def test_the_shipped_file_says_what_holds_without_it(tmp_path: Path) -> None:
    """Every key is in it, with its default."""
    shipped = load(tmp_path, (CONFIG / "schedules.toml").read_text(encoding="utf-8"))
    bare = load(tmp_path, None)
    assert (shipped.timezone, shipped.server) == (bare.timezone, bare.server)
    assert {name: shipped.of(name).model_dump() for name in config.DEPLOYMENTS} == {
        name: bare.of(name).model_dump() for name in config.DEPLOYMENTS
    }


def test_a_schedule_can_be_taken_away_or_the_deployment_with_it(tmp_path: Path) -> None:
    given = load(tmp_path, '[deployments."nightly/all-sources"]\ncron = ""\n[deployments."sweep/weekly"]\nenabled = false\n')
    assert given.of("nightly/all-sources").cron == ""
    assert given.of("sweep/weekly").cron == "30 4 * * 0"
    assert not given.of("sweep/weekly").enabled


NIGHTLY = '[deployments."nightly/all-sources"]\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('timezone = "Europe/Wien"', r'timezone = "Europe/Wien": must be a time zone by its IANA name: "Europe/Vienna"'),
        ('timezone = "Europe"', r'timezone = "Europe": must be a time zone'),
        ('timezone = "../etc"', r"timezone = .*: must be a time zone"),
        ('timezone = "localtime"', r"timezone = .*: must be a time zone"),
        ("[server]\nport = 0", r"server\.port = 0: must be greater than or equal to 1"),
        ("[server]\nports = 1", r"server\.ports = 1: unknown key; did you mean port\?"),
        (NIGHTLY + 'cron = "30 25 * * *"', r'deployments\."nightly/all-sources"\.cron = "30 25 \* \* \*": no such time; minute 0-59'),
        (NIGHTLY + 'cron = "30 2 * *"', r"cron = .*: must be five fields"),
        (NIGHTLY + 'cron = "@daily"', r"cron = .*: must be five fields"),
        (NIGHTLY + 'cron = "* * * * * *"', r"cron = .*: must be five fields"),
        (NIGHTLY + 'cron = "H 2 * * *"', r"cron = .*: no such time"),
        (NIGHTLY + 'cron = "0 0 30 2 *"', r"cron = .*: never comes"),
        (NIGHTLY + 'cron = "0 0 31 4-6/2 mon"', r"cron = .*: never comes"),
        (NIGHTLY + 'cron = "0 2 1-7 * sun#1"', r"cron = .*: with sun#1, a weekday of the month, the day must be \*"),
        (NIGHTLY + "jitter_seconds = -1", r"jitter_seconds = -1: must be greater"),
        (NIGHTLY + 'enabled = "no"', r'enabled = "no": must be true or false'),
        ('[deployments."nightly/some"]', r"deployments\.nightly/some: unknown key; did you mean nightly/all-sources\?"),
        ('[deployments."backfill/on-demand"]\ncron = "0 2 * * *"', r'deployments\."backfill/on-demand"\.cron = .*: it runs when asked for'),
    ],
)
def test_a_mistake_is_refused_with_file_key_and_value(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'schedules.toml'}: ")
    assert "\n" not in str(caught.value)


def written(last: int, first: int = 0, *, names: str = "") -> st.SearchStrategy[str]:
    """A field of a cron line as people write it, and now and then one number too far."""
    value = st.integers(first, last + 1).map(str) | st.sampled_from([*names.split(), str(first)])
    step = st.integers(1, 40)
    item = st.one_of(value, st.builds("{}-{}".format, value, value), st.builds("{}/{}".format, value, step))
    item |= st.builds("{}-{}/{}".format, value, value, step) | st.builds("*/{}".format, step)
    return st.just("*") | st.lists(item, min_size=1, max_size=3).map(",".join)


MONTHS, WEEKDAYS = "jan feb mar apr may jun jul aug sep oct nov dec", "SUN mon tue wed thu fri Sat"
LINES = st.tuples(
    written(59),
    written(23),
    written(31, 1) | written(31, 28) | st.sampled_from(["L", "LW", "1,lw"]),
    written(12, 1, names=MONTHS),
    written(7, names=WEEKDAYS) | st.from_regex(r"\A(mon|fri|[0-7])#[1-5](,sun#5)?\Z|\A(L[0-7]|[0-7]L)(,1)?\Z"),
).map(" ".join)


@given(LINES)
@example("0 0 L * *")
@example("0 0 * 2 sun#5")
@example("0 0 31 1-3/2,apr *")
@example("0 0 29 feb fri")
def test_a_cron_line_that_is_let_through_means_something_to_prefect(line: str) -> None:
    """It is judged before Prefect is imported, so by another library (cron.py); the scheduler must find a time for all that is let through."""
    from flows.schedule import next_times

    try:
        comes = bool(next_times(line, "Europe/Vienna", count=1))
    except ValueError:
        comes = False
    if cron.problem(line) is None:
        assert comes
    elif comes:  # only to Prefect: ranges around the end (fri-mon), a month 0, a last Friday (L5), a day besides a weekday of the month
        assert re.search(r"-|#|L|lw", line) or re.search(r"\b0\b", line.split()[3])


@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 2 * * *", "30 1 * * *", "15 3 * * *", "0 0 * * *"])
def test_no_night_is_lost_and_none_comes_twice_when_the_clocks_change(zone: str, cron: str) -> None:
    """Over both switches by Prefect's own schedule, also at hours that a switch skips or repeats: one run a day, a day apart give or take an hour."""
    from flows.schedule import next_times

    times = next_times(cron, zone, count=400, after=datetime(2027, 1, 1, tzinfo=ZoneInfo(zone)))
    days = [each.date() for each in times]
    assert days == [days[0] + timedelta(days=n) for n in range(400)]
    apart = [(second.astimezone(UTC) - first.astimezone(UTC)) for first, second in pairwise(times)]
    assert all(timedelta(hours=23) <= each <= timedelta(hours=25) for each in apart)
    assert (set(apart) == {timedelta(hours=24)}) == (zone == "UTC"), "the switches were among them"


@pytest.mark.parametrize("around", [datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)])
def test_a_scheduler_that_starts_at_any_moment_of_the_switch_plans_the_same_nights(around: datetime) -> None:
    """Asked every half hour of three days, it never names a time that another asking did not."""
    from flows.schedule import next_times

    moments = [around - timedelta(days=1) + timedelta(minutes=30 * n) for n in range(3 * 24 * 2)]
    planned = {time.astimezone(UTC) for moment in moments for time in next_times("30 2 * * *", "Europe/Vienna", count=2, after=moment)}
    whole = {time.astimezone(UTC) for time in next_times("30 2 * * *", "Europe/Vienna", count=6, after=moments[0])}
    assert planned <= whole
    assert len({time.date() for time in planned}) == len(planned)


def a_run(state: str, began: float | None, *, due: float = 0, by_hand: bool = False, **parameters: Any) -> Any:
    """A flow run that began so many minutes after half past two."""
    from prefect.client.schemas.objects import FlowRun, State, StateType

    return FlowRun(
        id=uuid4(),
        flow_id=uuid4(),
        name="nightly all",
        state=State(type=StateType(state)),
        state_type=StateType(state),
        start_time=None if began is None else ON + timedelta(minutes=began),  # type: ignore[arg-type]
        expected_start_time=ON + timedelta(minutes=due),  # type: ignore[arg-type]
        auto_scheduled=not by_hand,
        parameters=parameters,
    )


@pytest.mark.parametrize(
    ("other", "makes_way"),
    [
        (a_run("RUNNING", -60, due=-60), True),  # last night's is still at work
        (a_run("RUNNING", 6), False),  # begun after us: that one makes way
        (a_run("COMPLETED", 1, due=-1440), True),  # yesterday's, caught up after we were due
        (a_run("COMPLETED", -1440, due=-1440), False),  # yesterday's, in its own time
        (a_run("FAILED", 1), False),
        (a_run("CRASHED", 1), False),
        (a_run("CANCELLED", None), False),
        (a_run("COMPLETED", 1, by_hand=True, recheck="all", sources=None), True),  # by hand, the same and more
        (a_run("COMPLETED", 1, by_hand=True, sources=["acme"]), False),  # by hand, something narrower
    ],
)
def test_a_scheduled_run_makes_way_for_one_that_does_its_work(other: Any, makes_way: bool) -> None:
    from flows.unattended import covered_by

    assert (covered_by(a_run("RUNNING", 5), [other]) is other) == makes_way


def test_of_nights_started_together_exactly_one_stays() -> None:
    """After downtime Prefect starts all it missed in the same second."""
    from flows.unattended import covered_by

    nights = [a_run("RUNNING", 5, due=-1440 * n) for n in range(5)]
    staying = [night for night in nights if covered_by(night, [other for other in nights if other is not night]) is None]
    assert len(staying) == 1


class Remembering:
    """A Prefect that remembers runs, and what it was told of them."""

    def __init__(self, *runs: Any) -> None:
        self.runs = runs
        self.told: list[tuple[UUID, str]] = []
        self.begun: list[UUID] = []

    def read_flow_runs(self, *, flow_run_filter: Any, **_: Any) -> list[Any]:
        return [run for run in self.runs if run.state_type in flow_run_filter.state.type.any_]

    def set_flow_run_state(self, run_id: UUID, state: Any, *, force: bool) -> None:
        self.told.append((run_id, state.name))

    def create_flow_run_from_deployment(self, deployment_id: UUID, **_: Any) -> None:
        self.begun.append(deployment_id)


@pytest.mark.parametrize(
    ("by_hand", "missed", "begun", "skipped"),
    [
        (False, 0, 1, 0),  # the night that died is begun again
        (True, 0, 0, 0),  # what someone did by hand is theirs to repeat
        (False, 1, 0, 0),  # the night that was missed goes on with it
        (False, 3, 0, 2),  # and one is enough
    ],
)
def test_what_died_or_was_missed_is_done_once(tmp_path: Path, by_hand: bool, missed: int, begun: int, skipped: int) -> None:
    """At the start of `newsroom serve`, before anything runs."""
    from flows.serving import _clear_up

    deployment_id = uuid4()
    died = a_run("RUNNING", 0, by_hand=by_hand)
    late = [a_run("SCHEDULED", None, due=-1440 * n) for n in range(missed)]
    coming = a_run("SCHEDULED", None, due=60 * 24 * 365 * 50)
    for run in (died, *late, coming):
        run.deployment_id, run.next_scheduled_start_time = deployment_id, run.expected_start_time
    prefect = Remembering(died, *late, coming)
    known: Any = {"nightly/all-sources": type("Known", (), {"id": deployment_id})()}

    said = list(_clear_up(prefect, known, tmp_path))  # type: ignore[arg-type]

    assert prefect.told[0] == (died.id, "Crashed")
    assert [name for _, name in prefect.told[1:]] == ["Skipped"] * skipped
    assert len(prefect.begun) == begun
    assert coming.id not in {run_id for run_id, _ in prefect.told}
    if missed:
        assert late[0].id not in {run_id for run_id, _ in prefect.told}, "the newest stays"
        assert f"missed {missed} time" in said[-1]


DYING = """
import os, pathlib, signal, sys, uuid
from flows.unattended import alive
with alive(pathlib.Path(sys.argv[1]), uuid.UUID(sys.argv[2])):
    print("alive", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_alive_until_its_process_dies_however_it_does(tmp_path: Path) -> None:
    """`kill -9` leaves nobody to say so; the kernel frees the lock."""
    from flows.unattended import alive, is_dead

    run_id = UUID(int=7)
    assert not is_dead(tmp_path, run_id)
    assert is_dead(tmp_path, run_id, unknown=True)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
    command = [sys.executable, "-c", DYING, str(tmp_path), str(run_id)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"alive\n"
        assert not is_dead(tmp_path, run_id, unknown=True)
        process.kill()
    assert is_dead(tmp_path, run_id)
    with alive(tmp_path, run_id):
        pass
    assert not (tmp_path / "prefect" / "alive" / str(run_id)).exists(), "one that took leave leaves nothing"


def test_told_to_stop_in_the_middle_of_a_query_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB makes an error of its own of the exception that the signal raises; the run still ends as one that was told to."""
    from prefect.exceptions import TerminationSignal

    from flows import unattended

    ends: list[float] = []
    monkeypatch.setattr(unattended, "_end_within", ends.append)

    def prefects(number: int, _frame: Any) -> None:
        raise TerminationSignal(signal=number)

    before = signal.signal(signal.SIGTERM, prefects)
    try:
        with pytest.raises(TerminationSignal), unattended._told_to_stop() as stop:
            try:
                threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
                time.sleep(60)
            except TerminationSignal:
                raise RuntimeError("INTERRUPT Error: Interrupted!") from None
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stop.is_set(), "batches under way were told, too"
    assert ends == [unattended.PATIENCE_SECONDS, unattended.LAST_SECONDS], "and however long they listen, the process ends"


def test_an_error_of_its_own_is_not_taken_for_a_signal() -> None:
    from flows import unattended

    with pytest.raises(RuntimeError, match="out of memory"), unattended._told_to_stop():
        raise RuntimeError("out of memory")


def test_one_directory_is_served_once(tmp_path: Path) -> None:
    from flows.server import only_one

    with (
        only_one(tmp_path),
        pytest.raises(Busy, match=rf"{re.escape(str(tmp_path))}: is served already, by process {os.getpid()}"),
        only_one(tmp_path),
    ):
        pytest.fail("must not get here")
    with only_one(tmp_path):
        pass


def test_deployments_ask_for_what_a_stranger_can_answer(tmp_path: Path) -> None:
    """Dates are date fields, sources and re-checks are choices, and files are where the deployment says."""
    from flows.schedule import deployments
    from newsroom import pipeline

    plan = pipeline.prepare("nightly", pipeline.Options(CONFIG, tmp_path / "data", "http://127.0.0.1:1", 0))
    made = {f"{each.flow_name}/{each.name}": each for each in deployments(load(tmp_path / "config", None), plan)}
    assert tuple(made) == config.DEPLOYMENTS
    for each in made.values():
        assert each.description
        assert each.tags == ["newsroom", each.flow_name]
        assert each.entrypoint == f"flows.runs.{each.flow_name}"
        assert each.parameters["data"] == str((tmp_path / "data").resolve())
        assert Path(each.parameters["config"]).is_absolute()
    form = made["backfill/on-demand"]._parameter_openapi_schema.properties
    assert form["since"]["format"] == form["until"]["format"] == "date"
    assert form["source"]["enum"] == ["osce"]
    assert form["recheck"]["enum"] == ["due", "all", "none"]
    assert all(field.get("description") for each in made.values() for field in each._parameter_openapi_schema.properties.values())
    assert not {"config", "data"} & form.keys()


def newsroom(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
    """The program, in a process of its own: it is to end before it has started anything."""
    return subprocess.run([*PROGRAM, *map(str, words)], env=environment(**more), capture_output=True, text=True, timeout=250, check=False)


@pytest.mark.parametrize(
    ("wrong", "code", "told"),
    [
        (("30 2 * * *", "30 26 * * *"), 2, r'schedules\.toml: deployments\."nightly/all-sources"\.cron = "30 26 \* \* \*": no such time'),
        (('timezone = "UTC"', 'timezone = "Mars/Olympus"'), 2, r"schedules\.toml: timezone = .*: must be a time zone"),
        (("jitter_seconds", "jitter"), 2, r"schedules\.toml: .*\.jitter = 0: unknown key; did you mean jitter_seconds"),
        (("port = 4200", "port = 42000000"), 2, r"schedules\.toml: server\.port = 42000000: must be less than or equal to 65535"),
        (("overlap_days", "overlap_weeks"), 2, r"osce\.toml: listing\.overlap_weeks"),
        (("please-set-this", "please-set-this"), 2, r"newsroom\.toml: contact: set it to your e-mail"),
        (("port = 4200", "port = {taken}"), 3, r"127\.0\.0\.1:\d+: cannot be used for Prefect's server \(.*in use.*\); .*set another port"),
    ],
)
def test_serve_says_in_one_line_why_it_does_not_start(tmp_path: Path, wrong: tuple[str, str], code: int, told: str) -> None:
    """And has started nothing. What a person must mend is refused before so much as a directory is made."""
    shutil.copytree(CONFIG, tmp_path / "config")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for name in ("schedules.toml", "newsroom.toml", "sources/osce.toml"):
            path = tmp_path / "config" / name
            text = path.read_text(encoding="utf-8").replace(wrong[0], wrong[1].format(taken=taken.getsockname()[1]))
            path.write_text(text, encoding="utf-8")
        mirror = () if "contact" in told else ("--base-url", "http://127.0.0.1:9")
        said = newsroom("serve", "--config", tmp_path / "config", "--data", tmp_path / "data", *mirror, PREFECT_HOME=str(tmp_path / "home"))
    assert (said.returncode, said.stdout) == (code, "")
    assert re.search(told, said.stderr)
    assert said.stderr.count("\n") == 1
    assert servers(tmp_path) == []
    assert not (tmp_path / "home").exists()
    assert code == 3 or not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("url", "code", "told"),
    [("localhost:4200", 2, "must be like http://127.0.0.1:4200/api"), ("http://127.0.0.1:9/api", 3, "no Prefect server answers there")],
)
def test_serve_makes_nothing_where_the_server_it_is_to_use_is_none(tmp_path: Path, url: str, code: int, told: str) -> None:
    where = ("--config", CONFIG, "--data", tmp_path / "data", "--base-url", "http://127.0.0.1:9")
    said = newsroom("serve", *where, PREFECT_API_URL=url, PREFECT_HOME=str(tmp_path / "home"))
    assert (said.returncode, said.stdout) == (code, "")
    assert told in said.stderr
    assert said.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "server", "code", "told"),
    [
        (("--work-pool", "x"), {}, 2, "deploy: PREFECT_API_URL names no Prefect server; set it, as in PREFECT_API_URL=http://"),
        (("--work-pool", "x"), {"PREFECT_API_URL": "http://127.0.0.1:9/api"}, 3, "no Prefect server answers there"),
        (("--work-pool", "x", "--job-variable", "image"), {}, 2, "'image' is not NAME=VALUE"),
        (("--work-pool", "x", "--job-variable", "env=TZ"), {}, 2, "env=TZ is no JSON object"),
        (("--work-pool", "night/shift"), {}, 2, "'night/shift' is no name of a work pool"),
        (("--work-pool", ""), {}, 2, "'' is no name of a work pool"),
        ((), {}, 2, "Missing option .--work-pool."),
    ],
)
def test_deploy_says_in_one_line_what_it_lacks(
    tmp_path: Path, words: tuple[str, ...], server: dict[str, str], code: int, told: str
) -> None:
    where = ("--config", CONFIG, "--data", tmp_path / "data", "--base-url", "http://127.0.0.1:9")
    said = newsroom("deploy", *words, *where, **server)
    assert (said.returncode, said.stdout) == (code, "")
    assert re.search(told, said.stderr)
    assert said.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()
