"""Walk a paginated listing that moves while it is read, and prove that it was read whole.

Newest-first listings grow at the top: that only pushes entries to later pages, where they are met again. A *removal* pulls
entries from a page not yet read onto one already read, and there they are missed. So a walk reads its range twice: if everything
the first pass saw stands in the second in the same order with the same facts, nothing was taken out or moved meanwhile, and so
nothing can have slipped through; if not, it reads again, and says *incomplete* when the listing does not come to rest.

No HTTP here: pages come from a function, so the argument above can be simulated (tests/test_walk.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from newsroom.errors import NewsroomError, Rejected, Transient
from newsroom.model import Entry


class NoSuchPage(NewsroomError):
    """The listing answered that there is no such page (404, 410): its end, if it lies beyond the pager's last page."""


@dataclass(frozen=True, slots=True)
class Page:
    """A listing page as read."""

    number: int
    entries: tuple[Entry, ...]
    fetched_at: datetime
    last_page: int | None = None
    refused: tuple[str, ...] = ()
    """Addresses listed that may not be asked for: outside the source, or forbidden by robots.txt."""
    missing: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """What tells this page from another: its entries in order, and what it refused."""
        return (*((e.url, e.title, e.published_on) for e in self.entries), *self.refused)

    @property
    def newest_on(self) -> date | None:
        """Newest date listed on the page."""
        return max((e.published_on for e in self.entries if e.published_on), default=None)

    @property
    def oldest_on(self) -> date | None:
        """Oldest date listed on the page."""
        return min((e.published_on for e in self.entries if e.published_on), default=None)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a walk is to read: the whole listing, or down to `since`, or the window `[since, until)`."""

    first_page: int = 0
    max_pages: int = 5000
    is_sorted: bool = True
    since: date | None = None
    until: date | None = None

    def __contains__(self, entry: Entry) -> bool:
        day = entry.published_on
        return day is None or ((self.since is None or day >= self.since) and (self.until is None or day < self.until))


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a walk ended."""

    is_complete: bool
    is_whole: bool
    reason: str
    pages: int
    newest_on: date | None


@dataclass(slots=True)
class _Pass:
    entries: dict[str, Entry] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    is_whole: bool = False
    emptied: set[int] = field(default_factory=set)
    """Pages found empty once already, so that a flapping page cannot hold the walk."""

    def add(self, page: Page) -> None:
        for entry in page.entries:
            self.entries.setdefault(entry.url, entry)


