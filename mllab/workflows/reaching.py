"""Which artifacts something still names: rows, the files that rows name, and what scripts are logging just now."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from mllab.errors import LabError
from mllab.store.connect import Connection
from mllab.store.references import Named, named
from mllab.workflows.workspace import Workspace

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}")
_CHUNK = 1 << 20
_OVERLAP = 128
_PURGED = ("runs", "training_sets")


class Need(NamedTuple):
    """An artifact, and who names it."""

    digest: str
    by: str
    is_needed: bool
    """Whether it must be there."""


def needs(workspace: Workspace, connection: Connection, *, without: Collection[str] = ()) -> Iterator[Need]:
    """Every artifact that is named, each as often as it is.

    Args:
        workspace: the lab.
        connection: what its database is read by.
        without: runs and training sets, by id and digest, that are read as if they were purged.
    """
    yield from _in_journals(workspace)  # before the rows: what is brought in meanwhile is found there
    opened: set[str] = set()
    for one in named(connection):
        if one.reference.table in _PURGED and one.owner in without:
            continue
        yield Need(one.digest, f"{one.owner} ({one.reference.table}.{one.reference.column})", one.reference.is_needed)
        if one.reference.opens and one.digest not in opened:
            opened.add(one.digest)
            yield from _inside(workspace, one)


def _inside(workspace: Workspace, one: Named) -> Iterator[Need]:
    """What a bundle or a recipe names; of a bundle that is its booster, and some digests that are no artifacts."""
    try:
        content = workspace.artifacts.get(one.digest)
    except LabError:
        return  # it is missing or damaged itself
    for digest in _DIGEST.findall(content):
        yield Need(digest.decode(), f"{one.reference.opens} of {one.owner}", False)


def _in_journals(workspace: Workspace) -> Iterator[Need]:
    """Artifacts in what scripts have logged and nobody has brought in yet."""
    for path in workspace.journals.paths():
        rest = b""
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    for digest in _DIGEST.findall(rest + chunk):
                        yield Need(digest.decode(), f"journal {path.name}", False)
                    rest = (rest + chunk)[-_OVERLAP:]
        except FileNotFoundError:
            continue  # brought in just now
