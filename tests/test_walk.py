"""A listing that moves while it is read: whatever it does, the walk finds all that stood in it throughout, or says that it may not have."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from newsroom.errors import Transient
from newsroom.model import Entry
from newsroom.walk import Bounds, NoSuchPage, Page, Walk

WALKS = int(os.environ.get("WALKS", "1200"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = date(2026, 1, 1)


def entry(number: int, day: date) -> Entry:
    return Entry(f"s:{number}", f"https://s.example/x/{number}", f"Title {number}", day, "News")


class Listing:
    """A newest-first listing of `rows` entries a page that changes before some of the requests."""

    def __init__(self, size: int, *, rows: int = 10, seed: int = 0, pager: bool = True, beyond: str = "empty") -> None:
        self.random = random.Random(seed)
        self.rows, self.pager, self.beyond = rows, pager, beyond
        day, self.entries = TODAY, []
        for number in range(size, 0, -1):
            self.entries.append(entry(number, day))
            day -= timedelta(days=self.random.choice([0, 0, 1, 1, 2]))
        self.next_number = size + 1
        self.throughout = set(self.urls())
        self.requests: list[int] = []
        self.restless = 0.0

    def urls(self) -> list[str]:
        return [e.url for e in self.entries]

    def insert_new(self) -> None:
        self.entries.insert(0, entry(self.next_number, TODAY))
        self.next_number += 1

    def insert_late(self) -> None:
        place = self.random.randrange(len(self.entries) + 1)
        day = self.entries[min(place, len(self.entries) - 1)].published_on
        assert day is not None
        self.entries.insert(place, entry(self.next_number, day))
        self.next_number += 1

    def remove(self) -> None:
        if self.entries:
            self.entries.pop(self.random.randrange(len(self.entries)))

    def backdate(self) -> None:
        if self.entries:
            moved = self.entries.pop(self.random.randrange(len(self.entries)))
            place = self.random.randrange(len(self.entries) + 1)
            day = self.entries[min(place, len(self.entries) - 1)].published_on if self.entries else TODAY
            self.entries.insert(place, replace(moved, published_on=day))

    def unpin(self) -> None:
        """Move an entry without a change of its facts."""
        if self.entries:
            moved = self.entries.pop(self.random.randrange(min(30, len(self.entries))))
            self.entries.insert(self.random.randrange(len(self.entries) + 1), moved)

    def read(self, number: int) -> Page:
        self.requests.append(number)
        assert len(self.requests) < 1000, "the walk does not end"
        while self.random.random() < self.restless:
            self.random.choice([self.insert_new, self.insert_new, self.insert_late, self.remove, self.backdate, self.unpin])()
        self.throughout &= set(self.urls())
        last = max(0, (len(self.entries) - 1) // self.rows)
        if number > last and self.beyond == "repeat":
            number = last
        if number > last and self.beyond == "404":
            raise NoSuchPage("HTTP 404")
        part = tuple(self.entries[number * self.rows : (number + 1) * self.rows])
        return Page(number, part, NOW, last_page=last if self.pager else None)


def walk(listing: Listing, bounds: Bounds | None = None) -> tuple[set[str], Walk]:
    this = Walk(listing.read, bounds or Bounds(is_sorted=False))
    found = {e.url for page in this.pages() for e in page.entries}
    return found, this


@pytest.mark.parametrize("beyond", ["empty", "repeat", "404"])
@pytest.mark.parametrize("pager", [True, False])
@pytest.mark.parametrize("size", [1, 9, 10, 11, 95])
def test_a_listing_at_rest_is_read_whole(size: int, pager: bool, beyond: str) -> None:
    """With or without a pager, whatever comes after the last page: everything is found, and the verdict is complete and whole.

    (A single page that repeats for ever, with no pager to say so, could as well be a page parameter that is ignored: not believed.)
    """
    listing = Listing(size, pager=pager, beyond=beyond)
    found, this = walk(listing)
    assert found == set(listing.urls())
    doubtful = size <= 10 and not pager and beyond == "repeat"
    assert this.verdict().is_complete is not doubtful
    assert this.verdict().is_whole is not doubtful


def test_a_thousand_restless_walks_never_claim_what_they_missed() -> None:
    """1,200 walks (WALKS) over listings that are inserted into, removed from, backdated and re-ordered while they are read."""
    complete = missed_and_said_so = 0
    listed = missed_in_all = listed_in_complete = 0
    for seed in range(WALKS):
        listing = Listing(60 + seed % 40, seed=seed)
        listing.restless = (0.02, 0.05, 0.2, 0.5)[seed % 4]
        found, this = walk(listing)
        missed = listing.throughout - found
        listed += len(listing.throughout)
        missed_in_all += len(missed)
        if this.verdict().is_complete:
            complete += 1
            listed_in_complete += len(listing.throughout)
            assert not missed, f"seed {seed}: complete, yet {missed} were missed"
        elif missed:
            missed_and_said_so += 1
    assert complete > 0.4 * WALKS, "a verdict that never says complete is useless"
    print(
        f"{WALKS} walks: {complete} complete, which found all of {listed_in_complete} entries listed throughout; "
        f"{missed_and_said_so} missed something and said incomplete; of all {listed} entries {listed - missed_in_all} were found"
    )


def test_one_reading_alone_would_have_missed() -> None:
    """The control: without the second reading the same listings do lose entries (so the test above can fail)."""
    lost = 0
    for seed in range(200):
        listing = Listing(80, seed=seed)
        listing.restless = 0.3
        found = {e.url for number in range(8) for e in listing.read(number).entries}
        lost += bool(listing.throughout - found)
    assert lost > 20


def test_an_ignored_page_parameter_is_seen() -> None:
    """A site that answers every page with the first one is not a listing of one page."""
    listing = Listing(95)
    first = listing.read(0)
    this = Walk(lambda number: replace(first, number=number), Bounds())
    list(this.pages())
    assert not this.verdict().is_complete
    assert "page parameter is ignored" in this.verdict().reason
    assert this.verdict().pages < 10


def test_an_empty_page_in_the_middle_is_not_the_end() -> None:
    """An empty page is believed only if its successor is empty too and the pager leads no further."""
    listing = Listing(95)

    def read(number: int) -> Page:
        page = listing.read(number)
        return replace(page, entries=()) if number == 3 else page

    this = Walk(read, Bounds())
    found = {e.url for page in this.pages() for e in page.entries}
    assert not this.verdict().is_complete
    assert "page 3 is empty, but page 4 is not" in this.verdict().reason
    assert len(found) == 85


def test_a_page_empty_once_is_read_again() -> None:
    """A hiccup costs a request, not the verdict."""
    listing = Listing(95)
    hiccups = {3}

    def read(number: int) -> Page:
        page = listing.read(number)
        if number in hiccups:
            hiccups.discard(number)
            return replace(page, entries=())
        return page

    this = Walk(read, Bounds())
    found = {e.url for page in this.pages() for e in page.entries}
    assert this.verdict().is_complete
    assert len(found) == 95


def test_an_unreadable_page_is_named_and_the_others_are_read() -> None:
    """Page 4 answers 503 all night: the rest is found, the verdict says which page."""
    listing = Listing(95)

    def read(number: int) -> Page:
        if number == 4:
            raise Transient("HTTP 503 for /press-releases?page=4", status=503)
        return listing.read(number)

    this = Walk(read, Bounds())
    found = {e.url for page in this.pages() for e in page.entries}
    assert len(found) == 85
    assert not this.verdict().is_complete
    assert "page 4: HTTP 503" in this.verdict().reason


def test_a_site_that_is_down_is_asked_once() -> None:
    """Nothing answers: one request, one reason."""
    asked = []

    def read(number: int) -> Page:
        asked.append(number)
        raise Transient("cannot connect")

    this = Walk(read, Bounds())
    assert list(this.pages()) == []
    assert asked == [0]
    assert not this.verdict().is_complete
    assert "cannot connect" in this.verdict().reason


def test_an_empty_listing_is_an_alarm() -> None:
    """Zero results are not completeness."""
    this = Walk(lambda number: Page(number, (), NOW), Bounds())
    list(this.pages())
    assert not this.verdict().is_complete
    assert "lists nothing" in this.verdict().reason


def test_a_nightly_reads_down_to_its_overlap_and_no_further() -> None:
    """It stops below the overlap, not at the first entry it knows."""
    listing = Listing(400)
    since = TODAY - timedelta(days=30)
    found, this = walk(listing, Bounds(since=since))
    assert {e.url for e in listing.entries if e.published_on and e.published_on >= since} <= found
    assert this.verdict().is_complete
    assert not this.verdict().is_whole
    assert len(listing.requests) < 14
    assert this.verdict().newest_on == TODAY


@pytest.mark.parametrize("pager", [True, False])
@pytest.mark.parametrize("age", [0, 30, 300, 900, 2000])
def test_a_backfill_finds_its_window_by_searching(age: int, pager: bool) -> None:
    """A window of 40 days is found among 200 pages with about a dozen requests more than its own pages."""
    listing = Listing(2000, pager=pager)
    until = TODAY - timedelta(days=age)
    window = Bounds(since=until - timedelta(days=40), until=until)
    wanted = {e.url for e in listing.entries if e in window}
    found, this = walk(listing, window)
    assert wanted <= found
    assert this.verdict().is_complete
    assert len(listing.requests) < 2 * (len(wanted) // 10 + 5) + 25


def test_a_window_older_than_the_listing_is_empty_and_complete() -> None:
    """Nothing was published in 1950: the last pages were read, nothing is in them."""
    listing = Listing(200)
    _found, this = walk(listing, Bounds(since=date(1950, 1, 1), until=date(1951, 1, 1)))
    assert this.verdict().is_complete
    assert len(listing.requests) < 25


def test_a_listing_that_ignores_its_order_is_not_trusted_by_a_nightly() -> None:
    """Sorted by relevance instead of date, the page below the overlap proves nothing."""
    listing = Listing(400)
    listing.random.shuffle(listing.entries)
    _, this = walk(listing, Bounds(since=TODAY - timedelta(days=30)))
    assert not this.verdict().is_complete
    assert "not sorted" in this.verdict().reason
