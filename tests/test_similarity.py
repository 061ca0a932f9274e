"""What counts as the same text, what as nearly the same, and how well the second is found: measured, not believed."""

from __future__ import annotations

import json
import random
import re
import statistics
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom import similarity
from newsroom.similarity import bands, content_sha256, differ_in_numbers, field_sha256, jaccard, normalise, signature

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="module")
def bodies() -> list[str]:
    path = SHARED / "site/expected.json"
    if not path.exists():
        pytest.skip(f"the shared sample site is not on this machine ({path})")
    return [article["body"] for article in json.loads(path.read_text(encoding="utf-8"))]


# --- the same -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VIENNA, 12 December 2007 - The", "VIENNA, 12 December 2007- The"),
        ("(OSCE) -- The", "(OSCE)--  The"),
        ("VIENNA, 6 October 2020 – The", "VIENNA, 6 October 2020- The"),
        ("the “OSCE’s” role", 'the "OSCE\'s" role'),
        ("a\xa0b\u2009c\n\nd", "a b c d"),
        ("co\u00adoperation", "cooperation"),
        ("\ufeffZero\u200bwidth", "zerowidth"),
        ("ﬁnal ＡＢＣ", "final abc"),
        ("STRASSE", "straße"),
        ("cafe\u0301", "café"),
        ("wait…", "wait..."),
    ],
)
def test_what_a_reader_would_not_call_a_change(one: str, other: str) -> None:
    """The listing's copy of a sentence, a new template's quotes, a soft hyphen: the same text."""
    assert normalise(one) == normalise(other)
    assert field_sha256(one) == field_sha256(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("49/2022", "50/2022"),
        ("trained 30", "trained 3 0"),
        ("not", "no"),
        ("a-b", "ab"),
        ("Prespa", "Prespа"),
        ("e\u0301", "e"),
        ("x.", "x"),
    ],
)
def test_what_is_a_change(one: str, other: str) -> None:
    """Numbers, words, punctuation, a Cyrillic letter among Latin ones."""
    assert normalise(one) != normalise(other)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    """Whatever the text, lone surrogates included."""
    once = normalise(text)
    assert normalise(once) == once
    assert "\x1f" not in once
    assert "  " not in once
    assert len(field_sha256(text)) == 64


@given(st.text(), st.text())
def test_plain_and_accented_texts_are_folded_alike(text: str, more: str) -> None:
    """ASCII has a shorter way through; an accent further on must not change what comes of it."""
    ascii_text = text.encode("ascii", "ignore").decode()
    assert normalise(f"{ascii_text}. é{more}").startswith(normalise(f"{ascii_text}."))


def test_the_content_hash_keeps_fields_apart() -> None:
    """Words cannot wander from title to lead unnoticed; a missing lead is an empty one; paragraphs and capitals are layout."""
    assert content_sha256("a b", None, "c") != content_sha256("a", "b", "c") != content_sha256("a", None, "b c")
    assert content_sha256("a\x1fb", "", "c") != content_sha256("a", "b", "c")
    assert content_sha256("A", None, "B\n\nC") == content_sha256(" a", "", "b c ")
    assert content_sha256("Title", "Lead", "Body") == "0f34bf8352c1efea58981b329ad0e0708a9da59ab64de2f8df91bf86d3dc2429"


# --- nearly the same ------------------------------------------------------------------------------------------------------------


def test_signatures_are_the_same_everywhere() -> None:
    """Stored signatures are compared with new ones for years: if this fails, a library changed, and all must be computed again."""
    signed = signature("The quick brown fox jumps over the lazy dog")
    assert signed[:4] == (3230519263, 2387803941, 3471640913, 3580347799)
    assert bands(signed)[0] == 13092456129504130529
    code = "from newsroom.similarity import *; s = signature('The quick brown fox jumps over the lazy dog'); print(s, bands(s))"
    for seed in ("1", "2"):
        printed = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": str(Path(similarity.__file__).parents[1]), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert printed.strip() == f"{signed} {bands(signed)}"


