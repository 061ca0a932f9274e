"""The nouns of the pipeline: frozen values handed from stage to stage.

They are plain (strings, numbers, dates, tuples), so that a batch of them can cross a thread, a process
or a machine. Times are aware UTC datetimes; dates are calendar dates as the newsroom prints them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Outcome = Literal["ok", "incomplete", "blocked", "failed"]
RunKind = Literal["nightly", "backfill", "sweep", "reparse", "retry", "check", "publish"]
Recheck = Literal["due", "all", "none"]
SliceState = Literal["complete", "empty", "open", "incomplete"]


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open window of publication dates, `[since, until)`."""

    since: date
    until: date

    def __contains__(self, day: date) -> bool:
        return self.since <= day < self.until


@dataclass(frozen=True, slots=True)
class Slice:
    """That a run's window is one of several of a backfill, which do not depend on each other."""

    of: Window
    """What was asked for as a whole."""
    began_at: datetime
    """When the first slice began."""
    again: bool = False
    """Do it whatever the ledger says."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One result on a listing page, with what the listing says of the article."""

    article_id: str
    url: str
    """The address listed, in its canonical spelling."""
    title: str | None
    published_on: date | None
    content_type: str | None
    issuers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    snippet: str | None = None


@dataclass(frozen=True, slots=True)
class ListingPage:
    """What was read from one listing page."""

    entries: tuple[Entry, ...]
    outside: tuple[str, ...] = ()
    """Addresses of entries that lead out of the source: they are reported, never fetched, never counted as listed."""
    last_page: int | None = None
    """Highest page number that the pager links to, in the source's own numbering; None where there is no pager."""
    missing: tuple[str, ...] = ()
    """Fields that no entry of the page had (a listing that lost its labels)."""


@dataclass(frozen=True, slots=True)
class Dateline:
    """`WARSAW/VIENNA, 30 June –`: where, and on which day; the year may be missing."""

    place: str
    day: int | None = None
    month: int | None = None
    year: int | None = None
    length: int = 0
    """Characters of the text that the dateline takes, its dash included."""


@dataclass(frozen=True, slots=True)
class Article:
    """What one article page says of itself; the listing's word is added later, in the warehouse."""

    title: str
    body: str
    lead: str | None = None
    content_type: str | None = None
    published_on: date | None = None
    place: str | None = None
    issuers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    language: str | None = None
    url: str | None = None
    """The page's own word on its address (`<link rel=canonical>`), canonical spelling; None if it says none of this source's."""
    dateline_place: str | None = None
    dateline_on: date | None = None
    links: tuple[str, ...] = ()
    """Addresses linked from the body, in order, canonical where they are the source's own; without the attachments."""
    attachments: tuple[str, ...] = ()
    """Addresses of files linked from the body or from a box of attachments."""
    found_by: tuple[tuple[str, str], ...] = ()
    """(field, candidate that gave it), for drift statistics."""


@dataclass(frozen=True, slots=True)
class ArchiveRef:
    """Where a record stands in the archive."""

    warc_file: str
    """File name below `archive/<source>/`."""
    warc_offset: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the response to it, exactly as they went over the wire."""

    url: str
    """Address asked for, with the source's own host (a `--base-url` is undone)."""
    method: str
    request_headers: tuple[tuple[str, str], ...]
    status: int
    reason: str
    http_version: str
    """`HTTP/1.0` or `HTTP/1.1`."""
    response_headers: tuple[tuple[str, str], ...]
    body: bytes
    """As received: still content-encoded; transfer coding (chunks) already undone."""
    fetched_at: datetime
    seconds: float
    ip_address: str | None = None
    truncated: Literal["length", "time", "disconnect"] | None = None
    """Why the body is not whole (the words of WARC-Truncated); None if it is."""


@dataclass(frozen=True, slots=True)
class Response:
    """The end of a chain of exchanges (redirects followed), decoded."""

    url: str
    """Address asked for."""
    final_url: str
    """Address that answered, after redirects; both with the source's own host."""
    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    """Decoded body (gzip, deflate, br, zstd undone)."""
    fetched_at: datetime
    seconds: float
    """From a request to the end of its answer, for all of `requests` together; not the waiting for its turn."""
    wire_bytes: int
    requests: int
    """Requests it took, retries and redirects included."""
    archived: ArchiveRef | None = None

    def header(self, name: str) -> str | None:
        """Value of the first header of that name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class FetchJob:
    """An article address to ask for, with the validators of the stored response if there is one."""

    article_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    listed_on: date | None = None
    payload_at: datetime | None = None
    """When the stored response came."""
    listed_title: str | None = None
    read_sha256: str | None = None
    """Digest of a page of this article that today's parser and definition have read already."""


FetchOutcome = Literal["ok", "not_modified", "gone", "failed", "disallowed", "rejected"]


@dataclass(frozen=True, slots=True)
class Fetch:
    """What came of a job: one row of the facts."""

    article_id: str
    url: str
    outcome: FetchOutcome
    fetched_at: datetime
    status: int | None = None
    final_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    payload_sha256: str | None = None
    """Of the decoded body."""
    wire_bytes: int = 0
    seconds: float = 0.0
    requests: int = 0
    reason: str | None = None
    detail: str | None = None
    archived: ArchiveRef | None = None
    likeness: str | None = None
    """Of a page: equal for those that say the same; see `extract.suspicion`."""


@dataclass(frozen=True, slots=True)
class ReadJob:
    """An archived article page to read."""

    article_id: str
    url: str
    payload_sha256: str
    archived: ArchiveRef
    listed_on: date | None = None
    listed_title: str | None = None
    final_url: str | None = None
    text_sha256: str | None = None
    """Of what was read of it last."""


@dataclass(frozen=True, slots=True)
class Text:
    """Title, lead and body of an article, by their digests and the MinHash signature of the body (module `similarity`)."""

    text_sha256: str
    """Of the exact text: the key under which it is kept once."""
    content_sha256: str
    title_sha256: str
    lead_sha256: str
    body_sha256: str
    signature: tuple[int, ...] | None
    """None for a text that has been signed before."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a page gave: an article and its text, or the reason why not."""

    article_id: str
    payload_sha256: str
    article: Article | None = None
    text: Text | None = None
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class HostMemory:
    """What one client has learnt of a host, told to the next one that asks it, in whatever process or on whatever machine."""

    host: str
    robots: bytes | None = None
    """Body of its robots.txt (empty: there is none); None if it has not been asked for."""
    unreachable: str | None = None
    """Why robots.txt could not be had."""
    failures: int = 0
    """Addresses in a row that got no answer."""
    delay_seconds: float = 0.0
    """Between the starts of two requests to it, by its robots.txt or the source."""
    rest_seconds: float = 0.0
    """Until the next request to the host may start."""


@dataclass(frozen=True, slots=True)
class StageReport:
    """What a stage did, as a value; log lines, artifacts, progress and tables are ways to show it."""

    stage: str
    source: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict of one check."""

    check_name: str
    severity: Literal["block", "warn"]
    verdict: Literal["pass", "fail"]
    failing_rows: int
    detail: str
    sample: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """The end of a run, as `--json` prints it."""

    run_id: str
    kind: RunKind
    outcome: Outcome
    sources: dict[str, dict[str, int]]
    detail: str | None = None
    checks: tuple[CheckResult, ...] = ()
    published: bool = False
    slice_state: SliceState | None = None
    """Of a backfill: how its window stands in the ledger."""
    is_skipped: bool = False
    """Nothing was done: the ledger said that nothing was left to do; `run_id` is the run that did it."""
