"""`mllab feature`: feature views, what is known of an entity, and whether serving saw the same."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from mllab.errors import InvalidInput, Unavailable
from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.faces.cli.preview import preview_view
from mllab.faces.cli.progress import print_queued, wait
from mllab.records import (
    FeatureRow,
    FeatureStatus,
    FeatureViewSummary,
    FeatureViewVersion,
    Job,
    Verification,
    ViewImport,
)

if TYPE_CHECKING:
    from mllab.lab import Lab

app = typer.Typer(help="Feature views, and what is known of an entity.", rich_markup_mode=None, add_completion=False)
app.command("preview")(preview_view)

Name = Annotated[str, typer.Argument(metavar="VIEW", help="A feature view, on-demand group or service.")]
Moment = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="RFC 3339; default: now. Without an offset in UTC.")
]


@app.command("list")
def list_views(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """List feature views, on-demand groups and services."""
    with reading(lab) as it:
        views = it.feature_views()
    if as_json:
        print_json(views)
        return
    rows = [
        (
            one.name if one.is_declared else f"{one.name} (declared no longer)",
            one.kind,
            one.version,
            one.source,
            ", ".join(one.entity),
            len(one.features) or None,
            one.n_rows or None,
            one.newest_at,
            ", ".join(one.used_by),
        )
        for one in views
    ]
    columns = ("view", "kind", "version", "source", "entity", "features", "rows", "newest", "used by")
    print_table(columns, rows, empty="no feature view is declared; see [feature_view.NAME] in docs/features.md")


@app.command("show")
def show_view(name: Name, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Show one view: what it gives, from what, how fresh, who uses it."""
    with reading(lab) as it:
        found = it.feature_view(name)
    if as_json:
        print_json(found)
        return
    _print_view(found)


def _print_view(one: FeatureViewSummary) -> None:
    print_fields(
        [
            ("view", one.name),
            ("kind", one.kind),
            ("description", one.description or None),
            ("owner", one.owner or None),
            ("tags", ", ".join(one.tags) or None),
            ("source", one.source),
            ("entity" if one.kind == "view" else "inputs", ", ".join(one.entity) or None),
            ("known at", one.timestamp),
            ("ttl", one.ttl),
            ("version", one.version),
            ("versions", one.n_versions or None),
            ("rows", one.n_rows or None),
            ("entities", one.n_entities or None),
            ("newest", one.newest_at),
            ("online from", one.online_from),
            ("made", one.materialized_at),
            ("used by", ", ".join(one.used_by) or None),
        ]
    )
    rows = [(name, type, one.importance.get(name)) for name, type in one.features.items()]
    if rows:
        say("")
        print_table(("feature", "type", "share of gain"), rows, empty="")


