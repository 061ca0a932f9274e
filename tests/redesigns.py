"""Whole redesigns: the values of a page, printed anew from nothing by somebody who never saw its markup.

`tests/altered.py` rewrites the tree of a page; here only its values are kept (title, kind, lead, labels with their values, paragraphs,
and for a listing its entries) and a page is written around them. Each dimension of `ARTICLE` and `LISTING` holds the ways one part may
be printed; a *design* picks one of each, `{}` being the plain one. Values are right when a reader of the new page would see them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape as e
from typing import Any

from tests.altered import El, read


@dataclass(frozen=True)
class Field:
    label: str
    items: tuple[str, ...]
    """As printed; for a date the only one, as `day` prints it."""
    day: date | None = None
    is_list: bool = False


@dataclass(frozen=True)
class Parts:
    """What stands on an article's page."""

    title: str
    kind: str | None
    lead: str | None
    fields: tuple[Field, ...]
    place_date: tuple[str | None, date] | None
    """An older page's line below the title."""
    body: tuple[str, ...]
    trailers: tuple[str, ...]
    address: str


@dataclass(frozen=True)
class Row:
    """An entry of a listing."""

    title: str
    href: str
    fields: tuple[Field, ...]
    snippet: str | None


def parts_of(html: str, expected: dict[str, Any], path: str) -> Parts:
    """The parts of a page of the sample site."""
    tree = read(html)
    fields: list[Field] = []
    for dl in tree.all("dl"):
        kids = [kid for kid in dl.kids if isinstance(kid, El)]
        for dt, dd in zip(kids[::2], kids[1::2], strict=True):
            fields.append(_field(dt.text(), dd))
    lead, older, kind = tree.first("div", "lead"), tree.first("div", "place-date"), tree.first("p", "kind")
    day = date.fromisoformat(expected["published_on"])
    pane = tree.first("div", "pane-content")
    assert pane is not None
    body, trailers = [], []
    for kid in pane.kids:
        text = kid.text() if isinstance(kid, El) else kid
        (trailers if trailers or text.startswith(("Read more on", "The OSCE bears")) else body).append(text)
    return Parts(
        expected["title"], kind.text() if kind else None, lead.text() if lead else None, tuple(fields),
        (expected["place"], day) if older else None, tuple(body), tuple(trailers), f"https://www.osce.org{path}",
    )  # fmt: skip


def _field(label: str, value: El) -> Field:
    times, links = value.all("time"), value.all("a")
    if times:
        return Field(label.rstrip(": "), (), date.fromisoformat((times[0].attrs["datetime"] or "")[:10]))
    return Field(label.rstrip(": "), tuple(a.text() for a in links) or (value.text(),), None, bool(links))


def rows_of(html: str) -> list[Row]:
    """The entries of a listing page of the sample site."""
    rows = []
    for entry in read(html).all("div", "search-result-news"):
        link, snippet, fields = entry.first("a"), entry.first("div", "search-snippet"), []
        assert link is not None
        for label in entry.all("span", "label"):
            holder = entry.parent_of(label)
            assert holder is not None
            name = label.text().rstrip(": ")
            if name == "Publishing date":
                fields.append(Field(name, (), _day(holder.text().partition(":")[2].strip())))
            else:
                fields.append(Field(name, tuple(a.text() for a in holder.all("a")), None, is_list=True))
        rows.append(Row(link.text(), link.attrs["href"] or "", tuple(fields), snippet.text() if snippet else None))
    return rows


_MONTHS = "January February March April May June July August September October November December".split()


def _day(text: str) -> date:
    day, month, year = text.split()
    return date(int(year), _MONTHS.index(month) + 1, int(day))


# --- days ------------------------------------------------------------------------------------------------------


def _ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


DAYS: dict[str, Callable[[date], str]] = {
    "plain": lambda d: f"{d.day} {d:%B %Y}",
    "american": lambda d: f"{d:%B} {d.day}, {d.year}",
    "abbreviated": lambda d: f"{d.day} {d:%b %Y}",
    "abbreviated_dot": lambda d: f"{d.day} {d:%b}. {d.year}" if d.month != 5 else f"{d.day} May {d.year}",
    "sept": lambda d: f"{d.day} {'Sept' if d.month == 9 else f'{d:%b}'} {d.year}",
    "american_abbreviated": lambda d: f"{d:%b}. {d.day}, {d.year}" if d.month != 5 else f"May {d.day}, {d.year}",
    "iso": lambda d: d.isoformat(),
    "iso_slashes": lambda d: f"{d:%Y/%m/%d}",
    "dotted": lambda d: f"{d:%d.%m.%Y}",
    "dotted_short": lambda d: f"{d.day}.{d.month}.{d.year}",
    "weekday": lambda d: f"{d:%A}, {d.day} {d:%B %Y}",
    "weekday_bare": lambda d: f"{d:%A} {d.day} {d:%B %Y}",
    "weekday_short": lambda d: f"{d:%a}, {d:%d %b %Y}",
    "weekday_american": lambda d: f"{d:%A}, {d:%B} {d.day}, {d.year}",
    "ordinal": lambda d: f"{_ordinal(d.day)} {d:%B %Y}",
    "ordinal_american": lambda d: f"{d:%B} {_ordinal(d.day)}, {d.year}",
    "ordinal_of": lambda d: f"{_ordinal(d.day)} of {d:%B} {d.year}",
    "upper": lambda d: f"{d.day} {d:%B %Y}".upper(),
    "lower": lambda d: f"{d.day} {d:%B %Y}".lower(),
    "comma": lambda d: f"{d.day} {d:%B}, {d.year}",
    "zero": lambda d: f"{d:%d %B %Y}",
    "hour": lambda d: f"{d.day} {d:%B %Y}, 14:30",
    "hour_zone": lambda d: f"{d.day} {d:%B %Y} 14:30 CET",
    "hour_at": lambda d: f"{d:%B} {d.day}, {d.year} at 2:30 pm",
    "hyphens": lambda d: f"{d:%d-%b-%Y}",
    "bar_hour": lambda d: f"{d.day} {d:%B %Y} | 14:30",
    "no_break": lambda d: f"{d.day}\u00a0{d:%B}\u00a0{d.year}",
    "narrow_no_break": lambda d: f"{d.day}\u202f{d:%B}\u202f{d.year}",
    "iso_time": lambda d: f"{d.isoformat()}T14:30:00Z",
    "iso_hour": lambda d: f"{d.isoformat()} 14:30",
}

