"""A source's contract in words: what it demands of a column, and how the columns of a file differ from it."""

from collections.abc import Sequence
from typing import Any

from mllab.faces.text import show
from mllab.faces.tui.viewmodels.page import Line, facts
from mllab.records import Contract, SchemaChange

_MARKS = {"added": "+", "missing": "-", "type": "≠"}


def rules(contract: Contract, column: str) -> list[Line]:
    """What the contract demands of one column beyond its type."""
    field = next((one for one in contract.schema.fields if one.name == column), None)
    if field is None:
        return [Line("it does not have this column", "$warning")]
    raw = {one.name: one for one in contract.raw_schema.fields}
    told = [f"{rule} {value}".strip() for rule, value in _declared(contract, column)]
    if column not in raw:
        told.insert(0, "computed by `with_columns`")
    if raw.get(column, field).optional:
        told.append("a file may come without it")
    if not field.nullable:
        told.append("no cell may be missing")
    return [Line(f"· {one}") for one in told] or [Line("nothing beyond its type", "dim")]


def _declared(contract: Contract, column: str) -> list[tuple[str, str]]:
    fields: dict[str, dict[str, Any]] = contract.rules.get("fields") or {}
    declared = fields.get(column) or {}
    return [(rule, value(one)) for rule, one in declared.items() if rule != "nullable" and one not in (None, False)]


def demands(contract: Contract) -> list[Line]:
    """What the contract demands of whole rows and files, and why this version of it exists."""
    told = [(rule.replace("_", " "), value(one)) for rule, one in contract.rules.items() if rule != "fields"]
    return facts([("version", str(contract.version)), ("reason", contract.reason), *told])


def value(rule: Any) -> str:
    """A rule's value in words: `0 to …` for a range, nothing for what only is or is not."""
    if isinstance(rule, list | tuple):
        if len(rule) == 2 and None in rule:
            return " to ".join("…" if one is None else show(one) for one in rule)
        return ", ".join(show(one) for one in rule)
    return "" if rule is True or rule is None else show(rule)


def change(one: SchemaChange) -> str:
    """One difference: `≠ age: int in the contract, string in the file`."""
    match one.change:
        case "added":
            said = f"only in the file ({one.found or 'no type'})"
        case "missing":
            said = f"missing in the file ({one.contract or 'no type'} in the contract)"
        case _:
            said = f"{one.contract or 'no type'} in the contract, {one.found or 'no type'} in the file"
    return f"{_MARKS.get(one.change, '·')} {one.column}: {said}"


def changes(diff: Sequence[SchemaChange]) -> list[Line]:
    """How a file's columns differ, those that keep it out first."""
    ordered = sorted(diff, key=lambda one: one.change == "added")
    return [Line(change(one), "" if one.change == "added" else "$error") for one in ordered]
