"""Telling people: a message when a run needs a person and one when the trouble is over, and a heartbeat while all is fresh.

What is in trouble follows from the runs there were (`troubles`); what has been told stands in `ops.notices`; a message is due where the
two differ. So nothing is told twice, what did not arrive is told by the next run, and a run that was killed is told by the one after it.
Telling costs some seconds at most, and never the run.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from newsroom import http
from newsroom.config import Settings
from newsroom.errors import NewsroomError
from newsroom.status import WHOLE, Freshness, freshness, oldest
from newsroom.warehouse import Warehouse

STOPPED = "stopped on request"
"""How the detail of a run begins that a person (or a shutdown) stopped: nobody needs to be told."""
_LISTING_READERS = ("nightly", "sweep")
_SHOWN = 900
# What chat programs take for commands: `<!channel>`, `@all`, a link. The detail of a run may quote what a page said.
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'"})


def troubles(runs: Iterable[Mapping[str, Any]], *, incomplete_runs: int = 2) -> dict[str, Mapping[str, Any]]:
    """What is in trouble after these runs (the earliest first), and the run that was the last to say so.

    * `blocked: CHECK` until something is published again, by whatever run;
    * `failed: SOURCES` until a run of the same or more sources reaches its end;
    * `incomplete: SOURCES` after so many incomplete nightlies or sweeps of the same sources in a row, until one of them is ok.

    >>> night = {"kind": "nightly", "sources": ["osce"], "blocked_by": []}
    >>> [list(troubles([night | {"outcome": each} for each in nights])) for nights in (["incomplete"], ["incomplete"] * 2, ["failed", "ok"])]
    [[], ['incomplete: osce'], []]
    """
    current: dict[str, Mapping[str, Any]] = {}
    in_a_row: Counter[frozenset[str]] = Counter()
    for run in runs:
        sources, name = frozenset(run["sources"]), ", ".join(sorted(run["sources"]))
        if run["kind"] == "check" or str(run.get("detail") or "").startswith(STOPPED):
            continue
        if run["outcome"] == "blocked":
            current |= {f"blocked: {check}": run for check in run["blocked_by"] or ("unknown",)}
        elif run["outcome"] == "failed":
            current[f"failed: {name}"] = run
        else:
            current = {key: at for key, at in current.items() if not _is_over(key, at, run, sources)}
        if run["kind"] in _LISTING_READERS and run["outcome"] == "incomplete":
            in_a_row[sources] += 1
            if in_a_row[sources] >= incomplete_runs:
                current[f"incomplete: {name}"] = run
        elif run["kind"] in _LISTING_READERS and run["outcome"] == "ok":
            in_a_row = Counter({each: count for each, count in in_a_row.items() if not each <= sources})
    return current


def _is_over(trouble: str, at: Mapping[str, Any], run: Mapping[str, Any], sources: frozenset[str]) -> bool:
    """Whether a run that was published ends a trouble that another one was in."""
    if trouble.startswith("blocked"):
        return True
    covers = frozenset(at["sources"]) <= sources
    if trouble.startswith("failed"):
        return covers and (run["kind"] == at["kind"] or run["kind"] in _LISTING_READERS)
    return covers and run["kind"] in _LISTING_READERS and run["outcome"] == "ok"


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that is due."""

    event: str
    """`trouble` or `recovery`."""
    new: tuple[str, ...]
    over: tuple[str, ...]
    still: tuple[str, ...]


def due(open_troubles: Sequence[str], told: Sequence[str]) -> Notice | None:
    """The message that makes a person who knows of `told` know of `open_troubles`; None if there is nothing to say.

    >>> due(["blocked: missing_title"], []).event, due([], ["blocked: missing_title"]).event, due(["failed: osce"], ["failed: osce"])
    ('trouble', 'recovery', None)
    """
    new = tuple(each for each in open_troubles if each not in told)
    over = tuple(each for each in told if each not in open_troubles)
    if not new and not over:
        return None
    return Notice("trouble" if new else "recovery", new, over, tuple(each for each in open_troubles if each in told))


def message(notice: Notice, run: Mapping[str, Any], data: Path) -> dict[str, Any]:
    """What is sent (docs/watching.md). `run` is the one that the message is about."""
    if notice.event == "trouble":
        text = f"Newsroom {run['kind']} {run['run_id']}: {'; '.join(notice.new)}." + (f" {run['detail']}" if run["detail"] else "")
    else:
        text = f"Newsroom {run['kind']} {run['run_id']}: {run['outcome']}; over: {'; '.join(notice.over)}."
    if notice.still:
        text += f" Still: {'; '.join(notice.still)}."
    words = "".join(char if char.isprintable() else " " for char in text).translate(_HARMLESS)
    return {
        "text": words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…",
        "event": notice.event,
        "troubles": [*notice.new, *notice.still],
        "over": list(notice.over),
        "run_id": run["run_id"],
        "kind": run["kind"],
        "sources": list(run["sources"]),
        "outcome": run["outcome"],
        "detail": run["detail"],
        "host": socket.gethostname(),
        "data": str(data.absolute()),
    }


