"""Definitions of feature views: as declared now, as a served version pins them, and as numbered versions.

A definition is its declaration and the code it calls; the same definition is the same version, whoever uses it.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from mllab.config import FeatureViewTable, nearest
from mllab.errors import LabError, NotFound
from mllab.records import Bundle, FeatureViewVersion
from mllab.records.base import Record
from mllab.steps.function_code import code_of
from mllab.store.writer import Transaction
from mllab.workflows.hashing import digest_of
from mllab.workflows.workspace import Workspace

_NO_MEANING = ("description", "owner", "tags", "transform")
"""Keys of a view's table that change nothing of its rows; transforms belong to the models that fit them."""


class Definition(Record, frozen=True, kw_only=True):
    """A feature view as one declaration has it."""

    view: str
    table: FeatureViewTable
    timestamp: str
    key: tuple[str, ...]
    created_timestamp: str | None
    code: str | None
    digest: str
    """Names the definition: another declaration or other code is another view to the stores."""
    config_digest: str
    features_digest: str | None
    """The `features.py` that its function is taken from."""


def definition(workspace: Workspace, config_digest: str, name: str) -> Definition:
    """A view of an accepted declaration.

    Raises:
        NotFound: the declaration is not known here, or has no such view.
    """
    config, accepted = workspace.config_at(config_digest), workspace.datasets.find_config(config_digest)
    if name not in config.feature_view:
        raise NotFound(f"no feature view is called `{name}`", nearest(name, list(config.feature_view)))
    table = config.feature_view[name]
    source = config.source[table.source]
    features_digest = accepted.features_digest if accepted else None
    code = None
    if table.function is not None and features_digest is not None:
        code = code_of(workspace.artifacts.get(features_digest).decode(), table.function)
    timestamp = table.timestamp or source.timestamp or ""
    meaning = [name, _meaning(table), timestamp, source.key, source.created_timestamp, code]
    return Definition(
        view=name,
        table=table,
        timestamp=timestamp,
        key=source.key,
        created_timestamp=source.created_timestamp,
        code=code,
        digest=digest_of(meaning),
        config_digest=config_digest,
        features_digest=features_digest,
    )


def _meaning(table: FeatureViewTable) -> dict[str, Any]:
    """What of a declaration decides about rows and values."""
    fields: dict[str, Any] = msgspec.to_builtins(table)
    return {name: value for name, value in fields.items() if name not in _NO_MEANING}


def declared(workspace: Workspace) -> list[Definition]:
    """The views of the declaration accepted last, in its order."""
    latest = workspace.datasets.latest_config()
    if latest is None:
        return []
    return [definition(workspace, latest.digest, name) for name in workspace.config_at(latest.digest).feature_view]


def in_use(workspace: Workspace) -> list[Definition]:
    """Every view whose rows are kept: the declared ones, and those that versions under an alias pin."""
    found = {one.digest: one for one in declared(workspace)}
    for _, _, bundle in aliased_bundles(workspace):
        for name in bundle.views:
            one = definition(workspace, bundle.config_digest, name)
            found.setdefault(one.digest, one)
    return list(found.values())


def aliased_bundles(workspace: Workspace) -> Iterator[tuple[str, int, Bundle]]:
    """Model, version and bundle of every version under an alias; those whose bundle is gone are left out."""
    for model in workspace.registry.list_models():
        for number in sorted(set(workspace.registry.aliases(model.name).values())):
            made = workspace.registry.get_version(model.name, number)
            if not made.bundle:
                continue
            try:
                content = workspace.artifacts.get(made.bundle)
            except LabError:
                continue  # serving says so; here there is nothing to keep rows for
            yield model.name, number, msgspec.json.decode(content, type=Bundle)


def ensure_version(workspace: Workspace, tx: Transaction, one: Definition) -> FeatureViewVersion:
    """The numbered version of a definition, made at its first use."""
    known = workspace.features.find_version(one.digest)
    if known is not None:
        return known
    known = tx.one(FeatureViewVersion, "SELECT * FROM feature_views WHERE digest = ?", one.digest)
    if known is not None:
        return known
    number = int(
        tx.execute("SELECT coalesce(max(version), 0) + 1 FROM feature_views WHERE view = ?", one.view).fetchone()[0]
    )
    made = FeatureViewVersion(
        view=one.view,
        version=number,
        digest=one.digest,
        source=one.table.source,
        declaration=msgspec.to_builtins(one.table),
        timestamp=one.timestamp,
        key=one.key,
        created_timestamp=one.created_timestamp,
        code=one.code,
        config_digest=one.config_digest,
        created_at=tx.now,
    )
    tx.emit("feature_view.versioned", one.view, f"feature view {one.view} version {number}", made)
    return made
