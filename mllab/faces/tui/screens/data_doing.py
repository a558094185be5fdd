"""What can be done with files and dataset versions: assign, try again, take over, take back, profile."""

from collections.abc import Sequence

from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.viewmodels import data_actions as actions
from mllab.faces.tui.widgets.dialogs import AskLine, Choices, PickOne, confirm
from mllab.lab import Lab
from mllab.records import DataFile, Impact, SourceSummary


def assign(screen: LabScreen, file: DataFile, sources: Sequence[SourceSummary]) -> None:
    """Ask whose the file is."""

    def go(source: str | None) -> None:
        if source is not None:
            said = f"{file.name} goes to {source}; its row shows how far it is"
            screen.act(lambda lab: lab.assign(file.sha256, source), lambda _: screen.lab_app.tell(said))

    options = [(one.name, f"{one.name}  ({' '.join(one.files)})") for one in sources]
    screen.app.push_screen(PickOne(f"Which source does {file.name} belong to?", options), go)


def retry(screen: LabScreen, file: DataFile) -> None:
    """Take the file again under the present declaration."""
    said = f"{file.name} is taken again; its row shows how far it is"
    screen.act(lambda lab: lab.retry(file.sha256), lambda _: screen.lab_app.tell(said))


def accept_schema(screen: LabScreen, file: DataFile) -> None:
    """Show how the columns differ, ask, and take them over."""

    def go(answer: str | None) -> None:
        if answer == "yes":
            said = f"{file.name} is taken again with its columns; its row shows how far it is"
            screen.act(lambda lab: lab.accept_schema(file.sha256), lambda _: screen.lab_app.tell(said))

    question, text = actions.acceptance(file)
    screen.app.push_screen(confirm(question, text, "Take over"), go)


def retract(screen: LabScreen, file: DataFile) -> None:
    """Show what was made from the file, ask, ask why, take it out; train again where that is wanted."""

    def ask(impact: Impact) -> None:
        question, text = actions.retraction(impact)
        again = [("retrain", "And retrain")] if impact.retrain else []
        choices = [("yes", "Take back"), *again, ("cancel", "Cancel")]
        screen.app.push_screen(Choices(question, text, choices, danger="yes"), ask_why)

    def ask_why(answer: str | None) -> None:
        if answer is not None:
            about = "Kept with the file; it may be left empty. Enter does it, esc leaves everything as it is."
            title = f"For what reason is {file.name} taken back?"
            screen.app.push_screen(AskLine(title, about), lambda why: go(why, anew=answer == "retrain"))

    def go(why: str | None, *, anew: bool) -> None:
        if why is not None:
            screen.act(lambda lab: _take_out(lab, file, why, anew=anew), said)

    def said(impact: Impact) -> None:
        screen.lab_app.tell(actions.retracted(impact))

    screen.ask(lambda lab: lab.impact(file.sha256), ask)


def _take_out(lab: Lab, file: DataFile, why: str, *, anew: bool) -> Impact:
    impact = lab.retract(file.sha256, reason=why)
    for model in impact.retrain if anew else ():
        lab.retrain(model)
    return impact


def profile(screen: LabScreen, source: str, version: int) -> None:
    """Make the profile of a version."""
    said = f"the profile of {source}@{version} is being made; its row shows how far it is"
    screen.act(lambda lab: lab.make_profile(source, version), lambda _: screen.lab_app.tell(said))
