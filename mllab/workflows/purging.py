"""Runs that lie in the trash for long enough, removed for good; what has to stay, and why.

A purged run keeps its name, its times, and whom it came from, so that its id still leads somewhere. Its metrics go in
the same transaction.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec

from mllab.records import Erasure, Removal, Run, RunStatus, TrainingSet
from mllab.records.base import Record
from mllab.store.db import Database
from mllab.store.rows import to_micros
from mllab.store.writer import Transaction
from mllab.workflows.jobs import JobContext
from mllab.workflows.workspace import Workspace

_STRIPPED: dict[str, Any] = {
    "params": {},
    "metrics": {},
    "tags": {},
    "environment": {},
    "artifacts": {},
    "datasets": (),
    "error": None,
    "hint": None,
    "note": "",
    "user": "",
    "source": "",
    "git": None,
    "training": None,
    "peak_bytes": None,
}
"""What a purged run has no more."""
_TRASHED = "SELECT * FROM runs WHERE deleted_at IS NOT NULL AND purged_at IS NULL"
_RELATIVES = (
    "SELECT run_id, parent_run_id FROM runs WHERE parent_run_id IS NOT NULL AND purged_at IS NULL"
    " AND (run_id IN (SELECT value FROM json_each(?1)) OR parent_run_id IN (SELECT value FROM json_each(?1)))"
)
_FREE_SETS = (
    "SELECT * FROM training_sets t WHERE purged_at IS NULL"
    " AND EXISTS (SELECT 1 FROM runs r WHERE r.training_set = t.digest AND (r.purged_at > t.created_at"
    " OR r.run_id IN (SELECT value FROM json_each(?1))))"
    " AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.training_set = t.digest AND r.purged_at IS NULL"
    " AND r.run_id NOT IN (SELECT value FROM json_each(?1)))"
    " AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.training_set = t.digest)"
    " AND NOT EXISTS (SELECT 1 FROM erasures e, json_each(e.training_sets) j WHERE j.value = t.digest)"
)
_VERSION = (
    "SELECT model, version FROM versions WHERE run_id = ?1 OR instr(source, ?1) > 0"
    " OR model_id IN (SELECT model_id FROM logged_models WHERE run_id = ?1) LIMIT 1"
)
"""A version that came from a run, also one that was deleted: answers were given by it."""
_TRAINS = "SELECT 1 FROM jobs WHERE status IN ('queued', 'running') AND lane = 'compute'"


class Purge(Record, frozen=True, kw_only=True):
    """What is to be purged, and what would be, but must stay."""

    runs: tuple[Removal, ...] = ()
    training_sets: tuple[Removal, ...] = ()
    kept: tuple[str, ...] = ()
    """One sentence each."""


def what_to_purge(workspace: Workspace, trash_days: float) -> Purge:
    """Runs in the trash for so many days, without those that something needs; the training sets only they have used."""
    now, limit = workspace.clock(), workspace.clock() - timedelta(days=trash_days)
    runs = workspace.db.all(Run, f"{_TRASHED} AND deleted_at <= ? ORDER BY deleted_at, run_id", to_micros(limit))
    reasons = _reasons(workspace, runs)
    going = {run.run_id: run for run in runs if run.run_id not in reasons}
    found = [
        Removal(kind="run", id=run.run_id, text=f"{run.name}, in the trash for {(now - run.deleted_at).days} days")
        for run in going.values()
        if run.deleted_at is not None
    ]
    kept = tuple(f"{run.name} ({run.run_id}) stays: {reasons[run.run_id]}" for run in runs if run.run_id in reasons)
    sets = _free_sets(workspace.db, list(going)) if not workspace.db.value(_TRAINS) else []
    gone = [Removal(kind="training_set", id=one.digest, text=_said(one)) for one in sets]
    return Purge(runs=tuple(found), training_sets=tuple(gone), kept=kept)


def _said(one: TrainingSet) -> str:
    return f"of {one.model}, {one.n_train + one.n_validation + one.n_test:,} rows; no run that is left learnt from it"


def _free_sets(db: Database, without: list[str]) -> list[TrainingSet]:
    return db.all(TrainingSet, _FREE_SETS, _json(without))


# -- what must stay ---------------------------------------------------------------------------------------------------


def _reasons(workspace: Workspace, runs: list[Run]) -> dict[str, str]:
    """Run to why it stays."""
    erasures = workspace.datasets.list_erasures()
    found = {run.run_id: why for run in runs if (why := _own_reason(workspace, run, erasures))}
    relatives = [tuple(row) for row in workspace.db.readers.all(_RELATIVES, _json([run.run_id for run in runs]))]
    candidates = {run.run_id for run in runs}
    changed = True
    while changed:
        changed = False
        for child, parent in relatives:
            changed |= _keep_kin(found, candidates, parent, child, "its part")
            changed |= _keep_kin(found, candidates, child, parent, "what it is a part of,")
    return found


def _keep_kin(found: dict[str, str], candidates: set[str], one: str, other: str, what: str) -> bool:
    """Let a run stay because of a relative that stays; whether that is new."""
    if one not in candidates or one in found or (other in candidates and other not in found):
        return False
    found[one] = f"{what} {other} stays"
    return True


def _own_reason(workspace: Workspace, run: Run, erasures: list[Erasure]) -> str:
    if run.status is RunStatus.RUNNING:
        return "it goes on"
    made = workspace.db.readers.one(_VERSION, run.run_id)
    if made is not None:
        return f"it made {made[0]} version {made[1]}"
    for erasure in erasures:
        if run.training_set is not None and run.training_set in erasure.training_sets:
            return f"the erasure {erasure.erasure_id} names its training set"
    return ""


# -- doing it ---------------------------------------------------------------------------------------------------------


def purge_runs(context: JobContext, purge: Purge) -> Iterator[Removal]:
    """Strip the runs, a transaction each; those that have changed since are left alone."""
    for one in purge.runs:
        if context.should_stop():
            return
        if context.workspace.db.write(lambda tx, run_id=one.id: _purge_run(context, tx, run_id)):  # type: ignore[misc]
            yield one


def _purge_run(context: JobContext, tx: Transaction, run_id: str) -> bool:
    run = tx.one(Run, f"{_TRASHED} AND run_id = ?", run_id)
    if run is None or tx.execute(_VERSION, run_id).fetchone() is not None:
        return False
    for table in ("metric_points", "metric_summary"):
        tx.execute(f"DELETE FROM {table} WHERE run_id = ?", run_id)  # noqa: S608
    change = {"run_id": run_id, "purged_at": tx.now, "deleted_at": tx.now, **_STRIPPED}
    context.say(tx, "run.purged", run_id, f"{run.name} removed from the trash for good", change)
    return True


def purge_training_sets(context: JobContext, purge: Purge) -> Iterator[Removal]:
    """Let go of training sets that only purged runs have used, where nothing trains just now."""
    for one in purge.training_sets:
        if context.workspace.db.write(lambda tx, digest=one.id: _purge_set(context, tx, digest)):  # type: ignore[misc]
            yield one


def _purge_set(context: JobContext, tx: Transaction, digest: str) -> bool:
    if tx.execute(_TRAINS).fetchone() is not None:
        return False
    one = tx.one(TrainingSet, f"{_FREE_SETS} AND t.digest = ?2", "[]", digest)
    if one is None:
        return False
    said = f"training set {digest[:12]} of {one.model} let go: no run that is left learnt from it"
    context.say(tx, "training_set.purged", digest, said, {"digest": digest, "purged_at": tx.now})
    return True


def _json(ids: list[str]) -> str:
    return msgspec.json.encode(ids).decode()
