"""The same page in other markup: what a redesign changes, and what a reader would not notice.

`REWRITINGS` maps a name to a function html -> html. Those of one `FORMS` group exclude each other (they rebuild the
labels or the entries, and need the markup as it was), so they are applied first; any two others can be combined:
`altered(html, names)`. Pages of the OSCE site, of its sample newsrooms and of our recorded pages can be rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from itertools import combinations

from selectolax.lexbor import LexborHTMLParser, LexborNode

_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_RAW = frozenset({"script", "style"})
_BLOCK = frozenset("html head body div p ul ol li dl dt dd table tbody tr td th h1 h2 h3 h4 section main header footer nav article".split())


@dataclass
class El:
    """An element of a small tree that is easy to rebuild."""

    tag: str
    attrs: dict[str, str | None] = field(default_factory=dict)
    kids: list[El | str] = field(default_factory=list)

    def all(self, tag: str | None = None, cls: str | None = None) -> list[El]:
        return [
            el for el in self.walk() if (tag is None or el.tag == tag) and (cls is None or cls in (el.attrs.get("class") or "").split())
        ]

    def first(self, tag: str | None = None, cls: str | None = None) -> El | None:
        return next(iter(self.all(tag, cls)), None)

    def walk(self) -> Iterator[El]:
        yield self
        for kid in list(self.kids):
            if isinstance(kid, El):
                yield from kid.walk()

    def text(self) -> str:
        return "".join(kid if isinstance(kid, str) else kid.text() for kid in self.kids)

    def parent_of(self, child: El) -> El | None:
        return next((el for el in self.walk() if any(kid is child for kid in el.kids)), None)

    def replace(self, child: El, new: Sequence[El | str]) -> None:
        """Put `new` in the place of a descendant."""
        parent = self.parent_of(child)
        if parent is not None:
            at = next(n for n, kid in enumerate(parent.kids) if kid is child)
            parent.kids[at : at + 1] = new


def el(tag: str, *kids: El | str, **attrs: str) -> El:
    return El(tag, {name.rstrip("_"): value for name, value in attrs.items()}, list(kids))


def read(html: str) -> El:
    root = LexborHTMLParser(html).root
    assert root is not None
    return _read(root)


def _read(node: LexborNode) -> El:
    found = El(node.tag or "", dict(node.attributes))
    child = node.first_child
    while child is not None:
        if child.is_text_node:
            found.kids.append(child.text_content or "")
        elif child.is_element_node:
            found.kids.append(_read(child))
        child = child.next
    return found


def write(tree: El) -> str:
    return "<!DOCTYPE html>\n" + "".join(_write(tree))


def _write(one: El) -> Iterator[str]:
    attrs = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in one.attrs.items())
    yield f"<{one.tag}{attrs}>"
    if one.tag in _VOID:
        return
    for kid in one.kids:
        if isinstance(kid, El):
            yield from _write(kid)
        else:
            yield kid if one.tag in _RAW else escape(kid, quote=False)
    yield f"</{one.tag}>"


Rewriting = Callable[[str], str]


def on_tree(change: Callable[[El], None]) -> Rewriting:
    def rewrite(html: str) -> str:
        tree = read(html)
        change(tree)
        return write(tree)

    rewrite.__name__ = change.__name__
    return rewrite


# --- labels and values -------------------------------------------------------------------------------------------

Field = tuple[str, list[El | str]]
"""Label with its colon, and the nodes of its value."""


def fields_of_dl(dl: El) -> list[Field]:
    parts = [kid for kid in dl.kids if isinstance(kid, El)]
    return [(one.text(), other.kids) for one, other in zip(parts[::2], parts[1::2], strict=True)]


def fields_of_entry(entry: El) -> list[Field]:
    """The labels of a listing entry: `<div><span class="label">…</span> value</div>`."""
    found: list[Field] = []
    for label in entry.all("span", "label"):
        parent = entry.parent_of(label)
        assert parent is not None
        value = [kid for kid in parent.kids if kid is not label]
        if value and isinstance(value[0], str):
            value[0] = value[0].lstrip()
        found.append((label.text(), [kid for kid in value if kid != ""]))
    return found


def table(fields: list[Field]) -> list[El | str]:
    return [el("table", *(el("tr", el("th", label), el("td", *value)) for label, value in fields))]


def bullet_list(fields: list[Field]) -> list[El | str]:
    return [el("ul", *(el("li", el("b", label), " ", *value) for label, value in fields))]


def div_pairs(fields: list[Field]) -> list[El | str]:
    return [el("div", *(el("div", el("div", label), el("div", *value)) for label, value in fields))]


def flat_divs(fields: list[Field]) -> list[El | str]:
    return [part for label, value in fields for part in (el("div", label), el("div", *value))]


def span_pairs(fields: list[Field]) -> list[El | str]:
    return [el("div", el("span", label), " ", el("span", *value)) for label, value in fields]


def one_line(fields: list[Field]) -> list[El | str]:
    return [el("p", *(part for label, value in fields for part in (el("span", label), " ", el("span", *value), " ")))]


def strong_paragraphs(fields: list[Field]) -> list[El | str]:
    return [el("p", el("strong", label), " ", *value) for label, value in fields]


def plain_lines(fields: list[Field]) -> list[El | str]:
    return [el("div", f"{label} ", *value) for label, value in fields]


def headings(fields: list[Field]) -> list[El | str]:
    return [part for label, value in fields for part in (el("h3", label), el("p", *value))]


def sections(fields: list[Field]) -> list[El | str]:
    return [el("section", el("h4", label), el("div", *value)) for label, value in fields]


def breaks(fields: list[Field]) -> list[El | str]:
    return [el("p", *(part for label, value in fields for part in (el("b", label), " ", *value, el("br"))))]


def breaks_after_label(fields: list[Field]) -> list[El | str]:
    return [el("p", *(part for label, value in fields for part in (el("b", label), el("br"), *value, el("br"))))]


def tight_spans(fields: list[Field]) -> list[El | str]:
    """No blank between label and value: the style sheet has the distance."""
    return [el("div", el("span", label), el("span", *value)) for label, value in fields]


def tight_line(fields: list[Field]) -> list[El | str]:
    return [el("div", *(el("span", el("span", label), el("span", *value)) for label, value in fields))]


def dashes(fields: list[Field]) -> list[El | str]:
    return [el("ul", *(el("li", el("b", label.rstrip(":")), " – ", *value) for label, value in fields))]


def cards_aside(fields: list[Field]) -> list[El | str]:
    return [el("aside", *(el("div", el("div", label), el("div", *value)) for label, value in fields))]


def columns(fields: list[Field]) -> list[El | str]:
    return [el("table", el("tr", *(el("th", label) for label, _ in fields)), el("tr", *(el("td", *value) for _, value in fields)))]


def listed_values(fields: list[Field]) -> list[El | str]:
    """Every value in a list of its own, without commas."""
    return [el("dl", *(part for label, value in fields for part in (el("dt", label), el("dd", _listed(value)))))]


def one_dd_each(fields: list[Field]) -> list[El | str]:
    parts: list[El | str] = []
    for label, value in fields:
        parts += [el("dt", label), *(el("dd", item) for item in _items(value))]
    return [el("dl", *parts)]


def _items(value: list[El | str]) -> list[El | str]:
    return [kid for kid in value if isinstance(kid, El)] or value


def _listed(value: list[El | str]) -> El:
    return el("ul", *(el("li", item) for item in _items(value)))


def custom_elements(fields: list[Field]) -> list[El | str]:
    return [el("x-field", el("x-label", label), el("x-value", *value)) for label, value in fields]


FIELD_FORMS: dict[str, Callable[[list[Field]], list[El | str]]] = {
    form.__name__: form
    for form in (
        table, bullet_list, div_pairs, flat_divs, span_pairs, one_line, strong_paragraphs, plain_lines, headings, sections, breaks,
        breaks_after_label, tight_spans, tight_line, dashes, cards_aside, columns, listed_values, one_dd_each, custom_elements,
    )
}  # fmt: skip


def rebuild_fields(form: Callable[[list[Field]], list[El | str]]) -> Rewriting:
    def change(tree: El) -> None:
        for dl in tree.all("dl"):
            tree.replace(dl, form(fields_of_dl(dl)))
        for entry in tree.all("div", "search-result-news"):
            block, date_line = entry.first("div", "search-fields"), entry.first("div", "publishing-date")
            fields = fields_of_entry(entry)
            if block is not None and date_line is not None:
                entry.replace(block, form(fields))
                entry.replace(date_line, [])

    return on_tree(change)


# --- whole entries of a listing --------------------------------------------------------------------------------


@dataclass
class EntryParts:
    link: El
    fields: list[Field]
    snippet: list[El | str]


def _parts(entry: El) -> EntryParts:
    link, snippet = entry.first("a"), entry.first("div", "search-snippet")
    assert link is not None
    return EntryParts(link, fields_of_entry(entry), snippet.kids if snippet else [])


def as_articles(entry: EntryParts) -> list[El | str]:
    return [el("article", el("h2", entry.link), *span_pairs(entry.fields), el("p", *entry.snippet))]


def as_list_items(entry: EntryParts) -> list[El | str]:
    return [el("li", el("div", entry.link), *strong_paragraphs(entry.fields), el("div", *entry.snippet))]


def as_rows(entry: EntryParts) -> list[El | str]:
    return [el("table", el("tr", el("td", entry.link)), *(el("tr", el("td", label), el("td", *v)) for label, v in entry.fields),
               el("tr", el("td", *entry.snippet)))]  # fmt: skip


def without_containers(entry: EntryParts) -> list[El | str]:
    return [el("h3", entry.link), *plain_lines(entry.fields), el("p", *entry.snippet)]


def date_above_title(entry: EntryParts) -> list[El | str]:
    return [el("article", *span_pairs(entry.fields[:1]), el("h3", entry.link), *span_pairs(entry.fields[1:]), el("p", *entry.snippet))]


def snippet_above_labels(entry: EntryParts) -> list[El | str]:
    return [el("article", el("h3", entry.link), el("p", *entry.snippet), *span_pairs(entry.fields))]


def with_read_more(entry: EntryParts) -> list[El | str]:
    more = El("a", dict(entry.link.attrs), ["Read more"])
    image = El("a", dict(entry.link.attrs), [el("img", src="/thumb.jpg", alt="")])
    return [el("div", image, el("h3", entry.link), *div_pairs(entry.fields), el("p", *entry.snippet), el("p", more))]


def flat_with_read_more(entry: EntryParts) -> list[El | str]:
    more = El("a", dict(entry.link.attrs), ["Read more"])
    return [el("dt", entry.link), el("dd", *plain_lines(entry.fields), el("p", *entry.snippet), el("p", more))]


def wrapped_in_link(entry: EntryParts) -> list[El | str]:
    """The whole card is the link; so its values are none."""
    fields = [(label, [kid.text() if isinstance(kid, El) and kid.tag == "a" else kid for kid in value]) for label, value in entry.fields]
    return [El("a", dict(entry.link.attrs), [el("h3", *entry.link.kids), *span_pairs(fields), el("p", *entry.snippet)])]


def title_not_linked(entry: EntryParts) -> list[El | str]:
    more = El("a", dict(entry.link.attrs), ["Read more"])
    return [el("div", el("h3", *entry.link.kids), *div_pairs(entry.fields), el("p", *entry.snippet), el("p", more))]


def snippet_with_read_more(entry: EntryParts) -> list[El | str]:
    more = El("a", dict(entry.link.attrs), ["Read more"])
    return [el("article", el("h3", entry.link), *span_pairs(entry.fields), el("p", *entry.snippet, " ", more))]


def snippet_linked(entry: EntryParts) -> list[El | str]:
    return [el("div", el("h3", entry.link), *span_pairs(entry.fields), el("p", El("a", dict(entry.link.attrs), entry.snippet)))]


def rows_labels_first(entry: EntryParts) -> list[El | str]:
    return [el("tr", el("td", *div_pairs(entry.fields))), el("tr", el("td", entry.link)), el("tr", el("td", *entry.snippet))]


ENTRY_FORMS: dict[str, Callable[[EntryParts], list[El | str]]] = {
    form.__name__: form
    for form in (
        as_articles, as_list_items, as_rows, without_containers, date_above_title, snippet_above_labels, with_read_more,
        flat_with_read_more, wrapped_in_link, title_not_linked, snippet_with_read_more, snippet_linked, rows_labels_first,
    )
}  # fmt: skip


def rebuild_entries(form: Callable[[EntryParts], list[El | str]]) -> Rewriting:
    def change(tree: El) -> None:
        for entry in tree.all("div", "search-result-news"):
            tree.replace(entry, form(_parts(entry)))
        for pane in tree.all("div", "pane-content"):
            if form is rows_labels_first and pane.all("tr"):
                pane.kids = [el("table", *pane.kids)]

    return on_tree(change)


# --- names, wrappers, frame ------------------------------------------------------------------------------------


@on_tree
def other_classes(tree: El) -> None:
    for one in tree.walk():
        if one.attrs.get("class"):
            one.attrs["class"] = " ".join(f"c-{sum(map(ord, name)) % 97}" for name in (one.attrs["class"] or "").split())


@on_tree
def no_classes(tree: El) -> None:
    for one in tree.walk():
        one.attrs.pop("class", None)
        one.attrs.pop("id", None)


@on_tree
def more_wrappers(tree: El) -> None:
    for one in tree.all():
        if one.tag in ("dl", "h1", "p", "main", "table", "h3"):
            tree.replace(one, [el("div", el("div", one, class_="inner"), class_="outer")])


@on_tree
def fewer_wrappers(tree: El) -> None:
    """No <div> around anything but the frame and the entries of a listing."""
    main = tree.first("main") or tree.first("body")
    assert main is not None
    while wrapper := next((one for one in main.all("div") if one is not main and _only_blocks(one)), None):
        main.replace(wrapper, wrapper.kids)


def _only_blocks(one: El) -> bool:
    blocks = all((isinstance(kid, El) and kid.tag in _BLOCK) or (isinstance(kid, str) and not kid.strip()) for kid in one.kids)
    return blocks and "search-result-news" not in (one.attrs.get("class") or "")


@on_tree
def main_gone(tree: El) -> None:
    for main in tree.all("main"):
        tree.replace(main, main.kids)


@on_tree
def frame_as_divs(tree: El) -> None:
    for one in tree.all():
        if one.tag in ("header", "footer", "nav", "main"):
            one.tag = "div"


@on_tree
def article_with_header(tree: El) -> None:
    """Title, kind and labels in the <header> of an <article>."""
    main = tree.first("main")
    content = tree.first("div", "content--content")
    if main is None or content is None or tree.first("div", "content--header") is None:
        return
    above = [kid for kid in main.kids if kid is not content]
    main.kids = [el("article", el("header", *above), content)]


@on_tree
def metadata_as_aside(tree: El) -> None:
    for dl in tree.all("dl"):
        tree.replace(dl, [el("aside", dl)])


def renamed(old: str, new: str) -> Rewriting:
    def change(tree: El) -> None:
        for one in tree.all(old):
            one.tag = new

    return on_tree(change)


@on_tree
def bare_head(tree: El) -> None:
    """Neither <title> nor meta: only the page itself says what its title is."""
    head = tree.first("head")
    if head is not None:
        head.kids = []


@on_tree
def title_in_spans(tree: El) -> None:
    for h1 in tree.all("h1"):
        h1.kids = [el("span", *h1.kids)]


# --- labels' spelling ------------------------------------------------------------------------------------------


def _labels(tree: El) -> list[El]:
    marked = [one for one in tree.walk() if one.tag in ("dt", "th") or (one.tag == "span" and "label" in (one.attrs.get("class") or ""))]
    return [one for one in marked if all(isinstance(kid, str) for kid in one.kids) and one.text().rstrip().endswith(":")]


@on_tree
def no_colon(tree: El) -> None:
    for label in _labels(tree):
        label.kids = [label.text().rstrip().removesuffix(":")]


@on_tree
def colon_outside(tree: El) -> None:
    for label in _labels(tree):
        text = label.text().rstrip().removesuffix(":")
        if label.tag == "span":
            label.kids = [text]
            tree.replace(label, [label, ":"])
        else:
            label.kids = [el("b", text), ":"]


@on_tree
def no_break_spaces(tree: El) -> None:
    for label in _labels(tree):
        label.kids = [label.text().rstrip().removesuffix(":").replace(" ", "\u00a0") + "\u00a0:\u00a0"]


@on_tree
def upper_case_labels(tree: El) -> None:
    for label in _labels(tree):
        label.kids = [label.text().upper()]


@on_tree
def labels_reversed(tree: El) -> None:
    for dl in tree.all("dl"):
        parts = [kid for kid in dl.kids if isinstance(kid, El)]
        if all(one.tag == tag for one, tag in zip(parts, ["dt", "dd"] * len(parts), strict=False)):
            dl.kids = [part for n in range(len(parts) - 2, -1, -2) for part in (parts[n], parts[n + 1])]
    for block in tree.all("div", "search-fields"):
        block.kids.reverse()


@on_tree
def values_unlinked(tree: El) -> None:
    for holder in [*tree.all("dd"), *tree.all("div", "search-field")]:
        for link in holder.all("a"):
            if not (link.attrs.get("href") or "").rstrip("/")[-1:].isdigit():
                holder.replace(link, link.kids)


# --- dates, body -----------------------------------------------------------------------------------------------


@on_tree
def time_without_datetime(tree: El) -> None:
    for one in tree.all("time"):
        one.attrs.pop("datetime", None)


@on_tree
def time_without_text(tree: El) -> None:
    for one in tree.all("time"):
        one.kids = []


@on_tree
def time_as_span(tree: El) -> None:
    for one in tree.all("time"):
        one.tag, one.attrs = "span", {}


@on_tree
def time_with_hour(tree: El) -> None:
    """`Friday, 12 September 2025 - 14:30`, as Drupal prints it."""
    for time in tree.all("time"):
        tree.replace(time, [f"{date.fromisoformat((time.attrs['datetime'] or '')[:10]):%A}, {time.text()} - 14:30"])


@on_tree
def items_by_bars(tree: El) -> None:
    for value in [*tree.all("dd"), *tree.all("div", "search-field")]:
        if value.all("a"):
            value.kids = [" | " if kid == ", " else kid for kid in value.kids]


@on_tree
def place_below_date(tree: El) -> None:
    """An older page's `TIRANA 14 October 2003`, the other way round."""
    for line in tree.all("div", "place-date"):
        line.kids = [kid for day in line.all("span") for kid in (day, " ")] + [kid for kid in line.kids if isinstance(kid, str)]


