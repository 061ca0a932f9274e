"""Recorded pages: `tests/pages/<source>/*.html` and what was read from them, in `expected.json`.

A page whose name begins with `listing` is read as a listing, any other as an article. A new source records its pages,
`record` writes what is read today, a person reads that file and commits it; from then on `check_recorded` compares.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from newsroom.config import Source
from newsroom.errors import Rejected
from newsroom.extract.article import read_article
from newsroom.extract.candidates import meta_values
from newsroom.extract.listing import read_listing
from newsroom.extract.page import parse
from newsroom.urls import Addresses

EXPECTED = "expected.json"


def check_recorded(source: Source, pages_dir: Path) -> list[str]:
    """Differences between what is read from the recorded pages and what `expected.json` says; one readable line each."""
    file = pages_dir / EXPECTED
    pages = _pages(pages_dir)
    if not pages:
        return [f"{pages_dir}: no recorded pages (*.html)"]
    if not file.exists():
        return [f"{file}: missing; write it with `newsroom.extract.record`, read it, commit it"]
    try:
        expected: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        return [f"{file}: not JSON ({error})"]
    differences = [f"{page.name}: not in {EXPECTED}" for page in pages if page.name not in expected]
    for name, wanted in expected.items():
        if not (pages_dir / name).is_file():
            differences.append(f"{name}: in {EXPECTED}, but there is no such page")
            continue
        found = read_recorded(source, pages_dir / name)
        differing = sorted(key for key in wanted.keys() | found.keys() if found.get(key) != wanted.get(key))
        differences += [f"{name}: {key} is {_short(found.get(key))}, expected {_short(wanted.get(key))}" for key in differing]
    return differences


def record(source: Source, pages_dir: Path) -> Path:
    """Write `expected.json` from what is read now; for a person to read before it is believed."""
    file = pages_dir / EXPECTED
    expected = {page.name: read_recorded(source, page) for page in _pages(pages_dir)}
    file.write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return file


def read_recorded(source: Source, page: Path) -> dict[str, Any]:
    """A recorded page as JSON values; what cannot be read gives `{"rejected": …}`. Its address is what it says itself."""
    addresses = Addresses(source)
    html = page.read_bytes()
    try:
        if page.name.startswith("listing"):
            url = source.site.base_url + source.listing.url.format(page=source.listing.first_page, rows=source.listing.rows)
            read: Any = read_listing(html, source, canonical=addresses.canonical, article_id=addresses.article_id, url=url)
        else:
            url = _own_address(html, addresses) or source.site.base_url + "/"
            read = read_article(html, source, url=url, canonical=addresses.canonical, article_id=addresses.article_id)
    except Rejected as error:
        return {"rejected": f"{error.reason}: {error}"}
    values: dict[str, Any] = json.loads(json.dumps(asdict(read), default=_plain))
    return values


def _own_address(html: bytes, addresses: Addresses) -> str | None:
    tree = parse(html)
    link = tree.css_first("link[rel=canonical]")
    offered = [link.attributes.get("href") if link else None, *meta_values(tree.css("meta"), "og:url")]
    return next((address for url in offered if url and (address := addresses.canonical(url))), None)


def _pages(pages_dir: Path) -> list[Path]:
    return sorted(pages_dir.glob("*.html"))


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:150]}… ({len(text)} characters)"
