"""`--direct`: the same runs without Prefect, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newsroom.sample import SampleSite, serve
from newsroom.sample.server import Server
from tests.nights import CONFIG, Office, impatient_config

NEWSROOM = str(Path(sys.executable).with_name("newsroom"))


def command(data: Path, server: Server, *words: str, config: Path = CONFIG) -> list[str]:
    return [NEWSROOM, *words, "--direct", "--base-url", server.url, "--delay", "0", "--data", str(data), "--config", str(config)]


def processes_of(pid: int) -> set[int]:
    """A process and all that it started."""
    found, queue = set[int](), [pid]
    while queue:
        one = queue.pop()
        found.add(one)
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            queue += map(int, children.read_text().split())
    return found


def is_alive(pid: int) -> bool:
    """A zombie is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_sweep_in_several_processes_equals_one_in_none(tmp_path: Path) -> None:
    """Articles are fetched and read by processes that write archive files of their own; the public data are those of a plain run."""
    with serve(SampleSite(300)) as server:
        broken = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}  # nobody asks Prefect
        ended = subprocess.run(
            command(tmp_path / "direct", server, "sweep", "osce"), env=broken, capture_output=True, text=True, timeout=280
        )
        assert ended.returncode == 0, ended.stderr
        plain = Office(tmp_path / "plain", server.url)
        assert plain.run("sweep").outcome == "ok"
    direct = Office(tmp_path / "direct")
    assert direct.public_data() == plain.public_data()
    names = sorted(path.name for path in (tmp_path / "direct" / "archive" / "osce").iterdir())
    assert [name for name in names if ".w" in name.removesuffix(".warc")], f"by others than the command itself: {names}"
    assert all(name.endswith(".warc") for name in names)
    reread = subprocess.run(
        [NEWSROOM, "reparse", "--direct", "--data", str(tmp_path / "direct"), "--config", str(CONFIG)], capture_output=True, text=True
    )
    assert reread.returncode == 0 and "nothing to do" in reread.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_stays_behind_and_the_next_run_goes_on(tmp_path: Path, ending: signal.Signals) -> None:
    """Killed while its processes are at work: they end with it, nothing is mended under them, and the same again is a clean run."""
    config = impatient_config(tmp_path / "config")
    settings = config / "newsroom.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("articles = 200", "articles = 60"), encoding="utf-8")
    site = SampleSite(400)
    with serve(site) as server:
        data = tmp_path / "data"
        started = subprocess.Popen(
            command(data, server, "sweep", "osce", config=config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline and started.poll() is None and len(server.log) < 60:
            time.sleep(0.005)
        family = processes_of(started.pid)
        assert len(family) > 2, "it had processes of its own"
        started.send_signal(ending)
        started.wait(120)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and any(map(is_alive, family)):
            time.sleep(0.05)
        assert not [pid for pid in family if is_alive(pid)]
        again = subprocess.run(command(data, server, "sweep", "osce", config=config), capture_output=True, text=True, timeout=280)
        assert again.returncode == 0, again.stderr
        plain = Office(tmp_path / "plain", server.url)
        assert plain.run("sweep").outcome == "ok"
    assert Office(data).public_data() == plain.public_data()
