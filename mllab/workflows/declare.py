"""A found file and a proposed model -> the text of `mllab.toml`; text in, text out, no file is touched."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

from mllab.config import SourceTable
from mllab.records import Task
from mllab.steps.propose import Proposal
from mllab.steps.rejecting import quoted, toml_string

_COMMENTS = {
    "key": "one row per key; no key = no deduplication",
    "timestamp": "when a row happened",
    "null": "cells that mean missing",
    "dates": "column to `iso` or a strptime format",
}
_LINE = 110
_SUFFIXES = frozenset((".gz", ".gzip", ".zst", ".zstd", ".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson",
                       ".parquet", ".pq", ".arrow", ".feather", ".ipc"))  # fmt: skip


def render_lab(name: str, zone: str, source_name: str, source: SourceTable, proposal: Proposal, model_name: str) -> str:
    """A whole declaration: one source, one model, retrained on new data.

    Args:
        name: of the lab.
        zone: IANA zone of naive times and of schedules.
        source_name: of the source; letters, digits, `_` and `-`.
        source: its options; only those that differ from the defaults are written.
        proposal: what the model could be.
        model_name: of the model; as `source_name`.
    """
    lab = _lines("[lab]", [("name", name, ""), ("timezone", zone, "zone of naive times; stored as UTC")])
    parts = (
        "# A lab, declared. Every table but one [source] and one [model] is optional; see docs/configuration.md.",
        lab,
        "",
        render_source(source_name, source),
        render_model(model_name, source_name, source, proposal),
        _trigger(source_name, model_name),
    )
    return "\n".join(parts)


def render_source(name: str, source: SourceTable) -> str:
    """A `[source]` table; options that equal their defaults are not written."""
    entries: list[tuple[str, Any, str]] = [
        ("files", source.files or f"{name}*", f"which inbox files are mine; the folder inbox/{name}/ works too")
    ]
    plain = SourceTable()
    for option in SourceTable.__struct_fields__:
        value = getattr(source, option)
        if option != "files" and value != getattr(plain, option):
            entries.append((option, msgspec.to_builtins(value), _COMMENTS.get(option, "")))
    return _lines(f"[source.{quoted(name)}]", entries) + "\n"


def render_model(name: str, source_name: str, source: SourceTable, proposal: Proposal) -> str:
    """A `[model]` table with a split, a sanity gate and a comparison with the champion."""
    features = list(proposal.features)
    request = features + ([source.timestamp] if source.timestamp else [])
    split = {"by": "time" if source.timestamp else "hash", "validation": 0.15, "test": 0.15}
    entries: list[tuple[str, Any, str]] = [
        ("source", source_name, "one row = one sample"),
        ("target", proposal.target, ""),
        ("task", proposal.task.value, ""),
        ("request", request, "what a caller sends"),
        ("features", features, "columns, feature views, on-demand groups"),
        ("split", split, "the newest rows test" if source.timestamp else "a row never changes sides"),
        ("metric", proposal.metric, ""),
        ("promote", "ask", '"auto" lets a passing version take over by itself'),
    ]
    comments = [f"# left out: {_comment(column)} ({_comment(why)})" for column, why in proposal.left_out[:20]]
    gates = ["gates = [", *(f"  {_value(gate)}," for gate in _gates(proposal)), "]"]
    return "\n".join([_lines(f"[model.{quoted(name)}]", entries), *comments, *gates, ""])


def render_view(name: str, table: dict[str, Any]) -> str:
    """`[feature_view.NAME]` from a table of plain values."""
    return _lines(f"[feature_view.{quoted(name)}]", [(quoted(key), value, "") for key, value in table.items()]) + "\n"


def source_name(file_name: str) -> str:
    """A source's name made from a file's: without suffixes and the part that counts or dates it."""
    stem = PurePosixPath(file_name).name
    while (suffix := PurePosixPath(stem).suffix.lower()) in _SUFFIXES and suffix:
        stem = stem[: -len(suffix)]
    stem = re.sub(r"([_\-. ]*\d+)+$", "", stem) or stem
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_-") or "data"
    return (name if not name[0].isdigit() else f"s_{name}")[:100]


def _gates(proposal: Proposal) -> list[dict[str, Any]]:
    """One floor that any honest model passes, and one comparison that a new version must not lose."""
    floor = {
        Task.BINARY: {"metric": "roc_auc", "min": 0.55},
        Task.MULTICLASS: {"metric": "accuracy", "min": round(1 / max(2, len(proposal.classes)), 3)},
        Task.REGRESSION: {"metric": "r2", "min": 0.0},
    }[proposal.task]
    return [floor, {"metric": proposal.metric, "no_worse_than": "champion", "margin": proposal.margin}]


def _trigger(source: str, model: str) -> str:
    on = {"data": source, "min_rows": 1}
    entries = [("on", on, ""), ("do", "retrain", "train -> gates -> promote -> deploy"), ("model", model, "")]
    return _lines("[trigger.new_data]", entries) + "\n"


def _lines(header: str, entries: Sequence[tuple[str, Any, str]]) -> str:
    lines = [header]
    for key, value, comment in entries:
        line = f"{key} = {_value(value)}"
        if isinstance(value, list | tuple) and len(line) > _LINE:
            line = f"{key} = [" + "".join(f"\n  {_value(one)}," for one in value) + "\n]"
        if len(line) > _LINE - len(comment) or "\n" in line:
            lines += [f"# {comment}", line] if comment else [line]
        else:
            lines.append(f"{line:<39} # {comment}" if comment else line)
    return "\n".join(lines)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return toml_string(value)
        case int() | float():
            return repr(value)
        case dict():
            inner = ", ".join(f"{quoted(key)} = {_value(one)}" for key, one in value.items() if one is not None)
            return f"{{ {inner} }}" if inner else "{}"
    return "[" + ", ".join(_value(one) for one in value) + "]"


def _comment(text: str) -> str:
    """Text that cannot leave its comment."""
    return "".join(one if one.isprintable() else " " for one in text)[:120]
