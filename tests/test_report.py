"""The report: one page that tells the night, offline, to everyone, whatever the pages it speaks of contain."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest

from newsroom import pipeline
from newsroom.errors import Busy, ConfigError
from newsroom.extract.signals import Reason
from newsroom.report import diff, render
from newsroom.report.facts import Facts
from newsroom.report.verdict import REMEDIES
from newsroom.sample import SampleSite, serve
from newsroom.sample.faults import ARTICLE, Fault, answer_with
from tests.browser import Tab, chromium
from tests.nights import Office, impatient_config

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
ESCAPING = "</style></svg></title><script>document.title='owned'</script> {{ 7 * 7 }} '\"><b onclick=alert(1)>"
SECTIONS = (
    "What is new", "What changed", "Articles by month and type", "Coverage", "Fields filled", "Requests and answers", "Checks", "Set aside",
    "Walks over the listing", "Runs",
)  # fmt: skip
FIRST = datetime(2026, 11, 10, 2, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, SampleSite]]:
    """A first night, and a second one with new articles, edits, a page that cannot be read, and titles and issuers of the worst kind."""
    folder = tmp_path_factory.mktemp("report")
    site = SampleSite(80, end=date(2026, 11, 9))
    with serve(site) as server:
        office = Office(folder / "data", server.url, impatient_config(folder / "config"), now=FIRST)
        office.run("sweep")
        office.sleep()
        site.end = office.now.date()
        site.edit(site.add()[0], title=HOSTILE, issuers=(ESCAPING[:60],))
        edited = [item for item in site.articles() if item.layout == "press" and item.exact_copy_of is None][:2]
        site.rewrite(edited[0].id, "An earlier version gave the wrong number of participants.")
        site.edit(edited[1].id, title=ESCAPING)
        unreadable = site.add()[0]
        site.faults.append(Fault(rf"/{unreadable}$", answer_with("<html><head></head><body><h2>Nothing here</h2></body></html>")))
        office.run("nightly", recheck="all")
        yield office, site


@pytest.fixture(scope="module")
def page(nights: tuple[Office, SampleSite]) -> Path:
    return nights[0].data / "public" / "report.html"


@pytest.fixture
def browser() -> Iterator[Tab]:
    with chromium() as tab:
        yield tab


class Markup(HTMLParser):
    """What a page contains, as an HTML parser sees it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


def test_it_tells_the_night(nights: tuple[Office, SampleSite], page: Path) -> None:
    """The verdict in a sentence, what is new with its link, the change word by word, the page set aside with what to do about it."""
    text = page.read_text(encoding="utf-8")
    assert "A good night: everything that was due was read, and 1 new article and 2 changed ones were published." in text
    assert re.search(r'<a class="title" href="https://www\.osce\.org/[^"]+"[^>]*><bdi>&lt;script&gt;', text)
    assert "<ins>" in text
    assert "An earlier version gave the wrong number of participants.</ins>" in text
    assert "not-an-article" in text
    assert "If it is one, mend the definition." in text
    assert "newsroom quarantine retry osce:" in text
    for title in SECTIONS:
        assert f">{title}</h2>" in text


def test_it_stands_alone(page: Path) -> None:
    """No script, no event handler, no style attribute, nothing loaded from anywhere; a policy that would forbid it; links to http only."""
    markup = Markup(page)
    tags = {tag for tag, _ in markup.tags}
    assert not tags & {"script", "iframe", "object", "embed", "form", "base", "img", "image"}
    assert {tag for tag, attrs in markup.tags if tag == "link"} == {"link"} and markup.values("rel").count("icon") == 1
    names = {name for _, attrs in markup.tags for name in attrs}
    assert not [name for name in names if name.startswith("on")]
    assert not names & {"style", "src", "srcset", "xlink:href"}
    assert {href.split(":")[0] for href in markup.values("href") if not href.startswith("#")} == {"https", "data"}
    policy = next(attrs["content"] or "" for tag, attrs in markup.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert page.stat().st_size < 300_000


def test_it_can_be_read_without_seeing(page: Path) -> None:
    """One h1, sections with names, charts with titles and their numbers as tables with captions and headers."""
    text, markup = page.read_text(encoding="utf-8"), Markup(page)
    tags = [tag for tag, _ in markup.tags]
    assert tags.count("h1") == 1 and tags.count("main") == 1
    assert all(attrs.get("aria-labelledby") in markup.values("id") for tag, attrs in markup.tags if tag == "section")
    charts = [attrs for tag, attrs in markup.tags if tag == "svg"]
    assert len(charts) >= 12
    assert all(attrs.get("role") == "img" for attrs in charts)
    assert len(re.findall(r"<svg[^>]*>\s*<title>[^<]{8,}</title>", text)) == len(charts)
    assert tags.count("caption") == tags.count("table") >= 8
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in markup.tags if tag == "th")
    identifiers = markup.values("id")
    assert len(identifiers) == len(set(identifiers))
    assert {href[1:] for href in markup.values("href") if href.startswith("#")} <= set(identifiers)


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390], ids=["desk", "phone"])
def test_a_real_browser_has_nothing_to_complain_of(browser: Tab, page: Path, width: int, dark: bool) -> None:
    """No console message, no request but the file itself, charts drawn and coloured, nothing wider than the screen, text in contrast."""
    browser.open(page, width=width, dark=dark, phone=width < 600)
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [page.resolve().as_uri()]
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask(SHOWN) >= 9, "one of the two widths of each chart, and the small ones"
    fills = browser.ask(FILLS)
    assert len(fills) >= 3
    assert not {"rgb(0, 0, 0)", "none"} & set(fills), "coloured by the style sheet"
    assert browser.ask(CONTRAST) >= 4.5, "WCAG AA for all text"


