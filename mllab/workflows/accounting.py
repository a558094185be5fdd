"""The record of an erasure, added to in the very transactions that erase.

So a job that is broken off, and tried again, counts everything once.
"""

from collections.abc import Iterable

import msgspec

from mllab.records import Erasure
from mllab.steps.tables import counted
from mllab.store.writer import Transaction
from mllab.workflows.jobs import JobContext

_FIND = "SELECT * FROM erasures WHERE erasure_id = ?"


def find_erasure(context: JobContext) -> Erasure | None:
    """What the job, or an earlier try of the same wish, has erased so far."""
    return context.workspace.db.one(Erasure, _FIND, context.job.args["erasure_id"])


def count_erased(
    context: JobContext,
    tx: Transaction,
    *,
    n_rows: int = 0,
    n_files: int = 0,
    n_predictions: int = 0,
    training_sets: Iterable[str] = (),
    versions: Iterable[str] = (),
) -> None:
    """Add what this transaction erases to the record; nothing where it erases nothing."""
    known = _erasure_in(context, tx)
    now = msgspec.structs.replace(
        known,
        n_rows=known.n_rows + n_rows,
        n_files=known.n_files + n_files,
        n_predictions=known.n_predictions + n_predictions,
        training_sets=tuple(dict.fromkeys((*known.training_sets, *training_sets))),
        versions=tuple(dict.fromkeys((*known.versions, *versions))),
    )
    if now != known:
        context.say(tx, "erasure.counted", now.erasure_id, f"erasing on request: {said(now)}", now)


def conclude(context: JobContext, tx: Transaction) -> None:
    """Say that the erasure is made, once; of one that found nothing nothing is said."""
    known = _erasure_in(context, tx)
    told = "SELECT 1 FROM events WHERE type = 'erasure.made' AND subject = ?"
    if tx.one(Erasure, _FIND, known.erasure_id) is None or tx.execute(told, known.erasure_id).fetchone():
        return
    tx.name(known.erasure_id, "erasure")
    context.say(tx, "erasure.made", known.erasure_id, said(known), msgspec.structs.replace(known, at=tx.now))


def said(made: Erasure) -> str:
    """An erasure in a sentence."""
    text = f"{counted(made.n_rows, 'row')} of {made.source} forgotten; the bytes of"
    text += f" {counted(made.n_files, 'received file')} and {counted(made.n_predictions, 'prediction')} are erased"
    if made.versions:
        text += f"; {', '.join(made.versions)} still holds one of its rows as an example: retrain"
    return text


def _erasure_in(context: JobContext, tx: Transaction) -> Erasure:
    args = context.job.args
    nothing = Erasure(
        erasure_id=args["erasure_id"],
        source=context.job.subject,
        key_digest=args["wish"],
        n_rows=0,
        n_files=0,
        n_predictions=0,
        reason=args["reason"],
        at=tx.now,
    )
    return tx.one(Erasure, _FIND, args["erasure_id"]) or nothing
