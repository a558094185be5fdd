"""`mllab run`: training attempts."""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from mllab.errors import InvalidInput
from mllab.faces.cli.compare import compare_runs, group_runs
from mllab.faces.cli.metrics import headline, print_metrics
from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.faces.cli.run_views import cells, delete_view, list_views, save_view, within
from mllab.faces.text import safe, show, width
from mllab.filters import FilterError
from mllab.records import MetricPoint, Run

app = typer.Typer(help="Training attempts.", rich_markup_mode=None, add_completion=False)
app.command("compare")(compare_runs)
app.command("group")(group_runs)
app.command("views")(list_views)
app.command("save-view")(save_view)
app.command("delete-view")(delete_view)

Reference = Annotated[str, typer.Argument(metavar="RUN", help="Id, the id's first characters, or name.")]


Filter = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILTER",
        help="Words and terms such as status:failed, tag:baseline, metric.auc>=0.9, param.lr<0.1, has:tag.note,"
        " experiment:tuning, started>7d; AND, OR, -NOT and parentheses. Quote it for the shell; behind `--` it may"
        " begin with `-`.",
    ),
]
Sort = Annotated[
    str | None,
    typer.Option(metavar="FIELD", help="started, name, metric.auc, param.lr...; `-` before it: greatest first."),
]


