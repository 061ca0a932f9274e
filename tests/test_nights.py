"""Nights at the sample newsroom, told at the level of the contract: real HTTP, a real archive, a real warehouse, the public file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from newsroom import extract
from newsroom.archive import ArchiveReader
from newsroom.errors import Busy, ConfigError
from newsroom.model import ArchiveRef
from newsroom.sample import SampleSite, Server
from newsroom.sample.faults import Fault, status
from tests.nights import Office, differences, impatient_config

FIELDS = (
    "url", "title", "lead", "body", "content_type", "published_on", "published_on_from", "published_on_conflict", "place", "issuers",
    "topics", "language", "word_count", "is_removed",
)  # fmt: skip


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(120)


def articles_asked(server: Server, since: int = 0) -> list[str]:
    return [r.path for r in server.log[since:] if not r.path.startswith(("/press-releases", "/robots.txt"))]


def listings_asked(server: Server, since: int = 0) -> list[str]:
    return [r.path for r in server.log[since:] if r.path.startswith("/press-releases")]


def assert_true(office: Office, site: SampleSite) -> None:
    """The public articles are the ground truth, in every field."""
    assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []


def test_a_first_night_reads_the_whole_newsroom(office: Office, site: SampleSite) -> None:
    """Every article, every field exactly as published; copies have one representative; nothing lost, nothing counted twice."""
    result = office.run("nightly")
    assert (result.outcome, result.published) == ("ok", True)
    assert_true(office, site)
    copies = {copy: row["article_id"] for row in site.expected() for copy in row["duplicates"]}
    assert dict(office.sql("SELECT article_id, duplicate_of FROM duplicates WHERE kind = 'exact'")) == copies
    assert office.sql("SELECT sum(listed), sum(published) + sum(duplicate), sum(pending + quarantined + gone) FROM coverage") == [
        (120, 120, 0)
    ]
    assert office.sql("SELECT is_complete, is_whole FROM walks") == [(True, True)]


def test_what_may_not_be_asked_for_is_told_and_not_listed(office: Office, site: SampleSite, server: Server) -> None:
    """One entry leads below /admin/ (robots.txt), one out of the source: never asked for, never listed, said in the walk."""
    office.run("nightly")
    assert not [path for path in articles_asked(server) if path.startswith("/admin/")]
    assert office.sql("SELECT refused FROM runs") == [(2,)]
    assert "2 listed addresses may not be asked for" in office.sql("SELECT reason FROM walks")[0][0]


def test_an_unchanged_newsroom_costs_listing_requests_and_no_article_requests(office: Office, site: SampleSite, server: Server) -> None:
    """The second night: a few listing pages, no article, no version, the same public data."""
    office.run("sweep")
    before, asked = office.public_data(), len(server.log)
    office.sleep()
    result = office.run("nightly")
    assert result.outcome == "ok"
    assert articles_asked(server, asked) == []
    assert 1 <= len(listings_asked(server, asked)) <= 6
    assert office.public_data() == before


def test_additions_and_edits_of_the_day_are_found(office: Office, site: SampleSite, server: Server) -> None:
    """Three new items, one of them backdated within the overlap; an edit is seen when its age says so, as a second version."""
    office.run("nightly")
    new = site.add(2)
    late = site.add(1, on=date(2026, 1, 20))
    edited = next(item for item in site.articles() if item.layout == "press" and item.exact_copy_of is None)
    site.rewrite(edited.id)
    office.sleep()
    result = office.run("nightly")
    assert result.sources["osce"]["new_articles"] == 3
    ids = {row[0] for row in office.sql("SELECT article_id FROM articles")}
    assert {f"osce:{number}" for number in new + late} <= ids
    assert office.run("nightly", recheck="all").sources["osce"]["new_versions"] == 1
    assert office.sql("SELECT article_id, changed FROM article_versions WHERE version = 2") == [(f"osce:{edited.id}", ["body"])]
    assert_true(office, site)


def test_rechecks_are_conditional(office: Office, site: SampleSite, server: Server) -> None:
    """Asking for everything again transfers nothing that has not changed, and makes no version."""
    office.run("nightly")
    asked = len(server.log)
    office.sleep()
    result = office.run("nightly", recheck="all")
    counts = result.sources["osce"]
    assert counts["not_modified"] > 100
    assert counts.get("fetched", 0) == 0
    assert {r.status for r in server.log[asked:] if r.path in articles_asked(server, asked)} == {304}
    assert office.sql("SELECT max(version) FROM articles") == [(1,)]
    (second,) = sorted((office.data / "archive" / "osce").glob("*.warc"))[1:]
    revisits = [record.rec_headers for record in ArchiveIterator(second.open("rb")) if record.rec_type == "revisit"]
    assert len(revisits) == counts["not_modified"]
    assert all(headers.get_header("WARC-Refers-To-Target-URI") and headers.get_header("WARC-Refers-To-Date") for headers in revisits)


def test_new_navigation_makes_no_version(office: Office, site: SampleSite) -> None:
    """All pages are sent anew with another menu and another footer: nothing has changed for readers."""
    office.run("nightly")
    before = office.public_data()
    site.redecorate()
    result = office.run("nightly", recheck="all")
    assert result.sources["osce"]["fetched"] > 100
    assert office.public_data() == before


def test_a_night_without_the_site_is_incomplete_and_the_next_goes_on(
    office: Office, site: SampleSite, server: Server, tmp_path: Path
) -> None:
    """Connection refused: outcome incomplete, the public file of yesterday stays readable, and tomorrow all is well again."""
    office.run("nightly")
    before = office.public_data()
    url, office.base_url = office.base_url, "http://127.0.0.1:9"
    result = office.run("nightly")
    assert result.outcome == "incomplete"
    assert "listing not read whole" in (result.detail or "")
    assert office.public_data() == before
    assert office.sql("SELECT is_complete FROM walks ORDER BY run_id DESC LIMIT 1") == [(False,)]
    office.base_url = url
    assert office.run("nightly").outcome == "ok"


def test_a_first_night_without_the_site_publishes_nothing(tmp_path: Path) -> None:
    """There is nothing to show yet, and nothing half-written is shown."""
    office = Office(tmp_path / "data", "http://127.0.0.1:9", impatient_config(tmp_path / "config"))
    result = office.run("nightly")
    assert (result.outcome, result.published) == ("incomplete", False)
    assert not (tmp_path / "data" / "public" / "newsroom.duckdb").exists()


def test_failing_articles_stay_pending_and_come_next_time(office: Office, site: SampleSite) -> None:
    """Four addresses answer 500 all night: incomplete, counted as pending; the next run gets them, and only them."""
    numbers = [item.id for item in site.articles()[:4]]
    site.faults.append(Fault(rf"/({'|'.join(map(str, numbers))})$", action=status(500)))
    result = office.run("nightly")
    assert result.outcome == "incomplete"
    assert "4 of 120 articles could not be had" in (result.detail or "")
    assert office.sql("SELECT sum(pending), sum(listed) FROM coverage") == [(4, 120)]
    site.faults.clear()
    assert office.run("nightly").sources["osce"]["fetched"] == 4
    assert_true(office, site)


def test_a_backfill_takes_its_window_and_leaves_the_watermark(office: Office, site: SampleSite, server: Server) -> None:
    """[2010, 2012): those items and no others; a repetition asks for no article; the nightly after it still reads everything."""
    result = office.run("backfill", since=date(2010, 1, 1), until=date(2012, 1, 1))
    assert result.outcome == "ok"
    wanted = {row["article_id"] for row in site.expected() if "2010" <= str(row["published_on"]) < "2012"}
    assert {
        row[0] for row in office.sql("SELECT article_id FROM articles WHERE published_on BETWEEN '2010-01-01' AND '2011-12-31'")
    } == wanted
    asked = len(server.log)
    office.run("backfill", since=date(2010, 1, 1), until=date(2012, 1, 1))
    assert articles_asked(server, asked) == []
    office.run("nightly")
    assert_true(office, site)


def test_backfills_piece_by_piece_equal_one_sweep(site: SampleSite, server: Server, tmp_path: Path) -> None:
    """Years by hand, in any order and overlapping, then a sweep: the same public data as one clean sweep."""
    one, two = Office(tmp_path / "one", server.url), Office(tmp_path / "two", server.url)
    one.run("sweep")
    for since, until in ((2015, 2020), (1999, 2005), (2018, 2027), (2004, 2016)):
        two.run("backfill", since=date(since, 1, 1), until=date(until, 1, 1))
    two.run("sweep")
    assert two.public_data() == one.public_data()


def test_reparse_needs_no_network_and_changes_nothing(
    office: Office, site: SampleSite, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the server stopped: the same public data; a higher parser version reads every archived page again."""
    office.run("nightly")
    before = office.public_data()
    server.stop()
    assert "read" not in office.run("reparse").sources["osce"], "nothing to read again"
    monkeypatch.setattr(extract, "PARSER_VERSION", extract.PARSER_VERSION + 1)
    result = office.run("reparse")
    assert result.sources["osce"]["read"] == 120
    after = office.public_data()
    assert office.sql("SELECT DISTINCT parser_version FROM articles") == [(extract.PARSER_VERSION,)]
    for table in before.keys() - {"articles"}:
        assert after[table] == before[table]
    assert_true(office, site)


