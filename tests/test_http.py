"""A crawler's night among misbehaving servers."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util.connection import create_connection

from newsroom import coding, guard, wire
from newsroom.archive import ArchiveReader, ArchiveWriter, exchanges
from newsroom.config import Source
from newsroom.errors import NewsroomError, Rejected, RobotsDisallowed, Transient
from newsroom.http import BadResponse, Client, HostDown, NoAnswer, Stopped, retry_after_seconds
from newsroom.model import ArchiveRef, Exchange
from newsroom.pacing import Pacer
from newsroom.robots import Robots
from tests.faults import Behaviour, FaultyServer, answer, chunked, drip, head, raw, reset
from tests.polite import assert_polite, departures

OWN = "https://www.osce.org"
NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
PAGE = b"<h1>Workshop in Tirana</h1>" + b"<p>Experts met to discuss policing.</p>" * 40


def source(**politeness: Any) -> Source:
    calm = {"delay_seconds": 0, "backoff_seconds": 0, "retries": 2, "read_timeout_seconds": 5, "total_timeout_seconds": 10}
    return Source.model_validate(
        {
            "name": "osce",
            "title": "OSCE",
            "site": {"base_url": OWN, "article_path": r"/[a-z]+/(?P<id>\d+)"},
            "listing": {"url": "/press-releases?page={page}", "entries": ["css:.entry"], "fields": {"title": ["css:a"]}},
            "article": {"fields": {"title": ["css:h1"], "body": ["css:.body"]}},
            "politeness": calm | politeness,
        }
    )


class Night:
    """A client of a faulty server, with all that it recorded and how long it would have slept."""

    def __init__(self, server: FaultyServer, *, sleep: Callable[[float], object] | None = None, **options: Any) -> None:
        self.server = server
        self.recorded: list[Exchange] = []
        self.slept: list[float] = []
        politeness = options.pop("politeness", {})
        base = server.url
        hosts = {base: OWN, OWN: OWN, "https://osce.org": OWN}

        def canonical(url: str) -> str | None:
            parts = urlsplit(url)
            own = hosts.get(f"{parts.scheme}://{parts.netloc}")
            return own and own + parts.path + (f"?{parts.query}" if parts.query else "")

        def record(exchange: Exchange) -> ArchiveRef:
            self.recorded.append(exchange)
            return ArchiveRef("night.warc", len(self.recorded))

        self.client = Client(
            source(**politeness),
            canonical=canonical,
            request_url=lambda url: base + url.removeprefix(OWN),
            record=record,
            user_agent="Newsroom/0.1 (+https://example.org/bot)",
            base_url=base,
            clock=lambda: NOW,
            sleep=sleep or self.slept.append,
            **options,
        )

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(OWN + path, **options)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


# ordinary answers


def test_a_page_is_decoded_for_the_reader_and_kept_as_it_came(server: FaultyServer) -> None:
    """The content is plain, the record still compressed, and every address is the source's own."""
    packed = gzip.compress(PAGE)
    server.on("/albania/1?a=b", answer(200, packed, {"Content-Encoding": "gzip", "ETag": '"v1"', "X-Kind": "caf\xe9"}))
    night = Night(server)
    response = night.get("/albania/1?a=b")
    assert (response.status, response.content, response.wire_bytes, response.requests) == (200, PAGE, len(packed), 1)
    assert response.url == response.final_url == OWN + "/albania/1?a=b"
    assert (response.header("etag"), response.header("x-kind")) == ('"v1"', "caf\xe9")
    assert [exchange.url for exchange in night.recorded] == [OWN + "/robots.txt", OWN + "/albania/1?a=b"]
    exchange = night.recorded[-1]
    assert (exchange.body, exchange.status, exchange.http_version, exchange.ip_address) == (packed, 200, "HTTP/1.1", "127.0.0.1")
    assert response.archived == ArchiveRef("night.warc", 2) and response.fetched_at == NOW
    sent = server.requests[-1].headers
    assert sent["user-agent"].startswith("Newsroom/0.1") and sent["accept"] == "text/html"
    assert {name.lower(): value for name, value in exchange.request_headers} == sent | {"host": urlsplit(server.url).netloc}
    assert night.client.requests == 2


def test_what_is_gone_is_an_answer_not_an_error(server: FaultyServer) -> None:
    """404, 410 and 403 are for the caller to judge; they are asked once."""
    for status in (404, 410, 403):
        server.on("/gone/1", answer(status, b"no such page"))
        response = Night(server).get("/gone/1")
        assert (response.status, response.content, response.requests) == (status, b"no such page", 1)


