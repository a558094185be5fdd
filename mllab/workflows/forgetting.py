"""Rows of a source erased for good on request, with everything that was kept of them elsewhere.

The job holds no value of the rows: whose they are stands in an artifact with a random salt, the wish, which is the
last thing that is erased. Each step may be done again after a crash.
"""

import secrets
from typing import Any

import msgspec

from mllab.config import nearest
from mllab.errors import InvalidInput
from mllab.records import DataFile, DatasetVersion, Erasure, FileStatus, Forget, Job, Lane, TrainingSet
from mllab.steps.forgetting import plain_forms, read_value
from mllab.steps.tables import counted, shown
from mllab.store.datasets import Datasets
from mllab.store.ids import new_id
from mllab.store.redacting import Place, places_of, redact
from mllab.store.writer import Transaction
from mllab.workflows.accounting import conclude, count_erased, find_erasure, said
from mllab.workflows.erasing import (
    drop_stale_views,
    orphans,
    readers_stopped,
    stale_wishes,
    unregistered,
    versions_that_show,
)
from mllab.workflows.ingest import get_source
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.materialize import refresh_views
from mllab.workflows.retracting import versioned
from mllab.workflows.workspace import Workspace

_WHY = "rows forgotten on request"
_POISON = ("crash", "memory", "timeout")


def queue_forgetting(workspace: Workspace, command: Forget) -> Job:
    """Put an erasure into the queue.

    Raises:
        NotFound: no such source.
        InvalidInput: no key, no such column, a value that its column cannot hold, or a reason that says the value.
    """
    source = get_source(workspace.config(), command.source)
    _check(workspace, command)
    secret = {"salt": secrets.token_hex(16), "source": source, "key": command.key}
    wish = workspace.artifacts.put(msgspec.json.encode(secret))
    args = {
        "wish": wish,
        "erasure_id": new_id("erasure"),
        "columns": list(command.key),
        "reason": command.reason,
    }

    def put(tx: Transaction) -> Job:
        job = new_job("forget", Lane.INTAKE, source, tx.now, **args)
        return queue(tx, job, f"forgetting rows of {source} queued")

    return workspace.db.write(put)


def _check(workspace: Workspace, command: Forget) -> None:
    schema = workspace.datasets.source_state(command.source).schema
    if schema is None:
        raise InvalidInput(f"source `{command.source}` has no accepted data yet", "nothing of it can be forgotten")
    if not command.key:
        raise InvalidInput("it is not said whose rows to forget", "give a column and its value: --key COLUMN=VALUE")
    types = {field.name: field.dtype for field in schema.fields}
    for name, text in command.key.items():
        if name not in types:
            raise InvalidInput(f"source `{command.source}` has no column `{name}`", nearest(name, list(types)))
        if read_value(text, types[name]) is None:
            raise InvalidInput(f"no cell of the column `{name}` can hold that value", f"it holds {types[name].value}")
        if command.reason and text.strip() in command.reason:
            raise InvalidInput("the reason says the value that is to be forgotten", "say it in other words")


# -- the job ----------------------------------------------------------------------------------------------------------


def forget(context: JobContext) -> dict[str, Any]:
    """The job: find the rows, put the data in force without them, then erase every trace."""
    workspace, wish = context.workspace, context.job.args["wish"]
    if not workspace.artifacts.has(wish):
        return _result(find_erasure(context))
    key: dict[str, str] = msgspec.json.decode(workspace.artifacts.get(wish))["key"]
    rows = context.step("rows", {"wish": wish}, lambda: _find(context))
    workspace.db.write(lambda tx: _put_in_force(context, tx, rows))
    stopped = readers_stopped(context)
    samples = context.step("samples", {"wish": wish}, lambda: _sample_sets(context, rows))
    showing = versions_that_show(workspace, samples["digests"], _forms(context, key))
    workspace.db.write(lambda tx: _redirect(context, tx, samples, showing))
    if rows["parts"]:
        refresh_views(context)
        drop_stale_views(context)
    context.step("answers", {"wish": wish}, lambda: _forget_answers(context, key))
    for digest in (*_to_erase(context, rows, samples), *unregistered(context, _forms(context, key))):
        workspace.artifacts.erase(digest)
    places = [place for text in key.values() for place in places_of(workspace.db, shown(text.strip()))]
    workspace.db.write(lambda tx: _conclude(context, tx, places))
    stopped.go_on()
    workspace.db.compact()
    for digest in (*stale_wishes(context, key), wish):
        workspace.artifacts.erase(digest)
    return _result(find_erasure(context))


