"""Runs under Feast's own Python, not under mllab's: declares a Feast repository over a lab, and reads from it.

Arguments: an empty folder, the lab's address. Prints what it read as one JSON object.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import feast_value_type_to_python_type
from feast.types import Bool, Float64, Int64, String

ROWS = [
    {"shop": "Ulm", "floor": 1},
    {"shop": "Ulm", "floor": 2},
    {"shop": "Bonn", "floor": 1},
    {"shop": "Kiel", "floor": 1},
    {"shop": "Rome", "floor": 1},
]


def declare(folder: Path, url: str) -> FeatureStore:
    """A repository whose names are the lab's."""
    (folder / "feature_store.yaml").write_text(
        "project: shops\nprovider: local\nregistry: registry.db\nentity_key_serialization_version: 3\n"
        f"online_store:\n  type: remote\n  path: {url}\n"
    )
    store = FeatureStore(str(folder))
    shop = Entity(name="shop", join_keys=["shop"], value_type=ValueType.STRING)
    floor = Entity(name="floor", join_keys=["floor"], value_type=ValueType.INT64)
    source = FileSource(name="staff", path=str(folder / "none.parquet"), timestamp_field="seen_at")
    key = Field(name="shop", dtype=String)
    kinds = {"n_staff": Int64, "mood": String, "paid": Float64, "is_open": Bool}
    fields = [Field(name=name, dtype=kind) for name, kind in kinds.items()]
    floors = FeatureView(
        name="floors",
        entities=[shop, floor],
        ttl=timedelta(days=2),
        schema=[key, Field(name="floor", dtype=Int64), *fields],
        source=source,
    )
    shops = FeatureView(
        name="shops",
        entities=[shop],
        schema=[key, *(Field(name=name, dtype=kind) for name, kind in {"mood": String, "most_paid": Float64}.items())],
        source=source,
    )
    small = FeatureService(name="small", features=[floors[["mood"]], shops[["most_paid"]]])
    store.apply([shop, floor, floors, shops, small])
    return store


def read_view(store: FeatureStore) -> list[list[Any]]:
    """What the online store finds when it is asked for one view as Feast's own machinery asks it."""
    names = [row["shop"] for row in ROWS]
    keys = [EntityKey(join_keys=["shop"], entity_values=[Value(string_val=name)]) for name in names]
    found = store._get_provider().online_read(
        store.config, store.get_feature_view("shops"), keys, ["mood", "most_paid"]
    )
    return [[feast_value_type_to_python_type(values[name]) for name in ("mood", "most_paid")] for _, values in found]


def refusal(store: FeatureStore, *features: str) -> str:
    """How a refusal reaches the caller."""
    try:
        store.get_online_features(features=list(features), entity_rows=ROWS)
    except RuntimeError as error:
        return str(error)
    return ""


def main(folder: str, url: str) -> None:
    """Read everything once."""
    store = declare(Path(folder), url)
    every = [f"floors:{name}" for name in ("n_staff", "mood", "paid", "is_open")]

    def read(features: Any, **more: Any) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = store.get_online_features(features, entity_rows=ROWS, **more).to_dict()
        return found

    answer = {
        "rows": ROWS,
        "features": read(every),
        "full names": read([*every, "shops:mood"], full_feature_names=True),
        "service": read(store.get_feature_service("small")),
        "view": read_view(store),
        "refusal": refusal(store, "floors:height"),
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
