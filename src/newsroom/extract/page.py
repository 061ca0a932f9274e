"""A page as its reader sees it: lines of text in document order.

`<dl>`, `<table>`, `<div>` or `<span>`: a redesign changes those, but not what stands above what. So the tree is walked
once into `Line`s; each remembers where it broke (paragraph), its heading level, its links, its `<time>` stamps, and
the block element it stands in, so that "the element next to this one" can still be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsroom.errors import Rejected
from newsroom.extract import bombs
from newsroom.extract.text import decode, run_of_text, squeeze, without

_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form"
    " frameset h1 h2 h3 h4 h5 h6 header hgroup html legend li main menu nav ol p pre search section summary"
    " table tbody td tfoot th thead tr ul".split()
)
_UNSEEN = frozenset(
    "script style noscript template svg math iframe object embed audio video canvas select textarea button input head title"
    " -comment -doctype".split()
)
_BREAKS = frozenset({"br", "hr"})
_CELLS = frozenset({"td", "th", "dd"})
_MAX_DEPTH = 250  # deeper elements are counted to their ancestor at this depth: keeps every climb short
_MAX_NODES = 400_000
_MAX_LINES = 50_000


@dataclass(slots=True)
class Run:
    """Text of one node: `group` numbers the inline element it stands in (0: none), `link` the `<a>`."""

    text: str
    group: int = 0
    link: int = 0
    href: str | None = None
    stamp: str | None = None
    """`datetime` of the `<time>` it stands in."""


class Line:
    """A line between two breaks: `text` is clean, `runs` are its parts."""

    __slots__ = ("element", "heading", "linked", "paragraph", "runs", "tag", "text")

    def __init__(self, text: str, runs: list[Run], tag: str, heading: int, element: int, paragraph: int) -> None:
        self.text = text
        self.runs = runs
        self.tag = tag
        self.heading = heading
        """1-6 within `<h1>`-`<h6>`, else 0."""
        self.element = element
        self.paragraph = paragraph
        """Lines of one paragraph follow a single `<br>`."""
        self.linked = 0
        """Characters that are link text."""
        for run in runs:
            if run.link:
                self.linked += len(run.text)

    @property
    def is_linky(self) -> bool:
        """Navigation by its looks: (nearly) all link, or several links and little else; no sentence."""
        size = len(self.text)
        if not self.linked or size > 200:
            return False
        if self.linked >= 0.8 * size:
            return True
        return self.linked >= 0.5 * size and self.text[-1] not in ".!?…" and len({run.link for run in self.runs if run.link}) > 1

    @property
    def is_prose(self) -> bool:
        """A sentence or more, as against a name, a heading, a menu entry."""
        text = self.text
        return not self.is_linky and (len(text) > 150 or (len(text) > 40 and text.rstrip("\"'”»)’")[-1:] in {".", "!", "?", "…", ":"}))

    def __repr__(self) -> str:
        return f"Line({self.tag}: {self.text!r})"


class Page:
    """A parsed page: the tree for CSS, and `lines` for reading."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self.tree = tree
        self.lines: list[Line] = []
        self.tags: list[str] = ["html"]
        self.parents: list[int] = [0]
        self.depths: list[int] = [0]
        self._first: list[int] = [0]
        self._last: list[int] = [0]
        self._by_mem_id: dict[int, int] = {}

    def add_element(self, node: LexborNode, tag: str, parent: int) -> int:
        """Begin an element; its number."""
        element = len(self.tags)
        self.tags.append(tag)
        self.parents.append(parent)
        self.depths.append(self.depths[parent] + 1)
        self._first.append(len(self.lines))
        self._last.append(0)
        self._by_mem_id[node.mem_id] = element
        return element

    def is_empty(self, element: int) -> bool:
        """Whether an element that is still open holds no line so far."""
        return self._first[element] == len(self.lines)

    def close_element(self, element: int) -> None:
        """End an element after the last line so far."""
        self._last[element] = len(self.lines)

    def span(self, element: int) -> tuple[int, int]:
        """Half-open range of the lines within an element."""
        return self._first[element], self._last[element]

    def span_of(self, node: LexborNode) -> tuple[int, int] | None:
        """The same for a node found by CSS; None for an inline element, or one that was cut."""
        element = self._by_mem_id.get(node.mem_id)
        return None if element is None else self.span(element)

    def common(self, one: int, other: int) -> int:
        """The nearest element that both stand in (an element stands in itself)."""
        while one != other:
            if self.depths[one] >= self.depths[other]:
                one = self.parents[one]
            else:
                other = self.parents[other]
        return one

    def below(self, ancestor: int, element: int) -> int:
        """The child of `ancestor` that `element` stands in; `ancestor` itself if it is that."""
        child = element
        while element != ancestor:
            child, element = element, self.parents[element]
        return child

    def within(self, element: int, ancestor: int) -> bool:
        """Whether an element stands in another, or is it."""
        return self.common(element, ancestor) == ancestor

    def around(self, node: LexborNode) -> tuple[int, int]:
        """Range of the lines of the nearest block element that a node found by CSS is, or stands in."""
        at: LexborNode | None = node
        while at is not None:
            if (span := self.span_of(at)) is not None:
                return span
            at = at.parent
        return 0, len(self.lines)

    def lines_in(self, node: LexborNode) -> list[Line]:
        """Lines of a block element found by CSS; none for an inline one."""
        span = self.span_of(node)
        return self.lines[slice(*span)] if span else []

    def text_of(self, node: LexborNode) -> str:
        """Text of a node found by CSS, on one line, with a blank where a line breaks."""
        span = self.span_of(node)
        return squeeze(node.text() if span is None else " ".join(line.text for line in self.lines[slice(*span)]))

    def ancestors(self, element: int) -> Iterator[int]:
        """The element itself, then outwards; without the root."""
        while element:
            yield element
            element = self.parents[element]


