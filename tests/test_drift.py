"""The drift gate, proved by mutation: from one night on the newsroom's pages are printed otherwise, some four hundred ways.

Each mutation is one night: twelve new articles, and twenty of the last year asked for again, in the mutated layout, through the real
parser, models and checks. `caught`: the checks stop it (of these, `early`: every public value would still have been right, because
another witness stood in for the field that broke); `harmless`: it is published, and every field of every article is right;
`through`: something wrong or missing would be published. There must be none of the last.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from newsroom.model import CheckResult
from newsroom.sample import SampleSite, serve
from newsroom.sample.faults import ARTICLE, LISTING, Fault, empty_listing
from newsroom.sample.items import Item
from tests.bench import FIELDS, Bench, a_year_of_news, blocking, new_items
from tests.mutations import MUTATIONS as PLAIN
from tests.mutations import Mutation
from tests.mutations_nasty import NASTY
from tests.nights import CONFIG, Office, differences

MUTATIONS = {**PLAIN, **NASTY}
DOCS = CONFIG.parent / "docs" / "checks.md"
Fate = Literal["caught", "early", "harmless", "through"]

SUBSET = (
    "drop Issued by",
    "swap values Source Fields of work",
    "swap labels Place Fields of work",
    "date month_day_year",
    "date iso",
    "title cut",
    "title upper case",
    "kinds swapped",
    "canonical gone",
    "body without_last",
    "body newsletter_last",
    "labels in the body",
    "page of another",
    "lead into the body",
    "listing without Publishing date",
    "listing swaps Where we are What we do",
    "listing links shifted",
    "style other_classes",
    "style fields_as_table",
    "drop Place + other_classes",
    "title in title case",
    "listing issuers: the first only",
    "lead and body swapped",
    "date updated days later",
    "drop Issued by and listing without Where we are",
    "only news: body: a remark last",
)


class Gate:
    """A newsroom with a published past, and nights that are undone after a look at them."""

    def __init__(self, bench: Bench, again: int = 20, new: int = 12) -> None:
        self.bench = bench
        site = bench.site
        first = bench.begin()
        bench.walk(first)
        bench.receive(first, site.articles())
        assert blocking(bench.judge(first)) == []
        bench.publish(first)
        self.new = new_items(site, new)
        self.again = [item for item in a_year_of_news(site) if item not in self.new][:again]

    @property
    def items(self) -> list[Item]:
        return [*self.new, *self.again]

    def night(self, mutation: Mutation | None) -> tuple[Fate, tuple[CheckResult, ...], list[str]]:
        run_id = self.bench.begin()
        self.bench.walk(run_id, most=1, change=mutation.listing if mutation else None)
        self.bench.receive(run_id, self.items, mutation.article if mutation else None)
        results = self.bench.judge(run_id)
        wrong = self.bench.wrong(self.items)
        self.bench.forget(run_id)
        if blocking(results):
            return ("caught" if wrong else "early"), results, wrong
        return ("through" if wrong else "harmless"), results, wrong


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with Bench(SampleSite(400), tmp_path_factory.mktemp("gate")) as bench:
        yield Gate(bench)


def fates(gate: Gate, names: tuple[str, ...]) -> tuple[Counter[Fate], list[str]]:
    found: Counter[Fate] = Counter()
    through = []
    for name in names:
        fate, _, wrong = gate.night(MUTATIONS[name])
        found[fate] += 1
        if fate == "through":
            through.append(f"{name}: {wrong[0]}")
    return found, through


def test_an_ordinary_night_is_harmless(gate: Gate) -> None:
    """The same night without a mutation: nothing fires, everything is right."""
    fate, results, _ = gate.night(None)
    assert fate == "harmless"
    assert [result.check_name for result in results if result.verdict == "fail"] == []


@pytest.mark.timeout(900)
def test_some_mutations_of_every_kind(gate: Gate) -> None:
    """Twenty of them in the ordinary test run: none gets through, and what a reader would not notice is not stopped."""
    found, through = fates(gate, SUBSET)
    assert through == []
    assert found["caught"] >= 10
    assert found["harmless"] >= 3


SAID: dict[Fate, str] = {
    "caught": "caught before publishing",
    "early": "stopped although another witness kept the values right",
    "harmless": "harmless: published, every field right",
    "through": "through with wrong values",
}


def figures(found: Counter[Fate]) -> str:
    """The table of docs/checks.md."""
    total = sum(found.values())
    rows = [f"| {said} | {found[fate]} | {found[fate] / total:.1%} |" for fate, said in SAID.items()]
    return "\n".join([f"| {total} mutations | nights | share |", "|---|---|---|", *rows])


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(2700)
def test_no_mutation_gets_through(gate: Gate) -> None:
    """All of them (`pytest tests/test_drift.py -m slow -s` prints the shares), and docs/checks.md says what came of them."""
    assert len(MUTATIONS) == len(PLAIN) + len(NASTY) >= 200
    found, through = fates(gate, tuple(MUTATIONS))
    print("\n" + figures(found))
    assert through == []
    assert figures(found) in DOCS.read_text(encoding="utf-8"), "the figures in docs/checks.md are others"


def test_the_verdict_names_field_and_layout_and_shows_two_pages(gate: Gate) -> None:
    """What broke, on how many pages of which kind, how it usually is; two addresses, and where their bytes stand in the archive."""
    _, results, _ = gate.night(MUTATIONS["drop Issued by"])
    (drift,) = [result for result in results if result.check_name == "drift_fields"]
    row = next(row for row in drift.sample if row["layout"] == "News, lately")
    assert row["subject"] == "issuers"
    assert row["url"] != row["second_url"]
    assert str(row["url"]).startswith("https://www.osce.org/") and row["warc_file"] and row["warc_offset"] is not None
    assert "field issuers: 0 of " in drift.detail and "News, lately" in drift.detail and str(drift.sample[0]["url"]) in drift.detail


def test_candidates_are_watched(gate: Gate) -> None:
    """The body is still found, but by a later candidate: nobody is stopped, somebody is told."""
    _, results, wrong = gate.night(MUTATIONS["style no_classes"])
    (said,) = [result for result in results if result.check_name == "drift_candidates"]
    assert (said.verdict, said.severity, wrong) == ("fail", "warn", [])
    assert "body by css:.content--content .pane-content: 0 of" in said.detail


def test_a_small_night_and_a_single_odd_page_say_nothing(gate: Gate) -> None:
    """Two new pages without their labels, or one edited article among twenty, are no drift."""
    bench, drop = gate.bench, MUTATIONS["drop Fields of work"].article
    run_id = bench.begin()
    bench.walk(run_id, most=1)
    bench.receive(run_id, gate.new[:2], drop)
    bench.receive(run_id, gate.again[:1], MUTATIONS["title cut"].article)
    bench.not_modified(run_id, gate.again[1:])
    results = bench.judge(run_id)
    bench.forget(run_id)
    assert blocking(results) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("nights", "seed"), [(8, 4), pytest.param(30, 5, marks=pytest.mark.long)])
def test_a_normal_month_passes_without_a_word(nights: int, seed: int, tmp_path: Path) -> None:
    """Thirty nights (or a week): none to eight new articles, a few corrections of titles, texts, topics and capitals, the rest unchanged."""
    chance = random.Random(seed)
    with Bench(SampleSite(400), tmp_path / "bench") as bench:
        site = bench.site
        first = bench.begin()
        bench.walk(first)
        bench.receive(first, site.articles())
        assert blocking(bench.judge(first)) == []
        bench.publish(first)
        bench.now = datetime(2026, 2, 1, 2, 30, tzinfo=UTC)
        for night in range(nights):
            bench.now += timedelta(hours=23)
            site.end = bench.now.date()
            new = [site.items[number] for number in site.add(chance.choice((0, 0, 1, 1, 2, 3, 5, 8)))]
            again = [item for item in a_year_of_news(site) if item not in new][: chance.randint(0, 40)]
            edited = chance.sample(again, min(len(again), chance.randint(0, 2)))
            for number in (item.id for item in edited):
                title = site.items[number].title
                match chance.randrange(4):
                    case 0:
                        site.edit(number, title=title + " (updated)")
                    case 1:
                        site.edit(number, title=title.title())
                    case 2:
                        site.edit(number, topics=("Elections",))
                    case _:
                        site.rewrite(number, f"A correction was made on night {night}.")
            run_id = bench.begin()
            bench.walk(run_id, most=1)
            bench.receive(run_id, [*new, *(site.items[item.id] for item in edited)])
            bench.not_modified(run_id, [item for item in again if item not in edited])
            results = bench.judge(run_id)
            assert [(each.check_name, each.detail) for each in results if each.verdict == "fail"] == [], night
            bench.publish(run_id)


def test_a_backfill_of_old_pages_is_no_drift(tmp_path: Path) -> None:
    """Pages of 1999 to 2010, in layouts that no page of today has, and without most of today's fields."""
    with Bench(SampleSite(400), tmp_path / "bench") as bench:
        first = bench.begin()
        bench.walk(first)
        bench.receive(first, [item for item in bench.site.articles() if item.published_on.year >= 2015])
        assert blocking(bench.judge(first)) == []
        bench.publish(first)
        for years in (range(2008, 2015), range(1999, 2008)):
            run_id = bench.begin("backfill")
            bench.receive(run_id, [item for item in bench.site.articles() if item.published_on.year in years])
            assert blocking(bench.judge(run_id)) == []
            bench.publish(run_id)


