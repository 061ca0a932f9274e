"""Redesigns, by the hundred: pages of the sample newsroom as another template, a broken one or a careless editor would print them.

`MUTATIONS` maps a name to what happens to article pages and to listing pages from one night on. Some are harmless for a reader who
goes by words and places (classes, wrappers, another order), others make a page say less, or something else, than it should.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import combinations

from newsroom.sample import SampleSite, pages
from newsroom.sample.items import Item
from newsroom.sample.prose import MONTHS, day_month_year
from tests.altered import _RAW, _VOID, REWRITINGS, El, altered, el, read

PageChange = Callable[[str, Item, SampleSite], str]
"""HTML of an article page, the item it is about, the newsroom."""
ListingChange = Callable[[str], str]


@dataclass(frozen=True)
class Mutation:
    """What is changed from one night on."""

    name: str
    article: PageChange | None = None
    listing: ListingChange | None = None


def write(page: El) -> str:
    """The tree as HTML; `altered.write` does the same, and is too slow for thousands of pages."""
    out = ["<!DOCTYPE html>\n"]
    _write(page, out)
    return "".join(out)


def _write(one: El, out: list[str]) -> None:
    attrs = "".join([f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in one.attrs.items()])
    out.append(f"<{one.tag}{attrs}>")
    if one.tag in _VOID:
        return
    for kid in one.kids:
        if isinstance(kid, str):
            out.append(kid if one.tag in _RAW else escape(kid, quote=False))
        else:
            _write(kid, out)
    out.append(f"</{one.tag}>")


def on_tree(change: Callable[[El], None]) -> Callable[[str], str]:
    def rewrite(html: str) -> str:
        page = read(html)
        change(page)
        return write(page)

    return rewrite


def plain(change: Callable[[str], str]) -> PageChange:
    """A change that looks at nothing but the page."""
    return lambda html, _item, _site: change(html)


def tree(change: Callable[[El], None]) -> PageChange:
    return plain(on_tree(change))


# --- labels and their values -------------------------------------------------------------------------------------------------

LABELS = ("Date", "Place", "Source", "Fields of work", "Issued on", "Issued by")
OTHER_WORDS = {
    "Date": "Published",
    "Place": "Where",
    "Source": "From",
    "Fields of work": "Topics",
    "Issued on": "Released",
    "Issued by": "Author",
    "Publishing date": "Released",
    "Content type": "Kind",
    "Where we are": "Regions",
    "What we do": "Themes",
}
PAIRS = (
    ("Date", "Place"),
    ("Date", "Source"),
    ("Place", "Source"),
    ("Place", "Fields of work"),
    ("Source", "Fields of work"),
    ("Date", "Fields of work"),
    ("Issued on", "Issued by"),
    ("Issued by", "Fields of work"),
    ("Issued on", "Fields of work"),
)


def _named(one: El) -> str:
    return one.text().strip().rstrip(":").strip()


def _fields(page: El) -> Iterator[tuple[El, El, El]]:
    """(dl, label, value)."""
    for dl in page.all("dl"):
        parts = [kid for kid in dl.kids if isinstance(kid, El)]
        for dt, dd in zip(parts[::2], parts[1::2], strict=True):
            yield dl, dt, dd


def on_label(name: str, change: Callable[[El, El, El], None]) -> PageChange:
    def each(page: El) -> None:
        for dl, dt, dd in list(_fields(page)):
            if _named(dt) == name:
                change(dl, dt, dd)

    return tree(each)


def _drop(dl: El, dt: El, dd: El) -> None:
    dl.kids = [kid for kid in dl.kids if kid is not dt and kid is not dd]


def _drop_label_only(dl: El, dt: El, _dd: El) -> None:
    dl.kids = [kid for kid in dl.kids if kid is not dt]


def _empty(_dl: El, _dt: El, dd: El) -> None:
    dd.kids = []


def _dash(_dl: El, _dt: El, dd: El) -> None:
    dd.kids = ["–"]


def _twice(dl: El, dt: El, dd: El) -> None:
    dl.kids += [dt, dd]


def _constant(text: str) -> Callable[[El, El, El], None]:
    def change(_dl: El, _dt: El, dd: El) -> None:
        dd.kids = [text]

    return change


def rename_label(name: str) -> PageChange:
    def change(_dl: El, dt: El, _dd: El) -> None:
        dt.kids = [OTHER_WORDS[name] + ":"]

    return on_label(name, change)


def swap(one: str, other: str) -> PageChange:
    """The values change places."""

    def change(page: El) -> None:
        cells = {_named(dt): dd for _, dt, dd in _fields(page)}
        if one in cells and other in cells:
            cells[one].kids, cells[other].kids = cells[other].kids, cells[one].kids

    return tree(change)


def swap_labels(one: str, other: str) -> PageChange:
    """The words change places: the same harm from the other side."""

    def change(page: El) -> None:
        labels = {_named(dt): dt for _, dt, _ in _fields(page)}
        if one in labels and other in labels:
            labels[one].kids, labels[other].kids = labels[other].kids, labels[one].kids

    return tree(change)


def _shift_values(page: El) -> None:
    """Every value under the label before: a cell was added in the template."""
    cells = [dd for _, _, dd in _fields(page)]
    values = [cell.kids for cell in cells]
    for cell, value in zip(cells, [*values[1:], values[0]] if values else [], strict=True):
        cell.kids = value


def _append_label(page: El) -> None:
    for dl in page.all("dl"):
        dl.kids += [el("dt", "Reading time:"), el("dd", "3 minutes")]


def _prepend_label(page: El) -> None:
    for dl in page.all("dl"):
        dl.kids = [el("dt", "Updated:"), el("dd", "31 March 2026"), *dl.kids]


def _no_labels_at_all(page: El) -> None:
    for dl in page.all("dl"):
        page.replace(dl, [])


def _labels_below_body(page: El) -> None:
    content = page.first("div", "content--content")
    for dl in page.all("dl"):
        if content is not None:
            page.replace(dl, [])
            page.replace(content, [content, dl])


# --- dates -----------------------------------------------------------------------------------------------------------------------


def date_as(form: Callable[[date], str], *, stamp: Callable[[date], str | None] = lambda _on: None) -> PageChange:
    def change(html: str, item: Item, _site: SampleSite) -> str:
        page = read(html)
        for one in page.all("time"):
            one.kids = [form(item.published_on)]
            stamped = stamp(item.published_on)
            if stamped is None:
                one.attrs.pop("datetime", None)
            else:
                one.attrs["datetime"] = stamped
        for one in page.all("span", "date-display-single"):
            one.kids = [form(item.published_on)]
        return write(page)

    return change


def _us(on: date) -> str:
    return f"{on.month}/{on.day}/{on.year}"


DATE_FORMS: dict[str, PageChange] = {
    "month_day_year": date_as(_us),
    "month_day_year_padded": date_as(lambda on: f"{on:%m/%d/%Y}"),
    "day_month_year_dots": date_as(lambda on: f"{on:%d.%m.%Y}"),
    "day_month_year_slashes": date_as(lambda on: f"{on:%d/%m/%Y}"),
    "iso": date_as(lambda on: on.isoformat()),
    "long_us": date_as(lambda on: f"{MONTHS[on.month - 1]} {on.day}, {on.year}"),
    "weekday_first": date_as(lambda on: f"{on:%A}, {day_month_year(on)}"),
    "short_month": date_as(lambda on: f"{on:%d %b %Y}"),
    "two_digit_year": date_as(lambda on: f"{on:%d/%m/%y}"),
    "two_digit_year_us": date_as(lambda on: f"{on:%m/%d/%y}"),
    "no_year": date_as(lambda on: f"{on.day} {MONTHS[on.month - 1]}"),
    "days_ago": date_as(lambda _on: "3 days ago"),
    "next_day": date_as(lambda on: day_month_year(on + timedelta(days=1)), stamp=lambda on: (on + timedelta(days=1)).isoformat()),
    "month_later": date_as(lambda on: day_month_year(on + timedelta(days=31)), stamp=lambda on: (on + timedelta(days=31)).isoformat()),
    "today_for_all": date_as(lambda _on: "9 March 2026", stamp=lambda _on: "2026-03-09"),
    "stamp_of_the_build": date_as(day_month_year, stamp=lambda _on: "2026-03-09T02:00:00Z"),
    "epoch": date_as(lambda _on: "1 January 1970", stamp=lambda _on: "1970-01-01T00:00:00Z"),
    "stamp_swapped": date_as(lambda _on: "", stamp=lambda on: f"{on:%Y-%d-%m}" if on.day < 13 else on.isoformat()),
    "timestamp": date_as(lambda on: str(int(on.strftime("%s")))),
    "year_only": date_as(lambda on: str(on.year)),
    "german": date_as(lambda on: f"{on.day}. {['Jänner', 'Februar', 'März'][on.month - 1] if on.month < 4 else 'Mai'} {on.year}"),
}


# --- title, kind, head ---------------------------------------------------------------------------------------------------------


def on_title(change: Callable[[str], str]) -> PageChange:
    """The title as printed, and in the head."""

    def each(page: El) -> None:
        for one in page.all("h1"):
            one.kids = [change(one.text())]
        for one in page.all("title"):
            one.kids = [change(one.text().removesuffix(" | OSCE")) + " | OSCE"]
        for one in page.all("meta"):
            if one.attrs.get("property") == "og:title":
                one.attrs["content"] = change(one.attrs["content"] or "")

    return tree(each)


def _h1_to(text: str) -> Callable[[El], None]:
    def change(page: El) -> None:
        for h1 in page.all("h1"):
            h1.kids = [text]

    return change


def _no_h1(page: El) -> None:
    for h1 in page.all("h1"):
        page.replace(h1, [])


def _no_title_anywhere(page: El) -> None:
    _no_h1(page)
    for head in page.all("head"):
        head.kids = []


def _title_and_lead_swapped(page: El) -> None:
    h1, lead = page.first("h1"), page.first("div", "lead")
    if h1 and lead:
        h1.kids, lead.kids = [lead.text()], [el("p", h1.text())]


def _head_of_the_site(page: El) -> None:
    for one in page.all("title"):
        one.kids = ["OSCE | News"]
    for one in page.all("meta"):
        if one.attrs.get("property") == "og:title":
            one.attrs["content"] = "Organization for Security and Co-operation in Europe"


def _kind(text: str | None) -> Callable[[El], None]:
    def change(page: El) -> None:
        for one in page.all("p", "kind"):
            page.replace(one, [] if text is None else [el("p", text, class_="kind")])

    return change


def _kinds_swapped(page: El) -> None:
    for one in page.all("p", "kind"):
        one.kids = ["Press release" if one.text() == "News Item" else "News Item"]


def _canonical(to: Callable[[Item, SampleSite], str | None]) -> PageChange:
    def change(html: str, item: Item, site: SampleSite) -> str:
        page = read(html)
        for one in page.all("link"):
            target = to(item, site)
            if target is None:
                page.replace(one, [])
            else:
                one.attrs["href"] = target
        return write(page)

    return change


def _other(item: Item, site: SampleSite) -> Item:
    """Another article of the newsroom, the same for the same item."""
    numbers = sorted(number for number, each in site.items.items() if each.layout == item.layout and each.trap is None)
    return site.items[numbers[numbers.index(item.id) - 1]]


# --- lead and body ---------------------------------------------------------------------------------------------------------------


def on_body(change: Callable[[list[El | str]], Sequence[El | str]]) -> PageChange:
    def each(page: El) -> None:
        for body in page.all("div", "pane-content"):
            body.kids = list(change(body.kids))

    return tree(each)


def _texts(kids: list[El | str]) -> list[El | str]:
    return [kid for kid in kids if isinstance(kid, El)]


def _text(kid: El | str) -> str:
    return kid if isinstance(kid, str) else kid.text()


def _cut_text(share: float) -> Callable[[list[El | str]], Sequence[El | str]]:
    def change(kids: list[El | str]) -> Sequence[El | str]:
        whole = " ".join(kid.text() if isinstance(kid, El) else kid for kid in kids)
        return [el("p", whole[: int(len(whole) * share)])]

    return change


NAVIGATION = [
    el("p", text) for text in ("Home", "Newsroom", "Press releases", "Who we are", "What we do", "Where we are", "Search this site")
]
NEWSLETTER = [el("h3", "Stay informed"), el("p", "Sign up for our newsletter and receive the latest news in your inbox every week.")]
COOKIES = [el("p", "We use cookies to improve your experience on this site. By continuing to browse you agree to their use.")]
FOOTER = [el("p", "Organization, Wallnerstrasse 6, 1010 Vienna, Austria. All rights reserved. Terms of use and privacy.")]
SHARE = [el("p", "Facebook Twitter LinkedIn WhatsApp Send by e-mail")]
COMMENTS = [el("p", "No comments yet. Be the first to write one and start the discussion about this article.")]
PAYWALL = [el("p", "To read the whole article, please log in or create an account, it is free of charge.")]

BODIES: dict[str, Callable[[list[El | str]], Sequence[El | str]]] = {
    "first_paragraph_only": lambda kids: _texts(kids)[:1],
    "without_first": lambda kids: _texts(kids)[1:],
    "without_last": lambda kids: _texts(kids)[:-1],
    "last_only": lambda kids: _texts(kids)[-1:],
    "two_of_them": lambda kids: _texts(kids)[:2],
    "reversed": lambda kids: _texts(kids)[::-1],
    "doubled": lambda kids: _texts(kids) * 2,
    "first_twice": lambda kids: [*_texts(kids)[:1], *_texts(kids)],
    "last_twice": lambda kids: [*_texts(kids), *_texts(kids)[-1:]],
    "emptied": lambda _kids: [],
    "cut_to_half": _cut_text(0.5),
    "cut_to_a_tenth": _cut_text(0.1),
    "cut_to_200": lambda kids: [el("p", " ".join(kid.text() for kid in kids if isinstance(kid, El))[:200])],
    "cut_with_dots": lambda kids: [el("p", " ".join(kid.text() for kid in kids if isinstance(kid, El))[:300] + "... Read more")],
    "one_block": lambda kids: [el("p", " ".join(kid.text() for kid in kids if isinstance(kid, El)))],
    "loading": lambda _kids: [el("p", "Loading the article, please wait while the content is fetched from the server …")],
    "script_needed": lambda _kids: [el("p", "Please enable JavaScript in your browser to read this article on our website.")],
    "navigation_first": lambda kids: [*NAVIGATION, *kids],
    "navigation_last": lambda kids: [*kids, *NAVIGATION],
    "navigation_amid": lambda kids: [*_texts(kids)[:1], *NAVIGATION, *_texts(kids)[1:]],
    "newsletter_last": lambda kids: [*kids, *NEWSLETTER],
    "newsletter_first": lambda kids: [*NEWSLETTER, *kids],
    "newsletter_amid": lambda kids: [*_texts(kids)[:1], *NEWSLETTER, *_texts(kids)[1:]],
    "cookies_first": lambda kids: [*COOKIES, *kids],
    "cookies_last": lambda kids: [*kids, *COOKIES],
    "footer_last": lambda kids: [*kids, *FOOTER],
    "share_first": lambda kids: [*SHARE, *kids],
    "share_last": lambda kids: [*kids, *SHARE],
    "comments_last": lambda kids: [*kids, *COMMENTS],
    "paywall_after_first": lambda kids: [*_texts(kids)[:1], *PAYWALL],
    "words_glued": lambda kids: [el("p", kid.text().replace(" ", "")) if isinstance(kid, El) else kid for kid in kids],
    "capitals": lambda kids: [el("p", kid.text().upper()) if isinstance(kid, El) else kid for kid in kids],
    "markup_shown": lambda kids: [el("p", "<p>" + kid.text() + "</p>") if isinstance(kid, El) else kid for kid in kids],
    "template_shown": lambda _kids: [el("p", "{{ article.body }}"), el("p", "{{ article.contact | default('Press Office') }}")],
    "mojibake": lambda kids: [el("p", kid.text().replace("–", "â€“").replace("-", "â€“")) if isinstance(kid, El) else kid for kid in kids],
    "question_marks": lambda kids: [el("p", re.sub(r"[^\x00-\x7f]", "\ufffd", kid.text())) if isinstance(kid, El) else kid for kid in kids],
    "each_sentence_a_paragraph": lambda kids: [el("p", part) for kid in _texts(kids) for part in re.split(r"(?<=[.]) ", _text(kid))],
}


def _labels_in_body(page: El) -> None:
    """The labels stand in the text's own element, as paragraphs."""
    for body in page.all("div", "pane-content"):
        for dl in page.all("dl"):
            page.replace(dl, [])
            body.kids = [*(el("p", f"{dt.text()} ", *dd.kids) for dt, dd in zip(dl.all("dt"), dl.all("dd"), strict=True)), *body.kids]


