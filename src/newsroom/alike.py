"""Notice a site that suddenly answers all requests alike, so that a run stops asking instead of setting aside every article it has.

Exact copies come in twos and threes, and any night has a page or two that cannot be trusted. A challenge put before the whole site,
a log-in wall, or one page under every address looks different: many answers in a row that are no articles, or that say the same.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the run stops asking."""

    reason: str
    """In a few words, for one line."""
    likeness: str | None = None
    """What the answers had in common; None where they had nothing in common but being refused."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a page in it."""

    article_id: str
    refusal: str | None
    likeness: str | None


class Alike:
    """Looks at the answers of one crawl as they come, from any thread.

    Trips when at least `stop_at` of the last `of_last` answers were refused, or say the same under different addresses. Once
    tripped it stays so.

    >>> alike = Alike(stop_at=3, of_last=5)
    >>> for n, text in enumerate(("a", "a", "b", "c", "a")):
    ...     alike.saw(f"x:{n}", likeness=text)
    >>> alike.verdict.reason
    '3 of the last 5 answers say the same under different addresses'
    """

    def __init__(self, *, stop_at: int, of_last: int, last: Iterable[Answer] = ()) -> None:
        self._stop_at = stop_at
        self._last: deque[Answer] = deque(last, maxlen=of_last)
        self._refused = sum(answer.refusal is not None for answer in self._last)
        self._same = Counter(answer.likeness for answer in self._last)
        self._lock = Lock()
        self._verdict: Verdict | None = None

    @property
    def verdict(self) -> Verdict | None:
        """Why to stop; None while there is no reason to."""
        return self._verdict

    @property
    def last(self) -> tuple[Answer, ...]:
        """The last answers, for another process to go on from."""
        with self._lock:
            return tuple(self._last)

    def trip(self, verdict: Verdict) -> None:
        """Take over the verdict of one who looked at a part of the answers."""
        with self._lock:
            self._verdict = self._verdict or verdict

    def saw(self, article_id: str, *, refusal: str | None = None, likeness: str | None = None) -> None:
        """One answer with a page in it: why it was refused, if it was, and what it says (`suspicion.Look.likeness`)."""
        with self._lock:
            if len(self._last) == self._last.maxlen:
                oldest = self._last[0]
                self._refused -= oldest.refusal is not None
                self._same[oldest.likeness] -= 1
                self._same += Counter()  # drops what counts nothing any more
            self._last.append(Answer(article_id, refusal, likeness))
            self._refused += refusal is not None
            self._same[likeness] += 1
            # a night sees thousands: the whole is judged only when it may matter
            if self._verdict is None and max(self._refused, self._same[likeness]) >= self._stop_at:
                self._verdict = self._judge()

    def _judge(self) -> Verdict | None:
        answers = self._last
        refusals = Counter(answer.refusal for answer in answers if answer.refusal is not None)
        if refusals.total() >= self._stop_at:
            return Verdict(f"{refusals.total()} of the last {len(answers)} answers are no articles ({refusals.most_common(1)[0][0]})")
        same = Counter(likeness for _, likeness in {(a.article_id, a.likeness) for a in answers if a.likeness})
        for likeness, count in same.most_common(1):
            if count >= self._stop_at:
                return Verdict(f"{count} of the last {len(answers)} answers say the same under different addresses", likeness)
        return None
