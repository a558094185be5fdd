"""What a person is shown of a feature before and after each of its steps."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import polars as pl
import pytest

from mllab.config.transforms import Transform
from mllab.errors import InvalidInput
from mllab.records import Task
from mllab.steps.inputs import supervise
from mllab.steps.predict import Encoder
from mllab.steps.train import fit_model
from mllab.steps.transforms.preview import Chain, stages


def a_chain(feature: str, *steps: dict) -> Chain:
    return Chain(feature, msgspec.convert(steps, tuple[Transform, ...]))


def test_each_stage_shows_first_values_and_what_all_of_them_are_like() -> None:
    frame = pl.DataFrame({"temp": [10.0, None, 30.0, 20.0, float("nan")]})
    chain = a_chain("temp", {"do": "impute", "with": "mean", "indicator": True}, {"do": "scale", "by": "minmax"})
    raw, filled, scaled = stages(frame, chain, n_first=3)
    assert (raw.number, raw.do, raw.columns[0].first, raw.columns[0].n_missing) == (0, "", (10.0, None, 30.0), 2)
    assert (raw.columns[0].mean, raw.columns[0].low, raw.columns[0].high) == (20.0, 10.0, 30.0)
    assert [one.name for one in filled.columns] == ["temp", "temp_missing"]
    assert filled.columns[0].first == (10.0, 20.0, 30.0) and filled.columns[0].n_missing == 0
    assert filled.columns[1].mean == 0.4 and filled.columns[1].first == (False, True, False)
    assert scaled.do == "scale" and scaled.columns[0].first == (0.0, 0.5, 1.0)
    assert scaled.columns[1] == filled.columns[1]
    msgspec.json.encode([raw, filled, scaled])


def test_text_is_shown_by_its_most_frequent_values() -> None:
    frame = pl.DataFrame({"carrier": ["b", "a", "b", None, "c", "d", "e", "f", "g"]})
    raw, filled = stages(frame, a_chain("carrier", {"do": "impute", "with": "most_frequent"}))
    assert raw.columns[0].top == (("b", 2), ("a", 1), ("c", 1), ("d", 1), ("e", 1))
    assert filled.columns[0].top[0] == ("b", 3)


def test_dates_are_shown_as_they_are_before_their_parts() -> None:
    frame = pl.DataFrame({"at": [datetime(2024, 5, 6, 7, tzinfo=UTC), None]})
    raw, parts = stages(frame, a_chain("at", {"do": "date_parts", "parts": ["hour", "is_weekend"]}))
    assert raw.columns[0].first == (datetime(2024, 5, 6, 7, tzinfo=UTC), None)
    assert [(one.name, one.first, one.mean) for one in parts.columns] == [
        ("at.hour", (7, None), 7.0),
        ("at.is_weekend", (False, None), 0.0),
    ]


def test_steps_are_fitted_on_the_given_rows_and_shown_on_all() -> None:
    frame = pl.DataFrame({"__split": ["train", "train", "test"], "x": [0.0, 10.0, 40.0]})
    _, scaled = stages(frame, a_chain("x", {"do": "scale", "by": "minmax"}), fit_on=frame["__split"] == "train")
    assert scaled.columns[0].first == (0.0, 1.0, 4.0)


def test_what_is_shown_is_what_a_model_takes() -> None:
    n, draws = 200, np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "__row": draws.integers(0, 2**63, n).astype(np.uint64),
            "__split": ["train", "train", "train", "validation", "test"] * 40,
            "__target": draws.random(n) > 0.5,
            "carrier": draws.choice(["a", "b", "c"], n),
        }
    )
    chain = a_chain("carrier", {"do": "target_encode"}, {"do": "scale"})
    train = frame.filter(pl.col("__split") == "train")
    y = train["__target"].to_numpy().astype(np.float64)
    supervision = supervise(train, y, Task.BINARY, (False, True), 0)
    shown = stages(frame, chain, fit_on=frame["__split"] == "train", supervision=supervision, n_first=n)[-1]
    model = fit_model(frame, ["carrier"], target="t", transforms={"carrier": chain.steps}, params={"rounds": 2})
    later = (frame["__split"] != "train").to_numpy()
    encoded = Encoder(model.features, model.inputs, model.transforms).frame(frame)[:, 0]
    assert np.array(shown.columns[0].first, dtype=np.float32)[later].tolist() == encoded[later].tolist()
    assert len(set(shown.columns[0].first)) > 3


def test_a_step_that_cannot_be_fitted_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"feature `x`, step 2 \(`scale`\)"):
        stages(pl.DataFrame({"x": ["a"]}), a_chain("x", {"do": "impute", "with": "most_frequent"}, {"do": "scale"}))
