"""Requests that are wrong in every way we know: each is told what is wrong, none shakes the server."""

import httpx
import msgspec
import pytest

from mllab.lab import Lab
from tests.faces.server.asking import INFER, JSON, MODEL, PREDICT, gives_nothing_away, is_problem, is_v2_error

DEEP = 100_000

MALFORMED = {
    "empty": b"",
    "blank": b"  ",
    "open": b"{",
    "trailing junk": b'{"rows": []} x',
    "trailing comma": b'{"rows": [],}',
    "NaN": b'{"rows": [{"price": NaN}]}',
    "Infinity": b'{"rows": [{"price": Infinity}]}',
    "minus Infinity": b'{"rows": [{"price": -Infinity}]}',
    "1e999": b'{"rows": [{"price": 1e999}]}',
    "lone surrogate": b'{"rows": [{"town": "\\ud800"}]}',
    "lone low surrogate": b'{"rows": [{"town": "\\udc00"}]}',
    "surrogate in UTF-8": b'{"rows": [{"town": "\xed\xa0\x80"}]}',
    "bad UTF-8": b'{"rows": [{"town": "\xff"}]}',
    "bad UTF-8 in a key": b'{"rows": [{"\xff": 1}]}',
    "UTF-16": '{"rows": []}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"rows": []}',
    "control character": b'{"rows": [{"town": "\x01"}]}',
    "single quotes": b"{'rows': []}",
    "comment": b'{"rows": [] /* none */}',
    "leading zero": b'{"rows": [{"price": 01}]}',
    "nesting": b"[" * DEEP,
    "nesting inside": b'{"rows": [{"price": ' + b"[" * DEEP + b"]" * DEEP + b"}]}",
    "nesting of objects": b'{"a":' * DEEP,
    "5,000 digits": b'{"rows": [{"price": ' + b"1" * 5000 + b"}]}",
    "null byte": b'{"rows": []}\0',
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_json_is_malformed(caller, content):
    assert is_problem(caller.post(PREDICT, content=content, headers=JSON), 400, "malformed")
    assert is_v2_error(caller.post(INFER, content=content, headers=JSON), 400)


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_json_is_malformed_for_commands_and_labels_too(caller, owner, content):
    assert is_problem(caller.post("/api/v1/labels", content=content, headers=JSON), 400, "malformed")
    assert is_problem(owner.post("/api/v1/commands/release", content=content, headers=JSON), 400, "malformed")


UNFIT = {
    "null root": ("null", ""),
    "array root": ("[]", ""),
    "number root": ("1", ""),
    "text root": ('"rows"', ""),
    "nothing in it": ("{}", ""),
    "no rows": ('{"rows": []}', "/rows"),
    "rows are null": ('{"rows": null}', "/rows"),
    "rows are an object": ('{"rows": {}}', "/rows"),
    "a row is null": ('{"rows": [null]}', "/rows/0"),
    "a row is a list": ('{"rows": [[1]]}', "/rows/0"),
    "another key": ('{"rows": [{}], "raws": []}', ""),
    "an empty row": ('{"rows": [{}]}', "/rows/0"),
}


@pytest.mark.parametrize(("content", "pointer"), UNFIT.values(), ids=UNFIT.keys())
def test_a_body_of_another_form_does_not_fit(caller, content, pointer):
    answer = caller.post(PREDICT, content=content, headers=JSON)
    assert is_problem(answer, 422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == pointer


UNFIT_VALUES = {
    "unknown field": {"colour": "red"},
    "prototype": {"__proto__": {"admin": True}},
    "string for number": {"price": "100"},
    "string for int": {"rooms": "2"},
    "number for string": {"town": 5},
    "bool for number": {"price": True},
    "bool for int": {"rooms": True},
    "number for bool": {"lift": 1},
    "fraction for int": {"rooms": 2.5},
    "nested list": {"price": [1.0]},
    "nested object": {"price": {"value": 1.0}},
    "huge int": {"rooms": 2**64},
    "huge int for a float": {"price": 2**70},
    "very long text": {"town": "x" * 20_000},
}


@pytest.mark.parametrize("change", UNFIT_VALUES.values(), ids=UNFIT_VALUES.keys())
def test_a_value_that_does_not_fit_is_named(caller, row, change):
    answer = caller.post(PREDICT, json={"rows": [row, row | change]})
    assert is_problem(answer, 422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == f"/rows/1/{next(iter(change))}"


def test_a_missing_feature_is_named(caller, row):
    answer = caller.post(PREDICT, json={"rows": [{name: value for name, value in row.items() if name != "area"}]})
    if answer.status_code == 422:
        assert answer.json()["errors"][0]["pointer"] == "/rows/0/area"
    else:
        assert any("area" in warning for warning in answer.json()["warnings"])


def test_a_row_of_unknown_fields_alone_does_not_fit(caller):
    assert is_problem(caller.post(PREDICT, json={"rows": [{"colour": "red"}]}), 422, "invalid-input")


@pytest.mark.parametrize("change", [{"town": "Atlantis"}, {"price": 1e9}, {"price": None}], ids=str)
def test_what_is_unusual_is_answered_with_a_warning(caller, row, change):
    answer = caller.post(PREDICT, json={"rows": [row | change]})
    assert answer.status_code == 200
    assert next(iter(change)) in answer.json()["warnings"][0]


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v1/models/nobody",
        "/api/v1/models/%00",
        "/api/v1/models/%0a",
        "/api/v1/models/%2e%2e",
        "/api/v1/models/..%2f..%2fetc%2fpasswd",
        "/api/v1/models/a%5cb",
        "/api/v1/predictions/%ff",
        "/api/v1/models/%F0%9F%92%A9",
        "/.mllab/host.json",
        "/schema",
    ],
)
def test_a_path_that_is_not_there_is_not_found(caller, path):
    assert is_problem(caller.get(path), 404, "not-found")


@pytest.mark.parametrize(
    "target", [b"/api/v1/../../../etc/passwd", b"/api/v1/./status", b"/..", b"/%2e%2e/%2e%2e/etc/passwd"]
)
def test_dot_segments_lead_nowhere(wire, target):
    connection = wire()
    connection.send(b"GET ", target, b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.status() == 404


def test_an_unknown_model_is_not_found(caller, row):
    assert is_problem(caller.post("/api/v1/models/nobody/predict", json={"rows": [row]}), 404, "not-found")
    assert is_v2_error(
        caller.post(
            "/v2/models/nobody/infer", json={"inputs": [{"name": "a", "shape": [1], "datatype": "FP64", "data": [1]}]}
        ),
        404,
    )


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", PREDICT, "POST"), ("DELETE", "/api/v1/status", "GET"), ("PUT", "/docs", "GET"), ("TRACE", "/v2", "GET")],
)
def test_a_method_that_is_not_there_is_told_which_are(caller, method, path, allowed):
    answer = caller.request(method, path)
    assert answer.status_code == 405
    assert allowed in answer.headers["allow"]
    gives_nothing_away(answer)


def test_a_wrong_method_is_a_problem_document(caller):
    assert is_problem(caller.delete("/api/v1/status"), 405, "method-not-allowed")


@pytest.mark.parametrize(
    "accept", ["text/html", "image/*", "application/json;q=0", "application/xml, text/plain;q=0.5"]
)
def test_an_answer_nobody_wants_is_not_given(caller, row, accept):
    assert is_problem(caller.post(PREDICT, json={"rows": [row]}, headers={"Accept": accept}), 406, "not-acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/*", "text/html, application/json;q=0.1", "APPLICATION/JSON"])
