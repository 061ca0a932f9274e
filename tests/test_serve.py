"""A newsroom on schedule, for real: `newsroom serve` and `newsroom deploy` with a worker, against the sample newsroom.

One `newsroom serve` lives through the stories of this file, in their order; its schedule is quickened by hand.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsroom import lock
from newsroom.warehouse import Warehouse, open_public
from tests.served import PROGRAM, Prefect, Served, environment, free_port, process
from tests.site import running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NIGHTLY = "nightly/all-sources"
SLOWLY: dict[str, Any] = {"delay": 0.5, "recheck": "all"}
"""A run that takes a minute: 120 articles."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running(articles=120) as (_, server):
        office = Served.of(tmp_path_factory.mktemp("served"), server.url)
        said = office.start()
        assert f"Prefect's UI: {office.url.removesuffix('/api')}" in said
        assert "nightly/all-sources: next" in said
        assert "backfill/on-demand: when asked for" in said
        yield office
        office.kill()


def ended(office: Prefect, *, scheduled: bool = True, **state: Any) -> list[Any]:
    return [run for run in office.flow_runs(**state) if run["auto_scheduled"] == scheduled]


def test_a_schedule_starts_the_nightly_and_a_stranger_can_read_what_it_did(served: Served) -> None:
    """Nobody starts it. Its name, its log, its artifacts and its report say what it was."""
    with served.every(NIGHTLY, 15):
        (run, *_) = served.wait("a scheduled nightly", lambda: ended(served, name={"any_": ["Completed"]}))

    assert run["name"].startswith("nightly all 20")
    assert "-nightly: ok; 11" in run["state"]["message"]
    assert run["state"]["message"].endswith(" new articles, 0 new versions")
    assert {"newsroom", "nightly"} <= set(run["tags"])
    served.wait("the end of its log", lambda: any(line.startswith("report: ") for line in served.lines(run["id"])))
    lines = served.lines(run["id"])
    assert any("fetch osce: 120 of 120" in line for line in lines), lines
    assert any("discover osce:" in line and "complete" in line for line in lines)
    assert not any("Finished in state Completed()" in line for line in lines), "a line per batch, not one of Prefect's besides"
    artifacts = {each["key"]: each for each in served.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})}
    assert artifacts.keys() == {"newsroom-counts", "newsroom-checks", "newsroom-verdict", "newsroom-report", "newsroom-progress"}
    assert "walk osce: complete" in artifacts["newsroom-verdict"]["data"]
    link = f"{served.url.removesuffix('/api')}/newsroom/report.html"
    assert link in artifacts["newsroom-report"]["data"]
    with urllib.request.urlopen(link, timeout=60) as page:
        assert b"<title>" in page.read()
    with urllib.request.urlopen(served.url.removesuffix("/api"), timeout=60) as page:
        assert b"Prefect" in page.read(), "the UI is there"


