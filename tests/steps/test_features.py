"""Feature views: the point-in-time join against a double loop, and against the answer of one request."""

import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mllab.config import AggregateTable, FeatureViewTable, duration, parse_config
from mllab.errors import InvalidInput
from mllab.records import FeatureStatus
from mllab.steps.features import (
    ViewIndex,
    build_index,
    feature_names,
    horizon,
    join_view,
    known_rows,
    narrowed,
    online_features,
    online_rows,
    refuse_leak,
    value_columns,
)
from mllab.steps.identity import row_hashes

START = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA: dict[str, Any] = {
    "who": pl.String,
    "room": pl.Int64,
    "at": pl.Datetime("us", "UTC"),
    "x": pl.Float64,
    "n": pl.Int64,
    "yes": pl.Boolean,
    "word": pl.String,
}


def second(number: int | None) -> datetime | None:
    return None if number is None else START + timedelta(seconds=number)


def a_view(**fields: Any) -> FeatureViewTable:
    aggregates = {
        "rows": AggregateTable(by="count", window="5s"),
        "n_words": AggregateTable(by="count", of="word", window="3s"),
        **{
            f"{by}_{of}": AggregateTable(by=by, of=of, window=window)
            for of, window in (("x", "4s"), ("n", "6s"), ("yes", "20s"))
            for by in ("sum", "mean", "min", "max")
        },
        **{
            f"{by}_{of}": AggregateTable(by=by, of=of, window="7s")
            for of in ("x", "n", "yes", "word")
            for by in ("last", "distinct")
        },
    }
    given_fields = {
        "source": "visits",
        "entity": ("who", "room"),
        "ttl": "5s",
        "features": ("x", "n", "yes", "word"),
        "aggregate": aggregates,
    }
    return FeatureViewTable(**(given_fields | fields))


def a_frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


WHO = st.sampled_from(["ann", "bob", None])
ROOM = st.sampled_from([1, 2, None])
SECONDS = st.integers(0, 12)
ROWS = st.lists(
    st.tuples(
        WHO,
        ROOM,
        st.none() | SECONDS.map(second),
        st.none() | st.sampled_from([0.1, 0.2, 0.3, -0.0, 1e16, -1e16, float("nan"), float("inf"), float("-inf")]),
        st.none() | st.integers(-3, 3) | st.sampled_from([2**62, -(2**62), 2**63 - 1, -(2**63)]),
        st.none() | st.booleans(),
        st.none() | st.sampled_from(["", "a", "é"]),
    ),
    max_size=25,
).map(a_frame)
SAMPLES = st.lists(st.tuples(WHO, ROOM, st.none() | SECONDS.map(second)), max_size=8).map(
    lambda rows: pl.DataFrame(rows, schema={name: SCHEMA[name] for name in ("who", "room", "at")}, orient="row")
)
TTL = st.sampled_from([None, "0s", "2s", "5s", "30s"])


def bits(value: Any) -> Any:
    return struct.pack("<d", value) if isinstance(value, float) else value


def bits_of(row: dict[str, Any]) -> dict[str, Any]:
    return {name: (type(value), bits(value)) for name, value in row.items()}


def reduced(by: str, values: list[Any]) -> Any:
    if by == "count":
        return len(values)
    if not values:
        return None
    if by == "last":
        return values[-1]
    if by == "distinct":
        return len(set(values))
    values = [int(value) if isinstance(value, bool) else value for value in values]
    if by == "min" or by == "max":
        return (min if by == "min" else max)(values)
    total = values[0] * 0 if isinstance(values[0], int) else 0.0
    for value in values:
        total = total + value
    if by == "mean":
        total = float(total) / len(values)
    elif isinstance(total, int):
        total = min(max(total, -(2**63)), 2**63 - 1)
    return None if total != total else total


def tidy(value: Any) -> Any:
    if isinstance(value, float):
        return None if value != value else value + 0.0
    return value