def test_an_unchanged_page_costs_no_body(server: FaultyServer) -> None:
    """Validators are sent back as they came; 304 is a response with no content, and it is recorded."""
    server.on("/albania/1", answer(304, headers={"ETag": '"v1"'}))
    night = Night(server)
    response = night.get("/albania/1", etag='"v1"', last_modified="Mon, 23 Nov 2026 02:00:00 GMT")
    assert (response.status, response.content, night.recorded[-1].status) == (304, b"", 304)
    asked = server.requests[-1].headers
    assert asked["if-none-match"] == '"v1"' and asked["if-modified-since"] == "Mon, 23 Nov 2026 02:00:00 GMT"


def test_not_modified_without_a_question_is_no_answer(server: FaultyServer) -> None:
    """A 304 to a request without validators must not pass for an unchanged page."""
    server.on("/albania/1", answer(304))
    with pytest.raises(BadResponse) as caught:
        Night(server).get("/albania/1")
    assert caught.value.reason == "unexpected-304"


def test_chunks_and_a_body_that_ends_with_the_connection(server: FaultyServer) -> None:
    """Both ways to send a body without a length are read whole, and the connection is still usable after chunks."""
    server.on("/a/1", chunked(PAGE[:100], PAGE[100:]))
    server.on("/a/2", raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE))
    night = Night(server)
    assert night.get("/a/1").content == night.get("/a/2").content == PAGE
    assert night.recorded[-1].http_version == "HTTP/1.0"


def test_cookies_are_not_kept(server: FaultyServer) -> None:
    """A crawler is nobody: forty cookies set, none sent back."""
    cookies = [("Set-Cookie", f"c{n}={'x' * 50}; Path=/") for n in range(40)]
    server.on("/a/1", raw(head(200, [*cookies, ("Content-Length", "2")]) + b"ok"), answer(200, b"ok"))
    night = Night(server)
    night.get("/a/1")
    assert [name for name, _ in night.recorded[-1].response_headers].count("Set-Cookie") == 40
    night.get("/a/1")
    assert "cookie" not in server.requests[-1].headers


# tries


def test_a_tired_server_is_asked_again_and_every_answer_is_recorded(server: FaultyServer) -> None:
    """503, a reset, a torn body, then the page: four requests, three responses on record."""
    torn = answer(200, PAGE[:500], length=len(PAGE))
    server.on("/a/1", answer(503, b"busy"), reset(), torn, answer(200, PAGE))
    night = Night(server, politeness={"retries": 3})
    response = night.get("/a/1")
    assert (response.content, response.requests) == (PAGE, 4)
    kept = night.recorded[1:]
    assert [(exchange.status, len(exchange.body), exchange.truncated) for exchange in kept] == [
        (503, 4, None),
        (200, 500, "disconnect"),
        (200, len(PAGE), None),
    ]
    assert response.wire_bytes == 4 + 500 + len(PAGE)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_used_up_tries_say_the_last_status(server: FaultyServer, status: int) -> None:
    server.on("/a/1", answer(status))
    with pytest.raises(NoAnswer, match=f"HTTP {status}; gave up after 3 tries") as caught:
        Night(server).get("/a/1")
    assert (caught.value.status, caught.value.requests, caught.value.archived) == (status, 3, ArchiveRef("night.warc", 4))
    assert server.paths().count("/a/1") == 3


TORN: dict[str, Behaviour] = {
    "closed before its length": answer(200, PAGE[:10], length=len(PAGE)),
    "chunks without an end": chunked(PAGE, end=b""),
    "gzip without its tail": raw(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE)[:-20]),
    "no answer at all": raw(b""),
    "not HTTP": raw(b"220 mail.example.org ESMTP\r\n"),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"),
    "a chunk of no size": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabcde"),
    "only a hint": raw(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "reset": reset(),
}


@pytest.mark.parametrize("torn", TORN)
def test_a_torn_response_is_never_taken_for_a_page(server: FaultyServer, torn: str) -> None:
    server.on("/a/1", TORN[torn], answer(200, PAGE))
    assert Night(server).get("/a/1").content == PAGE
    server.on("/a/1", TORN[torn])
    with pytest.raises(Transient):
        Night(server).get("/a/1")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed_in_both_forms(server: FaultyServer, status: int, form: str) -> None:
    """The wait is the server's, not ours."""
    value = "7" if form == "seconds" else format_datetime(NOW + timedelta(seconds=7), usegmt=True)
    server.on("/a/1", answer(status, headers={"Retry-After": value}), answer(200, PAGE))
    ticks = Ticks()
    night = Night(server, sleep=ticks.sleep, monotonic=ticks.now)
    assert night.get("/a/1").status == 200
    assert sum(ticks.slept) == pytest.approx(7, abs=0.01)


def test_a_long_retry_after_ends_the_request_for_tonight(server: FaultyServer) -> None:
    server.on("/a/1", answer(503, headers={"Retry-After": "3600"}))
    night = Night(server)
    with pytest.raises(Transient, match="asks to wait 3600 s") as caught:
        night.get("/a/1")
    assert (caught.value.status, caught.value.retry_after_seconds) == (503, 3600) and night.slept == []
    assert server.paths().count("/a/1") == 1


