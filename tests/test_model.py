"""From facts to the public tables: what was seen, asked for and read becomes articles, versions, duplicates and coverage."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from newsroom import reading, touched
from newsroom import warehouse as warehouse_module
from newsroom.config import load_sources
from newsroom.errors import Damaged, NewsroomError
from newsroom.facts import append_readings
from newsroom.model import Article, Reading
from newsroom.similarity import bands
from newsroom.stages import publish
from newsroom.warehouse import Warehouse, open_public, sql_names, sql_text
from newsroom.words import PORTION, count_portion, count_words
from tests.bench_publish import CONFIG, Made

NIGHT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
UNHASHED = {"content_sha256": "", "title_sha256": "", "lead_sha256": "", "body_sha256": "", "word_count": 2}
"""Of a text whose hashes are of no account."""


class Facts:
    """Writes facts as the stages would."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        warehouse.append("ops.source_settings", [{"source": "s", "title": "S", "give_up_after_nights": 3, "near_similarity": 0.85}])
        self.offset = 0

    def listed(self, number: str, *, night: int = 0, **facts: Any) -> None:
        at = NIGHT + timedelta(days=night)
        url = facts.pop("url", f"https://s.example/x/{number}")
        row = {
            "source": "s", "article_id": f"s:{number}", "url": url, "title": f"T {number}", "published_on": date(2026, 2, 1),
            "content_type": "News", "issuers": [], "topics": [], "entry_sha256": str(facts), "seen_at": at, "run_id": "r",
        }  # fmt: skip
        self.warehouse.append("facts.entries", [row | facts])
        self.warehouse.append(
            "facts.sightings", [{"walk_id": f"w{night}", "source": "s", "article_id": f"s:{number}", "url": url, "seen_at": at}]
        )

    def walked(self, night: int, *, is_complete: bool = True, kind: str = "sweep") -> None:
        at = NIGHT + timedelta(days=night, hours=-1)
        row = {
            "walk_id": f"w{night}", "run_id": f"r{night}", "source": "s", "kind": kind, "pages": 1, "entries": 1, "refused": 0,
            "is_complete": is_complete, "is_whole": True, "reason": "test", "newest_on": date(2026, 2, 1), "started_at": at,
            "finished_at": at + timedelta(minutes=1),
        }  # fmt: skip
        self.warehouse.append("facts.walks", [row])

    def fetched(self, number: str, payload: str | None = None, *, night: int = 0, outcome: str = "ok", **facts: Any) -> None:
        self.offset += 100
        row = {
            "run_id": f"r{night}", "source": "s", "article_id": f"s:{number}", "url": f"https://s.example/x/{number}", "outcome": outcome,
            "fetched_at": NIGHT + timedelta(days=night), "payload_sha256": payload, "wire_bytes": 1, "seconds": 0.1, "requests": 1,
            "warc_file": "a.warc", "warc_offset": self.offset,
        }  # fmt: skip
        self.warehouse.append("facts.fetches", [row | facts])

    def read(self, number: str, payload: str, body: str = "", *, title: str = "", parsed: int = 0, **facts: Any) -> None:
        text = f"{title or number}|{body or payload}"
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        row = {
            "run_id": "r", "source": "s", "article_id": f"s:{number}", "payload_sha256": payload, "parser_version": 1,
            "definition_sha256": "d", "read_at": NIGHT + timedelta(days=100 + parsed), "text_sha256": sha256, "content_sha256": sha256,
            "issuers": [], "topics": [], "links": [], "language": "en",
        }  # fmt: skip
        self.warehouse.append("facts.readings", [row | facts])
        known = {row[0] for row in self.warehouse.ask("SELECT text_sha256 FROM facts.texts").rows}
        if sha256 not in known and not facts.get("reason"):
            self.warehouse.append(
                "facts.texts",
                [{"text_sha256": sha256, "content_sha256": sha256, "title_sha256": title or number, "lead_sha256": "", "body_sha256": body or payload,
                  "title": title or number, "body": body or payload, "word_count": 1}],
            )  # fmt: skip

    def article(self, number: str, body: str = "", *, night: int = 0, **facts: Any) -> None:
        self.listed(number, night=night)
        self.fetched(number, f"p{number}", night=night)
        self.read(number, f"p{number}", body, title="same" if body else "", **facts)

    def similar(self, one: str, other: str, similarity: float) -> None:
        texts = dict(self.warehouse.ask("SELECT title, text_sha256 FROM facts.texts").rows)
        pair = sorted((texts[one], texts[other]))
        self.warehouse.append("facts.similarities", [{"text_a": pair[0], "text_b": pair[1], "similarity": similarity}])

    def mart(self, query: str) -> list[tuple[Any, ...]]:
        touched.rebuild(self.warehouse, whole=True)
        for name in sql_names("checks"):
            if "invariant" in name:
                assert self.warehouse.rows(name, run_id="r", now=NIGHT) == [], name
        return self.warehouse.ask(query).rows

    def status(self, number: str) -> str:
        return str(self.mart(f"SELECT status FROM mart.statuses WHERE article_id = 's:{number}'")[0][0])


@pytest.fixture
def facts(tmp_path: Path) -> Iterator[Facts]:
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        yield Facts(warehouse)


