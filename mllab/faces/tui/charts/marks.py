"""Who is drawn how: the colour and mark of a run, the same on every screen, and all inks as RGB.

The eight colours of curves are those of Okabe and Ito (Color Universal Design, 2008), which people with any kind of
colour vision tell apart. On dark ground their black became a light grey; on light ground the pale ones are darkened.
"""

import zlib
from typing import NamedTuple

MARKS = ("●", "▲", "■", "◆", "▼", "○")
_ASCII_MARKS = ("o", "^", "#", "x", "v", "+")
N_INKS = 8

_SERIES_DARK = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#bdbdbd")
_SERIES_LIGHT = ("#2180b8", "#a86f00", "#008560", "#7d7500", "#004f7d", "#b84d00", "#a8487f", "#000000")


def _inks(series: tuple[str, ...], *, text: str, muted: str, axis: str, best: str) -> dict[str, str]:
    others = {"label": text, "muted": muted, "axis": axis, "grid": axis, "best": best}
    shades = {"reference": muted, "current": series[1], "positive": series[0], "negative": series[5]}
    return {**others, **shades, **{f"series{i}": rgb for i, rgb in enumerate(series)}}


INKS_DARK = _inks(_SERIES_DARK, text="#d0d0d0", muted="#9a9a9a", axis="#707070", best="#ffffff")
"""Every ink on the dark ground #121212, as `#rrggbb`."""
INKS_LIGHT = _inks(_SERIES_LIGHT, text="#303030", muted="#5f5f5f", axis="#8a8a8a", best="#000000")
"""Every ink on the light ground #ffffff, as `#rrggbb`."""


class RunMark(NamedTuple):
    """How a run is drawn."""

    ink: str
    """`series0` to `series7`."""
    glyph: str
    """One of `MARKS`."""
    ascii_glyph: str
    """The same mark where there is only ASCII."""


def mark_of(run_id: str) -> RunMark:
    """The colour and mark of a run: from its id alone, by CRC-32, so that it has them wherever it is shown."""
    code = zlib.crc32(run_id.encode("utf-8", "surrogatepass"))
    which = code // N_INKS % len(MARKS)
    return RunMark(f"series{code % N_INKS}", MARKS[which], _ASCII_MARKS[which])


def ascii_mark(glyph: str) -> str:
    """The ASCII stand-in of a mark; a printable ASCII character stays, anything else becomes `o`."""
    if glyph in MARKS:
        return _ASCII_MARKS[MARKS.index(glyph)]
    return glyph if glyph.isascii() and glyph.isprintable() and len(glyph) == 1 else "o"
