"""The Prefect server that our flows report to: the one named by PREFECT_API_URL, or one of our own for the time of a command.

Prefect starts a temporary server by itself, but only when the first flow runs, after importing the whole server into the client, and
it leaves the server behind when the client is killed (measured: 17 s, and an orphan of 230 MB each time). Ours is a child started
first of all, while Prefect is still being imported here, and it ends with us by any ending: see `server_process`. This module does
not import Prefect.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from newsroom.errors import Busy, ConfigError, NewsroomError, Transient

START_TIMEOUT_SECONDS = 240
"""Generous: the first start in a directory makes Prefect's database (10 s of work), and others may be starting on the same machine."""
STOP_TIMEOUT_SECONDS = 15
REPORT_PATH = "/newsroom/report.html"


def settings(environment: Mapping[str, str], home: Path, *, debug: bool) -> dict[str, str]:
    """Prefect's settings for our process and the server, where the user has not set them: quiet, no telemetry, all in `home`.

    >>> chosen = settings({"PREFECT_HOME": "/elsewhere"}, Path("data/prefect"), debug=False)
    >>> "PREFECT_HOME" in chosen, chosen["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"]
    (False, 'CRITICAL')
    """
    wanted = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # the console is ours; Prefect's database still gets what is logged in a run
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "DEBUG" if debug else "CRITICAL",
        "PREFECT_CLI_PROMPT": "false",
    }
    if "PREFECT_API_URL" not in environment:  # a server of the user's may need the user's own profile (keys)
        wanted["PREFECT_HOME"] = str(home.absolute())
    return {name: value for name, value in wanted.items() if name not in environment}


