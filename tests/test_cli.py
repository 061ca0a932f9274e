"""The command line as users and scripts meet it: exit codes, one-line errors, formats, and commands that are told to stop."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsroom import cli, console
from newsroom.sample import Fault, SampleSite, Server, serve
from newsroom.sample.faults import challenge, drip
from newsroom.warehouse import Warehouse
from tests.nights import CONFIG, Office
from tests.served import servers
from tests.site import running

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = (
    "run",
    "backfill",
    "sweep",
    "reparse",
    "check",
    "export",
    "publish",
    "report",
    "rollback",
    "status",
    "coverage",
    "quarantine",
    "sql",
    "sources",
    "archive",
    "housekeeping",
    "backup",
    "restore",
    "serve",
    "deploy",
    "demo",
)
PROGRAM = [sys.executable, "-c", "from newsroom.cli import main; main()"]


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    def is_one_line(self) -> bool:
        """One readable line of error and nothing else."""
        return self.err.startswith("newsroom: ") and self.err.count("\n") == 1 and "Traceback" not in self.err


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEWSROOM_"))}
    return {**kept, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))), "COLUMNS": "100", **more}


@pytest.fixture
def newsroom(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Said]:
    """The program, called in this process: for commands that need no Prefect."""
    monkeypatch.setenv("NEWSROOM_CONFIG", str(CONFIG))
    monkeypatch.setenv("NEWSROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["newsroom", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return call


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after a night, made without Prefect. Not to be changed."""
    data = tmp_path_factory.mktemp("published") / "data"
    with running(articles=40) as (_, server):
        assert Office(data, server.url, now=datetime.now(UTC) - timedelta(hours=1)).run("nightly").outcome == "ok"
    return data


@pytest.fixture(scope="module")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Shared by all commands of this file, so that Prefect's database is made once (10 s)."""
    return str(tmp_path_factory.mktemp("prefect"))


@pytest.fixture
def site() -> Iterator[tuple[SampleSite, Server]]:
    with running(articles=40) as pair:
        yield pair


# --- usage


def test_help_lists_what_works_and_nothing_else(newsroom: Callable[..., Said]) -> None:
    said = newsroom("--help")
    listed = re.findall(r"^  ([a-z]+)  ", said.out.split("Commands:")[1], re.MULTILINE)
    assert (said.code, sorted(listed)) == (0, sorted(COMMANDS))