def brute_force(frame: pl.DataFrame, view: FeatureViewTable, sample: dict[str, Any]) -> dict[str, Any]:
    """Loop over every row; the only thing taken over is the hash that orders rows of one moment."""
    hashes = (row_hashes(frame) & ~np.uint64(0xFFFF)).view(np.int64).tolist()
    known = []
    for row, row_hash in zip(frame.to_dicts(), hashes, strict=True):
        mine = all(row[name] is not None and row[name] == sample[name] for name in view.entity)
        if mine and row["at"] is not None and sample["at"] is not None and row["at"] <= sample["at"]:
            known.append(({name: tidy(value) for name, value in row.items()}, row_hash))
    known.sort(key=lambda one: (one[0]["at"], one[1]))
    latest = known[-1][0] if known else None
    if latest and view.ttl and sample["at"] - latest["at"] > duration(view.ttl):
        latest, known = None, []
    found: dict[str, Any] = {name: latest[name] if latest else None for name in view.features}
    for name, one in view.aggregate.items():
        inside = [row for row, _ in known if row["at"] > sample["at"] - duration(one.window)]
        of = one.of
        found[name] = reduced(one.by, [row[of] for row in inside if row[of] is not None]) if of else len(inside)
    return found


def answers(samples: pl.DataFrame, rows: ViewIndex, view: FeatureViewTable) -> list[dict[str, Any]]:
    return [bits_of(row) for row in join_view(samples, "at", rows, view).select(feature_names(view)).to_dicts()]


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


Online = dict[tuple[Any, ...], list[tuple[int, list[Any]]]]


def stored(index: ViewIndex, since: int | None, until: int | None = None) -> Online:
    """Rows as an online store hands them back: through MessagePack, by moment, revision and hash."""
    kept: dict[tuple[Any, ...], list[tuple[int, int, int, list[Any]]]] = {}
    for entity, at, created, row_hash, values in online_rows(index, since, until):
        decoded = msgspec.msgpack.decode(msgspec.msgpack.encode(values))
        kept.setdefault(entity, []).append((at, created, row_hash, decoded))
    return {
        entity: [(one[0], one[3]) for one in sorted(found, key=lambda one: one[:3])] for entity, found in kept.items()
    }


def looked_up(sample: dict[str, Any], index: ViewIndex, view: FeatureViewTable) -> dict[str, Any]:
    """What a request gets from the index."""
    entity = [sample[name] for name in view.entity]
    return online_features(known_rows(index, entity, micros(sample["at"]), view), micros(sample["at"]), view).values


def looked_up_online(sample: dict[str, Any], online: Online, view: FeatureViewTable) -> dict[str, Any]:
    rows = online.get(tuple(sample[name] for name in view.entity), [])
    return online_features(rows, micros(sample["at"]), view).values


@settings(max_examples=60, deadline=None)
@given(ROWS, SAMPLES, TTL)
def test_the_join_equals_a_double_loop(frame: pl.DataFrame, samples: pl.DataFrame, ttl: str | None) -> None:
    view = a_view(ttl=ttl)
    expected = [bits_of(brute_force(frame, view, sample)) for sample in samples.to_dicts()]
    assert answers(samples, build_index(frame, view, "at"), view) == expected


@settings(max_examples=50, deadline=None)
@given(ROWS, SAMPLES, TTL, st.sampled_from([(), ("x", "n", "yes", "word")]))
def test_one_request_gets_the_very_bits_of_the_training_set(
    frame: pl.DataFrame, samples: pl.DataFrame, ttl: str | None, features: tuple[str, ...]
) -> None:
    view = a_view(ttl=ttl, features=features)
    rows = build_index(frame, view, "at")
    samples = samples.drop_nulls("at")
    assert [bits_of(looked_up(one, rows, view)) for one in samples.to_dicts()] == answers(samples, rows, view)


@settings(max_examples=60, deadline=None)
@given(ROWS, SAMPLES, st.integers(0, 12))
def test_later_rows_never_change_an_answer(frame: pl.DataFrame, samples: pl.DataFrame, until: int) -> None:
    view = a_view()
    samples = samples.filter(pl.col("at") <= second(until))
    known = frame.filter(pl.col("at") <= second(until))
    assert answers(samples, build_index(frame, view, "at"), view) == answers(
        samples, build_index(known, view, "at"), view
    )


