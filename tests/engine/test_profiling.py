"""A dataset version profiled from its parts: under older contracts, in odd places, wide, and far too many for one piece."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from mllab.engine import profiling
from mllab.engine.frames import keep_frame
from mllab.errors import Cancelled, NotFound, Unavailable
from mllab.records import Profile
from mllab.store.artifacts import Artifacts

NOW = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts")


def inputs(parts: list[str], types: dict[str, str], **more: Any) -> dict[str, Any]:
    fields = [{"name": name, "dtype": dtype} for name, dtype in types.items()]
    given = {"source": "s", "version": 1, "parts": parts, "schema": {"fields": fields}, "now": NOW.isoformat()}
    return given | more


def made(artifacts: Artifacts, frames: list[pl.DataFrame], types: dict[str, str], **more: Any) -> Profile:
    parts = [keep_frame(artifacts, frame) for frame in frames]
    found = profiling.profile(artifacts, inputs(parts, types, **more), lambda progress: None, lambda: False)
    profile = msgspec.json.decode(artifacts.get(found["artifact"]), type=Profile)
    assert (found["n_rows"], found["n_columns"]) == (profile.n_rows, len(profile.columns))
    return profile


def some(n: int) -> tuple[pl.DataFrame, dict[str, str]]:
    draw = np.random.default_rng(0)
    at = pl.Series(np.arange(n) * 3_600_000_000 + 1_700_000_000_000_000).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame(
        {
            "id": np.arange(n),
            "at": at,
            "x": draw.lognormal(0, 1, n),
            "n": draw.integers(0, 12, n),
            "town": np.array(["Ulm", "Bonn", "Kiel"])[draw.integers(0, 3, n)],
            "sold": draw.random(n) < 0.3,
        }
    ).with_columns(x=pl.when(pl.col("n") > 9).then(None).otherwise("x"))
    return frame, dict(zip(frame.columns, ("int", "datetime", "float", "int", "string", "bool"), strict=True))


def test_pieces_and_parts_of_any_size_give_the_same_profile(
    artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, types = some(3_000)
    about = {"key": ["id"], "timestamp": "at", "models": [{"model": "m", "target": "sold", "features": ["n", "town"]}]}
    whole = made(artifacts, [frame], types, **about)
    monkeypatch.setattr(profiling, "PIECE_ROWS", 97)
    in_pieces = made(artifacts, [frame[:700], frame[700:701], frame[701:]], types, **about)
    assert_nearly(in_pieces, whole)
    assert whole.n_sampled == whole.n_rows == 3_000
    assert whole.conflicting_labels["m"] > 2_000


def assert_nearly(a: Profile, b: Profile) -> None:
    """Equal but for the last bits of means and deviations, which depend on the order of sums."""
    for one, other in zip(a.columns, b.columns, strict=True):
        assert (one.mean or 0.0, one.std or 0.0) == pytest.approx((other.mean or 0.0, other.std or 0.0), rel=1e-12)
    columns = tuple(
        msgspec.structs.replace(one, mean=other.mean, std=other.std)
        for one, other in zip(a.columns, b.columns, strict=True)
    )
    assert msgspec.structs.replace(a, columns=columns) == b


def test_a_sample_tells_what_all_rows_tell_within_its_error(
    artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, types = some(20_000)
    exact = made(artifacts, [frame], types, timestamp="at")
    monkeypatch.setattr(profiling.scan, "SAMPLE_ROWS", 4_000)
    monkeypatch.setattr(profiling.scan, "EXACT_DISTINCT_ROWS", 1_000)
    sampled = made(artifacts, [frame], types, timestamp="at")
    assert (sampled.n_rows, sampled.n_sampled) == (20_000, 4_000)
    for one, other in zip(sampled.columns, exact.columns, strict=True):
        assert (one.n_missing, one.mean, one.minimum, one.maximum) == pytest.approx(
            (other.n_missing, other.mean, other.minimum, other.maximum)
        )
        assert one.n_distinct == pytest.approx(other.n_distinct, rel=0.05)
        assert not one.is_distinct_exact
    x, truth = sampled.column("x"), exact.column("x")
    assert x is not None and truth is not None
    assert x.quantile(50) == pytest.approx(truth.quantile(50), rel=0.1)
    assert (x.quantile(0), x.quantile(100)) == (truth.quantile(0), truth.quantile(100))
    assert x.histogram is not None
    assert sum(x.histogram.counts) + x.histogram.below + x.histogram.above == 20_000 - x.n_missing


def test_parts_of_older_contracts_are_read_under_the_newest(artifacts: Artifacts) -> None:
    old = pl.DataFrame({"x": ["1,5", "2,5"], "dropped": [1, 2]})
    new = pl.DataFrame({"x": [4.0], "new": ["a"], "at": [NOW]}).with_columns(
        pl.col("at").cast(pl.Datetime("us", "UTC"))
    )
    found = made(
        artifacts, [old, new], {"x": "float", "at": "datetime", "new": "string"}, table={"decimal": ","}, timestamp="at"
    )
    x, text = found.column("x"), found.column("new")
    assert x is not None and text is not None
    assert (x.minimum, x.maximum, x.n_missing, text.n_missing) == (1.5, 4.0, 0, 2)
    assert [one.name for one in found.columns] == ["x", "at", "new"]


@pytest.mark.parametrize("name", ["lab[1]", "lab*", "a?b"])
def test_a_folder_may_be_called_like_a_pattern(tmp_path: Path, name: str) -> None:
    artifacts = Artifacts(tmp_path / name / "artifacts")
    assert made(artifacts, [pl.DataFrame({"a": [1, 2]})], {"a": "int"}).n_rows == 2


def test_a_damaged_or_missing_part_is_not_profiled(artifacts: Artifacts) -> None:
    part = keep_frame(artifacts, pl.DataFrame({"a": np.arange(10_000)}))
    path = artifacts.path(part)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Unavailable, match="damaged"):
        profiling.profile(artifacts, inputs([part], {"a": "int"}), lambda progress: None, lambda: False)
    with pytest.raises(NotFound):
        profiling.profile(artifacts, inputs(["0" * 64], {"a": "int"}), lambda progress: None, lambda: False)


def test_it_stops_between_two_pieces(artifacts: Artifacts) -> None:
    part = keep_frame(artifacts, pl.DataFrame({"a": [1, 2]}))
    with pytest.raises(Cancelled):
        profiling.profile(artifacts, inputs([part], {"a": "int"}), lambda progress: None, lambda: True)


@pytest.mark.parametrize(
    ("frame", "types"),
    [
        (pl.DataFrame(schema={"a": pl.Int64}), {"a": "int"}),
        (pl.DataFrame({"a": [None]}, schema={"a": pl.Datetime("us", "UTC")}), {"a": "datetime"}),
        (
            pl.DataFrame({"a": [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)] * 40}),
            {"a": "datetime"},
        ),
        (pl.DataFrame({"a": [date.min, date.max] * 40}), {"a": "date"}),
        (pl.DataFrame({"a": [2**63 - 1, -(2**63), 0] * 30}), {"a": "int"}),
        (pl.DataFrame({"a": [True] * 60}), {"a": "bool"}),
        (pl.DataFrame({"a": ["\x1b[31m", "\u202e", ""] * 30}), {"a": "string"}),
        (pl.DataFrame({f"c{i}": [i] for i in range(1_500)}), {f"c{i}": "int" for i in range(1_500)}),
    ],
)
def test_odd_columns_have_a_profile(artifacts: Artifacts, frame: pl.DataFrame, types: dict[str, str]) -> None:
    frame = frame.with_columns(pl.col(pl.Datetime).dt.cast_time_unit("us"))
    found = made(artifacts, [frame], types, timestamp="a", models=[{"model": "m", "target": "a"}])
    assert found.n_rows == frame.height