def _dateline_gone(html: str, item: Item, _site: SampleSite) -> str:
    if item.dateline is None:
        return html
    return html.replace(escape(item.dateline.text), "", 1)


def _body_of_another(html: str, item: Item, site: SampleSite) -> str:
    page, other = read(html), read(pages.article(_other(item, site)))
    theirs = other.first("div", "pane-content")
    for body in page.all("div", "pane-content"):
        if theirs is not None:
            body.kids = theirs.kids
    return write(page)


def _page_of_another(html: str, item: Item, site: SampleSite) -> str:
    return pages.article(_other(item, site), edition=site.edition).replace(_other(item, site).path, item.path)


def _page_of_one(_html: str, item: Item, site: SampleSite) -> str:
    one = site.items[min(site.items)]
    return pages.article(one, edition=site.edition).replace(one.path, item.path)


def _lead(change: Callable[[El, El], None]) -> PageChange:
    def each(page: El) -> None:
        for lead in page.all("div", "lead"):
            change(page, lead)

    return tree(each)


def _lead_gone(page: El, lead: El) -> None:
    page.replace(lead, [])


def _lead_into_body(page: El, lead: El) -> None:
    page.replace(lead, [])
    for body in page.all("div", "pane-content"):
        body.kids = [*lead.kids, *body.kids]


