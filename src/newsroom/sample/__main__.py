"""Serve the sample newsroom: `python -m newsroom.sample --port 8080 --articles 300 --fault shift`."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from datetime import date

from newsroom.sample import SampleSite, serve
from newsroom.sample.faults import NAMED
from newsroom.sample.site import END


def arguments() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(prog="python -m newsroom.sample", description="Serve a newsroom of invented news on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port (default 8000)")
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="another seed, another newsroom")
    parser.add_argument("--until", type=date.fromisoformat, default=END, metavar="DATE", help=f"day of the newest article (default {END})")
    parser.add_argument("--heavy", action="store_true", help="pages of about 50 KB, as large as real ones")
    parser.add_argument("--fault", action="append", default=[], choices=sorted(NAMED), metavar="NAME", help=", ".join(sorted(NAMED)))
    return parser.parse_args()


def main() -> None:
    """Runs until interrupted."""
    chosen = arguments()
    site = SampleSite(chosen.articles, chosen.seed, end=chosen.until, heavy=chosen.heavy)
    site.faults += [NAMED[name]() for name in chosen.fault]
    with serve(site, chosen.port) as server:
        sys.stdout.write(f"{server.url}/press-releases\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            server.wait()


if __name__ == "__main__":
    main()
