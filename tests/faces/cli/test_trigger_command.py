"""`mllab trigger`: why work starts by itself, and what a person does about it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]
TRIGGER = "new_data"


def test_triggers_are_listed_with_what_scripts_rely_on(mllab: Call, trained: Path) -> None:
    (found,) = mllab("trigger", "list", "--json", "-C", trained).json
    assert {"name", "on", "do", "models", "paused", "next_at", "new_rows", "needed_rows"} <= set(found)
    assert (found["name"], found["do"], found["models"]) == (TRIGGER, "retrain", ["sold"])
    header, line = mllab("trigger", "list", "-C", trained).out.splitlines()
    assert header.split()[:2] == ["NAME", "ON"]
    assert "retrain sold" in line


def test_a_trigger_is_paused_and_resumed(mllab: Call, own: Path) -> None:
    assert "is paused until" in mllab("trigger", "pause", TRIGGER, "-C", own).out
    assert mllab("trigger", "pause", TRIGGER, "-C", own).code == 4
    assert mllab("trigger", "list", "--json", "-C", own).json[0]["paused"]
    assert "paused" in mllab("trigger", "list", "-C", own).out
    assert mllab("trigger", "resume", TRIGGER, "--json", "-C", own).json["paused"] is False
    assert mllab("trigger", "resume", TRIGGER, "-C", own).code == 4


def test_a_trigger_runs_now(mllab: Call, own: Path) -> None:
    said = mllab("trigger", "run", TRIGGER, "-C", own)
    assert said.code == 0, said.err
    assert "sold version 2" in said.out
    (job,) = mllab("trigger", "run", TRIGGER, "--no-wait", "--json", "-C", own).json
    assert (job["kind"], job["status"]) == ("retrain", "queued")
    assert job["job_id"] in mllab("trigger", "run", TRIGGER, "--no-wait", "-C", own).out


def test_an_unknown_trigger_ends_with_3_and_the_nearest_is_named(mllab: Call, own: Path) -> None:
    for verb in ("run", "pause", "resume"):
        said = mllab("trigger", verb, "new_dat", "-C", own)
        assert said.code == 3
        assert f"`{TRIGGER}`" in said.err
