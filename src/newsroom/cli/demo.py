"""`newsroom demo`."""

from __future__ import annotations

import typer

from newsroom import console
from newsroom.cli.executing import EXIT_CODES, under_prefect
from newsroom.cli.options import CONFIG, DATA, Config, Data, Debug

commands = typer.Typer()


@commands.command(epilog="Example: newsroom demo")
def demo(ctx: typer.Context, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """Two real nights against the bundled sample newsroom.

    It is served on loopback; between the nights its editors are at work. Data go to DATA/demo, unless --data is given.
    """
    from newsroom import demo as demonstration
    from newsroom.pipeline import bundled_config

    def is_given(name: str) -> bool:
        where = ctx.get_parameter_source(name)
        return where is not None and where.name == "COMMANDLINE"

    place = data if is_given("data") else data / "demo"
    settings = config if is_given("config") else bundled_config()
    results = under_prefect(place, debug, lambda execute: demonstration.two_nights(settings, place, execute=execute, say=console.say))
    for line in demonstration.what_next(place):
        console.say(line)
    raise typer.Exit(max(EXIT_CODES[result.outcome] for result in results))
