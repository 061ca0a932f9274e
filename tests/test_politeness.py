"""Politeness, proved with the server's log: whatever we do, no two requests reach a host closer together than its delay."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.crawl import share_of
from newsroom.dispatch import Threads
from newsroom.sample import SampleSite
from newsroom.sample.answers import Answer, Request, respond
from newsroom.sample.faults import ARTICLE, Fault, redirect, status
from tests.crash import small_batches
from tests.nights import Office, impatient_config
from tests.polite import assert_polite, departures
from tests.site import running

DELAY = 0.15


@pytest.mark.slow
def test_no_two_requests_are_closer_than_the_delay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches side by side, retries, redirects, robots.txt; then at once another run, and another: one request per delay, throughout."""
    sent = departures(monkeypatch)
    with running(articles=30) as (site, server):
        there = site.articles()[0].path
        site.faults += [Fault(ARTICLE, status(503), times=4), Fault(ARTICLE, redirect(there), times=2, skip=6)]
        config = small_batches(tmp_path / "config")
        for kind in ("sweep", "nightly", "sweep"):
            office = Office(tmp_path / "data", server.url, config)
            assert office.run(kind, delay=DELAY, engine=Threads(4)).outcome in ("ok", "incomplete")
        times = sorted(served.at for served in server.log)
    assert sum(served.path == "/robots.txt" for served in server.log) == 3, "three runs"
    assert sum(served.status == 503 for served in server.log) == 4 and sum(served.status == 302 for served in server.log) == 2
    gaps = [later - earlier for earlier, later in pairwise(times)]
    print(f"{len(times)} requests of three runs, the two closest {min(gaps):.3f} s apart, delay {DELAY} s")
    assert len(times) > 45
    assert_polite(sent, times, DELAY)


@pytest.mark.parametrize(("configured", "articles"), [(small_batches, 80), (impatient_config, 180)], ids=["threads", "processes"])
def test_batches_side_by_side_share_the_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: Callable[[Path], Path], articles: int
) -> None:
    """Four connections for the walk and up to three batches at a time: never more than four requests are under way, and four are.

    Large batches go to two processes, and one waits before them: it keeps no connection from the others.
    """
    under_way = 0
    seen: list[int] = []
    guard = threading.Lock()

    def slowly(site: SampleSite, request: Request) -> tuple[Answer, int]:
        nonlocal under_way
        with guard:
            under_way += 1
            seen.append(under_way)
        time.sleep(0.02)
        try:
            return respond(site, request)
        finally:
            with guard:
                under_way -= 1

    monkeypatch.setattr("newsroom.sample.server.respond", slowly)
    with running(articles=articles) as (_, server):
        config = configured(tmp_path / "config")
        settings = config / "newsroom.toml"
        settings.write_text(settings.read_text(encoding="utf-8").replace("processes = 0", "processes = 2"), encoding="utf-8")
        file = config / "sources" / "osce.toml"
        text = file.read_text(encoding="utf-8")
        assert "concurrency = 2\n" in text
        file.write_text(text.replace("concurrency = 2\n", "concurrency = 4\n"), encoding="utf-8")
        assert Office(tmp_path / "data", server.url, config).run("sweep", engine=Threads(3)).outcome == "ok"
    assert max(seen) == 4


@given(st.integers(1, 16), st.one_of(st.none(), st.integers(1, 8)), st.booleans(), st.data())
def test_whatever_batches_come_and_go_no_more_connections_are_used(
    concurrency: int, processes: int | None, walking: bool, data: st.DataObject
) -> None:
    """However many processes there are, and wherever the walk ends: of the batches handed out those with the largest shares may be at work.

    Whether one may wait before the pool is decided anew each time.
    """
    shares: list[int] = []
    for _ in range(data.draw(st.integers(1, 30))):
        event = data.draw(st.sampled_from(["batch", "batch", "done", "walked"]))
        if event == "walked":
            walking = False
        elif event == "done" and shares:
            shares.pop(data.draw(st.integers(0, len(shares) - 1)))
        elif event == "batch":
            own = concurrency - walking
            at_work = processes if data.draw(st.booleans()) else None
            share = share_of(own, shares, at_work=at_work, among=data.draw(st.integers(1, 8)))
            assert share >= 1 or shares or not own, "where nobody is at work, somebody may be"
            shares += [share] if share > 0 else []
        assert sum(sorted(shares, reverse=True)[:processes]) + walking <= concurrency
