"""Files taken back and put in the place of others: the data without them, and what had been made from them."""

from pathlib import Path

import pytest

from mllab.errors import Conflict, NotFound
from mllab.lab import Lab
from mllab.records import FileStatus, JobStatus
from mllab.store.tables import STATE_TABLES
from mllab.store.writer import replayed
from tests.support.intake import declare, take
from tests.support.labs import customers

SOURCES = """
[source.sales]
files = "sales*"
key = ["id"]
timestamp = "at"

[feature_view.till]
source = "sales"
entity = ["shop"]
features = ["amount"]
"""
HEAD = "id,shop,at,amount\n"
JANUARY = HEAD + "1,ulm,2024-01-01T00:00:00Z,10\n2,bonn,2024-01-02T00:00:00Z,20\n"
FEBRUARY = HEAD + "3,ulm,2024-02-01T00:00:00Z,30\n"
CORRECTED = HEAD + "1,ulm,2024-01-01T00:00:00Z,11\n2,bonn,2024-01-02T00:00:00Z,22\n4,kiel,2024-01-03T00:00:00Z,9\n"


@pytest.fixture
def sales(tmp_path: Path) -> Lab:
    with Lab.host(declare(tmp_path / "lab", SOURCES)) as lab:
        take(lab, "sales_1.csv", JANUARY)
        take(lab, "sales_2.csv", FEBRUARY)
        yield lab


def settle(lab: Lab) -> None:
    for job in lab.jobs(open_only=True):
        lab.wait(job.job_id)


def newest(lab: Lab, source: str = "sales"):
    return lab.dataset_versions(source)[-1]


