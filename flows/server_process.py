"""Prefect's server as our child: `python -P -m flows.server_process FD [REPORT]`.

FD is a listening socket made by the parent, so the address is known before the server is. Standard input is a pipe that only the
parent holds: when it closes, by whatever ending (`kill -9` of the parent included), this process ends. One line on standard output
says that the server answers.

Without REPORT it is what a single command needs, the API. With it, it is one for a schedule: scheduler, triggers, UI, and that HTML page
besides, because a browser follows no link from a page of a server to a file.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.server import REPORT_PATH

if TYPE_CHECKING:
    import uvicorn

GRACE_SECONDS = 10
"""For storing the last events; then the process ends, however far it is."""


def _leave_with_parent(servers: list[uvicorn.Server]) -> None:
    """Wait for the end of standard input, then stop."""
    while os.read(0, 1):
        pass
    if not servers:  # still starting; a migration broken off is healed by the next start (tried at several instants)
        os._exit(0)
    servers[0].should_exit = True
    threading.Event().wait(GRACE_SECONDS)
    os._exit(1)


async def _forget_old_runs() -> None:
    """Delete runs older than PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD, by Prefect's own code.

    Its service for that does not run in a temporary server, so the database of one would grow for ever (20 KB a task run). Room is given
    back by `newsroom housekeeping`; without it, it is used again.
    """
    from prefect.server.database import provide_database_interface
    from prefect.server.services import db_vacuum

    try:
        await db_vacuum.vacuum_old_flow_runs(db=provide_database_interface())
        await db_vacuum.vacuum_stale_artifact_collections(db=provide_database_interface())
    except Exception as error:  # noqa: BLE001 -- the next server tries again; this one has flows to serve
        sys.stderr.write(f"old runs could not be deleted: {error}\n")


def _page(path: Path) -> Any:
    """An ASGI application that shows a file as it is now."""

    async def show(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        try:
            status, body = 200, path.read_bytes()
        except OSError:
            status, body = 404, b"There is no report yet: the first run that is published or blocked leaves one."
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return show


def main() -> None:
    """Serve on the socket handed over, until standard input ends."""
    for told in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # a service's whole group may be told: we end after the others
        signal.signal(told, signal.SIG_IGN)
    servers: list[uvicorn.Server] = []
    threading.Thread(target=_leave_with_parent, args=(servers,), daemon=True).start()
    gc.disable()  # some 2,000 modules, all of which stay: looking for garbage among them costs a fifth of the start-up

    import uvicorn
    from filelock import FileLock
    from prefect.server.api.server import create_app

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            with FileLock(Path(os.environ["PREFECT_HOME"]) / "starting.lock"):  # two servers must not make the database at once
                await super().startup(sockets)
            gc.freeze()
            gc.enable()
            os.write(1, b"ready\n")
            self.forgetting = asyncio.create_task(_forget_old_runs())  # kept here, or nobody would hold it

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    listening = socket.socket(fileno=int(sys.argv[1]))
    app = create_app(ephemeral=len(sys.argv) == 2)
    if len(sys.argv) > 2:
        app.mount(REPORT_PATH.rpartition("/")[0], _page(Path(sys.argv[2])))
        app.router.routes.insert(0, app.router.routes.pop())  # before the UI, which takes every path
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="on", timeout_graceful_shutdown=3)
    server = Server(config)
    servers.append(server)
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
