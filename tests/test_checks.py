"""Checks: bounds by source, checks by name, offending rows kept; volume and freshness told without crying wolf."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsroom import config, pipeline, touched
from newsroom.config import CheckBounds
from newsroom.errors import ConfigError
from newsroom.sample import SampleSite, serve
from newsroom.stages import check as checking
from newsroom.warehouse import Warehouse, sql_names, sql_text
from tests.nights import CONFIG, Office

VOLUME = ("quiet_source", "unusual_night", "missed_night")


# --- bounds --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def add(folder: Path, text: str) -> None:
    path = folder / "checks.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")


def test_a_source_may_have_bounds_of_its_own(folder: Path) -> None:
    """What its table does not name is as for all."""
    add(folder, '[sources.osce.missing_date]\nmax_share = 0.5\n[sources.osce.drift_texts]\nseverity = "warn"\nmin_pages = 8\n')
    general, own = config.load_checks(folder), config.load_check_overrides(folder)["osce"]
    assert own["missing_date"] == CheckBounds(severity="block", max_rows=general["missing_date"].max_rows, max_share=0.5)
    assert own["drift_texts"] == CheckBounds(severity="warn", min_pages=8, max_drop=general["drift_texts"].max_drop)
    assert config.load_check_overrides(CONFIG) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sources.osec.missing_date]\nmax_rows = 1", "sources.osec: there is no such source; did you mean osce?"),
        ("[sources.osce.missing_dat]\nmax_rows = 1", "sources.osce.missing_dat: there is no such check; did you mean missing_date?"),
        ('[sources.osce.invariant_unique]\nseverity = "off"', "sources.osce.invariant_unique: invariants always block"),
        ("[sources.osce.missing_date]\nmax_drop = 0.5", "sources.osce.missing_date.max_drop: this check compares no rates"),
        ("[sources.osce.missing_date]\nmax_rows = -1", "sources.osce.missing_date.max_rows = -1: must be greater than or equal to 0"),
        ("[sources.osce.drift_texts]\nmax_dorp = 0.5", "sources.osce.drift_texts.max_dorp = 0.5: unknown key; did you mean max_drop?"),
    ],
)
def test_mistakes_in_bounds_are_named(folder: Path, text: str, said: str) -> None:
    """File, key, value, what is allowed; before anything is done."""
    add(folder, text)
    with pytest.raises(ConfigError) as refused:
        pipeline.prepare("check", pipeline.Options(folder, folder.parent / "data"))
    assert str(refused.value).startswith(f"{folder / 'checks.toml'}: {said}")
    assert "\n" not in str(refused.value)


def test_every_check_says_what_it_asks_and_is_documented() -> None:
    """The first line of each is its question; docs/checks.md has a word on each, and on no other."""
    text = (CONFIG.parent / "docs" / "checks.md").read_text(encoding="utf-8")
    for name in sql_names("checks"):
        assert sql_text(name).splitlines()[0].startswith("-- ")
        assert sql_text(name).splitlines()[0].rstrip().endswith((".", "?", ")"))
        assert f"`{name.split('/')[1]}`" in text
    shipped = set(config.load_checks(CONFIG))
    table = text.split("## All checks")[1].split("\n## ")[0]
    told = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert told == shipped


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "warehouse.duckdb", threads=1) as opened:
        touched.rebuild(opened, whole=True)
        yield opened


def judged(
    name: str, found: list[dict[str, Any]], general: CheckBounds, own: dict[str, CheckBounds], articles: dict[str, int]
) -> tuple[str, str, int]:
    result = checking._judge(name, found, general, own, articles)
    return result.verdict, result.severity, result.failing_rows


def test_rows_are_judged_source_by_source() -> None:
    """A bound is a share of the source's own articles: a large source does not hide a small one; each has its own severity."""
    rows = [{"source": "large"}] * 5 + [{"source": "small"}] * 5
    articles = {"large": 1000, "small": 10}
    hundredth = CheckBounds(max_share=0.01)
    assert judged("missing_date", rows[:5], hundredth, {}, articles) == ("pass", "block", 5)
    assert judged("missing_date", rows, hundredth, {}, articles) == ("fail", "block", 10)
    assert judged("missing_date", rows, hundredth, {"small": CheckBounds(severity="warn")}, articles) == ("fail", "warn", 10)
    assert judged("missing_date", rows, hundredth, {"small": CheckBounds(severity="off")}, articles) == ("pass", "block", 5)
    assert judged("missing_date", rows, hundredth, {"large": CheckBounds(), "small": CheckBounds(severity="warn")}, articles) == (
        "fail",
        "block",
        10,
    )
    assert judged("fewer_articles", [{"trouble": 1}], CheckBounds(), {}, articles) == ("fail", "block", 1)


