"""`mllab job`, `mllab event` and `mllab trace`: what was done, in which order, from what."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def events(mllab: Call, lab: Path, *more: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in mllab("events", "--json", *more, "-C", lab).out.splitlines()]


def test_events_are_one_json_object_a_line(mllab: Call, trained: Path) -> None:
    found = events(mllab, trained)
    assert [one["seq"] for one in found] == sorted(one["seq"] for one in found)
    assert {"datafile.accepted", "run.finished", "version.registered", "alias.moved"} <= {one["type"] for one in found}
    assert {"seq", "at", "type", "subject", "text", "payload"} <= set(found[0])


def test_event_list_is_the_same_as_events(mllab: Call, trained: Path) -> None:
    assert mllab("event", "list", "-C", trained).out == mllab("events", "-C", trained).out != ""


def test_events_can_be_narrowed(mllab: Call, trained: Path) -> None:
    last = events(mllab, trained)[-1]["seq"]
    assert [one["seq"] for one in events(mllab, trained, "--after", str(last - 2))] == [last - 1, last]
    assert {one["type"] for one in events(mllab, trained, "--type", "run.finished")} == {"run.finished"}
    assert {one["type"].split(".")[0] for one in events(mllab, trained, "--type", "run.")} == {"run"}
    assert len(events(mllab, trained, "--limit", "3")) == 3


def test_jobs_are_listed_and_shown(mllab: Call, trained: Path) -> None:
    jobs = mllab("job", "list", "--json", "-C", trained).json
    assert {one["status"] for one in jobs} == {"finished"}
    job = jobs[0]["job_id"]
    shown = mllab("job", "show", job, "--json", "-C", trained).json
    assert {name: value for name, value in shown.items() if name != "steps"} == jobs[0]
    assert job in mllab("job", "show", job, "-C", trained).out
    assert mllab("job", "list", "--open", "--json", "-C", trained).json == []


def test_a_job_that_is_over_or_unknown_cannot_be_cancelled(mllab: Call, trained: Path) -> None:
    job = mllab("job", "list", "--json", "-C", trained).json[0]["job_id"]
    assert mllab("job", "cancel", job, "-C", trained).code == 4
    assert mllab("job", "cancel", "job_0", "-C", trained).code == 3
    assert mllab("job", "show", "job_0", "-C", trained).code == 3


def test_a_trace_leads_from_the_version_to_the_file(mllab: Call, trained: Path) -> None:
    root = mllab("trace", "sold@1", "--json", "-C", trained).json

    def kinds(node: dict[str, Any]) -> set[str]:
        return {node["kind"]}.union(*(kinds(one) for one in node["children"]))

    assert {"version", "run", "training_set", "dataset", "file"} <= kinds(root)
    out = mllab("trace", "sold@1", "-C", trained).out
    assert "offers.csv" in out
    assert "└─ run" in out


def test_an_unknown_id_cannot_be_traced(mllab: Call, trained: Path) -> None:
    assert mllab("trace", "nosuch", "-C", trained).code == 3


def test_the_steps_of_a_job_are_shown(mllab: Call, trained: Path) -> None:
    job = next(one for one in mllab("job", "list", "--json", "-C", trained).json if one["kind"] == "retrain")["job_id"]
    steps = mllab("job", "show", job, "--json", "-C", trained).json["steps"]
    assert {"training_set", "fit"} <= {one["name"] for one in steps}
    assert "STEP" in mllab("job", "show", job, "-C", trained).out


def test_a_cancelled_job_is_tried_again(mllab: Call, own: Path) -> None:
    job = mllab("train", "sold", "--seed", 4, "--no-wait", "--json", "-C", own).json["job_id"]
    assert mllab("job", "retry", job, "-C", own).code == 4
    mllab("job", "cancel", job, "-C", own)
    assert "queued as job_" in mllab("job", "retry", job, "--no-wait", "-C", own).out
    said = mllab("job", "retry", job, "-C", own)
    assert said.code == 0, said.err
    assert "finished after" in said.out
    assert mllab("job", "retry", "job_0", "-C", own).code == 3
