"""Feature views kept up to date: an index over all rows, and the newest of them in the online store.

Runs in jobs of the process that holds the lab; one at a time.
"""

from datetime import datetime
from typing import Any

import msgspec

from mllab.config import nearest
from mllab.engine.offline import read_index
from mllab.errors import Cancelled, LabError, NotFound
from mllab.records import DatasetVersion, Job, Lane, Materialization, Materialize
from mllab.steps.features import online_rows
from mllab.store.online import Online
from mllab.store.rows import from_micros, to_micros
from mllab.store.writer import Transaction
from mllab.workflows.feature_reader import lookup_of, reader_of
from mllab.workflows.feature_views import Definition, ensure_version, in_use
from mllab.workflows.hashing import digest_of
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.workspace import Workspace


def index_name(one: Definition, dataset: DatasetVersion) -> str:
    """Name of the index that a definition has over a dataset version."""
    return f"{one.view}-{digest_of([one.digest, dataset.digest, dataset.parts])[:16]}"


def view_inputs(workspace: Workspace, one: Definition, dataset: DatasetVersion) -> dict[str, Any]:
    """What an engine needs to make or find a view's index; see `ViewInputs`."""
    return {
        "view": msgspec.to_builtins(one.table),
        "timestamp": one.timestamp,
        "key": one.key,
        "created_timestamp": one.created_timestamp,
        "features": one.features_digest,
        "parts": dataset.parts,
        "schema": msgspec.to_builtins(workspace.datasets.source_state(one.table.source).schema),
        "index": index_name(one, dataset),
    }


# -- the job ----------------------------------------------------------------------------------------------------------


def queue_materialization(workspace: Workspace, command: Materialize) -> Job:
    """Put a materialization into the queue.

    Raises:
        NotFound: no such view is kept.
    """
    names = sorted({one.view for one in in_use(workspace)})
    if command.view is not None and command.view not in names:
        raise NotFound(f"no feature view is called `{command.view}`", nearest(command.view, names))
    args = {"view": command.view, "end": command.end, "anew": command.anew}

    def put(tx: Transaction) -> Job:
        subject = command.view or "all views"
        return queue(tx, new_job("materialize", Lane.INTAKE, subject, tx.now, **args), f"materialize {subject} queued")

    return workspace.db.write(put)


def materialize(context: JobContext) -> dict[str, Any]:
    """The job: bring views up to the newest data."""
    args = context.job.args
    end = msgspec.convert(args["end"], datetime | None)
    made = []
    for each in in_use(context.workspace):
        if args["view"] not in (None, each.view):
            continue
        try:
            one = refresh_view(context, each, end=end, anew=args["anew"])
        except LabError as error:
            _tell_failure(context, each, error)
            raise
        made += [one] if one is not None else []
    drop_unused(context.workspace)
    said = ", ".join(f"{one.view} version {one.version}: {one.n_online:,} rows online" for one in made)
    return {"text": said or "every view was up to date", "views": [one.view for one in made]}


def queue_outdated(workspace: Workspace) -> None:
    """Queue a materialization where a view that is kept is not up to its data: a new definition, an upgraded lab."""
    is_waiting = workspace.jobs.find_queued("materialize", "all views") is not None
    if not is_waiting and any(is_outdated(workspace, one) for one in in_use(workspace)):
        queue_materialization(workspace, Materialize())


def is_outdated(workspace: Workspace, one: Definition) -> bool:
    """Whether data has come that a view does not hold yet."""
    dataset = workspace.datasets.latest_dataset(one.table.source)
    known = workspace.features.find_materialization(one.digest)
    return dataset is not None and (known is None or known.dataset_version != dataset.version)


def refresh_views(context: JobContext) -> None:
    """Bring every view that is kept up to the newest data.

    A view that cannot be made, by its code or for want of memory, is told of and keeps what it has: the data is in.
    """
    changed = False
    for one in in_use(context.workspace):
        try:
            changed |= refresh_view(context, one) is not None
        except Cancelled:
            raise
        except LabError as error:
            _tell_failure(context, one, error)
    if changed:
        drop_unused(context.workspace)


def _tell_failure(context: JobContext, one: Definition, error: LabError) -> None:
    if not isinstance(error, Cancelled):
        said = f"view {one.view} stays as it is: {error.message}"
        context.emit("materialization.failed", one.view, said, {"digest": one.digest})


