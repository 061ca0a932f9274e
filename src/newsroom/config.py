"""The configuration directory: what may stand in its files, and how they are read.

```
newsroom.toml           Settings
checks.toml             CheckBounds by check
schedules.toml          Schedules
sources/<source>.toml   Source
```
A mistake is refused with file, key, value and what is allowed (`strict_toml.py`), before anything else is done.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from newsroom import __version__, cron, strict_toml
from newsroom.errors import ConfigError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


def _origin(url: str) -> str:
    """`https://www.osce.org`, whether or not a slash ends it: paths are put behind it."""
    if not re.fullmatch(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?/?", url):
        raise ValueError("must be a scheme and a host in lower case, and no path: https://www.example.org")
    return url.rstrip("/")


def _host(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", name):
        raise ValueError("must be a host name in lower case, without scheme or path: news.example.org")
    return name


def _template(text: str, *, required: set[str], optional: frozenset[str] = frozenset()) -> str:
    """A text with `{name}` in it, and no other names than those known."""
    allowed = ", ".join(f"{{{name}}}" for name in sorted(required | optional))
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"not a template: {error}; a brace that is meant is written twice; allowed: {allowed}") from None
    names = {name for _, name, _, _ in parts if name is not None}
    if not required <= names <= required | optional or any(spec or conversion for _, _, spec, conversion in parts):
        raise ValueError(f"must contain {', '.join(f'{{{name}}}' for name in sorted(required))}, and no braces but {allowed}")
    return text


def _listing_url(text: str) -> str:
    if not text.startswith("/") or text.startswith("//"):
        raise ValueError("must be a path that begins with one /, below base_url: /news?page={page}")
    return _template(text, required={"page"}, optional=frozenset({"rows"}))


def _ascending(days: tuple[int, ...]) -> tuple[int, ...]:
    if any(day < 1 for day in days) or list(days) != sorted(set(days)):
        raise ValueError("must be days of 1 and more, each once, in ascending order")
    return days


Regex = Annotated[str, AfterValidator(_regex)]
Host = Annotated[str, AfterValidator(_host)]
ListingUrl = Annotated[str, AfterValidator(_listing_url)]
# `kind:argument`; what kinds there are is extract's business (`extract.problems`)
Candidate = Annotated[str, Field(min_length=1)]


class Site(_Strict):
    """Where the newsroom lives, and which addresses are its articles."""

    base_url: Annotated[str, AfterValidator(_origin)]
    """`https://www.osce.org`: scheme and canonical host, no path."""
    host_aliases: tuple[Host, ...] = ()
    """Other host names of the same content; folded into the canonical host, never asked themselves."""
    article_path: Regex
    """Matched (fullmatch, ignoring case) against the path of a canonical URL.

    `(?P<id>…)` is the native id, `(?P<lang>…)` an optional language prefix.
    """
    article_url: str | None = None
    keep_parameters: tuple[str, ...] = ()
    """Query parameters that mean something; all others are junk and fall away."""


class ListingFields(_Strict):
    """Where an entry says what, candidates in the order tried."""

    title: Annotated[tuple[Candidate, ...], Field(min_length=1)]
    published_on: tuple[Candidate, ...] = ()
    content_type: tuple[Candidate, ...] = ()
    issuers: tuple[Candidate, ...] = ()
    topics: tuple[Candidate, ...] = ()
    snippet: tuple[Candidate, ...] = ()


class Listing(_Strict):
    """How the listing is paged, and how an entry is read."""

    url: ListingUrl
    """Path and query with `{page}` and, where the source has it, `{rows}`."""
    url_ascending: ListingUrl | None = None
    """The same, oldest first, where the source can sort both ways."""
    first_page: int = Field(default=0, ge=0)
    rows: int = Field(default=50, ge=1)
    order: Literal["newest-first", "oldest-first", "none"] = "newest-first"
    overlap_days: int = Field(default=30, ge=0)
    max_pages: int = Field(default=5000, ge=1)
    """A bound for a walk, whatever the pager says."""
    entries: Annotated[tuple[Candidate, ...], Field(min_length=1)]
    """What an entry is: `css:…` (its container), or `label:Publishing date` (a label with the article link that precedes it)."""
    fields: ListingFields


class ArticleFields(_Strict):
    """Where an article says what, candidates in the order tried."""

    title: Annotated[tuple[Candidate, ...], Field(min_length=1)]
    lead: tuple[Candidate, ...] = ()
    body: Annotated[tuple[Candidate, ...], Field(min_length=1)]
    content_type: tuple[Candidate, ...] = ()
    published_on: tuple[Candidate, ...] = ()
    place: tuple[Candidate, ...] = ()
    issuers: tuple[Candidate, ...] = ()
    topics: tuple[Candidate, ...] = ()


class Cut(_Strict):
    """What is on the page but not of the article."""

    selectors: tuple[str, ...] = ()
    """CSS: dropped with all they hold, before anything is read (navigation, header, footer)."""
    body_ends_at: tuple[Regex, ...] = ()
    """A block that fullmatches one of these ends the body, together with all that follows (`Read more on this topic`)."""
    paragraphs: tuple[Regex, ...] = ()
    """A paragraph that fullmatches one of these falls away (photo captions)."""
    title_suffix: Regex | None = None
    """Cut off the end of a title taken from `<title>` or meta (` | OSCE`)."""


class ArticleSpec(_Strict):
    """How an article page is read."""

    fields: ArticleFields
    required: tuple[Literal["title", "body", "published_on", "content_type"], ...] = ("title", "body")
    no_dateline: tuple[str, ...] = ()
    """Content types whose text never begins with a dateline, whatever its first words look like."""
    not_articles: tuple[Regex, ...] = ()
    """A page with a title, heading or line that fullmatches one of these is no article: it is set aside, not read
    (beyond the challenge, log-in, not-found and maintenance pages that are known anyway)."""
    cut: Cut = Cut()


class Politeness(_Strict):
    """How a site is asked, and how long we wait for it."""

    delay_seconds: float = Field(default=1.0, ge=0)
    """Between the starts of two requests to one host."""
    concurrency: int = Field(default=2, ge=1, le=64)
    robots: Literal["obey"] = "obey"
    connect_timeout_seconds: float = Field(default=5, gt=0)
    read_timeout_seconds: float = Field(default=20, gt=0)
    total_timeout_seconds: float = Field(default=60, gt=0)
    """Deadline of one response, however slowly it drips."""
    retries: int = Field(default=4, ge=0, le=20)
    backoff_seconds: float = Field(default=1.0, ge=0)
    max_wait_seconds: float = Field(default=120, ge=0)
    """Longest single wait between two tries; a longer `Retry-After` ends the request as failed for tonight."""
    max_bytes: int = Field(default=20_000_000, gt=0)
    """Of a decoded body."""
    max_ratio: float = Field(default=200, gt=1)
    """Decoded over received bytes; beyond it a body is a decompression bomb (small bodies are exempt)."""
    max_redirects: int = Field(default=5, ge=0)


class RecheckSchedule(_Strict):
    """When a stored article is asked for again, and when an address is given up."""

    days: Annotated[tuple[int, ...], AfterValidator(_ascending)] = (1, 3, 7, 14, 30, 90, 365)
    """Ages (days since publication) at which a stored article is asked for again."""
    give_up_after_nights: int = Field(default=7, ge=1)
    """Failed nights in a row after which an address is a dead letter."""


class Duplicates(_Strict):
    """What counts as the same text."""

    near_similarity: float = Field(default=0.85, ge=0.75, le=1)
    """Estimated Jaccard similarity of 5-word shingles from which two articles are called near-duplicates."""


class Suspicion(_Strict):
    """When a run stops asking a site that answers all requests alike: challenges, a log-in wall, one page under every address."""

    stop_at: int = Field(default=10, ge=4)
    """So many of the last answers refused, or saying the same. Exact copies come in twos and threes."""
    of_last: int = Field(default=40, ge=4, le=1000)


class Source(_Strict):
    """One newsroom: one file `config/sources/<name>.toml`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", examples=["osce"])]
    title: str
    enabled: bool = True
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$", examples=["en"])] = "en"
    site: Site
    listing: Listing
    article: ArticleSpec
    labels: tuple[str, ...] = ()
    """Every label the article pages are known to print (any language): where one begins, the value of another ends."""
    vocabulary: dict[Literal["content_type"], dict[str, str]] = {}
    """Aliases of values: what the page says = what we store (`"News Item" = "News"`)."""
    content_types: tuple[str, ...] = ()
    """The listing's words for content types, after aliases; a positional candidate is believed only if it gives one of these."""
    politeness: Politeness = Politeness()
    recheck: RecheckSchedule = RecheckSchedule()
    duplicates: Duplicates = Duplicates()
    suspicion: Suspicion = Suspicion()


