"""What a metric's name says, held to what the steps mean by it."""

import pytest

from mllab.faces.tui.viewmodels.metrics import (
    against_baseline,
    difference,
    direction,
    direction_words,
    parts,
    signed,
    verdict,
)
from mllab.records import Task
from mllab.steps.evaluate import better_is, metric_names

MEASURED = sorted({name for task in Task for name in metric_names(task)} | {"latency_p99_seconds", "model_bytes"})


@pytest.mark.parametrize("metric", MEASURED)
def test_the_screen_and_the_gates_agree_which_way_is_better(metric: str) -> None:
    assert direction(f"test.{metric}") == better_is(f"test.{metric}")


@pytest.mark.parametrize(("name", "way"), [("val_loss", -1), ("error", -1), ("auc", 1), ("test.n_unseen_class", 0)])
def test_the_direction_of_a_foreign_metric_is_read_from_its_name(name: str, way: int) -> None:
    assert direction(name) == way


def test_a_baseline_is_neither_better_nor_worse() -> None:
    assert verdict("test.baseline_log_loss", 0.6, 0.7) == 0
    assert direction_words("test.baseline_log_loss") == ""


@pytest.mark.parametrize(
    ("name", "found"),
    [("test.log_loss", ("test", "log_loss")), ("a.b", ("", "a.b")), ("loss", ("", "loss")), ("test.", ("", "test."))],
)
def test_a_name_is_split_only_at_a_known_split(name: str, found: tuple[str, str]) -> None:
    assert parts(name) == found


@pytest.mark.parametrize(
    ("value", "against", "shown"),
    [(0.45, 0.47, "-0.02"), (0.843, 0.8268, "+0.016"), (1, 1, "="), (106975, 65280, "+41695"), (1e-7, 0, "+1e-07")],
)
def test_a_difference_is_signed_and_short(value: float, against: float, shown: str) -> None:
    assert difference(value, against) == shown


def test_a_value_is_told_against_the_naive_answer_in_words() -> None:
    assert against_baseline("test.log_loss", 0.35, 0.7) == "50 % better"
    assert against_baseline("test.log_loss", 0.77, 0.7) == "10 % worse"
    assert against_baseline("test.log_loss", 0.7, 0.7) == "the same"
    assert against_baseline("test.r2", 0.5, 0.0) == "better"


@pytest.mark.parametrize(("apart", "text"), [(None, ""), (0.0, "="), (0.0123, "+0.012"), (-1234.5, "-1234")])
def test_a_difference_has_a_sign_and_few_digits(apart: float | None, text: str) -> None:
    assert signed(apart) == text
