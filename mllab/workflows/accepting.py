"""A quarantined file whose columns a person accepts: it is taken again and gives its source's next contract."""

from mllab.errors import Conflict, InvalidInput
from mllab.records import FileStatus, Job
from mllab.workflows.contracts import needed_columns
from mllab.workflows.ingest import get_source, queue_intake
from mllab.workflows.workspace import Workspace


def accept_schema(workspace: Workspace, reference: str) -> Job:
    """Queue a file that was refused for its columns; its intake takes them over into the contract.

    Args:
        workspace: the lab, in the process that holds it.
        reference: the file's name, or its digest or the first digits of that.

    Returns:
        The job. The new contract comes with the accepted file: there is none while the file is refused again.

    Raises:
        NotFound: no such file or source.
        Conflict: the file is not in quarantine, or its columns are those of the contract.
        InvalidInput: a column that the declaration needs is missing.
    """
    file = workspace.datasets.get_file(reference)
    if file.status not in (FileStatus.QUARANTINED, FileStatus.RETRACTED):
        raise Conflict(f"{file.name} is {file.status.value}", "only the columns of a quarantined file can be accepted")
    config = workspace.config()
    source = get_source(config, file.source or "")
    if not file.diff:
        raise Conflict(f"the columns of {file.name} are not why it was refused", file.hint or "see `mllab data show`")
    needed = needed_columns(config, source)
    for one in file.diff:
        if one.change == "missing" and one.column in needed:
            reason = f"column `{one.column}` is missing in {file.name}, and {needed[one.column]} needs it"
            raise InvalidInput(reason, "change the declaration first, or send the column")
    said = f"{file.name} taken again, its columns accepted"
    return queue_intake(workspace, file, source, said, accept_schema=True)
