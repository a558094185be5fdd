"""The task that computes the features of logged predictions anew, from the offline store alone."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from mllab.engine.training import declaration
from mllab.engine.user_code import call, polars_types
from mllab.engine.viewing import ViewInputs, load_view
from mllab.records import Bundle, Progress
from mllab.steps.features import feature_names, join_view, narrowed, plain_values
from mllab.steps.request import RequestShape
from mllab.steps.training_set import computed
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]

_MOST_DIFFERENCES = 20


def replay_features(
    artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
) -> dict[str, Any]:
    """Join and compute the features of logged requests, and compare them with what was logged.

    Inputs: model, toml, features, bundle (digest), views (name to the fields of `ViewInputs`), rows (id, as_of,
    request, features). Outputs: n_values, n_equal, differences.
    """
    bundle = msgspec.json.decode(artifacts.get(inputs["bundle"]), type=Bundle)
    config, functions = declaration(artifacts, inputs)
    rows = inputs["rows"]
    asked = RequestShape(bundle.request, zone=config.lab.timezone).clean([row["request"] for row in rows])
    schema = polars_types(bundle.request)
    samples = pl.DataFrame({name: [row[name] for row in asked] for name in schema}, schema=schema).with_columns(
        pl.Series("__at", [_moment(row["as_of"]) for row in rows], pl.Datetime("us", "UTC"))
    )
    found = samples
    wanted = [spec.name for spec in bundle.features]
    for given in inputs["views"].values():
        one = msgspec.convert(given, ViewInputs)
        view = narrowed(one.view, wanted)
        joined = join_view(samples.select(*view.entity, "__at"), "__at", load_view(artifacts, one), view)
        found = found.with_columns(joined.select(feature_names(view)).get_columns())
    for name in bundle.on_demand:
        table = config.on_demand[name]
        columns = computed(samples, table.inputs, call(functions, table.function, table.inputs), table.function)
        found = found.with_columns(plain_values(columns, columns.columns, name).get_columns())
    return _compared(rows, found.select(wanted).to_dicts())


def _moment(text: Any) -> datetime:
    return (
        text if isinstance(text, datetime) else datetime.fromisoformat(str(text).replace("Z", "+00:00")).astimezone(UTC)
    )


def _compared(rows: list[dict[str, Any]], offline: list[dict[str, Any]]) -> dict[str, Any]:
    n_values = n_equal = 0
    differences = []
    for row, found in zip(rows, offline, strict=True):
        for name, value in found.items():
            logged = row["features"].get(name)
            n_values += 1
            if _bits(_plain(value)) == _bits(logged):
                n_equal += 1
            else:
                one = {"prediction_id": row["id"], "feature": name, "logged": logged, "offline": _plain(value)}
                differences.append(one)
    return {"n_values": n_values, "n_equal": n_equal, "differences": differences[:_MOST_DIFFERENCES]}


def _plain(value: Any) -> Any:
    """A value as the prediction log holds it."""
    return msgspec.to_builtins(value)


def _bits(value: Any) -> Any:
    """Equal for equal bits only: 1 is not 1.0, and two sums that differ in the last bit differ."""
    return (type(value), struct.pack("<d", value) if isinstance(value, float) else value)