@on_tree
def lead_as_heading(tree: El) -> None:
    for lead in tree.all("div", "lead"):
        tree.replace(lead, [el("h2", *(kid for p in lead.all("p") for kid in p.kids))])


def _is_listing(tree: El) -> bool:
    return tree.first("div", "panel-pane") is not None


def _labels_of_article(tree: El) -> list[El]:
    return [] if _is_listing(tree) else tree.all("dl")


@on_tree
def labels_last(tree: El) -> None:
    """Below the body; then nothing stands between a lead and its text."""
    for dl in _labels_of_article(tree):
        tree.replace(dl, [])
        _column(tree).kids.append(dl)


@on_tree
def labels_first(tree: El) -> None:
    for dl in _labels_of_article(tree):
        tree.replace(dl, [])
        _column(tree).kids.insert(0, dl)


@on_tree
def kind_in_title(tree: El) -> None:
    if kind := _take_kind(tree):
        for h1 in tree.all("h1"):
            h1.kids = [el("small", *kind.kids), " ", *h1.kids]


@on_tree
def kind_in_trail(tree: El) -> None:
    for kind in tree.all("p", "kind"):
        kind.kids = ["Newsroom / ", *kind.kids]


@on_tree
def share_line(tree: El) -> None:
    for dl in tree.all("dl"):
        tree.replace(dl, [dl, el("div", "Share this page: ", *_share().kids), el("p", el("a", "Print this page", href="#"))])