@given(st.text())
def test_any_retry_after_is_a_number_or_nothing(value: str) -> None:
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or seconds >= 0


def test_backoff_grows_and_is_jittered(server: FaultyServer) -> None:
    """Full jitter: anywhere between nothing and a bound that doubles, never above the longest wait."""
    server.on("/a/1", answer(500))
    night = Night(server, politeness={"retries": 12, "backoff_seconds": 1, "max_wait_seconds": 16})
    with pytest.raises(Transient):
        night.get("/a/1")
    bounds = [min(16, 2**n) for n in range(12)]
    assert len(night.slept) == 12 and all(0 <= slept <= bound for slept, bound in zip(night.slept, bounds, strict=True))
    assert len(set(night.slept)) > 6 and max(night.slept) > 1


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_drip_ends_at_the_deadline(server: FaultyServer, where: str) -> None:
    """A byte every 50 ms, for 20 s, never trips a read timeout of 5 s; the deadline of the whole response does."""
    whole = head(200, {"Content-Length": "100000"})
    server.on("/a/1", drip(b"x" * 400, every=0.05, first=whole if where == "body" else b"HTTP/1.1 200 OK\r\nX-A: "))
    night = Night(server, politeness={"retries": 0, "total_timeout_seconds": 2})
    started = time.monotonic()
    with pytest.raises(Transient):
        night.get("/a/1")
    assert time.monotonic() - started < 15
    assert [exchange.truncated for exchange in night.recorded[1:]] == (["time"] if where == "body" else [])


def test_a_host_that_is_down_is_left_alone(server: FaultyServer) -> None:
    """After five addresses without any answer nothing more is asked; a page that answers in between starts the count anew."""
    for n in range(20):
        server.on(f"/a/{n}", reset())
    server.on("/a/4", answer(500))
    night = Night(server, politeness={"retries": 1})
    for n in range(10):
        with pytest.raises(Transient):
            night.get(f"/a/{n}")
    asked = len(server.requests)
    with pytest.raises(HostDown, match="host down"):
        night.get("/a/11")
    assert len(server.requests) == asked == 1 + 10 * 2


def test_an_unreachable_host_is_asked_for_robots_only() -> None:
    """Nobody listens: the first page pays for the tries, the others cost nothing."""
    with FaultyServer() as server:
        night = Night(server)
    for n in range(3):
        with pytest.raises(HostDown, match=r"refused.*without robots\.txt nothing"):
            night.get(f"/a/{n}")
    assert night.client.requests == 3


def test_an_unknown_host_is_a_readable_error(server: FaultyServer) -> None:
    server.url = "http://nowhere.invalid"
    with pytest.raises(HostDown, match=r"nothing of nowhere\.invalid may be asked") as caught:
        Night(server).get("/a/1")
    assert "\n" not in str(caught.value)


