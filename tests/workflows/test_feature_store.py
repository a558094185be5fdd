"""The feature store of a lab: views by version, the frame and the entity, pushes, revisions, proof by replay."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mllab.errors import Conflict, InvalidInput, LabError, NotFound, Unavailable
from mllab.lab import Lab
from mllab.records import FeatureStatus, JobStatus

DAY = datetime(2024, 3, 1, tzinfo=UTC)
TOML = """
[source.sales]
files = "sales*"
key = ["sale"]
timestamp = "sold_at"

[source.shops]
files = "shops*"
key = ["shop", "seen_at"]
timestamp = "seen_at"

[entity.shop]
join_keys = ["shop"]

[feature_view.staff]
source = "shops"
entity = ["shop"]
ttl = "2d"
features = ["n_staff", "mood"]
description = "who works there"
owner = "ann"

[feature_view.takings]
source = "sales"
entity = ["shop"]
function = "priced"
aggregate.n_sales = { by = "count", window = "1d" }
aggregate.total = { of = "gross", by = "sum", window = "1d" }
aggregate.last_item = { of = "item", by = "last", window = "1d" }
aggregate.n_items = { of = "item", by = "distinct", window = "1d" }

[on_demand.clock]
function = "clock"
inputs = ["sold_at"]

[feature_service.everything]
features = ["staff:mood", "takings:total", "clock"]

[model.big]
source = "sales"
target = "big"
features = ["staff", "takings:n_sales", "takings:total", "clock", "item"]
split = { by = "time", validation = 0.2, test = 0.2 }
promote = "auto"

[engine]
kind = "inline"
"""
CODE = """
import polars as pl

RATE = 1.19

def priced():
    return [(pl.col("price") * RATE).alias("gross")]

def clock():
    return [pl.col("sold_at").dt.hour().alias("hour")]
"""


def sale(number: int, **changes: Any) -> dict[str, Any]:
    at = DAY + timedelta(minutes=37 * number)
    fields = {
        "sale": number,
        "shop": ["Ulm", "Bonn", "Kiel"][number % 3],
        "sold_at": at.isoformat(),
        "item": ["tea", "cup", "pot", "can"][number * 7 % 4],
        "price": 3.1 + number * 13 % 17 / 7,
        "big": number * 13 % 17 > 8,
    }
    return fields | changes


def shop(number: int, **changes: Any) -> dict[str, Any]:
    at = DAY + timedelta(hours=5 * number)
    fields = {"shop": ["Ulm", "Bonn"][number % 2], "seen_at": at.isoformat(), "n_staff": number, "mood": "fine"}
    return fields | changes


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    pl.DataFrame(rows).write_csv(path)
    return path


def make(folder: Path) -> Path:
    folder.mkdir()
    (folder / "mllab.toml").write_text(TOML)
    (folder / "features.py").write_text(CODE)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab with data and a served model; tests copy it."""
    folder = make(tmp_path_factory.mktemp("base") / "lab")
    with Lab.open(folder) as lab:
        lab.add(write(folder.parent / "shops.csv", [shop(i) for i in range(30)]), wait=True)
        lab.add(write(folder.parent / "sales.csv", [sale(i) for i in range(240)]), wait=True)
        lab.retrain("big", wait=True)
        assert lab.deployments()[0].version == 1
    return folder


@pytest.fixture
def lab(base: Path, tmp_path: Path) -> Iterator[Lab]:
    import shutil

    with Lab.host(shutil.copytree(base, tmp_path / "own")) as lab:
        yield lab


def edit(lab: Lab, old: str, new: str, name: str = "mllab.toml") -> None:
    path = lab.folder / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    lab.workspace.accept_config()


# -- versions ---------------------------------------------------------------------------------------------------------


def test_a_view_has_a_version_once_it_is_used(lab: Lab) -> None:
    views = {one.name: one for one in lab.feature_views()}
    assert list(views) == ["staff", "takings", "clock", "everything"]
    assert (views["staff"].version, views["staff"].n_rows, views["staff"].n_entities) == (1, 30, 2)
    assert views["staff"].used_by == ("big", "big@1")
    assert (views["staff"].owner, views["staff"].description) == ("ann", "who works there")
    assert views["takings"].features == {"n_sales": "int", "total": "", "last_item": "string", "n_items": "int"}
    assert views["clock"].kind == "on_demand"
    assert views["everything"].features == {"staff:mood": "", "takings:total": "", "clock": ""}


