"""Tasks between a frozen training set and a judged model version."""

import os
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import msgspec
import polars as pl

from mllab.config import GateTable
from mllab.engine.frames import load_frame
from mllab.engine.memory import peak_bytes, reset_peak
from mllab.engine.training import columns_of, declaration
from mllab.records import Bundle, GateResult, Progress
from mllab.steps.evaluate import encode_target
from mllab.steps.gates import absolute, align, latency, no_worse_than, unseen_rows
from mllab.steps.predict import Predictor
from mllab.steps.train import fit_model
from mllab.steps.training_set import FeaturePlan, plan_features
from mllab.steps.transforms.choose import chosen_transforms
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]

_OWN = ("__row", "__split", "__at", "__target")
_REQUEST = "__request_"


def threads() -> int:
    """Threads of a training: one core stays with serving."""
    return max(1, (os.cpu_count() or 2) - 1)


def fit(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Fit a model and put together what serving needs of it.

    Inputs: model, training_set, toml, features, config_digest, schema, params, seed, and nthread where it is to be
    another than this machine's. Outputs: bundle and booster (digests), task, params, metrics, curves, n_rounds,
    peak_bytes (of the process, while it fitted).
    """
    reset_peak()
    nthread = inputs.get("nthread") or threads()
    config, _ = declaration(artifacts, inputs)
    table = config.model[inputs["model"]]
    plan = plan_features(config, inputs["model"], columns_of(inputs["schema"]))
    frame = load_frame(artifacts, inputs["training_set"])
    names = [name for name in frame.columns if name not in _OWN and not name.startswith(_REQUEST)]
    trained = fit_model(
        frame,
        names,
        target=table.target,
        task=table.task,
        learner=table.learner,
        params=inputs["params"],
        transforms=chosen_transforms(config, inputs["model"], plan.groups),
        seed=inputs["seed"],
        nthread=nthread,
        report=report,
        should_stop=should_stop,
    )
    booster = artifacts.put(trained.booster)
    timestamp = plan.timestamp if plan.timestamp in {field.name for field in plan.request} else None
    bundle = trained.bundle(
        booster,
        plan.request,
        request_example=_example(frame, plan),
        timestamp=timestamp,
        views=tuple(plan.named("view")),
        on_demand=tuple(plan.named("on_demand")),
        config_digest=inputs["config_digest"],
    )
    metrics = dict(trained.metrics)
    metrics |= _quietest_latency(bundle, trained.booster)
    metrics["model_bytes"] = float(len(trained.booster))
    return {
        "bundle": artifacts.put(msgspec.json.encode(bundle)),
        "booster": booster,
        "task": trained.task.value,
        "params": trained.params | {"nthread": nthread},
        "metrics": metrics,
        "curves": trained.curves,
        "n_rounds": trained.n_rounds,
        "peak_bytes": peak_bytes(),
    }


def _quietest_latency(bundle: Bundle, booster: bytes) -> dict[str, float]:
    """The model's own latency: of three measurements the one with the lowest p99, the least disturbed."""
    predictor, rows = Predictor(bundle, booster), [row.features for row in bundle.golden]
    measured = [latency(predictor, rows, time.perf_counter, n=100) for _ in range(3)]
    return min(measured, key=lambda one: one.get("latency_p99_seconds", 0.0))


def _example(frame: pl.DataFrame, plan: FeaturePlan) -> dict[str, Any]:
    """A real request: of the last test row."""
    row = frame.filter(pl.col("__split") == "test").tail(1).to_dicts()[0]
    found: dict[str, Any] = {}
    for field in plan.request:
        value = row[field.name] if field.name in row else row.get(_REQUEST + field.name)
        if isinstance(value, datetime):
            found[field.name] = value.isoformat().replace("+00:00", "Z")
        else:
            found[field.name] = value.isoformat() if isinstance(value, date) else value
    return found


def judge(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Run a version's gates.

    Inputs: gates, bundle, training_set, metrics, champion (None, or version, bundle, training_set). Outputs: results.
    """
    gates = msgspec.convert(inputs["gates"], list[GateTable])
    results = []
    for gate in gates:
        if gate.no_worse_than is None:
            results.append(absolute(gate, inputs["metrics"]))
        elif inputs["champion"] is not None:
            results.append(_against_champion(artifacts, gate, inputs))
    return {"results": msgspec.to_builtins(results)}


def _against_champion(artifacts: Artifacts, gate: GateTable, inputs: dict[str, Any]) -> GateResult:
    champion = inputs["champion"]
    ours, our_predictor = _predictor(artifacts, inputs["bundle"])
    theirs, their_predictor = _predictor(artifacts, champion["bundle"])
    frame = load_frame(artifacts, inputs["training_set"])
    missing = [spec.name for spec in theirs.features if spec.name not in frame.columns]
    if missing or champion["training_set"] is None or ours.task is not theirs.task:
        lack = f"cannot be asked on these rows (needs `{missing[0]}`)" if missing else "answers another question"
        why = f"{gate.metric} is not comparable: version {champion['version']} {lack}; promote by hand if that is meant"
        return GateResult(
            metric=gate.metric,
            rule="no_worse_than",
            passed=False,
            observed=None,
            limit=-gate.margin,
            why=why,
            against_version=champion["version"],
        )
    rows = unseen_rows(frame, load_frame(artifacts, champion["training_set"]))
    y = encode_target(rows.get_column("__target"), ours.classes, ours.task)
    candidate_output = our_predictor.output(our_predictor.encoder.frame(rows))
    champion_output = their_predictor.output(their_predictor.encoder.frame(rows))
    return no_worse_than(
        gate,
        y,
        candidate_output,
        align(champion_output, theirs.classes, ours.classes),
        champion_version=champion["version"],
        task=ours.task,
    )


def _predictor(artifacts: Artifacts, digest: str) -> tuple[Bundle, Predictor]:
    bundle = msgspec.json.decode(artifacts.get(digest), type=Bundle)
    return bundle, Predictor(bundle, artifacts.get(bundle.booster))
