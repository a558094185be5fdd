"""What can be done with runs from several screens: train, tag, pin, delete and take back."""

from collections.abc import Callable

from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.viewmodels.words import count
from mllab.faces.tui.widgets.dialogs import AskLine, PickOne, confirm
from mllab.records import Run

_WAYS = [
    ("run", "a run: train and look at it; nothing else changes"),
    ("version", "a version: train, judge by the gates, promote as declared"),
]


def train_now(screen: LabScreen) -> None:
    """Ask which model, then queue its training."""

    def ask(names: list[str]) -> None:
        if len(names) == 1:
            begin(names[0])
        elif names:
            screen.app.push_screen(PickOne("Train which model?", [(one, one) for one in names]), begin)
        else:
            screen.lab_app.tell("no model is declared: add one to mllab.toml", "warning")

    def begin(name: str | None) -> None:
        if name is not None:
            screen.app.push_screen(PickOne(f"Train {name}", _WAYS), lambda way: go(name, way))

    def go(name: str, way: str | None) -> None:
        said = f"training of {name} queued; 6 shows it at work"
        if way == "run":
            screen.act(lambda lab: lab.train(name), lambda _: screen.lab_app.tell(said))
        elif way is not None:
            screen.act(lambda lab: lab.retrain(name), lambda _: screen.lab_app.tell(said))

    focus = screen.lab_app.model
    screen.ask(lambda lab: [focus] if focus else [one.name for one in lab.models()], ask)


def tag_runs(screen: LabScreen, runs: list[str]) -> None:
    """Ask for `key=value`, or a word, and tag."""

    def tag(text: str | None) -> None:
        if not text:
            return
        removed = [text[1:]] if text.startswith("-") else []
        key, _, value = text.partition("=")
        put = {} if removed else {key.strip(): value.strip()}
        said = f"tagged {count(len(runs), 'run')}: {text}"
        screen.act(
            lambda lab: [lab.tag_run(run, set=put, remove=removed) for run in runs], lambda _: screen.lab_app.tell(said)
        )

    about = "key=value or a word; -key takes a tag away"
    screen.app.push_screen(AskLine(f"Tag {count(len(runs), 'run')}", about, "", "baseline"), tag)


def pin_run(screen: LabScreen, run_id: str) -> None:
    """Pin the run that others are compared against, or let go of it."""
    app = screen.lab_app
    app.pinned = None if app.pinned == run_id else run_id
    app.tell("unpinned" if app.pinned is None else "pinned: comparisons show differences to this run")
    screen.reload(anew=True)


def reproduce_run(screen: LabScreen, run: Run) -> None:
    """Ask, then queue: what comes out stands with the run."""

    def answered(answer: str | None) -> None:
        if answer == "yes":
            screen.act(lambda lab: lab.reproduce(run.run_id), lambda _: screen.lab_app.tell(said))

    said = f"{run.name} is done again; 6 shows it at work, the verdict comes to this screen"
    text = "Its own declaration, code, rows and seed, each looked up by its hash.\nThe run that comes out is compared."
    screen.app.push_screen(confirm(f"Do {run.name} again?", text, "Reproduce", danger=False), answered)


def delete_runs(screen: LabScreen, runs: list[str], then: Callable[[], None]) -> None:
    """Ask, move to the trash, go on; X takes it back."""

    def ask(found: list[Run]) -> None:
        named = ", ".join(run.name for run in found[:3]) + ("" if len(found) < 4 else f" and {len(found) - 3} more")
        text = "Metrics, parameters and curves stay in the trash.\nX brings them back, later `mllab run restore` does."
        screen.app.push_screen(confirm(f"Move to the trash: {named}?", text, "Delete"), answered)

    def answered(answer: str | None) -> None:
        if answer == "yes":
            screen.act(lambda lab: [lab.trash_run(run) for run in runs], done)

    def done(found: list[Run]) -> None:
        screen.lab_app.deleted = [run.run_id for run in found]
        screen.lab_app.tell(f"{count(len(found), 'run')} in the trash; X brings back")
        then()

    screen.ask(lambda lab: [lab.run(run) for run in runs], ask)


def why_not_undo(screen: LabScreen) -> str | None:
    """Why there is nothing to take back."""
    if screen.lab_app.deleted:
        return None
    return "nothing was deleted in this sitting; `mllab run list --trash` lists older ones"


def undo_delete(screen: LabScreen) -> None:
    """Take back the last deletion of this sitting."""
    app = screen.lab_app
    runs = app.deleted

    def done(found: list[Run]) -> None:
        app.deleted = []
        app.tell(f"{count(len(found), 'run')} brought back")

    screen.act(lambda lab: [lab.restore_run(run) for run in runs], done)
