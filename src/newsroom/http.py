"""The polite, guarded client: robots, delay, retries, Retry-After, conditional GET, caps in size and time, address guard.

Every response that came over the wire is handed to `record` before anything is made of it: failed tries, redirects and bodies
that are then refused included. Redirects are followed here, hop by hop, and never by `requests`.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import BadStatusLine, HTTPException, RemoteDisconnected
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from newsroom import coding, guard
from newsroom.config import Source
from newsroom.errors import Rejected, RobotsDisallowed, Transient
from newsroom.model import ArchiveRef, Exchange, HostMemory, Response
from newsroom.pacing import Pacer
from newsroom.robots import Robots, product_token
from newsroom.wire import Wire, guarded_pools

Headers = tuple[tuple[str, str], ...]
Truncated = Literal["length", "time", "disconnect"] | None

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_HEADER_BYTES = 128 * 1024
_HOST_DOWN_AFTER = 5


class NoAnswer(Transient):
    """An address gave no answer of use in all its tries: `requests` were made, `archived` is the last response, if any came."""

    def __init__(self, message: str, *, status: int | None, retry_after: float | None, requests: int, archived: ArchiveRef | None) -> None:
        super().__init__(message, status=status, retry_after_seconds=retry_after)
        self.requests, self.archived = requests, archived


class HostDown(Transient):
    """The address was not asked at all, since its host does not answer or its robots.txt cannot be had: no mark against the address."""

    host_down = True


class Stopped(Transient):
    """The run was told to end before there was an answer: no mark against the address."""


class BadResponse(Rejected):
    """A response was obtained (and recorded) that must not be used; `response` tells all of it but the content."""

    def __init__(self, reason: str, message: str, response: Response) -> None:
        super().__init__(reason, message)
        self.response = response


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait: a number of seconds or an HTTP date (RFC 9110 §10.2.3); None if it says neither.

    >>> now = datetime(1994, 11, 6, 8, 49, 7, tzinfo=UTC)
    >>> [retry_after_seconds(v, now) for v in ("120", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "soon")]
    [120.0, 30.0, 30.0, None]
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(0.0, ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds())


class _Adapter(HTTPAdapter):
    """Sends a prepared request and gives what comes back, unread.

    There is no `requests.Session` above it, which would keep cookies, follow redirects or at least read their bodies, and look at the
    environment.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        super().__init__(pool_connections=2, pool_maxsize=1)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = guarded_pools(self.wire, num_pools=connections, maxsize=maxsize, block=block, **options)

    def build_response(self, req: requests.PreparedRequest, resp: urllib3.BaseHTTPResponse) -> requests.Response:
        """Only what is looked at here: no cookie is read, no character set guessed."""
        response = requests.Response()
        response.status_code, response.raw, response.request = resp.status, resp, req
        return response


@dataclass
class _Tally:
    """What a chain of exchanges has cost so far."""

    requests: int = 0
    wire_bytes: int = 0
    seconds: float = 0.0
    """That it waited for answers, and for nothing else."""


@dataclass
class _Answer:
    """What one request came to: an exchange, or the trouble that kept it from being one."""

    exchange: Exchange | None = None
    archived: ArchiveRef | None = None
    content: bytes = b""
    trouble: str | None = None
    """Why it must be tried again; None if it need not."""
    final: bool = False
    """Trying again within this run is no use."""
    refused: Rejected | None = None


