"""Rows brought by hand: a file of their own, taken in like any other, and online as soon as it is accepted."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mllab.errors import Conflict, InvalidInput
from mllab.records import Job
from mllab.workflows.ingest import receive
from mllab.workflows.workspace import Workspace

MOST_ROWS = 100_000


def push(workspace: Workspace, source: str, rows: Sequence[Mapping[str, Any]]) -> Job:
    """Queue the intake of rows of a source.

    Args:
        workspace: the lab, in the process that holds it.
        source: a declared source.
        rows: by column, as JSON holds them; at most 100,000.

    Raises:
        InvalidInput: no rows, or too many. Conflict: these very rows were pushed before.
    """
    if not 1 <= len(rows) <= MOST_ROWS:
        raise InvalidInput(f"{len(rows):,} rows cannot be pushed", f"send 1 to {MOST_ROWS:,}; drop a file for more")
    content = b"".join(msgspec.json.encode(dict(row)) + b"\n" for row in rows)
    with tempfile.TemporaryDirectory(dir=workspace.state) as folder:
        path = Path(folder) / "pushed.jsonl"
        path.write_bytes(content)
        name = f"{source}/pushed-{workspace.clock():%Y%m%dT%H%M%S%f}.jsonl"
        job = receive(workspace, path, name, source=source, args={"push": True})
    if job is None:
        raise Conflict("these very rows were taken in before", "rows that are the same come in once")
    return job