def test_every_row_leads_to_its_very_response(office: Office, site: SampleSite) -> None:
    """warc_file and warc_offset of a row give the bytes from which its title was read."""
    office.run("nightly")
    with ArchiveReader(office.data / "archive" / "osce") as archive:
        for title, file, offset in office.sql("SELECT title, warc_file, warc_offset FROM articles USING SAMPLE 30"):
            stored = archive.read(ArchiveRef(file, offset))
            html = extract.decode(stored.content, stored.header("content-type"))
            assert title.split(":")[0][:20] in html.replace("&amp;", "&").replace("&#x27;", "'").replace("&quot;", '"')


def test_two_runs_never_write_at_once(office: Office, site: SampleSite) -> None:
    """While one is at work the other says who is, and does nothing."""
    seen: list[str] = []

    def meddle(stage: str, source: str | None, done: int, total: int | None) -> None:
        if not seen:
            with pytest.raises(Busy) as refused:
                Office(office.data, office.base_url, office.config).run("nightly")
            seen.append(str(refused.value))

    office.progress = meddle  # type: ignore[method-assign]
    assert office.run("nightly").outcome == "ok"
    assert "nightly" in seen[0]
    assert "wait for it or stop it" in seen[0]


def test_a_redesigned_listing_blocks_instead_of_publishing_nothing(office: Office, site: SampleSite) -> None:
    """The listing answers 200 with no entries: an alarm, exit 1, and consumers keep yesterday's file."""
    office.run("nightly")
    before = office.public_data()
    from newsroom.sample.faults import empty_listing

    site.faults.append(Fault("/press-releases", action=empty_listing()))
    result = office.run("nightly")
    assert result.outcome == "blocked"
    assert not result.published
    assert "empty_listing" in (result.detail or "")
    assert office.public_data() == before


