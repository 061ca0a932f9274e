"""The sample newsroom keeps its word: deterministic, as odd as the real one, and honest about the truth."""

from __future__ import annotations

import gzip
import http.client
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser

import pytest

from newsroom.config import Source, load_source
from newsroom.errors import Rejected
from newsroom.extract.article import read_article
from newsroom.extract.listing import read_listing
from newsroom.sample import Fault, SampleSite, Server, faults, listing, pages, truth
from newsroom.sample.answers import Action
from newsroom.sample.faults import ARTICLE, LISTING, NAMED, page_is
from newsroom.sample.items import Item
from newsroom.sample.truth import article_id
from newsroom.urls import Addresses
from tests.site import running

Answered = tuple[int, dict[str, str], bytes]


def ask(server: Server, target: str, **headers: str) -> Answered:
    """One GET on a connection of its own; header names with `_` for `-`."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def html(server: Server, target: str) -> str:
    status, _, body = ask(server, target)
    assert status == 200, target
    return body.decode()


def listed(page: str) -> list[str]:
    """Addresses of the entries of a listing page, in its order."""
    return re.findall(r'<(?:dt class="search-title"><h3|h4)><a href="([^"]*)"', page)


def ids(page: str) -> list[int]:
    return [int(re.findall(r"\d{3,}", href)[-1] if "#" not in href else re.findall(r"/(\d{3,})\?", href)[0]) for href in listed(page)]


def walk(server: Server, rows: int = 20, pages: int = 100) -> list[int]:
    """What a naive crawler finds: pages until one is empty."""
    found: list[int] = []
    for number in range(pages):
        new = ids(html(server, f"/press-releases?page={number}&rows={rows}&solrsort=ds_date+desc"))
        if not new:
            break
        found += new
    return found


def shingles(item: Item) -> set[tuple[str, ...]]:
    words = " ".join(item.body).lower().split()
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


def near(items: list[Item], similarity: float) -> set[frozenset[int]]:
    sets = {item.id: shingles(item) for item in items}
    return {
        frozenset((one, other))
        for one, other in combinations(sets, 2)
        if len(sets[one] & sets[other]) >= similarity * len(sets[one] | sets[other])
    }


# The newsroom itself


def test_same_seed_same_newsroom() -> None:
    """Two processes that ask for newsroom 7 read the same news; newsroom 8 has other news."""
    assert SampleSite(80, 7).expected() == SampleSite(80, 7).expected()
    assert {row["title"] for row in SampleSite(80, 7).expected()}.isdisjoint(row["body"] for row in SampleSite(80, 8).expected())
    assert SampleSite(80, 7).expected() != SampleSite(80, 8).expected()


def test_edits_are_deterministic() -> None:
    one, other = SampleSite(50), SampleSite(50)
    for site in (one, other):
        site.add(3)
        site.add(on=date(2020, 5, 5))
    assert one.expected() == other.expected()


@pytest.mark.parametrize("articles", [0, 1, 2, 39, 40, 41, 150, 300])
def test_has_as_many_articles_as_asked_for(articles: int) -> None:
    """Traps are extra, and an exact copy is an article of the listing that has no row of its own."""
    site = SampleSite(articles)
    assert len(site.articles()) == articles
    rows = site.expected()
    assert len(rows) + sum(len(row["duplicates"]) for row in rows) == articles


@pytest.mark.parametrize("seed", range(1, 6))
def test_has_every_oddity_of_the_real_site(seed: int) -> None:
    """Whatever the seed, a newsroom of 300 has all that OSCE's pages are known for."""
    items = SampleSite(300, seed).articles()
    assert {item.layout for item in items} == {"press", "news", "older", "localized", "stripped"}
    assert {item.content_type for item in items} == {"News", "Press release", "Press statement", "Daily report"}
    assert {"absolute", "alias", "node", "junk"} <= {item.href for item in items}
    assert {"source", "topics", "where", "what", "day"} == set().union(*(item.hides for item in items))
    for trait in (
        "is_doubled",
        "has_breaks",
        "has_links",
        "caption",
        "has_read_more",
        "second_section",
        "own_snippet",
        "exact_copy_of",
        "near_copy_of",
    ):
        assert any(getattr(item, trait) for item in items), trait
    assert any(item.section.count("/") for item in items), "a two-level section"
    assert any("(closed)" in issuer for item in items for issuer in item.issuers)
    assert any(item.dateline and item.dateline.on and item.dateline.on != item.published_on for item in items), "a dateline that disagrees"
    assert any(item.dateline and "/" in item.dateline.place for item in items)
    assert any(item.dateline and item.dateline.on and str(item.dateline.on.year) not in item.dateline.text for item in items)
    assert max(Counter(item.published_on for item in items).values()) > 2, "ties"


