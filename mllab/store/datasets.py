"""Declarations accepted, files received, dataset versions, training sets."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from mllab.errors import Conflict, NotFound
from mllab.records import (
    ConfigVersion,
    Contract,
    DataFile,
    DatasetVersion,
    Erasure,
    FileStatus,
    SourceState,
    TrainingSet,
)
from mllab.store.db import Database
from mllab.store.rows import from_micros

if TYPE_CHECKING:
    from mllab.store.writer import Transaction

_LATEST = "SELECT * FROM datasets WHERE source = ? ORDER BY version DESC LIMIT 1"


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
        return self._db.one(DatasetVersion, _LATEST, source)

    @staticmethod
    def latest_in(tx: "Transaction", source: str) -> DatasetVersion | None:
        """As `latest_dataset`, inside a transaction: nobody makes another one before that has ended."""
        return tx.one(DatasetVersion, _LATEST, source)

    @staticmethod
    def file_in(tx: "Transaction", sha256: str) -> DataFile | None:
        """As `find_file`, inside a transaction."""
        return tx.one(DataFile, "SELECT * FROM datafiles WHERE sha256 = ?", sha256)

    def list_datasets(self, source: str | None = None) -> list[DatasetVersion]:
        """Dataset versions by source and version."""
        return self._db.all(
            DatasetVersion, "SELECT * FROM datasets WHERE ?1 IS NULL OR source = ?1 ORDER BY source, version", source
        )

    def find_training_set(self, digest: str) -> TrainingSet | None:
        """A training set by content hash."""
        return self._db.one(TrainingSet, "SELECT * FROM training_sets WHERE digest = ?", digest)

    def training_sets_from(self, source: str, versions: Iterable[int]) -> list[TrainingSet]:
        """Training sets made from any of these versions of a source's data, oldest first."""
        sql = (
            "SELECT * FROM training_sets t WHERE EXISTS (SELECT 1 FROM json_each(t.datasets) d WHERE d.key = ?1"
            " AND d.value IN (SELECT value FROM json_each(?2))) ORDER BY created_at, rowid"
        )
        return self._db.all(TrainingSet, sql, source, msgspec.json.encode(list(versions)).decode())

    def parts_of(self, source: str) -> dict[str, list[str]]:
        """Every part that a source's files were ever accepted as, to the files, oldest first, by digest."""
        sql = (
            "SELECT DISTINCT e.payload ->> 'part_digest' AS part, e.subject FROM events e JOIN datafiles f"
            " ON f.sha256 = e.subject WHERE e.type IN ('datafile.accepted', 'datafile.forgotten') AND f.source = ?"
            " ORDER BY f.received_at, f.rowid"
        )
        found: dict[str, list[str]] = {}
        for part, sha256 in self._db.readers.all(sql, source):
            if part is not None:
                found.setdefault(part, []).append(sha256)
        return found

    def list_erasures(self) -> list[Erasure]:
        """What was erased on request, oldest first."""
        return self._db.all(Erasure, "SELECT * FROM erasures ORDER BY at, erasure_id")

    def unkept_parts(self, source: str) -> list[str]:
        """Parts that the intake of a source's files has written, whether or not they were accepted in the end."""
        sql = (
            "SELECT DISTINCT s.output ->> 'part' FROM job_steps s JOIN jobs j USING (job_id) JOIN datafiles f"
            " ON f.sha256 = j.args ->> 'sha256' WHERE s.name = 'read' AND f.source = ?"
        )
        return [row[0] for row in self._db.readers.all(sql, source) if row[0] is not None]