def _lead_below_labels(page: El, lead: El) -> None:
    page.replace(lead, [])
    for dl in page.all("dl"):
        page.replace(dl, [dl, lead])


def _lead_constant(_page: El, lead: El) -> None:
    lead.kids = [el("p", "The latest news and press releases from our offices all over the region, updated daily.")]


def _lead_is_title(page: El, lead: El) -> None:
    h1 = page.first("h1")
    lead.kids = [el("p", h1.text() if h1 else "")]


def _lead_shortened(_page: El, lead: El) -> None:
    lead.kids = [el("p", lead.text()[:60] + "…")]


def _first_paragraph_as_lead(page: El) -> None:
    """The first paragraph is printed above the labels only."""
    body, dl = page.first("div", "pane-content"), page.first("dl")
    if body and dl and len(_texts(body.kids)) > 1:
        page.replace(dl, [body.kids[0], dl])
        body.kids = body.kids[1:]


def _teasers_of_others(html: str, item: Item, site: SampleSite) -> str:
    """A box of other articles, as text, in the text's own element."""
    page = read(html)
    newest = [each.title for each in site.listing()[:4] if each.id != item.id]
    for body in page.all("div", "pane-content"):
        body.kids = [*body.kids, *(el("p", title) for title in newest[:3])]
    return write(page)


