"""What runs were made from and how sure differences are, in words and as rows."""

from typing import Any

import pytest

from mllab.faces.differences import PARTS, holm_words, in_a_line, in_full, outcome_words, p_words, pair_words
from mllab.faces.tui.viewmodels import rundiff as view
from mllab.faces.tui.viewmodels.groups import cell, exported, headline, looks, mean_words
from mllab.records import (
    Change,
    CodeDiff,
    DataDiff,
    GroupMetric,
    GroupSummary,
    MetricTest,
    PairTest,
    RunDiff,
    RunGroup,
    SourceDiff,
    TextDiff,
)
from tests.support.runs import a_run

ONE, TWO = a_run("one"), a_run("two")


def a_diff(**fields: Any) -> RunDiff:
    known: dict[str, Any] = {
        "code": CodeDiff(before="a" * 40, after="a" * 40),
        "declaration": TextDiff(),
        "features": TextDiff(),
        "environment": (),
        "data": DataDiff(training_sets=("a", "a")),
    }
    return RunDiff(run_id=TWO.run_id, **(known | fields))


def a_test(metric: str = "roc_auc", **fields: Any) -> MetricTest:
    known: dict[str, Any] = {"reference": 0.8, "value": 0.82, "difference": 0.02, "low": 0.01, "high": 0.03}
    return MetricTest(metric=metric, **(known | {"p": 0.001, "p_adjusted": 0.004, "method": "DeLong"} | fields))


def test_where_nothing_differs_every_part_is_the_same() -> None:
    assert [in_a_line(a_diff(), part) for part in PARTS] == ["same (aaaaaaaa)", *["same"] * 4]


@pytest.mark.parametrize(
    ("fields", "part", "line"),
    [
        ({"code": CodeDiff(known=False, why="no git commit")}, "code", "not known: no git commit"),
        (
            {"code": CodeDiff(before="a" * 40, after="b" * 40 + "+", files=(("train.py", "changed"),))},
            "code",
            "aaaaaaaa -> bbbbbbbb+; 1 file: train.py",
        ),
        (
            {"code": CodeDiff(before="a" * 40, after="a" * 40 + "+", uncommitted=("", "+x\n-y"))},
            "code",
            "aaaaaaaa -> aaaaaaaa+; other uncommitted changes (none, 2 lines)",
        ),
        ({"code": CodeDiff(branches=("main", ""))}, "code", "branch main -> -"),
        ({"declaration": TextDiff(known=False, why="gone")}, "declaration", "not known: gone"),
        (
            {"declaration": TextDiff(text="+a", changes=tuple(Change(name=n) for n in "abcde"))},
            "declaration",
            "5 keys: a, b, c and 2 more",
        ),
        ({"features": TextDiff(text="--- a\n+++ b\n-x\n+y\n+z")}, "features.py", "+2 -1 lines"),
        ({"environment": (Change(name="polars", before="1.0", after="1.1"),)}, "environment", "polars: 1.0 -> 1.1"),
        (
            {
                "data": DataDiff(
                    sources=(
                        SourceDiff(
                            source="sales",
                            before=1,
                            after=3,
                            rows_before=10,
                            rows_after=30,
                            added=("a", "b"),
                            removed=("c",),
                        ),
                    )
                )
            },
            "data",
            "sales: version 1 -> version 3, +20 rows, + a, b, - c",
        ),
        ({"data": DataDiff(training_sets=("a", "b"))}, "data", "same versions, another training set"),
    ],
)
def test_a_part_is_told_in_a_line_and_in_full(fields: dict[str, Any], part: str, line: str) -> None:
    diff = a_diff(**fields)
    assert in_a_line(diff, part) == line
    assert in_full(diff, part).startswith(line)


def test_a_diff_in_full_has_every_file_and_both_patches() -> None:
    code = CodeDiff(files=(("a.py", "added"),), text="+new", uncommitted=("+mine", "+yours"))
    text = in_full(a_diff(code=code), "code")
    assert all(word in text for word in ("added    a.py", "+new", "the reference:\n+mine", "this run:\n+yours"))


