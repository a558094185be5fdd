"""Data taken back: what was made from a file, what an export wrote, what was erased for good."""

from datetime import datetime

from mllab.records.base import Record


class VersionImpact(Record, frozen=True, kw_only=True):
    """A model version that learnt from a file."""

    model: str
    version: int
    aliases: tuple[str, ...] = ()
    n_predictions: int = 0
    """Logged answers that it gave."""


class Impact(Record, frozen=True, kw_only=True):
    """What was made from one received file, as far as the lab knows."""

    file: str
    sha256: str
    source: str | None
    status: str
    n_rows: int
    """Accepted rows of the file."""
    is_erased: bool = False
    """Whether its received bytes were erased on request: once it is retracted, it cannot be taken again."""
    dataset_version: int | None = None
    """The source's newest dataset version."""
    dataset_rows: int = 0
    """Rows in that version."""
    dataset_versions: tuple[int, ...] = ()
    """Versions of the source's data that hold the file's rows."""
    training_sets: tuple[str, ...] = ()
    """Digests, oldest first."""
    runs: tuple[str, ...] = ()
    """Ids, oldest first."""
    versions: tuple[VersionImpact, ...] = ()
    """By model and number."""
    views: tuple[str, ...] = ()
    """Feature views that held the file's rows, as `view@version`."""
    retrain: tuple[str, ...] = ()
    """Declared models whose newest version, or one under an alias, learnt from the file."""

    def n_predictions(self) -> int:
        """Answers given by all those versions."""
        return sum(one.n_predictions for one in self.versions)


class ExportedFile(Record, frozen=True, kw_only=True):
    """One file of an export."""

    name: str
    """Path below the export's folder, `/` as separator."""
    n_bytes: int
    digest: str
    """SHA-256 of its bytes."""
    status: str
    """`written`, `there` (the same bytes lay there already) or `erased` (its bytes were erased on request)."""


class Export(Record, frozen=True, kw_only=True):
    """What a version of a source's data was given back as."""

    source: str
    version: int
    folder: str
    format: str
    """`original` or `parquet`."""
    files: tuple[ExportedFile, ...] = ()
    n_rows: int = 0
    """Of the version; with `parquet` those that are left after deduplication by key."""


class Erasure(Record, frozen=True, kw_only=True):
    """Rows that were erased for good on request. Holds nothing that leads back to whose they were."""

    erasure_id: str
    source: str
    key_digest: str
    """Hash over what was asked for and a random salt; the salt is erased with it."""
    n_rows: int
    """Rows taken out of the accepted data in force."""
    n_files: int
    """Received files whose bytes were erased."""
    n_predictions: int
    """Logged answers erased, with their labels."""
    training_sets: tuple[str, ...] = ()
    """Digests of those that held such rows: they can no longer be reproduced."""
    versions: tuple[str, ...] = ()
    """`model@version` of those whose bundle still holds the value as an example: retrain."""
    reason: str = ""
    at: datetime
