"""Sentences out of the grammar of `words.py`; the same brief always gives the same text.

>>> expand("A [red|red] door in {town}.", Random(1), {"town": "Vellin"})
'A red door in Vellin.'
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import Literal

from newsroom.sample import words
from newsroom.sample.vocabulary import COUNTRIES, REGIONS, RIVERS, TOWNS, Office, Remit

Genre = Literal["feature", "report", "statement", "sister", "albanian"]

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
ALBANIAN_MONTHS = ("janar", "shkurt", "mars", "prill", "maj", "qershor", "korrik", "gusht", "shtator", "tetor", "nëntor", "dhjetor")
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


@dataclass(frozen=True, slots=True)
class Brief:
    """All that a text depends on; two items with one brief have one text."""

    seed: int
    key: str
    genre: Genre
    theme: int
    office: Office
    on: date
    when: str
    """`today`, or `on 5 May`."""
    curly: bool
    """Quotation marks: typographic since about 2011."""
    towns: tuple[str, str, str]
    region: str
    river: str
    country: str
    number: int = 0
    """Of a daily report; or which yearly statement, or which sister title."""
    heavy: bool = False


def day_month_year(day: date) -> str:
    """A day as the English pages print it.

    >>> day_month_year(date(2020, 10, 5))
    '5 October 2020'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def albanian_day(day: date) -> str:
    """A day as the Albanian pages print it.

    >>> albanian_day(date(2012, 10, 10))
    '10 tetor 2012'
    """
    return f"{day.day} {ALBANIAN_MONTHS[day.month - 1]} {day.year}"


