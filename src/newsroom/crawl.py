"""The crawl of one source in one run: the walk over its listing, and its articles handed out in batches.

Politeness is decided here, in one place, however many workers there are: a source that is asked with a delay has one batch under way
at a time, which is told how long the host is still to be left alone, and starts when the walk is over. A source without a delay (a
mirror on this machine) has several, and its articles are asked for while its listing is still being walked.
"""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from newsroom import archive
from newsroom.alike import Alike
from newsroom.config import Batches, Source
from newsroom.dispatch import Desk, Watch
from newsroom.model import Entry, FetchJob, HostMemory, Recheck, RunKind, StageReport, Window
from newsroom.processes import Processes
from newsroom.stages import discover, fetch
from newsroom.stages.fetch import FetchBatch, Fetched, Way
from newsroom.urls import Addresses
from newsroom.walk import Page
from newsroom.warehouse import Warehouse
from newsroom.words import PORTION, count_portion

FEW = 50
"""Articles that are not worth the start of another process."""
CRAWLS: tuple[RunKind, ...] = ("nightly", "backfill", "sweep")
POSTED_EVERY_SECONDS = 0.25
"""Listing pages that come within so long are written down together."""
READING_SECONDS = 0.0025
"""What a page costs here, about. More requests at a time than are answered meanwhile only wait for the interpreter, which cost a tenth more."""
STOPPED_ASKING = "stopped asking for articles"
"""In the detail of a run: the site answered all requests alike."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a crawl is to do."""

    kind: RunKind
    run_id: str
    started_at: datetime
    recheck: Recheck
    window: Window | None = None
    ids: tuple[str, ...] = ()
    """Only these articles, without a walk."""


