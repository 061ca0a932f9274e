"""WARC records (ISO 28500, WARC/1.1): an exchange as bytes, and bytes as what was stored. No files here.

Records are written by warcio. They are read back by the few lines below, because warcio's reader takes 0.2 ms a record and guesses
the character set of header lines; the tests let warcio judge and read what is written here.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser
from warcio.warcwriter import WARCWriter

from newsroom import coding
from newsroom.errors import Damaged
from newsroom.model import Exchange

Headers = tuple[tuple[str, str], ...]

_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_END = b"\r\n\r\n"
_MAX_FIELDS_BYTES = 64 * 1024
# A page and its record's fields in most cases: one read then does
_FIRST_READ_BYTES = 32 * 1024
_MAX_CONTENT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class StoredResponse:
    """A response from the archive. `body` is as received; `content` (decoded when first asked for) raises Rejected if it cannot be."""

    url: str
    status: int
    headers: Headers
    body: bytes
    fetched_at: datetime
    truncated: str | None = None
    """Why the body is not whole (`length`, `time`, `disconnect`); None if it is."""

    @cached_property
    def content(self) -> bytes:
        """The body with its content coding undone."""
        codings = ",".join(value for name, value in self.headers if name.lower() == "content-encoding")
        return coding.decode(self.body, codings, max_bytes=_MAX_CONTENT_BYTES)

    def header(self, name: str) -> str | None:
        """Value of the first header of that name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record: `[offset, end)` in its file, its named fields (names in lower case) and its block."""

    offset: int
    end: int
    fields: Mapping[str, str]
    block: bytes

    @property
    def kind(self) -> str:
        """`warcinfo`, `response`, `revisit`, `request`."""
        return self.fields.get("warc-type", "")


def _one_line(text: str) -> str:
    """A field cannot hold a line break; what servers send and people configure can."""
    return " ".join(text.split()) if "\r" in text or "\n" in text else text


def _digest(data: bytes) -> str:
    return "sha1:" + b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def warc_date(moment: datetime) -> str:
    """A moment as WARC/1.1 writes it, to the microsecond.

    >>> warc_date(datetime(2026, 11, 23, 2, 0, 0, 5, tzinfo=UTC))
    '2026-11-23T02:00:00.000005Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_record_id() -> str:
    """A fresh WARC-Record-ID."""
    return str(StatusAndHeadersParser.make_warc_id())


class _AsReceived(StatusAndHeaders):  # type: ignore[misc]
    """Header lines as they came: warcio would percent-encode what is not ASCII."""

    def to_ascii_bytes(self, header_filter: object = None) -> bytes:  # noqa: ARG002 -- warcio's signature
        return self.to_bytes(encoding="latin-1")  # type: ignore[no-any-return]


def _record(kind: str, fields: Mapping[str, str | None], payload: bytes, http_headers: _AsReceived | None = None) -> bytes:
    """A whole record, its digests taken by warcio; fields that are None are left out."""
    present = {name: _one_line(value) for name, value in fields.items() if value is not None}
    out = BytesIO()
    writer = WARCWriter(out, gzip=False, warc_version="1.1")
    record = writer.create_warc_record(
        "", kind, payload=BytesIO(payload), length=len(payload), warc_headers_dict=present, http_headers=http_headers
    )
    writer.write_record(record)
    return out.getvalue()


def warcinfo(info: Mapping[str, str], *, filename: str, record_id: str, at: datetime) -> bytes:
    """The first record of a file: who wrote it, how, and why."""
    lines = {
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    }
    block = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in {**lines, **info}.items()).encode()
    return _record("warcinfo", {"WARC-Record-ID": record_id, "WARC-Filename": filename, "WARC-Date": warc_date(at)}, block)


def _http_head(protocol: str, rest: str, headers: Headers) -> _AsReceived:
    return _AsReceived(_one_line(rest), [(name, _one_line(value)) for name, value in headers], protocol=protocol)


