"""An MLflow tracking server: reading it over its REST interface."""

import json
import math
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit

from mllab.errors import InvalidInput, Unavailable
from mllab.records import LoggedPoint, RunDataset
from mllab.store.mlflow_source import (
    Notes,
    SourceExperiment,
    SourceFile,
    SourceModel,
    SourceRegistered,
    SourceRun,
    SourceVersion,
)

_SECONDS = 60.0
_MOST_BYTES = 64 << 20
"""Of one answer in JSON."""
_PAGE = 1000
_POINTS_PAGE = 25_000
_LARGEST = 1.797e308
_API = "/api/2.0/mlflow/"
_MODEL_STATUS = {"LOGGED_MODEL_PENDING": "PENDING", "LOGGED_MODEL_UPLOAD_FAILED": "FAILED"}


class ServerSource:
    """A server that is read. Only the address that the user gave is ever asked."""

    def __init__(self, url: str) -> None:
        """Ask it for its experiments.

        Args:
            url: `http://HOST:PORT`.

        Raises:
            Unavailable: it does not answer. InvalidInput: it is no MLflow server.
        """
        self.url, self.notes = url.rstrip("/"), Notes()
        self._metrics = "", list[str]()
        """The run that was asked for last, and its metrics."""
        self._post("experiments/search", max_results=1)

    def experiments(self) -> Iterator[SourceExperiment]:
        """Its experiments."""
        for one in self._pages("experiments/search", "experiments"):
            yield SourceExperiment(str(one["experiment_id"]), str(one.get("name", "")), _tags(one.get("tags")))

    def count_runs(self) -> int | None:
        """Not known beforehand."""
        return None

    def run_ids(self, experiment: SourceExperiment) -> Iterator[str]:
        """Ids of the runs of an experiment, oldest first."""
        asked = {"experiment_ids": [experiment.experiment_id], "order_by": ["attributes.start_time ASC"]}
        for one in self._pages("runs/search", "runs", asked=asked):
            yield str(one["info"]["run_id"])

    def run(self, run_id: str) -> SourceRun | None:
        """One run."""
        found = self._get("runs/get", run_id=run_id).get("run", {})
        info, data = found.get("info", {}), found.get("data", {})
        if info.get("lifecycle_stage", "active") != "active":
            return None
        tags = _tags(data.get("tags"))
        self._metrics = run_id, [str(one["key"]) for one in data.get("metrics", ())]
        return SourceRun(
            run_id=run_id,
            name=str(info.get("run_name") or tags.get("mlflow.runName", "")),
            status=str(info.get("status", "")),
            started_ms=_whole(info.get("start_time")),
            ended_ms=_whole(info.get("end_time")) or None,
            user=str(info.get("user_id") or ""),
            params=_tags(data.get("params")),
            tags=tags,
            datasets=tuple(_dataset(one) for one in (found.get("inputs") or {}).get("dataset_inputs", ())),
            artifact_uri=str(info.get("artifact_uri") or ""),
            experiment_id=str(info.get("experiment_id")),
        )

    def points(self, run: SourceRun) -> Iterator[LoggedPoint]:
        """All values of its metrics."""
        if self._metrics[0] != run.run_id:
            self.run(run.run_id)
        for metric in self._metrics[1]:
            yield from self._history(run, metric)

    def _history(self, run: SourceRun, metric: str) -> Iterator[LoggedPoint]:
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            asked = {"run_id": run.run_id, "metric_key": metric, "max_results": _POINTS_PAGE}
            found = self._get("metrics/get-history", **asked, **more)
            for one in found.get("metrics", ()):
                yield metric, _whole(one.get("step")), _whole(one.get("timestamp")) * 1000, _value(one.get("value"))
            token = found.get("next_page_token", "")
            if not token:
                return

    def files(self, run: SourceRun) -> Iterator[SourceFile]:
        """Its artifacts."""

        def listed(path: str) -> Any:
            return self._get("artifacts/list", run_id=run.run_id, **({"path": path} if path else {}))

        def content(path: str) -> BinaryIO:
            proxied = _proxied(run.artifact_uri, path)
            return self._open(proxied or "/get-artifact?" + urlencode({"run_uuid": run.run_id, "path": path}))

        return self._files(f"run {run.run_id}", listed, content)

    def models(self, experiment: SourceExperiment) -> Iterator[SourceModel]:
        """The logged models of an experiment; none where the server is older than they."""
        asked = {"experiment_ids": [experiment.experiment_id]}
        try:
            yield from map(_model, self._pages("logged-models/search", "models", asked=asked))
        except InvalidInput as error:
            self.notes.append(f"logged models of experiment {experiment.name}: {error.message}")

    def model_files(self, model: SourceModel) -> Iterator[SourceFile]:
        """The files of a logged model."""
        place = f"logged-models/{quote(model.model_id, safe='')}/artifacts/"

        def listed(path: str) -> Any:
            return self._get(place + "directories", **({"artifact_directory_path": path} if path else {}))

        def content(path: str) -> BinaryIO:
            query = urlencode({"artifact_file_path": path})
            return self._open(_proxied(model.artifact_uri, path) or f"/ajax-api/2.0/mlflow/{place}files?{query}")

        return self._files(f"model {model.model_id}", listed, content)

    def registered(self) -> Iterator[SourceRegistered]:
        """The registered models."""
        for one in self._pages("registered-models/search", "registered_models", _is_get=True):
            name = str(one["name"])
            quoted = name.replace("'", "''")
            found = self._pages(
                "model-versions/search", "model_versions", _is_get=True, asked={"filter": f"name='{quoted}'"}
            )
            yield SourceRegistered(
                name=name,
                note=str(one.get("description") or ""),
                created_ms=_whole(one.get("creation_timestamp")),
                tags=_tags(one.get("tags")),
                aliases={str(alias["alias"]): _whole(alias["version"]) for alias in one.get("aliases", ())},
                versions=tuple(sorted(map(_version, found), key=lambda made: made.version)),
            )

    # -- requests -----------------------------------------------------------------------------------------------------

    def _pages(
        self, route: str, key: str, *, _is_get: bool = False, asked: dict[str, Any] | None = None
    ) -> Iterator[Any]:
        token = ""
        ask = self._get if _is_get else self._post
        n = 100 if "model" in route else _PAGE
        while True:
            found = ask(route, max_results=n, **(asked or {}), **({"page_token": token} if token else {}))
            yield from found.get(key, ())
            token = found.get("next_page_token", "")
            if not token:
                return

    def _files(self, owner: str, listed: Any, content: Any) -> Iterator[SourceFile]:
        """Files below the root, folder by folder."""
        waiting, seen = [""], {""}
        while waiting:
            folder = waiting.pop()
            try:
                found = listed(folder).get("files", ())
            except (InvalidInput, Unavailable) as error:
                self.notes.append(f"{owner}: its artifacts cannot be listed: {error.message}")
                return
            for one in found:
                path = str(one.get("path", ""))
                if not one.get("is_dir"):
                    yield SourceFile(path, _whole(one.get("file_size")), partial(content, path))
                elif path not in seen and path.startswith(folder):
                    seen.add(path)
                    waiting.append(path)

    def _get(self, route: str, **asked: Any) -> Any:
        return self._json(self._open(_API + route + ("?" + urlencode(asked) if asked else "")), route)

    def _post(self, route: str, **body: Any) -> Any:
        return self._json(self._open(_API + route, json.dumps(body).encode()), route)

    def _json(self, answer: BinaryIO, route: str) -> Any:
        with answer:
            content = answer.read(_MOST_BYTES + 1)
        try:
            found = json.loads(content) if len(content) <= _MOST_BYTES else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise InvalidInput(f"{self.url} answers {route} with no JSON object", "is it an MLflow server?")
        return found

    def _open(self, path: str, body: bytes | None = None) -> BinaryIO:
        try:
            request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"})  # noqa: S310
            answer: BinaryIO = urllib.request.urlopen(request, timeout=_SECONDS)  # noqa: S310 - http(s), see `open_source`
        except urllib.error.HTTPError as error:
            said = error.read(2000).decode("utf-8", "replace")
            raise InvalidInput(f"{self.url} refuses {path[:200]}: {error.code} {said[:200]}", "see its log") from error
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise Unavailable(
                f"{self.url} does not answer: {error}", "is the server up, and the address right?"
            ) from error
        return answer


