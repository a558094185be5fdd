"""The pane beside the models: what each tab says."""

from datetime import timedelta

from mllab.errors import NotFound
from mllab.faces.tui.viewmodels import modelpane
from mllab.faces.tui.viewmodels import models as view
from mllab.records import Bundle, DType, FeatureSpec, Field, Task, TraceNode
from tests.support.registry import NOON, a_comparison, a_gate, a_model, a_move, a_version
from tests.support.runs import a_run

LATER = NOON + timedelta(hours=2)
METRICS = {"test.roc_auc": 0.8, "train.roc_auc": 0.9, "test.log_loss": 0.5, "latency_p99_seconds": 0.004}
CHAMPION = a_version(1, "champion", metrics=METRICS)
VERSION = a_version(
    2, metrics={**METRICS, "test.roc_auc": 0.85, "test.log_loss": 0.6}, gates_passed=False, reason="log_loss is worse"
)
MODEL = a_model(CHAMPION, VERSION)
ROW = view.Row("churn@2", MODEL, VERSION, (a_gate(), a_comparison()))
TRACE = TraceNode(
    kind="version",
    id="churn@2",
    text="registered",
    children=[
        TraceNode(
            kind="training_set",
            id="a" * 64,
            text="7 train rows",
            children=[TraceNode(kind="dataset", id="customers@2", text="899 rows", children=[])],
        )
    ],
)
BUNDLE = Bundle(
    learner="xgboost",
    booster="b" * 64,
    task=Task.BINARY,
    target="churned",
    target_dtype=DType.BOOL,
    classes=(False, True),
    features=(FeatureSpec(name="age", dtype=DType.INT),),
    request=(Field(name="age", dtype=DType.INT),),
)


def told(seen: modelpane.Seen, tab: str, width: int = 60) -> str:
    return "\n".join(
        f"{line.label} {line.text}" if line.label else line.text for line in modelpane.lines(seen, tab, LATER, width)
    )


def test_the_heading_names_version_and_aliases() -> None:
    assert modelpane.heading(ROW) == "churn version 2"
    assert modelpane.heading(view.Row("churn", MODEL)) == "churn version 1  ● champion"
    assert modelpane.heading(view.Row("churn", a_model())) == "churn"


def test_gates_are_told_the_failed_ones_first_with_what_was_observed_and_why() -> None:
    text = told(modelpane.Seen(ROW), "gates")
    assert "✗ 1 of 2 gates passed" in text
    assert "✗ log_loss no worse than version 1: failed" in text
    assert "difference -0.01  at worst -0.02  limit -0.005  500 rows" in text
    assert "✓ roc_auc at least 0.6: passed" in text and "observed 0.8  limit 0.6" in text
    assert text.index("log_loss no worse") < text.index("roc_auc at least")


def test_a_rule_that_could_not_be_measured_says_so() -> None:
    lines = modelpane.gate(a_gate(rule="max", passed=False, observed=None, limit=0.05, why="was not measured"))
    assert [line.text for line in lines] == [
        "✗ roc_auc at most 0.05: failed",
        "observed -  limit 0.05",
        "was not measured",
    ]


def test_versions_without_gates_say_why() -> None:
    unjudged = a_version(1, gates_passed=None)
    assert "no gate has judged" in told(modelpane.Seen(view.Row("churn@1", a_model(unjudged), unjudged)), "gates")
    assert "no gate is declared" in told(modelpane.Seen(view.Row("churn@1", MODEL, CHAMPION)), "gates")


def test_a_rejected_version_says_so_with_its_reason() -> None:
    bad = a_version(1, status="rejected", reason="too slow")
    seen = modelpane.Seen(view.Row("churn@1", a_model(bad), bad, (a_gate(),)))
    assert "✗ rejected: too slow" in told(seen, "gates") and "✗ rejected: too slow" in told(seen, "card")


