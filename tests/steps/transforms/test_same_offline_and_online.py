"""What is computed from a frame and from single rows is equal to the bit, for every transform and any value."""

import math
from datetime import UTC, date, datetime

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mllab.config.transforms import Transform, chain_problem
from mllab.errors import InvalidInput
from mllab.records import Bundle, FeatureSpec, FittedTransform
from mllab.steps.inputs import Inputs, learn_inputs
from mllab.steps.predict import Encoder
from mllab.steps.transforms import FAMILIES, Supervision

SCHEMA = {
    "size": pl.Float64(),
    "count": pl.Int64(),
    "late": pl.Boolean(),
    "carrier": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "day": pl.Date(),
}
KINDS = {"size": "numbers", "count": "numbers", "late": "numbers", "carrier": "text", "at": "dates", "day": "dates"}

some_text = st.sampled_from(["AA", "UA", "", " ", "é", "a b  a", "x" * 50, "[x]<y>", "null"]) | st.text(
    st.characters(codec="utf-8"), max_size=8
)
A_VALUE = {
    "size": st.none() | st.floats() | st.sampled_from([0.0, -0.0, 1e39, -1e308, 5e-324, 3.4e38, 0.1, 1.5]),
    "count": st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5),
    "late": st.none() | st.booleans(),
    "carrier": st.none() | some_text,
    "at": st.none() | st.datetimes(timezones=st.just(UTC)),
    "day": st.none() | st.dates(),
}
a_row = st.fixed_dictionaries(A_VALUE)
number, positive = st.floats(-1e6, 1e6), st.floats(0, 100)

A_STEP: dict[str, st.SearchStrategy[dict]] = {
    "impute": st.sampled_from(["mean", "median", "most_frequent"]).flatmap(
        lambda how: st.fixed_dictionaries({"with": st.just(how), "indicator": st.booleans()})
    )
    | st.fixed_dictionaries(
        {"with": st.just("constant"), "value": number | some_text | st.booleans() | st.integers(0, 9)}
    ),
    "clip": st.tuples(number, number).map(lambda two: {"low": min(two), "high": max(two)})
    | st.just({"low": 0.1, "high": 0.8, "as": "quantile"}),
    "scale": st.fixed_dictionaries({"by": st.sampled_from(["standard", "minmax", "robust"])}),
    "log": st.just({"signed": True}),
    "power": st.just({}),
    "bin": st.fixed_dictionaries({"by": st.sampled_from(["quantile", "uniform"]), "bins": st.integers(2, 9)})
    | st.just({"by": "edges", "edges": [-1.0, 0.0, 2.5]}),
    "one_hot": st.fixed_dictionaries({"top": st.none() | st.integers(1, 4)}),
    "ordinal": st.just({}) | st.just({"order": ["AA", "UA"]}) | st.just({"order": [0, 1, 2]}),
    "target_encode": st.fixed_dictionaries({"smoothing": positive, "folds": st.integers(2, 4)}),
    "date_parts": st.fixed_dictionaries(
        {
            "parts": st.lists(
                st.sampled_from(["year", "month", "day", "weekday", "hour", "day_of_year", "is_weekend"]),
                min_size=1,
                unique=True,
            ),
            "cyclic": st.booleans(),
            "timezone": st.none() | st.sampled_from(["America/New_York", "Asia/Kathmandu"]),
        }
    ),
    "text_length": st.fixed_dictionaries({"of": st.sampled_from(["chars", "words"])}),
    "hash": st.fixed_dictionaries(
        {
            "of": st.sampled_from(["words", "chars"]),
            "ngram": st.integers(1, 3),
            "buckets": st.integers(2, 12),
            "lower": st.booleans(),
        }
    ),
}
FIRST = {
    "numbers": ["impute", "clip", "scale", "log", "power", "bin"],
    "text": ["impute", "one_hot", "ordinal", "target_encode", "text_length", "hash"],
    "dates": ["date_parts"],
}


def a_step(names: list[str]) -> st.SearchStrategy[dict]:
    return st.sampled_from(names).flatmap(lambda do: A_STEP[do].map(lambda given: {"do": do, **given}))


a_chain = st.sampled_from(sorted(SCHEMA)).flatmap(
    lambda feature: st.tuples(
        st.just(feature), a_step(FIRST[KINDS[feature]]), st.lists(a_step(sorted(A_STEP)), max_size=2)
    ).map(lambda three: (three[0], [three[1], *three[2]]))
)
SOME_CHAINS = {
    "size": [{"do": "impute", "with": "median", "indicator": True}, {"do": "power"}, {"do": "scale", "by": "robust"}],
    "count": [{"do": "log", "signed": True}, {"do": "bin", "bins": 4}, {"do": "one_hot"}],
    "late": [{"do": "impute", "with": "most_frequent"}],
    "carrier": [
        {"do": "target_encode", "smoothing": 3, "top": 4},
        {"do": "clip", "low": 0.1, "high": 0.9, "as": "quantile"},
    ],
    "at": [
        {"do": "date_parts", "parts": ["hour", "year"], "cyclic": True, "timezone": "Asia/Kathmandu"},
        {"do": "scale"},
    ],
    "day": [{"do": "date_parts", "parts": ["weekday", "is_weekend"]}],
}


def chains_of(plain: dict[str, list[dict]]) -> dict[str, tuple[Transform, ...]]:
    return msgspec.convert(plain, dict[str, tuple[Transform, ...]])