@dataclass
class _HostState:
    """What has been learnt of a host in the client's life."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    robots: Robots | None = None
    robots_body: bytes | None = None
    unreachable: str | None = None
    """Why robots.txt could not be had."""
    failures: int = 0


class Client:
    """Asks one source for its pages. Safe to share between threads; each thread has its own connection.

    `canonical` gives the source's own spelling of an address, None for addresses outside of it; `request_url` the address to really
    ask; `hosts` are the only ones (with or without port) that are asked, by default that of `base_url`, else of the source.
    `record` keeps an exchange and says where. `delay` (seconds) overrides the source's. `clock` gives aware UTC datetimes,
    `monotonic` seconds. `pacing` is a folder that remembers when a host was asked last, for the next run. Once `stop` is set all waiting
    ends, with Stopped. `memory` is what an earlier client has learnt of the hosts, `concurrency` overrides the source's.
    """

    def __init__(
        self,
        source: Source,
        *,
        canonical: Callable[[str], str | None],
        request_url: Callable[[str], str],
        record: Callable[[Exchange], ArchiveRef | None],
        user_agent: str,
        clock: Callable[[], datetime],
        base_url: str | None = None,
        hosts: Collection[str] | None = None,
        delay: float | None = None,
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        stop: threading.Event | None = None,
        memory: Collection[HostMemory] = (),
        concurrency: int | None = None,
        pacing: Path | None = None,
    ) -> None:
        self._canonical, self._request_url, self._record, self._clock = canonical, request_url, record, clock
        self._politeness = source.politeness
        self._own = (canonical(source.site.base_url) or source.site.base_url).rstrip("/")
        self._asked_base = request_url(self._own + "/").rstrip("/")
        self._hosts = frozenset(host.lower() for host in hosts or {urlsplit(self._asked_base).netloc})
        self._trusted = frozenset({urlsplit(base_url).hostname or ""}) if base_url else frozenset[str]()
        self._delay = source.politeness.delay_seconds if delay is None else delay
        self._obey_crawl_delay = not (delay is not None and base_url is not None and guard.is_loopback(base_url))
        self._user_agent, self._token = user_agent, product_token(user_agent)
        self._stop = stop
        self._sleep = stop.wait if stop is not None and sleep is time.sleep else sleep
        self._monotonic = monotonic
        self._random = random.Random()  # noqa: S311 -- for spreading retries, not for secrets
        self._pacer = Pacer(monotonic=monotonic, wait=self._wait, folder=pacing)
        self._slots = threading.BoundedSemaphore(concurrency or source.politeness.concurrency)
        self._states: dict[str, _HostState] = {each.host: self._remembered(each) for each in memory}
        self._local = threading.local()
        self._adapters: list[_Adapter] = []
        self._lock = threading.Lock()
        self.requests = 0
        """Requests made in the client's life, by all threads: robots.txt, retries and redirects included."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections of all threads."""
        self._pacer.close()
        with self._lock:
            for adapter in self._adapters:
                adapter.close()

    def _remembered(self, known: HostMemory) -> _HostState:
        self._pacer.postpone(known.host, known.rest_seconds)
        rules = None if known.robots is None else Robots(known.robots, self._token)
        return _HostState(robots=rules, robots_body=known.robots, unreachable=known.unreachable, failures=known.failures)

    def memory(self) -> tuple[HostMemory, ...]:
        """What the next client need not learn again."""
        with self._lock:
            states = dict(self._states)
        return tuple(
            HostMemory(host, state.robots_body, state.unreachable, state.failures, self._delay_of(host), self._pacer.rest(host))
            for host, state in states.items()
        )

    def allowed(self, url: str) -> bool:
        """Does robots.txt let us ask for this canonical address? Raises Transient if robots.txt cannot be reached."""
        asked = self._request_url(url)
        return self._robots(self._within(asked, url)).allows(asked)

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None, accept: str = "text/html") -> Response:
        """The response to a GET of a canonical address, redirects followed, whatever its final status.

        Raises NoAnswer, HostDown and Stopped, which are Transient (try later); RobotsDisallowed; Rejected `outside-source`,
        `private-address` or `bad-address` (must not be asked); BadResponse, which is Rejected with what was obtained: `too-large`,
        `decompression-bomb`, `undecodable`, `header-too-large`, `outside-source`, `redirect-loop`, `too-many-redirects`, `unexpected-304`.
        """
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {"Accept": accept} | {name: value for name, value in validators.items() if value}
        return self._chain(url, self._request_url(url), headers, obey=True)

    # one chain of redirects

    def _chain(self, url: str, asked: str, headers: dict[str, str], *, obey: bool) -> Response:
        tally = _Tally()
        final_url, visited = url, {asked}
        while True:
            host = self._within(asked, final_url)
            if obey and not self._robots(host).allows(asked):
                raise RobotsDisallowed(f"{final_url}: robots.txt of {host} does not let {self._token!r} ask for it")
            answer = self._persist(asked, host, headers, tally)
            exchange = answer.exchange
            assert exchange is not None
            response = self._response(url, final_url, answer, tally)
            if answer.refused is not None:
                raise BadResponse(answer.refused.reason, f"{final_url}: {answer.refused}", response) from answer.refused
            if exchange.status == 304 and not {"If-None-Match", "If-Modified-Since"} & headers.keys():
                raise BadResponse("unexpected-304", f"{final_url}: answered 304 (not modified) to an unconditional request", response)
            location = response.header("Location")
            if exchange.status not in _REDIRECTS or location is None:
                return response
            asked, final_url = self._hop(asked, final_url, location, response)
            if asked in visited:
                raise BadResponse("redirect-loop", f"{url}: redirected in a circle, to {final_url} again", response)
            if len(visited) > self._politeness.max_redirects:
                raise BadResponse("too-many-redirects", f"{url}: more than {self._politeness.max_redirects} redirects", response)
            visited.add(asked)

    def _hop(self, asked: str, final_url: str, location: str, response: Response) -> tuple[str, str]:
        """Where a redirect leads: (address to ask, canonical address). Host aliases fold into the host that is asked."""
        # http.client reads headers as Latin-1; an address in one is UTF-8 if it is not plain ASCII
        text = location.encode("latin-1", "replace").decode("utf-8", "replace")
        try:
            target = urldefrag(urljoin(asked, text)).url
            canonical = self._canonical(target)
            parts = urlsplit(target)
        except ValueError:
            canonical = None
        if canonical is None:
            raise BadResponse("outside-source", f"{final_url}: redirected out of the source, to {text[:200]!r}", response)
        if _is_below(target, self._asked_base):
            return target, canonical
        path = target.removeprefix(self._own) if _is_below(target, self._own) else urlunsplit(("", "", parts.path, parts.query, ""))
        return self._asked_base + path, canonical

    def _response(self, url: str, final_url: str, answer: _Answer, tally: _Tally) -> Response:
        exchange = answer.exchange
        assert exchange is not None
        return Response(
            url=url,
            final_url=final_url,
            status=exchange.status,
            headers=exchange.response_headers,
            content=answer.content,
            fetched_at=exchange.fetched_at,
            seconds=tally.seconds,
            wire_bytes=tally.wire_bytes,
            requests=tally.requests,
            archived=answer.archived,
        )

    # one address, tried until it answers

    def _persist(self, asked: str, host: str, headers: dict[str, str], tally: _Tally) -> _Answer:
        """The answer of an address, after as many tries as the source allows. Raises NoAnswer when they are used up."""
        url, limit = self._own_url(asked), self._politeness
        for attempt in range(limit.retries + 1):
            self._refuse_if_down(host)
            answer = self._ask(asked, host, headers, tally)
            status = answer.exchange.status if answer.exchange else None
            if answer.trouble is None:
                self._count_failure(host, reset=True)
                return answer
            wanted = self._pause_wanted(answer)
            too_long = wanted is not None and wanted > limit.max_wait_seconds
            if answer.final or too_long or attempt == limit.retries:
                break
            if wanted is not None and status == 429:
                self._pacer.postpone(host, wanted)
            backoff = self._random.uniform(0, min(limit.max_wait_seconds, limit.backoff_seconds * 2**attempt))
            self._wait(wanted or backoff)
        self._count_failure(host, reset=answer.exchange is not None and not (too_long and status == 429))
        asks = f", asks to wait {wanted:.0f} s" if wanted is not None else ""
        message = f"{url}: {answer.trouble}{asks}; gave up after {_times(attempt + 1)}, the next run asks again"
        raise NoAnswer(message, status=status, retry_after=wanted, requests=tally.requests, archived=answer.archived)

    def _pause_wanted(self, answer: _Answer) -> float | None:
        return retry_after_seconds(_header(answer.exchange, "Retry-After"), self._clock()) if answer.exchange else None

    def _ask(self, asked: str, host: str, headers: dict[str, str], tally: _Tally) -> _Answer:
        """One request, in its turn; what came of it is recorded."""
        limit = self._politeness
        adapter = self._adapter()
        try:
            # an empty text, as requests takes as long over no parameters as over all the rest
            prepared = requests.Request("GET", asked, headers=self._headers(asked, headers), params="").prepare()
        except (requests.RequestException, UnicodeError, ValueError) as error:
            raise Rejected("bad-address", f"{self._own_url(asked)}: cannot be asked for: {_words(error)}") from error
        raw = None
        with self._slot():
            started = self._monotonic()  # and again in its turn, but waiting for that can fail, too
            try:
                with self._pacer.turn(host, self._delay_of(host)) as turn:
                    self._stop_asked()
                    adapter.wire.sent = turn.sent
                    started = self._monotonic()
                    adapter.wire.deadline = started + limit.total_timeout_seconds
                    fetched_at = self._clock()
                    self._count_request(tally)
                    timeout = (limit.connect_timeout_seconds, limit.read_timeout_seconds)
                    raw = adapter.send(prepared, stream=True, timeout=timeout, verify=True).raw
                body, truncated, trouble = _read_body(raw, limit.max_bytes)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                tally.seconds += self._monotonic() - started
                return self._failed(error, asked)
            finally:
                if raw is not None and not raw.closed:
                    raw.close()
        tally.wire_bytes += len(body)
        exchange = Exchange(
            url=self._own_url(prepared.url or asked),
            method="GET",
            request_headers=tuple((name, str(value)) for name, value in prepared.headers.items()),
            status=raw.status,
            reason=raw.reason or "",
            http_version="HTTP/1.0" if raw.version == 10 else "HTTP/1.1",
            response_headers=_headers_received(raw),
            body=body,
            fetched_at=fetched_at,
            seconds=self._monotonic() - started,
            ip_address=adapter.wire.peer,
            truncated=truncated,
        )
        tally.seconds += exchange.seconds
        return self._judged(_Answer(exchange, self._record(exchange), trouble=trouble))

    def _judged(self, answer: _Answer) -> _Answer:
        """The answer with its content decoded, or with what is wrong with it."""
        exchange, limit = answer.exchange, self._politeness
        assert exchange is not None
        if answer.trouble is not None:
            return answer
        if exchange.status < 200 or exchange.status in (408, 425, 429) or exchange.status >= 500:
            answer.trouble = f"HTTP {exchange.status}"
            return answer
        try:
            if sum(len(name) + len(value) for name, value in exchange.response_headers) > _MAX_HEADER_BYTES:
                raise Rejected("header-too-large", f"more than {_MAX_HEADER_BYTES} bytes of headers")
            if exchange.truncated == "length":
                raise Rejected("too-large", f"more than {limit.max_bytes} bytes")
            codings = ",".join(value for name, value in exchange.response_headers if name.lower() == "content-encoding")
            answer.content = coding.decode(exchange.body, codings, max_bytes=limit.max_bytes, max_ratio=limit.max_ratio)
        except coding.CutShort as error:
            answer.trouble = str(error)
        except Rejected as error:
            answer.refused = error
        return answer

    def _failed(self, error: Exception, asked: str) -> _Answer:
        """What a request without a response means: try again, do not, or never."""
        causes = list(_causes(error))
        if any(isinstance(cause, HTTPException) and str(cause).startswith("got more than") for cause in causes):  # http.client's caps
            raise Rejected("header-too-large", f"{self._own_url(asked)}: {_words(error)}") from error
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
            raise Rejected("bad-address", f"{self._own_url(asked)}: cannot be asked for: {_words(error)}") from error
        untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
        return _Answer(trouble=_words(error), final=untrusted)

    # robots.txt

    def _robots(self, host: str) -> Robots:
        """The rules of a host, asked for once in the client's life (RFC 9309 §2.3.1). Raises HostDown if they cannot be had."""
        state = self._state(host)
        with state.lock:
            if state.robots is None and state.unreachable is None:
                try:
                    state.robots_body = self._fetch_robots()
                    state.robots = Robots(state.robots_body, self._token)
                except Stopped:
                    raise
                except (Transient, Rejected) as error:
                    state.unreachable = f"{error}; without robots.txt nothing of {host} may be asked"
            if state.robots is None:
                raise HostDown(state.unreachable or "")
            return state.robots

    def _fetch_robots(self) -> bytes:
        asked = urljoin(self._asked_base + "/", "/robots.txt")
        response = self._chain(urljoin(self._own + "/", "/robots.txt"), asked, {"Accept": "text/plain, */*;q=0.1"}, obey=False)
        body = response.content if 200 <= response.status < 300 else b""
        rules = Robots(body, self._token)
        longest = self._politeness.max_wait_seconds
        if self._obey_crawl_delay and rules.crawl_delay > longest:
            asks = f"robots.txt asks for {rules.crawl_delay:.0f} s between two requests"
            raise Transient(f"{response.url}: {asks}, more than politeness.max_wait_seconds = {longest:.0f}")
        return body

    def _delay_of(self, host: str) -> float:
        rules = self._state(host).robots
        return max(self._delay, rules.crawl_delay) if rules is not None and self._obey_crawl_delay else self._delay

    # hosts that are down

    def _refuse_if_down(self, host: str) -> None:
        failures = self._state(host).failures
        if failures >= _HOST_DOWN_AFTER:
            raise HostDown(f"{host}: host down ({failures} addresses in a row got no answer); not asked again in this run")

    def _count_failure(self, host: str, *, reset: bool) -> None:
        state = self._state(host)
        with self._lock:
            # a host once called down stays so for the client's life
            if not reset:
                state.failures += 1
            elif state.failures < _HOST_DOWN_AFTER:
                state.failures = 0

    def _state(self, host: str) -> _HostState:
        with self._lock:
            return self._states.setdefault(host, _HostState())

    # small matters

    def _within(self, asked: str, url: str) -> str:
        """The host (with port) of an address to ask. Raises Rejected if it may not be asked at all."""
        parts = urlsplit(asked)
        if parts.scheme not in ("http", "https") or not {parts.netloc.lower(), parts.hostname} & self._hosts:
            raise Rejected("outside-source", f"{url}: {asked[:200]!r} is not on a host of this source ({', '.join(sorted(self._hosts))})")
        return parts.netloc.lower()

    def _own_url(self, asked: str) -> str:
        """An address asked, with the source's own host (`--base-url` undone)."""
        return self._own + asked.removeprefix(self._asked_base) if _is_below(asked, self._asked_base) else asked

    def _headers(self, asked: str, headers: dict[str, str]) -> dict[str, str]:
        fixed = {"Host": urlsplit(asked).netloc, "User-Agent": self._user_agent, "Accept-Encoding": coding.ACCEPT_ENCODING}
        return fixed | headers

    def _adapter(self) -> _Adapter:
        adapter: _Adapter | None = getattr(self._local, "adapter", None)
        if adapter is None:
            adapter = _Adapter(
                Wire(self._trusted, self._politeness.read_timeout_seconds, self._monotonic, self._politeness.connect_timeout_seconds)
            )
            self._local.adapter = adapter
            with self._lock:
                self._adapters.append(adapter)
        return adapter

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """One of the source's concurrent requests."""
        while not self._slots.acquire(timeout=0.5):
            self._stop_asked()
        try:
            yield
        finally:
            self._slots.release()

    def _count_request(self, tally: _Tally) -> None:
        tally.requests += 1
        with self._lock:
            self.requests += 1

    def _wait(self, seconds: float) -> None:
        self._sleep(seconds)
        self._stop_asked()

    def _stop_asked(self) -> None:
        if self._stop is not None and self._stop.is_set():
            raise Stopped("stopped: the run was asked to end; the next run goes on from here")


