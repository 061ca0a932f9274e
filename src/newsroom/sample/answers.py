"""Requests in, answers out: what the newsroom says to a request, before and after its faults."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from urllib.parse import unquote, urlsplit

from newsroom.sample import listing, pages
from newsroom.sample.site import SampleSite

HTML = "text/html; charset=utf-8"
ITEM_PATH = re.compile(r"/(?:[\w-]+/){1,3}(\d{3,9})")


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    method: str
    target: str
    """Path and query as sent."""
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""

    @property
    def path(self) -> str:
        """Decoded, without the query."""
        return unquote(urlsplit(self.target).path)

    @property
    def is_listing(self) -> bool:
        """Paths of the real site ignore case."""
        return self.path.lower().split("/")[1:2] == ["press-releases"]

    @cached_property
    def query(self) -> listing.Query:
        """Of a listing."""
        return listing.parse(self.target)

    @property
    def item_id(self) -> int | None:
        """Of an article, whatever its section slug or language prefix."""
        found = ITEM_PATH.fullmatch(self.path)
        return int(found[1]) if found else None

    def asking(self, **changes: object) -> Request:
        """The same listing request with another query (`page=0`, `filters=()`)."""
        return replace(self, target=listing.address(replace(self.query, **changes)))  # type: ignore[arg-type]


@dataclass
class Answer:
    """What goes back, and how: a fault may have it cut, dripped or misdeclared on the wire."""

    body: bytes
    status: int = 200
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)
    modified_at: datetime | None = None
    is_coded: bool = False
    """The body is content-encoded already, and the headers say how."""
    stop_after: int | None = None
    """Bytes of the body after which the connection is closed."""
    is_reset: bool = False
    """Closed with a TCP reset rather than in good order."""
    drip: tuple[int, float] | None = None
    """Bytes at a time, seconds between."""
    declared_length: int | None = None


Proceed = Callable[[Request], Answer]
Action = Callable[[Request, SampleSite, Proceed], Answer]


def respond(site: SampleSite, request: Request) -> tuple[Answer, int]:
    """The answer, faults included, and the revision it was made from."""
    with site.lock:
        actions = [fault.action for fault in site.faults if fault.takes(request)]

        def proceed(asked: Request) -> Answer:
            return actions.pop(0)(asked, site, proceed) if actions else clean(site, asked)

        answer = proceed(request)
        return answer, site.revision


def clean(site: SampleSite, request: Request, design: pages.Design = "classic") -> Answer:
    """The answer of a newsroom that means well."""
    if request.path == "/robots.txt":
        return Answer(site.robots.encode(), content_type="text/plain; charset=utf-8")
    if request.is_listing:
        return Answer(listing.page(site, request.query, design).encode())
    item = site.items.get(request.item_id or 0)
    if item is None or item.id in site.gone or item.trap == "outside":
        status = site.gone.get(request.item_id or 0, 404)
        return Answer(pages.message("Page not found", "The requested page could not be found.", edition=site.edition).encode(), status)
    html = pages.article(item, edition=site.edition, is_heavy=site.heavy, design=design)
    return Answer(html.encode(), modified_at=item.modified_at)
