"""Runs of a real lab side by side: what they were made from, and row by row."""

import io
import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mllab.errors import InvalidInput, NotFound
from mllab.lab import Lab
from mllab.records import Comparison, GitState, Run, RunStatus
from tests.support.labs import customers
from tests.support.runs import NOON, a_run


def keep(lab: Lab, name: str, **fields: Any) -> Run:
    """A finished run as a script would have logged it."""
    run = a_run(name, **({"training_set": None, "config_digest": None, "model": None} | fields))

    def write(tx: Any) -> None:
        tx.name(run.run_id, "run")
        tx.emit("run.started", run.run_id, f"{name} started", msgspec.structs.replace(run, status=RunStatus.RUNNING))
        tx.emit("run.finished", run.run_id, f"{name} finished", run)

    lab.workspace.db.write(write)
    return run


def predictions(lab: Lab, n: int = 60, error: float = 0.2, seed: int = 0, **changes: Any) -> dict[str, str]:
    """An artifact with predictions of `n` rows."""
    draws = random.Random(seed)
    lines = [changes.get("head", "row_id,prediction,label")]
    for row in range(n):
        label = row % 3 == 0
        share = min(max(label * (1 - 2 * error) + error + draws.gauss(0, 0.02), 0.001), 0.999)
        lines.append(f"{row},{share:.4f},{int(label)}")
    text = "\n".join(lines) + changes.get("end", "\n")
    return {"predictions.csv": lab.workspace.artifacts.put(text.encode())}


@pytest.fixture
def two(lab: Lab) -> tuple[str, str]:
    """Two trainings on the same rows that differ in a parameter."""
    shallow = lab.train("churn", params={"max_depth": 1, "rounds": 2}, wait=True)
    deep = lab.train("churn", params={"max_depth": 6}, seed=3, wait=True)
    return shallow.run_id, deep.run_id


# -- the whole of it --------------------------------------------------------------------------------------------------


def test_two_trainings_are_compared_in_all_their_parts(lab: Lab, two: tuple[str, str]) -> None:
    found = lab.compare(two)
    assert [run.run_id for run in found.runs] == list(two)
    assert [row.name for row in found.params[:2]] == ["max_depth", "rounds"] or {
        row.name for row in found.params if row.differs
    } >= {"max_depth", "rounds"}
    assert found.same_rows is True
    auc = next(row for row in found.metrics if row.name == "test.roc_auc")
    assert auc.deltas[two[1]] == pytest.approx(auc.values[two[1]] - auc.values[two[0]])
    assert {curve.metric for curve in found.curves} >= {"validation.log_loss", "train.log_loss"}
    (pair,) = found.significance
    assert pair.why_not == "" and pair.n_rows > 50
    assert {test.metric for test in pair.tests} == {"roc_auc", "log_loss", "brier", "accuracy"}
    loss = next(test for test in pair.tests if test.metric == "log_loss")
    assert loss.reference == pytest.approx(found.runs[0].metrics["test.log_loss"], abs=1e-6)
    assert loss.verdict == 1
    assert found.n_tests == 4
    assert all(test.p <= test.p_adjusted for test in pair.tests)


def test_a_comparison_is_json_and_comes_back_the_same(lab: Lab, two: tuple[str, str]) -> None:
    found = lab.compare(two)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Comparison) == found


def test_the_reference_is_the_first_or_the_one_that_is_named(lab: Lab, two: tuple[str, str]) -> None:
    first = lab.list_runs()[-1].run_id
    found = lab.compare(two, against=first, significance=False)
    assert [run.run_id for run in found.runs] == [first, *two]
    assert found.significance == ()
    assert lab.compare(two, curves=False, significance=False).curves == ()
    assert [one.run_id for one in found.diffs] == list(two)


def test_nothing_is_changed(lab: Lab, two: tuple[str, str]) -> None:
    seq, kept = lab.last_seq(), sorted(lab.workspace.artifacts.folder.rglob("*"))
    lab.compare(two)
    assert (lab.last_seq(), sorted(lab.workspace.artifacts.folder.rglob("*"))) == (seq, kept)


