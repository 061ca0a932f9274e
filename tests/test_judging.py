"""One parse, two answers: `judge` says of any page what `look` and `read_article` say of it one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom import extract, reading
from newsroom.config import Source
from newsroom.errors import Rejected
from newsroom.extract.judging import Judged
from newsroom.extract.suspicion import Look
from newsroom.model import Article
from newsroom.sample import SampleSite, pages
from tests import altered
from tests.extracting import ROOT, addresses, osce, without_css
from tests.mutations import MUTATIONS
from tests.test_extract import HOSTILE, PIECES

SITE = SampleSite(60)
ITEMS = [item for item in SITE.items.values() if item.trap is None]
TITLE = "Harbour pilots learn to read the new signals"


def plain_cuts() -> Source:
    """A definition that cuts every header and form, and little else: there the look and the reading part ways."""
    article = osce().article
    cut = article.cut.model_copy(update={"selectors": ("nav", "header", "form", "[hidden]")})
    return osce().model_copy(update={"article": article.model_copy(update={"cut": cut, "not_articles": ("Gone fishing.*",)})})


SOURCES = (osce(), without_css(), plain_cuts())


@dataclass(frozen=True)
class Known:
    """What is known of a page beforehand."""

    url: str = "https://www.osce.org/albania/900101"
    final_url: str | None = None
    listed_title: str | None = None
    listed_on: date | None = None


def one_after_the_other(html: bytes | str, source: Source, known: Known) -> tuple[Look, Article | None, str | None]:
    own = {"canonical": addresses().canonical, "article_id": addresses().article_id}
    look = extract.look(html, source, url=known.url, final_url=known.final_url, listed_title=known.listed_title, **own)
    if look.doubt:
        return look, None, None
    try:
        return look, extract.read_article(html, source, url=known.url, listed_on=known.listed_on, **own), None
    except Rejected as error:
        return look, None, f"{type(error).__name__} {error.reason}: {error}"


def at_once(html: bytes | str, source: Source, known: Known) -> tuple[Look, Article | None, str | None]:
    judged: Judged = extract.judge(
        html, source, url=known.url, canonical=addresses().canonical, article_id=addresses().article_id,
        final_url=known.final_url, listed_title=known.listed_title, listed_on=known.listed_on,
    )  # fmt: skip
    assert [bool(judged.look.doubt), judged.article is not None, judged.error is not None].count(True) == 1
    error = judged.error
    assert error is None or isinstance(error, Rejected)
    return judged.look, judged.article, f"{type(error).__name__} {error.reason}: {error}" if error else None


def check(html: bytes | str, known: Known, *sources: Source) -> None:
    for source in sources or SOURCES:
        assert at_once(html, source, known) == one_after_the_other(html, source, known)


def sample(design: str = "classic") -> Iterator[tuple[str, Known]]:
    for item in ITEMS:
        html = pages.article(item, design=design)  # type: ignore[arg-type]
        yield html, Known(f"https://www.osce.org{item.path}", None, item.title, item.published_on)


@pytest.mark.parametrize("design", ["classic", "modern"])
def test_pages_of_the_sample(design: str) -> None:
    for html, known in sample(design):
        check(html, known)
        check(html.encode(), Known(known.url))


def test_recorded_pages() -> None:
    for file in sorted((ROOT / "tests" / "pages").rglob("*.html")):
        for known in (Known(), Known(listed_title=TITLE), Known(final_url="https://www.osce.org/user/login")):
            check(file.read_bytes(), known)


def test_altered_pages() -> None:
    made, rng = list(sample()), Random(1)
    for name in (name for name in altered.REWRITINGS if not name.startswith("entries_")):
        html, known = rng.choice(made)
        check(altered.altered(html, [name]), known)


def test_mutated_pages() -> None:
    rng = Random(2)
    for mutation in MUTATIONS.values():
        if mutation.article:
            item = rng.choice(ITEMS)
            html = mutation.article(pages.article(item), item, SITE)
            check(html, Known(f"https://www.osce.org{item.path}", None, item.title, item.published_on), osce())


@pytest.mark.parametrize("name", [name for name, html in HOSTILE.items() if len(html) < 100_000])
def test_hostile_pages(name: str) -> None:
    check(HOSTILE[name], Known(), osce())


FRAME = (
    "<form><input type=search><button>Go</button></form>", "<form>Subscribe to our newsletter</form>", "<form><input type=password></form>",
    "<header><h2>Part</h2></header>", "<header></header>", "<header> \n</header>", "<header><nav>x</nav></header>", "<header>Top</header>",
    "<nav></nav>", "<nav><a href=/>Home</a> / <a href=/n>Newsroom</a></nav>", "<nav><h1>x</h1></nav>", "<nav><input type=password></nav>",
    "<aside>Related <a href=/x/1>News</a></aside>", "<footer>Gone fishing</footer>", "<div hidden>secret</div>", "<span hidden>s</span>",
    "<figcaption>A caption</figcaption>", "<noscript>Please enable javascript <h1>x</h1></noscript>", "<div role=banner><h1>OSCE</h1></div>",
    "<script>var a = 1</script>", "bare text ", "<header><nav><b>Date:</b> 5 May 2020 <b>Place:</b> VIENNA <b>Source:</b> OSCE</nav></header>",
)  # fmt: skip


@given(st.sampled_from(ITEMS), st.lists(st.tuples(st.sampled_from(FRAME), st.floats(0, 1)), min_size=1, max_size=3), st.booleans())
def test_a_frame_where_none_is_expected(item: object, inserted: list[tuple[str, float]], has_title: bool) -> None:
    """Navigation, forms and headers anywhere, empty ones too: where the look and the reading cut different things."""
    html = pages.article(item)  # type: ignore[arg-type]
    for piece, place in inserted:
        tags = [found.start() for found in re.finditer("<", html) if found.start() > html.find("<body") + 1]
        at = tags[int(place * (len(tags) - 1))]
        html = html[:at] + piece + html[at:]
    check(html, Known(f"https://www.osce.org{item.path}", None, item.title if has_title else None))  # type: ignore[attr-defined]


@given(st.lists(st.sampled_from([*PIECES, *FRAME, "<div>", "</div>", "<main>", "<p>", "<h1>", "</h1>", "\n"]), max_size=60).map("".join))
def test_any_soup(soup: str) -> None:
    check(soup, Known())
    check(f"<title>{TITLE} | OSCE</title><header><h1>{TITLE}</h1></header>{soup}", Known(listed_title=TITLE))
    check(f"<link rel=canonical href=/albania/900102><title>Log in</title><body><form>{soup}", Known(final_url="https://www.osce.org/x"))


def test_what_breaks_is_part_of_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that breaks the reader costs no other page; what the look says of it is kept."""
    html, known = next(sample())
    look = one_after_the_other(html, osce(), known)[0]
    monkeypatch.setattr("newsroom.extract.article.dates.read_dateline", lambda _text: 1 / 0)
    judged = extract.judge(html, osce(), url=known.url, canonical=addresses().canonical, article_id=addresses().article_id)
    assert (judged.look.likeness, judged.article) == (look.likeness, None)
    assert isinstance(judged.error, ZeroDivisionError)


