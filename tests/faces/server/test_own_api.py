"""mllab's own API, asked over a real socket."""

from datetime import UTC, datetime

import msgspec
import pytest

from mllab.errors import Conflict
from mllab.lab import Lab
from tests.faces.server.asking import JSON, MODEL, NUMBERS, PREDICT, is_problem


def test_a_row_is_answered_with_value_probabilities_and_id(caller, row):
    answer = caller.post(PREDICT, json={"rows": [row]})
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (body["model"], body["version"], body["predictions"]) == (MODEL, 1, [True])
    assert body["probabilities"][0]["true"] > 0.5
    assert len(body["prediction_ids"]) == 1
    assert "explanations" not in body


def test_a_regression_has_no_probabilities(caller):
    body = caller.post(f"/api/v1/models/{NUMBERS}/predict", json={"rows": [{"area": 100.0, "rooms": 3}]}).json()
    assert 700 < body["predictions"][0] < 1200
    assert "probabilities" not in body


@pytest.mark.parametrize("n_rows", [64, 65, 1000])
def test_many_rows_are_answered_as_each_one_alone(caller, row, n_rows):
    rows = [row | {"area": 20.0 + i % 180} for i in range(n_rows)]
    together = caller.post(PREDICT, json={"rows": rows}).json()
    assert len(set(together["prediction_ids"])) == n_rows
    alone = caller.post(PREDICT, json={"rows": [rows[-1]]}).json()
    assert together["probabilities"][-1] == alone["probabilities"][0]


@pytest.mark.parametrize("query", ["version=1", "alias=champion"])
def test_a_version_can_be_picked(caller, row, query):
    assert caller.post(f"{PREDICT}?{query}", json={"rows": [row]}).json()["version"] == 1


def test_explanations_are_added_on_request(caller, row):
    body = caller.post(f"{PREDICT}?explain=true", json={"rows": [row]}).json()
    assert {"bias", "price", "area"} <= body["explanations"][0].keys()


@pytest.mark.parametrize("query", ["verison=1", "version=one", "version=-1", "alias=", "explain=perhaps"])
def test_an_option_that_does_not_fit_is_not_passed_over(caller, row, query):
    assert is_problem(caller.post(f"{PREDICT}?{query}", json={"rows": [row]}), 422, "invalid-input")


def test_version_and_alias_exclude_each_other(caller, row):
    answer = caller.post(f"{PREDICT}?version=1&alias=champion", json={"rows": [row]})
    assert is_problem(answer, 422, "invalid-input")


@pytest.mark.parametrize("query", ["version=99", "alias=nobody"])
def test_a_version_that_does_not_exist_is_not_found(caller, row, query):
    assert is_problem(caller.post(f"{PREDICT}?{query}", json={"rows": [row]}), 404, "not-found")