def test_what_cannot_be_compared_is_refused(lab: Lab, two: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput, match="cannot be compared"):
        lab.compare([two[0]])
    with pytest.raises(InvalidInput, match="cannot be compared"):
        lab.compare([two[0], two[0]])
    with pytest.raises(InvalidInput, match="cannot be compared"):
        lab.compare([])
    with pytest.raises(NotFound, match="nosuch"):
        lab.compare([two[0], "nosuch"])
    with pytest.raises(NotFound):
        lab.compare(two, against="nosuch")
    with pytest.raises(InvalidInput, match="by `epoch`"):
        lab.compare(two, by="epoch")
    for weight in (1.0, -0.1, float("nan")):
        with pytest.raises(InvalidInput, match="smoothed"):
            lab.compare(two, smooth=weight)


# -- what runs were made from -----------------------------------------------------------------------------------------


def test_an_edit_of_the_declaration_and_new_data_are_told(lab: Lab, tmp_path: Path) -> None:
    before = lab.list_runs()[0].run_id
    path = lab.folder / "mllab.toml"
    path.write_text(path.read_text().replace('target = "churned"', 'target = "churned"\nseed = 7', 1))
    lab.workspace.accept_config()
    lab.add(customers(tmp_path / "more.csv", 200, seed=5), source="customers", wait=True)
    after = lab.train("churn", wait=True).run_id
    found = lab.compare([before, after])
    (diff,) = found.diffs
    assert ("model.churn.seed", None, 7) in [(one.name, one.before, one.after) for one in diff.declaration.changes]
    assert "+seed = 7" in diff.declaration.text
    assert diff.features.text == ""
    (source,) = diff.data.sources
    assert (source.before, source.after, source.rows_after - source.rows_before) == (1, 2, 200)
    assert source.added == ("more.csv",)
    assert found.same_rows is False
    assert {row.verdicts.get(after) for row in found.metrics} == {None}


def test_runs_on_two_training_sets_are_tested_on_the_rows_that_neither_has_learnt(lab: Lab, tmp_path: Path) -> None:
    before = lab.list_runs()[0].run_id
    lab.add(customers(tmp_path / "more.csv", 400, seed=5), source="customers", wait=True)
    after = lab.train("churn", wait=True).run_id
    (pair,) = lab.compare_rows([before, after])
    assert pair.why_not == ""
    assert "neither" in pair.rows
    n_before = lab.workspace.datasets.find_training_set(lab.run(before).training_set).n_test
    assert 10 <= pair.n_rows <= n_before


def test_code_is_compared_by_commit_and_by_what_was_not_committed(lab: Lab) -> None:
    from dulwich import porcelain

    repo = porcelain.init(str(lab.folder))
    commits = []
    for text in ("x = 1\n", "x = 2\n"):
        (lab.folder / "train.py").write_text(text)
        porcelain.add(repo, [str(lab.folder / "train.py")])
        made = porcelain.commit(repo, message=text.encode(), author=b"a <a@b>", committer=b"a <a@b>")
        commits.append(made.decode())
    repo.close()
    patch = lab.workspace.artifacts.put(b"--- a/train.py\n+++ b/train.py\n-x = 2\n+x = 3\n")
    one = keep(lab, "one", git=GitState(commit=commits[0], branch="main"))
    two = keep(lab, "two", git=GitState(commit=commits[1], branch="try", is_dirty=True, diff=patch))
    three = keep(lab, "three", git=GitState(commit="0" * 40))
    found = lab.compare([one.run_id, two.run_id, three.run_id], significance=False)
    code, lost = (diff.code for diff in found.diffs)
    assert (code.before, code.after) == (commits[0], commits[1] + "+")
    assert code.branches == ("main", "try")
    assert code.files == (("train.py", "changed"),)
    assert "-x = 1" in code.text and "+x = 2" in code.text
    assert "+x = 3" in code.uncommitted[1]
    assert lost.files == () and "not known" in lost.why