Stamp = Callable[[date, str], str]
STAMPS: dict[str, Stamp] = {
    "plain": lambda d, text: e(text),
    "time": lambda d, text: f'<time datetime="{d}T12:00:00+01:00">{e(text)}</time>',
    "time_day": lambda d, text: f'<time datetime="{d}">{e(text)}</time>',
    "time_late": lambda d, text: f'<time datetime="{d}T23:30:00+02:00">{e(text)}</time>',
    "time_early": lambda d, text: f'<time datetime="{d}T00:00:00+02:00">{e(text)}</time>',
    "time_relative": lambda d, text: f'<time datetime="{d}T10:00:00Z">3 days ago</time>',
    "time_empty_attribute": lambda d, text: f'<time datetime="">{e(text)}</time>',
    "time_words_in_attribute": lambda d, text: f'<time datetime="{d.day} {d:%B %Y}">{e(text)}</time>',
    "time_nested": lambda d, text: f'<span class="d"><b><time datetime="{d}">{e(text)}</time></b></span>',
    "split_spans": lambda d, text: " ".join(f"<span>{e(word)}</span>" for word in text.split(" ")),
    "with_icon": lambda d, text: f'<svg viewBox="0 0 1 1"><title>Calendar</title><path d="M0 0"/></svg> {e(text)}',
    "with_updated": lambda d, text: f'{e(text)} <span>(updated <time datetime="2026-01-02">2 January 2026</time>)</span>',
    "data": lambda d, text: f'<data value="{d:%Y%m%d}">{e(text)}</data>',
}

# --- values and labels -----------------------------------------------------------------------------------------

Items = Callable[[Sequence[str]], str]


def _a(text: str) -> str:
    return f'<a href="/{text.lower().replace(" ", "-").replace("/", "-")}">{e(text)}</a>'


ITEMS: dict[str, Items] = {
    "plain": lambda items: ", ".join(map(_a, items)),
    "text": lambda items: e(", ".join(items)),
    "pills": lambda items: "".join(f'<span class="pill">{e(one)}</span>' for one in items),
    "spaced_pills": lambda items: "\n ".join(f'<a class="pill" href="/t/{n}">{e(one)}</a>' for n, one in enumerate(items)),
    "lines": lambda items: "<br>".join(map(e, items)),
    "linked_lines": lambda items: "<br/>\n".join(map(_a, items)),
    "list": lambda items: "<ul>" + "".join(f"<li>{_a(one)}</li>" for one in items) + "</ul>",
    "unlinked_list": lambda items: "<ol>" + "".join(f"<li>{e(one)}</li>" for one in items) + "</ol>",
    "nested_divs": lambda items: "".join(f'<div class="field-item"><div>{_a(one)}</div></div>' for one in items),
    "unlinked_divs": lambda items: "".join(f"<div>{e(one)}</div>" for one in items),
    "semicolons": lambda items: e("; ".join(items)),
    "comma_outside": lambda items: " , ".join(f"<span>{_a(one)}</span>" for one in items),
    "dots": lambda items: " · ".join(map(_a, items)),
    "bullets": lambda items: e(" • ".join(items)),
    "comma_in_span": lambda items: '<span class="sep">, </span>'.join(map(_a, items)),
    "paragraphs": lambda items: "".join(f"<p>{e(one)}</p>" for one in items),
}

Printed = list[tuple[str, str]]
"""(label without its colon, value's markup)"""
Fields = Callable[[Printed], str]


def _each(pattern: str, around: str = "%s") -> Fields:
    """Every pair in `pattern`, with L for the label and V for the value."""

    def form(pairs: Printed) -> str:
        return around % "".join(pattern.replace("{L}", e(label)).replace("{V}", value) for label, value in pairs)

    return form


def _two_in_a_row(pairs: Printed) -> str:
    cells = [f"<th>{e(label)}</th><td>{value}</td>" for label, value in pairs]
    return "<table>" + "".join(f"<tr>{''.join(cells[n : n + 2])}</tr>" for n in range(0, len(cells), 2)) + "</table>"


