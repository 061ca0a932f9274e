"""Processes of our own: they do what they are given, and one that dies costs its batch only."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from dataclasses import dataclass

import pytest

from newsroom.errors import FieldMissing, NewsroomError, Rejected, Transient
from newsroom.http import NoAnswer
from newsroom.model import ArchiveRef
from newsroom.processes import Processes


@dataclass(frozen=True)
class Share:
    number: int

    def describe(self) -> str:
        return f"share {self.number}"


def doubled(share: Share) -> tuple[int, int]:
    return share.number * 2, os.getpid()


def fails(share: Share) -> None:
    raise Rejected("not-html", f"share {share.number} is no page")


def dies(share: Share) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def modules(_share: Share) -> list[str]:
    return sorted(sys.modules)


@pytest.mark.slow
def test_work_is_done_elsewhere_and_errors_come_back() -> None:
    with Processes(2) as processes:
        number, pid = processes.call(doubled, Share(21))
        assert number == 42 and pid != os.getpid()
        with pytest.raises(Rejected, match="share 1 is no page") as error:
            processes.call(fails, Share(1))
        assert error.value.reason == "not-html"


@pytest.mark.parametrize(
    "error",
    [
        FieldMissing("title", tried=("ld:headline",)),
        Transient("busy", status=503, retry_after_seconds=2.0),
        NoAnswer("gone", status=None, retry_after=None, requests=3, archived=ArchiveRef("a.warc", 1)),
    ],
)
def test_errors_are_the_same_on_the_other_side(error: NewsroomError) -> None:
    """Those, too, that are made from more than their message: an error that cannot be unpickled would break the whole pool."""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.slow
def test_a_process_that_dies_costs_its_batch_and_the_next_one_finds_others() -> None:
    with Processes(1) as processes:
        with pytest.raises(Transient, match="share 3: the process at work on it died"):
            processes.call(dies, Share(3))
        assert processes.call(doubled, Share(4))[0] == 8


@pytest.mark.slow
def test_none_stays_behind() -> None:
    """They end with the block, whatever they are at."""
    with Processes(1) as processes:
        pid = processes.call(doubled, Share(1))[1]
    for child in multiprocessing.active_children():
        child.join(60)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
