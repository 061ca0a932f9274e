"""`newsroom serve` and `newsroom deploy`: the deployments on a Prefect server, and the process that runs them here.

What Prefect's own `serve` leaves to chance is done here: runs whose machine died are told dead (`unattended.py`), of several missed nights
one is caught up, schedules stay active when we stop, and SIGTERM ends runs and server in order.
"""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.automations import Automation, EventTrigger, Posture
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import WorkPoolFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ChangeFlowRunState
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.states import Cancelled

from flows.schedule import TAG, next_times
from flows.server import Api
from flows.unattended import bury, is_dead, runs_of
from newsroom.config import DEPLOYMENTS, DeploymentName, Schedules
from newsroom.errors import ConfigError, NewsroomError

Say = Callable[[str], None]
WATCH_SECONDS = 1.0
SILENCE_SECONDS = 300
"""Without a heartbeat (there is one every 30 s) a run on a work pool is taken for dead."""
ZOMBIES = "newsroom: a run without heartbeat has died"
ENDINGS = ("Completed", "Incomplete", "Blocked", "Failed", "Busy", "Skipped", "Cancelled", "Cancelling", "Crashed", "TimedOut")
"""Names of the states in which a run of ours can end. One that is missing here would be called dead after its end."""


# --- on this machine


def serve(made: Sequence[RunnerDeployment], switched_off: Sequence[DeploymentName], *, data_dir: Path, api: Api, say: Say) -> None:
    """Offer the deployments and run what is due, until told to stop."""
    with get_client(sync_client=True) as client:
        known = _known(client)
        for line in _clear_up(client, known, data_dir):
            say(line)
        _withdraw(client, known, switched_off)
    asyncio.run(_run_what_is_due(made, api, say))


def _known(client: SyncPrefectClient) -> dict[DeploymentName, DeploymentResponse]:
    found = {}
    for name in DEPLOYMENTS:
        try:
            found[name] = client.read_deployment_by_name(name)
        except ObjectNotFound:
            continue
    return found


def _withdraw(client: SyncPrefectClient, known: dict[DeploymentName, DeploymentResponse], switched_off: Sequence[DeploymentName]) -> None:
    for name in switched_off:
        if name in known:
            client.delete_deployment(known[name].id)


def _clear_up(client: SyncPrefectClient, known: dict[DeploymentName, DeploymentResponse], data_dir: Path) -> Iterator[str]:
    """Put right what Prefect remembers of the time before. Nobody but us runs these deployments, and we have not begun."""
    if not known:
        return
    names = {deployment.id: name for name, deployment in known.items()}
    interrupted = []
    for run in runs_of(client, list(names), [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]):
        if is_dead(data_dir, run.id, unknown=run.work_pool_name is None):  # of one on a pool only its worker's machine knows
            bury(client, run, data_dir)
            yield f"{run.name}: died, told so to Prefect"
            if run.auto_scheduled and run.state_type == StateType.RUNNING:
                interrupted.append(run)
    late = defaultdict(list)
    for run in runs_of(client, list(names), [StateType.SCHEDULED], due_before=datetime.now(UTC)):
        due = run.next_scheduled_start_time or run.expected_start_time
        if run.auto_scheduled and due and due < datetime.now(UTC):
            late[run.deployment_id].append((due, run.id))
    for deployment_id, missed in late.items():
        yield from _catch_up_once(client, names[_given(deployment_id)], sorted(missed))
    for run in _newest(interrupted):
        if run.deployment_id not in late:
            client.create_flow_run_from_deployment(_given(run.deployment_id), parameters=run.parameters, tags=[*run.tags])
            yield f"{run.name}: begun again"


def _given(deployment_id: UUID | None) -> UUID:
    assert deployment_id is not None  # they were asked for by it
    return deployment_id


def _newest(runs: list[FlowRun]) -> list[FlowRun]:
    """One of each deployment."""
    return list(
        {run.deployment_id: run for run in sorted(runs, key=lambda run: (run.expected_start_time or datetime.now(UTC), run.id))}.values()
    )


