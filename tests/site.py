"""A newsroom for one test: `with running(articles=60) as (site, server): …`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from newsroom.sample import SampleSite, Server, serve


@contextmanager
def running(articles: int = 60, seed: int = 1, **settings: Any) -> Iterator[tuple[SampleSite, Server]]:
    """A sample newsroom and its server, stopped at the end, connections included."""
    site = SampleSite(articles, seed, **settings)
    with serve(site) as server:
        yield site, server
