"""What an earlier release left on disk is taken over by this one: opened, migrated, read again, published, gone on with."""

from __future__ import annotations

import json
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsroom import pipeline
from newsroom.errors import Damaged
from newsroom.sample import SampleSite, serve
from newsroom.warehouse import Warehouse, sql_names
from tests.nights import CONFIG, LONG_AFTER, Office
from tests.upgrades.record import QUESTIONS

RECORDED = sorted((Path(__file__).parent / "upgrades").glob("*.tar.xz"))


@pytest.fixture(params=RECORDED, ids=lambda path: path.name.removesuffix(".tar.xz"))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    """The data directory of an earlier release."""
    with tarfile.open(request.param) as tar:
        tar.extractall(tmp_path / "data", filter="data")
    return Office(tmp_path / "data", now=LONG_AFTER + timedelta(days=10))


def expected(old: Office) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((old.data / "expected.json").read_text(encoding="utf-8"))
    return told


def found(old: Office) -> dict[str, Any]:
    """The same questions, asked today."""
    return json.loads(json.dumps({name: old.dicts(question) for name, question in QUESTIONS.items()}, default=str))  # type: ignore[no-any-return]


def test_there_is_one_for_the_first_release() -> None:
    assert RECORDED[0].name == "schema-0001.tar.xz"
    assert all(path.stat().st_size < 300_000 for path in RECORDED)


def test_it_is_migrated_and_published_as_it_was(old: Office) -> None:
    """Every article, version and number; the runs of then are still told, and this one is added."""
    assert old.run("publish").outcome == "ok"
    want, have = expected(old), found(old)
    assert have["runs"][: len(want["runs"])] == want["runs"] and len(have["runs"]) == len(want["runs"]) + 1
    assert have | {"runs": []} == want | {"runs": []}
    with Warehouse.open(old.data / "warehouse.duckdb") as warehouse:
        applied = [number for (number,) in warehouse.ask("SELECT number FROM ops.migrations ORDER BY 1").rows]
        assert applied == sorted(int(name.split("/")[1][:4]) for name in sql_names("migrations"))
        before = warehouse.digests()
    with Warehouse.open(old.data / "warehouse.duckdb") as warehouse:  # opening it again changes nothing
        assert warehouse.digests() == before


def test_its_pages_are_read_again_by_todays_parser(old: Office) -> None:
    """From the archive of then, all of them; versions keep their place in history."""
    with Warehouse.open(old.data / "warehouse.duckdb") as warehouse:
        pages = warehouse.ask("SELECT count(*) FROM facts.payloads").rows[0][0]
        warehouse.run("DELETE FROM facts.readings")
    result = old.run("reparse")
    assert (result.outcome, result.sources["osce"]["read"]) == ("ok", pages)
    want, have = expected(old), found(old)
    assert have | {"runs": []} == want | {"runs": []}


def test_the_next_night_goes_on(old: Office) -> None:
    """An article is added; those of then stay what they were."""
    want = {row["article_id"]: row for row in expected(old)["articles"]}
    site = SampleSite(12)
    site.add(1)
    old.sleep(2)
    with serve(site) as server:
        old.base_url = server.url
        assert old.run(recheck="none").outcome == "ok"
    have = {row["article_id"]: row for row in found(old)["articles"]}
    assert len(have) > len(want)
    assert {name: have[name] for name in want} == want


def test_a_newer_one_is_refused_in_one_line(old: Office) -> None:
    """Untouched, and saying what to do."""
    with Warehouse.open(old.data / "warehouse.duckdb") as warehouse:
        warehouse.run("INSERT INTO ops.migrations VALUES (9999, 'migrations/9999_from_the_future', now())")
    size = (old.data / "warehouse.duckdb").stat().st_size
    with pytest.raises(Damaged) as refused:
        old.run("publish")
    assert str(refused.value).endswith("upgrade it") and "schema 9999" in str(refused.value) and "\n" not in str(refused.value)
    assert (old.data / "warehouse.duckdb").stat().st_size == size
    assert pipeline.status(pipeline.Options(CONFIG, old.data)).articles is None