def test_a_name_service_that_does_not_answer_is_not_waited_for(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`getaddrinfo` has no time limit; a look-up gets what a connection gets, and the host is called down as for any other silence."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(60))
    server.url = "http://slow.invalid"
    began = time.monotonic()
    with pytest.raises(HostDown, match="no answer from the name service within"):
        Night(server, politeness={"connect_timeout_seconds": 0.1}).get("/a/1")
    assert time.monotonic() - began < 30


def test_stop_ends_waiting_at_once(server: FaultyServer) -> None:
    """A run that is told to end does not sit out a Retry-After."""
    server.on("/a/1", answer(503, headers={"Retry-After": "60"}))
    stop = threading.Event()
    night = Night(server, sleep=time.sleep, stop=stop)
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    with pytest.raises(Stopped, match="stopped"):
        night.get("/a/1")
    assert time.monotonic() - started < 50


# robots


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        (answer(404), True),
        (answer(403), True),
        (answer(200, b""), True),
        (answer(200, b"<html>no robots here</html>"), True),
        (answer(200, b"User-agent: *\nDisallow: /admin/"), False),
        (answer(200, b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /admin/"), False),
        (answer(200, b"User-agent: *\rDisallow: /admin/"), False),
        (answer(200, b"User-agent: *\nDisallow: /\nUser-agent: newsroom\nDisallow: /private/"), True),
        (answer(200, b"User-agent: newsroom\nDisallow: /\n\nUser-agent: *\nDisallow:"), False),
        (answer(200, b"User-agent: news\nDisallow: /\n"), True),
        (answer(200, b"User-agent: *\nDisallow: /a\nAllow: /admin/1"), True),
        (answer(200, gzip.compress(b"User-agent: *\nDisallow: /admin/"), {"Content-Encoding": "gzip"}), False),
        (answer(200, b"#" * 600_000 + b"\nUser-agent: *\nDisallow: /admin/"), True),
        (answer(301, headers={"Location": "/robots2.txt"}), False),
    ],
)
def test_robots_rules(server: FaultyServer, robots: Behaviour, allowed: bool) -> None:
    """The cases of RFC 9309: unavailable means allowed, groups by product token, longest match, at least 500 KiB read."""
    server.on("/robots.txt", robots)
    server.on("/robots2.txt", answer(200, b"User-agent: *\nDisallow: /admin/"))
    server.on("/admin/1", answer(200, PAGE))
    night = Night(server)
    assert night.client.allowed(OWN + "/admin/1") is allowed
    if allowed:
        assert night.get("/admin/1").status == 200
    else:
        with pytest.raises(RobotsDisallowed, match=r"robots\.txt of"):
            night.get("/admin/1")
    assert server.paths().count("/robots.txt") == 1 and ("/admin/1" in server.paths()) is allowed


@pytest.mark.parametrize("robots", [answer(500), answer(429), reset(), answer(302, headers={"Location": "http://evil.example/robots.txt"})])
def test_without_robots_nothing_is_asked(server: FaultyServer, robots: Behaviour) -> None:
    """Unreachable rules mean that everything is disallowed (RFC 9309 §2.3.1.4), and they are not asked for again."""
    server.on("/robots.txt", robots)
    night = Night(server)
    for _ in range(2):
        with pytest.raises(HostDown, match=r"without robots\.txt nothing"):
            night.get("/a/1")
    assert set(server.paths()) == {"/robots.txt"} and len(server.paths()) <= 3


def test_a_redirect_into_what_is_disallowed_is_not_followed(server: FaultyServer) -> None:
    server.on("/robots.txt", answer(200, b"User-agent: *\nDisallow: /admin/"))
    server.on("/a/1", answer(301, headers={"Location": "/admin/1"}))
    with pytest.raises(RobotsDisallowed):
        Night(server).get("/a/1")
    assert "/admin/1" not in server.paths()


def test_crawl_delay_is_obeyed_unless_politeness_was_switched_off(server: FaultyServer) -> None:
    """A larger Crawl-delay wins over the source's delay, but not over --delay on loopback."""
    server.on("/robots.txt", answer(200, b"User-agent: *\nCrawl-delay: 9"))
    for delay, expected in ((None, 18.0), (0.0, 0.0)):
        ticks = Ticks()
        night = Night(server, delay=delay, sleep=ticks.sleep, monotonic=ticks.now, politeness={"delay_seconds": 1})
        for n in range(3):
            night.get(f"/a/{n}")
        assert sum(ticks.slept) == pytest.approx(expected + (1 if delay is None else 0), rel=0.02)


def test_a_crawl_delay_beyond_all_patience_is_said_not_slept(server: FaultyServer) -> None:
    server.on("/robots.txt", answer(200, b"User-agent: *\nCrawl-delay: 86400"))
    with pytest.raises(Transient, match="max_wait_seconds"):
        Night(server).get("/a/1")


@given(st.binary(max_size=300))
def test_any_bytes_are_rules(body: bytes) -> None:
    Robots(body, "Newsroom").allows(OWN + "/albania/1")


# pace


class Ticks:
    """Time that passes only in sleep (and a nanosecond whenever it is looked at)."""

    def __init__(self) -> None:
        self.time, self.slept = 0.0, list[float]()

    def now(self) -> float:
        self.time += 1e-9
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept.append(seconds)


def test_no_two_requests_come_closer_than_the_delay(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four threads, retries, redirects and robots at once: the server's log shows one request per delay."""
    sent = departures(monkeypatch)
    for n in range(8):
        server.on(f"/a/{n}", answer(503), answer(301, headers={"Location": f"/b/{n}"}))
        server.on(f"/b/{n}", answer(200, PAGE))
    night = Night(server, sleep=time.sleep, delay=0.1, politeness={"concurrency": 4})
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(night.get, [f"/a/{n}" for n in range(8)]))
    assert [response.requests for response in responses] == [3] * 8
    assert len(server.requests) == 25
    assert_polite(sent, [seen.at for seen in server.requests], 0.1)


def test_waiting_for_ones_turn_is_not_counted_as_the_sites_time(server: FaultyServer) -> None:
    """The report shows how quickly a site answers: neither its delay, nor pauses between tries, nor what a redirect waits for."""
    server.on("/a/1", answer(503), answer(301, headers={"Location": "/b/1"}))
    ticks = Ticks()
    night = Night(server, sleep=ticks.sleep, monotonic=ticks.now, delay=5)
    response = night.get("/a/1")
    assert response.requests == 3 and sum(ticks.slept) > 10
    assert 0 < response.seconds < 0.001 and response.seconds == pytest.approx(sum(each.seconds for each in night.recorded[-3:]))


def test_a_try_that_came_to_nothing_is_the_sites_time(server: FaultyServer) -> None:
    server.on("/a/1", drip(b"x" * 400, every=0.05, first=b"HTTP/1.1 200 OK\r\nX-A: "), answer(200, PAGE))
    response = Night(server, politeness={"total_timeout_seconds": 0.5}).get("/a/1")
    assert response.requests == 2 and response.seconds >= 0.5


def test_turns_are_exact() -> None:
    """From the moment a request is on the wire to the start of the next: never less than the delay, whoever waits."""
    pacer = Pacer(monotonic=time.monotonic, wait=time.sleep)
    log: list[tuple[float, float]] = []

    def ask(n: int) -> None:
        with pacer.turn("www.osce.org", 0.02) as turn:
            start = time.monotonic()
            time.sleep(0.005 * (n % 2))
            sent = time.monotonic()
            log.append((start, sent))
            turn.sent()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(18)))
    assert all(later[0] - earlier[1] >= 0.02 for earlier, later in pairwise(log))


