"""Every key of the terminal UI: the one registry that bindings, key bar, help, palette and docs are made from.

An action is done by the method `do_<id>` of the screen, else of the app. The same key means the same thing
everywhere; a test refuses two actions of one screen that share a key.
"""

from dataclasses import dataclass

from textual.binding import Binding
from textual.keys import format_key

TOP_SCREENS = ("home", "runs", "models", "data", "features", "jobs", "serve", "monitor", "predict")
"""In the order of the number keys."""
SCREENS = (*TOP_SCREENS, "run", "compare", "groups", "lineage")
"""Every screen of a lab; `run`, `compare`, `groups` and `lineage` lie on top of others."""
_ANYWHERE = " ".join((*SCREENS, "welcome", "start"))
_TABLES = "home runs models data features jobs serve run compare groups lineage"
"""Screens with a table that has a cursor."""
_TRACED = "runs models data features jobs serve predict run compare lineage"
"""Screens on which something with a lineage is under the cursor."""

GROUPS = ("here", "rows", "view", "go")
"""Sections of the help, in order; `here` is what only this screen does."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing a key does."""

    id: str
    """Names the method `do_<id>`, the binding, and the entry of a key file."""
    keys: tuple[str, ...]
    """In Textual's names; the first is the one that is shown."""
    text: str
    """One or two words for the key bar."""
    help: str
    """A sentence for help and palette."""
    group: str = "here"
    screens: tuple[str, ...] = SCREENS
    shown: bool = False
    """Whether the key bar has it."""
    rank: int = 1
    """Where in the key bar: 0 comes first, and what comes last is left out where there is no room."""

    @property
    def key(self) -> str:
        """The first key as people write it."""
        return key_name(self.keys[0])


def key_name(key: str) -> str:
    """A key of Textual's as people write it: `slash` is `/`, `escape` is `esc`."""
    return "enter" if key == "enter" else format_key(key)


def _action(
    keys: str, id: str, text: str, help: str, screens: str = "", group: str = "here", shown: bool = True, rank: int = 1
) -> Action:
    """Keys in Textual's names, with commas between; screens with blanks, all of a lab where none is named."""
    return Action(
        id=id,
        keys=tuple(keys.split(",")),
        text=text,
        help=help,
        group=group,
        screens=tuple(screens.split()) or SCREENS,
        shown=shown,
        rank=rank,
    )


def _rows(keys: str, id: str, text: str, help: str) -> Action:
    return _action(keys, id, text, help, _TABLES, group="rows", shown=False)


def _view(keys: str, id: str, text: str, help: str, screens: str = "") -> Action:
    return _action(keys, id, text, help, screens, group="view", shown=False)


def _go(number: int, name: str) -> Action:
    return _action(str(number), f"go_{name}", name.capitalize(), f"Show {name.capitalize()}", group="go", shown=False)


