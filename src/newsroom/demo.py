"""Two nights in the life of a newsroom: the bundled sample site on loopback, crawled for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from newsroom import pipeline
from newsroom.model import RunResult
from newsroom.sample import SampleSite, serve

ARTICLES = 300
SOURCE = "osce"
"""The sample newsroom's pages look like this source's, so its definition reads them."""


def two_nights(
    config_dir: Path, data_dir: Path, *, execute: Callable[[pipeline.Plan], RunResult], say: Callable[[str], None]
) -> list[RunResult]:
    """A nightly against a fresh site, edits, and a second nightly that asks for everything again. Stops after a night that is not ok."""
    site = SampleSite(ARTICLES, end=datetime.now(UTC).date())
    with serve(site) as server:
        options = pipeline.Options(config_dir, data_dir, server.url, 0, "all")
        results = []
        for night in (1, 2):
            if night == 2:
                say(f"Meanwhile at the newsroom: {_edit(site)}.")
            asked_before = len(server.log)
            result = execute(pipeline.prepare("nightly", options, sources=(SOURCE,)))
            results.append(result)
            counts = result.sources.get(SOURCE, {})
            news = f"{counts.get('new_articles', 0)} new articles, {counts.get('new_versions', 0)} new versions"
            say(f"Night {night}: {result.outcome}; {news}, {len(server.log) - asked_before} requests.")
            if result.outcome != "ok":
                break
        return results


def _edit(site: SampleSite) -> str:
    """What a day at a newsroom brings; returns it in words."""
    site.add(5)
    changed = [item.id for item in site.listing() if item.trap is None and item.exact_copy_of is None][20:23]
    for number, sentence in zip(changed, CORRECTIONS, strict=False):
        site.rewrite(number, sentence)
    return f"5 articles added, {len(changed)} rewritten"


CORRECTIONS = (
    "An earlier version of this text gave the wrong number of participants.",
    "The second paragraph has been amended to name all partners of the project.",
    "Further information on the programme will follow next week.",
)
QUERIES = (
    "SELECT published_on, content_type, title FROM articles ORDER BY 1 DESC LIMIT 10",
    "SELECT article_id, version, valid_from, changed FROM article_versions WHERE version > 1",
)


def what_next(data_dir: Path) -> Iterator[str]:
    """Commands to try on the data."""
    yield "\nTry next:"
    for query in QUERIES:
        yield f'  newsroom sql "{query}" --data {data_dir}'
    for command in ("coverage", "status", "quarantine list"):
        yield f"  newsroom {command} --data {data_dir}"
