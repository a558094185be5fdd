"""What a training was made from: as it was kept with its run, or, of an older run, put together again.

Looks every piece up by its hash and says of each whether it is there.
"""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from mllab.config import LabConfig
from mllab.engine.viewing import ViewInputs
from mllab.errors import Conflict, LabError, NotFound
from mllab.records import Contract, DatasetVersion, RestoredItem, Run, Schema, TrainingSet
from mllab.records.base import Record
from mllab.store.artifacts import Artifacts
from mllab.workflows.feature_views import definition
from mllab.workflows.materialize import view_inputs
from mllab.workflows.workspace import Workspace

_UNKNOWN = "it was not kept with the run: taken from the data's contract of that moment"


Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class FitInputs(Record, frozen=True, kw_only=True):
    """Of the task `fit`."""

    model: str
    training_set: Digest
    """The frozen frame."""
    toml: Digest
    features: Digest | None
    config_digest: Digest
    schema: Schema | None
    params: dict[str, Any]
    seed: int


class SetInputs(Record, frozen=True, kw_only=True):
    """Of the task `training_set`."""

    model: str
    toml: Digest
    features: Digest | None
    parts: tuple[Digest, ...]
    schema: Schema | None
    views: dict[str, ViewInputs]
    now: datetime


class Recipe(Record, frozen=True, kw_only=True):
    """The inputs of a training, all data by digest."""

    fit: FitInputs
    training_set: SetInputs | None
    """None where it is not known which data it was."""
    is_kept: bool = True
    """Whether these are the very inputs; else they were put together again."""


def recipe_of(workspace: Workspace, run: Run) -> Recipe:
    """What a training was made from.

    Raises:
        NotFound: it is not known any more, with what is missing. Unavailable: what was kept is damaged.
        Conflict: it names code that was never accepted in this lab.
    """
    if run.training is None:
        return _put_together(workspace, run)
    content = workspace.artifacts.get(run.training)
    try:
        found = msgspec.json.decode(content, type=Recipe)
    except msgspec.MsgspecError as error:
        raise NotFound(f"what was kept with {run.name} is not the recipe of a training: {error}") from error
    _refuse_foreign_code(workspace, run, found)
    return found


def _refuse_foreign_code(workspace: Workspace, run: Run, recipe: Recipe) -> None:
    """Whoever can log a run can name a recipe; only code that its owner has declared here may run."""
    accepted = workspace.datasets.find_config(recipe.fit.config_digest)
    ours = None if accepted is None else (accepted.toml_digest, accepted.features_digest)
    made_from = recipe.training_set
    named = {(recipe.fit.toml, recipe.fit.features)}
    if made_from is not None:
        named.add((made_from.toml, made_from.features))
        named |= {(recipe.fit.toml, one.features) for one in made_from.views.values()}
    if named != {ours}:
        raise Conflict(f"the recipe of {run.name} names a declaration that was never accepted in this lab")


# -- runs that are older than recipes ---------------------------------------------------------------------------------


def _put_together(workspace: Workspace, run: Run) -> Recipe:
    accepted = workspace.datasets.find_config(run.config_digest or "")
    frozen = workspace.datasets.find_training_set(run.training_set or "")
    if accepted is None or frozen is None or run.model is None:
        lack = "declaration" if accepted is None else "training set"
        raise NotFound(f"the {lack} that {run.name} was made with is not known here")
    config = workspace.config_at(accepted.digest)
    if run.model not in config.model:
        raise NotFound(f"the declaration {accepted.digest[:12]} has no model `{run.model}`")
    fit = FitInputs(
        model=run.model,
        training_set=frozen.artifact,
        toml=accepted.toml_digest,
        features=accepted.features_digest,
        config_digest=accepted.digest,
        schema=_schema_at(workspace, config.model[run.model].source, run),
        params={name: value for name, value in run.params.items() if name != "nthread"},
        seed=run.seed,
    )
    return Recipe(fit=fit, training_set=_made_from(workspace, run, config, frozen, fit), is_kept=False)