def test_one_parse_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of the sample newsroom are parsed once and, but for old ones whose menu cannot be told from labels, walked once."""
    calls: list[str] = []
    from newsroom.extract import article, judging, opened, suspicion

    for module, name in ((opened, "parse"), (article, "lines_of"), (judging, "lines_of"), (suspicion, "lines_of")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, real=real, name=name, **k: calls.append(name) or real(*a, **k))
    made = list(sample())
    for html, known in made:
        at_once(html, osce(), known)
    assert calls.count("parse") == len(made)
    assert len(made) <= calls.count("lines_of") <= 1.3 * len(made)


@given(st.lists(st.integers(0, reading.TURN_BYTES // 2), max_size=90), st.integers(1, 30))
def test_what_is_read_by_turns_is_read_in_order_and_little_is_held(sizes: list[int], turn: int) -> None:
    """A turn is over with so many pages, or with the page that makes it too many bytes."""
    held: list[int] = []

    def got() -> Iterator[int]:
        for size in sizes:
            assert len(held) < turn and sum(held) < reading.TURN_BYTES
            held.append(size)
            yield size

    def read(size: int) -> int:
        held.remove(size)
        return -size

    assert list(reading.by_turns(got(), read, size=int, turn=turn)) == [-size for size in sizes] and held == []
