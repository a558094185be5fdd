"""Whatever names an artifact is in the one list that says so."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

import mllab
from mllab.store.references import OTHER_DIGESTS, REFERENCES
from mllab.store.tables import STATE_TABLES

RECORDS = Path(mllab.__file__).parent / "records"
NAME = re.compile(r"digest|sha256|artifact|bundle|booster|blob|hash|parts?$|diff$|training$|replaced")
TEXT = re.compile(r"digest|SHA-256", re.IGNORECASE)


@cache
def field_texts() -> dict[tuple[str, str], str]:
    """Class and field to the string under the field."""
    found = {}
    for path in RECORDS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                for field, text in zip(node.body, node.body[1:], strict=False):
                    if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                        found[node.name, ast.unparse(field.target)] = ast.unparse(text.value)
    return found


def structs_in(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for one in get_args(annotation):
        yield from structs_in(one)


def fields(record: type[msgspec.Struct], path: str = "") -> Iterator[tuple[str, bool]]:
    """Every field of a record and of the records in it, dotted, and whether it looks like a digest."""
    texts = field_texts()
    for field in msgspec.structs.fields(record):
        looks = NAME.search(field.name) or TEXT.search(texts.get((record.__name__, field.name), ""))
        yield f"{path}{field.name}", bool(looks)
        for inner in structs_in(field.type):
            yield from fields(inner, f"{path}{field.name}.")


def known() -> set[tuple[str, str]]:
    """Columns, and dotted places inside them, that are in one of the two lists."""
    found = set(OTHER_DIGESTS)
    for one in REFERENCES:
        inside = one.form.removeprefix("$.") if one.form.startswith("$.") else ""
        found.add((one.table, f"{one.column}.{inside}" if inside else one.column))
    return found


@pytest.mark.parametrize("table", sorted({table.name for table in STATE_TABLES.values()}))
def test_a_field_that_looks_like_a_digest_is_listed(table: str) -> None:
    record = next(one.record for one in STATE_TABLES.values() if one.name == table)
    whole = {column for name, column in known() if name == table and "." not in column}
    missing = [
        f"{table}.{path}: is it the digest of an artifact? (mllab/store/references.py)"
        for path, looks in fields(record)
        if looks and (table, path) not in known() and path.partition(".")[0] not in whole
    ]
    assert missing == []


def test_what_is_listed_exists() -> None:
    columns = {
        table.name: {field.name for field in msgspec.structs.fields(table.record)} for table in STATE_TABLES.values()
    }
    listed = {(one.table, one.column) for one in REFERENCES} | {
        (table, path.partition(".")[0]) for table, path in OTHER_DIGESTS
    }
    assert [(table, column) for table, column in listed if table in columns and column not in columns[table]] == []
