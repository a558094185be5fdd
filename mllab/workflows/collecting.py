"""What nothing needs any more, removed for good: runs from the trash, then files that nothing names.

What goes is told first by `find_garbage`, which changes nothing. A run leaves a tombstone: its name, its times and its
place in the lineage. The log stays whole.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from mllab.records import Collect, Collection, Job, Lane, Removal
from mllab.store.replay import snapshot
from mllab.store.rows import from_micros
from mllab.store.writer import Transaction
from mllab.workflows.bringing_in import bring_in
from mllab.workflows.feature_views import in_use
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.purging import Purge, purge_runs, purge_training_sets, what_to_purge
from mllab.workflows.reaching import needs
from mllab.workflows.workspace import Workspace

GRACE = timedelta(hours=1)
"""Younger files stay: somebody may be about to name them."""
_SAID = 1_000
"""So many removals stand in the result of the job."""


def queue_collection(workspace: Workspace, command: Collect) -> Job:
    """Put a collection into the queue; one that waits with the same limit is not queued twice."""

    def put(tx: Transaction) -> Job:
        job = new_job("collect", Lane.QUICK, "the lab", tx.now, trash_days=command.trash_days)
        waiting = workspace.jobs.find_queued(job.kind, job.subject)
        if waiting is not None and waiting.args == job.args:
            return waiting
        return queue(tx, job, "removing what nothing needs queued")

    return workspace.db.write(put)


def collect(context: JobContext) -> dict[str, Any]:
    """The job: purge what lies in the trash for long enough, then remove the files that nothing names."""
    workspace = context.workspace
    bring_in(workspace)
    workspace.predictions.bring_in()
    purge = what_to_purge(workspace, context.job.args["trash_days"])
    removals = [*purge_runs(context, purge), *purge_training_sets(context, purge)]
    before = _youngest(workspace)
    for one in list(_files(workspace, Purge(), before)):
        if context.should_stop():
            break
        if _remove(workspace, one, before):
            removals.append(one)
    found = _summed(removals, purge, is_dry=False)
    context.emit("garbage.collected", "the lab", found.said(), {"n_bytes": found.n_bytes, **found.counts})
    shown = msgspec.structs.replace(found, removals=found.removals[:_SAID])
    return {"text": found.said(), "collection": msgspec.to_builtins(shown)}


def find_garbage(workspace: Workspace, trash_days: float) -> Collection:
    """What a collection would remove now; changes nothing."""
    purge = what_to_purge(workspace, trash_days)
    gone = [*purge.runs, *purge.training_sets]
    files = _files(workspace, purge, _youngest(workspace))
    return _summed([*gone, *files], purge, is_dry=True)


def _summed(removals: list[Removal], purge: Purge, *, is_dry: bool) -> Collection:
    return Collection(
        is_dry=is_dry,
        counts=dict(Counter(one.kind for one in removals)),
        n_bytes=sum(one.n_bytes for one in removals),
        removals=tuple(removals),
        kept=purge.kept,
    )


# -- files ------------------------------------------------------------------------------------------------------------


def _files(workspace: Workspace, purge: Purge, before: float) -> Iterator[Removal]:
    """Every file that may go once the runs are purged, and that was written before a moment."""
    without = {one.id for one in (*purge.runs, *purge.training_sets)}
    with snapshot(workspace.db.readers) as connection:
        kept = {need.digest for need in needs(workspace, connection, without=without)}
    found = (one for one in workspace.artifacts.files() if one[0] not in kept and one[1].st_mtime < before)
    for digest, status in sorted(found):
        yield Removal(kind="artifact", id=digest, text="nothing names it", n_bytes=status.st_size)
    yield from _temporaries(workspace, before)
    yield from _indexes(workspace, before)
    for path in workspace.predictions.spent_segments():
        name = path.relative_to(workspace.state).as_posix()
        text = "every answer in it is in the database"
        yield Removal(kind="segment", id=name, text=text, n_bytes=path.stat().st_size)


def _youngest(workspace: Workspace) -> float:
    """Files that were written from this moment on stay: an hour ago, or when the oldest job at work began.

    Returns:
        Seconds since 1970.
    """
    micros = workspace.db.value("SELECT min(started_at) FROM jobs WHERE status = 'running'")
    limit = workspace.clock() - GRACE
    return (limit if micros is None else min(limit, from_micros(micros))).timestamp()


def _temporaries(workspace: Workspace, before: float) -> Iterator[Removal]:
    """Left by writers that died."""
    for path in sorted(workspace.artifacts.temporaries()):
        if _changed_at(path) < before:
            name = path.relative_to(workspace.state).as_posix()
            yield Removal(kind="temporary", id=name, text="a writer that died has left it", n_bytes=_size(path))


def _indexes(workspace: Workspace, before: float) -> Iterator[Removal]:
    """Of feature view versions, or of data, that nothing looks up any more; they can be made again."""
    names = _indexes_in_use(workspace)
    for path in workspace.offline.paths():
        if path.name not in names and _changed_at(path) < before:
            text = "no view in use has it"
            yield Removal(kind="index", id=f"offline/{path.name}", text=text, n_bytes=_size(path))


def _indexes_in_use(workspace: Workspace) -> set[str]:
    used = {one.digest for one in in_use(workspace)}
    return {made.index for made in workspace.features.list_materializations() if made.digest in used}


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")  # gone since: whoever is at it knows why


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.stat().st_size
    return sum((Path(folder) / name).stat().st_size for folder, _, names in os.walk(path) for name in names)


def _remove(workspace: Workspace, one: Removal, before: float) -> bool:
    """Whether it was there and is gone now."""
    path = workspace.state / one.id
    if one.kind == "artifact":
        return workspace.artifacts.remove_older(one.id, before)
    if one.kind == "index":
        with workspace.materializing:
            if path.name in _indexes_in_use(workspace):
                return False  # it was made again just now
            shutil.rmtree(path, ignore_errors=True)
    elif one.kind == "segment":
        workspace.predictions.retire_spent(path)
    else:
        path.unlink(missing_ok=True)
    return not path.exists()