def test_runs_of_scripts_know_no_declaration_and_say_so(lab: Lab) -> None:
    environment = {"python": "3.11.7", "polars": "1.0"}
    other = environment | {"polars": "1.1", "process": "7@1.5"}
    one, two = keep(lab, "one", environment=environment), keep(lab, "two", environment=other)
    (diff,) = lab.compare([one.run_id, two.run_id]).diffs
    assert not (diff.code.known or diff.declaration.known or diff.features.known or diff.data.known)
    assert "one and two" in diff.declaration.why
    assert [(one.name, one.before, one.after) for one in diff.environment] == [("polars", "1.0", "1.1")]


# -- predictions of scripts -------------------------------------------------------------------------------------------


def test_predictions_that_scripts_have_logged_are_compared(lab: Lab) -> None:
    one = keep(lab, "one", artifacts=predictions(lab, error=0.4))
    two = keep(lab, "two", artifacts=predictions(lab, error=0.1, seed=1))
    (pair,) = lab.compare_rows([one.run_id, two.run_id])
    assert (pair.n_rows, pair.why_not) == (60, "")
    assert {test.metric: test.verdict for test in pair.tests}["log_loss"] == 1


def test_predictions_as_parquet_and_as_csv_fit_together(lab: Lab) -> None:
    import polars as pl

    one = keep(lab, "one", artifacts=predictions(lab))
    frame = pl.read_csv(io.BytesIO(lab.workspace.artifacts.get(one.artifacts["predictions.csv"])))
    content = io.BytesIO()
    frame.with_columns(pl.col("label") == 1).reverse().write_parquet(content)
    two = keep(lab, "two", artifacts={"predictions.parquet": lab.workspace.artifacts.put(content.getvalue())})
    (pair,) = lab.compare_rows([one.run_id, two.run_id])
    assert {test.difference for test in pair.tests} == {0.0}
    assert {test.p for test in pair.tests} == {1.0}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"n": 5}, "only 5 rows"),
        ({"head": "row_id,guess,label"}, "no column `prediction`"),
        ({"end": "\n0,0.5,1\n"}, "row ids repeat"),
        ({"n": 0, "head": "\x00\x01"}, "predictions"),
        ({"end": '\n"unclosed,1'}, ""),
    ],
)
def test_predictions_that_do_not_fit_are_said_to(lab: Lab, changes: dict[str, Any], why: str) -> None:
    one, two = keep(lab, "one", artifacts=predictions(lab)), keep(lab, "two", artifacts=predictions(lab, **changes))
    (pair,) = lab.compare_rows([one.run_id, two.run_id])
    assert why in pair.why_not


def test_labels_that_differ_are_no_comparison(lab: Lab) -> None:
    flipped = predictions(lab)
    text = lab.workspace.artifacts.get(flipped["predictions.csv"]).decode().replace(",1\n", ",0\n")
    one = keep(lab, "one", artifacts=flipped)
    two = keep(lab, "two", artifacts={"predictions.csv": lab.workspace.artifacts.put(text.encode())})
    (pair,) = lab.compare_rows([one.run_id, two.run_id])
    assert "labels of the same rows are not the same" in pair.why_not


