"""The same flows with their batches on a Dask cluster: a scheduler and workers of their own, one of which is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from newsroom.sample import SampleSite, serve
from newsroom.sample.site import Served
from tests.nights import Office, impatient_config
from tests.served import free_port

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'newsroom[dask]'")

BIN = Path(sys.executable).parent


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process, ended with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, cwd=log.parent)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cluster_config(place: Path, address: str) -> Path:
    """Small batches, eight connections, and the address of a scheduler."""
    folder = impatient_config(place)
    settings, source = folder / "newsroom.toml", folder / "sources" / "osce.toml"
    text = settings.read_text(encoding="utf-8").replace("articles = 200", "articles = 20")
    settings.write_text(text.replace('dask = ""', f'dask = "{address}"'), encoding="utf-8")
    lines = source.read_text(encoding="utf-8").splitlines()
    kept = "\n".join(line for line in lines if not line.startswith("concurrency"))
    source.write_text(kept.replace("[politeness]", "[politeness]\nconcurrency = 8"), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_sweep_on_a_cluster_that_loses_a_worker_equals_one_on_one_machine(tmp_path: Path) -> None:
    """Three workers fetch and read; one is killed when pages have begun to come; the public data are those of one machine."""
    site = SampleSite(240)
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        server = stack.enter_context(serve(site))
        dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        stack.enter_context(running(dask, tmp_path / "scheduler.log"))
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        workers = [stack.enter_context(running(worker, tmp_path / f"worker{n}.log")) for n in range(3)]
        config = cluster_config(tmp_path / "config", address)
        data = tmp_path / "cluster"
        sweep = [
            str(BIN / "newsroom"),
            "sweep",
            "osce",
            "--base-url",
            server.url,
            "--delay",
            "0",
            "--config",
            str(config),
            "--data",
            str(data),
        ]
        command = subprocess.Popen(sweep, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and command.poll() is None and asked(server.log) < 40:
            time.sleep(0.02)
        os.killpg(workers[0].pid, signal.SIGKILL)
        said, _ = command.communicate(timeout=400)
        assert command.returncode == 0, said

        alone = Office(tmp_path / "alone", server.url, config=impatient_config(tmp_path / "plain"))
        assert alone.run("sweep").outcome == "ok"
        clustered = Office(data, config=config)
        have, want = clustered.public_data(), alone.public_data()
        assert {table: rows for table, rows in have.items() if rows != want[table]} == {}
    written = {path.name.split(".")[1] for path in (data / "archive" / "osce").iterdir()}
    assert len(written) > 2, "several workers wrote archive files of their own"
    assert not list((data / "archive" / "osce").glob("*.open"))


def asked(log: list[Served]) -> int:
    """Article pages served so far."""
    return sum(not one.path.startswith(("/press-releases", "/robots")) for one in list(log))


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    """Refused before any request to the newsroom."""
    port = free_port()
    config = cluster_config(tmp_path / "config", f"tcp://127.0.0.1:{port}")
    sweep = [str(BIN / "newsroom"), "sweep", "osce", "--base-url", "http://127.0.0.1:9", "--delay", "0", "--config", str(config)]
    ended = subprocess.run([*sweep, "--data", str(tmp_path / "data")], capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 3
    assert f"workers.dask = tcp://127.0.0.1:{port}: no Dask scheduler answers there" in ended.stderr
    assert "Traceback" not in ended.stderr
