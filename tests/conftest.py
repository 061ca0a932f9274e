"""What all tests share: an environment without the tester's own settings, and Hypothesis without a clock."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from typing import NoReturn

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