def _forms(context: JobContext, key: dict[str, str]) -> dict[str, list[Any]]:
    """Column to the value in every form that JSON may hold it in."""
    schema = context.workspace.datasets.source_state(context.job.subject).schema
    types = {field.name: field.dtype for field in schema.fields} if schema else {}
    return {name: list(plain_forms(text, types[name])) for name, text in key.items()}


def _find(context: JobContext) -> dict[str, Any]:
    """Which parts and files hold the rows, and the parts in force without them."""
    workspace, source = context.workspace, context.job.subject
    latest = workspace.datasets.latest_dataset(source)
    parts = {part for one in workspace.datasets.list_datasets(source) for part in one.parts}
    parts |= set(workspace.datasets.parts_of(source)) | set(workspace.datasets.unkept_parts(source))
    received = workspace.datasets.list_files(source) + workspace.datasets.list_files(None, FileStatus.WAITING)
    files = {
        one.sha256: {
            "sha256": one.sha256,
            "name": one.name,
            "rejected": one.rejected_digest,
            "is_poison": one.code in _POISON,
        }
        for one in received
    }
    inputs = {
        "wish": context.job.args["wish"],
        "table": context.config.source[source],
        "schema": workspace.datasets.source_state(source).schema,
        "parts": sorted(parts),
        "kept": latest.parts if latest else (),
        "files": list(files.values()),
    }
    found: dict[str, Any] = context.run_task("forget_rows", inputs)
    by_part = workspace.datasets.parts_of(source)
    found["files"] = sorted({*found["files"], *(sha for part in found["parts"] for sha in by_part.get(part, ()))})
    found["old_rejected"] = {sha: files[sha]["rejected"] for sha in found["rejected"]}
    return found


def _put_in_force(context: JobContext, tx: Transaction, rows: dict[str, Any]) -> None:
    """A dataset version without the rows, and files that say so; done once, whenever it is tried."""
    latest = Datasets.latest_in(tx, context.job.subject)
    held = [rows["parts"][part] for part in latest.parts if part in rows["parts"]] if latest is not None else []
    if latest is not None and held:
        parts, n_rows = _parts_left(latest, rows["parts"])
        versioned(context.workspace, tx, context.say, latest, parts, n_rows, _WHY)
    n_files = 0
    for sha256 in sorted({*rows["files"], *rows["rejected"]}):
        file = Datasets.file_in(tx, sha256)
        if file is not None and (change := _change(tx, file, rows)):
            n_removed = rows["parts"][file.part_digest]["n_removed"] if "n_rows" in change else 0
            erased = ", its received bytes are erased" if "erased_at" in change else ""
            text = f"{file.name}: {counted(n_removed, 'row')} forgotten{erased}"
            context.say(tx, "datafile.forgotten", sha256, text, {"sha256": sha256, **change})
            n_files += "erased_at" in change
    count_erased(context, tx, n_rows=sum(one["n_removed"] for one in held), n_files=n_files)


def _change(tx: Transaction, file: DataFile, rows: dict[str, Any]) -> dict[str, Any]:
    """What becomes of a file that holds such rows; nothing where that was done before."""
    change: dict[str, Any] = {}
    if file.erased_at is None and file.sha256 in rows["files"]:
        change["erased_at"] = tx.now
    part = rows["parts"].get(file.part_digest)
    if part is not None:
        change |= {"part_digest": part["part"], "n_rows": part["n_rows"]}
    if file.sha256 in rows["rejected"] and file.rejected_digest == rows["old_rejected"][file.sha256]:
        change["rejected_digest"] = rows["rejected"][file.sha256]
    return change


