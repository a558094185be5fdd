"""Clipboard, key file, memory, export, themes, glyph setting: the small parts around the screens."""

import base64
import re
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from mllab.faces.tui.actions import BY_ID
from mllab.faces.tui.clipboard import copy_sequence
from mllab.faces.tui.export import as_csv
from mllab.faces.tui.keys import load_keymap, shown_keys
from mllab.faces.tui.memory import Memory
from mllab.faces.tui.themes import DARK, LIGHT, THEMES

# -- clipboard --------------------------------------------------------------------------------------------------------


def test_text_is_copied_by_osc_52() -> None:
    text = "run_01 ü\n"
    found = re.fullmatch("\x1b]52;c;(.*)\a", copy_sequence(text, in_tmux=False))
    assert found is not None and base64.b64decode(found[1]).decode() == text


def test_inside_tmux_it_is_wrapped_as_well_with_every_escape_doubled() -> None:
    plain = copy_sequence("x", in_tmux=False)
    assert copy_sequence("x", in_tmux=True) == plain + "\x1bPtmux;\x1b" + plain + "\x1b\\"


def test_what_is_copied_cannot_leave_its_sequence() -> None:
    assert "\x1b[31m" not in copy_sequence("\x1b[31m\a", in_tmux=False)[5:-1]


# -- keys -------------------------------------------------------------------------------------------------------------


def test_without_a_key_file_the_keys_are_the_registrys(tmp_path: Path) -> None:
    assert load_keymap(tmp_path / "none.toml") == ({}, "")


def test_a_key_file_moves_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('compare = "="\nquit = "ctrl+x"\n')
    keymap, said = load_keymap(path)
    assert (keymap, said) == ({"compare": "equals_sign", "quit": "ctrl+x"}, "")
    assert shown_keys(BY_ID["quit"], keymap) == "ctrl+x"
    assert shown_keys(BY_ID["compare"], keymap) == "="


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("compare = ", "left aside"),
        ('compare = "n"\n', "both"),
        ('kompare = "k"\n', "kompare"),
        ("compare = 3\n", "compare"),
        ("\xff", "left aside"),
    ],
)
def test_a_bad_key_file_is_said_in_one_sentence_and_breaks_nothing(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_bytes(text.encode("latin-1"))
    keymap, said = load_keymap(path)
    assert keymap == {}
    assert word in said and str(path) in said


# -- memory -----------------------------------------------------------------------------------------------------------


def test_what_is_remembered_is_there_at_the_next_launch(tmp_path: Path) -> None:
    path = tmp_path / "tui.json"
    memory = Memory(path)
    memory.put("runs", "filter", "status:failed")
    memory.put("runs", "columns", ["name"])
    memory.put("app", "model", "gone")
    memory.put("app", "model", None)
    memory.save()
    again = Memory(path)
    assert again.get("runs", "filter", "") == "status:failed"
    assert again.get("runs", "columns", []) == ["name"]
    assert again.get("app", "model") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"runs": 3}', '{"runs": {"filter": 7}}', "\x00"])
def test_a_damaged_memory_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tui.json"
    path.write_text(text)
    assert Memory(path).get("runs", "filter", "") == ""


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "gone" / "tui.json")
    memory.put("app", "theme", "x")
    memory.save()
    assert memory.get("app", "theme", "") == "x"


# -- export -----------------------------------------------------------------------------------------------------------


def test_exported_cells_are_no_formulas_and_round_trip_quotes() -> None:
    text = as_csv(["a", "b"], [["=1+1", 'say "x", y'], ["+cmd", None], [-3, 0.5]])
    assert text == 'a,b\n\'=1+1,"say ""x"", y"\n\'+cmd,\n-3,0.5\n'


# -- themes -----------------------------------------------------------------------------------------------------------


def contrast(one: str, other: str) -> float:
    """WCAG 2: (L1 + 0.05) / (L2 + 0.05), L the relative luminance of sRGB."""

    def luminance(text: str) -> float:
        parts = [value / 255 for value in Color.parse(text).rgb]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
def test_text_can_be_read_on_every_ground(theme: Theme, ground: str) -> None:
    under = getattr(theme, ground)
    assert contrast(theme.foreground or "", under) >= 7
    for name in ("primary", "warning", "error", "success", "accent"):
        assert contrast(getattr(theme, name), under) >= 4.5, name
    assert contrast(theme.variables["muted"], under) >= 4.5


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_the_selected_row_can_be_read(theme: Theme) -> None:
    row, text = theme.variables["block-cursor-background"], theme.variables["block-cursor-foreground"]
    assert contrast(text, row) >= 7
    assert row != theme.background


def test_the_terminals_own_colours_are_a_theme() -> None:
    assert [theme.name for theme in THEMES] == ["mllab-dark", "mllab-light", "mllab-terminal"]
    assert THEMES[2].ansi
