"""A redesign changes elements, class names and order; what a reader sees is read exactly as before.

Every rewriting of `tests/altered.py`, alone and with every other, on articles of all layouts and on listing pages; once
with the definition as shipped, once with every candidate taken out of it that names a class.
"""

from __future__ import annotations

import pytest

from tests import altered
from tests.extracting import (
    article_differences,
    listing_differences,
    needs_site,
    osce,
    read_article,
    read_listing,
    shared_articles,
    shared_listing,
    without_css,
)

pytestmark = needs_site

ARTICLE_REWRITINGS = [name for name in altered.REWRITINGS if not name.startswith("entries_")]
LISTINGS = ((0, 7), (3, 7), (25, 7), (9, 10), (3, 50))


def test_there_are_enough_rewritings() -> None:
    assert len(ARTICLE_REWRITINGS) >= 25
    assert len(altered.REWRITINGS) >= 25


@pytest.mark.parametrize("name", altered.REWRITINGS)
def test_rewriting_changes_something(name: str) -> None:
    """A rewriting that left every page as it was would prove nothing."""
    pages = [one.html for one in shared_articles()[::12]] + [shared_listing(0, 7).html]
    plain = [altered.write(altered.read(html)) for html in pages]
    assert [altered.altered(html, [name]) for html in plain] != plain


@pytest.mark.parametrize("name", ARTICLE_REWRITINGS)
def test_articles_in_other_markup(name: str) -> None:
    for page in shared_articles()[::5]:
        html = altered.altered(page.html, [name])
        for source in (osce(), without_css()):
            assert article_differences(read_article(html, path=page.path, source=source), page.expected) == {}, (name, page.path)


@pytest.mark.parametrize("one", ARTICLE_REWRITINGS)
def test_articles_in_two_rewritings(one: str) -> None:
    """Pairwise, every fifth pair."""
    check_articles(one, every=5)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("one", ARTICLE_REWRITINGS)
def test_articles_in_any_two_rewritings(one: str) -> None:
    check_articles(one, every=1)


def check_articles(one: str, *, every: int) -> None:
    """Each pair on the next pages of a round through all layouts; every n-th pair, another n-th for every rewriting."""
    pages = shared_articles()[::12]
    others = [other for first, other in altered.pairs() if first == one and other in ARTICLE_REWRITINGS]
    start = ARTICLE_REWRITINGS.index(one)
    for number, other in list(enumerate(others, start=start))[start % every :: every]:
        for page in (pages[number % len(pages)], pages[(number + 5) % len(pages)]):
            html = altered.altered(page.html, [one, other])
            for source in (osce(), without_css()):
                assert article_differences(read_article(html, path=page.path, source=source), page.expected) == {}, (one, other, page.path)


@pytest.mark.parametrize("name", altered.REWRITINGS)
def test_listings_in_other_markup(name: str) -> None:
    for number, rows in LISTINGS[:4]:
        page = shared_listing(number, rows)
        html = altered.altered(page.html, [name])
        for source in (osce(), without_css()):
            read = read_listing(html, query=page.query, source=source)
            assert listing_differences(read, page.expected) == [], (name, page.query)
            assert read.last_page == page.last_page


@pytest.mark.parametrize("one", altered.REWRITINGS)
def test_listings_in_two_rewritings(one: str) -> None:
    check_listings(one, every=5)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("one", altered.REWRITINGS)
def test_listings_in_any_two_rewritings(one: str) -> None:
    check_listings(one, every=1)


def check_listings(one: str, *, every: int) -> None:
    others = [other for first, other in altered.pairs() if first == one]
    start = list(altered.REWRITINGS).index(one)
    for number, other in list(enumerate(others, start=start))[start % every :: every]:
        page = shared_listing(*LISTINGS[number % 4])
        html = altered.altered(page.html, [one, other])
        for source in (osce(), without_css()):
            assert listing_differences(read_listing(html, query=page.query, source=source), page.expected) == [], (one, other, page.query)
