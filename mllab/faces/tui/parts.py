"""The parts that are loaded behind the first paint: screens, dialogs, the palette.

Like the commands of the command line, each is imported when it is first needed; `load_all` does that early, in a
thread, so that no key waits for it.
"""

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from mllab.faces.tui.screens.base import LabScreen

SCREENS = {
    "welcome": ("welcome", "WelcomeScreen"),
    "home": ("home", "HomeScreen"),
    "runs": ("runs", "RunsScreen"),
    "models": ("models", "ModelsScreen"),
    "data": ("data", "DataScreen"),
    "features": ("features", "FeaturesScreen"),
    "jobs": ("jobs", "JobsScreen"),
    "serve": ("serve", "ServeScreen"),
    "monitor": ("later", "MonitorScreen"),
    "predict": ("predict", "PredictScreen"),
    "run": ("run", "RunScreen"),
    "compare": ("compare", "CompareScreen"),
    "groups": ("groups", "GroupsScreen"),
    "lineage": ("lineage", "LineageScreen"),
}
"""Name of a screen to its file below `screens/` and its class."""


def screen_class(name: str) -> Any:
    """The class of a screen."""
    file, kind = SCREENS[name]
    return getattr(import_module(f"mllab.faces.tui.screens.{file}"), kind)


def make_screen(name: str, *args: Any) -> Any:
    """A new screen; `run`, `compare`, `groups` and `lineage` take what they show."""
    return screen_class(name)(*args)


def is_lab_screen(screen: Screen[Any]) -> "TypeIs[LabScreen]":
    """Whether it is one of the screens over the lab, not a dialog or the first paint."""
    return isinstance(screen, import_module("mllab.faces.tui.screens.base").LabScreen)


def modes(*names: str) -> dict[str, Any]:
    """Textual's modes for these screens, each made when it is first shown."""
    return {name: partial(make_screen, name) for name in names}


def commands() -> Any:
    """The palette's provider."""
    return import_module("mllab.faces.tui.palette").LabCommands


def dialog(title: str, text: str, *choices: tuple[str, str]) -> Any:
    """A small window with a few answers."""
    return import_module("mllab.faces.tui.widgets.dialogs").Choices(title, text, choices)


def find_doing(action: str) -> Any | None:
    """The function of an action that is the same on every screen; it takes the app. None where there is none."""
    return getattr(import_module("mllab.faces.tui.doing"), f"do_{action}", None)


def load_all() -> None:
    """Import everything, Home first."""
    for name in ("home", *SCREENS):
        screen_class(name)
    find_doing("quit")
    commands()
