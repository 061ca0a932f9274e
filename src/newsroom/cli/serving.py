"""The schedule: `serve` on this machine, `deploy` on a work pool."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from newsroom import console
from newsroom.cli.executing import used_prefect
from newsroom.cli.options import CONFIG, DATA, BaseUrl, Config, Data, Debug, Delay, WorkPool, as_options
from newsroom.errors import ConfigError

commands = typer.Typer()


@commands.command(epilog="Example: newsroom serve")
def serve(base_url: BaseUrl = None, delay: Delay = None, config: Config = CONFIG, data: Data = DATA, debug: Debug = False) -> None:
    """The schedule on this machine, until stopped: nightly, weekly sweep, and Prefect's UI.

    Starts a Prefect server of its own, unless PREFECT_API_URL names one. When and where: schedules.toml.
    """
    from flows.server import Standing, prefect_api
    from newsroom import config as configuration
    from newsroom import pipeline

    options = as_options(config, data, base_url, delay)
    plan = pipeline.prepare("nightly", options)
    schedules = configuration.load_schedules(config)
    standing = Standing(schedules.server.host, schedules.server.port, data)
    with prefect_api(data / "prefect", os.environ, debug=debug, standing=standing) as api:
        from flows import schedule, serving

        used_prefect.set(True)
        api.wait()
        console.say(f"Prefect's UI: {api.ui_url}")
        for line in serving.told(schedules):
            console.say(line)
        offered = schedule.deployments(schedules, plan)
        serving.serve(offered, schedule.not_offered(schedules), data_dir=data, api=api, say=console.say)


@commands.command(epilog="Example: newsroom deploy --work-pool newsroom")
def deploy(
    work_pool: WorkPool,
    variables: Annotated[
        list[str] | None,
        typer.Option("--job-variable", metavar="NAME=VALUE", help="A setting of the pool's jobs, such as image=newsroom. Repeatable."),
    ] = None,
    base_url: BaseUrl = None,
    delay: Delay = None,
    config: Config = CONFIG,
    data: Data = DATA,
    debug: Debug = False,
) -> None:
    """The same deployments on a work pool of an existing Prefect server; its workers run them.

    CONFIG and DATA are taken as absolute paths: the workers need the package, and these directories, under the same names.
    """
    from flows.server import prefect_api
    from newsroom import config as configuration
    from newsroom import pipeline

    plan = pipeline.prepare("nightly", as_options(config, data, base_url, delay))
    schedules = configuration.load_schedules(config)
    given = _job_variables(variables or ())
    if not os.environ.get("PREFECT_API_URL"):
        raise ConfigError(
            "deploy: PREFECT_API_URL names no Prefect server; set it, as in PREFECT_API_URL=http://127.0.0.1:4200/api "
            "(`prefect server start` starts one; to need none, use `newsroom serve`)"
        )
    with prefect_api(data / "prefect", os.environ, debug=debug):
        from flows import schedule, serving

        used_prefect.set(True)
        offered = schedule.deployments(schedules, plan, work_pool=work_pool, job_variables=serving.with_heartbeats(given))
        serving.deploy(offered, schedule.not_offered(schedules), work_pool=work_pool)
        for line in serving.told(schedules):
            console.say(line)
    console.say(f"deployed; a worker runs them: prefect worker start --pool {work_pool}")


def _job_variables(given: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE`, the value as JSON where it is some, else as it stands."""
    found: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{each!r} is not NAME=VALUE; write it like image=newsroom", param_hint="--job-variable")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    if not isinstance(found.get("env") or {}, dict):
        raise typer.BadParameter(f"env={found['env']} is no JSON object", param_hint="--job-variable")
    return found
