"""What all tests share: an environment without the tester's own settings, Hypothesis without a clock, and who runs which test."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from hypothesis import settings

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


# --- several at once (`pytest -n auto`)

ALONE = (
    "test_crash.py", "test_chaos.py", "test_direct.py", "test_extract_altered.py", "test_redesigns.py", "test_waiting.py", "test_trust.py",
)  # fmt: skip
"""Long modules whose tests have nothing but functions in common: each test may run in another process. All others stay together, for
the servers that they share and the stories that they tell."""


def pytest_xdist_auto_num_workers() -> int:
    """Most of a test is waiting (for a server that starts, a pause that must be kept), so there are twice as many as cores."""
    return min(8, 2 * len(os.sched_getaffinity(0)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A module to a process, the longest first, so that no long one is begun when all others have ended."""
    from xdist.scheduler import LoadScopeScheduling

    class Modules(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.split("::")[0]
            return nodeid if module.rpartition("/")[2] in ALONE else module

    config.option.loadscopereorder = False
    return Modules(config, log)
