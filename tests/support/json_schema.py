"""The part of JSON Schema that OpenLineage's schemas use."""

import json
import re
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "fixtures" / "openlineage"
SCHEMAS = {one["$id"]: one for path in FOLDER.rglob("*.json") for one in [json.loads(path.read_text(encoding="utf-8"))]}
"""Address to schema."""
_KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}
_FORMATS = {
    "uuid": uuid.UUID,
    "date-time": datetime.fromisoformat,
    "uri": lambda text: re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", text) or int("no URI"),
}


def problems(value: Any, schema: Any, root: Any, at: str = "") -> list[str]:
    """Where a value does not fit a schema; `root` is the document that its `#/` refers to."""
    if "$ref" in schema:
        address, _, pointer = schema["$ref"].partition("#/")
        root = SCHEMAS[address.removesuffix("#")] if address else root
        schema = root
        for part in pointer.split("/"):
            schema = schema[part]
        return problems(value, schema, root, at)
    found = [one for part in schema.get("allOf", []) for one in problems(value, part, root, at)]
    if "anyOf" in schema and all(problems(value, part, root, at) for part in schema["anyOf"]):
        found.append(f"{at}: fits none")
    found += _of_itself(value, schema, at)
    if isinstance(value, dict):
        others = schema.get("additionalProperties", True)
        for name, one in value.items():
            inner = schema.get("properties", {}).get(name, others if isinstance(others, dict) else {})
            found += problems(one, inner, root, f"{at}/{name}")
    if isinstance(value, list):
        found += [p for i, one in enumerate(value) for p in problems(one, schema.get("items", {}), root, f"{at}/{i}")]
    return found


def _of_itself(value: Any, schema: Any, at: str) -> list[str]:
    """What is wrong with a value, whatever is inside it."""
    kind = _KINDS.get(schema.get("type", ""))
    if kind is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        return [f"{at}: {value!r} is no {schema['type']}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "format" in schema:
        try:
            _FORMATS[schema["format"]](value)
        except ValueError:
            found.append(f"{at}: {value!r} is no {schema['format']}")
    if isinstance(value, dict):
        found += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
    return found


def problems_of_event(event: Any) -> list[str]:
    """Where a run event, or one of its facets, does not fit OpenLineage's schemas."""
    core = SCHEMAS["https://openlineage.io/spec/2-0-2/OpenLineage.json"]
    found = problems(event, core["$defs"]["RunEvent"], core)
    for facet in facets_in(event):
        address = facet["_schemaURL"]
        found += problems(facet, {"$ref": address}, core, address)
    return found


def facets_in(value: Any) -> list[dict[str, Any]]:
    """Every facet inside a value."""
    if isinstance(value, list):
        return [facet for one in value for facet in facets_in(one)]
    if not isinstance(value, dict):
        return []
    own = [value] if "_schemaURL" in value else []
    return own + [facet for one in value.values() for facet in facets_in(one)]
