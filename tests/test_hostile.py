"""Pages that attack: what one of them can do is cost itself. Through the whole line, from the wire to the terminal."""

from __future__ import annotations

import io
import re
import sys
import time
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsroom import console, similarity
from newsroom.errors import Rejected
from newsroom.extract import bombs
from newsroom.extract.page import parse
from newsroom.sample import SampleSite, Server
from newsroom.sample.answers import Answer
from newsroom.sample.faults import Fault, answer_with
from newsroom.warehouse import Warehouse
from tests.nights import Office

SECONDS = 20
"""For a page: several times what the worst costs on a quiet machine, and nothing to what it costs unguarded."""


def numbered(pattern: str, count: int) -> str:
    return "".join(pattern.replace("#", str(n)) for n in range(count))


WORST = {
    # refused; each would take minutes
    "200,000 nested elements": "<div>" * 200_000,
    "nested, with end tags that close nothing": "<div></x>" * 100_000,
    "attributes without end": f"<p {numbered('a#=1 ', 300_000)}>x",
    "attributes, glued": "<p " + numbered('a#=">"', 100_000) + ">x",
    "attributes in what only looks like a comment": f"<!--><p {numbered('a# ', 100_000)}>x",
    "attributes in a script that is none": f"<svg><script><p {numbered('a# ', 100_000)}>x",
    "attributes of one body in many tags": numbered("<body a#=1>", 64_000),
    "options": "<select>" + "<option>x" * 64_000,
    "formatting elements opened anew in each paragraph": numbered("<b a=#>", 900) + "<p>x" * 30_000,
    "end tags of paragraphs in deep water": "<div>" * 4_900 + "</p>" * 1_500_000,
    "less-than signs": "<" * 10_000_000,
    # let through, at the bounds
    "just not too deep": "<div>" * 4_900 + "x",
    "just not too many attributes": f"<p {numbered('a#=1 ', 4_900)}>{'x' * 70_000}",
    "attributes of a small page": f"<p {numbered('a# ', 10_000)}>x",
    "just not too many options": "<select>" + "<option>x" * 9_900,
    "items in deep water": "<span>" * 4_900 + "<li>x</li>" * 45_000,
    "formatting elements, just not too many": numbered("<b a=#>", 990) + "<p>x" * 3_900,
    "an attribute of ten megabytes": '<p class="' + "x " * 5_000_000 + '">x',
    "a text of ten megabytes": "word " * 2_000_000 + "<p>",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORST)
def test_no_page_keeps_the_parser_busy(name: str) -> None:
    """Measured worst cases on either side of the bounds (see the table in extract/bombs.py)."""
    began = time.process_time()
    try:
        parse(WORST[name])
    except Rejected as refused:
        assert refused.reason == "too-complex"
    assert time.process_time() - began < SECONDS


@pytest.mark.slow
def test_no_text_keeps_its_digests_busy() -> None:
    """A text of every character that is neither letter nor digit nor blank, each once, as a page of four megabytes could hold it."""
    text = "".join(chr(n) for n in range(0x80, sys.maxunicode) if not chr(n).isalnum() and not 0xD800 <= n < 0xE000)
    began = time.process_time()
    similarity.hashes("", None, text)
    similarity.signature(f"word {text} word")
    assert time.process_time() - began < SECONDS


def test_large_ordinary_pages_are_let_through() -> None:
    """A long report, a long listing, a data URI and inline JSON are no attack."""
    paragraphs = "<p class='a b' id=x>A sentence with a <a href='/albania/1' title=\"a > b\">link</a> and <b>bold</b> words.</p>\n"
    for page in (
        paragraphs * 8_000,
        "<ul>" + "<li><span>x</span><br>" * 15_000 + "</ul>",
        '<img src="data:image/png;base64,' + "A" * 2_000_000 + '">' + paragraphs,
        "<script>" + "if (a<b && c>d) { f(a, b); } " * 500 + "</script>" + paragraphs,
        "<script type='application/json'>" + '"word word word word", ' * 50_000 + "</script>" + paragraphs,
    ):
        bombs.refuse(f"<html><body>{page}</body></html>")


