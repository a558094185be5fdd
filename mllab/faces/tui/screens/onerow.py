"""What the Predict screen asks the lab for, in a worker thread: what a model takes, and its answer to one row."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mllab.errors import InvalidInput, NotFound
from mllab.faces.tui.viewmodels import predict as view
from mllab.faces.tui.viewmodels.answer import Asked, Told
from mllab.faces.tui.viewmodels.models import find_champion
from mllab.lab import Lab
from mllab.records import Answer, FileStatus, ModelSummary, Served


class Seen(NamedTuple):
    """What is loaded."""

    models: Sequence[ModelSummary]
    served: Served | None
    url: str | None
    """Where the host answers."""
    standing: view.Standing | None
    """Where no version answers: what is known of the model."""


class Outcome(NamedTuple):
    """What came of asking: one of the two."""

    told: Told | None
    refused: InvalidInput | None


def look(lab: Lab, only: str | None, chosen: str | None) -> Seen:
    """The model's signature; where it has none, what keeps it from answering.

    Args:
        lab: is asked.
        only: the one model that every screen shows.
        chosen: the model chosen on this screen.
    """
    models = lab.models()
    model = view.pick(models, only, chosen)
    if model is not None and find_champion(model):
        return Seen(models, lab.signature(model.name), lab.status().url, None)
    return Seen(models, None, None, _standing(lab, model, only, len(models)))


def _standing(lab: Lab, model: ModelSummary | None, only: str | None, n_models: int) -> view.Standing:
    runs = lab.list_runs(model=model.name, limit=1) if model is not None else []
    return view.Standing(
        model=model,
        only=only,
        n_models=n_models,
        open_jobs=lab.jobs(open_only=True),
        newest_run=runs[0] if runs else None,
        has_data=bool(lab.dataset_versions()),
        n_refused=len(lab.data_files(status=FileStatus.QUARANTINED)),
    )


def ask(lab: Lab, served: Served, asked: Asked) -> Outcome:
    """Ask a model about one row; a refusal is an outcome, too.

    Raises:
        LabError: the model cannot answer at all.
    """
    began = time.perf_counter()
    try:
        answer = lab.predict(served.model, [asked.values], explain=True)
    except InvalidInput as error:
        return Outcome(None, error)
    seconds = time.perf_counter() - began
    by = served if answer.version == served.version else lab.signature(served.model, version=answer.version)
    return Outcome(Told(asked, answer, by.bundle, _features(lab, answer, asked), seconds), None)


def _features(lab: Lab, answer: Answer, asked: Asked) -> Mapping[str, Any]:
    """What the model saw; beside a host its log may not have come in yet: then what was sent."""
    try:
        return lab.prediction(answer.prediction_ids[0]).features
    except NotFound:
        return asked.values
