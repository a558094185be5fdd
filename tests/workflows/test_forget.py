"""Somebody's rows erased for good: afterwards nothing below the lab's folder holds who it was."""

import gzip
import json
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.lab import Lab
from mllab.records import FileStatus, JobStatus, Lane, RunStatus
from mllab.workflows.work import work
from tests.support.intake import declare, take
from tests.workflows.test_retract import same_after_replay

JANE = "zq7x-jane"
SOURCES = """
[source.people]
files = "people*"
key = ["customer"]
timestamp = "seen_at"
max_rejected_share = 0.2

[source.visits]
files = "visits*"
key = ["visit"]
timestamp = "at"
max_rejected_share = 0.2

[feature_view.person]
source = "people"
entity = ["customer"]
features = ["age", "plan"]

[model.came]
source = "visits"
target = "came"
task = "binary"
features = ["amount", "person"]
gates = [ { metric = "test.roc_auc", min = 0.0 }, { metric = "roc_auc", no_worse_than = "champion", margin = 1.0 } ]
promote = "auto"
"""


def people(n: int, *more: str) -> str:
    rng = random.Random(n)
    lines = [f"p{i},{rng.randint(18, 80)},{rng.choice(['basic', 'max'])},2024-01-01T00:00:00Z" for i in range(n)]
    return "\n".join(["customer,age,plan,seen_at", *lines, *more]) + "\n"


def visits(start: int, n: int, *more: str) -> str:
    rng = random.Random(start)
    lines = []
    for i in range(start, start + n):
        amount = rng.uniform(1, 99)
        came = str((amount > 50) != (rng.random() < 0.2)).lower()
        lines.append(f"v{i},p{i % 60},2024-{1 + i % 6:02}-{1 + i % 28:02}T00:00:00Z,{amount:.2f},{came}")
    return "\n".join(["visit,customer,at,amount,came", *lines, *more]) + "\n"