def refresh_view(
    context: JobContext, one: Definition, *, end: datetime | None = None, anew: bool = False
) -> Materialization | None:
    """Bring one view up to the newest data.

    Args:
        context: of the job that does it.
        one: the view's definition.
        end: rows that became known after this moment stay offline.
        anew: even if no data has come.

    Returns:
        What is kept now; None where nothing was to do.
    """
    workspace = context.workspace
    with workspace.materializing:
        dataset = workspace.datasets.latest_dataset(one.table.source)
        if dataset is None or not (anew or end is not None or is_outdated(workspace, one)):
            return None
        inputs = view_inputs(workspace, one, dataset)
        made = context.run_task("make_view", inputs)
        online_from, rows = _online(workspace, one, inputs["index"], made["newest_us"], end)
        number, n_online = workspace.online.write_anew(rows)

        def keep(tx: Transaction) -> Materialization:
            version = ensure_version(workspace, tx, one)
            Online.take_over(tx, one.digest, number, online_from)
            now = Materialization(
                digest=one.digest,
                view=one.view,
                version=version.version,
                source=one.table.source,
                dataset_version=dataset.version,
                index=inputs["index"],
                n_entities=made["n_entities"],
                n_rows=made["n_rows"],
                n_skipped=made["n_skipped"],
                newest_at=None if made["newest_us"] is None else from_micros(made["newest_us"]),
                online_from=None if online_from is None else from_micros(online_from),
                n_online=n_online,
                made_at=tx.now,
            )
            context.say(tx, "materialization.made", one.view, _said(now), now)
            return now

        found = workspace.db.write(keep)
        reader_of(workspace).forget(one.digest)
        workspace.online.sweep()
    return found


def add_online(context: JobContext, source: str, part: str) -> None:
    """Let the rows of one accepted part answer at once, before the views are made anew."""
    workspace = context.workspace
    for one in in_use(workspace):
        if one.table.source != source:
            continue
        only = DatasetVersion(
            source=source, version=0, digest=part, parts=(part,), n_rows=0, created_at=workspace.clock()
        )
        made = context.run_task("part_rows", view_inputs(workspace, one, only))
        rows = msgspec.msgpack.decode(workspace.artifacts.get(made["rows"]))
        workspace.artifacts.discard(made["rows"])
        keyed = bool(one.key) and one.created_timestamp is None

        def add(tx: Transaction, one: Definition = one, rows: Any = rows, keyed: bool = keyed) -> None:
            n_added = Online.add(tx, one.digest, rows, keyed=keyed)
            said = f"view {one.view}: {n_added:,} pushed rows online"
            context.say(tx, "features.pushed", one.view, said, {"digest": one.digest, "part": part, "n_rows": n_added})

        workspace.db.write(add)


def _online(workspace: Workspace, one: Definition, index: str, newest: int | None, end: datetime | None) -> Any:
    """From which moment on the online rows answer, and those rows."""
    last = newest if end is None or newest is None else min(newest, to_micros(end))
    if last is None:
        return None, ()
    mapped = read_index(workspace.offline.path(index))
    window = lookup_of(one, ()).window_us
    since = last + 1 if window is None else last - window
    return last, online_rows(mapped, since, None if end is None else last)


def _said(made: Materialization) -> str:
    skipped = f", {made.n_skipped:,} without a time skipped" if made.n_skipped else ""
    return f"view {made.view} version {made.version}: {made.n_rows:,} rows of {made.n_entities:,} entities{skipped}"


def drop_unused(workspace: Workspace) -> None:
    """Remove indexes that no view has any more, and the online rows of definitions that nobody uses."""
    kept = {one.digest for one in in_use(workspace)}
    names = set()
    for made in workspace.features.list_materializations():
        if made.digest in kept:
            names.add(made.index)
        elif made.online_from is not None:
            _take_offline(workspace, made)
    workspace.offline.drop_others(names)


def _take_offline(workspace: Workspace, made: Materialization) -> None:
    workspace.online.drop(made.digest)
    change = {"digest": made.digest, "online_from": None, "n_online": 0}
    said = f"view {made.view} version {made.version} is used no longer"
    workspace.db.write(lambda tx: tx.emit("materialization.ended", made.view, said, change))
