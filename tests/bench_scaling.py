"""Throughput against the number of workers: `make bench-scaling`, or `python -m tests.bench_scaling --workers 1 2 4 8`. Not a test.

Fifty newsrooms, each with a host name, a delay and answers that take 100 to 300 ms, all served by one process on loopback; a night over all
of them, once in the threads of one process, then on Dask workers of four threads each. The names exist only here: a `sitecustomize`
lets `*.newsroom.test` resolve to loopback and pass the address guard, in the processes that this program starts and in none other.

What counts is the rate between the first tenth and the last tenth of the articles, by the server's own log (a machine that is suspended, or whose
niced processes are, makes a pause in it of more than two seconds: those are left out and told); the coordinator's CPU time; and the
seconds it spends taking in what came (`fetch.record`, timed around the call). How these depend on the size of a batch is a table of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import gzip
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from tests.bench_crawl import ROOT, cpu_seconds, free_port, process, pss_mib, tree_of

NAMES = """
import socket
from newsroom import guard
known, public = socket.getaddrinfo, guard.is_public
def getaddrinfo(host, port, *more, **named):
    return known("127.0.0.1" if str(host).endswith(".newsroom.test") else host, port, *more, **named)
socket.getaddrinfo = getaddrinfo
guard.is_public = lambda address: address == "127.0.0.1" or public(address)
"""
SLOWEST, QUICKEST = 0.3, 0.1
THREADS = 4
"""Of a worker."""


@dataclass
class Cost:
    """What a night over all newsrooms came to."""

    who: str
    threads: int
    articles: int
    per_second: float
    standstill_seconds: float
    """Left out of it: nobody asked for anything."""
    wall_seconds: float
    walks_seconds: float
    """From the first request to the last one of a listing."""
    coordinator_cpu: float
    coordinator_cpu_at_work: float
    """Until the last article came: what comes later (models, checks, the public file) is of another kind."""
    record_seconds: float
    """0: not measured."""
    workers_cpu: float
    coordinator_mib: float


# --- the newsrooms


def serve(port: int, hosts: int, articles: int) -> None:
    """All newsrooms, told apart by the Host header. `/-/log` gives the times of listing pages and articles, and forgets them."""
    from newsroom.sample import SampleSite
    from newsroom.sample.answers import Request, respond

    sites = {f"n{n:02}.newsroom.test:{port}": SampleSite(articles, seed=100 + n, heavy=True) for n in range(hosts)}
    log: dict[str, list[float]] = {"listing": [], "article": []}

    @functools.cache
    def rendered(host: str, target: str) -> tuple[int, bytes]:
        answer, _ = respond(sites[host], Request("GET", target))
        return answer.status, gzip.compress(answer.body.replace(b"www.osce.org", host.encode()), 5)

    for host, site in sites.items():
        for item in site.items.values():
            rendered(host, item.path)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            except (asyncio.IncompleteReadError, OSError):
                writer.close()
                return
            target = head.split(" ", 2)[1]
            named = re.search(r"(?im)^host: *(\S+)", head)
            host = named[1] if named else ""
            if host in sites:
                kind = "listing" if target.startswith("/press-releases") else "article"
                if target != "/robots.txt":
                    log[kind].append(time.time())
                await asyncio.sleep(random.uniform(QUICKEST, SLOWEST))
                status, body = rendered(host, target)
            else:
                status, body = 200, gzip.compress(json.dumps(log).encode())
                if target == "/-/log":
                    log.update(listing=[], article=[])
            kind = "text/plain" if target == "/robots.txt" else "text/html; charset=utf-8"
            writer.write(
                f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )

    async def forever() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", port, backlog=512) as server:
            await server.serve_forever()

    asyncio.run(forever())


def times(port: int) -> dict[str, list[float]]:
    """When listing pages and articles were asked for, since asked last."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/log", timeout=10) as answer:
        found: dict[str, list[float]] = json.loads(gzip.decompress(answer.read()))
    return found


