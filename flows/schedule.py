"""The deployments: which flows Prefect offers, with which parameters, and when it starts them, from `config/schedules.toml`.

The same for `newsroom serve` and `newsroom deploy`. A deployment names its flow by module (`flows.runs.nightly`), so it runs wherever
the package is installed, and no code is pulled from anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.server.schemas.schedules import CronSchedule
from prefect.types.entrypoint import EntrypointType

from flows import runs
from newsroom import __version__
from newsroom.config import DEPLOYMENTS, DeploymentName, Schedules
from newsroom.pipeline import Options, Plan

TAG = "newsroom"
"""On every deployment and its runs: what Prefect's automations can tell them by."""


@dataclass(frozen=True, slots=True)
class _Offer:
    flow: Flow[..., Any]
    description: str


_OFFERS: Mapping[DeploymentName, _Offer] = {
    "nightly/all-sources": _Offer(
        runs.nightly,
        """What is new, changed or due to be asked for again, in every enabled source; then checks, and the public database.

Run by hand, it does the same at once; `sources` narrows it down. A scheduled one that finds another at work, or its night already
caught up, ends as *Skipped*.""",
    ),
    "sweep/weekly": _Offer(
        runs.sweep,
        "The whole listing of every enabled source (or of one), end to end: finds what the nightly's overlap missed, confirms removals.",
    ),
    "backfill/on-demand": _Offer(
        runs.backfill,
        """The articles of one source published from `since` to the day before `until`.

Can be stopped and run again: it goes on where it was. It neither reads nor moves the nightly's watermark.""",
    ),
    "reparse/on-demand": _Offer(
        runs.reparse, "Archived pages through today's parser, without asking any site: after a definition or the parser was mended."
    ),
}


def next_times(cron: str, timezone: str, *, count: int, after: datetime | None = None) -> list[datetime]:
    """When it comes next, in its time zone, by Prefect's own schedule, the one its scheduler goes by."""
    times = asyncio.run(CronSchedule(cron=cron, timezone=timezone).get_dates(count, start=after))
    return [datetime.fromtimestamp(each.timestamp(), ZoneInfo(timezone)) for each in times]


def deployments(
    schedules: Schedules, plan: Plan, *, work_pool: str | None = None, job_variables: Mapping[str, Any] | None = None
) -> list[RunnerDeployment]:
    """What `schedules.toml` offers. `plan` is that of a nightly: its sources are the choices, its options the defaults."""
    return [_deployment(name, schedules, plan, work_pool, dict(job_variables or {})) for name in DEPLOYMENTS if schedules.of(name).enabled]


def not_offered(schedules: Schedules) -> list[DeploymentName]:
    """Deployments that the file switches off."""
    return [name for name in DEPLOYMENTS if not schedules.of(name).enabled]


def _deployment(
    name: DeploymentName, schedules: Schedules, plan: Plan, work_pool: str | None, job_variables: dict[str, Any]
) -> RunnerDeployment:
    offer, given = _OFFERS[name], schedules.of(name)
    made = RunnerDeployment.from_flow(
        offer.flow,
        name=name.partition("/")[2],
        schedules=[Cron(given.cron, timezone=schedules.timezone)] if given.cron else [],
        parameters=_parameters(offer.flow, plan.options),
        description=offer.description,
        tags=[TAG, offer.flow.name],
        version=__version__,
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=work_pool,
        job_variables=job_variables,
    )
    if work_pool is None:  # set, not just left out: so a pool of an earlier `newsroom deploy` is taken away again
        made.work_pool_name = made.work_queue_name = None
    _choices(made._parameter_openapi_schema.properties, plan)
    return made


def _parameters(flow: Flow[..., Any], options: Options) -> dict[str, Any]:
    """Where a run finds its files, wherever it is started; and from where it crawls, if that is not the source itself."""
    given = {
        "config": str(options.config_dir.resolve()),
        "data": str(options.data_dir.resolve()),
        "base_url": options.base_url,
        "delay": options.delay,
    }
    return {name: value for name, value in given.items() if value is not None and name in flow.parameters.properties}


def _choices(properties: dict[str, Any], plan: Plan) -> None:
    """Let the form in Prefect's UI offer the sources by name, take dates only, and not ask where the files are."""
    for name in ("config", "data"):
        properties.pop(name, None)
    for field in properties.values():
        if field.get("format") == "date":
            field["pattern"] = r"^\d{4}-\d{2}-\d{2}$"  # Prefect shows a date field for the format, and refuses by the pattern
    names = [source.name for source in plan.sources]
    titles = ", ".join(f"{source.name} ({source.title})" for source in plan.sources)
    if "sources" in properties:
        choice = {"type": "array", "items": {"type": "string", "enum": names}, "uniqueItems": True}
        properties["sources"]["anyOf"] = [choice, {"type": "null"}]
    if "source" in properties:
        choice = {"type": "string", "enum": names}
        if "anyOf" in properties["source"]:
            properties["source"]["anyOf"] = [choice, {"type": "null"}]
        else:
            properties["source"] |= choice
    for name in {"source", "sources"} & properties.keys():
        properties[name]["description"] = f"{properties[name].get('description', '')} There are: {titles}.".strip()
