"""The help page of a screen, from the registry: only keys that work here, those that do nothing now with the reason."""

from collections.abc import Callable

from textual.content import Content

from mllab.faces.tui.actions import GROUPS, Action, actions_of
from mllab.faces.tui.safe import safe_text

_TITLES = {"here": "On this screen", "rows": "Rows", "view": "The view", "go": "Elsewhere"}


def help_text(screen: str, why_not: Callable[[str], str | None], key: Callable[[Action], str]) -> Content:
    """The keys of a screen by section, a line each."""
    lines: list[Content] = []
    for group in GROUPS:
        actions = [action for action in actions_of(screen) if action.group == group]
        if not actions:
            continue
        lines += [Content.styled(_TITLES[group], "bold $primary")]
        lines += [_line(action, why_not(action.id), key(action)) for action in actions]
        lines += [Content("")]
    return Content("\n").join(lines)


def _line(action: Action, why: str | None, key: str) -> Content:
    left = Content.styled(f"  {key:<10}", "bold" if why is None else "dim")
    if why is None:
        return left + Content(action.help)
    return left + Content.styled(f"{action.help} — ", "dim") + safe_text(why).stylize("dim italic")


def page_text(text: str) -> Content:
    """Plain text as a page, line by line made safe."""
    return Content("\n").join(safe_text(line, limit=500) for line in text.split("\n"))
