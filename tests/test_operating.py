"""docs/operating.md and deploy/: what they type exists, and what they show is what holds."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_docs import commands, parse

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
UNITS = sorted(path for path in DEPLOY.iterdir() if path.suffix in (".service", ".timer"))
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def typed() -> list[str]:
    """Every command that the page, the units, the crontab and the containers give."""
    shell = [line for block in blocks("sh") for line in block.splitlines()]
    quoted = re.findall(r"`((?:newsroom|prefect) [^`\n]+)`", PAGE)
    started = [line.partition("=")[2] for path in UNITS for line in path.read_text().splitlines() if line.startswith("ExecStart=")]
    cron = [line.partition("&& ")[2].partition(" >")[0] for line in (DEPLOY / "crontab").read_text().splitlines() if "&&" in line]
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    image = ["newsroom " + " ".join(words) for words in map(yaml.safe_load, re.findall(r"^CMD (.*)$", dockerfile, re.MULTILINE))]
    served = [
        each.strip()
        for service in COMPOSE["services"].values()
        for each in (
            service["command"][0].split("&&")
            if service["entrypoint"][0] == "sh"
            else [shlex.join(service["entrypoint"] + service["command"])]
        )
    ]
    found = [re.sub(r"^\S*/bin/", "", line) for line in shell + quoted + started + cron + image + served]
    return sorted({line for line in found if re.match(r"(newsroom|prefect) ", line)})


@pytest.mark.parametrize("line", [line for line in typed() if line.startswith("newsroom ")])
def test_every_command_of_ours_is_accepted(line: str) -> None:
    """Names, options and values, by the program's own parser."""
    assert parse(line) in commands()


def test_there_are_commands_to_look_at() -> None:
    """From each of the places they are collected from."""
    told = typed()
    for expected in (
        "newsroom serve --config /srv/newsroom/config --data /srv/newsroom/data",
        "newsroom status --max-age 26",
        "newsroom deploy --work-pool newsroom",
        "newsroom status",
        "prefect worker start --pool newsroom --type process",
        "prefect server start --host 0.0.0.0 --port 4200",
    ):
        assert expected in told


@pytest.mark.slow
def test_every_command_of_prefects_and_its_options_exist() -> None:
    """By the help of the version that is installed."""
    lines = [shlex.split(line) for line in typed() if line.startswith("prefect ")]
    wanted: dict[tuple[str, ...], set[str]] = {}
    for words in lines:
        path = tuple(words[1 : 4 if words[1] == "work-pool" and len(words) < 4 else 3])
        wanted.setdefault(path, set()).update(word for word in words if word.startswith("--"))
    assert len(wanted) >= 4
    for path, options in wanted.items():
        told = subprocess.run([sys.executable, "-m", "prefect", *path, "--help"], capture_output=True, text=True, timeout=250, check=False)
        assert told.returncode == 0, path
        offered = set(re.findall(r"--[a-z-]+[a-z]", told.stdout))
        assert options <= offered, (path, options - offered)


def test_the_schedule_it_shows_is_the_shipped_one() -> None:
    assert tomllib.loads(blocks("toml")[0]) == tomllib.loads((ROOT / "config" / "schedules.toml").read_text(encoding="utf-8"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Without a word of complaint, the paths and the user apart, which are those of the machine they are for."""
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace("/srv/newsroom/.venv/bin/newsroom", sys.executable)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / path.name) for path in UNITS)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def test_containers_share_what_they_must() -> None:
    """The worker and the deployments see the same directories, Prefect's database outlives its container, and the UI stays on loopback."""
    services: dict[str, Any] = COMPOSE["services"]
    assert services["worker"]["volumes"] == services["deploy"]["volumes"]
    named = {volume.split(":")[0] for service in services.values() for volume in service["volumes"] if not volume.startswith(".")}
    assert named == COMPOSE["volumes"].keys()
    assert all(port.startswith("127.0.0.1:") for port in services["server"]["ports"])
    pool = services["worker"]["command"][services["worker"]["command"].index("--pool") + 1]
    assert f"--work-pool {pool}" in services["deploy"]["command"][0]
    copied = re.findall(r"^COPY (?!--from)(?:--chown=\S+ )?(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
