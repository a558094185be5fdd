"""`mllab run views`, `save-view`, `delete-view`: lists of runs that are kept under a name."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_json, print_table, say
from mllab.records import Run, SavedView

_Name = Annotated[str, typer.Argument(metavar="NAME", help="What the view is called.")]


def list_views(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """List the saved views of runs; `mllab run list --view NAME` shows one."""
    with reading(lab) as it:
        views = it.saved_views()
    if as_json:
        print_json(views)
        return
    rows = [(view.name, view.filter, view.sort, " ".join(view.columns), view.saved_at) for view in views]
    print_table(("name", "filter", "sort", "columns", "saved"), rows, empty="no saved views yet")


def save_view(
    name: _Name,
    filter: Annotated[list[str] | None, typer.Argument(metavar="FILTER", help="As `mllab run list` takes it.")] = None,
    sort: Annotated[str, typer.Option(metavar="FIELD", help="As `mllab run list` takes it.")] = "-started",
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="name, status, metric.auc, param.lr, tag.note...; repeatable."),
    ] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Keep a filter of runs, its order and columns under a name."""
    with opened(lab) as it:
        view = it.save_view(name, filter=" ".join(filter or []), sort=sort, columns=column or ())
    if as_json:
        print_json(view)
        return
    say(f"view {view.name} saved")


def delete_view(name: _Name, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Let go of a saved view; the runs stay."""
    with opened(lab) as it:
        view = it.delete_saved_view(name)
    if as_json:
        print_json(view)
        return
    say(f"view {view.name} deleted")


def within(view: SavedView | None, filter: str, sort: str | None) -> tuple[str, str]:
    """A filter inside a view, and the order: what is asked for goes before what the view says."""
    if view is None:
        return filter, sort or "-started"
    parts = [part for part in (view.filter, filter) if part.strip()]
    text = " ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts)
    return text, sort or view.sort


def cells(run: Run, columns: Sequence[str]) -> tuple[Any, ...]:
    """What a run has in some columns."""
    return tuple(_cell(run, column) for column in columns)


def _cell(run: Run, column: str) -> Any:
    kind, dot, name = column.partition(".")
    by_kind: dict[str, dict[str, Any]] = {"metric": run.metrics, "param": run.params, "tag": run.tags}
    if dot and kind in by_kind:
        return by_kind[kind].get(name)
    if column == "started":
        return run.started_at
    if column == "duration":
        return run.finished_at - run.started_at if run.finished_at else None
    return getattr(run, column, None)
