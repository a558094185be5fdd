"""Leaving: an attached UI just ends; the host's own says what would end with it, and offers to keep it serving."""

from typing import TYPE_CHECKING

from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.session import Leaving
from mllab.faces.tui.widgets.dialogs import Choices
from mllab.lab import Lab

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp

_MOST_JOBS = 5


def leave(app: "LabApp") -> None:
    """End the UI, after a question where something would end with it."""
    hosts = app.session is not None and app.session.is_host and app.lab is not None
    if hosts and isinstance(app.screen, LabScreen):
        app.screen.ask(what_runs, lambda running: _ask(app, running))
    else:
        app.exit(Leaving.STOP)


def _ask(app: "LabApp", running: list[str]) -> None:
    if not running:
        app.exit(Leaving.STOP)
        return
    text = "This terminal hosts the lab:\n" + "\n".join(f"  · {one}" for one in running)
    text += "\n\nJobs that are stopped go on at the next start."
    choices = [("stop", "Stop and quit"), ("keep", "Keep serving"), ("cancel", "Stay")]

    def answered(answer: str | None) -> None:
        if answer is not None:
            app.exit(Leaving(answer))

    app.push_screen(Choices(f"Quit {app.lab_name}?", text, choices, danger="stop"), answered)


def what_runs(lab: Lab) -> list[str]:
    """What would end with the host, a line each."""
    status = lab.status()
    answering = [name for name, one in status.models.items() if one.champion is not None]
    jobs = [f"{job.kind} of {job.subject}" for job in lab.jobs(open_only=True)]
    more = [f"and {len(jobs) - _MOST_JOBS} more jobs"] if len(jobs) > _MOST_JOBS else []
    serving = [f"{', '.join(answering)} at {status.url}"] if answering and status.url else []
    return [*serving, *jobs[:_MOST_JOBS], *more]
