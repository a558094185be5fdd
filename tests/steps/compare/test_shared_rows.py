"""Which rows two runs have both been measured on."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mllab.records import Task
from mllab.steps.compare.paired import LEAST_ROWS
from mllab.steps.compare.shared_rows import Pair, Unseen, logged, logged_columns, unseen
from mllab.steps.compare.sides import Side, why_not

SPLITS = st.lists(st.sampled_from(["train", "validation", "test"]), min_size=40, max_size=40)


def a_set(splits: list[str], first: int = 0, target: int = 0) -> pl.DataFrame:
    rows = range(first, first + len(splits))
    return pl.DataFrame(
        {"__row": rows, "__split": splits, "__target": [row % 2 + target for row in rows], "x": [-row for row in rows]},
        schema_overrides={"__row": pl.UInt64},
    )


@given(SPLITS, SPLITS, st.integers(0, 20))
def test_rows_are_test_rows_of_both_and_neither_has_learnt_them(one: list[str], other: list[str], first: int) -> None:
    left, right = a_set(one), a_set(other, first)
    found = unseen(left, right, is_same=False)
    sides = [{row for row, split, *_ in frame.rows() if split == "test"} for frame in (left, right)]
    wanted = sides[0] & sides[1]
    if len(wanted) < LEAST_ROWS:
        assert isinstance(found, str) and found.startswith(f"only {len(wanted)} ")
        return
    assert isinstance(found, Unseen)
    assert set(found.reference["__row"]) == wanted
    assert found.reference["__row"].to_list() == found.other["__row"].to_list()
    assert found.reference["x"].to_list() == found.other["x"].to_list()


def test_of_one_training_set_all_test_rows_count_also_equal_ones() -> None:
    both = pl.concat([a_set(["test"] * 10), a_set(["test"] * 10)])
    found = unseen(both, both, is_same=True)
    assert isinstance(found, Unseen) and found.reference.height == 20


def test_rows_with_another_truth_are_left_out_and_targets_of_other_types_are_a_reason() -> None:
    left, right = a_set(["test"] * 30), a_set(["test"] * 30)
    changed = right.with_columns(pl.when(pl.col("__row") < 5).then(9).otherwise(pl.col("__target")).alias("__target"))
    found = unseen(left, changed, is_same=False)
    assert isinstance(found, Unseen) and found.reference.height == 25
    assert "5 with another truth left out" in found.rows
    assert "other types" in str(unseen(left, right.with_columns(pl.col("__target").cast(pl.String)), is_same=False))


def frame(*rows: tuple[object, object, object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["row_id", "prediction", "label"], orient="row", strict=False)


def test_columns_have_their_names_in_this_order() -> None:
    assert logged_columns(["x", "label", "id", "prediction"]) == ("id", "prediction", "label")
    assert logged_columns(["row", "row_id", "score", "truth"]) == ("row_id", "score", "truth")
    assert logged_columns([]) == "its predictions have no column `row_id` (no columns)"


def test_logged_numbers_are_probabilities_or_a_regression() -> None:
    shares = frame(*((n, 0.5, n % 2) for n in range(20)))
    found = logged(shares, shares)
    assert isinstance(found, Pair) and found.task is Task.BINARY
    values = frame(*((n, n + 0.5, n) for n in range(20)))
    found = logged(values, values.reverse())
    assert isinstance(found, Pair) and found.task is Task.REGRESSION
    assert (found.reference == found.other).all()


def test_rows_without_a_number_are_left_out() -> None:
    whole = frame(*((n, 0.5, n % 2) for n in range(20)))
    holes = frame(*((n, float("nan") if n < 5 else 0.5, n % 2) for n in range(20)))
    found = logged(whole, holes)
    assert isinstance(found, Pair) and len(found.y) == 15
    assert "needs 10" in str(logged(whole, frame(*((n, float("inf"), n % 2) for n in range(20)))))
    assert "needs 10" in str(logged(whole, frame(*((n + 100, 0.5, 1) for n in range(20)))))


def test_what_two_runs_lack_is_named() -> None:
    model = Side(run_id="a", name="a", bundle="b", frame="f")
    rows, nothing = Side(run_id="r", name="r", predictions="p"), Side(run_id="n", name="nothing")
    assert why_not(model, model) == why_not(rows, rows) == ""
    assert "nothing has neither" in why_not(model, nothing)
    assert "the other only logged predictions" in why_not(model, rows)
