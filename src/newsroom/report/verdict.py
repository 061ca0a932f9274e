"""Sentences of the report: the verdict of the night, and what to do about what was set aside."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from newsroom.report.facts import Facts

SIGNS = {"ok": "✓", "incomplete": "◐", "blocked": "■", "failed": "✕"}


class Verdict(NamedTuple):
    """The night in one look: its outcome, a word for it, a sentence, and what is behind it."""

    outcome: str
    sign: str
    word: str
    sentence: str
    detail: str | None


def count(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun.

    >>> count(1, "article"), count(1234, "article"), count(0, "entry", "entries")
    ('1 article', '1,234 articles', 'no entries')
    """
    noun = singular if number == 1 else plural or singular + "s"
    return f"{number:,} {noun}" if number else f"no {noun}"


def day(at: datetime | None) -> str:
    """A moment for people.

    >>> from datetime import UTC
    >>> day(datetime(2026, 3, 5, 2, 31, tzinfo=UTC))
    '5 March 2026, 02:31 UTC'
    """
    return f"{at.day} {at:%B %Y, %H:%M} UTC" if at else "an unknown time"


def verdict(facts: Facts) -> Verdict:
    """Say whether it was a good night."""
    run = facts.run
    if run is None:
        return Verdict("failed", "✕", "No run", "Nothing has been run yet.", None)
    shown = "nothing has been published yet"
    if facts.is_published:
        shown = f"consumers still see the data of {day(facts.totals['finished_at'])}"
    news = f"{count(run['new_articles'], 'new article')} and {count(run['new_versions'], 'changed one')}"
    outcome = run["outcome"] or "failed"
    if outcome == "ok":
        sentence = f"A good night: everything that was due was read, and {news} were {'published' if run['is_published'] else 'found'}."
    elif outcome == "incomplete" and run["is_published"]:
        sentence = f"Something could not be reached; {news} were published, and the next run goes on with the rest."
    elif outcome == "incomplete":
        sentence = f"Something could not be reached: {shown}, and the next run goes on."
    elif outcome == "blocked":
        failed = [each for each in facts.checks if (each["verdict"], each["severity"]) == ("fail", "block")]
        names = ", ".join(each["check_name"].replace("_", " ") for each in failed)
        sentence = f"Publishing was stopped by {count(len(failed), 'check')} ({names}): {shown}, and {news} wait."
    else:
        sentence = f"The run did not reach its end: {shown}, and the next run goes on from where this one stopped."
    words = {"ok": "Good", "incomplete": "Incomplete", "blocked": "Blocked", "failed": "Failed"}
    return Verdict(outcome, SIGNS.get(outcome, "✕"), words.get(outcome, outcome), sentence, run["detail"])


_AGAIN = " It is asked for again at its own pace."
REMEDIES = {
    "archive-damaged": "The stored response cannot be read any more. Retry: it is asked for again.",
    "bad-address": "No request can be made of this address. Nothing to do, unless there are many: then look at the listing.",
    "block-page": "The site showed a challenge instead of the article." + _AGAIN + " Lower the rate of requests if it persists.",
    "consent-wall": "The site asks for consent instead of showing the article." + _AGAIN,
    "dead-letter": "It could not be had for several nights. Try the address in a browser, and retry when it answers.",
    "decompression-bomb": "A small answer that unpacks to a very large one. Nothing to do; if it comes again, tell the newsroom.",
    "field-missing": "A field was found by none of its candidates. Look at the page; if its layout is new, add a candidate to the source's "
    "definition, then newsroom reparse.",
    "header-too-large": "The answer has more headers than any page needs. Look at it before you retry.",
    "login-wall": "The site asks for a log-in." + _AGAIN + " If the article is meant to be public, tell the newsroom.",
    "maintenance": "The site was under maintenance." + _AGAIN,
    "not-an-article": "The page has none of the marks of an article of this source." + _AGAIN + " If it is one, mend the definition.",
    "not-html": "This is a file, not a page. Nothing to do; if there are many, narrow the addresses in the source's definition.",
    "other-page": "Another page answered under this address." + _AGAIN,
    "outside-source": "The address leads out of the source. Nothing to do, unless the site has moved: then add its host to the aliases.",
    "parser-error": "The page broke the parser: a mistake of ours. Report it with the stored bytes; after the repair, newsroom reparse.",
    "private-address": "The address leads into a private network, where we never go. Nothing to do.",
    "redirect-loop": "The address redirects to itself. Retry when the site has been mended.",
    "soft-404": "The page says that there is none, though with status 200." + _AGAIN,
    "too-complex": "The page has more markup than any article needs. Look at it; nothing to do if it is no article.",
    "too-large": "The response is larger than allowed. If it is genuine, raise max_bytes in the source's definition and retry.",
    "too-many-redirects": "The address redirects too often. Retry when the site has been mended.",
    "undecodable": "The response could not be decoded. Retry, in case it was broken on its way.",
    "unexpected-304": "The site said unchanged without having been asked. Retry, in case it was a passing trouble.",
}
"""What to do about what was set aside, by reason."""


def remedy(stage: str, reason: str) -> str:
    """What to do about a reason for quarantine.

    >>> remedy("parse", "never-heard-of")
    'The page could not be read. Look at it with newsroom quarantine show; mend the definition, then newsroom reparse.'
    """
    if reason in REMEDIES:
        return REMEDIES[reason]
    if stage == "parse":
        return "The page could not be read. Look at it with newsroom quarantine show; mend the definition, then newsroom reparse."
    return "The response must not be trusted. Look at it with newsroom quarantine show; retry if it was a passing trouble."
