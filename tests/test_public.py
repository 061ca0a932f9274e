"""The database as a product: what is promised stays, everything is explained, and analysts find what they need ready-made."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from newsroom import pipeline, touched
from newsroom.errors import NewsroomError
from newsroom.sample import SampleSite, serve
from newsroom.warehouse import Warehouse, open_public, sql_text
from tests.nights import Office, impatient_config

CONTRACT = {
    "articles": """article_id VARCHAR, source VARCHAR, url VARCHAR, title VARCHAR, lead VARCHAR, body VARCHAR, content_type VARCHAR,
        published_on DATE, published_on_from VARCHAR, published_on_conflict BOOLEAN, place VARCHAR, issuers VARCHAR[], topics VARCHAR[],
        language VARCHAR, word_count INTEGER, content_sha256 VARCHAR, version INTEGER, first_seen_at TIMESTAMP WITH TIME ZONE,
        last_seen_at TIMESTAMP WITH TIME ZONE, last_changed_at TIMESTAMP WITH TIME ZONE, is_removed BOOLEAN, parser_version INTEGER,
        warc_file VARCHAR, warc_offset BIGINT""",
    "article_versions": """article_id VARCHAR, version INTEGER, valid_from TIMESTAMP WITH TIME ZONE, valid_to TIMESTAMP WITH TIME ZONE,
        title VARCHAR, lead VARCHAR, body VARCHAR, published_on DATE, content_sha256 VARCHAR, changed VARCHAR[], run_id VARCHAR,
        warc_file VARCHAR, warc_offset BIGINT""",
    "article_urls": "url VARCHAR, article_id VARCHAR, relation VARCHAR",
    "duplicates": "article_id VARCHAR, duplicate_of VARCHAR, kind VARCHAR, similarity DOUBLE",
    "listing_entries": """article_id VARCHAR, url VARCHAR, title VARCHAR, published_on DATE, content_type VARCHAR, issuers VARCHAR[],
        topics VARCHAR[], snippet VARCHAR, first_seen_at TIMESTAMP WITH TIME ZONE, last_seen_at TIMESTAMP WITH TIME ZONE""",
    "coverage": """source VARCHAR, month DATE, content_type VARCHAR, listed BIGINT, published BIGINT, duplicate BIGINT, quarantined BIGINT,
        pending BIGINT, gone BIGINT""",
    "walks": "run_id VARCHAR, source VARCHAR, pages INTEGER, entries INTEGER, is_complete BOOLEAN, reason VARCHAR",
    "quarantine": """url VARCHAR, article_id VARCHAR, stage VARCHAR, reason VARCHAR, detail VARCHAR, attempts BIGINT,
        first_at TIMESTAMP WITH TIME ZONE, last_at TIMESTAMP WITH TIME ZONE""",
    "runs": """run_id VARCHAR, kind VARCHAR, started_at TIMESTAMP WITH TIME ZONE, finished_at TIMESTAMP WITH TIME ZONE, outcome VARCHAR,
        pages BIGINT, entries BIGINT, requests BIGINT, fetched BIGINT, not_modified BIGINT, gone BIGINT, failed BIGINT, rejected BIGINT,
        refused BIGINT, read BIGINT, unread BIGINT, new_articles BIGINT, new_versions BIGINT""",
    "checks": "run_id VARCHAR, check_name VARCHAR, severity VARCHAR, verdict VARCHAR, failing_rows BIGINT, detail VARCHAR",
    # since schema 1.0, beyond the contract
    "article_changes": """publication INTEGER, run_id VARCHAR, article_id VARCHAR, source VARCHAR, change VARCHAR, changed VARCHAR[],
        noted_at TIMESTAMP WITH TIME ZONE""",
    "meta": "schema_version VARCHAR, run_id VARCHAR, published_at TIMESTAMP WITH TIME ZONE, newsroom_version VARCHAR, articles BIGINT",
    "article_topics": "article_id VARCHAR, source VARCHAR, published_on DATE, content_type VARCHAR, title VARCHAR, topic VARCHAR",
    "article_issuers": "article_id VARCHAR, source VARCHAR, published_on DATE, content_type VARCHAR, title VARCHAR, issuer VARCHAR",
    "articles_per_month": "source VARCHAR, month DATE, content_type VARCHAR, articles BIGINT, words BIGINT",
    "search('x')": """score DOUBLE, words_found BIGINT, article_id VARCHAR, published_on DATE, content_type VARCHAR, title VARCHAR,
        url VARCHAR""",
    "changes_since('2020-01-01')": """article_id VARCHAR, change VARCHAR, changed VARCHAR[], noted_at TIMESTAMP WITH TIME ZONE,
        run_id VARCHAR, url VARCHAR, title VARCHAR, content_type VARCHAR, published_on DATE, version INTEGER, is_removed BOOLEAN""",
}
"""Columns that always exist. A line of this is changed only with the major number of `meta.schema_version` (docs/schema.md)."""

BOOKKEEPING = {
    "article_id", "source", "word_count", "content_sha256", "version", "first_seen_at", "last_seen_at", "last_changed_at", "parser_version",
    "warc_file", "warc_offset",
}  # fmt: skip
"""Columns of articles that follow from others, or say nothing of the article: no change in the feed."""

Feed = list[dict[str, Any]]


@pytest.fixture(scope="module")
def site() -> SampleSite:
    return SampleSite(120)


@pytest.fixture(scope="module")
def office(site: SampleSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Six nights: additions, edits, a removal that is confirmed, a copy that turns up, and one night on which nothing happens."""
    folder = tmp_path_factory.mktemp("public")
    with serve(site) as server:
        office = Office(folder / "data", server.url, impatient_config(folder / "config"))
        office.run("sweep")
        plain = [item for item in site.articles() if item.layout == "press" and not item.exact_copy_of and not item.near_copy_of]
        for night in range(1, 7):
            office.sleep()
            if night == 1:
                site.add(3)
                site.rewrite(plain[0].id)
            if night == 2:
                site.edit(plain[1].id, title="Élections observers' meetings in Vienna", topics=("Elections", "Media"))
                site.remove(plain[2].id)
            if night == 5:
                site.restore(plain[2].id)
                site.rewrite(plain[0].id, "And corrected once more.")
            assert office.run("sweep", recheck="all" if night != 6 else "none").published
        with Warehouse.look(office.data / "warehouse.duckdb") as warehouse:
            assert warehouse.ask("SELECT amended FROM mart.shown").rows == [(6,)], "all that is asked here is asked of an amended file"
        yield office