def test_short_and_empty_texts() -> None:
    """Fewer than five words are one shingle, equal only to themselves; no words at all resemble nothing."""
    assert signature("") == signature(" – … “ ") == bands(()) == ()
    assert jaccard((), ()) == jaccard((), signature("a")) == jaccard(signature("a"), ()) == 0
    assert jaccard(signature("The office is closed"), signature("the office is closed!")) == 1
    assert jaccard(signature("The office is closed"), signature("The office is open")) < 0.1
    assert len(signature("one two three four five")) == 128


def test_signatures_of_different_lengths_are_not_compared() -> None:
    """They were made by different programs."""
    with pytest.raises(ValueError, match="shorter"):
        jaccard(signature("a"), signature("a")[:64])


@given(st.text() | st.text("aé_ 0²½–’…\u0301\u00aa\u2167\ud800\x1f"))
def test_words_are_what_pythons_pattern_finds(text: str) -> None:
    """Found another way, because that is faster; stored signatures rest on it."""
    assert similarity.words(text) == re.findall(r"\w+", text)


@given(st.text())
def test_every_text_has_numbers_the_warehouse_can_hold(text: str) -> None:
    """128 UINTEGER and 16 UBIGINT, or none."""
    signed = signature(text)
    assert len(signed) in (0, 128)
    assert all(0 <= value < 2**32 for value in signed)
    assert len(bands(signed)) == len(signed) // 8
    assert all(0 <= value < 2**64 for value in bands(signed))


def test_the_warehouse_takes_them() -> None:
    """As they are, through DuckDB's own types."""
    signed = signature("The quick brown fox jumps over the lazy dog")
    with duckdb.connect() as database:
        stored = database.execute("SELECT $1::UINTEGER[], $2::UBIGINT[]", [list(signed), list(bands(signed))]).fetchone()
    assert stored is not None
    assert tuple(stored[0]) == signed
    assert tuple(stored[1]) == bands(signed)


def true_similarity(one: str, other: str) -> float:
    a, b = (
        {tuple(words[start : start + 5]) for start in range(len(words) - 4)}
        for words in (re.findall(r"\w+", normalise(text)) for text in (one, other))
    )
    return len(a & b) / len(a | b)


