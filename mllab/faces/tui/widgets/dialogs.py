"""Small windows that ask one thing: yes or no, a line of text, one or several of a list. Escape always means no."""

from collections.abc import Sequence
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from mllab.faces.tui.safe import safe_text

T = TypeVar("T")

_AROUND = 9
"""Lines of a box that what scrolls in it cannot have: border, padding, title, and how to use it with its margins."""


class Dialog(ModalScreen[T]):
    """The common look of the small windows."""

    BINDINGS = [Binding("escape", "dismiss(None)", "no", show=False)]
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        #box { width: 72; max-width: 96%; height: auto; max-height: 90%; padding: 1 2; background: $surface;
               border: round $primary; }
        #title { text-style: bold; width: 1fr; }
        #text { width: 1fr; height: auto; margin: 1 0; }
        #text Static { width: 1fr; height: auto; }
        #buttons { height: auto; width: 1fr; align-horizontal: right; }
        #how { width: 1fr; color: $muted; }
        #buttons Button { margin-left: 2; min-width: 10; height: 1; border: none; }
        #buttons Button:focus { text-style: bold reverse; }
        OptionList, OptionList:focus {
            height: auto; border: none; padding: 0; background: $surface;
        }
        Input, Input:focus { border: none; height: 1; background: $panel; padding: 0 1; }
    }
    """

    def __init__(self, title: str, text: str = "") -> None:
        """Ask.

        Args:
            title: the question, with the name of the thing.
            text: what follows from it; lines.
        """
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """Title, text, whatever answers."""
        with Vertical(id="box"):
            yield Label(safe_text(self._title, limit=300), id="title")
            if self._text:
                with VerticalScroll(id="text", can_focus=False):
                    yield Static(_lines(self._text))
            yield from self.parts()

    def parts(self) -> ComposeResult:
        """What is below the text."""
        yield from ()

    def on_resize(self, event: Resize) -> None:
        """What does not fit into the box is scrolled to, down to the last line."""
        for part in self.query("OptionList, VerticalScroll"):
            part.styles.max_height = max(event.size.height * 9 // 10 - _AROUND, 1)


class Choices(Dialog[str | None]):
    """A question with a few answers on buttons; the last one is the safe one and has the focus."""

    DEFAULT_CSS = "Choices #text { scrollbar-size-vertical: 1; }"

    BINDINGS = [
        Binding("left,h", "app.focus_previous", show=False),
        Binding("right,l", "app.focus_next", show=False),
        Binding("down,j", "scroll_text(1)", show=False),
        Binding("up,k", "scroll_text(-1)", show=False),
    ]

    def __init__(self, title: str, text: str, choices: Sequence[tuple[str, str]], *, danger: str = "") -> None:
        """Ask.

        Args:
            title: the question, with the name of the thing.
            text: what follows from it; lines.
            choices: (answer, words on the button); the last is the safe one.
            danger: the answer that destroys something.
        """
        super().__init__(title, text)
        self._choices, self._danger = choices, danger

    def parts(self) -> ComposeResult:
        """Buttons."""
        with Horizontal(id="buttons"):
            yield Label("← → choose · enter does it · esc: nothing", id="how")
            for answer, words in self._choices:
                is_danger = answer == self._danger
                yield Button(safe_text(words), id=f"answer-{answer}", variant="error" if is_danger else "default")

    def on_mount(self) -> None:
        """Enter alone never destroys anything, and does what is harmless."""
        buttons = self.query(Button)
        (buttons.last() if self._danger else buttons.first()).focus()

    def action_scroll_text(self, lines: int) -> None:
        """Move the text, where it is longer than the box."""
        for text in self.query("#text"):
            text.scroll_relative(y=lines, animate=False)

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        answer = (event.button.id or "").removeprefix("answer-")
        self.dismiss(None if answer == "cancel" else answer)


def confirm(title: str, text: str, yes: str, *, no: str = "Cancel", danger: bool = True) -> Choices:
    """A yes-or-no dialog; answers `yes`, or None for no."""
    return Choices(title, text, [("yes", yes), ("cancel", no)], danger="yes" if danger else "")


class AskLine(Dialog[str | None]):
    """Asks for one line of text, which may be left empty; escape answers None."""

    def __init__(self, title: str, text: str, value: str = "", placeholder: str = "") -> None:
        """Ask, with a value to start from."""
        super().__init__(title, text)
        self._value, self._placeholder = value, placeholder

    def parts(self) -> ComposeResult:
        """A line to type in."""
        yield Input(self._value, placeholder=self._placeholder)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())


class Listed(Dialog[T]):
    """Asks with a list; the keys of rows go through it."""

    BINDINGS = [Binding("j", "down", show=False), Binding("k", "up", show=False)]

    def action_down(self) -> None:
        """Next entry."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Entry above."""
        self.query_one(OptionList).action_cursor_up()


