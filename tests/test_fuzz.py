"""Inputs that the fuzzer of `tests/fuzz.py` found, read again: those that reach furthest into the readers, and those that broke them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import fuzz

INPUTS = sorted(path for path in fuzz.CORPUS.iterdir() if path.is_file())


def test_the_whole_corpus() -> None:
    """Every input is read within its time and gives a clean article, a listing, a definition, or one line of refusal."""
    said = Counter(fuzz.check(path.read_bytes()) for path in INPUTS)
    assert {"article", "missing", "rejected", "1 entries", "refused"} <= said.keys(), "the corpus reaches every outcome"


@given(st.binary(max_size=400))
@example(b"")
@example(b"\x00<h1>T</h1><p>x\x1b[2J</p>")
def test_any_bytes(data: bytes) -> None:
    fuzz.check(data)


@pytest.mark.parametrize("line", ["", " x", "x\n", "a\tb", "a\x1b[2J", "a\u202eb"])
def test_what_is_no_clean_line_would_be_seen(line: str) -> None:
    """The control of the oracle."""
    assert not fuzz._is_clean(line)
