"""Where in a text of Python something stands: an alias, the name of a column, a function. Nothing is run."""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """A piece of one line."""

    line: int
    """1-based."""
    column: int
    """1-based, in characters."""
    width: int


def place_of(text: str, function: str, words: Sequence[str]) -> Place | None:
    """Where a function speaks of a column.

    Args:
        text: a whole features.py.
        function: its name.
        words: names from a message about it: of columns it reads or makes, and others.

    Returns:
        The name of a column that is read, inside the expression that is named too; else the first word that the
        function holds as a text of its own; else its `def`; None where it has none.
    """
    try:
        found = _definition(ast.parse(text), function)
    except (SyntaxError, ValueError):
        return None
    if found is None:
        return None
    lines = text.split("\n")
    texts = [one for one in ast.walk(found) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    named = [next((one for one in texts if one.value == word), None) for word in words]
    node = _read_for(found, words) or next((one for one in named if one is not None), None)
    return _place(found, lines, len("def ") + len(function)) if node is None else _place(node, lines)


def piece(text: str, line: int, start: int | None, end: int | None) -> Place:
    """A place from offsets in bytes of UTF-8, as the interpreter counts them; the whole line without them.

    Args:
        text: the file.
        line: 1-based.
        start: of the piece, from 0.
        end: behind its last byte; None: to the end of the line.
    """
    lines = text.split("\n")
    raw = lines[line - 1] if 0 < line <= len(lines) else ""
    if start is None:
        start, end = len(raw) - len(raw.lstrip()), None
    encoded = raw.encode()
    before = len(encoded[:start].decode(errors="replace"))
    inside = len(encoded[start : len(encoded) if end is None else end].decode(errors="replace"))
    return Place(line, before + 1, max(inside, 1))


def _definition(tree: ast.Module, function: str) -> ast.FunctionDef | None:
    """The last one counts, as it does when the text is run."""
    found = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == function]
    return found[-1] if found else None


def _read_for(function: ast.FunctionDef, words: Sequence[str]) -> ast.Constant | None:
    """The text of a word other than the alias, inside the expression whose alias is one of the words."""
    for call, alias in _aliased(function):
        if alias.value not in words:
            continue
        for one in ast.walk(call):
            if isinstance(one, ast.Constant) and one is not alias and one.value in words and one.value != alias.value:
                return one
        return alias
    return None


def _aliased(function: ast.FunctionDef) -> Iterator[tuple[ast.Call, ast.Constant]]:
    """Every `.alias("NAME")` with the expression before it."""
    for one in ast.walk(function):
        match one:
            case ast.Call(func=ast.Attribute(attr="alias"), args=[ast.Constant(value=str()) as alias]):
                yield one, alias


def _place(node: ast.Constant | ast.FunctionDef, lines: list[str], width: int | None = None) -> Place:
    end = node.end_col_offset if node.end_lineno == node.lineno else None
    found = piece("\n".join(lines), node.lineno, node.col_offset, end)
    return found if width is None else found._replace(width=width)
