"""Serve: whether and how fast models answer, which version of each does, what was answered last."""

import contextlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from textual import on
from textual.app import ComposeResult

from mllab.errors import LabError, NotFound
from mllab.faces.text import curl, show
from mllab.faces.tui.screens.stacked import StackedScreen
from mllab.faces.tui.screens.windows import MOST_EXPORTED, PredictionRows
from mllab.faces.tui.viewmodels import serve as view
from mllab.faces.tui.viewmodels import traffic
from mllab.faces.tui.viewmodels.page import Line
from mllab.faces.tui.viewmodels.words import clock, day_and_time
from mllab.faces.tui.widgets.dialogs import confirm
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.trafficlines import TrafficLines
from mllab.faces.tui.widgets.vtable import Column, VTable
from mllab.lab import Lab
from mllab.records import Label, Prediction, Served, TraceNode, TrafficStats

_NO_MODELS = "no model answers yet: a version does once it is promoted, 3 shows the versions"
_OFF = (
    "Callers of the prediction routes get 503 until o switches them on again.\n"
    "The host goes on: files are taken in, models are trained, this screen works.\n"
    "A restart of the host switches serving on."
)


class Seen(NamedTuple):
    """All that is shown beside the windows of the table of predictions."""

    stats: TrafficStats | None
    trouble: str
    """Why the host does not answer."""
    rows: list[view.Row]
    served: Served | None
    """The signature of the chosen model."""
    newest: str | None
    """Id of the newest prediction."""
    n_predictions: int
    label: Label | None
    """The truth about the prediction under the cursor, where it has arrived."""
    model: str | None
    """The one that is shown; None for all."""


