"""A training set → a fitted model: task, classes, transforms, learner, metrics, golden rows."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
import numpy as np
import polars as pl

from mllab.config.transforms import Transform
from mllab.errors import InvalidInput
from mllab.records import Bundle, DType, FeatureSpec, Field, FittedTransform, GoldenRow, Progress, Record, Task
from mllab.steps.evaluate import Truth, encode_target, evaluate_splits
from mllab.steps.inputs import dtype_of, learn_inputs, supervise
from mllab.steps.learners import Report, Sample, ShouldStop, get_learner
from mllab.steps.predict import Predictor

MAX_CLASSES = 100
MAX_INTEGER_CLASSES = 20
"""An integer target with at most this many distinct values is classified, unless the model says otherwise."""
MIN_TRAIN_ROWS = 20
N_GOLDEN_ROWS = 16


class Trained(Record, frozen=True, kw_only=True):
    """What came out of one fit; with a request signature it becomes a bundle."""

    learner: str
    task: Task
    target: str
    target_dtype: DType
    classes: tuple[bool | int | float | str, ...]
    features: tuple[FeatureSpec, ...]
    inputs: tuple[FeatureSpec, ...]
    """The features after their transforms: what the booster takes."""
    transforms: tuple[FittedTransform, ...] = ()
    booster: bytes
    params: dict[str, Any]
    """All that were used, defaults included."""
    n_rounds: int
    metrics: dict[str, float]
    """`<split>.<metric>` and `test.baseline_<primary>`; see `evaluate`."""
    curves: dict[str, list[float]]
    golden: tuple[GoldenRow, ...] = ()
    importance: dict[str, float] = {}
    """Feature to its share of the total gain, 0 to 1."""

    def bundle(self, booster_digest: str, request: Sequence[Field], **more: Any) -> Bundle:
        """The bundle of this model.

        Args:
            booster_digest: SHA-256 of `booster`.
            request: what a caller sends.
            more: other fields of Bundle: request_example, timestamp, views, on_demand, config_digest, threshold.
        """
        return Bundle(
            learner=self.learner,
            booster=booster_digest,
            task=self.task,
            target=self.target,
            target_dtype=self.target_dtype,
            classes=self.classes,
            features=self.features,
            inputs=self.inputs,
            transforms=self.transforms,
            request=tuple(request),
            golden=self.golden,
            importance=self.importance,
            **more,
        )


def infer_task(target: pl.Series) -> Task:
    """What kind of prediction a target asks for.

    Two distinct values, or boolean → binary; text, or integers of at most `MAX_INTEGER_CLASSES` distinct values →
    multiclass; all else → regression. Nulls do not count.
    """
    values = target.drop_nulls()
    n_distinct = values.n_unique()
    if target.dtype == pl.Boolean or n_distinct == 2:
        return Task.BINARY
    if target.dtype == pl.String or (target.dtype.is_integer() and n_distinct <= MAX_INTEGER_CLASSES):
        return Task.MULTICLASS
    return Task.REGRESSION


def fit_model(
    frame: pl.DataFrame,
    feature_names: Sequence[str],
    *,
    target: str,
    task: Task | str | None = None,
    learner: str = "xgboost",
    params: Mapping[str, Any] | None = None,
    transforms: Mapping[str, Sequence[Transform]] | None = None,
    seed: int = 0,
    nthread: int = 1,
    report: Report = lambda progress: None,
    should_stop: ShouldStop = lambda: False,
) -> Trained:
    """Fit on the rows of split `train`, stop by `validation`, measure on all three.

    Rows without a target are left out. Transforms learn from the training rows alone. The same frame, params, seed and
    nthread give the same booster.

    Args:
        frame: a training set: `__split`, `__target`, the features, and for `target_encode` also `__row`; other columns
            are ignored.
        feature_names: columns to learn from, in the order of the model's inputs; at least one.
        target: the target's name, for messages and the bundle.
        task: what is predicted; None: see `infer_task`.
        learner: name of a learner.
        params: of the learner.
        transforms: feature to its steps.
        seed: of all sampling.
        nthread: threads to use.
        report: told after each round.
        should_stop: asked before each round.

    Raises:
        InvalidInput: too few training rows, one class only, no feature, parameters that do not fit, or a transform that
            cannot be fitted.
        Cancelled: `should_stop` said so.
    """
    chosen, used = get_learner(learner), dict(params or {})
    chosen.check_params(used)
    frame = _labelled(frame)
    train = frame.filter(pl.col("__split") == "train")
    if not feature_names:
        raise InvalidInput(f"there is no column to learn `{target}` from", "declare `features`, or bring more columns")
    if train.height < MIN_TRAIN_ROWS:
        rows = f"{train.height} labelled training rows"
        raise InvalidInput(f"{rows} are too few to learn `{target}`", f"bring at least {MIN_TRAIN_ROWS}")
    task = Task(task) if task else infer_task(frame.get_column("__target"))
    classes = _classes(train.get_column("__target"), task, target)
    y = encode_target(frame.get_column("__target"), classes, task)
    truth = encode_target(train.get_column("__target"), classes, task)
    made = learn_inputs(frame, feature_names, transforms or {}, supervise(train, truth, task, classes, seed))
    fitted = chosen.fit(
        _sample(frame, "train", made.X, y),
        _sample(frame, "validation", made.X, y),
        made.inputs,
        task=task,
        n_classes=len(classes),
        params=used,
        seed=seed,
        nthread=nthread,
        report=report,
        should_stop=should_stop,
    )
    report(Progress(text="measuring", share=1.0))
    trained = Trained(
        learner=learner,
        task=task,
        target=target,
        target_dtype=dtype_of(frame.get_column("__target")),
        classes=classes,
        features=made.features,
        inputs=made.inputs,
        transforms=made.transforms,
        booster=fitted.booster,
        params=fitted.params,
        n_rounds=fitted.n_rounds,
        metrics={},
        curves=fitted.curves,
    )
    bundle = trained.bundle("", ())
    predictor = Predictor(bundle, fitted.booster, nthread)
    output = predictor.output(made.X)
    return msgspec.structs.replace(
        trained,
        metrics=evaluate_splits(frame.get_column("__split"), y, output, task),
        golden=golden_rows(bundle, fitted.booster, frame),
        importance={name: sum(fitted.gains[start:end]) for name, start, end in predictor.encoder.places()},
    )


def golden_rows(
    bundle: Bundle, booster_bytes: bytes, frame: pl.DataFrame, n: int = N_GOLDEN_ROWS
) -> tuple[GoldenRow, ...]:
    """Real rows with the outputs that a Predictor gives them.

    Args:
        bundle: of the model; its golden rows are ignored.
        booster_bytes: the model's file.
        frame: a training set.
        n: most rows to take, evenly spaced over the test rows (over all rows where there are none).

    Returns:
        At least one row unless the frame is empty.
    """
    test = frame.filter(pl.col("__split") == "test")
    chosen = test if test.height else frame
    picked = np.unique(np.linspace(0, chosen.height - 1, min(n, chosen.height)).astype(np.int64))
    rows = chosen.select([spec.name for spec in bundle.features])[picked].to_dicts()
    values = [{name: _json_value(value) for name, value in row.items()} for row in rows]
    predictor = Predictor(bundle, booster_bytes)
    outputs = predictor.output(predictor.encoder.rows(values)).reshape(len(values), -1).tolist()
    return tuple(GoldenRow(features=row, output=tuple(out)) for row, out in zip(values, outputs, strict=True))


def _json_value(value: Any) -> Any:
    """NaN and infinities have no JSON; all of them are missing to the model. A date is its ISO text."""
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _labelled(frame: pl.DataFrame) -> pl.DataFrame:
    known = pl.col("__target").is_not_null()
    if frame.schema["__target"].is_float():
        known &= pl.col("__target").is_finite()
    return frame.filter(known)


def _sample(frame: pl.DataFrame, split: str, matrix: np.ndarray[Any, Any], y: Truth) -> Sample:
    """The rows of a split whose class the model knows."""
    at = (frame.get_column("__split") == split).to_numpy() & np.isfinite(y)
    return Sample(matrix[at], y[at])


def _classes(target: pl.Series, task: Task, name: str) -> tuple[bool | int | float | str, ...]:
    """Distinct values of the training rows in ascending order; none for regression."""
    if task is Task.REGRESSION:
        if not target.dtype.is_numeric():
            raise InvalidInput(f"`{name}` holds no numbers to regress on", 'set task = "binary" or "multiclass"')
        return ()
    found = tuple(target.unique().sort().to_list())
    if len(found) < 2:
        raise InvalidInput(
            f"`{name}` is always {found[0]!r} in the {len(target)} training rows: there is nothing to tell apart",
            "bring rows of another class",
        )
    if task is Task.BINARY and len(found) > 2:
        raise InvalidInput(f"`{name}` has {len(found)} classes, not two", 'set task = "multiclass"')
    if len(found) > MAX_CLASSES:
        hint = 'set task = "regression", or leave the column out' if target.dtype.is_numeric() else "group rare classes"
        raise InvalidInput(f"`{name}` has {len(found)} classes, at most {MAX_CLASSES} are supported", hint)
    return found