ACTIONS: tuple[Action, ...] = (
    # -- what one screen does -----------------------------------------------------------------------------------------
    _action(
        *("enter,l", "open", "open", "Open what the cursor is on"),
        "home runs models data features jobs serve compare groups lineage",
        rank=0,
    ),
    _action("c", "compare", "compare", "Compare the marked runs", "runs"),
    _action("B", "group", "group", "Group the runs: means over their seeds, with intervals", "runs", rank=2),
    _action("m", "columns", "columns", "Choose the columns, or what to group by", "runs groups", rank=2),
    _action("V", "views", "views", "Show a saved view, or save this one: filter, order, columns", "runs", shown=False),
    _action("n", "new_run", "new run", "Train a model now", "runs models", rank=2),
    _action("t", "tag", "tag", "Tag the marked runs", "runs run"),
    _action("b", "pin", "pin", "Pin or unpin the run that others are compared against", "runs run compare", rank=2),
    _action("X", "undo", "undo", "Bring back what was deleted last", "runs run", shown=False),
    _action("x", "delete", "delete", "Move the marked runs to the trash (can be undone)", "runs run"),
    _action("L", "log_y", "log Y", "Logarithmic axis on or off", "run compare"),
    _action("w", "smooth", "smooth", "Smooth the curves: off, 0.6, 0.9", "run compare"),
    _action("W", "by_time", "by time", "Curves by step, or by time since each run has started", "compare", rank=2),
    _action("I", "significance", "test", "Test row by row whether chance explains the differences", "compare"),
    _action("d", "differences", "differences", "Only parameters that differ, or all of them", "compare"),
    _action("A", "alias", "alias", "Point an alias at this version", "models", rank=2),
    _action("P", "promote", "promote", "Make this version the champion: it answers from then on", "models"),
    _action("R", "rollback", "roll back", "Put the former champion back and hold the model", "models"),
    _action("U", "release", "release", "Let a held model be promoted by itself again", "models"),
    _action("a", "assign", "assign", "Say which source a waiting file belongs to", "data"),
    _action("u", "retry", "retry", "Try again: a quarantined file, a job that failed", "data jobs"),
    _action("f", "materialize", "make anew", "Make this feature view anew, from all its data", "features"),
    _action("x", "retract", "take back", "Take this file out of the data; shows first what was made from it", "data"),
    _action("N", "accept_schema", "new contract", "Take the columns of a refused file over into the contract", "data"),
    _action("f", "reproduce", "again", "Do this run again from what was kept of it, and compare", "run", rank=3),
    _action("f", "profile", "profile", "Make the profile of this dataset version anew", "data"),
    _action("D", "diff", "diff", "Compare two dataset versions: the marked ones, or this one with one before", "data"),
    _action("x", "cancel", "cancel", "Stop this job", "jobs"),
    _action("r", "run_now", "run now", "Fire this trigger now", "jobs"),
    _action("i", "pause_trigger", "pause trigger", "Pause this trigger, or let it go on", "jobs"),
    _action("o", "switch", "on/off", "Switch the prediction routes on or off", "serve"),
    _action("C", "copy_curl", "copy curl", "Copy a curl line that asks this model", "serve predict"),
    _action("ctrl+s", "predict", "predict", "Ask the model", "predict"),
    _action("enter", "edit", "edit", "Go into the form; esc leaves it", "predict"),
    _action("ctrl+r", "next_row", "next row", "Fill the form with the next real row", "predict"),
    _action("d", "demo", "make the demo", "Make the demo lab and open it", "welcome"),
    # -- rows ---------------------------------------------------------------------------------------------------------
    _rows("j", "down", "down", "Next row (also the arrow)"),
    _rows("k", "up", "up", "Row above (also the arrow)"),
    _rows("g", "first", "first", "First row (also home)"),
    _rows("G", "last", "last", "Last row (also end)"),
    _rows("ctrl+d", "half_down", "half down", "Half a page down"),
    _rows("ctrl+u", "half_up", "half up", "Half a page up"),
    _action("space", "mark", "mark", "Mark or unmark this row", "runs data", group="rows", rank=0),
    _action("v", "range", "range", "Mark from here to where v is pressed again", "runs", group="rows", shown=False),
    _action("s", "sort", "sort", "Sort by the next column", "runs", group="rows", shown=False),
    _action("S", "reverse", "reverse", "Turn the order round", "runs", group="rows", shown=False),
    # -- the view -----------------------------------------------------------------------------------------------------
    _action(
        *("slash", "filter", "filter", "Filter as you type; enter keeps it, esc clears it"),
        "runs data jobs models features",
        group="view",
        rank=0,
    ),
    _view("escape,h", "back", "back", "One step back: filter, pane, screen; it never quits"),
    _view("tab", "next_pane", "next pane", "Next pane"),
    _view("shift+tab", "previous_pane", "pane before", "The pane before"),
    _view("apostrophe", "jump", "jump", "Jump to a pane: each shows its letter"),
    _view("left_square_bracket", "previous_tab", "tab before", "The tab before", "run models data features compare"),
    _action(
        *("right_square_bracket", "next_tab", "next tab", "Next tab", "run models data features compare"),
        group="view",
        rank=2,
    ),
    _view("M", "model", "one model", "Show one model only, on every screen"),
    _view("z", "zoom", "zoom", "This pane alone, or all of them"),
    _view("y", "copy_id", "copy id", "Copy the id of what the cursor is on"),
    _view("Y", "copy_json", "copy JSON", "Copy what the cursor is on as JSON"),
    _view("O", "lineage", "lineage", "Where this comes from and what was made of it, as trees", _TRACED),
    _view("e", "export", "export", "Write this view to a file: CSV, JSON or SVG"),
    _view("p", "pause", "pause", "Freeze everything live, or let it go on"),
    _view("T", "theme", "theme", "Next theme: dark, light, the terminal's own colours", _ANYWHERE),
    _view("ctrl+g", "glyphs", "charts", "Draw charts with braille, blocks or ASCII"),
    _view("ctrl+t", "traceback", "traceback", "Where the last error came from", _ANYWHERE),
    # -- going --------------------------------------------------------------------------------------------------------
    *(_go(number, name) for number, name in enumerate(TOP_SCREENS, 1)),
    _action("minus", "go_before", "last screen", "The screen before this one", group="go", shown=False),
    _action(
        "colon,ctrl+p", "palette", "commands", "Find an action, a run or a model by name", _ANYWHERE, group="go", rank=3
    ),
    _action("question_mark", "help", "help", "The keys that work here", _ANYWHERE, group="go"),
    _action("q", "quit", "quit", "Leave; asks when work or serving would end", _ANYWHERE, group="go"),
)

BY_ID = {action.id: action for action in ACTIONS}


def actions_of(screen: str) -> list[Action]:
    """The actions of one screen, in the order of the registry."""
    return [action for action in ACTIONS if screen in action.screens]


def bindings_of(screen: str) -> list[Binding]:
    """Textual's bindings of one screen; each has its action's id, so that a key file can move it."""
    return [
        Binding(",".join(action.keys), f"app.do('{action.id}')", action.text, show=False, id=action.id)
        for action in actions_of(screen)
    ]
