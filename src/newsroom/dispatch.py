"""Who does the work, and how it is handed out.

The thread that owns the warehouse sits at the `Desk`: it hands out the batches of several lanes (a lane is one source's supply of
them) as an engine has room for them, and takes in what comes of them, one thing after the other. Walks over listings run beside it and
post what they read. How a batch is executed is the engine's business: `Inline` and `Threads` here, Prefect's in `flows/`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from newsroom.threads import in_thread

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)

WAITING_ROOM = 64
"""Batches of sources with a delay under way at a time in threads of one process: each waits for its host's next turn nearly always."""
PATIENCE_SECONDS = 5
"""How long an interrupted run waits for what is under way, after asking it to stop."""


class Batch(Protocol):
    """A share of the work that can cross a thread, a process or a machine."""

    def describe(self) -> str:
        """A name, such as `fetch osce 12 (200 articles)`."""
        ...


class Pending(Protocol[R_co]):
    """Work under way; Prefect's futures and Python's are such."""

    def result(self) -> R_co:
        """What came of it, once it is done; raises what it raised."""
        ...

    def add_done_callback(self, fn: Callable[[Any], None]) -> None:
        """Be told, in any thread, when it is done."""
        ...


class Engine(Protocol):
    """How work is executed."""

    @property
    def room(self) -> int:
        """Batches that may be under way at a time."""
        ...

    @property
    def waiting_room(self) -> int:
        """Batches besides, of those that mostly wait for their host's next turn; 0 if they take room like others."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether batches are done on other machines: what they need must be in them."""
        ...

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Do it here, in this thread: it may use the warehouse."""
        ...

    def aside(self, name: str, work: Callable[[], T]) -> Pending[T]:
        """Do it here, in a thread of its own: it must not touch the warehouse."""
        ...

    def submit(self, name: str, work: Callable[[Any], T], batch: Batch) -> Pending[T]:
        """Do it somewhere, sometime: it must not touch the warehouse."""
        ...


class Watch(Protocol):
    """Who looks on."""

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        """So much of a stage is done; `total` is None while unknown."""
        ...

    def say(self, line: str) -> None:
        """A plain line."""
        ...


class Screen(Watch, Protocol):
    """Who looks on at a command."""

    def time_left(self, seconds: float | None) -> None:
        """How long the rest takes, as far as one can tell."""
        ...


class Silent:
    """Nobody looks on."""

    def progress(self, stage: str, source: str | None, done: int, total: int | None) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""


class Inline:
    """The engine that does everything here and now, one thing after the other (but for what runs aside)."""

    room = 1
    waiting_room = 0
    is_remote = False

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Do it."""
        return work()

    def aside(self, name: str, work: Callable[[], T]) -> Future[T]:
        """Do it in a thread."""
        return in_thread(name, work)

    def submit(self, name: str, work: Callable[[Any], T], batch: Batch) -> Future[T]:
        """Do it now."""
        future: Future[T] = Future()
        try:
            future.set_result(work(batch))
        except Exception as error:  # noqa: BLE001 -- whoever asks for the result gets it
            future.set_exception(error)
        return future


class Threads(Inline):
    """The engine without orchestration: `room` batches at a time in threads of this process, and those that wait."""

    def __init__(self, room: int, waiting_room: int = WAITING_ROOM) -> None:
        self.room, self.waiting_room = room, waiting_room
        self._pool = ThreadPoolExecutor(room + waiting_room, thread_name_prefix="batch")

    def submit(self, name: str, work: Callable[[Any], T], batch: Batch) -> Future[T]:
        """Do it in one of the threads."""
        return self._pool.submit(work, batch)


class Lane(Protocol):
    """A supply of batches."""

    @property
    def waits(self) -> bool:
        """Whether its batches mostly wait for their host's next turn."""
        ...

    def take(self) -> tuple[str, Callable[[Any], Any], Batch] | None:
        """The stage, the work and a batch that may go out now; None if there is none for the moment."""
        ...

    def give(self, batch: Any, came: Any) -> Callable[[], None]:
        """What came of a batch: take note of it, as far as the next batch depends on it. What is left to do is returned."""
        ...

    @property
    def is_finished(self) -> bool:
        """Whether there will be no more, and all have come back."""
        ...


