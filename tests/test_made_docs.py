"""What the documentation says of the database is what the database says, and its questions have the answers it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import made_docs
from tests.made_docs import DOCS


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    return made_docs.made()


def test_the_data_dictionary_is_current(made: dict[Path, str]) -> None:
    """docs/schema.md, word by word."""
    page = DOCS / "schema.md"
    assert page.read_text(encoding="utf-8") == made[page], "run `make docs`"


def test_the_cookbook_has_the_answers_of_the_sample_newsroom(made: dict[Path, str]) -> None:
    """Ten questions at least, each with an answer that is not empty, and the answers are today's."""
    page = DOCS / "cookbook.md"
    text = page.read_text(encoding="utf-8")
    assert len(made_docs.questions(text)) >= 10
    assert text.count("<!-- answer -->") == len(made_docs.questions(text))
    assert all(len(part.partition("<!-- end -->")[0].strip().splitlines()) > 2 for part in text.split("<!-- answer -->")[1:])
    assert text == made[page], "run `make docs`"
