"""Training sets: plan, deduplication, stable hashes, splits, and the sample data from end to end."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mllab.config import LabConfig, SplitTable, parse_config
from mllab.errors import InvalidInput
from mllab.records import DType
from mllab.steps.features import build_index
from mllab.steps.splits import hash_split, time_split
from mllab.steps.training_set import (
    Assembled,
    FeaturePlan,
    TooLittle,
    assemble,
    content_digest,
    deduplicate,
    plan_features,
    row_hashes,
)

NOW = datetime(2024, 6, 1, tzinfo=UTC)
START = datetime(2024, 1, 1, tzinfo=UTC)

LAB = """
[source.visits]
key = ["id"]
timestamp = "at"
[source.weather]
timestamp = "at"
[feature_view.weather]
source = "weather"
entity = ["town"]
features = ["temp"]
[on_demand.clock]
function = "clock"
inputs = ["at", "guests"]
[model.bill]
source = "visits"
target = "paid"
{more}
"""
COLUMNS = {
    "id": DType.INT,
    "at": DType.DATETIME,
    "town": DType.STRING,
    "guests": DType.INT,
    "paid": DType.BOOL,
    "born": DType.DATE,
}


def a_lab(more: str = "", **replaced: str) -> LabConfig:
    text = LAB.format(more=more)
    for old, new in replaced.items():
        text = text.replace({"keyless": 'key = ["id"]', "timeless": 'timestamp = "at"'}[old], new, 1)
    return parse_config(text)


def visits(n: int, *, step: timedelta = timedelta(hours=1), start: int = 0) -> pl.DataFrame:
    places = range(start, start + n)
    return pl.DataFrame(
        {
            "id": list(places),
            "at": [START + step * place for place in places],
            "town": [("rome", "oslo")[place % 2] for place in places],
            "guests": [place % 7 for place in places],
            "paid": [place % 3 == 0 for place in places],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )


def a_set(parts: Sequence[pl.DataFrame], more: str = "", **replaced: str) -> Assembled | TooLittle:
    config = a_lab(more, **replaced)
    plan = plan_features(
        config, "bill", COLUMNS | {name: DType.STRING for name in parts[0].columns if name not in COLUMNS}
    )
    return assemble(parts, plan, {}, {}, config, "bill", now=NOW)


def assembled(parts: Sequence[pl.DataFrame], more: str = 'features = ["guests"]', **replaced: str) -> Assembled:
    made = a_set(parts, more, **replaced)
    assert isinstance(made, Assembled)
    return made


# -- plan ---------------------------------------------------------------------------------------------------------------


def kinds(plan: FeaturePlan) -> list[tuple[str, str]]:
    return [(group.kind, group.name) for group in plan.groups]


def test_without_features_every_usable_column_is_one() -> None:
    plan = plan_features(a_lab(), "bill", COLUMNS)
    assert kinds(plan) == [("column", "town"), ("column", "guests")]
    assert [field.name for field in plan.request] == ["town", "guests"]
    assert kinds(plan_features(a_lab(), "bill", COLUMNS, leave_out=["guests"])) == [("column", "town")]


def test_views_groups_and_columns_are_told_apart_and_the_request_holds_what_they_need() -> None:
    plan = plan_features(a_lab('features = ["clock", "weather"]'), "bill", COLUMNS)
    assert kinds(plan) == [("on_demand", "clock"), ("view", "weather")]
    assert [(field.name, field.dtype) for field in plan.request] == [
        ("at", DType.DATETIME),
        ("guests", DType.INT),
        ("town", DType.STRING),
    ]


@pytest.mark.parametrize(
    ("more", "columns", "said"),
    [
        ('features = ["guest"]', COLUMNS, "no view, service, on-demand group or column is called `guest`"),
        ('features = ["weather"]', COLUMNS | {"weather": DType.INT}, "ambiguous"),
        ('features = ["weather", "temp"]', COLUMNS | {"temp": DType.INT}, "`temp` comes from view `weather` and from"),
        ('features = ["guests", "guests"]', COLUMNS, "`guests` is named twice"),
        ('features = ["born"]', COLUMNS, "`born` is a date"),
        ('features = ["guests"]\nrequest = ["town"]', COLUMNS, "need `guests`, which no caller sends"),
        ('features = ["guests"]\nrequest = ["guests", "pald"]', COLUMNS, "no column `pald`"),
        ('features = ["guests"]\nrequest = ["guests", "paid"]', COLUMNS, "holds the target"),
        ('features = ["weather"]', {name: dtype for name, dtype in COLUMNS.items() if name != "town"}, "`town`"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(more: str, columns: dict[str, DType], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        plan_features(a_lab(more), "bill", columns)


def test_a_near_miss_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        plan_features(a_lab('features = ["wether"]'), "bill", COLUMNS)
    assert refused.value.hint == "did you mean `weather`?"


# -- which row is which -------------------------------------------------------------------------------------------------


def test_row_hashes_are_those_of_every_release() -> None:
    frame = pl.DataFrame(
        {
            "text": ["", "naïve", None],
            "whole": [0, -1, 2**63 - 1],
            "real": [0.5, -0.0, None],
            "yes": [True, False, None],
            "at": [START, None, START + timedelta(microseconds=1)],
            "day": [date(2024, 2, 29), None, date(1969, 12, 31)],
        }
    )
    assert row_hashes(frame).tolist() == [8418667129195469146, 248967017672850509, 2276463178847994783]
    assert row_hashes(frame, ["whole"]).tolist() == row_hashes(frame.select("whole")).tolist()


@given(st.lists(st.none() | st.integers(-(2**52), 2**52), min_size=1, max_size=5))
def test_a_hash_does_not_depend_on_where_the_row_is_or_how_its_numbers_are_kept(values: list[int | None]) -> None:
    whole = pl.DataFrame({"a": values}, schema={"a": pl.Int64})
    hashes = row_hashes(whole)
    assert row_hashes(whole.cast(pl.Float64)).tolist() == hashes.tolist()
    assert row_hashes(whole.with_columns(new=pl.lit(None, pl.String))).tolist() == hashes.tolist()
    assert row_hashes(whole.reverse()).tolist() == hashes.tolist()[::-1]


def test_a_hash_tells_columns_and_values_apart() -> None:
    rows = [{"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": None, "b": 2}, {"a": 1, "b": None}, {"a": None, "b": None}]
    assert len(set(row_hashes(pl.DataFrame(rows)).tolist())) == len(rows)
    assert len(set(row_hashes(pl.DataFrame({"a": range(200_000)})).tolist())) == 200_000


def test_a_row_whose_key_is_not_whole_is_known_by_all_its_columns() -> None:
    frame = pl.DataFrame({"id": [None, None, 1, 1], "x": [1, 2, 1, 2]})
    first, second, third, fourth = row_hashes(frame, ["id"]).tolist()
    assert first != second
    assert third == fourth


def test_the_later_row_of_a_key_wins_and_both_kinds_are_counted() -> None:
    first = pl.DataFrame({"id": [1, 2, 3, None], "x": ["a", "b", "c", "d"]})
    later = pl.DataFrame({"id": [1, 2, None], "x": ["a", "B", "d"]})
    frame, n_identical, n_conflicting = deduplicate([first, later], ["id"])
    assert sorted(frame.rows(), key=str) == [(1, "a"), (2, "B"), (3, "c"), (None, "d"), (None, "d")]
    assert (n_identical, n_conflicting) == (1, 1)


def test_without_a_key_every_row_stays() -> None:
    frame = pl.DataFrame({"x": [1, 1]})
    assert deduplicate([frame, frame], [])[0].height == 4


def test_a_digest_knows_values_names_types_and_nulls_but_not_chunks() -> None:
    frame = pl.DataFrame({"a": [1, None, 0], "b": ["x", "", None], "c": [True, None, False], "d": [0.5, None, 0.0]})
    frame = frame.with_columns(at=pl.lit(START).cast(pl.Datetime("us", "UTC")), row=pl.lit(7, pl.UInt64))
    chunked = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert content_digest(frame) == "a51a5f1881e0e97ae9ca8fa6c988bb9bc0901f8435ab01070c284c668ecfb1cb"
    assert content_digest(frame) == content_digest(chunked)
    others = [
        frame.rename({"a": "A"}),
        frame.cast({"a": pl.Float64}),
        frame.with_columns(pl.col("a").fill_null(0)),
        frame.with_columns(pl.col("b").fill_null("")),
        frame.reverse(),
        frame.select("b", "a", "c", "d", "at", "row"),
    ]
    assert len({content_digest(one) for one in [frame, *others]}) == len(others) + 1


# -- splits -------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 60), min_size=20, max_size=80).map(sorted),
    st.sampled_from(["1s", "10s", 0.15, 0.4]),
    st.sampled_from(["1s", "10s", 0.15, 0.4]),
)
def test_a_split_by_time_never_mixes_the_times_of_two_parts(
    seconds: list[int], validation: str | float, test: str | float
) -> None:
    times = np.array(seconds, np.int64) * 1_000_000
    side = time_split(times, SplitTable(by="time", validation=validation, test=test))
    if side is None:
        return
    parts = [times[side == place] for place in range(3)]
    assert all(part.size for part in parts)
    assert parts[0].max() < parts[1].min() <= parts[1].max() < parts[2].min()
    assert parts[0].size >= 0.1 * times.size
    if isinstance(test, str):
        assert parts[2].min() > times[-1] - int(test[:-1]) * 1_000_000 >= parts[1].max()


def test_durations_reach_back_from_the_last_row() -> None:
    made = assembled([visits(24 * 10)], 'split = { by = "time", validation = "1d", test = "2d" }')
    assert (made.counts.n_train, made.counts.n_validation, made.counts.n_test) == (24 * 7, 24, 48)
    assert made.notes == ()


def test_a_history_shorter_than_the_split_is_split_by_shares_and_says_so() -> None:
    made = assembled([visits(100)], 'split = { by = "time", validation = "14d", test = "14d" }')
    assert (made.counts.n_train, made.counts.n_validation, made.counts.n_test) == (70, 15, 15)
    assert "too short for validation 14d, test 14d" in made.notes[0]


def test_rows_of_two_moments_only_cannot_be_split_by_time() -> None:
    frame = visits(60).with_columns(at=pl.Series([START, START + timedelta(days=1)] * 30))
    made = a_set([frame])
    assert isinstance(made, TooLittle)
    assert 'by = "hash"' in made.reason


def test_no_row_ever_changes_sides_in_a_split_by_hash() -> None:
    rows = row_hashes(pl.DataFrame({"id": range(4000)}))
    split = SplitTable(by="hash", validation=0.15, test=0.15)
    side = hash_split(rows, split, seed=3)
    assert side[1000:].tolist() == hash_split(rows[1000:], split, seed=3).tolist()
    assert side.tolist() != hash_split(rows, split, seed=4).tolist()
    assert np.bincount(side).tolist() == pytest.approx([2800, 600, 600], abs=100)
    assert side[:20].tolist() == [1, 2, 0, 0, 1, 1, 0, 1, 2, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0]


def test_identical_rows_stay_on_one_side() -> None:
    frame = pl.concat([visits(200).drop("id", "at")] * 2)
    made = assembled([frame], keyless="", timeless="")
    assert made.frame.group_by("__row").agg(pl.col("__split").n_unique()).get_column("__split").max() == 1
    assert made.frame["__at"].null_count() == made.frame.height
    assert any("repeat others exactly" in note for note in made.notes)


# -- assembled ----------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100), st.integers(0, 100), st.booleans(), st.sampled_from(['key = ["id"]', ""]))
def test_neither_file_splits_nor_order_of_arrival_matter(one: int, two: int, swap: bool, key: str) -> None:
    whole = visits(100, step=timedelta(minutes=20))
    low, high = sorted((one, two))
    parts = [part for part in (whole[:low], whole[low:high], whole[high:]) if part.height]
    if swap:
        parts = [part.reverse() for part in reversed(parts)]
    once, again = assembled([whole], keyless=key), assembled(parts, keyless=key)
    assert content_digest(once.frame) == content_digest(again.frame)
    assert once.counts == again.counts


def test_a_training_set_holds_split_time_target_features_and_the_rest_of_the_request() -> None:
    config = a_lab('features = ["weather", "clock", "guests"]')
    plan = plan_features(config, "bill", COLUMNS)
    readings = pl.DataFrame({"town": ["rome"], "at": [START], "temp": [21.5]})
    rows = {"weather": build_index(readings, config.feature_view["weather"], "at")}
    hour = [pl.col("at").dt.hour().alias("hour"), (pl.col("guests") / 2).alias("half")]
    made = assemble([visits(50)], plan, rows, {"clock": hour}, config, "bill", now=NOW)
    assert isinstance(made, Assembled)
    assert made.frame.columns == [
        *("__row", "__split", "__at", "__target"),
        *("temp", "hour", "half", "guests"),
        *("__request_at", "__request_town"),
    ]
    assert made.types == {"temp": DType.FLOAT, "hour": DType.INT, "half": DType.FLOAT, "guests": DType.INT}
    assert made.frame.schema["__row"] == pl.UInt64
    assert made.frame.schema["__at"] == pl.Datetime("us", "UTC")
    assert made.target_dtype is DType.BOOL
    assert made.frame["temp"].to_list() == [21.5, None] * 25
    assert made.frame["__at"].is_sorted()


def test_a_request_looks_at_one_row_so_a_feature_may_not_look_at_others() -> None:
    config = a_lab('features = ["clock"]')
    plan = plan_features(config, "bill", COLUMNS)
    mean = [(pl.col("guests") - pl.col("guests").mean()).alias("centred")]
    with pytest.raises(InvalidInput, match="`clock`: `centred` of a row depends on other rows"):
        assemble([visits(50)], plan, {}, {"clock": mean}, config, "bill", now=NOW)


def test_a_computed_feature_may_not_take_the_name_of_another() -> None:
    config = a_lab('features = ["clock", "guests"]')
    plan = plan_features(config, "bill", COLUMNS)
    with pytest.raises(InvalidInput, match="`guests` comes from on_demand `clock` and from column `guests`"):
        assemble([visits(50)], plan, {}, {"clock": [pl.col("guests") * 2]}, config, "bill", now=NOW)


def test_rows_without_target_wait_and_some_wait_in_vain() -> None:
    frame = visits(100).with_columns(
        paid=pl.when(pl.col("id") % 10 == 0).then(None).otherwise("paid"),
        at=pl.when(pl.col("id") == 90).then(pl.lit(NOW)).otherwise("at"),
    )
    made = assembled([frame], 'features = ["guests"]\nlabel_within = "2d"')
    assert (made.counts.n_unlabelled, made.counts.n_expired, made.frame.height) == (10, 9, 90)
    assert made.notes == ("10 rows wait for `paid`; 9 of them for longer than 2d and in vain",)


def test_rows_without_time_are_left_out_and_counted() -> None:
    made = assembled([visits(100).with_columns(at=pl.when(pl.col("id") > 4).then("at"))])
    assert (made.counts.n_timeless, made.frame.height) == (5, 95)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (visits(100).with_columns(paid=pl.lit(None, pl.Boolean)), "no row has its `paid` yet"),
        (visits(19), "19 rows have their `paid`, 20 are the least"),
        (visits(100).with_columns(paid=pl.lit(True)), "`paid` is True in every row"),
        (visits(100).with_columns(paid=pl.col("id") > 90), "the rows to train on all have one target value"),
        (visits(0), "no rows yet"),
    ],
)
def test_too_little_to_learn_from_is_a_result(frame: pl.DataFrame, said: str) -> None:
    made = a_set([frame], 'features = ["guests"]')
    assert isinstance(made, TooLittle)
    assert said in made.reason


def test_a_date_is_no_target() -> None:
    with pytest.raises(InvalidInput, match="target `paid`: `paid` is Date"):
        a_set([visits(30).with_columns(paid=pl.lit(date(2024, 1, 1)))])
