"""What could be learnt from a table."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from mllab.config import SourceTable
from mllab.errors import InvalidInput
from mllab.records import DType, Field, Schema, Task
from mllab.steps.propose import Proposal, propose
from mllab.steps.validate import validate

N = 200


def a_frame(**columns: object) -> pl.DataFrame:
    draw = random.Random(1)
    return pl.DataFrame({"noise": [draw.random() for _ in range(N)], **columns})


def proposed(
    frame: pl.DataFrame, target: str = "y", key: tuple[str, ...] = (), timestamp: str | None = None
) -> Proposal:
    lines = pl.int_range(frame.height, eager=True)
    found = validate(frame, lines, SourceTable(), None, now=datetime(2030, 1, 1, tzinfo=UTC))
    return propose(frame, found.schema, target, key, timestamp)


draw = random.Random(7)
TARGETS = {
    "booleans": ([draw.random() < 0.5 for _ in range(N)], Task.BINARY, (False, True)),
    "two texts": ([draw.choice("ab") for _ in range(N)], Task.BINARY, ("a", "b")),
    "two whole numbers": ([draw.choice([1, 2]) for _ in range(N)], Task.BINARY, (1, 2)),
    "zero and one as fractions": ([draw.choice([0.0, 1.0]) for _ in range(N)], Task.BINARY, (0.0, 1.0)),
    "three texts": ([draw.choice("abc") for _ in range(N)], Task.MULTICLASS, ("a", "b", "c")),
    "small whole numbers": ([draw.choice([1, 2, 3]) for _ in range(N)], Task.MULTICLASS, (1, 2, 3)),
    "large whole numbers": ([draw.choice([100, 2_000, 30_000]) for _ in range(N)], Task.REGRESSION, ()),
    "many whole numbers": ([draw.randrange(100) for _ in range(N)], Task.REGRESSION, ()),
    "fractions": ([draw.random() for _ in range(N)], Task.REGRESSION, ()),
}


@pytest.mark.parametrize(("values", "task", "classes"), TARGETS.values(), ids=TARGETS)
def test_the_task_follows_from_the_target(values: list[object], task: Task, classes: tuple[object, ...]) -> None:
    found = proposed(a_frame(y=values))
    assert (found.task, found.classes) == (task, classes)
    assert found.metric == ("rmse" if task is Task.REGRESSION else "log_loss")
    assert found.features == ("noise",)


def test_what_names_or_dates_a_row_is_left_out_with_a_reason() -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC)
    frame = a_frame(
        y=TARGETS["booleans"][0],
        id=range(N),
        at=[now + timedelta(hours=i) for i in range(N)],
        seen=[now] * N,
        same=["x"] * N,
        none=pl.Series([None] * N, dtype=pl.String),
        email=[f"{i}@example.org" for i in range(N)],
        group=[f"g{i % 7}" for i in range(N)],
    )
    found = proposed(frame, key=("id",), timestamp="at")
    assert found.features == ("noise", "group")
    why = dict(found.left_out)
    assert why["at"] == "the timestamp" and why["id"] == "part of the key" and why["same"] == "constant"
    assert why["none"] == "no values" and "id" in why["email"] and "date" in why["seen"]


def test_a_copy_of_the_target_is_left_out_with_its_score() -> None:
    late = TARGETS["booleans"][0]
    frame = a_frame(
        y=late,
        copy=["yes" if one else "no" for one in late],
        delay=[20 + i if one else -i for i, one in enumerate(late)],
    )
    why = dict(proposed(frame).left_out)
    assert set(why) == {"copy", "delay"}
    assert "score 1.0000" in why["copy"] and "`features`" in why["copy"]


def test_a_proxy_of_a_number_is_left_out() -> None:
    cost = TARGETS["fractions"][0]
    assert set(dict(proposed(a_frame(y=cost, cents=[100 * float(one) for one in cost])).left_out)) == {"cents"}


def test_rows_without_a_target_are_counted_and_no_class() -> None:
    found = proposed(a_frame(y=[None, None, *TARGETS["two texts"][0][2:]]))
    assert found.classes == ("a", "b")
    assert "2 rows without `y` wait for their label" in found.notes


def test_a_rare_class_is_noted() -> None:
    assert any("class `a`" in one for one in proposed(a_frame(y=["a"] * 3 + ["b"] * (N - 3))).notes)


ERRORS = {
    "no such target": ({"y": [1] * N}, "z", "target `z` is no column"),
    "one class": ({"y": ["a"] * N}, "y", "`a` in every row"),
    "no labels": ({"y": pl.Series([None] * N, dtype=pl.Int64)}, "y", "missing in all 200 rows"),
    "a date": ({"y": [datetime(2024, 1, 1, tzinfo=UTC)] * N}, "y", "cannot be predicted"),
    "free text": ({"y": [f"text {i}" for i in range(N)]}, "y", "200 distinct values"),
}


@pytest.mark.parametrize(("columns", "target", "said"), ERRORS.values(), ids=ERRORS)
def test_a_target_nothing_can_be_learnt_for_is_an_error_that_says_why(
    columns: dict[str, object], target: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        proposed(a_frame(**columns), target)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    frame = a_frame(y=TARGETS["booleans"][0])
    for wrong in ({"target": "noises"}, {"key": ("noises",)}, {"timestamp": "noises"}):
        with pytest.raises(InvalidInput) as error:
            proposed(frame, **wrong)
        assert error.value.hint == "did you mean `noise`?"


def test_a_table_of_nothing_but_its_target_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="no column is left"):
        proposed(pl.DataFrame({"y": TARGETS["booleans"][0], "same": ["x"] * N}))


def test_the_targets_type_is_told() -> None:
    assert proposed(a_frame(y=TARGETS["three texts"][0])).target_dtype is DType.STRING


def test_where_every_column_gives_the_target_away_they_are_kept_and_it_is_said():
    frame = pl.DataFrame({"x": [float(i) for i in range(100)], "y": [i >= 50 for i in range(100)]})
    fields = (Field(name="x", dtype=DType.FLOAT), Field(name="y", dtype=DType.BOOL))
    found = propose(frame, Schema(fields=fields), "y")
    assert found.features == ("x",)
    assert found.left_out == ()
    assert any("is it known when you ask" in note for note in found.notes)
