"""The log answers what the lab was like at a moment that is past."""

from datetime import timedelta

import msgspec
import pytest

from mllab.errors import InvalidInput, NotFound
from mllab.lab import Lab
from mllab.workflows.past import read_moment


def test_now_the_past_is_the_present(lab: Lab) -> None:
    then = lab.status(at=lab.workspace.clock())
    now = lab.status()
    for name in ("lab", "folder", "models", "jobs", "deployments", "datasets"):
        assert getattr(then, name) == getattr(now, name), name
    assert (now.at, then.url, then.ready) == (None, None, True)
    assert now.deployments == {"churn": 1}
    assert now.datasets == {"customers": 1}


def test_each_moment_shows_what_was_known_then(lab: Lab) -> None:
    events = lab.events(limit=10_000)
    at = {one.type: one.at for one in reversed(events)}
    before = lab.status(at=at["dataset.versioned"] - timedelta(microseconds=1))
    assert (before.datasets, before.deployments, before.models["churn"].versions) == ({}, {}, 0)
    registered = lab.status(at=at["version.registered"])
    assert (registered.models["churn"].versions, registered.models["churn"].champion) == (1, None)
    assert registered.jobs["running"] == 1
    deployed = lab.status(at=at["deployment.changed"])
    assert (deployed.deployments, deployed.models["churn"].champion) == ({"churn": 1}, 1)


def test_a_model_that_was_held_then_is_free_now(lab: Lab) -> None:
    lab.retrain("churn", wait=True)
    if lab.status().models["churn"].champion == 1:
        lab.promote("churn", 2)
    lab.rollback("churn", reason="worse")
    held = lab.workspace.clock()
    lab.release("churn")
    assert lab.status(at=held).models["churn"].held
    assert not lab.status().models["churn"].held


def test_before_its_first_event_the_lab_did_not_exist(lab: Lab) -> None:
    with pytest.raises(NotFound, match="did not exist yet") as caught:
        lab.status(at="52w")
    assert "first event" in caught.value.hint


@pytest.mark.parametrize("text", ["2999-01-01", "soon", "7 days"])
def test_what_is_no_past_moment_is_refused(lab: Lab, text: str) -> None:
    with pytest.raises(InvalidInput):
        lab.status(at=text)


def test_a_day_means_its_end_and_today_means_now(lab: Lab) -> None:
    now = lab.workspace.clock()
    assert read_moment(lab.workspace, "2024-02-29").isoformat() == "2024-03-01T00:00:00+00:00"
    assert now <= read_moment(lab.workspace, f"{now:%Y-%m-%d}") <= lab.workspace.clock()
    assert abs(read_moment(lab.workspace, "2h") - (now - timedelta(hours=2))) < timedelta(seconds=5)


def test_a_past_whose_declaration_is_gone_is_still_told(lab: Lab) -> None:
    config = lab.workspace.datasets.latest_config()
    lab.workspace.artifacts.path(config.toml_digest).unlink()
    lab.workspace._parsed = None
    found = lab.status(at=lab.workspace.clock())
    assert found.models["churn"].champion == 1
    assert msgspec.json.encode(found)