class Walk:
    """One walk: iterate `pages()` to the end, then ask for `verdict()`."""

    passes = 4
    """At most so many passes; two agreeing ones end the walk."""
    unreadable_in_a_row = 3
    """So many unreadable pages one after the other end a pass."""

    def __init__(self, read: Callable[[int], Page], bounds: Bounds) -> None:
        self._read = read
        self._bounds = bounds
        self._pages_read = 0
        self._newest_on: date | None = None
        self._verdict: Verdict | None = None

    def verdict(self) -> Verdict:
        """The verdict, once `pages()` is exhausted."""
        assert self._verdict is not None, "the walk has not ended"
        return self._verdict

    def pages(self) -> Iterator[Page]:
        """Every page as it is read, re-read pages included."""
        start = yield from self._find_start()
        done: list[_Pass] = []
        for number in range(self.passes):
            this = _Pass()
            yield from self._one_pass(start, this)
            if this.troubles and (number > 0 or not this.entries):
                done.append(this)
                break
            if done and not done[-1].troubles and not this.troubles and self._agree(done[-1], this):
                done.append(this)
                self._close(True, done[-1].is_whole, f"read twice, {len(this.entries)} entries, nothing moved")
                return
            done.append(this)
        last = done[-1]
        reason = "; ".join(last.troubles) or f"the listing kept moving: {len(done)} passes, no two agree"
        self._close(False, last.is_whole, reason)

    def _close(self, is_complete: bool, is_whole: bool, reason: str) -> None:
        self._verdict = Verdict(is_complete, is_whole, reason, self._pages_read, self._newest_on)

    def _agree(self, before: _Pass, after: _Pass) -> bool:
        """Whether everything `before` saw in range stands in `after`, in the same order and with the same facts."""
        mine = [e for e in before.entries.values() if e in self._bounds]
        position = {e: n for n, e in enumerate(after.entries.values())}
        places = [position.get(e, -1) for e in mine]
        return all(a >= 0 for a in places) and all(a < b for a, b in itertools.pairwise(places))

    def _get(self, number: int) -> Page:
        page = self._read(number)
        self._pages_read += 1
        if page.newest_on and (self._newest_on is None or page.newest_on > self._newest_on):
            self._newest_on = page.newest_on
        return page

    def _one_pass(self, start: int, this: _Pass) -> Generator[Page, None, None]:
        first = previous = None
        last_page: int | None = None
        unreadable = 0
        inversions = dated = 0
        fingerprints: dict[tuple[object, ...], int] = {}
        number = start
        while True:
            if number - start >= self._bounds.max_pages:
                this.troubles.append(f"stopped after {self._bounds.max_pages} pages (listing.max_pages)")
                return
            try:
                page = self._get(number)
            except NoSuchPage as error:
                if previous is not None and (last_page is None or number > last_page):
                    this.is_whole = True
                else:
                    this.troubles.append(f"page {number}: {error}")
                return
            except (Transient, Rejected) as error:
                this.troubles.append(f"page {number}: {error}")
                unreadable += 1
                if number == start or unreadable >= self.unreadable_in_a_row:
                    return
                number += 1
                continue
            yield page
            unreadable = 0
            if page.last_page is not None:  # an empty last page links back only, and must not make itself lie beyond the end
                last_page = max(page.last_page, last_page or 0)
            beyond = last_page is not None and number > last_page
            if not page.fingerprint:
                if previous is None:
                    this.troubles.append(f"page {number} lists nothing")
                    return
                if beyond:
                    this.is_whole = True
                    return
                filled = yield from self._confirm_empty(number, this)
                if filled is None:
                    return
                number = filled
                continue
            if page.fingerprint in fingerprints:
                seen = fingerprints[page.fingerprint]
                if beyond or (last_page is None and previous is not None and previous is not first and seen == number - 1):
                    this.is_whole = True  # the last page is repeated for ever
                elif seen == start:
                    this.troubles.append(f"page {number} repeats page {seen}: the page parameter is ignored")
                else:
                    this.troubles.append(f"page {number} repeats page {seen}")
                return
            fingerprints[page.fingerprint] = number
            dates = [e.published_on for e in (*(previous.entries[-1:] if previous else ()), *page.entries) if e.published_on]
            inversions += sum(a < b for a, b in itertools.pairwise(dates))
            dated += len(dates)
            this.add(page)
            first, previous = first or page, page
            if self._bounds.is_sorted and inversions > max(3, dated // 10):
                this.troubles.append(
                    f"page {number}: the listing is not sorted by date as it should be ({inversions} of {dated} out of order)"
                )
                if self._bounds.since is not None:
                    return
            if self._bounds.since and self._bounds.is_sorted and page.newest_on and page.newest_on < self._bounds.since:
                return
            number += 1

    def _confirm_empty(self, number: int, this: _Pass) -> Generator[Page, None, int | None]:
        """An empty page where entries were due: once more, then its successor. Returns the next page to read, None at the end."""
        flapping = number in this.emptied
        this.emptied.add(number)
        try:
            again = self._get(number)
            yield again
            if again.fingerprint and not flapping:
                return number
            successor = self._get(number + 1)
            yield successor
        except NoSuchPage:
            this.is_whole = True
            return None
        except (Transient, Rejected) as error:
            this.troubles.append(f"page {number} is empty and page {number + 1}: {error}")
            return None
        if again.fingerprint:
            this.troubles.append(f"page {number} is empty now and then")
            return number + 1
        if successor.fingerprint:
            this.troubles.append(f"page {number} is empty, but page {number + 1} is not")
            return number + 1
        if successor.last_page is not None and number <= successor.last_page:
            this.troubles.append(f"page {number} is empty, but the pager leads to page {successor.last_page}")
            return None
        this.is_whole = True
        return None

    def _find_start(self) -> Generator[Page, None, int]:
        """The page before the first one with an entry older than `until`: binary search, so a window in 1999 costs a dozen pages.

        Falls back to the first page where the listing is not sorted or cannot be read.
        """
        first, until = self._bounds.first_page, self._bounds.until
        if until is None or not self._bounds.is_sorted:
            return first
        try:
            page = self._get(first)
            yield page
            if page.oldest_on is None or page.oldest_on < until:
                return first
            too_new, step = first, 1
            reached: int | None = page.last_page
            while reached is None or reached > too_new:  # gallop to a page that is old enough, or past the end
                candidate = too_new + step if reached is None else reached
                if (yield from self._is_old_enough(candidate, until)):
                    reached = candidate
                    break
                too_new, step, reached = candidate, step * 2, None
                if step > self._bounds.max_pages:
                    return first
            while reached is not None and reached - too_new > 1:
                middle = (too_new + reached) // 2
                if (yield from self._is_old_enough(middle, until)):
                    reached = middle
                else:
                    too_new = middle
        except (Transient, Rejected):
            return first
        return max(first, too_new - 1)  # ties and late entries: one page of margin

    def _is_old_enough(self, number: int, until: date) -> Generator[Page, None, bool]:
        """Whether the page has an entry older than `until`, or lies past the end of the listing."""
        try:
            page = self._get(number)
        except NoSuchPage:
            return True
        yield page
        return page.oldest_on is None or page.oldest_on < until
