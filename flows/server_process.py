"""Prefect's API server as our child: `python -P -m flows.server_process FD`.

FD is a listening socket made by the parent, so the address is known before the server is. Standard input is a pipe that only the
parent holds: when it closes, by whatever ending (`kill -9` of the parent included), this process ends. One line on standard output
says that the server answers.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

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


def main() -> None:
    """Serve Prefect's API on the socket handed over, until standard input ends."""
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

    listening = socket.socket(fileno=int(sys.argv[1]))
    app = create_app(ephemeral=True)
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="on", timeout_graceful_shutdown=3)
    server = Server(config)
    servers.append(server)
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