def test_every_article_has_its_own_number() -> None:
    numbers = [item.id for item in SampleSite(2000).articles()]
    assert len(set(numbers)) == 2000


def test_look_alikes_are_no_copies_and_copies_are() -> None:
    """Daily reports, yearly statements and sister releases differ; only declared copies are alike, and none is on the edge."""
    site = SampleSite(300)
    items = site.articles()
    declared = {frozenset((item.id, other)) for item in items for other in (item.exact_copy_of, item.near_copy_of) if other}
    assert near(items, 0.85) == near(items, 0.7) == declared
    titles = Counter(item.title for item in items)
    assert titles["Statement on the Day of Good Neighbours"] > 1
    reports = [item for item in items if item.content_type == "Daily report"]
    assert max(Counter(item.published_on for item in reports).values()) > 1


def test_copies_stand_on_one_page() -> None:
    site = SampleSite(300)
    order = [item.id for item in site.listing()]
    for item in site.articles():
        if item.exact_copy_of:
            assert abs(order.index(item.id) - order.index(item.exact_copy_of)) == 1


def test_prose_has_no_unfilled_slot_and_sentences_end() -> None:
    for item in SampleSite(600, heavy=True).articles():
        text = " ".join((item.title, *item.body))
        assert not re.search(r"[{}\[\]|]|  ", text), text
        assert all(paragraph[-1] in '.”"' for paragraph in item.body), item.body


# Its pages


def test_every_page_prints_the_truth() -> None:
    """By text: whatever the layout, the words of the ground truth stand on the page, and the listing."""
    with running(120) as (site, server):
        for item in site.articles():
            page = unescape(re.sub(r"<[^>]+>", "", html(server, item.path)))
            assert item.title in page
            assert all(paragraph in page for paragraph in item.body), item
            assert page.count(item.body[-1]) == 1 + item.is_doubled
        words = unescape(html(server, "/press-releases?rows=100"))
        assert all(item.title in words for item in site.listing()[:100])


def test_item_answers_under_any_section_and_language() -> None:
    """As on the real site: /node/, another section, two levels and a language prefix all show the one item."""
    with running(50) as (site, server):
        item = site.listing()[0]
        pages = {html(server, f"{path}/{item.id}") for path in ("/node", "/albania", "/odihr/elections", "/mk/node")}
        assert len(pages) == 1
        assert ask(server, "/node/99999999")[0] == 404


def test_listing_is_paged_sorted_and_filtered() -> None:
    with running(90) as (site, server):
        all_ids = [item.id for item in site.listing()]
        assert len(ids(html(server, "/press-releases"))) == 7
        assert len(ids(html(server, "/Press-Releases?rows=33&source=14/36"))) == 7, "unknown sizes and parameters are ignored"
        assert walk(server, 20) == walk(server, 7) == all_ids
        assert ids(html(server, "/press-releases?rows=100&solrsort=ds_date+asc")) == all_ids[::-1]
        assert ids(html(server, "/press-releases?page=99")) == []
        window = "/press-releases?rows=100&filters=ds_date:[2020-01-01T00:00:00Z%20TO%202024-01-01T00:00:00Z]"
        assert set(ids(html(server, window))) == {item.id for item in site.listing() if 2020 <= item.day_listed.year < 2024}
        assert "page=13" in html(server, "/press-releases?page=3"), "the pager links to the last page"


def test_listing_has_one_item_twice_and_two_entries_that_lead_astray() -> None:
    with running(90) as (site, server):
        found = walk(server)
        twice = [number for number, count in Counter(found).items() if count == 2]
        assert [site.items[number].second_section is not None for number in twice] == [True]
        hrefs = [href for number in range(5) for href in listed(html(server, f"/press-releases?rows=20&page={number}"))]
        robots = RobotFileParser()
        robots.parse(ask(server, "/robots.txt")[2].decode().splitlines())
        assert (
            [href for href in hrefs if not robots.can_fetch("newsroom", href)]
            == [href for href in hrefs if href.startswith("/admin/")]
            != []
        )
        assert len([href for href in hrefs if "partner.example.org" in href]) == 1
        expected = {row["article_id"] for row in site.expected()}
        assert not expected & {article_id(item) for item in site.items.values() if item.trap}