@on_tree
def teasers_below(tree: El) -> None:
    """Cards of other articles, with their labels, dates and a sentence each; in a listing they would be entries."""
    if _is_listing(tree):
        return
    days = ("3 March 1999", "11 April 1998")
    cards = (
        el("div", el("h3", el("a", f"Another release, of {day}", href="/secretariat/900001")), el("p", f"Publishing date: {day}"),
           el("p", "Content type: News"), el("p", "It was a long day for everybody who took part in it, and for those who did not."))
        for day in days
    )  # fmt: skip
    _column(tree).kids.append(el("div", el("h2", "Related"), *cards))


@on_tree
def newsletter_below(tree: El) -> None:
    words = (el("h2", "Stay informed"), el("p", "Subscribe to our newsletter and receive the latest news in your inbox."))
    _column(tree).kids.append(el("div", *words, el("input", type_="email")))


@on_tree
def menu_of_labels(tree: El) -> None:
    """A menu, in no <nav>, under headings that are labels elsewhere."""
    body = tree.first("body")
    assert body is not None
    parts = {"What we do": ("Fields of work", "Elections"), "Where we are": ("Albania",)}
    items = (
        el("li", el("span", head), el("ul", *(el("li", el("a", one, href=f"/{one}")) for one in below))) for head, below in parts.items()
    )
    body.kids.insert(0, el("ul", *items))