def _made_from(
    workspace: Workspace, run: Run, config: LabConfig, frozen: TrainingSet, fit: FitInputs
) -> SetInputs | None:
    """The inputs of a training set by the versions that it names; None where one of them is not known."""
    datasets = {source: _find_dataset(workspace, source, version) for source, version in frozen.datasets.items()}
    source = config.model[fit.model].source
    samples = datasets.get(source)
    if samples is None or None in datasets.values():
        return None
    views = {}
    for name in frozen.views:
        one = definition(workspace, frozen.config_digest, name)
        dataset = datasets.get(one.table.source)
        if dataset is None:
            return None
        inputs = view_inputs(workspace, one, dataset) | {"schema": _schema_at(workspace, one.table.source, run)}
        views[name] = msgspec.convert(inputs, ViewInputs, from_attributes=True)
    return SetInputs(
        model=fit.model,
        toml=fit.toml,
        features=fit.features,
        parts=samples.parts,
        schema=fit.schema,
        views=views,
        now=frozen.created_at,
    )


def _find_dataset(workspace: Workspace, source: str, version: int) -> DatasetVersion | None:
    return next((one for one in workspace.datasets.list_datasets(source) if one.version == version), None)


def _schema_at(workspace: Workspace, source: str, run: Run) -> Schema | None:
    """The columns of a source by the contract that was in force when a run started."""
    known: list[Contract] = workspace.datasets.list_contracts(source)
    then = [one for one in known if one.adopted_at <= run.started_at]
    return then[-1].schema if then else workspace.datasets.source_state(source).schema


# -- what is there ----------------------------------------------------------------------------------------------------


def items_of(workspace: Workspace, run: Run, recipe: Recipe) -> list[RestoredItem]:
    """Every piece but the training set itself, and whether it is there as it was."""
    artifacts, fit = workspace.artifacts, recipe.fit
    return [
        _inputs_item(run, recipe),
        text_item(artifacts, "mllab.toml", fit.toml),
        *([text_item(artifacts, "features.py", fit.features)] if fit.features else []),
        *_part_items(artifacts, recipe.training_set),
        _said_item("seed", fit.seed, run.seed),
        _said_item("parameters", fit.params, {name: run.params.get(name) for name in fit.params}),
    ]


def _inputs_item(run: Run, recipe: Recipe) -> RestoredItem:
    if recipe.is_kept:
        return RestoredItem(what="inputs", said=f"kept with the run as {(run.training or '')[:12]}")
    return RestoredItem(what="inputs", problem=f"{run.name} is older than mllab's keeping of them: {_UNKNOWN}")


def _said_item(what: str, kept: Any, told: Any) -> RestoredItem:
    """What the recipe says, beside what the run's row says: two records of the same thing."""
    shown = "as recorded" if isinstance(kept, dict) else str(kept)
    if kept == told:
        return RestoredItem(what=what, said=shown)
    return RestoredItem(what=what, said=shown, problem=f"the recipe says {kept}, the run {told}")


def text_item(artifacts: Artifacts, what: str, digest: str) -> RestoredItem:
    """Whether an artifact is there as it was."""
    return RestoredItem(what=what, said=digest[:12], problem=why_missing(artifacts, digest))


def _part_items(artifacts: Artifacts, made_from: SetInputs | None) -> list[RestoredItem]:
    if made_from is None:
        return [RestoredItem(what="data", problem="it is not known which versions of the data it was made from")]
    views = [_parts_item(artifacts, f"data of view {name}", one.parts) for name, one in made_from.views.items()]
    return [_parts_item(artifacts, "data", made_from.parts), *views]


def _parts_item(artifacts: Artifacts, what: str, parts: Iterable[str]) -> RestoredItem:
    digests = list(parts)
    said = f"{len(digests)} part" + ("" if len(digests) == 1 else "s")
    problems = [problem for digest in digests if (problem := why_missing(artifacts, digest))]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return RestoredItem(what=what, said=said, problem=problems[0] + more if problems else "")


def why_missing(artifacts: Artifacts, digest: str) -> str:
    """Why content is not there as it was; empty where it is, to the bit."""
    try:
        with Path(os.devnull).open("wb") as nowhere:
            artifacts.copy(digest, nowhere)
    except LabError as error:
        return error.message
    return ""
