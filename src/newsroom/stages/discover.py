"""Discover: walk the listing and write down every entry it shows, page by page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from newsroom import extract
from newsroom.config import Source
from newsroom.errors import Rejected, RobotsDisallowed, Transient
from newsroom.http import Client
from newsroom.model import Entry, Response, RunKind, StageReport, Window
from newsroom.urls import Addresses
from newsroom.walk import Bounds, NoSuchPage, Page, Walk
from newsroom.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a walk found, and its verdict."""

    walk_id: str
    is_complete: bool
    is_whole: bool
    reason: str
    report: StageReport


class Discovering:
    """A walk over the listing of a source, and what is written down of it.

    `kind` nightly reads from the top down to the overlap below the last complete walk (everything, if there is none); sweep
    everything; backfill the pages of `window`. `pages` asks the site, in any thread; `record` and `close` write to the warehouse, in
    its own. Never raises for what the site does: that is the verdict's business.
    """

    def __init__(
        self,
        source: Source,
        *,
        kind: RunKind,
        run_id: str,
        window: Window | None,
        warehouse: Warehouse,
        clock: Callable[[], datetime],
    ) -> None:
        self.source, self._kind, self._run_id, self._warehouse, self._clock = source, kind, run_id, warehouse, clock
        self.walk_id = f"{run_id}/{source.name}"
        self._started_at = clock()
        self.bounds = _bounds(source, kind, window, warehouse, now=self._started_at)
        self._known: dict[str, str | None] = {}
        """The state in which each address met was last listed; None if it never was."""
        self._listed: set[str] = set()
        """Articles met that some page listed before."""
        self._seen: set[str] = set()
        self._refused: set[str] = set()
        self._walk: Walk | None = None
        self._read: Memo = {}

    def pages(self, client: Client, addresses: Addresses) -> Iterator[Page]:
        """Every page as it is read."""
        self._walk = Walk(lambda number: read_page(number, self.source, client=client, addresses=addresses, memo=self._read), self.bounds)
        return self._walk.pages()

    def record(self, pages: Sequence[Page]) -> list[Entry]:
        """Write pages down, in one transaction; returns the entries of articles that no page ever listed before."""
        states: list[list[dict[str, object]]] = []
        sightings: list[dict[str, object]] = []
        self._recall(pages)
        for page in pages:
            states.append([])
            for entry in _once(page.entries):
                self._take(entry, page.fetched_at, states[-1], sightings)
            self._refused.update(page.refused)
        with self._warehouse.transaction():
            self._warehouse.append_in_order("facts.entries", states)
            self._warehouse.append("facts.sightings", sightings)
        new = {entry.article_id: entry for page in pages for entry in page.entries if entry.article_id not in self._listed}
        self._listed.update(new)
        return list(new.values())

    def _recall(self, pages: Sequence[Page]) -> None:
        """What was listed before of the entries that this walk meets for the first time."""
        new = {entry.url: entry.article_id for page in pages for entry in page.entries if entry.url not in self._known}
        if not new:
            return
        known = self._warehouse.rows("queue/known_entries", source=self.source.name, urls=list(new))
        self._known |= dict.fromkeys(new) | {row["url"]: row["entry_sha256"] for row in known}
        self._listed.update(article_id for row in known for article_id in row["article_ids"])
        if others := set(new.values()) - self._listed:  # perhaps listed at other addresses
            rows = self._warehouse.rows("queue/known_articles", source=self.source.name, article_ids=list(others))
            self._listed.update(row["article_id"] for row in rows)

    def _take(self, entry: Entry, seen_at: datetime, states: list[dict[str, object]], sightings: list[dict[str, object]]) -> None:
        """The rows an entry is worth: a state if the listing says something new of it, a sighting if the walk sees it for the first time."""
        of = {"source": self.source.name, "article_id": entry.article_id, "url": entry.url, "seen_at": seen_at}
        state = state_sha256(entry)
        if self._known.get(entry.url) != state:
            self._known[entry.url] = state
            states.append(
                of
                | {
                    "title": entry.title,
                    "published_on": entry.published_on,
                    "content_type": entry.content_type,
                    "issuers": list(entry.issuers),
                    "topics": list(entry.topics),
                    "snippet": entry.snippet,
                    "entry_sha256": state,
                    "run_id": self._run_id,
                }
            )
        if entry.url not in self._seen:
            self._seen.add(entry.url)
            sightings.append(of | {"walk_id": self.walk_id})

    def close(self) -> Discovery:
        """Write down how the walk ended, once `pages` is exhausted."""
        assert self._walk is not None
        verdict, refused = self._walk.verdict(), self._refused
        reason = verdict.reason + (f"; {len(refused)} listed addresses may not be asked for: {_some(refused)}" if refused else "")
        newest_on = min(verdict.newest_on, self._clock().date()) if verdict.newest_on else None
        row = {
            "walk_id": self.walk_id,
            "run_id": self._run_id,
            "source": self.source.name,
            "kind": self._kind,
            "since_on": self.bounds.since,
            "until_on": self.bounds.until,
            "pages": verdict.pages,
            "entries": len(self._seen),
            "refused": len(refused),
            "is_complete": verdict.is_complete,
            "is_whole": verdict.is_whole,
            "reason": reason,
            "newest_on": newest_on,
            "started_at": self._started_at,
            "finished_at": self._clock(),
        }
        with self._warehouse.transaction():
            self._warehouse.append("facts.walks", [row])
        counts = {"pages": verdict.pages, "entries": len(self._seen), "refused": len(refused)}
        report = StageReport("discover", self.source.name, counts, reason)
        return Discovery(self.walk_id, verdict.is_complete, verdict.is_whole, reason, report)


