"""Why work starts by itself: triggers look at what they watch and put jobs into the queue, nothing else."""

from datetime import datetime, timedelta

from mllab.config import LabConfig, TriggerTable
from mllab.records import Lane, Train, TriggerState
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
        dataset = workspace.datasets.latest_dataset(trigger.on.data)
        n_rows = dataset.n_rows if dataset else 0
        state = workspace.jobs.trigger(name)
        n_new = n_rows - state.seen_rows
        if n_new >= max(trigger.on.min_rows, 1):
            why = f"{n_new:,} new rows in {trigger.on.data}"
            n_fired += fire(workspace, config, name, why, seen_rows=n_rows)
    return n_fired


def fire(workspace: Workspace, config: LabConfig, name: str, why: str, *, seen_rows: int | None = None) -> bool:
    """Fire one trigger unless it is paused or over its budget; whether it fired."""
    trigger, state = config.trigger[name], workspace.jobs.trigger(name)
    if state.paused or not _has_budget(trigger, state, workspace.clock()):
        return False
    fired = {
        "name": name,
        "last_fired_at": workspace.clock(),
        "n_fired": state.n_fired + 1,
        "seen_rows": state.seen_rows if seen_rows is None else seen_rows,
        "paused": False,
    }
    models = _models(config, trigger)
    said = f"trigger {name} fired: {why}; {trigger.do} {', '.join(models) or 'nothing'}"

    def fire_and_queue(tx: Transaction) -> None:
        seq = tx.emit("trigger.fired", name, said, fired)
        for model in models:
            put_training(tx, workspace, Train(model=model, retrain=trigger.do == "retrain"), seq)

    workspace.db.write(fire_and_queue)
    return True


def _models(config: LabConfig, trigger: TriggerTable) -> list[str]:
    if trigger.model is not None:
        return [trigger.model]
    if trigger.on.alert is not None:
        return [trigger.on.alert]
    return [name for name, model in config.model.items() if trigger.on.data in (None, model.source)]


def _has_budget(trigger: TriggerTable, state: TriggerState, now: datetime) -> bool:
    """`2 per day` lets at most one firing pass in each twelve hours."""
    if trigger.at_most is None or state.last_fired_at is None:
        return True
    count, _, unit = trigger.at_most.split()
    return now - state.last_fired_at >= _BUDGETS[unit] / int(count)