def file_at(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def amounts(lab: Lab) -> dict[str, int | None]:
    found = lab.get_online_features(["till:amount"], [{"shop": shop} for shop in ("ulm", "bonn", "kiel")])
    return {row.entity["shop"]: row.values["amount"] for row in found}


def same_after_replay(lab: Lab) -> bool:
    path, read = lab.folder / ".mllab" / "lab.db", lab.workspace.db.readers
    copy = replayed(path)
    for table in {one.name for one in STATE_TABLES.values()}:
        sql = f"SELECT * FROM {table}"
        again = sorted(repr(tuple(row)) for row in copy.execute(sql))
        if sorted(repr(tuple(row)) for row in read.all(sql)) != again:
            return False
    return True


def test_a_retracted_file_leaves_the_data_and_stays_in_the_lab(sales: Lab) -> None:
    sales.retract("sales_1.csv", reason="wrong till")
    file, version = sales.file("sales_1.csv"), newest(sales)
    assert (file.status, file.reason) == (FileStatus.RETRACTED, "wrong till")
    assert (version.version, version.n_rows, len(version.parts)) == (3, 1, 1)
    assert version.reason == "sales_1.csv retracted"
    assert version.parts == sales.dataset_versions("sales")[1].parts[1:]
    assert sales.workspace.artifacts.get(file.sha256) == JANUARY.encode()


def test_the_features_follow_the_data(sales: Lab) -> None:
    assert amounts(sales) == {"ulm": 30, "bonn": 20, "kiel": None}
    sales.retract("sales_1.csv")
    settle(sales)
    assert amounts(sales) == {"ulm": 30, "bonn": None, "kiel": None}


def test_a_source_may_lose_its_last_file(sales: Lab) -> None:
    for name in ("sales_1.csv", "sales_2.csv"):
        sales.retract(name)
    settle(sales)
    assert (newest(sales).n_rows, newest(sales).parts) == (0, ())
    assert sales.sources()[0].n_rows == 0
    assert amounts(sales) == {"ulm": None, "bonn": None, "kiel": None}
    assert take(sales, "sales_3.csv", FEBRUARY + "5,ulm,2024-02-03T00:00:00Z,3\n").status is FileStatus.ACCEPTED
    assert newest(sales).n_rows == 2


def test_a_retracted_file_can_be_taken_again(sales: Lab) -> None:
    sales.retract("sales_1.csv", reason="by mistake")
    sales.retry("sales_1.csv", wait=True)
    file = sales.file("sales_1.csv")
    assert (file.status, file.reason) == (FileStatus.ACCEPTED, None)
    assert newest(sales).n_rows == 3
    assert sorted(newest(sales).parts) == sorted(sales.dataset_versions("sales")[1].parts)


def test_dropping_the_bytes_of_a_retracted_file_again_says_how_to_take_it(sales: Lab, tmp_path: Path) -> None:
    sales.retract("sales_1.csv")
    inbox = sales.folder / "inbox"
    inbox.mkdir(exist_ok=True)
    from mllab.workflows.ingest import receive

    assert receive(sales.workspace, file_at(inbox / "sales_again.csv", JANUARY), "sales_again.csv") is None
    event = sales.events(type="datafile.repeated")[-1]
    assert "is retracted; `mllab data retry" in event.text
    with pytest.raises(Exception, match="is retracted") as error:
        sales.add(file_at(tmp_path / "other_name.csv", JANUARY))
    assert "mllab data retry" in error.value.hint


def test_only_accepted_files_can_be_retracted(sales: Lab) -> None:
    sales.retract("sales_1.csv")
    with pytest.raises(Conflict, match="is retracted"):
        sales.retract("sales_1.csv")
    with pytest.raises(NotFound):
        sales.retract("nothing.csv")


def test_rows_that_two_files_brought_stay_while_one_of_them_does(sales: Lab) -> None:
    take(sales, "sales_copy.csv", JANUARY.replace("\n", "\r\n"))
    assert len(newest(sales).parts) == 2
    before = newest(sales)
    sales.retract("sales_1.csv")
    assert newest(sales) == before
    sales.retract("sales_copy.csv")
    assert newest(sales).n_rows == 1


def test_a_file_takes_the_place_of_another_once_it_is_accepted(sales: Lab, tmp_path: Path) -> None:
    sales.replace("sales_1.csv", file_at(tmp_path / "corrected.csv", CORRECTED), reason="typing errors", wait=True)
    old, new, version = sales.file("sales_1.csv"), sales.file("corrected.csv"), newest(sales)
    assert (old.status, old.replaced_by, old.reason) == (FileStatus.RETRACTED, new.sha256, "typing errors")
    assert (new.status, new.source) == (FileStatus.ACCEPTED, "sales")
    assert (version.version, version.n_rows) == (3, 4)
    assert version.parts[0] == new.part_digest, "it stands where the other one stood"
    assert version.reason == "sales_1.csv replaced by corrected.csv"
    assert amounts(sales) == {"ulm": 30, "bonn": 22, "kiel": 9}


def test_a_refused_file_takes_nobodys_place(sales: Lab, tmp_path: Path) -> None:
    job = sales.replace("sales_1.csv", file_at(tmp_path / "corrected.csv", "a,b\n1,2\n"), wait=True)
    assert sales.file("corrected.csv").status is FileStatus.QUARANTINED
    assert (job.status, job.result["text"].endswith("sales_1.csv stays")) == (JobStatus.FINISHED, True)
    assert sales.file("sales_1.csv").status is FileStatus.ACCEPTED
    assert newest(sales).version == 2


def test_a_file_that_is_in_quarantine_can_come_for_another(sales: Lab, tmp_path: Path) -> None:
    path = file_at(tmp_path / "corrected.csv", CORRECTED.replace(",", ";"))
    sales.replace("sales_1.csv", path, wait=True)
    assert sales.file("corrected.csv").status is FileStatus.QUARANTINED
    declare(sales.folder, SOURCES.replace('key = ["id"]', 'key = ["id"]\ndelimiter = ";"'))
    sales.workspace.accept_config()
    sales.replace("sales_1.csv", path, wait=True)
    assert sales.file("sales_1.csv").status is FileStatus.RETRACTED
    assert newest(sales).n_rows == 4


def test_accepted_bytes_take_nobodys_place(sales: Lab, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="accepted already"):
        sales.replace("sales_1.csv", file_at(tmp_path / "again.csv", FEBRUARY))
    with pytest.raises(NotFound, match="there is no file"):
        sales.replace("sales_1.csv", tmp_path / "nothing.csv")


def test_a_file_that_was_retracted_meanwhile_is_not_replaced(sales: Lab, tmp_path: Path) -> None:
    job = sales.replace("sales_1.csv", file_at(tmp_path / "corrected.csv", CORRECTED))
    sales.retract("sales_1.csv")
    sales.wait(job.job_id)
    assert newest(sales).n_rows == 4
    assert sales.file("sales_1.csv").replaced_by is None


def test_the_log_replayed_gives_the_same_tables(sales: Lab, tmp_path: Path) -> None:
    sales.replace("sales_1.csv", file_at(tmp_path / "corrected.csv", CORRECTED), wait=True)
    sales.retract("sales_2.csv")
    sales.retry("sales_2.csv", wait=True)
    assert same_after_replay(sales)


def test_a_trace_names_retracted_files_as_such(lab: Lab) -> None:
    lab.retract("customers.csv")
    node = lab.trace("churn@1")
    while node.children:
        node = node.children[-1]
    assert node.text == "customers.csv: retracted, 600 rows"


def test_the_impact_of_a_file_goes_down_to_the_answers(lab: Lab) -> None:
    row = {"age": 30, "plan": "max", "spend": 10.0}
    for _ in range(3):
        lab.predict("churn", [row, row])
    lab.predictions()
    found = lab.impact("customers.csv")
    run = lab.list_runs(model="churn")[0]
    assert (found.status, found.dataset_versions, found.n_rows) == ("accepted", (1,), 600)
    assert (found.training_sets, found.runs) == ((run.training_set,), (run.run_id,))
    assert [(one.model, one.version, one.aliases, one.n_predictions) for one in found.versions] == [
        ("churn", 1, ("champion",), 6)
    ]
    assert (found.retrain, found.n_predictions()) == (("churn",), 6)


def test_a_retraining_after_a_retraction_learns_without_the_file(lab: Lab) -> None:
    second = customers(lab.folder.parent / "second" / "customers_2.csv", n=500, seed=1)
    lab.add(second, wait=True)
    before = lab.retract("customers.csv")
    assert before.retrain == ("churn",)
    lab.retrain("churn", wait=True)
    run = lab.list_runs(model="churn")[0]
    record = lab.get_training_set("churn", digest=run.training_set).record
    assert record.n_train + record.n_validation + record.n_test == 500
    assert lab.impact("customers.csv").runs == before.runs, "the new run has nothing to do with it"


def test_a_model_whose_source_lost_all_rows_is_not_trained_and_answers(lab: Lab) -> None:
    lab.retract("customers.csv")
    job = lab.retrain("churn", wait=True)
    assert "has no rows yet" in job.result["text"]
    assert len(lab.request_rows("churn", n=5)) == 1, "the bundle's own example"
    assert lab.predict("churn", [{"age": 30, "plan": "max", "spend": 10.0}]).version == 1


def test_a_trigger_counts_rows_that_come_after_a_retraction_as_new(lab: Lab) -> None:
    name = lab.triggers()[0].name
    lab.fire_trigger(name)
    assert lab.triggers()[0].new_rows == 0
    lab.retract("customers.csv")
    assert lab.triggers()[0].new_rows == 0
    lab.add(customers(lab.folder.parent / "second" / "customers_2.csv", n=250, seed=1), wait=True)
    assert lab.triggers()[0].n_fired + (lab.triggers()[0].new_rows or 0) >= 2


def test_a_file_nobody_used_has_no_impact(lab: Lab) -> None:
    lab.add(customers(lab.folder.parent / "second" / "customers_2.csv", n=30, seed=1), wait=True)
    found = lab.impact("customers_2.csv")
    assert (found.dataset_versions, found.runs, found.versions, found.retrain) == ((2,), (), (), ())