@settings(max_examples=50, deadline=None)
@given(ROWS, SAMPLES, TTL, st.integers(0, 12))
def test_the_online_rows_answer_every_moment_from_the_newest_row_on(
    frame: pl.DataFrame, samples: pl.DataFrame, ttl: str | None, until: int
) -> None:
    view = a_view(ttl=ttl)
    frame = frame.filter(pl.col("at") <= second(until))
    index = build_index(frame, view, "at")
    newest, back = index.newest(), max(timedelta(seconds=20), duration(ttl or "0s"))
    online = stored(index, None if newest is None else newest - back // timedelta(microseconds=1))
    later = samples.filter(pl.col("at") >= second(until))
    assert [bits_of(looked_up_online(one, online, view)) for one in later.to_dicts()] == answers(later, index, view)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_ingest_does_not_matter(frame: pl.DataFrame, random: Any) -> None:
    order = list(range(frame.height))
    random.shuffle(order)
    once, again = build_index(frame, a_view(), "at"), build_index(frame[order], a_view(), "at")
    assert list(online_rows(once, None)) == list(online_rows(again, None))
    assert once.n_skipped == again.n_skipped


def test_equal_rows_of_a_source_without_key_are_counted_each() -> None:
    view = a_view(features=(), aggregate={"rows": AggregateTable(by="count", window="5s")})
    twice = a_frame([("ann", 1, second(1), 0.5, 1, True, "a")] * 2)
    assert len({row_hash for _, _, _, row_hash, _ in online_rows(build_index(twice, view, "at"), None)}) == 2


# -- revisions --------------------------------------------------------------------------------------------------------

REVISED = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.just(1),
        SECONDS.map(second),
        st.none() | st.sampled_from([0.1, 0.2, 1e16]),
        st.none() | st.integers(-3, 3),
        st.none() | st.booleans(),
        st.none() | st.sampled_from(["a", "é"]),
        st.integers(1, 4) | st.none(),
        SECONDS.map(second) | st.none(),
    ),
    max_size=20,
).map(lambda rows: pl.DataFrame(rows, schema=SCHEMA | {"id": pl.Int64, "made": SCHEMA["at"]}, orient="row").unique())


def brute_force_revisions(frame: pl.DataFrame, view: FeatureViewTable, sample: dict[str, Any]) -> dict[str, Any]:
    """Of each key only the last revision made by the sample's moment stands; then as without revisions."""
    hashes = row_hashes(frame).view(np.int64).tolist()
    made = [(row, row_hash) for row, row_hash in zip(frame.to_dicts(), hashes, strict=True)]
    made = [one for one in made if one[0]["made"] is None or one[0]["made"] <= sample["at"]]
    made.sort(key=lambda one: (one[0]["made"] is not None, one[0]["made"] or START, one[1]))
    last = {one[0]["id"]: one for one in made if one[0]["id"] is not None}
    standing = [one for one in made if one[0]["id"] is None or last[one[0]["id"]] is one]
    known = [one for one in standing if one[0]["at"] <= sample["at"] and one[0]["who"] == sample["who"]]
    known.sort(key=lambda one: (one[0]["at"], one[0]["made"] is not None, one[0]["made"] or START, one[1]))
    rows = [{name: tidy(value) for name, value in row.items()} for row, _ in known]
    latest = rows[-1] if rows else None
    if latest and view.ttl and sample["at"] - latest["at"] > duration(view.ttl):
        latest, rows = None, []
    found: dict[str, Any] = {name: latest[name] if latest else None for name in view.features}
    for name, one in view.aggregate.items():
        inside = [row for row in rows if row["at"] > sample["at"] - duration(one.window)]
        of = one.of
        found[name] = reduced(one.by, [row[of] for row in inside if row[of] is not None]) if of else len(inside)
    return found