def _contact(text: str) -> str:
    if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+|https?://[^\s/]+\S*", text) or not text.isascii():
        raise ValueError("must be an e-mail address or a web page: newsdesk@example.org, https://example.org/about-our-crawler")
    return text


def _user_agent(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError("must be plain ASCII, in one line: it is sent as a header")
    return _template(text, required={"contact"}, optional=frozenset({"version"}))


def _folder_url(url: str) -> str:
    if url and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s:?#]+", url):
        raise ValueError('must be the URL of a folder, without keys or a port: "s3://bucket/newsroom", "file:///mnt/archive", or ""')
    return url.rstrip("/")


def _address(text: str) -> str:
    """Of a service of the operator's own choice; empty for none."""
    if text and not (re.fullmatch(r"https?://[^\s/@]+(/\S*)?", text) and urlsplit(text).hostname):
        raise ValueError("must be a web address, or empty for none: https://hooks.example.org/services/T000")
    return text


class Publish(_Strict):
    """The public file and its history."""

    keep_snapshots: int = Field(default=14, ge=1, le=10_000)
    """Earlier public files kept for `rollback`."""


class WarehouseSettings(_Strict):
    """What DuckDB may take of this machine."""

    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$", examples=["512MB"])] = "512MB"
    threads: int = Field(default=2, ge=1, le=1024)


class Batches(_Strict):
    """How much work is handed out at once; a batch is done again as a whole if its worker dies."""

    articles: int = Field(default=200, ge=1, le=10_000)
    seconds: float = Field(default=60, gt=0, le=3600)
    """Politeness included: slow sources get smaller batches."""


class WorkerSettings(_Strict):
    """Who does the work that keeps a core busy."""

    processes: int = Field(default=0, ge=0, le=256)
    """Processes for reading pages, and for fetching from hosts without a delay; 1: none but the command's own; 0: as many as there are cores."""

    dask: Annotated[str, Field(pattern=r"^((tcp|tls)://\S+:\d+)?$", examples=["tcp://10.0.0.5:8786"])] = ""
    """Address of a Dask scheduler (`tcp://host:8786`), whose workers then do all batches; they must see the archive."""

    @property
    def count(self) -> int:
        """Processes, really."""
        return self.processes or os.cpu_count() or 1


class ArchiveSettings(_Strict):
    """Where finished archive files are kept."""

    store: Annotated[str, AfterValidator(_folder_url)] = ""
    """URL of a folder in an object store, as fsspec has it (`s3://bucket/newsroom`); empty: `archive/` in the data directory.

    Keys, endpoint and region are not written here: the store's library takes them from its usual environment variables and files.
    """

    def of(self, source: str) -> str:
        """URL of a source's folder there; empty if there is no store."""
        return f"{self.store}/{source}" if self.store else ""


class Backfill(_Strict):
    """How a long backfill is cut up. Between two slices others have their turn, and what is complete is published and never redone."""

    slices: Literal["year", "month", "whole"] = "year"
    """Listings that are not sorted by date are never cut: each slice would have to read all of them."""


class Watch(_Strict):
    """What is told to whoever watches from outside of Prefect."""

    max_age_hours: float = Field(default=26, gt=0)
    """Since the listing of a source was last read whole; public data that are older are called old."""
    heartbeat_url: Annotated[str, AfterValidator(_address)] = ""
    """Asked (GET) at the end of each nightly or sweep that leaves all public data fresh; `NEWSROOM_HEARTBEAT_URL` overrules it."""
    heartbeat_file: str = ""
    """Written then, too; a path, if relative then below the data directory."""


class Notify(_Strict):
    """Who is told when a run needs a person, and when the trouble is over."""

    webhook: Annotated[str, AfterValidator(_address)] = ""
    """Gets JSON by POST; `NEWSROOM_WEBHOOK` overrules it."""
    command: tuple[str, ...] = ()
    """A program and its arguments; gets the same JSON on its standard input."""
    incomplete_runs: int = Field(default=2, ge=1)
    """In a row, before they are told."""
    timeout_seconds: float = Field(default=5, gt=0, le=60)
    """For each of webhook, command and heartbeat."""


class Retention(_Strict):
    """What `newsroom housekeeping` may remove."""

    archive_days: int = Field(default=0, ge=0)
    """Archive files older than this, none of whose responses is needed any more; 0: kept for ever."""
    compact_share: float = Field(default=0.5, gt=0, le=1)
    """The warehouse is written anew when this share of its file is unused."""


class Settings(_Strict):
    """`newsroom.toml`: what is the same for all sources."""

    contact: Annotated[str, AfterValidator(_contact)] = "please-set-this@example.org"
    """E-mail address or page of whoever answers for the crawl; newsrooms see it."""
    user_agent: Annotated[str, AfterValidator(_user_agent)] = "newsroom/{version} (+{contact})"
    publish: Publish = Publish()
    warehouse: WarehouseSettings = WarehouseSettings()
    batch: Batches = Batches()
    workers: WorkerSettings = WorkerSettings()
    archive: ArchiveSettings = ArchiveSettings()
    backfill: Backfill = Backfill()
    watch: Watch = Watch()
    notify: Notify = Notify()
    retention: Retention = Retention()

    @property
    def contact_is_placeholder(self) -> bool:
        """Whether the contact can reach nobody: its host is reserved for examples (RFC 2606).

        >>> Settings().contact_is_placeholder, Settings(contact="newsdesk@osce.org").contact_is_placeholder
        (True, False)
        """
        host = urlsplit(self.contact).hostname if "//" in self.contact else self.contact.rpartition("@")[2]
        labels = (host or "").lower().rstrip(".").split(".")
        reserved = {"example", "invalid", "localhost", "test"}
        return labels[-1] in reserved or (labels[-2:-1] == ["example"] and labels[-1] in {"com", "net", "org"})

    @property
    def user_agent_text(self) -> str:
        """The User-Agent header.

        >>> Settings(user_agent="acme-news ({contact})", contact="newsdesk@osce.org").user_agent_text
        'acme-news (newsdesk@osce.org)'
        """
        return self.user_agent.format(version=__version__, contact=self.contact)


class CheckBounds(_Strict):
    """What a check lets pass, and what its failing means. Of `max_rows` and `max_share` the larger counts."""

    severity: Literal["block", "warn", "off"] = "block"
    max_rows: int = Field(default=0, ge=0)
    """Rows that the check may return and still pass."""
    max_share: float = Field(default=0.0, ge=0, le=1)
    """The same, as a share of the source's articles (0.01: one in a hundred)."""
    min_pages: int = Field(default=3, ge=1)
    """Only of checks that compare rates: pages that must be wrong before a rate means anything."""
    max_drop: float = Field(default=0.25, gt=0, lt=1)
    """Only of those: how far a rate may fall below its history (0.25: from 97 to 72 in a hundred)."""


class _Checks(_Strict):
    checks: dict[str, CheckBounds] = {}
    sources: dict[str, dict[str, CheckBounds]] = {}


def _timezone(name: str) -> str:
    if name not in available_timezones() - {"Factory", "localtime"}:  # which Prefect does not know: they are no places
        raise ValueError('must be a time zone by its IANA name: "Europe/Vienna", "UTC"')
    return name


DeploymentName = Literal["nightly/all-sources", "sweep/weekly", "backfill/on-demand", "reparse/on-demand"]
DEPLOYMENTS: tuple[DeploymentName, ...] = get_args(DeploymentName)


class Deployment(_Strict):
    """Whether Prefect offers a flow, and when it starts it by itself."""

    enabled: bool = True
    cron: str = ""
    """Minute, hour, day, month, weekday; empty: when asked for."""
    jitter_seconds: int = Field(default=0, ge=0, le=6 * 3600)
    """A scheduled run begins at a random moment within so many seconds."""


class PrefectServer(_Strict):
    """Where `newsroom serve` puts a Prefect server of its own."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]+$", examples=["127.0.0.1"])] = "127.0.0.1"
    port: int = Field(default=4200, ge=1, le=65535)


class Schedules(_Strict):
    """`schedules.toml`: when runs start by themselves."""

    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    server: PrefectServer = PrefectServer()
    deployments: dict[DeploymentName, Deployment] = {}

    def of(self, name: DeploymentName) -> Deployment:
        """What holds for a deployment: what the file does not say is as shipped."""
        given = self.deployments.get(name, Deployment())
        return given if "cron" in given.model_fields_set else given.model_copy(update={"cron": _CRONS.get(name, "")})


_CRONS: dict[DeploymentName, str] = {"nightly/all-sources": "30 2 * * *", "sweep/weekly": "30 4 * * 0"}
"""Of the deployments that can start by themselves: the others need to be told what to do."""

Problems = Callable[[Source], list[tuple[str, str, str]]]
"""Further mistakes of a definition: (key, value, what is wrong and what is allowed)."""


def load_settings(config_dir: Path) -> Settings:
    """`newsroom.toml`; without the file, the defaults (whose contact no real site accepts)."""
    path = _directory(config_dir) / "newsroom.toml"
    return strict_toml.load(path, Settings) if path.exists() else Settings()


def load_schedules(config_dir: Path) -> Schedules:
    """`schedules.toml`; without the file, what it is shipped with."""
    path = _directory(config_dir) / "schedules.toml"
    schedules = strict_toml.load(path, Schedules) if path.exists() else Schedules()
    found: list[strict_toml.Mistake] = []
    for name in DEPLOYMENTS:
        given, key = schedules.of(name), f'deployments."{name}"'
        named = schedules.deployments.get(name, Deployment()).model_fields_set
        extra = sorted({"cron", "jitter_seconds"} & named) if name not in _CRONS else []
        found += [(f"{key}.{asked}", getattr(given, asked), "it runs when asked for, on no schedule; remove this key") for asked in extra]
        if given.cron and (wrong := cron.problem(given.cron)):
            found.append((f"{key}.cron", given.cron, wrong))
    if found:
        raise strict_toml.refusal(path, found)
    return schedules


def known_checks(names: Sequence[str] = ()) -> tuple[str, ...]:
    """Every check there is, sorted; or the given names, each once, if they all are checks."""
    known = _check_names()
    for name in names:
        if name not in known:
            raise ConfigError(f"{name!r}: there is no such check; {strict_toml.did_you_mean(name, known)}")
    return tuple(dict.fromkeys(names)) if names else ()


@cache
def _check_names() -> tuple[str, ...]:
    folder = files("newsroom").joinpath("sql", "checks")
    return tuple(sorted(file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql")))


def load_checks(config_dir: Path) -> dict[str, CheckBounds]:
    """Bounds of every check there is; those that `checks.toml` does not name block on the first row."""
    path = _directory(config_dir) / "checks.toml"
    named = strict_toml.load(path, _Checks).checks if path.exists() else {}
    for name, bounds in named.items():
        _check_bounds(path, f"checks.{name}", name, bounds)
    return {name: named.get(name, CheckBounds()) for name in _check_names()}


def load_check_overrides(config_dir: Path) -> dict[str, dict[str, CheckBounds]]:
    """Bounds by source and check, where `[sources.<source>.<check>]` gives some: what it does not name is as in `[checks.<check>]`."""
    path = _directory(config_dir) / "checks.toml"
    if not path.exists():
        return {}
    general = load_checks(config_dir)
    sources = {file.stem for file in (config_dir / "sources").glob("*.toml")}
    found: dict[str, dict[str, CheckBounds]] = {}
    for source, checks in strict_toml.load(path, _Checks).sources.items():
        if source not in sources:
            raise ConfigError(f"{path}: sources.{source}: there is no such source; {strict_toml.did_you_mean(source, sources)}")
        for name, bounds in checks.items():
            _check_bounds(path, f"sources.{source}.{name}", name, bounds)
            given = {key: getattr(bounds, key) for key in bounds.model_fields_set}
            found.setdefault(source, {})[name] = general[name].model_copy(update=given)
    return found


def _check_bounds(path: Path, key: str, name: str, bounds: CheckBounds) -> None:
    if name not in _check_names():
        raise ConfigError(f"{path}: {key}: there is no such check; {strict_toml.did_you_mean(name, _check_names())}")
    if name.startswith("invariant_") and bounds != CheckBounds():
        raise ConfigError(f"{path}: {key}: invariants always block, on the first row; remove this table")
    question = files("newsroom").joinpath("sql", "checks", f"{name}.sql").read_text(encoding="utf-8")
    for given in sorted(bounds.model_fields_set & {"min_pages", "max_drop"}):
        if given not in question:
            raise ConfigError(f"{path}: {key}.{given}: this check compares no rates and has no such bound; remove it")


def load_sources(config_dir: Path, names: Sequence[str] = (), *, problems: Problems | None = None) -> tuple[Source, ...]:
    """The named sources in that order, each once; without names all there are, disabled ones too, by name."""
    folder = _directory(config_dir) / "sources"
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such directory; it holds one <source>.toml for each newsroom")
    paths = {path.stem: path for path in sorted(folder.glob("*.toml")) if not path.name.startswith(".")}
    if not paths:
        raise ConfigError(f"{folder}: holds no <source>.toml; write one for each newsroom")
    for name in names:
        if name not in paths:
            raise ConfigError(f"{name!r}: there is no such source in {folder}; {strict_toml.did_you_mean(name, paths)}")
    return tuple(load_source(paths[name], problems=problems) for name in dict.fromkeys(names or paths))


def load_source(path: Path, *, problems: Problems | None = None) -> Source:
    """One definition; `problems` finds what the types of its values cannot say (`extract.problems`)."""
    source = strict_toml.load(path, Source)
    found: list[strict_toml.Mistake] = []
    if source.name != path.stem:
        found.append(("name", source.name, f'must be the name of the file: "{path.stem}"'))
    found.extend(problems(source) if problems else ())
    if found:
        raise strict_toml.refusal(path, found)
    return source


def _directory(config_dir: Path) -> Path:
    if not config_dir.is_dir():
        raise ConfigError(f"{config_dir}: there is no such configuration directory; name it with --config or NEWSROOM_CONFIG")
    return config_dir
