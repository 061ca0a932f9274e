"""Fetch: ask for the articles that are due, archive what comes, read it, and say what became of each.

A batch is a stranger to the warehouse: addresses in, facts out, bytes to the archive. It carries all that a worker must know, what
earlier batches have learnt of the host included, so that it may run in whatever thread, process or machine has room.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from newsroom import extract, facts, reading
from newsroom.alike import Alike, Answer, Verdict
from newsroom.archive import ArchiveWriter, deliver
from newsroom.config import Source
from newsroom.errors import Rejected, RobotsDisallowed
from newsroom.http import BadResponse, Client, HostDown, NoAnswer, Stopped
from newsroom.model import ArchiveRef, Exchange, Fetch, FetchJob, HostMemory, Reading, Recheck, Response, StageReport, Window
from newsroom.store import Store
from newsroom.urls import Addresses

if TYPE_CHECKING:
    from newsroom.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Way:
    """How a source is asked in a run: what all its batches have in common."""

    source: Source
    user_agent: str
    archive_dir: Path
    """That of the source."""
    store: str = ""
    """URL of the folder that finished archive files go to; empty if they stay."""
    base_url: str | None = None
    delay: float | None = None
    """Seconds; None for the source's own."""
    pacing: Path | None = None
    """Folder that remembers when each host was asked last."""

    @property
    def delay_seconds(self) -> float:
        """Between the starts of two requests, robots.txt aside."""
        return self.source.politeness.delay_seconds if self.delay is None else self.delay

    def is_paced(self, known: Sequence[HostMemory]) -> bool:
        """Whether there is, or may be, a delay between requests; `known` is what has been learnt of the hosts so far."""
        return self.delay_seconds > 0 or not known or any(memory.delay_seconds > 0 for memory in known)

    def archive_writer(self, name: str, *, clock: Callable[[], datetime], end: int = 0, directory: Path | None = None) -> ArchiveWriter:
        """To a file of the run; see `ArchiveWriter`."""
        info = {"user-agent": self.user_agent, "robots": "classic", "base-url": self.base_url or self.source.site.base_url}
        return ArchiveWriter(directory or self.archive_dir, name=name, info=info, clock=clock, end=end)

    def client(
        self,
        addresses: Addresses,
        record: Callable[[Exchange], ArchiveRef],
        *,
        clock: Callable[[], datetime],
        stop: threading.Event | None,
        memory: Sequence[HostMemory] = (),
        concurrency: int | None = None,
    ) -> Client:
        """Who asks."""
        return Client(
            self.source,
            canonical=addresses.canonical,
            request_url=addresses.request_url,
            record=record,
            user_agent=self.user_agent,
            base_url=self.base_url,
            delay=self.delay,
            clock=clock,
            stop=stop,
            pacing=self.pacing,
            memory=memory,
            concurrency=concurrency,
        )


