"""A `newsroom serve` (or a Prefect server and worker) for tests: started, asked over its API, killed, started again."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.nights import CONFIG

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = [sys.executable, "-c", "from newsroom.cli import main; main()"]
PATIENCE_SECONDS = 180
"""For what takes seconds on a quiet machine."""


def free_port() -> int:
    """A port that is free now, and below those which the system hands out: no other test gets it by chance before it is used."""
    while True:
        port = random.randrange(10_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def environment(**more: str) -> dict[str, str]:
    """Without what a developer may have set for Prefect, with this checkout first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEWSROOM_"))}
    hurry = {"PREFECT_RUNNER_POLL_FREQUENCY": "1", "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5"}
    return {**kept, **hurry, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))), **more}


def family(pid: int) -> list[int]:
    """A process and all that it started, and those again."""
    told = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    parents = {int(each[0]): int(each[1]) for each in map(str.split, told.splitlines()) if not each[2].startswith("Z")}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return [one for one in found if one in parents]


def servers(home: Path | str) -> list[int]:
    """Prefect servers of ours that work in `home`, or below, and are alive."""
    found = []
    for line in subprocess.run(["ps", "-eo", "pid=,stat=,args="], capture_output=True, text=True, check=True).stdout.splitlines():
        pid, state, command = line.split(None, 2)
        if "flows.server_process" in command and not state.startswith("Z"):
            try:
                if str(home) in Path(f"/proc/{pid}/environ").read_text(errors="replace"):
                    found.append(int(pid))
            except OSError:
                continue
    return found


@dataclass
class Prefect:
    """A Prefect server, by its API: the only place where tests ask one."""

    url: str
    log: Path

    def ask(self, path: str, query: Any = None, method: str | None = None) -> Any:
        """The answer; a server that is busy (503: its SQLite is locked for a moment) is asked again, as Prefect's own client does."""
        data = None if query is None else json.dumps(query).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, {"Content-Type": "application/json"}, method=method)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    told = answer.read()
            except urllib.error.HTTPError as error:
                if error.code != 503 or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return json.loads(told) if told else None

    def wait(self, what: str, ask: Callable[[], Any]) -> Any:
        """The first answer that says something; fails with the log when patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                if answer := ask():
                    return answer
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                pass
            time.sleep(0.3)
        pytest.fail(f"{what} did not come\n{self.log.read_text(errors='replace')[-3000:]}")

    def deployment(self, name: str) -> Any:
        return self.ask(f"deployments/name/{name}")

    def run(self, name: str, **parameters: Any) -> str:
        """Start a deployment by hand; the id of its run."""
        made = self.ask(f"deployments/{self.deployment(name)['id']}/create_flow_run", {"parameters": parameters})
        return str(made["id"])

    @contextmanager
    def every(self, name: str, seconds: int) -> Iterator[None]:
        """A schedule shorter than cron can say, for the time of the block."""
        schedules = f"deployments/{self.deployment(name)['id']}/schedules"
        made = self.ask(schedules, [{"schedule": {"interval": seconds, "timezone": "UTC"}, "active": True}])
        yield
        self.ask(f"{schedules}/{made[0]['id']}", method="DELETE")

    def is_quiet(self) -> bool:
        """Whether nothing is at work, and nothing about to be."""
        found = self.flow_runs(type={"any_": ["RUNNING", "PENDING", "CANCELLING"]})
        return not found and not self.flow_runs(name={"any_": ["Late"]})

    def flow_runs(self, **state: Any) -> list[Any]:
        found = self.ask("flow_runs/filter", {"flow_runs": {"state": state}, "sort": "EXPECTED_START_TIME_ASC", "limit": 200})
        return list(found)

    def state(self, run_id: str) -> tuple[str, str]:
        found = self.ask(f"flow_runs/{run_id}")
        return found["state_name"], (found["state"] or {}).get("message") or ""

    def began(self, run_id: str) -> str:
        return str(self.ask(f"flow_runs/{run_id}")["start_time"])

    def lines(self, run_id: str) -> list[str]:
        logs = self.ask("logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC", "limit": 200})
        return [each["message"] for each in logs]

    def under_way(self, name: str, **parameters: Any) -> str:
        """Start one by hand when nothing else is at work, and wait until it fetches articles."""
        self.wait("quiet", self.is_quiet)
        run_id = self.run(name, **parameters)
        self.wait(f"{name} at its articles", lambda: any("complete" in line for line in self.lines(run_id)))
        assert self.state(run_id)[0] == "Running"
        return run_id


@dataclass
class Served(Prefect):
    """`newsroom serve` in a folder of its own."""

    folder: Path
    base_url: str
    process: subprocess.Popen[bytes] = field(init=False)

    @classmethod
    def of(cls, folder: Path, base_url: str) -> Served:
        port = free_port()
        shutil.copytree(CONFIG, folder / "config")
        path = folder / "config" / "schedules.toml"
        path.write_text(path.read_text(encoding="utf-8").replace("port = 4200", f"port = {port}"), encoding="utf-8")
        return cls(f"http://127.0.0.1:{port}/api", folder / "served.log", folder, base_url)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> str:
        """Start it, and return what it says until it serves."""
        where = ["--config", str(self.folder / "config"), "--data", str(self.data), "--base-url", self.base_url, "--delay", "0"]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*PROGRAM, "serve", *where], env=environment(), cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )
        self.wait("newsroom serve", lambda: "serving; stop with" in self.log.read_text() or self.process.poll() is not None)
        return self.log.read_text()

    def kill(self) -> None:
        """The machine goes down: nobody gets to say anything."""
        for pid in family(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> list[int]:
        """SIGTERM; which of its processes are left when it has ended."""
        pids = family(self.process.pid)
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        return [pid for pid in pids if family(pid)]


@contextmanager
def process(command: list[str], log: Path, cwd: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process and whatever it starts, ended with the block."""
    with log.open("wb") as output:
        started = subprocess.Popen(command, env=environment(**settings), cwd=cwd, stdout=output, stderr=output, start_new_session=True)
    try:
        yield started
    finally:
        for pid in family(started.pid):
            os.kill(pid, signal.SIGKILL)
        started.wait()