def _body_without_its_box(page: El) -> None:
    """Body and footer in one element: no telling where the text ends."""
    for main in page.all("main"):
        for footer in page.all("footer"):
            page.replace(footer, [])
            footer.tag = "div"
            for body in page.all("div", "content--content"):
                body.attrs = {}
                for inner in body.all("div", "pane-content"):
                    inner.attrs = {}
                    inner.kids = [*inner.kids, *(el("p", one.text()) for one in footer.all("p"))]
        main.tag = "div"


def _menu_in_main(page: El) -> None:
    navs = page.all("nav")
    for nav in navs:
        nav.tag = "div"
        page.replace(nav, [])
    for body in page.all("div", "pane-content"):
        body.kids = [*[el("p", link.text()) for nav in navs for link in nav.all("a")[:12]], *body.kids]


BODY = re.compile(r'<div class="pane-content">(.*?)</div>', re.DOTALL)

ARTICLES: dict[str, PageChange] = {
    **{f"drop {name}": on_label(name, _drop) for name in LABELS},
    **{f"drop label only {name}": on_label(name, _drop_label_only) for name in LABELS},
    **{f"empty {name}": on_label(name, _empty) for name in LABELS},
    **{f"dash {name}": on_label(name, _dash) for name in LABELS},
    **{f"twice {name}": on_label(name, _twice) for name in LABELS},
    **{f"rename {name}": rename_label(name) for name in LABELS},
    **{f"swap values {one} {other}": swap(one, other) for one, other in PAIRS},
    **{f"swap labels {one} {other}": swap_labels(one, other) for one, other in PAIRS},
    **{
        f"constant {name}": on_label(name, _constant(value))
        for name, value in {
            "Place": "VIENNA",
            "Source": "OSCE Secretariat",
            "Fields of work": "Human rights",
            "Issued by": "OSCE Secretariat",
        }.items()
    },
    "shift values": tree(_shift_values),
    "another label": tree(_append_label),
    "another date first": tree(_prepend_label),
    "no labels at all": tree(_no_labels_at_all),
    "labels below the body": tree(_labels_below_body),
    "labels in the body": tree(_labels_in_body),
    **{f"date {name}": change for name, change in DATE_FORMS.items()},
    "title upper case": on_title(str.upper),
    "title cut": on_title(lambda title: title[:30] + "…"),
    "title with the site": on_title(lambda title: f"{title} - Organization for Security and Co-operation"),
    "title with the kind": on_title(lambda title: f"News: {title}"),
    "title with a date": on_title(lambda title: f"{title} (3 February 2026)"),
    "title twice": on_title(lambda title: f"{title} {title}"),
    "title constant": on_title(lambda _title: "News and press releases"),
    "title constant name": on_title(lambda _title: "Organization for Security and Co-operation in Europe"),
    "h1 is the site": tree(_h1_to("OSCE")),
    "h1 is the section": tree(_h1_to("News and press releases")),
    "h1 is the kind": tree(_h1_to("Press release")),
    "h1 gone": tree(_no_h1),
    "title gone": tree(_no_title_anywhere),
    "title and lead swapped": tree(_title_and_lead_swapped),
    "head of the site": tree(_head_of_the_site),
    "kind gone": tree(_kind(None)),
    "kind unknown": tree(_kind("Update")),
    "kind constant": tree(_kind("Press release")),
    "kind constant news": tree(_kind("News Item")),
    "kinds swapped": tree(_kinds_swapped),
    "canonical gone": _canonical(lambda _item, _site: None),
    "canonical home": _canonical(lambda _item, _site: "https://www.osce.org/"),
    "canonical node": _canonical(lambda item, _site: f"https://www.osce.org/node/{item.id}"),
    "canonical of another": _canonical(lambda item, site: f"https://www.osce.org{_other(item, site).path}"),
    "canonical other host": _canonical(lambda item, _site: f"https://staging.osce.org{item.path}"),
    "language wrong": plain(lambda html: html.replace('<html lang="en"', '<html lang="fr"', 1)),
    "language gone": plain(lambda html: html.replace('<html lang="en"', "<html", 1)),
    **{f"body {name}": on_body(change) for name, change in BODIES.items()},
    "dateline gone": _dateline_gone,
    "body of another": _body_of_another,
    "page of another": _page_of_another,
    "one page for all": _page_of_one,
    "lead gone": _lead(_lead_gone),
    "lead into the body": _lead(_lead_into_body),
    "lead below the labels": _lead(_lead_below_labels),
    "lead constant": _lead(_lead_constant),
    "lead is the title": _lead(_lead_is_title),
    "lead shortened": _lead(_lead_shortened),
    "first paragraph as lead": tree(_first_paragraph_as_lead),
    "teasers of others": _teasers_of_others,
    "body without its box": tree(_body_without_its_box),
    "menu in the text": tree(_menu_in_main),
    "body in a script": plain(lambda html: BODY.sub(r'<script type="text/template">\1</script>', html)),
    "body hidden": plain(lambda html: html.replace('class="pane-content"', 'class="pane-content" hidden')),
    "body as an aside": plain(lambda html: BODY.sub(r"<aside>\1</aside>", html)),
    "text as an image": plain(lambda html: BODY.sub('<img src="/text.png" alt="">', html)),
}


