"""What may be done with a file, and why not."""

from collections.abc import Sequence

from mllab.faces.tui.viewmodels import data as view
from mllab.records import DataFile, FileStatus, SourceSummary


def why_not_assign(row: view.Row | None, sources: Sequence[SourceSummary]) -> str | None:
    """Why a file cannot be given to a source."""
    why = _why_no_file(row)
    if why is not None or row is None or row.file is None:
        return why
    if row.file.status is not FileStatus.WAITING:
        return f"{row.file.name} does not wait: it is {row.file.status.value}" + _of(row.file)
    return None if sources else "no source is declared: `mllab source add FILE` writes one"


def why_not_retry(row: view.Row | None) -> str | None:
    """Why a file cannot be taken again."""
    why = _why_no_file(row)
    if why is not None or row is None or row.file is None:
        return why
    if row.file.status is FileStatus.WAITING:
        return f"{row.file.name} waits for a source: a assigns one"
    if row.file.status is not FileStatus.QUARANTINED:
        return f"{row.file.name} is not in quarantine: it is {row.file.status.value}" + _of(row.file)
    return None


def _why_no_file(row: view.Row | None) -> str | None:
    if row is None:
        return "there is no file here"
    return None if row.file is not None else "this is no file: [ and ] go to files"


def _of(file: DataFile) -> str:
    return f" ({file.source})" if file.source else ""