def test_describing_a_view_otherwise_makes_no_version_and_defining_it_otherwise_does(lab: Lab) -> None:
    edit(lab, "who works there", "staff as last counted")
    lab.materialize(wait=True)
    assert [one.version for one in lab.feature_versions("staff")] == [1]
    edit(lab, 'ttl = "2d"', 'ttl = "3d"')
    lab.materialize(wait=True)
    assert [one.version for one in lab.feature_versions("staff")] == [1, 2]


def test_other_code_is_another_version_and_code_that_it_does_not_call_is_not(lab: Lab) -> None:
    edit(lab, "dt.hour()", "dt.minute()", "features.py")
    lab.materialize(wait=True)
    assert [one.version for one in lab.feature_versions("takings")] == [1]
    edit(lab, "RATE = 1.19", "RATE = 1.07", "features.py")
    lab.materialize(wait=True)
    first, second = lab.feature_versions("takings")
    assert first.code != second.code
    assert "1.07" in (second.code or "")
    assert "clock" not in (second.code or "")


def test_a_served_model_keeps_the_version_it_was_trained_on_while_new_data_comes(lab: Lab, tmp_path: Path) -> None:
    edit(lab, "RATE = 1.19", "RATE = 2.0", "features.py")
    lab.add(write(tmp_path / "sales_2.csv", [sale(i) for i in range(240, 270)]), wait=True)
    kept = {(one.view, one.version): one for one in lab.materializations()}
    assert kept["takings", 1].n_rows == kept["takings", 2].n_rows == 270
    request = {"shop": "Ulm", "item": "tea", "sold_at": (DAY + timedelta(minutes=37 * 268)).isoformat()}
    answer = lab.predict("big", [request])
    seen = lab.prediction(answer.prediction_ids[0]).features
    rows = [sale(i) for i in range(270) if i % 3 == 0 and 268 - 24 * 60 / 37 < i <= 268]
    total = 0.0
    for row in rows:
        total += row["price"] * 1.19
    assert seen["total"] == total
    assert seen["n_sales"] == len(rows)


# -- the frame and the entity -------------------------------------------------------------------------------------------


def test_features_of_a_frame_are_those_of_the_entity_at_each_moment(lab: Lab) -> None:
    moments = [DAY + timedelta(hours=hours) for hours in (-1, 0, 7, 30, 31, 60, 148, 149, 150, 400)]
    frame = pl.DataFrame(
        {
            "shop": [shop for shop in ("Ulm", "Bonn", "Kiel", "Rome") for _ in moments],
            "event_timestamp": moments * 4,
            "sold_at": moments * 4,
        }
    )
    names = ["staff", "takings", "clock"]
    history = lab.get_historical_features(frame, names)
    assert history.select(frame.columns).equals(frame)
    for row in history.to_dicts():
        asked = {"shop": row["shop"], "sold_at": row["sold_at"]}
        (found,) = lab.get_online_features(names, [asked], at=row["event_timestamp"])
        assert {name: row[name] for name in found.values} == found.values


def test_a_lookup_says_why_there_is_no_value(lab: Lab) -> None:
    def status(who: str, hours: int) -> FeatureStatus:
        at = DAY + timedelta(hours=hours)
        return lab.get_online_features(["staff:n_staff"], [{"shop": who}], at=at)[0].statuses["n_staff"]

    assert status("Ulm", 1) is FeatureStatus.PRESENT
    assert status("Ulm", -1) is status("Rome", 1) is FeatureStatus.NOT_FOUND
    assert status("Ulm", 500) is FeatureStatus.OUTSIDE_MAX_AGE


def test_services_and_full_names(lab: Lab) -> None:
    at = DAY + timedelta(hours=10)
    (found,) = lab.get_online_features(
        ["everything"], [{"shop": "Ulm", "sold_at": at.isoformat()}], at=at, full_feature_names=True
    )
    assert list(found.values) == ["staff__mood", "takings__total", "clock__hour"]
    assert found.values["clock__hour"] == 10
    frame = pl.DataFrame({"shop": ["Ulm"], "event_timestamp": [at], "sold_at": [at]})
    history = lab.get_historical_features(frame, ["everything"], full_feature_names=True)
    assert history.select(list(found.values)).row(0) == tuple(found.values.values())