@on_tree
def site_name_longer(tree: El) -> None:
    """The site's name in the tab is longer than the title, and stands in the footer too."""
    for title in tree.all("title"):
        title.kids = [title.text().removesuffix(" | OSCE") + " - Organization for Security and Co-operation in Europe"]
    for meta in tree.all("meta"):
        if meta.attrs.get("property") == "og:title":
            tree.replace(meta, [])


@on_tree
def filters_above(tree: El) -> None:
    """A listing's form to filter and sort by the same labels."""
    for pane in tree.all("div", "panel-pane"):
        facets = (el("fieldset", el("legend", label), el("label", "From")) for label in ("Content type", "Publishing date", "Where we are"))
        tree.replace(pane, [el("div", *facets), el("div", el("b", "Publishing date"), " ", el("a", "Title", href="?sort=title")), pane])


def _bodies(tree: El) -> list[El]:
    return tree.all("div", "pane-content") if tree.first("div", "content--content") else []


@on_tree
def body_divs(tree: El) -> None:
    for body in _bodies(tree):
        for one in body.all("p"):
            one.tag = "div"


@on_tree
def body_breaks(tree: El) -> None:
    for body in _bodies(tree):
        paragraphs = [kid for kid in body.kids if isinstance(kid, El) and kid.tag == "p"]
        body.kids = [part for one in paragraphs for part in (*one.kids, el("br"), el("br"))][:-2]