def test_classes_as_text_are_compared_by_accuracy_and_numbers_as_a_regression(lab: Lab) -> None:
    put = lab.workspace.artifacts.put
    right = "id,prediction,label\n" + "".join(f"r{n},{'ab'[n % 2]},{'ab'[n % 2]}\n" for n in range(40))
    wrong = "id,prediction,label\n" + "".join(f"r{n},a,{'ab'[n % 2]}\n" for n in range(40))
    runs = [
        keep(lab, name, artifacts={"predictions.csv": put(text.encode())})
        for name, text in (("one", wrong), ("two", right))
    ]
    (pair,) = lab.compare_rows([run.run_id for run in runs])
    (test,) = pair.tests
    assert (test.metric, test.reference, test.value, test.verdict) == ("accuracy", 0.5, 1.0, 1)
    prices = ["id,prediction,label\n" + "".join(f"{n},{n + off * (n % 3)},{n}\n" for n in range(40)) for off in (3, 1)]
    runs = [keep(lab, f"p{n}", artifacts={"predictions.csv": put(text.encode())}) for n, text in enumerate(prices)]
    (pair,) = lab.compare_rows([run.run_id for run in runs])
    assert {test.metric: test.verdict for test in pair.tests} == {"rmse": 1, "mae": 1}


def test_a_model_and_logged_predictions_or_nothing_cannot_be_compared(lab: Lab) -> None:
    trained = lab.list_runs()[0].run_id
    bare, logged = keep(lab, "bare"), keep(lab, "logged", artifacts=predictions(lab))
    found = lab.compare_rows([trained, bare.run_id, logged.run_id])
    assert "bare has neither a model" in found[0].why_not
    assert "the other only logged predictions" in found[1].why_not


def test_models_that_answer_other_questions_are_said_to(lab: Lab) -> None:
    lab.add_model("customers", "plan", name="plan")
    lab.workspace.accept_config()
    other = lab.train("plan", wait=True).run_id
    found = lab.compare([lab.list_runs(model="churn")[0].run_id, other])
    assert "one predicts binary, the other multiclass" in found.significance[0].why_not


def test_an_artifact_that_is_gone_is_a_reason_not_an_end(lab: Lab, two: tuple[str, str]) -> None:
    gone = keep(lab, "gone", artifacts={"predictions.csv": "0" * 64})
    one = keep(lab, "one", artifacts=predictions(lab))
    (pair,) = lab.compare_rows([one.run_id, gone.run_id])
    assert pair.why_not != ""


# -- bad values -------------------------------------------------------------------------------------------------------


def test_ten_runs_with_hostile_names_and_values_are_compared(lab: Lab) -> None:
    names = [f"\x1b[31m{n}\u202e" for n in range(10)]
    runs = [
        keep(lab, name, params={f"p{name}": "x" * 6_000, "eta": n}, metrics={"loss": 1.0 * n}, tags={name: name})
        for n, name in enumerate(names)
    ]
    found = lab.compare([run.run_id for run in runs])
    assert len(found.diffs) == 9
    assert next(row for row in found.params if row.name == "eta").differs == "value"
    json.loads(msgspec.json.encode(found))


# -- groups -----------------------------------------------------------------------------------------------------------


def test_runs_are_grouped_over_their_seeds_and_unfinished_ones_left_out(lab: Lab) -> None:
    for seed in range(3):
        for lr in (0.1, 0.3):
            keep(
                lab,
                f"lr{lr}-{seed}",
                experiment="sweep",
                seed=seed,
                params={"lr": lr},
                metrics={"auc": lr + seed / 100},
                started_at=NOON + timedelta(seconds=seed),
            )
    keep(lab, "broken", experiment="sweep", params={"lr": 0.1}, status=RunStatus.FAILED)
    found = lab.group_runs("experiment:sweep")
    assert [(one.key, one.metrics["auc"].n) for one in found.groups] == [({"lr": 0.3}, 3), ({"lr": 0.1}, 3)]
    assert found.groups[0].metrics["auc"].mean == pytest.approx(0.31)
    assert found.groups[0].metrics["auc"].low == pytest.approx(0.31 - 4.302653 * 0.01 / 3**0.5)
    assert (found.n_runs, found.n_left_out) == (6, 1)
    assert len(lab.group_runs("experiment:sweep", ["seed"], ["auc"]).groups) == 3
    assert lab.group_runs(model="churn").n_runs == 1
    with pytest.raises(InvalidInput, match="no run has a parameter"):
        lab.group_runs("experiment:sweep", ["nosuch"])
