"""Feast's feature server, asked over a real socket."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from mllab.faces.server.app import create_app
from mllab.faces.server.columns import OnlineFeatures
from mllab.host import Host
from mllab.lab import Lab
from mllab.store.lock import LabLock
from tests.faces.server.asking import JSON, is_problem
from tests.support.shops import DAY, a_lab_of_shops, by_feature

GET = "/get-online-features"
NOON = (DAY + timedelta(hours=12)).isoformat()
SEEN, NEVER = "2024-03-01T00:00:00Z", "1970-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = a_lab_of_shops(tmp_path_factory.mktemp("shops") / "lab")
    with Host(folder, port=0) as host:
        assert host.wait_until_quiet(60)
        yield host


@pytest.fixture(scope="module")
def feast(shops: Host) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shops.url, timeout=40) as client:
        yield client


@pytest.fixture(scope="module")
def owner_of_shops(shops: Host) -> Iterator[httpx.Client]:
    info = LabLock(shops.lab.folder / ".mllab").host()
    assert info is not None
    headers = {"Authorization": f"Bearer {info.token}"}
    with httpx.Client(base_url=shops.url, timeout=40, headers=headers) as client:
        yield client


def floors(*features: str, shop: Any = ("Ulm",), floor: Any = (1,), **more: Any) -> dict[str, Any]:
    """A request for features of floors at noon."""
    names = [f"floors:{name}" for name in features or ["n_staff"]]
    return {"features": names, "entities": {"shop": list(shop), "floor": list(floor)}, "at": NOON} | more


# -- reading -----------------------------------------------------------------------------------------------------------


def test_the_answer_is_feasts_to_the_byte(feast):
    sent = floors("n_staff", "mood", "paid", "is_open", shop=["Ulm", "Ulm", "Rome"], floor=[1, 2, 1])
    answer = feast.post(GET, json=sent)
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == (
        '{"metadata":{"feature_names":["shop","floor","n_staff","mood","paid","is_open"]},"results":['
        '{"values":["Ulm","Ulm","Rome"],"statuses":["PRESENT","PRESENT","PRESENT"],'
        f'"event_timestamps":["{NEVER}","{NEVER}","{NEVER}"]}},'
        '{"values":[1,2,1],"statuses":["PRESENT","PRESENT","PRESENT"],'
        f'"event_timestamps":["{NEVER}","{NEVER}","{NEVER}"]}},'
        '{"values":[3,4,null],"statuses":["PRESENT","PRESENT","NOT_FOUND"],'
        f'"event_timestamps":["{SEEN}","{SEEN}","{NEVER}"]}},'
        '{"values":["fine",null,null],"statuses":["PRESENT","NULL_VALUE","NOT_FOUND"],'
        f'"event_timestamps":["{SEEN}","{SEEN}","{NEVER}"]}},'
        '{"values":[12.5,0.1,null],"statuses":["PRESENT","PRESENT","NOT_FOUND"],'
        f'"event_timestamps":["{SEEN}","{SEEN}","{NEVER}"]}},'
        '{"values":[true,false,null],"statuses":["PRESENT","PRESENT","NOT_FOUND"],'
        f'"event_timestamps":["{SEEN}","{SEEN}","{NEVER}"]}}'
        "]}"
    )


def test_a_row_past_its_age_says_so_and_when_it_was_known(feast):
    answer = feast.post(GET, json=floors("n_staff", shop=["Kiel"])).json()
    assert answer["results"][2] == {
        "values": [None],
        "statuses": ["OUTSIDE_MAX_AGE"],
        "event_timestamps": ["2024-02-23T00:00:00Z"],
    }


def test_every_value_is_what_python_gets(feast, shops):
    sent = floors("n_staff", "paid", shop=["Ulm", "Bonn", "Kiel", "Rome"], floor=[1, 1, 1, 1])
    answer = feast.post(GET, json=sent).json()
    rows = [{"shop": shop, "floor": 1} for shop in sent["entities"]["shop"]]
    found = shops.lab.get_online_features(sent["features"], rows, at=DAY + timedelta(hours=12))
    for name in ("n_staff", "paid"):
        assert by_feature(answer)[name] == [row.values[name] for row in found]
        assert by_feature(answer, "statuses")[name] == [row.statuses[name].value for row in found]
    bonn = by_feature(answer, "event_timestamps")["paid"][1]
    assert datetime.fromisoformat(bonn) == DAY + timedelta(milliseconds=250)


def test_a_null_key_is_nobody(feast):
    answer = feast.post(GET, json=floors(shop=[None, "Ulm"], floor=[1, None])).json()
    assert by_feature(answer)["shop"] == [None, "Ulm"]
    assert by_feature(answer, "statuses") == {
        "shop": ["NULL_VALUE", "PRESENT"],
        "floor": ["PRESENT", "NULL_VALUE"],
        "n_staff": ["NOT_FOUND", "NOT_FOUND"],
    }


def test_a_service_stands_for_its_features(feast):
    sent = {"feature_service": "small", "entities": {"shop": ["Ulm"], "floor": [1]}, "at": NOON}
    assert by_feature(feast.post(GET, json=sent).json()) == {
        "shop": ["Ulm"],
        "floor": [1],
        "mood": ["fine"],
        "most_paid": [12.5],
    }


def test_full_names_tell_features_of_one_name_apart(feast):
    sent = floors("mood", features=["floors:mood", "shops:mood"], full_feature_names=True)
    assert list(by_feature(feast.post(GET, json=sent).json())) == ["shop", "floor", "floors__mood", "shops__mood"]


def test_without_full_names_they_are_refused(feast):
    answer = feast.post(GET, json=floors(features=["floors:mood", "shops:mood"]))
    assert is_problem(answer, 422, "invalid-input")
    assert "full_feature_names" in answer.json()["hint"]


def test_what_is_computed_on_demand_comes_along(feast):
    sent = {"features": ["shops:most_paid", "shout"], "entities": {"shop": ["Ulm"], "mood": ["hm"]}, "at": NOON}
    assert by_feature(feast.post(GET, json=sent).json()) == {"shop": ["Ulm"], "most_paid": [12.5], "loud": ["HM"]}


def test_a_moment_comes_as_feast_counts_it(feast):
    sent = {"features": ["seen_at"], "entities": {"seen_at": ["2024-03-01T00:00:01.5Z", None]}}
    assert by_feature(feast.post(GET, json=sent).json()) == {"seen_at": [1709251201, None]}


def test_now_is_asked_for_where_no_moment_is(feast):
    sent = floors()
    del sent["at"]
    assert by_feature(feast.post(GET, json=sent).json(), "statuses")["n_staff"] == ["OUTSIDE_MAX_AGE"]


def test_ten_thousand_entities_are_answered_and_one_more_is_not(feast):
    many = floors(shop=["Ulm"] * 10_000, floor=[1, 9] * 5_000)
    assert by_feature(feast.post(GET, json=many).json())["n_staff"] == [3, None] * 5_000
    more = floors(shop=["Ulm"] * 10_001, floor=[1] * 10_001)
    assert is_problem(feast.post(GET, json=more), 422, "invalid-input")


def test_what_feasts_client_sends_besides_is_taken(feast):
    sent = floors(include_feature_view_version_metadata=True, feature_service=None)
    assert feast.post(GET, json=sent).status_code == 200


def test_without_a_socket_it_is_the_same(feast, shops):
    app = create_app(shops.lab, "secret")
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.post(GET, json=floors()).text == feast.post(GET, json=floors()).text


UNFIT = {
    "unknown view": ({"features": ["walls:colour"]}, "", "walls:colour"),
    "unknown feature": ({"features": ["floors:moods"]}, "", "mood"),
    "feature without a view": ({"features": [":mood"]}, "", ":mood"),
    "named twice": ({"features": ["floors:mood"] * 2}, "/features", "mood"),
    "unknown service": ({"features": [], "feature_service": "large"}, "", "large"),
    "service and features": ({"feature_service": "small"}, "", "both"),
    "no features": ({"features": []}, "/features", "no features"),
    "null features": ({"features": None}, "/features", ""),
    "a number as a feature": ({"features": [7]}, "/features/0", ""),
    "too many features": ({"features": ["floors:mood"] * 1_001}, "/features", ""),
    "no entities": ({"entities": {}}, "/entities", "no rows"),
    "empty entities": ({"entities": {"shop": [], "floor": []}}, "/entities", "no rows"),
    "lengths": ({"entities": {"shop": ["Ulm"], "floor": [1, 2]}}, "/entities/shop", "length"),
    "rows for entities": ({"entities": [{"shop": "Ulm", "floor": 1}]}, "/entities", ""),
    "a value for a list": ({"entities": {"shop": "Ulm", "floor": 1}}, "/entities", ""),
    "a join key left out": ({"entities": {"shop": ["Ulm"]}}, "/entities/floor", "floor"),
    "a key that is none": ({"entities": {"shop": ["Ulm"], "floor": [1], "a/b": [1]}}, "/entities/a~1b/0", "a~1b"),
    "text for a number": ({"entities": {"shop": ["Ulm", "Ulm"], "floor": [1, "2"]}}, "/entities/floor/1", "string"),
    "number for a text": ({"entities": {"shop": [7], "floor": [1]}}, "/entities/shop/0", ""),
    "nested": ({"entities": {"shop": [["Ulm"]], "floor": [1]}}, "/entities/shop/0", ""),
    "object": ({"entities": {"shop": [{"a": 1}], "floor": [1]}}, "/entities/shop/0", ""),
    "huge number": ({"entities": {"shop": ["Ulm"], "floor": [2**70]}}, "/entities/floor/0", ""),
    "flag as text": ({"full_feature_names": "yes"}, "/full_feature_names", ""),
    "unknown field": ({"moment": NOON}, "", ""),
    "no moment": ({"at": "soon"}, "/at", ""),
    "a moment without an offset": ({"at": "2024-03-01T12:00:00"}, "/at", ""),
}


@pytest.mark.parametrize(("change", "pointer", "said"), UNFIT.values(), ids=UNFIT.keys())
def test_what_does_not_fit_is_named(feast, change, pointer, said):
    answer = feast.post(GET, json=floors() | change)
    assert is_problem(answer, 422, "invalid-input")
    body = answer.json()
    assert said in body["detail"]
    assert (body["errors"] or [{"pointer": ""}])[0]["pointer"] == pointer
    assert "entity_rows" not in answer.text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"entities": NaN}', b"[" * 100_000, b"\xff"])
def test_what_is_no_request_is_refused(feast, content):
    assert feast.post(GET, content=content, headers=JSON).status_code in (400, 422)


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "1600-01-01T00:00:00Z"]
)
def test_a_far_moment_is_a_moment(feast, at):
    assert feast.post(GET, json=floors(at=at)).status_code in (200, 422)


def test_a_lab_without_data_asks_to_come_back(serve, tmp_path: Path):
    (tmp_path / "offers.csv").write_text("area,rent\n1,2\n2,3\n", encoding="utf-8")
    Lab.create(tmp_path / "lab", file=tmp_path / "offers.csv", target="rent")
    with Lab.host(tmp_path / "lab") as empty, httpx.Client(base_url=serve(empty)) as client:
        assert client.post(GET, json=floors()).status_code in (422, 503)


# -- the guard ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [GET, "/push", "/materialize", "/materialize-incremental"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 400),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Accept": "text/html"}, 406),
    ],
    ids=str,
)
def test_the_guard_stands_before_every_route(owner_of_shops, path, headers, status):
    assert owner_of_shops.post(path, content=b"{}", headers=JSON | headers).status_code == status


@pytest.mark.parametrize("path", ["/push", "/materialize", "/materialize-incremental"])
def test_changing_needs_the_token(feast, path):
    assert is_problem(feast.post(path, json={}), 401, "unauthorized")


def test_a_server_that_others_reach_wants_the_token_for_reading(serve, shops):
    with httpx.Client(base_url=serve(shops.lab, host="0.0.0.0")) as client:
        assert is_problem(client.post(GET, json=floors()), 401, "unauthorized")
        assert client.post(GET, json=floors(), headers={"Authorization": "Bearer secret"}).status_code == 200


@pytest.mark.parametrize(("path", "megabytes"), [(GET, 16), ("/push", 16), ("/materialize", 1)])
def test_a_body_over_the_limit_is_too_large(owner_of_shops, path, megabytes):
    answer = owner_of_shops.post(path, content=b" " * (megabytes * 2**20 + 1), headers=JSON)
    assert is_problem(answer, 413, "too-large")


def test_they_are_described(feast):
    paths = feast.get("/openapi.json").json()["paths"]
    assert {GET, "/push", "/materialize", "/materialize-incremental"} <= paths.keys()
    asked = paths[GET]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"entities", "features", "feature_service", "full_feature_names", "at"} <= asked["properties"].keys()


# -- changing ----------------------------------------------------------------------------------------------------------


def a_push(hour: int, **changes: Any) -> dict[str, Any]:
    """One row of a floor nobody else uses."""
    at = (DAY + timedelta(hours=hour)).isoformat()
    row = {"shop": "Essen", "floor": hour, "seen_at": at, "n_staff": 77, "mood": "new", "paid": 1.0, "is_open": True}
    columns = {name: [value] for name, value in (row | changes).items()}
    return {"push_source_name": "staff", "df": columns, "to": "online"}


@pytest.mark.parametrize(("hour", "to"), [(1, "online"), (2, "offline"), (3, "online_and_offline")])
def test_pushed_rows_answer_once_the_push_is_answered(feast, owner_of_shops, hour, to):
    answer = owner_of_shops.post("/push", json=a_push(hour) | {"to": to, "allow_registry_cache": True})
    assert answer.status_code == 200, answer.text
    (job,) = answer.json()["jobs"]
    assert job["status"] == "finished"
    assert "accepted" in job["text"]
    found = feast.post(GET, json=floors(shop=["Essen"], floor=[hour])).json()
    assert by_feature(found)["n_staff"] == [77]


def test_the_same_rows_are_pushed_once(owner_of_shops):
    assert owner_of_shops.post("/push", json=a_push(4)).status_code == 200
    assert is_problem(owner_of_shops.post("/push", json=a_push(4)), 409, "conflict")


def test_refused_rows_are_told_with_their_reason(owner_of_shops):
    answer = owner_of_shops.post("/push", json=a_push(5, seen_at="soon"))
    assert is_problem(answer, 422, "invalid-input")
    assert answer.json()["errors"][0]["code"] == "date"
    assert "`soon`" in answer.json()["message"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"push_source_name": "nobody"}, 404),
        ({"push_source_name": ""}, 404),
        ({"push_source_name": 7}, 422),
        ({"to": "elsewhere"}, 422),
        ({"df": {}}, 422),
        ({"df": {"shop": []}}, 422),
        ({"df": {"shop": ["Ulm"], "floor": []}}, 422),
        ({"df": {"shop": "Ulm"}}, 422),
        ({"df": {"shop": [["Ulm"]]}}, 422),
        ({"df": {"": [1]}}, 422),
        ({"df": {"shop\n": ["Ulm"]}}, 422),
        ({"df": {"shop": [None]}}, 422),
        ({"rows": []}, 422),
    ],
    ids=str,
)
def test_a_push_that_does_not_fit_is_refused(owner_of_shops, change, status):
    assert owner_of_shops.post("/push", json=a_push(6) | change).status_code == status


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/materialize", {"start_ts": "2024-01-01T00:00:00", "end_ts": "2030-01-01T00:00:00+02:00"}),
        ("/materialize", {"disable_event_timestamp": True, "feature_views": ["floors", "shops", "floors"]}),
        ("/materialize-incremental", {"end_ts": "2030-01-01", "feature_views": ["shops"], "version": None}),
    ],
)
def test_views_are_brought_up_to_date(owner_of_shops, path, body):
    answer = owner_of_shops.post(path, json=body)
    assert answer.status_code == 200, answer.text
    jobs = answer.json()["jobs"]
    assert [job["status"] for job in jobs] == ["finished"] * len(set(body.get("feature_views", ["all"])))


def test_rows_behind_the_end_stay_offline(owner_of_shops, shops):
    end = DAY - timedelta(days=1)
    sent = {"end_ts": end.isoformat(), "feature_views": ["floors"]}
    assert owner_of_shops.post("/materialize-incremental", json=sent).status_code == 200
    kept = next(one for one in shops.lab.materializations() if one.view == "floors")
    assert kept.online_from is not None
    assert kept.online_from <= end
    assert owner_of_shops.post("/materialize", json={"disable_event_timestamp": True}).status_code == 200
    shops.lab.materialize("floors", anew=True, wait=True)


def test_one_who_does_not_wait_is_told_that_it_was_taken(owner_of_shops, shops):
    answer = owner_of_shops.post("/materialize?async=true", json={"end_ts": datetime.now(UTC).isoformat()})
    assert answer.status_code == 202
    job_id = answer.json()["jobs"][0]["job_id"]
    assert shops.lab.wait(job_id).status.is_over()


def test_a_view_that_cannot_be_made_is_a_conflict(serve, tmp_path):
    folder = a_lab_of_shops(tmp_path / "lab")
    toml = folder / "mllab.toml"
    toml.write_text(toml.read_text().replace('entity = ["shop"]\n', 'entity = ["shop"]\nfunction = "broken"\n'))
    (folder / "features.py").write_text("import polars as pl\ndef broken():\n    return [1 / 0]\n")
    with Host(folder, port=0) as host:
        info = LabLock(folder / ".mllab").host()
        assert info is not None
        headers = {"Authorization": f"Bearer {info.token}"}
        answer = httpx.post(f"{host.url}/materialize", json={"disable_event_timestamp": True}, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:mllab:problem:conflict")
        assert "features.py line 3: ZeroDivisionError" in answer.json()["message"]
        assert str(folder) not in answer.text


@pytest.mark.parametrize("path", ["/materialize", "/materialize-incremental"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"end_ts": "soon"}, 422),
        ({"end_ts": 7}, 422),
        ({"end_ts": "0001-01-01T00:00:00+14:00"}, 422),
        ({"start_ts": "2024-03-01", "end_ts": "2024-03-01"}, 422),
        ({"end_ts": "2024-03-01", "feature_views": ["floors", "walls"]}, 404),
        ({"end_ts": "2024-03-01", "feature_views": ["shout"]}, 404),
        ({"end_ts": "2024-03-01", "feature_views": []}, 422),
        ({"end_ts": "2024-03-01", "feature_views": "floors"}, 422),
        ({"end_ts": "2024-03-01", "version": "v2"}, 422),
        ({"end_ts": "2024-03-01", "views": []}, 422),
    ],
    ids=str,
)
def test_a_materialization_that_does_not_fit_is_refused_and_nothing_is_queued(
    owner_of_shops, shops, path, body, status
):
    before = shops.lab.count_jobs()
    answer = owner_of_shops.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert shops.lab.count_jobs() == before


def test_a_misspelt_query_is_refused(owner_of_shops):
    answer = owner_of_shops.post("/materialize?async=perhaps", json={"end_ts": "2030-01-01"})
    assert is_problem(answer, 422, "invalid-input")


def test_the_answer_decodes_as_declared(feast):
    answer = feast.post(GET, json=floors())
    assert msgspec.json.encode(msgspec.json.decode(answer.content, type=OnlineFeatures)) == answer.content
