"""Commands that keep house: `archive`, `housekeeping`, `backup`, `restore`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from newsroom import console
from newsroom.cli.options import CONFIG, DATA, WAIT, Config, Data, Debug, Format, Wait, as_options
from newsroom.errors import Damaged

commands = typer.Typer()
archive = typer.Typer(help="What the archive takes, whether it is whole, and what may go (alone: size).")
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@archive.callback(invoke_without_command=True)
def _archive(ctx: typer.Context, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    if ctx.invoked_subcommand is None:
        archive_size(None, config, data, debug)


@archive.command("size", epilog="Example: newsroom archive size --format csv")
def archive_size(form: Format = None, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """Files and bytes by source, and how much of it is still needed."""
    from newsroom import pipeline

    files = pipeline.archive_files(as_options(config, data))
    names = ("source", "files", "bytes", "needed_files", "needed_bytes", "first", "last")
    rows: list[Sequence[Any]] = []
    for source in sorted({each.source for each in files}):
        mine = [each for each in files if each.source == source]
        kept = [each for each in mine if each.is_needed]
        sizes = (len(mine), sum(each.bytes for each in mine), len(kept), sum(each.bytes for each in kept))
        rows.append((source, *sizes, min(each.name for each in mine), max(each.name for each in mine)))
    console.write_rows(names, rows, form=form)


@archive.command("verify", epilog="Example: newsroom archive verify")
def archive_verify(config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """Read every byte and compare it with its digest; exit 3 if something is damaged or missing. May run beside a run."""
    from newsroom import pipeline

    count = 0
    for source, files, problems in pipeline.verify_archive(as_options(config, data)):
        console.say(f"{source}: {files} files, {'all whole' if not problems else f'{len(problems)} damaged or missing'}")
        for problem in problems:
            console.error(problem)
        count += len(problems)
    if count:
        raise typer.Exit(Damaged.exit_code)


@archive.command("prune", epilog="Example: newsroom archive prune --days 730 --dry-run")
def archive_prune(
    days: Annotated[int | None, typer.Option("--days", min=1, help="Older than this; default: retention.archive_days.")] = None,
    dry_run: DryRun = False,
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Remove old files none of whose responses is needed any more; never a part of a file."""
    from newsroom import pipeline
    from newsroom.housekeeping import megabytes

    gone = pipeline.prune_archive(as_options(config, data, wait=wait), days=days, dry_run=dry_run, say=console.error)
    for each in gone:
        console.say(f"{each.where}: {megabytes(each.bytes)}")
    console.say(f"{len(gone)} files, {megabytes(sum(each.bytes for each in gone))} {'would be removed' if dry_run else 'removed'}")


@commands.command(epilog="Example: newsroom housekeeping --dry-run")
def housekeeping(dry_run: DryRun = False, wait: Wait = WAIT, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """What is due by the policy of [retention]: archive, warehouse, Prefect's own database. For once a week."""
    from newsroom import pipeline
    from newsroom.housekeeping import megabytes

    freed = 0
    for done in pipeline.keep_house(as_options(config, data, wait=wait), dry_run=dry_run, say=console.error):
        console.say(f"{done.what}: {done.line}")
        freed += done.freed_bytes
    console.say(f"{megabytes(freed)} {'would be freed' if dry_run else 'freed'}")


@commands.command(epilog="Example: newsroom backup /mnt/backup/newsroom")
def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A folder only for this; an earlier backup there is replaced.")],
    wait: Wait = WAIT,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """A consistent copy of warehouse, archive, public files and configuration."""
    from newsroom import pipeline
    from newsroom.housekeeping import megabytes

    done = pipeline.back_up(as_options(config, data, wait=wait), target, say=console.error)
    console.say(f"{target}: {done.files} files, {megabytes(done.bytes)}, as of {done.run_id}; {done.linked} of them linked, not copied")
    for note in done.notes:
        console.say(note)
    if target.resolve().stat().st_dev == data.resolve().stat().st_dev:
        console.say("on the same disk as the data: it helps against mistakes, not against a broken disk")


@commands.command(epilog="Example: newsroom restore /mnt/backup/newsroom")
def restore(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A folder that `newsroom backup` has written.")],
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """Put a backup back into an empty data directory; the configuration too, where there is none."""
    from newsroom import pipeline
    from newsroom.housekeeping import megabytes

    done = pipeline.restore(as_options(config, data), source)
    for note in done.notes:
        console.error(note)
    console.say(f"{data}: {done.files} files, {megabytes(done.bytes)}, as of {done.run_id}; the next run goes on from there")