FIELDS: dict[str, Fields] = {
    "plain": _each("<dt>{L}:</dt><dd>{V}</dd>", "<dl>%s</dl>"),
    "dl_in_divs": _each("<div><dt>{L}</dt><dd>{V}</dd></div>", "<dl class='facts'>%s</dl>"),
    "dl_each": _each("<dl><dt>{L}:</dt><dd>{V}</dd></dl>"),
    "table_cells": _each("<tr><td><strong>{L}</strong></td><td>{V}</td></tr>", "<table><tbody>%s</tbody></table>"),
    "table_colon": _each("<tr><td>{L}:</td><td>{V}</td></tr>", "<table>%s</table>"),
    "table_caption": _each(
        "<tr><th scope='row'>{L}</th><td>{V}</td></tr>", "<table><caption>About this text</caption><tbody>%s</tbody></table>"
    ),
    "table_two": _two_in_a_row,
    "list_text": _each("<li>{L}: {V}</li>", "<ul>%s</ul>"),
    "list_spans": _each("<li><span class='K'>{L}</span><span class='V'>{V}</span></li>", "<ul class='META'>%s</ul>"),
    "list_divs": _each("<li><div>{L}</div><div>{V}</div></li>", "<ul>%s</ul>"),
    "list_ordered": _each("<li><em>{L}</em>: {V}</li>", "<ol>%s</ol>"),
    "bold": _each("<p><b>{L}</b> {V}</p>"),
    "bold_colon": _each("<p><b>{L}:</b>{V}</p>"),
    "bold_blank_colon": _each("<p><b>{L} :</b> {V}</p>"),
    "bold_no_break": _each("<p><b>{L}</b>\u00a0{V}</p>"),
    "strong_colon_outside": _each("<div><strong>{L}</strong>: {V}</div>"),
    "italic_lines": _each("<i>{L}:</i> {V}<br>", "<div>%s</div>"),
    "break_lines": _each("{L}: {V}<br>\n", "<p>%s</p>"),
    "break_then_value": _each("<p>{L}:<br>{V}</p>"),
    "spans_colon": _each("<div><span>{L}</span><span>:</span> <span>{V}</span></div>"),
    "spans_after_line": _each("<div>\n  <span>{L}</span>\n  <span>{V}</span>\n</div>\n"),
    "upper_css": _each("<DIV CLASS='FIELD'><DIV CLASS='FIELD-LABEL'>{L}:&nbsp;</DIV><DIV CLASS='FIELD-ITEMS'>{V}</DIV></DIV>"),
    "upper_labels": lambda pairs: FIELDS["table_cells"]([(label.upper(), value) for label, value in pairs]),
    "title_case": lambda pairs: FIELDS["bold"]([(label.title(), value) for label, value in pairs]),
    "entities": lambda pairs: "".join(f"<p>{e(label).replace(' ', '&nbsp;')}&#58; {value}</p>" for label, value in pairs),
    "headings": _each("<h2>{L}</h2><div><div><div>{V}</div></div></div>"),
    "headings_colon": _each("<h4>{L}:</h4>{V}", "<div>%s</div>"),
    "sections": _each("<section><header><h5>{L}</h5></header><div>{V}</div></section>"),
    "details": _each("<p><b>{L}:</b> {V}</p>", "<details open><summary>Details</summary>%s</details>"),
    "font": _each("<font size=2><b>{L}:</b></font> <font size=2>{V}</font><br>", "<center>%s</center>"),
    "role_rows": _each("<div role=row><div role=rowheader>{L}</div><div role=cell>{V}</div></div>", "<div role=table>%s</div>"),
    "output": _each("<label>{L}</label><output>{V}</output>", "<div>%s</div>"),
    "hidden_label": _each("<div><span class='visually-hidden'>{L}:</span> {V}</div>"),
    "icon": _each("<div><img src='/i.png' alt=''> <span>{L}:</span> {V}</div>"),
    "svg": _each("<li><svg viewBox='0 0 1 1'><path d='M0 0'/></svg><span>{L}</span> <span>{V}</span></li>", "<ul>%s</ul>"),
    "deep": _each("<div><div><div><div><span><b>{L}</b></span></div></div></div><div><div><div>{V}</div></div></div></div>"),
    "fullwidth_colon": _each("<p>{L}\uff1a{V}</p>"),
    "nested_list": _each("<li><span>{L}:</span><ul><li>{V}</li></ul></li>", "<ul>%s</ul>"),
    "comments": _each("<p><!-- l --><b><!-- m -->{L}<!-- n -->:</b><!-- o --> {V}<!-- p --></p>"),
    "split_label": lambda pairs: "".join(
        f"<p><b>{' '.join(f'<span>{e(word)}</span>' for word in label.split(' '))}:</b> {value}</p>" for label, value in pairs
    ),
    "grid": _each("<div class='k'>{L}</div><div class='v'>{V}</div>", "<div class='grid'>%s</div>"),
    "grid_spans": _each("<span class='k'>{L}</span> <span class='v'>{V}</span> ", "<div class='grid'>%s</div>"),
    "address": _each("<b>{L}:</b> {V}<br>", "<address>%s</address>"),
    "pre_lines": _each("\n      {L}:\n        {V}\n      <br />"),
}  # fmt: skip

