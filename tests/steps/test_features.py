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
from mllab.steps.features import (
    ViewRows,
    feature_names,
    horizon,
    join_view,
    online_features,
    online_rows,
    refuse_leak,
    value_columns,
    view_rows,
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


def answers(samples: pl.DataFrame, rows: ViewRows, view: FeatureViewTable) -> list[dict[str, Any]]:
    return [bits_of(row) for row in join_view(samples, "at", rows, view).select(feature_names(view)).to_dicts()]


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def stored(rows: ViewRows) -> dict[tuple[Any, ...], list[tuple[int, int, list[Any]]]]:
    """Rows as an online store hands them back: through MessagePack, by moment and hash."""
    kept: dict[tuple[Any, ...], list[tuple[int, int, list[Any]]]] = {}
    for entity, at, row_hash, values in online_rows(rows):
        decoded = msgspec.msgpack.decode(msgspec.msgpack.encode(values))
        kept.setdefault(entity, []).append((at, row_hash, decoded))
    return {entity: sorted(found, key=lambda one: one[:2]) for entity, found in kept.items()}


def looked_up(sample: dict[str, Any], rows: ViewRows, view: FeatureViewTable) -> dict[str, Any]:
    at, back = micros(sample["at"]), horizon(view)
    mine = stored(rows).get(tuple(sample[name] for name in view.entity), [])
    low = None if back is None else at - back // timedelta(microseconds=1)
    read = [(when, values) for when, _, values in mine if when <= at and (low is None or when >= low)]
    return online_features(read, at, view)


@settings(max_examples=25, deadline=None)
@given(ROWS, SAMPLES, TTL)
def test_the_join_equals_a_double_loop(frame: pl.DataFrame, samples: pl.DataFrame, ttl: str | None) -> None:
    view = a_view(ttl=ttl)
    expected = [bits_of(brute_force(frame, view, sample)) for sample in samples.to_dicts()]
    assert answers(samples, view_rows(frame, view, "at"), view) == expected


@settings(max_examples=50, deadline=None)
@given(ROWS, SAMPLES, TTL, st.sampled_from([(), ("x", "n", "yes", "word")]))
def test_one_request_gets_the_very_bits_of_the_training_set(
    frame: pl.DataFrame, samples: pl.DataFrame, ttl: str | None, features: tuple[str, ...]
) -> None:
    view = a_view(ttl=ttl, features=features)
    rows = view_rows(frame, view, "at")
    samples = samples.drop_nulls("at")
    assert [bits_of(looked_up(one, rows, view)) for one in samples.to_dicts()] == answers(samples, rows, view)


@settings(max_examples=25, deadline=None)
@given(ROWS, SAMPLES, st.integers(0, 12))
def test_later_rows_never_change_an_answer(frame: pl.DataFrame, samples: pl.DataFrame, until: int) -> None:
    view = a_view()
    samples = samples.filter(pl.col("at") <= second(until))
    known = frame.filter(pl.col("at") <= second(until))
    assert answers(samples, view_rows(frame, view, "at"), view) == answers(samples, view_rows(known, view, "at"), view)


@settings(max_examples=25, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_ingest_does_not_matter(frame: pl.DataFrame, random: Any) -> None:
    order = list(range(frame.height))
    random.shuffle(order)
    once, again = view_rows(frame, a_view(), "at"), view_rows(frame[order], a_view(), "at")
    assert once.frame.equals(again.frame)
    assert once.n_skipped == again.n_skipped


@settings(max_examples=25, deadline=None)
@given(ROWS, st.integers(0, 25))
def test_rows_kept_part_by_part_are_the_rows_of_the_whole(frame: pl.DataFrame, cut: int) -> None:
    view, unique = a_view(), frame.unique(maintain_order=True)
    parts = [view_rows(part, view, "at") for part in (unique[:cut], unique[cut:])]
    together = sorted((one for part in parts for one in online_rows(part)), key=lambda one: (one[0], one[1], one[2]))
    assert together == list(online_rows(view_rows(unique, view, "at")))


def test_equal_rows_of_a_source_without_key_are_counted_each() -> None:
    view = a_view(features=(), aggregate={"rows": AggregateTable(by="count", window="5s")})
    twice = a_frame([("ann", 1, second(1), 0.5, 1, True, "a")] * 2)
    kept = [one for part in ("first", "second") for one in online_rows(view_rows(twice, view, "at", part=part))]
    assert len({row_hash for _, _, row_hash, _ in kept}) == 4


def test_a_row_delivered_again_has_the_hash_it_had() -> None:
    row = ("ann", 1, second(1), 0.5, 1, True, "a")
    hashes = [next(online_rows(view_rows(a_frame([one]), a_view(), "at", key=["who", "at"])))[2] for one in (row, row)]
    assert hashes[0] == hashes[1]


def test_the_ttl_includes_its_bound_and_the_window_excludes_its_start() -> None:
    view = a_view(features=("n",), aggregate={"rows": AggregateTable(by="count", window="5s")})
    rows = view_rows(a_frame([("ann", 1, second(0), None, 7, None, None)]), view, "at")
    samples = pl.DataFrame({"who": ["ann"] * 3, "room": [1] * 3, "at": [second(4), second(5), second(6)]})
    assert join_view(samples, "at", rows, view).select("n", "rows").rows() == [(7, 1), (7, 0), (None, 0)]


def test_no_sample_is_dropped_or_moved_and_rows_that_cannot_be_placed_are_counted() -> None:
    view = a_view()
    rows = view_rows(
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
    rows = view_rows(frame, view, "at")
    samples = frame.sample(40, seed=1).select("who", "at")
    assert [bits_of(looked_up(one, rows, view)) for one in samples.to_dicts()] == answers(samples, rows, view)


def test_a_lookup_reads_back_as_far_as_its_longest_question() -> None:
    assert horizon(a_view(ttl="1m")) == timedelta(minutes=1)
    assert horizon(a_view(ttl="1s")) == timedelta(seconds=20)
    assert horizon(a_view(ttl=None)) is None
    assert horizon(a_view(ttl=None, features=())) == timedelta(seconds=20)
    assert value_columns(a_view(features=("word",))) == ["word", "x", "n", "yes"]


def test_text_has_a_count_but_no_mean() -> None:
    view = a_view(aggregate={"m": AggregateTable(by="mean", of="word", window="1s")})
    with pytest.raises(InvalidInput, match="`word` is text"):
        view_rows(a_frame([]), view, "at")


def test_minus_zero_and_nan_do_not_get_into_a_view() -> None:
    frame = a_frame([("ann", 1, second(at), x, None, None, None) for at, x in enumerate((-0.0, float("nan")))])
    assert str(view_rows(frame, a_view(), "at").frame["x"].to_list()) == "[0.0, None]"


def test_a_date_cannot_be_a_feature() -> None:
    with pytest.raises(InvalidInput, match="`at` is Datetime"):
        view_rows(a_frame([]), a_view(features=("at",)), "at")


def test_an_entity_of_another_type_is_refused_and_not_silently_missed() -> None:
    rows = view_rows(a_frame([("ann", 1, second(0), 1.0, 1, True, "a")]), a_view(), "at")
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
        refuse_leak(parse_config(LEAKY.format(timestamp=timestamp, what=what)), "late")
    assert refused.value.problems[0][1] == "leak"


@pytest.mark.parametrize(
    ("timestamp", "what"),
    [('timestamp = "landed"', SHARE), ("", 'aggregate.n = { by = "count", window = "6h" }')],
)
def test_the_target_as_of_landing_is_no_leak(timestamp: str, what: str) -> None:
    refuse_leak(parse_config(LEAKY.format(timestamp=timestamp, what=what)), "late")