@on_tree
def body_nested(tree: El) -> None:
    for body in _bodies(tree):
        body.kids = [
            el("div", el("div", el("p", el("span", *kid.kids)))) if isinstance(kid, El) and kid.tag == "p" else kid for kid in body.kids
        ]


@on_tree
def body_in_table(tree: El) -> None:
    for body in _bodies(tree):
        body.kids = [el("table", *(el("tr", el("td", *one.kids)) for one in body.kids if isinstance(one, El)))]


@on_tree
def body_quoted(tree: El) -> None:
    for body in _bodies(tree):
        body.kids = [el("blockquote", *body.kids)]


@on_tree
def body_list(tree: El) -> None:
    for body in _bodies(tree):
        paragraphs = [kid for kid in body.kids if isinstance(kid, El) and kid.tag == "p"]
        if len(paragraphs) > 2:
            body.kids = [*paragraphs[:1], el("ul", *(el("li", *one.kids) for one in paragraphs[1:]))]


@on_tree
def body_with_links(tree: El) -> None:
    for body in _bodies(tree):
        for one in body.all("p"):
            words = one.text().split(" ")
            if len(words) > 8:
                one.kids = [
                    " ".join(words[:3]) + " ",
                    el("a", " ".join(words[3:6]), href="https://example.org/a"),
                    " " + " ".join(words[6:]),
                ]