def send(url: str, *, body: bytes | None, timeout_seconds: float, user_agent: str) -> None:
    """Tell a service that the operator has chosen: POST a JSON body, or just GET the address. Not for asking newsrooms.

    The host may be anywhere, this machine included; redirects are not followed. Raises Transient, naming the host alone: such addresses
    carry secrets in their paths.
    """
    host = urlsplit(url).hostname or ""
    wire = Wire(frozenset({host}), timeout_seconds, time.monotonic, deadline=time.monotonic() + timeout_seconds)
    headers = {"User-Agent": user_agent} | ({"Content-Type": "application/json; charset=utf-8"} if body is not None else {})
    try:
        prepared = requests.Request("GET" if body is None else "POST", url, headers=headers, data=body).prepare()
        with closing(_Adapter(wire)) as adapter:
            answer = adapter.send(prepared, stream=True, timeout=timeout_seconds)
            answer.close()
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        known = [cause for cause in _causes(error) if isinstance(cause, OSError)]
        raise Transient(f"{host}: {(known[-1].strerror if known else None) or type(error).__name__}") from None
    if not 200 <= answer.status_code < 300:
        raise Transient(f"{host}: answered HTTP {answer.status_code}", status=answer.status_code)


def _read_body(raw: urllib3.BaseHTTPResponse, max_bytes: int) -> tuple[bytes, Truncated, str | None]:
    """The body as received: (bytes, why cut short, trouble). read1, because read would wait for a full buffer, however long that drips."""
    body = bytearray()
    try:
        while len(body) <= max_bytes:
            piece = raw.read1(64 * 1024, decode_content=False)
            if not piece:
                return bytes(body), None, None
            body += piece
    except urllib3.exceptions.ReadTimeoutError as error:
        return bytes(body), "time", f"the body came too slowly: {_words(error)}"
    except (urllib3.exceptions.HTTPError, OSError):
        return bytes(body), "disconnect", f"the body was cut off after {len(body)} bytes"
    return bytes(body), "length", None


