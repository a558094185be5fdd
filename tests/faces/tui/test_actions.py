"""The registry of keys: no clash, every action done by something, nothing that the screens do not know."""

from collections import Counter

import pytest

from mllab.faces.tui import parts
from mllab.faces.tui.actions import ACTIONS, BY_ID, SCREENS, TOP_SCREENS, actions_of, bindings_of
from mllab.faces.tui.keys import find_clash
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.screens.start import StartScreen

CLASSES: dict[str, type[LabScreen]] = {
    **{name: parts.screen_class(name) for name in parts.SCREENS},
    "start": StartScreen,
}


@pytest.mark.parametrize("screen", CLASSES)
def test_no_two_actions_of_a_screen_share_a_key(screen: str) -> None:
    counts = Counter(key for action in actions_of(screen) for key in action.keys)
    assert [key for key, n in counts.items() if n > 1] == []


def test_the_clash_finder_finds_a_clash() -> None:
    assert find_clash({}) == ""
    assert "both" in find_clash({"compare": "n"})


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(ACTIONS)


def test_a_key_means_the_same_thing_on_every_screen() -> None:
    """A key may do nothing elsewhere, but never something else; `x` always takes away, `f` makes anew, `enter` goes in."""
    meanings: dict[str, set[str]] = {}
    for action in ACTIONS:
        for key in action.keys:
            meanings.setdefault(key, set()).add(action.id)
    assert {key: ids for key, ids in meanings.items() if len(ids) > 1} == {
        "d": {"differences", "demo"},
        "x": {"delete", "cancel", "retract"},
        "f": {"materialize", "profile", "reproduce"},
        "enter": {"open", "edit"},
    }


@pytest.mark.parametrize("screen", CLASSES)
def test_every_action_of_a_screen_is_done_by_the_screen_or_the_app(screen: str) -> None:
    missing = [
        action.id
        for action in actions_of(screen)
        if not hasattr(CLASSES[screen], f"do_{action.id}")
        and parts.find_doing(action.id) is None
        and action.id.removeprefix("go_") not in TOP_SCREENS
    ]
    assert missing == []


@pytest.mark.parametrize("screen", CLASSES)
def test_every_screen_binds_exactly_its_actions(screen: str) -> None:
    assert screen == CLASSES[screen].NAME
    assert [one.id for one in bindings_of(screen)] == [action.id for action in actions_of(screen)]


def test_every_action_belongs_to_a_known_screen() -> None:
    assert {screen for action in ACTIONS for screen in action.screens} <= {*SCREENS, "welcome", "start"}
