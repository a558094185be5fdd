"""A lab with feature views that a model uses, and records of views, versions and what is kept of them."""

import csv
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mllab.lab import Lab
from mllab.records import DatasetVersion, Event, FeatureViewSummary, FeatureViewVersion, Materialization
from mllab.store.connect import sqlite3
from tests.support.files import a_file

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = datetime(2024, 3, 1, tzinfo=UTC)
TOML = """
[source.sales]
files = "sales*"
key = ["sale"]
timestamp = "sold_at"

[source.shops]
files = "shops*"
key = ["shop", "seen_at"]
timestamp = "seen_at"

[entity.shop]
join_keys = ["shop"]

[feature_view.staff]
source = "shops"
entity = ["shop"]
ttl = "2d"
features = ["n_staff", "mood"]
description = "who works there"
owner = "ann"

[feature_view.takings]
source = "sales"
entity = ["shop"]
function = "priced"
aggregate.n_sales = { by = "count", window = "1d" }
aggregate.total = { of = "gross", by = "sum", window = "1d" }

[on_demand.clock]
function = "clock"
inputs = ["sold_at"]

[feature_service.everything]
features = ["staff:mood", "takings:total", "clock"]

[model.big]
source = "sales"
target = "big"
features = ["staff", "takings", "clock", "price"]
split = { by = "time", validation = 0.2, test = 0.2 }
params = { rounds = 20 }
promote = "auto"

[engine]
kind = "inline"
"""
CODE = """import polars as pl

RATE = 1.19


def priced():
    return [(pl.col("price") * RATE).alias("gross")]


def clock():
    return [pl.col("sold_at").dt.hour().alias("hour")]
"""


def a_declared_lab(folder: Path) -> Path:
    """Three views and a service are declared; nothing has come."""
    folder.mkdir(parents=True)
    (folder / "mllab.toml").write_text(TOML)
    (folder / "features.py").write_text(CODE)
    return folder


def a_featured_lab(folder: Path) -> Path:
    """Data of two sources, version 1 of `big` as champion, and a second definition of `takings`."""
    a_declared_lab(folder)
    base = folder.parent / f"{folder.name}-files"
    with Lab.open(folder) as lab:
        lab.add(write_rows(base / "shops.csv", [_shop(at) for at in range(30)]), wait=True)
        lab.add(write_rows(base / "sales.csv", [a_sale(at) for at in range(240)]), wait=True)
        lab.retrain("big", wait=True)
        edit(folder, "RATE = 1.19", "RATE = 1.25", "features.py")
        edit(folder, 'by = "sum", window = "1d"', 'by = "sum", window = "2d"')
        lab.workspace.accept_config()
        lab.materialize("takings", wait=True)
    return folder