INLINE = {name for name, form in FIELDS.items() if any(tag in form([("Date", "x")]) for tag in ("<p>", "<br", "<label>"))} | {
    "upper_labels", "headings_colon", "grid_spans", "spans_after_line",
}  # fmt: skip
"""Forms that print label and value in one line of text."""

BLOCKS = {"lines", "linked_lines", "list", "unlinked_list", "nested_divs", "unlinked_divs", "paragraphs"}
"""Items that do not stay on that line."""

# --- bodies ----------------------------------------------------------------------------------------------------

Body = Callable[[Sequence[str]], str]


def _drop_cap(paragraphs: Sequence[str]) -> str:
    first = f"<p><span class='cap'>{e(paragraphs[0][:1])}</span>{e(paragraphs[0][1:])}</p>"
    return first + "".join(f"<p>{e(one)}</p>" for one in paragraphs[1:])


def _with_words(form: str) -> Body:
    """The third to fifth words of each paragraph in an inline element."""

    def body(paragraphs: Sequence[str]) -> str:
        parts = []
        for one in paragraphs:
            words = one.split(" ")
            inner = form.replace("{W}", e(" ".join(words[2:5])))
            parts.append(f"<p>{e(' '.join(words[:2]))} {inner} {e(' '.join(words[5:]))}</p>" if len(words) > 6 else f"<p>{e(one)}</p>")
        return "".join(parts)

    return body


def _p(paragraphs: Sequence[str]) -> str:
    return "".join(f"<p>{e(one)}</p>" for one in paragraphs)


BODIES: dict[str, Body] = {
    "plain": _p,
    "breaks": lambda ps: "<div>" + "<br><br>".join(map(e, ps)) + "</div>",
    "breaks_apart": lambda ps: "<p>" + "<br />\n&nbsp;<br />\n".join(map(e, ps)) + "</p>",
    "breaks_three": lambda ps: "<div>" + "<br><br><br>".join(map(e, ps)) + "<br><br></div>",
    "first_p_then_breaks": lambda ps: f"<p>{e(ps[0])}</p>" + "<br><br>".join(map(e, ps[1:])),
    "p_in_p_breaks": lambda ps: f"<p>{e(ps[0])}</p><p>" + "<br><br>".join(map(e, ps[1:])) + "</p>" if ps[1:] else _p(ps),
    "bare_text": lambda ps: e(ps[0]) + "".join(f"<p>{e(one)}</p>" for one in ps[1:]),
    "spacers": lambda ps: "<p>&nbsp;</p>".join(f"<p>{e(one)}</p>" for one in ps) + "<p>&nbsp;</p>",
    "divs": lambda ps: "".join(f"<div>{e(one)}</div>" for one in ps),
    "div_dir": lambda ps: "".join(f'<div dir="auto"><span>{e(one)}</span></div>' for one in ps),
    "sections": lambda ps: "".join(f"<section><p>{e(one)}</p></section>" for one in ps),
    "strong_first": lambda ps: f"<p><strong>{e(ps[0])}</strong></p>" + _p(ps[1:]),
    "intro_apart": lambda ps: f"<div class='intro'><p>{e(ps[0])}</p></div><div class='rest'>{_p(ps[1:])}</div>",
    "drop_cap": _drop_cap,
    "with_links": _with_words("<a href='https://example.org/x'>{W}</a>"),
    "with_emphasis": _with_words("<em><b>{W}</b></em>"),
    "with_spans": _with_words("<span style='x'>{W}</span>"),
    "font": lambda ps: "".join(f"<p align=justify><font face=Arial size=2>{e(one)}</font></p>" for one in ps),
    "cells": lambda ps: "<table>" + "".join(f"<tr><td>{e(one)}</td></tr>" for one in ps) + "</table>",
    "one_cell": lambda ps: f"<table width=600><tr><td>{_p(ps)}</td></tr></table>",
    "quote_last": lambda ps: _p(ps[:-1]) + f"<blockquote><p>{e(ps[-1])}</p></blockquote>",
    "lines_broken": lambda ps: "".join("<p>\n  " + e(one).replace(". ", ".\n  ") + "\n</p>\n" for one in ps),
    "unclosed": lambda ps: "".join(f"<p>{e(one)}\n" for one in ps),
    "no_break_blanks": lambda ps: "".join(f"<p>{e(one).replace(' of ', '&nbsp;of&nbsp;')}</p>" for one in ps),
    "figures_between": lambda ps: (
        f"<p>{e(ps[0])}</p><figure><img src='/i.jpg' alt='People'><figcaption>People at a table. (OSCE/Ann Other)</figcaption></figure>"
        + _p(ps[1:])
    ),
    "caption_first": lambda ps: "<div><img src='/i.jpg'><p>Somebody speaking, Vienna. (OSCE/Ann Other) Photo details</p></div>" + _p(ps),
    "wbr": lambda ps: "".join(f"<p>{e(one).replace('tion ', 'tion<wbr> ')}</p>" for one in ps),
    "soft_hyphens": lambda ps: "".join(f"<p>{e(one).replace('tion', 't&shy;ion')}</p>" for one in ps),
    "article": lambda ps: f"<article><div class='text'>{_p(ps)}</div></article>",
    "custom": lambda ps: "<x-text>" + "".join(f"<x-p><p>{e(one)}</p></x-p>" for one in ps) + "</x-text>",
    "scripts_between": lambda ps: "<script>var a = '<p>no</p>';</script><ins class='ad'></ins>".join(f"<p>{e(one)}</p>" for one in ps),
    "accordion": lambda ps: f"<div class='collapse'><div class='panel'><div>{_p(ps)}</div></div></div>",
}  # fmt: skip