def _headers_received(raw: Any) -> Headers:
    """Header lines in their order and spelling; urllib3's own mapping groups those of the same name."""
    original = getattr(raw, "_original_response", None)
    return tuple((original.msg if original is not None else raw.headers).items())


def _header(exchange: Exchange, name: str) -> str | None:
    return next((value for key, value in exchange.response_headers if key.lower() == name.lower()), None)


def _is_below(url: str, base: str) -> bool:
    """Is a URL the base or an address below it? Not `http://a.org.evil` below `http://a.org`.

    >>> _is_below("http://a.org/x", "http://a.org"), _is_below("http://a.org.evil/x", "http://a.org")
    (True, False)
    """
    return url.startswith(base) and url[len(base) :][:1] in ("", "/", "?")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all it was made from: urllib3 and requests wrap theirs in `args`, others chain them."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        cause = queue.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            queue += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]


def _words(error: Exception) -> str:
    """What went wrong, in one line: the words of the innermost error, cleaned of what a server may have put there."""
    cause = list(_causes(error))[-1]
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__
    if isinstance(cause, BadStatusLine) and not isinstance(cause, RemoteDisconnected):
        text = f"no HTTP answer, but {text}"
    return "".join(c if c.isprintable() else " " for c in text).strip()[:200]


def _times(count: int) -> str:
    return "one try" if count == 1 else f"{count} tries"