def edit(folder: Path, old: str, new: str, name: str = "mllab.toml") -> None:
    """Replace a text of the declaration."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def a_sale(number: int) -> dict[str, Any]:
    """A row of `sales`; in Kiel the dear ones are big, elsewhere the others."""
    return {
        "sale": number,
        "shop": ["Ulm", "Bonn", "Kiel"][number % 3],
        "sold_at": (DAY + timedelta(minutes=37 * number)).isoformat(),
        "price": round(3.1 + number * 13 % 17 / 7, 4),
        "big": str((number * 13 % 17 > 8) == (number % 3 == 2)).lower(),
    }


def _shop(number: int) -> dict[str, Any]:
    at = DAY + timedelta(hours=5 * number)
    return {"shop": ["Ulm", "Bonn"][number % 2], "seen_at": at.isoformat(), "n_staff": number, "mood": "fine"}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A CSV file of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_views(folder: Path, *more: Event) -> None:
    """Two versions of `takings` and one of `staff` in the log of a lab that nobody holds, with files, no bytes behind.

    Args:
        folder: from `a_declared_lab`.
        more: failures that come behind them, a minute after noon.
    """
    files = [a_file(1, "sales_1.csv", source="sales", n_rows=240, part_digest="p1", received_at=NOON)]
    versions = [a_view_version(1), a_view_version(2, code=NEW_CODE)]
    staff = a_view_version(1, "staff", digest="aa" * 32, source="shops", declaration=_STAFF, code=None)
    dataset = DatasetVersion(source="sales", version=1, digest="d" * 64, parts=("p1",), n_rows=240, created_at=NOON)
    kept = [kept_of(versions[0], online_from=None, n_online=0), kept_of(versions[1], n_skipped=4), kept_of(staff)]
    with Lab.open(folder) as lab:

        def write(tx: Any) -> None:
            for file in files:
                tx.name(file.sha256, "datafile")
                tx.emit("datafile.received", file.sha256, "received", file)
            tx.emit("dataset.versioned", "sales", "versioned", dataset)
            for one in (*versions, staff):
                tx.emit("feature_view.versioned", one.view, "versioned", one)
            for made in kept:
                tx.emit("materialization.made", made.view, "made", made)
            for event in more:
                tx.emit(event.type, event.subject, event.text, event.payload)

        lab.workspace.db.write(write)
    with closing(sqlite3.connect(str(folder / ".mllab" / "lab.db"))) as db:
        at = int((NOON + timedelta(minutes=1)).timestamp() * 1_000_000)
        db.execute("UPDATE events SET at = ? WHERE type = 'materialization.failed'", (at,))
        db.commit()


_STAFF = {"source": "shops", "entity": ["shop"], "ttl": "2d", "features": ["n_staff", "mood"]}
NEW_CODE = 'def priced():\n    return [(pl.col("price") * 1.25).alias("gross")]\n'
"""Of version 2 of `takings`."""


# -- records ----------------------------------------------------------------------------------------------------------


def a_view(name: str = "takings", **fields: Any) -> FeatureViewSummary:
    """A view that a model uses."""
    known: dict[str, Any] = {
        "version": 2,
        "kind": "view",
        "source": "sales",
        "entity": ("shop",),
        "features": {"n_sales": "int", "total": "float"},
        "timestamp": "sold_at",
        "used_by": ("big", "big@1"),
        "n_versions": 2,
        "n_rows": 240,
        "n_entities": 3,
        "newest_at": NOON - timedelta(days=2),
        "materialized_at": NOON - timedelta(hours=1),
        "online_from": NOON - timedelta(days=2),
        "importance": {"n_sales": 0.125, "total": 0.5},
    }
    return FeatureViewSummary(name=name, **known | fields)


def a_view_version(version: int = 1, view: str = "takings", **fields: Any) -> FeatureViewVersion:
    """A definition with an aggregate and a function."""
    known: dict[str, Any] = {
        "digest": f"{version:02x}" * 32,
        "source": "sales",
        "declaration": {
            "source": "sales",
            "entity": ["shop"],
            "function": "priced",
            "ttl": None,
            "features": [],
            "aggregate": {"total": {"by": "sum", "of": "gross", "window": "1d"}},
            "transform": {},
        },
        "timestamp": "sold_at",
        "key": ("sale",),
        "code": 'def priced():\n    return [(pl.col("price") * 1.19).alias("gross")]\n',
        "config_digest": "c" * 64,
        "created_at": NOON - timedelta(days=3 - version),
    }
    return FeatureViewVersion(view=view, version=version, **known | fields)


def kept_of(version: FeatureViewVersion, **fields: Any) -> Materialization:
    """What is kept of a version, made an hour before noon."""
    known: dict[str, Any] = {
        "digest": version.digest,
        "view": version.view,
        "version": version.version,
        "source": version.source,
        "dataset_version": 1,
        "index": "takings-1",
        "n_entities": 3,
        "n_rows": 240,
        "newest_at": NOON - timedelta(days=2),
        "online_from": NOON - timedelta(days=2),
        "n_online": 3,
        "made_at": NOON - timedelta(hours=1),
    }
    return Materialization(**known | fields)


def a_failure(digest: str, view: str = "takings", minutes: int = 1, **fields: Any) -> Event:
    """A view that could not be made, so many minutes after noon."""
    known: dict[str, Any] = {"seq": minutes, "type": "materialization.failed", "payload": {"digest": digest}}
    text = f"view {view} stays as it is: its function fails"
    return Event(**known | {"subject": view, "text": text, "at": NOON + timedelta(minutes=minutes)} | fields)
