"""Every declared trigger at a glance: when it fires, what it does, how far it is."""

from datetime import datetime

from mllab.config import LabConfig, OnTable, TriggerTable
from mllab.errors import InvalidInput
from mllab.records import TriggerState, TriggerSummary
from mllab.workflows.moments import counts_from, next_moment
from mllab.workflows.triggers import budget_from, models_of, needed_rows, rows_of
from mllab.workflows.workspace import Workspace


def triggers(workspace: Workspace) -> list[TriggerSummary]:
    """Declared triggers, in the order of the declaration."""
    config = workspace.config()
    return [_summary(workspace, config, name, trigger) for name, trigger in config.trigger.items()]


def _summary(workspace: Workspace, config: LabConfig, name: str, trigger: TriggerTable) -> TriggerSummary:
    state, source = workspace.jobs.trigger(name), trigger.on.data
    return TriggerSummary(
        name=name,
        on=_in_words(trigger.on),
        do=trigger.do,
        models=tuple(models_of(config, trigger)),
        at_most=trigger.at_most,
        paused=state.paused,
        n_fired=state.n_fired,
        last_fired_at=state.last_fired_at,
        next_at=None if state.paused else _next_at(workspace, config, trigger, state),
        new_rows=None if source is None else max(0, rows_of(workspace, source) - state.seen_rows),
        needed_rows=None if source is None else needed_rows(trigger),
    )


def _next_at(workspace: Workspace, config: LabConfig, trigger: TriggerTable, state: TriggerState) -> datetime | None:
    """None also for a cron text that means nothing: the host tells of it, the list is shown all the same."""
    if trigger.on.cron is None and trigger.on.every is None:
        return None
    now = workspace.clock()
    earliest = max(now, budget_from(trigger, state) or now)
    try:
        return next_moment(trigger, config.lab.timezone, counts_from(workspace, state.name), earliest)
    except InvalidInput:
        return None


def _in_words(on: OnTable) -> str:
    if on.data is not None:
        n_rows = max(on.min_rows, 1)
        return f"{n_rows:,} new row{'' if n_rows == 1 else 's'} in {on.data}"
    if on.alert is not None:
        return f"alert of {on.alert}" + (f" ({', '.join(on.kinds)})" if on.kinds else "")
    return f"cron {on.cron}" if on.cron is not None else f"every {on.every}"
