"""A file becomes part of a dataset: received by digest, read in the engine, accepted, quarantined or waiting."""

import os
import stat
from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from mllab.config import LabConfig, nearest
from mllab.engine import StepDied
from mllab.errors import Conflict, InvalidInput, LabError, NotFound, Unavailable
from mllab.records import (
    DataFile,
    DatasetVersion,
    FileStatus,
    Job,
    Lane,
    Refusal,
)
from mllab.store.datasets import Datasets
from mllab.store.writer import Transaction
from mllab.workflows.contracts import adopt, freshness_notes, needed_columns
from mllab.workflows.hashing import digest_of
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.materialize import add_online, refresh_views
from mllab.workflows.retracting import replaced
from mllab.workflows.workspace import Workspace


class Changed(LabError):
    """The file changed while it was copied: look again later."""


def receive(
    workspace: Workspace,
    path: Path,
    name: str,
    *,
    source: str | None = None,
    keep: bool = False,
    args: Mapping[str, Any] | None = None,
) -> Job | None:
    """Take a whole file in: keep its bytes, queue its intake, remove it from where it lay.

    Args:
        workspace: the lab.
        path: a regular file, not a link.
        name: how to call it: its path below the inbox.
        source: whose it is, where that is known already.
        keep: leave the file where it is.
        args: more arguments of the intake job.

    Returns:
        The queued job; None where these bytes were taken before.

    Raises:
        Changed: it changed meanwhile. InvalidInput: not a regular file. Unavailable: no room.
    """
    digest, n_bytes, origin = _copy(workspace, path)
    known = workspace.datasets.find_file(digest)
    if known is not None and known.erased_at is not None:
        workspace.artifacts.erase(digest)
    job: Job | None = None
    if known is None:
        job = workspace.db.write(lambda tx: _received(workspace, tx, digest, name, n_bytes, origin, source, args or {}))
    elif known.status is FileStatus.QUARANTINED and known.origin != origin:
        job = queue_intake(workspace, known, source or known.source, f"{name} dropped again")
    elif known.origin != origin:
        said = f"{name} holds the same bytes as {known.name}, which {_stands(known)}"
        workspace.db.write(lambda tx: tx.emit("datafile.repeated", digest, said, {"sha256": digest}))
    if not keep:
        _remove(path, origin)
    return job


def _stands(known: DataFile) -> str:
    if known.erased_at is not None:
        return "were erased on request; send it without the rows that were"
    if known.status is FileStatus.RETRACTED:
        return f"is retracted; `mllab data retry {known.sha256[:12]}` takes it again"
    return f"is {known.status.value} already"


