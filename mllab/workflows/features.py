"""Feature views online: each accepted part's rows of each view are kept for lookups as of a moment."""

from functools import partial
from typing import Any

import msgspec

from mllab.config import FeatureViewTable, LabConfig
from mllab.store.online import Online
from mllab.workflows.hashing import digest_of
from mllab.workflows.jobs import JobContext


def view_timestamp(config: LabConfig, view: FeatureViewTable) -> str:
    """The column that says when a view's values became known."""
    return view.timestamp or config.source[view.source].timestamp or ""


def view_digest(config: LabConfig, name: str) -> str:
    """Names a view by its definition: the same definition keeps its rows, another one starts anew."""
    view = config.feature_view[name]
    return digest_of([name, view, view_timestamp(config, view), config.source[view.source].key])


def keep_online(context: JobContext, source: str) -> int:
    """Bring the views of a source up to its newest dataset version; how many parts were added."""
    config, n_added = context.config, 0
    dataset = context.workspace.datasets.latest_dataset(source)
    for name, view in config.feature_view.items():
        if view.source != source or dataset is None:
            continue
        digest = view_digest(config, name)
        for part in context.workspace.online.missing_parts(digest, dataset.parts):
            key = config.source[source].key
            inputs = {"part": part, "view": view, "timestamp": view_timestamp(config, view), "key": key}
            made = context.run_task("view_rows", inputs)
            rows = msgspec.msgpack.decode(context.workspace.artifacts.get(made["rows"]))
            keep = partial(Online.add_part, view=digest, part=part, rows=rows, keyed=bool(key))
            context.workspace.db.write(keep)
            n_added += 1
            said = f"view {name}: {len(rows):,} rows online" + _skipped(made)
            context.emit("features.materialized", name, said, {"view": name, "part": part, "n_rows": len(rows)})
    return n_added


def _skipped(made: dict[str, Any]) -> str:
    return f", {made['n_skipped']:,} without a time skipped" if made["n_skipped"] else ""