def _parts_left(latest: DatasetVersion, changed: dict[str, Any]) -> tuple[tuple[str, ...], int]:
    parts: list[str] = []
    n_rows = latest.n_rows
    for old in latest.parts:
        new = changed[old]["part"] if old in changed else old
        n_rows -= changed[old]["n_removed"] if old in changed else 0
        if new in parts:  # what is left are the very rows of another file
            n_rows -= changed[old]["n_rows"] if old in changed else 0
        elif new is not None:
            parts.append(new)
    return tuple(parts), n_rows


def _sample_sets(context: JobContext, rows: dict[str, Any]) -> dict[str, Any]:
    """Training sets that hold the rows: old artifact to new, and the digests of those sets."""
    workspace, source = context.workspace, context.job.subject
    held = [one.version for one in workspace.datasets.list_datasets(source) if set(one.parts) & set(rows["parts"])]
    frozen = workspace.datasets.training_sets_from(source, held)
    inputs = {
        "wish": context.job.args["wish"],
        "schema": workspace.datasets.source_state(source).schema,
        "parts": sorted(rows["parts"]),
        "sets": {one.artifact: _own_key(workspace, one, source) for one in frozen},
    }
    changed: dict[str, str] = context.run_task("forget_samples", inputs)["sets"] if frozen else {}
    return {"sets": changed, "digests": [one.digest for one in frozen if one.artifact in changed]}


def _own_key(workspace: Workspace, one: TrainingSet, source: str) -> list[str] | None:
    """What identified the samples of a training set, where they are the source's own rows."""
    config = workspace.config_at(one.config_digest)
    return list(config.source[source].key) if config.model[one.model].source == source else None


def _redirect(context: JobContext, tx: Transaction, samples: dict[str, Any], showing: list[str]) -> None:
    count_erased(context, tx, training_sets=samples["digests"], versions=showing)
    for digest in samples["digests"]:
        one = tx.one(TrainingSet, "SELECT * FROM training_sets WHERE digest = ?", digest)
        if one is not None and one.artifact in samples["sets"]:
            said = f"training set {digest[:12]} of {one.model} lost rows that were forgotten on request"
            change = {"digest": digest, "artifact": samples["sets"][one.artifact]}
            context.say(tx, "training_set.reduced", digest, said, change)


def _forget_answers(context: JobContext, key: dict[str, str]) -> dict[str, int]:
    workspace, forms = context.workspace, _forms(context, key)
    workspace.predictions.retire_segments()
    n_predictions = workspace.predictions.forget(forms)
    workspace.db.write(lambda tx: count_erased(context, tx, n_predictions=n_predictions))
    return {"n": n_predictions}


def _to_erase(context: JobContext, rows: dict[str, Any], samples: dict[str, Any]) -> list[str]:
    """Digests of what holds the rows, but for what other sources have of their own."""
    old = {*rows["parts"], *rows["files"], *rows["old_rejected"].values(), *samples["sets"]}
    if rows["parts"]:
        old |= set(orphans(context))
    datasets = context.workspace.datasets
    named = {part for one in datasets.list_datasets() if one.source != context.job.subject for part in one.parts}
    named |= {digest for one in datasets.list_files() for digest in (one.part_digest, one.rejected_digest) if digest}
    return sorted(old - named - set(samples["sets"].values()))


def _conclude(context: JobContext, tx: Transaction, places: list[Place]) -> None:
    for place in places:
        redact(tx, place)
    conclude(context, tx)


def _result(made: Erasure | None) -> dict[str, Any]:
    if made is None:
        return {"text": "nothing of it was found"}
    return {"text": said(made), "erasure": msgspec.to_builtins(made)}
