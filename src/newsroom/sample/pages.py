"""The HTML of the site: frame, articles in all layouts, and a redesign that keeps nothing but the words a reader sees."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Literal
from urllib.parse import quote

from newsroom.sample.items import Item
from newsroom.sample.prose import albanian_day, day_month_year
from newsroom.sample.truth import CANONICAL, page
from newsroom.sample.vocabulary import FIELDS_OF_WORK, MENU_COUNTRIES, OFFICES

Design = Literal["classic", "modern"]
KINDS = {"News": "News Item"}
DISCLAIMER = "The OSCE bears no responsibility for the accuracy, legality or content of the external links provided."


def slug(value: str) -> str:
    """Address of a vocabulary value.

    >>> slug("Cyber/ICT Security"), slug("OSCE Mission to Georgia (closed)")
    ('/cyber/ict-security', '/osce-mission-to-georgia-%28closed%29')
    """
    return "/" + quote(value.lower().replace(" ", "-"))


def link(address: str, text: str) -> str:
    """An `<a>`; `text` is escaped here."""
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def links(values: tuple[str, ...]) -> str:
    """Vocabulary values as the site prints them: linked, with a comma and a blank between."""
    return ", ".join(link(slug(value), value) for value in values)


@lru_cache(maxsize=8)
def chrome(edition: int, is_heavy: bool, is_albanian: bool = False) -> tuple[str, str, str]:
    """What surrounds the content: end of head, navigation, footer."""

    def menu(values: tuple[str, ...], base: str) -> str:
        return "<ul>" + "".join(f"<li>{link(base + quote(value.lower()), value)}</li>" for value in values) + "</ul>"

    seat = f"Marenland – OSCE Chairpersonship {2025 + edition}"
    columns = [("Fields of work", menu(FIELDS_OF_WORK, "/")), ("Countries", menu((*MENU_COUNTRIES, seat), "/countries/"))]
    columns.append(("Field operations", menu(tuple(office.label for office in OFFICES), "/")))
    nav = "".join(f"<li>{link('/' + quote(name.lower()), name)}{items}</li>" for name, items in columns)
    nav = f'<nav class="main-menu"><ul><li><span>{"Puna jonë" if is_albanian else "Our work"}</span><ul>{nav}</ul></li></ul></nav>'
    head = ""
    if is_heavy:  # about what settings, styles and menus of a real page weigh
        modules = ",".join(f'"module_{n}":{{"weight":{n * 7 % 100},"path":"sites/all/modules/module_{n}"}}' for n in range(330))
        rules = "".join(f".block-{n} .field-item{{margin:0 {n % 9}px;padding:{n % 7}px}}" for n in range(220))
        head = f'<style>{rules}</style><script>var settings={{"edition":{edition},{modules}}};</script>'
        nav += '<nav class="mega">' + "".join(menu(FIELDS_OF_WORK, f"/menu-{n}/") for n in range(4)) + "</nav>"
    footer = (
        f"<footer><ul><li>{link('/contacts', 'Contacts')}</li><li>{link('/employment', 'Employment')}</li></ul>"
        f"<p>Sample newsroom {2025 + edition}: everything on these pages is invented.</p></footer>"
    )
    return head, nav, footer


def frame(title: str, main: str, *, edition: int = 0, is_heavy: bool = False, language: str = "en", head: str = "") -> str:
    """A whole page around a `<main>`."""
    extra, nav, footer = chrome(edition, is_heavy, language == "sq")
    return (
        f'<!DOCTYPE html>\n<html lang="{language}" dir="ltr"><head><meta charset="utf-8"><title>{escape(title)} | OSCE</title>'
        f"{head}{extra}</head>"
        f"<body><header>{nav}</header><main>{main}</main>{footer}</body></html>"
    )


def article(item: Item, *, edition: int = 0, is_heavy: bool = False, design: Design = "classic") -> str:
    """The page of an item."""
    language = item.language
    if design == "modern":
        return frame(item.title, _modern(item), edition=edition, is_heavy=is_heavy, language=language)
    if item.layout in ("press", "news"):
        head = f'<link rel="canonical" href="{CANONICAL}{item.path}"><meta property="og:title" content="{escape(item.title)}">'
        return frame(item.title, _current(item), edition=edition, is_heavy=is_heavy, language=language, head=head)
    main = _stripped(item) if item.layout == "stripped" else _older(item)
    return frame(item.title, main, edition=edition, is_heavy=is_heavy, language=language)


def body(item: Item) -> str:
    """The paragraphs as this page prints them: twice, with breaks, with links."""
    texts = [escape(text) for text in item.body]
    if item.has_links:  # a link inside a sentence must leave no blank behind
        first, blank, rest = texts[-1].partition(" ")
        second, blank_too, rest = rest.partition(" ")
        texts[-1] = f'{first}{blank}<a href="/secretariat/70001">{second}</a>{blank_too}<em>{rest}</em>'
    if item.is_doubled:
        texts += texts[1:]
    if item.has_breaks:
        return "<p>" + "<br><br>".join(texts[:2]) + "".join("<br />\n<br />" + text for text in texts[2:]) + "</p>"
    return "".join(f"<p>{text}</p>" for text in texts)


def _fields(item: Item) -> list[tuple[str, str]]:
    """Labels and their values (HTML) in the order of the page."""
    said = page(item)
    day = f'<time datetime="{item.published_on.isoformat()}T12:00:00+01:00">{day_month_year(item.published_on)}</time>'
    issued_on, issued_by = ("Issued on", "Issued by") if item.layout == "news" else ("Date", "Source")
    fields = [
        (issued_on, day),
        ("Place", escape(item.place or "")),
        (issued_by, links(said["issuers"])),
        ("Fields of work", links(said["topics"])),
    ]
    return [(label, value) for label, value in fields if value]


def _read_more(item: Item) -> str:
    if not item.has_read_more:
        return ""
    return (
        f"<h3>Read more on this topic</h3><ul><li>{link('/secretariat/70001', 'Other news')}</li>"
        f'<li>{link("https://partner.example.org/", "A partner")}</li></ul><p class="disclaimer">{DISCLAIMER}</p>'
    )


def _attachments(item: Item) -> str:
    rows = "".join(f"<li>{link(address, address.rpartition('/')[2])} (PDF, 1.2 MB)</li>" for address in item.attachments)
    return f'<div class="attached"><h3>Attachments</h3><ul>{rows}</ul></div>' if rows else ""


def _current(item: Item) -> str:
    fields = "".join(f"<dt>{label}:</dt><dd>{value}</dd>" for label, value in _fields(item))
    lead = f'<div class="lead"><p>{escape(item.lead)}</p></div>' if item.lead else ""
    kind = KINDS.get(item.content_type, item.content_type)
    return (
        f'<div class="content--header"><p class="kind">{kind}</p><h1>{escape(item.title)}</h1></div>{lead}<dl>{fields}</dl>'
        f'<div class="content--content"><div><div class="pane-content">{body(item)}</div></div>{_attachments(item)}{_read_more(item)}</div>'
    )


def _older(item: Item) -> str:
    is_albanian = item.language == "sq"
    day = albanian_day(item.published_on) if is_albanian else day_month_year(item.published_on)
    place = f"{escape(item.place)} " if item.place else ""
    caption = f"<p>{escape(item.caption)}</p>" if item.caption else ""
    return (
        f'<div class="content--content"><h2>{"Redaksia e lajmeve" if is_albanian else "Newsroom"}</h2><h1>{escape(item.title)}</h1>'
        f'<div class="place-date">{place}<span class="date-display-single">{day}</span></div>'
        f'<div><div class="pane-content">{caption}{body(item)}</div></div></div>'
    )


def _stripped(item: Item) -> str:
    return f'<h1>{escape(item.title)}</h1><div class="content--content"><div><div class="pane-content">{body(item)}</div></div></div>'


def _modern(item: Item) -> str:
    """Other elements, no class names we know, the same labels."""
    if item.layout not in ("press", "news"):
        return f'<article><div class="c-hero">{_older(item) if item.layout != "stripped" else _stripped(item)}</div></article>'
    rows = "".join(f'<tr><th scope="row">{label}</th><td>{value}</td></tr>' for label, value in _fields(item))
    lead = f'<div class="c-intro">{escape(item.lead)}</div>' if item.lead else ""
    kind = KINDS.get(item.content_type, item.content_type)
    return (
        f'<article><div class="c-hero"><span>{kind}</span><h1 class="c-title">{escape(item.title)}</h1></div>{lead}'
        f'<table class="c-facts">{rows}</table><section class="c-text">{body(item)}</section>{_read_more(item)}</article>'
    )


def message(title: str, text: str, **frame_arguments: int) -> str:
    """A page that says one thing (not found, maintenance)."""
    return frame(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>", edition=frame_arguments.get("edition", 0))