# --- the kind of text, and what does not belong ------------------------------------------------------------------


def _take_kind(tree: El) -> El | None:
    kind = tree.first("p", "kind")
    if kind is not None:
        tree.replace(kind, [])
    return kind


@on_tree
def kind_below_title(tree: El) -> None:
    if kind := _take_kind(tree):
        h1 = tree.first("h1")
        assert h1 is not None
        tree.replace(h1, [h1, kind])


@on_tree
def kind_below_labels(tree: El) -> None:
    if (dl := tree.first("dl")) and (kind := _take_kind(tree)):
        tree.replace(dl, [dl, kind])


@on_tree
def kind_as_link(tree: El) -> None:
    for kind in tree.all("p", "kind"):
        kind.kids = [el("a", *kind.kids, href="/press-releases")]


def _column(tree: El) -> El:
    column = tree.first("main") or tree.first("body")
    assert column is not None
    return column


@on_tree
def breadcrumbs(tree: El) -> None:
    column = _column(tree)
    title = tree.first("h1")
    crumbs = [el("li", el("a", "Home", href="/")), el("li", el("a", "Newsroom", href="/newsroom"))]
    column.kids.insert(0, el("ul", *crumbs, el("li", title.text() if title else "News and press releases")))


def _share() -> El:
    links = (el("a", name, href=f"https://{name.lower()}.example/share") for name in ("Facebook", "Twitter", "LinkedIn"))
    return el("div", *(part for link in links for part in (link, " ")))


