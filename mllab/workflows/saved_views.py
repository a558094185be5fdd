"""Saved views: lists of runs that people keep under a name."""

from collections.abc import Callable
from typing import Any

from mllab.errors import InvalidInput, NotFound
from mllab.filters import nearest, parse, parse_sort
from mllab.records import Command, DeleteSavedView, Run, SavedView, SaveView
from mllab.store.writer import Transaction
from mllab.workflows.limits import check_name
from mllab.workflows.workspace import Workspace

_MOST_COLUMNS = 200
_COLUMNS = frozenset({*Run.__struct_fields__, "started", "duration"})
_NAMED = ("metric", "param", "tag")
"""Columns that have a name behind a dot."""


def list_saved_views(workspace: Workspace) -> list[SavedView]:
    """All of them, by name."""
    return workspace.db.all(SavedView, "SELECT * FROM saved_views WHERE deleted_at IS NULL ORDER BY name")


def get_saved_view(workspace: Workspace, name: str) -> SavedView:
    """One by its name.

    Raises:
        NotFound: none is called so.
    """
    found = {view.name: view for view in list_saved_views(workspace)}
    if name not in found:
        close = nearest(name, list(found), 1)
        hint = f"did you mean `{close[0]}`?" if close else "see `mllab run views`"
        raise NotFound(f"no saved view is called `{name}`", hint)
    return found[name]


def save_view(workspace: Workspace, command: SaveView) -> SavedView:
    """Keep a list of runs under a name, in place of what had it before.

    Raises:
        InvalidInput: a name, filter, order or column that cannot be.
    """
    check_name("view", command.name)
    parse(command.filter)
    parse_sort(command.sort)
    if len(command.columns) > _MOST_COLUMNS:
        raise InvalidInput(f"a view of {len(command.columns)} columns", f"at most {_MOST_COLUMNS}")
    for column in command.columns:
        _check_column(column)

    def save(tx: Transaction) -> SavedView:
        view = SavedView(
            name=command.name,
            filter=command.filter,
            sort=command.sort,
            columns=command.columns,
            saved_at=tx.now,
        )
        tx.emit("saved_view.kept", view.name, f"view {view.name} of runs saved", view)
        return view

    return workspace.db.write(save)


def _check_column(column: str) -> None:
    check_name("column", column)
    kind, dot, name = column.partition(".")
    if column in _COLUMNS or (dot and name and kind in _NAMED):
        return
    close = nearest(column, sorted(_COLUMNS), 1)
    hint = (
        f"did you mean `{close[0]}`?"
        if close
        else "name, status, started, duration, metric.NAME, param.NAME, tag.NAME..."
    )
    raise InvalidInput(f"runs have no column `{column}`", hint)


def delete_saved_view(workspace: Workspace, command: DeleteSavedView) -> SavedView:
    """Let go of the name of a list of runs; the runs stay.

    Raises:
        NotFound: none is called so.
    """
    view = get_saved_view(workspace, command.name)
    payload = {"name": view.name}
    workspace.db.write(
        lambda tx: tx.emit(
            "saved_view.deleted", view.name, f"view {view.name} of runs deleted", payload | {"deleted_at": tx.now}
        )
    )
    return view


HANDLERS: dict[type[Command], Callable[[Workspace, Any], Any]] = {
    SaveView: save_view,
    DeleteSavedView: delete_saved_view,
}
"""Command to what does it."""