class PickOne(Listed[str | None]):
    """One of a list."""

    def __init__(self, title: str, options: Sequence[tuple[str, str]], chosen: str | None = None) -> None:
        """Ask.

        Args:
            title: what is chosen.
            options: (value, what is shown).
            chosen: the value the cursor starts on.
        """
        super().__init__(title)
        self._options, self._chosen = options, chosen

    def parts(self) -> ComposeResult:
        """The list."""
        yield OptionList(*(Option(safe_text(shown)) for _, shown in self._options))

    def on_mount(self) -> None:
        """Start on what is chosen now."""
        values = [value for value, _ in self._options]
        if self._chosen in values:
            self.query_one(OptionList).highlighted = values.index(self._chosen)

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._options[event.option_index][0])


class PickSome(Listed[list[str] | None]):
    """Any of a list; enter takes what is ticked, space ticks."""

    BINDINGS = [
        Binding("enter", "take", show=False, priority=True),
        Binding("space", "tick", show=False, priority=True),
    ]

    def __init__(self, title: str, options: Sequence[str], chosen: Sequence[str]) -> None:
        """Ask, with some ticked already."""
        super().__init__(title)
        self._options = options
        self._ticked = {one for one in chosen if one in options}

    def parts(self) -> ComposeResult:
        """The list, and how to use it."""
        yield OptionList(*(Option(self._shown(one)) for one in self._options))
        yield Static("space ticks · enter takes what is ticked · esc changes nothing", id="text")

    def _shown(self, option: str) -> Content:
        return Content("[x] " if option in self._ticked else "[ ] ") + safe_text(option)

    @on(OptionList.OptionSelected)
    def _clicked(self) -> None:
        self.action_tick()

    def action_tick(self) -> None:
        """Tick, or take the tick away."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            option = self._options[options.highlighted]
            self._ticked ^= {option}
            options.replace_option_prompt_at_index(options.highlighted, self._shown(option))

    def action_take(self) -> None:
        """Answer with what is ticked, in the order of the list."""
        self.dismiss([option for option in self._options if option in self._ticked])


class Page(Dialog[None]):
    """Text to read: help, a traceback. Any of the leaving keys closes it."""

    DEFAULT_CSS = "Page { #box { width: 100; } }"
    BINDINGS = [
        Binding("q,question_mark,enter", "dismiss(None)", "close", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("g,home", "scroll(-1_000_000)", show=False, priority=True),
        Binding("G,end", "scroll(1_000_000)", show=False, priority=True),
    ]

    def __init__(self, title: str, content: Content) -> None:
        """Show a text."""
        super().__init__(title)
        self._content = content

    def parts(self) -> ComposeResult:
        """The text, which scrolls."""
        with VerticalScroll(id="text"):
            yield Static(self._content)

    def action_scroll(self, lines: int) -> None:
        """Move the text."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def _lines(text: str) -> Content:
    return Content("\n").join(safe_text(line, limit=1000) for line in text.split("\n"))