def configured(place: Path, port: int, hosts: int, delay: float, dask: str) -> Path:
    """The shipped configuration for so many newsrooms like the shipped one, with small batches."""
    shutil.copytree(ROOT / "config", place)
    settings = place / "newsroom.toml"
    text = settings.read_text(encoding="utf-8").replace('dask = ""', f'dask = "{dask}"').replace("articles = 200", "articles = 10")
    settings.write_text(text.replace("please-set-this@example.org", "bench@localhost.localdomain"), encoding="utf-8")
    source = place / "sources" / "osce.toml"
    text = re.sub(r"(?m)^delay_seconds = .*", f"delay_seconds = {delay}", source.read_text(encoding="utf-8"))
    source.unlink()
    for n in range(hosts):
        one = text.replace('"https://www.osce.org"', f'"http://n{n:02}.newsroom.test:{port}"').replace('name = "osce"', f'name = "n{n:02}"')
        (place / "sources" / f"n{n:02}.toml").write_text(one, encoding="utf-8")
    return place


# --- the coordinator


def coordinate(out: Path, words: list[str]) -> None:
    """The command `newsroom`, with a clock around what takes in a batch."""
    from newsroom import cli
    from newsroom.stages import fetch

    plain, spent = fetch.record, [0.0, 0]

    def timed(fetches, *rest, **named):  # type: ignore[no-untyped-def]
        began = time.perf_counter()
        try:
            return plain(fetches, *rest, **named)
        finally:
            spent[0] += time.perf_counter() - began
            spent[1] += len(fetches)
            out.write_text(json.dumps(spent), encoding="utf-8")  # each time: the command ends without saying so

    fetch.record = timed
    sys.argv = ["newsroom", *words]
    cli.main()


