"""The task that compares runs row by row: their models are asked about the same rows, or their logged answers read."""

import io
from collections.abc import Callable
from typing import Any

import msgspec
import polars as pl

from mllab.engine.frames import load_frame
from mllab.errors import Cancelled, LabError
from mllab.records import Bundle, PairTest, Progress
from mllab.steps.compare.paired import LEAST_ROWS, headline_tests, holm, judged
from mllab.steps.compare.shared_rows import Pair, logged, logged_columns, unseen
from mllab.steps.compare.sides import Side, why_not
from mllab.steps.evaluate import encode_target
from mllab.steps.gates import align
from mllab.steps.predict import Predictor
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]

MOST_BYTES = 1_000_000_000
"""Of a file of logged predictions."""


def compare_rows(
    artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
) -> dict[str, Any]:
    """Compare each run but the first with the first.

    Inputs: runs (the fields of `Side` each, at least two). Outputs: pairs (a `PairTest` each), Holm-corrected.
    """
    reference, *others = msgspec.convert(inputs["runs"], list[Side])
    found = []
    for at, other in enumerate(others):
        if should_stop():
            raise Cancelled("stopped on request")
        report(Progress(text=f"comparing {other.name}", share=at / len(others)))
        found.append(_compared(artifacts, reference, other))
    return {"pairs": msgspec.to_builtins(corrected(found))}


def corrected(pairs: list[PairTest]) -> list[PairTest]:
    """The pairs with p-values after Holm over all their tests, and verdicts."""
    adjusted = iter(holm([test.p for pair in pairs for test in pair.tests]))
    return [
        msgspec.structs.replace(pair, tests=tuple(judged(test, next(adjusted)) for test in pair.tests))
        for pair in pairs
    ]


def _compared(artifacts: Artifacts, reference: Side, other: Side) -> PairTest:
    known = PairTest(run_id=other.run_id, reference=reference.run_id)
    try:
        pair = _pair(artifacts, reference, other)
    except LabError as error:
        pair = error.message
    if isinstance(pair, str):
        return msgspec.structs.replace(known, why_not=pair)
    tests = headline_tests(pair.task, pair.y, pair.reference, pair.other, metrics=pair.metrics)
    lack = "" if tests else f"no metric is defined on these {len(pair.y):,} rows (one class only?)"
    return msgspec.structs.replace(known, n_rows=len(pair.y), rows=pair.rows, tests=tests, why_not=lack)


def _pair(artifacts: Artifacts, reference: Side, other: Side) -> Pair | str:
    """The same rows of both, or why there are none."""
    why = why_not(reference, other)
    if why:
        return why
    is_asked = reference.has_model and other.has_model
    return _asked(artifacts, reference, other) if is_asked else _logged(artifacts, reference, other)


# -- models -----------------------------------------------------------------------------------------------------------


def _asked(artifacts: Artifacts, reference: Side, other: Side) -> Pair | str:
    """Both models' answers on the rows that are unseen by both."""
    models = [_predictor(artifacts, one.bundle or "") for one in (reference, other)]
    ours, theirs = models
    if ours.bundle.task is not theirs.bundle.task:
        return f"one predicts {ours.bundle.task.value}, the other {theirs.bundle.task.value}"
    if ours.bundle.target != theirs.bundle.target:
        return f"one predicts `{ours.bundle.target}`, the other `{theirs.bundle.target}`"
    is_same = reference.training_set == other.training_set
    left = load_frame(artifacts, reference.frame or "")
    right = left if is_same else load_frame(artifacts, other.frame or "")
    rows = unseen(left, right, is_same=is_same)
    if isinstance(rows, str):
        return rows
    y = encode_target(rows.reference.get_column("__target"), ours.bundle.classes, ours.bundle.task)
    known = y == y
    if known.sum() < LEAST_ROWS:
        return f"only {known.sum():,} of these rows have a truth that both models know; needs {LEAST_ROWS}"
    answers = [one.output(one.encoder.frame(frame))[known] for one, frame in zip(models, rows[:2], strict=True)]
    aligned = align(answers[1], theirs.bundle.classes, ours.bundle.classes)
    return Pair(ours.bundle.task, y[known], answers[0], aligned, rows.rows)


def _predictor(artifacts: Artifacts, digest: str) -> Predictor:
    bundle = msgspec.json.decode(artifacts.get(digest), type=Bundle)
    return Predictor(bundle, artifacts.get(bundle.booster))


# -- logged predictions -----------------------------------------------------------------------------------------------


def _logged(artifacts: Artifacts, reference: Side, other: Side) -> Pair | str:
    found = []
    for one in (reference, other):
        frame = _predictions(artifacts, one)
        if isinstance(frame, str):
            return f"{one.name}: {frame}"
        found.append(frame)
    return logged(found[0], found[1])


def _predictions(artifacts: Artifacts, one: Side) -> pl.DataFrame | str:
    """Id, prediction, label; or why they cannot be read."""
    digest = one.predictions or ""
    if artifacts.has(digest) and artifacts.path(digest).stat().st_size > MOST_BYTES:
        return f"its predictions are larger than {MOST_BYTES / 1e9:.0f} GB"
    content = io.BytesIO(artifacts.get(digest))
    try:
        names = _names(content, one.is_csv)
        wanted = logged_columns(names)
        if isinstance(wanted, str):
            return wanted
        content.seek(0)
        if one.is_csv:
            return pl.read_csv(content, columns=list(wanted), infer_schema=False).select(wanted)
        return pl.read_parquet(content, columns=list(wanted)).select(wanted)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        said = str(error).partition("\n")[0][:200]
        return f"its predictions cannot be read: {said or type(error).__name__}"


def _names(content: io.BytesIO, is_csv: bool) -> list[str]:
    if is_csv:
        return pl.read_csv(content, n_rows=0, infer_schema=False).columns
    return list(pl.read_parquet_schema(content))
