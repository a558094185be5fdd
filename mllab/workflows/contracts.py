"""The contract of a source, version by version: made when a file is accepted under new rules, asked for, kept fresh."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from mllab.config import FieldTable, LabConfig, SourceTable, duration, nearest
from mllab.errors import NotFound
from mllab.records import Contract, DataFile, FileStatus, Schema, SourceState
from mllab.steps.function_code import code_of
from mllab.store.writer import Transaction
from mllab.workflows.hashing import digest_of
from mllab.workflows.jobs import JobContext
from mllab.workflows.workspace import Workspace

_RULES = ("key", "timestamp", "created_timestamp", "freshness", "checks", "max_rejected_share")


# -- making -----------------------------------------------------------------------------------------------------------


def adopt(context: JobContext, tx: Transaction, source: str, file: DataFile, found: dict[str, Any]) -> int:
    """The contract that a file is accepted under; a new version where schemas, rules or checks are not the last one's.

    Args:
        context: the job of the file's intake.
        tx: the transaction that accepts the file.
        source: whose the file is.
        file: the file.
        found: what the task `read_file` has found.

    Returns:
        The contract's version.
    """
    datasets = context.workspace.datasets
    latest, table = datasets.latest_contract(source), context.config.source[source]
    schemas = {name: msgspec.convert(found[name], Schema) for name in ("raw_schema", "schema")}
    rules = rules_of(table)
    digest = digest_of([schemas, rules, _code(context, table)])
    if latest is not None and latest.digest == digest:
        return latest.version
    contract = Contract(
        source=source,
        version=latest.version + 1 if latest else 1,
        **schemas,
        rules=rules,
        digest=digest,
        reason=_reason(context, source, file, latest),
        config_digest=context.job.config_digest or "",
        adopted_at=tx.now,
    )
    n_columns = f"{len(contract.schema.fields)} columns"
    said = f"contract {contract.version} of {source}: {n_columns}, {contract.reason}"
    context.say(tx, "contract.adopted", source, said, contract)
    state = SourceState(name=source, **schemas, adopted_at=tx.now, contract_version=contract.version)
    context.say(tx, "source.adopted", source, f"contract of {source}: {n_columns}", state)
    return contract.version


def _code(context: JobContext, table: SourceTable) -> str:
    version = context.workspace.datasets.find_config(context.job.config_digest or "")
    if table.checks is None or version is None or version.features_digest is None:
        return ""
    return code_of(context.workspace.artifacts.get(version.features_digest).decode(), table.checks)


def _reason(context: JobContext, source: str, file: DataFile, latest: Contract | None) -> str:
    if context.job.args.get("accept_schema"):
        return f"accepted from {file.name}"
    if latest is not None:
        return "declaration changed"
    accepted = context.workspace.datasets.list_files(source, FileStatus.ACCEPTED)
    return f"inferred from {accepted[0].name if accepted else file.name}"


def rules_of(table: SourceTable) -> dict[str, Any]:
    """What a declaration demands of a source's rows, without what it leaves open."""
    rules = {name: msgspec.to_builtins(getattr(table, name)) for name in _RULES}
    return {name: rule for name, rule in rules.items() if rule not in (None, [])} | {
        "fields": {name: _said(one) for name, one in table.fields.items()}
    }


def _said(field: FieldTable) -> dict[str, Any]:
    plain = FieldTable()
    names = FieldTable.__struct_fields__
    return {
        name: msgspec.to_builtins(getattr(field, name))
        for name in names
        if getattr(field, name) != getattr(plain, name)
    }


def needed_columns(config: LabConfig, source: str) -> dict[str, str]:
    """Columns of a source that its declaration cannot do without, and what needs each, in words."""
    table = config.source[source]
    needed: dict[str, str] = {}

    def need(names: Iterable[str | None], by: str) -> None:
        for name in names:
            if name is not None:
                needed.setdefault(name, by)

    need(table.key, "its `key`")
    need([table.timestamp], "its `timestamp`")
    need([table.created_timestamp], "its `created_timestamp`")
    need(table.fields, "its `fields`")
    for name, view in config.feature_view.items():
        if view.source == source:
            keys = [
                key for one in view.entity for key in (config.entity[one].join_keys if one in config.entity else [one])
            ]
            need([*keys, view.timestamp, *view.features], f"feature view `{name}`")
            need([one.of for one in view.aggregate.values()], f"feature view `{name}`")
    for name, model in config.model.items():
        if model.source == source:
            need([model.target], f"model `{name}`, whose target it is,")
            need([*model.features, *model.request], f"model `{name}`")
    return needed


# -- asking -----------------------------------------------------------------------------------------------------------


def get_contract(workspace: Workspace, source: str, version: int | None = None) -> Contract:
    """A version of a source's contract; default: the newest.

    Raises:
        NotFound: no such source or version, or no file of it was accepted yet.
    """
    found = list_contracts(workspace, source)
    if not found:
        raise NotFound(f"source `{source}` has no contract yet", "its first accepted file gives it one")
    wanted = found[-1].version if version is None else version
    for one in found:
        if one.version == wanted:
            return one
    raise NotFound(f"source `{source}` has no contract {wanted}", f"it has versions 1 to {found[-1].version}")


def list_contracts(workspace: Workspace, source: str) -> list[Contract]:
    """Every version of a source's contract, oldest first.

    Raises:
        NotFound: no source is called so.
    """
    found = workspace.datasets.list_contracts(source)
    known = list(workspace.config().source)
    if not found and source not in known:
        raise NotFound(f"no source is called `{source}`", nearest(source, known))
    return found


# -- freshness --------------------------------------------------------------------------------------------------------


def is_stale(table: SourceTable, newest_at: datetime | None, now: datetime) -> bool:
    """Whether a source's newest row is older than its `freshness`; False where nothing is known or declared."""
    return table.freshness is not None and newest_at is not None and newest_at < now - duration(table.freshness)


def freshness_notes(workspace: Workspace, source: str, table: SourceTable, newest_at: datetime | None) -> list[str]:
    """The note on a file after which its source is still stale.

    Args:
        workspace: the lab.
        source: whose the file is.
        table: its declaration.
        newest_at: the newest timestamp of the file's rows.
    """
    known = [one for one in (newest_at, workspace.datasets.newest_at(source)) if one is not None]
    newest = max(known, default=None)
    if newest is None or not is_stale(table, newest, workspace.clock()):
        return []
    return [f"stale: the newest row of {source} is of {newest:%Y-%m-%d %H:%M} UTC, more than {table.freshness} ago"]
