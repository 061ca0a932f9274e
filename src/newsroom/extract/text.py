"""Bytes to characters, characters to clean words and paragraphs. Pure; nothing here raises on any input."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Invisible: C0/C1 controls (terminal escapes too), soft hyphen, zero-width space, word joiner, BOM,
# directional overrides. Whitespace controls are not here: they are collapsed. ZWJ/ZWNJ stay, scripts need them.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")

_ASCII = bytes(range(128))

# A name a page may call its encoding by, that Python decodes as text (`unicode_escape`, `zip`, `idna` are not among them).
_KNOWN_CHARSET = re.compile(
    r"(utf-?8|utf-?16(le|be)?|us-ascii|ascii|latin-?1|iso-?8859-?\d{1,2}|windows-?(125\d|874)|cp125\d|koi8-?[ru]|macintosh|mac-?cyrillic"
    r"|gbk?|gb2312|gb18030|big5|euc-(jp|kr)|shift-?jis|ibm866|cp866|iso-2022-jp)"
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# WHATWG Encoding Standard, section 4.2: these labels mean windows-1252.
_REALLY_1252 = frozenset({"ascii", "us-ascii", "latin1", "latin-1", "iso-8859-1", "iso8859-1", "iso88591"})


def squeeze(text: str) -> str:
    r"""One line: every run of whitespace (no-break spaces too) is one blank, what no reader sees falls away.

    >>> squeeze("  VIENNA,\u00a0 27\n September\u200b ")
    'VIENNA, 27 September'
    """
    if text.isprintable():  # so its only whitespace are blanks, and most texts have them where they belong
        return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
    text = " ".join(text.split())
    return text if text.isprintable() else " ".join(_INVISIBLE.sub("", text).split())


def run_of_text(text: str) -> str:
    r"""Like `squeeze`, but a blank at either end stays (as one blank): the text of one node among others.

    >>> run_of_text("The \u200b"), run_of_text("\u200b")
    ('The ', '')
    """
    if "  " not in text and text.isprintable():
        return text
    text = text if text.isprintable() else _INVISIBLE.sub("", text)  # a blank before or after what no reader sees is at the end
    core = squeeze(text)
    if not core:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{core}{' ' if text[-1].isspace() else ''}"


def without(text: str, part: str) -> str:
    """`squeeze(text.replace(part, " ", 1))` of two texts that are squeezed already.

    >>> without("a b c", "b"), without("abc", "b"), without("abc", "abc")
    ('a c', 'a c', '')
    """
    before, found, after = text.partition(part) if part else (text, "", "")
    return f"{before.rstrip()} {after.lstrip()}".strip() if found else text


def folded(text: str) -> bytes:
    r"""`text.casefold()` as UTF-8. Python folds a text in four times the time for the sake of a single dash; a dash stays as it is.

    >>> folded("DIE STRASSE – DIE STRA\u1e9eE").decode()
    'die strasse – die strasse'
    """
    encoded = text.encode("utf-8", "replace")
    foreign = encoded.translate(None, _ASCII).decode()
    return encoded.lower() if foreign == foreign.casefold() else text.casefold().encode("utf-8", "replace")


def same(text: str) -> str:
    """Key under which two printings of a line are the same: letter case and whitespace do not count.

    >>> same("Press Release ") == same("PRESS\u00a0RELEASE")
    True
    """
    return squeeze(text).casefold()


def collapse_doubled_tail(paragraphs: Sequence[str]) -> list[str]:
    """Paragraphs 2..n that are printed twice are kept once; anything but an exact repeat of the whole tail stays.

    Pages of 2001-2007 do that; the first paragraph, with the dateline, stands there once.

    >>> collapse_doubled_tail(["a", "b", "c", "b", "c"])
    ['a', 'b', 'c']
    >>> collapse_doubled_tail(["a", "b", "c", "b"])
    ['a', 'b', 'c', 'b']
    """
    half, odd = divmod(len(paragraphs) - 1, 2)
    if half > 0 and not odd and paragraphs[1 : 1 + half] == paragraphs[1 + half :]:
        return list(paragraphs[: 1 + half])
    return list(paragraphs)


def _charset(name: str) -> str | None:
    name = name.lower().replace("_", "-")
    if name in _REALLY_1252:
        return "cp1252"
    return name if _KNOWN_CHARSET.fullmatch(name) else None


def declared_charset(content: bytes, content_type_header: str | None) -> str | None:
    """Byte order mark, then the HTTP header, then `<meta charset>` in the first 4 KiB; None if none names a known one.

    The order is that of the HTML standard, section 13.2.3.2.
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    header = _HEADER_CHARSET.search(content_type_header or "")
    if header and (known := _charset(header.group(1))):
        return known
    meta = _META_CHARSET.search(content[:4096])
    if meta and (known := _charset(meta.group(1).decode("ascii"))):
        return "utf-8" if known.startswith("utf-16") else known  # a meta readable as ASCII is not UTF-16
    return None


def _is_utf8(content: bytes) -> bool:
    """UTF-8 with characters beyond ASCII."""
    try:
        return not content.isascii() and bool(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def decode(content: bytes, content_type_header: str | None = None) -> str:
    """The characters of a page; what cannot be decoded becomes U+FFFD. Never raises.

    >>> decode("Tiranë".encode("cp1250"), "text/html; charset=windows-1250")
    'Tiranë'
    >>> decode("Tiranë".encode("latin-1"))
    'Tiranë'

    A server that says Latin-1 of everything (an old default) is not believed of bytes that are UTF-8 beyond doubt: no text in a
    Western European charset is so by chance, and once stored as `TiranÃ«` a page stays so, since its bytes do not change any more.

    >>> decode("Tiranë".encode(), "text/html; charset=iso-8859-1")
    'Tiranë'
    """
    name = declared_charset(content, content_type_header)
    if name is not None and not (name == "cp1252" and _is_utf8(content)):
        try:
            return content.decode(name, errors="replace").removeprefix("\ufeff")
        except LookupError:  # known to the web, not to this Python
            pass
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
