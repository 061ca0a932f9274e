"""What a crawl costs, beside its peers: `make bench`, or `python -m tests.bench_crawl --articles 1000 4000 --rounds 3`. Not a test.

A generated newsroom (pages of some 50 KB with 170 links, 4 KB of body, 50 entries a listing page) is served from loopback by nginx,
already compressed; ours and the peers crawl it in turns, each in a process (or several) and an environment of its own, and what counts is
the whole command: wall time, CPU time of all its processes, the most memory they held together (PSS: what they share counts
once). The slope between two sizes is the cost of an article without the cost of starting. nginx is Debian's package; Scrapy and dlt are
installed into `.bench/`. On a machine that does other things too, ratios within a round say more than seconds.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from newsroom.sample import SampleSite, listing, pages

ROOT = Path(__file__).resolve().parents[1]
REPARSED = "ours --direct"
"""Whose archive is read anew afterwards, without the network."""
NEWSROOM = str(Path(sys.executable).with_name("newsroom"))
PEERS = {"scrapy": ["scrapy>=2.13", "duckdb>=2.0,<2.1"], "dlt": ["dlt[duckdb]>=1.20", "duckdb>=2.0,<2.1", "selectolax>=1.0.2", "requests"]}

NGINX = """
worker_processes 1; daemon off; pid {place}/nginx.pid; error_log {place}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log {place}/access.log; default_type text/html; charset utf-8;
    client_body_temp_path {place}/t1; proxy_temp_path {place}/t2; fastcgi_temp_path {place}/t3; uwsgi_temp_path {place}/t4; scgi_temp_path {place}/t5;
    keepalive_requests 1000000;
    server {{
        listen 127.0.0.1:{port}; root {place}/site;
        location = /press-releases {{ rewrite ^ /_listing/$arg_page last; }}
        location / {{ gzip_static always; }}
    }}
}}
"""

SCRAPY = """
import sys, json, duckdb, scrapy
from urllib.parse import urlsplit
from scrapy.crawler import CrawlerProcess
base, pages, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rows = []
class Spider(scrapy.Spider):
    name = "newsroom"
    start_urls = [f"{base}/press-releases?page={n}&rows=50" for n in range(pages)]
    async def start(self):
        for url in self.start_urls:
            yield scrapy.Request(url)
    def parse(self, response):
        for href in response.css(".search-title a::attr(href)").getall():
            yield scrapy.Request(base + urlsplit(href).path, self.article)
    def article(self, response):
        facts = {dt.css("::text").get(): " ".join(dd.css("::text").getall()).strip()
            for dt, dd in zip(response.css("dl dt"), response.css("dl dd"))}
        rows.append((response.url, response.css("h1::text").get(), json.dumps(facts), "\\n\\n".join(
            " ".join(p.css("::text").getall()) for p in response.css("#content p, main p"))))
process = CrawlerProcess({"LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "ROBOTSTXT_OBEY": True,
    "TELNETCONSOLE_ENABLED": False, "DOWNLOAD_DELAY": 0, "USER_AGENT": "bench"})
process.crawl(Spider); process.start()
import pyarrow
con = duckdb.connect(out)
found = pyarrow.table({name: [row[n] for row in rows] for n, name in enumerate(("url", "title", "facts", "body"))})
con.execute("CREATE TABLE articles AS SELECT * FROM found")
print(con.execute("SELECT count(DISTINCT url) FROM articles").fetchone()[0])
"""

DLT = """
import sys, os, json, threading, dlt, requests
from urllib.parse import urlsplit
from concurrent.futures import ThreadPoolExecutor
from selectolax.lexbor import LexborHTMLParser
base, pages, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"})
local = threading.local()
def get(url):
    if not hasattr(local, "session"):
        local.session = requests.Session()
        local.session.trust_env = False
    return local.session.get(url, timeout=20).content
