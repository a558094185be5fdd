"""The table of models: rows, cells, headline; what may be done with a row and what that changes."""

from datetime import timedelta

import pytest

from mllab.faces.tui.viewmodels import model_actions as actions
from mllab.faces.tui.viewmodels import models as view
from mllab.records import ModelSummary
from tests.support.registry import NOON, a_comparison, a_gate, a_model, a_move, a_version, made

LATER = NOON + timedelta(hours=2)


def churn(**fields: object) -> ModelSummary:
    """Version 2 answers, version 3 failed a gate, version 1 was rejected."""
    return a_model(
        a_version(1, status="rejected", reason="too slow"),
        a_version(2, "champion"),
        a_version(3, "challenger", gates_passed=False),
        **fields,
    )


def judged(model: ModelSummary) -> dict[str, object]:
    kept = {1: [a_gate()], 2: [a_gate(), a_gate()], 3: [a_gate(), a_comparison()]}
    return {f"churn@{one.version}": made("churn", one, *kept[one.version]) for one in model.versions}


def row(version: int | None, model: ModelSummary | None = None) -> view.Row:
    model = model or churn()
    found = view.rows([model], judged(model) if len(model.versions) == 3 else {})
    return next(one for one in found if (one.version.version if one.version else None) == version)


def cells(version: int | None) -> list[str]:
    return [view.cell(row(version), look.id, LATER) for look in view.COLUMNS]


MOVES = {"churn": [a_move(1), a_move(2, 1)]}


def test_a_model_stands_above_its_versions_the_newest_first() -> None:
    assert [one.key for one in view.rows([churn(), a_model(name="late")], {})] == [
        "churn",
        "churn@3",
        "churn@2",
        "churn@1",
        "late",
    ]


def test_cells_of_a_version_say_alias_status_gates_metric_difference_and_age() -> None:
    assert cells(3) == ["  version 3", "◆ challenger", "registered", "✗ 1 of 2", "0.73", "+0.01", "2h"]
    assert cells(2) == ["  version 2", "● champion", "registered", "✓ 2 of 2", "0.72", "", "2h"]
    assert cells(1) == ["  version 1", "", "✗ rejected", "✓ 1 of 1", "0.71", "-0.01", "2h"]


def test_cells_of_a_model_name_its_metric_and_say_whether_it_is_held() -> None:
    assert cells(None) == ["churn", "", "", "", "roc_auc", "", ""]
    assert view.cell(row(None, churn(held=True)), "aliases", LATER) == "‖ HELD"
    assert view.cell(row(None, a_model()), "aliases", LATER) == "no version"
    assert view.cell(row(None, a_model(a_version(1))), "aliases", LATER) == "no champion"


@pytest.mark.parametrize(("passed", "word"), [(None, "unjudged"), (True, "✓ no gates"), (False, "✗ failed")])
def test_a_version_without_gates_says_so(passed: bool | None, word: str) -> None:
    model = a_model(a_version(1, gates_passed=passed))
    assert view.gates_word(row(1, model)) == word


def test_aliases_carry_marks_the_champion_first() -> None:
    assert view.aliases(["shadow", "challenger", "champion"]) == "● champion, ◆ challenger, shadow"


def test_the_pane_of_a_model_tells_about_its_champion_else_about_its_newest_version() -> None:
    assert row(None).about == row(2).version and row(None).gates == row(2).gates
    assert row(None, a_model(a_version(4), a_version(5))).about == a_version(5)
    assert row(None, a_model()).about is None


@pytest.mark.parametrize(
    ("filter", "keys"),
    [
        ("champion", ["churn", "churn@2"]),
        ("v3", ["churn", "churn@3"]),
        ("failed", ["churn", "churn@3"]),
        ("CHURN -rejected", ["churn", "churn@3", "churn@2"]),
        ("nothing", []),
    ],
)
def test_a_filter_keeps_matching_versions_below_their_model(filter: str, keys: list[str]) -> None:
    assert [one.key for one in view.rows([churn()], {}, filter)] == keys