def test_validators_gzip_and_keep_alive() -> None:
    """An unchanged page costs a 304; an edited one is sent again; a new navigation changes the bytes and not the truth."""
    with running(50) as (site, server):
        item, truth = site.listing()[0], site.expected()
        _, headers, body = ask(server, item.path, Accept_Encoding="gzip")
        assert gzip.decompress(body) == ask(server, item.path)[2]
        assert ask(server, item.path, If_None_Match=headers["etag"])[0] == 304
        assert ask(server, item.path, If_Modified_Since=headers["last-modified"])[0] == 304
        site.redecorate()
        assert ask(server, item.path, If_None_Match=headers["etag"])[0] == 200
        assert site.expected() == truth
        headers = ask(server, item.path)[1]
        site.rewrite(item.id)
        assert ask(server, item.path, If_None_Match=headers["etag"], If_Modified_Since=headers["last-modified"])[0] == 200
        assert ask(server, item.path, If_Modified_Since=headers["last-modified"])[0] == 200
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for _ in range(2):
            connection.request("GET", "/robots.txt")
            assert connection.getresponse().read()
        kept = connection.sock
        assert kept is not None
        connection.request("GET", "/robots.txt")
        assert connection.getresponse().read() and connection.sock is kept
        connection.close()


def test_log_says_what_was_asked() -> None:
    with running(5) as (_, server):
        ask(server, "/press-releases?page=1", User_Agent="tester")
        ask(server, "/nothing")
        assert [(served.method, served.path, served.status) for served in server.log] == [
            ("GET", "/press-releases?page=1", 200),
            ("GET", "/nothing", 404),
        ]
        assert server.log[0].headers["user-agent"] == "tester" and abs(server.log[0].at - time.time()) < 60


def test_stopped_server_answers_nobody() -> None:
    """Not even a client whose connection was kept alive: `reparse` is tried against a stopped newsroom."""
    with running(5) as (_, server):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=2)
        connection.request("GET", "/robots.txt")
        connection.getresponse().read()
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        connection.request("GET", "/robots.txt")
        connection.getresponse()
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", server.port), timeout=2)


def test_heavy_pages_weigh_what_real_ones_do() -> None:
    site = SampleSite(200, heavy=True)
    with running(200, heavy=True) as (_, server):
        plain = [item for item in site.articles() if item.brief.genre == "feature"][:20]
        sizes = [len(html(server, item.path)) for item in plain]
    assert 45_000 < sum(sizes) / len(sizes) < 60_000
    assert 3_000 < sum(len("\n\n".join(item.body)) for item in plain) / len(plain) < 5_000


# Edits and the truth about them


def test_edits_show_in_listing_page_and_truth() -> None:
    with running(60) as (site, server):
        number = next(item.id for item in site.listing() if item.layout == "press" and item.trap is None)
        site.edit(number, title="A new title")
        site.rewrite(number)
        row = next(row for row in site.expected() if row["article_id"] == f"osce:{number}")
        assert row["title"] == "A new title" and row["body"].endswith("since it was first published.")
        assert "A new title" in html(server, f"/node/{number}") and "A new title" in html(server, "/press-releases?rows=100")
        place = ids(html(server, "/press-releases?rows=100")).index(number)
        site.backdate(number, days=4000)
        assert ids(html(server, "/press-releases?rows=100")).index(number) > place
        site.pin(number)
        assert ids(html(server, "/press-releases"))[0] == number
        assert ids(html(server, "/press-releases?solrsort=ds_date+asc"))[0] == number, "in either order"
        site.unpin(number)
        site.remove(number, status=410)
        assert ask(server, f"/node/{number}")[0] == 410 and number not in walk(server)
        assert next(row for row in site.expected() if row["article_id"] == f"osce:{number}")["is_removed"]
        site.restore(number)
        assert ask(server, f"/node/{number}")[0] == 200 and number in walk(server)