class ServeScreen(StackedScreen):
    """State and traffic, deployments, predictions."""

    NAME = "serve"
    MAIN = "predictions"
    AUTO_FOCUS = "#predictions"
    FOLLOWS = frozenset({"deployment", "predictions", "serving", "alias", "version", "labels"})

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._seen: Seen | None = None
        self._samples: tuple[traffic.Sample, ...] = ()
        self._signatures: dict[tuple[str, int], Served | None] = {}
        self._lineages: dict[str, TraceNode] = {}

    def stack(self) -> ComposeResult:
        """Lines and both tables."""
        yield TrafficLines()
        yield VTable[view.Row](self._deployment_columns(), empty=_NO_MODELS, id="deployments", classes="few")
        yield VTable[Prediction](self._prediction_columns(), follow_top=True, id="predictions")

    def on_mount(self) -> None:
        """Deployments are few."""
        self.fit_lines(self._deployments, 0)

    def _deployment_columns(self) -> list[Column[view.Row]]:
        def since(row: view.Row) -> str:
            return day_and_time(row.deployment.deployed_at)

        return [
            Column(id="model", title="model", cell=lambda row: row.deployment.model, width=13, grow=True),
            Column(id="version", title="version", cell=lambda row: str(row.deployment.version), width=7, right=True),
            Column(id="alias", title="alias", cell=lambda row: row.deployment.alias, width=9),
            Column(id="share", title="traffic", cell=lambda _: "100 %", width=7, right=True),
            Column(id="age", title="age", cell=lambda row: self.age(row.deployment.deployed_at), width=4, right=True),
            Column(id="answered", title="answered", cell=view.answered, width=8, right=True),
            Column(id="p95", title="p95", cell=view.p95, width=8, right=True),
            Column(id="since", title="since", cell=since, width=11),
        ]

    def _prediction_columns(self) -> list[Column[Prediction]]:
        return [
            Column(id="time", title="time", cell=self._clock, width=11),
            Column(id="answer", title="answer", cell=lambda one: show(one.value), width=8),
            Column(id="chance", title="prob.", cell=view.chance, width=5, right=True),
            Column(id="request", title="request", cell=view.asked, width=18, grow=True),
            Column(id="model", title="model", cell=view.model_version, width=12, grow=True),
        ]

    def _clock(self, prediction: Prediction) -> str:
        return clock(prediction.at, self.lab_app.now())

    @property
    def _deployments(self) -> VTable[view.Row]:
        return self.query_one("#deployments", VTable)

    @property
    def _predictions(self) -> VTable[Prediction]:
        return self.query_one("#predictions", VTable)

    # -- loading --------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Count again: requests leave no event."""
        self.reload()

    def load(self, lab: Lab) -> Seen:
        """Counts and deployments; whether there are newer predictions; what the pane tells."""
        model = self.lab_app.model
        stats, trouble = _find_traffic(lab)
        deployments = [one for one in lab.deployments() if model in (None, one.model)]
        rows = view.rows(deployments, stats)
        newest = next((one.prediction_id for one in lab.predictions(model, limit=1)), None)
        chosen = self._predictions.cursor_key
        self._find_lineage(lab, chosen)
        return Seen(
            stats=stats,
            trouble=trouble,
            rows=rows,
            served=self._find_served(lab, self._chosen(rows)),
            newest=newest,
            n_predictions=self._count(lab, newest, model),
            label=lab.label(chosen) if chosen else None,
            model=model,
        )

    def _count(self, lab: Lab, newest: str | None, model: str | None) -> int:
        """Counting a million takes longer than looking whether there is a newer one."""
        seen = self._seen
        if seen is not None and (seen.newest, seen.model) == (newest, model):
            return seen.n_predictions
        return lab.count_predictions(model)

    def _find_served(self, lab: Lab, row: view.Row | None) -> Served | None:
        """A version's signature never changes."""
        if row is None:
            return None
        key = (row.deployment.model, row.deployment.version)
        if key not in self._signatures:
            try:
                self._signatures[key] = lab.signature(key[0], version=key[1])
            except LabError:
                self._signatures[key] = None
        return self._signatures[key]

    def _find_lineage(self, lab: Lab, prediction_id: str | None) -> None:
        """What an answer was made from never changes, either; the last one is kept."""
        if prediction_id is not None and prediction_id not in self._lineages:
            with contextlib.suppress(NotFound):
                self._lineages = {prediction_id: lab.trace(prediction_id)}

    def show(self, found: Seen) -> None:
        """Lines, tables, pane, counts."""
        before = self.shown_before(self._seen)
        self._seen = found
        if found.stats is not None:
            self._samples = traffic.kept(self._samples, traffic.sample(found.stats))
        self.query_one(TrafficLines).tell(self._server(found), self._samples)
        if before is None or before.rows != found.rows:
            self._deployments.set_source(ListRows(found.rows, lambda row: row.deployment.model))
            self.fit_lines(self._deployments, len(found.rows))
        self._predictions.empty = view.why_no_predictions(self._curl(), found.stats is not None, bool(found.rows))
        if before is None or before.model != found.model:
            self._set_predictions(found.model)
        elif before.newest != found.newest:
            self._predictions.refresh_rows()
        self._read()
        self.say(view.headline(len(found.rows), found.n_predictions))

    def show_pane(self, found: Seen) -> None:
        """The prediction, or the deployment, under the cursor."""
        self._seen = (self._seen or found)._replace(served=found.served, label=found.label)
        self._read()

    def _set_predictions(self, model: str | None) -> None:
        if self.lab_app.lab is not None:
            self._predictions.set_source(PredictionRows(self.lab_app.lab, model))

    def _server(self, found: Seen) -> traffic.Server:
        is_attached = self.lab_app.lab is not None and self.lab_app.lab.is_attached
        return traffic.Server(found.stats, found.trouble, len(found.rows), is_attached)

    # -- the pane -------------------------------------------------------------------------------------------------

    @on(VTable.Highlighted)
    def _highlighted_here(self) -> None:
        self._read()

    def _read(self) -> None:
        """Let the pane tell of the deployment, or the prediction, under the cursor."""
        now, seen = self.lab_app.now(), self._seen
        prediction = self._predictions.cursor_record if self._at == "predictions" else None
        row = self._chosen(seen.rows if seen else [])
        if prediction is not None:
            page = self._page_of(prediction)
            self.tell(prediction.prediction_id, view.prediction_title(prediction), page)
        elif row is not None:
            page = view.deployment_page(row, seen.served if seen else None, self._curl(), now)
            self.tell(f"model {row.deployment.model}", view.deployment_title(row), page)
        else:
            self.tell("", "", ())

    def _page_of(self, prediction: Prediction) -> list[Line]:
        """What is known of it; truth and lineage come once they are loaded."""
        id, label = prediction.prediction_id, self._seen.label if self._seen else None
        known = label if label is not None and label.prediction_id == id else None
        return view.prediction_page(prediction, known, self._lineages.get(id), self.lab_app.now())

    def _chosen(self, rows: Sequence[view.Row]) -> view.Row | None:
        """The deployment under the cursor of its table, else the first one."""
        key = self._deployments.cursor_key
        return next((row for row in rows if row.deployment.model == key), rows[0] if rows else None)

    def _curl(self) -> str:
        """The line that asks the chosen model with a real row; empty where nothing would answer."""
        seen = self._seen
        if seen is None or seen.stats is None or seen.served is None:
            return ""
        return curl(seen.stats.url, seen.served.model, seen.served.bundle.request_example)

    # -- actions --------------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Serving needs a host, a curl line a model, too."""
        seen = self._seen
        if action in ("switch", "copy_curl") and (seen is None or seen.stats is None):
            return traffic.why_not(seen.trouble if seen else "")
        if action == "copy_curl" and not self._curl():
            return "no model answers yet: 3 shows the versions, P promotes one"
        return super().why_not(action)

    def do_switch(self) -> None:
        """Switch the prediction routes off, after a question, or on."""
        stats = self._seen.stats if self._seen else None
        if stats is None:
            return
        if not stats.serving:
            self._switch(on=True)
            return
        dialog = confirm(f"Switch serving off at {stats.url}?", _OFF, "Switch off")
        self.app.push_screen(dialog, lambda answer: self._switch(on=False) if answer == "yes" else None)

    def _switch(self, *, on: bool) -> None:
        said = "predictions are answered again" if on else "serving is switched off: callers get 503; o switches it on"
        self.act(lambda lab: lab.switch_serving(on), lambda _: self.lab_app.tell(said))

    def do_copy_curl(self) -> None:
        """The line of the chosen model."""
        self.lab_app.copy(self._curl(), "the curl line")

    def copyable(self) -> tuple[str, Any] | None:
        """The prediction, or the deployment, under the cursor."""
        if self._at == "predictions":
            prediction = self._predictions.cursor_record
            return (prediction.prediction_id, prediction) if prediction else None
        row = self._deployments.cursor_record
        return (f"{row.deployment.model}@{row.deployment.version}", row.deployment) if row else None

    def why_not_export(self) -> str | None:
        """Predictions there are."""
        return None if self._predictions.n_rows else "there are no predictions to export"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """The newest predictions."""
        found = lab.predictions(self.lab_app.model, limit=MOST_EXPORTED)
        return view.EXPORTED, [view.exported(one) for one in found], found


def _find_traffic(lab: Lab) -> tuple[TrafficStats | None, str]:
    """What the host's server counts, or why it does not say."""
    try:
        return lab.traffic(), ""
    except LabError as error:
        return None, error.message
