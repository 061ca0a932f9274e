"""What the end of a night costs: models, checks, public file and report over a warehouse of many articles, step by step.

    python -m tests.bench_publish 30000            a made-up warehouse of so many articles with bodies of 3 KB
    python -m tests.bench_publish 30000 --steps    every model and check by itself (models made as a whole)
    python -m tests.bench_publish 10000 --more 30  how the public file grows in thirty nights more

Seconds of CPU, of all threads, and by the clock: the machine may be busy with other things. Four nights are measured: the first, two on which nothing
happened, and one with twenty new articles and five edits.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from newsroom import config
from newsroom.report import write_report
from newsroom.stages import check, model, publish
from newsroom.warehouse import Warehouse, sql_names, sql_text
from tests.nights import CONFIG

NEWEST = date(2026, 11, 20)
PLACES = "Marenland Karrow Pellworm Perrith Ferrin Ilmenau Lindow Tessin Wesel Brenn".split()
ISSUERS = [f"OSCE Mission to {place}" for place in PLACES]
TOPICS = ["Elections", "Media freedom", "Human rights", "Policing", "Border management", "Arms control", "Gender equality", "Education"]
PORTION = 5000


@dataclass
class Clock:
    """Seconds by step, of one night: of CPU, and by the clock."""

    steps: dict[str, float] = field(default_factory=dict)
    walls: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        started, at = time.process_time(), time.perf_counter()
        yield
        self.steps[name] = self.steps.get(name, 0.0) + time.process_time() - started
        self.walls[name] = self.walls.get(name, 0.0) + time.perf_counter() - at


class Made:
    """A warehouse of invented articles: words drawn from Zipf's law, so that the search index has the shape of a real one."""

    def __init__(self, warehouse: Warehouse, *, body_bytes: int = 3000, words: int = 60_000) -> None:
        self.warehouse, self.random, self.body_bytes = warehouse, random.Random(1), body_bytes
        letters = "aeioulnrstdmbkgpv"
        self.words = ["".join(self.random.choice(letters) for _ in range(self.random.randint(2, 12))) for _ in range(words)]
        weights, total = [], 0.0
        for rank in range(1, words + 1):
            total += 1 / rank
            weights.append(total)
        self.weights = weights
        self.now = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)

    def text(self, characters: int) -> str:
        words = self.random.choices(self.words, cum_weights=self.weights, k=characters // 5)
        paragraphs = [" ".join(words[n : n + 60]).capitalize() + "." for n in range(0, len(words), 60)]
        return "\n\n".join(paragraphs)[:characters]

    def begin(self, kind: str = "nightly") -> str:
        self.now += timedelta(days=1)
        run_id = f"{self.now:%Y%m%d-%H%M%S}-{kind}"
        row = {"run_id": run_id, "kind": kind, "sources": ["osce"], "parameters": "{}", "started_at": self.now, "host": "bench", "pid": 1}
        self.warehouse.append("ops.runs", [{**row, "newsroom_version": "bench", "finished_at": self.now, "outcome": "ok"}])
        return run_id

    def settings(self) -> None:
        source = config.load_source(CONFIG / "sources" / "osce.toml")
        row = {"source": "osce", "title": source.title, "give_up_after_nights": 5, "near_similarity": 0.8, "language": source.language}
        self.warehouse.append("ops.source_settings", [{**row, "labels": list(source.labels)}])

    def articles(self, run_id: str, numbers: range) -> None:
        for start in range(numbers.start, numbers.stop, PORTION):
            self._portion(run_id, range(start, min(start + PORTION, numbers.stop)), 0)
        self.walk(run_id, numbers)

    def edits(self, run_id: str, numbers: range) -> None:
        """Bodies of these have changed."""
        self._portion(run_id, numbers, 1)

    def walk(self, run_id: str, numbers: range) -> None:
        row = {"walk_id": f"{run_id}/osce", "run_id": run_id, "source": "osce", "kind": "nightly", "pages": 1 + len(numbers) // 50}
        times = {"started_at": self.now, "finished_at": self.now, "newest_on": NEWEST}
        whole = {"entries": len(numbers), "refused": 0, "is_complete": True, "is_whole": True, "reason": "bench"}
        self.warehouse.append("facts.walks", [{**row, **times, **whole}])
        seen = [
            {"walk_id": row["walk_id"], "source": "osce", "article_id": f"osce:{n}", "url": _url(n), "seen_at": self.now} for n in numbers
        ]
        for start in range(0, len(seen), PORTION):
            self.warehouse.append("facts.sightings", seen[start : start + PORTION])

    def unchanged(self, run_id: str, numbers: range) -> None:
        """These were asked for again, and answered 304."""
        rows = [self._fetch(run_id, n, "not_modified", None) for n in numbers]
        self.warehouse.append("facts.fetches", rows)

    def _fetch(self, run_id: str, n: int, outcome: str, payload: str | None) -> dict[str, Any]:
        return {
            "run_id": run_id, "source": "osce", "article_id": f"osce:{n}", "url": _url(n), "outcome": outcome, "fetched_at": self.now,
            "status": 200 if payload else 304, "final_url": _url(n), "etag": '"x"', "payload_sha256": payload, "wire_bytes": 12_000,
            "seconds": 0.1, "requests": 1, "warc_file": f"{run_id}.warc.gz", "warc_offset": n * 12_000,
        }  # fmt: skip

    def _portion(self, run_id: str, numbers: range, edition: int) -> None:
        entries, fetches, readings, texts = [], [], [], []
        for n in numbers:
            self.random.seed(n)
            title, lead = f"{self.text(60)} {n}", self.text(150) if n % 3 == 0 else None
            self.random.seed(n + edition * 10_000_000)
            body = self.text(self.body_bytes)
            if edition:  # as the listing quotes it: a correction further down
                self.random.seed(n)
                body = self.text(600)[:125] + body[125:]
            on = NEWEST - timedelta(days=(n * 9000) // 30_000 if n < 30_000 else n % 9000)
            kind = ("News", "Press release", "Press statement")[n % 3]
            place = PLACES[n % len(PLACES)]
            issuers, topics = [ISSUERS[n % len(ISSUERS)]], [TOPICS[n % len(TOPICS)], TOPICS[(n * 3 + 1) % len(TOPICS)]]
            content, payload = _hash(title, lead or "", body), _hash(str(n), str(edition))
            listed = {"title": title, "published_on": on, "content_type": kind, "topics": topics, "issuers": issuers}
            if not edition:
                snippet = {"snippet": body[:120], "entry_sha256": _hash(title), "seen_at": self.now, "run_id": run_id}
                entries.append({"source": "osce", "article_id": f"osce:{n}", "url": _url(n), **listed, **snippet})
            fetches.append(self._fetch(run_id, n, "ok", payload))
            texts.append(
                {
                    "text_sha256": content, "content_sha256": content, "title_sha256": _hash(title), "lead_sha256": _hash(lead or ""),
                    "body_sha256": _hash(body), "title": title, "lead": lead, "body": body, "word_count": body.count(" ") + 1,
                }
            )  # fmt: skip
            readings.append(
                {
                    "run_id": run_id, "source": "osce", "article_id": f"osce:{n}", "payload_sha256": payload, "parser_version": 1,
                    "definition_sha256": "bench", "read_at": self.now, "text_sha256": content, "content_sha256": content, "url": _url(n),
                    "content_type": kind, "published_on": on, "place": place, "issuers": issuers, "topics": topics, "language": "en",
                    "dateline_place": place, "dateline_on": on, "links": [], "attachments": [],
                    "found_by": {"title": "css:h1", "body": "css:.content", "published_on": "label:Date", "issuers": "label:Source"},
                }
            )  # fmt: skip
        for table, rows in (("entries", entries), ("fetches", fetches), ("texts", texts), ("readings", readings)):
            self.warehouse.append(f"facts.{table}", rows)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _url(n: int) -> str:
    return f"https://www.osce.org/a/{n}"


def night(made: Made, run_id: str, data: Path, *, steps: bool) -> Clock:
    """The end of a night, as pipeline.py does it."""
    warehouse, clock, bounds = made.warehouse, Clock(), config.load_checks(CONFIG)
    if steps:
        for name in sql_names("mart"):
            with clock.of(name):
                warehouse.run(sql_text(name))
        for name in (each.removeprefix("checks/") for each in sql_names("checks")):
            with clock.of(f"checks/{name}"):
                results = check.check(warehouse, bounds, run_id=run_id, now=made.now, names=(name,))
                assert [each for each in results if each.verdict == "fail" and each.severity == "block"] == [], results
        warehouse.run("DELETE FROM ops.checks WHERE run_id = $run_id", run_id=run_id)
        warehouse.run("DELETE FROM ops.check_rows WHERE run_id = $run_id", run_id=run_id)
    draft = publish.begin_draft(warehouse, data / "public", run_id=run_id, ahead=True)
    try:
        with clock.of("models"):
            model.model(warehouse)
        draft.fill(warehouse)
        with clock.of("checks"):
            results = check.check(warehouse, bounds, run_id=run_id, now=made.now)
        assert [each for each in results if each.verdict == "fail" and each.severity == "block"] == [], results
        with clock.of("publish"):
            publish.publish(warehouse, data / "public", run_id=run_id, now=made.now, keep_snapshots=3, draft=draft)
    finally:
        draft.drop()
    with clock.of("report"):
        write_report(data, warehouse, now=made.now, run_id=run_id)
    return clock


def measure(articles: int, data: Path, *, steps: bool = False, threads: int = 2, more: int = 0) -> dict[str, Clock]:
    """Seconds by night and step; then so many nights `more` of twenty new articles and five edits, of which only the size is told."""
    (data / "public").mkdir(parents=True, exist_ok=True)
    nights, sizes = {}, []
    with Warehouse.open(data / "warehouse.duckdb", threads=threads) as warehouse:
        made = Made(warehouse)
        made.settings()
        run_id = made.begin()
        made.articles(run_id, range(articles))
        nights["first night"] = night(made, run_id, data, steps=steps)
        for name in ("nothing new", "nothing new again"):
            run_id = made.begin()
            made.walk(run_id, range(min(articles, 200)))
            made.unchanged(run_id, range(min(articles, 100)))
            nights[name] = night(made, run_id, data, steps=steps)
        run_id = made.begin()
        made.articles(run_id, range(articles, articles + 20))
        made.edits(run_id, range(5))
        made.unchanged(run_id, range(5, min(articles, 100)))
        nights["20 new, 5 edited"] = night(made, run_id, data, steps=steps)
        for number in range(1, more + 1):
            run_id = made.begin()
            made.articles(run_id, range(articles + 20 * number, articles + 20 * number + 20))
            made.edits(run_id, range(5 * number, 5 * number + 5))
            made.unchanged(
                run_id, range(articles - 100, articles)
            )  # else a site that changes whatever is asked for: such a night is blocked
            night(made, run_id, data, steps=False)
            (amended,) = warehouse.ask("SELECT amended FROM mart.shown").rows[0]
            sizes.append(f"{(data / 'public' / 'newsroom.duckdb').stat().st_size / 2**20:.0f}" + ("" if amended else " (written whole)"))
    if sizes:
        print(f"MB after each of {more} nights more: {', '.join(sizes)}")
    return nights


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_publish", description=__doc__)
    parser.add_argument("articles", type=int, nargs="?", default=30_000)
    parser.add_argument("--steps", action="store_true", help="every model and check by itself")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--more", type=int, default=0, help="so many nights more, to see how the public file grows")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        nights = measure(given.articles, data, steps=given.steps, threads=given.threads, more=given.more)
        names = list(next(iter(nights.values())).steps)
        print(
            "| CPU seconds (by the clock), " + f"{given.articles:,} articles | " + " | ".join(nights) + " |\n|---|" + "---|" * len(nights)
        )
        for name in names:
            print(f"| {name} | " + " | ".join(f"{clock.steps[name]:.2f} ({clock.walls[name]:.2f})" for clock in nights.values()) + " |")
        public, warehouse = data / "public" / "newsroom.duckdb", data / "warehouse.duckdb"
        report = data / "public" / "report.html"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sizes = [f"{path.stem} {path.stat().st_size / 2**20:.1f} MB" for path in (public, warehouse, report)]
        print(f"\n{', '.join(sizes)}; peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