# --- through the whole line


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(24, seed=3)


BODY = "<p>VIENNA, 5 May 2020 - A sentence of the ordinary kind, which stands in a paragraph of its own and is long enough.</p>" * 2
TITLE = "Robert'); DROP TABLE articles;-- <script>alert(1)</script> ${jndi:x} {{7*7}} %s"


def article(number: int, title: str = "A title of an article", body: str = BODY, date: str = "5 May 2020", head: str = "") -> str:
    """In the layout of current press releases."""
    return (
        f"<html lang=en><head><title>{title} | OSCE</title><link rel=canonical href='https://www.osce.org/albania/{number}'>{head}</head><body>"
        f"<p>Press release</p><h1>{title}</h1><dl><dt>Date:</dt><dd>{date}</dd><dt>Place:</dt><dd>VIENNA</dd></dl>{body}</body></html>"
    )


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nested": (b"<html><body><h1>x</h1>" + b"<div>" * 200_000, "text/html"),
    "nul": (article(1, body=BODY.replace("ordinary", "ordi\0nary") + "\0" * 1_000).encode(), "text/html; charset=utf-8"),
    "not utf-8": (article(1).encode() + b"\xff\xfe\xed\xa0\x80\xf5" * 200, "text/html; charset=utf-8"),
    "surrogates in JSON-LD": (
        article(
            1,
            head='<script type="application/ld+json">{"@type":"NewsArticle","headline":"\\ud800A\\udfff","articleBody":"\\ud800"}</script>',
        ).encode(),
        "text/html; charset=utf-8",
    ),
    "unknown charset": (article(1).encode(), "text/html; charset=x-made-up"),
    "a charset that is none": (article(1).encode(), "text/html; charset=zip"),
    "binary labelled HTML": (bytes(range(256)) * 2_000, "text/html"),
    "a PDF labelled HTML": (b"%PDF-1.7\n" + bytes(range(256)) * 200, "text/html"),
    "megabytes in an attribute": (article(1, body='<p class="' + "x" * 3_000_000 + f'">x</p>{BODY}').encode(), "text/html"),
    "half a million attributes": (article(1, body=f"<p {numbered('a# ', 300_000)}>x</p>{BODY}").encode(), "text/html"),
    "impossible dates": (article(1, date="<time datetime='2020-99-99T77:77'>31 February 99999</time>").encode(), "text/html"),
    "a date before all time": (article(1, date="<time datetime='0000-00-00'>0 May 0000</time>").encode(), "text/html"),
    "script and SQL in the title": (article(1, TITLE.replace("<", "&lt;")).encode(), "text/html"),
    "terminal escapes": (
        article(1, "Red \x1b[31malert\x1b[0m \x1b]0;owned\x07 \u202egnp.exe&#27;[2J &#x9b;31m").encode(),
        "text/html; charset=utf-8",
    ),
    "empty": (b"", "text/html"),
    "only a doctype": (b"<!doctype html>", "text/html"),
    "recursion in JSON-LD": (article(1, head='<script type="application/ld+json">' + "[" * 100_000 + "</script>").encode(), "text/html"),
    "numbers in JSON-LD": (
        article(1, head='<script type="application/ld+json">{"datePublished":' + "9" * 10_000 + "}</script>").encode(),
        "text/html",
    ),
}


