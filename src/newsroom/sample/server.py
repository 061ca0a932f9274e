"""The newsroom on loopback: HTTP/1.1 with keep-alive, validators and gzip, a log, and faults on the wire."""

from __future__ import annotations

import gzip
import hashlib
import socket
import struct
import time
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self

from newsroom.sample.answers import Answer, Request, respond
from newsroom.sample.site import SampleSite, Served


class Server:
    """A running newsroom; leave the `with` block, or call `stop`, and its port is closed.

    `log` is every request in the order of arrival.
    """

    def __init__(self, site: SampleSite, port: int = 0) -> None:
        self.site = site
        self.log: list[Served] = []
        self._http = _Http(("127.0.0.1", port), self)
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="sample-newsroom", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Closes the port and every connection that is still open."""
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()
        self._thread.join(timeout=5)

    def wait(self) -> None:
        """Until it is stopped."""
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def serve(site: SampleSite, port: int = 0) -> Server:
    """Serves the newsroom on 127.0.0.1 (`port` 0: any free one) from threads of this process."""
    return Server(site, port)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], newsroom: Server) -> None:
        self.newsroom = newsroom
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""

    def hang_up(self) -> None:
        """A stopped server must not go on answering on kept-alive connections."""
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed by the other side already


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def _handle(self) -> None:
        at = time.time()
        request = Request(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        answer, revision = respond(self.server.newsroom.site, request)
        status, headers, body = encode(request, answer)
        is_silent = answer.is_reset and answer.stop_after == -1
        served = Served(at, request.method, request.target, request.headers, 0 if is_silent else status, len(body), revision)
        self.server.newsroom.log.append(served)
        if is_silent:
            self._reset()
        else:
            self._send(answer, status, headers, body if request.method == "GET" else b"")

    def _send(self, answer: Answer, status: int, headers: dict[str, str], body: bytes) -> None:
        if answer.stop_after is not None or answer.declared_length is not None:
            self.close_connection = True
        lines = [f"HTTP/1.1 {status} {self.responses[status][0]}", f"Date: {self.date_time_string()}"]
        head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode("latin-1")
        sent = body if answer.stop_after is None else body[: answer.stop_after]
        if answer.drip is None:
            self.wfile.write(head + sent)  # one write: two would wait for each other's acknowledgement
        else:
            self._drip(head, sent, *answer.drip)
        if answer.is_reset:
            self._reset()

    def _drip(self, head: bytes, body: bytes, chunk: int, seconds: float) -> None:
        self.wfile.write(head)
        for start in range(0, len(body), chunk):
            self.wfile.write(body[start : start + chunk])
            time.sleep(seconds)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """The log is `Server.log`."""


def encode(request: Request, answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body as they go over the wire: 304 where the client has it already, gzip where it takes it."""
    headers = {"Content-Type": answer.content_type, **answer.headers}
    body = answer.body
    if answer.status == 200 and not answer.is_coded:
        etag = '"' + hashlib.sha256(body).hexdigest()[:20] + '"'
        headers["ETag"] = etag
        if answer.modified_at is not None:
            headers["Last-Modified"] = format_datetime(answer.modified_at.astimezone(UTC), usegmt=True)
        if _is_known(request, etag, answer.modified_at):
            headers.pop("Content-Type")
            return 304, headers, b""
    if body and not answer.is_coded and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 1, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    headers["Content-Length"] = str(len(body) if answer.declared_length is None else answer.declared_length)
    return answer.status, headers, body


def _is_known(request: Request, etag: str, modified_at: datetime | None) -> bool:
    """`If-None-Match` decides alone where it is sent (RFC 9110, 13.2.2)."""
    if "if-none-match" in request.headers:
        return etag in request.headers["if-none-match"] or request.headers["if-none-match"].strip() == "*"
    since = request.headers.get("if-modified-since")
    if since is None or modified_at is None:
        return False
    try:
        return modified_at <= parsedate_to_datetime(since).astimezone(UTC)
    except ValueError:
        return False