@settings(max_examples=50, deadline=None)
@given(REVISED, SAMPLES, TTL)
def test_a_sample_sees_the_revision_that_stood_at_its_moment(
    frame: pl.DataFrame, samples: pl.DataFrame, ttl: str | None
) -> None:
    view = a_view(ttl=ttl, entity=("who",))
    samples = samples.drop_nulls(["who", "at"])
    index = build_index(frame, view, "at", key=["id"], created_timestamp="made")
    expected = [bits_of(brute_force_revisions(frame, view, sample)) for sample in samples.to_dicts()]
    assert answers(samples, index, view) == expected
    assert [bits_of(looked_up(one, index, view)) for one in samples.to_dicts()] == expected


@settings(max_examples=60, deadline=None)
@given(REVISED, SAMPLES, st.integers(0, 12))
def test_a_revision_made_later_never_changes_an_answer(frame: pl.DataFrame, samples: pl.DataFrame, until: int) -> None:
    view = a_view(entity=("who",))
    samples = samples.filter(pl.col("at") <= second(until))
    made = pl.col("made").is_null() | (pl.col("made") <= second(until))
    whole, cut = (
        build_index(one, view, "at", key=["id"], created_timestamp="made") for one in (frame, frame.filter(made))
    )
    assert answers(samples, whole, view) == answers(samples, cut, view)


@settings(max_examples=60, deadline=None)
@given(REVISED, SAMPLES)
def test_online_rows_are_those_that_no_revision_has_replaced(frame: pl.DataFrame, samples: pl.DataFrame) -> None:
    view = a_view(ttl=None, entity=("who",))
    index = build_index(frame, view, "at", key=["id"], created_timestamp="made")
    online = stored(index, None)
    later = samples.drop_nulls("who").with_columns(pl.lit(second(12)).alias("at"))
    assert [bits_of(looked_up_online(one, online, view)) for one in later.to_dicts()] == answers(later, index, view)


# -- edges ------------------------------------------------------------------------------------------------------------


def test_the_ttl_includes_its_bound_and_the_window_excludes_its_start() -> None:
    view = a_view(features=("n",), aggregate={"rows": AggregateTable(by="count", window="5s")})
    rows = build_index(a_frame([("ann", 1, second(0), None, 7, None, None)]), view, "at")
    samples = pl.DataFrame({"who": ["ann"] * 3, "room": [1] * 3, "at": [second(4), second(5), second(6)]})
    assert join_view(samples, "at", rows, view).select("n", "rows").rows() == [(7, 1), (7, 0), (None, 0)]


def test_no_sample_is_dropped_or_moved_and_rows_that_cannot_be_placed_are_counted() -> None:
    view = a_view()
    rows = build_index(
        a_frame([(None, 1, second(0), 1.0, 1, True, "a"), ("ann", 1, None, 1.0, 1, True, "a")]), view, "at"
    )
    samples = pl.DataFrame({"who": ["bob", "ann", "bob"], "room": [1, 2, 1], "at": [second(3), None, second(1)]})
    joined = join_view(samples, "at", rows, view)
    assert rows.n_skipped == 2
    assert joined.select(samples.columns).equals(samples)
    assert joined["rows"].to_list() == [0, 0, 0]


@pytest.mark.parametrize("n_rows", [3000])
def test_long_windows_of_floats_are_summed_in_order(n_rows: int) -> None:
    draw = np.random.default_rng(7)
    frame = pl.DataFrame(
        {
            "who": draw.choice(["ann", "bob"], n_rows),
            "at": [second(int(one)) for one in draw.integers(0, 1000, n_rows)],
            "x": draw.normal(size=n_rows) * 10.0 ** draw.integers(-8, 8, n_rows),
        }
    )
    view = a_view(
        entity=("who",),
        ttl=None,
        features=(),
        aggregate={by: AggregateTable(by=by, of="x", window="300s") for by in ("sum", "mean", "min", "max")},
    )
    rows = build_index(frame, view, "at")
    samples = frame.sample(40, seed=1).select("who", "at")
    assert [bits_of(looked_up(one, rows, view)) for one in samples.to_dicts()] == answers(samples, rows, view)