@app.command("get")
def get_features(
    features: Annotated[
        list[str], typer.Argument(metavar="FEATURE...", help="Views, view:feature, services, on-demand groups.")
    ],
    entity: Annotated[
        list[str], typer.Option("--entity", "-e", metavar="KEY=VALUE", help="A join key, or an on-demand input.")
    ],
    at: Moment = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Look up what is known of one entity at a moment."""
    with reading(lab) as it:
        found = it.get_online_features(features, [_typed(it, dict(map(_pair, entity)))], at=moment(at))[0]
    if as_json:
        print_json(found)
        return
    _print_row(found)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidInput(f"`{text}` is not KEY=VALUE", "for example --entity origin=JFK")
    return name, value


def _typed(lab: "Lab", given: dict[str, str]) -> dict[str, Any]:
    """Texts of the command line in the types that the sources' columns have."""
    types = {name: type for source in lab.sources() for name, type in source.columns.items()}
    return {name: _value(name, text, types.get(name, "string")) for name, text in given.items()}


def _value(name: str, text: str, type: str) -> Any:
    if type not in ("int", "float", "bool"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"`{name}` is {type}, `{text}` is not", "correct the value") from error


def moment(text: str | None) -> datetime | None:
    """A time from the command line; without an offset in UTC.

    Raises:
        InvalidInput: it is no time.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise InvalidInput(f"`{text}` is no time", "for example 2013-06-14T09:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _print_row(found: FeatureRow) -> None:
    rows = [
        (name, "" if value is None else value, found.statuses[name], found.event_timestamps[name])
        for name, value in found.values.items()
    ]
    print_table(("feature", "value", "status", "known since"), rows, empty="no feature")
    if FeatureStatus.NOT_FOUND in found.statuses.values():
        say("NOT_FOUND: nothing was known of that entity at that moment")


@app.command("materialize")
def materialize(
    view: Annotated[str | None, typer.Argument(metavar="[VIEW]", help="Default: every view.")] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="Rows that became known later stay offline.")] = None,
    incremental: Annotated[bool, typer.Option("--incremental", help="Only views that data has come for.")] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Bring views up to the newest data; happens by itself after each intake."""
    with opened(lab) as it:
        job = it.materialize(view, end=moment(end), anew=not incremental)
        _report(it, job, no_wait, as_json)


def _report(lab: "Lab", job: Job, no_wait: bool, as_json: bool) -> None:
    if no_wait:
        print_queued(job, as_json)
        return
    over = wait(lab, job)
    if as_json:
        print_json(over)
        return
    say(str((over.result or {}).get("text", "done")))


@app.command("verify")
def verify(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name of a model.")],
    limit: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="So many predictions.")] = 1_000,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Replay logged predictions: did each see what the offline store gives, to the bit?"""
    with opened(lab) as it:
        found = it.verify_features(model, limit=limit)
    if as_json:
        print_json(found)
    else:
        _print_verification(found)
    if not found.is_clean():
        wrong = found.n_values - found.n_equal
        hint = "the rows above name the predictions; `mllab trace` follows each to its data"
        raise InvalidInput(f"{wrong:,} of {found.n_values:,} values differ from the offline store", hint)


def _print_verification(found: Verification) -> None:
    say(f"{found.n_equal:,} of {found.n_values:,} values of {found.n_predictions:,} predictions are equal to the bit")
    if found.n_unknown:
        say(f"{found.n_unknown:,} predictions cannot be replayed: their version or data is not here any more")
    rows = [(one.prediction_id, one.feature, one.logged, one.offline) for one in found.differences]
    if rows:
        print_table(("prediction", "feature", "logged", "offline"), rows, empty="")


@app.command("history")
def history(
    view: Annotated[str, typer.Argument(metavar="VIEW", help="A feature view.")],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List the versions of a view, and what changed from each to the next."""
    with reading(lab) as it:
        versions = it.feature_versions(view)
        if not versions:
            it.feature_view(view)
    if as_json:
        print_json(versions)
        return
    rows = [
        (one.version, one.created_at, one.digest[:12], _change(versions[place - 1] if place else None, one))
        for place, one in enumerate(versions)
    ]
    print_table(("version", "since", "digest", "changed"), rows, empty="no run or materialization has used it yet")


def _change(before: FeatureViewVersion | None, one: FeatureViewVersion) -> str:
    """What a version has other than the one before it."""
    if before is None:
        return "first definition"
    keys = sorted({*before.declaration, *one.declaration})
    found = [key for key in keys if before.declaration.get(key) != one.declaration.get(key)]
    plain = ("timestamp", "key", "created_timestamp", "code")
    found += [name for name in plain if getattr(before, name) != getattr(one, name) and name not in found]
    return ", ".join(found)


@app.command("export")
def export_view(
    view: Annotated[str, typer.Argument(metavar="VIEW", help="A declared feature view.")],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: VIEW.view.json.")] = None,
    lab: LabFolder = None,
) -> None:
    """Write a view for another lab: declaration, code, statistics; no data."""
    with reading(lab) as it:
        found = it.export_view(view)
    path = to or Path(f"{view}.view.json")
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}", "choose another place") from error
    say(f"{view} version {found.version} written to {path}")


@app.command("import")
def import_view(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `feature export` wrote.")],
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Default: the source of the same name.")] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of the view here; default: as it was called.")
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Its code may run here.")] = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Append an exported view to mllab.toml, its code to features.py."""
    with reading(lab) as it:
        found = it.import_view(file, source=source, name=name, trust=trust)
    if as_json:
        print_json(found)
    else:
        _print_import(found)
    if not found.is_done:
        raise InvalidInput("nothing was changed: the view brings code", "read it; then import it with --trust")


def _print_import(found: ViewImport) -> None:
    say(found.table)
    if found.code:
        say(found.code)
    for note in found.notes:
        say(f"note: {note}")
    if found.is_done:
        say(f"{found.view} is declared over {found.source}; the next intake or `mllab feature materialize` fills it")