def test_the_date_is_the_pages_then_the_listings_then_the_datelines(facts: Facts) -> None:
    """And if the witnesses disagree, the row says so."""
    facts.listed("1", published_on=date(2026, 2, 1))
    facts.listed("2", published_on=date(2026, 2, 1))
    facts.listed("3", published_on=None)
    facts.listed("4", published_on=None)
    for number in "1234":
        facts.fetched(number, f"p{number}")
    facts.read("1", "p1", published_on=date(2026, 2, 2), dateline_on=date(2026, 2, 2))
    facts.read("2", "p2", dateline_on=date(2026, 2, 1))
    facts.read("3", "p3", dateline_on=date(2026, 2, 5))
    facts.read("4", "p4")
    assert facts.mart("SELECT published_on, published_on_from, published_on_conflict FROM mart.articles ORDER BY article_id") == [
        (date(2026, 2, 2), "page", True),
        (date(2026, 2, 1), "listing", False),
        (date(2026, 2, 5), "dateline", False),
        (None, None, False),
    ]


def test_an_edit_taken_back_makes_three_versions(facts: Facts) -> None:
    """A, B, A: three states in time; a response with another footer (same content) makes none."""
    facts.listed("1")
    for night, payload in enumerate(("a", "a-other-footer", "b", "b", "a")):
        facts.fetched("1", payload, night=night)
    facts.read("1", "a", "old")
    facts.read("1", "a-other-footer", "old")
    facts.read("1", "b", "new")
    rows = facts.mart("SELECT version, valid_from, valid_to, body, changed, run_id FROM mart.article_versions ORDER BY version")
    nights = [NIGHT + timedelta(days=n) for n in (0, 2, 4)]
    assert rows == [
        (1, nights[0], nights[1], "old", [], "r0"),
        (2, nights[1], nights[2], "new", ["body"], "r2"),
        (3, nights[2], None, "old", ["body"], "r4"),
    ]


def test_a_better_parser_rewrites_history_instead_of_adding_to_it(facts: Facts) -> None:
    """The mart is a function of the facts: the latest reading of each page counts, so a mended parser makes no version."""
    facts.listed("1")
    facts.fetched("1", "a")
    facts.read("1", "a", "garbled")
    facts.read("1", "a", "clean", parsed=1)
    assert facts.mart("SELECT version, body FROM mart.article_versions") == [(1, "clean")]


def test_links_and_dates_make_versions_too(facts: Facts) -> None:
    """What differs is named."""
    facts.listed("1")
    facts.fetched("1", "a", night=0)
    facts.fetched("1", "b", night=1)
    facts.fetched("1", "c", night=2)
    facts.read("1", "a", "body", published_on=date(2026, 2, 1))
    facts.read("1", "b", "body", published_on=date(2026, 2, 2))
    facts.read("1", "c", "body", published_on=date(2026, 2, 2), links=["https://s.example/x/9"])
    assert facts.mart("SELECT changed, published_on FROM mart.article_versions ORDER BY version") == [
        ([], date(2026, 2, 1)),
        (["published_on"], date(2026, 2, 2)),
        (["links"], date(2026, 2, 2)),
    ]


def test_exact_copies_have_one_representative_whatever_came_first(facts: Facts) -> None:
    """The lowest id of the original language represents; the copy's address leads to it; nothing is lost in coverage."""
    facts.article("sq/5", "text", night=0)
    facts.article("30", "text", night=1)
    facts.article("4", "text", night=2)
    assert facts.mart("SELECT article_id FROM mart.articles") == [("s:4",)]
    assert facts.mart("SELECT article_id, duplicate_of, kind, similarity FROM mart.duplicates ORDER BY 1") == [
        ("s:30", "s:4", "exact", 1.0),
        ("s:sq/5", "s:4", "exact", 1.0),
    ]
    assert facts.mart("SELECT url, article_id, relation FROM mart.article_urls ORDER BY url") == [
        ("https://s.example/x/30", "s:4", "duplicate"),
        ("https://s.example/x/4", "s:4", "canonical"),
        ("https://s.example/x/sq/5", "s:4", "duplicate"),
    ]
    assert facts.mart("SELECT listed, published, duplicate FROM mart.coverage") == [(3, 1, 2)]


def test_near_duplicates_are_grouped_under_the_earliest_and_all_stay(facts: Facts) -> None:
    """1-2 and 2-3 are alike: one group of three, led by the earliest; 8-9 below the threshold are no pair."""
    for number, day in (("1", 3), ("2", 1), ("3", 2), ("8", 1), ("9", 1)):
        facts.article(number, published_on=date(2026, 2, day))
    facts.similar("1", "2", 0.9)
    facts.similar("2", "3", 0.95)
    facts.similar("8", "9", 0.8)
    assert facts.mart("SELECT article_id, duplicate_of, kind, similarity FROM mart.duplicates ORDER BY 1") == [
        ("s:1", "s:2", "near", 0.9),
        ("s:3", "s:2", "near", 0.95),
    ]
    assert len(facts.mart("SELECT * FROM mart.articles")) == 5


