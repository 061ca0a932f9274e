"""Pages printed anew from nothing but their values (`tests/redesigns.py`): what a reader sees is what is read.

One design for each way a part may be printed, then designs at random, with the definition as shipped and with every candidate taken
out of it that names a class. `REDESIGNS=4000` tries so many at random (it was 19,000 of articles and 7,500 of listings without a wrong
value when this was written); a design that fails is printed whole and can be asked for again.
"""

from __future__ import annotations

import os
import random
from functools import cache
from typing import Any

import pytest

from newsroom.errors import FieldMissing, Rejected
from tests import redesigns
from tests.extracting import (
    SharedArticle,
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
from tests.redesigns import ARTICLE, LISTING, Design, Parts, mixed, parts_of, rows_of, single

pytestmark = needs_site

LISTINGS = ((0, 7), (9, 10), (25, 7), (3, 50), (17, 10), (11, 7))
AT_RANDOM = int(os.environ.get("REDESIGNS", "300"))


@cache
def articles() -> list[tuple[Parts, SharedArticle]]:
    return [(parts_of(one.html, one.expected, one.path), one) for one in shared_articles()]


def article_faults(design: Design, pages: list[tuple[Parts, SharedArticle]]) -> list[Any]:
    found: list[Any] = []
    for parts, page in pages:
        html = redesigns.article(parts, design)
        for source in (osce(), without_css()):
            try:
                wrong: Any = article_differences(read_article(html, path=page.path, source=source), page.expected)
            except (FieldMissing, Rejected) as error:
                wrong = str(error)
            if wrong:
                found.append((design, page.path, wrong))
    return found


def listing_faults(design: Design, number: int, rows: int) -> list[Any]:
    page = shared_listing(number, rows)
    html = redesigns.listing(rows_of(page.html), design)
    read = [listing_differences(read_listing(html, query=page.query, source=source), page.expected) for source in (osce(), without_css())]
    return [(design, page.query, wrong[:3]) for wrong in read if wrong]


def named(design: Design) -> str:
    return "-".join(f"{name}:{way}" for name, way in design.items()) or "plain"


def test_there_are_enough_of_them() -> None:
    assert len(single(ARTICLE)) > 150
    assert len(single(LISTING)) > 100


@pytest.mark.parametrize("design", [{}, *single(ARTICLE)], ids=named)
def test_an_article_in_another_design(design: Design) -> None:
    assert article_faults(design, articles()[::17]) == []


@pytest.mark.parametrize("design", [{}, *single(LISTING)], ids=named)
def test_a_listing_in_another_design(design: Design) -> None:
    assert [fault for page in LISTINGS[:2] for fault in listing_faults(design, *page)] == []


def test_articles_in_designs_at_random() -> None:
    rng = random.Random(20)
    pages = articles()
    for number in range(AT_RANDOM):
        some = [pages[(number * 7 + other * 61) % len(pages)] for other in range(3)]
        assert article_faults(mixed(ARTICLE, rng), some) == []


def test_listings_in_designs_at_random() -> None:
    rng = random.Random(21)
    for number in range(AT_RANDOM // 3):
        assert listing_faults(mixed(LISTING, rng), *LISTINGS[number % len(LISTINGS)]) == []


@pytest.mark.parametrize("wrong", ["title", "published_on", "place", "body"])
def test_a_wrong_value_would_be_seen(wrong: str) -> None:
    """The control: another value on the page is a fault."""
    parts, page = articles()[0]
    expected = page.expected | {wrong: "something else"}
    assert article_faults({}, [(parts, SharedArticle(page.html, page.path, expected))])
