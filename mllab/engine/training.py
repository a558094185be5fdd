"""Tasks between accepted parts and a frozen training set."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from mllab.config import FeatureViewTable, LabConfig, parse_config
from mllab.engine.frames import keep_frame, load_frame
from mllab.engine.user_code import call, load_functions
from mllab.records import DType, Progress, Schema
from mllab.steps.features import ViewRows, value_columns
from mllab.steps.features import online_rows as online_rows_of
from mllab.steps.features import view_rows as rows_of_view
from mllab.steps.training_set import TooLittle, assemble, content_digest, deduplicate, plan_features
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


def view_rows(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """One part's rows of a view, as the online store keeps them.

    Inputs: part (digest), view, timestamp, key. Outputs: rows (digest of MessagePack), n_skipped.
    """
    view = msgspec.convert(inputs["view"], FeatureViewTable)
    key, part = inputs["key"], load_frame(artifacts, inputs["part"])
    only, _, _ = deduplicate([part], key)
    found = rows_of_view(only, view, inputs["timestamp"], key=key, part="" if key else inputs["part"])
    rows = msgspec.msgpack.encode(list(online_rows_of(found)))
    return {"rows": artifacts.put(rows), "n_skipped": found.n_skipped}


def declaration(artifacts: Artifacts, inputs: dict[str, Any]) -> tuple[LabConfig, dict[str, Callable[..., Any]]]:
    """The declaration a job is pinned to: tables and functions. Inputs: toml, features (digests)."""
    config = parse_config(artifacts.get(inputs["toml"]).decode())
    code = artifacts.get(inputs["features"]).decode() if inputs["features"] else ""
    return config, load_functions(code)


def columns_of(schema: Any) -> dict[str, DType]:
    """Column to type of a source's contract."""
    return {field.name: field.dtype for field in msgspec.convert(schema, Schema).fields}


def training_set(
    artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
) -> dict[str, Any]:
    """The point-in-time join of a model's samples and features.

    Inputs: model, toml, features, sources (name to parts), schemas, now. Outputs: artifact, digest, counts, notes; or
    too_little, a sentence.
    """
    config, functions = declaration(artifacts, inputs)
    model = config.model[inputs["model"]]
    columns = columns_of(inputs["schemas"][model.source])
    plan = plan_features(config, inputs["model"], columns)
    report(Progress(text="reading the accepted parts", share=0.1))
    parts = [load_frame(artifacts, digest) for digest in inputs["sources"][model.source]]
    views = {name: _view(artifacts, config, name, inputs["sources"]) for name in plan.named("view")}
    on_demand = {}
    for name in plan.named("on_demand"):
        table = config.on_demand[name]
        on_demand[name] = call(functions, table.function, table.inputs)
    report(Progress(text="joining features as of each sample's moment", share=0.4))
    now = msgspec.convert(inputs["now"], datetime)
    made = assemble(parts, plan, views, on_demand, config, inputs["model"], now=now)
    if isinstance(made, TooLittle):
        return {"too_little": made.reason}
    notes = list(made.notes)
    return {
        "artifact": keep_frame(artifacts, made.frame),
        "digest": content_digest(made.frame),
        "n_train": made.counts.n_train,
        "n_validation": made.counts.n_validation,
        "n_test": made.counts.n_test,
        "n_unlabelled": made.counts.n_unlabelled,
        "notes": notes,
    }


def _view(artifacts: Artifacts, config: LabConfig, name: str, sources: dict[str, list[str]]) -> ViewRows:
    view = config.feature_view[name]
    source = config.source[view.source]
    parts = [load_frame(artifacts, digest) for digest in sources.get(view.source, [])]
    if not parts:
        needed = dict.fromkeys([*view.entity, *value_columns(view)])
        empty = pl.DataFrame({one: pl.Series(one, [], dtype=pl.Null) for one in needed})
        frame = empty.with_columns(
            pl.Series(view.timestamp or source.timestamp or "", [], dtype=pl.Datetime("us", "UTC"))
        )
    else:
        frame, _, _ = deduplicate(parts, source.key)
    return rows_of_view(frame, view, view.timestamp or source.timestamp or "", key=source.key)