def test_checks_are_run_by_name_and_keep_what_they_found(tmp_path: Path) -> None:
    """`newsroom check NAME`: only those are asked; the rows stand in the public table check_rows, with their address and evidence."""
    site = SampleSite(60)
    with serve(site) as server:
        office = Office(tmp_path / "data", server.url)
        assert office.run("nightly").outcome == "ok"
        options = pipeline.Options(office.config, office.data)
        plan = pipeline.prepare("check", options, checks=("missing_date", "invariant_unique"))
        result = pipeline.run(plan, engine=pipeline.Inline(), watch=office, clock=office.clock)
        assert [each.check_name for each in result.checks] == ["invariant_unique", "missing_date"]
        with pytest.raises(ConfigError, match="'missing_dat': there is no such check; did you mean missing_date"):
            pipeline.prepare("check", options, checks=("missing_dat",))
        with pytest.raises(ConfigError, match="only `newsroom check NAME…` can"):
            pipeline.prepare("nightly", pipeline.Options(office.config, office.data, server.url, 0), checks=("missing_date",))
        site.edit(next(iter(site.items)), title="Skip to main content")
        for number in list(site.items)[:30]:
            site.rewrite(number, "We thank you.")
        office.sleep()
        assert office.run("nightly", recheck="all").outcome == "blocked", "half of the newsroom has changed its body"
        assert "check_rows" in {row[0] for row in office.sql("SELECT table_name FROM duckdb_tables()")}
        office.config = Path(shutil.copytree(CONFIG, tmp_path / "config"))
        add(office.config, '[sources.osce.mass_changes]\nseverity = "off"\n[sources.osce.shared_paragraphs]\nseverity = "off"\n')
        add(office.config, '[sources.osce.drift_texts]\nseverity = "off"\n')
        assert office.run("publish").outcome == "ok", "somebody has looked, and says that the newsroom meant it"
    (row, *_) = office.dicts("SELECT * FROM check_rows WHERE check_name = 'mass_changes'")
    assert row["source"] == "osce" and "body unchanged on" in row["finding"]
    found = json.loads(row["found"])
    assert (
        found["url"].startswith("https://www.osce.org/") and found["warc_file"].startswith("2027") and found["second_url"] != found["url"]
    )


# --- volume and freshness ------------------------------------------------------------------------------------------------------------


class Newsroom:
    """Days of a newsroom as facts only: weekdays are busy, weekends quiet, August and the turn of the year half asleep."""

    def __init__(self, warehouse: Warehouse, seed: int, per_day: float = 5.0) -> None:
        self.warehouse, self.random, self.per_day = warehouse, random.Random(seed), per_day
        self.number = 0

    def count(self, on: date) -> int:
        season = 0.35 if on.month == 8 or (on.month, on.day) >= (12, 24) or (on.month, on.day) <= (1, 4) else 1.0
        weekday = (1.0, 1.2, 1.2, 1.3, 0.9, 0.12, 0.05)[on.weekday()]
        mean = self.per_day * season * weekday * self.random.uniform(0.6, 1.4)
        arrived, count = self.random.expovariate(1.0), 0
        while arrived < mean:
            count, arrived = count + 1, arrived + self.random.expovariate(1.0)
        return count

    def entries(self, on: date, count: int) -> list[dict[str, Any]]:
        made = []
        for _ in range(count):
            self.number += 1
            made.append(
                {
                    "source": "osce",
                    "article_id": f"osce:{self.number}",
                    "url": f"https://www.osce.org/a/{self.number}",
                    "title": "T",
                    "published_on": on,
                    "content_type": "News",
                    "issuers": [],
                    "topics": [],
                    "entry_sha256": str(self.number),
                    "seen_at": datetime(on.year, on.month, on.day, 23, tzinfo=UTC),
                    "run_id": "x",
                }
            )
        return made

    def past(self, since: date, until: date) -> None:
        days = [since + timedelta(days=n) for n in range((until - since).days)]
        self.warehouse.append("facts.entries", [entry for on in days for entry in self.entries(on, self.count(on))])

    def walk(self, at: datetime) -> str:
        run_id = f"{at:%Y%m%d-%H%M%S}-nightly"
        row = {
            "walk_id": f"{run_id}/osce",
            "run_id": run_id,
            "source": "osce",
            "kind": "nightly",
            "pages": 1,
            "entries": 1,
            "refused": 0,
            "is_complete": True,
            "is_whole": False,
            "reason": "",
            "started_at": at,
            "finished_at": at + timedelta(minutes=9),
        }
        self.warehouse.append("facts.walks", [row])
        return run_id

    def alarms(self, run_id: str, at: datetime) -> list[tuple[str, str]]:
        return [(name, row["finding"]) for name in VOLUME for row in self.warehouse.rows(f"checks/{name}", run_id=run_id, now=at)]

    def night(self, on: date, count: int | None = None) -> list[tuple[str, str]]:
        """At half past two the articles of the day before are listed."""
        self.warehouse.append(
            "facts.entries", self.entries(on - timedelta(days=1), self.count(on - timedelta(days=1)) if count is None else count)
        )
        at = datetime(on.year, on.month, on.day, 2, 30, tzinfo=UTC)
        return self.alarms(self.walk(at), at)


