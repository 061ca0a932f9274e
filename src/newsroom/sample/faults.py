"""Misbehaviour on request: `site.faults.append(Fault(LISTING, ignore_page()))`.

A fault is a rule (which requests, how many times) with an action; an action may change the request, let the newsroom answer
and spoil the answer, or answer itself. Several faults that match one request act one inside the other, first one outermost.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from newsroom.sample import listing, pages
from newsroom.sample.answers import HTML, Action, Answer, Proceed, Request, clean
from newsroom.sample.items import Item
from newsroom.sample.site import SampleSite

LISTING = r"(?i)^/press-releases(?=[?/]|$)"
ARTICLE = r"/\d{3,9}(?=\?|$)"


@dataclass
class Fault:
    """One rule: requests whose path and query `match` (a pattern, searched, or a predicate), after the first `skip`, `times` times."""

    match: str | Callable[[Request], bool]
    action: Action
    times: int | None = None
    skip: int = 0
    hits: int = field(default=0, init=False)
    """How often it has acted."""
    _seen: int = field(default=0, init=False)

    def takes(self, request: Request) -> bool:
        """Whether the fault acts on this request; asking counts."""
        matches = re.search(self.match, request.target) if isinstance(self.match, str) else self.match(request)
        if not matches or (self.times is not None and self.hits >= self.times):
            return False
        self._seen += 1
        if self._seen <= self.skip:
            return False
        self.hits += 1
        return True


def page_is(*numbers: int) -> Callable[[Request], bool]:
    """Matches listing pages of these (0-based) numbers."""
    return lambda request: request.is_listing and request.query.page in numbers


# Answers of another kind


def answer_with(body: bytes | str, status: int = 200, content_type: str = HTML, **headers: str) -> Action:
    """A fixed answer; header names with `_` for `-`."""
    raw = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request, _site, _proceed: Answer(raw, status, content_type, dict(named))


def status(code: int, retry_after: int | str | None = None) -> Action:
    """An error status; `retry_after` in seconds, or an HTTP date."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return answer_with(f"<h1>Error {code}</h1>", code, **headers)


def redirect(to: str, code: int = 302) -> Action:
    """A redirect; `{target}` in `to` is the address asked for."""
    return lambda request, _site, _proceed: Answer(b"", code, HTML, {"Location": to.replace("{target}", request.target)})


def says(title: str, text: str) -> Action:
    """Status 200 and a page that is no article."""
    return answer_with(pages.message(title, text))


def challenge() -> Action:
    """What a bot protection shows, with status 200."""
    script = '<noscript>Enable JavaScript and cookies to continue</noscript><script>window._cf_chl_opt={cType:"managed"};</script>'
    return answer_with(
        f"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>Just a moment...</h1>{script}</body></html>"
    )


def soft_404() -> Action:
    """Status 200, and the text says that there is no such page."""
    return says("Page not found", "The requested page could not be found.")


def login_wall() -> Action:
    """Status 200 and a form."""
    form = (
        '<form method="post"><label>Username <input name="name"></label><label>Password <input type="password" name="pass"></label></form>'
    )
    return answer_with(pages.frame("Log in", f"<h1>Log in</h1><p>Please log in to continue.</p>{form}"))


def maintenance() -> Action:
    """Status 200 and a promise to be back."""
    return says("Site under maintenance", "We are currently performing scheduled maintenance. We should be back shortly.")


def all_alike() -> Action:
    """One article for every address."""

    def act(_request: Request, site: SampleSite, _proceed: Proceed) -> Answer:
        item = next(item for item in site.listing() if item.trap is None)
        return Answer(pages.article(item, edition=site.edition, is_heavy=site.heavy).encode())

    return act


def redesign() -> Action:
    """Other elements and class names, the same labels."""
    return lambda request, site, _proceed: clean(site, request, "modern")


# Listings that lie


def _ask(change: Callable[[Request, SampleSite], Request]) -> Action:
    return lambda request, site, proceed: proceed(change(request, site))


def ignore_page() -> Action:
    """Every page is the first."""
    return _ask(lambda request, _site: request.asking(page=0))


def ignore_filters() -> Action:
    """The filter is dropped without a word."""
    return _ask(lambda request, _site: request.asking(filters=()))


def ignore_sort() -> Action:
    """Newest first, whatever was asked for."""
    return _ask(lambda request, _site: request.asking(sort="ds_date desc"))


def repeat_last_page() -> Action:
    """Behind the last page comes the last page, for ever."""

    def change(request: Request, site: SampleSite) -> Request:
        last = listing.last_page(listing.found(site, request.query), request.query)
        return request.asking(page=min(request.query.page, last))

    return _ask(change)


def _show(choose: Callable[[list[Item]], list[Item]]) -> Action:
    def act(request: Request, site: SampleSite, _proceed: Proceed) -> Answer:
        query = request.query
        shown = listing.found(site, query)[query.page * query.rows : (query.page + 1) * query.rows]
        return Answer(listing.page(site, query, shown=choose(shown)).encode())

    return act


def empty_listing() -> Action:
    """A listing page without entries; its pager is as always."""
    return _show(lambda _shown: [])