def _bounds(source: Source, kind: RunKind, window: Window | None, warehouse: Warehouse, *, now: datetime) -> Bounds:
    listing = source.listing
    is_sorted = listing.order == "newest-first"
    since, until = (window.since, window.until) if window else (None, None)
    if kind == "nightly":
        watermark: date | None = warehouse.rows("queue/watermark", source=source.name, now=now)[0]["newest_on"]
        since = watermark - timedelta(days=listing.overlap_days) if watermark else None
    return Bounds(first_page=listing.first_page, max_pages=listing.max_pages, is_sorted=is_sorted, since=since, until=until)


Memo = dict[int, tuple[bytes, Page]]
"""By page number: the bytes last received, digested, and the page read from them. A walk asks for every page twice."""


def read_page(number: int, source: Source, *, client: Client, addresses: Addresses, memo: Memo | None = None) -> Page:
    """Ask for one listing page and read it. Raises `NoSuchPage`, `Transient` or `Rejected`."""
    path = source.listing.url.format(page=number, rows=source.listing.rows)
    url = source.site.base_url + path
    try:
        response = client.get(url)
    except RobotsDisallowed as error:
        raise Transient(str(error)) from None
    if response.status in (404, 410):
        raise NoSuchPage(f"HTTP {response.status} for {url}")
    if response.status != 200:
        raise Transient(f"HTTP {response.status} for {url}", status=response.status)
    digest, memo = hashlib.sha256(response.content).digest(), {} if memo is None else memo
    if number in memo and memo[number][0] == digest:
        return replace(memo[number][1], fetched_at=response.fetched_at)
    html = extract.decode(response.content, response.header("content-type"))
    listing = extract.read_listing(html, source, canonical=addresses.canonical, article_id=addresses.article_id, url=url)
    if not listing.entries:
        _doubt_empty(html, url, source, addresses, response)
    allowed: list[Entry] = []
    forbidden: list[str] = []
    for entry in listing.entries:
        if client.allowed(entry.url):
            allowed.append(entry)
        else:
            forbidden.append(entry.url)
    page = Page(
        number,
        tuple(allowed),
        response.fetched_at,
        last_page=listing.last_page,
        refused=(*listing.outside, *forbidden),
        missing=listing.missing,
    )
    memo[number] = (digest, page)
    return page


def _doubt_empty(html: str, url: str, source: Source, addresses: Addresses, response: Response) -> None:
    """A challenge or a maintenance page in place of a listing page lists nothing, and says nothing of the listing."""
    doubt = extract.doubt_listing(html, source, url=url, canonical=addresses.canonical, article_id=addresses.article_id)
    if doubt is None:
        return
    where = (
        f"archive/{source.name}/{response.archived.warc_file} at {response.archived.warc_offset}" if response.archived else "not archived"
    )
    message = f"{doubt.reason} instead of a listing page: {doubt.evidence} ({where})"
    if doubt.reason == "soft-404":
        raise NoSuchPage(message)
    raise Rejected(doubt.reason, message)


def _once(entries: Iterable[Entry]) -> list[Entry]:
    return list({entry.url: entry for entry in entries}.values())


def state_sha256(entry: Entry) -> str:
    """Hash of what the listing says of an article.

    >>> state_sha256(Entry("a:1", "https://a.example/x/1", "T", None, None))[:8]
    'e0fb0a18'
    """
    facts = [entry.title, str(entry.published_on), entry.content_type, entry.issuers, entry.topics, entry.snippet]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def _some(addresses: set[str]) -> str:
    first = sorted(addresses)[:3]
    return ", ".join(first) + (" …" if len(addresses) > 3 else "")
