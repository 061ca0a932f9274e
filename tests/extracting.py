"""What the extraction tests share: the OSCE definition, with and without its CSS, and the sample site of real entries."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from newsroom import config, extract
from newsroom.extract.text import squeeze
from newsroom.model import Article, ListingPage
from newsroom.urls import Addresses
from tests.altered import read

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SITE = SHARED / "site"
needs_site = pytest.mark.skipif(
    not SITE.is_dir(), reason=f"{SITE} is not here: the site of real entries is kept beside the repository in CI only"
)


@cache
def osce() -> config.Source:
    return config.load_source(ROOT / "config" / "sources" / "osce.toml", problems=extract.problems)


@cache
def without_css() -> config.Source:
    """The same definition as after a redesign that kept no class name: candidates with one are gone."""
    source = osce()
    listing = source.listing.model_copy(update={"entries": _no_class(source.listing.entries), "fields": _no_classes(source.listing.fields)})
    article = source.article.model_copy(update={"fields": _no_classes(source.article.fields)})
    return source.model_copy(update={"listing": listing, "article": article})


def _no_classes(fields: Any) -> Any:
    return fields.model_copy(update={name: _no_class(getattr(fields, name)) for name in type(fields).model_fields})


def _no_class(candidates: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in candidates if not (one.startswith("css:") and "." in one))


@cache
def addresses() -> Addresses:
    return Addresses(osce())


def read_article(html: bytes | str, *, path: str = "/node/900000", source: config.Source | None = None, **more: Any) -> Article:
    known = addresses()
    url = known.canonical(f"https://www.osce.org{path}")
    assert url is not None
    return extract.read_article(html, source or osce(), url=url, canonical=known.canonical, article_id=known.article_id, **more)


def read_listing(html: bytes | str, *, query: str = "page=0", source: config.Source | None = None) -> ListingPage:
    known = addresses()
    url = f"https://www.osce.org/press-releases?{query}"
    return extract.read_listing(html, source or osce(), canonical=known.canonical, article_id=known.article_id, url=url)


@dataclass(frozen=True)
class SharedArticle:
    html: str
    path: str
    expected: dict[str, Any]
    """Of the page alone: an older page says nothing of type, issuers and topics."""


@cache
def shared_articles() -> tuple[SharedArticle, ...]:
    return tuple(_shared_articles())


def _shared_articles() -> Iterator[SharedArticle]:
    for row in json.loads((SITE / "expected.json").read_text(encoding="utf-8")):
        html = (SITE / "articles" / f"{row['id']}.html").read_text(encoding="utf-8")
        is_older = 'class="place-date"' in html
        page = {"title": row["title"], "lead": row["lead"], "body": row["body"], "published_on": row["date"], "place": row["place"]}
        page |= {"content_type": None, "issuers": [], "topics": []} if is_older else _labelled(row)
        yield SharedArticle(html, row["path"], page)


def _labelled(row: dict[str, Any]) -> dict[str, Any]:
    return {"content_type": row["content_type"], "issuers": row["where"], "topics": row["what"]}


def article_differences(article: Article, expected: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """{field: (read, expected)}."""
    found: dict[str, Any] = {name: getattr(article, name) for name in expected}
    found |= {"published_on": article.published_on and article.published_on.isoformat()}
    found |= {"issuers": list(article.issuers), "topics": list(article.topics)}
    return {name: (found[name], value) for name, value in expected.items() if found[name] != value}


@cache
def server() -> Any:
    """The sample site's own serve.py, for its `listing()`."""
    spec = importlib.util.spec_from_file_location("shared_serve", SITE / "serve.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class SharedListing:
    html: str
    query: str
    expected: tuple[dict[str, Any], ...]
    last_page: int


@cache
def shared_listing(page: int, rows: int) -> SharedListing:
    site = server()
    html = site.listing({"page": [str(page)], "rows": [str(rows)], "solrsort": ["ds_date desc"]})
    rows_of = {row["path"]: row for row in json.loads((SITE / "expected.json").read_text(encoding="utf-8"))}
    entries = site.SITE["entries"]
    shown = entries[page * rows : (page + 1) * rows]
    expected = tuple(_entry(one, rows_of[one["path"]]) for one in shown)
    last = max(0, (len(entries) - 1) // rows)
    return SharedListing(html, f"page={page}&rows={rows}&solrsort=ds_date+desc", expected, last if page < last else last - 1)


def _entry(entry: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    snippet = read(entry["html"]).first("div", "search-snippet")
    return {
        "article_id": f"osce:{entry['id']}", "url": f"https://www.osce.org{entry['path']}", "title": row["title"],
        "published_on": entry["date"], "content_type": row["content_type"], "issuers": tuple(row["where"]),
        "topics": tuple(row["what"]), "snippet": squeeze(snippet.text()) if snippet else None,
    }  # fmt: skip


def listing_differences(page: ListingPage, expected: tuple[dict[str, Any], ...]) -> list[tuple[str, Any, Any]]:
    """(field, read, expected) of the entries, in order; one more where their number differs."""
    found = (
        [] if len(page.entries) == len(expected) else [("entries", [one.title for one in page.entries], [one["title"] for one in expected])]
    )
    for entry, wanted in zip(page.entries, expected, strict=False):
        values = {name: getattr(entry, name) for name in wanted} | {"published_on": entry.published_on and entry.published_on.isoformat()}
        found += [(name, values[name], value) for name, value in wanted.items() if values[name] != value]
    return found
