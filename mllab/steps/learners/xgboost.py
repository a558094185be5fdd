"""Gradient boosted trees by XGBoost, categories handled natively, stopped by the validation split.

The library is imported when the first model is fitted, so that parameters can be checked without it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from mllab.config.words import nearest
from mllab.errors import Cancelled, InvalidInput
from mllab.records import FeatureSpec, Progress, Task
from mllab.steps.learners.contract import Fitted, Report, Sample, ShouldStop
from mllab.steps.predict import feature_types

if TYPE_CHECKING:
    import xgboost

Whole = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `[model.NAME.params]` may say; the names are XGBoost's, but for the first two."""

    rounds: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 400
    """Most trees (per class) to grow."""
    patience: Annotated[int, msgspec.Meta(ge=1)] = 30
    """Rounds without a better validation metric after which fitting ends."""
    eta: Share = 0.1
    max_depth: Annotated[int, msgspec.Meta(ge=0, le=20)] = 6
    max_leaves: Whole = 0
    grow_policy: Literal["depthwise", "lossguide"] = "depthwise"
    min_child_weight: NotNegative = 1.0
    gamma: NotNegative = 0.0
    reg_lambda: NotNegative = 1.0
    reg_alpha: NotNegative = 0.0
    subsample: Share = 1.0
    colsample_bytree: Share = 1.0
    colsample_bylevel: Share = 1.0
    colsample_bynode: Share = 1.0
    scale_pos_weight: Positive = 1.0
    max_delta_step: NotNegative = 0.0
    max_bin: Annotated[int, msgspec.Meta(ge=2, le=65_535)] = 256
    max_cat_to_onehot: Annotated[int, msgspec.Meta(ge=1)] = 4
    max_cat_threshold: Annotated[int, msgspec.Meta(ge=1)] = 64
    tree_method: Literal["hist"] = "hist"


_OWN = {"rounds", "patience"}
"""Parameters of this file; all others are handed to XGBoost."""

_OBJECTIVE = {
    Task.BINARY: ("binary:logistic", "logloss", "log_loss"),
    Task.MULTICLASS: ("multi:softprob", "mlogloss", "log_loss"),
    Task.REGRESSION: ("reg:squarederror", "rmse", "rmse"),
}
"""Task to XGBoost's objective and metric, and the metric's name in mllab."""