def test_the_headline_counts_names_the_filter_and_says_which_model_is_held_and_why() -> None:
    models = [churn(held=True)]
    told = [*MOVES["churn"], a_move(1, 2, reason="rollback: it was slow")]
    found = view.headline(models, view.rows(models, {}, "v3"), "v3", {"churn": told})
    assert found == "1 model · 1 of 3 versions · filter v3 · churn is HELD (it was slow): U releases it"
    assert "no version yet: n trains one" in view.headline([a_model()], view.rows([a_model()], {}), "", {})


def test_empty_tables_say_what_belongs_here() -> None:
    assert "[model.NAME]" in view.why_empty("") and "esc" in view.why_empty("x")


# -- actions ------------------------------------------------------------------------------------------------------------


def test_why_a_version_cannot_be_promoted() -> None:
    assert actions.why_not_promote(row(3)) is None
    assert actions.why_not_promote(row(2)) == "version 2 is the champion already"
    assert actions.why_not_promote(row(1)) == "version 1 was rejected: too slow"
    assert actions.why_not_promote(row(None)) == "put the cursor on a version of churn"
    assert actions.why_not_promote(row(None, a_model())) == "churn has no version yet: n trains"
    assert actions.why_not_promote(None) == "there is no model here"


def test_a_rollback_goes_to_the_last_champion_that_was_not_rejected() -> None:
    two = a_model(a_version(1), a_version(2, "champion"))
    assert actions.earlier_champion(two, MOVES["churn"]) == 1
    assert actions.why_not_roll_back(row(None, two), MOVES) is None
    assert actions.why_not_roll_back(row(3), MOVES) == "there is no earlier champion of churn"
    assert actions.why_not_roll_back(row(None, a_model()), {}) == "churn has no champion to roll back"
    assert actions.why_not_roll_back(None, {}) == "there is no model here"


def test_only_a_held_model_is_released() -> None:
    assert actions.why_not_release(row(None)) == "churn is not held"
    assert actions.why_not_release(row(2, churn(held=True))) is None
    assert actions.why_not_release(None) == "there is no model here"


@pytest.mark.parametrize("name", ["champion", "", "1st", "a b", "é", "x" * 101, "[/]"])
def test_words_that_cannot_be_an_alias(name: str) -> None:
    assert actions.why_not_alias(name) is not None


def test_own_aliases_are_offered_beside_the_usual_ones() -> None:
    assert actions.why_not_alias("canary-2") is None
    assert actions.alias_choices(a_model(a_version(1, "champion", "canary"))) == ["challenger", "shadow", "canary"]


def test_a_promotion_says_which_version_answers_instead_and_how_to_take_it_back() -> None:
    title, text = actions.promotion(row(3))
    assert title == "Promote churn version 3 to champion?"
    assert "Version 3 answers instead of version 2 from the next request on." in text
    assert "It failed 1 of its 2 gates:" in text and "log_loss no worse than: log_loss is worse" in text
    assert "R takes it back: version 2 again" in text


def test_a_first_promotion_and_one_without_gates_say_so() -> None:
    _, text = actions.promotion(row(1, a_model(a_version(1, gates_passed=None), held=True)))
    assert "no version has answered so far" in text and "No gate has judged it." in text
    assert "churn is held and stays so" in text and "R takes" not in text


def test_a_rollback_names_both_versions_and_says_that_the_model_is_held() -> None:
    model = a_model(a_version(1), a_version(2, "champion"))
    title, text = actions.rollback(row(None, model), MOVES)
    assert title == "Roll churn back from version 2 to version 1?"
    assert "Version 2 is rejected for good." in text and "churn is held" in text


def test_a_move_is_told_with_the_way_back() -> None:
    assert actions.moved(a_move(2, 1)) == "champion of churn: version 1 → version 2\nR rolls back"
    assert actions.moved(a_move(1, 2, reason="rollback: slow")) == "champion of churn: version 2 → version 1"
    assert actions.moved(a_move(3, None, "shadow")) == "shadow of churn: no version → version 3"