def test_what_cannot_be_read_is_set_aside_with_its_evidence(office: Office, site: SampleSite) -> None:
    """A page without a title goes to quarantine, with the field, what was tried and where the bytes are; retry reads it again."""
    from newsroom.sample.faults import answer_with

    victim = site.articles()[0]
    site.faults.append(Fault(f"/{victim.id}$", action=answer_with("<html><body><p></p></body></html>")))
    office.run("nightly")
    (row,) = office.dicts("SELECT * FROM quarantine")
    assert (row["stage"], row["reason"], row["attempts"]) == ("parse", "field-missing", 1)
    assert "title" in row["detail"] and "css:h1" in row["detail"] and row["warc_file"] in row["detail"]
    assert office.sql("SELECT sum(quarantined), sum(published + duplicate) FROM coverage") == [(1, 119)]
    result = office.run("retry", ids=(row["quarantine_id"],))
    assert result.sources["osce"]["unread"] == 1, "the archived page has not become better"
    site.faults.clear()
    office.run("nightly", recheck="all")
    assert office.sql("SELECT count(*) FROM quarantine") == [(0,)]
    assert_true(office, site)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"delay": 0.0}, "--delay 0 is honoured only together with a loopback"),
        ({"base_url": "ftp://127.0.0.1"}, "--base-url"),
        ({"config_dir": Path("/nowhere")}, "/nowhere"),
        ({}, "contact"),
    ],
)
def test_mistakes_are_refused_before_anything_is_done(asked: dict[str, Any], said: str, tmp_path: Path) -> None:
    """One readable line, and not even the data directory is made."""
    from newsroom import pipeline
    from tests.nights import CONFIG

    options = pipeline.Options(**({"config_dir": CONFIG, "data_dir": tmp_path / "data"} | asked))
    with pytest.raises(ConfigError) as refused:
        pipeline.prepare("nightly", options)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "data").exists()
