"""Batches on a Dask cluster: the same flows, their batches done by whatever workers a scheduler has.

Chosen by `[workers] dask = "tcp://scheduler:8786"` in newsroom.toml. Workers never open the warehouse: a batch holds all it needs, and
what comes back are plain values. They must be of the same version as we, see the archive under the same path (a shared file system) or in the
same store (`[archive] store`), and reach the Prefect server by the same PREFECT_API_URL. A batch whose worker died is given to another one by Dask itself. This is the
only module that knows of Dask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from flows.engine import Handed, PrefectEngine
from newsroom.dispatch import Batch, Pending
from newsroom.errors import ConfigError, Transient

T = TypeVar("T")

PATIENCE_SECONDS = 20
"""For the scheduler to answer."""


class ClusterEngine(PrefectEngine):
    """`dispatch.Engine` whose batches are done by Dask workers; steps and walks stay here."""

    is_remote = True
    waiting_room = 0  # it takes a worker's thread to wait: let workers have many

    def __init__(self, runner: Any, room: int, about: str | None = None) -> None:
        super().__init__(about)
        self.room = room
        self._runner = runner

    def submit(self, name: str, work: Callable[[Any], T], batch: Batch) -> Pending[T]:
        """Do it on some worker, as one task run, tried again if that can help."""
        return Handed(self._runner.submit(self.task_of(name, batch), {"work": partial(work, batch)}))


@contextmanager
def cluster(address: str, about: str | None = None) -> Iterator[ClusterEngine]:
    """The engine of the cluster at the address of its scheduler; as many batches at a time as its workers have threads, and one more.

    Raises `ConfigError` where `prefect-dask` is not installed, `Transient` if no scheduler or no worker answers.
    """
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise ConfigError('newsroom.toml: workers.dask: needs prefect-dask; install it (pip install "newsroom[dask]")') from None
    try:
        with DaskTaskRunner(address=address, client_kwargs={"timeout": PATIENCE_SECONDS, "set_as_default": False}) as runner:
            threads = sum(runner.client.nthreads().values())
            if not threads:
                raise Transient(f"workers.dask = {address}: the scheduler has no workers; start some (dask worker {address})")
            yield ClusterEngine(runner, threads + 1, about)
    except OSError as error:
        raise Transient(f"workers.dask = {address}: no Dask scheduler answers there ({error}); start it (dask scheduler)") from None
