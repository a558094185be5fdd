"""Tasks on received files: what they are, whose they could be, what rows they bring."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import msgspec
import polars as pl

from mllab.config import SourceTable
from mllab.engine.formats import decode, detect_file
from mllab.engine.frames import keep_frame, load_parts
from mllab.engine.user_code import apply, call, load_functions
from mllab.records import Progress, Refusal, Schema
from mllab.steps.checks import unique_columns
from mllab.steps.contract import as_declared, described, missing_columns
from mllab.steps.infer import infer_schema
from mllab.steps.propose import propose as propose_for
from mllab.steps.tables import Typed, Validated
from mllab.steps.types import to_types
from mllab.steps.validate import validate
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]

_PREVIEW_ROWS = 5


def read_file(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Read a received file under its source's declaration and contract.

    Inputs: sha256, name, table, zone, raw_schema, schema, features (digest), now; parts (digests, for columns whose
    values may not repeat); needed (to take the file's columns over into the contract: columns that the declaration
    cannot do without, and what needs each) or None. Outputs: part, rejected (digests), n_rows, n_rejected, n_nulled,
    newest_at, raw_schema, schema (of the contract as applied), diff, notes; or refusal.
    """
    source = msgspec.convert(inputs["table"], SourceTable)
    report(Progress(text=f"reading {inputs['name']}", share=0.1))
    raw = decode(artifacts.get(inputs["sha256"]), inputs["name"], source)
    if isinstance(raw, Refusal):
        return _refused(raw)
    raw_schema = msgspec.convert(inputs["raw_schema"], Schema | None) or infer_schema(raw, source)
    report(Progress(text="checking types", share=0.4))
    typed = to_types(raw, raw_schema, source, zone=inputs["zone"], needed=inputs.get("needed"))
    if isinstance(typed, Refusal):
        return _refused(typed)
    notes = raw.notes + typed.notes
    del raw
    report(Progress(text="checking the contract", share=0.7))
    found = _validated(artifacts, inputs, source, typed)
    if isinstance(found, Refusal):
        return _refused(_with_new_columns(found, typed))
    return _outputs(artifacts, source, typed, found, notes)


def _with_new_columns(refusal: Refusal, typed: Typed) -> Refusal:
    """A refusal for a column that the declaration names and the contract does not: perhaps the file has it."""
    if refusal.code != "schema" or refusal.diff or not typed.diff:
        return refusal
    hint = f"{refusal.hint}; {described(typed.diff)}: `mllab data accept-schema` takes such columns over"
    return msgspec.structs.replace(refusal, hint=hint, diff=typed.diff)


def _validated(artifacts: Artifacts, inputs: dict[str, Any], source: SourceTable, typed: Typed) -> Validated | Refusal:
    """Run the lab's own functions over the typed rows, and hold the result against the contract."""
    frame, checks, functions = typed.frame, [], {}
    if source.with_columns is not None or source.checks is not None:
        functions = load_functions(artifacts.get(inputs["features"]).decode() if inputs["features"] else "")
    if source.with_columns is not None:
        frame = apply(frame, call(functions, source.with_columns, frame.columns), source.with_columns)
    if source.checks is not None:
        checks = call(functions, source.checks, frame.columns)
    schema = msgspec.convert(inputs["schema"], Schema | None)
    return validate(
        frame,
        typed.lines,
        source,
        schema,
        now=msgspec.convert(inputs["now"], datetime),
        zone=inputs["zone"],
        earlier=typed.rejections,
        before=_before(artifacts, inputs, source, schema),
        checks=checks,
        needed=inputs.get("needed"),
    )


def _before(
    artifacts: Artifacts, inputs: dict[str, Any], source: SourceTable, schema: Schema | None
) -> pl.DataFrame | None:
    """What earlier parts hold in the columns whose values may not repeat, and in the key."""
    columns = unique_columns(source)
    if schema is None or not columns or not inputs.get("parts"):
        return None
    schema = as_declared(schema, source)
    columns += source.key
    return pl.concat(load_parts(artifacts, inputs["parts"], schema, columns=columns, source=source).frames)


def _outputs(
    artifacts: Artifacts, source: SourceTable, typed: Typed, found: Validated, notes: tuple[str, ...]
) -> dict[str, Any]:
    rejections = sorted([*typed.rejections, *found.rejections], key=lambda one: one.line)
    newest = found.frame[source.timestamp].max() if source.timestamp is not None else None
    return {
        "part": keep_frame(artifacts, found.frame),
        "n_rows": found.frame.height,
        "n_rejected": len(rejections),
        "rejected": artifacts.put(msgspec.json.encode(rejections)) if rejections else None,
        "n_nulled": typed.n_nulled + found.n_nulled,
        "newest_at": msgspec.to_builtins(newest),
        "raw_schema": msgspec.to_builtins(typed.schema),
        "schema": msgspec.to_builtins(found.schema),
        "diff": msgspec.to_builtins(typed.diff),
        "notes": [*notes, *found.notes],
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
        schema = msgspec.convert(candidate["raw_schema"], Schema)
        if isinstance(raw, Refusal):
            unreadable.append(name)
        elif not missing_columns(schema, raw.frame.columns) and set(raw.frame.columns) <= set(schema.names()):
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
    typed = to_types(raw, schema, source, zone="UTC")
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
    schema = msgspec.convert(inputs["schema"], Schema)
    frame = pl.concat(load_parts(artifacts, inputs["parts"], schema).frames)
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
