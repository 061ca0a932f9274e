"""Rows of facts that more than one stage writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from newsroom import extract, similarity
from newsroom.config import Source
from newsroom.model import Article, Reading, Text

if TYPE_CHECKING:  # a worker needs no DuckDB
    from newsroom.warehouse import Warehouse


def append_readings(warehouse: Warehouse, readings: Sequence[Reading], *, source: Source, run_id: str, now: datetime) -> None:
    """Write readings, and those of their texts that are new, with their signatures. Within a transaction of the caller's."""
    definition = extract.definition_sha256(source)
    readings = list({(reading.article_id, reading.payload_sha256): reading for reading in readings}.values())  # of a page one, at a time
    texts = {reading.text.text_sha256: (reading.text, reading.article) for reading in readings if reading.text and reading.article}
    warehouse.append("facts.readings", [_reading(reading, source, definition, run_id, now) for reading in readings])
    known = warehouse.ask("SELECT text_sha256 FROM facts.texts WHERE text_sha256 IN (SELECT unnest($hashes))", hashes=list(texts))
    for (sha256,) in known.rows:
        del texts[sha256]
    warehouse.append("facts.texts", [_text(text, article) for text, article in texts.values()])
    warehouse.append("facts.signatures", [_signature(text, article) for text, article in texts.values()])


def _reading(reading: Reading, source: Source, definition: str, run_id: str, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run_id": run_id,
        "source": source.name,
        "article_id": reading.article_id,
        "payload_sha256": reading.payload_sha256,
        "parser_version": extract.PARSER_VERSION,
        "definition_sha256": definition,
        "read_at": now,
        "reason": reading.reason,
        "detail": reading.detail,
    }
    if (article := reading.article) is None or reading.text is None:
        return row
    return row | {
        "text_sha256": reading.text.text_sha256,
        "content_sha256": reading.text.content_sha256,
        "url": article.url,
        "content_type": article.content_type,
        "published_on": article.published_on,
        "place": article.place,
        "issuers": list(article.issuers),
        "topics": list(article.topics),
        "language": article.language,
        "dateline_place": article.dateline_place,
        "dateline_on": article.dateline_on,
        "links": list(article.links),
        "attachments": list(article.attachments),
        "found_by": list(article.found_by),
    }


def _signature(text: Text, article: Article) -> dict[str, Any]:
    signature = similarity.signature(article.body) if text.signature is None else text.signature
    return {"text_sha256": text.text_sha256, "signature": signature, "bands": similarity.bands(signature)}


def _text(text: Text, article: Article) -> dict[str, Any]:
    return {
        "text_sha256": text.text_sha256,
        "content_sha256": text.content_sha256,
        "title_sha256": text.title_sha256,
        "lead_sha256": text.lead_sha256,
        "body_sha256": text.body_sha256,
        "title": article.title,
        "lead": article.lead,
        "body": article.body,
        "word_count": len(article.body.split()),
    }
