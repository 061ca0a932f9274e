"""Fetch: ask for the articles that are due, archive what comes, and say what became of each.

A batch is a stranger to the warehouse: addresses in, facts out, bytes to the archive.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from newsroom.config import Source
from newsroom.errors import Rejected, RobotsDisallowed
from newsroom.http import BadResponse, Client, HostDown, NoAnswer, Stopped
from newsroom.model import Fetch, FetchJob, Recheck, Response, StageReport, Window
from newsroom.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class FetchBatch:
    """Addresses of one source to be asked for together."""

    source: str
    number: int
    total: int
    jobs: tuple[FetchJob, ...]

    def describe(self) -> str:
        """Name of the batch in a log or the Prefect UI."""
        return f"fetch {self.source} {self.number}/{self.total} ({len(self.jobs)} articles)"


def pending(
    source: Source,
    *,
    warehouse: Warehouse,
    now: datetime,
    started_at: datetime,
    recheck: Recheck,
    window: Window | None = None,
    ids: tuple[str, ...] = (),
    unseen_walk: str | None = None,
) -> list[FetchJob]:
    """Addresses to ask for now: new ones, failed ones whose time has come, stored ones due for a re-check; newest first.

    `ids` asks for just these, at once. `unseen_walk` names a complete walk of the whole listing: stored articles that it did not
    list are asked for as well. Nothing is asked for twice within one run (`started_at`).
    """
    rows = warehouse.rows(
        "queue/pending_fetches",
        source=source.name,
        since=window.since if window else None,
        until=window.until if window else None,
        mode=recheck,
        ids=list(ids),
        now=now,
        started_at=started_at,
        recheck_days=list(source.recheck.days),
        give_up_after_nights=source.recheck.give_up_after_nights,
        unseen_walk=unseen_walk,
    )
    return [FetchJob(**row) for row in rows]


def batches(source: Source, jobs: list[FetchJob], *, delay: float, articles: int, seconds: float) -> list[FetchBatch]:
    """Cut jobs into batches of at most `articles`, and of about `seconds` at the source's delay: that much is lost by a kill."""
    size = max(5, min(articles, int(seconds / delay))) if delay > 0 else articles
    cuts = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    return [FetchBatch(source.name, number, len(cuts), tuple(cut)) for number, cut in enumerate(cuts, start=1)]


def fetch_batch(batch: FetchBatch, *, client: Client, concurrency: int, clock: Callable[[], datetime], stop: threading.Event) -> list[Fetch]:
    """Ask for every address of the batch; one fact each, whatever happens. Addresses not asked before `stop` have no fact."""

    def one(job: FetchJob) -> Fetch | None:
        return None if stop.is_set() else fetch_one(job, client=client, clock=clock)

    if concurrency == 1 or len(batch.jobs) == 1:
        results: Iterable[Fetch | None] = map(one, batch.jobs)
        return [fetch for fetch in results if fetch is not None]
    with ThreadPoolExecutor(min(concurrency, len(batch.jobs)), thread_name_prefix=f"fetch-{batch.source}") as pool:
        return [fetch for fetch in pool.map(one, batch.jobs) if fetch is not None]


def fetch_one(job: FetchJob, *, client: Client, clock: Callable[[], datetime]) -> Fetch | None:
    """Ask for one address; None if the run was told to stop meanwhile."""
    failed = Fetch(job.article_id, job.url, "failed", clock(), requests=1)
    try:
        response = client.get(job.url, etag=job.etag, last_modified=job.last_modified)
    except Stopped:
        return None
    except HostDown as error:
        return replace(failed, reason="host-down", detail=str(error), requests=0, fetched_at=clock())
    except NoAnswer as error:
        failed = replace(failed, requests=error.requests, archived=error.archived)
        return replace(failed, status=error.status, reason="unreachable", detail=str(error), fetched_at=clock())
    except RobotsDisallowed as error:
        return replace(failed, outcome="disallowed", reason="robots", detail=str(error), requests=0, fetched_at=clock())
    except BadResponse as error:
        kept = _judge(job, error.response)
        return replace(kept, outcome="rejected", reason=error.reason, detail=str(error), payload_sha256=None, fetched_at=clock())
    except Rejected as error:
        return replace(failed, outcome="rejected", reason=error.reason, detail=str(error), fetched_at=clock())
    return _judge(job, response)


def _judge(job: FetchJob, response: Response) -> Fetch:
    fetch = Fetch(
        article_id=job.article_id,
        url=job.url,
        outcome="ok",
        fetched_at=response.fetched_at,
        status=response.status,
        final_url=response.final_url,
        etag=response.header("etag"),
        last_modified=response.header("last-modified"),
        payload_sha256=hashlib.sha256(response.content).hexdigest(),
        wire_bytes=response.wire_bytes,
        seconds=response.seconds,
        requests=response.requests,
        archived=response.archived,
    )
    if response.status == 304:
        return replace(fetch, outcome="not_modified", payload_sha256=None)
    if response.status in (404, 410):
        return replace(fetch, outcome="gone", reason=f"http-{response.status}", detail=f"HTTP {response.status}")
    if response.status != 200:
        return replace(fetch, outcome="failed", reason=f"http-{response.status}", detail=f"HTTP {response.status} for {response.final_url}")
    kind = (response.header("content-type") or "text/html").split(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml", ""):
        return replace(fetch, outcome="rejected", reason="not-html", detail=f"Content-Type {kind}")
    return fetch


def record(fetches: list[Fetch], *, source: str, run_id: str, warehouse: Warehouse) -> StageReport:
    """Write the facts of a batch and count them."""
    with warehouse.transaction():
        warehouse.append("facts.fetches", [_row(fetch, source, run_id) for fetch in fetches])
    counts = {name: 0 for name in ("fetched", "not_modified", "gone", "failed", "rejected", "refused")}
    names = {"ok": "fetched", "disallowed": "refused"}
    for fetch in fetches:
        counts[names.get(fetch.outcome, fetch.outcome)] += 1
    return StageReport("fetch", source, counts)


def _row(fetch: Fetch, source: str, run_id: str) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "source": source,
        "article_id": fetch.article_id,
        "url": fetch.url,
        "outcome": fetch.outcome,
        "fetched_at": fetch.fetched_at,
        "status": fetch.status,
        "final_url": fetch.final_url,
        "etag": fetch.etag,
        "last_modified": fetch.last_modified,
        "payload_sha256": fetch.payload_sha256,
        "wire_bytes": fetch.wire_bytes,
        "seconds": fetch.seconds,
        "requests": fetch.requests,
        "reason": fetch.reason,
        "detail": fetch.detail,
        "warc_file": fetch.archived.warc_file if fetch.archived else None,
        "warc_offset": fetch.archived.warc_offset if fetch.archived else None,
    }