def duplicate_items() -> Action:
    """The first entries of the page once more at its end, and as many others pushed off it: they are on no page."""
    return _show(lambda shown: shown[:-2] + shown[:2])


def repeat_items() -> Action:
    """The first entries of the page once more at its end; nothing is missing."""
    return _show(lambda shown: shown + shown[:2])


def before(edit: Callable[[SampleSite], object]) -> Action:
    """Edits the newsroom when the request comes in: on page 3 of a walk, say, to shift the listing while it is read."""

    def act(request: Request, site: SampleSite, proceed: Proceed) -> Answer:
        edit(site)
        return proceed(request)

    return act


# Trouble on the wire


def _spoil(change: Callable[[Answer], Answer]) -> Action:
    return lambda request, _site, proceed: change(proceed(request))


def reset(after: int | None = None) -> Action:
    """The connection is reset before the answer, or after so many bytes of its body."""
    return _spoil(lambda answer: replace(answer, is_reset=True, stop_after=-1 if after is None else after))


def truncate(after: int = 300) -> Action:
    """The connection is closed after so many bytes of the (encoded) body, fewer than `Content-Length` says."""
    return _spoil(lambda answer: replace(answer, stop_after=after))


def drip(chunk: int = 16, seconds: float = 0.2) -> Action:
    """So many bytes at a time, with a pause between: never silent, never done."""
    return _spoil(lambda answer: replace(answer, drip=(chunk, seconds)))


def wrong_length(declared: int) -> Action:
    """`Content-Length` says something else than what is sent."""
    return _spoil(lambda answer: replace(answer, declared_length=declared))


def wrong_charset(declared: str = "iso-8859-1", actual: str = "utf-8") -> Action:
    """The header names one charset, the bytes are in another; the page itself still claims UTF-8."""

    def change(answer: Answer) -> Answer:
        body = answer.body.decode().encode(actual, "xmlcharrefreplace")
        return replace(answer, body=body, content_type=f"text/html; charset={declared}")

    return _spoil(change)


def bomb(megabytes: int = 100, coding: str = "gzip") -> Action:
    """A small body that decodes to a very large one (`gzip` or `deflate`)."""
    return lambda _request, _site, _proceed: Answer(_bomb(megabytes, coding), headers={"Content-Encoding": coding}, is_coded=True)


@lru_cache(maxsize=4)
def _bomb(megabytes: int, coding: str) -> bytes:
    packer = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    blanks = b" " * 1_000_000
    return packer.compress(b"<p>") + b"".join(packer.compress(blanks) for _ in range(megabytes)) + packer.flush()


def broken_coding() -> Action:
    """Says gzip; is not."""
    return lambda _request, _site, _proceed: Answer(
        gzip.compress(b"<p>cut</p>" * 50)[:20], headers={"Content-Encoding": "gzip"}, is_coded=True
    )


NAMED: dict[str, Callable[[], Fault]] = {
    "503": lambda: Fault(ARTICLE, status(503, retry_after=1), times=5),
    "429": lambda: Fault(".", status(429, retry_after=1), times=5, skip=5),
    "all-alike": lambda: Fault(ARTICLE, all_alike()),
    "bomb": lambda: Fault(ARTICLE, bomb(), times=1),
    "broken-coding": lambda: Fault(ARTICLE, broken_coding(), times=3),
    "challenge": lambda: Fault(ARTICLE, challenge(), times=5),
    "drip": lambda: Fault(ARTICLE, drip(), times=1),
    "duplicate-items": lambda: Fault(LISTING, repeat_items()),
    "empty-page": lambda: Fault(page_is(1), empty_listing(), times=1),
    "ignore-filters": lambda: Fault(LISTING, ignore_filters()),
    "ignore-page": lambda: Fault(LISTING, ignore_page()),
    "ignore-sort": lambda: Fault(LISTING, ignore_sort()),
    "login-wall": lambda: Fault(ARTICLE, login_wall(), times=5),
    "maintenance": lambda: Fault(".", maintenance()),
    "redesign": lambda: Fault(f"{LISTING}|{ARTICLE}", redesign()),
    "redirect-loop": lambda: Fault(ARTICLE, redirect("{target}"), times=50),
    "redirect-outside": lambda: Fault(ARTICLE, redirect("https://elsewhere.example.org/"), times=3),
    "redirect-private": lambda: Fault(ARTICLE, redirect("http://169.254.169.254/latest/meta-data/"), times=3),
    "repeat-last-page": lambda: Fault(LISTING, repeat_last_page()),
    "reset": lambda: Fault(ARTICLE, reset(), times=5),
    "shift": lambda: Fault(page_is(1), before(lambda site: site.add(2)), times=1),
    "soft-404": lambda: Fault(ARTICLE, soft_404(), times=5),
    "truncate": lambda: Fault(ARTICLE, truncate(), times=5),
    "wrong-charset": lambda: Fault(ARTICLE, wrong_charset(), times=5),
    "wrong-length": lambda: Fault(ARTICLE, wrong_length(9_999_999), times=3),
}
"""Faults that the command line knows by name."""
