"""Saved views of runs: one is picked, or what is shown is saved as one."""

from collections.abc import Callable, Sequence

from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.widgets.dialogs import AskLine, PickOne
from mllab.records import SavedView

_SAVE, _DELETE = "+save", "-delete"
"""Answers that no view can have: a view's has a colon before its name."""


def pick_view(
    screen: LabScreen, filter: str, sort: str, columns: Sequence[str], take: Callable[[SavedView], None]
) -> None:
    """Ask for a view and show it, or for a name and save the present list under it."""

    def ask(views: list[SavedView]) -> None:
        options = [(f":{view.name}", f"{view.name}   {view.filter or 'all runs'}   {view.sort}") for view in views]
        options.append((_SAVE, "save what is shown as a view"))
        if views:
            options.append((_DELETE, "delete a view"))
        by_answer = {f":{view.name}": view for view in views}

        def answered(answer: str | None) -> None:
            if answer == _SAVE:
                _ask_name(screen, filter, sort, columns)
            elif answer == _DELETE:
                screen.app.push_screen(PickOne("Delete which view?", options[: len(views)]), delete)
            elif answer is not None:
                take(by_answer[answer])

        def delete(answer: str | None) -> None:
            if answer is not None:
                name = by_answer[answer].name
                screen.act(
                    lambda lab: lab.delete_saved_view(name), lambda _: screen.lab_app.tell(f"view {name} deleted")
                )

        screen.app.push_screen(PickOne("Views of runs", options), answered)

    screen.ask(lambda lab: lab.saved_views(), ask)


def _ask_name(screen: LabScreen, filter: str, sort: str, columns: Sequence[str]) -> None:
    def save(name: str | None) -> None:
        if name:
            screen.act(
                lambda lab: lab.save_view(name, filter=filter, sort=sort, columns=columns),
                lambda view: screen.lab_app.tell(f"view {view.name} saved; V shows it again"),
            )

    about = f"{filter or 'all runs'}   {sort}\nA view of the same name is replaced."
    screen.app.push_screen(AskLine("Save this view", about, "", "best of the week"), save)
