"""Parse: read archived pages into articles; what cannot be read is written down with its reason.

Pages are read as they are fetched; this stage reads what another parser or definition has read, or nobody yet. A batch is a stranger to
the warehouse: archive references in, readings out, in whatever process or on whatever machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from newsroom import extract, facts, reading, store
from newsroom.archive import ArchiveReader
from newsroom.config import Source
from newsroom.errors import Damaged
from newsroom.model import ArchiveRef, Reading, ReadJob, StageReport
from newsroom.urls import Addresses

if TYPE_CHECKING:
    from newsroom.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """Archived pages of one source to be read together."""

    source: Source
    base_url: str | None
    archive_dir: Path
    store: str
    """URL of the folder where finished files are; empty if they are in `archive_dir`."""
    number: int
    total: int
    jobs: tuple[ReadJob, ...]

    def describe(self) -> str:
        """Name of the batch in a log or the Prefect UI."""
        return f"parse {self.source.name} {self.number}/{self.total} ({len(self.jobs)} pages)"


def pending(source: Source, *, warehouse: Warehouse, force: tuple[str, ...] = ()) -> list[ReadJob]:
    """Archived pages that today's parser and definition have not read yet, and those of the articles in `force`; in archive order."""
    today = {"source": source.name, "parser_version": extract.PARSER_VERSION, "definition_sha256": extract.definition_sha256(source)}
    if not force and not warehouse.rows("queue/has_unread", **today)[0]["has_unread"]:
        return []
    rows = warehouse.rows("queue/pending_reads", **today, force=list(force))
    return [ReadJob(archived=ArchiveRef(row.pop("warc_file"), row.pop("warc_offset")), **row) for row in rows]


def batches(
    source: Source, jobs: Sequence[ReadJob], *, pages: int, archive_dir: Path, store: str = "", base_url: str | None = None
) -> list[ReadBatch]:
    """Cut jobs into batches of at most `pages`; `archive_dir` and `store` are those of the source."""
    cuts = [jobs[start : start + pages] for start in range(0, len(jobs), pages)]
    return [ReadBatch(source, base_url, archive_dir, store, number, len(cuts), tuple(cut)) for number, cut in enumerate(cuts, start=1)]


def parse_batch(batch: ReadBatch) -> list[Reading]:
    """Read every page of the batch. A page that breaks the parser costs that page only."""
    addresses = Addresses(batch.source, base_url=batch.base_url)

    def read_of(page: reading.Page | Reading) -> Reading:
        return page if isinstance(page, Reading) else read(page, batch.source, addresses)

    with ArchiveReader(batch.archive_dir, store.at(batch.store)) as archive:
        pages = (page_of(job, batch.source, archive) for job in batch.jobs)
        return list(reading.by_turns(pages, read_of, size=lambda page: 0 if isinstance(page, Reading) else len(page.content)))


def page_of(job: ReadJob, source: Source, archive: ArchiveReader) -> reading.Page | Reading:
    """An archived page; if it is damaged, the reading that says so."""
    where = f"archive/{source.name}/{job.archived.warc_file} at {job.archived.warc_offset}"
    try:
        stored = archive.read(job.archived)
        content_type = stored.header("content-type")
    except Damaged as error:
        return reading.unread(job.article_id, job.payload_sha256, error, where)
    return reading.Page(
        job.article_id,
        job.url,
        job.payload_sha256,
        stored.content,
        content_type,
        where,
        final_url=job.final_url,
        listed_title=job.listed_title,
        listed_on=job.listed_on,
        text_sha256=job.text_sha256,
    )


def read(page: reading.Page, source: Source, addresses: Addresses) -> Reading:
    """Read one archived page. It was believed when it came, or not; today's rules may know better."""
    judged = reading.judge(page, source, addresses)
    if judged.doubt is not None:
        return Reading(page.article_id, page.payload_sha256, reason=judged.doubt.reason, detail=f"{judged.doubt.evidence} ({page.where})")
    assert judged.reading is not None
    return judged.reading


def record(readings: Sequence[Reading], *, source: Source, run_id: str, warehouse: Warehouse, clock: Callable[[], datetime]) -> StageReport:
    """Write the readings of a batch, and those texts that are new."""
    with warehouse.transaction():
        facts.append_readings(warehouse, readings, source=source, run_id=run_id, now=clock())
    unread = sum(each.article is None for each in readings)
    return StageReport("parse", source.name, {"read": len(readings) - unread, "unread": unread})
