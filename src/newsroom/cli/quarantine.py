"""`newsroom quarantine`: what was set aside, and trying it again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsroom import console
from newsroom.cli.executing import run_flow
from newsroom.cli.options import CONFIG, DATA, WAIT, BaseUrl, Config, Data, Debug, Delay, Format, Wait, as_options
from newsroom.errors import ConfigError

if TYPE_CHECKING:
    from newsroom.warehouse import Table

commands = typer.Typer(help="See and replay what was set aside (alone: list).")


@commands.callback(invoke_without_command=True)
def _quarantine(ctx: typer.Context, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    if ctx.invoked_subcommand is None:
        quarantine_list(None, config, data, debug)


@commands.command("list", epilog="Example: newsroom quarantine list --format csv")
def quarantine_list(form: Format = None, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """What is set aside, the latest first."""
    table = _set_aside(data)
    console.write_rows(table.columns, table.rows, form=form)


@commands.command("show", epilog="Example: newsroom quarantine show osce:49210")
def quarantine_show(
    name: Annotated[str, typer.Argument(metavar="ID", help="A quarantine id or an article id, as `quarantine list` shows them.")],
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Everything known about one item: reason, evidence, attempts."""
    found = [row for row in _set_aside(data).dicts() if name in (row["quarantine_id"], row["article_id"])]
    if not found:
        raise ConfigError(f"quarantine: {name} is not set aside; `newsroom quarantine list` shows what is")
    for row in found:
        console.write_rows(("field", "value"), list(row.items()))


@commands.command("retry", epilog="Example: newsroom quarantine retry osce:49210")
def quarantine_retry(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Quarantine ids or article ids; default: all.", show_default=False)
    ] = None,
    base_url: BaseUrl = None,
    delay: Delay = None,
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Try again what was set aside: unreadable pages from the archive, what could not be had from the site."""
    from newsroom.pipeline import prepare

    known = {name for row in _set_aside(data).dicts() for name in (row["quarantine_id"], row["article_id"])}
    if unknown := [name for name in ids or () if name not in known]:
        raise ConfigError(f"quarantine: {', '.join(unknown)}: not set aside; `newsroom quarantine list` shows what is")
    run_flow(prepare("retry", as_options(config, data, base_url, delay, wait=wait), ids=ids or ()), debug=debug)


def _set_aside(data: Path) -> Table:
    from newsroom.warehouse import Warehouse, open_public

    warehouse = data / "warehouse.duckdb"
    if warehouse.exists() and not (data / "public" / "newsroom.duckdb").exists():  # the first run was blocked: nothing is public yet
        with Warehouse.look(warehouse) as private:
            return private.quarantine()
    with open_public(data) as public:
        return public.query("SELECT * FROM quarantine ORDER BY last_at DESC, article_id")
