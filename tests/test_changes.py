"""What changes an article, and what does not: versions, the listing's own changes, removals."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.extract.attachments import is_file
from newsroom.sample import SampleSite, Server
from newsroom.sample.answers import Action, Answer, Proceed, Request
from newsroom.sample.faults import ARTICLE, LISTING, Fault, empty_listing, page_is, status
from newsroom.sample.items import Item
from newsroom.urls import without_tokens
from tests.nights import Office, differences

FIELDS = ("url", "title", "lead", "body", "published_on", "is_removed", "issuers", "topics", "content_type")


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(60)


def plain_items(site: SampleSite, layout: str) -> list[Item]:
    """Items of one layout without copies or other oddities."""
    copied = {item.exact_copy_of for item in site.articles()}
    return [
        item
        for item in site.articles()
        if item.layout == layout and item.exact_copy_of is None and item.id not in copied and item.second_section is None
    ]


def rewriting(old: str, new: str) -> Action:
    """The site's own answer with some words replaced."""

    def act(request: Request, _site: SampleSite, proceed: Proceed) -> Answer:
        answer = proceed(request)
        return replace(answer, body=answer.body.replace(old.encode(), new.encode()), modified_at=None)

    return act


def tokens(rng: Random) -> Action:
    """Every answer differs in what no reader sees or cares for: csrf and session tokens, cache-busters, blanks, the order of a box."""

    def act(request: Request, _site: SampleSite, proceed: Proceed) -> Answer:
        answer = proceed(request)
        token = f"{rng.getrandbits(64):016x}"
        html = answer.body.decode().replace("<head>", f'<head><meta name="csrf-token" content="{token}"><!-- {token} -->')
        html = html.replace('href="/secretariat/70001"', f'href="/secretariat/70001?sid={token}&amp;utm_source=mail"')
        html = re.sub(
            r'href="https://partner\.example\.org/"',
            f'href="https://partner.example.org/;jsessionid={token}?v={rng.randint(1, 9**9)}"',
            html,
        )
        html = html.replace("</p><p>", "</p>\n\n   <p> ").replace("</dt><dd>", "</dt>\n<dd>")
        boxes = [f'<li><a href="/albania/{n}?itok={token}">Related story number {n}</a></li>' for n in (71, 72, 73, 74)]
        rng.shuffle(boxes)
        box = f'<div class="related"><h3>Related</h3><ul>{"".join(boxes)}</ul></div>'
        html = html.replace("</main>", f"{box}</main>").replace("Sample newsroom 2025", f"Sample newsroom {rng.randint(2026, 2099)}")
        return replace(answer, body=html.encode(), modified_at=None)

    return act


# --- versions ----------------------------------------------------------------------------------------------------------


def test_real_changes_make_versions_that_say_what_changed(office: Office, site: SampleSite) -> None:
    """Title, lead, body, date, a link, an attachment: one version each, with the list of fields, and the public row is the newest."""
    press, news = plain_items(site, "press"), plain_items(site, "news")
    day = press[2].published_on - timedelta(days=3)
    edits: dict[int, tuple[dict[str, object], list[str]]] = {
        press[0].id: ({"title": "Corrected: " + press[0].title}, ["title"]),
        press[1].id: ({"has_corrigendum": not press[1].has_corrigendum}, ["body"]),
        press[2].id: ({"published_on": day}, ["published_on"]),
        press[3].id: ({"has_links": not press[3].has_links}, ["links"]),
        press[4].id: ({"attachments": ("/files/f/documents/a/4/86597.pdf",)}, ["attachments"]),
        news[0].id: ({"own_lead": "Another lead for this story, quite another one."}, ["lead"]),
        news[1].id: ({"title": "New: " + news[1].title, "attachments": ("/node/86599?download=true",)}, ["title", "attachments"]),
    }
    office.run("nightly")
    for number, (fields, _) in edits.items():
        site.edit(number, **fields)
    office.sleep()
    result = office.run("nightly", recheck="all")
    assert (result.outcome, result.sources["osce"]["new_versions"]) == ("ok", len(edits))
    changed = dict(office.sql("SELECT article_id, changed FROM article_versions WHERE version = 2"))
    assert changed == {f"osce:{number}": fields for number, (_, fields) in edits.items()}
    assert office.sql("SELECT count(*) FROM article_versions WHERE version > 2") == [(0,)]
    assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []
    assert office.sql(f"SELECT version, attachments FROM article_versions WHERE article_id = 'osce:{press[4].id}' ORDER BY version") == [
        (1, []),
        (2, ["https://www.osce.org/files/f/documents/a/4/86597.pdf"]),
    ]
    assert office.sql(f"SELECT attachments FROM articles WHERE article_id = 'osce:{news[1].id}'") == [
        (["https://www.osce.org/node/86599?download=true"],)
    ]


