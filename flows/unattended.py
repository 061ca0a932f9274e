"""What a run of a deployment needs because nobody watches it: to be recognised when it dies, to make way, to end in order when told.

*Recognised*: while it lives it holds a lock of its own (`data/prefect/alive/<flow run>`), which the kernel frees however it dies. Prefect
alone leaves a run whose machine died `Running` for ever.

*Making way*: after downtime Prefect starts all the nights it missed, at once. One is enough: a scheduled run is superfluous if another
one of the deployment began after it was due, or is at work. Prefect's own limit on a deployment would do something like it, but a run
that died keeps its slot for minutes, and the slot alone cannot say for whom one had to go.

*In order*: Prefect cancels by SIGTERM, which it raises as an exception wherever the main thread is. In the middle of a query DuckDB turns
that into an error of its own, and batches wait for slow sites in other threads; so the signal is noticed here besides.
"""

from __future__ import annotations

import atexit
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from filelock import FileLock, Timeout
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import TerminationSignal
from prefect.states import Cancelled, Crashed

PATIENCE_SECONDS = 15
"""From the signal to the end of the process, at the latest; Prefect itself kills after 30."""
LAST_SECONDS = 5
"""For telling Prefect, once the run has let go of everything; a thread that still listens to a slow site is not waited for."""

DIED = "its process ended without a word (killed, or the machine went down); what it had obtained is kept, and the next run goes on"


def unattended(run: FlowRun, work: Callable[[threading.Event], State[Any]], *, data_dir: Path, jitter_seconds: int) -> State[Any]:
    """The final state of a deployment's run whose work is `work`; its event is set when the run is told to stop."""
    atexit.register(_hush)
    _tell(f"{run.name}: begun")
    state = _supervised(run, work, data_dir, jitter_seconds)
    _tell(f"{run.name}: {state.name}: {state.message}")
    return state


def _tell(line: str) -> None:
    """For the journal of whoever runs us; Prefect has it in its own way."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _supervised(run: FlowRun, work: Callable[[threading.Event], State[Any]], data_dir: Path, jitter_seconds: int) -> State[Any]:
    with alive(data_dir, run.id), _told_to_stop() as stop:
        if run.auto_scheduled:
            with get_client(sync_client=True) as client:
                if other := _superfluous(client, run, data_dir):
                    return Cancelled(name="Skipped", message=f"not needed: {other.name} {_doing(other)}")
            if jitter_seconds and stop.wait(random.uniform(0, jitter_seconds)):  # noqa: S311 -- to spread load, not to keep a secret
                raise TerminationSignal(signal.SIGTERM)
        return work(stop)


def _doing(run: FlowRun) -> str:
    began = f"{run.start_time:%Y-%m-%d %H:%M} UTC" if run.start_time else "just now"
    return f"is at work since {began}" if run.state_type == StateType.RUNNING else f"began at {began}, after this one was due"


def _hush() -> None:
    """Let nobody read what DuckDB says of the order in which Python takes it down: nothing is wrong, and it fills the journal."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


# --- alive or dead


@contextmanager
def alive(data_dir: Path, run_id: UUID) -> Iterator[None]:
    """Show that the run lives, until the block or the process ends."""
    path = _mark(data_dir, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path, timeout=0):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_dead(data_dir: Path, run_id: UUID, *, unknown: bool = False) -> bool:
    """Whether the run's process has ended without taking leave; `unknown` is the answer for one that never ran here."""
    path = _mark(data_dir, run_id)
    if not path.exists():
        return unknown
    try:
        with FileLock(path, timeout=0):
            return True
    except Timeout:
        return False


def bury(client: SyncPrefectClient, run: FlowRun, data_dir: Path) -> None:
    """Tell Prefect that a run is dead."""
    ended: State[Any] = Cancelled(message="Cancelled") if run.state_type == StateType.CANCELLING else Crashed(message=DIED)
    client.set_flow_run_state(run.id, ended, force=True)
    _mark(data_dir, run.id).unlink(missing_ok=True)


def _mark(data_dir: Path, run_id: UUID) -> Path:
    return data_dir / "prefect" / "alive" / str(run_id)


# --- making way


def runs_of(
    client: SyncPrefectClient, deployment_ids: Sequence[UUID], states: Iterable[StateType], *, due_before: datetime | None = None
) -> list[FlowRun]:
    """The deployments' runs in these states, the latest 200; of those that wait for their time perhaps only the overdue."""
    return client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(deployment_ids))),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
            next_scheduled_start_time=FlowRunFilterNextScheduledStartTime.model_validate({"before_": due_before}) if due_before else None,
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=200,
    )


def _superfluous(client: SyncPrefectClient, run: FlowRun, data_dir: Path) -> FlowRun | None:
    assert run.deployment_id is not None
    mine = client.read_flow_run(run.id)  # with the time of its start, which the one that Prefect handed us lacks
    others = [other for other in runs_of(client, [run.deployment_id], [StateType.RUNNING, StateType.COMPLETED]) if other.id != run.id]
    for other in others:
        if other.state_type == StateType.RUNNING and is_dead(data_dir, other.id):
            bury(client, other, data_dir)
            others = [each for each in others if each.id != other.id]
    return covered_by(mine, others)


def covered_by(run: FlowRun, others: Iterable[FlowRun]) -> FlowRun | None:
    """Another run of the deployment that makes this scheduled one superfluous: one of the schedule, or by hand but with no narrower task.

    Of runs that are started together each sees the others, and all but the first make way.
    """
    due = run.expected_start_time or datetime.now(UTC)
    mine = (run.start_time or datetime.now(UTC), run.id)
    for other in others:
        if other.start_time is None or not (other.auto_scheduled or _task(other) == _task(run)):
            continue
        if other.state_type == StateType.RUNNING and (other.start_time, other.id) < mine:
            return other
        if other.state_type == StateType.COMPLETED and other.start_time >= due:
            return other
    return None


def _task(run: FlowRun) -> dict[str, Any]:
    """What a run is to crawl; how politely, and what of it to ask for again, is another matter."""
    return {name: run.parameters[name] for name in ("source", "sources", "base_url") if run.parameters.get(name)}


# --- told to stop


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Notice SIGTERM, whatever else handles it: set the event, and see to it that the process ends in time.

    The handler stays Prefect's (it acknowledges a cancellation only while it is): Python writes the number of every signal into a pipe,
    too, and a thread reads it.
    """
    stop = threading.Event()
    told = threading.Event()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C on `newsroom serve` is for that: it will tell us

    def watch() -> None:
        with os.fdopen(reader, "rb", buffering=0) as signals:
            while number := signals.read(1):
                if number[0] == signal.SIGTERM:
                    told.set()
                    stop.set()
                    _end_within(PATIENCE_SECONDS)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield stop
    except TerminationSignal:
        _end_within(LAST_SECONDS)
        raise
    except BaseException as error:
        if told.wait(0.1):
            _end_within(LAST_SECONDS)
            raise TerminationSignal(signal.SIGTERM) from error
        raise
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGINT, interrupt)
        os.close(writer)


def _end_within(seconds: float) -> None:
    last = threading.Timer(seconds, os._exit, (128 + signal.SIGTERM,))
    last.daemon = True
    last.start()
