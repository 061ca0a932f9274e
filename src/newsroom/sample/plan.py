"""The first state of a sample newsroom: which items there are, and which of the real site's oddities each has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Literal

from newsroom.sample.items import Dateline, Hidden, Href, Item, Layout
from newsroom.sample.prose import MONTHS, Brief, Genre, albanian_day, day_month_year, headline, setting, themes_for
from newsroom.sample.vocabulary import OFFICE, OFFICES, PARENTS, TOWNS, Office
from newsroom.sample.words import STATEMENT_TITLES, THEMES

FIRST_NEWS_ITEM = date(2011, 5, 25)
"""Before that day the site knows press releases only."""
Family = Literal["plain", "exact", "near", "report", "statement", "sister", "localized"]

GENRES: dict[Family, Genre] = {"report": "report", "statement": "statement", "sister": "sister", "localized": "albanian"}


@dataclass(frozen=True, slots=True)
class _Draft:
    """An item before it has an id: its day, what it belongs to, and the draft it copies."""

    key: str
    on: date
    family: Family = "plain"
    copy_of: str | None = None
    number: int = 0


def plan(articles: int, seed: int, start: date, end: date, heavy: bool) -> list[Item]:
    """`articles` items published in `[start, end]`, oldest first, and (from 40 on) two entries that must never count as listed."""
    drafts = sorted(_drafts(articles, seed, start, end), key=lambda draft: draft.on)
    ids = _ids(drafts, Random(f"{seed}:ids"))
    made: dict[str, Item] = {}
    for rank, (draft, number) in enumerate(zip(drafts, ids, strict=True)):
        if draft.copy_of is None:
            made[draft.key] = _item(draft, number, rank, seed, heavy)
        else:
            made[draft.key] = _copy(made[draft.copy_of], draft, number, rank)
    items = list(made.values())
    return items if articles < 40 else _with_oddities(items, seed)


def one(key: str, number: int, rank: int, on: date, seed: int, heavy: bool) -> Item:
    """A plain item, added to a newsroom that exists already."""
    return _item(_Draft(key, on), number, rank, seed, heavy)


def _drafts(articles: int, seed: int, start: date, end: date) -> list[_Draft]:
    rng = Random(f"{seed}:days")
    special = list(_families(articles, rng, start, end)) if articles >= 40 else []
    plain: list[_Draft] = []
    for index in range(max(0, articles - len(special))):
        # Denser towards the present, as the real listing is; a third share their day with the one before.
        day = end - timedelta(days=int((end - start).days * rng.random() ** 2.5))
        plain.append(_Draft(f"p{index}", plain[-1].on if plain and rng.random() < 0.3 else day))
    return (special + plain)[:articles]


def _families(articles: int, rng: Random, start: date, end: date) -> Iterator[_Draft]:
    """Copies, and the look-alikes that must not be taken for copies."""

    def day(first_year: int, last_year: int) -> date:
        first, last = max(start, date(first_year, 1, 1)), min(end, date(last_year, 12, 31))
        return first + timedelta(days=rng.randrange(max(1, (last - first).days)))

    for index in range(max(2, articles // 100)):
        on = day(end.year - 3, end.year) if index else end - timedelta(days=4)
        yield _Draft(f"x{index}", on, "exact")
        yield _Draft(f"x{index}+", on, "exact", copy_of=f"x{index}")
        on = day(end.year - 6, end.year)
        yield _Draft(f"c{index}", on, "near")
        yield _Draft(f"c{index}+", on + timedelta(days=index % 2), "near", copy_of=f"c{index}")
        yield _Draft(f"l{index}", day(2008, 2016), "localized")
    for index in range(max(2, articles // 80)):
        on = day(2015, 2022)
        yield from (_Draft(f"r{index}.{n}", on, "report", number=on.timetuple().tm_yday + n) for n in (0, 1))
    for index in range(max(1, articles // 150)):
        on, title = day(2005, end.year), index % 2
        yield from (_Draft(f"s{index}.{n}", on, "sister", number=title) for n in (0, 1))
    for back in range(1, 1 + min(6, articles // 40, end.year - start.year - 1)):
        which = back % 2 if articles >= 200 else 0
        month, day_of_month, _, _ = STATEMENT_TITLES[which]
        yield _Draft(f"y{back}", date(end.year - back, month, day_of_month), "statement", number=which)


def _ids(drafts: list[_Draft], rng: Random) -> list[int]:
    """Numbers in order of publication since 2010, in no order before (the real site was migrated then)."""
    old = sum(1 for draft in drafts if draft.on.year < 2010)
    numbers = [43_264 + 3 * index for index in range(old)]
    rng.shuffle(numbers)
    number = max(70_000, 43_264 + 3 * old)
    for _ in drafts[old:]:
        number += rng.randint(3, 41)
        numbers.append(number)
    place = {draft.key: index for index, draft in enumerate(drafts)}
    for index, draft in enumerate(drafts):  # the original is the older node
        original = place[draft.copy_of] if draft.copy_of else index
        if numbers[original] > numbers[index]:
            numbers[original], numbers[index] = numbers[index], numbers[original]
    return numbers


def _item(draft: _Draft, number: int, rank: int, seed: int, heavy: bool) -> Item:
    rng = Random(f"{seed}:{draft.key}:item")
    office = _office(draft, rng)
    content_type = _content_type(draft, office, rng)
    genre = GENRES.get(draft.family, "feature")
    theme = 4 if genre == "sister" else rng.choice(themes_for(office.remit))
    when = f"on {draft.on.day} {MONTHS[draft.on.month - 1]}" if content_type == "News" else "today"
    brief = Brief(seed, draft.key, genre, theme, office, draft.on, when, draft.on.year > 2010, *setting(rng), draft.number, heavy)
    layout = _layout(draft, content_type, rng)
    item = Item(
        id=number, section=office.section, title=headline(brief), content_type=content_type, layout=layout, published_on=draft.on,
        brief=brief, issuers=_issuers(office, rng), topics=_topics(draft, theme, rng), rank=rank,
        language="sq" if draft.family == "localized" else "en",
        dateline=_dateline(draft, office, layout, content_type, rng, brief.towns[0], brief.country),
        is_lead_abridged=rng.random() < 0.5, has_read_more=layout == "news" and rng.random() < 0.4,
        has_links=draft.family == "plain" and rng.random() < 0.1,
    )  # fmt: skip
    return _dressed(item, draft, rng)


def _dressed(item: Item, draft: _Draft, rng: Random) -> Item:
    """The item with the oddities of its time and layout."""
    if draft.family not in ("plain", "exact"):
        return replace(item, place=item.dateline.place if item.dateline and item.layout == "press" else None)
    is_doubled = item.published_on.year <= 2007 and item.layout in ("press", "older") and rng.random() < 0.35
    caption = None
    if item.layout == "older" and rng.random() < 0.25:
        town, credit = rng.choice(TOWNS), rng.choice(("Press Unit", "Harbour Desk", "Field Team"))
        caption = f"(OSCE/{credit}) A view of {town} on the day of the event. (OSCE/{credit}) Photo details"
    shows_place = item.dateline is not None and item.layout in ("press", "older") and rng.random() < 0.85
    shares: tuple[tuple[Hidden, float], ...] = (("source", 0.08), ("topics", 0.1), ("where", 0.06), ("what", 0.15))
    hidden = [field for field, share in shares if rng.random() < share]
    return replace(
        item, is_doubled=is_doubled, has_breaks=not is_doubled and rng.random() < 0.08, caption=caption,
        place=item.dateline.place if item.dateline and shows_place else None,
        hides=frozenset(hidden), own_snippet=item.title if rng.random() < 0.02 else None,
    )  # fmt: skip


def _copy(original: Item, draft: _Draft, number: int, rank: int) -> Item:
    """The same release once more: word for word in another node, or with a sentence added."""
    if draft.family == "exact":
        return replace(original, id=number, rank=rank, topics=(*original.topics, "Media laws"), exact_copy_of=original.id)
    return replace(
        original, id=number, rank=rank, published_on=draft.on, has_corrigendum=True, near_copy_of=original.id, own_snippet=None,
    )  # fmt: skip


def _office(draft: _Draft, rng: Random) -> Office:
    if draft.family == "report":
        return OFFICE["OSCE Mission to Georgia (closed)"]
    if draft.family == "localized":
        return OFFICE["OSCE Presence in Albania"]
    if draft.family == "sister":
        return OFFICE["OSCE Office for Democratic Institutions and Human Rights"]
    if draft.family == "statement":
        return OFFICE["OSCE Chairpersonship"]
    last_year_of_closed = {
        "OSCE Office in Yerevan (closed)": 2016,
        "OSCE Mission to Georgia (closed)": 2008,
        "OSCE Mission to Croatia (closed)": 2007,
    }
    return rng.choice([office for office in OFFICES if draft.on.year <= last_year_of_closed.get(office.label, 9999)])


def _content_type(draft: _Draft, office: Office, rng: Random) -> str:
    if draft.family in ("report", "statement"):
        return {"report": "Daily report", "statement": "Press statement"}[draft.family]
    if draft.family in ("sister", "localized") or draft.on < FIRST_NEWS_ITEM or office.remit == "media":
        return "Press release"
    return "News" if rng.random() < 0.65 else "Press release"


def _layout(draft: _Draft, content_type: str, rng: Random) -> Layout:
    if draft.family == "localized":
        return "localized"
    if draft.family in ("report", "statement", "sister", "near"):
        return "news" if content_type == "News" else "press"
    usual: Layout = "news" if content_type == "News" else "press"
    shares = (0.1, 0.55) if draft.on.year < 2010 else (0.06, 0.0 if usual == "news" else 0.12)
    chance = rng.random()
    return "stripped" if chance < shares[0] else "older" if chance < sum(shares) else usual


def _issuers(office: Office, rng: Random) -> tuple[str, ...]:
    """The office, at times another one, and the parents behind their children."""
    labels = [office.label]
    if rng.random() < 0.15:
        labels.append(rng.choice([other.label for other in OFFICES if other.label not in labels]))
    parents = [PARENTS[label] for label in labels if label in PARENTS]
    return tuple(dict.fromkeys(labels + parents))


def _topics(draft: _Draft, theme: int, rng: Random) -> tuple[str, ...]:
    if draft.family == "statement":
        return (STATEMENT_TITLES[draft.number][3],)
    if draft.family == "report":
        return ("Conflict prevention and resolution",)
    own = THEMES[theme].topics
    extra = [THEMES[rng.randrange(len(THEMES))].topics[0]] if rng.random() < 0.2 else []
    return tuple(dict.fromkeys([*own[: rng.randint(1, len(own))], *extra]))


def _dateline(draft: _Draft, office: Office, layout: Layout, content_type: str, rng: Random, town: str, country: str) -> Dateline | None:
    """In one of the forms that the real releases have, at times a day off."""
    if layout == "localized":
        return Dateline(f"TIRANË, {albanian_day(draft.on)} – ", "TIRANË", draft.on)
    if content_type in ("News", "Daily report", "Press statement") or rng.random() < 0.04:
        return None
    place = office.seat if rng.random() < 0.6 else town.upper()
    on = draft.on
    if draft.family == "plain" and rng.random() < 0.05:
        on += timedelta(days=rng.choice((-1, 1, -3)))
    day, other = day_month_year(on), rng.choice([name for name in TOWNS if name.upper() != place]).upper()
    forms: list[tuple[int, str, str, bool]] = [  # weight, place, text, names a day
        (40, place, f"{place}, {day} - ", True),
        (25, place, f"{place}, {day} – ", True),
        (6, f"{place}/{other}", f"{place}/{other}, {day} – ", True),
        (3, f"{place} / {other}", f"{place} / {other}, {day} – ", True),
        (3, f"{town.upper()}, {country}", f"{town.upper()}, {country}, {day} – ", True),
        (4, place, f"{place}, {on.day} {MONTHS[on.month - 1]} – ", True),
        # Small letters, or no day: only a place that one may know is told from other words then.
        (2, office.seat.title(), f"{office.seat.title()}, {day} – ", True),
        (2, office.seat, f"{office.seat} - ", False),
    ]  # fmt: skip
    if on.year <= 2002:
        forms += [(30, place, f"{place}, {day} (OSCE) - ", True), (10, place, f"{place}, {day} -- ", True)]
    _, said, text, names_a_day = rng.choices(forms, [form[0] for form in forms])[0]
    return Dateline(text, said, on if names_a_day else None)


def _with_oddities(items: list[Item], seed: int) -> list[Item]:
    """Single entries that every sample of some size has: odd addresses, a second section, a missing date, two that lead astray."""
    rng = Random(f"{seed}:oddities")
    plain = [index for index, item in enumerate(items) if item.brief.key.startswith("p") and item.layout in ("press", "news")]
    rng.shuffle(plain)
    hrefs: tuple[Href, ...] = ("absolute", "alias", "node", "junk")
    for href, index in zip(hrefs, plain, strict=False):
        items[index] = replace(items[index], href=href)
    twice, bare, undated = plain[4], plain[5], next((index for index in plain[6:] if items[index].layout == "press"), plain[6])
    items[twice] = replace(items[twice], second_section="secretariat" if items[twice].section != "secretariat" else "cio")
    items[bare] = replace(items[bare], hides=frozenset(("where", "what", "source", "topics")))
    item = items[undated]
    dateline = Dateline(f"{item.office.seat}, {day_month_year(item.published_on)} - ", item.office.seat, item.published_on)
    items[undated] = replace(
        item,
        layout="stripped",
        dateline=dateline,
        place=None,
        hides=item.hides | {"day"},
        is_doubled=False,
        caption=None,
    )
    for index in plain[7:]:
        if items[index].section == "odihr":
            items[index] = replace(items[index], section="odihr/elections")
            break
    newest, middle = items[-3], items[len(items) // 2]
    robots = replace(newest, id=newest.id + 1, section="admin", trap="robots", title="Internal: " + newest.title, exact_copy_of=None)
    outside = replace(middle, id=middle.id + 1, section="news", trap="outside", title="Partner news: " + middle.title, exact_copy_of=None)
    return sorted([*items, robots, outside], key=lambda item: item.rank)