def test_every_listed_article_is_in_exactly_one_class(facts: Facts) -> None:
    """Published, duplicate, quarantined (unreadable, not trusted, dead letter), pending (new, failed, unread), gone; refused ones are not listed."""
    facts.article("1", "text")
    facts.article("2", "text")
    facts.listed("3")
    facts.fetched("3", "p3")
    facts.read("3", "p3", reason="field-missing", detail="title", text_sha256=None)
    facts.listed("4")
    facts.fetched("4", outcome="rejected", reason="too-large")
    facts.listed("5")
    for night in range(3):
        facts.fetched("5", outcome="failed", night=night, reason="http-500", status=500)
    facts.listed("6")
    facts.listed("7")
    facts.fetched("7", outcome="failed")
    facts.fetched("7", outcome="failed")
    facts.listed("8")
    facts.fetched("8", "unread yet")
    facts.listed("9")
    facts.fetched("9", outcome="gone", status=404)
    facts.listed("10")
    facts.fetched("10", outcome="disallowed", reason="robots")
    classes = dict(facts.mart("SELECT article_id, status FROM mart.statuses"))
    assert classes == {
        "s:1": "published", "s:2": "duplicate", "s:3": "quarantined", "s:4": "quarantined", "s:5": "quarantined",
        "s:6": "pending", "s:7": "pending", "s:8": "pending", "s:9": "gone",
    }  # fmt: skip
    assert facts.mart("SELECT listed, published, duplicate, quarantined, pending, gone FROM mart.coverage") == [(9, 1, 1, 3, 3, 1)]
    assert facts.mart("SELECT article_id, stage, reason, attempts FROM mart.quarantine ORDER BY article_id") == [
        ("s:3", "parse", "field-missing", 1),
        ("s:4", "fetch", "too-large", 1),
        ("s:5", "fetch", "dead-letter", 3),
    ]


def test_a_bad_night_does_not_unpublish(facts: Facts) -> None:
    """A page that can no longer be read goes to quarantine; consumers keep the last good version."""
    facts.article("1")
    facts.fetched("1", "broken", night=1)
    facts.read("1", "broken", reason="field-missing", detail="body", text_sha256=None)
    assert facts.status("1") == "published"
    assert facts.mart("SELECT version FROM mart.articles") == [(1,)]
    assert facts.mart("SELECT stage FROM mart.quarantine") == [("parse",)]


def test_removed_means_gone_twice_with_a_complete_walk_between(facts: Facts) -> None:
    """One 404 is a hiccup; two without a complete walk are two hiccups; and what comes back is not removed any more."""

    def is_removed() -> bool:
        return bool(facts.mart("SELECT is_removed FROM mart.articles")[0][0])

    facts.article("1")
    facts.fetched("1", outcome="gone", status=404, night=1)
    assert not is_removed()
    facts.walked(2, is_complete=False)
    facts.fetched("1", outcome="gone", status=404, night=2)
    assert not is_removed()
    facts.walked(3, kind="backfill")
    facts.fetched("1", outcome="gone", status=404, night=3)
    assert not is_removed()
    facts.walked(4)
    facts.fetched("1", outcome="gone", status=410, night=4)
    assert is_removed()
    assert facts.status("1") == "published"
    facts.fetched("1", outcome="not_modified", night=5)
    assert not is_removed()


def pending(facts: Facts, night: float, **asked: Any) -> list[str]:
    now = NIGHT + timedelta(days=night)
    values: dict[str, Any] = {
        "source": "s", "since": None, "until": None, "mode": "due", "ids": [], "now": now, "started_at": now, "recheck_days": [1, 3, 7],
        "give_up_after_nights": 3, "unseen_walk": None, "parser_version": 1, "definition_sha256": "d",
    }  # fmt: skip
    return [row["article_id"] for row in facts.warehouse.rows("queue/pending_fetches", **values | asked)]


def test_what_is_asked_for_tonight(facts: Facts) -> None:
    """New addresses; stored ones at their ages since publication; nothing twice in one run."""
    facts.listed("1", published_on=date(2026, 3, 1))
    assert pending(facts, 0) == ["s:1"]
    facts.fetched("1", "p1", night=0)
    assert pending(facts, 0) == [], "not twice in one run"
    assert pending(facts, 0.1) == []
    assert pending(facts, 1) == ["s:1"]
    facts.fetched("1", outcome="not_modified", night=1)
    assert pending(facts, 2) == []
    assert pending(facts, 3) == ["s:1"]
    assert pending(facts, 30) == ["s:1"], "a missed age is made up for, once"
    facts.fetched("1", outcome="not_modified", night=30)
    assert pending(facts, 400) == []
    assert pending(facts, 400, mode="all") == ["s:1"]
    assert pending(facts, 31, mode="none") == []


def test_failures_back_off_across_nights_and_end_as_dead_letters(facts: Facts) -> None:
    """The first failed night is tried again at once, then after a day, and not any more after the third; by name it can be asked at once."""
    facts.listed("1")
    facts.fetched("1", outcome="failed", night=0)
    assert pending(facts, 0.1) == ["s:1"]
    facts.fetched("1", outcome="failed", night=1)
    assert pending(facts, 1.2) == []
    assert pending(facts, 2) == ["s:1"]
    facts.fetched("1", outcome="failed", night=2)
    assert pending(facts, 50) == []
    assert pending(facts, 50, ids=["s:1"]) == ["s:1"]


def test_a_host_that_is_down_costs_no_article_its_chances(facts: Facts) -> None:
    """Nights in which the whole host was down do not count against an address."""
    facts.listed("1")
    for night in range(10):
        facts.fetched("1", outcome="failed", reason="host-down", night=night)
    assert pending(facts, 11) == ["s:1"]
    assert facts.status("1") == "pending"


