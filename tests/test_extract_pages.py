"""Recorded pages in our own words (`tests/pages/osce`), read as a person has found right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsroom import extract
from tests.extracting import ROOT, osce, without_css

PAGES = ROOT / "tests" / "pages" / "osce"


def test_recorded_pages_are_read_as_expected() -> None:
    """A page without an expectation gets one written, and the test fails: read it, commit it."""
    if not (PAGES / "expected.json").exists():
        pytest.fail(f"{extract.record(osce(), PAGES)} was missing and has been written from what is read now: read it, commit it")
    assert extract.check_recorded(osce(), PAGES) == []


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda page: page.stem)
def test_recorded_pages_without_any_class_name(page: Path) -> None:
    """Taking the CSS out of the definition changes how the fields are found, not what is found."""
    expected = json.loads((PAGES / "expected.json").read_text(encoding="utf-8"))[page.name]
    found = extract.read_recorded(without_css(), page)
    assert found | {"found_by": None} == expected | {"found_by": None} if "body" in expected else found == expected


def test_check_names_page_field_and_both_values(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<h1>A bridge</h1><p>It is <b>grey</b>.</p>", encoding="utf-8")
    assert "expected.json: missing" in extract.check_recorded(osce(), tmp_path)[0]
    extract.record(osce(), tmp_path)
    assert extract.check_recorded(osce(), tmp_path) == []
    (tmp_path / "a.html").write_text("<h1>A bridge</h1><p>It is green.</p>", encoding="utf-8")
    (tmp_path / "b.html").write_text("", encoding="utf-8")
    assert extract.check_recorded(osce(), tmp_path) == [
        "b.html: not in expected.json",
        'a.html: body is "It is green.", expected "It is grey."',
    ]
    (tmp_path / "expected.json").write_text("{", encoding="utf-8")
    assert "not JSON" in extract.check_recorded(osce(), tmp_path)[0]
    assert "no recorded pages" in extract.check_recorded(osce(), tmp_path / "none")[0]


def test_unreadable_page_is_recorded_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"%PDF-1.4")
    assert extract.read_recorded(osce(), tmp_path / "a.html")["rejected"].startswith("not-html")
