"""Files that belong to an article: linked from its body, or from a box that says so. Kept apart from its other links.

A file is known by its address (`.pdf`, `?download=true`) or by the company it keeps (a heading `Attachments:` above it, a class or
attribute that says so). Files elsewhere on the page, in a rotating box of latest documents, are not the article's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from newsroom.extract.page import Line, Page

_FILE = re.compile(r"\.(?:pdf|docx?|odt|rtf|xlsx?|ods|csv|pptx?|odp|zip|epub|mp3)$", re.IGNORECASE)
_HEADING = re.compile(
    r"(?:attachments?|attached (?:files?|documents?)|attachment\(s\)|downloads?|documents? for download|files?(?: to download)?"
    r"|for pdf attachments.*)\s*:?",
    re.IGNORECASE,
)
_CLASSES = "[class*=attachment] a[href], a[href][download]"


def is_file(href: str) -> bool:
    """Whether an address is that of a file to download.

    >>> [is_file(h) for h in ("/f/4/86597.PDF", "/cio/86597?download=true", "/cio/86597", "https://[broken/x.pdf")]
    [True, True, False, False]
    """
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return False
    return _FILE.search(parts.path) is not None or parse_qs(parts.query).get("download", [""])[0].lower() in ("true", "1", "yes")


def find(page: Page, body: list[Line], start: int) -> list[str]:
    """`href` of every attachment, in the order of the page: in the body, right below it, or below a heading that says so.

    `start` is the line below the title.
    """
    mine = {id(line) for line in body}
    last = max((n for n, line in enumerate(page.lines) if id(line) in mine), default=start)
    found: list[str] = []
    is_box = False
    is_below = True
    for number, line in enumerate(page.lines[start:], start):
        has_link = line.linked > 0 or not line.text
        is_box = (line.text[:1] in "adfADF" and _HEADING.fullmatch(line.text) is not None) or (is_box and has_link)
        is_below = is_below and (number <= last or has_link)
        if is_box or id(line) in mine or (is_below and number > last):
            found += [href for href in _hrefs(line) if is_box or is_file(href)]
    for node in page.tree.css(_CLASSES):
        found.append(node.attributes.get("href") or "")
    return list(dict.fromkeys(href for href in found if href.strip()))


def _hrefs(line: Line) -> Iterator[str]:
    return (run.href for run in line.runs if run.href)
