"""The README proves itself: its commands, tables and settings are those of the program."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import typer

from newsroom import cli, config
from newsroom.errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCHEMA = files("newsroom").joinpath("sql", "public", "schema.sql").read_text(encoding="utf-8")
PROGRAM: Any = typer.main.get_command(cli.app)


def blocks(language: str) -> list[str]:
    """Fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """The text under a heading."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def lines_starting(word: str) -> list[str]:
    """Commands that the README types: in blocks of shell, and alone in backquotes."""
    shell = [line for block in blocks("sh") for line in block.splitlines()]
    quoted = re.findall(r"`([^`\n]+)`", README)
    return [line for line in shell + quoted if line.startswith(f"{word} ")]


def commands(group: Any = PROGRAM, before: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command of the program, by its words."""
    found: dict[tuple[str, ...], Any] = {}
    for name, command in group.commands.items():
        found |= commands(command, (*before, name)) if hasattr(command, "commands") else {(*before, name): command}
    return found


def parse(line: str) -> tuple[str, ...]:
    """The command that a line calls; typer refuses it here if it would there."""
    words, group, context = shlex.split(line, comments=True)[1:], PROGRAM, None
    path: list[str] = []
    while hasattr(group, "commands"):
        context = group.make_context("newsroom", list(words), parent=context)
        name, group, words = group.resolve_command(context, words)
        path.append(name)
    group.make_context(path[-1], words, parent=context)
    return tuple(path)


@pytest.mark.parametrize("line", lines_starting("newsroom"))
def test_every_command_it_types_is_accepted(line: str) -> None:
    """Names, options and values, by the program's own parser."""
    assert parse(line) in commands()


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    """The check above can fail."""
    for line in ("newsroom fly", "newsroom run --quick", "newsroom backfill osce --since yesterday --until 2021-01-01", "newsroom sweep"):
        with pytest.raises(typer.TyperException):
            parse(line)


def test_its_table_has_every_command_and_no_other() -> None:
    """What `--help` lists."""
    rows = re.findall(r"^\| `(newsroom [^`]+)` \|", section("Commands"), re.MULTILINE)
    assert {parse(row) for row in rows} == commands().keys()


def test_its_options_are_those_of_the_commands() -> None:
    """Every option it speaks of exists, and those that all commands are said to take, all take."""
    options = {path: {name for one in command.params for name in one.opts} for path, command in commands().items()}
    spoken = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section("Commands")))
    assert spoken <= set().union(*options.values()) | {"--help"}
    for path, offered in options.items():
        assert {"--config", "--data", "--debug"} <= offered, path
        assert commands()[path].epilog.startswith(f"Example: newsroom {' '.join(path)}")
    for name in ("run", "backfill", "sweep"):
        assert {"--base-url", "--delay", "--recheck", "--json"} <= options[name,]


def test_its_exit_codes_are_those_of_the_program() -> None:
    """Outcomes and mistakes."""
    told = dict(re.findall(r"^\| (\d) \| (.*) \|$", section("Commands"), re.MULTILINE))
    for outcome, code in cli.EXIT_CODES.items():
        assert f"`{outcome}`" in told[str(code)]
    assert "mistake" in told[str(ConfigError.exit_code)]
    assert len(told) == 4


def test_its_tables_are_those_of_the_public_database() -> None:
    """By name, in order, in the words of their comments."""
    told = re.findall(r"^\| `(\w+)` \| (.+) \|$", section("The public database"), re.MULTILINE)
    assert told == re.findall(r"^COMMENT ON TABLE (\w+) IS '(.*)';$", SCHEMA, re.MULTILINE)


def test_its_columns_of_articles_are_those_of_the_public_database() -> None:
    """In order."""
    told = re.search(r"^`articles` has (.*?)\.$", section("The public database"), re.MULTILINE | re.DOTALL)
    assert told is not None
    assert re.findall(r"`(\w+)`", told[1]) == re.findall(r"^COMMENT ON COLUMN articles\.(\w+) IS", SCHEMA, re.MULTILINE)


def test_its_settings_are_the_defaults_in_full() -> None:
    """What the README shows is what holds when the file says nothing, and what the shipped file says."""
    shown = tomllib.loads(blocks("toml")[0])
    assert shown == config.Settings().model_dump(mode="json")
    assert shown == tomllib.loads((ROOT / "config" / "newsroom.toml").read_text(encoding="utf-8"))


def test_its_example_of_a_source_is_one(tmp_path: Path) -> None:
    """It loads, selectors and all; and the mistake is told as the README says."""
    from newsroom import extract

    path = tmp_path / "acme.toml"
    path.write_text(blocks("toml")[1], encoding="utf-8")
    assert config.load_source(path, problems=extract.problems).title == "Acme news"

    path.write_text(blocks("toml")[1].replace("[listing]", "[listing]\nrow = 20"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load_source(path)
    shown = re.search(r"^newsroom: config/sources/acme\.toml: (.*)…$", README, re.MULTILINE)
    assert shown is not None
    assert str(caught.value).startswith(f"{path}: {shown[1]}")


@pytest.mark.parametrize("line", lines_starting("make"))
def test_its_make_targets_exist(line: str) -> None:
    """As `make help` tells them."""
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert targets is not None
    assert line.split()[1] in targets[1].split()


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    """Those to files of this project."""
    for target in re.findall(r"\]\((?![a-z]+:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
