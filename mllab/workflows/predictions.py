"""Logged answers, found again; and the truth about them, once it arrives."""

from datetime import datetime
from typing import Any

import msgspec

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.records import Label, LogLabels, Prediction
from mllab.store.predictions import add_label
from mllab.store.writer import Transaction
from mllab.workflows.workspace import Workspace


def get_prediction(workspace: Workspace, prediction_id: str) -> Prediction:
    """One logged answer, also one that was given a moment ago.

    Raises:
        NotFound: no prediction has that id.
    """
    found = workspace.predictions.find(prediction_id)
    if found is None and workspace.db.writer is not None:
        workspace.predictions.bring_in()
        found = workspace.predictions.find(prediction_id)
    if found is None:
        raise NotFound(f"no prediction is called `{prediction_id}`", "use an id from an answer's `prediction_ids`")
    return found


def predictions(workspace: Workspace, model: str | None, limit: int, offset: int) -> list[Prediction]:
    """Logged answers, newest first; where this process gives them, up to the last one, else up to a second ago."""
    if workspace.db.writer is not None:
        workspace.predictions.bring_in()
    return workspace.predictions.list_predictions(model, limit, offset)


def log_labels(workspace: Workspace, command: LogLabels) -> dict[str, int]:
    """Keep the truth about earlier predictions; all or nothing.

    Raises:
        InvalidInput: a label without id or value. NotFound: an unknown prediction. Conflict: another label is known.
    """
    labels = [_label(workspace, one, place) for place, one in enumerate(command.labels)]
    fresh = []
    for label in labels:
        get_prediction(workspace, label.prediction_id)
        known = workspace.predictions.find_label(label.prediction_id)
        if known is not None and known.label != label.label:
            said = f"prediction {label.prediction_id} was labelled {known.label!r} before, now {label.label!r}"
            raise Conflict(said, "labels are not changed; send the one that was sent first")
        if known is None:
            fresh.append(label)

    def keep(tx: Transaction) -> None:
        for label in fresh:
            add_label(tx, label)
        if fresh:
            tx.emit("labels.received", "labels", f"{len(fresh):,} labels received", {"n_labels": len(fresh)})

    workspace.db.write(keep)
    return {"received": len(labels), "new": len(fresh)}


def _label(workspace: Workspace, given: dict[str, Any], place: int) -> Label:
    extra = sorted(given.keys() - {"prediction_id", "label", "observed_at"})
    if extra or "prediction_id" not in given or given.get("label") is None:
        why = f"unknown field `{extra[0]}`" if extra else "prediction_id and label are needed"
        problem = (f"/labels/{place}", "label", why)
        raise InvalidInput(f"label {place}: {why}", "send prediction_id, label and optionally observed_at", [problem])
    try:
        fields = {"observed_at": workspace.clock().isoformat()} | given
        observed = msgspec.convert(fields["observed_at"], datetime)
        return Label(
            prediction_id=str(given["prediction_id"]),
            label=given["label"],
            observed_at=observed,
            received_at=workspace.clock(),
        )
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"label {place}: observed_at is no time", "send RFC 3339, for example 2013-01-31T12:00:00Z"
        ) from error