# --- the listing -----------------------------------------------------------------------------------------------------------------

LISTED = ("Publishing date", "Content type", "Where we are", "What we do")


def _entries(page: El) -> list[El]:
    return page.all("div", "search-result-news")


def _listed(entry: El) -> dict[str, El]:
    """Element around a label of an entry, by label."""
    return {_named(label): holder for label in entry.all("span", "label") if (holder := entry.parent_of(label)) is not None}


def on_entries(change: Callable[[El], None]) -> ListingChange:
    def each(page: El) -> None:
        for entry in _entries(page):
            change(entry)

    return on_tree(each)


def _entry_without(name: str) -> Callable[[El], None]:
    def change(entry: El) -> None:
        if holder := _listed(entry).get(name):
            entry.replace(holder, [])

    return change


def _entry_renamed(name: str) -> Callable[[El], None]:
    def change(entry: El) -> None:
        for label in entry.all("span", "label"):
            if _named(label) == name:
                label.kids = [OTHER_WORDS[name] + ":"]

    return change


def _entry_swapped(one: str, other: str) -> Callable[[El], None]:
    def change(entry: El) -> None:
        labels = {_named(label): label for label in entry.all("span", "label")}
        if one in labels and other in labels:
            labels[one].kids, labels[other].kids = labels[other].kids, labels[one].kids

    return change


