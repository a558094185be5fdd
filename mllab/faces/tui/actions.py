"""Every key of the terminal UI: the one registry that bindings, key bar, help, palette and docs are made from.

An action is done by the method `do_<id>` of the screen, else of the app. The same key means the same thing
everywhere; a test refuses two actions of one screen that share a key.
"""

from dataclasses import dataclass

from textual.binding import Binding
from textual.keys import format_key

TOP_SCREENS = ("home", "runs", "models", "data", "features", "jobs", "serve", "monitor", "predict")
"""In the order of the number keys."""
SCREENS = (*TOP_SCREENS, "run", "compare")
"""Every screen of a lab; `run` and `compare` lie on top of others."""
_ANYWHERE = (*SCREENS, "welcome", "start")
_TABLES = ("home", "runs", "models", "data", "jobs", "serve", "run", "compare")
"""Screens with a table that has a cursor."""

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


def _go(number: int, name: str) -> Action:
    return Action(
        id=f"go_{name}", keys=(str(number),), text=name.capitalize(), help=f"Show {name.capitalize()}", group="go"
    )


def _rows(id: str, keys: tuple[str, ...], text: str, help: str, **more: bool) -> Action:
    return Action(id=id, keys=keys, text=text, help=help, group="rows", screens=_TABLES, **more)


