"""The actions that are the same on every screen: one function `do_<id>` each, which takes the app."""

from typing import TYPE_CHECKING

import msgspec

from mllab.faces.tui import parts
from mllab.faces.tui.actions import TOP_SCREENS
from mllab.faces.tui.charts.glyphs import GLYPH_SETS
from mllab.faces.tui.export import export_view
from mllab.faces.tui.leaving import leave
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.themes import THEMES
from mllab.faces.tui.widgets.dialogs import Page, PickOne
from mllab.faces.tui.widgets.help import help_text, page_text
from mllab.faces.tui.widgets.jump import Jump, targets

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp


def do_go_before(app: "LabApp") -> None:
    """The screen before this one."""
    app.go(app.before if app.before in TOP_SCREENS else "home")


def do_palette(app: "LabApp") -> None:
    """Find by name."""
    app.action_command_palette()


def do_help(app: "LabApp") -> None:
    """The keys that work here."""
    screen = app.screen
    if isinstance(screen, LabScreen):
        text = help_text(screen.NAME, screen.why_not, app.shown_key)
        app.push_screen(Page(f"{screen.NAME.capitalize()}: the keys that work here", text))


def do_jump(app: "LabApp") -> None:
    """Show a letter on each pane; the next key puts the focus there."""
    screen = app.screen
    found = targets(screen)
    if found:
        app.push_screen(Jump(found), lambda widget: None if widget is None else screen.set_focus(widget))
    else:
        app.tell("nothing here takes the focus", "warning")


def do_pause(app: "LabApp") -> None:
    """Freeze what is live, or catch up."""
    app.pause(not app.paused)


def do_theme(app: "LabApp") -> None:
    """The next shipped theme."""
    names = [theme.name for theme in THEMES]
    at = names.index(app.theme) if app.theme in names else -1
    app.theme = names[(at + 1) % len(names)]
    app.redraw()
    app.tell(f"theme: {app.theme.removeprefix('mllab-')}")


def do_glyphs(app: "LabApp") -> None:
    """The next set of characters for charts."""
    app.glyphs = GLYPH_SETS[(GLYPH_SETS.index(app.glyphs) + 1) % len(GLYPH_SETS)]
    app.redraw()
    app.screen.refresh(layout=True)
    app.tell(f"charts: {app.glyphs}")


def do_model(app: "LabApp") -> None:
    """Choose the one model that every screen shows."""
    screen = app.screen
    if not isinstance(screen, LabScreen):
        return

    def ask(names: list[str]) -> None:
        options = [("", "all models"), *((name, name) for name in names)]
        app.push_screen(PickOne("Show one model only", options, app.model or ""), app.focus_model)

    screen.ask(lambda lab: [one.name for one in lab.models()], ask)


def do_traceback(app: "LabApp") -> None:
    """Where the last error came from."""
    if app.trouble:
        app.push_screen(Page("Where the last error came from", page_text(app.trouble)))
    else:
        app.tell("nothing has gone wrong")


def do_export(app: "LabApp") -> None:
    """Write the present view to a file."""
    if isinstance(app.screen, LabScreen):
        export_view(app, app.screen)


def do_copy_json(app: "LabApp") -> None:
    """What the cursor is on, as JSON."""
    found = app.screen.copyable() if isinstance(app.screen, LabScreen) else None
    app.copy(msgspec.json.encode(found[1]).decode() if found else "", "JSON")


def do_copy_id(app: "LabApp") -> None:
    """The id of what the cursor is on."""
    found = app.screen.copyable() if isinstance(app.screen, LabScreen) else None
    app.copy(found[0] if found else "", "the id")


def do_lineage(app: "LabApp") -> None:
    """The lineage of what the cursor is on, above the present screen."""
    screen = app.screen
    id = screen.traceable() if isinstance(screen, LabScreen) else None
    if id is None:
        app.tell("there is nothing here whose lineage is kept", "warning")
    else:
        app.push_screen(parts.make_screen("lineage", id))


def do_quit(app: "LabApp") -> None:
    """Leave."""
    leave(app)
