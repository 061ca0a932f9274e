"""A mart made anew only where it was touched, and a public file amended from the one before, are what they would be made as a whole."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from newsroom import touched
from newsroom.sample import SampleSite, Server, serve
from newsroom.sample.faults import Fault, login_wall, redirect, status
from newsroom.warehouse import Warehouse
from tests.nights import Office, impatient_config

NIGHTS = int(os.environ.get("AMEND_NIGHTS", "14"))
ASIDE = {"mart.built", "mart.touched", "mart.shown"}
"""How the mart came about, not what it says."""
CATALOG = {
    "views": "SELECT view_name, sql, comment FROM duckdb_views() WHERE database_name = 'file' AND NOT internal",
    "tables": "SELECT table_name, sql, comment FROM duckdb_tables() WHERE database_name = 'file'",
    "columns": "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE database_name = 'file' AND NOT internal",
    "macros": "SELECT function_name, parameters, macro_definition, comment FROM duckdb_functions() WHERE database_name = 'file' AND NOT internal",
}


def assert_as_if_made_whole(office: Office, beside: Path) -> int:
    """Compare with a mart and a file made whole from the same facts; returns how often the public file has been amended by now."""
    beside.mkdir(exist_ok=True)
    shutil.copy(office.data / "warehouse.duckdb", beside / "warehouse.duckdb")
    whole = beside / "whole.duckdb"
    with Warehouse.open(beside / "warehouse.duckdb") as warehouse:
        (amended,) = warehouse.ask("SELECT amended FROM mart.shown").rows[0]
        assert touched.rebuild(warehouse) == 0  # the signs of drift are measured by what has been published, and so differ after it
        partly = warehouse.digests()
        touched.rebuild(warehouse, whole=True)
        wholly = warehouse.digests()
        assert [name for name in wholly if name.startswith("mart.") and name not in ASIDE and partly[name] != wholly[name]] == []
        warehouse.write_public(whole)
    assert_equal_files(office.data / "public" / "newsroom.duckdb", whole)
    shutil.rmtree(beside)
    return int(amended)


def catalog(path: Path) -> dict[str, list[str]]:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS file (READ_ONLY)")
        return {what: sorted(map(str, connection.execute(query).fetchall())) for what, query in CATALOG.items()}


def assert_equal_files(one: Path, other: Path) -> None:
    """Every row of every table; tables, columns, views, macros and comments; the storage version."""
    assert catalog(one) == catalog(other)
    with duckdb.connect() as connection:
        for path, name in ((one, "one"), (other, "other")):
            connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        tags = connection.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name IN ('one', 'other')"
        ).fetchall()
        assert len(set(tags)) == 1 and "v1.4" in tags[0][0], tags
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'one'").fetchall():
            for mine, theirs in (("one", "other"), ("other", "one")):
                rows = connection.execute(f"FROM {mine}.main.{table} EXCEPT ALL FROM {theirs}.main.{table} LIMIT 3").fetchall()
                assert rows == [], f"{table}: only in {mine}: {rows}"


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(40, seed=5)


@pytest.fixture
def server(site: SampleSite) -> Iterator[Server]:
    with serve(site) as running:
        yield running


@pytest.fixture
def office(server: Server, tmp_path: Path) -> Office:
    return Office(tmp_path / "data", server.url, impatient_config(tmp_path / "config"))


class Newsroom:
    """What can happen to a newsroom between two nights."""

    def __init__(self, site: SampleSite, office: Office, rng: random.Random) -> None:
        self.site, self.office, self.rng = site, office, rng

    def some(self) -> int:
        return self.rng.choice([number for number in self.site.items if number not in self.site.gone])

    def nothing(self) -> None:
        pass

    def news(self) -> None:
        self.site.add(self.rng.randint(1, 4))

    def correction(self) -> None:
        self.site.rewrite(self.some(), f"Corrected {self.rng.random()}.")

    def other_words_for_the_listing(self) -> None:
        self.site.edit(self.some(), title=f"Another title {self.rng.randint(1, 10**6)}")

    def removal(self) -> None:
        self.site.remove(self.some(), self.rng.choice((404, 410)))

    def return_(self) -> None:
        if self.site.gone:
            self.site.restore(self.rng.choice(sorted(self.site.gone)))

    def copy(self) -> None:
        """An article of which there is one already, word for word; sometimes the copy has the lower number and takes over."""
        kept = self.site.items[self.some()]
        (number,) = self.site.add()
        self.site.items[number] = replace(kept, id=number, rank=self.site.items[number].rank, edited_at=None)

    def moved(self) -> None:
        one, other = self.some(), self.some()
        self.site.faults.append(Fault(rf"/{one}$", redirect(f"/node/{other}"), times=2))

    def wall(self) -> None:
        self.site.faults.append(Fault(rf"/{self.some()}$", login_wall(), times=3))

    def errors(self) -> None:
        self.site.faults.append(Fault(rf"/{self.some()}$", status(500), times=6))


def random_nights(site: SampleSite, office: Office, seed: int, beside: Path) -> tuple[int, int]:
    """Nights of all kinds, each compared; returns how many amended the public file, and how many were published."""
    rng = random.Random(seed)
    happens = Newsroom(site, office, rng)
    events: list[Callable[[], None]] = [
        happens.nothing, happens.news, happens.correction, happens.other_words_for_the_listing, happens.removal, happens.return_, happens.copy,
        happens.moved, happens.wall, happens.errors,
    ]  # fmt: skip
    assert office.run("sweep").outcome == "ok"
    amended = published = 0
    for number in range(NIGHTS):
        for _ in range(rng.randint(0, 3)):
            rng.choice(events)()
        office.sleep(rng.choice((1, 1, 1, 40)))
        if number % 7 == 3:
            office.run("retry")
        kind: Any = rng.choice(("nightly", "nightly", "nightly", "sweep"))
        result = office.run(kind, recheck=rng.choice(("due", "due", "all")))
        if result.published:
            published += 1
            amended += assert_as_if_made_whole(office, beside) > 0
    return amended, published


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_random_nights_end_as_if_everything_was_made_whole(site: SampleSite, office: Office, tmp_path: Path, seed: int) -> None:
    """News, corrections, removals, returns, copies, redirects, quarantines: mart and public file have the rows they would have, made whole."""
    amended, published = random_nights(site, office, seed, tmp_path / "beside")
    assert published > NIGHTS / 2
    assert amended > published / 2
