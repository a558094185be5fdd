"""Declarations accepted, files received, dataset versions, training sets."""

from datetime import datetime

from mllab.errors import Conflict, NotFound
from mllab.records import ConfigVersion, Contract, DataFile, DatasetVersion, FileStatus, SourceState, TrainingSet
from mllab.store.db import Database
from mllab.store.rows import from_micros


class Datasets:
    """Reads what came in and what was made of it."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def find_config(self, digest: str) -> ConfigVersion | None:
        """An accepted declaration by digest."""
        return self._db.one(ConfigVersion, "SELECT * FROM configs WHERE digest = ?", digest)

    def latest_config(self) -> ConfigVersion | None:
        """The declaration in force: the one accepted last."""
        return self._db.one(ConfigVersion, "SELECT * FROM configs ORDER BY accepted_at DESC LIMIT 1")

    def first_accepted_at(self) -> datetime | None:
        """When the lab's first declaration was accepted; None in a lab that never ran."""
        micros = self._db.value("SELECT min(accepted_at) FROM configs")
        return None if micros is None else from_micros(micros)

    def source_state(self, name: str) -> SourceState:
        """What is known of a source; empty for one that has taken no file yet."""
        return self._db.one(SourceState, "SELECT * FROM sources WHERE name = ?", name) or SourceState(name=name)

    def latest_contract(self, source: str) -> Contract | None:
        """The contract in force: a source's newest."""
        return self._db.one(Contract, "SELECT * FROM contracts WHERE source = ? ORDER BY version DESC LIMIT 1", source)

    def list_contracts(self, source: str) -> list[Contract]:
        """A source's contracts by version."""
        return self._db.all(Contract, "SELECT * FROM contracts WHERE source = ? ORDER BY version", source)

    def newest_at(self, source: str) -> datetime | None:
        """The newest timestamp among a source's accepted rows, where it has one."""
        sql = "SELECT max(newest_at) FROM datafiles WHERE source = ? AND status = ?"
        micros = self._db.value(sql, source, FileStatus.ACCEPTED)
        return None if micros is None else from_micros(micros)

    def list_files(
        self, source: str | None = None, status: FileStatus | None = None, *, newest_first: bool = False
    ) -> list[DataFile]:
        """Received files, oldest first unless asked otherwise."""
        order = "received_at DESC, rowid DESC" if newest_first else "received_at, rowid"
        where = "(?1 IS NULL OR source = ?1) AND (?2 IS NULL OR status = ?2)"
        return self._db.all(DataFile, f"SELECT * FROM datafiles WHERE {where} ORDER BY {order}", source, status)  # noqa: S608

    def find_file(self, sha256: str) -> DataFile | None:
        """A received file by its whole digest."""
        return self._db.one(DataFile, "SELECT * FROM datafiles WHERE sha256 = ?", sha256)

    def get_file(self, reference: str) -> DataFile:
        """A received file by name, or by digest or its first digits.

        Raises:
            NotFound: no file is called so.
            Conflict: several are.
        """
        sql = (
            "SELECT * FROM datafiles WHERE name = ?1 OR name LIKE '%/' || ?1"
            " OR (length(?1) >= 6 AND sha256 GLOB ?1 || '*') ORDER BY received_at DESC"
        )
        found = self._db.all(DataFile, sql, reference.replace("*", ""))
        exact = [file for file in found if reference in (file.name, file.sha256)] or found
        if not exact:
            raise NotFound(f"no file is called `{reference}`", "see `mllab data list` and `mllab data quarantine`")
        if len({file.sha256 for file in exact}) > 1:
            listed = ", ".join(file.sha256[:12] for file in exact[:5])
            raise Conflict(f"`{reference}` names several files: {listed}", "use one of those digests instead")
        return exact[0]

    def latest_dataset(self, source: str) -> DatasetVersion | None:
        """The newest version of a source's data."""
        return self._db.one(
            DatasetVersion, "SELECT * FROM datasets WHERE source = ? ORDER BY version DESC LIMIT 1", source
        )

    def list_datasets(self, source: str | None = None) -> list[DatasetVersion]:
        """Dataset versions by source and version."""
        return self._db.all(
            DatasetVersion, "SELECT * FROM datasets WHERE ?1 IS NULL OR source = ?1 ORDER BY source, version", source
        )

    def find_training_set(self, digest: str) -> TrainingSet | None:
        """A training set by content hash."""
        return self._db.one(TrainingSet, "SELECT * FROM training_sets WHERE digest = ?", digest)