def test_hosts_do_not_wait_for_each_other() -> None:
    ticks = Ticks()
    pacer = Pacer(monotonic=ticks.now, wait=ticks.sleep)
    for host in ("a", "b", "c"):
        with pacer.turn(host, 10):
            pass
    assert ticks.slept == []


_ASKS = """
import sys, time
from pathlib import Path
from newsroom.pacing import Pacer
pacer = Pacer(monotonic=time.monotonic, wait=time.sleep, folder=Path(sys.argv[1]))
for _ in range(6):
    with pacer.turn("www.osce.org", 0.1):
        print(time.time(), flush=True)
"""


def test_processes_keep_their_distance_too(tmp_path: Path) -> None:
    """Three at once ask the same host: to all of them it is one request per delay."""
    words = [sys.executable, "-c", _ASKS, str(tmp_path)]
    crowd = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    times = sorted(float(line) for process in crowd for line in process.communicate(timeout=250)[0].split())
    assert len(times) == 18 and all(later - earlier >= 0.1 for earlier, later in pairwise(times))


def test_a_run_after_another_waits_before_its_first_request(server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last request of a run and the first of the next (for robots.txt) are a delay apart, as any two."""
    sent = departures(monkeypatch)
    for _ in range(3):
        night = Night(server, sleep=time.sleep, delay=0.3, pacing=tmp_path / "pacing")
        night.get("/a/1")
        night.client.close()
    assert len(server.requests) == len(sent) == 6
    assert min(later - earlier for earlier, later in pairwise(sent)) >= 0.3


@pytest.mark.parametrize("told", ["4102444800.000000", "", "soon", "\0\0\0\0", "-1", "nan"])
def test_a_strange_time_of_the_last_request_costs_one_delay_at_most(told: str, tmp_path: Path) -> None:
    """A clock that was a century ahead, a file torn by a power cut: nobody waits for that."""
    (tmp_path / "www.osce.org").write_text(told)
    ticks = Ticks()
    pacer = Pacer(monotonic=ticks.now, wait=ticks.sleep, folder=tmp_path)
    for _ in range(2):
        with pacer.turn("www.osce.org", 10):
            pass
    assert sum(ticks.slept) <= 2 * 10.051
    assert abs(float((tmp_path / "www.osce.org").read_text().split()[0]) - time.time()) < 60


def test_where_no_file_can_be_made_a_process_keeps_its_own_distance(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ticks = Ticks()
    pacer = Pacer(monotonic=ticks.now, wait=ticks.sleep, folder=tmp_path / "file")
    for _ in range(2):
        with pacer.turn("www.osce.org", 10):
            pass
    assert sum(ticks.slept) == pytest.approx(10.05, abs=0.01)


def test_a_busy_signal_holds_back_the_other_threads_too(server: FaultyServer) -> None:
    """429 with Retry-After is the host's word, not the page's: nobody asks before its time is over."""
    ticks = Ticks()
    server.on("/a/1", answer(429, headers={"Retry-After": "30"}))
    night = Night(server, sleep=ticks.sleep, monotonic=ticks.now, politeness={"retries": 1})
    with pytest.raises(Transient):
        night.get("/a/1")
    assert sum(ticks.slept) == pytest.approx(30, abs=0.01)


def test_no_more_at_once_than_the_source_allows(server: FaultyServer) -> None:
    """Ten threads, concurrency two: never more than two requests under way."""
    under_way, most, lock = 0, 0, threading.Lock()

    def slow(sock: Any) -> bool:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.03)
        with lock:
            under_way -= 1
        return answer(200, PAGE)(sock)

    for n in range(10):
        server.on(f"/a/{n}", slow)
    night = Night(server, politeness={"concurrency": 2})
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(night.get, [f"/a/{n}" for n in range(10)]))
    assert most == 2


# redirects


def test_redirects_are_followed_one_recorded_hop_at_a_time(server: FaultyServer) -> None:
    """Relative, own-host and alias targets all end at the server that is asked, and are told in the source's own addresses."""
    server.on("/node/1", answer(301, b"moved", {"Location": "../albania/1"}))
    server.on("/albania/1", answer(302, b"moved", {"Location": OWN + "/albania/2#top"}))
    server.on("/albania/2", answer(308, b"moved", {"Location": "https://osce.org/albania/%C3%A9?x=1"}))
    server.on("/albania/%C3%A9?x=1", answer(200, PAGE))
    night = Night(server)
    response = night.get("/node/1")
    assert (response.url, response.final_url) == (OWN + "/node/1", OWN + "/albania/%C3%A9?x=1")
    assert (response.content, response.requests) == (PAGE, 4)
    assert [exchange.status for exchange in night.recorded[1:]] == [301, 302, 308, 200]
    assert all(exchange.url.startswith(OWN) for exchange in night.recorded)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://evil.example/", "outside-source"),
        ("http://169.254.169.254/latest/meta-data/", "outside-source"),
        ("http://127.0.0.1:22/", "outside-source"),
        ("file:///etc/passwd", "outside-source"),
        ("//evil.example/x", "outside-source"),
        ("http://[::1", "outside-source"),
        ("javascript:alert(1)", "outside-source"),
        ("/a/1", "redirect-loop"),
        ("https://osce.org/a/1", "redirect-loop"),
    ],
)
def test_a_redirect_out_of_the_source_is_refused(server: FaultyServer, location: str, reason: str) -> None:
    server.on("/a/1", answer(302, headers={"Location": location}))
    night = Night(server)
    with pytest.raises(BadResponse) as caught:
        night.get("/a/1")
    assert caught.value.reason == reason and server.paths() == ["/robots.txt", "/a/1"]
    assert caught.value.response.status == 302 and caught.value.response.archived == ArchiveRef("night.warc", 2)


