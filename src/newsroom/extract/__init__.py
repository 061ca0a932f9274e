"""Bytes in, values out: listing and article pages read by a source definition. No network, no clock, no log.

What is told apart here is in the modules: `text` (characters, words), `page` (lines of a page), `labels` (labels and
values), `opened` (what the head says), `layout` and `body` (what stands where), `candidates` (what a definition may ask for),
`article`, `listing`, `suspicion` and `signals` (what is no article at all), `judging` (both from one parse).
"""

from newsroom.extract.article import read_article
from newsroom.extract.candidates import definition_sha256, problems, validate
from newsroom.extract.judging import Judged, judge
from newsroom.extract.listing import read_listing
from newsroom.extract.recorded import check_recorded, read_recorded, record
from newsroom.extract.signals import REASONS as REFUSALS
from newsroom.extract.suspicion import Doubt, Look, doubt_listing, look
from newsroom.extract.text import decode

PARSER_VERSION: int = 1
"""Raised with every change that reads an archived page differently: all of them are then read again."""

__all__ = [
    "PARSER_VERSION",
    "REFUSALS",
    "Doubt",
    "Judged",
    "Look",
    "check_recorded",
    "decode",
    "definition_sha256",
    "doubt_listing",
    "judge",
    "look",
    "problems",
    "read_article",
    "read_listing",
    "read_recorded",
    "record",
    "validate",
]