@pytest.mark.parametrize(
    "command", [*COMMANDS, "quarantine list", "quarantine show", "quarantine retry", "archive size", "archive verify", "archive prune"]
)
def test_every_command_has_an_example_and_the_common_options(newsroom: Callable[..., Said], command: str) -> None:
    said = newsroom(*command.split(), "--help")
    assert said.code == 0
    if command not in ("quarantine", "archive"):
        assert f"Example: newsroom {command}" in said.out
        assert all(option in said.out for option in ("--config", "--data", "--debug", "NEWSROOM_CONFIG", "NEWSROOM_DATA"))
    if command in ("run", "backfill", "sweep"):
        assert all(option in said.out for option in ("--base-url", "--delay", "--recheck", "--json"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("fly", "No such command 'fly'"),
        ("run --speed 3", "No such option"),
        ("run --recheck some", "'some' is not one of"),
        ("run --delay soon", "'soon' is not a number of seconds"),
        ("run --delay nan", "'nan' is not a number of seconds"),
        ("backfill osce --since 2001-01-01", "Missing option '--until'"),
        ("backfill osce --since 1.1.2001 --until 2002-01-01", "'1.1.2001' is not a date; write it like 2021-03-31"),
        ("backfill osce --since 2001-02-30 --until 2002-01-01", "'2001-02-30' is not a date"),
        ("backfill osce --since 2002-01-01 --until 2002-01-01 --base-url http://127.0.0.1:9", "must be before"),
        ("sweep nowhere --base-url http://127.0.0.1:9", "nowhere"),
        ("sweep osce --base-url ftp://127.0.0.1", "--base-url"),
        ("sweep osce --delay 0", "--delay 0"),
        ("sweep osce --base-url http://127.0.0.1:9 --config /no/such/directory", "/no/such/directory"),
        ("status --max-age soon", "'soon' is not a number of hours"),
        ("sql", "Missing argument 'QUERY'"),
        ("sql 'SELECT 1'", "nothing has been published yet; run `newsroom run"),
        ("coverage", "nothing has been published yet"),
        ("quarantine list", "nothing has been published yet"),
        ("rollback", "nothing has been published yet"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2_before_anything_is_done(
    newsroom: Callable[..., Said], tmp_path: Path, words: str, told: str
) -> None:
    said = newsroom(*(word.strip("'") for word in re.findall(r"'[^']*'|\S+", words)))
    assert said.code == 2
    assert said.is_one_line(), said.err
    assert told in said.err
    assert said.out == ""
    assert not (tmp_path / "data").exists()


def test_a_mistake_of_ours_is_one_line_too_and_debug_shows_where(newsroom: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr("newsroom.pipeline.status", broken)
    said = newsroom("status")
    assert (said.code, said.is_one_line()) == (3, True)
    assert "ZeroDivisionError: by" in said.err
    assert "Traceback" in newsroom("status", "--debug").err


# --- looking


def test_status_is_for_a_monitor(newsroom: Callable[..., Said], published: Path) -> None:
    """Exit 0 while the data are fresh enough, 1 when they are not; hours with or without an h."""
    fresh = newsroom("status", "--data", published, "--max-age", "26h")
    assert (fresh.code, fresh.err) == (0, "")
    assert "nightly" in fresh.out
    assert re.search(r"published: \S+-nightly, \d+ articles", fresh.out)
    old = newsroom("status", "--data", published, "--max-age", "0")
    assert (old.code, old.is_one_line()) == (1, True)


def test_status_speaks_to_people_and_to_machines(newsroom: Callable[..., Said], published: Path) -> None:
    """The verdict is the first line; with --json there is one object and nothing else."""
    told = newsroom("status", "--data", published)
    assert re.match(r"OK: \d+ articles, read whole .* ago \(.* UTC\); the last run \(\S+-nightly\) was ok$", told.out.splitlines()[0])
    old = newsroom("status", "--data", published, "--max-age", "0")
    assert old.out.startswith("OLD: osce was last read whole ")
    machine = newsroom("status", "--data", published, "--json", "--max-age", "0")
    assert (machine.code, machine.out.count("\n")) == (1, 1)
    assert json.loads(machine.out)["verdict"] == "OLD"
    assert json.loads(newsroom("status", "--json").out)["verdict"] == "NOTHING"


def test_keeping_house_from_the_command_line(newsroom: Callable[..., Said], published: Path, tmp_path: Path) -> None:
    """Each step is a line; backup and restore make a second newsroom of the first."""
    said = newsroom("housekeeping", "--dry-run", "--data", published)
    assert [line.split(":")[0] for line in said.out.splitlines()[:3]] == ["archive", "warehouse", "prefect"]
    assert said.out.endswith("would be freed\n")
    assert newsroom("archive", "--data", published).out.split()[:2] == ["source", "files"]
    assert newsroom("archive", "verify", "--data", published).out == "osce: 1 files, all whole\n"
    never = newsroom("archive", "prune", "--data", published)
    assert (never.code, never.is_one_line(), "kept for ever" in never.err) == (2, True, True)
    assert newsroom("archive", "prune", "--days", 1, "--dry-run", "--data", published).out == "0 files, 0.0 MB would be removed\n"
    assert "of them linked" in newsroom("backup", tmp_path / "backup", "--data", published).out
    again = newsroom("restore", tmp_path / "backup", "--data", published)
    assert (again.code, again.is_one_line()) == (2, True)
    back = newsroom("restore", tmp_path / "backup", "--data", tmp_path / "second")
    assert back.code == 0 and "kept as it is" in back.err
    assert newsroom("status", "--data", tmp_path / "second").out.startswith("OK: ")
    warc = next((tmp_path / "second").glob("archive/osce/*.warc"))
    warc.write_bytes(warc.read_bytes()[:-100])
    broken = newsroom("archive", "verify", "--data", tmp_path / "second")
    assert (broken.code, broken.is_one_line(), str(warc) in broken.err) == (3, True, True)


def test_status_before_the_first_night(newsroom: Callable[..., Said]) -> None:
    assert newsroom("status").code == 0
    assert newsroom("status", "--max-age", "26").code == 1


def test_coverage_adds_up(newsroom: Callable[..., Said], published: Path) -> None:
    """The table ends with a total; other formats hold the rows only, and each row adds up."""
    assert newsroom("coverage", "--data", published).out.splitlines()[-2].split()[0] == "total"
    rows = json.loads(newsroom("coverage", "osce", "--data", published, "--format", "json").out)
    assert rows
    for row in rows:
        assert row["listed"] == sum(row[name] for name in ("published", "duplicate", "quarantined", "pending", "gone"))
    unknown = newsroom("coverage", "elsewhere", "--data", published)
    assert (unknown.code, unknown.is_one_line()) == (2, True)


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (None, 'day,words,note\n2021-03-31,1; 2,"a ""quoted"", word"\n'),
        ("csv", 'day,words,note\n2021-03-31,1; 2,"a ""quoted"", word"\n'),
        ("jsonl", '{"day": "2021-03-31", "words": [1, 2], "note": "a \\"quoted\\", word"}\n'),
    ],
)
def test_sql_answers_in_the_form_asked_for(newsroom: Callable[..., Said], published: Path, form: str | None, wanted: str) -> None:
    query = """SELECT DATE '2021-03-31' AS day, [1, 2] AS words, 'a "quoted", word' AS note"""
    said = newsroom("sql", query, "--data", published, *(("--format", form) if form else ()))
    assert (said.code, said.out, said.err) == (0, wanted, "")


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM articles",
        "CREATE TABLE mine AS SELECT 1",
        "COPY articles TO '{tmp}/stolen.csv'",
        "ATTACH '{tmp}/new.duckdb'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SET enable_external_access = true",
        "SELECT FROM WHERE",
    ],
)
def test_sql_reads_the_public_database_and_nothing_else(newsroom: Callable[..., Said], published: Path, tmp_path: Path, query: str) -> None:
    said = newsroom("sql", query.replace("{tmp}", str(tmp_path)), "--data", published)
    assert (said.code, said.is_one_line(), said.out) == (2, True, ""), said.err
    assert not list(tmp_path.glob("*.csv")) + list(tmp_path.glob("*.duckdb"))