def test_endless_redirects_end(server: FaultyServer) -> None:
    for n in range(20):
        server.on(f"/a/{n}", answer(302, headers={"Location": f"/a/{n + 1}"}))
    with pytest.raises(BadResponse) as caught:
        Night(server, politeness={"max_redirects": 5}).get("/a/0")
    assert caught.value.reason == "too-many-redirects" and len(server.requests) == 1 + 6


def test_a_redirect_without_a_target_is_an_answer(server: FaultyServer) -> None:
    server.on("/a/1", answer(301, b"moved"))
    assert Night(server).get("/a/1").status == 301


def test_the_body_of_a_redirect_is_capped_too(server: FaultyServer) -> None:
    """Requests itself would read a redirect's body whole; ours is recorded up to the cap and refused."""
    server.on("/a/1", answer(302, b"x" * 3_000_000, {"Location": "/a/2"}))
    night = Night(server, politeness={"max_bytes": 1_000_000})
    with pytest.raises(BadResponse) as caught:
        night.get("/a/1")
    assert caught.value.reason == "too-large" and night.recorded[-1].truncated == "length" and "/a/2" not in server.paths()


# hostile bodies and headers


def _bomb(name: str) -> bytes:
    zeros = bytes(30_000_000)
    if name == "gzip":
        return gzip.compress(zeros)
    if name == "gzip of gzip":
        return gzip.compress(gzip.compress(zeros))
    if name == "members":
        return gzip.compress(bytes(1_000_000)) * 30
    if name == "deflate":
        return zlib.compress(zeros)
    if name == "bare deflate":
        return zlib.compress(zeros)[2:-4]
    if name == "br":
        return bytes(pytest.importorskip("brotli", reason="brotli is optional").compress(zeros))
    return bytes(pytest.importorskip("backports.zstd", reason="zstd is optional").compress(zeros))


@pytest.mark.parametrize("name", ["gzip", "gzip of gzip", "members", "deflate", "bare deflate", "br", "zstd"])
def test_a_bomb_does_not_go_off(server: FaultyServer, name: str) -> None:
    """30 MB from a few bytes: refused, while the few bytes are on record."""
    label = {"gzip of gzip": "gzip, gzip", "members": "gzip", "bare deflate": "deflate"}.get(name, name)
    body = _bomb(name)
    server.on("/a/1", answer(200, body, {"Content-Encoding": label}))
    night = Night(server)
    with pytest.raises(BadResponse) as caught:
        night.get("/a/1")
    assert caught.value.reason in ("decompression-bomb", "too-large") and night.recorded[-1].body == body


PACKED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "members": ("GZIP", lambda page: gzip.compress(page[:50]) + gzip.compress(page[50:])),
    "trailing garbage": ("gzip", lambda page: gzip.compress(page) + b"\0\0\0"),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", lambda page: zlib.compress(page)[2:-4]),
    "two layers": ("deflate, gzip", lambda page: gzip.compress(zlib.compress(page))),
    "identity": ("identity", bytes),
    "br": ("br", lambda page: bytes(pytest.importorskip("brotli", reason="brotli is optional").compress(page))),
    "zstd": ("zstd", lambda page: bytes(pytest.importorskip("backports.zstd", reason="zstd is optional").compress(page))),
}


