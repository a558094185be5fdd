"""Jobs, triggers, traffic and the switch of the prediction routes, over a real socket."""

from collections.abc import Iterator

import msgspec
import pytest

from mllab.errors import Conflict, NotFound, Unavailable
from mllab.lab import Lab
from tests.faces.server.asking import INFER, JSON, MODEL, NUMBERS, PREDICT, is_problem, is_v2_error


@pytest.fixture
def switched_off(host) -> Iterator[None]:
    """Serving, off while the test runs."""
    host.lab.switch_serving(False)
    yield
    host.lab.switch_serving(True)


def test_a_job_is_shown_with_its_steps(caller, host):
    job = next(one for one in host.lab.jobs() if one.kind == "retrain")
    body = caller.get(f"/api/v1/jobs/{job.job_id}").json()
    assert body == msgspec.to_builtins(job) | {"steps": msgspec.to_builtins(host.lab.job_steps(job.job_id))}
    assert {"training_set", "fit"} <= {step["name"] for step in body["steps"]}
    assert is_problem(caller.get("/api/v1/jobs/job_00000000"), 404, "not-found")


def test_triggers_are_listed(caller, host):
    assert caller.get("/api/v1/triggers").json() == msgspec.json.decode(msgspec.json.encode(host.lab.triggers()))
    assert caller.get("/api/v1/triggers").json()[0]["on"].endswith("in offers")


def test_deployments_are_listed(caller):
    assert {one["model"] for one in caller.get("/api/v1/deployments").json()} == {MODEL, NUMBERS}


def test_predictions_are_listed_newest_first_and_in_pages(caller, row):
    ids = [caller.post(PREDICT, json={"rows": [row]}).json()["prediction_ids"][0] for _ in range(3)]
    first = caller.get("/api/v1/predictions?limit=2").json()
    then = caller.get(f"/api/v1/predictions?limit=1&cursor={first['next_cursor']}").json()
    assert [one["prediction_id"] for one in first["items"] + then["items"]] == ids[::-1]
    assert caller.get("/api/v1/predictions?model=nobody").json() == {"items": [], "next_cursor": None}


def test_rows_that_were_left_out_are_listed(caller, host):
    file = next(one for one in host.lab.data_files() if one.source == "rents")
    assert caller.get(f"/api/v1/datasets/{file.sha256}/rejections").json() == []
    assert is_problem(caller.get("/api/v1/datasets/nosuch/rejections"), 404, "not-found")


def test_the_server_says_what_it_has_answered(caller, host, row):
    before = caller.get("/api/v1/serving").json()
    caller.post(PREDICT, json={"rows": [row, row]})
    caller.post(INFER, json={"inputs": []})
    caller.get("/api/v1/nothing")
    after = caller.get("/api/v1/serving").json()
    assert (after["url"], after["serving"]) == (host.url, True)
    assert after["at"] > before["at"]
    assert after["n_requests"] - before["n_requests"] == 4
    assert after["n_refused"] - before["n_refused"] == 2
    assert after["n_predictions"] - before["n_predictions"] == 1
    assert 0 < after["p50_seconds"] <= after["p99_seconds"] < 5
    assert (
        after["models"][MODEL]["n_predictions"]
        == before["models"].get(MODEL, {"n_predictions": 0})["n_predictions"] + 1
    )


def test_the_counts_are_the_same_from_inside_and_from_beside(host, caller):
    inside = host.lab.traffic()
    with Lab.open(host.lab.folder, read_only=True) as attached:
        beside = attached.traffic()
    assert (inside.url, inside.n_predictions) == (beside.url, beside.n_predictions)
    assert inside.started_at == beside.started_at < inside.at
    assert beside.n_requests == inside.n_requests


def test_a_lab_without_a_host_has_no_traffic_and_no_switch(tmp_path):
    (tmp_path / "offers.csv").write_text("area,rent\n1,2\n2,3\n", encoding="utf-8")
    Lab.create(tmp_path / "lab", file=tmp_path / "offers.csv", target="rent")
    with Lab.open(tmp_path / "lab") as alone:
        assert alone.traffic() is None
        with pytest.raises(Conflict, match="no host runs"):
            alone.switch_serving(False)


@pytest.mark.usefixtures("switched_off")
def test_predictions_are_refused_while_serving_is_off(caller, host, row):
    answer = caller.post(PREDICT, json={"rows": [row]})
    assert is_problem(answer, 503, "unavailable")
    assert answer.json()["hint"] == "`mllab serve on` switches it on again"
    assert answer.headers["retry-after"]
    inputs = [{"name": "area", "shape": [1], "datatype": "FP64", "data": [1.0]}]
    assert is_v2_error(caller.post(INFER, json={"inputs": inputs}), 503)
    assert is_v2_error(caller.get(f"/v2/models/{MODEL}/ready"), 503)
    assert caller.get("/v2/health/ready").status_code == 503
    with Lab.open(host.lab.folder, read_only=True) as attached, pytest.raises(Unavailable, match="switched off"):
        attached.predict(MODEL, [row])


@pytest.mark.usefixtures("switched_off")
def test_everything_else_goes_on_while_serving_is_off(caller, owner, host, row):
    assert caller.get("/v2/health/live").status_code == 200
    assert caller.get(f"/v2/models/{MODEL}").status_code == 200
    assert caller.get(f"/api/v1/models/{MODEL}").status_code == 200
    assert caller.get("/api/v1/serving").json()["serving"] is False
    assert owner.post("/api/v1/commands/request_rows", json={"model": MODEL, "n": 1}).status_code == 200
    assert host.lab.predict(MODEL, [row]).version == 1


def test_switching_is_an_event_and_doing_it_twice_is_none(owner, host):
    seen = host.lab.last_seq()
    for on in (False, False, True, True):
        answer = owner.post("/api/v1/commands/switch_serving", json={"on": on}).json()
        assert (answer["serving"], answer["url"]) == (on, host.url)
    assert [one.payload for one in host.lab.events(seen, type="serving.switched")] == [{"on": False}, {"on": True}]


def test_switching_needs_the_token(caller):
    assert is_problem(caller.post("/api/v1/commands/switch_serving", json={"on": False}), 401, "unauthorized")


def test_rows_for_the_form_come_through_the_host(host, owner):
    rows = owner.post("/api/v1/commands/request_rows", json={"model": MODEL, "n": 3}).json()
    assert [set(row) for row in rows] == [{"values", "target"}] * 3
    with Lab.open(host.lab.folder, read_only=True) as attached:
        assert [msgspec.to_builtins(row) for row in attached.request_rows(MODEL, n=3)] == rows
        assert attached.workspace._engine is None
        assert attached.signature(MODEL) == host.lab.served(MODEL)
        assert len(attached.predict(MODEL, [row["values"] for row in rows]).predictions) == 3
    answer = owner.post("/api/v1/commands/request_rows", content=b'{"model": "nobody"}', headers=JSON)
    assert is_problem(answer, 404, "not-found")


def test_triggers_and_jobs_are_moved_from_beside(host):
    (name,) = [one.name for one in host.lab.triggers() if "offers" in one.on]
    with Lab.open(host.lab.folder, read_only=True) as attached:
        assert attached.pause_trigger(name).paused
        with pytest.raises(Conflict):
            attached.pause_trigger(name)
        assert not attached.resume_trigger(name).paused
        with pytest.raises(NotFound, match="no trigger"):
            attached.fire_trigger("nosuch")
        with pytest.raises(Conflict, match="finished"):
            attached.retry_job(attached.jobs()[-1].job_id)