def test_metrics_stand_beside_the_champions_with_a_mark_for_better_and_worse() -> None:
    lines = told(modelpane.Seen(ROW), "metrics").split("\n")
    assert lines[0].split() == ["on", "rows", "test", "●", "1", "diff", "valid.", "train"]
    assert "▼ log_loss           0.6      0.5     +0.1        -        -" in lines
    assert "▲ roc_auc           0.85      0.8    +0.05        -      0.9" in lines
    assert any(line.startswith("▲ better, ▼ worse than version 1") for line in lines)


def test_a_narrow_pane_has_fewer_columns_of_metrics() -> None:
    lines = told(modelpane.Seen(ROW), "metrics", 35).split("\n")
    assert lines[0].split() == ["on", "rows", "test", "●", "1"]
    assert max(len(line) for line in lines[:4]) <= 35


def test_the_champion_is_compared_with_nothing() -> None:
    text = told(modelpane.Seen(view.Row("churn@1", MODEL, CHAMPION)), "metrics")
    assert "●" not in text and "▲" not in text and "roc_auc" in text
    none = a_version(1, metrics={})
    assert "no metric" in told(modelpane.Seen(view.Row("churn@1", a_model(none), none)), "metrics")


def test_the_history_tells_every_move_newest_first() -> None:
    moves = [a_move(1), a_move(2, 1, "challenger", reason="waits", by="ann", moved_at=LATER - timedelta(minutes=5))]
    text = told(modelpane.Seen(ROW, moves), "history")
    assert text.startswith("◆ challenger  1 → 2") and "5m ago, by ann" in text and "waits" in text
    assert "● champion  none → 1" in text
    assert "no alias has moved yet" in told(modelpane.Seen(ROW), "history")


def test_the_card_says_what_is_known() -> None:
    seen = modelpane.Seen(ROW, run=a_run("churn-2", params={"max_depth": 6}), bundle=BUNDLE, trace=TRACE)
    text = told(seen, "card")
    for words in (
        "predicts churned (binary)",
        "trained on 7 train rows",
        "data customers@2 (899 rows)",
        "run churn-2",
        "max_depth 6",
        "age int",
        "answers false, true",
        "features 1: age",
        "model cards come with a later part",
    ):
        assert words in text


def test_what_cannot_be_read_is_said_in_its_place_and_hides_nothing_else() -> None:
    gone = NotFound("no run is called `run_2`", "see the trash")
    text = told(modelpane.Seen(ROW, run=gone, bundle=gone, trace=TRACE), "card")
    assert "run run_2: no run is called `run_2`" in text and "see the trash" in text and "trained on" in text
    assert "no run is called" in told(modelpane.Seen(ROW, trace=gone), "lineage")
    assert told(modelpane.Seen(ROW), "lineage") == "no lineage is known"


def test_the_lineage_goes_down_to_what_it_was_made_from() -> None:
    lines = modelpane.lines(modelpane.Seen(ROW, trace=TRACE), "lineage", LATER, 60)
    assert [(line.indent, line.text) for line in lines] == [
        (0, "version churn@2"),
        (0, "registered"),
        (2, "└ training set aaaaaaaaaaaaaaaa…"),
        (4, "7 train rows"),
        (4, "└ dataset customers@2"),
        (6, "899 rows"),
    ]


def test_a_held_model_says_so_above_every_tab() -> None:
    held = view.Row("churn@2", a_model(CHAMPION, VERSION, held=True), VERSION)
    for tab in modelpane.TABS:
        lines = modelpane.lines(modelpane.Seen(held, [a_move(1, 2, reason="rollback: slow")]), tab, LATER, 60)
        assert lines[0].text == "‖ HELD: slow" and "U releases" in lines[2].text


def test_a_model_without_versions_says_what_comes_next() -> None:
    text = told(modelpane.Seen(view.Row("churn", a_model())), "gates")
    assert "no version of churn yet" in text and "n trains it now" in text and "inbox/" in text