@pytest.mark.parametrize("name", PACKED)
def test_every_coding_we_offer_is_undone(server: FaultyServer, name: str) -> None:
    label, pack = PACKED[name]
    server.on("/a/1", answer(200, pack(PAGE), {"Content-Encoding": label}))
    assert Night(server).get("/a/1").content == PAGE
    assert set(server.requests[-1].headers["accept-encoding"].split(", ")) >= {"gzip", "deflate"}


@pytest.mark.parametrize("label", ["gzip", "deflate", "compress", "br2", "gzip, gzip, gzip, gzip"])
def test_a_wrong_label_is_undecodable(server: FaultyServer, label: str) -> None:
    server.on("/a/1", answer(200, PAGE, {"Content-Encoding": label}))
    with pytest.raises(BadResponse) as caught:
        Night(server).get("/a/1")
    assert caught.value.reason == "undecodable" and server.paths().count("/a/1") == 1


@given(st.binary(max_size=200), st.sampled_from(coding.ACCEPT_ENCODING.split(", ")))
def test_decoding_any_bytes_gives_bytes_or_is_rejected(body: bytes, label: str) -> None:
    try:
        assert isinstance(coding.decode(body, label, max_bytes=10_000), bytes)
    except Rejected as error:
        assert error.reason in ("undecodable", "too-large")


@given(st.binary(max_size=5_000), st.integers(0, 5_000))
def test_the_cap_is_exact(body: bytes, cap: int) -> None:
    """A body of exactly the cap passes, one byte more does not, whatever the coding."""
    for label, packed in (("gzip", gzip.compress(body, 1)), ("deflate", zlib.compress(body)), ("", body)):
        if len(body) <= cap:
            assert coding.decode(packed, label, max_bytes=cap) == body
        else:
            with pytest.raises(Rejected):
                coding.decode(packed, label, max_bytes=cap)


def test_a_body_without_end_is_cut_at_the_cap(server: FaultyServer) -> None:
    server.on("/a/1", answer(200, b"x" * 5_000_000))
    night = Night(server, politeness={"max_bytes": 1_000_000})
    with pytest.raises(BadResponse) as caught:
        night.get("/a/1")
    assert caught.value.reason == "too-large" and 1_000_000 < len(night.recorded[-1].body) < 1_200_000


@pytest.mark.parametrize(
    "headers",
    [[("X-Big", "x" * 70_000)], [("Set-Cookie", f"c{n}=1") for n in range(200)], [(f"X-{n}", "x" * 50_000) for n in range(5)]],
    ids=["one long line", "two hundred cookies", "a quarter of a megabyte"],
)
def test_headers_are_capped(server: FaultyServer, headers: list[tuple[str, str]]) -> None:
    server.on("/a/1", raw(head(200, [*headers, ("Content-Length", "2")]) + b"ok"))
    with pytest.raises(Rejected) as caught:
        Night(server).get("/a/1")
    assert caught.value.reason == "header-too-large" and server.paths().count("/a/1") == 1


# addresses


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "203.0.113.1"),
        *("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"),  # metadata services
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::", "64:ff9b::a00:1"),
        *("64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
    ],
)
def test_no_way_into_private_networks(address: str) -> None:
    assert not guard.is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e", "::ffff:8.8.8.8"])
def test_public_addresses_pass(address: str) -> None:
    assert guard.is_public(address)


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "localhost", "[::1]".strip("[]")])
def test_odd_spellings_of_this_machine(host: str) -> None:
    """The resolver understands them, so its answer is what is judged; only --base-url may lead here."""
    with pytest.raises(Rejected, match="not a public address"):
        guard.resolve(host, 80)
    assert guard.resolve(host, 80, trusted={host})