def test_a_reader_that_has_seen_enough_is_no_error(published: Path) -> None:
    """`newsroom sql … | head -1`."""
    ask = [*PROGRAM, "sql", "SELECT * FROM range(200000)", "--data", str(published)]
    with subprocess.Popen(ask, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()) as asked:
        assert asked.stdout is not None
        assert asked.stderr is not None
        assert asked.stdout.readline() == "range\n"
        asked.stdout.close()
        assert asked.stderr.read() == ""


def test_what_pages_say_cannot_command_the_terminal() -> None:
    """Escape codes, bells, direction overrides and lone surrogates are shown, not obeyed."""
    title = "\x1b]0;owned\x07\x1b[2J\u202etxt.exe\x9b31m\ud800 ok é"
    shown = console.visible(title)
    assert shown == "\\x1b]0;owned\\x07\\x1b[2J\\u202etxt.exe\\x9b31m\\ud800 ok é"
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("form", ["table", "csv", "json", "jsonl"])
def test_no_form_of_output_lets_a_title_through_to_a_terminal(form: Any) -> None:
    terminal = Terminal()
    console.write_rows(["title"], [["\x1b[2J[bold]gone[/bold]"]], form=form, out=terminal)
    assert "\x1b[2J" not in terminal.getvalue()
    assert "[bold]gone[/bold]" in terminal.getvalue()


