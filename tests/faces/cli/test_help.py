"""The help is the contract: every command is listed, explained, and takes the same common options."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mllab.faces.cli.app import COMMANDS, load

NOUNS = {
    "config": {"show", "check"},
    "source": {"list", "add"},
    "data": {
        *("list", "show", "add", "assign", "retry", "versions", "rejected", "quarantine", "contract", "accept-schema"),
        *("profile", "diff", "impact", "retract", "replace", "export", "forget", "erasures"),
    },
    "feature": {"list", "show", "get", "materialize", "verify", "history", "preview", "export", "import"},
    "import": {"mlflow"},
    "export": {"mlflow"},
    "experiment": {"list", "add", "rename", "tag", "delete", "restore"},
    "run": {
        *("note", "list", "show", "compare", "group", "cancel", "tag", "delete", "restore"),
        *("views", "save-view", "delete-view"),
    },
    "model": {"list", "show", "rows", "add", "promote", "rollback", "release"},
    "job": {"list", "show", "cancel", "retry"},
    "trigger": {"list", "run", "pause", "resume"},
    "serve": {"status", "on", "off"},
    "prediction": {"list", "show"},
    "event": {"list"},
}
READS = ("list", "show", "rows", "versions", "rejected", "quarantine", "status", "trace", "predict", "events")
WITHOUT_A_LAB = {"init", "demo"}


def every_command() -> Iterator[tuple[str, Any]]:
    for name in COMMANDS:
        command = load(name)
        inner = getattr(command, "commands", {"": command})
        yield from ((f"{name} {verb}".strip(), one) for verb, one in inner.items())


def options(command: Any) -> set[str]:
    return {text for parameter in command.params for text in parameter.opts}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_has_exactly_its_verbs(noun: str) -> None:
    assert set(getattr(load(noun), "commands", {})) == NOUNS[noun]


def test_every_command_and_option_is_explained() -> None:
    for path, command in every_command():
        assert command.help, path
        assert [one.name for one in command.params if not one.help] == [], path


def test_every_command_that_needs_a_lab_takes_its_folder() -> None:
    for path, command in every_command():
        assert ({"--lab", "-C"} <= options(command)) == (path not in WITHOUT_A_LAB), path


def test_every_read_can_be_had_as_json() -> None:
    for path, command in every_command():
        if path.split()[-1] in READS:
            assert "--json" in options(command), path


def test_without_arguments_the_help_is_shown(mllab: Callable[..., Any]) -> None:
    said = mllab()
    assert said.code == 0
    assert all(name in said.out for name in COMMANDS)


def test_the_version_is_printed(mllab: Callable[..., Any]) -> None:
    assert mllab("--version").out.strip().count(".") == 2
