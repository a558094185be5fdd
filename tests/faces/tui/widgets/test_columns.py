"""Which columns a width has room for, and how one line is laid out."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content

from mllab.faces.tui.widgets.columns import GUTTER, Column, fit, line

NAME = Column[str]("name", "Name", str, 8, grow=True)
AUC = Column[str]("auc", "AUC", str, 6, right=True)
NOTE = Column[str]("note", "Note", str, 10, from_width=60)


def shown(columns: list[Column[str]], width: int) -> list[tuple[str, int, int]]:
    return [(one.column.id, one.x, one.width) for one in fit(columns, width)]


def drawn(columns: list[Column[str]], width: int, *cells: str | Content) -> str:
    return line([Segment(" " * GUTTER)], fit(columns, width), cells, Style.null()).text


def test_columns_without_room_are_dropped_from_the_right() -> None:
    columns = [NAME, AUC, Column[str]("more", "More", str, 20)]
    assert [one[0] for one in shown(columns, 41)] == ["name", "auc", "more"]
    assert [one[0] for one in shown(columns, 40)] == ["name", "auc"]
    assert [one[0] for one in shown(columns, 18)] == ["name"]


def test_widening_brings_in_columns() -> None:
    assert [one[0] for one in shown([NAME, NOTE, AUC], 59)] == ["name", "auc"]
    assert [one[0] for one in shown([NAME, NOTE, AUC], 60)] == ["name", "note", "auc"]


def test_columns_that_grow_share_what_is_left_over() -> None:
    assert shown([NAME, AUC], 30) == [("name", 3, 19), ("auc", 24, 6)]
    other = Column[str]("other", "Other", str, 8, grow=True)
    assert shown([NAME, other], 30) == [("name", 3, 13), ("other", 18, 12)]


def test_the_first_column_is_narrowed_where_even_it_has_no_room() -> None:
    assert shown([NAME, AUC], 7) == [("name", 3, 4)]
    assert shown([NAME, AUC], 2) == [("name", 3, 0)]
    assert shown([], 80) == []


def test_no_width_makes_columns_overlap_or_stick_out() -> None:
    for width in range(GUTTER, 120):
        end = 0
        for _, x, n_cells in shown([NAME, AUC, NOTE, AUC, NAME], width):
            assert x >= end
            end = x + n_cells
        assert end <= width


def test_cells_keep_their_columns_under_wide_and_long_text() -> None:
    for name in ("a", "東京都庁", "a" * 50, "e\u0301" * 8, "\x1b[2J"):
        text = drawn([NAME, AUC], 19, name, "0.5")
        assert cell_len(text) == 19
        assert text.endswith("     0.5")


def test_content_keeps_its_style_and_is_cut_like_text() -> None:
    strip = line([Segment("   ")], fit([NAME, AUC], 19), [Content.styled("東京都庁前", "bold"), "1"], Style(dim=True))
    assert cell_len(strip.text) == 19
    bold = [segment for segment in strip if segment.style is not None and segment.style.bold]
    assert "".join(segment.text for segment in bold).startswith("東京都")
    assert all(segment.style is not None and segment.style.dim for segment in strip if segment.text.strip())


def test_content_that_could_drive_a_terminal_is_spelled_out() -> None:
    assert "\\x1b[2J" in drawn([NAME], 40, Content.styled("\x1b[2J", "bold"))
    assert "\\x1b[2J" in drawn([NAME], 40, Content("\x1b[2J", strip_control_codes=False))
