"""The sample data from files to a training set: nothing knows the future, and late flights follow late flights."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mllab.config import parse_config
from mllab.engine.user_code import apply, call, load_functions
from mllab.records import DType
from mllab.steps.features import build_index
from mllab.steps.training_set import Assembled, FeaturePlan, assemble, deduplicate, plan_features, row_hashes

SAMPLE = Path(__file__).parents[2] / "sample_data"


class Flights:
    """The sample lab, read with plain Polars."""

    def __init__(self) -> None:
        self.config = parse_config((SAMPLE / "mllab.toml").read_text())
        self.functions = load_functions((SAMPLE / "features.py").read_text())
        self.parts = {source: self._parts(source) for source in ("flights", "weather")}
        self.views = {name: self.view(name, self.parts) for name in self.config.feature_view}
        types: dict[Any, DType] = {pl.Int64: DType.INT, pl.String: DType.STRING, pl.Boolean: DType.BOOL}
        schema = self.parts["flights"][0].schema
        columns = {name: types.get(dtype, DType.DATETIME) for name, dtype in schema.items()}
        self.plan: FeaturePlan = plan_features(self.config, "late_arrival", columns)

    def _parts(self, source: str) -> list[pl.DataFrame]:
        table = self.config.source[source]
        frames = [
            pl.read_csv(path, null_values=list(table.null)) for path in sorted(SAMPLE.glob(f"{source}_2013_*.csv"))
        ]
        function = table.with_columns or ""
        return [apply(one, call(self.functions, function, one.columns), function) for one in frames]

    def view(self, name: str, parts: dict[str, list[pl.DataFrame]]) -> Any:
        view = self.config.feature_view[name]
        source = self.config.source[view.source]
        frame = deduplicate(parts[view.source], source.key)[0]
        return build_index(frame, view, view.timestamp or source.timestamp or "", key=source.key)

    def assemble(self, parts: dict[str, list[pl.DataFrame]], views: dict[str, Any]) -> Assembled:
        expressions = {"calendar": call(self.functions, "calendar", self.config.on_demand["calendar"].inputs)}
        now = datetime(2014, 1, 2, tzinfo=UTC)
        made = assemble(parts["flights"], self.plan, views, expressions, self.config, "late_arrival", now=now)
        assert isinstance(made, Assembled)
        return made


@pytest.fixture(scope="module")
def flights() -> Flights:
    return Flights()


def test_the_flights_become_a_training_set(flights: Flights) -> None:
    made = flights.assemble(flights.parts, flights.views)
    assert (made.counts.n_rows, made.counts.n_identical, made.counts.n_conflicting) == (50_350, 0, 0)
    assert made.counts.n_unlabelled == 1521
    assert made.frame.height == 48_829
    ends = {split: made.frame.filter(pl.col("__split") == split)["__at"] for split in ("train", "validation", "test")}
    assert ends["train"].max() < ends["validation"].min()  # type: ignore[operator]
    assert ends["validation"].max() < ends["test"].min()  # type: ignore[operator]
    assert made.frame["n_landed_6h"].null_count() == 0
    assert made.frame["late_share_6h"].null_count() == made.frame.filter(pl.col("n_landed_6h") == 0).height
    assert made.frame["temp"].null_count() < 0.02 * made.frame.height


def test_the_share_of_late_flights_never_knows_the_flight_itself(flights: Flights) -> None:
    honest = flights.assemble(flights.parts, flights.views).frame
    flipped = {
        "weather": flights.parts["weather"],
        "flights": [
            one.with_columns(late=pl.col("late") ^ (pl.int_range(pl.len()) % 997 == 0))
            for one in flights.parts["flights"]
        ],
    }
    changed = [
        one.filter((pl.int_range(pl.len()) % 997 == 0) & pl.col("late").is_not_null())
        for one in flights.parts["flights"]
    ]
    own = set(row_hashes(pl.concat(changed), flights.config.source["flights"].key).tolist())
    lying = flights.assemble(flipped, {**flights.views, "recent_delays": flights.view("recent_delays", flipped)}).frame
    mine = honest.filter(pl.col("__row").is_in(own))
    theirs = lying.filter(pl.col("__row").is_in(own))
    assert mine.height == len(own)
    assert (mine["__target"] != theirs["__target"]).all()
    assert mine["late_share_6h"].equals(theirs["late_share_6h"])
    assert not honest["late_share_6h"].equals(lying["late_share_6h"])


def test_late_flights_follow_late_flights_but_not_as_if_the_answer_were_known(flights: Flights) -> None:
    def area(frame: pl.DataFrame) -> float:
        frame = frame.drop_nulls("late_share_6h")
        ranks, late = frame["late_share_6h"].rank().to_numpy(), frame["__target"].to_numpy()
        n_late = int(late.sum())
        return float((ranks[late].sum() - n_late * (n_late + 1) / 2) / (n_late * (len(late) - n_late)))

    honest = area(flights.assemble(flights.parts, flights.views).frame)
    view = flights.config.feature_view["recent_delays"]
    frame = deduplicate(flights.parts["flights"], flights.config.source["flights"].key)[0]
    leaking = {**flights.views, "recent_delays": build_index(frame, view, "scheduled_at")}
    assert 0.58 < honest < 0.72
    assert area(flights.assemble(flights.parts, leaking).frame) > honest + 0.1
