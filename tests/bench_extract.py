"""What reading a page costs, step by step: `python -m tests.bench_extract [--pages 200] [--rounds 7]`. Not a test.

Pages as large as real ones (45-57 KB, some 175 links, 4.3 KB of body) in both designs of the sample newsroom, and the pages of real
entries where the sample site is at hand. The steps take turns; of each page and step the fastest round counts, which is what the code
costs on a machine that does other things too; its ratio to the bare parse says what it would on another.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from selectolax.lexbor import LexborHTMLParser

from newsroom import extract
from newsroom.extract import bombs
from newsroom.model import Article
from newsroom.sample import SampleSite, pages
from newsroom.similarity import bands, hashes, signature
from tests.extracting import SITE, addresses, osce, shared_articles

Step = Callable[["Sample"], object]


@dataclass(frozen=True)
class Sample:
    """A page as it comes from the network, and what its listing entry says."""

    html: str
    content: bytes
    url: str
    title: str | None = None
    on: date | None = None


def samples(count: int) -> dict[str, list[Sample]]:
    """Pages by kind."""
    items = list(SampleSite(count, heavy=True).items.values())[:count]
    found = {
        design: [
            Sample(html, html.encode(), f"https://www.osce.org{item.path}", item.title, item.published_on)
            for item in items
            for html in [pages.article(item, is_heavy=True, design=design)]
        ]
        for design in ("classic", "modern")
    }
    if SITE.is_dir():
        shared = shared_articles()[:count]
        found["real entries"] = [
            Sample(one.html, one.html.encode(), f"https://www.osce.org{one.path}", one.expected["title"]) for one in shared
        ]
    return found


def steps() -> dict[str, Step]:
    """What is done with a page, in order."""
    source, known = osce(), addresses()
    own = {"canonical": known.canonical, "article_id": known.article_id}
    articles: dict[str, Article] = {}

    def look(page: Sample) -> None:
        extract.look(page.html, source, url=page.url, final_url=page.url, listed_title=page.title, **own)

    def read(page: Sample) -> None:
        articles[page.url] = extract.read_article(page.html, source, url=page.url, listed_on=page.on, **own)

    def both(page: Sample) -> None:
        look(page)
        read(page)

    def judge(page: Sample) -> None:
        extract.judge(page.html, source, url=page.url, final_url=page.url, listed_title=page.title, listed_on=page.on, **own)

    def hashed(page: Sample) -> None:
        article = articles[page.url]
        hashes(article.title, article.lead, article.body)

    return {
        "parse": lambda page: LexborHTMLParser(page.html),
        "decode": lambda page: extract.decode(page.content, "text/html; charset=utf-8"),
        "bombs": lambda page: bombs.refuse(page.html),
        "look": look,
        "read": read,
        "look, then read": both,
        "judge": judge,
        "hashes": lambda page: hashes(articles[page.url].title, articles[page.url].lead, articles[page.url].body),
        "signature": lambda page: bands(signature(articles[page.url].body)),
    }


def measure(sample: Sequence[Sample], rounds: int) -> dict[str, float]:
    """Seconds a page by step: the mean over the pages of the least of all rounds."""
    todo = steps()
    took = {name: [float("inf")] * len(sample) for name in todo}
    for _ in range(rounds):
        for name, step in todo.items():
            for number, page in enumerate(sample):
                begun = time.perf_counter()
                step(page)
                took[name][number] = min(took[name][number], time.perf_counter() - begun)
    return {name: fmean(seconds) for name, seconds in took.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="What reading a page costs, step by step.")
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    for kind, sample in samples(chosen.pages).items():
        took = measure(sample, chosen.rounds)
        size = sum(len(page.content) for page in sample) / len(sample) / 1000
        sys.stdout.write(f"\n{kind}: {len(sample)} pages of {size:.0f} KB\n| step | µs | pages/s | of a bare parse |\n|---|---|---|---|\n")
        for name, seconds in took.items():
            sys.stdout.write(f"| {name} | {seconds * 1e6:.0f} | {1 / seconds:,.0f} | {seconds / took['parse']:.2f} |\n")


if __name__ == "__main__":
    main()
