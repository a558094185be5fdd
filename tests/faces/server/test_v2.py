"""The Open Inference Protocol V2, asked over a real socket."""

import httpx
import msgspec
import pytest

import mllab
from mllab.lab import Lab
from tests.faces.server.asking import INFER, MODEL, NUMBERS, PREDICT, is_v2_error

MATRIX = f"/v2/models/{NUMBERS}/infer"


def columns(*rows: dict, **changes) -> dict:
    """A request with one input for each column."""
    kinds = {float: "FP64", int: "INT64", bool: "BOOL", str: "BYTES"}
    inputs = [
        {"name": name, "shape": [len(rows)], "datatype": kinds[type(value)], "data": [row[name] for row in rows]}
        for name, value in rows[0].items()
    ]
    return {"inputs": inputs, "parameters": {"content_type": "pd"}} | changes


def output(answer, name: str = "predict") -> dict:
    """One output of an answer."""
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["outputs"]}[name]


def test_the_server_says_what_it_is(caller):
    body = caller.get("/v2").json()
    assert (body["name"], body["version"]) == ("mllab", mllab.__version__)
    assert isinstance(body["extensions"], list)


def test_it_is_alive_and_ready(caller):
    assert caller.get("/v2/health/live").json() == {"live": True}
    assert caller.get("/v2/health/ready").json() == {"ready": True}


def test_it_is_alive_but_not_ready_without_a_model(serve, tmp_path):
    (tmp_path / "offers.csv").write_text("area,rent\n1,2\n2,3\n", encoding="utf-8")
    Lab.create(tmp_path / "lab", file=tmp_path / "offers.csv", target="rent")
    with Lab.host(tmp_path / "lab") as empty, httpx.Client(base_url=serve(empty)) as client:
        assert client.get("/v2/health/live").status_code == 200
        assert client.get("/v2/health/ready").status_code == 503
        assert client.get("/v2/health/ready").json()["ready"] is False


@pytest.mark.parametrize("path", ["", "/versions/1"])
def test_a_model_describes_itself(caller, path):
    body = caller.get(f"/v2/models/{MODEL}{path}").json()
    assert (body["name"], body["versions"], body["platform"]) == (MODEL, ["1"], "mllab_xgboost")
    kinds = {one["name"]: (one["datatype"], one["shape"]) for one in body["inputs"]}
    assert kinds["price"] == ("FP64", [-1])
    assert kinds["rooms"] == ("INT64", [-1])
    assert kinds["town"] == ("BYTES", [-1])
    assert kinds["lift"] == ("BOOL", [-1])
    assert [one["name"] for one in body["outputs"]] == ["predict", "predict_proba"]
    assert body["outputs"][0]["datatype"] == "BOOL"
    assert body["outputs"][1]["shape"] == [-1, 2]


def test_a_regression_gives_one_float_output(caller):
    assert caller.get(f"/v2/models/{NUMBERS}").json()["outputs"] == [
        {"name": "predict", "datatype": "FP64", "shape": [-1]}
    ]


@pytest.mark.parametrize("path", ["", "/versions/1"])
def test_a_deployed_model_is_ready(caller, path):
    assert caller.get(f"/v2/models/{MODEL}{path}/ready").json()["ready"] is True


@pytest.mark.parametrize("path", ["nobody", "nobody/ready", f"{MODEL}/versions/9", f"{MODEL}/versions/x/ready"])
def test_what_does_not_exist_is_not_found(caller, path):
    assert is_v2_error(caller.get(f"/v2/models/{path}"), 404)


@pytest.mark.parametrize("path", [INFER, f"/v2/models/{MODEL}/versions/1/infer"])
def test_columns_are_answered_as_the_own_api_answers_rows(caller, row, path):
    rows = [row, row | {"area": 21.0, "price": 480.0}]
    answer = caller.post(path, json=columns(*rows, id="seven"))
    own = caller.post(PREDICT, json={"rows": rows}).json()
    body = answer.json()
    assert (body["model_name"], body["model_version"], body["id"]) == (MODEL, "1", "seven")
    predict, shares = output(answer), output(answer, "predict_proba")
    assert (predict["datatype"], predict["shape"], predict["data"]) == ("BOOL", [2], own["predictions"])
    assert (shares["datatype"], shares["shape"]) == ("FP64", [2, 2])
    assert shares["data"] == [row[label] for row in own["probabilities"] for label in ("false", "true")]


def test_every_answer_can_be_looked_up(caller, row):
    ids = caller.post(INFER, json=columns(row, row)).json()["parameters"]["prediction_ids"]
    assert [caller.get(f"/api/v1/predictions/{one}").json()["prediction_id"] for one in ids] == ids


def test_no_id_is_answered_with_none(caller, row):
    assert "id" not in caller.post(INFER, json=columns(row)).json()


@pytest.mark.parametrize(
    ("shape", "wrap"), [([2], lambda v: v), ([2, 1], lambda v: v), ([2, 1], lambda v: [[one] for one in v])]
)
def test_a_column_may_be_flat_or_nested(caller, row, shape, wrap):
    asked = columns(row, row)
    for one in asked["inputs"]:
        one |= {"shape": shape, "data": wrap(one["data"])}
    assert output(caller.post(INFER, json=asked))["data"] == [True, True]


