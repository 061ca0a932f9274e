"""What changed in a text, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

MAX_WORDS = 4000
"""Of a text; longer ones are compared paragraph by paragraph, because comparing words takes the square of their number."""
AROUND = 12
"""Words shown before and after a change."""


class Piece(NamedTuple):
    """A stretch of text: kept, taken out, put in, or left out of the display."""

    kind: Literal["same", "out", "in", "gap"]
    text: str


def words(before: str, after: str) -> list[Piece]:
    """The way from one text to the other; long stretches that stayed are cut to the words around the changes.

    >>> [(p.kind, p.text) for p in words("Five people met in Vienna.", "Six people met in Vienna.")]
    [('out', 'Five'), ('in', 'Six'), ('same', ' people met in Vienna.')]
    >>> [(p.kind, p.text) for p in words("Old words here", "New ones there")]
    [('out', 'Old words here'), ('in', 'New ones there')]
    >>> words("same", "same")
    [Piece(kind='same', text='same')]
    """
    pattern = r"\s+|[^\s]+" if max(before.count(" "), after.count(" ")) < MAX_WORDS else r"\n+|[^\n]+"
    old, new = re.findall(pattern, before), re.findall(pattern, after)
    steps = _steps(old, new)
    pieces: list[Piece] = []
    for n, (is_kept, out, come) in enumerate(steps):
        if is_kept:
            pieces += _around(out, is_first=n == 0, is_last=n == len(steps) - 1)
        else:
            pieces += [Piece("out", "".join(out))] if out else []
            pieces += [Piece("in", "".join(come))] if come else []
    return pieces


def _steps(old: list[str], new: list[str]) -> list[tuple[bool, list[str], list[str]]]:
    """Stretches kept and stretches replaced, in turn; blanks alone between two replacements belong to these."""
    steps: list[tuple[bool, list[str], list[str]]] = []
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for n, (kind, a, b, c, d) in enumerate(codes):
        is_kept = kind == "equal" and (not "".join(old[a:b]).isspace() or n in (0, len(codes) - 1))
        if steps and not is_kept and not steps[-1][0]:
            steps[-1] = (False, steps[-1][1] + old[a:b], steps[-1][2] + new[c:d])
        else:
            steps.append((is_kept, old[a:b], new[c:d]))
    return steps


def _around(kept: list[str], *, is_first: bool, is_last: bool) -> list[Piece]:
    """Kept tokens (words and blanks alternate), with the middle left out where it is long.

    >>> [p.kind for p in _around(["a", " "] * 100, is_first=True, is_last=False)]
    ['gap', 'same']
    """
    head, tail = (0 if is_first else 2 * AROUND), (0 if is_last else 2 * AROUND)
    if (is_first and is_last) or len(kept) <= head + tail + 2 * AROUND:
        return [Piece("same", "".join(kept))]
    left_out = sum(not token.isspace() for token in kept[head : len(kept) - tail])
    middle = Piece("gap", f"{left_out:,} words unchanged")
    return [
        *([Piece("same", "".join(kept[:head]))] if head else []),
        middle,
        *([Piece("same", "".join(kept[-tail:]))] if tail else []),
    ]
