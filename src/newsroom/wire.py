"""urllib3 connections that go only to judged addresses, say when a request has left, and keep to one deadline per response.

Three things that `requests` has no option for, each hung where urllib3 and http.client let one:
`_new_conn` (connect to the address that was checked, while Host and SNI stay the name's), `request` (tell the
pacer that the request is on the wire) and `response_class` (a timeout that shrinks with every read, status line and
headers included: a read timeout alone never ends a response that drips a byte at a time).
"""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from newsroom import guard

# Linux: acknowledge what has come at once. A server that writes head and body apart (Python's http.server does) otherwise
# waits 40 ms for it, with every page. The system forgets the option as it goes, so it is set before each read.
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


def _nothing() -> None: ...


@dataclass
class Wire:
    """What the connections of one thread must know of the request under way. Times are of `monotonic`, in seconds."""

    trusted_hosts: frozenset[str]
    read_timeout: float
    monotonic: Callable[[], float]
    connect_timeout: float = 10.0
    deadline: float = float("inf")
    sent: Callable[[], None] = _nothing
    peer: str | None = None
    """IP address that the last request went to."""


class _TimedReader(io.RawIOBase):
    """A socket's bytes; each read waits no longer than the deadline allows, then raises TimeoutError."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, wire: Wire) -> None:
        self._raw, self._sock, self._wire = raw, sock, wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        rest = self._wire.deadline - self._wire.monotonic()
        if rest <= 0:
            raise TimeoutError("the deadline of the whole response has passed")
        self._sock.settimeout(min(rest, self._wire.read_timeout))
        if _QUICKACK is not None:
            self._sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, wire: Wire, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, wire), 32 * 1024)


class GuardedHTTP(HTTPConnection):
    """A connection to a judged address."""

    def __init__(self, *args: Any, wire: Wire, **options: Any) -> None:
        super().__init__(*args, **options)
        self.wire = wire
        self.peer: str | None = None
        # http.client makes its responses with this attribute; typed a class, but any factory will do
        self.response_class = partial(_TimedResponse, wire=wire)  # type: ignore[assignment]

    def _new_conn(self) -> socket.socket:
        patience = max(0.01, min(self.wire.connect_timeout, self.wire.deadline - self.wire.monotonic()))
        try:
            addresses = guard.resolve(self.host, self.port, trusted=self.wire.trusted_hosts, seconds=patience)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        fault: OSError = OSError("no address")
        for address in addresses:
            try:
                sock = create_connection((address, self.port), self.timeout, socket_options=self.socket_options)
            except OSError as error:
                fault = error
            else:
                self.peer = address
                return sock
        if isinstance(fault, TimeoutError):
            raise ConnectTimeoutError(self, f"no connection to {self.host} within {self.timeout} s") from fault
        raise NewConnectionError(self, str(fault)) from fault

    def request(self, *args: Any, **options: Any) -> None:
        """Sends the request, and tells the pacer when it has left."""
        try:
            super().request(*args, **options)
        finally:
            self.wire.peer = self.peer
            self.wire.sent()


class GuardedHTTPS(GuardedHTTP, HTTPSConnection):
    """The same, with TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = GuardedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = GuardedHTTPS


def guarded_pools(wire: Wire, **options: Any) -> PoolManager:
    """A pool manager all of whose connections are guarded."""
    manager = PoolManager(**options)
    # typed classes, used as factories
    pools: dict[str, Any] = {"http": partial(_HTTPPool, wire=wire), "https": partial(_HTTPSPool, wire=wire)}
    manager.pool_classes_by_scheme = pools
    return manager