_SERVER_ONLY = {
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",  # we use none; 1.5 s of a first start
    # measured: one by one, 1,000 task runs take the server 31 s; in hundreds 8 s
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",  # old ones are forgotten (by a temporary server: server_process.py)
}
_SERVER_UNLESS_GIVEN = {"PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600)}
LOG_BYTES = 5_000_000
"""Of the server's log; then it begins anew, and the one before is kept."""
_SERVER_FOR_A_COMMAND = {"PREFECT_UI_ENABLED": "false", "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false"}
_FOR_A_SCHEDULE = {
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    # a cancelled run, a crash and the like are told in a line or a few; what it logs otherwise is in its database
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A server that stays, for the schedule of a data directory: with scheduler and UI, at an address one can remember.

    The directory's report is shown at `/newsroom/report.html`.
    """

    host: str
    port: int
    data_dir: Path


@dataclass(slots=True)
class Api:
    """Where flows report to."""

    url: str
    process: subprocess.Popen[bytes] | None = None
    """The server, if it is our own."""
    log: Path | None = None
    _is_ready: bool = False

    @property
    def ui_url(self) -> str:
        """Where its UI would be."""
        return self.url.removesuffix("/").removesuffix("/api")

    @property
    def is_own(self) -> bool:
        """Whether the server lives and dies with this process."""
        return self.process is not None

    def wait(self) -> None:
        """Return when the server answers. Raises `NewsroomError` if it does not."""
        if self.process is None or self._is_ready:
            return
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], START_TIMEOUT_SECONDS)
        if ready and self.process.stdout.readline():
            self._is_ready = True
            return
        what = f"gave no sign for {START_TIMEOUT_SECONDS} s" if not ready else "ended while starting"
        raise NewsroomError(f"Prefect's own server {what}: see the end of {self.log}, or name a running server with PREFECT_API_URL")


@contextmanager
def prefect_api(
    home: Path, environment: MutableMapping[str, str], *, debug: bool = False, standing: Standing | None = None
) -> Iterator[Api]:
    """The server to report to. Call it before Prefect is imported, with `os.environ`: the address is written there.

    One of our own is a bare one for a command, or `standing`. Returns at once; `Api.wait` waits for the server. Raises, before anything is
    written, `Transient` if PREFECT_API_URL names a server that does not answer; then `Busy` if the directory of `standing` is served
    already, and `NewsroomError` if no server can be started.
    """
    if standing is not None:
        wanted = {name: value for name, value in _FOR_A_SCHEDULE.items() if name not in environment}
        environment.update({name: "DEBUG" if debug and name.endswith("CONSOLE_LEVEL") else value for name, value in wanted.items()})
    environment.update(settings(environment, home, debug=debug))
    url = environment.get("PREFECT_API_URL")
    if url:
        _reach(url)
    with only_one(standing.data_dir) if standing else nullcontext():
        if url:
            yield Api(url)
            return
        home = Path(environment["PREFECT_HOME"])
        with _own_server(home, environment, debug=debug, standing=standing) as api:
            _bypass_proxies(environment)
            given = {"PREFECT_API_URL": api.url}
            if standing is not None:
                given |= {"PREFECT_UI_URL": api.ui_url, "NEWSROOM_REPORT_URL": f"{api.ui_url}{REPORT_PATH}"}
            environment.update(given)
            try:
                yield api
            finally:
                for name in given:
                    del environment[name]


@contextmanager
def _own_server(home: Path, environment: Mapping[str, str], *, debug: bool, standing: Standing | None) -> Iterator[Api]:
    log_path = home / "server.log"
    more, report = _SERVER_FOR_A_COMMAND, []
    if standing is not None:
        more = {"PREFECT_UI_STATIC_DIRECTORY": str(home / "ui"), "PREFECT_UI_API_URL": "/api"}
        report = [str((standing.data_dir / "public" / "report.html").resolve())]
    with _listen(standing) as listening, _appended(log_path) as log:
        process = subprocess.Popen(  # noqa: S603 -- our own module, by the interpreter that runs us
            [sys.executable, "-P", "-m", "flows.server_process", str(listening.fileno()), *report],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if debug else log,
            pass_fds=[listening.fileno()],
            start_new_session=True,  # Ctrl-C is for us: the server must outlive it long enough to record the end of the run
            env={
                **_SERVER_UNLESS_GIVEN,
                **environment,
                **_SERVER_ONLY,
                **more,
                "PREFECT_HOME": str(home),
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            },
        )
        port = listening.getsockname()[1]
    try:
        yield Api(f"http://{_reachable(standing)}:{port}/api", process, log_path)
    finally:
        _stop(process)


def _appended(log_path: Path) -> BinaryIO:
    try:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        if log_path.is_file() and log_path.stat().st_size > LOG_BYTES:
            log_path.replace(log_path.with_name("server.log.1"))
        return log_path.open("ab")
    except OSError as error:
        raise NewsroomError(f"{log_path.parent}: cannot be written ({error.strerror}); choose another --data or set PREFECT_HOME") from None


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the place of the one `newsroom serve` of a data directory. Raises `Busy`."""
    place = data_dir / "prefect" / "serving"
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place.with_suffix(".lock"), timeout=0):
            place.write_text(str(os.getpid()), encoding="utf-8")
            yield
    except Timeout:
        pid = place.read_text(encoding="utf-8") if place.exists() else "?"
        raise Busy(f"{data_dir}: is served already, by process {pid}; stop that one first") from None


def _listen(standing: Standing | None) -> socket.socket:
    if standing is None:
        return socket.create_server(("127.0.0.1", 0))
    family = socket.AF_INET6 if ":" in standing.host else socket.AF_INET
    try:
        return socket.create_server((standing.host, standing.port), family=family)
    except OSError as error:
        raise Transient(
            f"{standing.host}:{standing.port}: cannot be used for Prefect's server ({error.strerror or error}); "
            "end what listens there, or set another port in schedules.toml ([server])"
        ) from None


def _reachable(standing: Standing | None) -> str:
    """The address for ourselves: of a server that listens everywhere, loopback."""
    if standing is None or standing.host in ("0.0.0.0", "::"):  # noqa: S104 -- asked, not bound
        return "127.0.0.1"
    return f"[{standing.host}]" if ":" in standing.host else standing.host


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server: closing its standard input asks it to."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.kill()  # does nothing to one that has ended
        process.wait()
        process.stdout.close()


def _bypass_proxies(environment: MutableMapping[str, str]) -> None:
    """Our own server stands on this machine: no proxy is asked for it."""
    for name in ("no_proxy", "NO_PROXY"):
        if "127.0.0.1" not in (given := environment.get(name, "")):
            environment[name] = f"{given},127.0.0.1".lstrip(",")


def _reach(url: str) -> None:
    """Raise `Transient` if nothing answers at the address (any answer but a server error will do: some servers want a key)."""
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"PREFECT_API_URL={url}: must be like http://127.0.0.1:4200/api")
    asked = url.rstrip("/") + "/health"
    tries = 2
    for attempt in range(1, tries + 1):
        try:
            with urllib.request.urlopen(asked, timeout=10):  # noqa: S310 -- http(s) only, see above
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
            reason: object = f"HTTP {error.code}"
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
        if attempt < tries:
            time.sleep(1)
    raise Transient(f"PREFECT_API_URL={url}: no Prefect server answers there ({reason}); start it, or unset PREFECT_API_URL")