def parse(html: bytes | str) -> LexborHTMLParser:
    """Parse what may be anything. Raises `Rejected` (`not-html`, `too-complex`) for what would not end well (see `bombs`)."""
    if isinstance(html, bytes):
        if html.startswith((b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")):
            raise Rejected("not-html", "the response is a file of another kind, labelled as a page")
        html = decode(html)
    if "<" not in html:
        raise Rejected("not-html", "no markup at all" if html.strip() else "the response is empty")
    bombs.refuse(html)
    try:
        return LexborHTMLParser(html)
    except UnicodeEncodeError:  # lone surrogates in a str
        return LexborHTMLParser(html.encode("utf-8", "replace"))


Pleases = Callable[[str], bool]
Replaces = Callable[[str, str], bool]
"""Given an element's text and that of the rest of the page."""


@dataclass(slots=True)
class CutOut:
    """What `cut` did with the elements it was asked to cut."""

    gone: list[LexborNode] = field(default_factory=list)
    """Taken out of the tree; those inside of them are not named."""
    spared: list[LexborNode] = field(default_factory=list)


def cut(tree: LexborHTMLParser, selectors: Sequence[str], *, spare: Sequence[tuple[Pleases, Replaces]] = ()) -> CutOut:
    """Take the elements that match a selector out of the tree, with all they hold; scripts and styles always.

    A redesign may put what we look for inside what we cut (`<article><header><h1>`). So an element whose text pleases the
    first of a pair in `spare` stays, unless the second says that the rest of the page makes up for it.
    """
    done = CutOut()
    body = tree.body
    if body is None:
        return done
    for node in body.css("script, style, noscript, template"):
        unhook(node)
    held: list[tuple[LexborNode, list[Replaces]]] = []
    for node in body.css(", ".join(selectors)) if selectors else ():
        if done.gone and not is_inside(node, {body.mem_id}):
            continue
        text = _text_in(node) if spare else ""
        if elsewhere := [other for pleases, other in spare if pleases(text)]:
            held.append((node, elsewhere))
        else:
            unhook(node)
            done.gone.append(node)
    whole = _text_in(body) if held else ""
    for node, elsewhere in reversed(held):  # innermost first: an outer one would take it along
        own = _text_in(node)
        rest = without(whole, own)
        if len(rest) < len(whole) and all(replaces(own, rest) for replaces in elsewhere):
            unhook(node)
            done.gone.append(node)
            whole = rest
        else:
            done.spared.append(node)
    return done


def unhook(node: LexborNode) -> None:
    """Take an element out of the tree as it is: what it holds need not be taken apart."""
    node.decompose(recursive=False)


def is_inside(node: LexborNode, elements: Container[int]) -> bool:
    """Whether a node stands in (or is) one of the elements with these `mem_id`."""
    at: LexborNode | None = node
    while at is not None and at.mem_id not in elements:
        at = at.parent
    return at is not None


def is_nothing(node: LexborNode, but: Container[int]) -> bool:
    """Whether the lines of a page are the same without this element: a block that holds nothing, with another below it.

    `but`: elements (`mem_id`) that are no such block below it, because they are to go as well.
    """
    if node.tag not in _BLOCKS or not all(_is_blank(child) for child in node.iter(include_text=True)):
        return False
    below = node.next
    while below is not None and (_is_blank(below) or below.mem_id in but):
        below = below.next
    return below is not None and below.tag in _BLOCKS


def _is_blank(node: LexborNode) -> bool:
    return node.tag == "-comment" or (node.tag == "-text" and not (node.text_content or "").strip())


def _text_in(node: LexborNode) -> str:
    """All text in an element, on one line, with a blank between any two nodes."""
    return squeeze(node.text(separator=" ", strip=True, skip_empty=True))


def lines_of(tree: LexborHTMLParser, *, has_cards: bool = False, skip: Container[int] = ()) -> Page:
    """Walk the tree's body into lines, without the elements of which `skip` has the `mem_id`.

    `has_cards`: of a link around blocks only the title counts as link.

    Raises `Rejected` (`too-complex`) beyond 400,000 nodes or 50,000 lines.
    """
    page = Page(tree)
    body = tree.body or tree.root
    if body is not None:
        _Walk(page, has_cards=has_cards).run(body, skip)
    return page


_Block = tuple[int, str, int, bool]
"""Of the block that the walk stands in: element, tag, heading, whether it is `<pre>`."""
_Ink = tuple[int, int, str | None, str | None]
"""What a text met here belongs to: the fields of a `Run` without its text."""


class _Walk:
    """The one pass over the tree, without recursion (a page may be nested deeper than Python's stack).

    `has_cards`: a listing may wrap a whole entry in a link. Of its blocks the heading is the link, or the first with text, as a reader
    takes it.
    """

    def __init__(self, page: Page, *, has_cards: bool) -> None:
        self.page = page
        self.block: _Block = (0, "body", 0, False)
        self.ink: _Ink = (0, 0, None, None)
        self.runs: list[Run] = []
        self.paragraph = 0
        self.groups = 0
        self.links = 0
        self.has_cards = has_cards
        self.anchor: LexborNode | None = None
        self.begun = 0
        self.cards: dict[int, bool] = {}
        """Links around blocks: whether there is a heading in it."""
        self.titled: set[int] = set()
        """Those of them that had their first line."""

    def run(self, root: LexborNode, skip: Container[int]) -> None:
        """A page has hundreds of nodes: what is done for each stands here, what is done for few in methods."""
        stack: list[tuple[LexborNode, _Block | None, _Ink]] = []
        node = root.first_child
        for _ in range(_MAX_NODES):
            if node is None:
                if not stack:
                    self.flush()
                    self.page.close_element(0)
                    return
                node, outside, self.ink = stack.pop()
                if outside is not None:
                    self.close_block(outside)
                node = node.next
                continue
            tag = node.tag or ""
            if tag == "-text":
                text = node.text_content or ""
                text = run_of_text(text) if not self.block[3] else self.preformatted(text)
                if text and (text != " " or self.runs):
                    self.runs.append(Run(text, *self.ink))
            elif tag in _BREAKS:
                self.line_break()
            elif tag not in _UNSEEN and node.mem_id not in skip:
                block, ink = self.block, self.ink
                if tag in _BLOCKS or "-" in tag:  # a custom element (`x-label`) is laid out as a block more often than not
                    outside = block
                    self.open_block(node, tag)
                else:
                    outside = None
                    self.open_inline(node, tag)
                child = node.first_child
                if child is not None:
                    stack.append((node, outside, ink))
                    node = child
                    continue
                self.ink = ink
                if outside is not None:
                    self.close_block(outside)
            node = node.next
        raise Rejected("too-complex", f"more than {_MAX_NODES} nodes")

    def preformatted(self, text: str) -> str:
        """Break the line where such a text does; what is left of it."""
        *whole, last = text.split("\n")
        for line in whole:
            text = run_of_text(line)
            if text and (self.runs or text != " "):
                self.runs.append(Run(text, *self.ink))
            self.line_break()
        return run_of_text(last)

    def open_block(self, node: LexborNode, tag: str) -> None:
        if self.runs:
            self.flush()
        self.paragraph += 1
        page = self.page
        element, _, heading, is_pre = self.block
        if page.depths[element] < _MAX_DEPTH:
            element = page.add_element(node, tag, element)
        self.block = (element, tag, _HEADINGS.get(tag, heading), is_pre or tag == "pre")
        group, link, href, stamp = self.ink
        if group:
            self.ink = (0, link, href, stamp)
        if link and self.anchor is not None and link not in self.cards:
            self.cards[link] = self.anchor.css_first("h1, h2, h3, h4, h5, h6") is not None
            if len(page.lines) > self.begun:
                self.titled.add(link)

    def open_inline(self, node: LexborNode, tag: str) -> None:
        _, link, href, stamp = self.ink
        self.groups = group = self.groups + 1
        if tag == "a":
            target = node.attributes.get("href")
            if target is not None:
                self.links += 1
                link, href = self.links, target
            if self.has_cards:
                self.anchor, self.begun = node, len(self.page.lines)
        elif tag == "time":
            stamp = node.attributes.get("datetime") or stamp
            if stamp:  # there may be no text in it
                self.runs.append(Run("", group, link, href, stamp))
        self.ink = (group, link, href, stamp)

    def close_block(self, outside: _Block) -> None:
        """Come out of a block into the one it stands in."""
        if self.runs:
            self.flush()
        self.paragraph += 1
        page, (element, tag, _, _) = self.page, self.block
        if element != outside[0]:
            if tag in _CELLS and page.is_empty(element):
                page.lines.append(Line("", [], tag, 0, element, self.paragraph))  # an empty cell is an empty value
            page.close_element(element)
        self.block = outside

    def flush(self) -> bool:
        """End the line; True if it held anything."""
        runs, self.runs = self.runs, []
        if not runs:
            return False
        card = next((run.link for run in runs if run.link in self.cards), 0) if self.cards else 0
        element, tag, heading, _ = self.block
        if card and (not heading if self.cards[card] else card in self.titled):
            runs = [replace(run, link=0, href=None) if run.link == card else run for run in runs]
        text = runs[0].text.strip() if len(runs) == 1 else " ".join("".join([run.text for run in runs]).split())
        if not text and not any(run.stamp for run in runs):
            return False
        if len(self.page.lines) >= _MAX_LINES:
            raise Rejected("too-complex", f"more than {_MAX_LINES} lines of text")
        self.page.lines.append(Line(text, runs, tag, heading, element, self.paragraph))
        if card:
            self.titled.add(card)
        return True

    def line_break(self) -> None:
        if not self.flush():
            self.paragraph += 1