@on_tree
def share_below_title(tree: El) -> None:
    h1 = tree.first("h1")
    if h1 is not None:
        tree.replace(h1, [h1, _share()])


@on_tree
def share_below_labels(tree: El) -> None:
    for dl in tree.all("dl"):
        tree.replace(dl, [dl, el("div", "Share:"), _share()])


@on_tree
def related_below(tree: El) -> None:
    items = (el("li", el("a", f"Another release of the same week, number {n}", href=f"/secretariat/90000{n}")) for n in range(3))
    _column(tree).kids.append(el("div", el("h3", "Related"), el("ul", *items)))


@on_tree
def related_aside(tree: El) -> None:
    box = el(
        "aside",
        el("h2", "You may also like"),
        el("p", el("a", "Some other story of ours", href="/node/900001")),
        el("p", "It was a long day."),
    )
    _column(tree).kids.append(box)


@on_tree
def links_in_header(tree: El) -> None:
    """A menu that uses the labels' words."""
    body = tree.first("body")
    assert body is not None
    words = ("Date", "Source", "Fields of work", "Place", "News", "Press release")
    body.kids.insert(0, el("div", el("ul", *(el("li", el("a", word, href=f"/{n}")) for n, word in enumerate(words)))))


# --- the same tree, written otherwise ----------------------------------------------------------------------------


def noise(html: str) -> str:
    """Comments, scripts and styles everywhere between blocks."""
    junk = '<!-- Date: 1 January 1970 --><script>var t = "<p>Place: NOWHERE</p>";</script><style>p::before { content: "Source:" }</style>'
    return re.sub(r"(</(?:p|dt|dd|h1|h2|h3|div|li|tr)>)", lambda found: found.group() + junk, html)


def comments_inside(html: str) -> str:
    return re.sub(r"(<(?:p|dd|h1|td|span)(?: [^<>]*)?>)", r"\1<!-- x -->", html)


def upper_case_tags(html: str) -> str:
    return re.sub(r"<(/?)([a-z][a-z0-9-]*)", lambda found: f"<{found.group(1)}{found.group(2).upper()}", html)


def unclosed(html: str) -> str:
    return re.sub(r"</(?:p|li|dt|dd|tr|td|th)>(?=\s*<(?:p|li|dt|dd|tr|td|th)[ >])", "", html)


def minified(html: str) -> str:
    html = re.sub(r">\s+<(?=/?(?:p|div|dl|dt|dd|ul|li|h\d|table|tr|t[dh]|main|section|article|body|head|header|footer|nav)\b)", "><", html)
    return re.sub(r'="([A-Za-z0-9_-]+)"', r"=\1", html)


def pretty(html: str) -> str:
    blocks = "p|div|dl|dt|dd|ul|li|h1|h2|h3|table|tr|td|th|main|section|article|header|footer|nav"
    html = re.sub(rf"(<(?:{blocks})(?: [^<>]*)?>)", r"\n    \1\n        ", html)
    return re.sub(rf"(</(?:{blocks})>)", r"\n    \1\n", html)


def wrapped_lines(html: str) -> str:
    """Text broken at column 60 or so, as editors of the nineties did."""
    return re.sub(r">([^<>]{60,})<", lambda found: ">" + re.sub(r"(.{40,60}?) ", "\\1\n   ", found.group(1)) + "<", html)