def tell(warehouse: Warehouse, settings: Settings, *, run_id: str, data: Path, now: datetime, say: Callable[[str], object]) -> None:
    """Send the message that is due, if one is and somebody is to be told; write down that it arrived."""
    webhook = os.environ.get("NEWSROOM_WEBHOOK") or settings.notify.webhook
    if not webhook and not settings.notify.command:
        return
    history = warehouse.rows("watch/history")
    current = troubles(history, incomplete_runs=settings.notify.incomplete_runs)
    last = warehouse.ask("SELECT troubles FROM ops.notices ORDER BY told_at DESC, rowid DESC LIMIT 1").rows
    notice = due(list(current), last[0][0] if last else [])
    if notice is None or not history:
        return
    about = current[notice.new[-1]] if notice.new else history[-1]
    content = message(notice, about, data)
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    seconds = settings.notify.timeout_seconds
    sent = []
    if webhook:
        sent.append(_attempt("webhook", webhook, lambda: _post(webhook, body, settings), seconds, say))
    if settings.notify.command:
        sent.append(
            _attempt("command", settings.notify.command[0], lambda: _run(settings.notify.command, body, content, seconds), seconds, say)
        )
    if any(sent):
        say(f"notify: told {notice.event}: {'; '.join(notice.new or notice.over)}")
        with warehouse.transaction():
            row = {"run_id": run_id, "event": notice.event, "troubles": list(current), "told_at": now}
            warehouse.append("ops.notices", [row])


def beat(
    warehouse: Warehouse, settings: Settings, *, defined: Mapping[str, bool], data: Path, now: datetime, say: Callable[[str], object]
) -> None:
    """Give the sign of life, if all public data are fresh; to be called after a nightly or sweep that was published."""
    url = os.environ.get("NEWSROOM_HEARTBEAT_URL") or settings.watch.heartbeat_url
    if not url and not settings.watch.heartbeat_file:
        return
    sources = freshness(dict(warehouse.ask(WHOLE.format(walks="mart.walks")).rows), defined, now=now)
    _, age_hours = oldest(sources)
    if age_hours is None or age_hours > settings.watch.max_age_hours:
        late = [each.source for each in sources if each.counts and _is_late(each, settings.watch.max_age_hours)]
        say(f"heartbeat: withheld, since not all is fresh: {', '.join(late) or 'no source is enabled'}")
        return
    seconds = settings.notify.timeout_seconds
    if settings.watch.heartbeat_file:
        file = data / settings.watch.heartbeat_file
        _attempt("heartbeat", str(file), lambda: _touch(file, now), seconds, say)
    if url:
        ask = lambda: http.send(url, body=None, timeout_seconds=seconds, user_agent=settings.user_agent_text)  # noqa: E731
        _attempt("heartbeat", url, ask, seconds, say)


def _is_late(source: Freshness, max_age_hours: float) -> bool:
    return source.age_hours is None or source.age_hours > max_age_hours


def _touch(file: Path, now: datetime) -> None:
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(now.isoformat() + "\n", encoding="utf-8")
    beside.replace(file)


def _post(url: str, body: bytes, settings: Settings) -> None:
    http.send(url, body=body, timeout_seconds=settings.notify.timeout_seconds, user_agent=settings.user_agent_text)


def _run(command: Sequence[str], body: bytes, content: Mapping[str, Any], seconds: float) -> None:
    """A program of the operator's, in a process group of its own so that all of it can be ended."""
    environment = {**os.environ, "NEWSROOM_EVENT": content["event"], "NEWSROOM_TEXT": content["text"]}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603 -- it stands in the operator's own configuration
        list(command), stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, env=environment, start_new_session=True
    ) as process:
        try:
            process.communicate(body, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise NewsroomError(f"did not end within {seconds:g} s") from None
    if process.returncode:
        raise NewsroomError(f"ended with exit code {process.returncode}")


def _attempt(name: str, where: str, work: Callable[[], None], seconds: float, say: Callable[[str], object]) -> bool:
    """Do it in a thread that nobody waits for too long (a name service has no deadline); say so in one line if it did not work."""
    trouble = [f"no answer within {seconds:g} s"]

    def guarded() -> None:
        try:
            work()
            trouble.clear()
        except Exception as error:  # noqa: BLE001 -- whatever it is, the run goes on
            trouble[0] = error.strerror or str(error) if isinstance(error, OSError) else str(error)

    thread = threading.Thread(target=guarded, name=name, daemon=True)
    thread.start()
    thread.join(seconds + 1)
    if not trouble:
        return True
    host = urlsplit(where).hostname if "://" in where else where
    say(f"{name}: {'' if trouble[0].startswith(str(host)) else f'{host}: '}{trouble[0]}; the run is not touched by that")
    return False