def edited(text: str, rng: random.Random, vocabulary: list[str]) -> str:
    """The text after some edits: words replaced, inserted, dropped, a sentence moved or added."""
    words = text.split()
    for _ in range(rng.randrange(1, max(2, len(words) // 25))):
        at = rng.randrange(len(words))
        words[at : at + rng.choice((0, 1, 1, 2))] = rng.choices(vocabulary, k=rng.choice((0, 1, 1, 2)))
    if rng.random() < 0.2:
        at, length = rng.randrange(len(words)), rng.randrange(5, 30)
        moved = words[at : at + length]
        del words[at : at + length]
        words[(to := rng.randrange(len(words))) : to] = moved
    return " ".join(words)


def test_near_duplicates_are_found_and_measured_as_documented(bodies: list[str]) -> None:
    """2,000 edited copies of sample articles: recall by band of true similarity, and the error of the estimate.

    The bounds are those of the module's table, less what chance may take from a sample of this size.
    """
    rng = random.Random(2022)
    vocabulary = sorted({word for body in bodies for word in body.split()})
    texts = [body for body in bodies if len(body.split()) > 60]
    trials: list[tuple[float, float, bool]] = []
    for _ in range(2_000):
        one = rng.choice(texts)
        other = edited(one, rng, vocabulary)
        a, b = signature(one), signature(other)
        trials.append((true_similarity(one, other), jaccard(a, b), bool(set(bands(a)) & set(bands(b)))))

    def recall(low: float, high: float) -> float:
        found = [hit for true, _, hit in trials if low <= true < high]
        assert len(found) >= 60, f"too few pairs between {low} and {high}"
        return statistics.mean(found)

    assert recall(0.85, 1.01) > 0.99
    assert recall(0.85, 0.90) > 0.98
    assert recall(0.75, 0.85) > 0.80
    assert recall(0.60, 0.70) < 0.70
    errors = [estimate - true for true, estimate, _ in trials]
    assert abs(statistics.mean(errors)) < 0.005
    for low, high in ((0.6, 0.85), (0.85, 1.01)):
        inside = [estimate - true for true, estimate, _ in trials if low <= true < high]
        assert statistics.pstdev(inside) < (low * (1 - low) / 128) ** 0.5 * 1.15


def test_the_documented_curve_is_the_curve_of_these_bands() -> None:
    """The figures in the module's docstring, computed again."""
    table = re.findall(r"(\d+\.\d+|100)%", (similarity.__doc__ or "").partition("found ")[2].partition("\n\n")[0])
    curve = [100 * (1 - (1 - s**similarity.ROWS) ** similarity.BANDS) for s in (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)]
    assert [float(figure) for figure in table] == [
        round(value, len(figure.partition(".")[2])) for value, figure in zip(curve, table, strict=True)
    ]


def test_different_articles_are_not_even_compared(bodies: list[str]) -> None:
    """No two of the sample site's 180 articles share a band; so the candidate list stays short on a real corpus too."""
    seen: dict[int, int] = {}
    shared = [(seen.setdefault(band, number), number) for number, body in enumerate(bodies) for band in bands(signature(body))]
    assert [pair for pair in shared if pair[0] != pair[1]] == []


# --- numbers of a series --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OSCE SMM Daily Report 49/2022", "OSCE SMM Daily Report 50/2022"),
        ("Daily Report 49/2022 issued on 2 March 2022", "Daily Report 49/2022 issued on 3 March 2022"),
        ("Latest from the SMM, 19:30, 3 October 2017", "Latest from the SMM, 19:30, 3 November 2017"),
        ("Latest from the SMM as of 19:30, 3 October 2017", "Latest from the SMM (Kyiv time 19:30), 4 October 2017"),
        ("Spot Report on the 86th Russian convoy", "Spot Report on the 87th Russian convoy"),
        ("Spain takes over the Chairmanship in 2007", "Finland takes over the Chairmanship in 2008"),
        ("Statement on Part II of the review", "Statement on Part III of the review"),
        ("OSCE observes first round", "OSCE observes Second round"),
        ("Report, May 5", "Report, June 5"),
    ],
)
def test_numbers_of_a_series_are_different_articles(one: str, other: str) -> None:
    """However alike their texts are, neither is a copy of the other."""
    assert differ_in_numbers(one, other)
    assert differ_in_numbers(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OSCE SMM Daily Report 49/2022", "OSCE SMM daily report 49/2022 – corrected"),
        ("OSCE SMM Daily Report 049/2022", "Daily Report 49/2022"),
        ("Latest of 3 October 2017", "Latest of October 3, 2017"),
        ("The 2nd round in 2009", "2009: the second round"),
        ("Otunbayeva meets OSCE representative", "Otunbayeva meets OSCE representative"),
        ("ODIHR opens mission in Ukraine", "ODIHR opens mission in Moldova"),
        ("OSCE trains thirty officers", "OSCE trains 30 officers"),
        ("Talks may resume", "Talks march on"),
        ("", "Daily Report 50/2022"),
    ],
)
def test_other_titles_say_nothing_about_numbers(one: str, other: str) -> None:
    """The same number written otherwise, or none at all in one of them: then the texts decide."""
    assert not differ_in_numbers(one, other)
    assert not differ_in_numbers(other, one)


@given(st.text(), st.text())
def test_no_title_breaks_it(one: str, other: str) -> None:
    """Titles are page text; and a title never differs from itself."""
    assert differ_in_numbers(one, other) == differ_in_numbers(other, one)
    assert not differ_in_numbers(one, one)


def test_a_number_too_long_to_be_one() -> None:
    """Python refuses to make an int of more than 4,300 digits; such a title is no reason to end the night."""
    assert differ_in_numbers("9" * 5_000, "9" * 4_999)