def _entry_dates(form: Callable[[date], str]) -> Callable[[El], None]:
    def change(entry: El) -> None:
        if holder := _listed(entry).get("Publishing date"):
            day, month, year = holder.text().split(":")[1].split()
            holder.kids = [holder.kids[0], " " + form(date(int(year), MONTHS.index(month) + 1, int(day)))]

    return change


def _entry_title(text: str) -> Callable[[El], None]:
    def change(entry: El) -> None:
        for link in entry.all("h3")[0].all("a"):
            link.kids = [text]

    return change


def _entry_snippet(kids: list[El | str]) -> Callable[[El], None]:
    def change(entry: El) -> None:
        for one in entry.all("div", "search-snippet"):
            one.kids = list(kids)

    return change


def _links_shifted(page: El) -> None:
    """Every entry with the address of its neighbour."""
    links = [entry.all("h3")[0].all("a")[0] for entry in _entries(page)]
    targets = [link.attrs["href"] for link in links]
    for link, target in zip(links, [*targets[1:], *targets[:1]], strict=True):
        link.attrs["href"] = target


def _facts_shifted(page: El) -> None:
    """Every entry with the labels of its neighbour."""
    boxes = [entry.first("div", "search-fields") for entry in _entries(page)]
    facts = [box.kids if box else [] for box in boxes]
    for box, theirs in zip(boxes, [*facts[1:], *facts[:1]], strict=True):
        if box is not None:
            box.kids = theirs