def test_an_answer_in_json_is_acceptable(caller, row, accept):
    assert caller.post(PREDICT, json={"rows": [row]}, headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [PREDICT, "/api/v1/labels", "/api/v1/commands/release"])
def test_only_plain_json_is_understood(owner, path, headers):
    assert is_problem(owner.post(path, content=b'{"rows": []}', headers=headers), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", 'application/json;charset="UTF-8"', "Application/JSON"]
)
def test_the_ways_to_say_json_are_understood(caller, row, kind):
    answer = caller.post(PREDICT, content=msgspec.json.encode({"rows": [row]}), headers={"Content-Type": kind})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "megabytes"),
    [(PREDICT, 16), ("/api/v1/labels", 16), ("/api/v1/commands/release", 1), ("/v2/repository/index", 1)],
)
def test_a_body_over_the_routes_limit_is_too_large(owner, path, megabytes):
    content = b" " * (megabytes * 2**20 + 1)
    answer = owner.post(path, content=content, headers=JSON)
    assert answer.status_code == 413
    gives_nothing_away(answer)


def test_a_body_at_the_limit_is_read(owner):
    answer = owner.post("/api/v1/commands/release", content=b" " * 2**20, headers=JSON)
    assert is_problem(answer, 400, "malformed")


def test_a_body_in_pieces_over_the_limit_is_too_large(owner):
    pieces = (b" " * 65536 for _ in range(20))
    answer = owner.post("/api/v1/commands/release", content=pieces, headers=JSON)
    assert is_problem(answer, 413, "too-large")


def test_the_connection_is_good_after_a_refusal(caller, row):
    for content in (b"{", b" " * (17 * 2**20)):
        assert caller.post(PREDICT, content=content, headers=JSON).status_code in (400, 413)
        assert caller.post(PREDICT, json={"rows": [row]}).status_code == 200


def test_labels_that_do_not_fit_are_named(caller):
    for labels in ([{}], [{"prediction_id": "p"}], [{"label": 1}], [{"prediction_id": "p", "label": 1, "x": 1}]):
        answer = caller.post("/api/v1/labels", json={"labels": labels})
        assert is_problem(answer, 422, "invalid-input")
        assert answer.json()["errors"][0]["pointer"] == "/labels/0"
    assert is_problem(caller.post("/api/v1/labels", json={"labels": 1}), 422, "invalid-input")


def test_a_label_for_no_prediction_is_not_found(caller):
    answer = caller.post("/api/v1/labels", json={"labels": [{"prediction_id": "p_none", "label": True}]})
    assert is_problem(answer, 404, "not-found")


def test_a_lab_without_a_model_asks_to_come_back(serve, tmp_path, row):
    (tmp_path / "offers.csv").write_text("area,sold\n1,true\n2,false\n", encoding="utf-8")
    Lab.create(tmp_path / "lab", file=tmp_path / "offers.csv", target="sold")
    with Lab.host(tmp_path / "lab") as empty, httpx.Client(base_url=serve(empty)) as client:
        answer = client.post(PREDICT, json={"rows": [row]})
        assert is_problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert is_v2_error(client.get(f"/v2/models/{MODEL}/ready"), 503)
