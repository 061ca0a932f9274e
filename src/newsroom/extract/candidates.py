"""Where a field may be found: the candidates of a source definition.

| candidate | finds |
|---|---|
| `label:Issued by` | the value beside that label, in whatever elements (`labels.py`) |
| `css:SELECTOR` | text of the first element that matches (for a body: of the one with most text) |
| `css:SELECTOR@ATTRIBUTE` | an attribute of it |
| `meta:NAME` | `content` of the `<meta>` with that `property`, `name` or `itemprop` |
| `ld:PATH` | JSON-LD, `PATH` dotted (`author.name`); through `@graph` and lists, articles first |
| `head` | title: what og:title or `<title>` names, as it is printed on the page |
| `before:title`, `after:title` | the line above or below the title: kind of text, place and date; for a body: all below it |
| `before:labels` | title: the heading (or line) above the labels, or above the place and date |
| `between:title..labels` | lead: sentences between title and labels |
| `repeated` | lead: a first paragraph with which the second begins again |
| `after:labels` | body: what follows the labels (or, where there are none, the title and its place-and-date line) |
| `link` | listing, title: the text of the entry's link |
| `rest` | listing, snippet: what is left of an entry without title, labels and their values |

Candidates are tried in order; one that gives nothing, or something that cannot be the field's value (a date that is none,
a place as long as a paragraph), leaves the field to the next.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from newsroom.config import Source
from newsroom.extract.text import squeeze

_WITH_ARGUMENT = ("label", "css", "meta", "ld")
_ANYWHERE = frozenset(_WITH_ARGUMENT)
_POSITIONS: dict[str, frozenset[str]] = {
    "article.fields.title": frozenset({"head", "before:labels"}),
    "article.fields.lead": frozenset({"between:title..labels", "repeated"}),
    "article.fields.body": frozenset({"after:labels", "after:title"}),
    "article.fields.content_type": frozenset({"before:title", "after:title"}),
    "article.fields.published_on": frozenset({"after:title"}),
    "article.fields.place": frozenset({"after:title"}),
    "listing.fields.title": frozenset({"link"}),
    "listing.fields.snippet": frozenset({"rest"}),
}
_ALL_POSITIONS = frozenset().union(*_POSITIONS.values())
_MAX_JSON_LD = 1_000_000
_ARTICLE_TYPES = ("article", "posting", "report", "release")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate, taken apart."""

    text: str
    """As the definition writes it."""
    kind: str
    """`label`, `css`, `meta`, `ld`; for a position the whole of it."""
    argument: str = ""
    attribute: str | None = None


@lru_cache(maxsize=1024)
def read(candidate: str) -> Candidate:
    """Take a candidate apart. Raises ValueError saying what is allowed.

    >>> read("css:link[rel=canonical]@href")
    Candidate(text='css:link[rel=canonical]@href', kind='css', argument='link[rel=canonical]', attribute='href')
    >>> read("xpath://h1")
    Traceback (most recent call last):
    ...
    ValueError: a candidate begins with label:, css:, meta: or ld:, or is one of after:labels, after:title, before:labels, \
before:title, between:title..labels, head, link, repeated, rest
    """
    kind, colon, argument = candidate.partition(":")
    if candidate in _ALL_POSITIONS:
        return Candidate(candidate, candidate)
    if kind not in _ANYWHERE or not colon:
        allowed = ", ".join(sorted(_ALL_POSITIONS))
        raise ValueError(f"a candidate begins with label:, css:, meta: or ld:, or is one of {allowed}")
    if not argument.strip():
        raise ValueError(f"{kind}: needs something after the colon")
    attribute = None
    if kind == "css":
        if found := re.fullmatch(r"(.*[^\s@])@([A-Za-z_][\w:.-]*)", argument):
            argument, attribute = found.groups()
        check_selector(argument)
    return Candidate(candidate, kind, argument, attribute)


def validate(candidate: str) -> None:
    """Raises ValueError, saying what is allowed, if it is no candidate."""
    read(candidate)


def check_selector(selector: str) -> None:
    """Raises ValueError if selectolax cannot read the CSS selector."""
    try:
        LexborHTMLParser("<p>").css(selector)
    except SelectolaxError:
        raise ValueError(f"not a CSS selector that selectolax reads: {selector}") from None


