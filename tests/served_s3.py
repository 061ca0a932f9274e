"""An S3 server on loopback (moto's, in a thread), and a bucket in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import fsspec
import pytest
from moto.server import ThreadedMotoServer

BUCKET = "news"


@dataclass
class S3(logging.Handler):
    """The server. `requests` are the lines of its log."""

    server: ThreadedMotoServer
    endpoint: str
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.requests.append(record.getMessage())

    def reads(self) -> int:
        """Requests for the bytes of archive files so far."""
        return sum("GET" in line and ".warc" in line for line in self.requests)


def environment(endpoint: str) -> dict[str, str]:
    """What the store's library reads."""
    return {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }


@contextmanager
def s3(host: str = "127.0.0.1") -> Iterator[S3]:
    """A server with an empty bucket, and the environment in which it is found."""
    server = ThreadedMotoServer(host, 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    log = logging.getLogger("werkzeug")
    served = S3(server, f"http://{host}:{port}")
    level, propagates = log.level, log.propagate
    log.addHandler(served)
    log.setLevel(logging.INFO)
    log.propagate = False
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(served.endpoint).items():
            patch.setenv(name, value)
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        fsspec.filesystem("s3").mkdir(BUCKET)
        try:
            yield served
        finally:
            fsspec.get_filesystem_class("s3").clear_instance_cache()
            log.removeHandler(served)
            log.setLevel(level)
            log.propagate = propagates
            server.stop()
