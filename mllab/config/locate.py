"""Where in the text of a declaration a problem stands."""

import re
from typing import Any, get_args

import msgspec

from mllab.config.words import nearest
from mllab.errors import InvalidInput


def _tables_of(kind: Any) -> list[Any]:
    """The Struct classes inside a type annotation, dict values and tuple items included."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [table for inner in get_args(kind) for table in _tables_of(inner)]


def _is_mapping(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is dict


def _entries(value: Any, path: str) -> list[tuple[str, Any]]:
    """A value with its path, or the items of a list with theirs, which is the same."""
    return [(path, one) for one in value] if isinstance(value, list) else [(path, value)]


def _table_for(one: dict[str, Any], tables: list[Any], path: str, text: str, where: str) -> Any:
    """Which of the tables of a tagged union is meant; the only one where there is one."""
    tag_field = tables[0].__struct_config__.tag_field
    if tag_field is None:
        return tables[0]
    by_tag = {str(table.__struct_config__.tag): table for table in tables}
    tag = one.get(tag_field)
    if not isinstance(tag, str) or tag not in by_tag:
        names = [f"`{name}`" for name in by_tag]
        said = f"unknown `{tag_field} = {tag!r}`" if tag_field in one else f"a step without `{tag_field}`"
        hint = nearest(str(tag), list(by_tag)) if tag_field in one else ""
        listed = "" if hint.startswith("valid") else f"valid names: {', '.join(names)}"
        raise InvalidInput(f"{place(text, path, where)}: {said} in `{path}`", " ".join([hint, listed]).strip())
    return by_tag[tag]


def refuse_unknown_keys(raw: Any, table: type[msgspec.Struct], path: str, text: str, where: str) -> None:
    """Walk the tables and refuse the first key that no field has, naming the nearest that one has."""
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(table)}
    if table.__struct_config__.tag_field is not None:
        fields[table.__struct_config__.tag_field] = str
    for key, value in raw.items():
        inner_path = f"{path}.{key}" if path else key
        if key not in fields:
            inside = f" in [{path}]" if path else ""
            raise InvalidInput(
                f"{place(text, inner_path, where)}: unknown key `{key}`{inside}", nearest(key, list(fields))
            )
        if not (tables := _tables_of(fields[key])):
            continue
        if _is_mapping(fields[key]) and isinstance(value, dict):
            named = [found for name, one in value.items() for found in _entries(one, f"{inner_path}.{name}")]
        else:
            named = _entries(value, inner_path)
        for one_path, one in named:
            if isinstance(one, dict):
                inner = _table_for(one, tables, one_path, text, where)
                refuse_unknown_keys(one, inner, one_path, text, where)


def explain(message: str, inside: str = "") -> tuple[str, str]:
    """Msgspec's message without its path, and the path as a dotted key below `inside`."""
    body, _, path = message.partition(" - at `")
    dotted = re.sub(r"\[(\d+|\.\.\.)\]", "", path.rstrip("`").removeprefix("$")).strip(".")
    dotted = ".".join(one for one in (inside, dotted) if one)
    return f"`{dotted}`: {body[0].lower()}{body[1:]}" if dotted else body, dotted


def line_of(text: str, path: str) -> int | None:
    """Line of a dotted key: its own line inside its table, else its table's header."""
    parts = path.split(".")
    best, table = None, ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = header[1].replace('"', "")
            if path == table or path.startswith(table + "."):
                best = number
        elif assigned := re.match(r"\s*([\w.\"-]+)\s*=", line):
            full = f"{table}.{assigned[1]}" if table else assigned[1]
            if full.replace('"', "") == path:
                return number
            if path.startswith(full + "."):
                best = number
    return best if parts else None


def place(text: str, path: str, where: str) -> str:
    """The file's name and, where a dotted key can be found in it, the line."""
    line = line_of(text, path)
    return f"{where} line {line}" if line else where
