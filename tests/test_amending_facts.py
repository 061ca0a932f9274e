"""Facts at random, as dense as no newsroom has them: what is made of the touched articles is what would be made of all.

Eight articles of two sources share six addresses and four contents, so that nearly every fact moves something of another article: the
representative of a content, the article an address leads to, the entry of an address that has got another article id.
"""

from __future__ import annotations

import hashlib
import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsroom import touched
from newsroom.stages import publish
from newsroom.warehouse import Warehouse, sql_names, sql_text
from tests.test_amending import ASIDE, assert_equal_files

NIGHTS = int(os.environ.get("FACT_NIGHTS", "8"))
ARTICLES = ("s:1", "s:2", "s:30", "s:sq/4", "t:1", "t:2", "t:30", "t:sq/4")
URLS = tuple(f"https://s.example/{'node/' if n % 3 == 0 else 'a/'}{n}" for n in range(6))
CONTENTS = tuple("abcd")


def sha(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class Facts:
    """What a night may write down; the order of events within it is the order of writing."""

    def __init__(self, warehouse: Warehouse, rng: random.Random) -> None:
        self.warehouse, self.rng = warehouse, rng
        self.now, self.run_id, self.nights = datetime(2027, 6, 1, 2, 30, tzinfo=UTC), "", 0
        self.texts: set[str] = set()
        self.settings("s")
        self.settings("t")

    def begin(self) -> str:
        self.nights += 1
        self.now += timedelta(days=1)
        self.run_id = f"{self.now:%Y%m%d-%H%M%S}-nightly"
        row = {"run_id": self.run_id, "kind": "nightly", "sources": ["s", "t"], "parameters": "{}", "started_at": self.now, "host": "h"}
        self.add("ops.runs", {**row, "pid": 1, "newsroom_version": "test", "finished_at": self.now, "outcome": "ok"})
        return self.run_id

    def add(self, table: str, row: dict[str, Any]) -> None:
        self.warehouse.append(table, [row])

    def tick(self) -> datetime:
        self.now += timedelta(seconds=self.rng.choice((1, 1, 5, -3)))  # clocks jump
        return self.now

    def settings(self, source: str) -> None:
        self.warehouse.run("DELETE FROM ops.source_settings WHERE source = $source", source=source)
        row = {"source": source, "title": source, "give_up_after_nights": self.rng.choice((1, 2, 3)), "near_similarity": 0.8}
        self.add("ops.source_settings", {**row, "language": "en", "labels": ["Date"]})

    def listed(self) -> None:
        """An entry: first seen, or in another state, or under another article id."""
        article = self.rng.choice(ARTICLES)
        url = self.rng.choice(URLS["st".index(article[0]) :: 2])  # no listing shows another newsroom's
        of = {"source": article[0], "article_id": article, "url": url, "seen_at": self.tick()}
        said = {"title": f"Title {self.rng.randint(1, 3)}", "published_on": self.rng.choice((None, date(2026, 1, 1), date(2026, 2, 2)))}
        more = {"content_type": self.rng.choice((None, "News")), "issuers": [], "topics": [], "snippet": None}
        self.add("facts.entries", {**of, **said, **more, "entry_sha256": sha(said), "run_id": self.run_id})
        self.add("facts.sightings", {**of, "walk_id": f"{self.run_id}/{article[0]}"})

    def seen_again(self) -> None:
        """As it was listed; perhaps under another article id, for the definition of what an id is has changed."""
        known = self.warehouse.ask("SELECT DISTINCT source, article_id, url FROM facts.entries ORDER BY ALL").rows
        if known:
            source, article, url = self.rng.choice(known)
            if self.rng.random() < 0.3:
                article = self.rng.choice([each for each in ARTICLES if each[0] == source])
            row = {"walk_id": f"{self.run_id}/{source}", "source": source, "article_id": article, "url": url, "seen_at": self.tick()}
            self.add("facts.sightings", row)

    def walked(self) -> None:
        source = self.rng.choice("st")
        row = {"walk_id": f"{self.run_id}/{source}/{self.rng.random()}", "run_id": self.run_id, "source": source, "kind": "nightly"}
        counts = {"pages": 1, "entries": 1, "refused": 0, "is_complete": self.rng.random() < 0.8, "is_whole": True, "reason": "test"}
        self.add("facts.walks", {**row, **counts, "started_at": self.now, "finished_at": self.tick()})

    def fetched(self, outcome: str | None = None) -> None:
        listed = self.warehouse.ask("SELECT DISTINCT article_id FROM facts.entries ORDER BY ALL").rows
        if not listed:
            return
        (article,), url = self.rng.choice(listed), self.rng.choice(URLS)
        outcome = outcome or self.rng.choice(("ok", "ok", "ok", "not_modified", "gone", "gone", "failed", "rejected", "disallowed"))
        payload = sha(article, self.rng.randint(1, 4)) if outcome in ("ok", "rejected") else None
        row = {
            "run_id": self.run_id,
            "source": article[0],
            "article_id": article,
            "url": url,
            "outcome": outcome,
            "fetched_at": self.tick(),
        }
        where = {
            "final_url": self.rng.choice((url, url, self.rng.choice(URLS))),
            "payload_sha256": payload,
            "likeness": self.rng.choice("xyz"),
        }
        cost = {"wire_bytes": 1, "seconds": 0.1, "requests": 1, "status": 200, "reason": self.rng.choice((None, None, "host-down"))}
        self.add("facts.fetches", {**row, **where, **cost, "warc_file": f"{self.run_id}.warc", "warc_offset": self.rng.randint(1, 99)})
        if payload and (outcome == "ok" or self.rng.random() < 0.3):
            self.reading(article, payload)

    def reading(self, article: str, payload: str) -> None:
        content, spelled = self.rng.choice(CONTENTS), self.rng.randint(1, 2)
        text = sha(content, spelled)
        of = {"run_id": self.run_id, "source": article[0], "article_id": article, "payload_sha256": payload, "read_at": self.tick()}
        by = {"parser_version": self.nights, "definition_sha256": "d", "issuers": [], "topics": [], "language": "en"}
        if self.rng.random() < 0.15:
            self.add("facts.readings", {**of, **by, "reason": self.rng.choice(("no-title", "archive-damaged")), "detail": "test"})
            return
        if text not in self.texts:
            self.texts.add(text)
            words = {"title": f"Title {content}", "lead": None, "body": f"Body of {content} common {'x' * spelled}", "word_count": 5}
            hashes = {"title_sha256": sha(content), "lead_sha256": sha(""), "body_sha256": sha(content, "body")}
            self.add("facts.texts", {"text_sha256": text, "content_sha256": sha(content), **hashes, **words})
        page = {"url": self.rng.choice((None, *URLS)), "published_on": self.rng.choice((None, date(2026, 1, 1), date(2026, 3, 3)))}
        links = {"links": self.rng.choice(([], [URLS[0]])), "attachments": []}
        self.add("facts.readings", {**of, **by, **page, **links, "text_sha256": text, "content_sha256": sha(content)})

    def read_again(self) -> None:
        known = self.warehouse.ask("SELECT DISTINCT article_id, payload_sha256 FROM facts.readings ORDER BY ALL").rows
        if known:
            self.reading(*self.rng.choice(known))

    def distrusted(self) -> None:
        runs = self.warehouse.ask(
            "SELECT DISTINCT run_id, source FROM facts.fetches ANTI JOIN facts.distrusts USING (run_id, source) ORDER BY ALL"
        )
        if runs.rows:
            run_id, source = self.rng.choice(runs.rows)
            row = {
                "run_id": run_id,
                "source": source,
                "likeness": self.rng.choice((None, "x")),
                "reason": "test",
                "noticed_at": self.tick(),
            }
            self.add("facts.distrusts", row)

    def similar(self) -> None:
        one, other = sorted(self.rng.sample([sha(content, 1) for content in CONTENTS], 2))
        self.add("facts.similarities", {"text_a": one, "text_b": other, "similarity": self.rng.choice((0.7, 0.85, 0.9))})


def assert_mart_as_if_made_whole(warehouse: Warehouse) -> None:
    partly = warehouse.digests()
    warehouse.run("BEGIN")
    for name in sql_names("mart"):
        warehouse.run(sql_text(name))
    wholly = warehouse.digests()
    wrong = [name for name in wholly if name.startswith("mart.") and name not in ASIDE and partly.get(name) != wholly[name]]
    warehouse.run("ROLLBACK")
    assert wrong == []


@pytest.mark.parametrize("seed", [4, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
def test_random_facts_end_as_if_everything_was_made_whole(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    public, amended = tmp_path / "public", 0
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        facts = Facts(warehouse, rng)
        events = (facts.listed, facts.listed, facts.fetched, facts.fetched, facts.fetched, facts.seen_again, facts.walked, facts.read_again)
        for number in range(NIGHTS):
            run_id = facts.begin()
            for _ in range(30 if number == 0 else rng.randint(0, 5)):
                rng.choice(events)()
            if rng.random() < 0.15:
                rng.choice((facts.distrusted, facts.similar))()
            if rng.random() < 0.08:
                facts.settings(rng.choice("st"))
            made = touched.rebuild(warehouse)
            assert_mart_as_if_made_whole(warehouse)
            if rng.random() < 0.25:  # blocked, or killed before it was published
                continue
            publish.publish(warehouse, public, run_id=run_id, now=facts.now, keep_snapshots=3)
            (times,) = warehouse.ask("SELECT amended FROM mart.shown").rows[0]
            amended += made is not None and times > 0
            warehouse.write_public(tmp_path / "whole.duckdb")
            assert_equal_files(public / "newsroom.duckdb", tmp_path / "whole.duckdb")
    assert amended > NIGHTS / 3