TRAILERS: dict[str, Callable[[Sequence[str]], str]] = {
    "plain": _p,
    "divs": lambda ts: "".join(f"<div>{e(one)}</div>" for one in ts),
    "small": lambda ts: "".join(f"<p><small>{e(one)}</small></p>" for one in ts),
    "aside": lambda ts: "".join(f"<aside><h3>{e(one)}</h3></aside>" for one in ts),
    "topics_listed": lambda ts: _p(ts) + "<h3>Read more on this topic</h3><ul><li><a href='/fom/900100'>Another text</a></li></ul>",
    "disclaimer": lambda ts: "<hr><p><em>The OSCE bears no responsibility for the accuracy, legality or content of the external links "
    "provided.</em></p>",
}  # fmt: skip

# --- heads and frames --------------------------------------------------------------------------------------------

TITLES: dict[str, Callable[[Parts], str]] = {
    "plain": lambda a: f"<h1>{e(a.title)}</h1>",
    "linked": lambda a: f'<h1><a href="{a.address}">{e(a.title)}</a></h1>',
    "h2": lambda a: f"<h2>{e(a.title)}</h2>",
    "h3_bold": lambda a: f"<h3><b>{e(a.title)}</b></h3>",
    "role_heading": lambda a: f"<div role='heading' aria-level='1'>{e(a.title)}</div>",
    "words": lambda a: "<h1>" + " ".join(f"<span>{e(word)}</span>" for word in a.title.split(" ")) + "</h1>",
    "broken": lambda a: "<h1>" + e(a.title).replace(" ", "<br> ", 1) + "</h1>",
    "hgroup": lambda a: f"<hgroup><h1>{e(a.title)}</h1></hgroup>",
    "lines": lambda a: "<h1>\n    " + e(a.title).replace(" ", "\n    ", 3) + "\n</h1>",
    "header": lambda a: f"<header class='page-title'><div><h1><span>{e(a.title)}</span></h1></div></header>",
    "no_break": lambda a: f"<h1>{e(a.title).replace(' ', '&nbsp;', 2)}</h1>",
}

KINDS: dict[str, Callable[[str], str]] = {
    "plain": lambda kind: f"<p class='x'>{e(kind)}</p>",
    "upper": lambda kind: f"<div>{e(kind.upper())}</div>",
    "strong": lambda kind: f"<p><strong>{e(kind)}</strong></p>",
    "heading": lambda kind: f"<h4>{e(kind)}</h4>",
    "span": lambda kind: f"<div><span class='badge'>{e(kind)}</span></div>",
    "linked": lambda kind: f"<div><a href='/news'>{e(kind)}</a></div>",
    "colon": lambda kind: f"<p>{e(kind)}:</p>",
    "list": lambda kind: f"<ul><li>{e(kind)}</li></ul>",
}

LEADS: dict[str, Callable[[str], str]] = {
    "plain": lambda lead: f"<div><p>{e(lead)}</p></div>",
    "strong": lambda lead: f"<p><strong>{e(lead)}</strong></p>",
    "div": lambda lead: f"<div class='teaser'>{e(lead)}</div>",
    "italic": lambda lead: f"<div><p><i>{e(lead)}</i></p></div>",
    "section": lambda lead: f"<section><div><p><span>{e(lead)}</span></p></div></section>",
    "blockquote": lambda lead: f"<blockquote>{e(lead)}</blockquote>",
}

PLACE_DATES: dict[str, Callable[[str, str], str]] = {
    "plain": lambda place, day: f"<div>{place} <span>{day}</span></div>",
    "comma": lambda place, day: f"<p>{place}, {day}</p>",
    "bold": lambda place, day: f"<p><b>{place}</b> {day}</p>",
    "bar": lambda place, day: f"<p>{place} | {day}</p>",
    "dash": lambda place, day: f"<p>{place} – {day}</p>",
    "cells": lambda place, day: f"<table><tr><td>{place}</td><td>{day}</td></tr></table>",
    "spans": lambda place, day: f"<p><span>{place}</span> <span>{day}</span></p>",
    "heading": lambda place, day: f"<h4>{place} {day}</h4>",
    "small": lambda place, day: f"<div><small>{place} {day}</small></div>",
    "no_break": lambda place, day: f"<div>{place}&nbsp;{day}</div>",
    "break": lambda place, day: f"<p>{place}<br>{day}</p>",
    "divs": lambda place, day: f"<div><div>{place}</div><div>{day}</div></div>",
    "list": lambda place, day: f"<ul><li>{place}</li><li>{day}</li></ul>",
}

_MENU = "".join(f"<li><a href='/{n}'>{word}</a></li>" for n, word in enumerate("Home,Who we are,What we do,Where we are,Newsroom,Resources,Contact".split(",")))  # fmt: skip
_FOOTER = "<p>Organization for Security and Co-operation in Europe</p><p>Wallnerstrasse 6, 1010 Vienna, Austria</p>"


