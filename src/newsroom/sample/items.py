"""One item of the sample newsroom: everything that is true of it, whatever its pages show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from newsroom.sample.prose import Brief, one_more_sentence, paragraphs, snippet
from newsroom.sample.vocabulary import Office

Layout = Literal["press", "news", "older", "localized", "stripped"]
Hidden = Literal["source", "topics", "where", "what", "day"]
Trap = Literal["robots", "outside"]
Href = Literal["path", "absolute", "alias", "node", "junk"]


@dataclass(frozen=True, slots=True)
class Dateline:
    """`WARSAW/VIENNA, 30 June – `: as printed, and what it says."""

    text: str
    place: str
    on: date | None
    """With its missing year resolved; None where it names no day."""


@dataclass(frozen=True, slots=True)
class Item:
    """A news item: its text, where it is listed, and what its page shows of it."""

    id: int
    section: str
    title: str
    content_type: str
    """In the listing's words."""
    layout: Layout
    published_on: date
    brief: Brief
    issuers: tuple[str, ...]
    topics: tuple[str, ...]
    rank: int
    """Order among items of one day: the higher, the earlier in the listing."""
    place: str | None = None
    """As printed by the page, apart from the dateline."""
    dateline: Dateline | None = None
    language: str = "en"
    is_lead_abridged: bool = False
    is_doubled: bool = False
    """All paragraphs but the first are printed twice."""
    has_breaks: bool = False
    """`<br><br>` between paragraphs instead of `<p>`."""
    has_links: bool = False
    attachments: tuple[str, ...] = ()
    """Addresses of files, in a box below the text."""
    caption: str | None = None
    has_read_more: bool = False
    has_corrigendum: bool = False
    """A near-copy says one sentence more than the text it shares with its original."""
    hides: frozenset[Hidden] = frozenset()
    """What is not shown: `source`, `topics` on the page, `where`, `what`, `day` in the listing."""
    href: Href = "path"
    second_section: str | None = None
    """Listed once more, under this section."""
    exact_copy_of: int | None = None
    near_copy_of: int | None = None
    trap: Trap | None = None
    text: tuple[str, ...] | None = None
    """Paragraphs without the dateline, where they were edited."""
    own_lead: str | None = None
    own_snippet: str | None = None
    listed_on: date | None = None
    """The listing's date, where it is not the page's."""
    edited_at: datetime | None = None

    @property
    def body(self) -> tuple[str, ...]:
        """Paragraphs, dateline included, each once."""
        text = self.text or paragraphs(self.brief)
        if self.has_corrigendum and self.text is None:
            text = (*text, one_more_sentence(self.brief))
        return (self.dateline.text + text[0], *text[1:]) if self.dateline else text

    @property
    def lead(self) -> str | None:
        """Only news items have one: the first paragraph, whole or abridged."""
        if self.layout != "news":
            return None
        first = self.own_lead or self.body[0]
        return first.rstrip(".") + "..." if self.is_lead_abridged else first

    @property
    def snippet(self) -> str:
        """What the listing shows of the text."""
        return self.own_snippet or snippet(self.body[0], self.published_on)

    @property
    def day_listed(self) -> date:
        """By which the listing sorts it."""
        return self.listed_on or self.published_on

    @property
    def path(self) -> str:
        """Its address on the site."""
        prefix = "" if self.language == "en" else f"/{self.language}"
        return f"{prefix}/{self.section}/{self.id}"

    @property
    def modified_at(self) -> datetime:
        """For `Last-Modified`."""
        return self.edited_at or datetime.combine(self.published_on, time(12), UTC)

    @property
    def office(self) -> Office:
        """Whose text it is."""
        return self.brief.office
