"""Which texts are the same, and which are nearly so. Pure, and the same in every process and on every machine.

*The same* is decided on normalised text: what a reader would not call a change (blanks, quotes, kinds of dashes, capitals,
invisible characters) is none.

*Nearly the same* is the Jaccard similarity of 5-word shingles, estimated by MinHash (`rensa`) with 128 permutations, and looked for
through 16 bands of 8 values. Two texts of similarity s share a band with probability 1-(1-s^8)^16:

    s       0.50    0.60    0.70    0.75    0.80    0.85    0.90     0.95
    found   6.1%   23.7%   61.3%   81.5%   94.7%   99.4%   99.99%   100%

so above 0.85 more than 99% of the pairs are found; for a threshold much below 0.8 the bands would have to be cut anew. The standard
error of the estimate is at most sqrt(s(1-s)/128), 0.032 at 0.85. `tests/test_similarity.py` measures both.
"""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rensa import RMinHash

PERMUTATIONS = 128
BANDS = 16
ROWS = PERMUTATIONS // BANDS
SHINGLE_WORDS = 5
_SEED = 20_011_019  # any will do; another one makes stored signatures worthless

# soft hyphen, joiners, zero-width blanks, direction marks, variation selectors, byte order mark
_INVISIBLE = [
    0xAD,
    0x34F,
    0x61C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    0xFEFF,
]
_FOLDS: dict[str, str] = {
    **dict.fromkeys(map(chr, _INVISIBLE), ""),
    **dict.fromkeys("`´‘’‚‛′‹›ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−﹘﹣", "-"),
}
_ASCII = bytes(range(128))
_WORD = re.compile(r"\w+")
_MANY = 16
"""More kinds of foreign punctuation than one text has: each is looked for in all of it."""
_WORDS_APART = bytes(byte if byte > 127 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256))


@lru_cache(maxsize=8)  # a body is hashed, and then signed
def normalise(text: str) -> str:
    r"""The text without the differences that mean nothing.

    NFKC, case folded, blanks of all kinds collapsed, invisible characters dropped, quotes and dashes each of one kind, no blank
    before a dash (the OSCE's listing drops it, `2007- The`; the article has it).

    >>> normalise("VIENNA,\u00a05 October 2020 – \u201cHow\u201d  to co\u00adoperate")
    'vienna, 5 october 2020- "how" to cooperate'
    """
    folded = _fold(text)
    folded = folded.lower() if folded.isascii() else _compatible(folded)
    return " ".join(folded.split()).replace(" -", "-")


def _compatible(text: str) -> str:
    """Small letters, each written in one way only."""
    # folded before NFKC, which makes a blank and an accent of ´; and after it, which brings forth plain dashes and quotes
    return _fold(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))


def _fold(text: str) -> str:
    """By one replacement for each foreign character that there is: ten times faster than a pattern, a hundred than `str.translate`."""
    if not text.isascii():
        foreign = text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
        for character in _FOLDS.keys() & set(foreign):
            text = text.replace(character, _FOLDS[character])
    return text.replace("`", "'")


def field_sha256(text: str | None) -> str:
    """Hash of one normalised field; a missing field is an empty one."""
    return hashlib.sha256(_bytes(text)).hexdigest()


def content_sha256(title: str, lead: str | None, body: str) -> str:
    r"""Hash of normalised title, lead and body. The fields are kept apart by U+001F, which no normalised text holds (it is a blank).

    >>> content_sha256("A", None, "b c") == content_sha256("a ", "", "B\n\nc") != content_sha256("a b", None, "c")
    True
    """
    return hashlib.sha256(b"\x1f".join((_bytes(title), _bytes(lead), _bytes(body)))).hexdigest()


@dataclass(frozen=True, slots=True)
class Hashes:
    """`content_sha256` and the `field_sha256` of each of its fields, for the price of one."""

    content: str
    title: str
    lead: str
    body: str