@pytest.mark.slow
def test_hostile_titles_are_only_text(browser: Tab, page: Path) -> None:
    """Scripts and markup in titles and issuers are shown, letter by letter, and do nothing."""
    browser.open(page)
    assert browser.ask("document.title").startswith("Good: newsroom report")
    assert HOSTILE in browser.ask("document.querySelector('#new').textContent")
    assert ESCAPING in browser.ask("document.querySelector('#changed').textContent")
    assert browser.ask("[...document.querySelectorAll('#coverage svg text')].some(t => t.textContent.startsWith('</style></svg>'))")
    assert browser.ask("document.querySelectorAll('script, img, [onclick], [onerror]').length") == 0
    assert browser.complaints == []


@pytest.mark.slow
def test_it_can_be_printed(browser: Tab, page: Path) -> None:
    """Some pages of PDF."""
    browser.open(page)
    assert 20_000 < len(browser.pdf()) < 5_000_000


def test_a_blocked_night_says_so_first_and_shows_the_rows(tmp_path: Path) -> None:
    """The check that failed, the rows it found, and that consumers still see the day before."""
    site = SampleSite(60, end=date(2026, 11, 9))
    with serve(site) as server:
        office = Office(tmp_path / "data", server.url, impatient_config(tmp_path / "config"), now=FIRST)
        office.run("sweep")
        office.sleep()
        site.edit(site.add()[0], published_on=date(2031, 5, 5))
        assert office.run("nightly").outcome == "blocked"
    text = (tmp_path / "data" / "public" / "report.html").read_text(encoding="utf-8")
    assert "consumers still see the data of 10 November 2026, 02:30 UTC" in text
    assert "2031-05-05" in text
    assert text.index('id="checks"') < text.index('id="new"')


def test_a_drift_is_told_in_sentences_with_two_pages_each(tmp_path: Path) -> None:
    """Field, layout, how many and how many usually; two links with their place in the archive; what is more is folded away."""
    site = SampleSite(120, end=date(2026, 11, 9))
    with serve(site) as server:
        office = Office(tmp_path / "data", server.url, impatient_config(tmp_path / "config"), now=FIRST)
        office.run("sweep")

        def reworded(request, newsroom, proceed):  # type: ignore[no-untyped-def]
            answer = proceed(request)
            return type(answer)(re.sub(rb"<dt>(Issued by|Source|Fields of work):", b"<dt>Xyz:", answer.body))

        site.faults.append(Fault(ARTICLE, reworded))
        office.sleep()
        assert office.run("nightly", recheck="all").outcome == "blocked"
    text = (tmp_path / "data" / "public" / "report.html").read_text(encoding="utf-8")
    (first, *_) = re.findall(r'<ul class="found">\s*<li>(.*?)</li>', text, re.DOTALL)
    assert re.match(
        r"<bdi>field (issuers|topics): 0 of \d+ pages \(News, lately\); these were published before and asked for again</bdi>", first
    )
    assert len(re.findall(r'<a href="https://www\.osce\.org/[^"]+"[^>]*>.*?<small>\(\S+\.warc\S* at \d+\)</small>', first)) == 2
    assert re.search(r"<details><summary>\d+ more", text)


GATHERED = """
import sys
from pathlib import Path
from newsroom.report.facts import gather
from newsroom.warehouse import Warehouse
data = Path(sys.argv[1])
with Warehouse.look(data / "warehouse.duckdb") as warehouse:
    print(gather(data, warehouse))
"""


def test_times_are_utc_wherever_the_report_is_drawn(nights: tuple[Office, SampleSite]) -> None:
    """Part of it is asked aside, in a session of its own: the zone of the machine is none of its business either."""
    command = [sys.executable, "-c", GATHERED, str(nights[0].data)]
    here, there = (
        subprocess.run(command, env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True).stdout
        for zone in ("UTC", "Asia/Tokyo")
    )
    assert "datetime.datetime(2026, 11, 10, 2, 30" in here and there == here


