"""Models: every model with its versions in one table, beside it gates, metrics, history, card and lineage of one."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from textual.app import ComposeResult

from mllab.errors import LabError
from mllab.faces.tui.screens.beside import BesideScreen
from mllab.faces.tui.screens.run_actions import train_now
from mllab.faces.tui.viewmodels import model_actions as actions
from mllab.faces.tui.viewmodels import modelpane
from mllab.faces.tui.viewmodels import models as view
from mllab.faces.tui.widgets.dialogs import AskLine, PickOne, confirm
from mllab.faces.tui.widgets.reader import Reader
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.vtable import VTable
from mllab.lab import Lab
from mllab.records import AliasMove, ModelSummary, ModelVersion

T = TypeVar("T")

_OTHER = "other…"


class Seen(NamedTuple):
    """What is loaded: everything the table has, and what the pane tells of one row."""

    models: list[ModelSummary]
    made: dict[str, ModelVersion]
    moves: dict[str, list[AliasMove]]
    pane: modelpane.Seen | None


class ModelsScreen(BesideScreen):
    """Models, versions, aliases."""

    NAME = "models"
    TABS = modelpane.TABS
    EXAMPLE = "champion  rejected  -failed"
    FOLLOWS = frozenset({"model", "version", "gates", "alias", "deployment", "config"})

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._models: list[ModelSummary] = []
        self._made: dict[str, ModelVersion] = {}
        self._moves: dict[str, list[AliasMove]] = {}
        self._pane: modelpane.Seen | None = None
        self._rows: list[view.Row] | None = None

    def body(self) -> ComposeResult:
        """Table, pane."""
        yield VTable[view.Row](id="models", classes="pane")
        yield Reader(modelpane.TABS, classes="side")

    def on_mount(self) -> None:
        """The columns are always the same."""
        self.table.columns = [self.column(one, view.cell, view.ink) for one in view.COLUMNS]

    # -- loading --------------------------------------------------------------------------------------------------

    def load(self, lab: Lab) -> Seen:
        """Every model; the row under the cursor with what its tab tells."""
        models = [one for one in lab.models() if self.lab_app.model in (None, one.name)]
        made = {key: version for model in models for key, version in self._versions(lab, model)}
        moves = {one.name: lab.alias_moves(one.name) for one in models}
        key = self.table.cursor_key
        row = next((one for one in view.rows(models, made) if one.key == key), None)
        return Seen(models, made, moves, self._told(lab, row, moves) if row else None)

    def _versions(self, lab: Lab, model: ModelSummary) -> list[tuple[str, ModelVersion]]:
        """Each version with its gates; read once, for a version changes only by what the summary shows, too."""
        found = []
        for one in model.versions:
            key = view.key_of(model.name, one.version)
            known = self._made.get(key)
            if known is None or (known.status.value, known.gates_passed) != (one.status, one.gates_passed):
                known = lab.version(model.name, one.version)
            found.append((key, known))
        return found

    def _told(self, lab: Lab, row: view.Row, moves: dict[str, list[AliasMove]]) -> modelpane.Seen:
        name, about = row.model.name, row.about
        seen = modelpane.Seen(row, moves[name])
        if about is None or self._tab not in ("card", "lineage"):
            return seen
        seen = seen._replace(trace=_or_error(lambda: lab.trace(view.key_of(name, about.version))))
        if self._tab == "lineage":
            return seen
        return seen._replace(
            run=_or_error(lambda: lab.run(about.run_id)),
            bundle=_or_error(lambda: lab.signature(name, version=about.version).bundle),
        )

    def show(self, found: Seen) -> None:
        """Table, pane, headline."""
        self._models, self._made, self._moves, self._pane = found
        self._show_rows()
        self._show_pane()

    def show_pane(self, found: Seen) -> None:
        """The row under the cursor."""
        self._pane = found.pane
        self._show_pane()

    def _show_rows(self) -> None:
        rows = view.rows(self._models, self._made, self._filter)
        if rows != self._rows:
            self._rows = rows
            self.table.empty = view.why_empty(self._filter)
            self.table.set_source(ListRows(rows, lambda row: row.key))
        self.say(view.headline(self._models, rows, self._filter, self._moves))

    def _show_pane(self) -> None:
        seen, tab, now = self._pane, self._tab, self.lab_app.now()
        if seen is None:
            self.reader.read("", "", lambda width: [])
        else:
            self.reader.read(
                f"{seen.row.key} {tab}",
                modelpane.heading(seen.row),
                lambda width: modelpane.lines(seen, tab, now, width),
            )

    def filter_changed(self) -> None:
        """Other rows of what is loaded."""
        self._show_rows()

    def tab_changed(self) -> None:
        """What is known of it at once, the rest as soon as it is read."""
        self._show_pane()
        self.reload(anew=True)

    # -- actions --------------------------------------------------------------------------------------------------

    @property
    def _row(self) -> view.Row | None:
        """The row under the cursor."""
        row: view.Row | None = self.table.cursor_record
        return row

    def why_not(self, action: str) -> str | None:
        """What the row's state forbids."""
        row = self._row
        match action:
            case "promote":
                return actions.why_not_promote(row)
            case "alias":
                return actions.why_not_version(row)
            case "rollback":
                return actions.why_not_roll_back(row, self._moves)
            case "release":
                return actions.why_not_release(row)
        return super().why_not(action)

    def do_new_run(self) -> None:
        """Train a model."""
        train_now(self)

    def do_promote(self) -> None:
        """Ask, ask why, make it the champion."""
        row = self._row
        if row is None or row.version is None:
            return
        name, version = row.model.name, row.version.version
        question, text = actions.promotion(row)
        self._decide(question, text, "Promote", lambda lab, why: lab.promote(name, version, reason=why))

    def do_rollback(self) -> None:
        """Ask, ask why, go back."""
        row = self._row
        if row is not None:
            name = row.model.name
            question, text = actions.rollback(row, self._moves)
            self._decide(question, text, "Roll back", lambda lab, why: lab.rollback(name, reason=why))

    def _decide(self, question: str, text: str, yes: str, do: Callable[[Lab, str], AliasMove]) -> None:
        """Ask twice: whether, then why; enter takes the usual reason, escape leaves everything as it is."""

        def ask_why(answer: str | None) -> None:
            if answer == "yes":
                about = "Kept in the history. Enter does it, esc leaves everything as it is."
                self.app.push_screen(AskLine(f"{yes}: for what reason?", about, actions.USUAL_REASONS[yes]), go)

        def go(why: str | None) -> None:
            if why is not None:
                self.act(
                    lambda lab: do(lab, why or actions.USUAL_REASONS[yes]),
                    lambda move: self.lab_app.tell(actions.moved(move)),
                )

        self.app.push_screen(confirm(question, text, yes), ask_why)

    def do_release(self) -> None:
        """Let policy go on."""
        row = self._row
        if row is not None:
            name = row.model.name
            said = f"{name} is released: a version that passes its gates may become champion again"
            self.act(lambda lab: lab.release(name), lambda _: self.lab_app.tell(said))

    def do_alias(self) -> None:
        """Pick an alias, or type one, and point it at this version."""
        row = self._row
        if row is None or row.version is None:
            return
        name, version = row.model.name, row.version.version
        used = {alias: one.version for one in row.model.versions for alias in one.aliases}
        options = [(one, _told_of(one, used)) for one in actions.alias_choices(row.model)]

        def picked(alias: str | None) -> None:
            if alias == _OTHER:
                about = "Letters, digits, _ and -. Requests may ask for it as the model's alias."
                self.app.push_screen(AskLine(f"Which alias for {name} version {version}?", about), picked)
            elif alias:
                self._point(name, version, alias)

        title = f"Which alias points at {name} version {version}?"
        self.app.push_screen(PickOne(title, [*options, (_OTHER, "another name…")]), picked)

    def _point(self, name: str, version: int, alias: str) -> None:
        why = actions.why_not_alias(alias)
        if why is not None:
            self.lab_app.tell(why, "warning")
        else:
            self.act(
                lambda lab: lab.promote(name, version, alias=alias),
                lambda move: self.lab_app.tell(actions.moved(move)),
            )

    def copyable(self) -> tuple[str, Any] | None:
        """`model@version`, and the version; on a model its name and summary."""
        row = self._row
        if row is None:
            return None
        return (row.key, row.model if row.version is None else self._made.get(row.key, row.version))

    def why_not_export(self) -> str | None:
        """Rows there are."""
        return None if self._rows else "there are no models to export"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """The rows of the filter; records are the versions."""
        rows, now = self._rows or [], self.lab_app.now()
        ids = [one.id for one in view.COLUMNS]
        listed = [[row.key, *(view.cell(row, id, now).strip() for id in ids)] for row in rows if row.version]
        return ["id", *ids], listed, [self._made[row.key] for row in rows if row.version]


def _told_of(alias: str, used: dict[str, int]) -> str:
    mark = view.ALIAS_MARKS.get(alias, "·")
    return f"{mark} {alias}" + (f": now version {used[alias]}" if alias in used else "")


def _or_error(do: Callable[[], T]) -> T | LabError:
    """What a verb answers, or why it does not: one part of a pane must not hide the others."""
    try:
        return do()
    except LabError as error:
        return error
