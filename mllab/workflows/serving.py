"""The models in memory: loaded and proved, then swapped by reference; a request looks up, computes, answers, logs.

A `Loaded` model never changes after it is made. A deployment replaces the reference that new requests take; requests
in flight finish on the one they took.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mllab.engine.user_code import compute, load_functions
from mllab.errors import Conflict, NotFound, Unavailable
from mllab.records import Answer, ModelVersion, Served
from mllab.steps.features import feature_names
from mllab.steps.predict import Predictor
from mllab.steps.request import RequestShape
from mllab.store.predictions import LoggedRow
from mllab.store.rows import to_micros
from mllab.workflows.feature_reader import Lookup, lookup_of, reader_of
from mllab.workflows.feature_views import definition
from mllab.workflows.signature import deployed_version, read_bundle
from mllab.workflows.workspace import Workspace

_KEPT = 4
"""How many versions besides the deployed ones stay in memory."""
_MAX_WARNINGS = 20


class Loaded:
    """One model version, ready to answer."""

    def __init__(self, workspace: Workspace, made: ModelVersion) -> None:
        """Verify digests, load, answer the golden rows.

        Raises:
            Unavailable: an artifact is missing or damaged. Conflict: a golden row is answered differently.
        """
        self.model, self.version = made.model, made.version
        self.bundle = read_bundle(workspace, made)
        self.predictor = Predictor(self.bundle, workspace.artifacts.get(self.bundle.booster))
        differs = self.predictor.verify_golden()
        if differs is not None:
            said = f"{self.model} version {self.version} does not answer as recorded: {differs}"
            raise Conflict(said, "the version that answers stays; train a new one")
        self.encoder = self.predictor.encoder
        config = workspace.config_at(self.bundle.config_digest)
        self.shape = RequestShape(self.bundle.request, zone=config.lab.timezone)
        wanted = {spec.name for spec in self.bundle.features}
        self.lookups = [_lookup(workspace, self.bundle.config_digest, name, wanted) for name in self.bundle.views]
        self.on_demand = [config.on_demand[name].function for name in self.bundle.on_demand]
        self.functions: dict[str, Callable[..., Any]] = {}
        if self.on_demand:
            declared = workspace.datasets.find_config(self.bundle.config_digest)
            text = workspace.artifacts.get(declared.features_digest) if declared and declared.features_digest else b""
            self.functions = load_functions(text.decode())


def _lookup(workspace: Workspace, config_digest: str, view: str, wanted: set[str]) -> Lookup:
    one = definition(workspace, config_digest, view)
    return lookup_of(one, [name for name in feature_names(one.table) if name in wanted])


class Serving:
    """Every model of a lab that is in memory. Safe to use from several threads."""

    def __init__(self, workspace: Workspace) -> None:
        """Nothing is loaded yet."""
        self._workspace, self._reader = workspace, reader_of(workspace)
        self._deployed: dict[str, Loaded] = {}
        self._others: OrderedDict[tuple[str, int], Loaded] = OrderedDict()
        self._guard = threading.Lock()

    def load(self, made: ModelVersion) -> Loaded:
        """A version, loaded and proved."""
        present = self._deployed.get(made.model)
        if present is not None and present.version == made.version:
            return present
        with self._guard:
            kept = self._others.get((made.model, made.version))
        return kept or Loaded(self._workspace, made)

    def swap(self, loaded: Loaded) -> None:
        """Let new requests for its model be answered by this version; the former one stays warm."""
        former = self._deployed.get(loaded.model)
        self._deployed[loaded.model] = loaded
        if former is not None:
            self._keep(former)

    def is_ready(self, model: str | None = None) -> bool:
        """Whether a model (or any) can answer now."""
        return bool(self._deployed) if model is None else model in self._deployed

    def close(self) -> None:
        """Close the prediction log."""
        self._workspace.predictions.close()

    def served(self, model: str, *, version: int | None = None, alias: str | None = None) -> Served:
        """The version that would answer, with its signature."""
        loaded = self._pick(model, version, alias)
        versions = tuple(one.version for one in self._workspace.registry.list_versions(model))
        return Served(model=model, version=loaded.version, versions=versions, bundle=loaded.bundle)

    def predict(
        self,
        model: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        version: int | None = None,
        alias: str | None = None,
        explain: bool = False,
    ) -> Answer:
        """Answer and log; see `Lab.predict`."""
        loaded = self._pick(model, version, alias)
        clean = loaded.shape.clean(rows)
        now = self._workspace.clock()
        moments = self._moments(loaded, clean, now)
        features = self._features(loaded, clean, moments)
        matrix = loaded.encoder.rows(features)
        values, probabilities = loaded.predictor.answers(matrix)
        logged = [
            LoggedRow(
                to_micros(moments[i]), clean[i], features[i], values[i], probabilities[i] if probabilities else None
            )
            for i in range(len(clean))
        ]
        try:
            ids = self._workspace.predictions.append(model, loaded.version, to_micros(now), logged)
        except OSError as error:
            hint = "make room on the disk; unlogged answers are not given"
            raise Unavailable(f"the prediction log cannot be written: {error.strerror}", hint) from error
        warned = [f"row {i}: {one}" for i, row in enumerate(features) for one in loaded.encoder.warnings(row)]
        return Answer(
            model=model,
            version=loaded.version,
            predictions=values,
            prediction_ids=ids,
            probabilities=probabilities,
            explanations=loaded.predictor.contributions(matrix) if explain else None,
            warnings=warned[:_MAX_WARNINGS],
        )

    # -- one request ------------------------------------------------------------------------------------------------

    def _pick(self, model: str, version: int | None, alias: str | None) -> Loaded:
        if version is None and (alias is None or alias == "champion"):
            loaded = self._deployed.get(model)
            return loaded if loaded is not None else self._deploy_here(model)
        if version is None:
            aliases = self._workspace.registry.aliases(model)
            if alias not in aliases:
                raise NotFound(f"model `{model}` has no alias `{alias}`", f"aliases: {', '.join(aliases) or 'none'}")
            version = aliases[alias]
        loaded = self.load(self._workspace.registry.get_version(model, version))
        self._keep(loaded)
        return loaded

    def _deploy_here(self, model: str) -> Loaded:
        """A process that has just started, or a model without a deployment."""
        loaded = self.load(deployed_version(self._workspace, model))
        self._deployed.setdefault(model, loaded)
        return loaded

    def _keep(self, loaded: Loaded) -> None:
        with self._guard:
            self._others[loaded.model, loaded.version] = loaded
            self._others.move_to_end((loaded.model, loaded.version))
            while len(self._others) > _KEPT:
                self._others.popitem(last=False)

    def _moments(self, loaded: Loaded, rows: list[dict[str, Any]], now: datetime) -> list[datetime]:
        column = loaded.bundle.timestamp
        if column is None:
            return [now] * len(rows)
        return [row.get(column) or now for row in rows]

    def _features(self, loaded: Loaded, rows: list[dict[str, Any]], moments: list[datetime]) -> list[dict[str, Any]]:
        """Request columns, looked-up and computed features of every row, by feature name."""
        if not loaded.lookups and not loaded.on_demand:
            return [{one.name: row[one.name] for one in loaded.bundle.features} for row in rows]
        wide = [dict(row) for row in rows]
        for lookup in loaded.lookups:
            for row, moment in zip(wide, moments, strict=True):
                row.update(self._look_up(lookup, row, to_micros(moment)))
        for function in loaded.on_demand:
            for row, computed in zip(
                wide, compute(loaded.functions, function, rows, loaded.bundle.request), strict=True
            ):
                row.update(computed)
        return [{one.name: row.get(one.name) for one in loaded.bundle.features} for row in wide]

    def _look_up(self, lookup: Lookup, row: dict[str, Any], at: int) -> dict[str, Any]:
        known = self._reader.look_up(lookup, [row[name] for name in lookup.table.entity], at)
        return {name: known.values[name] for name in lookup.features}


def serving_of(workspace: Workspace) -> Serving:
    """The one holder of models of a workspace."""
    if workspace.serving is None:
        workspace.serving = Serving(workspace)
    return workspace.serving