LISTINGS: dict[str, ListingChange] = {
    **{f"listing without {name}": on_entries(_entry_without(name)) for name in LISTED},
    **{f"listing renames {name}": on_entries(_entry_renamed(name)) for name in LISTED},
    **{f"listing swaps {one} {other}": on_entries(_entry_swapped(one, other)) for one, other in combinations(LISTED, 2)},
    "listing dates month first": on_entries(_entry_dates(_us)),
    "listing dates iso": on_entries(_entry_dates(lambda on: on.isoformat())),
    "listing dates constant": on_entries(_entry_dates(lambda _on: "9 March 2026")),
    "listing dates next day": on_entries(_entry_dates(lambda on: day_month_year(on + timedelta(days=1)))),
    "listing titles constant": on_entries(_entry_title("Read more")),
    "listing titles gone": on_entries(_entry_title("")),
    "listing without snippets": on_entries(_entry_snippet([])),
    "listing snippets constant": on_entries(_entry_snippet(["Read the whole story on our website, with photographs and background."])),
    "listing links shifted": on_tree(_links_shifted),
    "listing facts shifted": on_tree(_facts_shifted),
    **{name: (lambda html, name=name: altered(html, [name])) for name in REWRITINGS if name.startswith("entries_as")},  # type: ignore[misc]
}


