"""A file dropped in, a prediction out; asserted on the trail of events."""

import threading

import pytest

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.host import Host
from mllab.lab import Lab
from mllab.store.tables import STATE_TABLES
from mllab.store.writer import replayed
from tests.support.labs import a_lab, customers, get, post

ROW = {"age": 30, "plan": "basic", "spend": 20.0}


@pytest.fixture
def host(tmp_path):
    with Host(a_lab(tmp_path / "lab", promote="auto"), port=0) as one:
        assert one.wait_until_quiet(90)
        yield one


def types(lab):
    return [event.type for event in lab.events(limit=10_000)]


def test_a_dropped_file_becomes_a_model_that_answers(host):
    trail = [
        type
        for type in types(host.lab)
        if not type.startswith(("job.", "metrics.", "source.", "contract.", "profile.", "experiment."))
    ]
    assert trail == [
        "config.changed",
        "datafile.received",
        "datafile.accepted",
        "dataset.versioned",
        "trigger.fired",
        "training_set.frozen",
        "run.started",
        "run.finished",
        "model.registered",
        "version.registered",
        "gates.passed",
        "alias.moved",
        "deployment.changed",
    ]
    answer = post(f"{host.url}/api/v1/models/churn/predict", {"rows": [ROW]})
    assert answer["model"] == "churn"
    assert answer["version"] == 1
    assert answer["predictions"] == [True]
    assert answer["prediction_ids"][0].startswith("p_")
    assert 0.5 < answer["probabilities"][0]["true"] <= 1
    logged = host.lab.prediction(answer["prediction_ids"][0])
    assert (logged.version, logged.value, logged.request) == (1, True, ROW)


def test_a_prediction_is_traced_to_the_bytes_of_its_file(host):
    id = post(f"{host.url}/api/v1/models/churn/predict", {"rows": [ROW]})["prediction_ids"][0]
    kinds, node = [], host.lab.trace(id)
    while node is not None:
        kinds.append(node.kind)
        node = node.children[-1] if node.children else None
    assert kinds == ["prediction", "version", "run", "training_set", "dataset", "file"]


def test_the_next_file_brings_version_2_without_one_dropped_request(host):
    done, answers, failures = threading.Event(), [], []

    def ask():
        while not done.is_set():
            try:
                answers.append(post(f"{host.url}/api/v1/models/churn/predict", {"rows": [ROW]})["version"])
            except OSError as error:
                failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    customers(host.lab.folder / "inbox" / "customers-2.csv", 900, seed=1, noise=0.05)
    assert host.wait_until_quiet(90)
    done.wait(0.3)
    done.set()
    asking.join()
    assert failures == []
    assert answers == sorted(answers)
    assert {1, 2} == set(answers)
    assert host.lab.status().models["churn"].champion == 2


def test_a_version_that_fails_its_gates_leaves_the_champion_and_says_why(host):
    declared = host.lab.folder / "mllab.toml"
    declared.write_text(declared.read_text().replace("min = 0.55", "min = 0.999"))
    customers(host.lab.folder / "inbox" / "worse.csv", 500, seed=3, noise=0.5)
    assert host.wait_until_quiet(90)
    failed = [event for event in host.lab.events(limit=10_000) if event.type == "gates.failed"]
    assert len(failed) == 1
    assert "roc_auc" in failed[0].text
    assert "version 1 stays champion" in failed[0].text
    assert host.lab.status().models["churn"].champion == 1
    assert post(f"{host.url}/api/v1/models/churn/predict", {"rows": [ROW]})["version"] == 1


def test_replaying_the_log_from_empty_gives_the_same_state_tables(host):
    database = host.lab.workspace.db.readers
    copy = replayed(database.path)
    for table in {table.name for table in STATE_TABLES.values()}:
        ours = sorted(tuple(row) for row in database.all(f"SELECT * FROM {table}"))
        assert ours == sorted(tuple(row) for row in copy.execute(f"SELECT * FROM {table}")), table
    assert database.all("SELECT * FROM versions")


def test_promote_rollback_and_release_move_the_alias_and_the_answers(host):
    lab, url = host.lab, f"{host.url}/api/v1/models/churn/predict"
    first = post(url, {"rows": [ROW]})
    lab.train("churn", params={"max_depth": 2}, register=True, wait=True)
    lab.promote("churn", 2, reason="a try")
    assert post(url, {"rows": [ROW]})["version"] == 2
    lab.rollback("churn", reason="worse on Mondays")
    back = post(url, {"rows": [ROW]})
    assert (back["version"], back["probabilities"]) == (1, first["probabilities"])
    assert lab.status().models["churn"].held
    with pytest.raises(Conflict, match="rejected: worse on Mondays"):
        lab.promote("churn", 2)
    lab.release("churn")
    assert not lab.status().models["churn"].held
    with pytest.raises(Conflict):
        lab.release("churn")


