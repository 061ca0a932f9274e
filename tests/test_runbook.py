"""The runbook is tried: each of its commands is typed in the situation it is for, in the order it stands there.

All is real but Prefect: the flows' work is done without it (tests/test_flows.py has the flows), against the sample newsroom.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsroom import cli, lock, pipeline
from newsroom.sample import Fault, SampleSite, Server, serve
from newsroom.sample.faults import ARTICLE, soft_404, status
from newsroom.stages.publish import put_in_place
from newsroom.warehouse import Warehouse
from tests.nights import impatient_config
from tests.test_docs import ROOT, commands, parse

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\d+)\. .*?\n(.*?)(?=^##? |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))


def typed(number: str) -> list[str]:
    """The commands of a section."""
    return [line for block in re.findall(r"^```sh\n(.*?)^```", SECTIONS[number], re.MULTILINE | re.DOTALL) for line in block.splitlines()]


def test_it_has_more_than_ten_sections_and_each_says_what_to_type() -> None:
    assert len(SECTIONS) >= 10
    assert all(typed(number) for number in SECTIONS)


@pytest.mark.parametrize("page", ["runbook.md", "watching.md"])
def test_its_commands_are_those_of_the_program(page: str) -> None:
    """In blocks and in the text."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
    lines += re.findall(r"`(newsroom [a-z][^`\n]*)`", text)
    assert len(lines) > 3
    for line in lines:
        if line.startswith("newsroom "):
            assert parse(line) in commands(), line


def test_the_automation_is_one_that_prefect_takes() -> None:
    """And the states it waits for are those that our runs end in."""
    from prefect.events.schemas.automations import AutomationCore

    from flows.runs import final_state
    from newsroom.model import RunResult

    text = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    automation = AutomationCore.model_validate(json.loads(block))
    states = {final_state(RunResult("r", "nightly", outcome, {})).name for outcome in ("blocked", "failed")}
    assert {f"prefect.flow-run.{name}" for name in states} <= automation.trigger.expect


# --- the situations


@dataclass
class Desk:
    """Where an operator sits: a folder with `config` and `data`, a shell, and a newsroom on loopback."""

    folder: Path
    site: SampleSite
    server: Server
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""
    code: int = 0
    done: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def definition(self) -> Path:
        return self.folder / "config" / "sources" / "osce.toml"

    def type(self, line: str) -> int:
        """Type a line; `out` and `err` are what it said."""
        self.done.append(line)
        if not line.startswith("newsroom "):
            self.code = subprocess.run(line, shell=True, check=False, cwd=self.folder).returncode
            return self.code
        sys.argv = ["newsroom", *shlex.split(line, comments=True)[1:]]
        with pytest.raises(SystemExit) as ended:
            cli.main()
        self.out, self.err = self.capture.readouterr()
        self.code = int(ended.value.code or 0)
        return self.code

    def follow(self, number: str, *codes: int, between: dict[str, Callable[[], object]] | None = None) -> None:
        """Type all of a section, each with the exit code expected; `between`: what a person does before a line."""
        lines = typed(number)
        assert len(lines) == len(codes)
        for line, code in zip(lines, codes, strict=True):
            (between or {}).get(line, lambda: None)()
            assert self.type(line) == code, f"{line}: exit {self.code}\n{self.out}\n{self.err}"

    def verdict(self) -> str:
        self.type("newsroom status")
        return self.out.splitlines()[0]


def sample() -> SampleSite:
    return SampleSite(12, end=datetime.now(UTC).date() - timedelta(days=3))


