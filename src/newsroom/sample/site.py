"""The sample newsroom as a model: its items, its listing, the edits one can make, and the truth about all of it.

Every edit raises `revision`, and every answered request is logged with the revision it was made from; so what was in the
listing during a whole walk can be computed, however the listing shifted meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from threading import RLock
from typing import TYPE_CHECKING, Any

from newsroom.sample.items import Item
from newsroom.sample.plan import one, plan

if TYPE_CHECKING:
    from newsroom.sample.faults import Fault

START, END = date(1999, 3, 1), date(2026, 1, 31)
CANONICAL = "https://www.osce.org"


@dataclass(frozen=True, slots=True)
class Served:
    """One request that was answered (or refused) and the state of the newsroom it was answered from."""

    at: float
    """Arrival, `time.time()`."""
    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    """Names in lower case."""
    status: int
    """0 where the connection was reset without an answer."""
    body_bytes: int
    revision: int


class SampleSite:
    """A newsroom of invented news, the same for the same arguments.

    `articles` items published in `[start, end]`; from 40 on the listing has two more entries, one disallowed by robots.txt
    and one of another site, which must never count as listed. `is_heavy` makes pages as large as real ones (about 4 KB of
    body in 50 KB of HTML).
    """

    def __init__(self, articles: int = 300, seed: int = 1, start: date = START, end: date = END, heavy: bool = False) -> None:
        self.seed, self.start, self.end, self.heavy = seed, start, end, heavy
        self.items: dict[int, Item] = {item.id: item for item in plan(articles, seed, start, end, heavy)}
        self.gone: dict[int, int] = {}
        """Items whose address answers 404 or 410."""
        self.unlisted: set[int] = set()
        self.pinned: list[int] = []
        self.faults: list[Fault] = []
        self.robots = "User-agent: *\nDisallow: /admin/\n"
        self.edition = 0
        """Raised, the navigation and the footer change, and nothing else."""
        self.revision = 0
        self.lock = RLock()
        self._spans: dict[int, list[tuple[int, int | None]]] = {number: [(0, None)] for number in self.items}
        """Revisions `[since, until)` during which an item was listed."""
        self._order: tuple[int, list[Item]] | None = None
        self._rng = Random(f"{seed}:edits")
        self._added = 0

    # the listing

    def listing(self, *, oldest_first: bool = False) -> list[Item]:
        """Items as listed, newest first, an item of two sections twice; pinned ones come first in either order."""
        with self.lock:
            if self._order is None or self._order[0] != self.revision:
                shown = [item for item in self.items.values() if self.is_listed(item.id) and item.id not in self.pinned]
                shown.sort(key=lambda item: (item.day_listed, item.rank), reverse=True)
                self._order = (self.revision, [entry for item in shown for entry in _once_or_twice(item)])
            first = [entry for number in self.pinned if self.is_listed(number) for entry in _once_or_twice(self.items[number])]
            rest = self._order[1]
            return first + (rest[::-1] if oldest_first else rest)

    def is_listed(self, number: int) -> bool:
        """Whether the listing shows the item now."""
        return number in self.items and number not in self.gone and number not in self.unlisted

    # edits

    def add(self, count: int = 1, *, on: date | None = None, **fields: Any) -> list[int]:
        """New items, published at the end of the newsroom's time or on a day of one's choice (a late entry); their ids."""
        with self._edit():
            made = []
            for _ in range(count):
                self._added += 1
                number = max(self.items, default=70_000) + self._rng.randint(3, 41)
                rank = max((item.rank for item in self.items.values()), default=0) + 1
                item = one(f"a{self._added}", number, rank, on or self.end, self.seed, self.heavy)
                self.items[number] = replace(item, **fields)
                self._appear(number)
                made.append(number)
            return made

    def edit(self, number: int, **fields: Any) -> Item:
        """Changes any field of the item (`title=…`, `text=(…)`, `topics=(…)`, `published_on=…`); its page says so in `Last-Modified`."""
        with self._edit():
            item = self.items[number]
            after = datetime.combine(self.end, datetime.min.time(), UTC) + timedelta(days=1, minutes=self.revision)
            self.items[number] = replace(item, **{"edited_at": after, **fields})
            return self.items[number]

    def rewrite(self, number: int, sentence: str = "The text has been corrected since it was first published.") -> Item:
        """A real change of the body: one more paragraph."""
        item = self.items[number]
        text = item.body if item.dateline is None else (item.body[0].removeprefix(item.dateline.text), *item.body[1:])
        return self.edit(number, text=(*text, sentence), has_corrigendum=False)

    def backdate(self, number: int, days: int = 1) -> Item:
        """Moves the item down the listing: published so many days earlier, in the listing and on its page."""
        item = self.items[number]
        return self.edit(number, published_on=item.published_on - timedelta(days=days))

    def remove(self, number: int, status: int = 404) -> None:
        """Takes the item off the site: out of the listing, and its address answers 404 (or 410)."""
        with self._edit():
            self.gone[number] = status
            self._vanish(number)

    def unlist(self, number: int) -> None:
        """Takes the item out of the listing only."""
        with self._edit():
            self.unlisted.add(number)
            self._vanish(number)

    def restore(self, number: int) -> None:
        """Brings a removed or unlisted item back."""
        with self._edit():
            self.gone.pop(number, None)
            self.unlisted.discard(number)
            self._appear(number)

    def pin(self, number: int) -> None:
        """Shows the item at the top of the listing, whatever its date."""
        with self._edit():
            self.pinned = [number, *(other for other in self.pinned if other != number)]

    def unpin(self, number: int) -> None:
        """Lets the item fall back to its place."""
        with self._edit():
            self.pinned.remove(number)

    def redecorate(self) -> None:
        """Changes navigation and footer of every page, and no content."""
        with self._edit():
            self.edition += 1

    @contextmanager
    def _edit(self) -> Iterator[None]:
        """One edit: the revision is raised under the lock, so that a request is answered from before it or from after it."""
        with self.lock:
            self.revision += 1
            yield

    def _appear(self, number: int) -> None:
        spans = self._spans.setdefault(number, [])
        if not spans or spans[-1][1] is not None:
            spans.append((self.revision, None))

    def _vanish(self, number: int) -> None:
        since, until = self._spans[number][-1]
        if until is None:
            self._spans[number][-1] = (since, self.revision)

    # the truth

    def articles(self) -> list[Item]:
        """Items that a crawler may know: neither disallowed nor of another site."""
        return [item for item in self.items.values() if item.trap is None]

    def expected(self) -> list[dict[str, Any]]:
        """What the public database must say after everything was crawled, newest first; see `truth.expected`."""
        from newsroom.sample.truth import expected

        return expected(self)

    def listed_throughout(self, log: Iterable[Served]) -> set[int]:
        """Ids of the items that were in the listing during the whole of a walk, given the requests of the walk.

        Only listing requests count; traps are left out. Without any there is no walk, and nothing was listed throughout.
        """
        return self._listed(log, lambda span, first, last: span[0] <= first and (span[1] is None or span[1] > last))

    def listed_sometime(self, log: Iterable[Served]) -> set[int]:
        """Ids of the items that were in the listing at some moment of a walk: nothing else can rightly be found."""
        return self._listed(log, lambda span, first, last: span[0] <= last and (span[1] is None or span[1] > first))

    def _listed(self, log: Iterable[Served], holds: Callable[[tuple[int, int | None], int, int], bool]) -> set[int]:
        revisions = [served.revision for served in log if served.path.lower().startswith("/press-releases")]
        if not revisions:
            return set()
        first, last = min(revisions), max(revisions)
        with self.lock:
            return {item.id for item in self.articles() if any(holds(span, first, last) for span in self._spans[item.id])}


def _once_or_twice(item: Item) -> tuple[Item, ...]:
    if item.second_section is None:
        return (item,)
    return (item, replace(item, section=item.second_section, href="path"))
