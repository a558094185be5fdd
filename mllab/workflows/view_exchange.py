"""A feature view taken out of one lab and put into another: declaration, code, statistics; no data."""

import ast
from pathlib import Path
from typing import Any

import msgspec

from mllab.config import FeatureViewTable, nearest, parse_config
from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.records import ViewImport, ViewPackage
from mllab.steps.features import value_columns
from mllab.workflows.declare import render_view
from mllab.workflows.feature_views import declared
from mllab.workflows.workspace import Workspace

_MOST_BYTES = 4 << 20
_KEPT = ("n_missing", "n_distinct", "mean", "std", "minimum", "maximum", "percentiles", "top")


def export_view(workspace: Workspace, view: str) -> ViewPackage:
    """A declared view as a package.

    Raises:
        NotFound: no view is called so, or nothing has used it yet.
    """
    found = {one.view: one for one in declared(workspace)}
    if view not in found:
        raise NotFound(f"no feature view is called `{view}`", nearest(view, list(found)))
    one = found[view]
    numbered = workspace.features.find_version(one.digest)
    if numbered is None:
        raise NotFound(f"feature view `{view}` has not been used yet", "mllab feature materialize makes its version")
    schema = workspace.datasets.source_state(one.table.source).schema
    types = {field.name: field.dtype.value for field in schema.fields} if schema else {}
    read = dict.fromkeys([*one.table.entity, one.timestamp, *value_columns(one.table)])
    return ViewPackage(
        view=view,
        version=numbered.version,
        digest=one.digest,
        source=one.table.source,
        declaration=_said(one.table),
        source_columns=types if one.code else {name: types[name] for name in read if name in types},
        source_rules={"key": one.key, "timestamp": one.timestamp, "created_timestamp": one.created_timestamp},
        code=one.code,
        statistics=_statistics(workspace, one.digest, one.table, list(read)),
        exported_at=workspace.clock(),
    )


def _said(table: FeatureViewTable) -> dict[str, Any]:
    """A table without what stands at its default."""
    plain: dict[str, Any] = msgspec.to_builtins(table)
    defaults = {
        field.encode_name: field.default
        for field in msgspec.structs.fields(table)
        if field.default is not msgspec.NODEFAULT
    }
    return {name: value for name, value in plain.items() if value and value != defaults.get(name)}


def _statistics(workspace: Workspace, digest: str, table: FeatureViewTable, columns: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kept = workspace.features.find_materialization(digest)
    if kept is not None:
        newest = kept.newest_at.isoformat() if kept.newest_at else None
        found |= {"n_rows": kept.n_rows, "n_entities": kept.n_entities, "newest_at": newest}
    entry = workspace.profiles.find(table.source)
    if entry is not None:
        profile = msgspec.json.decode(workspace.artifacts.get(entry.artifact))
        found["columns"] = {
            one["name"]: {name: one[name] for name in _KEPT if name in one}
            for one in profile["columns"]
            if one["name"] in columns
        }
    return found


def read_package(path: Path) -> ViewPackage:
    """A package from a file.

    Raises:
        NotFound: there is no such file. InvalidInput: it is no package.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{path} cannot be read: {error.strerror}", "give a file that `mllab feature export` wrote"
        ) from error
    try:
        if len(content) > _MOST_BYTES:
            raise ValueError(f"{len(content):,} bytes")
        found = msgspec.json.decode(content, type=ViewPackage)
        if found.format != 1:
            raise ValueError(f"format {found.format}")
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidInput(
            f"{path.name} is no exported view: {error}", "write it with `mllab feature export`"
        ) from error
    return found


def import_view(workspace: Workspace, path: Path, source: str | None, name: str | None, trust: bool) -> ViewImport:
    """Append a packaged view to this lab's declaration.

    Code is appended to `features.py` only with `trust`; without it nothing is changed and the code is shown.

    Raises:
        NotFound: no such file or source. InvalidInput: it does not fit this lab. Conflict: a name is taken.
    """
    package = read_package(path)
    config, view, source = workspace.config(), name or package.view, source or package.source
    if source not in config.source:
        raise NotFound(f"no source is called `{source}`", f"{nearest(source, list(config.source))} (--source NAME)")
    if view in config.feature_view:
        raise Conflict(f"feature view `{view}` is declared already", "give it another name with --name")
    try:
        table = msgspec.convert(package.declaration | {"source": source}, FeatureViewTable)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"{path.name}: its declaration does not fit: {error}", "it comes from another mllab"
        ) from error
    text = render_view(view, _said(table))
    found = ViewImport(
        view=view, source=source, table=text, code=package.code, is_done=False, notes=_notes(workspace, package, source)
    )
    if package.code and not trust:
        return found
    declaration = workspace.config_text().rstrip() + "\n\n" + text
    parse_config(declaration)
    _append_code(workspace, package.code)
    _write(workspace.folder / "mllab.toml", declaration)
    return msgspec.structs.replace(found, is_done=True)


def _notes(workspace: Workspace, package: ViewPackage, source: str) -> tuple[str, ...]:
    """What of the source here differs from the one the view was made over."""
    schema = workspace.datasets.source_state(source).schema
    types = {field.name: field.dtype.value for field in schema.fields} if schema else None
    if types is None:
        return (f"source `{source}` has no accepted data yet: its columns cannot be compared",)
    found = []
    for column, dtype in package.source_columns.items():
        if column not in types:
            found.append(f"source `{source}` has no column `{column}`")
        elif types[column] != dtype:
            found.append(f"`{column}` is {types[column]} here and was {dtype} there")
    return tuple(found)


def _append_code(workspace: Workspace, code: str | None) -> None:
    if not code:
        return
    present = workspace.features_text() or ""
    mine, theirs = _defined(present), _defined(code)
    if clash := sorted(mine & theirs):
        raise Conflict(f"features.py defines `{clash[0]}` already", "rename one of the two, then import again")
    _write(workspace.folder / "features.py", present.rstrip() + "\n\n\n" * bool(present.strip()) + code.strip() + "\n")


def _defined(text: str) -> set[str]:
    """Names that a text defines at its top level; imports of the same thing twice do no harm."""
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise InvalidInput(f"the code is no Python (line {error.lineno}): {error.msg}", "mend it first") from error
    found = {one.name for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    targets = [target for one in body if isinstance(one, ast.Assign) for target in one.targets]
    return found | {target.id for target in targets if isinstance(target, ast.Name)}


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}", "mend the folder's permissions") from error