def test_null_is_missing(caller, row):
    asked = columns(row)
    next(one for one in asked["inputs"] if one["name"] == "price")["data"] = [None]
    answer = caller.post(INFER, json=asked)
    own = caller.post(PREDICT, json={"rows": [row | {"price": None}]}).json()
    assert output(answer)["data"] == own["predictions"]
    assert answer.json()["parameters"]["warnings"] == own["warnings"]


def test_only_the_outputs_that_are_asked_for_come(caller, row):
    answer = caller.post(INFER, json=columns(row, outputs=[{"name": "predict_proba"}]))
    assert [one["name"] for one in answer.json()["outputs"]] == ["predict_proba"]


def test_an_output_that_does_not_exist_is_refused_and_nothing_is_predicted(caller, row):
    assert is_v2_error(caller.post(INFER, json=columns(row, outputs=[{"name": "shap"}])), 400)


@pytest.mark.parametrize("data", [[50.0, 2, 150.0, 4], [[50.0, 2], [150.0, 4]]])
def test_a_matrix_is_rows_of_all_columns(caller, data):
    tensor = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": data}
    found = output(caller.post(MATRIX, json={"inputs": [tensor]}))
    rows = [{"area": 50.0, "rooms": 2}, {"area": 150.0, "rooms": 4}]
    own = caller.post(f"/api/v1/models/{NUMBERS}/predict", json={"rows": rows}).json()
    assert (found["datatype"], found["shape"], found["data"]) == ("FP64", [2], own["predictions"])


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]},
        {"data": [1, 2, 3]},
        {"data": [[1, 2], [3]]},
        {"data": [[1, 2], 3, 4]},
        {"datatype": "BYTES", "data": ["1", "2", "3", "4"]},
        {"datatype": "FP8"},
        {"shape": [-2, -2]},
        {"shape": [0, 2], "data": []},
        {"shape": []},
        {"shape": [1, 2, 2]},
        {"data": [1, "2", 3, 4]},
        {"data": [1, True, 3, 4]},
        {"data": [1, [2], 3, 4]},
        {"data": [1, {"a": 2}, 3, 4]},
        {"datatype": "UINT8", "data": [256, 1, 1, 1]},
        {"datatype": "INT64", "data": [1.5, 1, 1, 1]},
        {"parameters": {"content_type": "base64"}},
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(caller, change):
    tensor = {"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1.0, 2.0, 3.0, 4.0]} | change
    assert is_v2_error(caller.post(MATRIX, json={"inputs": [tensor]}), 400)


def test_a_model_with_text_takes_no_matrix(caller):
    tensor = {"name": "x", "shape": [1, 5], "datatype": "FP64", "data": [1, 2, 3, 4, 5]}
    answer = caller.post(INFER, json={"inputs": [tensor]})
    assert is_v2_error(answer, 400)
    assert "one input for each column" in answer.json()["error"]


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: asked.update(inputs=[]),
        lambda asked: asked.pop("inputs"),
        lambda asked: asked["inputs"].append(asked["inputs"][0]),
        lambda asked: asked["inputs"][0].update(name="colour"),
        lambda asked: asked["inputs"][0].update(shape=[2], data=asked["inputs"][0]["data"] * 2),
        lambda asked: asked["inputs"][0].pop("datatype"),
        lambda asked: asked.update(id=7),
    ],
)
def test_columns_that_do_not_fit_are_refused(caller, row, change):
    asked = columns(row)
    change(asked)
    assert is_v2_error(caller.post(INFER, json=asked), 400)


def test_binary_tensors_are_refused_with_what_to_do(caller):
    headers = {"Inference-Header-Content-Length": "20", "Content-Type": "application/octet-stream"}
    answer = caller.post(INFER, content=b"{}", headers=headers)
    assert is_v2_error(answer, 400)
    assert "binary_data=False" in answer.json()["error"]


def test_the_index_lists_every_version(caller):
    body = caller.post("/v2/repository/index").json()
    assert {(one["name"], one["version"], one["state"]) for one in body} == {
        (MODEL, "1", "READY"),
        (NUMBERS, "1", "READY"),
    }
    assert caller.post("/v2/repository/index", json={"ready": True}).json() == body


def test_loading_a_deployed_model_is_fine_and_unloading_is_not(caller):
    assert caller.post(f"/v2/repository/models/{MODEL}/load").status_code == 200
    answer = caller.post(f"/v2/repository/models/{MODEL}/unload", json={})
    assert is_v2_error(answer, 400)
    assert "champion" in answer.json()["error"]
    assert is_v2_error(caller.post("/v2/repository/models/nobody/load"), 404)


def test_errors_keep_the_shape_of_the_protocol(caller):
    assert is_v2_error(caller.get("/v2/nothing"), 404)
    assert is_v2_error(caller.get("/v2/health/live", headers={"Host": "evil.example"}), 400)
    assert is_v2_error(caller.post(INFER, content=b"{", headers={"Content-Type": "application/json"}), 400)
    assert is_v2_error(caller.post(INFER, content=b"{}", headers={"Content-Type": "text/plain"}), 415)
    answer = caller.delete("/v2/health/live")
    assert is_v2_error(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_a_large_request_is_answered_too(caller, row):
    answer = caller.post(
        INFER, content=msgspec.json.encode(columns(*[row] * 500)), headers={"Content-Type": "application/json"}
    )
    assert output(answer)["shape"] == [500]
