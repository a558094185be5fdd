"""The three sets of characters a chart can be drawn with, for fonts that lack braille or everything but ASCII."""

from typing import Literal, NamedTuple, get_args

GlyphSet = Literal["braille", "block", "ascii"]
"""The setting: `braille` is the finest, `block` needs quarter blocks, `ascii` nothing."""
GLYPH_SETS: tuple[GlyphSet, ...] = get_args(GlyphSet)
"""In the order in which the key goes through them."""


class Glyphs(NamedTuple):
    """One set of characters."""

    dots: tuple[tuple[int, ...], ...]
    """The bit of each dot in a cell: columns from the left, in each the dots from the top."""
    shapes: str
    """What a cell looks like, by its bits; empty where each curve is drawn with its own mark."""
    up: str
    """Bars that grow upwards, by how much of their last cell is filled: nothing first, a full cell last."""
    right: str
    """Bars that grow to the right, likewise."""
    left: str
    """Bars that grow to the left, likewise."""
    spark: str
    """Levels of a sparkline, lowest first."""
    side: str
    """The vertical axis."""
    side_tick: str
    floor: str
    """The horizontal axis."""
    floor_tick: str
    corner: str
    zero: str
    """The line at zero."""
    cap: str
    """The current value on a bar."""
    best: str
    """The best point of a curve."""
    cut: str
    """What ends a text that is cut."""


_BRAILLE = Glyphs(
    dots=((1, 2, 4, 64), (8, 16, 32, 128)),
    shapes=" " + "".join(map(chr, range(0x2801, 0x2900))),
    up=" ▁▂▃▄▅▆▇█",
    right=" ▏▎▍▌▋▊▉█",
    left=" ▐█",
    spark="▁▂▃▄▅▆▇█",
    side="│",
    side_tick="┤",
    floor="─",
    floor_tick="┬",
    corner="└",
    zero="┄",
    cap="━",
    best="★",
    cut="…",
)
_BLOCK = _BRAILLE._replace(dots=((1, 2), (4, 8)), shapes=" ▘▖▌▝▀▞▛▗▚▄▙▐▜▟█")
_ASCII = Glyphs(
    dots=((1,),),
    shapes="",
    up=" .#",
    right=" #",
    left=" #",
    spark="_.-=*#",
    side="|",
    side_tick="+",
    floor="-",
    floor_tick="+",
    corner="+",
    zero=".",
    cap="=",
    best="*",
    cut="~",
)
_SETS: dict[str, Glyphs] = {"braille": _BRAILLE, "block": _BLOCK, "ascii": _ASCII}


def get_glyphs(name: GlyphSet) -> Glyphs:
    """The characters of a set.

    Raises:
        KeyError: there is no such set.
    """
    return _SETS[name]


def filled(length: float, steps: str) -> str:
    """A bar of so many cells, from its foot; whatever is longer than nothing can be seen.

    Args:
        length: 0 or more.
        steps: how a cell looks by how much of it is filled, as `Glyphs.up`.
    """
    n_parts = len(steps) - 1
    parts = max(round(length * n_parts), 1 if length > 0 else 0)
    full, rest = divmod(parts, n_parts)
    return steps[-1] * full + (steps[rest] if rest else "")