def fitted_on(rows: list[dict], chains: dict, n_labels: int = 1) -> Inputs:
    frame = pl.DataFrame(rows, schema=SCHEMA).with_columns(__split=pl.lit("train"))
    draws = np.random.default_rng(0)
    y = draws.integers(0, 2, (len(rows), n_labels)).astype(np.float64)
    labels = ("",) if n_labels == 1 else tuple("abcdefg"[:n_labels])
    folds = draws.integers(0, 2**63, len(rows), dtype=np.uint64)
    return learn_inputs(frame, list(chains), chains, Supervision(y, labels, folds, 0))


def assert_equal_to_the_bit(encoder: Encoder, rows: list[dict]) -> None:
    from_frame = encoder.frame(pl.DataFrame(rows, schema=SCHEMA))
    from_rows = encoder.rows(rows)
    one_by_one = np.concatenate([encoder.rows([row]) for row in rows])
    assert from_rows.shape == (len(rows), len(encoder.inputs)) and not np.isinf(from_rows).any()
    for other in (from_rows, one_by_one):
        present = ~np.isnan(from_frame)
        assert np.array_equal(present, ~np.isnan(other))
        assert from_frame[present].tobytes() == other[present].tobytes()


@given(
    st.lists(a_row, min_size=4, max_size=12),
    st.lists(a_row, min_size=1, max_size=8),
    a_chain,
    st.sampled_from([1, 3]),
)
@settings(deadline=None, max_examples=400)
def test_any_steps_on_any_values_are_equal_in_frames_and_rows(
    learnt_from: list[dict], asked: list[dict], chain: tuple[str, list[dict]], n_labels: int
) -> None:
    feature, steps = chain
    chains = chains_of({feature: steps})
    assume(chain_problem(chains[feature]) is None)
    try:
        made = fitted_on(learnt_from, chains, n_labels)
    except InvalidInput as error:
        assert f"feature `{feature}`, step " in error.message and error.hint
        return
    assert_equal_to_the_bit(Encoder(made.features, made.inputs, made.transforms), asked + learnt_from)
    again = msgspec.json.decode(msgspec.json.encode(made.transforms), type=tuple[FittedTransform, ...])
    assert again == made.transforms


@pytest.fixture(scope="module")
def all_at_once() -> Encoder:
    draws = np.random.default_rng(1)
    rows = [
        {
            "size": float(draws.normal()) if draws.random() > 0.1 else None,
            "count": int(draws.integers(-50, 50)),
            "late": bool(draws.random() > 0.5),
            "carrier": str(draws.choice(["AA", "UA", "DL", "é", ""])),
            "at": datetime(2024, 1, 1 + int(draws.integers(0, 30)), int(draws.integers(0, 24)), tzinfo=UTC),
            "day": date(2024, 1 + int(draws.integers(0, 12)), 3),
        }
        for _ in range(200)
    ]
    made = fitted_on(rows, chains_of(SOME_CHAINS))
    return Encoder(made.features, made.inputs, made.transforms)


@given(st.lists(a_row, min_size=1, max_size=30))
@settings(deadline=None)
def test_many_features_with_many_steps_are_equal_in_frames_and_rows(all_at_once: Encoder, rows: list[dict]) -> None:
    assert_equal_to_the_bit(all_at_once, rows)


def test_every_transform_takes_part() -> None:
    assert set(A_STEP) == set(FAMILIES)
    declared = {one.__struct_config__.tag for one in Transform.__args__}
    assert declared == {one.__struct_config__.tag for one in FittedTransform.__args__} == set(FAMILIES)


def test_a_moment_is_the_same_as_text_as_golden_rows_hold_it(all_at_once: Encoder) -> None:
    at, day = datetime(2024, 5, 6, 23, 30, tzinfo=UTC), date(2024, 5, 6)
    asked = {"size": 1.0, "count": 3, "late": True, "carrier": "AA", "at": at, "day": day}
    texts = asked | {"at": at.isoformat(), "day": day.isoformat()}
    assert all_at_once.rows([asked]).tobytes() == all_at_once.rows([texts]).tobytes()
    assert np.isnan(all_at_once.rows([texts | {"at": "soon"}])).sum() == 3


def test_a_frame_in_other_chunks_gives_the_same(all_at_once: Encoder) -> None:
    rows = [{"size": i / 7, "count": i, "late": None, "carrier": "AA", "at": None, "day": None} for i in range(30)]
    whole = pl.DataFrame(rows, schema=SCHEMA)
    pieces = pl.concat([whole[:7], whole[7:8], whole[8:]], rechunk=False)
    assert all_at_once.frame(whole).tobytes() == all_at_once.frame(pieces).tobytes()


def test_more_rows_than_are_computed_at_once_are_the_same(all_at_once: Encoder) -> None:
    sizes = [None if i % 11 == 0 else math.sin(i) for i in range(20_000)]
    frame = pl.DataFrame({"size": sizes}).with_columns(
        **{name: pl.lit(None, dtype) for name, dtype in SCHEMA.items() if name != "size"}
    )
    matrix = all_at_once.frame(frame)
    for place in (0, 8191, 8192, 16_384, 19_999):
        alone = all_at_once.rows([frame.row(place, named=True)])
        assert np.array_equal(matrix[place], alone[0], equal_nan=True)


def test_a_bundle_from_before_transforms_reads_its_features_as_inputs() -> None:
    spec = {"name": "size", "dtype": "float"}
    old = {"learner": "xgboost", "booster": "f" * 64, "task": "regression", "target": "t", "target_dtype": "float"}
    bundle = msgspec.json.decode(msgspec.json.encode(old | {"features": [spec], "request": []}), type=Bundle)
    assert bundle.inputs == bundle.features == (FeatureSpec(name="size", dtype="float"),)
    assert bundle.transforms == ()
    assert Encoder(bundle.features, bundle.inputs, bundle.transforms).rows([{"size": 2.0}]).tolist() == [[2.0]]
