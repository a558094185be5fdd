"""A file that comes in the place of an accepted one: taken in like any other, and only then the other one goes."""

import hashlib
from pathlib import Path

from mllab.errors import Conflict, NotFound
from mllab.records import DataFile, FileStatus, Job
from mllab.workflows.ingest import get_source, queue_intake, receive
from mllab.workflows.retracting import get_accepted
from mllab.workflows.workspace import Workspace


def replace(workspace: Workspace, reference: str, path: Path, reason: str) -> Job:
    """Queue the intake of a file that takes another one's place once it is accepted.

    Args:
        workspace: the lab, in the process that holds it.
        reference: the accepted file, by name, or by digest or its first digits.
        path: the file that comes in its place; it stays where it is.
        reason: why, for the record.

    Raises:
        NotFound: one of the files does not exist.
        Conflict: the first is not accepted, or the second has been taken in already.
    """
    old = get_accepted(workspace.datasets.get_file(reference))
    source = get_source(workspace.config(), old.source or "")
    known = known_bytes(workspace, path)
    args = {"replaces": old.sha256, "reason": reason}
    if known is None:
        job = receive(workspace, path, path.name, source=source, keep=True, args=args)
        if job is not None:
            return job
        known = known_bytes(workspace, path)
    if known is None or known.status in (FileStatus.ACCEPTED, FileStatus.RECEIVED):
        state = f"is {known.name}, which is {known.status.value} already" if known else "changed while it was read"
        raise Conflict(f"{path.name} {state}", "retract the other file, if that is meant: `mllab data retract`")
    return queue_intake(workspace, known, source, f"{path.name} comes for {old.name}", args=args)


def known_bytes(workspace: Workspace, path: Path) -> DataFile | None:
    """The received file that has the very bytes of this one.

    Raises:
        NotFound: there is no such file.
    """
    try:
        with path.open("rb") as file:
            return workspace.datasets.find_file(hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise NotFound(f"there is no file {path}", "give the path of a data file") from error
