"""An answer in words: binary, several classes, a number; right or wrong; why; and whether it is still the form's."""

from typing import Any

import pytest

from mllab.faces.tui.viewmodels import answer as view
from mllab.faces.tui.viewmodels.answer import Asked, Told
from mllab.records import Answer, Bundle, DType, Served, Task


def a_bundle(task: Task = Task.BINARY, **changes: Any) -> Bundle:
    classes = {Task.BINARY: (False, True), Task.MULTICLASS: ("basic", "plus", "max"), Task.REGRESSION: ()}[task]
    fields = {"learner": "xgboost", "booster": "0" * 64, "task": task, "target": "churned", "classes": classes}
    return Bundle(**(fields | {"target_dtype": DType.BOOL, "features": (), "request": ()} | changes))


def told(task: Task = Task.BINARY, target: Any = None, is_changed: bool = False, **changes: Any) -> Told:
    said: dict[str, Any] = {
        Task.BINARY: {"predictions": [True], "probabilities": [{"false": 0.25, "true": 0.75}]},
        Task.MULTICLASS: {"predictions": ["max"], "probabilities": [{"basic": 0.2, "plus": 0.1, "max": 0.7}]},
        Task.REGRESSION: {"predictions": [12.5], "probabilities": None},
    }[task]
    said |= {"explanations": [{"age": -0.5, "plan": 1.25, "spend": 0.1, "bias": 0.25}], "warnings": []}
    bundle = {name: changes.pop(name) for name in ("threshold", "target_name") if name in changes}
    answer = Answer(model="churn", version=2, prediction_ids=["p_1"], **(said | changes))
    values = {"age": 30, "plan": None}
    asked = Asked("row 1 of 3", target, is_changed, values, {"age": "30", "plan": ""})
    return Told(asked, answer, a_bundle(task, **bundle), values, 0.0042)


def test_a_binary_answer_has_class_probability_and_threshold() -> None:
    assert view.verdict(told()) == ("churned", "true")
    (share,) = view.shares(told(), 20)
    assert share.label == "probability of true" and share.text == "0.750 ≥ threshold 0.5"
    assert len(share.bar) == 20 and share.bar[10] == "┃" and share.bar.count("░") == 5
    (below,) = view.shares(told(threshold=0.9), 20)
    assert below.text == "0.750 < threshold 0.9" and below.bar[18] == "┃"


def test_several_classes_come_likeliest_first() -> None:
    assert [share.label for share in view.shares(told(Task.MULTICLASS), 10)] == ["max", "basic", "plus"]
    assert view.verdict(told(Task.MULTICLASS))[1] == "max"


def test_a_number_has_no_probability() -> None:
    assert view.shares(told(Task.REGRESSION), 10) == []
    assert view.verdict(told(Task.REGRESSION)) == ("churned", "12.5")


@pytest.mark.parametrize(
    ("task", "target", "is_changed", "said"),
    [
        (Task.BINARY, True, False, "the row's own label: true ✓ right"),
        (Task.BINARY, False, False, "the row's own label: false ✗ wrong"),
        (Task.MULTICLASS, "max", False, "the row's own label: max ✓ right"),
        (Task.REGRESSION, 12.0, False, "the row's own label: 12, the answer is 0.5 too high"),
        (Task.REGRESSION, 15.0, False, "the row's own label: 15, the answer is 2.5 too low"),
        (Task.REGRESSION, 12.5, False, "the row's own label: 12.5, the answer is just that"),
        (Task.BINARY, True, True, "the row's own label was true; values were changed since"),
    ],
)
def test_the_truth_is_told_where_it_is_known(task: Task, target: Any, is_changed: bool, said: str) -> None:
    line = view.truth(told(task, target, is_changed))
    assert line is not None and line.text == said
    assert view.truth(told(task)) is None


def test_version_latency_id_and_warnings_are_told() -> None:
    lines = view.facts(told(warnings=["row 0: `age` is null"]))
    assert [line.text for line in lines] == ["version 2 · 4.20 ms · id p_1", "! `age` is null"]


def test_reasons_are_the_largest_first_with_the_values_that_were_seen() -> None:
    assert view.reasons(told(), 5) == [("plan = null", 1.25), ("age = 30", -0.5), ("spend", 0.1)]
    many = {f"f{n}": n / 10 for n in range(10)} | {"bias": 9.0}
    few = view.reasons(told(explanations=[many]), 3)
    assert [name for name, _ in few] == ["f9", "f8", "f7", "7 others"] and few[-1][1] == pytest.approx(2.1)
    assert len(view.reasons(told(explanations=[many]), 9)) == 10, "one that is left is named, not summed up"
    idle = {"a": 0.0, "b": 0.5, "c": 0.0, "bias": 1.0}
    assert view.reasons(told(explanations=[idle]), 3) == [("b", 0.5), ("2 others", 0.0)]
    assert view.reasons(told(explanations=None), 3) == []


def test_what_the_bars_mean_is_said() -> None:
    assert view.why(told()) == "why: bars add to the margin, log-odds of true"
    assert "the margin of max" in view.why(told(Task.MULTICLASS))
    assert "churned itself" in view.why(told(Task.REGRESSION))
    assert view.total(told()) == "bias 0.25, with all bars 1.1: the margin"


def test_an_answer_of_another_form_says_so() -> None:
    texts = {"age": "30", "plan": ""}
    assert view.stale(told(), texts, "row 1 of 3", 2) == ""
    assert "answers row 1 of 3; the form holds row 2 of 3" in view.stale(told(), texts, "row 2 of 3", 2)
    assert "was changed" in view.stale(told(), texts | {"age": "31"}, "row 1 of 3", 2)
    assert "version 2 gave this answer, version 3 answers now" in view.stale(told(), texts, "row 1 of 3", 3)


def test_before_the_first_answer_it_says_what_will_come() -> None:
    served = Served(model="churn", version=2, versions=(1, 2), bundle=a_bundle())
    assert [line.text for line in view.before(served)] == [
        "ctrl+s asks version 2",
        "it answers churned: false or true, and says why",
    ]
    number = Served(model="m", version=1, versions=(1,), bundle=a_bundle(Task.REGRESSION))
    assert "churned: a number" in view.before(number)[1].text


def test_problems_go_beside_their_fields() -> None:
    problems = [
        ("/rows/0/a~1b", "not_a_number", "no"),
        ("/rows/0/other", "unknown_field", "what?"),
        ("/rows", "x", "y"),
    ]
    beside, elsewhere = view.places(problems, ["a/b", "c"])
    assert beside == {"a/b": "no"} and elsewhere == problems[1:]
    long = "n" * 300
    assert view.places([(f"/rows/0/{long[:100]}", "null", "no")], [long])[0] == {long: "no"}
    text = "\n".join(line.text for line in view.refused("/rows/0/a: no", elsewhere))
    assert "✗ refused" in text and "/rows/0/other: what?" in text and "ctrl+s asks again" in text


def test_hostile_names_and_classes_are_spelled_out() -> None:
    evil = "a\x1b[31m"
    one = told(Task.MULTICLASS, predictions=[evil], probabilities=[{evil: 1.0}], explanations=[{evil: 1.0}])
    texts = [*view.verdict(one), view.shares(one, 5)[0].label, view.reasons(one, 3)[0][0], view.why(one)]
    assert "\x1b" not in "".join(texts)
