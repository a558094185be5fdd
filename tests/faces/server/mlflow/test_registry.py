"""The registry through MLflow's dialect is the lab's own."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mllab.errors import Conflict
from mllab.host import Host
from mllab.lab import Lab
from tests.faces.server.asking import MODEL
from tests.faces.server.mlflow.conftest import Ask, is_refusal

Refused = Callable[..., str]


@pytest.fixture
def name(post: Ask, request: pytest.FixtureRequest, run: str) -> str:
    """A registered model with two versions, called after the test."""
    name = re.sub(r"[^\w ]", " ", f"m {request.node.name}")[:200]
    post("registered-models/create", name=name, description="d", tags=[{"key": "a", "value": "b"}])
    for note in ("first", "second"):
        post("model-versions/create", name=name, source=f"runs:/{run}/model", run_id=run, description=note)
    return name


def test_versions_stand_in_the_labs_lists_and_are_never_served(post: Ask, lab: Lab, name: str, run: str) -> None:
    summary = next(one for one in lab.models() if one.name == name)
    assert (summary.task, summary.target) == (None, "")
    assert [(one.version, one.run_id, one.origin) for one in summary.versions] == [
        (1, run, "mlflow"),
        (2, run, "mlflow"),
    ]
    post("registered-models/alias", name=name, alias="champion", version="2")
    assert lab.aliases(name) == {"champion": 2}
    assert lab.deployments() == []
    for ask in (
        lambda: lab.promote(name, 1),
        lambda: lab.signature(name, version=1),
        lambda: lab.predict(name, [{}], version=1),
    ):
        with pytest.raises(Conflict, match="cannot be served") as caught:
            ask()
        assert "train it with mllab" in caught.value.hint
    assert lab.aliases(name) == {"champion": 2}


def test_a_name_cannot_be_taken_twice(refused: Refused, name: str) -> None:
    refused("registered-models/create", "RESOURCE_ALREADY_EXISTS", name=name)
    refused("registered-models/create", "RESOURCE_ALREADY_EXISTS", name="churn")


@pytest.mark.parametrize("bad", ["", "a/b", "a:b", "x" * 251, "a\nb", "a@b"])
def test_a_name_that_cannot_be(bad: str, refused: Refused) -> None:
    refused("registered-models/create", name=bad)


def test_what_is_declared_is_neither_renamed_nor_deleted(refused: Refused, client: httpx.Client, name: str) -> None:
    assert "mllab.toml" in refused("registered-models/rename", name="churn", new_name="other")
    assert "mllab.toml" in refused("registered-models/rename", name=name, new_name="churn")
    answer = client.request("DELETE", "/api/2.0/mlflow/registered-models/delete", json={"name": "churn"})
    assert is_refusal(answer, "INVALID_PARAMETER_VALUE")


def test_a_renamed_model_keeps_versions_aliases_and_numbers(post: Ask, get: Ask, lab: Lab, name: str, run: str) -> None:
    post("registered-models/alias", name=name, alias="best", version=1)
    new = f"{name} anew"
    told = post("registered-models/rename", name=name, new_name=new)["registered_model"]
    assert told["aliases"] == [{"alias": "best", "version": "1"}]
    assert [one.note for one in lab.model_versions(new)] == ["first", "second"]
    assert name not in [one.name for one in lab.registered_models()]
    made = post("model-versions/create", name=new, source=f"runs:/{run}/model")["model_version"]
    assert made["version"] == "3"
    post("registered-models/create", name=name)
    assert get("registered-models/get", name=name)["registered_model"].keys().isdisjoint({"latest_versions", "aliases"})


def test_numbers_of_deleted_versions_are_not_given_again(
    post: Ask, client: httpx.Client, lab: Lab, name: str, run: str
) -> None:
    post("registered-models/alias", name=name, alias="new", version=2)
    sent = {"name": name, "version": "2"}
    assert client.request("DELETE", "/api/2.0/mlflow/model-versions/delete", json=sent).json() == {}
    assert is_refusal(client.get("/api/2.0/mlflow/model-versions/get", params=sent), "RESOURCE_DOES_NOT_EXIST")
    assert lab.aliases(name) == {}
    assert post("model-versions/create", name=name, source=f"runs:/{run}/m")["model_version"]["version"] == "3"


@pytest.mark.parametrize("alias", ["latest", "v1", "V22", "a b", "", "x" * 256])
def test_an_alias_that_cannot_be(alias: str, refused: Refused, name: str) -> None:
    refused("registered-models/alias", name=name, alias=alias, version=1)


def test_what_is_not_there(refused: Refused, name: str) -> None:
    missing = "RESOURCE_DOES_NOT_EXIST"
    refused("registered-models/alias", missing, name=name, alias="best", version=9)
    refused("registered-models/alias", missing, method="GET", name=name, alias="nothing")
    refused("model-versions/get", missing, method="GET", name=name, version="9")
    refused("model-versions/create", missing, name="nobody", source="models:/x")
    refused("model-versions/create", missing, name=name, source="x:/y", run_id="0" * 32)
    refused("model-versions/create", missing, name=name, source=f"models:/m-{'0' * 32}")
    refused("model-versions/get", method="GET", name=name, version="one")


@pytest.mark.parametrize("source", ["/etc/passwd", "file:///etc/passwd", "../up", "", "x" * 9000])
def test_a_source_that_only_one_machine_knows_is_refused(source: str, refused: Refused, name: str) -> None:
    refused("model-versions/create", name=name, source=source)


def test_searches_of_models_and_versions(get: Ask, lab: Lab, name: str, run: str) -> None:
    quoted = f"name = '{name}'"
    prompts = "tag.`mlflow.prompt.is_prompt` != 'true'"
    assert len(get("registered-models/search", filter=f"{quoted} AND {prompts}")["registered_models"]) == 1
    found = get("model-versions/search", filter=quoted, order_by="version_number ASC")["model_versions"]
    assert [one["version"] for one in found] == ["1", "2"]
    page = get("model-versions/search", filter=quoted, max_results=1)
    more = get("model-versions/search", filter=quoted, max_results=1, page_token=page["next_page_token"])
    assert [page["model_versions"][0]["version"], more["model_versions"][0]["version"]] == ["2", "1"]
    assert "next_page_token" not in more
    assert len(get("model-versions/search", filter=f"run_id = '{run}'")["model_versions"]) == 2
    every = [one["name"] for one in get("registered-models/search")["registered_models"]]
    assert every == sorted(every)


@pytest.mark.parametrize(
    "fields",
    [{"filter": "name >> 'x'"}, {"filter": "nonsense"}, {"max_results": 0}, {"page_token": "x"}, {"order_by": "shoe"}],
)
def test_a_search_that_cannot_be_understood(fields: dict[str, Any], refused: Refused) -> None:
    refused("registered-models/search", method="GET", **fields)


# -- what the lab itself has trained ----------------------------------------------------------------------------------


def test_a_version_that_mllab_trained_is_had_as_a_folder_that_mlflow_loads(host: Host, caller: httpx.Client) -> None:
    made = caller.get("/api/2.0/mlflow/registered-models/alias", params={"name": MODEL, "alias": "champion"}).json()
    version = made["model_version"]
    assert version["run_id"] == host.lab.version(MODEL, 1).run_id
    asked = {"name": MODEL, "version": version["version"]}
    uri = caller.get("/api/2.0/mlflow/model-versions/get-download-uri", params=asked).json()["artifact_uri"]
    root = uri.removeprefix("mlflow-artifacts:/")
    files = caller.get("/api/2.0/mlflow-artifacts/artifacts", params={"path": root}).json()["files"]
    assert {"MLmodel", "model.ubj"} <= {one["path"] for one in files}
    content = caller.get(f"/api/2.0/mlflow-artifacts/artifacts/{root}/MLmodel")
    assert content.content == host.lab.mlflow_files(MODEL, version=1)["MLmodel"]
    put = caller.put(f"/api/2.0/mlflow-artifacts/artifacts/{root}/MLmodel", content=b"other")
    assert is_refusal(put, "INVALID_PARAMETER_VALUE")
    assert is_refusal(caller.delete(f"/api/2.0/mlflow-artifacts/artifacts/{root}"), "INVALID_PARAMETER_VALUE")


def test_a_version_from_elsewhere_cannot_be_champion_of_a_model_that_mllab_trains(
    host: Host, caller: httpx.Client
) -> None:
    prefix = "/api/2.0/mlflow"
    made = caller.post(f"{prefix}/model-versions/create", json={"name": MODEL, "source": "models:/elsewhere"}).json()
    number = made["model_version"]["version"]
    alias = {"name": MODEL, "alias": "champion", "version": number}
    answer = caller.post(f"{prefix}/registered-models/alias", json=alias)
    assert is_refusal(answer, "INVALID_PARAMETER_VALUE")
    assert "mllab retrain" in answer.json()["message"]
    assert caller.post(f"{prefix}/registered-models/alias", json=alias | {"alias": "other"}).json() == {}
    assert {one.model: one.version for one in host.lab.deployments()}[MODEL] == 1
    gone = caller.request("DELETE", f"{prefix}/model-versions/delete", json={"name": MODEL, "version": number})
    assert gone.json() == {}
    deployed = caller.request("DELETE", f"{prefix}/model-versions/delete", json={"name": MODEL, "version": "1"})
    assert is_refusal(deployed, "INVALID_PARAMETER_VALUE")


def test_champion_set_by_an_mlflow_client_deploys_what_mllab_trained(host: Host, caller: httpx.Client) -> None:
    alias = {"name": MODEL, "alias": "champion", "version": "1"}
    assert caller.post("/api/2.0/mlflow/registered-models/alias", json=alias).json() == {}
    assert {one.model: one.version for one in host.lab.deployments()}[MODEL] == 1