def test_entities_are_refused_with_what_to_send_instead(caller):
    answer = caller.post(PREDICT, json={"entities": [{"offer": 1}]})
    assert is_problem(answer, 422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/entities"
    assert "rows" in answer.json()["detail"]


def test_an_answer_can_be_looked_up_with_its_lineage(caller, row):
    body = caller.post(PREDICT, json={"rows": [row]}).json()
    found = caller.get(f"/api/v1/predictions/{body['prediction_ids'][0]}").json()
    assert found["value"] == body["predictions"][0]
    assert found["request"]["area"] == row["area"]
    assert found["lineage"]["kind"] == "prediction"
    assert found["lineage"]["children"]


def test_an_unknown_prediction_is_not_found(caller):
    assert is_problem(caller.get("/api/v1/predictions/p_none"), 404, "not-found")


def test_a_label_is_taken_once_and_its_repetition_changes_nothing(caller, host, row):
    one = caller.post(PREDICT, json={"rows": [row]}).json()["prediction_ids"][0]
    assert host.lab.label(one) is None
    labels = {"labels": [{"prediction_id": one, "label": True, "observed_at": "2026-01-02T03:04:05Z"}]}
    assert caller.post("/api/v1/labels", json=labels).json() == {"received": 1, "new": 1}
    assert caller.post("/api/v1/labels", json=labels).json() == {"received": 1, "new": 0}
    kept = host.lab.label(one)
    assert (kept.label, kept.observed_at) == (True, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_a_contradicting_label_is_a_conflict(caller, row):
    one = caller.post(PREDICT, json={"rows": [row]}).json()["prediction_ids"][0]
    assert caller.post("/api/v1/labels", json={"labels": [{"prediction_id": one, "label": True}]}).status_code == 200
    answer = caller.post("/api/v1/labels", json={"labels": [{"prediction_id": one, "label": False}]})
    assert is_problem(answer, 409, "conflict")


def test_status_says_what_the_lab_says(caller, host):
    body = caller.get("/api/v1/status").json()
    assert body["ready"] is True
    assert body["models"][MODEL]["champion"] == 1
    assert body == msgspec.to_builtins(host.lab.status())


def test_a_model_says_what_to_send(caller):
    body = caller.get(f"/api/v1/models/{MODEL}").json()
    assert body["serving"] == 1
    assert {field["name"] for field in body["request"]} == body["request_example"].keys()
    assert caller.post(PREDICT, json={"rows": [body["request_example"]]}).status_code == 200


def test_models_are_listed(caller):
    assert {model["name"] for model in caller.get("/api/v1/models").json()["items"]} == {MODEL, NUMBERS}


def test_datasets_are_files_and_sources(caller):
    body = caller.get("/api/v1/datasets").json()
    assert {file["source"] for file in body["items"]} == {"offers", "rents"}
    assert {source["name"] for source in body["sources"]} == {"offers", "rents"}


@pytest.mark.parametrize("path", ["jobs", "runs", "models", "datasets"])
def test_pages_add_up_to_the_whole_list(caller, path):
    whole = caller.get(f"/api/v1/{path}").json()["items"]
    found, cursor = [], None
    while True:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = caller.get(f"/api/v1/{path}", params=query).json()
        assert len(page["items"]) == 1
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(whole) > 1
    assert found == whole


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=!!", "cursor=WzEsIngiXQ"])
def test_a_page_that_cannot_be_is_refused(caller, query):
    assert is_problem(caller.get(f"/api/v1/runs?{query}"), 422, "invalid-input")


def test_runs_are_filtered_and_sorted(caller):
    def names(**query):
        return [run["name"] for run in caller.get("/api/v1/runs", params=query).json()["items"]]

    assert names(filter="status:finished metric.roc_auc>0.5") == [f"{MODEL}-1"]
    assert names(filter="nosuchword") == []
    assert names(sort="name") == sorted(names())
    assert names(sort="-metric.test.r2")[0].startswith(NUMBERS)
    assert names(sort="name", model=NUMBERS) == sorted(names(model=NUMBERS))


def test_sorted_pages_add_up_to_the_whole_list(caller):
    query = {"filter": "-nosuchword", "sort": "name", "limit": 1}
    found, page = [], caller.get("/api/v1/runs", params=query).json()
    for _ in range(100):
        found += page["items"]
        if page["next_cursor"] is None:
            break
        page = caller.get("/api/v1/runs", params=query | {"cursor": page["next_cursor"]}).json()
    assert found == caller.get("/api/v1/runs", params=query | {"limit": 1000}).json()["items"]


@pytest.mark.parametrize(("name", "text"), [("filter", "statuss:failed"), ("sort", "-metric.nosuch")])
def test_a_filter_or_an_order_that_is_wrong_names_its_place(caller, name, text):
    answer = caller.get("/api/v1/runs", params={name: text})
    assert is_problem(answer, 422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == f"/{name}"


def test_events_go_on_behind_the_last_one_seen(caller, host):
    first = caller.get("/api/v1/events?limit=2").json()
    then = caller.get(f"/api/v1/events?limit=2&after={first['next_cursor']}").json()
    assert [event["seq"] for event in first["items"] + then["items"]] == [1, 2, 3, 4]
    last = caller.get(f"/api/v1/events?after={host.lab.last_seq()}").json()
    assert last == {"items": [], "next_cursor": None}


def test_a_command_needs_the_token(caller):
    answer = caller.post("/api/v1/commands/release", json={"model": MODEL})
    assert is_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_token_of_a_command_must_be_right(caller):
    answer = caller.post("/api/v1/commands/release", json={"model": MODEL}, headers={"Authorization": "Bearer wrong"})
    assert is_problem(answer, 401, "unauthorized")


def test_an_unusual_way_of_writing_the_path_does_not_go_round_the_token(caller, host):
    for path in ("/api/v1/commands//release", "//api/v1/commands/release", "/api/v1/%63ommands/release/"):
        assert caller.post(host.url + path, json={"model": MODEL}).status_code == 401


def test_a_command_answers_with_its_record(owner):
    body = owner.post("/api/v1/commands/promote", json={"model": MODEL, "version": 1, "alias": "shadow"}).json()
    assert (body["model"], body["alias"], body["version"]) == (MODEL, "shadow", 1)


def test_a_command_that_the_state_forbids_is_a_conflict(owner):
    assert is_problem(owner.post("/api/v1/commands/release", json={"model": MODEL}), 409, "conflict")


def test_a_command_that_does_not_fit_is_refused(owner):
    assert is_problem(owner.post("/api/v1/commands/release", json={"modell": MODEL}), 422, "invalid-input")


def test_an_unknown_command_is_not_found_and_the_known_are_named(owner):
    answer = owner.post("/api/v1/commands/explode", json={})
    assert is_problem(answer, 404, "not-found")
    assert "promote" in answer.json()["detail"]


def test_an_attached_lab_works_through_the_host(host, row):
    with Lab.open(host.lab.folder, read_only=True) as attached:
        assert attached.promote(MODEL, 1, alias="shadow").alias == "shadow"
        with pytest.raises(Conflict):
            attached.release(MODEL)
        assert attached.predict(MODEL, [row]).predictions == [True]


def test_the_same_idempotency_key_is_done_once(owner):
    headers = {"Idempotency-Key": "train-1"}
    first = owner.post("/api/v1/commands/train", json={"model": NUMBERS}, headers=headers).json()
    again = owner.post("/api/v1/commands/train", json={"model": NUMBERS}, headers=headers).json()
    assert again == first
    owner.post("/api/v1/commands/cancel", json={"job_id": first["job_id"]})


def test_the_same_idempotency_key_with_another_body_is_a_conflict(owner):
    headers, wish = {"Idempotency-Key": "promote-1"}, {"version": 1, "alias": "shadow"}
    answer = owner.post("/api/v1/commands/promote", json=wish | {"model": MODEL}, headers=headers)
    assert answer.status_code == 200
    answer = owner.post("/api/v1/commands/promote", json=wish | {"model": NUMBERS}, headers=headers)
    assert is_problem(answer, 409, "conflict")


def test_what_failed_under_an_idempotency_key_may_be_tried_again(owner):
    headers = {"Idempotency-Key": "release-2"} | JSON
    for _ in range(2):
        answer = owner.post("/api/v1/commands/release", content=b'{"model": "nobody"}', headers=headers)
        assert is_problem(answer, 404, "not-found")


def test_the_description_names_every_route_and_is_openapi_3_1(caller):
    answer = caller.get("/openapi.json")
    body = answer.json()
    assert body["openapi"].startswith("3.1")
    assert {"/api/v1/models/{name}/predict", "/api/v1/commands/{verb}", "/v2/models/{name}/infer"} <= body[
        "paths"
    ].keys()
    predict = body["paths"]["/api/v1/models/{name}/predict"]["post"]
    assert predict["requestBody"]["required"] is True
    assert {"name", "explain", "version", "alias"} == {one["name"] for one in predict["parameters"]}
    assert body["components"]["schemas"]["Problem"]["required"]


def test_the_page_for_people_loads_nothing(caller):
    answer = caller.get("/docs", headers={"Accept": "text/html,application/xhtml+xml;q=0.9"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "/api/v1/models/{name}/predict" in answer.text
    assert not [word for word in ("src=", "<script", "<link", "@import", "url(") if word in answer.text]
