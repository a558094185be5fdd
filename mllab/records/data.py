"""Files as received, dataset versions, training sets."""

from datetime import datetime
from enum import StrEnum

from mllab.records.base import Record


class FileStatus(StrEnum):
    """Where a received file stands; the last three are final until a person acts."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    WAITING = "waiting"
    RETRACTED = "retracted"
    """Was accepted and has been taken out of its source's data again; kept byte for byte."""


class DataFile(Record, frozen=True, kw_only=True):
    """A file as received, kept byte for byte under its digest."""

    sha256: str
    name: str
    """Path below `inbox/` as dropped, `/` as separator."""
    n_bytes: int
    received_at: datetime
    origin: str = ""
    """Device, inode and modification time of the dropped file; tells a leftover from a second drop."""
    source: str | None = None
    status: FileStatus = FileStatus.RECEIVED
    code: str | None = None
    """Why it is in quarantine or waits, from the catalogue in `docs/data.md`."""
    reason: str | None = None
    hint: str | None = None
    line: int | None = None
    n_rows: int = 0
    n_rejected: int = 0
    part_digest: str | None = None
    """The accepted rows as Parquet."""
    rejected_digest: str | None = None
    """The rejected rows as JSON lines with line, code and reason."""
    notes: tuple[str, ...] = ()
    n_nulled: int = 0
    """Cells that were made missing by a field's `on_bad = "null"`."""
    contract_version: int | None = None
    """The contract it was accepted under."""
    replaced_by: str | None = None
    """SHA-256 of the file that took its place."""
    diff: tuple["SchemaChange", ...] = ()
    """How its columns differ from the contract it was held against."""
    newest_at: datetime | None = None
    """The newest timestamp among its accepted rows, where the source has one."""
    erased_at: datetime | None = None
    """Since when its bytes are gone, erased on request for rows that they held."""


class Refusal(Record, frozen=True, kw_only=True):
    """Why a whole file cannot be taken in: a result, not an error."""

    code: str
    reason: str
    hint: str
    line: int | None = None
    """1-based line of the first offender, where there is one."""
    diff: tuple["SchemaChange", ...] = ()
    """How the file's columns differ from the contract, where that is the cause or part of it."""


class SchemaChange(Record, frozen=True, kw_only=True):
    """One way in which a file's columns differ from the contract."""

    column: str
    change: str
    """`added`, `missing` or `type`."""
    contract: str | None = None
    """The contract's type."""
    found: str | None = None
    """The file's type."""


class Rejection(Record, frozen=True, kw_only=True):
    """Why one row was left out while the rest of its file was taken in."""

    line: int
    """1-based line in a text file, else 1-based row."""
    code: str
    column: str
    reason: str


class DatasetVersion(Record, frozen=True, kw_only=True):
    """An immutable set of accepted parts of one source."""

    source: str
    version: int
    digest: str
    """Over the sorted digests of the parts: order of arrival does not matter."""
    parts: tuple[str, ...]
    """Digests in order of arrival; where a key repeats with other values, the later part wins."""
    n_rows: int
    created_at: datetime
    reason: str = ""
    """Why a version has fewer parts than the one before: what was retracted, replaced or forgotten."""


class TrainingSet(Record, frozen=True, kw_only=True):
    """A frozen point-in-time join of samples and features."""

    digest: str
    """Content hash of the rows, their split and their column types."""
    model: str
    artifact: str
    """The rows as Parquet."""
    datasets: dict[str, int]
    """Source to dataset version it was made from."""
    config_digest: str
    n_train: int
    n_validation: int
    n_test: int
    n_unlabelled: int = 0
    notes: tuple[str, ...] = ()
    views: dict[str, int] = {}
    """Feature view to the version its features are of."""
    created_at: datetime
    purged_at: datetime | None = None
    """Since when its rows are gone: every run that learnt from it was removed for good."""
