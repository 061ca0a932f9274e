"""The desk: several newsrooms at once, each in its turn, and everything taken in by one thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from newsroom.dispatch import Desk, Inline, Threads, each


@dataclass(frozen=True)
class Share:
    source: str
    number: int

    def describe(self) -> str:
        return f"{self.source} {self.number}"


@dataclass
class Newsroom:
    """A lane with so many batches; `at_a_time` of them may be under way."""

    name: str
    batches: int
    work: Callable[[Share], Any]
    at_a_time: int = 1
    waits: bool = False
    taken: list[tuple[str, int]] = field(default_factory=list)
    given: list[int] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    under_way: int = 0
    most: int = 0
    next: int = 0

    def take(self) -> tuple[str, Callable[[Share], Any], Share] | None:
        if self.next == self.batches or self.under_way == self.at_a_time:
            return None
        self.next += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.taken.append((self.name, self.next))
        return f"fetch {self.name}", self.work, Share(self.name, self.next)

    def give(self, batch: Share, came: Any) -> Callable[[], None]:
        self.under_way -= 1
        self.given.append(batch.number)
        self.threads.add(threading.get_ident())
        return lambda: self.written.append(batch.number)

    @property
    def is_finished(self) -> bool:
        return self.next == self.batches and not self.under_way


def slowly(share: Share) -> str:
    time.sleep(0.01)
    return share.describe()


def test_newsrooms_take_turns_and_a_polite_one_has_one_batch_under_way() -> None:
    """A long one does not keep the short ones waiting; all that comes back is taken in by the thread that asked."""
    order: list[tuple[str, int]] = []
    polite = Newsroom("polite", 6, slowly, taken=order)
    fast = Newsroom("fast", 12, slowly, at_a_time=3, taken=order)
    short = Newsroom("short", 1, slowly, taken=order)
    Desk(Threads(4), threading.Event()).serve([polite, fast, short])
    assert polite.given == [1, 2, 3, 4, 5, 6] and sorted(fast.given) == list(range(1, 13)) and short.given == [1]
    assert polite.most == 1 and 1 < fast.most <= 3
    assert ("short", 1) in order[:4], "it had its turn at once"
    assert polite.threads == fast.threads == {threading.get_ident()}


def test_newsrooms_that_wait_for_their_hosts_do_not_wait_for_each_other() -> None:
    """Twenty with a delay are all asked at once, whatever the cores, and what keeps a core busy finds its room beside them."""
    inside = threading.Barrier(21, timeout=5)
    polite = [Newsroom(f"polite{n}", 1, lambda _: inside.wait(), waits=True) for n in range(20)]
    busy = Newsroom("busy", 1, lambda _: inside.wait())
    Desk(Threads(1), threading.Event()).serve([*polite, busy])
    assert all(lane.given == [1] for lane in (*polite, busy))


def test_no_more_batches_are_under_way_than_there_is_room() -> None:
    now, most, guard, full = [0], [0], threading.Lock(), threading.Barrier(3)

    def counted(share: Share) -> None:
        with guard:
            now[0] += 1
            most[0] = max(most[0], now[0])
        if share.number < 3:
            full.wait(60)  # the first go on when there are as many as may be
        time.sleep(0.005)
        with guard:
            now[0] -= 1

    each(Threads(3), threading.Event(), "parse", counted, iter([Share("a", n) for n in range(30)]), lambda _came: None)
    assert most == [3]


def test_what_runs_beside_the_desk_is_waited_for_and_its_error_is_the_runs() -> None:
    """A walk posts what it reads; when it breaks, the run does, and what is under way is told to stop."""
    stop = threading.Event()
    desk = Desk(Threads(2), stop)
    pages: list[int] = []

    def walk() -> None:
        for number in range(3):
            desk.post(lambda number=number: pages.append(number))  # type: ignore[misc]
        raise OSError("the disk is full")

    desk.aside("discover a", walk)
    with pytest.raises(OSError, match="the disk is full"):
        desk.serve([Newsroom("a", 2, lambda _share: stop.wait(60))])
    assert pages == [0, 1, 2] and stop.is_set()


@pytest.mark.parametrize("engine", [Inline(), Threads(2)], ids=["inline", "threads"])
def test_a_batch_that_fails_ends_the_run_when_the_others_have_come_in(engine: Any) -> None:
    def third_fails(share: Share) -> int:
        if share.number == 3:
            raise ValueError("number three")
        return share.number

    room = Newsroom("a", 9, third_fails, at_a_time=2)
    with pytest.raises(ValueError, match="number three"):
        Desk(engine, threading.Event()).serve([room])
    assert {1, 2} <= set(room.given) and 3 not in room.given
    assert room.written == room.given


def test_the_next_batch_is_under_way_while_one_is_written_down() -> None:
    """Nobody waits for the disk; and what has come is written down even if there can be no next one."""
    under_way = [threading.Event() for _ in range(4)]

    class Patient(Newsroom):
        def give(self, batch: Share, came: Any) -> Callable[[], None]:
            write_down = super().give(batch, came)

            def slowly() -> None:
                assert batch.number == 3 or under_way[batch.number + 1].wait(60)
                write_down()

            return slowly

        def take(self) -> tuple[str, Callable[[Share], Any], Share] | None:
            if self.next == 3:
                raise RuntimeError("can't start new thread")
            return super().take()

    room = Patient("a", 9, lambda share: under_way[share.number].set())
    with pytest.raises(RuntimeError, match="can't start new thread"):
        Desk(Threads(1), threading.Event()).serve([room])
    assert room.written == [1, 2, 3]


def test_a_batch_that_cannot_be_handed_out_is_not_waited_for() -> None:
    class Gone(Threads):
        def submit(self, name: str, work: Callable[[Any], Any], batch: Any) -> Any:
            raise OSError("the server is gone")

    with pytest.raises(OSError, match="the server is gone"):
        Desk(Gone(1), threading.Event()).serve([Newsroom("a", 1, slowly)])
