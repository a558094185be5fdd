"""A file taken out of its source's data again, for nothing or for another one: a dataset version without its rows.

What was made from it before stays as it is; the impact names it.
"""

from collections.abc import Callable
from typing import Any

from mllab.errors import Conflict
from mllab.records import DataFile, DatasetVersion, FileStatus, Impact, TriggerState
from mllab.steps.tables import counted
from mllab.store.datasets import Datasets
from mllab.store.writer import Transaction
from mllab.workflows.hashing import digest_of
from mllab.workflows.impact import impact
from mllab.workflows.jobs import JobContext
from mllab.workflows.materialize import queue_outdated
from mllab.workflows.workspace import Workspace

Say = Callable[[Transaction, str, str, str, Any], int]


def retract(workspace: Workspace, reference: str, reason: str) -> Impact:
    """Take an accepted file out of its source's data; its bytes stay.

    Args:
        workspace: the lab, in the process that holds it.
        reference: the file's name, or its digest or the first digits of that.
        reason: why, for the record.

    Returns:
        What had been made from it; with the dataset version that is without it.

    Raises:
        NotFound: no such file. Conflict: it is not accepted, or several are called so.
    """
    sha256 = workspace.datasets.get_file(reference).sha256

    def take_out(tx: Transaction) -> None:
        file = get_accepted(Datasets.file_in(tx, sha256))
        _retracted(tx, _say, file, reason)
        why = f"{file.name} retracted"
        _without(workspace, tx, _say, file, why)

    workspace.db.write(take_out)
    queue_outdated(workspace)
    return impact(workspace, workspace.datasets.get_file(sha256))


def get_accepted(file: DataFile | None) -> DataFile:
    """A file whose rows are in its source's data.

    Raises:
        Conflict: they are not.
    """
    if file is None or file.status is not FileStatus.ACCEPTED:
        state = f"{file.name} is {file.status.value}" if file else "the file is gone"
        raise Conflict(state, "only an accepted file can be taken back")
    return file


def _say(tx: Transaction, type: str, subject: str, text: str, payload: Any) -> int:
    return tx.emit(type, subject, text, payload)


def _retracted(tx: Transaction, say: Say, file: DataFile, reason: str, by: DataFile | None = None) -> None:
    change = {
        "sha256": file.sha256,
        "status": FileStatus.RETRACTED,
        "reason": reason or None,
        "hint": None if by or file.erased_at is not None else "`mllab data retry` takes it again",
        "replaced_by": by.sha256 if by else None,
    }
    how = f"replaced by {by.name}" if by else "retracted"
    said = f"{file.name} {how}: {counted(file.n_rows, 'row')} less in {file.source}" + (
        f" ({reason})" if reason else ""
    )
    say(tx, "datafile.retracted", file.sha256, said, change)


def _without(workspace: Workspace, tx: Transaction, say: Say, file: DataFile, why: str) -> None:
    latest = Datasets.latest_in(tx, file.source or "")
    if latest is not None and file.part_digest in latest.parts and not _is_shared(tx, file):
        parts = tuple(part for part in latest.parts if part != file.part_digest)
        versioned(workspace, tx, say, latest, parts, latest.n_rows - file.n_rows, why)


def _is_shared(tx: Transaction, file: DataFile) -> bool:
    """Whether another accepted file brought the very same rows."""
    sql = "SELECT 1 FROM datafiles WHERE source = ? AND status = ? AND part_digest = ? AND sha256 <> ? LIMIT 1"
    found = tx.execute(sql, file.source, FileStatus.ACCEPTED, file.part_digest, file.sha256).fetchone()
    return found is not None


def versioned(
    workspace: Workspace,
    tx: Transaction,
    say: Say,
    latest: DatasetVersion,
    parts: tuple[str, ...],
    n_rows: int,
    why: str,
    *,
    seen_rows: int | None = None,
) -> DatasetVersion:
    """The next version of a source's data, with fewer or other parts.

    Triggers have seen at most `seen_rows` of them, default all: what comes after these is new to them.
    """
    seen_rows = n_rows if seen_rows is None else seen_rows
    made = DatasetVersion(
        source=latest.source,
        version=latest.version + 1,
        digest=digest_of(sorted(parts)),
        parts=parts,
        n_rows=n_rows,
        created_at=tx.now,
        reason=why,
    )
    inside = f"{counted(n_rows, 'row')} in {counted(len(parts), 'file')}"
    said = f"{made.source} version {made.version}: {inside}, {why}"
    say(tx, "dataset.versioned", made.source, said, made)
    for name, trigger in workspace.config().trigger.items():
        state = tx.one(TriggerState, "SELECT * FROM triggers WHERE name = ?", name)
        if trigger.on.data == made.source and state is not None and state.seen_rows > seen_rows:
            said = f"trigger {name} counts new rows of {made.source} from {seen_rows:,} on"
            say(tx, "trigger.recounted", name, said, {"name": name, "seen_rows": seen_rows})
    return made


# -- replacing --------------------------------------------------------------------------------------------------------


def replaced(
    context: JobContext, tx: Transaction, file: DataFile, source: str, found: dict[str, Any]
) -> DatasetVersion | None:
    """Let a file that has just been accepted take the place of the one that its job names.

    Args:
        context: the job of the new file's intake.
        tx: the transaction that accepts it.
        file: the new file.
        source: whose it is.
        found: what the task `read_file` has found.

    Returns:
        The dataset version in force; None where the job names no file, or one that is not accepted any more.
    """
    old = Datasets.file_in(tx, context.job.args.get("replaces", ""))
    latest = Datasets.latest_in(tx, source)
    if old is None or old.status is not FileStatus.ACCEPTED or old.source != source or latest is None:
        return None
    _retracted(tx, context.say, old, context.job.args.get("reason", ""), file)
    parts, n_rows = latest.parts, latest.n_rows
    if found["part"] not in parts:
        place = parts.index(old.part_digest) if old.part_digest in parts else len(parts) - 1
        parts, n_rows = (*parts[: place + 1], found["part"], *parts[place + 1 :]), n_rows + found["n_rows"]
    if old.part_digest != found["part"] and old.part_digest in parts and not _is_shared(tx, old):
        parts, n_rows = tuple(part for part in parts if part != old.part_digest), n_rows - old.n_rows
    if parts == latest.parts:
        return latest
    why = f"{old.name} replaced by {file.name}"
    lowered = min(n_rows, latest.n_rows - old.n_rows)
    return versioned(context.workspace, tx, context.say, latest, parts, n_rows, why, seen_rows=lowered)