@dataclass(frozen=True, slots=True)
class FetchBatch:
    """Addresses of one source to be asked for together."""

    way: Way
    number: int
    jobs: tuple[FetchJob, ...]
    warc_name: str
    """Name of the archive file to append to, which is no other batch's meanwhile."""
    warc_end: int = 0
    """Where that file ended when it was last written to."""
    is_far: bool = False
    """To be done where the archive's directory is not: the file is written beside and put into the store, under a name of this attempt's."""
    concurrency: int = 1
    memory: tuple[HostMemory, ...] = ()
    last: tuple[Answer, ...] = ()
    """The last answers of the source, for `Alike`."""

    def describe(self) -> str:
        """Name of the batch in a log or the Prefect UI."""
        return f"fetch {self.way.source.name} {self.number} ({len(self.jobs)} articles)"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a batch: a fact for each address asked, readings of the pages that came, and what the next batch must know."""

    fetches: tuple[Fetch, ...]
    readings: tuple[Reading, ...]
    requests: int
    warc_end: int
    memory: tuple[HostMemory, ...]
    verdict: Verdict | None
    """Why the batch stopped asking, if the site answers all requests alike."""


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
        parser_version=extract.PARSER_VERSION,
        definition_sha256=extract.definition_sha256(source),
    )
    return [FetchJob(**row) for row in rows]


def batch_size(delay: float, *, articles: int, seconds: float) -> int:
    """At most `articles`, and what takes about `seconds` at the source's delay: that much is lost by a kill."""
    return max(5, min(articles, int(seconds / delay))) if delay > 0 else articles


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def fetch_batch(batch: FetchBatch, clock: Callable[[], datetime] = utc_now, stop: threading.Event | None = None) -> Fetched:
    """Ask for every address of the batch; one fact each, whatever happens.

    Addresses not asked before `stop`, or before the site was found to answer all requests alike, have no fact. When it returns, the
    bytes of all that it returns are on the disk.
    """
    way, source = batch.way, batch.way.source
    addresses = Addresses(source, base_url=way.base_url)
    alike = Alike(stop_at=source.suspicion.stop_at, of_last=source.suspicion.of_last, last=batch.last)
    confirmed = {job.url: (job.url, job.payload_at) for job in batch.jobs if job.payload_at}
    file = _Far(batch, clock) if batch.is_far else _Near(batch, clock)
    writer = file.writer

    def keep(exchange: Exchange) -> ArchiveRef:
        return writer.write(exchange, refers_to=confirmed.get(exchange.url) if exchange.status == 304 else None)

    try:
        with way.client(addresses, keep, clock=clock, stop=stop, memory=batch.memory, concurrency=batch.concurrency) as client:

            def ask(job: FetchJob) -> _Asked | None:
                if (stop is not None and stop.is_set()) or alike.verdict:
                    return None
                return _ask(job, client, clock)

            def read(asked: _Asked) -> tuple[Fetch, Reading | None]:
                came = _read(asked, source, addresses)
                look_at(came[0], alike)
                return came

            came = list(_each(ask, read, batch))
            memory, requests = client.memory(), client.requests
    finally:
        end = file.leave()  # first the bytes, then the fact that points to them
    return Fetched(
        tuple(fetch for fetch, _ in came), tuple(read for _, read in came if read is not None), requests, end, memory, alike.verdict
    )


class _Near:
    """The archive file of a batch: one of the run's, for another batch to go on with."""

    def __init__(self, batch: FetchBatch, clock: Callable[[], datetime]) -> None:
        self.writer = batch.way.archive_writer(batch.warc_name, clock=clock, end=batch.warc_end)

    def leave(self) -> int:
        """Make it durable and let go of it; where it ends."""
        return self.writer.pause()


class _Far:
    """The archive file of a batch that is done elsewhere: put into the store when the batch is done.

    Its name is of this attempt alone, so that a worker which was thought dead writes over nothing. And since nobody knows when that one
    asked the host last, an attempt begins with a pause of its own.
    """

    def __init__(self, batch: FetchBatch, clock: Callable[[], datetime]) -> None:
        self._way, self._spool = batch.way, TemporaryDirectory(prefix="newsroom-")
        name = f"{batch.warc_name}-{secrets.token_hex(4)}"
        self.writer = batch.way.archive_writer(name, clock=clock, directory=Path(self._spool.name))
        time.sleep(max([batch.way.delay_seconds, *(memory.delay_seconds for memory in batch.memory)]))

    def leave(self) -> int:
        """Give it to the store. Raises `Transient` if that does not take it: then the batch has not been done."""
        with self._spool as folder:
            self.writer.close()
            deliver(Path(folder), Store(self._way.store))
        return 0


def _each(
    ask: Callable[[FetchJob], _Asked | None], read: Callable[[_Asked], tuple[Fetch, Reading | None]], batch: FetchBatch
) -> Iterable[tuple[Fetch, Reading | None]]:
    if batch.concurrency == 1:
        asked = (each for job in batch.jobs if (each := ask(job)) is not None)
        turn = 1 if batch.way.is_paced(batch.memory) else reading.TURN  # while it is the host's turn to rest, there is time to read
        return reading.by_turns(asked, read, size=_Asked.size, turn=turn)
    threads = min(batch.concurrency + 1, len(batch.jobs))  # one reads while all connections are in use, of which the client takes care
    with ThreadPoolExecutor(threads, thread_name_prefix=f"fetch-{batch.way.source.name}") as pool:
        came = pool.map(lambda job: None if (each := ask(job)) is None else read(each), batch.jobs)
        return [each for each in came if each is not None]


