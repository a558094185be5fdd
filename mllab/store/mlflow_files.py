"""MLflow's folder `mlruns/`: reading it, and the forms of its small files.

EXPERIMENT/meta.yaml  tags/  datasets/  RUN/{meta.yaml, params/, tags/, metrics/, artifacts/, inputs/}
EXPERIMENT/models/MODEL/{meta.yaml, params/, tags/, artifacts/}
models/NAME/{meta.yaml, tags/, version-N/{meta.yaml, tags/}}
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from mllab.errors import NotFound
from mllab.records import LoggedPoint, RunDataset
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

_MOST_TEXT_BYTES = 1 << 20
"""Of a small file: a tag, a parameter, a description."""
_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_MODEL_STATUS = {1: "PENDING", 2: "READY", 3: "FAILED"}
_CONTEXT = "mlflow.data.context"


class FileSource:
    """A folder `mlruns/` that is read."""

    def __init__(self, folder: Path, artifacts: Path | None = None) -> None:
        """Look whether it is one.

        Args:
            folder: `mlruns/`.
            artifacts: another folder where artifacts lie.

        Raises:
            NotFound: it holds no experiment.
        """
        self.folder, self.notes = folder, Notes()
        self._places = Places([folder, *([artifacts] if artifacts else [])])
        self._owners: dict[str, Path] = {}
        if not any(folder.glob("*/meta.yaml")):
            raise NotFound(
                f"{folder} holds no MLflow experiment", "name the folder `mlruns`, a .db file or an http URL"
            )

    def experiments(self) -> Iterator[SourceExperiment]:
        """Its experiments; on the way it learns where the runs lie."""
        for folder in self._folders(self.folder):
            meta = self._meta(folder)
            if meta is None or _text(meta, "lifecycle_stage", "active") != "active" or folder.name == "models":
                continue
            self._owners |= {one.name: one for one in self._folders(folder)}
            yield SourceExperiment(folder.name, _text(meta, "name", folder.name), self._texts(folder / "tags"))

    def count_runs(self) -> int | None:
        """How many runs there are."""
        return sum(1 for one in self.folder.glob("*/*/meta.yaml") if one.parent.parent.name != "models")

    def run_ids(self, experiment: SourceExperiment) -> Iterator[str]:
        """Ids of the runs of an experiment."""
        for folder in self._folders(self.folder / experiment.experiment_id):
            if (folder / "meta.yaml").is_file():
                yield folder.name

    def run(self, run_id: str) -> SourceRun | None:
        """One run of the experiments that were listed."""
        folder = self._owners.get(run_id)
        meta = self._meta(folder) if folder is not None else None
        if folder is None or meta is None or _text(meta, "lifecycle_stage", "active") != "active":
            return None
        tags = self._texts(folder / "tags")
        return SourceRun(
            run_id=run_id,
            name=_text(meta, "run_name") or tags.get("mlflow.runName", ""),
            status=_STATUS.get(_whole(meta, "status") or 0, "RUNNING"),
            started_ms=_whole(meta, "start_time") or 0,
            ended_ms=_whole(meta, "end_time"),
            user=_text(meta, "user_id"),
            params=self._texts(folder / "params"),
            tags=tags,
            datasets=tuple(self._datasets(folder)),
            artifact_uri=_text(meta, "artifact_uri"),
            experiment_id=folder.parent.name,
        )

    def points(self, run: SourceRun) -> Iterator[LoggedPoint]:
        """All values of its metrics, whose names are paths below `metrics/`."""
        folder = self._owners[run.run_id] / "metrics"
        for one in files_below(folder, self.notes) if folder.is_dir() and not folder.is_symlink() else ():
            yield from self._lines(run, one.path)

    def _lines(self, run: SourceRun, metric: str) -> Iterator[LoggedPoint]:
        """Lines of milliseconds, value and step."""
        with (self._owners[run.run_id] / "metrics" / metric).open(encoding="utf-8", errors="replace") as file:
            while line := file.readline(_MOST_TEXT_BYTES):
                try:
                    at, value, *rest = line.split()
                    yield metric, int(rest[0]) if rest else 0, int(at) * 1000, float(value)
                except ValueError:
                    if line.strip():
                        self.notes.append(f"run {run.run_id}, metric {metric}: a line is none")

    def files(self, run: SourceRun) -> Iterator[SourceFile]:
        """Its artifacts."""
        return self._files(f"run {run.run_id}", run.artifact_uri, run.experiment_id, run.run_id, "artifacts")

    def models(self, experiment: SourceExperiment) -> Iterator[SourceModel]:
        """The logged models of an experiment."""
        for folder in self._folders(self.folder / experiment.experiment_id / "models"):
            meta = self._meta(folder)
            if meta is None or _text(meta, "lifecycle_stage", "active") != "active":
                continue
            yield SourceModel(
                model_id=folder.name,
                name=_text(meta, "name", folder.name),
                run_id=_text(meta, "source_run_id") or None,
                type=_text(meta, "model_type"),
                status=_MODEL_STATUS.get(_whole(meta, "status") or 0, "READY"),
                created_ms=_whole(meta, "creation_timestamp") or 0,
                updated_ms=_whole(meta, "last_updated_timestamp") or 0,
                params=self._texts(folder / "params"),
                tags=self._texts(folder / "tags"),
                experiment_id=experiment.experiment_id,
                artifact_uri=_text(meta, "artifact_location"),
            )

    def model_files(self, model: SourceModel) -> Iterator[SourceFile]:
        """The files of a logged model."""
        tail = (model.experiment_id, "models", model.model_id, "artifacts")
        return self._files(f"model {model.model_id}", model.artifact_uri, *tail)

    def registered(self) -> Iterator[SourceRegistered]:
        """The registered models."""
        for folder in self._folders(self.folder / "models"):
            meta = self._meta(folder)
            if meta is None:
                continue
            aliases = {name: _number(text) for name, text in self._texts(folder / "aliases").items()}
            if isinstance(meta.get("aliases"), dict):
                aliases |= {str(name): _number(one) for name, one in meta["aliases"].items()}
            yield SourceRegistered(
                name=_text(meta, "name", folder.name),
                note=_text(meta, "description"),
                created_ms=_whole(meta, "creation_timestamp") or 0,
                tags=self._texts(folder / "tags"),
                aliases=aliases,
                versions=tuple(self._versions(folder)),
            )

    def _versions(self, folder: Path) -> Iterator[SourceVersion]:
        for place in self._folders(folder):
            meta = self._meta(place) if place.name.startswith("version-") else None
            if meta is None or not _whole(meta, "version") or _text(meta, "current_stage") == "Deleted_Internal":
                continue
            yield SourceVersion(
                version=_whole(meta, "version") or 0,
                run_id=_text(meta, "run_id"),
                source=_text(meta, "source"),
                model_id=_text(meta, "model_id") or None,
                stage=_text(meta, "current_stage", "None"),
                note=_text(meta, "description"),
                created_ms=_whole(meta, "creation_timestamp") or 0,
                tags=self._texts(place / "tags"),
            )

    # -- small files ------------------------------------------------------------------------------------------------

    def _folders(self, folder: Path) -> list[Path]:
        if not folder.is_dir() or folder.is_symlink():
            return []
        return sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink() and one.name[0] != ".")

    def _meta(self, folder: Path) -> dict[str, Any] | None:
        """The content of a `meta.yaml`; None where there is none that can be read."""
        path = folder / "meta.yaml"
        if not path.is_file() or path.is_symlink():
            return None
        try:
            found = _plain_yaml(_read(path))
        except (yaml.YAMLError, UnicodeDecodeError, OSError, ValueError, RecursionError) as error:
            self.notes.append(f"{path} cannot be read: {str(error).splitlines()[0] if str(error) else error!r}")
            return None
        return found if isinstance(found, dict) else None

    def _texts(self, folder: Path) -> dict[str, str]:
        """A folder of small files: name, which may be a path, to content."""
        found = {}
        for one in files_below(folder, self.notes) if folder.is_dir() and not folder.is_symlink() else ():
            with contextlib.suppress(UnicodeDecodeError, OSError):
                found[one.path] = _read(folder / one.path)
        return found

    def _datasets(self, run: Path) -> Iterator[RunDataset]:
        for link in self._folders(run / "inputs"):
            meta = self._meta(link) or {}
            name = _text(meta, "source_id")
            about = self._meta(run.parent / "datasets" / name) if name.isalnum() else None
            if about is None:
                continue
            tags = {str(key): str(value) for key, value in (meta.get("tags") or {}).items()}
            yield RunDataset(
                name=_text(about, "name"),
                digest=_text(about, "digest"),
                context=tags.pop(_CONTEXT, ""),
                source=_text(about, "source"),
                source_type=_text(about, "source_type"),
                schema=_text(about, "schema"),
                profile=_text(about, "profile"),
                tags=tags,
            )

    def _files(self, owner: str, uri: str, *tail: str) -> Iterator[SourceFile]:
        folder = self._places.folder(uri, *tail)
        if folder is not None:
            yield from files_below(folder, self.notes)
        elif uri and not uri.startswith(("/", "file:")):
            self.notes.append(f"{owner}: its artifacts lie at {uri}")


def _plain_yaml(text: str) -> Any:
    """Plain values only, and no alias: that is how a small file becomes a large one."""
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise ValueError("it holds an alias")
    return yaml.safe_load(text)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST_TEXT_BYTES).decode("utf-8")


def _text(meta: dict[str, Any], key: str, default: str = "") -> str:
    value = meta.get(key)
    return default if value is None else str(value)


def _whole(meta: dict[str, Any], key: str) -> int | None:
    value = meta.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else _number(value) or None


def _number(value: Any) -> int:
    text = str(value).strip()
    return int(text) if text.isdecimal() and len(text) < 19 else 0