def night(who: str, threads: int, words: list[str], place: Path, env: dict[str, str], port: int, workers: list[int]) -> Cost:
    """Run the command and take its measure."""
    times(port)
    out = place / "record.json"
    out.unlink(missing_ok=True)
    before = sum(cpu_seconds(pid) for pid in workers)
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.bench_scaling", "--coordinate", str(out), *words]
    child = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    peak, spent, over = 0.0, [(0.0, 0.0)], threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.25):
            spent.append((time.time(), cpu_seconds(child.pid) or spent[-1][1]))
            peak = max(peak, pss_mib(tree_of(child.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, err = child.communicate()
    wall = time.monotonic() - began
    over.set()
    watcher.join()
    if child.returncode not in (0, 1, 3):  # incomplete: a machine that stood still makes answers late
        raise SystemExit(f"{who} failed: {err.decode(errors='replace')[-2000:]}")
    asked = times(port)
    came = sorted(asked["article"])
    tenth = len(came) // 10
    middle = came[tenth : len(came) - tenth]
    still = sum(gap for gap in (after - before for before, after in pairwise(middle)) if gap > 2)
    rate = (len(middle) - 1) / (middle[-1] - middle[0] - still)
    seconds, recorded = json.loads(out.read_text(encoding="utf-8")) if out.exists() else (0.0, len(came))
    at_work = next((cpu for at, cpu in spent if at >= came[-1]), spent[-1][1])
    return Cost(
        who, threads, recorded, round(rate, 1), round(still, 1), round(wall, 1), round(max(asked["listing"]) - min(asked["listing"]), 1),
        round(spent[-1][1], 1), round(at_work, 1), round(seconds, 2),
        round(sum(cpu_seconds(pid) for pid in workers) - before, 1), round(peak),
    )  # fmt: skip


@contextmanager
def cluster(place: Path, count: int, env: dict[str, str]) -> Iterator[tuple[str, list[int]]]:
    """A scheduler and so many workers: its address, their process ids."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": env, "cwd": place}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", str(THREADS), "--no-dashboard", "--no-nanny"]
    children = [subprocess.Popen(words, **quiet) for words in (dask, *[worker] * count)]  # type: ignore[call-overload]
    try:
        there = f"from distributed import Client; Client({address!r}, timeout=60).wait_for_workers({count}, timeout=120)"
        subprocess.run([sys.executable, "-c", there], check=True)
        yield address, [child.pid for child in children[1:]]
    finally:
        for child in children:
            child.kill()  # asked to go, a worker takes half a minute
        for child in children:
            child.wait(20)


# --- what is shown


def table(costs: list[Cost]) -> str:
    """The results as Markdown."""
    lines = [
        "| who | batches at a time | articles/s | the night, s | all walks, s | coordinator: CPU ms an article while fetching | of which taking in, ms (wall) "
        "| CPU ms an article of all workers | coordinator's peak MiB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for cost in costs:
        each = 1000 / cost.articles
        taking = f"{cost.record_seconds * each:.1f}" if cost.record_seconds else ""
        workers = f"{cost.workers_cpu * each:.1f}" if cost.workers_cpu else ""
        lines.append(
            f"| {cost.who} | {cost.threads} | {cost.per_second:.0f} | {cost.wall_seconds:.0f} | {cost.walks_seconds:.0f} "
            f"| {cost.coordinator_cpu_at_work * each:.1f} | {taking} | {workers} | {cost.coordinator_mib:.0f} |"
        )
    return "\n".join(lines)


def plot(costs: list[Cost], hosts: int, delay: float) -> str:
    """Articles a second against batches at a time, and what latency and delay allow, as SVG."""
    from tests.plot import WIDTH, Plot

    spaced = delay + min(delay * 0.2, 0.05)  # with what a Pacer adds
    late = min(max((SLOWEST - spaced) / (SLOWEST - QUICKEST), 0.0), 1.0)  # share of the answers that take longer than that
    pace = (1 - late) * spaced + late * (max(spaced, QUICKEST) + SLOWEST) / 2
    on = [cost for cost in costs if cost.workers_cpu]
    most = max(cost.threads for cost in costs) * 1.05
    bound = min(most, hosts) / pace
    highest = max([*(cost.per_second for cost in costs), bound]) * 1.05
    drawn = Plot(most, highest, over="articles a second", under=f"batches at a time (threads); {hosts} newsrooms")
    drawn.line([(0, 0), (min(most, hosts), bound), (most, bound)], stroke="#999", stroke_dasharray="4 4")
    drawn.line([(cost.threads, cost.per_second) for cost in on], stroke="#1f6f8b", stroke_width=2)
    for number, cost in enumerate(costs):
        x, y = drawn.at(cost.threads, cost.per_second)
        left = x < WIDTH / 2
        drawn.dot(cost.threads, cost.per_second, 4, "#1f6f8b" if cost.workers_cpu else "#c0532b")
        above = (x - 8, y - 10)  # by turns: the smallest stand near each other
        where = (x + 8, y + 14) if left and number % 2 == 0 else above
        drawn.write(f"{cost.who}: {cost.per_second:.0f}", *where, text_anchor="start" if left else "end", fill="#222")
        drawn.mark(cost.threads)
    return drawn.svg()


def taking_in(place: Path, sizes: tuple[int, ...] = (10, 30, 200), articles: int = 600) -> str:
    """What it costs the one writer to take in a batch, by the size of the batch: the same real facts, in a warehouse of their own each."""
    from newsroom import config, extract
    from newsroom.alike import Alike
    from newsroom.sample import SampleSite
    from newsroom.sample import serve as serving
    from newsroom.stages import fetch
    from newsroom.warehouse import Warehouse

    source = config.load_source(ROOT / "config" / "sources" / "osce.toml", problems=extract.problems)
    site = SampleSite(articles, seed=7, heavy=True)
    with serving(site) as server:
        way = fetch.Way(source, "bench", place / "archive", base_url=server.url, delay=0)
        jobs = tuple(fetch.FetchJob(f"osce:{item.id}", f"https://www.osce.org{item.path}") for item in site.items.values())
        came = fetch.fetch_batch(fetch.FetchBatch(way, 1, jobs, warc_name="x", concurrency=4))
    read = {each.article_id: each for each in came.readings}
    lines = ["| batch | taking it in, ms (median) | ms an article | so one writer takes in, articles/s |", "|---|---|---|---|"]
    for size in sizes:
        spent = []
        with Warehouse.open(place / f"{size}.duckdb") as warehouse:
            for start in range(0, len(came.fetches), size):
                part = came.fetches[start : start + size]
                readings = [read[each.article_id] for each in part if each.article_id in read]
                began = time.perf_counter()
                alike = Alike(stop_at=source.suspicion.stop_at, of_last=source.suspicion.of_last)
                fetch.record(part, readings, source=source, run_id="r", warehouse=warehouse, alike=alike, now=fetch.utc_now())
                spent.append(time.perf_counter() - began)
        middle = 1000 * statistics.median(spent)
        lines.append(f"| {size} | {middle:.0f} | {middle / size:.2f} | {1000 * size / middle:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """All in turns; the tables on standard output."""
    if sys.argv[1:2] == ["--coordinate"]:
        coordinate(Path(sys.argv[2]), sys.argv[3:])
        return
    if sys.argv[1:2] == ["--serve"]:
        serve(*map(int, sys.argv[2:]))
        return
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench_scaling", description="A night over fifty newsrooms, on more and more workers."
    )
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4, 8], metavar="N")
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--articles", type=int, default=40, help="of each newsroom")
    parser.add_argument("--delay", type=float, default=0.2)
    parser.add_argument("--place", type=Path, default=ROOT / ".bench" / "scaling")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="all results as JSON")
    parser.add_argument("--plot", type=Path, default=None, metavar="FILE", help="the plot as SVG")
    chosen = parser.parse_args()
    place = chosen.place.resolve()
    shutil.rmtree(place, ignore_errors=True)
    (place / "names").mkdir(parents=True)
    (place / "names" / "sitecustomize.py").write_text(NAMES, encoding="utf-8")
    costs: list[Cost] = []
    with ExitStack() as servers:
        port, prefect_port = free_port(), free_port()
        newsrooms = [sys.executable, "-m", "tests.bench_scaling", "--serve", str(port), str(chosen.hosts), str(chosen.articles)]
        servers.enter_context(process(newsrooms, log=place / "newsrooms.log", ready=f"http://127.0.0.1:{port}/-/ready"))
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEWSROOM_"))}
        quiet = {"PREFECT_HOME": str(place / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
        env = plain | quiet | {"PYTHONPATH": f"{place / 'names'}:{ROOT}"}

        def run(who: str, threads: int, dask: str, workers: list[int], environment: dict[str, str]) -> None:
            name = who.replace(" ", "-")
            config = configured(place / f"config-{name}", port, chosen.hosts, chosen.delay, dask)
            words = ["run", "--config", str(config), "--data", str(place / name), *(["--direct"] if not dask else [])]
            costs.append(night(who, threads, words, place, environment, port, workers))
            sys.stderr.write(f"{asdict(costs[-1])}\n")

        run("one process", min(chosen.hosts, 64), "", [], env)
        if chosen.workers:
            api = f"http://127.0.0.1:{prefect_port}/api"
            server = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(prefect_port), "--no-ui"]
            servers.enter_context(process(server, log=place / "prefect.log", environment=plain | quiet, ready=f"{api}/health"))
        for count in chosen.workers:
            told = env | {"PREFECT_API_URL": api}
            with cluster(place, count, told) as (address, pids):
                run(f"{count} worker{'s' if count > 1 else ''}", count * THREADS, address, pids, told)
    if chosen.out:
        chosen.out.write_text(json.dumps([asdict(cost) for cost in costs], indent=1) + "\n", encoding="utf-8")
    if chosen.plot:
        chosen.plot.write_text(plot(costs, chosen.hosts, chosen.delay), encoding="utf-8")
    print(table(costs))
    print()
    print(taking_in(place))


if __name__ == "__main__":
    main()
