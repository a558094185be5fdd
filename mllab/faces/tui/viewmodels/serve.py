"""Serving in words: deployments and their traffic, logged answers, what a model asks for, how an answer came about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mllab.faces.text import show
from mllab.faces.tui.viewmodels.answer import judged
from mllab.faces.tui.viewmodels.lineage import lineage
from mllab.faces.tui.viewmodels.page import BLANK, Line, facts, joined, part, title
from mllab.faces.tui.viewmodels.traffic import percentiles
from mllab.faces.tui.viewmodels.words import class_name, count, latency, moment, progress_bar, stamp
from mllab.records import Deployment, Label, ModelTraffic, Prediction, Served, TraceNode, TrafficStats

_BAR = 12
_NAME = 24


class Row(NamedTuple):
    """One deployment with what its model has answered."""

    deployment: Deployment
    traffic: ModelTraffic | None
    """None before the first answer, and without a host."""


def rows(deployments: Sequence[Deployment], stats: TrafficStats | None) -> list[Row]:
    """The deployments, by model."""
    models = stats.models if stats else {}
    return [Row(one, models.get(one.model)) for one in deployments]


def answered(row: Row) -> str:
    """Requests that this model has answered since the host's start."""
    return f"{row.traffic.n_predictions:,}" if row.traffic else "-"


def p95(row: Row) -> str:
    """The time that 95 of 100 answers did not exceed."""
    return latency(row.traffic.p95_seconds) if row.traffic else "-"


def headline(n_models: int, n_predictions: int) -> str:
    """`1 model answers · 1,204 predictions`."""
    models = f"{count(n_models, 'model')} answer{'s' if n_models == 1 else ''}" if n_models else "no model answers"
    return f"{models} · {count(n_predictions, 'prediction')} logged"


# -- predictions -------------------------------------------------------------------------------------------------------


def probability(prediction: Prediction) -> float | None:
    """Of the positive class, which is the second of two; of the answer where there are more classes."""
    chances = prediction.probabilities
    if not chances:
        return None
    if len(chances) == 2:
        return list(chances.values())[1]
    return chances.get(class_name(prediction.value))


def chance(prediction: Prediction) -> str:
    """That as text; `-` for a regression."""
    found = probability(prediction)
    return "-" if found is None else f"{found:.3f}"


def model_version(prediction: Prediction) -> str:
    """`churn v3`."""
    return f"{prediction.model} v{prediction.version}"


def asked(prediction: Prediction) -> str:
    """The request in a line: what was sent, as far as there is room."""
    return show({name: value for name, value in prediction.request.items() if value is not None})


def prediction_title(prediction: Prediction) -> str:
    """`true by churn version 3`."""
    return f"{show(prediction.value)} by {prediction.model} version {prediction.version}"


def prediction_page(
    prediction: Prediction, label: Label | None, made_from: TraceNode | None, now: datetime
) -> list[Line]:
    """Answer, the truth, request, what the model saw, lineage.

    Args:
        prediction: the answer.
        label: the truth, where it has arrived.
        made_from: its lineage; None while that is not loaded.
        now: the present moment.
    """
    added = {name: value for name, value in prediction.features.items() if name not in prediction.request}
    told = [
        ("asked", moment(prediction.at, now)),
        ("observed", moment(label.observed_at, now) if label else ""),
        ("as of", stamp(prediction.as_of) if prediction.as_of != prediction.at else ""),
        ("id", prediction.prediction_id),
    ]
    parts = [
        [*_chances(prediction), *_truth(prediction, label), *facts(told)],
        part("request", _values(prediction.request)),
        part("looked up and computed", _values(added)),
        part("made from", [line for node in made_from.children for line in lineage(node)] if made_from else []),
    ]
    return joined(parts)


def _truth(prediction: Prediction, label: Label | None) -> list[Line]:
    if label is None:
        return []
    return [judged("truth", prediction.value, label.label, is_class=prediction.probabilities is not None)]


def _chances(prediction: Prediction) -> list[Line]:
    chances = prediction.probabilities or {}
    n_name = min(max((len(name) for name in chances), default=0), _NAME)
    most = max(chances.values(), default=0.0)
    return [
        Line(f"{name:<{n_name}} {progress_bar(value, _BAR)} {value:.3f}", "bold" if value == most else "")
        for name, value in chances.items()
    ]


def _values(values: Mapping[str, Any]) -> list[Line]:
    return [Line(f"{one:<{_NAME}} {show(value)}") for one, value in values.items()]


EXPORTED = ("prediction_id", "model", "version", "at", "as_of", "value", "probability", "request")
"""Columns of an exported file."""


def exported(prediction: Prediction) -> tuple[Any, ...]:
    """A prediction's row in such a file."""
    return (
        *(prediction.prediction_id, prediction.model, prediction.version, prediction.at, prediction.as_of),
        *(prediction.value, probability(prediction), asked(prediction)),
    )


# -- a deployment ------------------------------------------------------------------------------------------------------


def deployment_title(row: Row) -> str:
    """`churn version 3 answers`."""
    return f"{row.deployment.model} version {row.deployment.version} answers"


def deployment_page(row: Row, served: Served | None, curl: str, now: datetime) -> list[Line]:
    """How long it answers and how fast, what it asks for, and a line to ask it with.

    Args:
        row: the deployment.
        served: its signature; None where that cannot be read.
        curl: a line for the shell; empty without a host.
        now: the present moment.
    """
    deployment, traffic = row.deployment, row.traffic
    told = [
        ("alias", deployment.alias),
        ("since", moment(deployment.deployed_at, now)),
        ("traffic", "100 %"),
        ("answered", f"{count(traffic.n_predictions, 'request')}" if traffic else "nothing yet"),
        ("p50 p95 p99", "  ".join(percentiles(traffic).values()) if traffic else ""),
    ]
    return joined([facts(told), _curl(curl), _asks_for(served)])


def _curl(curl: str) -> list[Line]:
    if not curl:
        return [Line("a line to ask it with comes once a host runs: `mllab up`", "$muted")]
    return [title("ask it from anywhere: C copies"), Line(curl)]


def _asks_for(served: Served | None) -> list[Line]:
    if served is None:
        return []
    example = served.bundle.request_example
    asked = [
        Line(f"{one.name:<{_NAME}} {one.dtype.value:<9} {show(example.get(one.name))}") for one in served.bundle.request
    ]
    classes = ", ".join(map(show, served.bundle.classes))
    target = f"{served.bundle.target}, {served.bundle.task.value}" + (f": {classes}" if classes else "")
    return [title("it asks for"), *asked, BLANK, title("and answers"), Line(target)]


# -- words for tables without rows ------------------------------------------------------------------------------------


def why_no_predictions(curl: str, is_up: bool, has_model: bool) -> str:
    """What belongs here, and how it comes here."""
    if not has_model:
        return "no predictions yet\n\na model answers once a version of it is promoted: 3 shows them, P promotes"
    if not is_up:
        return "no predictions yet\n\n9 asks with a form; for other programs `mllab up` starts a host"
    return f"no predictions yet: 9 asks with a form, or try this line, C copies it\n\n{curl}"