@app.command("list")
def list_runs(
    filter: Filter = None,
    sort: Sort = None,
    view: Annotated[
        str | None, typer.Option(metavar="NAME", help="Filter, order and columns of a view; see `mllab run views`.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="MODEL", help="Only runs of this model.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 1000,
    trash: Annotated[bool, typer.Option("--trash", help="List what lies in the trash.")] = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List runs, newest first or as sorted."""
    text = " ".join(filter or [])
    _check_model(model)
    with reading(lab) as it:
        saved = it.saved_view(view) if view is not None else None
        text, order = within(saved, text, sort)
        with _pointing_into(text, order):
            runs = it.list_runs(text, model=model, sort=order, limit=limit, trashed=trash)
    if as_json:
        print_json(runs)
        return
    if saved is not None and saved.columns:
        chosen = [(*cells(run, saved.columns), run.run_id) for run in runs]
        print_table((*saved.columns, "id"), chosen, empty="no such runs")
        return
    rows = [(run.name, run.status, run.model, run.started_at, headline(run.metrics), run.run_id) for run in runs]
    empty = "the trash is empty" if trash else "no such runs" if text or model else "no runs yet"
    print_table(("name", "status", "model", "started", "metrics", "id"), rows, empty=empty)


def _check_model(model: str | None) -> None:
    """`-metric.auc>0.9` is read as the option `-m` with the rest as its value; nobody means that."""
    if model is not None and any(sign in model for sign in "<>=:"):
        hint = f"a filter that begins with `-` goes behind `--`: mllab run list -- '-m{model}'"
        raise InvalidInput(f"`{model}` cannot be the name of a model", hint)


@contextmanager
def _pointing_into(filter: str, sort: str) -> Iterator[None]:
    """Show on stderr which term of a filter or an order is meant by the error that follows."""
    try:
        yield
    except FilterError as error:
        text = filter if error.of == "filter" else sort
        before, term = safe(text[: error.start]), safe(text[error.start : error.end])
        say(f"  {text}", to=sys.stderr)
        say(f"  {' ' * width(before)}{'^' * max(1, width(term))}", to=sys.stderr)
        raise


@app.command("show")
def show_run(run: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Show one run: parameters, metrics and its learning curves."""
    with reading(lab) as it:
        found = it.run(run)
        points = it.metric_points(found.run_id)
    if as_json:
        print_json(found)
        return
    print_fields(
        [
            ("run", found.run_id),
            ("name", found.name),
            ("model", found.model),
            ("experiment", found.experiment),
            ("status", found.status),
            ("error", found.error),
            ("hint", found.hint),
            ("started", found.started_at),
            ("finished", found.finished_at),
            ("took", found.finished_at - found.started_at if found.finished_at else None),
            ("part of", found.parent_run_id),
            ("note", found.note or None),
            ("by", found.user or None),
            ("from", found.source or None),
            ("code", _code(found)),
            ("peak memory", f"{found.peak_bytes / 1e6:,.0f} MB" if found.peak_bytes else None),
            ("seed", found.seed),
            ("params", found.params or None),
            ("tags", found.tags or None),
            ("training set", found.training_set),
            ("reproduced", found.tags.get("reproduced")),
            ("declaration", found.config_digest),
            ("job", found.job_id),
            ("datasets", {one.name: f"{one.context} {one.digest[:12]}" for one in found.datasets} or None),
            ("environment", found.environment or None),
            ("files", dict(found.artifacts) or None),
            ("in the trash since", found.deleted_at if found.purged_at is None else None),
            ("removed for good", found.purged_at),
        ]
    )
    if found.metrics:
        say()
        print_metrics(found.metrics)
    if points:
        say()
        print_table(("curve", "steps", "first", "min", "max", "last"), _curves(points))


def _code(run: Run) -> str | None:
    """Commit, branch, and whether files differed from it."""
    if run.git is None:
        return None
    changed = f", with changes ({run.git.diff[:12]})" if run.git.diff else ", with changes" if run.git.is_dirty else ""
    return f"commit {(run.git.commit or 'none yet')[:12]} on {run.git.branch or 'no branch'}{changed}"


def _curves(points: list[MetricPoint]) -> list[tuple[str, int, float, float, float, float]]:
    """Each metric's curve in one row; metrics with a single value are no curves."""
    by_metric: dict[str, list[float]] = {}
    for point in sorted(points, key=lambda one: (one.metric, one.step)):
        by_metric.setdefault(point.metric, []).append(point.value)
    return [
        (metric, len(values), values[0], *_ends(values), values[-1])
        for metric, values in by_metric.items()
        if len(values) > 1
    ]


def _ends(values: list[float]) -> tuple[float, float]:
    """The least and the greatest of what is a number."""
    known = [value for value in values if not math.isnan(value)] or [math.nan]
    return min(known), max(known)


@app.command("cancel")
def cancel_run(run: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Stop a run that is going on."""
    with opened(lab) as it:
        found = it.run(run)
        job = it.cancel(found.job_id or found.run_id)
    if as_json:
        print_json(job)
        return
    say(f"asked run {found.name} ({found.run_id}) to stop")


@app.command("tag")
def tag_run(
    run: Reference,
    pairs: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE...", help="Tags to give it.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="KEY", help="A tag to take away; repeatable.")] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Give a run tags, or take some away."""
    tags = tags_of(pairs or [])
    if not tags and not remove:
        raise InvalidInput("there is no tag to give or to take away", "write KEY=VALUE, or --remove KEY")
    with opened(lab) as it:
        found = it.tag_run(run, set=tags, remove=remove or [])
    if as_json:
        print_json(found)
        return
    say(f"tags of run {found.name}: {show(found.tags)}")


def tags_of(pairs: list[str]) -> dict[str, str]:
    """`["note=baseline", ...]` as a dict.

    Raises:
        InvalidInput: a pair without `=`.
    """
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InvalidInput(f"`{pair}` is not a tag", "write KEY=VALUE, for example note=baseline")
        found[key] = value
    return found


@app.command("note")
def note_run(
    run: Reference,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What a reader should know; empty takes it away.")],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Write a note to a run; it replaces the one before."""
    with opened(lab) as it:
        found = it.note_run(run, text)
    if as_json:
        print_json(found)
        return
    say(f"noted on run {found.name}" if found.note else f"run {found.name} has no note any more")


@app.command("delete")
def delete_run(run: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Put a run into the trash; all of it is kept."""
    with opened(lab) as it:
        found = it.trash_run(run)
    if as_json:
        print_json(found)
        return
    say(f"run {found.name} ({found.run_id}) lies in the trash; `mllab run restore {found.run_id}` takes it out")


@app.command("restore")
def restore_run(run: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Take a run out of the trash."""
    with opened(lab) as it:
        found = it.restore_run(run)
    if as_json:
        print_json(found)
        return
    say(f"run {found.name} ({found.run_id}) is in the lists again")
