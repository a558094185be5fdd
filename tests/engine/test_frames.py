"""Parts that were accepted under different contracts, read under the newest one."""

from pathlib import Path

import polars as pl
import pytest

from mllab.engine.frames import keep_frame, load_parts
from mllab.errors import NotFound
from mllab.records import DType, Field, Schema
from mllab.store.artifacts import Artifacts

SCHEMA = Schema(
    fields=(
        Field(name="id", dtype=DType.INT),
        Field(name="x", dtype=DType.FLOAT),
        Field(name="new", dtype=DType.STRING),
    )
)


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts")


def test_parts_come_in_the_columns_and_types_of_the_newest_contract(artifacts: Artifacts) -> None:
    old = keep_frame(artifacts, pl.DataFrame({"x": [1, 2], "id": [1, 2], "dropped": [True, True]}))
    texts = keep_frame(artifacts, pl.DataFrame({"id": [3, 4], "x": ["1.5", "many"], "new": ["a", None]}))
    found = load_parts(artifacts, [old, texts], SCHEMA)
    assert pl.concat(found.frames).rows() == [(1, 1.0, None), (2, 2.0, None), (3, 1.5, "a"), (4, None, None)]
    assert found.n_lost == 1


def test_only_the_columns_asked_for_are_read(artifacts: Artifacts) -> None:
    part = keep_frame(artifacts, pl.DataFrame({"id": [1], "x": [1.0]}))
    assert load_parts(artifacts, [part], SCHEMA, columns=["x", "nosuch"]).frames[0].columns == ["x"]


def test_a_part_without_any_of_the_columns_keeps_its_rows(artifacts: Artifacts) -> None:
    part = keep_frame(artifacts, pl.DataFrame({"id": [1, 2, 3]}))
    (frame,) = load_parts(artifacts, [part], SCHEMA, columns=["new"]).frames
    assert frame.rows() == [(None,)] * 3


def test_no_parts_are_no_frames_and_a_lost_one_is_missed(artifacts: Artifacts) -> None:
    assert load_parts(artifacts, [], SCHEMA).frames == []
    with pytest.raises(NotFound):
        load_parts(artifacts, ["0" * 64], SCHEMA)
