"""Tasks between accepted parts and a frozen training set."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from mllab.config import LabConfig, parse_config
from mllab.engine.frames import keep_frame, load_parts
from mllab.engine.user_code import call, load_functions
from mllab.engine.viewing import ViewInputs, load_view
from mllab.records import DType, Progress, Schema
from mllab.steps.training_set import Assembled, TooLittle, assemble, content_digest, plan_features
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


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

    Inputs: model, toml, features, parts, schema, views (name to the fields of `ViewInputs`), now. Outputs: artifact,
    digest, counts, notes; or too_little, a sentence.
    """
    made = assembled(artifacts, inputs, report)
    if isinstance(made, TooLittle):
        return {"too_little": made.reason}
    return {
        "artifact": keep_frame(artifacts, made.frame),
        "digest": content_digest(made.frame),
        "n_train": made.counts.n_train,
        "n_validation": made.counts.n_validation,
        "n_test": made.counts.n_test,
        "n_unlabelled": made.counts.n_unlabelled,
        "notes": list(made.notes),
    }


def assembled(artifacts: Artifacts, inputs: dict[str, Any], report: Report) -> Assembled | TooLittle:
    """The training set of these inputs, see `training_set`; nothing is kept."""
    config, functions = declaration(artifacts, inputs)
    schema = msgspec.convert(inputs["schema"], Schema)
    plan = plan_features(config, inputs["model"], columns_of(inputs["schema"]))
    report(Progress(text="reading the accepted parts", share=0.1))
    parts = load_parts(artifacts, inputs["parts"], schema).frames
    wanted = {name: msgspec.convert(inputs["views"][name], ViewInputs) for name in plan.named("view")}
    views = {name: load_view(artifacts, one) for name, one in wanted.items()}
    on_demand = {}
    for name in plan.named("on_demand"):
        table = config.on_demand[name]
        on_demand[name] = call(functions, table.function, table.inputs)
    report(Progress(text="joining features as of each sample's moment", share=0.4))
    now = msgspec.convert(inputs["now"], datetime)
    return assemble(parts, plan, views, on_demand, config, inputs["model"], now=now)