ACTIONS: tuple[Action, ...] = (
    # -- what one screen does ---------------------------------------------------------------------------------------
    Action(
        id="open",
        keys=("enter", "l"),
        text="open",
        help="Open what the cursor is on",
        screens=("home", "runs", "models", "data", "jobs", "serve", "compare"),
        shown=True,
        rank=0,
    ),
    Action(
        id="compare",
        keys=("c",),
        text="compare",
        help="Compare the marked runs",
        screens=("runs",),
        shown=True,
    ),
    Action(id="columns", keys=("m",), text="columns", help="Choose the columns", screens=("runs",), shown=True, rank=2),
    Action(
        id="new_run",
        keys=("n",),
        text="new run",
        help="Train a model now",
        screens=("runs", "models"),
        shown=True,
        rank=2,
    ),
    Action(id="tag", keys=("t",), text="tag", help="Tag the marked runs", screens=("runs", "run"), shown=True),
    Action(
        id="pin",
        keys=("b",),
        text="pin",
        help="Pin or unpin the run that others are compared against",
        screens=("runs", "run", "compare"),
        shown=True,
        rank=2,
    ),
    Action(id="undo", keys=("X",), text="undo", help="Bring back what was deleted last", screens=("runs", "run")),
    Action(
        id="delete",
        keys=("x",),
        text="delete",
        help="Move the marked runs to the trash (can be undone)",
        screens=("runs", "run"),
        shown=True,
    ),
    Action(
        id="log_y", keys=("L",), text="log Y", help="Logarithmic axis on or off", screens=("run", "compare"), shown=True
    ),
    Action(
        id="smooth",
        keys=("w",),
        text="smooth",
        help="Smooth the curves: off, 0.6, 0.9",
        screens=("run", "compare"),
        shown=True,
    ),
    Action(
        id="differences",
        keys=("d",),
        text="differences",
        help="Only parameters that differ, or all of them",
        screens=("compare",),
        shown=True,
    ),
    Action(
        id="alias",
        keys=("A",),
        text="alias",
        help="Point an alias at this version",
        screens=("models",),
        shown=True,
        rank=2,
    ),
    Action(
        id="promote",
        keys=("P",),
        text="promote",
        help="Make this version the champion: it answers from then on",
        screens=("models",),
        shown=True,
    ),
    Action(
        id="rollback",
        keys=("R",),
        text="roll back",
        help="Put the former champion back and hold the model",
        screens=("models",),
        shown=True,
    ),
    Action(
        id="release",
        keys=("U",),
        text="release",
        help="Let a held model be promoted by itself again",
        screens=("models",),
        shown=True,
    ),
    Action(
        id="assign",
        keys=("a",),
        text="assign",
        help="Say which source a waiting file belongs to",
        screens=("data",),
        shown=True,
    ),
    Action(
        id="retry",
        keys=("u",),
        text="retry",
        help="Try again: a quarantined file, a job that failed",
        screens=("data", "jobs"),
        shown=True,
    ),
    Action(id="cancel", keys=("x",), text="cancel", help="Stop this job", screens=("jobs",), shown=True),
    Action(id="run_now", keys=("r",), text="run now", help="Fire this trigger now", screens=("jobs",), shown=True),
    Action(
        id="pause_trigger",
        keys=("i",),
        text="pause trigger",
        help="Pause this trigger, or let it go on",
        screens=("jobs",),
        shown=True,
    ),
    Action(
        id="switch",
        keys=("o",),
        text="on/off",
        help="Switch the prediction routes on or off",
        screens=("serve",),
        shown=True,
    ),
    Action(
        id="copy_curl",
        keys=("C",),
        text="copy curl",
        help="Copy a curl line that asks this model",
        screens=("serve", "predict"),
        shown=True,
    ),
    Action(id="predict", keys=("ctrl+s",), text="predict", help="Ask the model", screens=("predict",), shown=True),
    Action(
        id="edit",
        keys=("enter",),
        text="edit",
        help="Go into the form; esc leaves it",
        screens=("predict",),
        shown=True,
    ),
    Action(
        id="next_row",
        keys=("ctrl+r",),
        text="next row",
        help="Fill the form with the next real row",
        screens=("predict",),
        shown=True,
    ),
    Action(
        id="demo",
        keys=("d",),
        text="make the demo",
        help="Make the demo lab and open it",
        screens=("welcome",),
        shown=True,
    ),
    # -- rows ---------------------------------------------------------------------------------------------------------
    _rows("down", ("j",), "down", "Next row (also the arrow)"),
    _rows("up", ("k",), "up", "Row above (also the arrow)"),
    _rows("first", ("g",), "first", "First row (also home)"),
    _rows("last", ("G",), "last", "Last row (also end)"),
    _rows("half_down", ("ctrl+d",), "half down", "Half a page down"),
    _rows("half_up", ("ctrl+u",), "half up", "Half a page up"),
    Action(
        id="mark",
        keys=("space",),
        text="mark",
        help="Mark or unmark this row",
        group="rows",
        screens=("runs",),
        shown=True,
        rank=0,
    ),
    Action(
        id="range",
        keys=("v",),
        text="range",
        help="Mark from here to where v is pressed again",
        group="rows",
        screens=("runs",),
    ),
    Action(id="sort", keys=("s",), text="sort", help="Sort by the next column", group="rows", screens=("runs",)),
    Action(id="reverse", keys=("S",), text="reverse", help="Turn the order round", group="rows", screens=("runs",)),
    # -- the view -----------------------------------------------------------------------------------------------------
    Action(
        id="filter",
        keys=("slash",),
        text="filter",
        help="Filter as you type; enter keeps it, esc clears it",
        group="view",
        screens=("runs", "data", "jobs", "models"),
        shown=True,
        rank=0,
    ),
    Action(
        id="back",
        keys=("escape", "h"),
        text="back",
        help="One step back: filter, pane, screen; it never quits",
        group="view",
    ),
    Action(id="next_pane", keys=("tab",), text="next pane", help="Next pane", group="view"),
    Action(id="previous_pane", keys=("shift+tab",), text="pane before", help="The pane before", group="view"),
    Action(id="jump", keys=("apostrophe",), text="jump", help="Jump to a pane: each shows its letter", group="view"),
    Action(
        id="previous_tab",
        keys=("left_square_bracket",),
        text="tab before",
        help="The tab before",
        group="view",
        screens=("run", "models", "data", "compare"),
    ),
    Action(
        id="next_tab",
        keys=("right_square_bracket",),
        text="next tab",
        help="Next tab",
        group="view",
        screens=("run", "models", "data", "compare"),
        shown=True,
        rank=2,
    ),
    Action(id="model", keys=("M",), text="one model", help="Show one model only, on every screen", group="view"),
    Action(id="zoom", keys=("z",), text="zoom", help="This pane alone, or all of them", group="view"),
    Action(id="copy_id", keys=("y",), text="copy id", help="Copy the id of what the cursor is on", group="view"),
    Action(id="copy_json", keys=("Y",), text="copy JSON", help="Copy what the cursor is on as JSON", group="view"),
    Action(id="export", keys=("e",), text="export", help="Write this view to a file: CSV, JSON or SVG", group="view"),
    Action(id="pause", keys=("p",), text="pause", help="Freeze everything live, or let it go on", group="view"),
    Action(
        id="theme",
        keys=("T",),
        text="theme",
        help="Next theme: dark, light, the terminal's own colours",
        group="view",
        screens=_ANYWHERE,
    ),
    Action(
        id="glyphs", keys=("ctrl+g",), text="charts", help="Draw charts with braille, blocks or ASCII", group="view"
    ),
    Action(
        id="traceback",
        keys=("ctrl+t",),
        text="traceback",
        help="Where the last error came from",
        group="view",
        screens=_ANYWHERE,
    ),
    # -- going ----------------------------------------------------------------------------------------------------
    *(_go(number, name) for number, name in enumerate(TOP_SCREENS, 1)),
    Action(id="go_before", keys=("minus",), text="last screen", help="The screen before this one", group="go"),
    Action(
        id="palette",
        keys=("colon", "ctrl+p"),
        text="commands",
        help="Find an action, a run or a model by name",
        group="go",
        screens=_ANYWHERE,
        shown=True,
        rank=3,
    ),
    Action(
        id="help",
        keys=("question_mark",),
        text="help",
        help="The keys that work here",
        group="go",
        screens=_ANYWHERE,
        shown=True,
    ),
    Action(
        id="quit",
        keys=("q",),
        text="quit",
        help="Leave; asks when work or serving would end",
        group="go",
        screens=_ANYWHERE,
        shown=True,
    ),
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
