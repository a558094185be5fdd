"""The generated parts of the docs: what the code itself says, laid out as Markdown. `make docs` runs it through cog.

Each page's function returns the whole generated text; nothing is written here.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

import mllab

PACKAGE = Path(mllab.__file__).parent
NOUNS = (
    "events",
    "declaration",
    "data",
    "profile",
    "features",
    "exchange",
    "preview",
    "transforms",
    "bundle",
    "runs",
    "comparison",
    "saved_views",
    "reproduction",
    "keeping",
    "registry",
    "logged_models",
    "lineage",
    "importing",
    "predictions",
    "jobs",
    "commands",
    "views",
)
"""Modules of `mllab.records` in the order of the pipeline."""
_HELP_CELLS = 100


class Member(NamedTuple):
    """A field of a record, or a value of an enum."""

    name: str
    type: str
    default: str
    text: str


class Noun(NamedTuple):
    """A class of records, as its source says it."""

    name: str
    text: str
    members: list[Member]
    is_enum: bool


# -- the command line -------------------------------------------------------------------------------------------


def cli() -> str:
    """Every command with its help, as `--help` prints it."""
    from mllab.faces.cli.app import COMMANDS, app, load

    root = typer.main.get_command(app)
    parts = [_help(root, "mllab")]
    for name in COMMANDS:
        parts += [_help(command, path) for path, command in _commands(load(name), f"mllab {name}")]
    return "\n\n".join(parts)


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, one in inner.items():
        yield from _commands(one, f"{path} {name}")


def _help(command: Any, path: str) -> str:
    context = typer.Context(command, info_name=path, terminal_width=_HELP_CELLS, max_content_width=_HELP_CELLS)
    return f"## `{path}`\n\n```text\n{command.get_help(context).strip()}\n```"


def exit_codes() -> str:
    """The table from error to exit code."""
    from mllab.errors import Cancelled, InvalidInput, LabError
    from mllab.faces.cli.errors import EXIT_CODES

    said = {kind: _sentence(kind.__doc__) for kind in EXIT_CODES}
    said |= {LabError: "Work failed, or something unexpected happened", Cancelled: f"{said[Cancelled]}; Ctrl-C"}
    said[InvalidInput] += "; a wrong command line"
    rows = [
        ("0", "It is done"),
        *((str(EXIT_CODES[kind]), said[kind]) for kind in sorted(said, key=EXIT_CODES.__getitem__)),
    ]
    return _table(("exit code", "meaning"), rows)


def keys() -> str:
    """Every key of the terminal UI by section, from its registry."""
    from mllab.faces.tui.actions import ACTIONS, GROUPS, SCREENS

    titles = {"here": "What one screen does", "rows": "Rows", "view": "The view", "go": "Going elsewhere"}
    parts = []
    for group in GROUPS:
        actions = [action for action in ACTIONS if action.group == group]
        rows = [
            (
                f"`{one.key}`",
                one.help,
                "everywhere" if set(one.screens) >= set(SCREENS) else ", ".join(one.screens),
                f"`{one.id}`",
            )
            for one in actions
        ]
        parts.append(f"### {titles[group]}\n\n{_table(('key', 'what it does', 'where', 'name'), rows)}")
    return "\n\n".join(parts)


# -- records, configuration, schema -----------------------------------------------------------------------------


def glossary() -> str:
    """Every record and enum with what its fields mean."""
    parts = []
    for module in NOUNS:
        path = PACKAGE / "records" / f"{module}.py"
        parts.append(f"## {_sentence(ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))))}")
        parts += [_noun(noun) for noun in nouns(path)]
    return "\n\n".join(parts)


def _noun(noun: Noun) -> str:
    lines = [f"### {noun.name}", "", noun.text]
    if noun.is_enum:
        lines += ["", "Values: " + ", ".join(f"`{one.default.strip(chr(39))}`" for one in noun.members) + "."]
    elif noun.members:
        rows = [(f"`{one.name}`", f"`{one.type}`", one.text) for one in noun.members]
        lines += ["", _table(("field", "type", "meaning"), rows)]
    return "\n".join(lines)


def configuration() -> str:
    """Every table of `mllab.toml` with its keys, types and defaults."""
    parts = []
    for noun in nouns(PACKAGE / "config" / "tables.py"):
        if not noun.members:
            continue
        rows = [(f"`{one.name}`", f"`{one.type}`", _default(one.default), one.text) for one in noun.members]
        said = re.match(r"`(\[.*?\])`", noun.text)
        title = f"`{said[1]}`" if said else noun.name.removesuffix("Table")
        parts.append(f"## {title}\n\n{noun.text}\n\n{_table(('key', 'type', 'default', 'meaning'), rows)}")
    return "\n\n".join(parts)


def _default(source: str) -> str:
    if not source:
        return "required"
    if source.isidentifier() and source.isupper():
        from mllab.config import tables

        source = str(getattr(tables, source))
    return "none" if source in ("None", "()", "{}", "''") else f"`{source}`"


def schema() -> str:
    """Every table of the database as the migrations make it, with what its columns mean."""
    from sqlite_utils import Database

    from mllab.store.migrations import migrations
    from mllab.store.tables import STATE_TABLES

    database = Database(memory=True)
    migrations.apply(database)
    known = {noun.name: noun for module in NOUNS for noun in nouns(PACKAGE / "records" / f"{module}.py")}
    rows_are = {one.name: one.record.__name__ for one in STATE_TABLES.values()}
    rows_are |= {"events": "Event", "predictions": "Prediction", "labels": "Label", "job_steps": "JobStep"}
    parts = []
    for table in database.tables:
        if table.name.startswith(("_", "sqlite_")):
            continue
        noun = known.get(rows_are.get(table.name, ""))
        meanings = {one.name: one.text for one in noun.members} if noun else {}
        keys = table.pks
        rows = [
            (f"`{one.name}`", one.type, "yes" if one.name in keys else "", meanings.get(one.name, ""))
            for one in table.columns
        ]
        lines = [
            f"## {table.name}",
            "",
            f"{noun.name}: {noun.text}" if noun else "Bulk facts or bookkeeping, outside the replay.",
            "",
        ]
        lines += [_table(("column", "type", "key", "meaning"), rows)]
        made = [one for one in table.indexes if one.origin == "c"]
        indexes = [f"`{one.name}` ({', '.join(column or 'an expression' for column in one.columns)})" for one in made]
        if indexes:
            lines += ["", "Indexes: " + ", ".join(sorted(indexes)) + "."]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


# -- reading the source -----------------------------------------------------------------------------------------


def nouns(path: Path) -> list[Noun]:
    """The documented classes of a module, in its order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return [Noun(node.name, _text(ast.get_docstring(node)), _members(node), _is_enum(node)) for node in classes]


def _is_enum(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).endswith("Enum") for base in node.bases)


def _members(node: ast.ClassDef) -> list[Member]:
    found: list[Member] = []
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                found.append(Member(name, ast.unparse(annotation), ast.unparse(value) if value else "", ""))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.append(Member(name, "", ast.unparse(value), ""))
            case ast.Expr(value=ast.Constant(value=str(text))) if found:
                found[-1] = found[-1]._replace(text=_text(text))
    return found


def _text(text: str | None) -> str:
    return " ".join((text or "").split())


def _sentence(text: str | None) -> str:
    """The first line of a docstring without its full stop."""
    return (text or "").strip().partition("\n")[0].rstrip(".")


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, tuple("---" for _ in headers), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