def look_at(fetch: Fetch, alike: Alike) -> None:
    """Show an answer to who notices that all are alike."""
    if fetch.outcome in ("ok", "rejected"):
        refusal = f"{fetch.reason}: {fetch.detail}" if fetch.outcome == "rejected" else None
        alike.saw(fetch.article_id, refusal=refusal, likeness=fetch.likeness)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of asking for an address; the page, if one came, is still to be read."""

    job: FetchJob
    fetch: Fetch
    response: Response | None = None

    def size(self) -> int:
        return len(self.response.content) if self.response else 0


def _ask(job: FetchJob, client: Client, clock: Callable[[], datetime]) -> _Asked | None:
    """Ask for one address; None if the run was told to stop meanwhile."""
    failed = Fetch(job.article_id, job.url, "failed", clock(), requests=1)
    try:
        response = client.get(job.url, etag=job.etag, last_modified=job.last_modified)
    except Stopped:
        return None
    except HostDown as error:
        return _Asked(job, replace(failed, reason="host-down", detail=str(error), requests=0, fetched_at=clock()))
    except NoAnswer as error:
        failed = replace(failed, requests=error.requests, archived=error.archived)
        return _Asked(job, replace(failed, status=error.status, reason="unreachable", detail=str(error), fetched_at=clock()))
    except RobotsDisallowed as error:
        return _Asked(job, replace(failed, outcome="disallowed", reason="robots", detail=str(error), requests=0, fetched_at=clock()))
    except BadResponse as error:
        kept = _judge(job, error.response)
        kept = replace(kept, outcome="rejected", reason=error.reason, detail=str(error), payload_sha256=None, fetched_at=clock())
        return _Asked(job, kept)
    except Rejected as error:
        return _Asked(job, replace(failed, outcome="rejected", reason=error.reason, detail=str(error), fetched_at=clock()))
    return _Asked(job, _judge(job, response), response)


def _read(asked: _Asked, source: Source, addresses: Addresses) -> tuple[Fetch, Reading | None]:
    """Read the page that came, if nobody has: whether it is the article at all, and what it says.

    A page that is refused is kept, as evidence and to be judged again later.
    """
    job, fetch, response = asked.job, asked.fetch, asked.response
    if response is None or fetch.outcome != "ok" or fetch.payload_sha256 == job.read_sha256:
        return fetch, None
    assert fetch.payload_sha256 is not None
    where = f"archive/{source.name}/{fetch.archived.warc_file} at {fetch.archived.warc_offset}" if fetch.archived else "not archived"
    page = reading.Page(
        job.article_id,
        job.url,
        fetch.payload_sha256,
        response.content,
        response.header("content-type"),
        where,
        final_url=fetch.final_url,
        listed_title=job.listed_title,
        listed_on=job.listed_on,
    )
    judged = reading.judge(page, source, addresses)
    fetch = replace(fetch, likeness=judged.likeness)
    if judged.doubt is None:
        return fetch, judged.reading
    # a refused page has been read: a better parser or definition will read it again
    reason, detail = judged.doubt.reason, f"{judged.doubt.evidence} ({where})"
    refused = Reading(job.article_id, fetch.payload_sha256 or "", reason=reason, detail=detail)
    return replace(fetch, outcome="rejected", reason=reason, detail=detail), refused


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


def record(
    fetches: Sequence[Fetch],
    readings: Sequence[Reading],
    *,
    source: Source,
    run_id: str,
    warehouse: Warehouse,
    alike: Alike,
    now: datetime,
) -> StageReport:
    """Write the facts of a batch and count them; and, once, that the site answered all requests alike."""
    verdict = alike.verdict
    suspect = {fetch.article_id for fetch in fetches if verdict and fetch.outcome == "ok" and fetch.likeness == verdict.likeness}
    with warehouse.transaction():
        warehouse.append("facts.fetches", [_row(fetch, source.name, run_id) for fetch in fetches])
        believed = [each for each in readings if each.article_id not in suspect]
        facts.append_readings(warehouse, believed, source=source, run_id=run_id, now=now)
        if verdict and not warehouse.rows("queue/distrusted", source=source.name, run_id=run_id):
            row = {"run_id": run_id, "source": source.name, "likeness": verdict.likeness, "reason": verdict.reason, "noticed_at": now}
            warehouse.append("facts.distrusts", [row])
    counts = dict.fromkeys(("fetched", "not_modified", "gone", "failed", "rejected", "refused", "read", "unread"), 0)
    names = {"ok": "fetched", "disallowed": "refused"}
    for fetch in fetches:
        counts[names.get(fetch.outcome, fetch.outcome)] += 1
    counts["read"] = sum(each.article is not None for each in believed)
    had = {fetch.article_id for fetch in fetches if fetch.outcome == "ok"}
    counts["unread"] = sum(each.article is None and each.article_id in had for each in believed)
    return StageReport("fetch", source.name, counts)


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