def test_a_night_that_finds_one_at_work_makes_way_and_a_cancelled_one_leaves_all_in_order(served: Served) -> None:
    """Someone re-checks everything by hand; the schedule comes, and goes. Then they cancel, as the button in the UI does."""
    mine = served.under_way(NIGHTLY, **SLOWLY)
    with served.every(NIGHTLY, 15):
        (run, *_) = served.wait(
            "a night that makes way",
            lambda: [one for one in ended(served, name={"any_": ["Skipped"]}) if one["state"]["timestamp"] > served.began(mine)],
        )
    assert run["state"]["message"].startswith("not needed: nightly all 20")
    assert "is at work since" in run["state"]["message"]
    assert served.state(mine)[0] == "Running"

    asked = time.monotonic()
    served.ask(f"flow_runs/{mine}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
    served.wait("its end", lambda: served.state(mine)[0] == "Cancelled")
    assert time.monotonic() - asked < 60, "long before it would have ended by itself"
    served.wait("its lock", lambda: lock.holder(served.data) is None)
    assert not list((served.data / "prefect" / "alive").iterdir())

    again = served.run(NIGHTLY)
    served.wait("the next run", lambda: served.state(again)[0] in ("Completed", "Failed", "Crashed"))
    assert served.state(again) == ("Completed", served.state(again)[1]), "it goes on where the cancelled one was"


def test_after_the_machine_went_down_the_dead_is_told_and_missed_nights_are_caught_up_once(served: Served) -> None:
    """Kill -9 of everything in the middle of a run; the schedule comes several times meanwhile; then it is started again."""
    mine = served.under_way(NIGHTLY, **SLOWLY)
    quickened = served.every(NIGHTLY, 10)
    quickened.__enter__()  # not left again: the machine is down by then
    soon = (datetime.now(UTC) + timedelta(minutes=3)).isoformat()
    served.wait(
        "nights to come", lambda: len([run for run in ended(served, name={"any_": ["Scheduled"]}) if run["expected_start_time"] < soon]) > 4
    )
    served.kill()
    time.sleep(35)  # a runner takes runs on 10 s before they are due: those that died with it were not missed, and two must be
    back = datetime.now(UTC).isoformat()
    said = served.start()

    assert "died, told so to Prefect" in said
    state, message = served.state(mine)
    assert state == "Crashed"
    assert "its process ended without a word" in message
    assert "nightly/all-sources: missed " in said
    assert "caught up once, now" in said
    assert [run for run in ended(served, name={"any_": ["Skipped"]}) if "nothing ran at the time" in run["state"]["message"]]

    def since() -> list[Any]:
        return [run for run in served.flow_runs(type={"any_": ["COMPLETED", "FAILED"]}) if run["start_time"] > back]

    served.wait("the night that catches up", since)
    served.wait("quiet", served.is_quiet)
    assert [run["state_name"] for run in since()] == ["Completed"], "once"
    schedules = served.deployment(NIGHTLY)["schedules"]
    assert [each["schedule"].get("cron") for each in schedules] == ["30 2 * * *"], "what stands in the file holds again"
    with open_public(served.data) as public:
        assert public.query("SELECT count(*) FROM articles").rows[0][0] > 100


def test_told_to_stop_it_leaves_nothing_behind(served: Served) -> None:
    """SIGTERM while a backfill runs: no process is left, the run is told, the schedule stays active, and the warehouse opens."""
    mine = served.under_way("backfill/on-demand", source="osce", since="2000-01-01", until="2100-01-01", **SLOWLY)
    served_name = "backfill osce 2000-01-01..2100-01-01"
    assert served.ask(f"flow_runs/{mine}")["name"] == served_name
    assert served.stop() == []
    assert served.process.returncode == 0
    assert served.log.read_text().rstrip().endswith("stopping")
    assert f"{served_name}: begun" in served.log.read_text()
    assert lock.holder(served.data) is None
    with Warehouse.look(served.data / "warehouse.duckdb") as warehouse:
        (outcome, detail) = warehouse.ask("SELECT outcome, detail FROM ops.runs ORDER BY started_at DESC LIMIT 1").rows[0]
    assert (outcome, detail.split(";")[0]) == ("failed", "stopped on request")

    said = served.start()
    assert "died" not in said
    assert "missed" not in said
    assert served.state(mine)[0] == "Cancelled"
    assert all(each["active"] for each in served.deployment(NIGHTLY)["schedules"])


def test_a_mistake_in_the_form_is_refused_or_told(served: Served) -> None:
    """A date that is none and a source that is unknown are refused; a window that holds nothing ends as one line."""
    for wrong in ({"source": "acme"}, {"since": "yesterday"}, {"recheck": "some"}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            served.run("backfill/on-demand", **{"source": "osce", "since": "2020-01-01", "until": "2021-01-01", **wrong})
        assert caught.value.code in (409, 422)
    mine = served.run("backfill/on-demand", source="osce", since="2021-01-01", until="2020-01-01")
    served.wait("its end", lambda: served.state(mine)[0] == "Failed")
    assert served.state(mine)[1].startswith("backfill: --since 2021-01-01 must be before --until 2020-01-01")
    assert not any("Traceback" in line for line in served.lines(mine))


def test_a_worker_runs_what_was_deployed_to_its_pool(tmp_path: Path) -> None:
    """`prefect server start`, a process pool, `newsroom deploy`, a worker in another directory: the nightly runs, and publishes."""
    port = free_port()
    api = {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_HOME": str(tmp_path / "prefect"), "DO_NOT_TRACK": "1"}
    prefect = [sys.executable, "-m", "prefect"]
    office = Prefect(api["PREFECT_API_URL"], tmp_path / "server.log")
    quiet = {**api, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_WORKER_QUERY_SECONDS": "1"}
    start = [*prefect, "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]

    with running(articles=30) as (_, site), process(start, office.log, tmp_path, **quiet):
        office.wait("the server", lambda: office.ask("health"))

        def deploy() -> Any:
            where = ["--data", str(tmp_path / "data"), "--config", "config", "--base-url", site.url, "--delay", "0"]
            command = [*PROGRAM, "deploy", "--work-pool", "night-shift", *where]
            return subprocess.run(
                command, env=environment(**api), cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=300, check=False
            )

        refused = deploy()
        assert refused.returncode == 2
        assert "make it: prefect work-pool create night-shift --type process" in refused.stderr
        assert refused.stderr.count("\n") == 1
        make = [*prefect, *"work-pool create night-shift --type process --overwrite".split()]
        subprocess.run(make, env=environment(**api), capture_output=True, timeout=300, check=True)
        done = deploy()
        assert done.returncode == 0, done.stderr
        assert "prefect worker start --pool night-shift" in done.stdout
        (automation,) = office.ask("automations/filter", {})
        assert automation["enabled"]
        assert deploy().returncode == 0
        assert len(office.ask("automations/filter", {})) == 1, "deployed twice, watched once"

        worker = [*prefect, "worker", "start", "--pool", "night-shift"]
        with process(worker, tmp_path / "worker.log", Path("/"), **quiet):
            mine = office.run(NIGHTLY)
            office.wait("the nightly's end", lambda: office.state(mine)[0] in ("Completed", "Failed", "Crashed"))
            assert office.state(mine)[0] == "Completed", office.lines(mine)
    with open_public(tmp_path / "data") as public:
        assert public.query("SELECT count(*) FROM articles").rows[0][0] > 20
