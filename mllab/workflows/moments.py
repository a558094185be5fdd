"""When triggers by the clock fire: APScheduler's arithmetic alone, its scheduler is not needed for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from mllab.config import TriggerTable, duration
from mllab.errors import InvalidInput
from mllab.workflows.workspace import Workspace


def moments(trigger: TriggerTable, zone: str, since: datetime | None = None) -> Any:
    """APScheduler's trigger for a declared one.

    Args:
        trigger: one with `cron` or `every`.
        zone: of a cron text.
        since: where an interval counts from; None for now.

    Raises:
        InvalidInput: the cron text means nothing.
    """
    if trigger.on.every is not None:
        seconds = max(1, int(duration(trigger.on.every).total_seconds()))
        first = None if since is None else since + timedelta(seconds=seconds)
        return IntervalTrigger(seconds=seconds, start_date=first, timezone="UTC")
    try:
        return CronTrigger.from_crontab(trigger.on.cron, timezone=zone)
    except ValueError as error:
        raise InvalidInput(
            f"`{trigger.on.cron}` is no cron text: {error}", 'five fields, e.g. "30 6 * * mon-fri"'
        ) from error


def is_due(when: Any, last: datetime, moment: datetime) -> bool:
    """Whether a firing lay between the last one and now."""
    if isinstance(when, IntervalTrigger):
        return bool(moment - last >= timedelta(seconds=when.interval_length))
    following = when.get_next_fire_time(last, last + timedelta(microseconds=1))
    return following is not None and following <= moment


def counts_from(workspace: Workspace, name: str) -> datetime | None:
    """Where a trigger's interval counts from: its last firing, else the lab's first start."""
    return workspace.jobs.trigger(name).last_fired_at or workspace.datasets.first_accepted_at()


def next_moment(trigger: TriggerTable, zone: str, since: datetime | None, now: datetime) -> datetime | None:
    """The next moment at which the clock fires a trigger; in UTC.

    Args:
        trigger: one with `cron` or `every`.
        zone: of a cron text.
        since: as `counts_from` says.
        now: the earliest moment to think of.

    Returns:
        None where there is none, as for `0 0 30 2 *`.

    Raises:
        InvalidInput: the cron text means nothing.
    """
    found: datetime | None = moments(trigger, zone, since).get_next_fire_time(None, now)
    return None if found is None else found.astimezone(UTC)