def test_a_log_gets_few_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A thousand steps within a second are not a thousand lines; after half a minute there is one."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with console.screen(sys.stderr) as screen:
        for done in range(1000):
            screen.progress("fetch", "osce", done, 1000)
        now[0] += console.SPARSE_SECONDS
        screen.progress("fetch", "osce", 1000, 1000)
        screen.say("fetch osce: done\x1b[2J")
    assert capsys.readouterr().err == "fetch osce: 1000 of 1000\nfetch osce: done\\x1b[2J\n"


def test_the_sources_and_whether_they_hold(newsroom: Callable[..., Said], tmp_path: Path) -> None:
    assert "osce" in newsroom("sources").out
    wrong = tmp_path / "config"
    shutil.copytree(CONFIG, wrong)
    definition = wrong / "sources" / "osce.toml"
    definition.write_text(definition.read_text().replace("overlap_days", "overlap_weeks"))
    said = newsroom("sources", "--config", wrong)
    assert (said.code, said.is_one_line()) == (2, True)
    assert "overlap_weeks" in said.err


@pytest.mark.parametrize("words", [("--help",), ("sql", "SELECT count(*) FROM articles"), ("coverage",)])
def test_commands_without_a_flow_answer_at_once(published: Path, words: tuple[str, ...]) -> None:
    """They import neither Prefect nor anything of the crawl."""
    data = () if words == ("--help",) else ("--data", str(published))
    code = "import sys, newsroom.cli\ntry: newsroom.cli.main()\nfinally: print(*sys.modules, file=sys.stderr)"
    asked = subprocess.run([sys.executable, "-c", code, *words, *data], env=environment(), capture_output=True, text=True, check=True)
    assert not {"prefect", "requests", "selectolax", "warcio"} & set(asked.stderr.split())


# --- runs without Prefect


def test_check_publish_and_rollback(newsroom: Callable[..., Said], published: Path, tmp_path: Path) -> None:
    """Judged, published again, and rolled back to the night's snapshot."""
    data = tmp_path / "data"
    shutil.copytree(published, data)
    judged = newsroom("check", "--data", data)
    assert (judged.code, "missing_title" in judged.out) == (0, True)
    named = newsroom("check", "missing_date", "quiet_source", "--data", data)
    assert (named.code, "quiet_source" in named.out, "missing_title" in named.out) == (0, True, False)
    unknown = newsroom("check", "missing_dat", "--data", data)
    assert (unknown.code, unknown.is_one_line()) == (2, True)
    assert "did you mean missing_date" in unknown.err and "invariant_coverage" in unknown.err
    again = newsroom("publish", "--data", data)
    assert (again.code, "-publish: ok, published" in again.out) == (0, True)
    back = newsroom("rollback", "--data", data)
    assert (back.code, "-nightly again" in back.out) == (0, True)
    nowhere = newsroom("rollback", "20000101-000000-nightly", "--data", data)
    assert (nowhere.code, nowhere.is_one_line()) == (2, True)


def test_what_a_check_found_is_shown(newsroom: Callable[..., Said], published: Path, tmp_path: Path) -> None:
    """Addresses and columns of offending rows stand on the terminal; a check that blocks ends with 1, and publishes nothing."""
    data = tmp_path / "data"
    shutil.copytree(published, data)
    with Warehouse.open(data / "warehouse.duckdb") as warehouse:
        warehouse.run("UPDATE facts.readings SET published_on = DATE '2099-05-05' WHERE rowid IN (SELECT min(rowid) FROM facts.readings)")
    judged = newsroom("check", "date_in_the_future", "--data", data)
    assert (judged.code, "blocked: date_in_the_future" in judged.err) == (1, True)
    assert "date_in_the_future: the rows found" in judged.out
    assert re.search(r"^ *osce +osce:\d+ +https://www\.osce\.org/\S+ +2099-05-05 *$", judged.out, re.MULTILINE)