def test_what_no_reader_would_call_a_change_makes_none(office: Office, site: SampleSite) -> None:
    """Three nights on which every byte count differs, but only in menus, footers, tokens, blanks and the order of boxes."""
    for item in [*plain_items(site, "press")[:3], *plain_items(site, "news")[:3]]:
        site.edit(item.id, has_links=True, attachments=("/files/1.pdf", "/files/2.pdf"))
    office.run("nightly")
    before = office.public_data()
    site.faults.append(Fault(ARTICLE, tokens(Random(7))))
    for night in range(3):
        site.redecorate()
        office.sleep()
        assert office.run("nightly", recheck="all").sources["osce"]["fetched"] >= 58, night
        assert office.public_data() == before
    site.faults.clear()
    for item in site.articles():
        if item.attachments:
            site.edit(item.id, attachments=item.attachments[::-1])
    office.sleep()
    office.run("nightly", recheck="all")
    assert office.sql("SELECT max(version) FROM articles") == [(1,)]


def test_an_edit_taken_back_is_a_third_version(office: Office, site: SampleSite) -> None:
    """The history tells both changes; the third version says what the first said."""
    item = plain_items(site, "press")[0]
    office.run("nightly")
    for edited in (item.title + " (updated)", item.title):
        site.edit(item.id, title=edited)
        office.sleep()
        office.run("nightly", recheck="all")
    rows = office.dicts(f"SELECT * FROM article_versions WHERE article_id = 'osce:{item.id}' ORDER BY version")
    assert [(row["version"], row["changed"], row["title"]) for row in rows] == [
        (1, [], item.title),
        (2, ["title"], item.title + " (updated)"),
        (3, ["title"], item.title),
    ]
    assert rows[0]["content_sha256"] == rows[2]["content_sha256"]
    assert [row["valid_to"] for row in rows] == [rows[1]["valid_from"], rows[2]["valid_from"], None]


def test_articles_are_asked_for_again_by_age(office: Office, site: SampleSite, server: Server) -> None:
    """Published on 31 January: asked for again 1, 3, 7, 14, 30, 90 and 365 days later, with conditional requests, and on no other night."""
    item = max((item for item in plain_items(site, "press")), key=lambda item: item.published_on)
    born = item.published_on
    office.now = office.now.replace(year=born.year, month=born.month, day=born.day)
    office.run("nightly")
    asked_on: list[int] = []
    for day in [1, 2, 3, 4, 7, 8, 14, 29, 30, 90, 364, 365]:
        office.now = office.now.replace(year=born.year, month=born.month, day=born.day, hour=2, minute=day % 60) + timedelta(days=day)
        seen = len(server.log)
        office.run("nightly")
        mine = [served for served in server.log[seen:] if served.path.endswith(f"/{item.id}")]
        assert all(served.status == 304 and "if-none-match" in served.headers for served in mine)
        asked_on += [day] * len(mine)
    assert asked_on == [1, 3, 7, 14, 30, 90, 365]


# --- the listing's own changes -------------------------------------------------------------------------------------------


def test_what_the_listing_changes_is_told_apart(office: Office, site: SampleSite) -> None:
    """A mission closes, a title is mended in the listing, a date moves: rows in listing_changes with before and after, no version."""
    item = next(item for item in plain_items(site, "older") if "Croatia" not in item.issuers[0] and "where" not in item.hides)
    office.run("nightly")
    before = office.public_data()
    closed = f"{item.issuers[0].removesuffix(' (closed)')} (long closed)"
    site.edit(item.id, issuers=(closed, *item.issuers[1:]), own_snippet="Another teaser.", listed_on=item.published_on - timedelta(days=1))
    other = plain_items(site, "press")[0]
    site.faults.append(Fault(LISTING, rewriting(f">{other.title}</a>", f">{other.title} (mended)</a>")))
    office.sleep()
    assert office.run("sweep").sources["osce"].get("new_versions", 0) == 0
    rows = {row["article_id"]: row for row in office.dicts("SELECT * FROM listing_changes")}
    assert rows.keys() == {f"osce:{item.id}", f"osce:{other.id}"}
    one, two = rows[f"osce:{item.id}"], rows[f"osce:{other.id}"]
    assert one["changed"] == ["published_on", "issuers", "snippet"]
    assert (one["issuers_before"], one["issuers_after"]) == (list(item.issuers), [closed, *item.issuers[1:]])
    assert (one["published_on_before"], one["published_on_after"]) == (item.published_on, item.published_on - timedelta(days=1))
    assert (two["changed"], two["title_before"], two["title_after"]) == (["title"], other.title, f"{other.title} (mended)")
    assert office.public_data()["article_versions"] == before["article_versions"]
    assert office.sql("SELECT max(version) FROM articles") == [(1,)]
    site.faults.clear()
    office.sleep()
    office.run("sweep")
    history = office.dicts(f"SELECT changed, title_after FROM listing_changes WHERE article_id = 'osce:{other.id}' ORDER BY changed_at")
    assert [row["title_after"] for row in history] == [f"{other.title} (mended)", other.title], "taken back: told again"