def _frame(pattern: str) -> Callable[[str], str]:
    return lambda content: pattern.replace("{C}", content)


FRAMES: dict[str, Callable[[str], str]] = {
    "plain": _frame(f"<body><header><nav><ul>{_MENU}</ul></nav></header><main>{{C}}</main><footer>{_FOOTER}</footer></body>"),
    "divs": _frame(f"<body><div id='top'><ul>{_MENU}</ul></div><div id='content'>{{C}}</div><div id='bottom'>{_FOOTER}</div></body>"),
    "layout_table": _frame(
        f"<body><table width=100%><tr><td colspan=2><ul>{_MENU}</ul></td></tr><tr><td width=150><ul>{_MENU}</ul></td><td>{{C}}</td></tr>"
        f"<tr><td colspan=2><font size=1>{_FOOTER}</font></td></tr></table></body>"
    ),
    "cookies": _frame(
        "<body><div class='cc'><p>We use cookies to make this site better. By going on you agree to that.</p><button>OK</button></div>"
        f"<header><nav><ul>{_MENU}</ul></nav></header><main>{{C}}</main><footer>{_FOOTER}</footer></body>"
    ),
    "skip_and_search": _frame(
        "<body><a href='#main'>Skip to main content</a><form><label>Search</label><input name=q></form>"
        f"<nav><ul>{_MENU}</ul></nav><div role='main' id='main'>{{C}}</div><footer>{_FOOTER}</footer></body>"
    ),
    "sidebar_after": _frame(
        f"<body><nav><ul>{_MENU}</ul></nav><div class='row'><div class='col-8'>{{C}}</div><div class='col-4'><h2>Latest news</h2><ul>"
        "<li><a href='/fom/900001'>First of the other texts</a></li><li><a href='/fom/900002'>Second of the other texts</a></li></ul></div>"
        f"</div><footer>{_FOOTER}</footer></body>"
    ),
    "sidebar_before": _frame(
        "<body><div class='row'><aside><h2>Latest news</h2><ul><li><a href='/fom/900001'>First of the other texts</a></li>"
        f"<li><a href='/fom/900002'>Second of the other texts</a></li></ul></aside><main>{{C}}</main></div><footer>{_FOOTER}</footer></body>"
    ),
    "languages": _frame(
        "<body><ul class='lang'><li><a href='/en'>English</a></li><li><a href='/ru'>Русский</a></li></ul>"
        f"<main>{{C}}</main><footer>{_FOOTER}</footer></body>"
    ),
    "article": _frame(f"<body><nav><ul>{_MENU}</ul></nav><article>{{C}}</article><footer>{_FOOTER}</footer></body>"),
    "bare": _frame("<body>{C}</body>"),
    "logo_h1": _frame(f"<body><div><h1>OSCE</h1><ul>{_MENU}</ul></div><div>{{C}}</div><footer>{_FOOTER}</footer></body>"),
    "deep": _frame(f"<body><div><div><div><div><nav><ul>{_MENU}</ul></nav></div><div><div>{{C}}</div></div></div></div></div></body>"),
    "mega_footer": _frame(
        f"<body><main>{{C}}</main><footer><div><h3>Where we are</h3><ul><li><a href='/albania'>Albania</a></li></ul></div>"
        f"<div><h3>What we do</h3><ul><li><a href='/elections'>Elections</a></li></ul></div>{_FOOTER}</footer></body>"
    ),
    "mega_footer_divs": _frame(
        f"<body><div id='c'>{{C}}</div><div id='f'><div><h3>Where we are</h3><ul><li><a href='/albania'>Albania</a></li></ul></div>"
        f"<div><h3>What we do</h3><ul><li><a href='/elections'>Elections</a></li></ul></div>{_FOOTER}</div></body>"
    ),
}  # fmt: skip

HEADS: dict[str, Callable[[Parts], str]] = {
    "plain": lambda a: f"<title>{e(a.title)} | OSCE</title>",
    "site_first": lambda a: f"<title>OSCE | {e(a.title)}</title>",
    "dash": lambda a: f"<title>{e(a.title)} - OSCE</title><meta property='og:site_name' content='OSCE'>",
    "site_only": lambda a: "<title>OSCE</title>",
    "long_site": lambda a: f"<title>{e(a.title)} :: Organization for Security and Co-operation in Europe</title>",
    "none": lambda a: "",
    "og": lambda a: f"<meta property='og:title' content=\"{e(a.title)}\"><meta property='og:site_name' content='OSCE'>",
    "og_cut": lambda a: f"<title>{e(a.title[:40])}… | OSCE</title><meta property='og:title' content=\"{e(a.title[:40])}…\">",
}

ORDERS: dict[str, tuple[str, ...]] = {
    "plain": ("kind", "title", "lead", "fields", "body"),
    "fields_above_title": ("kind", "fields", "title", "lead", "body"),
    "fields_below_body": ("kind", "title", "lead", "body", "fields"),
    "kind_below_title": ("title", "kind", "lead", "fields", "body"),
    "lead_below_fields": ("kind", "title", "fields", "lead", "body"),
    "split_fields": ("kind", "title", "first_fields", "lead", "body", "last_fields"),
    "date_first": ("first_fields", "kind", "title", "lead", "last_fields", "body"),
}