def nights(newsroom: Newsroom, since: date, days: int) -> list[tuple[date, str, str]]:
    found = []
    for on in (since + timedelta(days=n) for n in range(days)):
        found += [(on, *alarm) for alarm in newsroom.night(on)]
    return found


@pytest.mark.parametrize(
    ("seed", "per_day", "since", "days"),
    [
        (1, 5.0, date(2026, 7, 20), 45),
        (2, 5.0, date(2026, 12, 20), 20),
        (3, 12.0, date(2026, 3, 20), 30),
        *(
            pytest.param(seed, per_day, date(2026, 1, 15), 365, marks=[pytest.mark.slow, pytest.mark.long])
            for seed, per_day in ((1, 5.0), (2, 1.2), (3, 12.0), (4, 2.5))
        ),
    ],
)
@pytest.mark.timeout(900)
def test_normal_nights_raise_no_alarm(warehouse: Warehouse, seed: int, per_day: float, since: date, days: int) -> None:
    """After two and a half years of history, weekends, August and Christmas (slow: whole years) pass without a word."""
    newsroom = Newsroom(warehouse, seed, per_day)
    newsroom.past(date(2023, 7, 1), since - timedelta(days=1))
    assert nights(newsroom, since, days) == []


def test_a_young_newsroom_raises_no_alarm(warehouse: Warehouse) -> None:
    """Without a history there is nothing to compare with."""
    assert nights(Newsroom(warehouse, 4), date(2026, 5, 1), 120) == []


def test_a_source_that_falls_silent_is_told(warehouse: Warehouse) -> None:
    """Silence on weekdays is told within a week, and again every night; the weekend before it is not."""
    newsroom = Newsroom(warehouse, 5)
    newsroom.past(date(2023, 7, 1), date(2026, 3, 2))
    assert nights(newsroom, date(2026, 3, 3), 14) == []
    silent = [newsroom.night(date(2026, 3, 17) + timedelta(days=n), 0) for n in range(10)]
    first = next(n for n, alarms in enumerate(silent) if any(name == "quiet_source" for name, _ in alarms))
    assert 3 <= first <= 7
    assert all(any(name == "quiet_source" for name, _ in alarms) for alarms in silent[first:])


def test_a_flood_and_a_drought_are_told(warehouse: Warehouse) -> None:
    """A migration lists two hundred old texts under one day; a listing that is read half brings nearly nothing on a busy one."""
    newsroom = Newsroom(warehouse, 6, per_day=12)
    newsroom.past(date(2023, 7, 1), date(2026, 3, 2))
    assert nights(newsroom, date(2026, 3, 3), 9) == []
    (flood,) = newsroom.night(date(2026, 3, 12), 200)
    assert flood[0] == "unusual_night" and flood[1].startswith("200 new articles dated 2026-03-11 to 2026-03-11; ")
    (drought,) = newsroom.night(date(2026, 3, 13), 0)
    assert drought[0] == "unusual_night" and drought[1].startswith("0 new articles dated 2026-03-12")


def test_a_missed_night_is_told_once_and_is_no_unusual_one(warehouse: Warehouse) -> None:
    """The machine was off for two nights: that is said, and the three days' news are not taken for a flood."""
    newsroom = Newsroom(warehouse, 7)
    newsroom.past(date(2023, 7, 1), date(2026, 3, 2))
    assert nights(newsroom, date(2026, 3, 3), 10) == []
    for on in (date(2026, 3, 12), date(2026, 3, 13)):
        warehouse.append("facts.entries", newsroom.entries(on, newsroom.count(on)))
    assert [name for name, _ in newsroom.night(date(2026, 3, 15))] == ["missed_night"]
    assert newsroom.night(date(2026, 3, 16)) == []