def test_a_drifting_night_never_becomes_the_measure(tmp_path: Path) -> None:
    """The second night in the broken layout is measured by the published past as well, and stopped like the first."""
    with Bench(SampleSite(400), tmp_path / "bench") as bench:
        gate = Gate(bench)
        broken = MUTATIONS["constant Source"].article
        for part in (gate.new[:6], gate.new[6:]):
            run_id = bench.begin()
            bench.walk(run_id, most=1)
            bench.receive(run_id, [*part, *gate.again], broken)
            assert "drift_witnesses" in blocking(bench.judge(run_id)) or "mass_changes" in blocking(bench.judge(run_id))
        run_id = bench.begin()
        bench.receive(run_id, gate.items)
        assert blocking(bench.judge(run_id)) == [], "the newsroom has put it right, and we have asked again"


def test_a_redesign_is_stopped_and_published_once_the_definition_is_mended(tmp_path: Path) -> None:
    """A whole story over HTTP: the labels get other words overnight.

    Blocked, the public file as it was; the pages wait in the archive; somebody adds the new words to the definition, and `reparse`
    publishes everything, without a request.
    """
    site = SampleSite(300)
    with serve(site) as server:
        office = Office(tmp_path / "data", server.url)
        assert office.run("nightly").outcome == "ok"
        before = office.public_data()
        new = site.add(12)
        words = {"Issued by": "Newsroom of", "Source": "Newsroom of", "Fields of work": "Themes"}

        def reworded(request, newsroom, proceed):  # type: ignore[no-untyped-def]
            answer = proceed(request)
            text = answer.body.decode()
            for old, word in words.items():
                text = text.replace(f"<dt>{old}:", f"<dt>{word}:")
            return type(answer)(text.encode())

        site.faults.append(Fault(ARTICLE, reworded))
        office.sleep()
        result = office.run("nightly", recheck="all")
        assert (result.outcome, result.published) == ("blocked", False)
        assert "field issuers" in (result.detail or "") and "https://www.osce.org/" in (result.detail or "")
        assert office.public_data() == before
        asked = len(server.log)
        office.config = tmp_path / "config"
        mend(office.config)
        office.base_url = None
        assert office.run("reparse").outcome == "ok"
        assert len(server.log) == asked
        assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []
        assert {f"osce:{number}" for number in new} <= {row[0] for row in office.sql("SELECT article_id FROM articles")}


def mend(folder: Path) -> None:
    """Adds the new words where the old ones stand."""
    shutil.copytree(CONFIG, folder)
    path = folder / "sources" / "osce.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace('labels = ["Date",', 'labels = ["Newsroom of", "Themes", "Date",')
    text = text.replace('issuers = ["label:Source",', 'issuers = ["label:Newsroom of", "label:Source",')
    text = text.replace('topics = ["label:Fields of work",', 'topics = ["label:Themes", "label:Fields of work",')
    path.write_text(text, encoding="utf-8")


def test_an_empty_listing_is_an_alarm(tmp_path: Path) -> None:
    """Zero results are no quiet night."""
    site = SampleSite(60)
    with serve(site) as server:
        office = Office(tmp_path / "data", server.url)
        office.run("nightly")
        site.faults.append(Fault(LISTING, empty_listing()))
        assert "empty_listing" in (office.run("nightly").detail or "")