@pytest.mark.parametrize(
    ("features", "row", "said"),
    [
        (["stuff"], {}, "no view, service, on-demand group or column is called `stuff`"),
        (["staff:moods"], {}, "view `staff` has no feature `moods`"),
        (["staff"], {}, "the row is empty"),
        (["staff"], {"shop": 7}, "a number where a string belongs"),
        (["staff"], {"shop": "Ulm", "town": "x"}, "no such field"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_by_a_sentence(
    lab: Lab, features: list[str], row: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        lab.get_online_features(features, [row])


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"shop": ["Ulm"]}, "no column `event_timestamp`"),
        ({"event_timestamp": [DAY]}, "needs the column `shop`"),
        ({"shop": [1], "event_timestamp": [DAY]}, "`shop` is Int64 in the samples and String in the view"),
        ({"shop": ["Ulm"], "event_timestamp": ["today"]}, "holds String and no moments"),
        (7, "cannot be made of a int"),
    ],
)
def test_a_frame_that_cannot_be_joined_is_refused(lab: Lab, frame: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        lab.get_historical_features(frame, ["staff"])


def test_a_view_without_data_says_so(tmp_path: Path) -> None:
    with Lab.open(make(tmp_path / "lab")) as lab, pytest.raises((Unavailable, LabError)):
        lab.get_online_features(["staff"], [{"shop": "Ulm"}])


def test_a_frame_as_it_was_known_at_a_moment_does_not_see_what_came_in_later(lab: Lab, tmp_path: Path) -> None:
    at = DAY + timedelta(hours=30)
    frame = pl.DataFrame({"shop": ["Bonn"], "event_timestamp": [at]})
    before = datetime.now(UTC)
    assert lab.get_historical_features(frame, ["staff"])["n_staff"].to_list() == [5]
    late = shop(5, seen_at=(DAY + timedelta(hours=29)).isoformat(), n_staff=99)
    lab.add(write(tmp_path / "shops_2.csv", [late]), wait=True)
    assert lab.get_historical_features(frame, ["staff"])["n_staff"].to_list() == [99]
    assert lab.get_historical_features(frame, ["staff"], known_as_of=before)["n_staff"].to_list() == [5]
    assert lab.get_historical_features(frame, ["staff"], known_as_of=DAY)["n_staff"].to_list() == [None]


def test_file_splits_and_the_order_of_arrival_change_nothing(base: Path, lab: Lab, tmp_path: Path) -> None:
    rows = [sale(i) for i in range(240)]
    with Lab.open(make(tmp_path / "other")) as other:
        for number, part in enumerate((rows[150:], rows[:40], rows[40:150])):
            other.add(write(tmp_path / f"sales_{number}.csv", part), wait=True)
        frame = pl.DataFrame(
            {"shop": [row["shop"] for row in rows], "event_timestamp": [row["sold_at"] for row in rows]}
        )
        frame = frame.with_columns(pl.col("event_timestamp").str.to_datetime(time_zone="UTC"))
        assert other.get_historical_features(frame, ["takings"]).equals(lab.get_historical_features(frame, ["takings"]))


def test_taking_a_file_in_again_makes_nothing_anew(lab: Lab, base: Path) -> None:
    before = lab.materializations()
    with pytest.raises(InvalidInput, match="taken in before"):
        lab.add(base.parent / "sales.csv", wait=True)
    assert lab.materializations() == before


# -- materializing ------------------------------------------------------------------------------------------------------


def test_materializing_up_to_a_moment_leaves_later_rows_offline(lab: Lab) -> None:
    end = DAY + timedelta(hours=50)
    lab.materialize("staff", end=end, wait=True)
    kept = next(one for one in lab.materializations() if one.view == "staff")
    assert kept.online_from is not None
    assert kept.online_from <= end
    at = DAY + timedelta(hours=200)
    (found,) = lab.get_online_features(["staff"], [{"shop": "Ulm"}], at=end + timedelta(hours=1))
    assert found.values["n_staff"] == 10
    assert lab.get_online_features(["staff"], [{"shop": "Ulm"}], at=at)[0].values["n_staff"] is None


def test_a_view_that_cannot_be_made_does_not_hold_up_the_data(lab: Lab, tmp_path: Path) -> None:
    edit(lab, 'pl.col("price") * RATE', 'pl.col("prize") * RATE', "features.py")
    job = lab.add(write(tmp_path / "sales_2.csv", [sale(i) for i in range(240, 250)]), wait=True)
    assert job.status is JobStatus.FINISHED
    (failed,) = lab.events(type="materialization.failed")
    assert "prize" in failed.text
    kept = next(one for one in lab.materializations() if one.view == "takings")
    assert kept.n_rows == 250, "the version that the served model pins goes on"


def test_a_view_function_that_looks_at_other_rows_is_refused(lab: Lab) -> None:
    edit(lab, '(pl.col("price") * RATE)', '(pl.col("price") / pl.col("price").max())', "features.py")
    job = lab.materialize(wait=True)
    assert job.status is JobStatus.FAILED
    assert "depends on other rows" in (job.error or "")


def test_an_unknown_view_is_named_with_the_nearest(lab: Lab) -> None:
    with pytest.raises(NotFound) as refused:
        lab.materialize("staf")
    assert "staff" in refused.value.hint


def test_an_index_that_was_lost_is_made_again(lab: Lab) -> None:
    import shutil

    shutil.rmtree(lab.folder / ".mllab" / "offline")
    frame = pl.DataFrame({"shop": ["Ulm"], "event_timestamp": [DAY + timedelta(hours=20)]})
    assert lab.get_historical_features(frame, ["staff"])["n_staff"].to_list() == [4]
    lab.materialize(anew=True, wait=True)
    assert (lab.folder / ".mllab" / "offline").is_dir()


# -- pushes -------------------------------------------------------------------------------------------------------------


def test_a_pushed_row_answers_at_once_and_is_part_of_the_data(lab: Lab) -> None:
    at = DAY + timedelta(hours=150)
    row = {"shop": "Ulm", "seen_at": at.isoformat(), "n_staff": 77, "mood": "busy"}
    job = lab.push("shops", [row], wait=True)
    assert job.status is JobStatus.FINISHED
    (found,) = lab.get_online_features(["staff"], [{"shop": "Ulm"}], at=at + timedelta(hours=1))
    assert found.values == {"n_staff": 77, "mood": "busy"}
    frame = pl.DataFrame({"shop": ["Ulm"], "event_timestamp": [at + timedelta(hours=1)]})
    assert lab.get_historical_features(frame, ["staff"])["n_staff"].to_list() == [77]
    with pytest.raises(Conflict, match="before"):
        lab.push("shops", [row])


def test_a_pushed_row_that_breaks_the_contract_goes_to_quarantine(lab: Lab) -> None:
    job = lab.push("shops", [{"shop": "Ulm", "seen_at": "soon", "n_staff": 1, "mood": "x"}], wait=True)
    assert "quarantined" in str(job.result)
    with pytest.raises(InvalidInput):
        lab.push("shops", [])


# -- training sets and proof --------------------------------------------------------------------------------------------


def test_a_training_set_is_the_same_tomorrow(lab: Lab) -> None:
    once, again = lab.get_training_set("big"), lab.get_training_set("big")
    assert once.digest == again.digest
    assert once.train.equals(again.train)
    assert (once.train.height, once.validation.height, once.test.height) == (
        once.record.n_train,
        once.record.n_validation,
        once.record.n_test,
    )
    assert once.target == "big"
    assert once.record.views == {"staff": 1, "takings": 1}
    with pytest.raises(NotFound):
        lab.get_training_set("small")


def test_the_training_set_holds_what_the_frame_gives(lab: Lab) -> None:
    test = lab.get_training_set("big").test
    frame = test.select(pl.col("__request_shop").alias("shop"), pl.col("__at").alias("event_timestamp"))
    joined = lab.get_historical_features(frame, ["staff", "takings:total"])
    assert joined["total"].equals(test["total"])
    assert joined["n_staff"].equals(test["n_staff"])


def test_predictions_saw_to_the_bit_what_the_offline_store_gives(lab: Lab, tmp_path: Path) -> None:
    rows = [one.values for one in lab.request_rows("big", n=40)]
    lab.predict("big", rows)
    lab.add(write(tmp_path / "sales_2.csv", [sale(i, price=1.0) for i in range(200, 260)]), wait=True)
    lab.predict("big", [*rows[:20], {**rows[0], "sold_at": (DAY + timedelta(days=30)).isoformat()}])
    found = lab.verify_features("big")
    assert found.is_clean()
    assert (found.n_predictions, found.n_values, found.n_unknown) == (61, 61 * 6, 0)


def test_a_prediction_that_saw_something_else_is_found(lab: Lab) -> None:
    answer = lab.predict("big", [lab.request_rows("big", n=1)[0].values])
    lab.workspace.predictions.bring_in()
    sql = "UPDATE predictions SET features = json_set(features, '$.total', 0.5) WHERE prediction_id = ?"
    lab.workspace.db.write(lambda tx: tx.execute(sql, answer.prediction_ids[0]).rowcount)
    found = lab.verify_features("big")
    assert not found.is_clean()
    assert [(one.feature, one.logged) for one in found.differences] == [("total", 0.5)]


def test_a_prediction_is_traced_to_the_rows_in_which_it_looked_features_up(lab: Lab, tmp_path: Path) -> None:
    row = lab.request_rows("big", n=1)[0].values
    before = lab.predict("big", [row]).prediction_ids[0]
    lab.add(write(tmp_path / "shops_2.csv", [shop(i) for i in range(30, 40)]), wait=True)
    after = lab.predict("big", [row]).prediction_ids[0]
    lab.predictions()

    def looked_up(id: str) -> set[str]:
        return {one.id for one in lab.trace(id).children if one.how == "looked up in"}

    assert looked_up(before) == {"staff@1:1", "takings@1:1"}
    assert looked_up(after) == {"staff@1:2", "takings@1:1"}
    late = {one.prediction_id: one.how for one in lab.touched("shops_2.csv")}
    assert late == {after: "looked up"}
    first = {one.prediction_id: one.how for one in lab.touched("shops.csv")}
    assert first == {before: "taught", after: "taught"}
    assert lab.trace("shops_2.csv", "on").totals["looked_up"] == 1
    assert lab.trace("view:staff@1").kind == "view"
    assert lab.trace("staff@1:2").kind == "materialization"


# -- revisions ----------------------------------------------------------------------------------------------------------


def test_a_correction_is_known_from_when_it_was_made(tmp_path: Path) -> None:
    folder = make(tmp_path / "lab")
    text = (
        (folder / "mllab.toml")
        .read_text()
        .replace(
            'timestamp = "seen_at"', 'timestamp = "seen_at"\ncreated_timestamp = "made_at"\ndates = { made_at = "iso" }'
        )
    )
    (folder / "mllab.toml").write_text(text)
    first = shop(0) | {"made_at": (DAY + timedelta(hours=1)).isoformat()}
    corrected = first | {"n_staff": 8, "made_at": (DAY + timedelta(hours=6)).isoformat()}
    frame = pl.DataFrame(
        {"shop": ["Ulm"] * 3, "event_timestamp": [DAY + timedelta(hours=hours) for hours in (0, 2, 7)]}
    )
    with Lab.open(folder) as lab:
        for name, row in (("shops_2.csv", corrected), ("shops_1.csv", first)):
            lab.add(write(tmp_path / name, [row]), wait=True)
        assert lab.get_historical_features(frame, ["staff"])["n_staff"].to_list() == [None, 0, 8]
        cut = DAY + timedelta(hours=3)
        assert lab.get_historical_features(frame, ["staff"], known_as_of=datetime.now(UTC))["n_staff"].to_list() == [
            None,
            0,
            8,
        ]
        with pytest.raises(NotFound):
            lab.feature_view("stuff")
        found = [
            lab.get_online_features(["staff"], [{"shop": "Ulm"}], at=at)[0].values["n_staff"]
            for at in frame["event_timestamp"]
        ]
        assert found == [None, 0, 8]
        assert cut < DAY + timedelta(hours=6)
