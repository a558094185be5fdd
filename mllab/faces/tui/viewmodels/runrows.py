"""What the tabs of one run list, as rows: params, metrics by split, artifacts, lineage."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from mllab.faces.text import show
from mllab.faces.tui.viewmodels.metrics import parts
from mllab.records import Event, Run, TraceNode, kind_words

# -- params and artifacts ---------------------------------------------------------------------------------------------


class ParamRow(NamedTuple):
    """One parameter of a run."""

    name: str
    value: str
    declared: str
    """What `mllab.toml` says now; `-` where it says nothing."""
    note: str


def param_rows(
    params: Mapping[str, Any], declared: Mapping[str, Any] | None, asked: Mapping[str, Any]
) -> list[ParamRow]:
    """The parameters of a run; those that somebody chose come first.

    Args:
        params: all of them, the learner's own defaults included.
        declared: what the model's declaration names now; None where it is not declared any more.
        asked: what was asked for this one run.
    """
    found = [_param(name, value, declared or {}, asked) for name, value in params.items()]
    return sorted(found, key=lambda row: not row.note)


def _param(name: str, value: Any, declared: Mapping[str, Any], asked: Mapping[str, Any]) -> ParamRow:
    note = "asked for this run" if name in asked else "declared" if name in declared else ""
    if name in declared and name not in asked and declared[name] != value:
        note = "declared otherwise now"
    return ParamRow(name, show(value), show(declared[name]) if name in declared else "-", note)


class ArtifactRow(NamedTuple):
    """One thing a run was made from, or has made."""

    name: str
    digest: str
    used: str


def artifact_rows(run: Run, versions: Sequence[str]) -> list[ArtifactRow]:
    """What a run has made and who uses it; then what it was made from."""
    used = ", ".join(versions) or "not registered as a version"
    found = [ArtifactRow(name, digest, used) for name, digest in run.artifacts.items()]
    if run.training_set:
        found.append(ArtifactRow("training set", run.training_set, "read by this run"))
    if run.config_digest:
        found.append(ArtifactRow("declaration", run.config_digest, "in force for this run"))
    return found


# -- analysis ---------------------------------------------------------------------------------------------------------


class MetricRow(NamedTuple):
    """One metric on the rows of each split."""

    metric: str
    train: float | None = None
    validation: float | None = None
    test: float | None = None
    baseline: float | None = None
    """Of the naive answer on test rows; for a metric of no split, nothing."""
    whole: float | None = None
    """A metric of no split."""


def metric_rows(metrics: Mapping[str, float]) -> list[MetricRow]:
    """All metrics by split, those of no split at the end; nothing where there are only headline metrics."""
    if not any(parts(name).split in ("train", "validation") for name in metrics):
        return []
    by_name: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        split, metric = parts(name)
        twin = metric.removeprefix("baseline_")
        field = "baseline" if twin != metric else split or "whole"
        by_name.setdefault(twin, {})[field] = value
    found = [MetricRow(name, **values) for name, values in by_name.items()]
    return sorted(found, key=lambda row: row.whole is not None)


# -- lineage ----------------------------------------------------------------------------------------------------------


class LineageRow(NamedTuple):
    """One stop of the way from a run back to the bytes of the files."""

    key: str
    guide: str
    """The lines of the tree before it."""
    kind: str
    id: str
    text: str
    node_kind: str = ""
    """The kind as a trace takes it."""


def lineage_rows(root: TraceNode, versions: Sequence[str], *, ascii_only: bool = False) -> list[LineageRow]:
    """The versions made from a run, the run, and below it what it was made from.

    Args:
        root: the run's trace.
        versions: as from `versions_of`.
        ascii_only: draw the tree without line characters.
    """
    made = [_version_row(at, text) for at, text in enumerate(versions)]
    return made + _branch(root, "0", "", "", ("|- ", "`- ", "|  ") if ascii_only else ("├─ ", "└─ ", "│  "))


def _version_row(at: int, text: str) -> LineageRow:
    name, _, aliases = text.partition(" ")
    said = f"made from this run, {aliases}" if aliases else "made from this run"
    return LineageRow(f"v{at}", "", "version", name, said, "version")


def _branch(node: TraceNode, key: str, guide: str, stem: str, lines: tuple[str, str, str]) -> list[LineageRow]:
    tee, corner, pipe = lines
    text = "see above" if node.is_repeated else " ".join([node.text, *(f"[{mark}]" for mark in node.marks)])
    found = [LineageRow(key, guide, kind_words(node.kind), node.id, text, node.kind)]
    for at, child in enumerate(node.children):
        is_last = at == len(node.children) - 1 and not node.n_more
        below = stem + ("   " if is_last else pipe)
        found += _branch(child, f"{key}.{at}", stem + (corner if is_last else tee), below, lines)
    if node.n_more and node.children:
        found.append(LineageRow(f"{key}.more", stem + corner, f"and {node.n_more:,} more", "", ""))
    return found


# -- any row ----------------------------------------------------------------------------------------------------------

Row = ParamRow | ArtifactRow | MetricRow | LineageRow | Event


def key_of(row: Row) -> str:
    """What names a row among those of its tab."""
    match row:
        case Event():
            return str(row.seq)
        case LineageRow():
            return row.key
        case ArtifactRow():
            return f"{row.name}:{row.digest}"
    return row[0]


def id_of(row: Row) -> str:
    """What is copied as the id of a row; empty where it has none."""
    match row:
        case Event():
            return str(row.seq)
        case LineageRow():
            return row.id
        case ArtifactRow():
            return row.digest
    return ""


def record_of(row: Row) -> dict[str, Any]:
    """A row as what it says, by name."""
    return msgspec.structs.asdict(row) if isinstance(row, Event) else row._asdict()