def links(number):
    tree = LexborHTMLParser(get(f"{base}/press-releases?page={number}&rows=50"))
    return [base + urlsplit(a.attributes["href"]).path for a in tree.css(".search-title a")]
def article(url):
    tree = LexborHTMLParser(get(url))
    facts = {dt.text(strip=True): dd.text(strip=True) for dt, dd in zip(tree.css("dl dt"), tree.css("dl dd"))}
    return {"url": url, "title": tree.css_first("h1").text(strip=True), "facts": json.dumps(facts),
        "body": "\\n\\n".join(p.text(strip=True) for p in tree.css("#content p, main p"))}
@dlt.resource(primary_key="url", write_disposition="merge", name="articles")
def articles():
    with ThreadPoolExecutor(8) as pool:
        for number in range(pages):
            yield list(pool.map(article, links(number)))
pipeline = dlt.pipeline("bench", destination=dlt.destinations.duckdb(out), dataset_name="news", pipelines_dir=out + ".dlt")
pipeline.run(articles())
import duckdb
print(duckdb.connect(out).execute("SELECT count(DISTINCT url) FROM news.articles").fetchone()[0])
"""


@dataclass
class Cost:
    """What one command cost."""

    who: str
    articles: int
    found: int
    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


# --- the site


def make_site(place: Path, articles: int) -> int:
    """Write the newsroom's pages, compressed; returns how many listing pages there are."""
    site = SampleSite(articles, seed=5, heavy=True)
    root = place / "site"
    for item in site.items.values():
        path = root / (item.path.lstrip("/") + ".gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(pages.article(item, is_heavy=True).encode(), 5, mtime=0))
    (root / "_listing").mkdir(parents=True)
    found = listing.found(site, listing.Query(rows=50))
    last = listing.last_page(found, listing.Query(rows=50))
    for number in range(last + 1):
        html = listing.page(site, listing.Query(page=number, rows=50))
        (root / "_listing" / f"{number}.gz").write_bytes(gzip.compress(html.encode(), 5, mtime=0))
    (root / "robots.txt.gz").write_bytes(gzip.compress(site.robots.encode()))
    return last + 1


def quiet_site(place: Path, listing_pages: int) -> Path:
    """The newsroom as a nightly finds it when there is nothing new: what it listed last is two hundred entries, all else is years older.

    (The generated one lists a tenth of all its articles in its last month.)
    """
    listing_dir, quiet = place / "site" / "_listing", place / "quiet"
    (quiet / "site" / "_listing").mkdir(parents=True)
    shutil.copy(place / "site" / "robots.txt.gz", quiet / "site")
    for number, shown in enumerate((*range(4), *range(listing_pages * 3 // 4, listing_pages - 1))):
        shutil.copy(listing_dir / f"{shown}.gz", quiet / "site" / "_listing" / f"{number}.gz")
    return quiet


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def process(command: list[str], *, log: Path, environment: dict[str, str] | None = None, ready: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server, from when it answers at the address `ready` to the end of the block."""
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=output, env=environment or dict(os.environ), start_new_session=True)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(ready, timeout=1).close()
                break
            except OSError:
                if child.poll() is not None:
                    raise SystemExit(f"{command[0]} ended: {log.read_text(errors='replace')[-500:]}") from None
                time.sleep(0.1)
        yield child
    finally:
        child.terminate()
        child.wait(20)


SLOW_SERVER = """
import asyncio, gzip, pathlib, sys
root, port, delay = pathlib.Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
NOT_FOUND = gzip.compress(b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>")  # as nginx says it
async def serve(reader, writer):
    while True:
        try:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
        except Exception:
            return writer.close()
        target = head.split(b" ", 2)[1].decode()
        path, _, query = target.partition("?")
        if path == "/press-releases":
            path = "/_listing/" + dict(p.split("=", 1) for p in query.split("&") if "=" in p).get("page", "0")
        file = root / (path.lstrip("/") + ".gz")
        await asyncio.sleep(delay)
        is_there = file.is_file()
        body = file.read_bytes() if is_there else NOT_FOUND
        status = "200 OK" if is_there else "404 Not Found"
        writer.write(f"HTTP/1.1 {status}\\r\\nContent-Type: text/html; charset=utf-8\\r\\nContent-Encoding: gzip\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n".encode() + body)
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 16)
    await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def served(place: Path, latency: float) -> Iterator[str]:
    """The site at an address: by nginx, or, where every answer is to take its time, by a server that waits."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    if latency:
        command = [sys.executable, "-c", SLOW_SERVER, str(place / "site"), str(port), str(latency)]
    else:
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        if not Path(nginx).exists():
            raise SystemExit("nginx is not installed (on Debian and Ubuntu: apt install nginx-light)")
        (place / "nginx.conf").write_text(NGINX.format(place=place, port=port), encoding="utf-8")
        command = [nginx, "-p", str(place), "-c", str(place / "nginx.conf")]
    with process(command, log=place / "server.log", ready=f"{base}/robots.txt"):
        yield base


# --- who crawls it


def environment_of(peer: str) -> Path:
    """Python of the peer's environment, made on first use."""
    place = ROOT / ".bench" / peer
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "pyarrow", *PEERS[peer]], check=True)
        (place / "ready").touch()
    return python


def config_for(place: Path, connections: int) -> Path:
    """The shipped configuration with so many connections: all else as every user has it."""
    target = place / "config"
    if not target.exists():
        shutil.copytree(ROOT / "config", target)
        source = target / "sources" / "osce.toml"
        text = re.sub(r"(?m)^concurrency = \d+\n", "", source.read_text(encoding="utf-8"))
        source.write_text(text.replace("[politeness]\n", f"[politeness]\nconcurrency = {connections}\n"), encoding="utf-8")
    return target


def command_of(who: str, base: str, listing_pages: int, out: Path, config: Path) -> list[str]:
    """The command line of a competitor."""
    if who in PEERS:
        script = out.with_suffix(".py")
        script.write_text({"scrapy": SCRAPY, "dlt": DLT}[who], encoding="utf-8")
        return [str(environment_of(who)), str(script), base, str(listing_pages), str(out)]
    return crawl_of("sweep", base, out, config, is_direct=who == "ours --direct")


def crawl_of(kind: str, base: str, out: Path, config: Path, *, is_direct: bool = True) -> list[str]:
    """The command of a run of ours."""
    where = ["--base-url", base, "--delay", "0", "--config", str(config), "--data", str(out)]
    return [NEWSROOM, kind, "osce", "--json", *(["--direct"] if is_direct else []), *where]


def reparse_of(out: Path, config: Path) -> list[str]:
    """The command that reads all archived pages of `out` anew: a selector that fits nothing makes the definition another one."""
    other = config.with_name("config-other")
    if not other.exists():
        shutil.copytree(config, other)
        source = other / "sources" / "osce.toml"
        source.write_text(
            source.read_text(encoding="utf-8").replace('selectors = ["nav",', 'selectors = [".of-no-page", "nav",'), encoding="utf-8"
        )
    return [NEWSROOM, "reparse", "osce", "--direct", "--config", str(other), "--data", str(out)]


def tree_of(pid: int) -> list[int]:
    """A process and all that came of it."""
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                queue += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def pss_mib(pids: list[int]) -> float:
    """Memory of processes together, in MiB, what they share counted once."""
    total = 0
    for pid in pids:
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
        except OSError:
            continue
    return total / 1024


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far; 0 if it is gone. Not all that it started are waited for: theirs is not in its own."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(who: str, articles: int, command: list[str], environment: dict[str, str], also: list[int]) -> Cost:
    """Run a command and take its measure; the memory of the processes `also` (a Prefect server) is counted as its own."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT)
    peak = 0.0
    spent: dict[int, float] = {}
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        for number in itertools.count():
            tree = tree_of(child.pid)
            spent.update((pid, seconds) for pid in tree if (seconds := cpu_seconds(pid)))
            if number % 4 == 0:
                peak = max(peak, pss_mib(tree + also))
            if over.wait(0.1):
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = child.communicate()
    wall = time.monotonic() - began
    over.set()
    watcher.join()
    last = (out.decode().strip().splitlines() or [""])[-1]
    if child.returncode not in (0, 1) or not last:
        raise SystemExit(f"{who} failed: {err.decode(errors='replace')[-1500:]}")
    found = _pages(out.decode() + err.decode(), last)
    return Cost(who, articles, found, round(wall, 2), round(sum(spent.values()), 2), round(peak, 1))


def _pages(said: str, last: str) -> int:
    """How many, as each says it: a number, the sums of a run, or a line."""
    if last.isdigit():
        return int(last)
    if last.startswith("{"):
        return int(next(iter(json.loads(last)["sources"].values()))["fetched"])
    return int(re.findall(r"(\d+) pages read", said)[-1])


def slope(costs: list[Cost], who: str, value: Callable[[Cost], float]) -> float | None:
    """Articles a second (or what `value` gives) between the smallest and the largest size, by medians."""
    sizes = sorted({cost.articles for cost in costs if cost.who == who})
    if len(sizes) < 2:
        return None
    low, high = (
        statistics.median(value(cost) for cost in costs if cost.who == who and cost.articles == size) for size in (sizes[0], sizes[-1])
    )
    return (sizes[-1] - sizes[0]) / (high - low) if high > low else None


def table(costs: list[Cost]) -> str:
    """The results as Markdown."""
    lines = [
        "| who | articles | found | wall s | CPU s | peak MiB | by slope: articles/s | articles/CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for who in dict.fromkeys(cost.who for cost in costs):
        rates = [slope(costs, who, lambda cost: cost.wall_seconds), slope(costs, who, lambda cost: cost.cpu_seconds)]
        for size in sorted({cost.articles for cost in costs if cost.who == who}):
            these = [cost for cost in costs if cost.who == who and cost.articles == size]
            middle = [statistics.median(getattr(c, name) for c in these) for name in ("found", "wall_seconds", "cpu_seconds", "peak_mib")]
            shown = [f"{rate:.0f}" if rate else "" for rate in rates]
            lines.append(
                f"| {who} | {size} | {middle[0]:.0f} | {middle[1]:.2f} | {middle[2]:.2f} | {middle[3]:.0f} | {' | '.join(shown)} |"
            )
            rates = [None, None]
    return "\n".join(lines)


EMPTY_FLOW = """
from prefect import flow
@flow
def nothing() -> None: ...
nothing()
print(0)
"""
"""What Prefect takes by itself, to be taken off a night under it."""

COLOURS = {"ours": "#c0532b", "ours --direct": "#1f6f8b", "ours, reparse --direct": "#8fb8c6", "dlt": "#6a8f3c", "scrapy": "#7a6fa8"}


def plot(costs: list[Cost]) -> str:
    """Seconds by the clock against articles, a line each, every single run a dot, as SVG."""
    from tests.plot import Plot

    sizes = sorted({cost.articles for cost in costs})
    highest = max(cost.wall_seconds for cost in costs) * 1.05
    drawn = Plot(sizes[-1], highest, over="seconds, the whole command", under="articles", height=320, right=170)
    for size in sizes:
        drawn.mark(size)
    lines = {
        who: [
            (size, statistics.median(cost.wall_seconds for cost in costs if (cost.who, cost.articles) == (who, size)))
            for size in sorted({cost.articles for cost in costs if cost.who == who})
        ]
        for who in dict.fromkeys(cost.who for cost in costs)
    }
    free = float(drawn.height)  # for a name, from below upwards
    for who, points in sorted(lines.items(), key=lambda line: line[1][-1][1]):
        colour = COLOURS[who]
        drawn.line(points, stroke=colour, stroke_width=2)
        for cost in costs:
            if cost.who == who:
                drawn.dot(cost.articles, cost.wall_seconds, 3, colour)
        x, y = drawn.at(*points[-1])
        free = min(free - 14, y + 4)
        drawn.write(f"{who}: {points[-1][1]:.1f} s", x + 10, free, fill=colour)
    return drawn.svg()


def main() -> None:
    """Everything in turns; the table on standard output, all single results as JSON in `--out`."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_crawl", description="Crawl a generated newsroom, ours and peers in turns.")
    parser.add_argument("--articles", type=int, nargs="+", default=[1000, 4000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--who", nargs="+", default=["ours", "ours --direct", "dlt", "scrapy"])
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="of every answer (then a server of our own serves)")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--nights", type=int, default=0, metavar="N", help="after each crawl of ours, so many with nothing new")
    parser.add_argument("--place", type=Path, default=ROOT / ".bench" / "work")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE")
    parser.add_argument("--plot", type=Path, default=None, metavar="FILE", help="draw it, too, as SVG")
    parser.add_argument("--drawn-from", type=Path, default=None, metavar="FILE", help="measure nothing: show what `--out` has kept")
    chosen = parser.parse_args()
    costs: list[Cost] = []
    if chosen.drawn_from:
        costs = [Cost(**each) for each in json.loads(chosen.drawn_from.read_text(encoding="utf-8"))]
        show(costs, chosen.plot)
        return
    with ExitStack() as servers:
        place = chosen.place.resolve()
        shutil.rmtree(place, ignore_errors=True)
        sites, quiets = {}, {}
        for size in chosen.articles:
            folder = place / str(size)
            pages_there = make_site(folder, size)
            sites[size] = (servers.enter_context(served(folder, chosen.latency)), pages_there)
            if chosen.nights:
                quiets[size] = servers.enter_context(served(quiet_site(folder, pages_there), chosen.latency))
        # users have no such variable: with it, every start compiles all modules anew
        apart = ("PREFECT_", "NEWSROOM_", "PYTHONDONTWRITEBYTECODE")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(apart)}
        also: list[int] = []
        if "ours" in chosen.who:
            port = free_port()
            api = f"http://127.0.0.1:{port}/api"
            quiet = {"PREFECT_HOME": str(place / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
            batched = {
                "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
                "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
            }
            command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
            server = process(command, log=place / "prefect.log", environment=environment | quiet | batched, ready=f"{api}/health")
            also = tree_of(servers.enter_context(server).pid)
            environment |= quiet | {"PREFECT_API_URL": api}
        for number in range(chosen.rounds):
            for size, (base, listing_pages) in sites.items():
                for who in chosen.who:
                    out = place / f"{who.replace(' ', '')}-{size}-{number}"
                    config = config_for(place, chosen.connections)
                    turns = [(who, command_of(who, base, listing_pages, out, config))]
                    for _ in range(chosen.nights if who not in PEERS else 0):
                        night = crawl_of("run", quiets[size], out, config, is_direct=who == REPARSED)
                        turns.append((who.replace("ours", "ours, nothing new"), night))
                        turns += [("prefect, an empty flow", [sys.executable, "-c", EMPTY_FLOW])] if who == "ours" else []
                    if who == REPARSED:
                        turns.append(("ours, reparse --direct", reparse_of(out, config)))
                    for name, command in turns:
                        costs.append(measured(name, size, command, environment, also if who == "ours" else []))
                        sys.stderr.write(f"{asdict(costs[-1])}\n")
                    shutil.rmtree(out, ignore_errors=True)
    if chosen.out:
        chosen.out.write_text(json.dumps([asdict(cost) for cost in costs], indent=1) + "\n", encoding="utf-8")
    show(costs, chosen.plot)


def show(costs: list[Cost], drawn: Path | None) -> None:
    """The table, and the plot if there is a file for it."""
    print(table(costs))
    if drawn:
        drawn.write_text(plot(costs), encoding="utf-8")


if __name__ == "__main__":
    main()
