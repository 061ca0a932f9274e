"""Content codings (RFC 9110 §8.4.1): gzip, deflate, and brotli and Zstandard where their libraries are installed.

Decoding is bounded: a decompression bomb costs at most the cap, in time and in memory.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from typing import Any

from newsroom.errors import Rejected

SMALL_BYTES = 1_000_000
"""Bodies that decode to no more than this are no bombs, whatever their ratio (a long listing compresses well)."""
_MAX_LAYERS = 3
_MAX_MEMBERS = 1_000


class CutShort(Rejected):
    """A coded body ends before its end mark: it was cut off on the way, asking again may help."""

    def __init__(self, coding: str) -> None:
        super().__init__("undecodable", f"the {coding} body ends before its end mark")


class _OverflowError(Exception):
    """More than the limit came out."""


def _load(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _gunzip(body: bytes, limit: int) -> bytes:
    """All members of a gzip stream (RFC 1952 §2.2); what follows the last one and is no member is ignored, as browsers do."""
    pieces: list[bytes] = []
    size = 0
    rest = body
    while rest and not (pieces and rest[:2] != b"\x1f\x8b"):
        if len(pieces) == _MAX_MEMBERS:
            raise zlib.error(f"more than {_MAX_MEMBERS} gzip members")
        engine = zlib.decompressobj(zlib.MAX_WBITS + 16)
        piece = engine.decompress(rest, limit + 1 - size)
        size += len(piece)
        if size > limit:
            raise _OverflowError
        if not engine.eof:
            raise CutShort("gzip")
        pieces.append(piece)
        rest = engine.unused_data
    return b"".join(pieces)


def _inflate(body: bytes, limit: int) -> bytes:
    """zlib-wrapped deflate as specified, or bare deflate as many servers send it."""
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        engine = zlib.decompressobj(window)
        try:
            plain = engine.decompress(body, limit + 1)
        except zlib.error:
            if window < 0:
                raise
            continue
        if len(plain) > limit:
            raise _OverflowError
        if engine.eof:
            return plain
        break
    raise CutShort("deflate")


def _brotli(body: bytes, limit: int) -> bytes:
    engine = _BROTLI.Decompressor()
    plain = bytearray(engine.process(body, output_buffer_limit=limit + 1))
    while len(plain) <= limit and not engine.is_finished() and not engine.can_accept_more_data():
        plain += engine.process(b"", output_buffer_limit=limit + 1 - len(plain))
    if len(plain) > limit:
        raise _OverflowError
    if not engine.is_finished():
        raise CutShort("br")
    return bytes(plain)


def _zstandard(body: bytes, limit: int) -> bytes:
    """All frames; windows above 8 MB are refused, as RFC 9659 has it for this content coding."""
    plain = bytearray()
    rest = body
    for _ in range(_MAX_MEMBERS):
        engine = _ZSTD.ZstdDecompressor(options={_ZSTD.DecompressionParameter.window_log_max: 23})
        plain += engine.decompress(rest, max_length=limit + 1 - len(plain))
        if len(plain) > limit:
            raise _OverflowError
        if not engine.eof:
            raise CutShort("zstd")
        rest = engine.unused_data
        if not rest:
            return bytes(plain)
    raise zlib.error(f"more than {_MAX_MEMBERS} zstd frames")


_BROTLI = _load("brotli")
_ZSTD = _load("compression.zstd") or _load("backports.zstd")
_FAULTS: tuple[type[Exception], ...] = (zlib.error,)
_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {"gzip": _gunzip, "deflate": _inflate}
if _BROTLI is not None and hasattr(_BROTLI.Decompressor, "can_accept_more_data"):  # from 1.2 on output can be bounded
    _DECODERS["br"] = _brotli
    _FAULTS += (_BROTLI.error,)
if _ZSTD is not None:
    _DECODERS["zstd"] = _zstandard
    _FAULTS += (_ZSTD.ZstdError,)

ACCEPT_ENCODING = ", ".join(_DECODERS)
"""What to offer a server: exactly what can be decoded here."""


def decode(body: bytes, coding: str | None, *, max_bytes: int, max_ratio: float = float("inf")) -> bytes:
    """The plain content of a body, `coding` being its Content-Encoding header (several are undone last first).

    Raises Rejected: `too-large` (more than `max_bytes` come out), `decompression-bomb` (more than `max_ratio` times
    what went in, small bodies exempt), `undecodable` (unknown coding, wrong label, broken data; CutShort where only the end is missing).

    >>> decode(zlib.compress(b"Vienna"), "deflate", max_bytes=100)
    b'Vienna'
    """
    names = [name.strip().lower().removeprefix("x-") for name in (coding or "").split(",")]
    layers = [name for name in names if name not in ("", "identity")]
    if len(layers) > _MAX_LAYERS:
        raise Rejected("undecodable", f"{len(layers)} content codings on top of each other")
    if not body:
        return b""
    limit = int(min(max_bytes, max(SMALL_BYTES, max_ratio * len(body))))
    plain = body
    for name in reversed(layers):
        plain = _decode_one(plain, name, limit, max_bytes)
    if len(plain) > max_bytes:
        raise Rejected("too-large", f"a body of {len(plain)} bytes, more than {max_bytes}")
    return plain


def _decode_one(body: bytes, name: str, limit: int, max_bytes: int) -> bytes:
    if name not in _DECODERS:
        raise Rejected("undecodable", f"content coding {name[:40]!r} is not among {ACCEPT_ENCODING}")
    try:
        return _DECODERS[name](body, limit)
    except _OverflowError:
        if limit == max_bytes:
            raise Rejected("too-large", f"the {name} body decodes to more than {max_bytes} bytes") from None
        raise Rejected("decompression-bomb", f"{len(body)} bytes of {name} decode to more than {limit}") from None
    except _FAULTS as error:
        raise Rejected("undecodable", f"labelled {name}, but it is not: {error}") from None