@dataclass(slots=True)
class Crawl:
    """A lane of the desk: one source's walk and fetches. All but the walk happens in the desk's thread."""

    way: Way
    errand: Errand
    warehouse: Warehouse
    desk: Desk
    watch: Watch
    clock: Callable[[], datetime]
    batch: Batches
    processes: Processes | None = None
    """For batches that are too much for the threads of this process."""
    counts: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    _waiting: deque[FetchJob] = field(default_factory=deque)
    _handed_out: set[str] = field(default_factory=set)
    _ends: dict[str, int] = field(default_factory=dict)
    """Where each archive file of the run ended when last written to, by its name without ending."""
    _free: list[str] = field(default_factory=list)
    """Names of the archive files that nobody writes to."""
    _memory: dict[str, tuple[HostMemory, float]] = field(default_factory=dict)
    """What is known of each host, and until when (monotonic) it is to be left alone."""
    _alike: Alike = field(init=False)
    _addresses: Addresses = field(init=False)
    _totals: Counter[str] = field(default_factory=Counter)
    _walking: bool = False
    _pages: int = 0
    _numbers: int = 0
    _files: int = 0
    _shares: list[int] = field(default_factory=list)
    """Of each batch under way: the requests that it may make at a time."""
    _answer_seconds: float | None = None
    """How long the site takes to answer, as of the last batch: all but its quickest tenth take longer."""
    _pooled: bool = False
    """Batches go to the pool of processes."""
    _done: int = 0
    _planned: int = 0

    def __post_init__(self) -> None:
        source = self.source
        self._addresses = Addresses(source, base_url=self.way.base_url)
        self._alike = Alike(stop_at=source.suspicion.stop_at, of_last=source.suspicion.of_last)

    @property
    def source(self) -> Source:
        """The source that is crawled."""
        return self.way.source

    # --- the walk

    def start(self) -> None:
        """Begin: with the walk, or with the articles that were named."""
        if self.errand.kind not in CRAWLS:
            self._free.append(self.errand.run_id)
            self._plan(None)
            return
        found = discover.Discovering(
            self.source,
            kind=self.errand.kind,
            run_id=self.errand.run_id,
            window=self.errand.window,
            warehouse=self.warehouse,
            clock=self.clock,
        )
        self._walking = True
        self.desk.aside(f"discover {self.source.name}", lambda: self._walk(found))

    def _walk(self, found: discover.Discovering) -> None:
        """In a thread of its own: ask for page after page, and hand them over to be written down, several where they come fast."""
        writer = self.way.archive_writer(self.errand.run_id, clock=self.clock)
        memory: tuple[HostMemory, ...] = ()
        requests = 0
        read: list[Page] = []
        due = time.monotonic()
        try:
            with self.way.client(self._addresses, writer.write, clock=self.clock, stop=self.desk.stop) as client:
                for page in found.pages(client, self._addresses):
                    read.append(page)
                    memory = client.memory()
                    if (now := time.monotonic()) >= due:
                        self.desk.post(partial(self._pages_read, found, read, memory))
                        read, due = [], now + POSTED_EVERY_SECONDS
                memory, requests = client.memory(), client.requests
        finally:
            if read:
                self.desk.post(partial(self._pages_read, found, read, memory))
            end = writer.pause()
            self.desk.post(lambda: self._ends.__setitem__(self.errand.run_id, end))
        self.desk.post(lambda: self._walked(found, memory, requests))

    def _pages_read(self, found: discover.Discovering, pages: list[Page], known: tuple[HostMemory, ...]) -> None:
        new = found.record(pages)
        self._pages += len(pages)
        self.watch.progress("discover", self.source.name, self._pages, None)
        if self._can_overtake(known):
            self._remember(known)
            self._wait_for(_job(entry) for entry in new if self._is_wanted(entry))

    def _can_overtake(self, known: Sequence[HostMemory]) -> bool:
        """Whether articles may be asked for while the listing is being walked: only where no delay is to be shared."""
        return self.desk.engine.room > 1 and not self.way.is_paced(known)

    def _is_wanted(self, entry: Entry) -> bool:
        window = self.errand.window
        return window is None or entry.published_on is None or entry.published_on in window

    def _walked(self, found: discover.Discovering, memory: Sequence[HostMemory], requests: int) -> None:
        self._walking = False
        self._free.append(self.errand.run_id)
        walk = found.close()
        self._remember(memory)
        self.counts["requests"] += requests
        self._count(walk.report)
        counts, name = walk.report.counts, self.source.name
        verdict = "complete" if walk.is_complete else "INCOMPLETE"
        self.watch.say(f"discover {name}: {counts['entries']} entries on {counts['pages']} pages; {verdict}: {walk.reason}")
        if not walk.is_complete:
            self.troubles.append(f"{name}: listing not read whole: {walk.reason}")
        whole = self.errand.kind == "sweep" and walk.is_complete and walk.is_whole
        self._plan(walk.walk_id if whole else None)

    def _plan(self, unseen_walk: str | None) -> None:
        """All that is due now, but for what was handed out while the listing was walked."""
        errand = self.errand
        jobs = fetch.pending(
            self.source,
            warehouse=self.warehouse,
            now=self.clock(),
            started_at=errand.started_at,
            recheck=errand.recheck,
            window=errand.window,
            ids=errand.ids,
            unseen_walk=unseen_walk if errand.recheck != "none" else None,
        )
        self._wait_for(jobs)

    def _wait_for(self, jobs: Any) -> None:
        fresh = [job for job in jobs if job.article_id not in self._handed_out]
        self._handed_out.update(job.article_id for job in fresh)
        self._waiting.extend(fresh)
        self._planned += len(fresh)

    # --- the articles

    @property
    def waits(self) -> bool:
        """Whether its batches mostly wait: such a source is no reason for another one to wait."""
        return self.way.is_paced([memory for memory, _ in self._memory.values()])

    @property
    def _has_time(self) -> bool:
        """Whether what takes the time is the site, not we."""
        return self.waits or (self._answer_seconds or 0) > READING_SECONDS * self.source.politeness.concurrency

    def take(self) -> tuple[str, Callable[[Any], Any], FetchBatch] | None:
        """The next batch, if one may go out now."""
        if not self._waiting or self._alike.verdict or self.desk.stop.is_set():
            return None
        lanes = self._lanes()
        size = fetch.batch_size(self.way.delay_seconds, articles=self.batch.articles, seconds=self.batch.seconds)
        if len(self._shares) >= lanes or (self._walking and (lanes == 1 or len(self._waiting) < size)):
            return None
        if not self._walking:
            size = min(size, max(FEW, -(-len(self._waiting) // lanes)))  # the last ones are shared out
        count = min(size, len(self._waiting))
        pooled = self._is_for_processes(lanes, count)
        share = self._share(pooled, among=min(lanes - len(self._shares), -(-len(self._waiting) // size)))
        if share < 1:
            return None
        jobs = tuple(self._waiting.popleft() for _ in range(count))
        self._pooled = pooled
        self._numbers += 1
        self._shares.append(share)
        is_far = self.desk.engine.is_remote and bool(self.way.store)
        name = f"{self.errand.run_id}.b{self._numbers}" if is_far else self._file()
        batch = FetchBatch(
            self.way,
            self._numbers,
            jobs,
            warc_name=name,
            warc_end=self._ends.get(name, 0),
            is_far=is_far,
            concurrency=share,
            memory=self._known(),
            last=self._alike.last,
        )
        return f"fetch {self.source.name}", self._work(), batch

    def _lanes(self) -> int:
        """Batches of this source that may be under way at a time."""
        if self.waits:
            return 1
        room = self.desk.engine.room
        if self._pooled and self._has_time and self.processes is not None:
            room = min(room, self.processes.count)  # none waits before the pool, with connections that others could use
        return max(1, min(room, self.source.politeness.concurrency))

    def _is_for_processes(self, lanes: int, count: int) -> bool:
        """Whether the next batch goes to the pool of processes; once one did, all do."""
        here = not self.desk.engine.is_remote and self.processes is not None
        return self._pooled or (here and lanes > 1 and count >= FEW)

    def _share(self, pooled: bool, *, among: int) -> int:
        """Connections for the next batch, of which there may be so many more; 0 if all of the source's are in use.

        The pool has no more batches at work than it has processes, and one that waits before it, so that no core does, asks for nothing.
        """
        own = self.source.politeness.concurrency - self._walking
        if pooled and self._shares and not self._pooled:
            return 0  # those under way are no batches of the pool
        at_work = self.processes.count if pooled and self.processes and not self._has_time else None
        share = share_of(own, self._shares, at_work=at_work, among=among)
        return share if self._answer_seconds is None else min(share, math.ceil(self._answer_seconds / READING_SECONDS))

    def _work(self) -> Callable[[FetchBatch], Fetched]:
        if self.desk.engine.is_remote:
            return fetch.fetch_batch
        if self._pooled and self.processes is not None:
            return partial(self.processes.call, fetch.fetch_batch)
        return partial(fetch.fetch_batch, clock=self.clock, stop=self.desk.stop)

    def _file(self) -> str:
        """An archive file to append to, that nobody else writes to now."""
        if not self._free:
            self._files += 1
            return f"{self.errand.run_id}.w{self._files}"
        return self._free.pop()

    def give(self, batch: FetchBatch, came: Fetched) -> Callable[[], None]:
        """Learn from what came of a batch; it is still to be written down."""
        self._shares.remove(batch.concurrency)
        if not batch.is_far:
            self._ends[batch.warc_name] = came.warc_end
            self._free.append(batch.warc_name)
        self._remember(came.memory)
        if seconds := sorted(each.seconds for each in came.fetches if each.seconds):
            self._answer_seconds = seconds[len(seconds) // 10]
        for each in came.fetches:
            fetch.look_at(each, self._alike)
        if came.verdict:
            self._alike.trip(came.verdict)
        self.counts["requests"] += came.requests
        return lambda: self._write_down(came)

    def _write_down(self, came: Fetched) -> None:
        report = fetch.record(
            came.fetches,
            came.readings,
            source=self.source,
            run_id=self.errand.run_id,
            warehouse=self.warehouse,
            alike=self._alike,
            now=self.clock(),
        )
        self._count(report)
        self._totals.update(report.counts)
        self._done += len(came.fetches)
        self.watch.progress("fetch", self.source.name, self._done, None if self._walking else self._planned)
        if self._has_time:  # after what has come meanwhile, for this takes longer
            self.desk.post(lambda: count_portion(self.warehouse, at_least=PORTION))

    @property
    def is_finished(self) -> bool:
        """Whether the walk is over and all articles have been asked for, or will not be."""
        given_up = self._alike.verdict or self.desk.stop.is_set()
        return not (self._walking or self._shares or (self._waiting and not given_up))

    def _finish_files(self, *, heals: bool) -> None:
        ends = {f"{name}.warc": end for name, end in self._ends.items()}
        for healed in archive.finish(self.way.archive_dir, f"{self.errand.run_id}*", ends, heals=heals):
            self.watch.say(f"archive: {healed}")

    def leave(self) -> None:
        """The run ends in the middle: what is still being written is left to the next one."""
        self._finish_files(heals=False)

    def close(self) -> None:
        """Give the archive files their names, and say what became of it all."""
        self._finish_files(heals=True)
        name, totals = self.source.name, self._totals
        if self._planned:
            self.watch.say(f"fetch {name}: " + ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in totals.items() if n))
        if totals["failed"]:
            self.troubles.append(f"{name}: {totals['failed']} of {self._planned} articles could not be had; they stay pending")
        if self._alike.verdict:
            self.troubles.append(f"{name}: {STOPPED_ASKING}, they stay pending: {self._alike.verdict.reason}")
        elif self._done < self._planned:
            self.troubles.append(f"{name}: stopped with {self._planned - self._done} articles still to be asked for")

    # --- small matters

    def _remember(self, known: Sequence[HostMemory]) -> None:
        now = time.monotonic()
        for memory in known:
            self._memory[memory.host] = (memory, now + memory.rest_seconds)

    def _known(self) -> tuple[HostMemory, ...]:
        now = time.monotonic()
        return tuple(replace(memory, rest_seconds=max(0.0, until - now)) for memory, until in self._memory.values())

    def _count(self, report: StageReport) -> None:
        self.counts.update(report.counts)


def share_of(connections: int, shares: Sequence[int], *, at_work: int | None, among: int) -> int:
    """How many of a source's connections one more batch may use, of which there may be `among` more; 0 if none is free.

    `shares` are those of the batches under way. Of these `at_work` are at work at a time, the others wait and use none (None: all are at work).
    """
    if at_work is None or connections < at_work:
        free = connections - sum(shares)
        return max(free // among, min(free, 1))
    each, more = divmod(connections, at_work)
    fair = each + (sum(share > each for share in shares) < more)
    others = sorted(shares, reverse=True)[: at_work - 1]  # that may be at work beside it, at worst
    return max(0, min(fair, connections - sum(others)))


def _job(entry: Entry) -> FetchJob:
    return FetchJob(entry.article_id, entry.url, listed_on=entry.published_on, listed_title=entry.title)