WRAPS: dict[str, Callable[[str, str], str]] = {
    "plain": lambda name, html: html,
    "divs": lambda name, html: f"<div class='{name}'>{html}</div>",
    "two_divs": lambda name, html: f"<div><div class='{name.upper()}'>{html}</div></div>",
    "sections": lambda name, html: f"<section>{html}</section>",
    "newlines": lambda name, html: f"\n\n   {html}\n\n",
}

ARTICLE: dict[str, dict[str, Any]] = {
    "fields": FIELDS, "items": ITEMS, "day": DAYS, "stamp": STAMPS, "body": BODIES, "trailers": TRAILERS, "title": TITLES, "kind": KINDS,
    "lead": LEADS, "place_date": PLACE_DATES, "frame": FRAMES, "head": HEADS, "order": ORDERS, "wrap": WRAPS,
}  # fmt: skip

Design = dict[str, str]


def _pick(dimensions: dict[str, dict[str, Any]], design: Design) -> dict[str, Any]:
    return {name: ways[design.get(name, "plain")] for name, ways in dimensions.items()}


def printed(fields: Sequence[Field], way: dict[str, Any]) -> Printed:
    """The pairs of label and markup of the value."""
    found = []
    for one in fields:
        if one.day is not None:
            found.append((one.label, way["stamp"](one.day, way["day"](one.day))))
        else:
            found.append((one.label, way["items"](one.items) if one.is_list else e(", ".join(one.items))))
    return found


def article(a: Parts, design: Design) -> str:
    """The article's page in this design."""
    way = _pick(ARTICLE, design)
    pairs = printed(a.fields, way)
    lines = way["fields"](pairs) if pairs else ""
    if a.place_date is not None:
        place, day = a.place_date
        stamp = (STAMPS["plain"] if design.get("stamp") == "with_updated" else way["stamp"])(day, way["day"](day))
        lines = way["place_date"](e(place), stamp) if place else f"<div>{stamp}</div>"
    head, rest = (pairs[:1], pairs[1:]) if a.place_date is None else ([], [])
    blocks = {
        "kind": way["kind"](a.kind) if a.kind else "",
        "title": way["title"](a),
        "lead": way["lead"](a.lead) if a.lead else "",
        "fields": lines,
        "first_fields": way["fields"](head) if head else lines,
        "last_fields": way["fields"](rest) if rest else "",
        "body": way["body"](a.body) + (way["trailers"](a.trailers) if a.trailers or design.get("trailers") == "disclaimer" else ""),
    }
    order = ORDERS["plain"] if a.place_date is not None else way["order"]
    content = "".join(way["wrap"](name, blocks[name]) for name in order if blocks[name])
    return f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">{way["head"](a)}</head>{way["frame"](content)}</html>'


# --- listings ------------------------------------------------------------------------------------------------------

Entry = Callable[[Row, str], str]
"""A row and its labels, printed."""


def _link(row: Row, text: str | None = None) -> str:
    return f'<a href="{row.href}">{e(row.title) if text is None else text}</a>'


def _snippet(row: Row, tag: str = "p") -> str:
    return f"<{tag}>{e(row.snippet)}</{tag}>" if row.snippet else ""


