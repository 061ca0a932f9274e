"""Parse: read archived pages into articles; what cannot be read is written down with its reason.

A batch is a stranger to the warehouse: archive references in, readings out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from newsroom import extract
from newsroom.archive import ArchiveReader
from newsroom.config import Source
from newsroom.errors import Damaged, Rejected
from newsroom.model import ArchiveRef, Article, Reading, ReadJob, StageReport
from newsroom.similarity import content_sha256, hashes
from newsroom.urls import Addresses
from newsroom.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """Archived pages of one source to be read together."""

    source: str
    number: int
    total: int
    jobs: tuple[ReadJob, ...]

    def describe(self) -> str:
        """Name of the batch in a log or the Prefect UI."""
        return f"parse {self.source} {self.number}/{self.total} ({len(self.jobs)} pages)"


def pending(source: Source, *, warehouse: Warehouse, run_id: str = "", force: tuple[str, ...] = ()) -> list[ReadJob]:
    """Archived pages that today's parser and definition have not read yet, and those of the articles in `force`; in archive order.

    What was fetched in the run `run_id` has been looked at by today's rules already.
    """
    rows = warehouse.rows(
        "queue/pending_reads",
        source=source.name,
        parser_version=extract.PARSER_VERSION,
        definition_sha256=extract.definition_sha256(source),
        force=list(force),
        run_id=run_id,
    )
    return [ReadJob(archived=ArchiveRef(row.pop("warc_file"), row.pop("warc_offset")), **row) for row in rows]


def batches(source: Source, jobs: list[ReadJob], *, pages: int) -> list[ReadBatch]:
    """Cut jobs into batches of at most `pages`."""
    cuts = [jobs[start : start + pages] for start in range(0, len(jobs), pages)]
    return [ReadBatch(source.name, number, len(cuts), tuple(cut)) for number, cut in enumerate(cuts, start=1)]


def parse_batch(batch: ReadBatch, *, source: Source, addresses: Addresses, archive_dir: Path) -> list[Reading]:
    """Read every page of the batch. A page that breaks the parser costs that page only."""
    with ArchiveReader(archive_dir / source.name) as archive:
        return [parse_one(job, source=source, addresses=addresses, archive=archive) for job in batch.jobs]


def parse_one(job: ReadJob, *, source: Source, addresses: Addresses, archive: ArchiveReader) -> Reading:
    """Read one archived page."""
    where = f"archive/{source.name}/{job.archived.warc_file} at {job.archived.warc_offset}"
    try:
        stored = archive.read(job.archived)
        html = extract.decode(stored.content, stored.header("content-type"))
        if not job.is_looked_at and (doubt := _doubt(html, job, source, addresses)):
            return Reading(job.article_id, job.payload_sha256, reason=doubt.reason, detail=f"{doubt.evidence} ({where})")
        article = extract.read_article(
            html,
            source,
            url=job.url,
            canonical=addresses.canonical,
            article_id=addresses.article_id,
            listed_on=job.listed_on,
        )
    except Rejected as error:
        return Reading(job.article_id, job.payload_sha256, reason=error.reason, detail=f"{error} ({where})")
    except Damaged as error:
        return Reading(job.article_id, job.payload_sha256, reason="archive-damaged", detail=f"{error} ({where})")
    except Exception as error:  # noqa: BLE001 -- one hostile page must not cost the others; the page and the error are kept
        return Reading(job.article_id, job.payload_sha256, reason="parser-error", detail=f"{type(error).__name__}: {error} ({where})")
    if article.url is not None and addresses.article_id(article.url) != job.article_id:
        article = replace(article, url=None)
    return Reading(job.article_id, job.payload_sha256, article=article)


def _doubt(html: str, job: ReadJob, source: Source, addresses: Addresses) -> extract.Doubt | None:
    """The page was believed when it came; today's rules may know better."""
    return extract.look(
        html,
        source,
        url=job.url,
        canonical=addresses.canonical,
        article_id=addresses.article_id,
        final_url=job.final_url,
        listed_title=job.listed_title,
    ).doubt


def record(readings: list[Reading], *, source: Source, run_id: str, warehouse: Warehouse, clock: Callable[[], datetime]) -> StageReport:
    """Write the readings of a batch, and those texts that are new."""
    now = clock()
    rows = [_row(reading, source, run_id, now) for reading in readings]
    texts = {
        row["text_sha256"]: _text(row["text_sha256"], reading.article)
        for row, reading in zip(rows, readings, strict=True)
        if reading.article
    }
    with warehouse.transaction():
        warehouse.append("facts.readings", rows)
        known = warehouse.ask("SELECT text_sha256 FROM facts.texts WHERE text_sha256 IN (SELECT unnest($hashes))", hashes=list(texts))
        for (sha256,) in known.rows:
            del texts[sha256]
        warehouse.append("facts.texts", list(texts.values()))
    unread = sum(reading.article is None for reading in readings)
    return StageReport("parse", source.name, {"read": len(readings) - unread, "unread": unread})


def _row(reading: Reading, source: Source, run_id: str, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run_id": run_id,
        "source": source.name,
        "article_id": reading.article_id,
        "payload_sha256": reading.payload_sha256,
        "parser_version": extract.PARSER_VERSION,
        "definition_sha256": extract.definition_sha256(source),
        "read_at": now,
        "reason": reading.reason,
        "detail": reading.detail,
        "text_sha256": None,
    }
    if (article := reading.article) is None:
        return row
    return row | {
        "text_sha256": text_sha256(article),
        "content_sha256": content_sha256(article.title, article.lead, article.body),
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


def _text(sha256: str, article: Article) -> dict[str, Any]:
    found = hashes(article.title, article.lead, article.body)
    return {
        "text_sha256": sha256,
        "content_sha256": found.content,
        "title_sha256": found.title,
        "lead_sha256": found.lead,
        "body_sha256": found.body,
        "title": article.title,
        "lead": article.lead,
        "body": article.body,
        "word_count": len(article.body.split()),
    }


def text_sha256(article: Article) -> str:
    """Hash of the exact title, lead and body: the key under which the text is kept once."""
    parts = (article.title, article.lead or "", article.body)
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