def problems(source: Source) -> list[tuple[str, str, str]]:
    """What is wrong with a definition's candidates and selectors: (key, value, what is allowed); empty is good."""
    found: list[tuple[str, str, str]] = []
    known = {name.casefold() for name in source.labels}
    for key, candidate in _candidates(source):
        try:
            read_one = read(candidate)
        except ValueError as error:
            found.append((key, candidate, str(error)))
            continue
        if read_one.kind == "label" and read_one.argument.casefold() not in known:
            found.append((key, candidate, f"the label must stand in `labels`, which has {', '.join(source.labels) or 'none'}"))
        elif read_one.kind not in _allowed(key):
            found.append((key, candidate, f"allowed here: {', '.join(sorted(_allowed(key)))}"))
    for selector in source.article.cut.selectors:
        try:
            check_selector(selector)
        except ValueError as error:
            found.append(("article.cut.selectors", selector, str(error)))
    return found


def _allowed(key: str) -> frozenset[str]:
    if key == "listing.entries":
        return frozenset({"css", "label"})
    if key.startswith("listing."):
        return frozenset({"css", "label"}) | _POSITIONS.get(key, frozenset())
    return _ANYWHERE | _POSITIONS.get(key, frozenset())


def _candidates(source: Source) -> Iterator[tuple[str, str]]:
    for key, fields in (("article.fields", source.article.fields), ("listing.fields", source.listing.fields)):
        for name in type(fields).model_fields:
            for candidate in getattr(fields, name):
                yield f"{key}.{name}", candidate
    for candidate in source.listing.entries:
        yield "listing.entries", candidate


def definition_sha256(source: Source) -> str:
    """Hash of the parts of a definition that change what is read from an article page: a new one makes archived pages pending again."""
    parts = source.model_dump(mode="json", include={"language", "labels", "vocabulary", "content_types", "article", "site"})
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


# --- JSON-LD and meta -------------------------------------------------------------------------------------------


def json_ld(tree: LexborHTMLParser) -> list[dict[str, object]]:
    """The nodes of a page's JSON-LD, those of article-like types first; a script that is no JSON gives none."""
    nodes: list[dict[str, object]] = []
    for script in tree.css('script[type="application/ld+json"]'):
        text = script.text()
        if len(text) > _MAX_JSON_LD:
            continue
        try:
            _gather(json.loads(text, strict=False), nodes)
        except (ValueError, RecursionError):
            continue
    return sorted(nodes, key=lambda node: not _is_article(node))


def _gather(value: object, nodes: list[dict[str, object]]) -> None:
    todo = [value]
    while todo and len(nodes) < 1000:
        value = todo.pop(0)
        if isinstance(value, list):
            todo[:0] = value
        elif isinstance(value, dict):
            nodes.append(value)
            inner = (value.get(key) for key in ("@graph", "mainEntity", "mainEntityOfPage"))
            todo.extend(one for one in inner if isinstance(one, (list, dict)))


def _is_article(node: dict[str, object]) -> bool:
    kinds = node.get("@type")
    return any(str(kind).lower().endswith(_ARTICLE_TYPES) for kind in (kinds if isinstance(kinds, list) else [kinds]))


def ld_values(nodes: list[dict[str, object]], path: str) -> list[str]:
    """Texts at a dotted path of the first node that has it."""
    for node in nodes:
        if found := list(_texts(_descend(node, path.split(".")))):
            return found
    return []


def _descend(value: object, path: list[str]) -> list[object]:
    values: list[object] = [value]
    for key in path:
        flat = [item for one in values for item in (one if isinstance(one, list) else [one])]
        values = [one[key] for one in flat if isinstance(one, dict) and key in one]
    return [item for one in values for item in (one if isinstance(one, list) else [one])]


def _texts(values: list[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, dict):
            value = value.get("@value") or value.get("name")
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            yield unescape(str(value)).strip()


def meta_values(metas: Iterable[LexborNode], name: str) -> list[str]:
    """`content` of those `<meta>` elements that have this property, name or itemprop."""
    found = (node.attributes for node in metas)
    contents = (squeeze(one.get("content") or "") for one in found if name in (one.get("property"), one.get("name"), one.get("itemprop")))
    return [content for content in contents if content]
