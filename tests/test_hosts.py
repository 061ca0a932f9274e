"""Workers on hosts of their own: nothing is shared but the network and a store, and one host dies in the middle of a batch."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from newsroom.sample import SampleSite, serve
from tests.hosts import PYTHON, Host, NoHosts, hosts
from tests.nights import Office, impatient_config
from tests.polite import assert_steady
from tests.served_s3 import environment
from tests.test_cluster import BIN, cluster_config

ARTICLES = 80
DELAY = 0.25
PORT = 8000
BUCKET = "news"


@pytest.fixture
def five(tmp_path: Path) -> Iterator[list[Host]]:
    """The coordinator's, the newsroom's, the store's, and two workers'."""
    try:
        with hosts(5, tmp_path) as made:
            yield made
    except NoHosts as reason:
        pytest.skip(f"hosts of our own cannot be made here: {reason}")


def until(what: Callable[[], object], seconds: float, why: str) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.1)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_sweep_over_hosts_one_of_which_dies_equals_one_on_one_machine(tmp_path: Path, five: list[Host]) -> None:
    """Politeness is one for all of them, by the newsroom's own log; the public data are those of one machine."""
    office, newsroom, store, *workers = five
    asked, callers = tmp_path / "asked", tmp_path / "callers"
    newsroom.start("site", [PYTHON, "-m", "tests.hosts", "site", str(PORT), str(ARTICLES), str(asked)])
    newsroom.relay(PORT, f"127.0.0.1:{PORT}", listen=newsroom.address, log=callers)
    store.start("s3", [PYTHON, "-m", "moto.server", "-H", store.address, "-p", "5000"])
    for each in (office, *workers):
        each.relay(PORT, f"{newsroom.address}:{PORT}")
    prefect = {"PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    office.start("prefect", [str(BIN / "prefect"), "server", "start", "--host", office.address, "--port", "4200", "--no-ui"], env=prefect)
    quick = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "8s"}
    scheduler = f"tcp://{office.address}:8786"
    dask = [PYTHON, "-m", "distributed.cli.dask_scheduler", "--host", office.address, "--port", "8786", "--no-dashboard"]
    office.start("scheduler", dask, env=quick)
    config, data = cluster_config(tmp_path / "config", scheduler), tmp_path / "office"
    settings = config / "newsroom.toml"
    settings.write_text(
        settings.read_text().replace('store = "" ', f'store = "s3://{BUCKET}/x" ').replace("articles = 20", "articles = 10")
    )
    data.mkdir()
    env = environment(f"http://{store.address}:5000") | {"PREFECT_API_URL": f"http://{office.address}:4200/api"}
    for n, each in enumerate(workers):
        words = [PYTHON, "-m", "distributed.cli.dask_worker", scheduler, "--host", each.address, "--nthreads", "1", "--no-dashboard"]
        own = {"PREFECT_HOME": str(tmp_path / f"prefect-{n}"), "TMPDIR": str(tmp_path)}
        each.start("worker", [*words, "--no-nanny"], env=env | own, hidden=data)

    def inside(words: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            office.command(words), env={**os.environ, **env, "PREFECT_HOME": str(tmp_path / "prefect-0")},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    bucket = f"import fsspec; fsspec.filesystem('s3').mkdir('{BUCKET}')"
    until(lambda: inside([PYTHON, "-c", bucket]).wait() == 0, 30, "the store does not start")
    api = f"import urllib.request as u; u.urlopen('http://{office.address}:4200/api/health', timeout=1)"
    until(lambda: inside([PYTHON, "-c", api]).wait() == 0, 60, "Prefect's server does not start")

    common = ["--config", str(config), "--data", str(data)]
    sweep = [str(BIN / "newsroom"), "sweep", "osce", "--base-url", f"http://127.0.0.1:{PORT}", "--delay", str(DELAY), *common]
    command = inside(sweep)
    until(lambda: len(pages(asked)) >= 25 or command.poll() is not None, 120, "no pages came")
    assert command.poll() is None, command.communicate()[0]
    at_work = next(each for each in workers if each.address == lines(callers)[-1])
    at_work.die()
    said, _ = command.communicate(timeout=150)
    assert command.returncode == 0, said

    times = sorted(float(line.split()[0]) for line in lines(asked))
    assert_steady(times, DELAY)
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= DELAY / 2, "two requests came too close, whoever made them, and not because one was noted late"
    assert len(pages(asked)) > ARTICLES, "nothing was asked for again: no batch was lost"
    assert {each.address for each in (office, *workers)} == set(lines(callers))
    assert not list((data / "archive" / "osce").iterdir())

    with serve(SampleSite(ARTICLES)) as server:
        alone = Office(tmp_path / "alone", server.url, config=impatient_config(tmp_path / "plain"))
        assert alone.run("sweep").outcome == "ok"
    spread = Office(data, config=config)
    have, want = spread.public_data(), alone.public_data()
    assert {table: rows for table, rows in have.items() if rows != want[table]} == {}

    source = config / "sources" / "osce.toml"
    text = source.read_text(encoding="utf-8").replace('place = ["label:Place"', 'place = ["css:.nowhere", "label:Place"')
    source.write_text(text, encoding="utf-8")  # reads the same, but is another definition: all pages are to be read again
    before = len(lines(asked))
    reparse = inside([str(BIN / "newsroom"), "reparse", "osce", *common])
    said, _ = reparse.communicate(timeout=60)
    assert reparse.returncode == 0, said
    assert spread.sql("SELECT count(*) FROM runs WHERE kind = 'reparse' AND outcome = 'ok'") == [(1,)]
    assert parsed(at_work) == 0 < sum(map(parsed, workers))
    verify = inside([str(BIN / "newsroom"), "archive", "verify", *common])
    said, _ = verify.communicate(timeout=60)
    assert verify.returncode == 0 and "all whole" in said, said
    assert spread.public_data() == have
    assert len(lines(asked)) == before, "all of it came from the store"


def pages(asked: Path) -> list[str]:
    """Article pages asked for so far."""
    return [line for line in lines(asked) if not line.split()[1].startswith(("/press-releases", "/robots"))]


def parsed(worker: Host) -> int:
    """Batches of archived pages that a worker has read."""
    return (worker.logs / f"{worker.name}-worker.log").read_text(encoding="utf-8").count("Task run 'parse osce")
