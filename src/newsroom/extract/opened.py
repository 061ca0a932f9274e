"""A page, opened once for both the look at it and its reading: its tree, and what its head says, taken before anything is cut."""

from __future__ import annotations

from functools import cached_property

from selectolax.lexbor import LexborNode

from newsroom.extract.page import parse
from newsroom.extract.text import decode, squeeze


class Opened:
    """Raises what `page.parse` raises."""

    def __init__(self, html: bytes | str) -> None:
        self._html = html
        self.tree = parse(html)
        found: dict[str, list[LexborNode]] = {"html": [], "title": [], "link": [], "meta": [], "h1": [], "noscript": []}
        for node in self.tree.css("html, title, link[rel=canonical], meta[content], h1, noscript"):
            found[node.tag or ""].append(node)
        self.titles = found["title"]
        self.h1s = found["h1"]
        self.unscripted = [squeeze(node.text()) for node in found["noscript"][:20]]
        self.languages = [node.attributes.get("lang") for node in found["html"]]
        self.canonicals = [node.attributes.get("href") for node in found["link"]]
        self.metas = [node.attributes for node in found["meta"]]

    @cached_property
    def markup(self) -> str:
        """All of it, as characters."""
        return decode(self._html) if isinstance(self._html, bytes) else self._html

    def meta(self, name: str) -> list[str]:
        """`content` of those `<meta>` elements that have this property, name or itemprop."""
        return [content for content, names in self._contents if name in names]

    @cached_property
    def _contents(self) -> list[tuple[str, tuple[str | None, ...]]]:
        named = ((squeeze(one.get("content") or ""), (one.get("property"), one.get("name"), one.get("itemprop"))) for one in self.metas)
        return [(content, names) for content, names in named if content]