# --- runs under Prefect


def start(*words: object, home: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(PREFECT_HOME=home, NEWSROOM_CONFIG=str(CONFIG), **more),
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 400) -> Said:
    out, err = process.communicate(timeout=seconds)
    return Said(process.returncode, out, err)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_sweep_a_night_and_a_reparse_under_prefect(site: tuple[SampleSite, Server], tmp_path: Path, prefect_home: str) -> None:
    """A sweep gets all, and with --json standard output has its result only. The night after asks for no article, a reparse for nothing."""
    _, server = site
    at = ("--base-url", server.url, "--delay", 0, "--data", tmp_path / "data")
    swept = finish(start("sweep", "osce", *at, "--json", home=prefect_home))
    assert swept.code == 0, swept.err
    (line,) = swept.out.splitlines()
    result = json.loads(line)
    assert result.keys() == {"run_id", "outcome", "sources"}
    assert (result["outcome"], result["sources"].keys()) == ("ok", {"osce"})
    assert all(isinstance(count, int) for count in result["sources"]["osce"].values())
    assert "Traceback" not in swept.err

    asked = len(server.log)
    night = finish(start("run", *at, "--json", home=prefect_home))
    assert night.code == 0, night.err
    assert {request.path.split("?")[0] for request in server.log[asked:]} <= {"/robots.txt", "/press-releases"}

    server.stop()
    again = finish(start("reparse", "--data", tmp_path / "data", home=prefect_home))
    assert again.code == 0, again.err
    assert servers(prefect_home) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_site_that_is_not_there_is_incomplete_and_a_server_that_is_not_there_comes_first(tmp_path: Path, prefect_home: str) -> None:
    at = ("--base-url", "http://127.0.0.1:9", "--delay", 0, "--data", tmp_path / "data", "--json")
    refused = finish(start("sweep", "osce", *at, home=prefect_home, PREFECT_API_URL="http://127.0.0.1:9/api"))
    assert (refused.code, refused.is_one_line()) == (3, True), refused.err
    assert "no Prefect server answers there" in refused.err
    assert not (tmp_path / "data").exists()
    assert json.loads(refused.out) == {"run_id": None, "outcome": "failed", "sources": {}}

    unreached = finish(start("sweep", "osce", *at, home=prefect_home))
    assert unreached.code == 3
    assert "Traceback" not in unreached.err
    assert json.loads(unreached.out.splitlines()[-1])["outcome"] == "incomplete"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_command_told_to_stop_stops(site: tuple[SampleSite, Server], tmp_path: Path, prefect_home: str, sent: signal.Signals) -> None:
    """In the midst of a night against a slow site: over within seconds, one line, no server left, no lock left."""
    served, server = site
    served.faults.append(Fault(r"/\d+$", drip()))
    process = start("run", "osce", "--base-url", server.url, "--delay", "0", "--data", tmp_path / "data", home=prefect_home)
    threading.Timer(400, process.kill).start()
    while not any(re.search(r"/\d+$", request.path) for request in server.log):
        time.sleep(0.1)
        assert process.poll() is None, finish(process)
    began = time.monotonic()
    process.send_signal(sent)
    said = finish(process)
    assert time.monotonic() - began < 60
    deadline = time.monotonic() + 60
    while servers(prefect_home) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert servers(prefect_home) == []
    if sent != signal.SIGKILL:
        assert said.code == 128 + sent
        assert said.err.splitlines()[-1].startswith(f"newsroom: stopped by {sent.name}")
        assert "Traceback" not in said.err
    served.faults.clear()
    assert Office(tmp_path / "data", server.url).run("nightly").outcome == "ok"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_shows_two_nights(tmp_path: Path, prefect_home: str) -> None:
    """Two real nights on one Prefect server, the edits between them found, and commands to go on with that work."""
    shown = finish(start("demo", "--data", tmp_path / "data", home=prefect_home))
    assert shown.code == 0, shown.err
    assert re.search(r"Night 1: ok; \d\d+ new articles", shown.out)
    assert re.search(r"Night 2: ok; [1-9]\d* new articles, [1-9]\d* new versions", shown.out)
    commands = [line.strip() for line in shown.out.splitlines() if line.startswith("  newsroom ")]
    assert len(commands) == 5
    for command in commands:
        assert finish(start(*shlex.split(command)[1:], home=prefect_home)).code == 0, command


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_has_hardly_begun_stops_in_order_too(published: Path, sent: signal.Signals) -> None:
    slow = "import newsroom.warehouse, time\nnewsroom.warehouse.open_public = lambda _: [print('begun', flush=True), time.sleep(250)]\n"
    code = f"{slow}from newsroom.cli import main\nmain()"
    words = [sys.executable, "-c", code, "sql", "SELECT 1", "--data", str(published)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()) as asked:
        assert asked.stdout is not None
        assert asked.stdout.readline() == "begun\n"
        asked.send_signal(sent)
        said = finish(asked, 120)
    assert (said.code, said.is_one_line()) == (128 + sent, True), said.err


