"""Models, versions and logged models from elsewhere in the lab's own registry."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.lab import Lab
from mllab.records import LinkRole, LoggedModelStatus, ModelLink, ModelMetric
from mllab.store.writer import replayed
from tests.support.labs import a_lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab that has done nothing yet."""
    with Lab.host(a_lab(tmp_path / "lab", 50)) as lab:
        yield lab


def test_what_is_registered_can_be_made_again_from_the_log(lab: Lab) -> None:
    run = lab.begin_run("tried", run_id="a" * 32, origin="mlflow")
    model = lab.create_logged_model(lab.experiment("tried").experiment_id, name="trees", run_id=run.run_id)
    lab.change_logged_model(
        model.model_id,
        status=LoggedModelStatus.READY,
        artifacts={"MLmodel": "b" * 64},
        links=[ModelLink(run_id=run.run_id, role=LinkRole.OUTPUT, step=3)],
    )
    lab.register_model("one", note="n", tags={"a": "b"})
    lab.register_version("one", f"models:/{model.model_id}", model_id=model.model_id)
    lab.point_alias("one", "champion", 1)
    lab.rename_model("one", "two")
    lab.change_version("two", 1, stage="Production", set={"c": "d"})
    lab.delete_model("two")
    lab.trash_logged_model(model.model_id)
    copy = replayed(lab.folder / ".mllab" / "lab.db")
    for table in ("models", "versions", "alias_moves", "logged_models", "model_links"):
        sql = f"SELECT * FROM {table} ORDER BY 1, 2"
        there = [tuple(row) for row in lab.workspace.db.readers.all(sql)]
        assert there
        assert [tuple(row) for row in copy.execute(sql)] == there, table


def test_a_version_takes_run_and_metrics_of_the_model_it_names(lab: Lab) -> None:
    run = lab.begin_run("tried", run_id="a" * 32, origin="mlflow")
    lab.log_run(run.run_id, points=[("auc", 0, 1_700_000_000_000_000, 0.75)])
    model = lab.create_logged_model(lab.experiment("tried").experiment_id, run_id=run.run_id)
    lab.register_model("one")
    made = lab.register_version("one", f"models:/{model.model_id}", model_id=model.model_id)
    assert (made.run_id, made.metrics) == (run.run_id, {"auc": 0.75})
    assert model.name == model.model_id


def test_the_last_value_of_a_metric_stays_with_its_model(lab: Lab) -> None:
    model = lab.create_logged_model(lab.experiment("0").experiment_id)
    at = model.created_at

    def value(step: int, value: float, dataset: str = "") -> ModelMetric:
        return ModelMetric(metric="auc", value=value, step=step, at=at, run_id="r", dataset=dataset)

    lab.change_logged_model(model.model_id, metrics=[value(1, 0.7), value(0, 0.5), value(0, 0.9, "other")])
    lab.change_logged_model(model.model_id, metrics=[value(0, 0.1)])
    assert [(one.dataset, one.value) for one in lab.logged_model(model.model_id).metrics] == [("", 0.7), ("other", 0.9)]


def test_parameters_of_a_logged_model_do_not_change_and_missing_tags_cannot_go(lab: Lab) -> None:
    model = lab.create_logged_model(lab.experiment("0").experiment_id, params={"C": "1"})
    with pytest.raises(Conflict, match="`C`"):
        lab.change_logged_model(model.model_id, params={"C": "2"}, set={"new": "tag"})
    with pytest.raises(NotFound, match="gone"):
        lab.change_logged_model(model.model_id, remove=["gone"])
    with pytest.raises(InvalidInput):
        lab.change_logged_model(model.model_id, artifacts={"../up": "a" * 64})
    assert lab.logged_model(model.model_id).tags == {}


def test_a_taken_out_model_is_had_by_who_asks_for_it(lab: Lab) -> None:
    model = lab.create_logged_model(lab.experiment("0").experiment_id, name="trees")
    lab.trash_logged_model(model.model_id)
    with pytest.raises(NotFound):
        lab.logged_model(model.model_id)
    assert lab.logged_models(["0"]) == []
    assert lab.logged_model(model.model_id, deleted=True).name == "trees"


def test_versions_registered_at_the_same_time_have_numbers_of_their_own(lab: Lab) -> None:
    lab.register_model("one")
    threads = [threading.Thread(target=lab.register_version, args=("one", f"x:/{n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.version for one in lab.model_versions("one")] == list(range(1, 9))


def test_searches_by_metrics_params_and_tags(lab: Lab) -> None:
    assert lab.experiment("Default").experiment_id == "0"
    for number in range(4):
        model = lab.create_logged_model("0", name=f"m{number}", params={"C": str(number)})
        metric = ModelMetric(metric="auc", value=number / 10, step=0, at=model.created_at, run_id="r", dataset="rows")
        lab.change_logged_model(model.model_id, set={"half": str(number % 2)}, metrics=[metric])

    def found(filter: str, *order: str, **more: list[tuple[str, str]]) -> list[str]:
        return [one.name for one in lab.search_logged_models(["0"], filter, order_by=order, **more)]

    assert found("metrics.auc >= 0.2", "metrics.auc ASC") == ["m2", "m3"]
    assert found("params.C = '1' OR (tags.half = '0' AND NOT name = 'm0')", "name DESC") == ["m2", "m1"]
    assert found("metrics.other > 0") == []
    assert found("", "metrics.auc DESC", datasets=[("rows", "")]) == ["m3", "m2", "m1", "m0"]
    assert found("", datasets=[("others", "")]) == []
    with pytest.raises(InvalidInput):
        found("shoes.size > 3")