def work_plainly(server: Server) -> Callable[..., Any]:
    """In place of `cli.executing.under_prefect`: the same work, of the newsroom on loopback, without Prefect."""

    def execute(plan: pipeline.Plan) -> Any:
        options = replace(plan.options, base_url=server.url, delay=0)
        return pipeline.run(replace(plan, options=options), engine=pipeline.Inline(), watch=pipeline.Silent())

    return lambda _data, _debug, work: work(execute)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a first night has been."""
    folder = tmp_path_factory.mktemp("settled")
    config = impatient_config(folder / "config") / "newsroom.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("please-set-this@example.org", "newsdesk@osce.org"), encoding="utf-8")
    shutil.copytree(ROOT / "tests" / "pages", folder / "tests" / "pages")
    with serve(sample()) as server:
        plan = pipeline.prepare("nightly", pipeline.Options(folder / "config", folder / "data"))
        assert work_plainly(server)(None, None, lambda execute: execute(plan)).outcome == "ok"
    return folder


@pytest.fixture
def desk(settled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    folder = tmp_path / "desk"
    shutil.copytree(settled, folder)
    (snapshot,) = folder.glob("data/public/snapshots/*.duckdb")
    put_in_place(snapshot, folder / "data" / "public")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(cli, "_leave", sys.exit)  # at once, it would be, once another test has imported Prefect
    monkeypatch.setenv("COLUMNS", "200")
    site = sample()
    with serve(site) as server:
        monkeypatch.setattr(cli.executing, "under_prefect", work_plainly(server))
        yield Desk(folder, site, server, capsys)


def age_everything(desk: Desk, days: float) -> None:
    """As if the last nights were so many days ago."""
    with Warehouse.open(desk.data / "warehouse.duckdb") as warehouse:
        warehouse.run(f"UPDATE facts.walks SET finished_at = finished_at - INTERVAL {days * 24} HOUR")
    assert desk.type("newsroom publish") == 0


def test_1_no_run_last_night(desk: Desk) -> None:
    age_everything(desk, 2.3)
    assert desk.verdict().startswith("OLD: osce was last read whole 2.3 days ago")
    desk.follow("1", 1, 0)
    assert desk.verdict().startswith("OK: ")


def test_2_blocked_by_a_redesign(desk: Desk) -> None:
    """The bodies are found no more: nothing is published, and after the repair nothing is asked for again."""
    right = desk.definition.read_text(encoding="utf-8")
    desk.definition.write_text(re.sub(r"^body = .*$", 'body = ["css:.no-such-place"]', right, flags=re.MULTILINE), encoding="utf-8")
    assert desk.type("newsroom run") == 1
    assert re.match(r"ATTENTION: the last run \(\S+\) was blocked: ", desk.verdict())
    asked = len(desk.server.log)
    desk.follow("2", 0, 1, 0, 0, between={"newsroom sources --check": lambda: desk.definition.write_text(right, encoding="utf-8")})
    assert len(desk.server.log) == asked
    assert desk.verdict().startswith("OK: ")


def test_3_blocked_but_right(desk: Desk) -> None:
    """Every article is corrected in one night."""
    for item in desk.site.listing():
        desk.site.rewrite(item.id, "An earlier version of this text gave the wrong number of participants.")
    assert desk.type("newsroom run --recheck all") == 1, desk.out
    blocked = set(re.findall(r"(\w+): ", desk.err)) & {path.stem for path in (ROOT / "src/newsroom/sql/checks").glob("*.sql")}
    assert blocked

    def allow() -> None:
        checks = desk.folder / "config" / "checks.toml"
        allowed = "".join(f'\n[sources.osce.{name}]\nseverity = "warn"\n' for name in blocked)
        checks.write_text(checks.read_text(encoding="utf-8") + allowed, encoding="utf-8")

    desk.follow("3", 1, 0, between={"newsroom publish": allow})
    desk.type("newsroom sql 'SELECT count(*) FROM article_versions WHERE version = 2' --format csv")
    assert int(desk.out.splitlines()[1]) > 5


def test_4_wrong_data_published(desk: Desk) -> None:
    desk.site.add(1)
    assert desk.type("newsroom run") == 0
    desk.follow("4", 0, 0)
    assert len(desk.out.splitlines()) == 2  # the snapshot of the first night knows of one run


def test_5_unreachable(desk: Desk) -> None:
    desk.site.add(2)
    desk.site.faults.append(Fault(ARTICLE, status(503)))
    assert desk.type("newsroom run") == 3
    assert "was incomplete" in desk.verdict()
    desk.follow("5", 0, 0, 0, 0, between={"newsroom run osce": desk.site.faults.clear})
    assert desk.verdict().startswith("OK: ")


def test_6_somebody_is_at_work(desk: Desk) -> None:
    with lock.hold(desk.data, run_id="20261123-023000-nightly", now=datetime.now(UTC)):
        assert desk.type("newsroom publish --wait 0.1") == 3
        assert "waiting for run 20261123-023000-nightly" in desk.err and "is still at work" in desk.err
        desk.type("newsroom status")
        assert f"process {os.getpid()}" in desk.out
    desk.follow("6", 0, 0)


def test_7_the_machine_died(desk: Desk) -> None:
    with Warehouse.open(desk.data / "warehouse.duckdb") as warehouse:
        warehouse.run("UPDATE ops.runs SET outcome = NULL, finished_at = NULL")
    assert "died before its end" in desk.verdict()
    desk.follow("7", 0)
    assert desk.verdict().startswith("OK: ")


def test_8_the_disk_is_full(desk: Desk) -> None:
    desk.follow("8", 0, 0, 0, 0)


def test_9_damaged(desk: Desk) -> None:
    """Public file, archive, everything: in this order."""
    publish, verify, run, mv, restore, again = typed("9")
    assert desk.type("newsroom backup backup") == 0

    (desk.data / "public" / "newsroom.duckdb").unlink()
    (desk.data / "public" / "newsroom.duckdb").write_bytes(b"rubbish" * 1000)
    assert desk.verdict().startswith("DAMAGED: ")
    assert desk.type(publish) == 0
    assert desk.verdict().startswith("OK: ")

    (warc,) = desk.data.glob("archive/osce/*.warc")
    warc.unlink()
    assert desk.type(verify) == 3 and "is missing, though responses in it are needed" in desk.err
    shutil.copy2(desk.folder / "backup" / "archive" / "osce" / warc.name, warc)
    assert desk.type(verify) == 0
    assert desk.type(run) == 0

    (desk.data / "warehouse.duckdb").write_bytes(b"rubbish" * 10_000)
    assert desk.type(run) == 3 and "is not a usable warehouse" in desk.err
    assert [desk.type(line) for line in (mv, restore, again)] == [0, 0, 0]
    assert desk.verdict().startswith("OK: ")


def test_10_quarantine(desk: Desk) -> None:
    """A page that is none is set aside, shown, and had in the end."""
    desk.site.add(1)
    number = desk.site.listing()[0].id
    desk.site.faults.append(Fault(rf"/{number}$", soft_404()))
    desk.type("newsroom run")
    lines = typed("10")
    assert desk.type(lines[0]) == 0 and f"osce:{number}" in desk.out
    assert desk.type("newsroom status") == 0 and "quarantined of" in desk.out
    assert desk.type(lines[1]) == 0
    desk.site.faults.clear()
    assert desk.type(lines[2]) == 0
    assert desk.type(lines[0]) == 0 and f"osce:{number}" not in desk.out


def test_11_upgrade(desk: Desk) -> None:
    desk.follow("11", 0)
    with Warehouse.open(desk.data / "warehouse.duckdb") as warehouse:
        warehouse.run("INSERT INTO ops.migrations VALUES (9999, 'migrations/9999_from_the_future', now())")
    assert desk.type("newsroom publish") == 3
    assert "was written by a newer Newsroom" in desk.err and desk.err.count("\n") == 1
