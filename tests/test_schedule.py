"""A schedule starts runs: on a real Prefect server, by its own scheduler, with the versions that are installed.

With SQLAlchemy 2.1, Prefect 3.8's scheduler fails on every loop and says so only in the server's log: the server answers, runs started
by hand complete, and the nightly never comes. No import and no ad-hoc run shows it; only waiting for a scheduled run does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.served import PATIENCE_SECONDS, Prefect, free_port, process

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


@pytest.mark.slow
@pytest.mark.timeout(3 * PATIENCE_SECONDS)
def test_the_scheduler_starts_a_run_and_it_completes(tmp_path: Path) -> None:
    """Serve a flow with a schedule, start nothing by hand, and wait for a run that the scheduler made."""
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    settings = {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }
    mark = tmp_path / "it-ran"
    script = tmp_path / "served.py"
    script.write_text(SERVED.replace("MARK", repr(str(mark))), encoding="utf-8")
    server = Prefect(api, tmp_path / "server.log")
    start = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]

    with process(start, server.log, tmp_path, **settings):
        server.wait("the server", lambda: server.ask("health"))
        with process([sys.executable, str(script)], tmp_path / "served.log", tmp_path, **settings):
            runs = server.wait("a scheduled run", lambda: server.flow_runs(type={"any_": ["COMPLETED"]}))
        (deployment,) = server.ask("deployments/filter", {})

    assert runs[0]["auto_scheduled"], "made by the scheduler, not by us"
    assert runs[0]["deployment_id"] == deployment["id"]
    assert deployment["name"] == "scheduled"
    assert mark.exists(), "the flow's own code ran"
    assert "Can't evaluate bulk DML statement" not in server.log.read_text(errors="replace")