def test_rewritten_copy_is_a_copy_no_more() -> None:
    site = SampleSite(100)
    copy = next(item for item in site.articles() if item.exact_copy_of)
    assert any(row["duplicates"] == [article_id(copy)] for row in site.expected())
    site.rewrite(copy.id)
    assert not any(article_id(copy) in row["duplicates"] for row in site.expected())
    assert any(row["article_id"] == article_id(copy) for row in site.expected())


def test_shifting_listing_makes_a_naive_walk_miss_what_was_there_throughout() -> None:
    """An item removed from a page already read pulls another over the page boundary: exactly that one is missed, and we can tell."""
    with running(60) as (site, server):
        early, boundary = site.listing()[0].id, site.listing()[20].id
        site.faults.append(Fault(page_is(1), faults.before(lambda site: site.unlist(early)), times=1))
        found = set(walk(server, 20))
        assert site.listed_throughout(server.log) - found == {boundary}
        assert early not in site.listed_throughout(server.log) and early in site.listed_sometime(server.log)


def test_listed_throughout_knows_comings_and_goings() -> None:
    site = SampleSite(50)
    with running(1) as (_, server):
        ask(server, "/press-releases")
        served = server.log[0]
    first = served
    number = site.articles()[3].id
    [late] = site.add()
    site.unlist(number)
    site.restore(number)
    middle = type(served)(served.at, "GET", served.path, {}, 200, 0, site.revision)
    assert {number, late}.isdisjoint(site.listed_throughout([first, middle]))
    assert {number, late} <= site.listed_sometime([first, middle])
    assert {number, late} <= site.listed_throughout([middle])
    assert site.listed_throughout([]) == set()


# Faults


def test_fault_acts_as_often_as_told() -> None:
    with running(20) as (_, server):
        fault = Fault(LISTING, faults.status(503, retry_after=7), times=2, skip=1)
        server.site.faults.append(fault)
        answers = [ask(server, "/press-releases") for _ in range(4)]
        assert [answer[0] for answer in answers] == [200, 503, 503, 200] and fault.hits == 2
        assert answers[1][1]["retry-after"] == "7"
        assert ask(server, "/robots.txt")[0] == 200


def test_lying_listings() -> None:
    with running(60) as (site, server):

        def with_fault(action: Action, target: str) -> list[int]:
            site.faults = [Fault(LISTING, action)]
            return ids(html(server, target))

        order = [item.id for item in site.listing()]
        last = (len(order) - 1) // 20
        assert with_fault(faults.ignore_page(), "/press-releases?page=2&rows=20") == order[:20]
        assert with_fault(faults.repeat_last_page(), "/press-releases?page=77&rows=20") == order[last * 20 :]
        assert with_fault(faults.ignore_sort(), "/press-releases?solrsort=ds_date+asc") == order[:7]
        assert with_fault(faults.ignore_filters(), "/press-releases?filters=im_taxonomy_vid_1:(6)") == order[:7]
        assert with_fault(faults.empty_listing(), "/press-releases?page=1") == []
        assert "pager-next" in html(server, "/press-releases?page=1"), "an empty page keeps its pager"
        assert with_fault(faults.duplicate_items(), "/press-releases") == order[:5] + order[:2]
        assert with_fault(faults.repeat_items(), "/press-releases") == order[:7] + order[:2]
        assert with_fault(faults.redesign(), "/press-releases?rows=100") == order


