"""`mllab data contract` and `mllab data accept-schema`: what a source demands of its files, and how that widens."""

from typing import Annotated, Any

import msgspec
import typer

from mllab.errors import Conflict, InvalidInput
from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.faces.cli.place import has_terminal
from mllab.faces.cli.received import Reference, print_diff, report
from mllab.records import Contract, SourceSummary


def show_contract(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE[@VERSION]", help="A source; without a version its newest contract.")
    ],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Show what a source demands of its files: columns, types, rules."""
    name, version = _named(source)
    with reading(lab) as it:
        found = it.contract(name, version)
        n_versions = len(it.contracts(name))
        summary = next((one for one in it.sources() if one.name == name), None)
    if as_json:
        freshness = {"newest_at": summary and summary.newest_at, "is_stale": bool(summary and summary.is_stale)}
        print_json(msgspec.to_builtins(found) | freshness | {"n_versions": n_versions})
        return
    _print_contract(found, n_versions, summary)


def _named(reference: str) -> tuple[str, int | None]:
    name, at, version = reference.partition("@")
    if at and not version.isdigit():
        raise InvalidInput(f"`{version}` is no version of a contract", "write SOURCE@2, or SOURCE for the newest")
    return name, int(version) if at else None


def _print_contract(contract: Contract, n_versions: int, summary: SourceSummary | None) -> None:
    rules = {name: rule for name, rule in contract.rules.items() if name != "fields"}
    print_fields(
        [
            ("contract", f"{contract.source}@{contract.version}"),
            ("newest", n_versions if n_versions != contract.version else None),
            ("since", contract.adopted_at),
            ("reason", contract.reason),
            *((name, _told(rule)) for name, rule in rules.items()),
            ("newest row", summary.newest_at if summary else None),
            ("state", _state(summary)),
        ]
    )
    raw = {one.name: one for one in contract.raw_schema.fields}
    fields: dict[str, dict[str, Any]] = contract.rules.get("fields", {})
    rows = [
        (
            one.name,
            one.dtype.value,
            "" if one.name in raw else "computed",
            "optional" if raw.get(one.name, one).optional else "" if one.nullable else "required",
            ", ".join(f"{rule} {_told(value)}" for rule, value in fields.get(one.name, {}).items()),
        )
        for one in contract.schema.fields
    ]
    say()
    print_table(("column", "type", "made", "missing", "rules"), rows)


def _state(summary: SourceSummary | None) -> str | None:
    """Whether the source is fresh; None where nothing is declared or known."""
    if summary is None or summary.freshness is None or summary.newest_at is None:
        return None
    return f"stale: no row of the last {summary.freshness}" if summary.is_stale else "fresh"


def _told(rule: Any) -> str:
    """A rule's value in words; `…` for an open bound."""
    if isinstance(rule, list):
        return " ".join(map(_told, rule))
    if rule is None:
        return "…"
    if isinstance(rule, float) and rule.is_integer():
        return str(int(rule))
    return str(rule).lower() if isinstance(rule, bool) else str(rule)


def accept_schema(
    file: Reference,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Take a quarantined file and its columns: the next contract of its source."""
    with opened(lab) as it:
        found = it.file(file)
        if found.diff and not as_json:
            say(f"{found.name} against the contract of {found.source}:")
            print_diff(found.diff)
        if found.diff and not yes:
            _ask()
        report(it, it.accept_schema(file), no_wait, as_json)


def _ask() -> None:
    """Ask on a terminal.

    Raises:
        Conflict: nobody can be asked, or the answer is no.
    """
    if not has_terminal():
        raise Conflict("nobody can be asked here", "add --yes")
    if not typer.confirm("Take these columns over into the contract?", err=True):
        raise Conflict("nothing was changed", "")
