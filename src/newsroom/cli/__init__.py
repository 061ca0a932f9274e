"""The command line: `newsroom COMMAND`. Reads arguments, calls the flows or the pipeline, shows what came of it.

```
options.py      what options mean
executing.py    a run from a command: shown, done, told
runs.py         run, backfill, sweep, reparse
judging.py      check, publish, rollback
looking.py      status, coverage, sql, export, report, sources
keeping.py      archive, housekeeping, backup, restore
serving.py      serve, deploy
quarantine.py   quarantine
demo.py         demo
```
Here they are put together, and errors become a line and an exit code. Imports are made inside the commands: Prefect takes seconds and
DuckDB a third of one, and `newsroom --help` needs neither.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from newsroom import __version__, console
from newsroom.cli import demo, judging, keeping, looking, quarantine, runs, serving
from newsroom.cli.executing import EXIT_CODES, used_prefect
from newsroom.errors import NewsroomError
from newsroom.interrupts import Stopped, stoppable

__all__ = ["EXIT_CODES", "app", "main"]

app = typer.Typer(
    name="newsroom",
    help="Keep a complete, versioned copy of public newsrooms in a DuckDB file.",
    epilog="Exit: 0 ok, 1 blocked by checks, 2 usage or configuration error, 3 incomplete or failed (what was obtained is kept).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (runs, judging, looking, keeping, serving, demo):  # in the order of `newsroom --help`
    app.add_typer(room.commands)
app.add_typer(quarantine.commands, name="quarantine")
app.add_typer(keeping.archive, name="archive")


@app.callback(invoke_without_command=True)
def _program(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        console.say(f"newsroom {__version__}")
        raise typer.Exit


def main() -> None:
    """Entry point of the console script."""
    debug = "--debug" in sys.argv
    try:
        with stoppable():
            code = app(prog_name="newsroom", standalone_mode=False) or 0
    except typer.TyperException as error:  # usage
        _report_usage(error)
        code = 2
    except NewsroomError as error:
        code = error.exit_code
        _report(str(error), debug=debug)
    except Stopped as stopped:
        _report(f"stopped by {stopped}; what was obtained is kept, and the next run goes on", debug=debug)
        code = stopped.exit_code
    except (KeyboardInterrupt, typer.Abort):
        console.error("stopped")
        code = 130
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # noqa: BLE001 -- a mistake of ours: still one readable line
        code = 3
        _report(
            f"internal error: {type(error).__name__}: {error}".splitlines()[0] + " (run again with --debug, and report it)", debug=debug
        )
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process; after a flow at once.

    Nothing is left to do then, but threads may still listen to a slow site, and taking down Prefect and DuckDB in the order that
    Python chooses takes long and prints the latter's complaints about the former.
    """
    if not used_prefect.get():
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _report_usage(error: typer.TyperException) -> None:
    """What is wrong with the arguments, and where to read what is right; the help itself where nothing was asked for."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "newsroom"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if "\n" in message:
        sys.stderr.write(message + "\n")
    else:
        console.error(f"{message.rstrip('.')}; see `{command} --help`")


def _report(message: str, *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    console.error(message)