def test_wire_faults_break_as_named() -> None:
    """A client sees what the names promise: no answer, half an answer, a wrong length, a slow one, a bomb."""
    with running(20) as (site, server):
        path = site.listing()[-1].path

        def with_fault(action: Action) -> Answered:
            site.faults = [Fault(ARTICLE, action)]
            return ask(server, path, Accept_Encoding="gzip")

        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            with_fault(faults.reset())
        assert server.log[-1].status == 0
        for cut in (faults.truncate(100), faults.reset(100), faults.wrong_length(999_999)):
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                with_fault(cut)
        start = time.monotonic()
        with_fault(faults.drip(chunk=1000, seconds=0.05))
        assert time.monotonic() - start > 0.05
        _, _, packed = with_fault(faults.bomb(3))
        assert len(gzip.decompress(packed)) > 3_000_000 > 100 * len(packed)
        with pytest.raises(EOFError):
            gzip.decompress(with_fault(faults.broken_coding())[2])
        status, headers, _ = with_fault(faults.redirect("http://169.254.169.254/"))
        assert (status, headers["location"]) == (302, "http://169.254.169.254/")
        site.faults = []
        assert with_fault(faults.wrong_charset("koi8-r"))[1]["content-type"] == "text/html; charset=koi8-r"


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_named_fault_acts(name: str) -> None:
    """`--fault NAME` is not an empty word: some request is answered otherwise than by a newsroom without it."""
    with running(30) as (site, server):
        fault = NAMED[name]()
        item = site.listing()[9].path
        odd = ("page=1", "page=50", "solrsort=ds_date+asc", "filters=im_taxonomy_vid_1:(6)")
        targets = [*(f"/press-releases?{query}" for query in odd), *[item] * 6]

        def tried(target: str) -> object:
            try:
                status, headers, body = ask(server, target)
            except OSError as error:
                return type(error)
            except http.client.HTTPException as error:
                return type(error)
            return status, headers.get("content-type"), body

        if name == "drip":  # slow, not different
            site.faults = [Fault(fault.match, faults.drip(100_000, 0.0), times=1)]
            assert tried(item) and site.faults[0].hits == 1
            return
        before = [tried(target) for target in targets]
        site.faults = [fault]
        assert [tried(target) for target in targets] != before and fault.hits > 0


def test_command_serves_and_starts_fast() -> None:
    """`python -m newsroom.sample` prints its address at once, and imports the standard library only."""
    command = [sys.executable, "-X", "importtime", "-m", "newsroom.sample", "--port", "0", "--articles", "20", "--fault", "shift"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        found = re.match(r"http://127\.0\.0\.1:(\d+)/press-releases", process.stdout.readline())
        process.terminate()
        imported = set(re.findall(r"\|\s+([a-z_]+)", process.stderr.read()))
    assert found
    assert not imported & {"prefect", "requests", "duckdb", "selectolax", "pydantic"}


# Read by the shipped definition


def osce() -> Source:
    return load_source(Path(__file__).resolve().parents[1] / "config" / "sources" / "osce.toml")


def misread(have: object, want: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Fields that differ: as read, and as they should be."""
    return {name: (getattr(have, name), value) for name, value in want.items() if getattr(have, name) != value}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("design", ["classic", "modern"])
def test_every_page_is_read_exactly_as_the_truth_says(design: pages.Design, seed: int) -> None:
    """All layouts and oddities, in the markup we know and in one we do not: the same labels, the same fields."""
    source, site = osce(), SampleSite(300, seed)
    addresses = Addresses(source)
    wrong: dict[str, Any] = {}
    for item in site.articles():
        url = truth.CANONICAL + item.path
        want = truth.page(item)
        if design == "modern":
            del want["url"]  # this design has no canonical link
        html_text = pages.article(item, design=design)
        try:
            have = read_article(
                html_text, source, url=url, canonical=addresses.canonical, article_id=addresses.article_id, listed_on=item.day_listed
            )
        except Rejected as error:
            wrong[f"{item.layout} {item.path}"] = str(error)
            continue
        if differs := misread(have, want):
            wrong[f"{item.layout} {item.path}"] = differs
    assert not wrong


@pytest.mark.parametrize("design", ["classic", "modern"])
@pytest.mark.parametrize("rows", [7, 50])
def test_every_listing_page_is_read_exactly_as_the_truth_says(design: pages.Design, rows: int) -> None:
    """Entries in order with all they say, aliases folded; what leads out of the source apart, the disallowed one left to robots."""
    source, site = osce(), SampleSite(300)
    addresses = Addresses(source)
    shown = site.listing()
    wrong: list[object] = []
    for number in range(-(-len(shown) // rows)):
        query = listing.Query(page=number, rows=rows)
        url = truth.CANONICAL + listing.address(query)
        have = read_listing(
            listing.page(site, query, design), source, canonical=addresses.canonical, article_id=addresses.article_id, url=url
        )
        here = shown[number * rows : (number + 1) * rows]
        want = [truth.entry(item) for item in here if item.trap != "outside"]
        wrong += [(url, differs) for entry, ours in zip(have.entries, want, strict=False) if (differs := misread(entry, ours))]
        wrong += [url] if len(have.entries) != len(want) else []
        wrong += [(url, have.outside)] if len(have.outside) != sum(item.trap == "outside" for item in here) else []
    assert not wrong
