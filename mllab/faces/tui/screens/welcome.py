"""Where there is no lab yet: what mllab is, the two ways to begin, one key that makes the demo."""

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Middle
from textual.content import Content
from textual.widgets import Static

from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.screens.base import LabScreen
from mllab.lab import Lab

_WORDS = """[b]mllab[/b] keeps the whole life of a model in one terminal, one process, one folder:
data, features, runs, a registry with gates, a live endpoint, retraining.

There is no lab in this folder yet. Two ways to begin:

  [b]d[/b]   makes the demo lab in [b]demo-lab/[/b] (flights out of New York, 2013) and opens it:
      a first model is trained and answers within a minute or two

  or, with a data file of your own, leave with [b]q[/b] and type

      [b]mllab init my-lab --from customers.csv --target churned[/b]
      [b]mllab --lab my-lab[/b]

  [b]?[/b]   the keys    [b]q[/b]   quit"""


class WelcomeScreen(LabScreen):
    """The first thing a new user sees."""

    NAME = "welcome"
    DEFAULT_CSS = """
    WelcomeScreen {
        Middle { width: 1fr; height: 1fr; align-horizontal: center; }
        #words { width: 1fr; max-width: 96; padding: 1 2; }
        #where { width: auto; padding: 0 2; color: $warning; }
    }
    """

    def body(self) -> ComposeResult:
        """The words."""
        with Middle():
            yield Static(Content.from_markup(_WORDS), id="words")
            yield Static("", id="where")

    def on_mount(self) -> None:
        """Where this is."""
        self.say(f"no lab in {self.lab_app.folder.absolute()}")

    def do_demo(self) -> None:
        """Make the demo lab and open it."""
        folder = self.lab_app.folder / "demo-lab"
        self.query_one("#where", Static).update(safe_text(f"making {folder} …", limit=300))
        self.act_without_lab(lambda: _make(folder), self.lab_app.open_lab)

    def on_loading_screen_stumbled(self, message: LabScreen.Stumbled) -> None:
        """It could not be made, which is said elsewhere: nothing is being made any more."""
        self.query_one("#where", Static).update("")


def _make(folder: Path) -> Path:
    Lab.create_demo(folder)
    return folder
