"""What all tests share: an environment without the tester's own settings, Hypothesis without a clock, and who runs which test."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from newsroom.sample import SampleSite, Server
    from tests.nights import Office

# A shared, busy machine is no reason to fail; a failure must come back when the test is run again.
# EXAMPLES: of each property (`make test-long` asks for more).
examples = int(os.environ.get("EXAMPLES", "100"))
settings.register_profile("newsroom", deadline=None, derandomize=True, print_blob=True, max_examples=examples)
settings.load_profile("newsroom")


@pytest.fixture(autouse=True, scope="session")
def _nobody_ends_pytest() -> Iterator[None]:
    """Code that ends its process at once, with whatever code, would end all tests with it, and a 0 would look like success."""
    mine, end = os.getpid(), os._exit

    def told(code: int) -> NoReturn:
        if os.getpid() == mine:
            sys.__stderr__.write(f"\nos._exit({code}) was called in the process of pytest itself\n")
            traceback.print_stack(file=sys.__stderr__)
            end(70)
        end(code)

    os._exit = told
    yield
    os._exit = end


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a newsroom, a Prefect profile or a proxy of their own: none of it reaches a test."""
    for name in list(os.environ):
        if name.startswith(("NEWSROOM_", "PREFECT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def server(site: SampleSite) -> Iterator[Server]:
    """The server of the module's own `site`."""
    from newsroom.sample import serve

    with serve(site) as running:
        yield running


@pytest.fixture
def office(server: Server, tmp_path: Path) -> Office:
    """An office that crawls that site, and is not patient with it."""
    from tests.nights import Office, impatient_config

    return Office(tmp_path / "data", server.url, impatient_config(tmp_path / "config"))


# --- several at once (`pytest -n auto`)

FIRST = (
    "test_drift.py::test_no_mutation_gets_through", "test_crash.py::test_killed_at_any_instant", "test_serve.py", "test_cli.py",
    "test_backfill.py::test_twenty_years", "test_readers.py", "test_cluster.py", "test_chaos.py", "test_drift.py", "test_crash.py",
    "test_checks.py", "test_flows.py", "test_housekeeping.py", "test_public.py", "test_backfill.py", "test_direct.py", "test_schedule.py",
)  # fmt: skip
"""What takes longest is begun first, so that nobody works alone at the end. A wrong order costs time, nothing else."""

ALONE = (
    "test_backfill.py", "test_changes.py", "test_chaos.py", "test_checks.py", "test_crash.py", "test_direct.py", "test_extract_altered.py",
    "test_nights.py", "test_redesigns.py", "test_trust.py", "test_waiting.py", "test_watching.py", "test_no_mutation_gets_through",
)  # fmt: skip
"""Long modules (and a test) that have nothing but functions in common: each test may run in another process. All others stay together
for the servers that they share and the stories that they tell."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half of a test is waiting (for a server that starts, a pause that must be kept), so there are twice as many as cores."""
    return min(8, 2 * len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else 4


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under xdist only: on its own, pytest keeps the order one expects."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next((at for at, start in enumerate(FIRST) if f"tests/{start}" in item.nodeid), len(FIRST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A module to a process, or a test where that makes no difference; in the order in which they stand."""
    from xdist.scheduler import LoadScopeScheduling

    class Modules(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module, _, test = nodeid.partition("::")
            return nodeid if module.rpartition("/")[2] in ALONE or test in ALONE else module

    config.option.loadscopereorder = False
    return Modules(config, log)
