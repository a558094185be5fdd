"""MLflow's SQLite database: reading it. Tables and columns that an older MLflow lacks are empty."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mllab.errors import InvalidInput
from mllab.records import LoggedPoint, RunDataset
from mllab.store.connect import BUSY_SECONDS, sqlite3
from mllab.store.mlflow_source import (
    Notes,
    Places,
    SourceExperiment,
    SourceFile,
    SourceModel,
    SourceRegistered,
    SourceRun,
    SourceVersion,
    files_below,
)

_MODEL_STATUS = {1: "PENDING", 2: "READY", 3: "FAILED"}
_LARGEST = 1.797e308
"""MLflow writes infinity as the greatest float."""
_ROWS_AT_ONCE = 5_000
_DATASETS = (
    "SELECT d.*, i.input_uuid FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id"
    " WHERE i.destination_id = ? AND i.source_type = 'DATASET' AND i.destination_type = 'RUN'"
)


class DatabaseSource:
    """A SQLite file that is read."""

    def __init__(self, path: Path, artifacts: Path | None = None) -> None:
        """Open it for reading.

        Args:
            path: the file.
            artifacts: the folder where artifacts lie; also looked for are `mlruns` and `mlartifacts` beside the file.

        Raises:
            InvalidInput: it is no database of MLflow.
        """
        self.path, self.notes = path, Notes()
        beside = path.resolve().parent
        self._places = Places([*([artifacts] if artifacts else []), beside / "mlruns", beside / "mlartifacts", beside])
        try:
            self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA trusted_schema = OFF")
            self._tables = {row[0] for row in self._connection.execute("SELECT name FROM sqlite_master")}
        except sqlite3.DatabaseError as error:
            raise InvalidInput(f"{path} is no SQLite database: {error}", "name MLflow's .db file") from error
        if not {"experiments", "runs", "metrics", "params", "tags"} <= self._tables:
            raise InvalidInput(
                f"{path} holds no MLflow tables", "name the file of `--backend-store-uri sqlite:///FILE`"
            )

    def experiments(self) -> Iterator[SourceExperiment]:
        """Its experiments."""
        for row in self._all("experiments", "SELECT * FROM experiments WHERE lifecycle_stage = 'active'"):
            number = str(row["experiment_id"])
            yield SourceExperiment(number, _text(row, "name"), self._texts("experiment_tags", "experiment_id", number))

    def count_runs(self) -> int | None:
        """How many runs there are."""
        return int(self._connection.execute("SELECT count(*) FROM runs").fetchone()[0])

    def run_ids(self, experiment: SourceExperiment) -> Iterator[str]:
        """Ids of the runs of an experiment, oldest first."""
        sql = "SELECT run_uuid FROM runs WHERE experiment_id = ? ORDER BY start_time, run_uuid"
        for row in self._all("runs", sql, experiment.experiment_id):
            yield str(row[0])

    def run(self, run_id: str) -> SourceRun | None:
        """One run."""
        sql = "SELECT * FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active'"
        row = next(iter(self._all("runs", sql, run_id)), None)
        if row is None:
            return None
        tags = self._texts("tags", "run_uuid", run_id)
        return SourceRun(
            run_id=run_id,
            name=_text(row, "name") or tags.get("mlflow.runName", ""),
            status=_text(row, "status"),
            started_ms=_whole(row, "start_time") or 0,
            ended_ms=_whole(row, "end_time"),
            user=_text(row, "user_id"),
            params=self._texts("params", "run_uuid", run_id),
            tags=tags,
            datasets=tuple(self._datasets(run_id)),
            artifact_uri=_text(row, "artifact_uri"),
            experiment_id=_text(row, "experiment_id"),
        )

    def points(self, run: SourceRun) -> Iterator[LoggedPoint]:
        """All values of its metrics."""
        for row in self._all("metrics", "SELECT * FROM metrics WHERE run_uuid = ?", run.run_id):
            try:
                value = float(row["value"])
                value = (
                    math.nan if row["is_nan"] else math.copysign(math.inf, value) if abs(value) > _LARGEST else value
                )
                yield str(row["key"]), int(row["step"]), int(row["timestamp"]) * 1000, value
            except (TypeError, ValueError):
                self.notes.append(f"run {run.run_id}: a value of a metric is no number")

    def files(self, run: SourceRun) -> Iterator[SourceFile]:
        """Its artifacts."""
        return self._files(f"run {run.run_id}", run.artifact_uri, run.experiment_id, run.run_id, "artifacts")

    def models(self, experiment: SourceExperiment) -> Iterator[SourceModel]:
        """The logged models of an experiment."""
        sql = "SELECT * FROM logged_models WHERE experiment_id = ? AND lifecycle_stage = 'active'"
        for row in self._all("logged_models", sql, experiment.experiment_id):
            model_id = _text(row, "model_id")
            yield SourceModel(
                model_id=model_id,
                name=_text(row, "name"),
                run_id=_text(row, "source_run_id") or None,
                type=_text(row, "model_type"),
                status=_MODEL_STATUS.get(_whole(row, "status") or 0, "READY"),
                created_ms=_whole(row, "creation_timestamp_ms") or 0,
                updated_ms=_whole(row, "last_updated_timestamp_ms") or 0,
                params=self._texts("logged_model_params", "model_id", model_id, "param_key", "param_value"),
                tags=self._texts("logged_model_tags", "model_id", model_id, "tag_key", "tag_value"),
                experiment_id=experiment.experiment_id,
                artifact_uri=_text(row, "artifact_location"),
            )

    def model_files(self, model: SourceModel) -> Iterator[SourceFile]:
        """The files of a logged model."""
        tail = (model.experiment_id, "models", model.model_id, "artifacts")
        return self._files(f"model {model.model_id}", model.artifact_uri, *tail)

    def registered(self) -> Iterator[SourceRegistered]:
        """The registered models."""
        for row in self._all("registered_models", "SELECT * FROM registered_models ORDER BY name"):
            name = _text(row, "name")
            sql = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
            aliases = {str(one[0]): one[1] for one in self._all("registered_model_aliases", sql, name)}
            yield SourceRegistered(
                name=name,
                note=_text(row, "description"),
                created_ms=_whole(row, "creation_time") or 0,
                tags=self._texts("registered_model_tags", "name", name),
                aliases={alias: version for alias, version in aliases.items() if isinstance(version, int)},
                versions=tuple(self._versions(name)),
            )

    def _versions(self, name: str) -> Iterator[SourceVersion]:
        sql = "SELECT * FROM model_versions WHERE name = ? ORDER BY version"
        for row in self._all("model_versions", sql, name):
            version, source = _whole(row, "version"), _text(row, "source")
            if version is None or _text(row, "current_stage") == "Deleted_Internal":
                continue
            tagged = "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?"
            yield SourceVersion(
                version=version,
                run_id=_text(row, "run_id"),
                source=source,
                model_id=source.removeprefix("models:/") if source.startswith("models:/m-") else None,
                stage=_text(row, "current_stage") or "None",
                note=_text(row, "description"),
                created_ms=_whole(row, "creation_time") or 0,
                tags={str(one[0]): str(one[1]) for one in self._all("model_version_tags", tagged, name, version)},
            )

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _all(self, table: str, sql: str, *args: Any) -> Iterator[Any]:
        """Rows of a statement, a few at a time; none where the table does not exist."""
        if table not in self._tables:
            return
        try:
            cursor = self._connection.execute(sql, args)
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                yield from rows
        except sqlite3.DatabaseError as error:
            raise InvalidInput(
                f"{self.path}, table {table}: {error}", "check the file by `sqlite3 FILE .dump`"
            ) from error

    def _texts(self, table: str, column: str, owner: str, key: str = "key", value: str = "value") -> dict[str, str]:
        sql = f'SELECT "{key}", "{value}" FROM {table} WHERE {column} = ?'  # noqa: S608 - names of this file
        return {str(row[0]): "" if row[1] is None else str(row[1]) for row in self._all(table, sql, owner)}

    def _datasets(self, run_id: str) -> Iterator[RunDataset]:
        if "inputs" not in self._tables:
            return
        for row in self._all("datasets", _DATASETS, run_id):
            sql = "SELECT name, value FROM input_tags WHERE input_uuid = ?"
            tags = {str(one[0]): str(one[1]) for one in self._all("input_tags", sql, row["input_uuid"])}
            yield RunDataset(
                name=_text(row, "name"),
                digest=_text(row, "digest"),
                context=tags.pop("mlflow.data.context", ""),
                source=_text(row, "dataset_source"),
                source_type=_text(row, "dataset_source_type"),
                schema=_text(row, "dataset_schema"),
                profile=_text(row, "dataset_profile"),
                tags=tags,
            )

    def _files(self, owner: str, uri: str, *tail: str) -> Iterator[SourceFile]:
        folder = self._places.folder(uri, *tail)
        if folder is not None:
            yield from files_below(folder, self.notes)
        elif uri and not uri.startswith(("/", "file:")):
            self.notes.append(f"{owner}: its artifacts lie at {uri}; name their folder by --artifacts")


def _text(row: Any, column: str) -> str:
    value = row[column] if column in row.keys() else None  # noqa: SIM118 - a row is no mapping
    return "" if value is None else str(value)


def _whole(row: Any, column: str) -> int | None:
    value = row[column] if column in row.keys() else None  # noqa: SIM118
    return value if isinstance(value, int) else None
