"""How a run's work is executed under Prefect: steps and batches as task runs with readable names.

A task is a step or a batch (tens to hundreds of pages), never a page: a task run costs about 20 ms and a row in Prefect's database.
Work goes in as a function without arguments, so Prefect neither hashes nor stores nor searches what it carries.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar, cast

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner

from newsroom.errors import NewsroomError, Transient

MAX_WORKERS = 2
"""Batches under way at a time: one works while the last pages of another come in; more would only mean more to lose when killed.

Politeness is not decided here: the HTTP client spaces the requests to a host."""
RETRY_DELAY_SECONDS: list[float] = [2, 15]
"""Before the second and the third attempt at a batch."""
PATIENCE_SECONDS = 5
"""How long an interrupted run waits for the batches that are under way, after asking them to stop."""


class Batch(Protocol):
    """A share of the work that can cross a thread, a process or a machine."""

    def describe(self) -> str:
        """A name, such as `fetch osce 1/12 (200 articles)`."""
        ...


T = TypeVar("T")
R = TypeVar("R")
B = TypeVar("B", bound=Batch)


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


class PrefectEngine:
    """`pipeline.Engine` for use inside a flow. `stop` is set when the run is interrupted: batches under way look at it.

    `about` is put before the names of task runs, in a flow run that holds several runs.
    """

    def __init__(self, stop: threading.Event, about: str | None = None) -> None:
        self._stop = stop
        self._about = f"{about} " if about else ""

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Do it here and now, in this thread, as one task run. Not retried: it may have changed the warehouse."""
        stage = name.split()[0]
        return cast("T", _step.with_options(name=stage, task_run_name=_literal(self._about + name), tags=[stage])(work))

    def batches(self, name: str, work: Callable[[B], R], batches: Iterable[B]) -> Iterator[R]:
        """Results of `work` on each batch as they come, at most `MAX_WORKERS` under way; asks for batches as there is room."""
        stage = name.split()[0]
        done: SimpleQueue[PrefectFuture[R]] = SimpleQueue()
        running: set[PrefectFuture[R]] = set()

        def start(batch: B) -> None:
            named = _batch.with_options(name=stage, task_run_name=_literal(self._about + batch.describe()), tags=[stage])
            future = named.submit(lambda: work(batch))
            running.add(future)
            future.add_done_callback(done.put)

        waiting = iter(batches)
        try:
            for batch in islice(waiting, MAX_WORKERS):
                start(batch)
            while running:
                future = done.get()
                running.discard(future)
                result = future.result()
                for batch in islice(waiting, 1):
                    start(batch)
                yield result
        finally:
            failed = isinstance(sys.exc_info()[1], Exception)
            if running and not failed:
                self._stop.set()
            deadline = time.monotonic() + PATIENCE_SECONDS
            for future in running:
                future.wait(timeout=None if failed else max(0, deadline - time.monotonic()))


def _literal(name: str) -> str:
    """Prefect formats task run names with the parameters; ours are finished."""
    return name.replace("{", "{{").replace("}", "}}")