ENTRIES: dict[str, tuple[Entry, str]] = {
    "plain": (lambda r, f: f"<div class='r'><h3>{_link(r)}</h3>{f}{_snippet(r)}</div>", "<div>%s</div>"),
    "list": (lambda r, f: f"<li><h2>{_link(r)}</h2>{f}{_snippet(r)}</li>", "<ul>%s</ul>"),
    "list_no_heading": (lambda r, f: f"<li>{_link(r)}{f}{_snippet(r, 'div')}</li>", "<ol start=1>%s</ol>"),
    "dl": (lambda r, f: f"<dt>{_link(r)}</dt><dd>{f}{_snippet(r)}</dd>", "<dl>%s</dl>"),
    "cards": (
        lambda r, f: f"<div class='col'><div class='card'><div class='card-body'><h5 class='card-title'>{_link(r)}</h5>{f}"
        f"<p class='card-text'>{e(r.snippet or '')}</p></div></div></div>",
        "<div class='row'>%s</div>",
    ),
    "cards_button": (
        lambda r, f: f"<div class='card'><img src='/x.jpg' alt=''><h4>{_link(r)}</h4>{f}{_snippet(r)}<div>{_link(r, 'Read more')}</div></div>",
        "<section>%s</section>",
    ),
    "cards_image_link": (
        lambda r, f: f"<article>{_link(r, '<img src=/x.jpg>')}<div><h4>{_link(r)}</h4>{f}{_snippet(r)}</div></article>", "<main>%s</main>"
    ),
    "rows": (lambda r, f: f"<tr><td>{_link(r)}{f}{_snippet(r, 'div')}</td></tr>", "<table>%s</table>"),
    "rows_two_cells": (lambda r, f: f"<tr><td>{f}</td><td>{_link(r)}{_snippet(r, 'div')}</td></tr>", "<table>%s</table>"),
    "rows_three_cells": (
        lambda r, f: f"<tr><td>{_link(r)}</td><td>{f}</td><td>{e(r.snippet or '')}</td></tr>",
        "<table><thead><tr><th>Title</th><th>Facts</th><th>Summary</th></tr></thead><tbody>%s</tbody></table>",
    ),
    "fields_first": (lambda r, f: f"<article>{f}<h2>{_link(r)}</h2>{_snippet(r)}</article>", "<div>%s</div>"),
    "snippet_first": (lambda r, f: f"<article><h2>{_link(r)}</h2>{_snippet(r)}{f}</article>", "<div>%s</div>"),
    "fields_last_in_footer": (
        lambda r, f: f"<article><header><h2>{_link(r)}</h2></header>{_snippet(r)}<div class='meta'>{f}</div></article>", "<div>%s</div>"
    ),
    "heading_in_link": (lambda r, f: f"<div>{_link(r, f'<h3>{e(r.title)}</h3>')}{f}{_snippet(r)}</div>", "<div>%s</div>"),
    "span_title": (lambda r, f: f"<div><span><b>{_link(r)}</b></span>{f}{_snippet(r, 'span')}</div>", "<div>%s</div>"),
    "no_box": (lambda r, f: f"<h3>{_link(r)}</h3>{f}{_snippet(r)}<hr>", "<div>%s</div>"),
    "no_box_list_title": (lambda r, f: f"<p>{_link(r)}</p>{f}{_snippet(r)}", "<div>%s</div>"),
    "deep": (
        lambda r, f: f"<li><div><div><div><h3><span>{_link(r)}</span></h3></div><div><div>{f}</div></div><div>{_snippet(r)}</div></div></div></li>",
        "<ul>%s</ul>",
    ),
    "absolute": (
        lambda r, f: f"<div><h3><a href='https://www.osce.org{r.href}'>{e(r.title)}</a></h3>{f}{_snippet(r)}</div>", "<div>%s</div>"
    ),
    "tracked": (
        lambda r, f: f"<div><h3><a href='{r.href}?utm_source=list&amp;ref=3#top'>{e(r.title)}</a></h3>{f}{_snippet(r)}</div>", "<div>%s</div>"
    ),
    "aria": (
        lambda r, f: f"<div><h3><a href='{r.href}' aria-label='Read: {e(r.title)}' title='{e(r.title)}'>{e(r.title)}</a></h3>{f}{_snippet(r)}</div>",
        "<div>%s</div>",
    ),
    "share_links": (
        lambda r, f: f"<div><h3>{_link(r)}</h3>{f}{_snippet(r)}<p><a href='https://x.example/s'>Share</a> <a href='mailto:a@b.example'>Mail</a></p></div>",
        "<div>%s</div>",
    ),
    "numbered": (lambda r, f: f"<tr><td>1.</td><td><b>{_link(r)}</b><br>{f}{_snippet(r)}</td></tr>", "<table>%s</table>"),
    "newlines": (lambda r, f: f"\n  <div>\n    <h3>\n      {_link(r)}\n    </h3>\n    {f}\n    {_snippet(r)}\n  </div>\n", "<div>%s</div>"),
}  # fmt: skip

LISTING: dict[str, dict[str, Any]] = {
    "entries": ENTRIES, "fields": FIELDS, "items": ITEMS, "day": DAYS, "stamp": STAMPS, "frame": FRAMES,
    "order": {"plain": False, "reversed": True},
}  # fmt: skip
LISTING["fields"] = {
    name: form for name, form in FIELDS.items() if name not in ("details", "table_caption")
}  # they print words of their own


def listing(rows: Sequence[Row], design: Design) -> str:
    """The listing page in this design."""
    way = _pick(LISTING, design)
    form, around = way["entries"]
    html = ""
    for row in rows:
        fields = row.fields[::-1] if way["order"] else row.fields
        html += form(row, way["fields"](printed(fields, way)))
    pager = "<ul><li><a href='/press-releases?page=1'>2</a></li><li><a href='/press-releases?page=2'>3</a></li></ul>"
    content = f"<h1>News and press releases</h1>{around % html}<div class='pages'>{pager}</div>"
    return f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>News | OSCE</title></head>{way["frame"](content)}</html>'


def single(dimensions: dict[str, dict[str, Any]]) -> list[Design]:
    """Designs that differ from the plain one in one dimension."""
    return [{name: way} for name, ways in dimensions.items() for way in ways if way != "plain"]


def mixed(dimensions: dict[str, dict[str, Any]], rng: random.Random) -> Design:
    """A design at random, but none in which blocks stand in a line of text: there a reader, too, could not say where a value ends."""
    design = {name: rng.choice(sorted(ways)) for name, ways in dimensions.items() if rng.random() < 0.6}
    if design.get("fields") in INLINE and design.get("items") in BLOCKS:
        del design["items"]
    if design.get("head") in ("none", "site_only") and {design.get("title"), design.get("frame")} & {
        "h2",
        "h3_bold",
        "role_heading",
        "logo_h1",
    }:
        del design["head"]  # nothing at all would tell which line is the title
    if design.get("entries") in ("span_title", "list_no_heading", "rows", "rows_three_cells") and design.get("fields") == "pre_lines":
        del design["fields"]  # the first label would stand in the title's own line
    return design