def test_a_second_process_works_through_the_host_with_the_same_results_and_errors(host):
    with Lab.open(host.lab.folder) as beside:
        assert beside.is_attached
        run = beside.train("churn", params={"max_depth": 2}, register=True, wait=True)
        assert run.status == "finished"
        assert beside.promote("churn", 2).version == 2
        assert post(f"{host.url}/api/v1/models/churn/predict", {"rows": [ROW]})["version"] == 2
        with pytest.raises(NotFound, match="no version 99"):
            beside.promote("churn", 99)
        with pytest.raises(NotFound, match="churm"):
            beside.train("churm")
        with pytest.raises(InvalidInput) as caught:
            beside.predict("churn", [{"age": "old", "plan": "max", "spend": 1.0}])
        assert caught.value.problems[0][0] == "/rows/0/age"
        assert beside.predict("churn", [ROW]).version == 2
    assert post(f"{host.url}/api/v1/models/churn/predict", {"rows": [ROW]})["version"] == 2


def test_training_by_hand_makes_a_run_and_moves_no_alias(host):
    run = host.lab.train("churn", wait=True)
    assert run.status == "finished"
    assert host.lab.status().models["churn"].versions == 1
    again = host.lab.train("churn", wait=True)
    assert again.artifacts["model.ubj"] == run.artifacts["model.ubj"]
    assert len({point.step for point in host.lab.metric_points(run.run_id, "validation.log_loss")}) > 5


def test_the_same_bytes_are_taken_once(host):
    customers(host.lab.folder / "inbox" / "again.csv", 600)
    assert host.wait_until_quiet(60)
    assert "datafile.repeated" in types(host.lab)
    assert [file.status for file in host.lab.files()] == ["accepted"]
    assert list((host.lab.folder / "inbox").rglob("*.csv")) == []


def test_a_bad_file_is_quarantined_with_its_reason_and_taken_again_after_the_mend(host):
    good = customers(host.lab.folder.parent / "semi.csv", 300, seed=9).read_text().replace(",", ";")
    (host.lab.folder / "inbox" / "customers-semi.csv").write_text(good)
    assert host.wait_until_quiet(60)
    entry = host.lab.quarantine()[0]
    assert (entry.file, entry.code, entry.scope) == ("customers-semi.csv", "delimiter", "file")
    assert 'delimiter = ";"' in entry.hint
    assert list((host.lab.folder / "inbox").rglob("*.csv")) == []
    text = (
        (host.lab.folder / "mllab.toml")
        .read_text()
        .replace("[source.customers]", '[source.customers]\ndelimiter = ";"')
    )
    (host.lab.folder / "mllab.toml").write_text(text)
    host.lab.workspace.events.wait(host.lab.last_seq(), 5)
    host.lab.retry("customers-semi.csv", wait=True)
    found = host.lab.file("customers-semi.csv")
    assert found.status == "accepted", found.reason


def test_a_file_nobody_claims_waits_until_it_is_assigned(host):
    path = host.lab.folder / "inbox" / "strange.csv"
    path.write_text("what,is,this\n1,2,3\n")
    assert host.wait_until_quiet(60)
    assert host.lab.file("strange.csv").status == "waiting"
    host.lab.assign("strange.csv", "customers", wait=True)
    found = host.lab.file("strange.csv")
    assert (found.status, found.code) == ("quarantined", "schema")


def test_a_file_nobody_claims_and_nobody_can_read_is_quarantined_with_its_code(host):
    (host.lab.folder / "inbox" / "strange.csv").write_bytes(b"a,b\n1,\x00\n")
    assert host.wait_until_quiet(60)
    assert [(entry.file, entry.code) for entry in host.lab.quarantine()] == [("strange.csv", "nul")]


def test_a_broken_edit_is_reported_and_the_last_good_one_stays(host):
    (host.lab.folder / "mllab.toml").write_text("[model.churn]\ntarget = 3\n")
    for _ in range(50):
        if "declaration.refused" in types(host.lab):
            break
        host.lab.workspace.events.wait(host.lab.last_seq(), 0.1)
    assert "declaration.refused" in types(host.lab)
    assert host.lab.config().model["churn"].target == "churned"


def test_status_over_http_tells_what_the_lab_tells(host):
    status = get(f"{host.url}/api/v1/status")
    assert status["ready"] is True
    assert status["models"]["churn"] == {"champion": 1, "versions": 1, "held": False}


def test_the_whole_loop_runs_inline_in_one_process_too(tmp_path):
    folder = a_lab(tmp_path / "lab")
    with (folder / "mllab.toml").open("a") as file:
        file.write('\n[engine]\nkind = "inline"\n')
    with Host(folder, port=0) as host:
        assert host.wait_until_quiet(90)
        assert host.lab.workspace.engine.pids() == {}
        assert post(f"{host.url}/api/v1/models/churn/predict", {"rows": [ROW]})["version"] == 1


def test_a_lab_works_alone_without_a_host(tmp_path):
    folder = a_lab(tmp_path / "lab")
    with Lab.open(folder) as lab:
        assert not lab.is_attached
        assert lab.add(folder / "inbox" / "customers" / "customers.csv", wait=True).status == "finished"
        lab.retrain("churn", wait=True)
        assert lab.predict("churn", [ROW]).version == 1
