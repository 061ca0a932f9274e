"""Exports: the same rows as the public file, in files that anything reads; the folder is there whole or not at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from newsroom.errors import ConfigError, NewsroomError
from newsroom.export import MANIFEST, TABLES, Format, export
from newsroom.sample import SampleSite, serve
from tests.nights import Office, impatient_config


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two nights; on the second one a new article with quotes, commas and line breaks where they hurt, and an edit."""
    folder = tmp_path_factory.mktemp("export")
    site = SampleSite(60)
    with serve(site) as server:
        office = Office(folder / "it's data", server.url, impatient_config(folder / "config"))
        office.run("sweep")
        office.sleep()
        site.edit(site.add()[0], title='He said "so, what?"; it\'s 100 %', topics=('a "quoted", topic', "Media"))
        site.rewrite(next(item for item in site.articles() if item.layout == "press" and not item.exact_copy_of).id)
        office.run("nightly", recheck="all")
        yield office


def rows(folder: Path, form: Format, table: str) -> list[dict[str, Any]]:
    """What a consumer reads, with the tools at hand."""
    if form == "parquet":
        place = folder / table
        return pq.read_table(place if place.is_dir() else f"{place}.parquet").to_pylist()
    with (folder / f"{table}.{form}").open(encoding="utf-8", newline="") as file:
        return [json.loads(line) for line in file] if form == "jsonl" else list(csv.DictReader(file))


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_every_table_is_there_row_by_row(office: Office, tmp_path: Path, form: Format) -> None:
    """Counts as in the file, and the awkward article letter by letter, lists as lists (in CSV: as JSON)."""
    report = export(office.data, tmp_path / "out", form=form)
    assert report.counts == {table: office.sql(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}
    assert {table: len(rows(tmp_path / "out", form, table)) for table in TABLES} == report.counts
    awkward = next(row for row in rows(tmp_path / "out", form, "articles") if row["title"].startswith("He said"))
    stored = office.dicts("SELECT title, body, topics, published_on FROM articles WHERE starts_with(title, 'He said')")[0]
    assert awkward["title"] == stored["title"]
    assert awkward["body"] == stored["body"]
    assert (json.loads(awkward["topics"]) if form == "csv" else awkward["topics"]) == stored["topics"]
    assert str(awkward["published_on"]) == str(stored["published_on"])


def test_parquet_is_partitioned_by_year(office: Office, tmp_path: Path) -> None:
    """A reader of one year opens the files of that year; types survive."""
    export(office.data, tmp_path / "out")
    years = {int(place.name.removeprefix("year=")) for place in (tmp_path / "out" / "articles").iterdir()}
    assert years == {year for (year,) in office.sql("SELECT DISTINCT year(published_on) FROM articles")}
    one = duckdb.sql(f"SELECT DISTINCT year(published_on) FROM '{tmp_path}/out/articles/year=2019/*.parquet'").fetchall()
    assert one == [(2019,)]
    row = pq.read_table(tmp_path / "out" / "articles" / "year=2019").to_pylist()[0]
    assert isinstance(row["published_on"], date)
    assert isinstance(row["issuers"], list)


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_what_changed_since_a_run(office: Office, tmp_path: Path, form: Format) -> None:
    """One new article and one changed body since the first night, with all their columns; nothing since the last."""
    runs = [run for (run,) in office.sql("SELECT run_id FROM runs ORDER BY started_at")]
    export(office.data, tmp_path / "out", form=form, since=runs[0])
    feed = rows(tmp_path / "out", form, "article_changes")
    assert sorted(row["change"] for row in feed) == ["changed", "new"]
    changed = next(row for row in feed if row["change"] == "changed")
    assert "corrected since it was first published" in changed["body"]
    assert "body" in changed["changed"]
    assert export(office.data, tmp_path / "none", form=form, since=runs[-1]).counts == {"article_changes": 0}
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["since"] == runs[0]


def test_an_earlier_export_is_replaced_and_nothing_else_is(office: Office, tmp_path: Path) -> None:
    """Twice to one folder; but never over a folder or a file of somebody's, and nothing is left beside it."""
    export(office.data, tmp_path / "out", form="csv")
    export(office.data, tmp_path / "out", form="jsonl")
    assert not list((tmp_path / "out").glob("*.csv"))
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("all I have")
    for place in (tmp_path / "precious", tmp_path / "precious" / "thesis.txt"):
        with pytest.raises(ConfigError, match=r"name (another|a) folder"):
            export(office.data, place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "precious"]
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "all I have"


def test_mistakes_are_told_and_leave_nothing(office: Office, tmp_path: Path) -> None:
    """A run that never was, a query in its place, a folder that cannot be made, nothing published yet."""
    for since in ("20990101-000000-nightly", "'; DROP TABLE articles; --", ""):
        with pytest.raises(ConfigError, match="neither a run nor a time"):
            export(office.data, tmp_path / "out", since=since)
    (tmp_path / "file").write_text("")
    with pytest.raises(NewsroomError, match="cannot be written"):
        export(office.data, tmp_path / "file" / "below")
    with pytest.raises(ConfigError, match="nothing has been published yet"):
        export(tmp_path / "nowhere", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