def columns(office: Office, relation: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in office.sql(f"DESCRIBE FROM {relation}")}


def snapshots(office: Office) -> list[Path]:
    return sorted((office.data / "public" / "snapshots").glob("*.duckdb"))


def articles_of(office: Office, snapshot: Path) -> dict[str, tuple[Any, ...]]:
    with open_public(office.data, snapshot) as public:
        names = [name for (name,) in public.query("SELECT column_name FROM (DESCRIBE articles)").rows if name not in BOOKKEEPING]
        rows = public.query(f"SELECT article_id, {', '.join(names)} FROM articles").rows
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("relation", CONTRACT)
def test_what_is_promised_is_there(office: Office, relation: str) -> None:
    """Every promised column, with its type. More may be there."""
    have = columns(office, relation)
    for name, kind in (re.split(r" ", column.strip(), maxsplit=1) for column in CONTRACT[relation].split(",")):
        assert have.get(name) == kind, f"{relation}.{name}: a breaking change; see docs/schema.md"


def test_the_contract_is_the_one_agreed_on() -> None:
    """The page that says so, where it is at hand: same tables, same columns of `articles`."""
    page = Path(__file__).resolve().parents[2] / "shared" / "CONTRACT.md"
    if not page.is_file():
        pytest.skip(f"{page}: not here; the columns are still compared with the list above")
    text = page.read_text(encoding="utf-8")
    for table in re.findall(r"^\| `(\w+)` \| [a-z]", text.partition("## The public database")[2].partition("## Sources")[0], re.MULTILINE):
        assert table in CONTRACT
    rows = text.partition("`articles` — one row")[2].partition("| table |")[0]
    promised = [
        name for cell in re.findall(r"^\| ([a-z_0-9, ]+) \| [A-Z]", rows, re.MULTILINE) for name in cell.replace(", key", "").split(", ")
    ]
    assert set(promised) <= {column.split()[0] for column in CONTRACT["articles"].split(",")}
    assert len(promised) > 20