@pytest.mark.slow
def test_a_night_of_hostile_pages_costs_those_pages_only(office: Office, site: SampleSite, server: Server) -> None:
    """Every attack at once, each under its own address: the night ends in time, all other articles are right, each is read or set aside."""
    victims = dict(zip((item.id for item in site.articles() if item.exact_copy_of is None), HOSTILE, strict=False))
    assert len(victims) == len(HOSTILE)
    for number, name in victims.items():
        content, content_type = HOSTILE[name]
        content = content.replace(b"/albania/1'", b"/albania/%d'" % number)
        site.faults.append(Fault(rf"/{number}$", answer_with(content, content_type=content_type)))
    began = time.process_time()
    result = office.run("nightly")
    assert time.process_time() - began < 60
    assert result.outcome in ("ok", "blocked"), result.detail
    with Warehouse.look(office.data / "warehouse.duckdb") as warehouse:
        fate = dict(warehouse.ask("SELECT article_id, status FROM mart.statuses").rows)
        bodies = dict(warehouse.ask("SELECT article_id, body FROM mart.articles").rows)
        reasons = {row["article_id"]: row["reason"] for row in warehouse.ask("SELECT article_id, reason FROM mart.quarantine").dicts()}
        texts = [text for row in warehouse.ask("SELECT title, lead, body, place FROM mart.articles").rows for text in row if text]
    for row in site.expected():
        if int(row["article_id"].split(":")[1]) not in victims:
            assert bodies[row["article_id"]] == row["body"]
    assert {fate[f"osce:{number}"] for number in victims} <= {"published", "duplicate", "quarantined"}
    wanted = {"nested": "too-complex", "half a million attributes": "too-complex"}
    for number, name in victims.items():
        if name in wanted:
            assert reasons[f"osce:{number}"] == wanted[name]
    assert not [text for text in texts if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)]


def test_what_a_title_says_is_never_done(office: Office, site: SampleSite) -> None:
    """SQL, scripts, templates and terminal escapes in a title are letters: in the database, in the quarantine, on the terminal."""
    one, two = [item for item in site.articles() if item.exact_copy_of is None][:2]
    site.faults.append(Fault(rf"/{one.id}$", answer_with(article(one.id, TITLE.replace("<", "&lt;")))))
    site.faults.append(Fault(rf"/{two.id}$", answer_with(article(two.id, "Bell\x07 and \x1b[31mred\x1b[0m and &#27;]0;owned&#7;"))))
    assert office.run("nightly").outcome in ("ok", "blocked")
    with Warehouse.look(office.data / "warehouse.duckdb") as warehouse:
        told = dict(warehouse.ask("SELECT article_id, title FROM mart.articles").rows)
    assert told[f"osce:{one.id}"] == TITLE
    assert "\x1b" not in told[f"osce:{two.id}"] and "\x07" not in told[f"osce:{two.id}"]
    shown = io.StringIO()
    with redirect_stdout(shown):
        console.write_rows(["title"], [["\x1b[31mred\x07 \u202e"]], form="table", out=shown)
    assert "\x1b[31m" not in shown.getvalue() and "\x07" not in shown.getvalue() and "\u202e" not in shown.getvalue()


def test_validators_that_cannot_be_sent_back(office: Office, site: SampleSite, server: Server) -> None:
    """An ETag of bytes that no request header may hold is not stored, and the article is asked for again without it."""
    victim = next(item for item in site.articles() if item.exact_copy_of is None)
    odd = {"ETag": '"\xe9\x85\x1f' + "x" * 5_000 + '"', "Last-Modified": "\x01"}
    site.faults.append(Fault(rf"/{victim.id}$", lambda *_: Answer(article(victim.id).encode(), headers=odd, is_coded=True)))
    office.run("nightly")
    office.sleep()
    assert office.run("nightly", recheck="all").outcome in ("ok", "blocked")
    (last,) = [request for request in server.log[-60:] if request.path.endswith(f"/{victim.id}")][-1:]
    assert "if-none-match" not in last.headers and last.status == 200


def test_lone_surrogates_do_not_stop_the_warehouse(tmp_path: Path) -> None:
    """Whatever comes to the one door is written, with U+FFFD for what UTF-8 has no bytes for; in lists and maps too."""
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        row = {
            "run_id": "r", "source": "s", "article_id": "s:1", "payload_sha256": "0", "parser_version": 1, "definition_sha256": "0",
            "read_at": datetime(2027, 1, 1, tzinfo=UTC), "detail": "a\ud800b\0c", "issuers": ["x\udfff"], "found_by": [("title", "\ud83d")],
            "place": "\ud83d\ude00",
        }  # fmt: skip
        with warehouse.transaction():
            warehouse.append("facts.readings", [row])
        assert warehouse.ask("SELECT detail, issuers, place FROM facts.readings").rows == [("a\ufffdb\0c", ["x\ufffd"], "\U0001f600")]