def number_word(number: int) -> str:
    """A number below a hundred, as it begins a sentence.

    >>> number_word(7), number_word(42)
    ('Seven', 'Forty-two')
    """
    if number < 20:
        return _ONES[number].capitalize()
    return (_TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")).capitalize()


def ordinal(number: int) -> str:
    """A number that says which one.

    >>> [ordinal(n) for n in (1, 12, 22, 43)]
    ['1st', '12th', '22nd', '43rd']
    """
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


@lru_cache(maxsize=4096)
def _pieces(template: str) -> tuple[str | tuple[str, ...], ...]:
    """Text and choices in turn."""
    parts = re.split(r"\[([^\]]*)\]", template)
    return tuple(tuple(part.split("|")) if index % 2 else part for index, part in enumerate(parts))


def expand(template: str, rng: Random, slots: Mapping[str, str]) -> str:
    """The template with a choice made in every bracket and every slot filled; the first letter is a capital."""
    chosen = "".join(piece if isinstance(piece, str) else rng.choice(piece) for piece in _pieces(template))
    text = chosen.format_map(slots)
    return text[:1].upper() + text[1:]


class _Slots(dict[str, str]):
    """The fixed facts of a brief; numbers and passing towns are drawn anew each time they are asked for."""

    def __init__(self, brief: Brief, rng: Random) -> None:
        self._rng = rng
        office, later = brief.office, brief.on + timedelta(days=45)
        super().__init__(
            title=office.title, the=office.the, The=_capital(office.the), unit=office.unit, Unit=_capital(office.unit), when=brief.when,
            town=brief.towns[0], Town=brief.towns[0], town2=brief.towns[1], town3=brief.towns[2], region=brief.region, river=brief.river,
            country=brief.country, Country=brief.country, nextmonth=MONTHS[later.month - 1],
            nextyear=str(brief.on.year + 1), lastyear=str(brief.on.year - 1),
        )  # fmt: skip

    def __missing__(self, slot: str) -> str:
        rng = self._rng
        if slot == "anytown":
            return rng.choice(TOWNS)
        if slot == "quarter":
            return rng.choice(words.QUARTERS)
        if slot == "clock":
            return f"{rng.randint(5, 22):02}:{rng.choice((0, 5, 10, 15, 20, 30, 35, 45, 50)):02}"
        if slot in ("n", "n2"):
            return str(rng.randint(3, 19))
        if slot in ("N", "n_word"):
            return number_word(rng.randint(3, 12))
        if slot == "nth":
            return ordinal(rng.randint(4, 63))
        if slot == "m":
            return str(rng.randint(21, 95))
        if slot == "M":
            return number_word(rng.randint(14, 68))
        if slot == "h":
            return str(rng.randint(11, 94) * 10)
        raise KeyError(slot)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def themes_for(remit: Remit) -> tuple[int, ...]:
    """Numbers of the themes an office of that kind writes about."""
    return tuple(index for index, theme in enumerate(words.THEMES) if remit in theme.remits)


def setting(rng: Random) -> tuple[tuple[str, str, str], str, str, str]:
    """Three towns, a region, a river and a country."""
    first, second, third = rng.sample(TOWNS, 3)
    return (first, second, third), rng.choice(REGIONS), rng.choice(RIVERS), rng.choice(COUNTRIES)


def headline(brief: Brief) -> str:
    """The title of the article."""
    rng = Random(f"{brief.seed}:{brief.key}:title")
    slots = _Slots(brief, rng)
    if brief.genre == "report":
        return f"Daily Report {brief.number}/{brief.on.year} of the Observation Team at {brief.towns[0]}"
    if brief.genre == "statement":
        return words.STATEMENT_TITLES[brief.number][2]
    if brief.genre == "sister":
        return expand(words.SISTER_TITLES[brief.number], rng, slots)
    if brief.genre == "albanian":
        return expand(rng.choice(words.ALBANIAN_TITLES), rng, slots)
    return expand(_angle(brief)[1], rng, slots)


def _angle(brief: Brief) -> tuple[int, str]:
    """Which opening the text has, and the title that goes with it."""
    return Random(f"{brief.seed}:{brief.key}:angle").choice(words.THEMES[brief.theme].titles)


@lru_cache(maxsize=2048)
def paragraphs(brief: Brief) -> tuple[str, ...]:
    """The text of the article, without its dateline."""
    rng = Random(f"{brief.seed}:{brief.key}:body")
    slots = _Slots(brief, rng)

    def say(templates: Sequence[str], count: int) -> list[str]:
        return [expand(template, rng, slots) for template in rng.sample(templates, min(count, len(templates)))]

    if brief.genre == "report":
        sentences = [expand(words.REPORT_OPENING, rng, slots)]
        for _ in range(4 if brief.heavy else 1):
            sentences += say(words.REPORT_SENTENCES, 8)
        return _in_paragraphs(sentences, 3)
    if brief.genre == "statement":
        return _in_paragraphs(say(words.STATEMENT_SENTENCES, 7) + (say(words.SHARED, 16) if brief.heavy else []), 3)
    if brief.genre == "albanian":
        return _in_paragraphs(say(words.ALBANIAN_SENTENCES, 6), 2)
    theme = words.THEMES[brief.theme]
    opening = [expand(theme.openings[_angle(brief)[0]], rng, slots)] if brief.genre == "feature" else [_mission_opens(rng, slots)]
    details, shared = (
        say(theme.details, 7 if brief.heavy else rng.randint(4, 6)),
        say(words.SHARED, 20 if brief.heavy else rng.randint(4, 6)),
    )
    quoted = [_quote(template, rng, slots, brief.curly) for template in rng.sample(theme.quotes, 2 if brief.heavy else 1)]
    more = (
        [line for other in rng.sample(range(len(words.THEMES)), 2) for line in say(words.THEMES[other].details, 6)] if brief.heavy else []
    )
    blocks = [
        opening + details[:1], details[1:4], [quoted[0], *shared[:1]], details[4:], *(more[at : at + 3] for at in range(0, len(more), 3)),
        quoted[1:], *(shared[at : at + 3] for at in range(1, len(shared), 3)),
    ]  # fmt: skip
    return tuple(" ".join(block) for block in blocks if block)


def _in_paragraphs(sentences: Sequence[str], size: int) -> tuple[str, ...]:
    return tuple(" ".join(sentences[at : at + size]) for at in range(0, len(sentences), size))


def _mission_opens(rng: Random, slots: Mapping[str, str]) -> str:
    return expand(
        "At the invitation of the [authorities|election commission] of {country}, {the} opened a mission to observe the "
        "[local|parliamentary|mayoral] elections there {when}, with {n} experts in {town} and {m} long-term observers in the regions.",
        rng, slots,
    )  # fmt: skip


def _quote(template: str, rng: Random, slots: Mapping[str, str], curly: bool) -> str:
    speaker = rng.choice(words.SPEAKERS).format_map(slots)
    left, right = ("“", "”") if curly else ('"', '"')
    verb = rng.choice(("said", "noted", "added", "said"))
    return f"{left}{expand(template, rng, slots)},{right} {verb} {speaker}."


def one_more_sentence(brief: Brief) -> str:
    """What a near-copy says beyond its original."""
    rng = Random(f"{brief.seed}:{brief.key}:more")
    return expand("[Corrects|Updates] the number of participants: it was {h}.", rng, _Slots(brief, rng))


def snippet(text: str, on: date) -> str:
    """How the listing abridges a text of that day: the rule changed in 2011 and in 2019, the lost blank before a hyphen did not.

    >>> snippet("VIENNA, 5 May 2004 - The end.", date(2004, 5, 5))
    'VIENNA, 5 May 2004- The end.'
    """
    text = text.replace(" - ", "- ").replace(" -- ", "-- ")
    if on.year <= 2010:
        return text if len(text) <= 254 else text[:251].rsplit(" ", 1)[0] + "..."
    if on.year <= 2018:
        return text[:600].rsplit(" ", 1)[0] + "..." if len(text) > 600 else text.rstrip(".") + "..."
    return text if len(text) <= 299 else text[:300].rsplit(" ", 1)[0]