def _styled(*names: str) -> PageChange:
    return plain(lambda html: altered(html, names))


def _then(first: PageChange, second: PageChange) -> PageChange:
    return lambda html, item, site: second(first(html, item, site), item, site)


def _only(layout: str, change: PageChange) -> PageChange:
    return lambda html, item, site: change(html, item, site) if item.layout == layout else html


COMBINED = (
    "drop Place",
    "swap values Source Fields of work",
    "swap values Place Source",
    "date month_day_year",
    "body without_last",
    "body newsletter_last",
    "body navigation_first",
    "title cut",
    "lead into the body",
    "rename Issued by",
)
CLOTHES = ("other_classes", "no_classes", "more_wrappers", "frame_as_divs", "h1_to_h2")
STYLE_NAMES = list(dict.fromkeys([*CLOTHES, "fields_as_table", *(name for name in REWRITINGS if not name.startswith("entries_"))]))[:50]


def mutations() -> list[Mutation]:
    """All of them, each with its name; the order is always the same."""
    found = [Mutation(name, article=change) for name, change in ARTICLES.items()]
    found += [Mutation(name, listing=change) for name, change in LISTINGS.items()]
    found += [Mutation(f"style {name}", article=_styled(name)) for name in STYLE_NAMES]
    found += [
        Mutation(f"only press: {name}", article=_only("press", ARTICLES[name]))
        for name in ("title cut", "body without_last", "body newsletter_last")
    ]
    found += [
        Mutation(f"only news: {name}", article=_only("news", ARTICLES[name]))
        for name in ("title cut", "body without_last", "body newsletter_last")
    ]
    found += [
        Mutation(f"{name} + {style}", article=_then(ARTICLES[name], _styled(style)))
        for n, name in enumerate(COMBINED)
        for style in (CLOTHES[n % len(CLOTHES)], CLOTHES[(n + 2) % len(CLOTHES)])
    ]
    return found


MUTATIONS = {mutation.name: mutation for mutation in mutations()}
