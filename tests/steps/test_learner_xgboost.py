import numpy as np
import pytest
import xgboost

from mllab.errors import Cancelled, InvalidInput
from mllab.records import DType, FeatureSpec, Progress, Task
from mllab.steps.learners import Fitted, Sample, check_params, get_learner

FEATURES = (
    FeatureSpec(name="<a [x]>", dtype=DType.FLOAT),
    FeatureSpec(name="b", dtype=DType.STRING, categories=("p", "q", "r", "s", "t", "u")),
    FeatureSpec(name="empty", dtype=DType.STRING),
)


def a_sample(task: Task, n: int = 300, seed: int = 0) -> Sample:
    draws = np.random.default_rng(seed)
    codes = draws.integers(0, 6, n).astype(np.float32)
    codes[::9] = np.nan
    numbers = draws.normal(size=n).astype(np.float32)
    signal = numbers + np.isin(codes, (1, 4)) + draws.normal(0, 0.8, n)
    y = {
        Task.BINARY: (signal > 0.3).astype(float),
        Task.MULTICLASS: np.digitize(signal, [0, 1]).astype(float),
        Task.REGRESSION: signal,
    }[task]
    return Sample(np.stack([numbers, codes, np.full(n, np.nan, np.float32)], axis=1), y)


def fitted(task: Task = Task.BINARY, **changes) -> Fitted:
    settings = {
        "task": task,
        "n_classes": {Task.BINARY: 2, Task.MULTICLASS: 3, Task.REGRESSION: 0}[task],
        "params": {},
        "seed": 1,
        "nthread": 1,
        "report": lambda progress: None,
        "should_stop": lambda: False,
    }
    samples = {"train": a_sample(task), "validation": a_sample(task, 150, seed=1)}
    for name in samples:
        samples[name] = changes.pop(name, samples[name])
    return get_learner("xgboost").fit(*samples.values(), FEATURES, **settings | changes)


@pytest.mark.parametrize("nthread", [1, 2])
@pytest.mark.parametrize("task", Task)
def test_the_same_inputs_and_seed_give_the_same_bytes(task: Task, nthread: int) -> None:
    params = {"subsample": 0.7, "colsample_bytree": 0.7}
    first, second = (fitted(task, params=params, nthread=nthread) for _ in range(2))
    assert first.booster == second.booster and first.curves == second.curves


def test_another_seed_samples_otherwise() -> None:
    assert fitted(params={"subsample": 0.5}, seed=1).booster != fitted(params={"subsample": 0.5}, seed=2).booster


@pytest.mark.parametrize("task", Task)
def test_only_the_best_rounds_are_kept_and_patience_ends_the_rest(task: Task) -> None:
    model = fitted(task, params={"patience": 5, "eta": 0.5})
    curve = model.curves["validation.rmse" if task is Task.REGRESSION else "validation.log_loss"]
    assert model.n_rounds == int(np.argmin(curve)) + 1
    assert len(curve) == model.n_rounds + 5 < 400
    assert xgboost.Booster(model_file=bytearray(model.booster)).num_boosted_rounds() == model.n_rounds


@pytest.mark.parametrize("task", Task)
def test_the_last_kept_value_of_a_curve_is_the_metric_of_the_file(task: Task) -> None:
    model, sample = fitted(task), a_sample(task, 150, seed=1)
    out = xgboost.Booster(model_file=bytearray(model.booster)).inplace_predict(sample.X).astype(float)
    if task is Task.REGRESSION:
        wanted = np.sqrt(np.mean((out - sample.y) ** 2))
    else:
        shares = np.stack([1 - out, out], axis=1) if task is Task.BINARY else out
        wanted = -np.log(shares[np.arange(len(out)), sample.y.astype(int)]).mean()
    curve = model.curves["validation.rmse" if task is Task.REGRESSION else "validation.log_loss"]
    assert curve[model.n_rounds - 1] == pytest.approx(wanted, rel=1e-5)


def test_without_validation_rows_every_round_is_kept() -> None:
    for none in (None, Sample(np.empty((0, 3), np.float32), np.empty(0))):
        model = fitted(validation=none, params={"rounds": 7})
        assert model.n_rounds == 7 and list(model.curves) == ["train.log_loss"]


def test_each_round_is_reported_with_both_metrics() -> None:
    said: list[Progress] = []
    model = fitted(params={"rounds": 5}, report=said.append)
    assert [one.step for one in said] == [0, 1, 2, 3, 4]
    assert said[-1].share == 1.0 and "validation.log_loss" in said[-1].text
    for name in ("train.log_loss", "validation.log_loss"):
        assert [one.metrics[name] for one in said] == model.curves[name]


def test_a_stop_is_obeyed_before_the_next_round() -> None:
    said: list[Progress] = []
    with pytest.raises(Cancelled, match="after 3 rounds"):
        fitted(report=said.append, should_stop=lambda: len(said) >= 3)
    assert len(said) == 3


def test_categories_are_split_as_sets_not_as_numbers() -> None:
    booster = xgboost.Booster(model_file=bytearray(fitted().booster))
    assert booster.feature_types == ["q", "c", "q"] and booster.feature_names == ["f0", "f1", "f2"]


def test_defaults_are_told_with_what_was_used() -> None:
    used = fitted(params={"max_depth": 3}).params
    assert (used["max_depth"], used["eta"], used["rounds"], used["patience"]) == (3, 0.1, 400, 30)


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        ({"max_dept": 3}, "no parameter `max_dept`", "did you mean `max_depth`?"),
        ({"max_depth": "deep"}, "`max_depth` cannot be 'deep'", ""),
        ({"max_depth": 3.5}, "`max_depth` cannot be 3.5", ""),
        ({"eta": 0}, "`eta` cannot be 0", ""),
        ({"eta": True}, "`eta` cannot be True", ""),
        ({"subsample": 1.5}, "`subsample` cannot be 1.5", ""),
        ({"tree_method": "exact"}, "`tree_method` cannot be 'exact'", ""),
        ({"rounds": 0}, "`rounds` cannot be 0", ""),
    ],
)
def test_a_bad_parameter_is_named(params: dict, message: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_params("xgboost", params)
    assert message in caught.value.message and hint in caught.value.hint


def test_a_class_weight_without_two_classes_is_refused() -> None:
    assert fitted(params={"scale_pos_weight": 2.0, "rounds": 3}).n_rounds == 3
    with pytest.raises(InvalidInput, match="scale_pos_weight"):
        fitted(Task.REGRESSION, params={"scale_pos_weight": 2.0})


def test_an_unknown_learner_is_refused() -> None:
    with pytest.raises(InvalidInput, match="`forest`"):
        get_learner("forest")
