"""Cron and interval triggers: APScheduler says when, the trigger only enqueues.

The job store is in memory; when a trigger last fired is the lab's own knowledge, so that a firing missed while the
host was down is made up for once at the start.
"""

from datetime import datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from mllab.config import LabConfig, TriggerTable, duration
from mllab.errors import InvalidInput
from mllab.workflows.triggers import fire
from mllab.workflows.workspace import Workspace


class Schedule:
    """The time-driven triggers of one host; follows the declaration."""

    def __init__(self, workspace: Workspace) -> None:
        """Nothing is scheduled yet."""
        self._workspace = workspace
        options = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = BackgroundScheduler(job_defaults=options, timezone="UTC", daemon=True)
        self._declared: dict[str, TriggerTable] = {}

    def start(self) -> None:
        """Schedule what is declared; make up for what was missed."""
        self._scheduler.start()
        self.follow(self._workspace.config(), starting=True)

    def stop(self) -> None:
        """Fire nothing any more."""
        self._scheduler.shutdown(wait=False)

    def follow(self, config: LabConfig, *, starting: bool = False) -> None:
        """Bring the schedule in line with a declaration."""
        wanted = {name: one for name, one in config.trigger.items() if one.on.cron or one.on.every}
        if wanted == self._declared:
            return
        self._declared = wanted
        self._scheduler.remove_all_jobs()
        for name, trigger in wanted.items():
            when = moments(trigger, config.lab.timezone)
            last = self._workspace.jobs.trigger(name).last_fired_at
            if starting and last is not None and is_due(when, last, self._workspace.clock()):
                self._fire(name, "its moment came while the lab was closed")
            self._scheduler.add_job(self._fire, when, args=(name, "its moment came"), id=name)

    def _fire(self, name: str, why: str) -> None:
        config = self._workspace.config()
        if name in config.trigger:
            fire(self._workspace, config, name, why)


def moments(trigger: TriggerTable, zone: str) -> Any:
    """APScheduler's trigger for a declared one.

    Raises:
        InvalidInput: the cron text means nothing.
    """
    if trigger.on.every is not None:
        return IntervalTrigger(seconds=max(1, int(duration(trigger.on.every).total_seconds())), timezone="UTC")
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
