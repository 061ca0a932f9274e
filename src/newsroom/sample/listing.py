"""The listing: which entries a query shows, and its HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from newsroom.sample.items import Item
from newsroom.sample.pages import Design, frame, link, links, slug
from newsroom.sample.prose import day_month_year
from newsroom.sample.site import SampleSite
from newsroom.sample.vocabulary import OFFICES, TOPIC_IDS

PATH = "/press-releases"
ROWS = (7, 10, 20, 50, 100)
"""Page sizes that the site honours; anything else gives the first."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a listing address asks for; parameters the site does not know are not here."""

    page: int = 0
    rows: int = ROWS[0]
    sort: str = "ds_date desc"
    filters: tuple[str, ...] = ()
    term: str = ""


def parse(target: str) -> Query:
    """Reads a listing address.

    >>> parse("/press-releases?page=2&rows=50&solrsort=ds_date+asc&whoweare=9")
    Query(page=2, rows=50, sort='ds_date asc', filters=(), term='')
    """
    parts = urlsplit(target)
    values = {name: found[0] for name, found in parse_qs(parts.query).items()}
    rows, number = values.get("rows", ""), values.get("page", "")
    filters = tuple(re.findall(r"im_taxonomy_vid_\d+:\(\d+\)|ds_date:\([^)]*\)|ds_date:\[[^\]]*\]", values.get("filters", "")))
    return Query(
        page=int(number) if re.fullmatch(r"[0-9]{1,9}", number) else 0,
        rows=int(rows) if rows in map(str, ROWS) else ROWS[0],
        sort=values.get("solrsort", "ds_date desc"), filters=filters, term=parts.path[len(PATH):].strip("/"),
    )  # fmt: skip


def address(query: Query) -> str:
    """The query as an address, in the site's own spelling."""
    values = {"page": str(query.page), "rows": str(query.rows), "solrsort": query.sort}
    if query.filters:
        values["filters"] = " ".join(query.filters)
    return PATH + (f"/{quote(query.term)}" if query.term else "") + "?" + urlencode(values)


def found(site: SampleSite, query: Query) -> list[Item]:
    """All entries of the query, in its order."""
    entries = site.listing(oldest_first="asc" in query.sort)
    for rule in query.filters:
        entries = [item for item in entries if _passes(item, rule)]
    if query.term:
        entries = [item for item in entries if query.term.lower() in item.title.lower()]
    return entries


def last_page(entries: list[Item], query: Query) -> int:
    """Number of the last page that has entries (0 for none)."""
    return max(0, (len(entries) - 1) // query.rows)


def page(site: SampleSite, query: Query, design: Design = "classic", *, shown: list[Item] | None = None) -> str:
    """HTML of the page; `shown` replaces its entries and leaves the pager alone."""
    entries = found(site, query)
    if shown is None:
        shown = entries[query.page * query.rows : (query.page + 1) * query.rows]
    render = _entry if design == "classic" else _modern_entry
    inner = "".join(map(render, shown)) + _pager(query, last_page(entries, query))
    main = "<h2>Newsroom</h2><h1>News and press releases</h1><p>News and press releases from the OSCE's global activities.</p>" + (
        f'<div class="panel-pane pane-apachesolr-result"><div class="pane-content">{inner}</div></div>' if design == "classic" else inner
    )
    return frame("News and press releases", main, edition=site.edition, is_heavy=site.heavy)


def _passes(item: Item, rule: str) -> bool:
    day = re.match(r"ds_date:\(?\[(\d{4}-\d\d-\d\d)\S* TO (\d{4}-\d\d-\d\d)", rule)
    if day:
        return day[1] <= item.day_listed.isoformat() < day[2]
    taxonomy = re.match(r"im_taxonomy_vid_(\d+):\((\d+)\)", rule)
    if not taxonomy:
        return True
    number = int(taxonomy[2])
    if taxonomy[1] == "1":
        return any(office.taxonomy_id == number and office.label in item.issuers for office in OFFICES)
    return any(TOPIC_IDS.get(topic) == number for topic in item.topics)


def _href(item: Item) -> str:
    """The entry's link in one of the spellings that the real site has used."""
    if item.trap == "outside":
        return f"https://partner.example.org{item.path}"
    return {
        "absolute": f"https://www.osce.org{item.path}", "alias": f"http://osce.org{item.path}", "node": f"/node/{item.id}",
        "junk": f"{item.path}?source=14/36#content",
    }.get(item.href, item.path)  # fmt: skip


def _facts(item: Item) -> list[tuple[str, str]]:
    facts = [("Content type", link(slug(item.content_type), item.content_type))]
    if "where" not in item.hides:
        facts.append(("Where we are", links(item.issuers)))
    if "what" not in item.hides:
        facts.append(("What we do", links(item.topics)))
    return facts


def _entry(item: Item) -> str:
    # Some label ends in a no-break space, as text typed into an editor does.
    gap = "&nbsp;" if item.id % 11 == 0 else " "
    fields = "".join(f'<div class="search-field"><span class="label">{label}:</span>{gap}{value}</div>' for label, value in _facts(item))
    day = f'<span class="label">Publishing date:</span>{gap}{day_month_year(item.day_listed)}'
    date = "" if "day" in item.hides else f'<div class="publishing-date">{day}</div>'
    return (
        f'<div class="search-result-news"><dt class="search-title"><h3>{link(_href(item), item.title)}</h3></dt><dd>{date}'
        f'<div class="search-fields">{fields}</div><div class="search-snippet">{escape(item.snippet)}</div></dd></div>'
    )


def _modern_entry(item: Item) -> str:
    day = [] if "day" in item.hides else [("Publishing date", day_month_year(item.day_listed))]
    facts = "".join(f"<li><b>{label}</b> <span>{value}</span></li>" for label, value in [*day, *_facts(item)])
    return f'<article class="c-card"><h4>{link(_href(item), item.title)}</h4><ul>{facts}</ul><p>{escape(item.snippet)}</p></article>'


def _pager(query: Query, last: int) -> str:
    def to(number: int, text: str, kind: str) -> str:
        return f'<li class="pager-{kind}">{link(address(replace(query, page=number)), text)}</li>'

    number = query.page
    out = [to(0, "first", "first"), to(number - 1, "previous", "previous")] if number > 0 else []
    around = range(max(0, number - 4), min(last, number + 4) + 1)
    out += [f'<li class="pager-current">{near + 1}</li>' if near == number else to(near, str(near + 1), "item") for near in around]
    if number < last:
        out += [to(number + 1, "next", "next"), to(last, "last", "last")]
    return f'<ul class="pager">{"".join(out)}</ul>'