class XGBoost:
    """The learner `xgboost`."""

    def check_params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Complete the parameters with defaults.

        Raises:
            InvalidInput: an unknown name, or a value that does not fit.
        """
        valid = list(Params.__struct_fields__)
        for name, value in params.items():
            if name not in valid:
                raise InvalidInput(f"the learner xgboost has no parameter `{name}`", nearest(name, valid))
            try:
                msgspec.convert({name: value}, Params)
            except msgspec.ValidationError as error:
                what = str(error).split(" - at ")[0]
                raise InvalidInput(f"parameter `{name}` cannot be {value!r}: {what}", "correct its value") from error
        return msgspec.to_builtins(msgspec.convert(dict(params), Params))  # type: ignore[no-any-return]

    def fit(
        self,
        train: Sample,
        validation: Sample | None,
        features: Sequence[FeatureSpec],
        *,
        task: Task,
        n_classes: int,
        params: Mapping[str, Any],
        seed: int,
        nthread: int,
        report: Report,
        should_stop: ShouldStop,
    ) -> Fitted:
        """Grow trees until the validation metric has not improved for `patience` rounds; keep the best rounds.

        The same rows, parameters, seed and nthread give the same bytes. Without validation rows all `rounds` are
        grown and kept.

        Args:
            train: rows to learn from, at least one, y in 0..n_classes-1 or the value.
            validation: rows to stop by, or None.
            features: in the order of the columns; named f0, f1, ... in the booster.
            task: chooses the objective: binary:logistic, multi:softprob or reg:squarederror.
            n_classes: number of classes; ignored for regression.
            params: see `Params`.
            seed: of row and column sampling.
            nthread: threads to use.
            report: told after each round, metrics `train.<metric>` and `validation.<metric>`.
            should_stop: asked before each round.

        Raises:
            InvalidInput: parameters that do not fit.
            Cancelled: `should_stop` said so.
        """
        import xgboost

        used = self.check_params(params)
        objective, _, _ = _OBJECTIVE[task]
        given = {name: value for name, value in used.items() if name not in _OWN}
        given |= {"objective": objective, "eval_metric": _OBJECTIVE[task][1], "seed": seed, "nthread": nthread}
        if task is Task.MULTICLASS:
            given["num_class"] = n_classes
        if task is not Task.BINARY and given.pop("scale_pos_weight") != 1.0:
            raise InvalidInput(f"`scale_pos_weight` means nothing for the task {task}", "leave it out")
        watched = [(_quantiles(train, features, used["max_bin"], nthread), "train")]
        if validation is not None and len(validation.y):
            ref = watched[0][0]
            watched.append((_quantiles(validation, features, used["max_bin"], nthread, ref), "validation"))
        booster = xgboost.Booster(given, cache=[one for one, _ in watched])
        rounds = _Rounds(task, used["rounds"], used["patience"], watched[-1][1])
        for number in range(used["rounds"]):
            if should_stop():
                raise Cancelled(f"training was stopped after {number} rounds")
            booster.update(watched[0][0], number)
            report(rounds.add(number, str(booster.eval_set(watched, number))))
            if rounds.are_enough():
                break
        kept = rounds.kept()
        best = booster[:kept]
        return Fitted(bytes(best.save_raw("ubj")), used, kept, rounds.curves, _gains(best, len(features)))


def _gains(booster: "xgboost.Booster", n_features: int) -> tuple[float, ...]:
    """Share of each column in the total gain of all splits; zeros for a model without splits."""
    found = booster.get_score(importance_type="total_gain")
    gains = [float(found.get(f"f{place}", 0.0)) for place in range(n_features)]  # type: ignore[arg-type]
    total = sum(gains)
    return tuple(gain / total if total else 0.0 for gain in gains)


def _quantiles(
    sample: Sample,
    features: Sequence[FeatureSpec],
    max_bin: int,
    nthread: int,
    ref: "xgboost.DMatrix | None" = None,
) -> "xgboost.QuantileDMatrix":
    import xgboost

    return xgboost.QuantileDMatrix(
        sample.X,
        sample.y,
        feature_names=[f"f{i}" for i in range(len(features))],
        feature_types=feature_types(features),
        max_bin=max_bin,
        nthread=nthread,
        ref=ref,
    )


class _Rounds:
    """Learning curves and when they say stop."""

    def __init__(self, task: Task, most: int, patience: int, judge: str) -> None:
        self.metric, self.most, self.patience = _OBJECTIVE[task][2], most, patience
        self.judged_by_validation = judge == "validation"
        self.judge = f"{judge}.{self.metric}"
        self.curves: dict[str, list[float]] = {}
        self.best = 0

    def add(self, number: int, line: str) -> Progress:
        """Take in XGBoost's line `[3]<tab>train-rmse:0.5<tab>validation-rmse:0.6`."""
        last: dict[str, float] = {}
        for part in line.split("\t")[1:]:
            name, shown = part.rsplit(":", 1)
            last[f"{name.split('-')[0]}.{self.metric}"] = float(shown)
        for name, value in last.items():
            self.curves.setdefault(name, []).append(value)
        if last[self.judge] < self.curves[self.judge][self.best]:
            self.best = number
        text = f"round {number + 1} of at most {self.most}, {self.judge} {last[self.judge]:.4f}"
        return Progress(text=text, share=(number + 1) / self.most, metrics=last, step=number)

    def are_enough(self) -> bool:
        n_done = len(self.curves[self.judge])
        return self.judged_by_validation and n_done - 1 - self.best >= self.patience

    def kept(self) -> int:
        """How many rounds belong into the file."""
        return self.best + 1 if self.judged_by_validation else len(self.curves[self.judge])
