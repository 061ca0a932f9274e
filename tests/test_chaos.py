"""Servers that misbehave, at the level of nights: whatever they did, once the storm has passed the public data are the truth.

What one response can do to one request is in tests/test_http.py.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from newsroom import guard
from newsroom.sample import SampleSite, Server
from newsroom.sample.faults import (
    ARTICLE,
    LISTING,
    Fault,
    bomb,
    broken_coding,
    drip,
    empty_listing,
    redirect,
    repeat_items,
    reset,
    status,
    truncate,
    wrong_charset,
    wrong_length,
)
from tests.crash import assert_archive_is_clean, assert_facts_lead_to_their_bytes
from tests.nights import Office, differences, impatient_config
from tests.polite import assert_polite, departures
from tests.test_nights import FIELDS

SEEDS = range(int(os.environ.get("CHAOS_SEEDS", "3")))
DELAY_SECONDS = 0.05


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(30, seed=5)


def hasty_config(folder: Path) -> Path:
    """The impatient configuration that also waits for nobody: after a second an answer is given up, be it only a busy machine's."""
    impatient_config(folder)
    path = folder / "sources" / "osce.toml"
    hurry = "[politeness]\nread_timeout_seconds = 0.5\ntotal_timeout_seconds = 1.0\nmax_wait_seconds = 1.5\n"
    path.write_text(path.read_text(encoding="utf-8").replace("[politeness]\n", hurry), encoding="utf-8")
    return folder


def assert_true(office: Office, site: SampleSite) -> None:
    """Every article, every field, nothing pending, nothing in quarantine."""
    assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []
    assert office.sql("SELECT sum(pending), sum(quarantined), sum(gone) FROM coverage") == [(0, 0, 0)]
    assert office.sql("SELECT count(*) FROM quarantine") == [(0,)]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each request left."""
    return departures(monkeypatch)


def storm(rng: random.Random) -> list[Fault]:
    """A night's mixture of misbehaviour; each fault stops some time."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    kinds: list[Callable[[], tuple[str, Callable[..., object]]]] = [
        lambda: (ARTICLE, status(503)),
        lambda: (".", status(503, retry_after=0)),
        lambda: (ARTICLE, status(503, retry_after=soon)),
        lambda: (ARTICLE, status(429, retry_after=1)),
        lambda: (ARTICLE, status(429, retry_after=3600)),
        lambda: (ARTICLE, status(429)),
        lambda: (".", status(500)),
        lambda: (ARTICLE, status(408)),
        lambda: (".", reset()),
        lambda: (".", reset(after=200)),
        lambda: (".", truncate(after=150)),
        lambda: (ARTICLE, drip(chunk=8, seconds=0.2)),
        lambda: (ARTICLE, wrong_length(9_999_999)),
        lambda: (ARTICLE, wrong_charset()),
        lambda: (ARTICLE, wrong_charset("x-unknown-charset")),
        lambda: (ARTICLE, bomb(30)),
        lambda: (ARTICLE, broken_coding()),
        lambda: (ARTICLE, redirect("{target}")),
        lambda: (ARTICLE, redirect("http://169.254.169.254/latest/meta-data/")),
        lambda: (LISTING, empty_listing()),
        lambda: (LISTING, repeat_items()),
        lambda: (LISTING, status(404)),
        lambda: (r"/robots\.txt", status(503)),
    ]
    faults = []
    for choose in rng.sample(kinds, 6):
        match, action = choose()
        faults.append(Fault(match, action, times=rng.choice((1, 2, 6)), skip=rng.randrange(8)))  # type: ignore[arg-type]
    return faults


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.long] if seed else []) for seed in SEEDS])
def test_after_a_week_of_chaos_the_truth(
    seed: int, office: Office, site: SampleSite, server: Server, sent: list[float], tmp_path: Path
) -> None:
    """Six nights of random faults, with news and edits in between; then calm nights: every article right, nobody pestered meanwhile."""
    rng = random.Random(seed)
    outcomes = []
    calm, office.config = office.config, hasty_config(tmp_path / "hasty")
    for night in range(6):
        site.faults[:] = storm(rng)
        if night:
            site.add(rng.randint(0, 2))
            edited = rng.choice([item.id for item in site.articles() if item.exact_copy_of is None and item.edited_at is None])
            site.rewrite(edited, f"Corrected under number {edited}.")
        outcomes.append(office.run("nightly", recheck=rng.choice(("due", "all")), delay=DELAY_SECONDS).outcome)
        office.sleep()
    assert set(outcomes) <= {"ok", "incomplete", "blocked"}
    site.faults.clear()
    office.config = calm
    for _ in range(3):  # an address that failed on several nights is left in peace for some
        office.sleep(9)
        last = office.run("sweep", recheck="all", delay=DELAY_SECONDS)
    assert last.outcome == "ok", last.detail
    assert_true(office, site)
    assert len(server.log) > 50
    assert_polite(sent, [request.at for request in server.log], DELAY_SECONDS)
    assert_facts_lead_to_their_bytes(office.data)
    assert_archive_is_clean(office.data)


@pytest.mark.parametrize("how", ["refused", "unknown name", "no TLS", "silent robots"])
def test_a_host_that_is_down_all_night(how: str, office: Office, site: SampleSite, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens, its name is gone, TLS fails, robots.txt answers 500: incomplete, few requests, no marks; tomorrow is another day."""
    office.run("nightly")
    before, new = office.public_data(), site.add(3)
    url, asked = office.base_url, len(server.log)
    with monkeypatch.context() as broken:
        if how == "refused":
            office.base_url = "http://127.0.0.1:9"
        elif how == "no TLS":
            office.base_url = server.url.replace("http:", "https:")
        elif how == "silent robots":
            site.faults.append(Fault(r"/robots\.txt", status(500)))
        else:

            def unknown(*_: object, **__: object) -> list[str]:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

            broken.setattr(guard, "resolve", unknown)
        office.sleep()
        result = office.run("nightly", recheck="all")
    assert result.outcome == "incomplete"
    assert "listing not read whole" in (result.detail or "") and "\n" not in (result.detail or "")
    assert len(server.log) - asked <= 6
    assert office.public_data() == before
    site.faults.clear()
    office.base_url = url
    office.sleep(0.5)
    assert office.run("nightly").sources["osce"]["new_articles"] == len(new)
    assert_true(office, site)


def test_a_host_that_goes_down_in_the_middle_of_a_night(office: Office, site: SampleSite, server: Server) -> None:
    """After ten articles every connection is reset: the client soon stops asking; no address bears a mark, and the next night goes on."""
    site.faults.append(Fault(ARTICLE, reset(), skip=10))
    result = office.run("nightly")
    assert result.outcome == "incomplete"
    tried = len([request for request in server.log if request.status == 0])
    assert tried <= 3 * 8, "a host that is down is left in peace"
    (pending,) = office.sql("SELECT sum(pending) FROM coverage")[0]
    assert pending == len(site.articles()) - 10
    site.faults.clear()
    assert office.run("nightly").outcome == "ok"
    assert_true(office, site)
