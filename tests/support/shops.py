"""A lab of shops whose staff is known: features of every status, a service, a group computed on demand."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mllab.lab import Lab

DAY = datetime(2024, 3, 1, tzinfo=UTC)
TOML = """
[source.staff]
files = "staff*"
key = ["shop", "floor", "seen_at"]
timestamp = "seen_at"
fields.n_staff = { type = "int" }
fields.mood = { type = "string" }
fields.paid = { type = "float" }

[feature_view.floors]
source = "staff"
entity = ["shop", "floor"]
ttl = "2d"
features = ["n_staff", "mood", "paid", "is_open"]

[feature_view.shops]
source = "staff"
entity = ["shop"]
features = ["mood"]
aggregate.most_paid = { of = "paid", by = "max", window = "30d" }

[on_demand.shout]
function = "shout"
inputs = ["mood"]

[feature_service.small]
features = ["floors:mood", "shops:most_paid"]

[engine]
kind = "inline"
"""
CODE = """
import polars as pl

def shout():
    return [pl.col("mood").str.to_uppercase().alias("loud")]
"""

Row = tuple[str, int, datetime, int, str, str, str]


def a_lab_of_shops(folder: Path, day: datetime = DAY) -> Path:
    """Ulm's two floors and Bonn's one were seen on a day, Kiel's a week before; moods and pay are not always known."""
    folder.mkdir(parents=True)
    (folder / "mllab.toml").write_text(TOML)
    (folder / "features.py").write_text(CODE)
    rows = [
        ("Ulm", 1, day, 3, "fine", "12.5", "true"),
        ("Ulm", 2, day, 4, "", "0.1", "false"),
        ("Bonn", 1, day + timedelta(milliseconds=250), 5, "zäh", "", "true"),
        ("Kiel", 1, day - timedelta(days=7), 6, "old", "7", "true"),
    ]
    with Lab.open(folder) as lab:
        lab.add(write_staff(folder.parent / "staff.csv", rows), wait=True)
    return folder


def write_staff(path: Path, rows: Sequence[Row]) -> Path:
    """A file of the source `staff`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["shop", "floor", "seen_at", "n_staff", "mood", "paid", "is_open"])
        lines.writerows((*row[:2], row[2].isoformat(), *row[3:]) for row in rows)
    return path


def by_feature(answer: dict[str, Any], part: str = "values") -> dict[str, list[Any]]:
    """One part of Feast's answer by the names of its columns."""
    return {name: one[part] for name, one in zip(answer["metadata"]["feature_names"], answer["results"], strict=True)}