def test_everything_is_explained(office: Office) -> None:
    """Tables, views, columns and macros: a sentence each."""
    unexplained = office.sql(
        """SELECT table_name FROM duckdb_tables() WHERE comment IS NULL UNION ALL
        SELECT view_name FROM duckdb_views() WHERE NOT internal AND comment IS NULL UNION ALL
        SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL UNION ALL
        SELECT function_name FROM duckdb_functions() WHERE NOT internal AND comment IS NULL"""
    )
    assert unexplained == []


def test_the_file_says_what_it_is(office: Office) -> None:
    """The version of the schema, and the run that published it."""
    last = office.sql("SELECT max(run_id) FROM runs")[0][0]
    assert office.sql("SELECT schema_version, run_id, articles = (SELECT count(*) FROM articles) FROM meta") == [("1.0", last, True)]
    assert office.sql("SELECT sources[1].source, sources[1].parser_version > 0 FROM meta") == [("osce", True)]


def test_the_feed_of_changes_leads_from_any_snapshot_to_the_last(office: Office) -> None:
    """Whoever holds an earlier snapshot and takes what changes_since() names has the present articles; what is named has changed."""
    kept = snapshots(office)
    now = articles_of(office, kept[-1])
    assert len(kept) == 7
    for snapshot in kept:
        before = articles_of(office, snapshot)
        feed = office.dicts(f"FROM changes_since('{snapshot.stem}')")
        told = {row["article_id"] for row in feed}
        assert told >= {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
        back = {key for key in told if before.get(key) == now.get(key)}
        changes = office.sql("SELECT article_id FROM article_changes WHERE publication > 1 GROUP BY article_id HAVING count(*) > 1")
        assert back <= {key for (key,) in changes}, "changed, and changed back"
        for row in feed:
            key = row["article_id"]
            if key in back:
                continue
            expected = "new" if key not in before else "withdrawn" if key not in now else "changed"
            assert row["change"] == expected or (expected == "changed" and row["change"] in ("removed", "restored"))


def test_the_feed_says_what_happened(office: Office, site: SampleSite) -> None:
    """New ones, a changed body, a changed title and topics, a removal and the return, each in its night; and nothing on a quiet night."""
    runs = [path.stem for path in snapshots(office)]
    feed = office.dicts(
        "SELECT run_id, change, changed FROM article_changes WHERE publication > 1 ORDER BY publication, change, article_id"
    )
    by_run = {run: [(row["change"], row["changed"]) for row in feed if row["run_id"] == run] for run in runs}
    assert by_run[runs[1]].count(("new", [])) == 3
    assert ("changed", ["body"]) in by_run[runs[1]]
    assert [sorted(changed) for change, changed in by_run[runs[2]] if change == "changed"] == [["title", "topics"]]
    assert sum(change == "removed" for run in runs[3:5] for change, _ in by_run[run]) == 1
    assert ("restored", []) in by_run[runs[5]]
    assert by_run[runs[6]] == []
    assert office.sql(f"SELECT count(*) FROM changes_since('{runs[-1]}')") == [(0,)]
    assert office.sql(f"SELECT count(*) FROM changes_since('{office.now.date()}')") == [(0,)]
    assert office.sql("SELECT count(*) FROM changes_since(DATE '2020-01-01')") == office.sql("SELECT count(*) FROM articles")
    with pytest.raises(NewsroomError, match="nonsense is neither a run_id"):
        office.sql("FROM changes_since('nonsense')")


def test_the_feed_watches_every_column_that_means_something(office: Office) -> None:
    """A column added to articles is watched, or named as bookkeeping."""
    digested = set(re.findall(r"'(\w+)': (?:md5|\w+_digest\b)", sql_text("publish/article_changes")))
    watched = digested | {"published_on_from", "published_on_conflict"}
    assert watched | BOOKKEEPING == set(columns(office, "articles"))


def test_search_finds_the_right_article_first(office: Office) -> None:
    """Words of a title find it; case, accents and plurals do not matter; what is nowhere finds nothing; quotes do no harm."""
    assert office.sql("SELECT title FROM search('ELECTION observer meeting vienna') LIMIT 1") == [
        ("Élections observers' meetings in Vienna",)
    ]
    assert office.sql("SELECT words_found FROM search('élection observers'' meetings vienna') LIMIT 1") == [(4,)]
    for query in ("", "qqqq", "'' OR 1=1 --", "%_", "\\"):
        assert office.sql(f"SELECT count(*) FROM search('{query}') WHERE words_found > 2") == [(0,)]
    for title, article_id in office.sql("SELECT title, article_id FROM articles WHERE length(title) > 30 ORDER BY article_id LIMIT 25"):
        quoted = title.replace("'", "''")
        found = office.sql(f"SELECT title FROM search('{quoted}') LIMIT 3")
        assert (title,) in found, article_id


def test_the_index_is_that_of_the_articles_now(office: Office) -> None:
    """After edits, removals and copies: one document for each article, its words those of its present text, no trace of earlier ones."""
    assert office.sql("SELECT count(*) FROM articles ANTI JOIN search_documents USING (article_id)") == [(0,)]
    assert office.sql("SELECT count(*) = (SELECT count(*) FROM articles) FROM search_documents") == [(True,)]
    wrong = office.sql(
        """WITH now AS (
            SELECT article_id, word, least(sum(weight), 255) AS weight FROM (
                SELECT article_id, unnest(search_words(title)) AS word, 3 AS weight FROM articles UNION ALL
                SELECT article_id, unnest(search_words(concat_ws(' ', lead, body))), 1 FROM articles)
            GROUP BY ALL),
        indexed AS (
            SELECT article_id, word, weight
            FROM search_postings JOIN search_words USING (word_number) JOIN search_documents USING (document))
        SELECT * FROM now FULL JOIN indexed USING (article_id, word) WHERE now.weight IS DISTINCT FROM indexed.weight"""
    )
    assert wrong == []
    documents = "SELECT word_number, count(*) AS documents FROM search_postings GROUP BY ALL"
    assert office.sql(f"({documents}) EXCEPT SELECT word_number, documents FROM search_words") == []
    disorder = "SELECT word_number < lag(word_number) OVER (ORDER BY rowid) AS falls FROM search_postings"
    publications = "SELECT max(publication) FROM article_changes"  # each may have put its words behind the others' (amend.py)
    assert office.sql(f"SELECT count(*) < ({publications}) FROM ({disorder}) WHERE falls") == [(True,)]


def test_another_rule_for_words_makes_another_index(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index never mixes words cut by two rules: when the rule changes, all texts are cut anew."""
    state = (
        "SELECT count(DISTINCT rule), count(*) FILTER (ends_with(word, '!')) * 1.0 / count(*) FROM facts.search_texts, facts.search_words"
    )
    with Warehouse.open(office.data / "warehouse.duckdb") as warehouse:
        warehouse.run("CREATE OR REPLACE MACRO search_stem(word) AS word || '!'")
        touched.rebuild(warehouse, whole=True)
        assert warehouse.ask(state).rows == [(1, 1.0)]
    with Warehouse.open(office.data / "warehouse.duckdb") as warehouse:  # opening it puts the rule right
        touched.rebuild(warehouse, whole=True)
        assert warehouse.ask(state).rows == [(1, 0.0)]


def test_ready_made_views_count_right(office: Office) -> None:
    """Topics and issuers one by one, articles month by month: the same sums as by hand."""
    assert office.sql("SELECT count(*) FROM article_topics") == office.sql("SELECT sum(len(topics))::BIGINT FROM articles")
    assert office.sql("SELECT count(*) FROM article_issuers") == office.sql("SELECT sum(len(issuers))::BIGINT FROM articles")
    assert office.sql("SELECT sum(articles), sum(words) FROM articles_per_month") == office.sql(
        "SELECT count(*), sum(word_count) FROM articles"
    )
    assert office.sql("SELECT count(*) FROM articles_per_month WHERE day(month) <> 1") == [(0,)]


QUESTIONS = {
    "tables": "SELECT count(*) FROM articles",
    "view": "SELECT count(*), count(DISTINCT topic) FROM article_topics",
    "months": "SELECT sum(articles) FROM articles_per_month",
    "search": "SELECT article_id, score, words_found FROM search('election observers meetings') ORDER BY score DESC, article_id LIMIT 5",
    "changes": "SELECT article_id, change, changed FROM changes_since('2027-06-01') ORDER BY article_id LIMIT 9",
    "since": "SELECT change, count(*) FROM changes_since('20270601-023000-sweep') GROUP BY change ORDER BY change",
    "meta": "SELECT schema_version, run_id, articles FROM meta",
    "comments": "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL",
}
CLIENT = """import duckdb, hashlib, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
print(duckdb.__version__)
print(json.dumps({name: connection.execute(text).fetchall() for name, text in json.load(sys.stdin).items()}))
connection.execute("SET TimeZone = 'UTC'")
tables = sorted(name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall())
rows = {table: sorted(str([str(value) for value in row]) for row in connection.execute("FROM " + table).fetchall()) for table in tables}
print(json.dumps({table: [len(each), hashlib.sha256(chr(10).join(each).encode()).hexdigest()] for table, each in rows.items()}))"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", ["1.4.*", "1.5.*"])
def test_older_clients_open_it(office: Office, tmp_path: Path, version: str) -> None:
    """DuckDB 1.4 and 1.5 answer every question, views and macros included, as 2.x does, and read every row of a file that has been amended."""
    old = tmp_path / "old"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--no-deps"]
    install = [*pip, "--target", old, f"duckdb=={version}"]
    installed = subprocess.run(install, capture_output=True, text=True, timeout=300)
    if installed.returncode:
        pytest.skip(f"duckdb {version} cannot be installed here (no package index?): {installed.stderr.strip()[-200:]}")
    file = office.data / "public" / "newsroom.duckdb"
    env = {**os.environ, "PYTHONPATH": str(old)}  # before the one that is installed
    words = [sys.executable, "-c", CLIENT, file]
    told, answer, rows = subprocess.run(
        words, input=json.dumps(QUESTIONS), env=env, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    ours = subprocess.run(words, input=json.dumps(QUESTIONS), capture_output=True, text=True, check=True).stdout.splitlines()
    assert json.loads(rows) == json.loads(ours[2])
    assert told.startswith(version.rstrip("*"))
    assert json.loads(answer) == json.loads(json.dumps({name: office.sql(text) for name, text in QUESTIONS.items()}))


def test_a_blocked_night_is_not_in_the_feed(tmp_path: Path) -> None:
    """What was not published did not change for anyone; once it is, it is new."""
    site = SampleSite(60)
    with serve(site) as server:
        office = Office(tmp_path / "data", server.url, impatient_config(tmp_path / "config"))
        office.run("nightly")
        number = site.add()[0]
        site.edit(number, published_on=date(2099, 1, 1))
        assert office.run("nightly").outcome == "blocked"
        assert office.sql("SELECT count(DISTINCT publication) FROM article_changes") == [(1,)]
        site.edit(number, published_on=date(2026, 1, 31))
        assert office.run("nightly", recheck="all").outcome == "ok"
        assert office.sql("SELECT article_id, change FROM article_changes WHERE publication > 1") == [(f"osce:{number}", "new")]


def test_pipeline_and_public_file_agree_on_the_tables(office: Office) -> None:
    """Whatever is published is filled from the mart: no table stays empty by oversight."""
    filled = {name for (name,) in office.sql("SELECT table_name FROM duckdb_tables() WHERE estimated_size > 0")}
    assert {"articles", "article_changes", "search_documents", "search_words", "search_postings", "runs", "checks"} <= filled
    assert pipeline.status(pipeline.Options(office.config, office.data)).articles == office.sql("SELECT count(*) FROM articles")[0][0]