class Desk:
    """Where work is handed out and taken in. `stop` is set when a run is interrupted: what is under way looks at it."""

    def __init__(self, engine: Engine, stop: threading.Event) -> None:
        self.engine = engine
        self.stop = stop
        self._inbox: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._under_way: Counter[bool] = Counter()
        """Batches, by whether they wait in the waiting room."""
        self._beside = 0
        self._lanes: Sequence[Lane] = ()
        """That batches are handed out from."""

    def post(self, action: Callable[[], object]) -> None:
        """Have something done by the desk's own thread; from any thread."""
        self._inbox.put(action)

    def aside(self, name: str, work: Callable[[], None]) -> None:
        """Start work that runs beside the desk; what it raises is raised at the desk."""
        self._beside += 1
        pending = self.engine.aside(name, work)
        pending.add_done_callback(lambda done: self.post(lambda: self._ended(done)))

    def serve(self, lanes: Sequence[Lane]) -> None:
        """Until all lanes are finished. Raises what any batch or walk raised, when the others under way have ended."""
        self._lanes = lanes
        try:
            while True:
                self._hand_out()
                if not (self._under_way.total() or self._beside) and all(lane.is_finished for lane in lanes):
                    return
                self._inbox.get()()
        except BaseException as error:
            failed = isinstance(error, Exception)
            self.stop.set()
            self._lanes = ()
            self._wait(seconds=None if failed else PATIENCE_SECONDS)
            raise

    def _hand_out(self) -> None:
        """Turn by turn, so that a long lane does not keep the short ones waiting."""
        took = True
        while took:
            took = False
            for lane in self._lanes:
                waits = lane.waits and self.engine.waiting_room > 0
                if self._under_way[waits] >= (self.engine.waiting_room if waits else self.engine.room):
                    continue
                if (taken := lane.take()) is not None:
                    took = True
                    self._start(lane, waits, *taken)

    def _start(self, lane: Lane, waits: bool, stage: str, work: Callable[[Any], Any], batch: Batch) -> None:
        pending = self.engine.submit(stage, work, batch)
        self._under_way[waits] += 1
        pending.add_done_callback(lambda done: self.post(lambda: self._take_in(lane, waits, batch, done)))

    def _take_in(self, lane: Lane, waits: bool, batch: Batch, done: Pending[Any]) -> None:
        """Nobody waits for the next batch while this one is written down."""
        self._under_way[waits] -= 1
        write_down = lane.give(batch, done.result())
        try:
            self._hand_out()
        except BaseException:
            with suppress(Exception):  # what has come is kept if it can be; the first error is the one to tell
                write_down()
            raise
        write_down()

    def _ended(self, done: Pending[None]) -> None:
        self._beside -= 1
        done.result()

    def _wait(self, seconds: float | None) -> None:
        """For what is under way, the run having failed or been told to stop: what still comes is kept if it can be."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while self._under_way.total() or self._beside:
            try:
                action = self._inbox.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
                action()
            except Empty:
                return
            except Exception:  # noqa: BLE001, S112 -- the first error is the one to tell
                continue


class _Queue:
    """The lane of batches that are known beforehand."""

    waits = False

    def __init__(self, stage: str, work: Callable[[Any], Any], batches: Iterator[Any], give: Callable[[Any], None]) -> None:
        self._stage, self._work, self._batches, self._give = stage, work, batches, give
        self._open = 0
        self._exhausted = False

    def take(self) -> tuple[str, Callable[[Any], Any], Any] | None:
        """The next one."""
        for batch in self._batches:
            self._open += 1
            return self._stage, self._work, batch
        self._exhausted = True
        return None

    def give(self, batch: Any, came: Any) -> Callable[[], None]:
        """Take it in."""
        self._open -= 1
        return lambda: self._give(came)

    @property
    def is_finished(self) -> bool:
        """All have come back."""
        return self._exhausted and not self._open


def each(
    engine: Engine, stop: threading.Event, stage: str, work: Callable[[Any], T], batches: Iterator[Any], give: Callable[[T], None]
) -> None:
    """Have `work` done on each of the batches, asking for them as there is room, and `give` what came of each to the caller's thread."""
    Desk(engine, stop).serve([_Queue(stage, work, batches, give)])
