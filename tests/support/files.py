"""Received files as records, and a lab's log that tells of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mllab.lab import Lab
from mllab.records import DataFile, FileStatus, Job, Lane, QuarantineEntry, SourceSummary

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def digest(at: int) -> str:
    """A digest that can be told from others."""
    return f"{at:02x}" * 32


def a_file(at: int = 1, name: str = "", **fields: Any) -> DataFile:
    """An accepted file."""
    known = {"n_bytes": 1234, "received_at": NOON, "source": "customers", "status": FileStatus.ACCEPTED, "n_rows": 600}
    return DataFile(name=name or f"customers_{at}.csv", **{"sha256": digest(at), **known, **fields})


def a_refused(at: int = 2, name: str = "semi.csv", **fields: Any) -> DataFile:
    """A file in quarantine."""
    told = {"code": "delimiter", "reason": "one column", "hint": 'add `delimiter = ";"`', "line": 1, "n_rows": 0}
    return a_file(at, name, status=FileStatus.QUARANTINED, **told | fields)


def a_waiting(at: int = 3, name: str = "mystery.csv", **fields: Any) -> DataFile:
    """A file that nobody knows the source of."""
    told = {"source": None, "code": "no_source", "reason": "no source fits it", "hint": "mllab data assign mystery.csv"}
    return a_file(at, name, status=FileStatus.WAITING, n_rows=0, **told | fields)


def an_intake(file: DataFile, **fields: Any) -> Job:
    """The job that takes a file in."""
    known = {"job_id": f"job_{file.sha256[:4]}", "kind": "intake", "lane": Lane.INTAKE, "subject": file.name}
    return Job(args={"sha256": file.sha256}, queued_at=NOON, **known | fields)


def an_entry(file: DataFile, **fields: Any) -> QuarantineEntry:
    """A file as the quarantine lists it."""
    known = {
        "code": file.code or "type",
        "reason": file.reason or "age: no number",
        "line": file.line,
        "hint": file.hint,
    }
    return QuarantineEntry(file=file.name, sha256=file.sha256, **{"scope": "file", **known, **fields})


def a_source(name: str = "customers", **fields: Any) -> SourceSummary:
    """A source with two columns."""
    known = {"files": (f"{name}*",), "key": ("customer",), "timestamp": "seen_at", "version": 2, "n_rows": 899}
    columns = {"customer": "string", "seen_at": "datetime", "age": "int"}
    return SourceSummary(name=name, n_files=2, **{"columns": columns, **known, **fields})


def write_files(folder: Path, files: Iterable[DataFile], hours: float = 3.5) -> None:
    """Put received files into the log of a lab that nobody holds, the first one newest."""
    then = datetime.now(UTC) - timedelta(hours=hours)
    with Lab.open(folder) as lab:

        def write(tx: Any) -> None:
            for at, file in enumerate(files):
                known = {name: getattr(file, name) for name in file.__struct_fields__} | {
                    "received_at": then - timedelta(seconds=at)
                }
                tx.name(file.sha256, "datafile")
                tx.emit("datafile.received", file.sha256, f"{file.name} received", DataFile(**known))

        lab.workspace.db.write(write)
