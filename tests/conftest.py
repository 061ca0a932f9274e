"""What all tests share: an environment without the tester's own settings, and Hypothesis without a clock."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A shared, busy machine is no reason to fail; a failure must come back when the test is run again.
# EXAMPLES: of each property (`make test-long` asks for more).
examples = int(os.environ.get("EXAMPLES", "100"))
settings.register_profile("newsroom", deadline=None, derandomize=True, print_blob=True, max_examples=examples)
settings.load_profile("newsroom")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a newsroom, a Prefect profile or a proxy of their own: none of it reaches a test."""
    for name in list(os.environ):
        if name.startswith(("NEWSROOM_", "PREFECT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
