"""Watching from outside: what a monitor is told, who gets a message and when, and the sign of life."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from newsroom import config, notify, pipeline
from newsroom import status as standing
from newsroom.errors import NewsroomError
from newsroom.model import RunKind
from newsroom.sample import Fault, SampleSite, Server, serve
from newsroom.sample.faults import ARTICLE, LISTING, status
from newsroom.warehouse import Warehouse
from tests.nights import Office, impatient_config


@dataclass
class Listener:
    """What a chat program or a heartbeat service would see."""

    url: str = ""
    heard: list[tuple[str, str, Any]] = field(default_factory=list)
    answer: int = 200

    @property
    def events(self) -> list[str]:
        return [told["event"] for method, _, told in self.heard if method == "POST"]


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def _hear(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if listener.answer == 200:
                listener.heard.append((self.command, self.path, json.loads(body) if body else None))
            self.send_response(listener.answer)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST = _hear

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    listener.url = f"http://127.0.0.1:{server.server_port}/services/SECRET"
    yield listener
    server.shutdown()
    server.server_close()


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(12)


@pytest.fixture
def newsroom(site: SampleSite) -> Iterator[Server]:
    with serve(site) as server:
        yield server


def office(tmp_path: Path, server: Server, **settings: str) -> Office:
    """An office whose newsroom.toml has these tables."""
    config = impatient_config(tmp_path / "config")
    lines = [f'contact = "newsdesk@osce.org"\n{settings.pop("top", "")}', *(f"[{name}]\n{text}" for name, text in settings.items())]
    (config / "newsroom.toml").write_text("\n".join(lines), encoding="utf-8")
    return Office(tmp_path / "data", server.url, config)


# --- what is in trouble


def night(outcome: str, *sources: str, kind: RunKind = "nightly", by: tuple[str, ...] = (), detail: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "sources": list(sources or ("osce",)), "outcome": outcome, "blocked_by": list(by), "detail": detail}


@pytest.mark.parametrize(
    ("story", "runs", "wanted"),
    [
        ("one bad night of the network is no news", [night("incomplete")], []),
        ("two in a row are", [night("incomplete")] * 2, ["incomplete: osce"]),
        ("but not with a good one between", [night("incomplete"), night("ok"), night("incomplete")], []),
        ("a good night of another source changes nothing", [night("incomplete"), night("ok", "acme")] * 2, ["incomplete: osce"]),
        ("one of all sources does", [night("incomplete")] * 2 + [night("ok", "acme", "osce")], []),
        ("a check by hand is a question, not a run", [night("blocked", kind="check", by=("missing_title",))], []),
        ("every check that blocks counts", [night("blocked", by=("a", "b"))], ["blocked: a", "blocked: b"]),
        ("a reparse that is published ends it", [night("blocked", by=("a",)), night("ok", kind="reparse")], []),
        ("even an incomplete night ends it", [night("blocked", by=("a",)), night("incomplete")], []),
        ("a reparse reads no listing", [night("incomplete")] * 2 + [night("ok", kind="reparse")], ["incomplete: osce"]),
        ("a failed source is not cured by another", [night("failed"), night("ok", "acme")], ["failed: osce"]),
        ("whoever stops a run knows it", [night("failed", detail=f"{notify.STOPPED}; the next run goes on")], []),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_in_trouble_follows_from_the_runs(story: str, runs: list[dict[str, Any]], wanted: list[str]) -> None:
    assert list(notify.troubles(runs)) == wanted


# --- messages


def test_a_blocked_week_is_told_once_and_so_is_its_end(tmp_path: Path, site: SampleSite, newsroom: Server, listener: Listener) -> None:
    """Blocked on Monday: a message. Still blocked on Tuesday: none. Published on Wednesday: one. Quiet again on Thursday."""
    here = office(tmp_path, newsroom, notify=f'webhook = "{listener.url}"')
    assert here.run().outcome == "ok"
    assert listener.heard == []
    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:  # a day that never was: blocks by date_in_the_future
        warehouse.run("UPDATE facts.readings SET published_on = DATE '2030-01-01'")
    for day in ("Monday", "Tuesday"):
        here.sleep()
        assert here.run().outcome == "blocked", day
    assert listener.events == ["trouble"]
    told = listener.heard[0][2]
    assert "blocked: date_in_the_future" in told["text"] and told["troubles"] == ["blocked: date_in_the_future"]
    assert {"run_id", "kind", "sources", "outcome", "detail", "host", "data", "over", "event"} <= told.keys()
    assert any("told trouble" in line for line in here.lines)

    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:
        warehouse.run("DELETE FROM facts.readings")  # they are read again
    here.sleep()
    assert here.run().outcome == "ok"
    here.sleep()
    assert here.run().outcome == "ok"
    assert listener.events == ["trouble", "recovery"]
    assert listener.heard[1][2]["over"] == ["blocked: date_in_the_future"]


def test_an_unreachable_newsroom_is_told_the_second_night(tmp_path: Path, site: SampleSite, newsroom: Server, listener: Listener) -> None:
    here = office(tmp_path, newsroom, notify=f'webhook = "{listener.url}"')
    assert here.run().outcome == "ok"
    site.faults.append(Fault(LISTING, status(503)))
    heard = []
    for _ in range(3):
        here.sleep()
        assert here.run().outcome == "incomplete"
        heard.append(len(listener.heard))
    assert heard == [0, 1, 1]
    site.faults.clear()
    here.sleep()
    assert here.run().outcome == "ok"
    assert listener.events == ["trouble", "recovery"]


def test_what_did_not_arrive_is_told_again(tmp_path: Path, site: SampleSite, newsroom: Server, listener: Listener) -> None:
    """The network that keeps us from the newsroom also keeps us from the webhook; a redirect is no arrival either."""
    here = office(tmp_path, newsroom, notify=f'webhook = "{listener.url}"\nincomplete_runs = 1')
    assert here.run().outcome == "ok"
    site.faults.append(Fault(LISTING, status(503)))
    for answer in (500, 302):
        listener.answer = answer
        here.sleep()
        assert here.run().outcome == "incomplete"
        told = [line for line in here.lines if line.startswith("webhook: ")]
        assert told[-1] == f"webhook: 127.0.0.1: answered HTTP {answer}; the run is not touched by that"
    assert not any("SECRET" in line for line in here.lines)
    listener.answer = 200
    here.sleep()
    here.run()
    assert listener.events == ["trouble"]


def test_a_killed_run_is_told_by_the_next(tmp_path: Path, newsroom: Server, listener: Listener) -> None:
    here = office(tmp_path, newsroom, notify=f'webhook = "{listener.url}"')
    assert here.run().outcome == "ok"
    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:  # what `kill -9` leaves
        warehouse.run("UPDATE ops.runs SET outcome = NULL, finished_at = NULL")
    here.sleep()
    assert here.run().outcome == "ok"
    trouble, recovery = (told for _, _, told in listener.heard)
    assert (trouble["event"], trouble["outcome"]) == ("trouble", "failed")
    assert "died before its end" in trouble["text"]
    assert trouble["run_id"] < recovery["run_id"]
    assert recovery["over"] == ["failed: osce"]


def test_a_run_that_fails_tells_so_itself_and_a_stopped_one_does_not(tmp_path: Path, newsroom: Server, listener: Listener) -> None:
    here = office(tmp_path, newsroom, notify=f'webhook = "{listener.url}"')

    class Broken(pipeline.Inline):
        error: BaseException = NewsroomError("the disk is <!channel> full\x1b[2J")

        def step(self, name: str, work: Any) -> Any:
            raise self.error

    with pytest.raises(NewsroomError):
        here.run(engine=Broken())
    assert listener.events == ["trouble"]
    text = listener.heard[0][2]["text"]
    assert "the disk is ‹!channel› full" in text and "\x1b" not in text
    here.sleep()
    assert here.run().outcome == "ok"
    stopped = Broken()
    stopped.error = KeyboardInterrupt()
    here.sleep()
    with pytest.raises(KeyboardInterrupt):
        here.run(engine=stopped)
    here.sleep()
    assert here.run().outcome == "ok"
    assert listener.events == ["trouble", "recovery"]


def test_a_webhook_that_hangs_costs_seconds_and_not_the_run(tmp_path: Path, site: SampleSite, newsroom: Server) -> None:
    here = office(tmp_path, newsroom)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection, says nothing
        port = silent.getsockname()[1]
        (here.config / "newsroom.toml").write_text(
            f'contact = "newsdesk@osce.org"\n[notify]\nwebhook = "http://127.0.0.1:{port}/x"\nincomplete_runs = 1\ntimeout_seconds = 0.5\n',
            encoding="utf-8",
        )
        site.faults.append(Fault(ARTICLE, status(503)))
        began = time.monotonic()
        with Warehouse.open(here.data.parent / "w.duckdb") as warehouse:
            settings = config.load_settings(here.config)
            row = {"run_id": "r", "sources": ["osce"], "parameters": "{}", "started_at": here.clock(), "host": "h", "pid": 1}
            warehouse.append("ops.runs", [row | {"kind": "nightly", "outcome": "failed", "newsroom_version": "0"}])
            notify.tell(warehouse, settings, run_id="r", data=here.data, now=here.clock(), say=here.say)
            assert warehouse.ask("SELECT count(*) FROM ops.notices").rows == [(0,)]
        assert time.monotonic() - began < 60
    assert len(here.lines) == 1 and here.lines[0].startswith("webhook: 127.0.0.1: ")
    assert here.run().outcome == "incomplete"  # refused now; the run ends as it would have


def test_a_command_gets_the_message(tmp_path: Path, site: SampleSite, newsroom: Server) -> None:
    """As JSON on standard input and as text in its environment; one that fails or hangs is told and left behind."""
    got = tmp_path / "got.json"
    script = f"import os,sys,json; json.dump([json.load(sys.stdin), os.environ['NEWSROOM_TEXT']], open({str(got)!r}, 'w'))"
    here = office(tmp_path, newsroom, notify=f"incomplete_runs = 1\ncommand = {json.dumps([sys.executable, '-c', script])}")
    assert here.run().outcome == "ok"
    site.faults.append(Fault(LISTING, status(503)))
    here.sleep()
    here.run()
    told, text = json.loads(got.read_text(encoding="utf-8"))
    assert told["text"] == text and told["troubles"] == ["incomplete: osce"]

    for command, words in (
        (["false"], "ended with exit code 1"),
        (["sleep", "250"], "did not end within 0.2 s"),
        (["/no/such"], "No such file"),
    ):
        seconds = 0.2 if command[0] == "sleep" else 60
        path = here.config / "newsroom.toml"
        path.write_text(
            f'contact = "newsdesk@osce.org"\n[notify]\ncommand = {json.dumps(command)}\ntimeout_seconds = {seconds}\n', encoding="utf-8"
        )
        with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:
            warehouse.run("DELETE FROM ops.notices")
            warehouse.run("UPDATE ops.runs SET outcome = 'failed'")
            settings = pipeline.prepare("check", pipeline.Options(here.config, here.data)).settings
            notify.tell(warehouse, settings, run_id="r", data=here.data, now=here.clock(), say=here.say)
        assert here.lines[-1].startswith(f"command: {command[0]}: ") and words in here.lines[-1]


# --- the sign of life


def test_the_heart_beats_while_all_is_fresh(tmp_path: Path, site: SampleSite, newsroom: Server, listener: Listener) -> None:
    """It beats after good nights; not when a listing could not be read for longer than max_age_hours, and not for a backfill."""
    here = office(tmp_path, newsroom, watch=f'heartbeat_url = "{listener.url}"\nheartbeat_file = "alive"')
    assert here.run().outcome == "ok"
    assert [(method, path) for method, path, _ in listener.heard] == [("GET", "/services/SECRET")]
    first = (here.data / "alive").read_text(encoding="utf-8")

    site.faults.append(Fault(LISTING, status(503)))
    here.sleep(2)
    assert here.run().outcome == "incomplete"
    assert here.run("reparse").outcome == "ok"
    assert len(listener.heard) == 1 and (here.data / "alive").read_text(encoding="utf-8") == first
    assert "heartbeat: withheld, since not all is fresh: osce" in here.lines

    site.faults.clear()
    assert here.run().outcome == "ok"
    assert len(listener.heard) == 2 and (here.data / "alive").read_text(encoding="utf-8") > first


# --- status


def standing_of(here: Office) -> standing.Status:
    return pipeline.status(pipeline.Options(here.config, here.data), clock=here.clock)


def test_a_retired_source_does_not_keep_the_monitor_red(tmp_path: Path, newsroom: Server) -> None:
    """Disabled or removed, its articles stay and nobody waits for it; a new source that was never read is waited for."""
    here = office(tmp_path, newsroom)
    assert here.run().outcome == "ok"
    here.sleep(3)
    assert standing.verdict(standing_of(here), 26)[0] == "OLD"

    definition = here.config / "sources" / "osce.toml"
    text = definition.read_text(encoding="utf-8")
    acme = text.replace('name = "osce"', 'name = "acme"')
    (here.config / "sources" / "acme.toml").write_text(acme, encoding="utf-8")
    definition.write_text(text.replace('language = "en"', 'language = "en"\nenabled = false'), encoding="utf-8")
    word, sentence = standing.verdict(standing_of(here), 26)
    assert (word, sentence.startswith("acme was never read whole;")) == ("OLD", True)
    notes = {each.source: (each.counts, each.note) for each in standing_of(here).sources}
    assert notes == {"acme": (True, "never read whole"), "osce": (False, "disabled")}

    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:
        warehouse.run("INSERT INTO facts.walks BY NAME (SELECT * REPLACE ('acme' AS source, 'w2' AS walk_id, $now AS finished_at) FROM facts.walks)", now=here.now)  # fmt: skip
    definition.write_text(text, encoding="utf-8")
    assert here.run("publish").outcome == "ok"
    definition.unlink()
    found = standing_of(here)
    assert standing.verdict(found, 26)[0] == "OK"
    assert {each.source: each.note for each in found.sources} == {"acme": None, "osce": "no longer defined"}


def test_a_backfill_makes_nothing_fresher(tmp_path: Path, site: SampleSite, newsroom: Server) -> None:
    here = office(tmp_path, newsroom)
    assert here.run().outcome == "ok"
    fresh_at = standing_of(here).fresh_at
    here.sleep(3)
    first = min(item.published_on for item in site.listing())
    assert here.run("backfill", since=first, until=first.replace(year=first.year + 9)).outcome == "ok"
    assert standing_of(here).fresh_at == fresh_at


def test_a_verdict_for_every_state(tmp_path: Path, site: SampleSite, newsroom: Server) -> None:
    here = office(tmp_path, newsroom)
    assert standing.verdict(standing_of(here)) == ("NOTHING", "no data have been published yet; there has been no run")
    assert here.run().outcome == "ok"
    assert standing.verdict(standing_of(here))[0] == "OK"
    site.faults.append(Fault(ARTICLE, status(503)))
    site.add(1)
    here.sleep()
    assert here.run().outcome == "incomplete"
    word, sentence = standing.verdict(standing_of(here))
    assert word == "ATTENTION" and "was incomplete: osce: 1 of" in sentence
    with Warehouse.open(here.data / "warehouse.duckdb") as warehouse:
        warehouse.run("UPDATE ops.runs SET outcome = NULL WHERE run_id = (SELECT max(run_id) FROM ops.runs)")
    assert "died before its end" in standing.verdict(standing_of(here))[1]

    source = here.config / "sources" / "osce.toml"
    source.write_text(source.read_text(encoding="utf-8") + "\n[nonsense]\n", encoding="utf-8")
    word, sentence = standing.verdict(standing_of(here))
    assert word == "ATTENTION" and "nonsense: unknown key" in sentence

    public = here.data / "public" / "newsroom.duckdb"
    public.unlink()
    public.write_bytes(b"not a database at all")
    found = standing_of(here)
    assert standing.verdict(found)[0] == "DAMAGED" and found.is_damaged


def test_status_for_machines_is_one_object(tmp_path: Path, newsroom: Server) -> None:
    here = office(tmp_path, newsroom)
    assert here.run().outcome == "ok"
    told = json.loads(json.dumps(standing.as_json(standing_of(here), here.data, 26), default=str))
    assert told["verdict"] == "OK" and told["articles"] == here.sql("SELECT count(*) FROM articles")[0][0]
    assert [each["source"] for each in told["sources"]] == ["osce"]
    assert told["runs"][0]["outcome"] == "ok" and told["running"] is None and told["problem"] is None
    assert told["disk"]["archive_bytes"] == sum(path.stat().st_size for path in here.data.glob("archive/osce/*"))
    assert told["disk"]["public_bytes"] == (here.data / "public" / "newsroom.duckdb").stat().st_size + (
        (here.data / "public" / "report.html").stat().st_size
    )


def test_a_monitor_never_keeps_a_run_from_starting(tmp_path: Path, newsroom: Server) -> None:
    """Whoever looks has the warehouse open for a moment; the run waits for that moment."""
    here = office(tmp_path, newsroom)
    assert here.run().outcome == "ok"
    look = """import sys
from pathlib import Path
from newsroom.warehouse import Warehouse
with Warehouse.look(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()"""
    words = [sys.executable, "-c", look, here.data / "warehouse.duckdb"]
    here.sleep()
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
        here.when = ("another process has the warehouse open", reader.kill)
        assert here.run().outcome == "ok"
        assert reader.wait() == -signal.SIGKILL, "it did wait"


def test_settings_are_refused_before_any_request(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(Path(__file__).resolve().parents[1] / "config", config)
    for table, words in (
        ('[notify]\nwebhook = "hooks.example.org/x"', "notify.webhook"),
        ('[notify]\ncommand = "mail me"', "notify.command"),
        ("[watch]\nmax_age_hours = 0", "watch.max_age_hours"),
        ("[retention]\narchive_day = 3", "did you mean archive_days?"),
    ):
        (config / "newsroom.toml").write_text(table, encoding="utf-8")
        with pytest.raises(NewsroomError, match=words):
            pipeline.prepare("check", pipeline.Options(config, tmp_path / "data"))