def _unchunked(headers: Headers) -> Headers:
    """The chunks are undone in the body that is kept, so the header must not claim them: renamed as Common Crawl and Nutch do."""
    return tuple(("X-Crawler-Transfer-Encoding" if name.lower() == "transfer-encoding" else name, value) for name, value in headers)


def exchange_records(exchange: Exchange, *, warcinfo_id: str, refers_to: tuple[str, datetime] | None = None) -> bytes:
    """The records of an exchange: first the response, then the request. A 304 becomes a revisit of `refers_to` (URL, time)."""
    common = {"WARC-Target-URI": exchange.url, "WARC-Date": warc_date(exchange.fetched_at), "WARC-Warcinfo-ID": warcinfo_id}
    response_id = new_record_id()
    response = {**common, "WARC-Record-ID": response_id, "WARC-IP-Address": exchange.ip_address, "WARC-Truncated": exchange.truncated}
    head = _http_head(exchange.http_version, f"{exchange.status} {exchange.reason}", _unchunked(exchange.response_headers))
    if exchange.status == 304:
        uri, at = refers_to or (None, None)
        response |= {"WARC-Profile": _NOT_MODIFIED, "WARC-Refers-To-Target-URI": uri, "WARC-Refers-To-Date": warc_date(at) if at else None}
        answered = _record("revisit", response, b"", head)
    else:
        answered = _record("response", response, exchange.body, head)
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    asked = _http_head(exchange.method, f"{target} HTTP/1.1", exchange.request_headers)
    return answered + _record("request", {**common, "WARC-Concurrent-To": response_id}, b"", asked)


def read_record(read: Callable[[int, int], bytes], offset: int, size: int) -> Record:
    """The whole record at `offset` of a file of `size` bytes, whose bytes `read(count, offset)` gives. Raises Damaged, saying why."""
    start = read(_FIRST_READ_BYTES, offset)
    if not start.startswith(b"WARC/1."):
        raise Damaged("no WARC record begins here")
    head_end = start.find(_END)
    if head_end < 0 and len(start) == _FIRST_READ_BYTES:
        start = read(_MAX_FIELDS_BYTES, offset)
        head_end = start.find(_END)
    if head_end < 0:
        raise Damaged("the record's fields do not end")
    lines = start[:head_end].decode("utf-8", "replace").split("\r\n")[1:]
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = fields.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise Damaged("the record's Content-Length is no number")
    begin, end = head_end + len(_END), head_end + len(_END) + int(length) + len(_END)
    if offset + end > size:
        raise Damaged("the record is cut short")
    whole = start if end <= len(start) else start + read(end - len(start), offset + len(start))
    block, tail = whole[begin : end - len(_END)], whole[end - len(_END) : end]
    if tail != _END:
        raise Damaged("the record does not end where its Content-Length says")
    digest = fields.get("warc-block-digest")
    if digest is not None and digest.startswith("sha1:") and digest != _digest(block):
        raise Damaged("the record's block does not match its digest")
    return Record(offset, offset + end, fields, block)


def records(read: Callable[[int, int], bytes], size: int) -> Iterator[Record]:
    """All records of a file, one after the other. Raises Damaged at the first that is not whole."""
    offset = 0
    while offset < size:
        record = read_record(read, offset, size)
        yield record
        offset = record.end


def stored_response(record: Record) -> StoredResponse:
    """What a response or revisit record holds. Raises Damaged if it is another kind or its HTTP head cannot be read."""
    if record.kind not in ("response", "revisit"):
        raise Damaged(f"a record of type {record.kind!a}, not a response")
    head, _, body = record.block.partition(_END)
    first, *lines = head.decode("latin-1").split("\r\n")
    try:
        status = int(first.split(" ", 2)[1])
        fetched_at = datetime.fromisoformat(record.fields["warc-date"])
        url = record.fields["warc-target-uri"]
    except (IndexError, KeyError, ValueError) as error:
        raise Damaged(f"the response's status line or fields cannot be read ({error})") from error
    headers = tuple((name, value.strip(" ")) for name, _, value in (line.partition(":") for line in lines))
    return StoredResponse(url, status, headers, body, fetched_at, record.fields.get("warc-truncated"))
