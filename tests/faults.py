"""A loopback HTTP server that misbehaves on request, byte by byte, and keeps a log of what it was asked and when.

    with FaultyServer() as server:
        server.on("/albania/1", answer(503, headers={"Retry-After": "2"}), answer(200, b"<p>at last"))

Each request to a path gets its next behaviour; the last one repeats. What is not arranged is answered 404.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], bool]
"""Answers on a socket; True if the connection may be used again."""


@dataclass(frozen=True)
class Seen:
    """A request as the server saw it; `at` in seconds of time.monotonic()."""

    at: float
    path: str
    headers: dict[str, str] = field(default_factory=dict)


def head(status: int, headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> bytes:
    """Status line and header lines, ready to be sent."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return (f"HTTP/1.1 {status} Whatever\r\n" + "".join(f"{k}: {v}\r\n" for k, v in pairs) + "\r\n").encode("latin-1")


def answer(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None, *, length: int | None = None) -> Behaviour:
    """An ordinary answer; `length` lies about the body's and then hangs up."""

    def behave(sock: socket.socket) -> bool:
        claimed = {} if status == 304 else {"Content-Length": str(len(body) if length is None else length)}
        sock.sendall(head(status, {**(headers or {}), **claimed}) + body)
        return length is None

    return behave


def raw(data: bytes) -> Behaviour:
    """Exactly these bytes, then the end of the connection."""

    def behave(sock: socket.socket) -> bool:
        sock.sendall(data)
        return False

    return behave


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n", headers: Mapping[str, str] | None = None) -> Behaviour:
    """A chunked body; `end` may leave out the last chunk."""

    def behave(sock: socket.socket) -> bool:
        sock.sendall(head(200, {**(headers or {}), "Transfer-Encoding": "chunked"}))
        for piece in pieces:
            sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        sock.sendall(end)
        return bool(end)

    return behave


def drip(data: bytes, *, every: float, first: bytes = b"") -> Behaviour:
    """`first` at once, then one byte every so many seconds, until the client has had enough."""

    def behave(sock: socket.socket) -> bool:
        sock.sendall(first)
        for byte in data:
            time.sleep(every)
            sock.sendall(bytes([byte]))
        return False

    return behave


def reset() -> Behaviour:
    """The connection is reset instead of an answer."""

    def behave(sock: socket.socket) -> bool:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return behave


class FaultyServer:
    """The server; `requests` is its log, `url` its base URL."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self._tls = tls
        self.requests: list[Seen] = []
        self._routes: dict[str, list[Behaviour]] = {}
        self._lock = threading.Lock()

    def on(self, path: str, *behaviours: Behaviour) -> None:
        """Arranges what a path (with its query) answers, one behaviour per request."""
        self._routes[path] = list(behaviours)

    def paths(self) -> list[str]:
        """Paths asked for, in order."""
        return [seen.path for seen in self.requests]

    def __enter__(self) -> FaultyServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # close alone would not wake accept()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._tls.wrap_socket(sock, server_side=True) if self._tls else sock as channel:
                lines = channel.makefile("rb")
                while self._one(channel, iter(lines.readline, b"")):
                    pass
                lines.close()
        except OSError:
            pass  # the client left, which is part of the game

    def _one(self, sock: socket.socket, lines: Iterable[bytes]) -> bool:
        received = []
        for line in lines:
            if not line.strip():
                break
            received.append(line.decode("latin-1").strip())
        if not received:
            return False
        path = received[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in received[1:])}
        with self._lock:
            self.requests.append(Seen(time.monotonic(), path, headers))
            behaviours = self._routes.get(path, [answer(404)])
            behave = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        return behave(sock)
