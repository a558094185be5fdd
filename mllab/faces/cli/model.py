"""`mllab model`: models, versions and aliases."""

from typing import Annotated, Any

import msgspec
import typer

from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.faces.cli.lab import Model, print_proposal
from mllab.faces.cli.metrics import headline, print_metrics
from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_json_line, print_table, say
from mllab.faces.text import curl
from mllab.lab import Lab
from mllab.records import AliasMove, Bundle, ModelSummary, ModelVersion

app = typer.Typer(help="Models, versions and aliases.", rich_markup_mode=None, add_completion=False)

Reason = Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; kept in the history.")]


@app.command("list")
def list_models(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """List the declared models with their versions."""
    with reading(lab) as it:
        models = it.models()
    if as_json:
        print_json(models)
        return
    rows: list[tuple[Any, ...]] = []
    for model in models:
        rows += [
            (model.name, one.version, one.aliases, headline(one.metrics), _verdict(one.gates_passed), one.created_at)
            for one in model.versions
        ] or [(model.name, None, (), {}, None, None)]
    print_table(("model", "version", "aliases", "metrics", "gates", "created"), rows, empty="no models declared")


def _verdict(passed: bool | None) -> str:
    return {None: "not judged", True: "passed", False: "failed"}[passed]


@app.command("show")
def show_model(
    model: Annotated[str, typer.Argument(metavar="MODEL[@VERSION]", help="Default: the champion, else the newest.")],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Show a version: metrics, gates, how to ask it."""
    name, _, wanted = model.partition("@")
    with reading(lab) as it:
        summary = _summary(it, name)
        version = it.version(name, _number(summary, wanted))
        bundle = _bundle(it, version)
        url = it.status().url
        moves = it.alias_moves(name)
    aliases = next((one.aliases for one in summary.versions if one.version == version.version), ())
    if as_json:
        more: dict[str, Any] = {
            "task": summary.task,
            "target": summary.target,
            "held": summary.held,
            "aliases": aliases,
        }
        if bundle is not None:
            more |= {"request": bundle.request, "request_example": bundle.request_example}
        print_json(msgspec.to_builtins(version) | msgspec.to_builtins(more))
        return
    _print_version(summary, version, aliases)
    _print_gates(version)
    _print_moves(moves)
    if bundle is not None:
        _print_request(bundle, url, name)


def _summary(lab: Lab, name: str) -> ModelSummary:
    models = lab.models()
    for model in models:
        if model.name == name:
            return model
    declared = ", ".join(one.name for one in models) or "none"
    raise NotFound(f"no model is called `{name}`", f"declared models: {declared}")


def _number(summary: ModelSummary, wanted: str) -> int:
    """The version meant: a number, an alias, or by default the champion or the newest."""
    by_alias = {alias: one.version for one in summary.versions for alias in one.aliases}
    if wanted.isdecimal():
        return int(wanted)
    if wanted:
        if wanted not in by_alias:
            hint = "give a number or one of: " + (", ".join(sorted(by_alias)) or "(no alias is set)")
            raise NotFound(f"model `{summary.name}` has no version or alias `{wanted}`", hint)
        return by_alias[wanted]
    if not summary.versions:
        raise NotFound(f"model `{summary.name}` has no version yet", f"`mllab retrain {summary.name}` makes one")
    return by_alias.get("champion", max(one.version for one in summary.versions))


def _bundle(lab: Lab, version: ModelVersion) -> Bundle | None:
    try:
        return lab.signature(version.model, version=version.version).bundle
    except (Conflict, NotFound, Unavailable):
        return None


def _print_version(summary: ModelSummary, version: ModelVersion, aliases: tuple[str, ...]) -> None:
    print_fields(
        [
            ("model", summary.name),
            ("version", version.version),
            ("aliases", aliases or "none"),
            ("task", summary.task),
            ("target", summary.target),
            ("status", version.status),
            ("reason", version.reason),
            ("held", "yes: no automatic promotion until `mllab model release`" if summary.held else None),
            ("created", version.created_at),
            ("run", version.run_id or None),
            ("origin", None if version.origin == "mllab" else f"{version.origin}: never served here"),
            ("training set", version.training_set),
        ]
    )
    if version.metrics:
        say()
        print_metrics(version.metrics)


def _print_gates(version: ModelVersion) -> None:
    say()
    say(f"gates: {_verdict(version.gates_passed)}")
    if version.gates:
        rows = [
            (gate.metric, gate.rule, gate.observed, gate.limit, "passed" if gate.passed else "failed", gate.why)
            for gate in version.gates
        ]
        print_table(("metric", "rule", "observed", "limit", "verdict", "why"), rows)


def _print_moves(moves: list[AliasMove]) -> None:
    if moves:
        say()
        rows = [(one.moved_at, one.alias, one.previous, one.version, one.by, one.reason) for one in moves]
        print_table(("moved", "alias", "from", "to", "by", "reason"), rows)


def _print_request(bundle: Bundle, url: str | None, name: str) -> None:
    say()
    rows = [(one.name, one.dtype, one.nullable, bundle.request_example.get(one.name)) for one in bundle.request]
    print_table(("request column", "type", "may be missing", "example"), rows)
    if url is not None:
        say()
        say(curl(url, name, bundle.request_example))


@app.command("rows")
def list_rows(
    model: Model,
    n: Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N", help="At most so many.")] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON row a line, for `mllab predict MODEL --in FILE.jsonl`.")
    ] = False,
    lab: LabFolder = None,
) -> None:
    """Show real rows of the model's source, newest first, as a caller would send them."""
    with opened(lab) as it:
        rows = it.request_rows(model, n=n)
    if as_json:
        for row in rows:
            print_json_line(row.values)
        return
    columns = list(rows[0].values)
    shown = [(*(row.values.get(column) for column in columns), row.target) for row in rows]
    print_table((*columns, "what came true"), shown)


@app.command("add")
def add_model(
    source: Annotated[str, typer.Option(metavar="SOURCE", help="One row of this source is one sample.")],
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column to predict.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Default: the target's name.")] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Append a model to mllab.toml."""
    with opened(lab) as it:
        proposal = it.add_model(source, target, name=name)
    if as_json:
        print_json(proposal)
        return
    print_proposal(proposal)
    say(f"added [model.{proposal.model}] to mllab.toml; `mllab retrain {proposal.model}` trains it")


@app.command("promote")
def promote(
    model: Model,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="Number of the version.")],
    alias: Annotated[str, typer.Option(metavar="ALIAS", help="The pointer to move.")] = "champion",
    reason: Reason = "",
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Point an alias at a version; `champion` answers at once."""
    if not alias.strip():
        raise InvalidInput("an alias needs a name", "leave --alias out for `champion`")
    with opened(lab) as it:
        _print_move(it.promote(model, version, alias=alias, reason=reason), as_json)


@app.command("rollback")
def rollback(model: Model, reason: Reason = "", as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Put the former champion back and hold the model.

    The present champion is rejected; nothing is promoted automatically until `mllab model release`.
    """
    with opened(lab) as it:
        _print_move(it.rollback(model, reason=reason), as_json)
    if not as_json:
        say(f"{model} is held: no automatic promotion until `mllab model release {model}`")


def _print_move(move: AliasMove, as_json: bool) -> None:
    if as_json:
        print_json(move)
        return
    before = f"version {move.previous}" if move.previous is not None else "nothing"
    say(f"{move.alias} of {move.model}: {before} -> version {move.version}")


@app.command("release")
def release(model: Model, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Allow automatic promotion of a held model again."""
    with opened(lab) as it:
        found = it.release(model)
    if as_json:
        print_json(found)
        return
    say(f"{found.name} is released: its policy may promote again")