FORMS: dict[str, Rewriting] = {f"fields_as_{name}": rebuild_fields(form) for name, form in FIELD_FORMS.items()}
FORMS |= {f"entries_{name}": rebuild_entries(form) for name, form in ENTRY_FORMS.items()}

# In the order of application: what needs the page's own class names first, what only rewrites characters last.
_EARLY = (
    no_colon, colon_outside, no_break_spaces, upper_case_labels, labels_reversed, values_unlinked, time_without_datetime,
    time_without_text, time_as_span, body_divs, body_breaks, body_nested, body_in_table, body_quoted, body_list, body_with_links,
    kind_below_title, kind_below_labels, kind_as_link, breadcrumbs, share_below_title, share_below_labels, related_below, related_aside,
    links_in_header, article_with_header, metadata_as_aside, time_with_hour, items_by_bars, place_below_date, lead_as_heading,
    kind_in_title, kind_in_trail, share_line, labels_last, labels_first, teasers_below, newsletter_below, menu_of_labels,
    site_name_longer, filters_above,
)  # fmt: skip
_LATE = {
    "h1_to_h2": renamed("h1", "h2"), "h1_to_div": renamed("h1", "div"), "title_in_spans": title_in_spans, "bare_head": bare_head,
    "more_wrappers": more_wrappers, "fewer_wrappers": fewer_wrappers, "frame_as_divs": frame_as_divs, "main_gone": main_gone,
    "other_classes": other_classes, "no_classes": no_classes, "noise": noise, "comments_inside": comments_inside,
    "pretty": pretty, "minified": minified, "wrapped_lines": wrapped_lines, "upper_case_tags": upper_case_tags, "unclosed": unclosed,
}  # fmt: skip

_BY_NAME: dict[str, Rewriting] = {getattr(one, "__name__", ""): one for one in _EARLY}
_SPELLING = ("no_colon", "colon_outside", "no_break_spaces", "upper_case_labels")  # before a form takes the labels apart
STYLES: dict[str, Rewriting] = _BY_NAME | _LATE
REWRITINGS: dict[str, Rewriting] = {**{name: STYLES[name] for name in _SPELLING}, **FORMS, **STYLES}

_EXCLUDE = (
    {"no_colon", "colon_outside", "no_break_spaces"},
    {"body_divs", "body_breaks", "body_nested", "body_in_table", "body_list", "body_with_links"},
    {"time_without_datetime", "time_without_text"},
    {"time_without_text", "time_as_span"},
    {"time_with_hour", "time_without_text"},
    {"time_with_hour", "time_without_datetime"},
    {"time_with_hour", "time_as_span"},
    {"items_by_bars", "values_unlinked"},
    {"items_by_bars", "labels_reversed"},
    {"kind_below_title", "kind_below_labels", "kind_in_title"},
    {"kind_in_title", "title_in_spans"},
    {"kind_in_title", "bare_head"},
    {"kind_in_title", "h1_to_div"},
    {"labels_first", "menu_of_labels"},  # where one ends and the other begins is nowhere to be seen
    {"teasers_below", "fewer_wrappers"},  # the cards' boxes are all that tells them from the text
    {"entries_title_not_linked", "fewer_wrappers"},
    {"labels_last", "labels_first"},
    {"labels_last", "share_line"},
    {"labels_last", "kind_below_labels"},
    {"labels_first", "kind_below_labels"},
    {"h1_to_h2", "h1_to_div"},
    {"minified", "pretty"},
)


def can_combine(one: str, other: str) -> bool:
    """Two rewritings that do not undo each other, or need the same markup as it was."""
    if one in FORMS and other in FORMS:
        return False
    return not any({one, other} <= group for group in _EXCLUDE)


def pairs() -> list[tuple[str, str]]:
    return [(one, other) for one, other in combinations(REWRITINGS, 2) if can_combine(one, other)]


def altered(html: str, names: Iterable[str]) -> str:
    """The page with these rewritings, in an order in which they work."""
    wanted = set(names)
    for name, rewrite in REWRITINGS.items():
        if name in wanted:
            html = rewrite(html)
    return html
