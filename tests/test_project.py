"""The project around the code: what is declared is what is used, what is locked is what is declared, and it installs."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import newsroom

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
HELD_BACK = {"fastapi", "sqlalchemy"}
"""Prefect's own dependencies, which we never import and pin because their newest break it."""


def requirements(*groups: str) -> dict[str, Requirement]:
    """What pyproject.toml asks for: the run-time dependencies, and those of the groups."""
    extras = [line for extra in PYPROJECT["project"]["optional-dependencies"].values() for line in extra]
    lines = PYPROJECT["project"]["dependencies"] + extras + [line for group in groups for line in PYPROJECT["dependency-groups"][group]]
    return {canonicalize_name(one.name): one for one in map(Requirement, lines)}


def imported(folder: str) -> set[str]:
    """Top-level modules imported anywhere in a folder, Python's own and ours left out."""
    names = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"newsroom", "flows", "tests"}


def distributions(modules: set[str]) -> set[str]:
    """The packages that those modules are installed by."""
    by_module = metadata.packages_distributions()
    return {canonicalize_name(by_module[module][0]) for module in modules}


def locked() -> Iterator[tuple[str, Version]]:
    """Name and version of every line of the lock."""
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ]+)", LOCK, re.MULTILINE):
        yield canonicalize_name(name), Version(version)


def test_every_import_is_declared_and_every_dependency_imported() -> None:
    """That Prefect brings it along today is no promise for tomorrow; and what nobody imports nobody should have to install."""
    used = distributions(imported("src") | imported("flows"))
    assert used == requirements().keys() - HELD_BACK - {"s3fs"}  # fsspec imports it, for URLs that begin with s3
    assert distributions(imported("tests")) <= requirements("dev", "build").keys()


@pytest.mark.parametrize("name", requirements())
def test_what_is_installed_is_what_is_asked_for(name: str) -> None:
    """A Prefect, FastAPI or SQLAlchemy outside its pins imports cleanly and then starts no run."""
    assert metadata.version(name) in requirements()[name].specifier


@pytest.mark.parametrize(
    ("name", "good", "broken"),
    [
        ("prefect", "3.8.8", "3.10.0"),
        ("fastapi", "0.150.0", "0.151.0"),
        ("sqlalchemy", "2.0.58", "2.1.0"),
        ("duckdb", "2.0.0", "2.1.0"),
        ("selectolax", "1.0.2", "1.0.1"),
    ],
)
def test_the_pins_keep_out_what_is_known_to_break(name: str, good: str, broken: str) -> None:
    """Measured, not feared: loosening one of these needs a new measurement."""
    pin = requirements()[name].specifier
    assert good in pin
    assert broken not in pin


def test_the_lock_is_what_pyproject_asks_for() -> None:
    """Change a dependency and forget `make lock`, and this says so."""
    versions = dict(locked())
    for name, requirement in requirements("dev", "build").items():
        assert name in versions, f"{name} is not in requirements.lock: run make lock"
        assert versions[name] in requirement.specifier, f"{name} {versions[name]} is not {requirement.specifier}: run make lock"
    assert set(PYPROJECT["build-system"]["requires"]) <= set(PYPROJECT["dependency-groups"]["build"])


def test_every_line_of_the_lock_can_be_verified() -> None:
    """Each version with hashes; no index, no address: it installs from whatever index a machine trusts."""
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.partition("\n")[2])
    entries = [entry for entry in entries if not entry.startswith("#")]
    assert len(entries) == len(list(locked())) > 100
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in LOCK
    assert "--index" not in LOCK


def test_the_version_is_said_once_and_told_in_the_changelog() -> None:
    """`newsroom.__version__`; the build reads it from there."""
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "src/newsroom/__init__.py"
    assert f"## {newsroom.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def make(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Make, as a user types it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    return subprocess.run(["make", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=250)


def test_make_tells_what_it_can_do() -> None:
    """Each target, in a line of `make help`; and `make` alone does nothing worse than help."""
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert targets is not None
    shown = make(cwd=ROOT).stdout
    assert set(re.findall(r"^make (\S+) ", shown, re.MULTILINE)) == set(targets[1].split()) - {"help"}


def test_without_a_python_make_says_which_it_needs(tmp_path: Path) -> None:
    """Too old, too new, or without venv: one readable line instead of a failing pip."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    done = make("install", "PYTHON=/bin/false", cwd=tmp_path)
    assert done.returncode == 2
    assert "newsroom needs Python 3.11, 3.12 or 3.13 with venv" in done.stderr
    assert "make PYTHON=/path/to/python3 install" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_ci_does_what_anyone_can_do() -> None:
    """No step that a user could not repeat by one command."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', 'exec make --no-print-directory test MARKS="long or not long"']
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=250)
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_holds_all_it_needs(wheel: Path) -> None:
    """Modules, SQL, the flows, and the shipped configuration; no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = [path for folder in ("src/newsroom", "flows", "config") for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in tracked:
        if "__pycache__" not in path.parts:
            place = path.relative_to(ROOT).as_posix().removeprefix("src/")
            place = re.sub(r"^config/", "newsroom/_config/", place)
            assert place in names
    assert not [name for name in names if name.startswith("tests")]


@pytest.mark.slow
def test_an_installed_newsroom_brings_its_configuration(wheel: Path, tmp_path: Path) -> None:
    """`newsroom demo` after a plain `pip install`, far from any clone."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = "from newsroom import config, pipeline; print(pipeline.bundled_config(), *config.load_checks(pipeline.bundled_config()))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    assert done.stdout.split()[0] == str(tmp_path / "newsroom" / "_config")
    assert "invariant_unique" in done.stdout
