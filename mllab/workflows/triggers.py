"""Why work starts by itself: triggers look at what they watch and put jobs into the queue, nothing else."""

from datetime import datetime, timedelta

import msgspec

from mllab.config import LabConfig, TriggerTable, nearest
from mllab.errors import Conflict, NotFound
from mllab.records import Job, Lane, Train, TriggerState
from mllab.store.jobs import Jobs
from mllab.store.writer import Transaction
from mllab.workflows.training import put_training
from mllab.workflows.workspace import Workspace

_BUDGETS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


def fire_for_data(workspace: Workspace) -> int:
    """Fire every data trigger with enough new rows, once the intake lane is empty; how many fired."""
    with workspace.firing:
        return _fire_for_data(workspace) if workspace.jobs.is_idle(Lane.INTAKE) else 0


def _fire_for_data(workspace: Workspace) -> int:
    config, n_fired = workspace.config(), 0
    for name, trigger in config.trigger.items():
        if trigger.on.data is None:
            continue
        n_rows = rows_of(workspace, trigger.on.data)
        n_new = n_rows - workspace.jobs.trigger(name).seen_rows
        if n_new >= needed_rows(trigger):
            why = f"{n_new:,} new rows in {trigger.on.data}"
            n_fired += fire(workspace, config, name, why, seen_rows=n_rows)
    return n_fired


def needed_rows(trigger: TriggerTable) -> int:
    """How many new rows let a data trigger fire."""
    return max(trigger.on.min_rows, 1)


def rows_of(workspace: Workspace, source: str) -> int:
    """Accepted rows of a source."""
    dataset = workspace.datasets.latest_dataset(source)
    return dataset.n_rows if dataset else 0


def fire(workspace: Workspace, config: LabConfig, name: str, why: str, *, seen_rows: int | None = None) -> bool:
    """Fire one trigger unless it is paused or over its budget; whether it fired."""

    def fire_and_queue(tx: Transaction) -> bool:
        state = Jobs.trigger_in(tx, name)
        if state.paused or not _has_budget(config.trigger[name], state, tx.now):
            return False
        _put(tx, workspace, config, state, why, seen_rows)
        return True

    return workspace.db.write(fire_and_queue)


def fire_by_hand(workspace: Workspace, name: str) -> list[Job]:
    """Fire one trigger now, whatever its budget and pause say; a paused one stays paused.

    Returns:
        The jobs it put into the queue, or that wait there for the same already.

    Raises:
        NotFound: no trigger is declared so.
    """
    config = workspace.config()
    source = get_trigger(config, name).on.data
    seen_rows = None if source is None else rows_of(workspace, source)
    return workspace.db.write(
        lambda tx: _put(tx, workspace, config, Jobs.trigger_in(tx, name), "by hand", seen_rows),
    )


def _put(
    tx: Transaction, workspace: Workspace, config: LabConfig, state: TriggerState, why: str, seen_rows: int | None
) -> list[Job]:
    """The firing and its jobs, in one transaction."""
    trigger = config.trigger[state.name]
    models = models_of(config, trigger)
    fired = msgspec.structs.replace(
        state,
        last_fired_at=tx.now,
        n_fired=state.n_fired + 1,
        seen_rows=state.seen_rows if seen_rows is None else seen_rows,
    )
    said = f"trigger {state.name} fired: {why}; {trigger.do} {', '.join(models) or 'nothing'}"
    seq = tx.emit("trigger.fired", state.name, said, fired)
    wanted = [Train(model=model, retrain=trigger.do == "retrain") for model in models]
    return [put_training(tx, workspace, one, seq) for one in wanted]


def pause(workspace: Workspace, name: str) -> TriggerState:
    """Let a trigger start nothing until it is resumed.

    Raises:
        NotFound: no trigger is declared so. Conflict: it is paused already.
    """
    return _set_paused(workspace, name, True, f"trigger {name} paused: it starts nothing until it is resumed")


def resume(workspace: Workspace, name: str) -> TriggerState:
    """Let a paused trigger go on; one on data fires for the rows that came meanwhile, at the next look at the inbox.

    Raises:
        NotFound: no trigger is declared so. Conflict: it is not paused.
    """
    return _set_paused(workspace, name, False, f"trigger {name} resumed")


def _set_paused(workspace: Workspace, name: str, paused: bool, said: str) -> TriggerState:
    get_trigger(workspace.config(), name)

    def change(tx: Transaction) -> TriggerState:
        state = Jobs.trigger_in(tx, name)
        if state.paused == paused:
            raise Conflict(f"trigger {name} is {'paused already' if paused else 'not paused'}", "nothing to change")
        changed = msgspec.structs.replace(state, paused=paused)
        tx.emit("trigger.paused" if paused else "trigger.resumed", name, said, changed)
        return changed

    return workspace.db.write(change)


def get_trigger(config: LabConfig, name: str) -> TriggerTable:
    """A declared trigger.

    Raises:
        NotFound: with the nearest name.
    """
    if name not in config.trigger:
        raise NotFound(f"no trigger is called `{name}`", nearest(name, list(config.trigger)))
    return config.trigger[name]


def models_of(config: LabConfig, trigger: TriggerTable) -> list[str]:
    """The models that a trigger trains."""
    if trigger.model is not None:
        return [trigger.model]
    if trigger.on.alert is not None:
        return [trigger.on.alert]
    return [name for name, model in config.model.items() if trigger.on.data in (None, model.source)]


def budget_from(trigger: TriggerTable, state: TriggerState) -> datetime | None:
    """From when on a trigger may fire again: `2 per day` lets at most one firing pass in each twelve hours.

    Returns:
        None where it may fire at any time.
    """
    if trigger.at_most is None or state.last_fired_at is None:
        return None
    count, _, unit = trigger.at_most.split()
    return state.last_fired_at + _BUDGETS[unit] / int(count)


def _has_budget(trigger: TriggerTable, state: TriggerState, now: datetime) -> bool:
    again_from = budget_from(trigger, state)
    return again_from is None or now >= again_from