# --- removals ----------------------------------------------------------------------------------------------------------------


def test_removed_is_what_is_gone_twice_with_a_complete_walk_between(office: Office, site: SampleSite) -> None:
    """404 and 410: the first sweep finds them missing and asks, the second confirms. The rows stay. One comes back under its old id."""
    first, second = plain_items(site, "press")[:2]
    office.run("sweep")
    texts = office.sql("SELECT article_id, body, version FROM articles ORDER BY article_id")
    site.remove(first.id, 404)
    site.remove(second.id, 410)
    office.sleep()
    assert office.run("sweep").sources["osce"]["gone"] == 2
    assert office.sql("SELECT count(*) FROM articles WHERE is_removed") == [(0,)], "once is not enough"
    office.sleep()
    office.run("sweep")
    assert {row[0] for row in office.sql("SELECT article_id FROM articles WHERE is_removed")} == {f"osce:{first.id}", f"osce:{second.id}"}
    assert office.sql("SELECT article_id, body, version FROM articles ORDER BY article_id") == texts
    assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []
    site.restore(first.id)
    office.sleep(2)
    office.run("sweep")
    assert office.sql("SELECT article_id FROM articles WHERE is_removed") == [(f"osce:{second.id}",)]
    assert office.sql("SELECT article_id, body, version FROM articles ORDER BY article_id") == texts, "the same article, the same version"
    site.rewrite(first.id)
    office.run("nightly", recheck="all")
    assert office.sql(f"SELECT version, is_removed FROM articles WHERE article_id = 'osce:{first.id}'") == [(2, False)]


def test_without_a_complete_walk_nothing_is_removed(office: Office, site: SampleSite) -> None:
    """Gone on three nights on which the listing could not be read whole: not confirmed."""
    item = plain_items(site, "press")[0]
    office.run("sweep")
    site.faults += [Fault(rf"/{item.id}$", status(404)), Fault(page_is(1), empty_listing())]
    for _ in range(3):
        office.sleep(3)
        office.run("sweep", recheck="all")
    assert office.sql("SELECT bool_or(is_complete) FROM walks WHERE run_id <> (SELECT min(run_id) FROM walks)") == [(False,)]
    assert office.sql("SELECT count(*) FROM articles WHERE is_removed") == [(0,)]


def test_a_removed_article_that_is_still_listed(office: Office, site: SampleSite) -> None:
    """The listing still shows it, the page is gone for good: removed, and its entry is still there; back again, it is no longer removed."""
    item = plain_items(site, "press")[0]
    office.run("nightly")
    site.faults.append(Fault(rf"/{item.id}$", status(404)))
    office.sleep()
    office.run("nightly", recheck="all")
    assert office.sql("SELECT count(*) FROM articles WHERE is_removed") == [(0,)]
    office.sleep()
    office.run("nightly")
    assert office.sql("SELECT article_id FROM articles WHERE is_removed") == [(f"osce:{item.id}",)]
    assert office.sql(f"SELECT count(*) FROM listing_entries WHERE article_id = 'osce:{item.id}'") == [(1,)]
    site.faults.clear()
    office.sleep(2)
    office.run("nightly")
    assert office.sql("SELECT count(*) FROM articles WHERE is_removed") == [(0,)]


# --- addresses -----------------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["id", "q", "v", "utm_source", "sid", "fbclid", "lang", "t", "token", "page", "_"])
VALUES = st.text("abcdef0123456789-zXY", max_size=12)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.sampled_from(["", "#top"]))
def test_tokens_fall_off_and_the_rest_stays(pairs: list[tuple[str, str]], fragment: str) -> None:
    """Idempotent; parameters that mean something stay, in their order; nothing is added."""
    url = "https://a.example/x" + ("?" + "&".join(f"{name}={value}" for name, value in pairs) if pairs else "") + fragment
    clean = without_tokens(url)
    assert without_tokens(clean) == clean
    kept = [tuple(pair.split("=", 1)) for pair in clean.partition("#")[0].partition("?")[2].split("&") if pair]
    assert [pair for pair in kept if pair[0] in ("id", "q", "lang", "page")] == [
        pair for pair in pairs if pair[0] in ("id", "q", "lang", "page")
    ]
    assert not {name for name, _ in kept} & {"utm_source", "sid", "fbclid", "token"}
    assert clean.endswith(fragment)


@given(st.text(max_size=200))
def test_any_text_may_be_an_address(text: str) -> None:
    """Links of pages are whatever somebody typed."""
    assert isinstance(is_file(text), bool)
    assert without_tokens(without_tokens(text)) == without_tokens(text)
