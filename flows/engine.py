"""How a run's work is executed under Prefect: steps and batches as task runs with readable names.

A task is a step or a batch (tens to hundreds of pages), never a page: a task run costs about 20 ms and a row in Prefect's database.
Work goes in as a function without arguments, so Prefect neither hashes nor stores nor searches what it carries. Task runs bear no tags: for each
that has some, Prefect asks its server for a concurrency slot, and a server that is just writing lets it wait for seconds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, Generic, TypeVar, cast

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner

from newsroom.dispatch import WAITING_ROOM, Batch, Pending
from newsroom.errors import NewsroomError, Transient
from newsroom.threads import in_thread

ROOM = max(2, os.cpu_count() or 1) + 1
"""Batches under way at a time that may keep a core busy: one for each, and one that waits its turn; more would only mean more to lose when
killed. Those of sources with a delay come besides (`dispatch.WAITING_ROOM`).

Politeness is not decided here: a source that is asked with a delay has one batch under way at a time."""
RETRY_DELAY_SECONDS: list[float] = [2, 15]
"""Before the second and the third attempt at a batch."""

T = TypeVar("T")


class Workers(ThreadPoolTaskRunner[Any]):
    """Prefect's threads, except that an interrupted run does not wait for batches that may take a minute more."""

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        interrupted = exc_type is not None and not issubclass(exc_type, Exception)
        if interrupted and self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        super().__exit__(exc_type, exc_value, traceback)


def can_be_cured(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether doing a failed batch again can help: not where the error says what a person must do."""
    try:
        error = state.result(raise_on_failure=False)
    except Exception as unreadable:  # noqa: BLE001 -- whatever it is, it is the error to judge
        error = unreadable
    return isinstance(error, Transient) or not isinstance(error, NewsroomError)


def _call(work: Callable[[], Any]) -> Any:
    return work()


_step: Task[[Callable[[], Any]], Any] = task(cache_policy=NO_CACHE, persist_result=False)(_call)
_batch: Task[[Callable[[], Any]], Any] = _step.with_options(
    retries=len(RETRY_DELAY_SECONDS), retry_delay_seconds=RETRY_DELAY_SECONDS, retry_condition_fn=can_be_cured
)


class Handed(Generic[T]):
    """What is to come of a task run, kept no longer than until it is asked for, which is done once.

    Prefect's future and the one it wraps refer to each other: what came would stay until all garbage is collected, a dozen batches at a time.
    """

    def __init__(self, future: PrefectFuture[T]) -> None:
        self._future = future

    def result(self) -> T:
        """Wait for it and take it; raises what the task raised."""
        came = self._future.result()
        self._future.state.data = None
        return came

    def add_done_callback(self, fn: Callable[[Any], None]) -> None:
        """Be told, in any thread, when it has come."""
        self._future.add_done_callback(lambda _: fn(self))


class PrefectEngine:
    """`dispatch.Engine` for use inside a flow. `about` is put before the names of task runs, in a flow run that holds several runs."""

    room = ROOM
    waiting_room = WAITING_ROOM
    is_remote = False

    def __init__(self, about: str | None = None) -> None:
        self._about = f"{about} " if about else ""

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Do it here and now, in this thread, as one task run. Not retried: it may have changed the warehouse."""
        return cast("T", self._named(_step, name, name)(work))

    def aside(self, name: str, work: Callable[[], T]) -> Future[T]:
        """Do it in a thread of its own, as one task run."""
        context = copy_context()
        return in_thread(name, lambda: cast("T", context.run(self._named(_step, name, name), work)))

    def submit(self, name: str, work: Callable[[Any], T], batch: Batch) -> Pending[T]:
        """Do it where the flow's task runner has room, as one task run, tried again if that can help."""
        return Handed(self.task_of(name, batch).submit(lambda: work(batch)))

    def task_of(self, stage: str, batch: Batch) -> Task[[Callable[[], Any]], Any]:
        """The task that does a batch."""
        return self._named(_batch, stage, batch.describe())

    def _named(self, kind: Task[[Callable[[], Any]], Any], stage: str, name: str) -> Task[[Callable[[], Any]], Any]:
        stage = stage.split()[0]
        return kind.with_options(name=stage, task_run_name=_literal(self._about + name))


def _literal(name: str) -> str:
    """Prefect formats task run names with the parameters; ours are finished."""
    return name.replace("{", "{{").replace("}", "}}")
