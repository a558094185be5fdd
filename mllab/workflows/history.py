"""Features as they were known at the moments of a frame, and frozen training sets as frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from mllab.engine.frames import load_frame
from mllab.engine.user_code import call, load_functions
from mllab.engine.viewing import ViewInputs, index_of_parts, load_view
from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.records import DatasetVersion, TrainingSet
from mllab.steps.feature_plan import Group, chosen_view, expand
from mllab.steps.features import EVENT_TIMESTAMP, feature_names, join_view
from mllab.steps.identity import instants
from mllab.steps.training_set import computed
from mllab.steps.view_index import ViewIndex
from mllab.workflows.feature_views import definition
from mllab.workflows.materialize import view_inputs
from mllab.workflows.online_features import column_types
from mllab.workflows.workspace import Workspace

_AT = "__at"


@dataclass(frozen=True, kw_only=True)
class TrainingFrames:
    """A frozen training set by its splits: the same rows tomorrow."""

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame
    digest: str
    """Content hash of the whole set."""
    target: str
    """Name of the target's column in the frames."""
    record: TrainingSet


def get_historical(
    workspace: Workspace,
    entity_frame: Any,
    features: Sequence[str],
    known_as_of: datetime | None,
    full_feature_names: bool,
) -> pl.DataFrame:
    """A frame with features as of each row's own moment; see `Lab.get_historical_features`."""
    frame = _as_frame(entity_frame)
    if EVENT_TIMESTAMP not in frame.columns:
        raise InvalidInput(
            f"the entity frame has no column `{EVENT_TIMESTAMP}`", "give each row the moment it asks for"
        )
    latest = workspace.datasets.latest_config()
    if latest is None:
        raise Unavailable("this lab has accepted no declaration yet", "start it once: `mllab up`")
    config = workspace.config_at(latest.digest)
    samples = frame.with_columns(instants(frame, EVENT_TIMESTAMP).alias(_AT))
    found = frame
    for group in expand(config, features, {**column_types(workspace), **frame.schema}, "the request"):
        columns = _of_group(workspace, latest.digest, group, samples, known_as_of)
        if full_feature_names and group.kind != "column":
            columns = columns.select(pl.all().name.prefix(f"{group.name}__"))
        if twice := [name for name in columns.columns if name in found.columns and group.kind != "column"]:
            hint = "use full_feature_names=True"
            raise InvalidInput(f"`{twice[0]}` of `{group.name}` is a column of the result already", hint)
        found = found.with_columns(columns.get_columns())
    return found


def _as_frame(given: Any) -> pl.DataFrame:
    if isinstance(given, pl.LazyFrame):
        return given.collect()
    if isinstance(given, pl.DataFrame):
        return given
    if hasattr(given, "__arrow_c_stream__") or isinstance(given, Mapping | Sequence):
        return pl.DataFrame(given)
    raise InvalidInput(
        f"an entity frame cannot be made of a {type(given).__name__}", "give a Polars frame, an Arrow table, or a dict"
    )


def _of_group(
    workspace: Workspace, config_digest: str, group: Group, samples: pl.DataFrame, known_as_of: datetime | None
) -> pl.DataFrame:
    config = workspace.config_at(config_digest)
    if group.kind == "column":
        if group.name not in samples.columns:
            raise InvalidInput(f"the entity frame has no column `{group.name}`", "add it, or leave the feature out")
        return samples.select(group.name)
    if group.kind == "on_demand":
        accepted = workspace.datasets.find_config(config_digest)
        text = workspace.artifacts.get(accepted.features_digest) if accepted and accepted.features_digest else b""
        table = config.on_demand[group.name]
        expressions = call(load_functions(text.decode()), table.function, table.inputs)
        return computed(samples, table.inputs, expressions, table.function)
    view = chosen_view(config, group)
    missing = [name for name in view.entity if name not in samples.columns]
    if missing:
        raise InvalidInput(f"view `{group.name}` needs the column `{missing[0]}`", "add it to the entity frame")
    index = _index(workspace, config_digest, group.name, known_as_of)
    return join_view(samples.select(*view.entity, _AT), _AT, index, view).select(feature_names(view))


def _index(workspace: Workspace, config_digest: str, name: str, known_as_of: datetime | None) -> ViewIndex:
    """The rows of a view; with a cut those of the dataset version and of the revisions that were known by then."""
    one = definition(workspace, config_digest, name)
    dataset = _dataset(workspace, one.table.source, known_as_of)
    wanted = msgspec.convert(msgspec.to_builtins(view_inputs(workspace, one, dataset)), ViewInputs)
    if known_as_of is None or one.created_timestamp is None:
        return load_view(workspace.artifacts, wanted)
    moment = known_as_of.astimezone(UTC)
    created = pl.col(one.created_timestamp)
    return index_of_parts(workspace.artifacts, wanted, created.is_null() | (created <= moment))


def _dataset(workspace: Workspace, source: str, known_as_of: datetime | None) -> DatasetVersion:
    versions = workspace.datasets.list_datasets(source)
    known = [one for one in versions if known_as_of is None or one.created_at <= known_as_of]
    if known:
        return known[-1]
    at = workspace.clock()
    return DatasetVersion(source=source, version=0, digest="", parts=(), n_rows=0, created_at=at)


def get_training_set(workspace: Workspace, model: str, digest: str | None) -> TrainingFrames:
    """A frozen training set as frames; see `Lab.get_training_set`."""
    if digest is None:
        runs = [run for run in workspace.runs.list_runs(model=model, limit=100) if run.training_set is not None]
        digest = runs[0].training_set if runs else None
    record = None if digest is None else workspace.datasets.find_training_set(digest)
    if record is None:
        raise NotFound(f"model `{model}` has no training set yet", f"mllab train {model}")
    config = workspace.config_at(record.config_digest)
    target = config.model[record.model].target
    frame = load_frame(workspace.artifacts, record.artifact)
    if "__target" not in frame.columns:
        said = f"the rows of training set {record.digest[:12]} were erased on request"
        raise NotFound(said, "see `mllab data erasures`")
    named = frame.rename({"__target": target}) if target not in frame.columns else frame
    frames = {
        split: named.filter(pl.col("__split") == split).drop("__split") for split in ("train", "validation", "test")
    }
    return TrainingFrames(
        **frames, digest=record.digest, target=target if named is not frame else "__target", record=record
    )