def test_a_report_that_cannot_be_drawn_spoils_nothing(tmp_path: Path) -> None:
    """Something else lies where the page should be: it is told in a line, the night is ok and its data are published."""
    with serve(SampleSite(40)) as server:
        office = Office(tmp_path / "data", server.url, impatient_config(tmp_path / "config"))
        (tmp_path / "data" / "public" / "report.html").mkdir(parents=True)
        result = office.run("nightly")
    assert (result.outcome, result.published) == ("ok", True)
    assert any("could not be drawn" in line for line in office.lines)
    assert office.sql("SELECT count(*) > 30 FROM articles") == [(True,)]


def test_it_can_be_drawn_anew(nights: tuple[Office, SampleSite], page: Path) -> None:
    """From the data as they stand; not before there was a run, and not while one is at work."""
    office = nights[0]
    before = page.read_text(encoding="utf-8")
    drawn = pipeline.report(pipeline.Options(office.config, office.data), clock=lambda: office.now)
    assert drawn == page
    assert re.sub(r"Drawn [^.]+ by", "", page.read_text(encoding="utf-8")) == re.sub(r"Drawn [^.]+ by", "", before)
    with pytest.raises(ConfigError, match="no run yet"):
        pipeline.report(pipeline.Options(office.config, office.data / "elsewhere"))
    with pipeline.lock.hold(office.data, run_id="20261112-023000-nightly", now=office.now), pytest.raises(Busy, match="at work"):
        pipeline.report(pipeline.Options(office.config, office.data))


def test_every_reason_for_quarantine_has_its_remedy() -> None:
    """Whatever the code can give as a reason, the report says what to do about it."""
    code = "".join(path.read_text(encoding="utf-8") for path in Path(pipeline.__file__).parent.rglob("*.py"))
    given = {*re.findall(r"""(?:Rejected|BadResponse)\(\s*"([a-z0-9-]+)\"""", code), *get_args(Reason), "field-missing", "dead-letter"}
    assert len(given) > 12
    assert given - REMEDIES.keys() == set()


def test_there_is_a_page_even_before_anything_happened() -> None:
    """No run, no data: it says so, and has no empty charts."""
    text = render(Facts(run=None, is_published=False), now=FIRST)
    assert "Nothing has been run yet." in text
    assert "<svg" not in text


def test_the_same_facts_give_the_same_page() -> None:
    """Nothing in it depends on when, where or how often it is drawn."""
    facts = Facts(run=None, is_published=False)
    assert render(facts, now=FIRST) == render(facts, now=FIRST)


def test_long_texts_are_compared_in_bounded_time() -> None:
    """Two megabytes that share hardly a word: paragraphs are compared then, and both texts are there in full."""
    before = "\n\n".join(f"paragraph {n} " + "word " * 40 for n in range(2000))
    after = before.replace("paragraph 1000 ", "paragraph one thousand ")
    pieces = diff.words(before, after)
    assert [piece.kind for piece in pieces if piece.kind in ("in", "out")] == ["out", "in"]
    assert sum(len(piece.text) for piece in pieces) < 10_000


SHOWN = """[...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect())
  .filter(r => r.width > 100 && r.height > 30).length"""
FILLS = """[...new Set([...document.querySelectorAll('svg path.c1:not(.line), svg path.c2:not(.line), svg path.h1')]
  .map(p => getComputedStyle(p).fill))]"""
CONTRAST = """(() => {
  const light = c => { const v = c.map(x => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4 });
    return .2126 * v[0] + .7152 * v[1] + .0722 * v[2] };
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = element => { for (let e = element; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3) } return [255, 255, 255] };
  let worst = 21;
  const words = 'p, a, li, td, th, dt, dd, h1, h2, h3, caption, summary, figcaption, ins, del, span, strong, svg text';
  for (const element of document.querySelectorAll(words)) {
    if (!element.textContent.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const ink = light(parse(element.closest('svg') ? style.fill : style.color).slice(0, 3)), paper = light(ground(element));
    worst = Math.min(worst, (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05));
  }
  return worst })()"""
"""The lowest contrast of any text shown, by WCAG's formula."""


def test_a_newsroom_of_which_nothing_was_had_is_drawn_too(tmp_path: Path) -> None:
    """The site was down on the first night, and somebody publishes what there is: no article, no source, and a page that says so."""
    office = Office(tmp_path / "data", "http://127.0.0.1:9", impatient_config(tmp_path / "config"))
    assert office.run("nightly").outcome == "incomplete"
    office.run("publish")
    assert not any("could not be drawn" in line for line in office.lines), office.lines
    assert (tmp_path / "data" / "public" / "report.html").exists()