def test_a_window_asks_only_for_its_own(facts: Facts) -> None:
    """Half-open: the first day is in, the last is out; undated entries are asked for too."""
    for number, day in (("1", date(2026, 1, 31)), ("2", date(2026, 2, 1)), ("3", date(2026, 2, 28)), ("4", date(2026, 3, 1)), ("5", None)):
        facts.listed(number, published_on=day)
    assert sorted(pending(facts, 1, since=date(2026, 2, 1), until=date(2026, 3, 1))) == ["s:2", "s:3", "s:5"]


def test_what_a_whole_walk_did_not_list_is_asked_for(facts: Facts) -> None:
    """A sweep that saw the listing end to end without a stored article asks for it: that is how removals are confirmed."""
    facts.article("1", night=0)
    facts.article("2", night=0)
    facts.listed("1", night=90)
    assert pending(facts, 90, unseen_walk="w90") == ["s:2"]


def test_the_public_file_carries_every_table_and_comment(facts: Facts, tmp_path: Path) -> None:
    """No table and no column without a comment, and the rows of the mart."""
    facts.article("1")
    facts.mart("SELECT 1")
    report = publish.publish(facts.warehouse, tmp_path / "public", run_id="20260301-023000-nightly", now=NIGHT, keep_snapshots=2)
    assert report.counts == {"articles": 1}
    with open_public(tmp_path) as public:
        assert public.query("SELECT article_id FROM articles").rows == [("s:1",)]
        uncommented = public.query(
            """SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal
            UNION ALL SELECT table_name, NULL FROM duckdb_tables() WHERE comment IS NULL"""
        ).rows
        assert uncommented == []