def _catch_up_once(client: SyncPrefectClient, name: str, missed: list[tuple[datetime, UUID]]) -> Iterator[str]:
    """Of the missed runs of a deployment the newest stands for all: it asks for everything since the last one that was whole."""
    newest = missed[-1][0]
    for _, run_id in missed[:-1]:
        reason = f"not needed: nothing ran at the time, and the run due at {newest:%Y-%m-%d %H:%M} UTC catches up"
        client.set_flow_run_state(run_id, Cancelled(name="Skipped", message=reason), force=True)
    yield f"{name}: missed {len(missed)} time{'s' * (len(missed) > 1)}, caught up once, now"


async def _run_what_is_due(made: Sequence[RunnerDeployment], api: Api, say: Say) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    runner = Runner(name="newsroom", pause_on_shutdown=False, limit=len(DEPLOYMENTS) + 4)
    for deployment in made:
        await runner.aadd_deployment(deployment)
    at_work = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # it has set its own handler by now, which stops it in a way that warns and forgets
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    say("serving; stop with Ctrl-C or SIGTERM")
    told_to = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set() and not at_work.done():
            if api.process is not None and api.process.poll() is not None:
                raise NewsroomError(f"Prefect's own server ended by itself: see the end of {api.log}; `newsroom serve` starts it again")
            await asyncio.wait([at_work, told_to], timeout=WATCH_SECONDS, return_when="FIRST_COMPLETED")
        say("stopping")
    finally:
        if runner.started:
            await runner.astop()
        told_to.cancel()
        await asyncio.gather(at_work, return_exceptions=stop.is_set())


def told(schedules: Schedules) -> Iterator[str]:
    """What is offered, and when it comes next."""
    for name in DEPLOYMENTS:
        given = schedules.of(name)
        if not given.enabled:
            yield f"{name}: switched off"
        elif given.cron:
            first, second = next_times(given.cron, schedules.timezone, count=2)
            yield f"{name}: next {first:%a %Y-%m-%d %H:%M %Z}, then {second:%a %Y-%m-%d %H:%M %Z}"
        else:
            yield f"{name}: when asked for"


# --- on a work pool


def with_heartbeats(job_variables: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the pool's jobs, with a sign of life often enough for `_watch_for_zombies`."""
    given = job_variables.get("env") or {}
    return {**job_variables, "env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30", **given}}


def deploy(made: Sequence[RunnerDeployment], switched_off: Sequence[DeploymentName], *, work_pool: str) -> None:
    """The deployments for the workers of a pool. Raises `ConfigError` if there is no such pool."""
    with get_client(sync_client=True) as client:
        pools = {pool.name: pool for pool in client.read_work_pools(work_pool_filter=WorkPoolFilter())}
        if work_pool not in pools:
            there = f"there are: {', '.join(sorted(pools))}" if pools else "there are none yet"
            raise ConfigError(
                f"--work-pool {work_pool}: no such work pool on this Prefect server; {there}; "
                f"make it: prefect work-pool create {work_pool} --type process"
            )
        if pools[work_pool].is_push_pool or pools[work_pool].is_managed_pool:
            raise ConfigError(
                f"--work-pool {work_pool}: is of type {pools[work_pool].type}; runs need the data directory, take process or docker"
            )
        _withdraw(client, _known(client), switched_off)
        for deployment in made:
            deployment.apply()
        _watch_for_zombies(client)


def _watch_for_zombies(client: SyncPrefectClient) -> None:
    """Let the server call a run dead that sends no heartbeat: a worker's machine may go down, and nobody there could say so."""
    if client.read_automations_by_name(ZOMBIES):
        return
    heartbeat = "prefect.flow-run.heartbeat"
    Automation(
        name=ZOMBIES,
        description="Prefect leaves a run Running for ever when the machine that runs it dies.",
        trigger=EventTrigger(
            after={heartbeat},
            expect={heartbeat, *(f"prefect.flow-run.{name}" for name in ENDINGS)},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=SILENCE_SECONDS),
        ),
        actions=[
            ChangeFlowRunState(
                name=None,
                state=StateType.CRASHED,
                force=True,
                message=f"no sign of life for {SILENCE_SECONDS} s: killed, or its machine is down; the next run goes on",
            )
        ],
    ).create()