def _proxied(uri: str, path: str) -> str | None:
    """Where a server that hands artifacts on gives one; None where it does not."""
    if not uri.startswith("mlflow-artifacts:"):
        return None
    return "/api/2.0/mlflow-artifacts/artifacts/" + quote(f"{urlsplit(uri).path.strip('/')}/{path}")


def _tags(pairs: Any) -> dict[str, str]:
    return {str(one.get("key")): str(one.get("value", "")) for one in pairs or ()}


def _whole(value: Any) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0


def _value(value: Any) -> float:
    """A number; JSON has it as text where it is none, and the greatest float stands for infinity."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return math.nan
    return math.copysign(math.inf, found) if abs(found) > _LARGEST else found


def _dataset(one: Any) -> RunDataset:
    about, tags = one.get("dataset", {}), _tags(one.get("tags"))
    return RunDataset(
        name=str(about.get("name", "")),
        digest=str(about.get("digest", "")),
        context=tags.pop("mlflow.data.context", ""),
        source=str(about.get("source", "")),
        source_type=str(about.get("source_type", "")),
        schema=str(about.get("schema") or ""),
        profile=str(about.get("profile") or ""),
        tags=tags,
    )


def _model(one: Any) -> SourceModel:
    info, data = one.get("info", {}), one.get("data", {})
    return SourceModel(
        model_id=str(info.get("model_id")),
        name=str(info.get("name", "")),
        run_id=info.get("source_run_id") or None,
        type=str(info.get("model_type") or ""),
        status=_MODEL_STATUS.get(str(info.get("status")), "READY"),
        created_ms=_whole(info.get("creation_timestamp_ms")),
        updated_ms=_whole(info.get("last_updated_timestamp_ms")),
        params=_tags(data.get("params")),
        tags=_tags(info.get("tags")),
        experiment_id=str(info.get("experiment_id")),
        artifact_uri=str(info.get("artifact_uri") or ""),
    )


def _version(one: Any) -> SourceVersion:
    source = str(one.get("source") or "")
    return SourceVersion(
        version=_whole(one.get("version")),
        run_id=str(one.get("run_id") or ""),
        source=source,
        model_id=one.get("model_id") or (source.removeprefix("models:/") if source.startswith("models:/m-") else None),
        stage=str(one.get("current_stage") or "None"),
        note=str(one.get("description") or ""),
        created_ms=_whole(one.get("creation_timestamp")),
        tags=_tags(one.get("tags")),
    )