def test_a_lookup_says_why_it_found_nothing() -> None:
    view = a_view(features=("n", "word"), aggregate={})
    index = build_index(a_frame([("ann", 1, second(0), None, 7, None, None)]), view, "at")

    def statuses(who: str, at: int) -> list[FeatureStatus]:
        moment = micros(START + timedelta(seconds=at))
        known = online_features(known_rows(index, [who, 1], moment, view), moment, view)
        return [known.status(name) for name in view.features]

    assert statuses("ann", 3) == [FeatureStatus.PRESENT, FeatureStatus.NULL_VALUE]
    assert statuses("ann", 9) == [FeatureStatus.OUTSIDE_MAX_AGE] * 2
    assert statuses("bob", 3) == statuses("ann", -1) == [FeatureStatus.NOT_FOUND] * 2


def test_a_narrowed_view_gives_the_same_values_of_fewer_features() -> None:
    view = a_view()
    index = build_index(a_frame([("ann", 1, second(at), 0.5 * at, at, True, "a") for at in range(9)]), view, "at")
    samples = pl.DataFrame({"who": ["ann"] * 3, "room": [1] * 3, "at": [second(4), second(5), second(6)]})
    few = narrowed(view, ["mean_x", "word"])
    assert feature_names(few) == ["word", "mean_x"]
    whole = join_view(samples, "at", index, view).select("word", "mean_x")
    assert join_view(samples, "at", index, few).select("word", "mean_x").equals(whole)


def test_a_lookup_reads_back_as_far_as_its_longest_question() -> None:
    assert horizon(a_view(ttl="1m")) == timedelta(minutes=1)
    assert horizon(a_view(ttl="1s")) == timedelta(seconds=20)
    assert horizon(a_view(ttl=None)) is None
    assert horizon(a_view(ttl=None, features=())) == timedelta(seconds=20)
    assert value_columns(a_view(features=("word",))) == ["word", "x", "n", "yes"]


def test_text_has_a_count_but_no_mean() -> None:
    view = a_view(aggregate={"m": AggregateTable(by="mean", of="word", window="1s")})
    with pytest.raises(InvalidInput, match="`word` is text"):
        build_index(a_frame([]), view, "at")


def test_minus_zero_and_nan_do_not_get_into_a_view() -> None:
    frame = a_frame([("ann", 1, second(at), x, None, None, None) for at, x in enumerate((-0.0, float("nan")))])
    kept = build_index(frame, a_view(), "at").columns["x"].among(0, 2)
    assert str(kept) == "[0.0, None]"


def test_a_date_cannot_be_a_feature() -> None:
    with pytest.raises(InvalidInput, match="`at` is Datetime"):
        build_index(a_frame([]), a_view(features=("at",)), "at")


def test_an_entity_of_another_type_is_refused_and_not_silently_missed() -> None:
    rows = build_index(a_frame([("ann", 1, second(0), 1.0, 1, True, "a")]), a_view(), "at")
    samples = pl.DataFrame({"who": ["ann"], "room": ["1"], "at": [second(0)]})
    with pytest.raises(InvalidInput, match="`room` is String in the samples and Int64 in the view"):
        join_view(samples, "at", rows, a_view())


LEAKY = """
[source.flights]
timestamp = "due"
[feature_view.delays]
source = "flights"
entity = ["carrier"]
{timestamp}
{what}
[model.late]
source = "flights"
target = "late"
features = ["delays"]
"""
SHARE = 'aggregate.share = { of = "late", by = "mean", window = "6h" }'


@pytest.mark.parametrize("timestamp", ["", 'timestamp = "due"'])
@pytest.mark.parametrize("what", [SHARE, 'features = ["late"]'])
def test_the_target_as_of_the_samples_own_time_is_a_leak(timestamp: str, what: str) -> None:
    with pytest.raises(InvalidInput, match="a leak") as refused:
        refuse_leak(parse_config(LEAKY.format(timestamp=timestamp, what=what)), "late", ["delays"])
    assert refused.value.problems[0][1] == "leak"


@pytest.mark.parametrize(
    ("timestamp", "what"),
    [('timestamp = "landed"', SHARE), ("", 'aggregate.n = { by = "count", window = "6h" }')],
)
def test_the_target_as_of_landing_is_no_leak(timestamp: str, what: str) -> None:
    refuse_leak(parse_config(LEAKY.format(timestamp=timestamp, what=what)), "late", ["delays"])
