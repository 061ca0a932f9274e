"""Ground truth: what a correct pipeline says after it has read the sample newsroom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from newsroom.sample.items import Item

if TYPE_CHECKING:
    from newsroom.sample.site import SampleSite

CANONICAL = "https://www.osce.org"


def article_id(item: Item) -> str:
    """As in the public database; a language prefix keeps an address apart from the English item of the same number."""
    return f"osce:{item.id}" if item.language == "en" else f"osce:{item.language}/{item.id}"


def page(item: Item) -> dict[str, Any]:
    """What the article page alone says; None or () for what it does not."""
    is_labelled = item.layout in ("press", "news")
    return {
        "title": item.title,
        "lead": item.lead,
        "body": "\n\n".join(item.body),
        "content_type": item.content_type if is_labelled else None,
        "published_on": None if item.layout == "stripped" else item.published_on,
        "place": item.place,
        "issuers": item.issuers if is_labelled and "source" not in item.hides else (),
        "topics": item.topics if is_labelled and "topics" not in item.hides else (),
        "language": item.language,
        "url": CANONICAL + item.path if is_labelled else None,
        "dateline_place": item.dateline.place if item.dateline else None,
        "dateline_on": item.dateline.on if item.dateline else None,
    }


def entry(item: Item) -> dict[str, Any]:
    """What the listing says of the item."""
    return {
        "article_id": article_id(item),
        "title": item.title,
        "published_on": None if "day" in item.hides else item.day_listed,
        "content_type": item.content_type,
        "issuers": () if "where" in item.hides else item.issuers,
        "topics": () if "what" in item.hides else item.topics,
        "snippet": item.snippet,
    }


def article(item: Item) -> dict[str, Any]:
    """The row of `articles`: the page's word, else the listing's, else the dateline's."""
    said, listed = page(item), entry(item)
    days = {"page": said["published_on"], "listing": listed["published_on"], "dateline": said["dateline_on"]}
    source = next((name for name, day in days.items() if day is not None), None)
    return {
        "article_id": article_id(item),
        "url": CANONICAL + item.path,
        "title": item.title,
        "lead": item.lead,
        "body": said["body"],
        "content_type": item.content_type,
        "published_on": days[source] if source else None,
        "published_on_from": source,
        "published_on_conflict": len({day for day in days.values() if day is not None}) > 1,
        "place": said["place"] or said["dateline_place"],
        "issuers": list(said["issuers"] or listed["issuers"]),
        "topics": list(said["topics"] or listed["topics"]),
        "language": item.language,
        "word_count": len(said["body"].split()),
    }


def expected(site: SampleSite) -> list[dict[str, Any]]:
    """One row per distinct article, newest first, with `is_removed`, `duplicates` (exact copies, which have no row) and `near`.

    Of exact copies the lowest id is the representative. What left the site is still a row, as for a crawler that knew it.
    """
    items = sorted(site.articles(), key=lambda item: (item.day_listed, item.rank), reverse=True)
    copies: dict[str, list[str]] = {}
    near: dict[str, list[str]] = {}
    by_number = site.items
    for item in items:
        original = by_number.get(item.exact_copy_of or 0)
        if original is not None and _is_same(item, original):
            copies.setdefault(article_id(original), []).append(article_id(item))
        twin = by_number.get(item.near_copy_of or 0)
        if twin is not None:
            near.setdefault(article_id(item), []).append(article_id(twin))
            near.setdefault(article_id(twin), []).append(article_id(item))
    dropped = {number for numbers in copies.values() for number in numbers}
    return [
        article(item) | {"is_removed": item.id in site.gone, "duplicates": sorted(copies.get(article_id(item), [])),
                         "near": sorted(near.get(article_id(item), []))}
        for item in items
        if article_id(item) not in dropped
    ]  # fmt: skip


def _is_same(item: Item, other: Item) -> bool:
    """Edits may have made two copies differ."""
    return (item.title, item.lead, item.body) == (other.title, other.lead, other.body)
