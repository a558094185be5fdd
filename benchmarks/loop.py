"""From the moment a month is whole in the inbox to the new version answering, against a straight script."""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import polars as pl

from mllab.engine.lean import import_xgboost
from mllab.host import Host
from mllab.lab import Lab

FEATURES = ("temp", "wind_speed", "precip", "visib", "pressure", "hour", "carrier", "origin", "dest", "distance")


def bare(folder: Path, months: list[str]) -> float:
    """Read, join, `xgb.train`, predict: what one would write by hand for the same months."""
    import xgboost

    begun = time.perf_counter()
    nulls = {"null_values": ["NA"], "infer_schema_length": 10_000}
    flights = pl.concat([pl.read_csv(folder / f"flights_2013_{month}.csv", **nulls) for month in months])
    weather = pl.concat([pl.read_csv(folder / f"weather_2013_{month}.csv", **nulls) for month in months])
    due = pl.col("time_hour").str.to_datetime(time_zone="UTC")
    flights = flights.with_columns(due + pl.duration(minutes="minute"), late=pl.col("arr_delay") > 15)
    flights = flights.drop_nulls("late").sort("time_hour")
    weather = weather.with_columns(due).sort("time_hour")
    joined = flights.join_asof(weather, on="time_hour", by="origin", check_sortedness=False)
    joined = joined.with_columns(hour=pl.col("time_hour").dt.hour())
    matrix = joined.select(pl.col(FEATURES).exclude(pl.String), pl.col(pl.String).cast(pl.Categorical).to_physical())
    matrix = matrix.select(name for name in matrix.columns if name in FEATURES).to_numpy().astype("float32")
    y = joined["late"].cast(pl.Int8).to_numpy()
    n = len(y)
    train, validation = slice(0, int(n * 0.7)), slice(int(n * 0.7), int(n * 0.85))
    booster = xgboost.train(
        {"objective": "binary:logistic", "tree_method": "hist", "eta": 0.1, "max_depth": 6, "nthread": 1},
        xgboost.QuantileDMatrix(matrix[train], y[train]),
        400,
        evals=[(xgboost.DMatrix(matrix[validation], y[validation]), "validation")],
        early_stopping_rounds=30,
        verbose_eval=False,
    )
    booster.inplace_predict(matrix[int(n * 0.85) :])
    return time.perf_counter() - begun


def tree_bytes(host: Host) -> int:
    """Resident memory of the host and its children."""
    import psutil

    own = psutil.Process()
    return sum(one.memory_info().rss for one in [own, *own.children(recursive=True)])


def main() -> None:
    """Three months first; then five months dropped one by one, each against the script on the same months."""
    import_xgboost()
    with tempfile.TemporaryDirectory() as scratch:
        lab = Path(scratch) / "lab"
        later = Lab.create_demo(lab)
        everything = Path(scratch) / "all"
        shutil.copytree(lab / "inbox", everything)
        shutil.copytree(later, everything, dirs_exist_ok=True)
        with Host(lab, port=0) as host:
            assert host.wait_until_quiet(120)
            print(f"memory of the process tree after the first deployment: {tree_bytes(host) / 1e6:.0f} MB (bound 600)")
            ratios = []
            for month in ("04", "05", "06", "07", "08"):
                shutil.copy(later / f"weather_2013_{month}.csv", lab / "inbox")
                assert host.wait_until_quiet(120)
                seq = host.lab.last_seq()
                shutil.copy(later / f"flights_2013_{month}.csv", lab / "inbox")
                begun = time.perf_counter()
                took = wait_for_decision(host, seq, begun)
                months = [f"{number:02d}" for number in range(1, int(month) + 1)]
                base = statistics.median(bare(everything, months) for _ in range(3))
                ratios.append((took - 1.5) / base)
                print(f"month {month}: {took:5.2f} s; script {base:5.2f} s; less 1.5 s: {ratios[-1]:5.2f} x the script")
                assert host.wait_until_quiet(120)
        print(f"median over the fixed 1.5 s: {statistics.median(ratios):.2f} x the script (bound 1.50)")


def wait_for_decision(host: Host, seq: int, begun: float) -> float:
    """Seconds until the new version answers, or its gates have kept the champion."""
    while True:
        assert host.lab.workspace.events.wait(seq, 60), "nothing happened"
        for event in host.lab.events(seq):
            seq = event.seq
            if event.type in ("deployment.changed", "gates.failed"):
                return time.perf_counter() - begun