def hashes(title: str, lead: str | None, body: str) -> Hashes:
    """All hashes of a text, which is normalised once."""
    fields = [_bytes(title), _bytes(lead), _bytes(body)]
    return Hashes(*(hashlib.sha256(one).hexdigest() for one in (b"\x1f".join(fields), *fields)))


def words(text: str) -> list[str]:
    r"""`re.findall(r"\w+", text)`, in a third of the time: what is no letter, digit or underline becomes a blank.

    >>> words("2007-08: “Où?” to_be")
    ['2007', '08', 'Où', 'to_be']
    """
    encoded = text.encode("utf-8", "surrogatepass")
    foreign = encoded.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    apart = [character for character in set(foreign) if not character.isalnum()]
    if len(apart) > _MANY:
        return _WORD.findall(text)
    for character in apart:
        encoded = encoded.replace(character.encode("utf-8", "surrogatepass"), b" ")
    return encoded.translate(_WORDS_APART).decode("utf-8", "surrogatepass").split()


def signature(text: str) -> tuple[int, ...]:
    """MinHash of a text's 5-word shingles: 128 unsigned 32-bit numbers; empty for a text without words.

    A text of fewer than five words is one shingle: it resembles its like and nothing else.
    """
    found = words(normalise(text))
    if not found:
        return ()
    shingles = list(map(" ".join, zip(*(found[start:] for start in range(SHINGLE_WORDS)), strict=False))) or [" ".join(found)]
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    sketch.update(shingles)
    return tuple(sketch.digest())


def bands(signature: Sequence[int]) -> tuple[int, ...]:
    """16 unsigned 64-bit numbers; texts that share one are worth comparing. The same rows in another band give another number."""
    packed = struct.pack(f"<{len(signature)}I", *signature)
    rows = (packed[start : start + 4 * ROWS] for start in range(0, len(packed), 4 * ROWS))
    digests = b"".join([hashlib.blake2b(bytes([band]) + row, digest_size=8).digest() for band, row in enumerate(rows)])
    return struct.unpack(f"<{len(digests) // 8}Q", digests)


def jaccard(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimated similarity, 0 to 1, of the texts of two signatures; a text without words resembles nothing.

    Raises ValueError for signatures of different lengths.
    """
    if not one or not other:
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


def differ_in_numbers(title_a: str, title_b: str) -> bool:
    """Whether two titles name different numbers or days of a series, so that their texts are no copies however alike.

    Both must have numbers: digits, months beside digits, Roman numerals from II up, written ordinals.

    >>> differ_in_numbers("Daily Report 49/2022", "Daily Report 50/2022")
    True
    >>> differ_in_numbers("Daily Report 49/2022", "Daily report 49/2022 (updated)")
    False
    """
    a, b = _numbers(title_a), _numbers(title_b)
    return bool(a and b) and a != b


_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"]
_ROMANS = ["II", "III", "IV", "VI", "VII", "VIII", "IX", "XI", "XII", "XIII", "XIV", "XV"]  # I, V and X are initials as often
_WRITTEN = {word: number for number, word in enumerate(_ORDINALS, start=1)} | dict(
    zip(_ROMANS, [2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15], strict=True)
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_NUMBER = re.compile(
    rf"\d+|\b(?:{'|'.join(_ROMANS)})\b|(?i:\b(?:{'|'.join(_ORDINALS)})\b)|(?P<month>(?i:(?<=\d\s){_MONTH}|\b{_MONTH}(?=\s\d)))"
)


def _numbers(title: str) -> list[str]:
    """Every number of a title, spelt one way, in no order.

    >>> _numbers("2nd report on Part II, 05 March 2022")
    ['2', '2', '2022', '5', 'mar']
    """
    found = []
    for match in _NUMBER.finditer(" ".join(unicodedata.normalize("NFKC", title).split())):
        word = match[0]
        number = word[:3].lower() if match["month"] else str(_WRITTEN.get(word) or _WRITTEN.get(word.lower()) or word.lstrip("0"))
        found.append(number)
    return sorted(found)


def _bytes(text: str | None) -> bytes:
    return normalise(text or "").encode("utf-8", "surrogatepass")
