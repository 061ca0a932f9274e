"""A schedule starts runs: on a real Prefect server, by its own scheduler, with the versions that are installed.

With SQLAlchemy 2.1, Prefect 3.8's scheduler fails on every loop and says so only in the server's log: the server answers, runs started
by hand complete, and the nightly never comes. No import and no ad-hoc run shows it; only waiting for a scheduled run does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE_SECONDS = 240
"""A server starts in 10 to 20 s, a run in 10 more; a busy machine takes several times that."""

SERVED = """
from datetime import timedelta
from pathlib import Path

from prefect import flow


@flow(log_prints=False)
def nightly(mark: str) -> None:
    Path(mark).touch()


if __name__ == "__main__":
    nightly.serve(name="scheduled", interval=timedelta(seconds=15), parameters={"mark": MARK}, limit=1)
"""


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process and whatever it starts, ended with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=log.parent, start_new_session=True)
    try:
        yield process
    finally:
        for ending in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, ending)
                process.wait(20)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        process.wait()


def ask(url: str, query: dict[str, Any] | None = None) -> Any:
    """The API's answer; None while there is no API."""
    data = None if query is None else json.dumps(query).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return None


def wait_for(what: str, url: str, query: dict[str, Any] | None, processes: dict[Path, subprocess.Popen[bytes]]) -> Any:
    """The API's first answer that says something; fails with what the processes wrote when one ends or patience does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and all(process.poll() is None for process in processes.values()):
        if answer := ask(url, query):
            return answer
        time.sleep(1)
    told = "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in processes)
    pytest.fail(f"{what} did not come\n{told}")


@pytest.mark.slow
@pytest.mark.timeout(3 * PATIENCE_SECONDS)
def test_the_scheduler_starts_a_run_and_it_completes(tmp_path: Path) -> None:
    """Serve a flow with a schedule, start nothing by hand, and wait for a run that the scheduler made."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_RUNNER_POLL_FREQUENCY": "2",
    }
    mark = tmp_path / "it-ran"
    script = tmp_path / "served.py"
    script.write_text(SERVED.replace("MARK", repr(str(mark))), encoding="utf-8")
    server_log, served_log = tmp_path / "server.log", tmp_path / "served.log"
    start = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]

    with running(start, environment, server_log) as server:
        wait_for("the server", f"{api}/health", None, {server_log: server})
        with running([sys.executable, str(script)], environment, served_log) as served:
            query = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
            runs = wait_for("a scheduled run", f"{api}/flow_runs/filter", query, {server_log: server, served_log: served})
        (deployment,) = ask(f"{api}/deployments/filter", {})

    assert runs[0]["auto_scheduled"], "made by the scheduler, not by us"
    assert runs[0]["deployment_id"] == deployment["id"]
    assert deployment["name"] == "scheduled"
    assert mark.exists(), "the flow's own code ran"
    assert "Can't evaluate bulk DML statement" not in server_log.read_text(errors="replace")