def test_many_portions_make_the_same_file(facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies are put in order some megabytes at a time; here some letters at a time: every row, in its order, without and with a date."""
    for number in range(40):
        facts.article(
            str(number),
            f"A body of {number} " + "letters" * (number % 7),
            published_on=date(2026, 1, 1 + number % 9) if number % 5 else None,
        )
    facts.fetched("7", "edited", night=1)
    facts.read("7", "edited", "another body")
    touched.rebuild(facts.warehouse)
    files = [tmp_path / name for name in ("whole.duckdb", "portions.duckdb")]
    facts.warehouse.write_public(files[0])
    monkeypatch.setattr(warehouse_module, "_PORTION_SHARE", 100 / 512e6)
    facts.warehouse.write_public(files[1])
    for table, order in (("articles", "published_on DESC NULLS LAST, article_id"), ("article_versions", "article_id, version")):
        rows = []
        for file in files:
            with open_public(tmp_path, file) as reader:
                rows.append(reader.query(f"SELECT * FROM {table}").rows)
                assert rows[-1] == reader.query(f"SELECT * FROM {table} ORDER BY {order}").rows
        assert rows[0] == rows[1] and len(rows[0]) == 40 + (table == "article_versions")


@pytest.mark.slow
def test_a_first_publication_needs_memory_for_some_bodies_not_for_all(tmp_path: Path) -> None:
    """Bodies of 60 MB, and 60 for DuckDB and all it does: it can neither hold all for a join nor put many in order at once."""
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        made = Made(warehouse, body_bytes=6000, words=1000)
        made.settings()
        made.articles(made.begin("sweep"), range(10_000))
        touched.rebuild(warehouse)
    with Warehouse.open(tmp_path / "warehouse.duckdb", memory_limit="60MB") as warehouse:
        warehouse.run(sql_text("publish/article_changes"), run_id="r", now=NIGHT)
        warehouse.write_public(tmp_path / "public.duckdb")
        warehouse.run("SET memory_limit = '1GB'")  # to compare
        digest = "SELECT count(*), bit_xor(hash(article_id, body)) FROM"
        with open_public(tmp_path, tmp_path / "public.duckdb") as reader:
            for table in ("articles", "article_versions"):
                assert reader.query(f"{digest} {table}").rows == warehouse.ask(f"{digest} mart.{table}").rows


def test_the_listings_word_on_an_article_is_the_last_of_all_its_addresses(facts: Facts) -> None:
    """Under one address or several, seen together or one after the other, with fields that come and go: by the rule, column by column."""
    dice = random.Random(7)
    for night in range(6):
        entries = []
        for number in dice.sample(range(12), 8):
            for url in dice.sample(("node/1", "press/1", "a/1"), dice.choice((1, 1, 2))) if number > 5 else ("press/1",):
                day = dice.choice((None, date(2026, 1, night + 1)))
                entries.append({
                    "source": "s", "article_id": f"s:{number}", "url": f"https://s.example/{url}-{number}", "title": f"T {night}", "published_on": day,
                    "content_type": dice.choice((None, "News")), "issuers": [str(night)], "topics": [], "entry_sha256": "", "run_id": "r",
                    "seen_at": NIGHT + timedelta(days=night),
                })  # fmt: skip
        facts.warehouse.append("facts.entries", entries)
    rule = """SELECT source, article_id, arg_min(url, (contains(url, '/node/'), url)) AS url, arg_max(title, (tick, url)) AS title,
            arg_max(published_on, (tick, url)) AS published_on, arg_max(content_type, (tick, url)) AS content_type,
            arg_max(issuers, (tick, url)) AS issuers, arg_max(topics, (tick, url)) AS topics, min(seen_at) AS first_seen_at
        FROM facts.entries GROUP BY source, article_id ORDER BY article_id"""
    assert facts.warehouse.ask("FROM facts.listed ORDER BY article_id").dicts() == facts.warehouse.ask(rule).dicts() != []
    ways = "SELECT count(*) FILTER (n = 1) > 0 AND count(*) FILTER (n > 1) > 0 FROM (SELECT count(*) AS n FROM facts.entries GROUP BY article_id)"
    assert facts.warehouse.ask(ways).rows == [(True,)]


def test_words_are_counted_once_a_portion_after_the_other(facts: Facts) -> None:
    """While a crawl is under way only whole portions are, at its end what is left; no text is counted twice or left out."""
    texts = [{"text_sha256": f"{n:064}", "title": f"Title {n}", "body": f"body {n % 7}"} for n in range(PORTION + 30)]
    counted = "SELECT count(*), count(DISTINCT text_sha256), min(document), max(document), min(length), max(length) FROM facts.search_texts"
    facts.warehouse.append("facts.texts", [UNHASHED | text for text in texts[: PORTION - 1]])
    assert not count_portion(facts.warehouse, at_least=PORTION)
    assert facts.warehouse.ask(counted).rows == [(0, 0, None, None, None, None)]
    facts.warehouse.append("facts.texts", [UNHASHED | text for text in texts[PORTION - 1 :]])
    assert count_portion(facts.warehouse, at_least=PORTION) and not count_portion(facts.warehouse, at_least=PORTION)
    assert facts.warehouse.ask(counted).rows == [(PORTION, PORTION, 1, PORTION, 8, 8)]
    for _ in range(2):
        count_words(facts.warehouse)
        assert facts.warehouse.ask(counted).rows == [(PORTION + 30, PORTION + 30, 1, PORTION + 30, 8, 8)]


def test_a_text_that_stands_twice_is_no_work_without_end(facts: Facts) -> None:
    """Nothing writes one twice; but if it were so, a run must not hang for it."""
    for _ in range(2):
        facts.warehouse.append("facts.texts", [UNHASHED | {"text_sha256": "t", "title": "Title", "body": "body"}])
        count_words(facts.warehouse)
    assert facts.warehouse.ask("SELECT count(*) FROM facts.search_texts").rows == [(1,)]


def test_queries_side_by_side_end_when_the_run_is_told_to_stop(facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals reach the main thread only, which waits: the queries are told, which would else take hours."""
    endless = "SELECT count(*) FROM range(10000000000) AS a(n), range(1000) AS b(m) WHERE hash(n, m) = 1"
    monkeypatch.setattr(warehouse_module, "sql_text", lambda _name: endless)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        facts.warehouse.rows_side_by_side(["checks/a", "checks/b", "checks/c"])


@pytest.mark.parametrize("short", ["work", "other"])
def test_what_does_not_fit_beside_each_other_is_done_in_turn(facts: Facts, short: str) -> None:
    """Where memory does not suffice for both: first what was to be done aside, then the rest; nothing of the first attempt is kept twice."""
    facts.warehouse.run("CREATE TABLE done (what VARCHAR)")
    tried: Counter[str] = Counter()

    def step(what: str, warehouse: Warehouse) -> str:
        tried[what] += 1
        with warehouse.transaction():
            warehouse.run("DELETE FROM done WHERE what = $what", what=what)
            warehouse.run("INSERT INTO done SELECT $what", what=what)
            if what == short and tried[what] == 1:
                raise duckdb.OutOfMemoryException("could not allocate a block")
        return what

    assert facts.warehouse.both(lambda: step("work", facts.warehouse), lambda beside: step("other", beside)) == "work"
    assert facts.warehouse.ask("SELECT what FROM done ORDER BY ALL").rows == [("other",), ("work",)] and tried[short] == 2
    with pytest.raises(ZeroDivisionError), facts.warehouse.aside(lambda _: 1 // 0):
        pass
    with pytest.raises(ZeroDivisionError), facts.warehouse.aside(lambda beside: beside.run("INSERT INTO done SELECT 'this, too'")):
        raise ZeroDivisionError
    for each in threading.enumerate():
        if each.name == "aside":  # it has told what came of it, and is ending
            each.join(10)
            assert not each.is_alive()


def test_a_small_warehouse_is_given_little_memory_and_more_as_it_grows(tmp_path: Path) -> None:
    """DuckDB keeps as a cache whatever it may take. Where the little does not suffice, there is what the settings allow; never more."""

    def limit(warehouse: Warehouse) -> str:
        return str(warehouse.ask("SELECT current_setting('memory_limit')").rows[0][0])

    path = tmp_path / "warehouse.duckdb"
    with Warehouse.open(path, memory_limit="64MiB", by_size=True) as warehouse:
        assert limit(warehouse) == "64.0 MiB"
    with Warehouse.open(path, memory_limit="512MB", by_size=True) as warehouse:
        first = float(limit(warehouse).split()[0])
        assert 96 <= first < 104
        with warehouse.transaction():
            warehouse.run("CREATE TABLE much AS SELECT hash(n) AS h, hash(-n) AS i FROM range(11_000_000) AS r(n)")
        assert first + 4 < float(limit(warehouse).split()[0]) < 160

        def wants_much() -> int:
            return len(warehouse.ask("SELECT list(h ORDER BY i) FROM (FROM much LIMIT 2_000_000)").rows)

        warehouse.run("SET memory_limit = '24MiB'")
        with pytest.raises(duckdb.OutOfMemoryException):
            wants_much()
        assert warehouse.with_enough(wants_much) == 1 and first < float(limit(warehouse).split()[0]) < 300
        tried = []

        def wants_more() -> None:
            tried.append(1)
            raise duckdb.OutOfMemoryException("failed to allocate")

        with pytest.raises(duckdb.OutOfMemoryException):
            warehouse.with_enough(wants_more)
        assert 2 <= len(tried) <= 6 and limit(warehouse) == "488.2 MiB"
    with Warehouse.open(path, memory_limit="512MB") as warehouse:
        assert limit(warehouse) == "488.2 MiB"
        assert warehouse.with_enough(lambda: 5) == 5


def test_a_log_that_goes_while_it_is_measured_is_no_trouble(facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint aside removes it at any instant."""
    size = facts.warehouse.size()
    found = list(facts.warehouse.path.parent.glob("warehouse.duckdb*"))
    monkeypatch.setattr(Path, "glob", lambda *_: iter([*found, Path("gone.duckdb.wal")]))
    assert size > 0 and facts.warehouse.size() == size


def test_a_warehouse_that_needs_more_memory_than_it_is_given_keeps_what_it_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill: what stands in the log is in memory already, and DuckDB does not give it back."""

    def refuses(_: Warehouse, wanted: int) -> None:
        raise duckdb.OutOfMemoryException(f"Failed to change memory limit to {wanted}: could not free up enough memory for the new limit")

    monkeypatch.setattr(Warehouse, "_let_take", refuses)
    with Warehouse.open(tmp_path / "warehouse.duckdb", memory_limit="1GiB", by_size=True) as warehouse:
        with warehouse.transaction():
            warehouse.run("CREATE TABLE t AS SELECT 1 AS one")
        assert warehouse.ask("SELECT one, current_setting('memory_limit') FROM t").rows == [(1, "1.0 GiB")]


def test_a_warehouse_that_cannot_be_opened_for_want_of_memory_is_not_called_damaged(tmp_path: Path) -> None:
    """Or somebody would move it away."""
    path = tmp_path / "warehouse.duckdb"
    with Warehouse.open(path):
        pass
    with (
        pytest.raises(NewsroomError, match=r"more memory needed; raise warehouse\.memory_limit") as caught,
        Warehouse.open(path, memory_limit="1KB"),
    ):
        pytest.fail("must not get here")
    assert not isinstance(caught.value, Damaged)


@pytest.mark.parametrize(
    "trouble", [duckdb.OutOfMemoryException("for two"), IndexError("of the query itself"), RuntimeError("no more threads")]
)
def test_queries_side_by_side_are_all_answered_or_none(facts: Facts, trouble: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """What two lanes lack the memory for is asked in one; any other error is told."""
    monkeypatch.setattr(warehouse_module, "sql_text", lambda name: f"SELECT '{name}' AS name")
    asked, plain = Counter[str](), Warehouse.rows

    def rows(self: Warehouse, name: str, **values: object) -> list[dict[str, Any]]:
        asked[name] += 1
        if name == "c" and asked[name] == 1 and not isinstance(trouble, RuntimeError):
            raise trouble
        return plain(self, name, **values)

    def no_thread(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(Warehouse, "rows", rows)
    if isinstance(trouble, RuntimeError):
        monkeypatch.setattr(warehouse_module, "in_thread", no_thread)
    if isinstance(trouble, IndexError):
        with pytest.raises(IndexError):
            facts.warehouse.rows_side_by_side("abcdef")
    else:
        assert facts.warehouse.rows_side_by_side("abcdef") == {name: [{"name": name}] for name in "abcdef"}


def test_whether_anything_is_unread_is_asked_before_what(facts: Facts) -> None:
    """The cheap question must never be answered no while the other one has rows; where it says yes for nothing, that costs a moment."""
    today, other = {"parser_version": 1, "definition_sha256": "d"}, {"parser_version": 2, "definition_sha256": "e"}
    chance = random.Random(7)
    told: Counter[tuple[bool, bool]] = Counter()
    for round_ in range(60):
        for table in ("fetches", "readings", "entries", "distrusts"):
            facts.warehouse.run(f"DELETE FROM facts.{table}")
        for step in range(chance.randint(1, 6)):
            number, payload = chance.choice("12"), chance.choice("ab")
            outcome = chance.choice(("ok", "ok", "rejected", "gone"))
            if step == 0 or chance.random() < 0.4:
                facts.fetched(
                    number, payload if outcome != "gone" else None, outcome=outcome, night=chance.randint(0, 1), likeness="all alike"
                )
            if chance.random() < 0.8:
                reason = chance.choice((None, None, "archive-damaged", "parser-error"))
                facts.read(number, payload, reason=reason, **chance.choice((today, today, other)))
        if round_ % 10 == 0:
            row = {"run_id": "r1", "source": "s", "likeness": "all alike", "reason": "alike", "noticed_at": NIGHT}
            facts.warehouse.append("facts.distrusts", [row])
        (asked,) = facts.warehouse.rows("queue/has_unread", source="s", **today)
        rows = facts.warehouse.rows("queue/pending_reads", source="s", force=[], **today)
        told[asked["has_unread"], bool(rows)] += 1
    assert not told[False, True]
    assert told[True, True] > 10 and told[False, False] > 10 and told[True, False] < 15, told


FAULTS = {
    "a version is lost": ("DELETE FROM mart.versions WHERE article_id = 's:1' AND version = 2", "invariant_versions", "gap or overlap"),
    "the first version is lost": ("DELETE FROM mart.versions WHERE article_id = 's:1' AND version = 1", "invariant_versions", "gap or overlap"),
    "the only version has another number": (
        "UPDATE mart.versions SET version = 2 WHERE article_id = 's:2'", "invariant_versions", "gap or overlap"),
    "the only version has ended": ("UPDATE mart.versions SET valid_to = valid_from + INTERVAL 1 DAY WHERE article_id = 's:2'",
        "invariant_versions", "gap or overlap"),
    "a version stands twice": ("INSERT INTO mart.versions FROM mart.versions WHERE article_id = 's:2'", "invariant_versions", "gap or overlap"),
    "two versions overlap": ("UPDATE mart.versions SET valid_to = valid_to + INTERVAL 1 HOUR WHERE article_id = 's:1' AND version = 1",
        "invariant_versions", "gap or overlap"),
    "a version ends before it begins": ("UPDATE mart.versions SET valid_from = valid_to + INTERVAL 1 DAY WHERE article_id = 's:1' AND version = 1",
        "invariant_versions", "gap or overlap"),
    "an article has another text than its newest version": (
        "UPDATE mart.current SET text_sha256 = (SELECT text_sha256 FROM mart.current WHERE article_id = 's:2') WHERE article_id = 's:1'",
        "invariant_versions", "newest version differs from articles"),
    "an article has another date than its newest version": (
        "UPDATE mart.current SET published_on = NULL WHERE article_id = 's:1'", "invariant_versions", "newest version differs from articles"),
    "an article has no version": ("DELETE FROM mart.versions WHERE article_id = 's:2'", "invariant_versions", "newest version differs from articles"),
    "a text stands twice": ("INSERT INTO facts.texts FROM facts.texts WHERE title = 'T2'", "invariant_unique", "article_id"),
    "two articles at one address": ("UPDATE mart.current SET url = 'https://s.example/x/1'", "invariant_unique", "url"),
    "two articles of one content": ("UPDATE mart.current SET content_sha256 = 'c'", "invariant_unique", "content_sha256"),
    "an article is lost": ("DELETE FROM mart.current WHERE article_id = 's:2'", "invariant_coverage", "articles and coverage disagree"),
    "the text of an article is lost": ("DELETE FROM facts.texts WHERE title = 'T2'", "invariant_coverage", "articles and coverage disagree"),
    "what was listed is not accounted for": ("UPDATE mart.coverage SET listed = listed + 1", "invariant_coverage", "s"),
    "a title is blank": ("UPDATE facts.texts SET title = '   ' WHERE title = 'T2'", "missing_title", "s:2"),
    "a title is another blank": ("UPDATE facts.texts SET title = chr(160) || chr(8195) WHERE title = 'T2'", "missing_title", "s:2"),
    "a title is empty": ("UPDATE facts.texts SET title = '' WHERE title = 'T2'", "missing_title", "s:2"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_must_never_be_is_found(facts: Facts, fault: str) -> None:
    """A check that says nothing is only worth something if it would."""
    statement, check, trouble = FAULTS[fault]
    facts.listed("1")
    for night, body in enumerate(("first", "second", "third")):
        facts.fetched("1", body, night=night)
        facts.read("1", body, title="T1")
    facts.listed("2")
    facts.fetched("2", "other")
    facts.read("2", "other", title="T2")
    assert facts.mart("SELECT count(*) FROM mart.article_versions") == [(4,)]
    facts.warehouse.run(statement)
    found = facts.warehouse.rows(f"checks/{check}", run_id="r", now=NIGHT)
    assert any(trouble in row.values() for row in found), found


def test_what_the_drift_checks_look_at(facts: Facts) -> None:
    """Pages are compared with their own past; the published ones are gone through only where there is a new one to compare with them."""

    def bases() -> dict[str, str]:
        touched.rebuild(facts.warehouse)
        return {
            f"{article_id}={basis}": said for article_id, basis, said in
            facts.warehouse.ask("SELECT article_id[3:], basis, coalesce(reason, body_sha256) FROM mart.judged_pages").rows
        }  # fmt: skip

    def published(*runs: str) -> None:
        facts.warehouse.append("ops.published_runs", [{"run_id": run, "publication_run_id": run} for run in runs])

    for number in "12345":
        facts.listed(number)
        facts.fetched(number, f"p{number}", night=0)
        facts.read(number, f"p{number}", f"says {number}", run_id="r0", **({"reason": "field-missing"} if number == "5" else {}))
    assert bases() == {**{f"{n}=fresh": f"says {n}" for n in "1234"}, "5=fresh": "field-missing"}
    published("r0")
    facts.warehouse.run("DELETE FROM facts.readings WHERE reason IS NOT NULL")
    assert bases() == {}
    facts.fetched("1", outcome="not_modified", night=1)
    assert bases() == {"1=again": "says 1"}
    facts.fetched("2", "p2 edited", night=1)
    facts.read("2", "p2 edited", "says more", run_id="r1")
    again = {"1=again": "says 1", "2=again": "says more", "2=fresh": "says more"}
    history = {f"{n}=history": f"says {n}" for n in "1234"}
    assert bases() == again | history
    facts.read("3", "p3", "read otherwise", run_id="r1", parser_version=2)
    facts.read("5", "p5", run_id="r1", reason="field-missing")
    assert bases() == again | history | {"3=reread": "read otherwise", "5=fresh": "field-missing"}
    published("r1")
    facts.listed("6", night=2)
    facts.fetched("6", "p6", night=2)
    facts.read("6", "p6", "says 6", run_id="r2")
    history = {"1=history": "says 1", "2=history": "says more", "3=history": "read otherwise", "4=history": "says 4"}
    assert bases() == {"6=fresh": "says 6", "5=fresh": "field-missing", "5=history": "field-missing", **history}


def test_of_a_page_one_reading_is_written_at_a_time(facts: Facts) -> None:
    """Versions know their reading by article, page and tick: two of the same would make two rows of an article."""
    source = load_sources(CONFIG, ("osce",))[0]
    read = [Article(title="A title", lead=None, body=f"Said {n} times. " * 9, language="en") for n in range(3)]
    pages = [Reading("osce:1", page, article, reading.text_of(article)) for page, article in zip("ppq", read, strict=True)]
    append_readings(facts.warehouse, pages, source=source, run_id="r", now=NIGHT)
    written = facts.warehouse.ask("SELECT article_id, payload_sha256, text_sha256 FROM facts.readings ORDER BY ALL").rows
    assert written == [("osce:1", page.payload_sha256, page.text.text_sha256) for page in pages[1:] if page.text]


def test_a_text_is_signed_once(facts: Facts) -> None:
    """What a page read again says is known, signature and all; should it not be, it is signed then."""
    source = load_sources(CONFIG, ("osce",))[0]
    article = Article(title="A title", lead=None, body="Five words and some more words. " * 3, language="en")
    new = reading.text_of(article)
    known, other = reading.text_of(article, signed=new.text_sha256), reading.text_of(article, signed="of another text")
    assert known == replace(new, signature=None) and other == new and new.signature
    for night, text in enumerate((known, new, known)):
        append_readings(facts.warehouse, [Reading("osce:1", "p", article, text)], source=source, run_id=f"r{night}", now=NIGHT)
        signed = facts.warehouse.ask("SELECT text_sha256, signature, bands FROM facts.signatures").rows
        assert signed == [(new.text_sha256, list(new.signature), list(bands(new.signature)))]


def test_snapshots_are_kept_dropped_and_shown_again(facts: Facts, tmp_path: Path) -> None:
    """The newest two are kept; rollback goes one back each time; readers keep what they opened."""
    public = tmp_path / "public"
    for n in range(1, 5):
        facts.article(str(n))
        facts.mart("SELECT 1")
        publish.publish(facts.warehouse, public, run_id=f"run{n}", now=NIGHT + timedelta(days=n), keep_snapshots=2)
    assert publish.snapshots(public) == ["run4", "run3"]
    assert publish.shown(public) == "run4"
    with open_public(tmp_path) as reader:
        assert publish.rollback(public, None) == "run3"
        assert reader.query("SELECT count(*) FROM articles").rows == [(4,)]
    with open_public(tmp_path) as reader:
        assert reader.query("SELECT count(*) FROM articles").rows == [(3,)]
    assert publish.shown(public) == "run3"


def test_no_model_pairs_all_articles_with_each_other(tmp_path: Path) -> None:
    """On a first night DuckDB knows nothing of the tables just made, and may plan as if they were small: 10,000 million rows at 100,000 articles.

    (Near-duplicates were once looked up that way: articles of a source with all others of it, and then those that are alike.)
    """
    articles, profile, most = 1000, tmp_path / "profile.json", {}
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        made = Made(warehouse, body_bytes=300, words=500)
        made.settings()
        made.articles(made.begin(), range(articles))
        texts = [text for (text,) in warehouse.ask("SELECT text_sha256 FROM facts.texts ORDER BY ALL LIMIT 60").rows]
        pairs = zip(texts[::2], texts[1::2], strict=True)
        warehouse.append("facts.similarities", [{"text_a": one, "text_b": other, "similarity": 0.9} for one, other in pairs])
        touched.rebuild(warehouse)
        warehouse.run("PRAGMA enable_profiling = 'json'")
        warehouse.run(f"PRAGMA profiling_output = '{profile}'")
        with warehouse.transaction():
            for name in sql_names("mart"):
                warehouse.run(sql_text(name))
                most[name] = max(_rows(json.loads(profile.read_text())["operator"]))
        warehouse.run("PRAGMA disable_profiling")
        assert warehouse.ask("SELECT count(*) FROM mart.duplicates WHERE kind = 'near'").rows == [(30,)]
    assert most["mart/10_versions"] >= articles
    assert {name: rows for name, rows in most.items() if rows > 200 * articles} == {}


def _rows(operators: list[dict[str, Any]]) -> Iterator[int]:
    """What each operator of a plan handed on."""
    for each in operators:
        yield each["intermediate_rows"]
        yield from _rows(each.get("children", []))
