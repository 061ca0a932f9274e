"""Pages that are made to keep a parser busy: refused before they reach it, in time that grows with their size and no faster.

Measured with selectolax 1.0.2 (Lexbor), whose time is otherwise below 0.1 s a megabyte:

| what | quadratic (or worse) in | seconds | so a page may have |
|---|---|---|---|
| `<div><div>…` | open elements | 40,000: 4.6; 200,000: 199 | 5,000 open |
| `<b 1><b 2>…<p>x<p>x…` | open formatting elements × paragraphs: all are opened anew in each | 900 × 16,000: 18 | 4 million steps |
| `<span>…<li></li><li></li>…` | open elements × items: each looks through all | 4,000 × 64,000: 2 | the same |
| `<p a1 a2 a3 …>` | attributes of an element | 16,000: 0.9; 64,000: 15 | 5,000 |
| `<body a1><body a2>…` | the same: all go to one element | 64,000: 13 | 5,000 |
| `<select><option>x<option>x…` | options | 16,000: 2.3; 64,000: 49 | 10,000 |

At these bounds the worst page costs two to three seconds (`python -m pytest tests/test_hostile.py`). Ordinary pages have one thousandth of
that, and are let through after a look at how many tags they have.
"""

from __future__ import annotations

import re
from collections import Counter

from newsroom.errors import Rejected

MAX_TAGS = 400_000
MAX_OPEN = 5_000
MAX_OPEN_FORMATTING = 1_000
MAX_STEPS = 4_000_000
MAX_OPTIONS = 10_000
MAX_ATTRIBUTES = 5_000
SMALL_CHARACTERS = 64_000
"""A page of this size cannot hold attributes enough to matter: each takes four characters."""

_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_OPENS_FORMATTING = re.compile(rf"<(?:{'|'.join(sorted(_FORMATTING))})[\s/>]", re.IGNORECASE)
_CLOSES_ITSELF = frozenset(
    "area base br col embed hr img input link meta source track wbr p li dt dd td th tr tbody thead tfoot option optgroup rt rp".split()
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# HTML standard, 13.2.5.32 to 13.2.5.39: what the tokenizer takes for an attribute
_ATTRIBUTE = re.compile(r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|$)|'[^']*+(?:'|$)|[^\s>"'][^\s>]*+)?)?""")
# tags with attributes, and the root's; a name may hold a `<` that begins no tag
_WITH_ATTRIBUTES = re.compile(
    r"</?(?:(?P<root>(?i:html|body))(?![^\s/>])|[a-zA-Z][^\s/<>]*+(?:<[^\s/>]*+|(?=[\s/])))"
    rf"(?P<attributes>(?:{_ATTRIBUTE.pattern})*+)"
)


def refuse(html: str) -> None:
    """Raises `Rejected` (`too-complex`) for a page that would keep the parser busy for long."""
    if len(html) > SMALL_CHARACTERS:
        _refuse_attributes(html)
    starts = html.count("<")
    if starts <= MAX_OPEN_FORMATTING:
        return  # not enough for any of the bounds
    ends = html.count("</")
    if starts < 3_000 and starts - 2 * ends < 500:
        return
    if starts <= MAX_TAGS // 8 and starts - ends <= MAX_OPEN and len(_OPENS_FORMATTING.findall(html)) <= MAX_OPEN_FORMATTING:
        return  # not so many are opened at all: no need to see which are closed
    if starts > MAX_TAGS:
        raise Rejected("too-complex", f"{starts} tags; a page may have {MAX_TAGS}")
    _refuse_depth(html)


def _refuse_depth(html: str) -> None:
    opened: Counter[str] = Counter()
    depth = formatting = steps = options = 0
    for tag in _TAG.finditer(html):
        name = tag.group(2).lower()
        steps += formatting + (depth >> 7)
        if steps > MAX_STEPS:
            raise Rejected("too-complex", "too many elements within too many open ones")
        if name in _CLOSES_ITSELF:
            options += name in ("option", "optgroup")
            if options > MAX_OPTIONS:
                raise Rejected("too-complex", f"more than {MAX_OPTIONS} options")
            continue
        if tag.group(1):
            if not opened[name]:
                continue  # closes nothing
            step = -1
        else:
            step = 1
        opened[name] += step
        depth += step
        if name in _FORMATTING:
            formatting += step
        if depth > MAX_OPEN or formatting > MAX_OPEN_FORMATTING:
            raise Rejected("too-complex", f"more than {MAX_OPEN} elements ({MAX_OPEN_FORMATTING} formatting ones) left open")


def _refuse_attributes(html: str) -> None:
    """Scripts and comments are looked at like the rest: what a page calls one need not be one to the parser."""
    of_root = 0
    for tag in _WITH_ATTRIBUTES.finditer(html):
        is_root = tag["root"] is not None
        if not is_root and tag.end() - tag.start() <= MAX_ATTRIBUTES:
            continue  # too short to hold so many
        count = sum(1 for _ in _ATTRIBUTE.finditer(html, *tag.span("attributes")))
        of_root += max(count, 1) if is_root else 0
        if max(count, of_root) > MAX_ATTRIBUTES:
            raise Rejected("too-complex", f"more than {MAX_ATTRIBUTES} attributes of one element")
