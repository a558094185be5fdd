"""Runs side by side, as rows."""

from typing import Any

from mllab.faces.tui.viewmodels import compare as view
from mllab.faces.tui.viewmodels.compare import Compared, Row
from mllab.records import Run
from tests.support.runs import NOON, a_live_run, a_run


def compared(*runs: Run) -> list[Compared]:
    return [Compared(run, {}) for run in runs]


def labels(rows: list[Row], kind: str) -> list[str]:
    return [row.label for row in rows if row.kind == kind]


def row_of(rows: list[Row], name: str) -> Row:
    return next(row for row in rows if row.name == name)


def listed(*runs: Run, **options: Any) -> list[Row]:
    return view.rows(compared(*runs), NOON, only_differences=options.get("only_differences", True))


FIRST = a_run("one", params={"eta": 0.1, "max_depth": 4}, metrics={"test.log_loss": 0.5, "test.roc_auc": 0.8})
SECOND = a_run("two", params={"eta": 0.1, "max_depth": 8}, metrics={"test.log_loss": 0.4, "test.roc_auc": 0.7})


def test_the_reference_comes_first_and_a_pinned_run_is_added() -> None:
    assert view.ordered(["a", "b"], None) == ["a", "b"]
    assert view.ordered(["a", "b"], "b") == ["b", "a"]
    assert view.ordered(["a", "b", "a"], "c") == ["c", "a", "b"]


def test_parameters_that_differ_come_first_and_equal_ones_on_demand() -> None:
    assert labels(listed(FIRST, SECOND), "param") == ["max_depth"]
    assert labels(listed(FIRST, SECOND), "more") == ["1 equal, d shows"]
    assert labels(listed(FIRST, SECOND), "head")[0] == "1 param differs"
    everything = listed(FIRST, SECOND, only_differences=False)
    assert labels(everything, "param") == ["max_depth", "eta"]
    assert labels(everything, "more") == []


def test_a_parameter_that_a_finished_run_lacks_is_a_difference() -> None:
    other = a_run("two", params={"eta": 0.1})
    assert labels(listed(FIRST, other), "param") == ["max_depth"]
    assert [cell.text for cell in row_of(listed(FIRST, other), "max_depth").cells] == ["4", "-"]


def test_a_live_run_does_not_know_all_its_parameters_yet() -> None:
    assert labels(listed(FIRST, a_live_run("two", params={"eta": 0.1})), "param") == []


def test_metrics_carry_signed_differences_and_whether_they_are_better() -> None:
    rows = listed(FIRST, SECOND)
    loss, auc = row_of(rows, "test.log_loss"), row_of(rows, "test.roc_auc")
    assert [(cell.text, cell.delta, cell.verdict) for cell in loss.cells] == [("0.5", "", 0), ("0.4", "-0.1", 1)]
    assert [(cell.text, cell.delta, cell.verdict) for cell in auc.cells] == [("0.8", "", 0), ("0.7", "-0.1", -1)]


def test_metrics_stand_under_the_rows_they_were_measured_on() -> None:
    run = a_run(metrics={"train.rmse": 1.0, "model_bytes": 9.0, "validation.rmse": 2.0, "test.rmse": 3.0})
    assert labels(listed(run), "head")[1:] == [
        "on unseen rows",
        "on validation rows",
        "on training rows",
        "other metrics",
        "facts",
    ]


def test_a_metric_that_a_run_lacks_has_no_difference() -> None:
    rows = listed(FIRST, a_run("two", metrics={"test.f1": 0.5, "test.log_loss": float("nan")}))
    assert [cell.text for cell in row_of(rows, "test.f1").cells] == ["-", "0.5"]
    assert {cell.delta for name in ("test.f1", "test.log_loss") for cell in row_of(rows, name).cells} == {""}


def test_a_live_run_is_compared_by_the_last_points_of_its_curves() -> None:
    live = Compared(a_live_run(), {"validation.rmse": ([0.0, 1.0], [3.0, 2.0])})
    rows = view.rows([live], NOON, only_differences=True)
    assert row_of(rows, "validation.rmse").cells[0].value == 2.0


def test_it_says_whether_the_numbers_are_of_the_same_rows() -> None:
    other, without = a_run("three", training_set="b" * 64), a_run("four", training_set=None)
    assert view.same_rows([FIRST, SECOND]) == "same rows: yes (training set aaaaaaaaaaaa)"
    assert view.same_rows([FIRST, other]) == "other rows (2 training sets): differences are no verdict"
    assert "not known" in view.same_rows([FIRST, without])


def test_keys_of_rows_are_unique() -> None:
    rows = listed(FIRST, SECOND, a_run("three", params={"id": 1}, metrics={"id": 1.0}), only_differences=False)
    assert len({row.key for row in rows}) == len(rows)


def test_curves_begin_with_a_validation_curve_and_a_metric_finds_its_curve() -> None:
    curve = ([0.0, 1.0], [1.0, 2.0])
    runs = [Compared(FIRST, {"train.rmse": curve, "validation.rmse": curve}), Compared(SECOND, {"loss": curve})]
    names = view.curve_names(runs)
    assert names == ["validation.rmse", "train.rmse", "loss"]
    assert view.curve_for("train.rmse", names) == "train.rmse"
    assert view.curve_for("test.rmse", names) == "validation.rmse"
    assert view.curve_for("test.f1", names) is None
    assert view.curve_names(compared(FIRST)) == []


def test_an_export_has_a_column_for_each_run_and_each_difference() -> None:
    headers, flat, records = view.exported(listed(FIRST, SECOND), [FIRST, SECOND])
    assert headers == ["kind", "name", "one", "two", "two - one"]
    assert next(line for line in flat if line[1] == "test.roc_auc")[:4] == ["metric", "test.roc_auc", 0.8, 0.7]
    assert ["param", "max_depth", 4, 8, None] in flat
    assert {"kind": "param", "name": "max_depth", "values": {"run_one": 4, "run_two": 8}, "reference": "run_one"} in (
        records
    )
