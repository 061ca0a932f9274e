"""The look at a page and its reading, from one parse and, nearly always, one walk over its tree.

They differ in what they leave out: a look never sees navigation, footers and the site's header; a reading spares those that hold the
title or the labels, but cuts forms. Where both come to the same lines, as on nearly all pages, the look takes the reading's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsroom.config import Source
from newsroom.extract.article import Reader
from newsroom.extract.opened import Opened
from newsroom.extract.page import CutOut, is_inside, is_nothing, lines_of
from newsroom.extract.suspicion import AROUND, Look, Looked, is_of_site, look, unread
from newsroom.model import Article

Canonical = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """What `judge` makes of a page: a doubt, an article, or an error; never two of them."""

    look: Look
    article: Article | None = None
    error: Exception | None = None
    """Why a page that is not doubted could not be read: `Rejected`, or whatever broke."""


def judge(
    html: bytes | str,
    source: Source,
    *,
    url: str,
    canonical: Canonical,
    article_id: Canonical,
    final_url: str | None = None,
    listed_title: str | None = None,
    listed_on: date | None = None,
) -> Judged:
    """What `look` says of a page and, if that has no doubt, `read_article`. Never raises."""

    def apart() -> Look:
        return look(html, source, url=url, canonical=canonical, article_id=article_id, final_url=final_url, listed_title=listed_title)

    try:
        opened = Opened(html)
    except Exception as error:  # noqa: BLE001 -- one hostile page must not cost the others: what broke is part of the answer
        return Judged(unread(html), error=error)
    seen: Look | None = None
    try:
        reader = Reader(opened, source, url, canonical, article_id)
        unseen = _unseen(opened.tree, reader.cut_out, source)
        if unseen is None:
            seen = apart()
        else:
            page = lines_of(opened.tree, skip=unseen) if unseen else reader.page
            seen = Looked(opened, source, url, canonical, article_id, page, unseen).look(final_url, listed_title)
        return Judged(seen) if seen.doubt else Judged(seen, reader.article(listed_on))
    except Exception as error:  # noqa: BLE001 -- the same
        seen = seen or _or_unread(apart, html)
        return Judged(seen) if seen.doubt else Judged(seen, error=error)


def _or_unread(look: Callable[[], Look], html: bytes | str) -> Look:
    try:
        return look()
    except Exception:  # noqa: BLE001 -- what broke it broke the reading, too, and stands there
        return unread(html)


def _unseen(tree: LexborHTMLParser, cut_out: CutOut, source: Source) -> frozenset[int] | None:
    """`mem_id` of what the reading left in the tree and a look would not see; None if the reading took out what a look would see."""
    selectors = source.article.cut.selectors

    def is_open(node: LexborNode) -> bool:
        """Whether a look's own rules decide on this one, which the definition cuts."""
        return (node.tag == "form" and "form" in selectors) or (node.tag == "header" and "header" in selectors and not is_of_site(node))

    if any(is_open(node) for node in (*cut_out.gone, *cut_out.spared)):
        return None
    standing = tree.css(", ".join((*AROUND, "header")))
    unseen = [*cut_out.spared, *(node for node in standing if node.tag != "header")]
    known = frozenset(node.mem_id for node in unseen)
    unseen += [node for node in standing if node.tag == "header" and all(is_inside(one, known) for one in node.css("h1, h2"))]
    known |= {node.mem_id for node in unseen}
    return frozenset() if all(is_nothing(node, known) for node in unseen) else known
