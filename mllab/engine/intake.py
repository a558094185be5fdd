"""Tasks on received files: what they are, whose they could be, what rows they bring."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import polars as pl

from mllab.config import SourceTable
from mllab.engine.formats import decode, detect_file
from mllab.engine.frames import keep_frame, load_frame
from mllab.engine.user_code import apply, call, load_functions
from mllab.records import Progress, Refusal, Schema
from mllab.steps.propose import propose as propose_for
from mllab.steps.types import infer_schema, to_types
from mllab.steps.validate import validate
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]

_PREVIEW_ROWS = 5
_FAR = datetime(9000, 1, 1, tzinfo=UTC)
"""A preview does not judge times in the future."""


def read_file(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Read a received file under its source's declaration and contract.

    Inputs: sha256, name, table, zone, raw_schema, schema, features (digest), now. Outputs: part, rejected (digests),
    n_rows, n_rejected, raw_schema, schema, notes; or refusal.
    """
    source = msgspec.convert(inputs["table"], SourceTable)
    now = msgspec.convert(inputs["now"], datetime)
    report(Progress(text=f"reading {inputs['name']}", share=0.1))
    raw = decode(artifacts.get(inputs["sha256"]), inputs["name"], source)
    if isinstance(raw, Refusal):
        return _refused(raw)
    raw_schema = msgspec.convert(inputs["raw_schema"], Schema | None)
    raw_schema = raw_schema or infer_schema(raw, source)
    report(Progress(text="checking types", share=0.4))
    typed = to_types(raw, raw_schema, source, zone=inputs["zone"], now=now)
    if isinstance(typed, Refusal):
        return _refused(typed)
    frame = typed.frame
    if source.with_columns is not None:
        functions = load_functions(artifacts.get(inputs["features"]).decode() if inputs["features"] else "")
        frame = apply(frame, call(functions, source.with_columns, frame.columns), source.with_columns)
    report(Progress(text="checking the contract", share=0.7))
    found = validate(
        frame,
        typed.lines,
        source,
        msgspec.convert(inputs["schema"], Schema | None),
        now=now,
        earlier=typed.rejections,
    )
    if isinstance(found, Refusal):
        return _refused(found)
    rejections = sorted([*typed.rejections, *found.rejections], key=lambda one: one.line)
    return {
        "part": keep_frame(artifacts, found.frame),
        "n_rows": found.frame.height,
        "n_rejected": len(rejections),
        "rejected": artifacts.put(msgspec.json.encode(rejections)) if rejections else None,
        "raw_schema": msgspec.to_builtins(raw_schema),
        "schema": msgspec.to_builtins(found.schema),
        "notes": [*raw.notes, *typed.notes, *found.notes],
    }


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"refusal": msgspec.to_builtins(refusal)}


def match(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """The sources whose contract a file's columns fit; the only candidate, where it cannot be read at all.

    Inputs: sha256, name, candidates (source to table and raw_schema). Outputs: sources.
    """
    content = artifacts.get(inputs["sha256"])
    fitting, unreadable = [], []
    for name, candidate in inputs["candidates"].items():
        raw = decode(content, inputs["name"], msgspec.convert(candidate["table"], SourceTable))
        wanted = set(msgspec.convert(candidate["raw_schema"], Schema).names())
        if isinstance(raw, Refusal):
            unreadable.append(name)
        elif wanted == set(raw.frame.columns):
            fitting.append(name)
    return {"sources": unreadable if len(inputs["candidates"]) == len(unreadable) == 1 else fitting}


def detect(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """How to read a file nobody has declared yet, and what could be learnt from it.

    Inputs: sha256, name, target (None for a source alone), key, timestamp. Outputs: source (read options), schema,
    rows, notes, proposal; or refusal.
    """
    found = detect_file(artifacts.get(inputs["sha256"]), inputs["name"])
    if isinstance(found, Refusal):
        return _refused(found)
    source, raw = found
    key, timestamp = tuple(inputs["key"]), inputs["timestamp"]
    source = msgspec.structs.replace(source, key=key, timestamp=timestamp)
    schema = infer_schema(raw, source)
    typed = to_types(raw, schema, source, zone="UTC", now=_FAR)
    if isinstance(typed, Refusal):
        return _refused(typed)
    proposal = None
    if inputs["target"] is not None:
        proposal = propose_for(typed.frame, schema, inputs["target"], key, timestamp)
    return {
        "source": msgspec.to_builtins(source),
        "schema": msgspec.to_builtins(schema),
        "rows": _rows(typed.frame),
        "notes": [*raw.notes, *typed.notes],
        "proposal": msgspec.to_builtins(proposal),
    }


def propose(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """What could be learnt from a source's accepted rows.

    Inputs: parts, schema, target, key, timestamp. Outputs: schema, rows, notes, proposal.
    """
    frame = pl.concat([load_frame(artifacts, part) for part in inputs["parts"]], how="diagonal_relaxed")
    schema = msgspec.convert(inputs["schema"], Schema)
    proposal = propose_for(frame, schema, inputs["target"], tuple(inputs["key"]), inputs["timestamp"])
    return {
        "schema": inputs["schema"],
        "rows": _rows(frame),
        "notes": [],
        "proposal": msgspec.to_builtins(proposal),
    }


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The first rows as JSON holds them."""
    return [
        {name: value.isoformat() if isinstance(value, date | datetime) else value for name, value in row.items()}
        for row in frame.head(_PREVIEW_ROWS).to_dicts()
    ]