def of_jane(visit: str, amount: str = "77.5") -> str:
    return f"{visit},{JANE},2024-03-03T10:00:00Z,{amount},true"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab in which Jane is everywhere: in files of every status, parts, a view, training sets, answers. Only read."""
    folder = declare(tmp_path_factory.mktemp("forget") / "lab", SOURCES)
    with Lab.host(folder) as lab:
        take(lab, "people_1.csv", people(60, f"{JANE},41,max,2024-01-01T00:00:00Z", f"{JANE},4l,max,2024-01-02"))
        take(lab, "visits_1.csv", visits(0, 200, of_jane("j1"), of_jane("j2", "much")))
        take(lab, "visits_2.csv", visits(200, 200))
        take(lab, "visits_3.csv", visits(400, 10, of_jane("j3")))
        lab.retract("visits_3.csv")
        take(lab, "visits_bad.csv", visits(500, 2, *[of_jane(f"b{i}", JANE) for i in range(9)]))
        lab.retrain("came", wait=True)
        asked = lab.predict("came", [{"customer": who, "amount": 60.0} for who in (JANE, "p1", JANE)])
        lab.predictions()
        lab.log_labels([{"prediction_id": one, "label": True} for one in asked.prediction_ids])
        lab.predict("came", [{"customer": JANE, "amount": 61.0}])
    return folder


@pytest.fixture
def lab(served: Path, tmp_path: Path) -> Iterator[Lab]:
    with Lab.host(shutil.copytree(served, tmp_path / "own")) as lab:
        yield lab


def holding(folder: Path, text: str) -> list[str]:
    """Every file below a folder that holds a text, once it is unpacked."""
    return [
        str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file() and _holds(path, text)
    ]


def _holds(path: Path, text: str) -> bool:
    content = path.read_bytes()
    if content.startswith(b"PAR1"):
        return text in str(pl.read_parquet(path).to_dicts())
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    return text.encode() in content


def forget_jane(lab: Lab) -> None:
    for source in ("people", "visits"):
        job = lab.forget(source, {"customer": JANE}, reason="asked by letter", wait=True)
        assert job.status is JobStatus.FINISHED, job.error


def test_afterwards_nothing_in_the_lab_holds_who_it_was(lab: Lab) -> None:
    before = holding(lab.folder, JANE)
    assert any("lab.db" in path for path in before)
    assert any("offline" in path for path in before)
    assert any("predictions" in path for path in before)
    assert sum("artifacts" in path for path in before) >= 8
    forget_jane(lab)
    assert holding(lab.folder, JANE) == []
    lab.close()
    assert holding(lab.folder, JANE) == []


def test_the_data_goes_on_without_the_rows(lab: Lab) -> None:
    forget_jane(lab)
    newest = {source: lab.dataset_versions(source)[-1] for source in ("people", "visits")}
    assert {source: one.n_rows for source, one in newest.items()} == {"people": 60, "visits": 400}
    assert {one.reason for one in newest.values()} == {"rows forgotten on request"}
    first, second = lab.file("visits_1.csv"), lab.file("visits_2.csv")
    assert (first.status, first.n_rows, first.erased_at is not None) == (FileStatus.ACCEPTED, 200, True)
    assert (second.n_rows, second.erased_at) == (200, None)
    assert newest["visits"].parts[0] == first.part_digest
    assert lab.file("visits_3.csv").erased_at is not None
    assert lab.file("visits_bad.csv").erased_at is not None


def test_the_erasure_is_recorded_without_who_it_was(lab: Lab) -> None:
    sets = {run.training_set for run in lab.list_runs()}
    forget_jane(lab)
    of_people, of_visits = lab.erasures()
    assert (of_people.source, of_people.n_rows, of_people.n_files, of_people.n_predictions) == ("people", 1, 1, 3)
    assert (of_visits.source, of_visits.n_rows, of_visits.n_files, of_visits.n_predictions) == ("visits", 1, 3, 0)
    assert set(of_people.training_sets) == set(of_visits.training_sets) == sets
    assert {one.reason for one in lab.erasures()} == {"asked by letter"}
    assert [event.subject for event in lab.events(type="erasure.made")] == [one.erasure_id for one in lab.erasures()]


def test_answers_and_labels_of_others_stay(lab: Lab) -> None:
    forget_jane(lab)
    (left,) = lab.predictions()
    assert left.request["customer"] == "p1"
    assert lab.label(left.prediction_id) is not None
    assert lab.workspace.db.value("SELECT count(*) FROM labels") == 1


def test_the_model_still_answers_and_knows_nothing_of_the_forgotten(lab: Lab) -> None:
    forget_jane(lab)
    assert lab.predict("came", [{"customer": "p1", "amount": 60.0}]).version == 1
    found = lab.get_online_features(["person:age"], [{"customer": JANE}, {"customer": "p1"}])
    assert [row.values["age"] is None for row in found] == [True, False]


def test_a_new_version_is_still_judged_against_the_champion(lab: Lab) -> None:
    forget_jane(lab)
    take(lab, "visits_4.csv", visits(600, 400))
    lab.retrain("came", wait=True)
    version = lab.version("came", 2)
    assert [gate.rule for gate in version.gates] == ["min", "no_worse_than"]
    assert version.gates[1].observed is not None
    assert [one.version for one in lab.deployments()] == [2]


def test_what_is_gone_says_that_it_was_erased(lab: Lab) -> None:
    run = lab.list_runs()[0]
    part = lab.dataset_versions("visits")[0].parts[0]
    lab.forget("people", {"customer": JANE}, wait=True)
    with pytest.raises(NotFound, match="erased on request"):
        lab.get_training_set("came", digest=run.training_set)
    lab.forget("visits", {"customer": JANE}, wait=True)
    with pytest.raises(NotFound, match="erased on request"):
        lab.workspace.artifacts.get(part)
    with pytest.raises(Conflict, match="erased on request"):
        lab.retry("visits_bad.csv")
    assert "its bytes erased on request" in str(lab.trace("came@1"))


def test_the_training_set_of_the_source_itself_keeps_the_other_rows(lab: Lab) -> None:
    run = lab.list_runs()[0]
    before = lab.get_training_set("came", digest=run.training_set)
    lab.forget("visits", {"customer": JANE}, wait=True)
    after = lab.get_training_set("came", digest=run.training_set)
    n_before = sum(frame.height for frame in (before.train, before.validation, before.test))
    n_after = sum(frame.height for frame in (after.train, after.validation, after.test))
    assert n_before - n_after == 1


def test_bytes_that_come_again_are_not_kept(lab: Lab, tmp_path: Path) -> None:
    old = visits(0, 200, of_jane("j1"), of_jane("j2", "much"))
    forget_jane(lab)
    path = tmp_path / "elsewhere" / "visits_again.csv"
    path.parent.mkdir()
    path.write_text(old)
    with pytest.raises(InvalidInput, match="taken in before"):
        lab.add(path, source="visits")
    assert holding(lab.folder, JANE) == []
    assert "erased on request" in lab.events(type="datafile.repeated")[-1].text


def test_an_export_says_which_files_cannot_be_given_back(lab: Lab) -> None:
    forget_jane(lab)
    found = lab.export_data("visits")
    assert [(one.name, one.status) for one in found.files] == [("visits_1.csv", "erased"), ("visits_2.csv", "written")]
    rows = lab.export_data("visits", format="parquet")
    assert rows.n_rows == 400
    shown = lab.export_data("visits", 1)
    assert [one.status for one in shown.files] == ["erased"]


def test_the_log_replayed_gives_the_same_tables(lab: Lab) -> None:
    forget_jane(lab)
    assert same_after_replay(lab)


def test_somebody_who_is_not_there_leaves_no_record(lab: Lab) -> None:
    before = lab.dataset_versions()
    job = lab.forget("visits", {"customer": "nobody"}, wait=True)
    assert job.result["text"] == "nothing of it was found"
    assert (lab.erasures(), lab.dataset_versions()) == ([], before)


def test_all_columns_of_a_key_must_hold(lab: Lab) -> None:
    lab.forget("visits", {"customer": "p1", "visit": "v61"}, wait=True)
    assert lab.dataset_versions("visits")[-1].n_rows == 400
    assert lab.erasures()[0].n_rows == 1
    assert lab.predictions("came"), "no answer holds both"


def test_numbers_are_the_same_however_they_are_written(tmp_path: Path) -> None:
    with Lab.host(declare(tmp_path / "lab", '[source.sales]\nkey = ["id"]')) as lab:
        take(lab, "sales_1.csv", "id,amount\n17,1\n170,2\n", source="sales")
        take(lab, "sales_2.csv", "id,amount\n17.0,3\n18,4\n", source="sales")
        lab.forget("sales", {"id": "17"}, wait=True)
        assert lab.dataset_versions("sales")[-1].n_rows == 2
        assert [file.erased_at is not None for file in lab.data_files()] == [True, True]


def test_a_file_may_lose_all_its_rows(tmp_path: Path) -> None:
    with Lab.host(declare(tmp_path / "lab", '[source.sales]\nkey = ["id"]')) as lab:
        take(lab, "sales_1.csv", "id,amount\nanna,1\n", source="sales")
        lab.forget("sales", {"id": "anna"}, wait=True)
        version, file = lab.dataset_versions("sales")[-1], lab.file("sales_1.csv")
        assert (version.parts, version.n_rows, file.n_rows, file.part_digest) == ((), 0, 0, None)
        take(lab, "sales_2.csv", "id,amount\nbert,1\n", source="sales")
        assert lab.dataset_versions("sales")[-1].n_rows == 1


def test_a_version_whose_bundle_shows_the_value_is_named(lab: Lab) -> None:
    row = lab.workspace.datasets.list_datasets("visits")[0]
    assert row.n_rows
    example = lab.served("came").bundle.request_example["customer"]
    job = lab.forget("visits", {"customer": example}, wait=True)
    assert lab.erasures()[0].versions == ("came@1",)
    assert "came@1 still holds one of its rows as an example: retrain" in job.result["text"]
    assert lab.predict("came", [{"customer": "p1", "amount": 60.0}]).version == 1


@pytest.mark.parametrize(
    ("source", "key", "reason", "why"),
    [
        ("visits", {}, "", "whose rows"),
        ("visits", {"custmer": "x"}, "", "has no column `custmer`"),
        ("visits", {"amount": "much"}, "", "can hold that value"),
        ("visits", {"customer": JANE}, f"{JANE} has asked", "the reason says the value"),
        ("nothing", {"customer": JANE}, "", "no source is called"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    lab: Lab, source: str, key: dict[str, str], reason: str, why: str
) -> None:
    with pytest.raises((InvalidInput, NotFound), match=why):
        lab.forget(source, key, reason=reason)


@pytest.mark.parametrize("step", ["_put_in_force", "_redirect", "refresh_views", "_to_erase", "_conclude"])
def test_a_job_that_is_broken_off_anywhere_goes_on_to_the_same_end(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from mllab.workflows import forgetting

    class Broken(Exception):
        pass

    whole = getattr(forgetting, step)

    def broken(*args: object) -> object:
        whole(*args)
        raise Broken

    monkeypatch.setattr(forgetting, step, broken)
    job = lab.forget("visits", {"customer": JANE}, reason="by letter", wait=True)
    assert job.status is JobStatus.FAILED
    monkeypatch.undo()
    lab.wait(lab.retry_job(job.job_id).job_id)
    (made,) = lab.erasures()
    assert (made.n_rows, made.n_files, len(made.training_sets), made.reason) == (1, 3, 1, "by letter")
    assert len(lab.events(type="erasure.made")) == 1
    lab.forget("people", {"customer": JANE}, wait=True)
    assert holding(lab.folder, JANE) == []
    assert lab.dataset_versions("visits")[-1].n_rows == 400


@pytest.mark.parametrize("step", ["readers_stopped", "refresh_views", "_to_erase"])
def test_a_process_that_ends_midway_finishes_the_job_at_its_next_start(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from mllab.workflows import forgetting

    class Ended(BaseException):
        pass

    whole = getattr(forgetting, step)

    def ending(*args: object) -> object:
        whole(*args)
        raise Ended

    monkeypatch.setattr(forgetting, step, ending)
    job = lab.forget("visits", {"customer": JANE})
    with pytest.raises(Ended):
        lab.wait(job.job_id)
    lab.close()
    monkeypatch.undo()
    with Lab.host(lab.folder) as again:
        assert again.wait(job.job_id).status is JobStatus.FINISHED
        assert [one.n_rows for one in again.erasures()] == [1]
        assert again.dataset_versions("visits")[-1].version == 5
        again.forget("people", {"customer": JANE}, wait=True)
        assert holding(again.folder, JANE) == []
        assert same_after_replay(again)


def test_a_view_that_cannot_be_made_anew_keeps_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from mllab.workflows import forgetting

    monkeypatch.setattr(forgetting, "refresh_views", lambda context: None)
    forget_jane(lab)
    assert holding(lab.folder, JANE) == []
    assert lab.workspace.db.value("SELECT count(*) FROM online_rows") == 0
    lab.materialize(wait=True)
    found = lab.get_online_features(["person:age"], [{"customer": "p1"}])
    assert found[0].values["age"] is not None


def test_a_training_that_holds_the_rows_is_stopped_and_queued_again(lab: Lab) -> None:
    job = lab.train("came", params={"rounds": 10_000, "patience": 10_000, "max_depth": 12})
    training = Thread(target=work, args=(lab.workspace, Lane.COMPUTE))
    training.start()
    until = time.monotonic() + 20
    while lab.list_runs()[0].status is not RunStatus.RUNNING and time.monotonic() < until:
        time.sleep(0.02)
    forget_jane(lab)
    training.join(20)
    assert lab.job(job.job_id).status is JobStatus.CANCELLED
    (again,) = [one for one in lab.jobs(open_only=True) if one.kind == "train"]
    assert (again.subject, again.args) == ("came", job.args)
    assert holding(lab.folder, JANE) == []


def test_the_same_rows_in_another_source_stay(tmp_path: Path) -> None:
    with Lab.host(declare(tmp_path / "lab", '[source.a]\nkey = ["id"]\n\n[source.b]\nkey = ["id"]')) as lab:
        take(lab, "one.csv", "id,amount\nanna,1\nbert,2\n", source="a")
        take(lab, "two.csv", "id,amount\r\nanna,1\r\nbert,2\r\n", source="b")
        assert lab.file("one.csv").part_digest == lab.file("two.csv").part_digest
        lab.forget("a", {"id": "anna"}, wait=True)
        assert [one.n_rows for one in lab.dataset_versions("a")] == [2, 1]
        assert lab.export_data("b", format="parquet").n_rows == 2
        assert lab.file("two.csv").erased_at is None


def test_a_waiting_file_that_holds_somebody_is_erased_too(lab: Lab) -> None:
    waiting = take(lab, "mystery.csv", f"customer,colour\n{JANE},red\n")
    assert waiting.status is FileStatus.WAITING
    forget_jane(lab)
    assert holding(lab.folder, JANE) == []
    with pytest.raises(Conflict, match="erased on request"):
        lab.assign("mystery.csv", "visits")


def test_two_people_of_one_file_can_be_forgotten_one_after_the_other(lab: Lab) -> None:
    forget_jane(lab)
    take(lab, "people_2.csv", people(3, "zq8-ann,30,max,2024-01-01T00:00:00Z", "zq9-bob,31,max,2024-01-01T00:00:00Z"))
    for who, n_rows in (("zq8-ann", 64), ("zq9-bob", 63)):
        lab.forget("people", {"customer": who}, wait=True)
        assert lab.dataset_versions("people")[-1].n_rows == n_rows
        assert holding(lab.folder, who) == []
    file = lab.file("people_2.csv")
    assert (file.n_rows, file.part_digest) == (3, lab.dataset_versions("people")[-1].parts[-1])
    assert same_after_replay(lab)


def test_a_rejected_row_of_somebody_goes_when_its_file_is_erased_already(tmp_path: Path) -> None:
    source = (
        '[source.sales]\nkey = ["id"]\nmax_rejected_share = 0.9\n\n[source.sales.fields]\nid = { allowed = ["a", "b"] }'
    )
    with Lab.host(declare(tmp_path / "lab", source)) as lab:
        take(lab, "sales_1.csv", "id,amount\na,1\nb,2\nzq8-ann,3\n", source="sales")
        lab.forget("sales", {"id": "a"}, wait=True)
        assert holding(lab.folder, "zq8-ann") != []
        lab.forget("sales", {"id": "zq8-ann"}, wait=True)
        assert holding(lab.folder, "zq8-ann") == []
        assert (lab.dataset_versions("sales")[-1].n_rows, lab.file("sales_1.csv").n_rows) == (1, 1)


def test_pushed_rows_are_erased_like_those_of_a_file(lab: Lab) -> None:
    row = {"customer": "zq8-ann", "age": 30, "plan": "max", "seen_at": "2024-02-01T00:00:00Z"}
    lab.push("people", [row], wait=True)
    lab.push("people", [row | {"customer": "p1"}], wait=True)
    lab.forget("people", {"customer": "zq8-ann"}, wait=True)
    assert holding(lab.folder, "zq8-ann") == []
    assert lab.dataset_versions("people")[-1].n_rows == 62


def test_a_wish_that_was_cancelled_is_erased_with_the_next_one(lab: Lab) -> None:
    cancelled = lab.forget("people", {"customer": JANE})
    lab.cancel(cancelled.job_id)
    forget_jane(lab)
    assert holding(lab.folder, JANE) == []
    again = lab.wait(lab.retry_job(cancelled.job_id).job_id)
    assert again.result["text"] == "nothing of it was found"


def test_a_run_that_became_no_version_loses_its_model_where_that_shows_the_value(lab: Lab) -> None:
    run = lab.run(str(lab.wait(lab.train("came", params={"rounds": 5}).job_id).result["run_id"]))
    example = json.loads(lab.workspace.artifacts.get(run.artifacts["bundle"]))["request_example"]["customer"]
    lab.forget("visits", {"customer": example}, wait=True)
    assert lab.workspace.artifacts.is_erased(run.artifacts["bundle"])
    assert not lab.workspace.artifacts.is_erased(lab.version("came", 1).bundle)


def test_a_file_that_was_erased_cannot_come_back_and_the_impact_says_so(lab: Lab) -> None:
    forget_jane(lab)
    assert lab.impact("visits_1.csv").is_erased
    lab.retract("visits_1.csv")
    assert lab.file("visits_1.csv").hint is None
    with pytest.raises(Conflict, match="erased on request"):
        lab.retry("visits_1.csv")
    assert lab.dataset_versions("visits")[-1].n_rows == 200
