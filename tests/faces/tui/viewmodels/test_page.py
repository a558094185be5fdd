"""Words of a filter in memory, and the lines of a pane."""

import pytest

from mllab.faces.tui.viewmodels.page import Line, facts, matches


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", True),
        ("  ", True),
        ("jan", True),
        ("JAN csv", True),
        ("jan feb", False),
        ("-feb", True),
        ("-jan", False),
        ("jan -csv", False),
        ("-", False),
        ("[/]", False),
    ],
)
def test_every_wanted_word_is_there_and_none_behind_a_minus(wanted: str, found: bool) -> None:
    assert matches("Jan.csv", wanted) is found


def test_facts_without_a_text_are_left_out() -> None:
    assert facts([("rows", "3"), ("size", "")]) == [Line("3", label="rows")]
