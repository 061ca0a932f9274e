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

from newsroom import extract
from newsroom.alike import Alike
from newsroom.config import Source
from newsroom.errors import Rejected, RobotsDisallowed
from newsroom.http import BadResponse, Client, HostDown, NoAnswer, Stopped
from newsroom.model import Fetch, FetchJob, Recheck, Response, StageReport, Window
from newsroom.urls import Addresses
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


def fetch_batch(
    batch: FetchBatch,
    *,
    source: Source,
    addresses: Addresses,
    client: Client,
    alike: Alike,
    clock: Callable[[], datetime],
    stop: threading.Event,
) -> list[Fetch]:
    """Ask for every address of the batch; one fact each, whatever happens.

    Addresses not asked before `stop`, or before the site was found to answer all requests alike, have no fact.
    """
    concurrency = source.politeness.concurrency

    def one(job: FetchJob) -> Fetch | None:
        if stop.is_set() or alike.verdict:
            return None
        fetch = fetch_one(job, source=source, addresses=addresses, client=client, clock=clock)
        if fetch is not None and fetch.outcome in ("ok", "rejected"):
            refusal = f"{fetch.reason}: {fetch.detail}" if fetch.outcome == "rejected" else None
            alike.saw(fetch.article_id, refusal=refusal, likeness=fetch.likeness)
        return fetch

    if concurrency == 1 or len(batch.jobs) == 1:
        results: Iterable[Fetch | None] = map(one, batch.jobs)
        return [fetch for fetch in results if fetch is not None]
    with ThreadPoolExecutor(min(concurrency, len(batch.jobs)), thread_name_prefix=f"fetch-{batch.source}") as pool:
        return [fetch for fetch in pool.map(one, batch.jobs) if fetch is not None]


def fetch_one(job: FetchJob, *, source: Source, addresses: Addresses, client: Client, clock: Callable[[], datetime]) -> Fetch | None:
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
    fetch = _judge(job, response)
    return _look(job, fetch, response, source, addresses) if fetch.outcome == "ok" else fetch


def _look(job: FetchJob, fetch: Fetch, response: Response, source: Source, addresses: Addresses) -> Fetch:
    """Whether it is the article at all. A page that is refused is kept, as evidence and to be judged again by a better definition."""
    try:
        look = extract.look(
            extract.decode(response.content, response.header("content-type")),
            source,
            url=job.url,
            canonical=addresses.canonical,
            article_id=addresses.article_id,
            final_url=fetch.final_url,
            listed_title=job.listed_title,
        )
    except Exception:  # noqa: BLE001 -- a page that breaks the look breaks the reader too, which writes it down
        return fetch
    if look.doubt is None:
        return replace(fetch, likeness=look.likeness)
    where = f" (archive/{source.name}/{fetch.archived.warc_file} at {fetch.archived.warc_offset})" if fetch.archived else ""
    return replace(fetch, outcome="rejected", reason=look.doubt.reason, detail=look.doubt.evidence + where, likeness=look.likeness)


def _validator(value: str | None) -> str | None:
    """A validator that can be sent back in a header; what a server says in one may be anything."""
    return value if value and value.isascii() and value.isprintable() and len(value) <= 1_000 else None


def _judge(job: FetchJob, response: Response) -> Fetch:
    fetch = Fetch(
        article_id=job.article_id,
        url=job.url,
        outcome="ok",
        fetched_at=response.fetched_at,
        status=response.status,
        final_url=response.final_url,
        etag=_validator(response.header("etag")),
        last_modified=_validator(response.header("last-modified")),
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
        return replace(fetch, outcome="rejected", reason="not-html", detail=f"Content-Type {kind}", payload_sha256=None)
    return fetch


def record(fetches: list[Fetch], *, source: Source, run_id: str, warehouse: Warehouse, alike: Alike, now: datetime) -> StageReport:
    """Write the facts of a batch and count them; that pages were refused; and, once, that the site answered all requests alike."""
    with warehouse.transaction():
        warehouse.append("facts.fetches", [_row(fetch, source.name, run_id) for fetch in fetches])
        refused = [fetch for fetch in fetches if fetch.outcome == "rejected" and fetch.payload_sha256]
        warehouse.append("facts.readings", [_refusal(fetch, source, run_id, now) for fetch in refused])
        if (verdict := alike.verdict) and not warehouse.rows("queue/distrusted", source=source.name, run_id=run_id):
            row = {"run_id": run_id, "source": source.name, "likeness": verdict.likeness, "reason": verdict.reason, "noticed_at": now}
            warehouse.append("facts.distrusts", [row])
    counts = dict.fromkeys(("fetched", "not_modified", "gone", "failed", "rejected", "refused"), 0)
    names = {"ok": "fetched", "disallowed": "refused"}
    for fetch in fetches:
        counts[names.get(fetch.outcome, fetch.outcome)] += 1
    return StageReport("fetch", source.name, counts)


def _refusal(fetch: Fetch, source: Source, run_id: str, now: datetime) -> dict[str, Any]:
    """A refused page has been read: a better parser or definition will read it again."""
    return {
        "run_id": run_id,
        "source": source.name,
        "article_id": fetch.article_id,
        "payload_sha256": fetch.payload_sha256,
        "parser_version": extract.PARSER_VERSION,
        "definition_sha256": extract.definition_sha256(source),
        "read_at": now,
        "reason": fetch.reason,
        "detail": fetch.detail,
    }


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
        "likeness": fetch.likeness,
        "wire_bytes": fetch.wire_bytes,
        "seconds": fetch.seconds,
        "requests": fetch.requests,
        "reason": fetch.reason,
        "detail": fetch.detail,
        "warc_file": fetch.archived.warc_file if fetch.archived else None,
        "warc_offset": fetch.archived.warc_offset if fetch.archived else None,
    }