def _copy(workspace: Workspace, path: Path) -> tuple[str, int, str]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise Changed(f"{path.name} is gone") from error
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error.strerror}", "give a readable regular file") from error
    with os.fdopen(handle, "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise InvalidInput(f"{path.name} is not a regular file", "links, pipes and devices are not taken in")
        digest, n_bytes = workspace.artifacts.take(file)
        after = os.fstat(file.fileno())
    if _origin(before) != _origin(after) or n_bytes != after.st_size:
        raise Changed(f"{path.name} changed while it was read")
    return digest, n_bytes, _origin(before)


def _origin(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}:{status.st_mtime_ns}:{status.st_size}"


def _remove(path: Path, origin: str) -> None:
    """Take the file out of the inbox, unless another one lies there by now."""
    try:
        if _origin(path.lstat()) == origin:
            path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise Unavailable(f"{path} cannot be removed: {error.strerror}", "mend the folder's permissions") from error


def _received(
    workspace: Workspace,
    tx: Transaction,
    digest: str,
    name: str,
    n_bytes: int,
    origin: str,
    source: str | None,
    args: Mapping[str, Any],
) -> Job:
    file = DataFile(sha256=digest, name=name, n_bytes=n_bytes, received_at=tx.now, origin=origin, source=source)
    tx.name(digest, "datafile")
    seq = tx.emit("datafile.received", digest, f"{name} received ({n_bytes:,} bytes)", file)
    job = new_job("intake", Lane.INTAKE, name, tx.now, sha256=digest, **args)
    return queue(tx, job, f"intake of {name} queued", seq)


def queue_intake(
    workspace: Workspace,
    file: DataFile,
    source: str | None,
    why: str,
    *,
    accept_schema: bool = False,
    args: Mapping[str, Any] | None = None,
) -> Job:
    """Take a file that waits, is in quarantine or was retracted again.

    With `accept_schema` its columns go into the contract; `args` are more arguments of the intake job.

    Raises:
        Conflict: it is accepted, or on its way, or its bytes were erased.
    """
    if file.status not in (FileStatus.WAITING, FileStatus.QUARANTINED, FileStatus.RETRACTED):
        hint = "only waiting, quarantined and retracted files can be taken again"
        raise Conflict(f"{file.name} is {file.status.value} already", hint)
    if file.erased_at is not None:
        raise Conflict(f"the bytes of {file.name} were erased on request", "send it without the rows that were")

    def again(tx: Transaction) -> Job:
        change = {"sha256": file.sha256, "status": FileStatus.RECEIVED, "source": source, "received_at": tx.now}
        cleared = {"code": None, "reason": None, "hint": None, "line": None, "diff": (), "replaced_by": None}
        seq = tx.emit("datafile.received", file.sha256, why, change | cleared)
        more = ({"accept_schema": True} if accept_schema else {}) | dict(args or {})
        job = new_job("intake", Lane.INTAKE, file.name, tx.now, sha256=file.sha256, **more)
        return queue(tx, job, f"intake of {file.name} queued", seq)

    return workspace.db.write(again)


# -- the job ----------------------------------------------------------------------------------------------------------


def intake(context: JobContext) -> dict[str, Any]:
    """Read one received file and decide where it ends; after the last one that waits, bring the views up to date."""
    result = _take_in(context)
    if context.job.args.get("push") and "version" in result:
        add_online(context, result["source"], result["part"])
    elif not context.workspace.jobs.has_queued(Lane.INTAKE, "intake"):
        refresh_views(context)
    return result


def _take_in(context: JobContext) -> dict[str, Any]:
    file = context.workspace.datasets.get_file(context.job.args["sha256"])
    if file.status is not FileStatus.RECEIVED:
        return {"text": f"{file.status.value} already"}
    config = context.config
    source, refusal = _whose(context, file, config)
    if refusal is not None:
        return _set_aside(context, file, refusal, FileStatus.WAITING)
    found = context.step("read", {"file": file.sha256, "source": source}, lambda: _read(context, file, source, config))
    if found.get("refusal"):
        return _set_aside(context, file, msgspec.convert(found["refusal"], Refusal), FileStatus.QUARANTINED, source)
    version = context.workspace.db.write(lambda tx: _accept(context, tx, file, source, found))
    said = f"{file.name} accepted into {source}"
    return {
        "text": said,
        "source": source,
        "version": version.version,
        "n_rows": found["n_rows"],
        "part": found["part"],
    }


def _whose(context: JobContext, file: DataFile, config: LabConfig) -> tuple[str, Refusal | None]:
    """The source a file belongs to, or why it has to wait."""
    if file.source is not None:
        if file.source not in config.source:
            why = f"source `{file.source}` is not declared"
            return "", Refusal(code="no_source", reason=why, hint=nearest(file.source, list(config.source)))
        return file.source, None
    found = sources_by_name(file.name, config)
    if not found:
        found = _sources_by_contract(context, file, config)
    if len(found) == 1:
        return found[0], None
    if found:
        why = f"it could belong to {', '.join(f'`{name}`' for name in found)}"
    else:
        why = "no source's folder, file pattern or contract fits it"
    return "", Refusal(code="no_source", reason=why, hint=f"mllab data assign {file.name} SOURCE")


def sources_by_name(name: str, config: LabConfig) -> list[str]:
    """Sources a file belongs to by the folder it was dropped in, else by its name."""
    parts = PurePosixPath(name).parts
    if len(parts) > 1 and parts[0] in config.source:
        return [parts[0]]
    return [
        source
        for source, table in config.source.items()
        if any(fnmatch(parts[-1], pattern) for pattern in table.patterns())
    ]


def _sources_by_contract(context: JobContext, file: DataFile, config: LabConfig) -> list[str]:
    candidates = {}
    for name, table in config.source.items():
        state = context.workspace.datasets.source_state(name)
        if state.raw_schema is not None:
            candidates[name] = {"table": table, "raw_schema": state.raw_schema}
    if not candidates:
        return []
    inputs = {"sha256": file.sha256, "name": file.name, "candidates": candidates}
    fitting: list[str] = context.step("match", inputs, lambda: context.run_task("match", inputs))["sources"]
    return fitting


def _read(context: JobContext, file: DataFile, source: str, config: LabConfig) -> dict[str, Any]:
    state = context.workspace.datasets.source_state(source)
    version = context.workspace.datasets.find_config(context.job.config_digest or "")
    dataset = context.workspace.datasets.latest_dataset(source)
    table, accepts = config.source[source], bool(context.job.args.get("accept_schema"))
    inputs = {
        "sha256": file.sha256,
        "name": file.name,
        "table": table,
        "zone": config.zone_of(source),
        "raw_schema": state.raw_schema,
        "schema": state.schema,
        "features": version.features_digest if version else None,
        "now": context.workspace.clock(),
        "parts": dataset.parts if dataset is not None and any(one.unique for one in table.fields.values()) else (),
        "needed": needed_columns(config, source) if accepts else None,
    }
    try:
        found: dict[str, Any] = context.run_task("read_file", inputs)
    except StepDied as error:
        return {"refusal": Refusal(code=error.code, reason=error.message, hint=error.hint)}
    except InvalidInput as error:
        return {"refusal": Refusal(code="declaration", reason=error.message, hint=error.hint)}
    return found


def _set_aside(
    context: JobContext, file: DataFile, refusal: Refusal, status: FileStatus, source: str | None = None
) -> dict[str, Any]:
    place = f" line {refusal.line}" if refusal.line else ""
    old = context.workspace.datasets.find_file(context.job.args.get("replaces", ""))
    stays = f"; {old.name} stays" if old is not None else ""
    said = f"{file.name} {status.value}: {refusal.code}{place}: {refusal.reason}{stays}"
    change = {
        "sha256": file.sha256,
        "status": status,
        "source": source or file.source,
        "code": refusal.code,
        "reason": refusal.reason,
        "hint": refusal.hint,
        "line": refusal.line,
        "diff": refusal.diff,
    }
    context.emit(f"datafile.{status.value}", file.sha256, said, change)
    return {"text": said, "code": refusal.code}


def _accept(context: JobContext, tx: Transaction, file: DataFile, source: str, found: dict[str, Any]) -> DatasetVersion:
    """File, contract and dataset version in one transaction."""
    contract_version = adopt(context, tx, source, file, found)
    newest_at = msgspec.convert(found["newest_at"], datetime | None)
    stale = freshness_notes(context.workspace, source, context.config.source[source], newest_at)
    rejected = f", {found['n_rejected']:,} rejected" if found["n_rejected"] else ""
    change = {
        "sha256": file.sha256,
        "status": FileStatus.ACCEPTED,
        "source": source,
        "n_rows": found["n_rows"],
        "n_rejected": found["n_rejected"],
        "part_digest": found["part"],
        "rejected_digest": found["rejected"],
        "notes": [*found["notes"], *stale],
        "n_nulled": found["n_nulled"],
        "contract_version": contract_version,
        "diff": found["diff"],
        "newest_at": newest_at,
    }
    said = f"{file.name} accepted into {source}: {found['n_rows']:,} rows{rejected}"
    context.say(tx, "datafile.accepted", file.sha256, said, change)
    changed = replaced(context, tx, file, source, found)
    if changed is not None:
        return changed
    latest = Datasets.latest_in(tx, source)
    if latest is not None and found["part"] in latest.parts:
        return latest
    parts = (*(latest.parts if latest else ()), found["part"])
    version = DatasetVersion(
        source=source,
        version=latest.version + 1 if latest else 1,
        digest=digest_of(sorted(parts)),
        parts=parts,
        n_rows=(latest.n_rows if latest else 0) + found["n_rows"],
        created_at=tx.now,
    )
    said = f"{source} version {version.version}: {version.n_rows:,} rows in {len(parts)} files"
    context.say(tx, "dataset.versioned", source, said, version)
    return version


def get_source(config: LabConfig, name: str) -> str:
    """The name itself, where such a source is declared.

    Raises:
        NotFound: with the nearest name.
    """
    if name not in config.source:
        raise NotFound(f"no source is called `{name}`", nearest(name, list(config.source)))
    return name
