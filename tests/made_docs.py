"""The pages of docs/ that are made from the database: `make docs` writes them, tests/test_made_docs.py says whether they are current.

docs/schema.md is made whole. In docs/cookbook.md the questions and their SQL are written by hand; the answers below them, from three
nights at the sample newsroom, are made.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from newsroom.sample import SampleSite, serve
from newsroom.warehouse import PublicReader, Table, open_public
from tests.nights import Office, impatient_config

DOCS = Path(__file__).resolve().parents[1] / "docs"
_QUESTION = re.compile(r"```sql\n(?P<sql>.*?)```\n(?:\n<!-- answer -->\n.*?<!-- end -->\n)?", re.DOTALL)

HEAD = """# The public database

<!-- made by `make docs` from the database itself: change the comments in src/newsroom/sql/public/, not this page -->

`data/public/newsroom.duckdb`, schema version **{version}** (`SELECT schema_version FROM meta`). It is written in DuckDB's storage version
v1.4.0: clients of DuckDB 1.4, 1.5 and 2.x open it, views and macros included ([tests/test_public.py](../tests/test_public.py) installs
the older ones and asks them); `search()` and `changes_since()` need 1.4.2. How to open it, and what to ask: [cookbook.md](cookbook.md).

## What may change

- A **minor** version (1.0 → 1.1) adds: a table, a view, a macro, a column. Name the columns you read, and it does not
  concern you.
- A **major** version (1.1 → 2.0) takes away or changes: a column's name, type or meaning, the key of a table, what a row is, the parameters
  or columns of a macro. It is marked **breaking** in [CHANGELOG.md](../CHANGELOG.md), with the query that does the same afterwards; for one
  minor version before, both forms exist wherever that is possible.
- The tables `search_documents`, `search_words` and `search_postings` are how `search()` works; they may change with any version.
- Values are no part of this: a better parser may read more, and `articles.parser_version` says which one did.

A test compares the columns with a written list; it fails when one is gone or has another type.
"""


@contextmanager
def sample_data() -> Iterator[Path]:
    """The data directory after three nights: the listing read whole, then two days of news, edits and a removal."""
    with tempfile.TemporaryDirectory() as folder:
        site = SampleSite(300, end=date(2026, 11, 9))
        with serve(site) as server:
            config = impatient_config(Path(folder) / "config")
            office = Office(Path(folder) / "data", server.url, config, now=datetime(2026, 11, 10, 2, 30, tzinfo=UTC))
            office.run("sweep")  # every night begins on the second, so that run ids do not depend on how long the one before took
            plain = [item for item in site.articles() if item.layout == "press" and not item.exact_copy_of and not item.near_copy_of]
            for night in (1, 2):
                office.now = datetime(2026, 11, 10 + night, 2, 30, tzinfo=UTC)
                site.end = office.now.date()
                site.add(4)
                site.rewrite(plain[night].id, "An earlier version gave the wrong number of participants.")
                if night == 1:
                    site.edit(plain[5].id, title=plain[5].title + " (updated)")
                    site.remove(plain[7].id)
                office.run("sweep", recheck="all")
        yield office.data


def dictionary(public: PublicReader) -> str:
    """docs/schema.md."""
    version = public.query("SELECT schema_version FROM meta").rows[0][0]
    return "\n".join(
        [HEAD.format(version=version), *_relations(public, "Tables", "table"), *_relations(public, "Views", "view"), *_macros(public)]
    )


def _relations(public: PublicReader, title: str, kind: str) -> Iterator[str]:
    yield f"## {title}\n"
    names = f"SELECT {kind}_name, comment FROM duckdb_{kind}s() WHERE NOT internal ORDER BY {kind}_name"
    for name, comment in public.query(names).rows:
        yield f"### `{name}`\n\n{comment}\n\n| column | type | meaning |\n|---|---|---|"
        columns = "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index"
        for column, type_name, meaning in public.query(columns, [name]).rows:
            shown = type_name.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
            yield f"| `{column}` | {_cell(shown)} | {_cell(meaning)} |"
        yield ""


def _macros(public: PublicReader) -> Iterator[str]:
    yield "## Macros\n\n| macro | gives | |\n|---|---|---|"
    query = """SELECT function_name, function_type, array_to_string(parameters, ', '), comment FROM duckdb_functions() WHERE NOT internal
        ORDER BY function_type DESC, function_name"""
    for name, kind, parameters, comment in public.query(query).rows:
        yield f"| `{name}({parameters})` | {'rows' if kind == 'table_macro' else 'a value'} | {_cell(comment)} |"
    yield ""


def answers(page: str, public: PublicReader) -> str:
    """The cookbook with every answer as it is today."""

    def answered(match: re.Match[str]) -> str:
        return f"```sql\n{match['sql']}```\n\n<!-- answer -->\n{_table(public.query(match['sql']))}\n<!-- end -->\n"

    return _QUESTION.sub(answered, page)


def questions(page: str) -> list[str]:
    """The SQL of a page."""
    return [match["sql"] for match in _QUESTION.finditer(page)]


def _table(table: Table) -> str:
    head = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    return "\n".join([*head, *("| " + " | ".join(_cell(value) for value in row) + " |" for row in table.rows)])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_cell(each) for each in value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    text = "" if value is None else str(value)
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")


def made() -> dict[Path, str]:
    """The pages as they should be."""
    cookbook = DOCS / "cookbook.md"
    with sample_data() as data, open_public(data) as public:
        return {DOCS / "schema.md": dictionary(public), cookbook: answers(cookbook.read_text(encoding="utf-8"), public)}


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
        print(f"made {path}")
