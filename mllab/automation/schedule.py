"""Cron and interval triggers: APScheduler says when, the trigger only enqueues.

The job store is in memory; when a trigger last fired is the lab's own knowledge, so that a firing missed while the
host was down is made up for once at the start.
"""

from apscheduler.schedulers.background import BackgroundScheduler

from mllab.config import LabConfig, TriggerTable
from mllab.workflows.moments import counts_from, is_due, moments
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
            last = self._workspace.jobs.trigger(name).last_fired_at
            when = moments(trigger, config.lab.timezone)
            if starting and last is not None and is_due(when, last, self._workspace.clock()):
                self._fire(name, "its moment came while the lab was closed")
            self._put(name, trigger, config.lab.timezone)

    def has_fired(self, name: str) -> None:
        """Count the interval of a trigger anew: it has just fired, by the clock or by hand."""
        trigger = self._declared.get(name)
        if trigger is not None and trigger.on.every is not None:
            self._put(name, trigger, "UTC")

    def _put(self, name: str, trigger: TriggerTable, zone: str) -> None:
        when = moments(trigger, zone, counts_from(self._workspace, name))
        self._scheduler.add_job(self._fire, when, args=(name, "its moment came"), id=name, replace_existing=True)

    def _fire(self, name: str, why: str) -> None:
        config = self._workspace.config()
        if name in config.trigger:
            fire(self._workspace, config, name, why)
