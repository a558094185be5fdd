"""Predict: a form from the model's signature, filled with a real row; one key asks, the answer says why.

Nothing has the focus at first, so that the keys of every screen work; enter or tab goes into the form, escape leaves.
"""

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult

from mllab.errors import InvalidInput
from mllab.faces.text import curl
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.screens.onerow import Outcome, Seen, ask, look
from mllab.faces.tui.viewmodels import answer as words
from mllab.faces.tui.viewmodels import predict as view
from mllab.faces.tui.viewmodels.form import form_fields
from mllab.faces.tui.viewmodels.page import Line
from mllab.faces.tui.widgets.answer import AnswerPane
from mllab.faces.tui.widgets.dialogs import PickOne
from mllab.faces.tui.widgets.fieldrow import FieldRow
from mllab.faces.tui.widgets.form import Form, ModelLine
from mllab.faces.tui.widgets.words import Words, wrapped
from mllab.lab import Lab
from mllab.records import ModelSummary, RequestRow, Served

N_ROWS = 50
"""Real rows to go through."""
_LEADS_TO_ONE = frozenset({"job", "run", "datafile", "dataset", "gates"})
"""Nouns of events that change why no version answers yet."""
_IDLE = "enter or tab goes into the form, esc leaves it"


class PredictScreen(LabScreen):
    """Ask a model with one row."""

    NAME = "predict"
    FOLLOWS = frozenset({"deployment", "alias", "version", "model"})
    AUTO_FOCUS = ""

    DEFAULT_CSS = """
    PredictScreen {
        #why { display: none; width: 1fr; height: 1fr; content-align: center middle; padding: 0 2; }
        &.-none #why { display: block; }
        &.-none Form, &.-none AnswerPane { display: none; }
        Form { width: 1fr; height: 1fr; }
        AnswerPane { width: 1fr; height: 1fr; border-left: solid $panel; padding: 0 1; }
        &.-narrow #body, &.-tiny #body { layout: vertical; }
        &.-narrow Form, &.-tiny Form { height: 45%; }
        &.-narrow AnswerPane, &.-tiny AnswerPane { border-left: none; border-top: solid $panel; }
        AnswerPane:focus { border-left: solid $primary; }
        &.-narrow AnswerPane:focus, &.-tiny AnswerPane:focus { border-left: none; border-top: solid $primary; }
        &.-zoomed Form { height: 1fr; }
    }
    """

    def __init__(self) -> None:
        """No model, no row, no answer."""
        super().__init__()
        self._chosen: str | None = None
        self._models: Sequence[ModelSummary] = ()
        self._served: Served | None = None
        self._former: int | None = None
        self._url: str | None = None
        self._rows: list[RequestRow] = []
        self._at: int | None = None
        self._row_name, self._target = "the example row", None
        self._told: words.Told | None = None
        self._refused: list[Line] = []
        self._is_asking = False

    def body(self) -> ComposeResult:
        """The form, the answer; or why there is none."""
        yield Form(_IDLE)
        yield AnswerPane()
        yield Words(id="why")

    def on_mount(self) -> None:
        """A word until the lab is open."""
        self.query_one(AnswerPane).say([Line("reading what the model takes…", "$muted")], [])

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    # -- loading --------------------------------------------------------------------------------------------------

    def recall(self) -> None:
        """The model of the last time."""
        self._chosen = self.lab_app.memory.get("predict", "model")

    def remember(self) -> None:
        """Keep it."""
        self.lab_app.memory.put("predict", "model", self._chosen)

    def hear(self, nouns: frozenset[str]) -> None:
        """While no version answers, whatever leads to one is news."""
        super().hear(nouns | self.FOLLOWS if self._served is None and nouns & _LEADS_TO_ONE else nouns)

    def load(self, lab: Lab) -> Seen:
        """What the model takes."""
        return look(lab, self.lab_app.model, self._chosen)

    def show(self, found: Seen) -> None:
        """The form, or the reason why there is none."""
        self._models, self._url = found.models, found.url
        self.set_class(found.served is None, "-none")
        if found.served is None:
            self._show_why(found.standing)
        else:
            self._show_form(found.served)
            self.form.tell_model(found.served.model, len(self._models) if self._may_pick else 1)
            self._show_answer()
            self._headline()

    def _show_why(self, standing: view.Standing | None) -> None:
        self._served = None
        self.set_focus(None)
        if standing is not None:
            lines = view.why_none(standing)
            self.query_one("#why", Words).write(lambda width: wrapped(lines, width))
            self.say(lines[0].text)

    def _show_form(self, served: Served) -> None:
        before, self._served = self._served, served
        same_model = before is not None and before.model == served.model
        if same_model and before is not None and before.version == served.version:
            return
        self._former = before.version if same_model and before is not None else None
        example = served.bundle.request_example
        if not same_model:
            self._told, self._refused = None, []
            self._rows, self._at = [], None
            self._row_name, self._target = "the example row", None
        self.form.set_fields(form_fields(served.bundle), example, keep=same_model)
        self._fetch_rows(served)

    def _fetch_rows(self, served: Served) -> None:
        """Real rows come after the form: an engine reads them."""

        def take(rows: list[RequestRow]) -> None:
            if self._served is None or (self._served.model, self._served.version) != (served.model, served.version):
                return
            self._rows = rows
            if self._at is None and self._told is None and not self.form.n_changed and not self._is_asking:
                self._fill(0)

        self.ask(lambda lab: lab.request_rows(served.model, n=N_ROWS), take)

    def _fill(self, at: int) -> None:
        row = self._rows[at]
        self._at, self._target = at, row.target
        self._row_name = f"row {at + 1} of {len(self._rows)}"
        self._refused = []
        self.form.fill(row.values)
        self._show_answer()
        self._headline()

    # -- words ------------------------------------------------------------------------------------------------------

    def _headline(self) -> None:
        if self._served is not None:
            form = self.form
            text = view.headline(self._served, self._former, self._row_name, form.n_changed, len(form.problems()))
            self.say(f"{text} · asking…" if self._is_asking else text)

    def _show_answer(self) -> None:
        served, form, pane = self._served, self.form, self.query_one(AnswerPane)
        if served is None:
            return
        line = view.curl_lines(self._url, served.model, form.values(), not form.problems())
        if self._refused or self._told is None:
            pane.say(self._refused or words.before(served), line)
        else:
            pane.tell(self._told, words.stale(self._told, form.texts(), self._row_name, served.version), line)

    @on(FieldRow.Edited)
    def _edited(self) -> None:
        self._show_answer()
        self._headline()

    # -- asking -----------------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Most actions need a model that answers."""
        if action in ("predict", "next_row", "copy_curl") and self._served is None:
            return "no version answers yet"
        if action == "zoom" and self._served is None:
            return "there is one pane only"
        if action == "edit" and self._served is None and not self._may_pick:
            return "there is no form yet"
        if action == "predict" and self._is_asking:
            return "the model is being asked"
        if action == "next_row" and len(self._rows) < 2:
            return "there is no other row" if self._rows else "real rows are still being read"
        if action in ("copy_id", "copy_json") and self._told is None:
            return "there is no answer yet: ctrl+s asks"
        return None

    @property
    def _may_pick(self) -> bool:
        """Whether another model could be asked."""
        return len(self._models) > 1 and self.lab_app.model is None

    def _is_wrong(self) -> bool:
        """Whether the form cannot be sent; names the fields."""
        problems = self.form.problems()
        if problems:
            self.lab_app.tell(view.wrong_fields(problems), "error")
            self.form.show_wrong()
        return bool(problems)

    def do_predict(self) -> None:
        """Ask the model with what the form holds."""
        served, form = self._served, self.form
        if served is None or self._is_wrong():
            return
        asked = words.Asked(self._row_name, self._target, form.n_changed > 0, form.values(), form.texts())
        self._is_asking, self._former = True, None
        self._headline()
        self.act(lambda lab: ask(lab, served, asked), lambda outcome: self._answered(served, outcome))

    def _answered(self, served: Served, outcome: Outcome) -> None:
        self._is_asking = False
        if self._served is None or self._served.model != served.model:
            return
        if outcome.refused is not None:
            self._refuse(outcome.refused)
        else:
            self._told, self._refused = outcome.told, []
        self._show_answer()
        self._headline()
        self.form.show_focused()

    def _refuse(self, error: InvalidInput) -> None:
        """Put what the host found wrong beside the fields; the rest into the pane."""
        beside, elsewhere = words.places(error.problems, list(self.form.values()))
        self.form.refuse(beside)
        self._refused = words.refused(error.message, elsewhere)

    def on_loading_screen_stumbled(self, message: LabScreen.Stumbled) -> None:
        """Asking may have failed; what was typed stays."""
        if not message.loading:
            self._is_asking = False
            self._headline()

    # -- actions ------------------------------------------------------------------------------------------------------

    def do_next_row(self) -> None:
        """Fill the form with the next real row, from the last to the first."""
        self._fill((self._at + 1) % len(self._rows) if self._at is not None else 0)

    def do_copy_curl(self) -> None:
        """A line that sends what the form holds."""
        served, values = self._served, self.form.values()
        if served is None or self._is_wrong():
            return

        def copy(url: str | None) -> None:
            if url is None:
                self.lab_app.tell("no host runs: `mllab up` starts one that answers over HTTP", "warning")
            else:
                self.lab_app.copy(curl(url, served.model, values), "a curl line")

        self.ask(lambda lab: lab.status().url, copy)

    def do_edit(self) -> None:
        """Into the form; where there is none, to another model."""
        if self._served is None:
            self._pick_model()
        else:
            self.form.enter()

    @on(ModelLine.Asked)
    def _pick_model(self) -> None:
        def take(name: str | None) -> None:
            if name is not None:
                self._chosen = name
                self.reload(anew=True)

        present = self._served.model if self._served is not None else self._chosen
        self.app.push_screen(PickOne("Ask which model?", view.choices(self._models), present), take)

    def copyable(self) -> tuple[str, Any] | None:
        """The prediction."""
        return (self._told.answer.prediction_ids[0], self._told.answer) if self._told is not None else None

    def step_back(self) -> bool:
        """Leave what has the focus."""
        had_focus = self.focused is not None
        self.set_focus(None)
        return had_focus

    def do_zoom(self) -> None:
        """The pane with the focus alone, else the answer; or both again."""
        if self.focused is None and not self.has_class("-zoomed"):
            self.set_focus(self.query_one(AnswerPane))
        super().do_zoom()