def test_rows_of_parts_are_of_these_runs_or_there_are_none() -> None:
    rows = view.diff_rows([ONE, TWO], [a_diff(environment=(Change(name="x", before=1, after=2),))])
    assert [row.label for row in rows[1:]] == list(PARTS)
    assert rows[4].cells[1].text == "x: 1 -> 2"
    assert view.diff_rows([TWO, ONE], [a_diff()]) == []
    assert view.diff_rows([ONE, TWO], ()) == []
    assert "two against one" in view.diff_page([ONE, TWO], [a_diff()], "data")


def test_a_page_without_end_is_cut_and_says_so() -> None:
    text = view.diff_page([ONE, TWO], [a_diff(features=TextDiff(text="+x\n" * 9_000))], "features.py")
    assert text.endswith("more lines: mllab run compare --all")
    assert len(text.splitlines()) == view.MOST_LINES + 1


def test_rows_of_tests_carry_p_and_whether_it_is_better() -> None:
    pair = PairTest(run_id=TWO.run_id, reference=ONE.run_id, n_rows=1_200, tests=(a_test(verdict=1),), rows="rows")
    rows = view.tested_rows([ONE, TWO], [pair])
    assert [(row.label, row.cells[1].text) for row in rows[1:]] == [("rows", "1,200"), ("roc_auc", "p 0.004")]
    assert (rows[2].cells[1].delta, rows[2].cells[1].verdict) == ("+0.02", 1)
    assert view.tested_rows([TWO, ONE], [pair]) == []
    assert "DeLong" in view.tested_page([ONE, TWO], [pair])


def test_runs_that_cannot_be_compared_say_so_in_a_row_and_why_on_the_page() -> None:
    pair = PairTest(run_id=TWO.run_id, reference=ONE.run_id, why_not="other question")
    rows = view.tested_rows([ONE, TWO], [pair])
    assert [row.cells[1].text for row in rows[1:]] == ["not comparable"]
    assert "not comparable: other question" in view.tested_page([ONE, TWO], [pair])
    assert pair_words(pair) == "not comparable: other question"


def test_outcomes_in_words() -> None:
    assert outcome_words(a_test(verdict=1)) == "+0.02 (+0.01 to +0.03), p 0.004: better"
    assert outcome_words(a_test(verdict=0, p_adjusted=0.4)).endswith("p 0.4: may be chance")
    assert (p_words(1e-9), p_words(0.0421)) == ("<0.0001", "0.042")
    assert "Holm, over 8 tests" in holm_words(8) and "Holm" not in holm_words(1)


# -- groups -----------------------------------------------------------------------------------------------------------


def a_group(**fields: Any) -> RunGroup:
    measured = GroupMetric(n=3, mean=0.81234, std=0.01, low=0.8, high=0.82468, least=0.8, greatest=0.82)
    known: dict[str, Any] = {"key": {"lr": 0.1}, "run_ids": ("a", "b", "c"), "seeds": (0, 1, 2), "n_training_sets": 1}
    return RunGroup(**(known | {"metrics": {"test.auc": measured}} | fields))


def test_a_group_is_its_key_its_runs_and_its_means() -> None:
    found = GroupSummary(by=("lr",), metrics=("test.auc",), groups=(a_group(),), n_runs=3, n_left_out=2)
    assert [look.title for look in looks(found)] == ["lr", "runs", "auc"]
    assert [cell(found.groups[0], look.id) for look in looks(found)] == ["0.1", "3", "0.8123 ± 0.012"]
    assert headline(found, "x") == "1 group of 3 runs by lr · mean and 95 % interval · 2 unfinished left out · x"
    headers, rows, _ = exported(found)
    assert headers == ["lr", "runs", "test.auc n", "test.auc mean", "test.auc std", "test.auc low", "test.auc high"]
    assert rows == [[0.1, 3, 3, 0.81234, 0.01, 0.8, 0.82468]]


def test_a_single_run_has_no_interval_and_several_sets_are_marked() -> None:
    single = GroupMetric(n=1, mean=0.5, least=0.5, greatest=0.5)
    assert (mean_words(single), mean_words(None)) == ("0.5", "-")
    assert "+-" in mean_words(a_group().metrics["test.auc"], ascii_only=True)
    assert cell(a_group(n_training_sets=2), "runs") == "3!"
