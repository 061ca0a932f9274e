"""Nastier redesigns: what looks like a page of the newsroom in every respect, and is wrong in one.

Values of the neighbour, of another block, of the menu; page and listing broken by the same hand; text that is another on every page, so that
no repetition gives it away; one kind of page only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from newsroom.sample import SampleSite, pages
from newsroom.sample.items import Item
from newsroom.sample.prose import day_month_year
from tests.altered import El, el, read
from tests.mutations import (
    ARTICLES,
    LISTINGS,
    NAVIGATION,
    Mutation,
    PageChange,
    _entries,
    _entry_dates,
    _fields,
    _h1_to,
    _listed,
    _named,
    _only,
    _other,
    _text,
    _texts,
    date_as,
    on_body,
    on_entries,
    on_label,
    on_title,
    on_tree,
    plain,
    tree,
    write,
)

TONIGHT = date(2026, 2, 12)
SENTENCES = (
    "Our correspondent adds that the hall was full until late in the evening",
    "Readers wrote that they had waited for such a step for years",
    "A neighbour said she would come again next year with her children",
    "The weather was kind to all who had come from afar",
    "Some of the guests stayed for a walk along the river",
    "Nobody could say when the road would be open again",
)


def _of_another(take: Callable[[El, El], None]) -> PageChange:
    """Part of the page is that of another article; `take(page, other page)` moves it."""

    def change(html: str, item: Item, site: SampleSite) -> str:
        page, other = read(html), read(pages.article(_other(item, site), edition=site.edition))
        take(page, other)
        return write(page)

    return change


def _same(tag: str, cls: str | None = None) -> Callable[[El, El], None]:
    def take(page: El, other: El) -> None:
        for mine, theirs in zip(page.all(tag, cls), other.all(tag, cls), strict=False):
            mine.kids = theirs.kids

    return take


def _same_value(*names: str) -> Callable[[El, El], None]:
    def take(page: El, other: El) -> None:
        theirs = {_named(dt): dd.kids for _, dt, dd in _fields(other)}
        for _, dt, dd in _fields(page):
            if _named(dt) in names and _named(dt) in theirs:
                dd.kids = theirs[_named(dt)]

    return take


def _head_and_title(page: El, other: El) -> None:
    _same("h1")(page, other)
    _same("title")(page, other)
    for mine, theirs in zip(page.all("meta"), other.all("meta"), strict=False):
        mine.attrs = dict(theirs.attrs)


def _remark(item: Item) -> str:
    return f"{SENTENCES[item.id % len(SENTENCES)]}, on day {item.id * 7 % 365}, we hear from {item.id}."


def _with_remark(place: Callable[[list[El | str], El], list[El | str]]) -> PageChange:
    def change(html: str, item: Item, _site: SampleSite) -> str:
        page = read(html)
        for body in page.all("div", "pane-content"):
            body.kids = place(body.kids, el("p", _remark(item)))
        return write(page)

    return change


def _shift_down(page: El) -> None:
    """Every value under the label after it, the first one empty."""
    cells = [dd for _, _, dd in _fields(page)]
    values = [cell.kids for cell in cells]
    for cell, value in zip(cells, [[], *values], strict=False):
        cell.kids = value


def _labels_sorted(page: El) -> None:
    """The labels in the order of the alphabet, the values as they were."""
    labels = [dt for _, dt, _ in _fields(page)]
    for dt, kids in zip(labels, sorted((dt.kids for dt in labels), key=lambda kids: _text(kids[0])), strict=True):
        dt.kids = kids


def _lead_and_body_swapped(page: El) -> None:
    body = page.first("div", "pane-content")
    for lead in page.all("div", "lead"):
        if body is not None:
            lead.kids, body.kids = body.kids, lead.kids


def _body_is_the_lead(page: El) -> None:
    lead = page.first("div", "lead")
    for body in page.all("div", "pane-content"):
        body.kids = list(lead.kids) if lead else _texts(body.kids)[:1]


def _body_is_the_snippet(html: str, item: Item, _site: SampleSite) -> str:
    page = read(html)
    for body in page.all("div", "pane-content"):
        body.kids = [el("p", item.snippet)]
    return write(page)


def _updated(change: Callable[[Item], date]) -> PageChange:
    """Under the old label stands the day of the last update."""

    def each(html: str, item: Item, _site: SampleSite) -> str:
        page, on = read(html), change(item)
        for one in page.all("time"):
            one.kids, one.attrs["datetime"] = [day_month_year(on)], f"{on}T09:00:00Z"
        return write(page)

    return each


def _updated_line_first(html: str, item: Item, _site: SampleSite) -> str:
    page, on = read(html), item.published_on + timedelta(days=item.id % 9)
    for dl in page.all("dl"):
        dl.kids = [el("dt", "Date:"), el("dd", el("time", day_month_year(on), datetime=on.isoformat())), *dl.kids]
    return write(page)


def _navigation(entry: str) -> Callable[[El, El, El], None]:
    def change(_dl: El, _dt: El, dd: El) -> None:
        dd.kids = [el("a", entry, href="/" + entry.lower().replace(" ", "-"))]

    return change


def _parts(change: Callable[[list[El]], list[El | str]]) -> Callable[[El, El, El], None]:
    def each(_dl: El, _dt: El, dd: El) -> None:
        links = [kid for kid in dd.kids if isinstance(kid, El)]
        dd.kids = change(links)

    return each


def _joined(with_: str) -> Callable[[list[El]], list[El | str]]:
    return lambda links: [with_.join(link.text() for link in links)]


def _on_text(change: Callable[[str], str]) -> PageChange:
    """Every text of the body, whatever it stands in."""

    def each(kids: list[El | str]) -> list[El | str]:
        return [El(kid.tag, kid.attrs, each(kid.kids)) if isinstance(kid, El) else change(kid) for kid in kids]

    return on_body(each)


def _two_articles(before: bool) -> PageChange:
    """The page shows a second article in full, above or below the first."""

    def change(html: str, item: Item, site: SampleSite) -> str:
        page, other = read(html), read(pages.article(_other(item, site), edition=site.edition))
        theirs = other.first("main")
        for main in page.all("main"):
            extra = [el("section", *(theirs.kids if theirs else []))]
            main.kids = [*extra, *main.kids] if before else [*main.kids, *extra]
        return write(page)

    return change


def _body_with_another(before: bool) -> PageChange:
    def change(html: str, item: Item, site: SampleSite) -> str:
        page, other = read(html), read(pages.article(_other(item, site), edition=site.edition))
        theirs = other.first("div", "pane-content")
        for body in page.all("div", "pane-content"):
            extra = theirs.kids if theirs else []
            body.kids = [*extra, *body.kids] if before else [*body.kids, *extra]
        return write(page)

    return change


def _byline(html: str, item: Item, _site: SampleSite) -> str:
    page = read(html)
    for body in page.all("div", "pane-content"):
        body.kids = [el("p", f"By {('Anna', 'Boris', 'Clara', 'Dmitri')[item.id % 4]} {('Abel', 'Bela', 'Cole')[item.id % 3]}"), *body.kids]
    return write(page)


def _dated_line(html: str, item: Item, _site: SampleSite) -> str:
    page = read(html)
    for body in page.all("div", "pane-content"):
        body.kids = [el("p", f"Published on {day_month_year(item.published_on)}, 12:00"), *body.kids]
    return write(page)


def _teaser(html: str, item: Item, site: SampleSite) -> str:
    page = read(html)
    for body in page.all("div", "pane-content"):
        body.kids = [*_texts(body.kids)[:1], el("p", "Related: " + _other(item, site).title), *_texts(body.kids)[1:]]
    return write(page)


def _menu_as_list(page: El) -> None:
    for body in page.all("div", "pane-content"):
        body.kids = [el("ul", *(el("li", el("a", _text(entry), href="/x")) for entry in NAVIGATION)), *body.kids]


def _places_written(change: Callable[[str], str]) -> PageChange:
    return on_label("Place", lambda _dl, _dt, dd: setattr(dd, "kids", [change(dd.text())]))


def _listing_dates(on: date) -> Callable[[str], str]:
    return on_entries(_entry_dates(lambda _on: day_month_year(on)))


def _titles_of_neighbours(page: El) -> None:
    links = [entry.all("h3")[0].all("a")[0] for entry in _entries(page)]
    titles = [link.kids for link in links]
    for link, title in zip(links, [*titles[1:], *titles[:1]], strict=True):
        link.kids = title


def _snippets_of_neighbours(page: El) -> None:
    boxes = [entry.first("div", "search-snippet") for entry in _entries(page)]
    texts = [box.kids if box else [] for box in boxes]
    for box, text in zip(boxes, [*texts[1:], *texts[:1]], strict=True):
        if box is not None:
            box.kids = text


def _entry_parts(name: str, change: Callable[[El], None]) -> Callable[[El], None]:
    def each(entry: El) -> None:
        if holder := _listed(entry).get(name):
            change(holder)

    return each


def _first_value_only(holder: El) -> None:
    links = [kid for kid in holder.kids if isinstance(kid, El) and kid.tag == "a"]
    holder.kids = [*holder.kids[:2], *links[:1]] if links and holder.kids[0] is not links[0] else holder.kids


NASTY_ARTICLES: dict[str, PageChange] = {
    "values shifted down": tree(_shift_down),
    "labels sorted": tree(_labels_sorted),
    "labels of another": _of_another(_same("dl")),
    "date of another": _of_another(_same_value("Date", "Issued on")),
    "place of another": _of_another(_same_value("Place")),
    "issuers of another": _of_another(_same_value("Source", "Issued by")),
    "topics of another": _of_another(_same_value("Fields of work")),
    "title of another": _of_another(_head_and_title),
    "heading of another": _of_another(_same("h1")),
    "lead of another": _of_another(_same("div", "lead")),
    "head of another": _of_another(_same("title")),
    "all topics empty": on_label("Fields of work", lambda _dl, _dt, dd: setattr(dd, "kids", [el("ul")])),
    "topics: the first only": on_label("Fields of work", _parts(lambda links: list(links[:1]))),
    "topics: without the last": on_label("Fields of work", _parts(lambda links: list(links[:-1]))),
    "topics: one more": on_label("Fields of work", _parts(lambda links: [*links, ", ", el("a", "All topics", href="/topics")])),
    "topics: a menu": on_label("Fields of work", lambda _dl, _dt, dd: setattr(dd, "kids", ["Home » News » Fields of work"])),
    "topics as one word": on_label("Fields of work", _parts(_joined(" "))),
    "topics with slashes": on_label("Fields of work", _parts(_joined(" / "))),
    "topics without links": on_label("Fields of work", _parts(_joined(", "))),
    "topics in capitals": on_label("Fields of work", lambda _dl, _dt, dd: setattr(dd, "kids", [dd.text().upper()])),
    "issuers from the menu": on_label("Source", _navigation("Who we are")),
    "issuers by: from the menu": on_label("Issued by", _navigation("Who we are")),
    "issuers: home": on_label("Source", _navigation("Home")),
    "issuers with a phone": on_label("Source", lambda _dl, _dt, dd: setattr(dd, "kids", [*dd.kids, " Tel. +43 1 514 36 0"])),
    "issuers shortened": on_label("Source", lambda _dl, _dt, dd: setattr(dd, "kids", [dd.text()[:12] + "…"])),
    "place as a title": _places_written(str.title),
    "place with its country": _places_written(lambda place: f"{place}, Marenland"),
    "place first of all": _places_written(lambda place: place.split("/")[0].split(",")[0][:4]),
    "date updated days later": _updated(lambda item: item.published_on + timedelta(days=2 + item.id % 5)),
    "date updated now and then": _updated(lambda item: item.published_on + timedelta(days=item.id % 2)),
    "date updated a year later": _updated(lambda item: item.published_on + timedelta(days=365)),
    "date of the day before": date_as(
        lambda on: day_month_year(on - timedelta(days=1)), stamp=lambda on: f"{on - timedelta(days=1)}T23:00:00Z"
    ),
    "stamp of the day before": date_as(day_month_year, stamp=lambda on: f"{on - timedelta(days=1)}T23:00:00Z"),
    "date of tonight": _updated(lambda _item: TONIGHT),
    "date a century ago": _updated(lambda item: item.published_on.replace(year=item.published_on.year - 100, day=1)),
    "a second date first": _updated_line_first,
    "lead and body swapped": tree(_lead_and_body_swapped),
    "body is the lead": tree(_body_is_the_lead),
    "body is the snippet": _body_is_the_snippet,
    "body and another's": _body_with_another(before=False),
    "another's and body": _body_with_another(before=True),
    "another article below": _two_articles(before=False),
    "another article above": _two_articles(before=True),
    "body: a remark last": _with_remark(lambda kids, remark: [*kids, remark]),
    "body: a remark first": _with_remark(lambda kids, remark: [remark, *kids]),
    "body: a remark amid": _with_remark(lambda kids, remark: [*_texts(kids)[:1], remark, *_texts(kids)[1:]]),
    "body: a byline first": _byline,
    "body: its date first": _dated_line,
    "body: a teaser amid": _teaser,
    "body: the menu as a list": tree(_menu_as_list),
    "body without its first letter": _on_text(lambda text: text[1:]),
    "body without numbers": _on_text(lambda text: re.sub(r"\d", "", text)),
    "body without quotes": _on_text(lambda text: re.sub(r'[“”"„]', "", text)),
    "body escaped twice": _on_text(lambda text: text.replace("'", "&#039;").replace("-", "&ndash;")),
    "body without commas": _on_text(lambda text: text.replace(",", "")),
    "body without its last sentences": _on_text(lambda text: re.sub(r"(?<=[.]) [^.]+[.]$", "", text)),
    "body with soft hyphens": _on_text(lambda text: text.replace("ti", "ti\u00ad")),
    "body with no-break spaces": _on_text(lambda text: text.replace(" ", "\u00a0")),
    "body with zero-width spaces": _on_text(lambda text: text.replace(" ", " \u200b")),
    "body in another language": _on_text(lambda text: " ".join(reversed(text.split(" "))).translate(str.maketrans("aeiou", "аеиоу"))),
    "body in title case": _on_text(str.title),
    "body in small letters": _on_text(str.lower),
    "paragraphs two by two": on_body(
        lambda kids: [
            kid for n in range(0, len(_texts(kids)), 2) for kid in [el("p", " ".join(_text(one) for one in _texts(kids)[n : n + 2]))]
        ]
    ),
    "title cut at 60": on_title(lambda title: title[:60]),
    "title cut at 45": on_title(lambda title: title[:45].rstrip()),
    "title without its first word": on_title(lambda title: title.partition(" ")[2]),
    "title in title case": on_title(str.title),
    "title site name everywhere": on_title(lambda _title: "OSCE"),
    "title with its id": on_title(lambda title: title + " #1"),
    "h1 is a breadcrumb": tree(_h1_to("Home » Newsroom » News")),
    "language unknown": plain(lambda html: html.replace('<html lang="en"', '<html lang="xx"', 1)),
    "language und": plain(lambda html: html.replace('<html lang="en"', '<html lang="und"', 1)),
    "language regional": plain(lambda html: html.replace('<html lang="en"', '<html lang="en-GB"', 1)),
    "language switched to Russian": plain(lambda html: html.replace('<html lang="en"', '<html lang="ru-RU"', 1)),
}

NASTY_LISTINGS: dict[str, Callable[[str], str]] = {
    "listing dates of the crawl": _listing_dates(TONIGHT),
    "listing dates a year off": on_entries(_entry_dates(lambda on: f"{on.day} {on:%B} {on.year - 1}")),
    "listing titles of neighbours": on_tree(_titles_of_neighbours),
    "listing snippets of neighbours": on_tree(_snippets_of_neighbours),
    "listing topics: the first only": on_entries(_entry_parts("What we do", _first_value_only)),
    "listing issuers: the first only": on_entries(_entry_parts("Where we are", _first_value_only)),
}

BOTH = (
    ("date today_for_all", "listing dates constant"),
    ("date next_day", "listing dates next day"),
    ("drop Date", "listing without Publishing date"),
    ("drop Issued on", "listing dates of the crawl"),
    ("no labels at all", "listing dates of the crawl"),
    ("no labels at all", "listing without Publishing date"),
    ("drop Issued by", "listing without Where we are"),
    ("drop Source", "listing without Where we are"),
    ("drop Fields of work", "listing without What we do"),
    ("all topics empty", "listing without What we do"),
    ("swap values Source Fields of work", "listing swaps Where we are What we do"),
    ("swap labels Issued by Fields of work", "listing swaps Where we are What we do"),
    ("kind constant", "listing without Content type"),
    ("title of another", "listing titles of neighbours"),
    ("title constant", "listing titles constant"),
    ("body of another", "listing snippets of neighbours"),
    ("page of another", "listing links shifted"),
    ("topics: the first only", "listing topics: the first only"),
)

ONE_KIND = (
    "drop Place",
    "rename Fields of work",
    "swap labels Place Fields of work",
    "date next_day",
    "body first_paragraph_only",
    "body navigation_first",
    "body of another",
    "lead into the body",
    "title with the site",
    "kinds swapped",
    "language wrong",
    "issuers of another",
    "body: a remark last",
    "values shifted down",
)
"""Only press releases, or only news, are printed otherwise."""


def nasty() -> list[Mutation]:
    articles, listings = {**ARTICLES, **NASTY_ARTICLES}, {**LISTINGS, **NASTY_LISTINGS}
    found = [Mutation(name, article=change) for name, change in NASTY_ARTICLES.items()]
    found += [Mutation(name, listing=change) for name, change in NASTY_LISTINGS.items()]
    found += [Mutation(f"{page} and {listing}", article=articles[page], listing=listings[listing]) for page, listing in BOTH]
    for layout in ("press", "news"):
        found += [Mutation(f"only {layout}: {name}", article=_only(layout, articles[name])) for name in ONE_KIND]
    return found


NASTY = {mutation.name: mutation for mutation in nasty()}
