"""A bench for checks: nights without a network, in milliseconds.

Pages of the sample newsroom, as they are or mutated, go through the parser and the stages' own writers into a warehouse; then the
models and the checks are made, as in a real night.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from newsroom import config, extract, pipeline, touched
from newsroom.model import ArchiveRef, CheckResult, Fetch, Reading
from newsroom.sample import SampleSite, listing, pages
from newsroom.sample.items import Item
from newsroom.sample.truth import article_id
from newsroom.stages import check as checking
from newsroom.stages import discover, fetch, parse, publish
from newsroom.urls import Addresses
from newsroom.walk import Page
from newsroom.warehouse import Warehouse, sql_names, sql_text
from tests.mutations import ListingChange, PageChange
from tests.nights import CONFIG, differences

FIELDS = (
    "url",
    "title",
    "lead",
    "body",
    "content_type",
    "published_on",
    "published_on_conflict",
    "place",
    "issuers",
    "topics",
    "language",
    "is_removed",
)


UNASKED = (
    "mart/30_duplicates",
    "mart/45_search_documents",
    "mart/46_search",
    "mart/60_article_urls",
    "mart/86_listing_changes",
    "mart/90_quarantine",
    "mart/95_runs",
)
"""Models that no check looks at: left out of every night but the first."""


class Shelf:
    """An archive in memory: a response by the number that stands for its offset."""

    def __init__(self) -> None:
        self.pages: list[bytes] = []

    def put(self, content: bytes) -> ArchiveRef:
        self.pages.append(content)
        return ArchiveRef("shelf.warc.gz", len(self.pages) - 1)

    def read(self, place: ArchiveRef) -> Any:
        return SimpleNamespace(content=self.pages[place.warc_offset], header=lambda _name: "text/html; charset=utf-8")


@dataclass
class Bench:
    """A newsroom office without a network."""

    site: SampleSite
    folder: Path
    now: datetime = datetime(2026, 2, 12, 2, 30, tzinfo=UTC)
    shelf: Shelf = field(default_factory=Shelf)
    doors: ExitStack = field(default_factory=ExitStack)
    _truth: tuple[int, list[dict[str, Any]]] | None = None

    def __enter__(self) -> Bench:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.source = config.load_source(CONFIG / "sources" / "osce.toml")
        self.addresses = Addresses(self.source)
        self.warehouse = self.doors.enter_context(Warehouse.open(self.folder / "warehouse.duckdb", threads=1))
        self.bounds = config.load_checks(CONFIG)
        return self

    def __exit__(self, *_error: object) -> None:
        self.doors.close()

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    # --- a night ---------------------------------------------------------------------------------------------------------------

    def begin(self, kind: str = "nightly") -> str:
        options = pipeline.Options(CONFIG, self.folder, "http://127.0.0.1:9", 0)
        plan = pipeline.prepare("nightly", options, sources=("osce",))
        self.now += timedelta(hours=1)
        return pipeline._begin(self.warehouse, plan, f"{self.now:%Y%m%d-%H%M%S}-{kind}", self.clock())

    def walk(self, run_id: str, *, rows: int = 50, most: int | None = None, change: ListingChange | None = None) -> None:
        """Read the listing, down to the first `most` pages."""
        query = listing.Query(rows=rows)
        last = listing.last_page(listing.found(self.site, query), query)
        numbers = range(min(last + 1, most or last + 1))
        found = discover.Discovering(self.source, kind="nightly", run_id=run_id, window=None, warehouse=self.warehouse, clock=self.clock)
        started_at = self.clock()
        for number in numbers:
            html = listing.page(self.site, listing.Query(page=number, rows=rows))
            read = extract.read_listing(
                change(html) if change else html,
                self.source,
                canonical=self.addresses.canonical,
                article_id=self.addresses.article_id,
                url="https://www.osce.org/press-releases",
            )
            entries = tuple(entry for entry in read.entries if "/admin/" not in entry.url)
            found.record([Page(number, entries, self.clock())])
        walk = {
            "walk_id": found.walk_id,
            "run_id": run_id,
            "source": "osce",
            "kind": "nightly",
            "pages": len(numbers),
            "entries": len(found._seen),
            "refused": 0,
            "is_complete": True,
            "is_whole": most is None,
            "reason": "bench",
            "newest_on": self.site.end,
            "started_at": started_at,
            "finished_at": self.clock(),
        }
        self.warehouse.append("facts.walks", [walk])

    def receive(self, run_id: str, items: Iterable[Item], change: PageChange | None = None) -> None:
        """Pages of these items arrive, and are read."""
        fetches = []
        for item in items:
            html = pages.article(item, edition=self.site.edition)
            content = (change(html, item, self.site) if change else html).encode("utf-8", "replace")
            url = "https://www.osce.org" + item.path
            fetches.append(
                Fetch(
                    article_id(item),
                    url,
                    "ok",
                    self.clock(),
                    status=200,
                    final_url=url,
                    payload_sha256=hashlib.sha256(content).hexdigest(),
                    archived=self.shelf.put(content),
                    requests=1,
                )
            )
        self.warehouse.append("facts.fetches", [fetch._row(each, "osce", run_id) for each in fetches])
        self.read(run_id)

    def not_modified(self, run_id: str, items: Iterable[Item]) -> None:
        """These were asked for, and had not changed."""
        fetches = [Fetch(article_id(item), "https://www.osce.org" + item.path, "not_modified", self.clock(), status=304) for item in items]
        self.warehouse.append("facts.fetches", [fetch._row(each, "osce", run_id) for each in fetches])

    def read(self, run_id: str) -> None:
        jobs = parse.pending(self.source, warehouse=self.warehouse)
        pages = [parse.page_of(job, self.source, self.shelf) for job in jobs]  # type: ignore[arg-type]
        readings = [page if isinstance(page, Reading) else parse.read(page, self.source, self.addresses) for page in pages]
        parse.record(readings, source=self.source, run_id=run_id, warehouse=self.warehouse, clock=self.clock)

    def judge(self, run_id: str, *names: str) -> tuple[CheckResult, ...]:
        with self.warehouse.transaction():
            for name in sql_names("mart"):
                if name not in UNASKED:
                    self.warehouse.run(sql_text(name))
        return checking.check(self.warehouse, self.bounds, run_id=run_id, now=self.clock(), names=names)

    def publish(self, run_id: str) -> None:
        touched.rebuild(self.warehouse, whole=True)
        publish.publish(self.warehouse, self.folder / "public", run_id=run_id, now=self.clock(), keep_snapshots=2)

    def forget(self, run_id: str) -> None:
        """As if the run had never been."""
        for table in ("ops.runs", "ops.checks", "ops.check_rows", "facts.walks", "facts.entries", "facts.fetches", "facts.readings"):
            self.warehouse.run(f"DELETE FROM {table} WHERE run_id = $run_id", run_id=run_id)
        self.warehouse.run("DELETE FROM facts.sightings WHERE starts_with(walk_id, $run_id)", run_id=run_id + "/")

    # --- the truth ---------------------------------------------------------------------------------------------------------------

    def truth(self) -> list[dict[str, Any]]:
        if self._truth is None or self._truth[0] != self.site.revision:
            self._truth = (self.site.revision, self.site.expected())
        return self._truth[1]

    def wrong(self, items: Iterable[Item]) -> list[str]:
        """Fields of these articles, as the models have them now, that are not as published; and articles that are missing."""
        wanted = {article_id(item) for item in items}
        truth = [row for row in self.truth() if row["article_id"] in wanted]
        have = self.warehouse.ask("SELECT * FROM mart.articles WHERE list_contains($ids, article_id)", ids=sorted(wanted)).dicts()
        return differences(have, truth, "article_id", FIELDS)


def blocking(results: Iterable[CheckResult]) -> list[str]:
    return [result.check_name for result in checking.blocking(tuple(results))]


def a_year_of_news(site: SampleSite, days: int = 366) -> list[Item]:
    """Plain items of the last year, newest first: those that a night may ask for again."""
    since = site.end - timedelta(days=days)
    found = [
        item
        for item in site.articles()
        if item.published_on >= since and item.brief.key.startswith(("p", "a")) and item.layout in ("press", "news")
    ]
    return sorted(found, key=lambda item: (item.published_on, item.id), reverse=True)


def new_items(site: SampleSite, count: int) -> list[Item]:
    """So many new articles, of the first days of the next month, in which a day may be taken for a month."""
    numbers = [site.add(on=date(2026, 2, 3 + n * 9 // count))[0] for n in range(count)]
    return [site.items[number] for number in numbers]