def _public_client(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch, answers: list[list[str]], base: str = "http://www.osce.org"
) -> Any:
    """A client without --base-url, a name service that gives these answers in turn, and connections bent to the server."""
    calls: dict[str, Any] = {"resolved": 0, "connected": []}

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        found = answers[min(calls["resolved"], len(answers) - 1)]
        calls["resolved"] += 1
        return [(2, 1, 6, "", (address, port)) for address in found]

    def bent(address: tuple[str, int], *args: Any, **options: Any) -> Any:
        calls["connected"].append(address[0])
        monkeypatch.undo()
        return create_connection(("127.0.0.1", server.port), *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(wire, "create_connection", bent)
    client = Client(
        source().model_copy(update={"site": source().site.model_copy(update={"base_url": base})}),
        canonical=lambda url: url,
        request_url=lambda url: url,
        record=lambda _: None,
        user_agent="Newsroom/0.1",
        clock=lambda: NOW,
        sleep=lambda _: None,
    )
    return client, calls


def test_the_checked_address_is_the_one_connected_to(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name service that changes its mind after the check (rebinding) is not asked twice; Host stays the name."""
    client, calls = _public_client(server, monkeypatch, [["93.184.215.14"], ["127.0.0.1"]])
    server.on("/robots.txt", answer(200, b"User-agent: *\nDisallow: /x"))
    assert not client.allowed("http://www.osce.org/x")
    assert (calls["resolved"], calls["connected"]) == (1, ["93.184.215.14"])
    assert server.requests[0].headers["host"] == "www.osce.org"


@pytest.mark.parametrize("found", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:169.254.169.254"]])
def test_a_name_that_leads_inside_is_refused(server: FaultyServer, monkeypatch: pytest.MonkeyPatch, found: list[str]) -> None:
    client, calls = _public_client(server, monkeypatch, [found])
    with pytest.raises(Transient, match="not a public address"):
        client.get("http://www.osce.org/a/1")
    assert calls["connected"] == [] and server.requests == []


def test_other_hosts_and_schemes_are_never_asked(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client, calls = _public_client(server, monkeypatch, [["93.184.215.14"]])
    for url in ("http://evil.example/", "ftp://www.osce.org/x", "http://www.osce.org@evil.example/", "http://www.osce.org.evil.example/"):
        with pytest.raises(Rejected) as caught:
            client.get(url)
        assert caught.value.reason == "outside-source"
    assert calls["resolved"] == 0


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody vouches for."""
    x509 = pytest.importorskip("cryptography.x509", reason="needed to make a certificate")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.osce.org")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    certificate = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(pem))
    return path


def test_tls_is_verified_and_speaks_the_name(self_signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An untrusted certificate ends it at the first try, in words; the connection went to the pinned address, with the name in SNI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    names: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    with FaultyServer(tls=context) as server:
        client, calls = _public_client(server, monkeypatch, [["93.184.215.14"]], OWN)
        with pytest.raises(Transient, match="certificate verify failed"):
            client.get(OWN + "/a/1")
        assert names == ["www.osce.org"] and calls["connected"] == ["93.184.215.14"] and server.requests == []


def test_the_environment_cannot_send_us_elsewhere(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies in the environment would get round the address guard."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.on("/a/1", answer(200, PAGE))
    assert Night(server).get("/a/1").status == 200


def test_a_night_of_faults_is_a_sound_archive(server: FaultyServer, tmp_path: Path) -> None:
    """All that came over the wire in a bad night is in one WARC file that `warcio check` accepts, and is read back from it."""
    torn = answer(200, gzip.compress(PAGE)[:90], {"Content-Encoding": "gzip"}, length=300)
    server.on("/a/1", answer(503, b"busy"), torn, chunked(gzip.compress(PAGE), headers={"Content-Encoding": "gzip", "X-N": "\xe9"}))
    server.on("/a/2", answer(302, headers={"Location": "/a/1"}))
    server.on("/a/3", answer(304, headers={"ETag": '"v1"'}))
    server.on("/a/4", answer(200, PAGE, {"Content-Encoding": "gzip"}))
    night = Night(server)
    with (
        ArchiveWriter(tmp_path, name="night", info={"software": "Newsroom"}, clock=lambda: NOW) as writer,
        ArchiveReader(tmp_path) as reader,
    ):
        night.client._record = writer.write
        responses = [night.get("/a/1"), night.get("/a/2"), night.get("/a/3", etag='"v1"')]
        with pytest.raises(BadResponse) as caught:
            night.get("/a/4")
        for response in responses:
            stored = reader.read(response.archived)
            assert (stored.url, stored.status, stored.content) == (response.final_url, response.status, response.content)
    kept = [(stored.url.removeprefix(OWN), stored.status, stored.truncated) for _, stored in exchanges(tmp_path / "night.warc")]
    assert kept == [
        ("/robots.txt", 404, None),
        ("/a/1", 503, None),
        ("/a/1", 200, "disconnect"),
        ("/a/1", 200, None),
        ("/a/2", 302, None),
        ("/a/1", 200, None),
        ("/a/3", 304, None),
        ("/a/4", 200, None),
    ]
    with ArchiveReader(tmp_path) as reader:
        assert caught.value.response.archived is not None
        assert reader.read(caught.value.response.archived).body == PAGE
    check = subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(tmp_path / "night.warc")], capture_output=True, text=True)
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


def test_an_archive_that_cannot_take_it_ends_the_request(server: FaultyServer) -> None:
    """A full disk is not the server's fault: no second try, the error goes up as it is."""
    server.on("/a/1", answer(200, PAGE))
    night = Night(server)
    night.get("/a/1")

    def full(_: Exchange) -> ArchiveRef:
        raise NewsroomError("no room")

    night.client._record = full
    with pytest.raises(NewsroomError, match="no room"):
        night.get("/a/1")
    assert server.paths().count("/a/1") == 2