def test_report_and_export_say_where_they_are_and_what_is_missing(newsroom: Callable[..., Said], tmp_path: Path) -> None:
    """Before the first run there is nothing to draw and nothing to export: one line, exit 2, no folder made."""
    for command in (("report",), ("export", str(tmp_path / "out"))):
        said = newsroom(*command, "--data", str(tmp_path / "data"))
        assert said.code == 2
        assert said.err.count("\n") == 1
    assert newsroom("export", str(tmp_path / "out"), "--format", "xlsx").code == 2
    assert not (tmp_path / "out").exists()


def test_a_first_night_that_is_blocked_shows_what_it_set_aside(newsroom: Callable[..., Said], tmp_path: Path) -> None:
    """Nothing is public yet, so the private warehouse is looked into; and while a run holds that, this is said in one line."""
    site = SampleSite(40, seed=7)
    walled = {str(item.id) for item in site.articles()[::7]}
    site.faults.append(Fault(lambda request: request.path.rpartition("/")[2] in walled, challenge()))
    with serve(site) as server:
        office = Office(tmp_path / "data", server.url, now=datetime(2010, 1, 1, tzinfo=UTC))  # so most articles are from the future
        assert office.run("sweep").outcome == "blocked"
    assert not (tmp_path / "data" / "public" / "newsroom.duckdb").exists()
    said = newsroom("quarantine", "list", "--format", "csv")
    assert said.code == 0 and "challenge" in said.out, said.err
    one = said.out.splitlines()[1].split(",")[0]
    assert "challenge" in newsroom("quarantine", "show", one).out
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('ready', flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", hold, str(tmp_path / "data" / "warehouse.duckdb")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "ready\n"
        said = newsroom("quarantine", "list")
        other.kill()
    assert said.code == 3 and said.is_one_line, said.err
    assert "another process has the warehouse open; close it and try again" in said.err


@pytest.mark.parametrize("command", ["check", "publish", "reparse"])
def test_where_nothing_was_obtained_nothing_is_made(newsroom: Callable[..., Said], tmp_path: Path, command: str) -> None:
    """A misspelt --data is no empty newsroom: an empty public file would be all that consumers see."""
    said = newsroom(command, "--data", tmp_path / "misspelt")
    assert said.code == 2 and said.is_one_line, said.err
    assert "nothing has been obtained yet; run `newsroom run --data" in said.err
    assert not (tmp_path / "misspelt").exists()
