"""What a profile says of a dataset version: words for cells, warnings with what to do, rows, what goes together."""

from datetime import datetime

from mllab.faces.text import show
from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.spark import sparkline
from mllab.faces.tui.viewmodels.page import Line, facts, joined, part
from mllab.faces.tui.viewmodels.words import count, moment
from mllab.records import AgainstTarget, ColumnProfile, OddRow, Pair, Profile, ProfileWarning

NO_PROFILE = "no profile yet: f makes it"
_CELLS = 8
"""Of the spread of a column in a list."""
_FROM = (56, 62, 72)
"""Cells from which distinct values, power and flags have room in it."""
_MOST_WARNINGS, _MOST_COLUMNS = 40, 100
_MOST_PAIRS = 8
_MOST_ODD_ROWS = 3

# -- words for cells --------------------------------------------------------------------------------------------------


def share(part: float, nothing: str = "-") -> str:
    """A share in percent, with a word for what rounds to nothing: `-`, `<0.1 %`, `12.3 %`."""
    if part <= 0:
        return nothing
    return f"{part * 100:.1f} %" if part >= 0.001 else "<0.1 %"


def missing_share(column: ColumnProfile, n_rows: int) -> float:
    """How much of a column is missing."""
    return column.n_missing / n_rows if n_rows else 0.0


def distinct(column: ColumnProfile) -> str:
    """`1,234`; where that is an estimate `~1,234`."""
    return f"{'' if column.is_distinct_exact else '~'}{column.n_distinct:,}"


def spread(column: ColumnProfile, cells: int, glyphs: GlyphSet) -> str:
    """The histogram of numbers, or how often the most frequent values stand there; blank where each is there once."""
    counts = column.histogram.counts if column.histogram else [one.n for one in column.top]
    if max(counts, default=0) < 2:
        return ""
    n = min(len(counts), cells)
    groups = [counts[at * len(counts) // n : (at + 1) * len(counts) // n] for at in range(n)]
    means = [sum(one) / len(one) for one in groups]
    return sparkline([one or None for one in means], cells, glyphs=glyphs, low=0.0)


def against(column: ColumnProfile, model: str | None) -> list[AgainstTarget]:
    """The column against the targets of models, or of one model only."""
    return [one for one in column.against_target if model in (None, one.model)]


def power(column: ColumnProfile, model: str | None = None) -> str:
    """The greatest predictive power of the column alone; `-` where it is not known."""
    known = [one.power for one in against(column, model) if one.power is not None]
    return f"{max(known):.2f}" if known else "-"


# -- lines ------------------------------------------------------------------------------------------------------------


def warnings(profile: Profile, column: str = "") -> list[Line]:
    """What is worth a person's eye, each with what to do; of one column only, if one is named."""
    told = [one for one in profile.warnings if not column or one.column == column]
    lines = [line for one in told[:_MOST_WARNINGS] for line in _warning(one, with_column=not column)]
    return lines + _more(len(told) - _MOST_WARNINGS, "warning")


def _more(n: int, noun: str) -> list[Line]:
    return [Line(f"and {count(n, noun)} more: the tab columns has them all", "dim")] if n > 0 else []


def _warning(one: ProfileWarning, *, with_column: bool) -> list[Line]:
    about = f"{one.column}: " if with_column and one.column is not None else ""
    return [Line(f"! {about}{one.text}", "bold $warning"), Line(one.hint, indent=2)]


def made(profile: Profile, newest: int | None, now: datetime) -> list[Line]:
    """Which version was profiled, when, and over how many rows.

    Args:
        profile: that is shown.
        newest: version of its source's data.
        now: for ages.
    """
    behind = newest is not None and newest > profile.version
    sampled = f"{profile.n_sampled:,} of {profile.n_rows:,} rows for what needs a sample"
    told = facts(
        [
            ("profile", f"of version {profile.version}, {profile.n_rows:,} rows"),
            ("made", moment(profile.made_at, now)),
            ("sample", sampled if profile.n_sampled < profile.n_rows else ""),
        ]
    )
    return [*told, Line(f"version {newest} has {NO_PROFILE}", "$warning")] if behind else told


def columns(profile: Profile, model: str | None, width: int, glyphs: GlyphSet) -> list[Line]:
    """A line for each column: its spread, how much is missing, and what else has room.

    Args:
        profile: of the version.
        model: whose target power is about; None for every model's.
        width: cells of a line.
        glyphs: the characters of the spread.
    """
    level = sum(width >= one for one in _FROM)
    more = ("distinct", "power", "flags")[:level]
    lines = [
        Line(_told(one, profile.n_rows, model, level, glyphs), "$warning" if one.flags else "", one.name)
        for one in profile.columns[:_MOST_COLUMNS]
    ]
    head = ", ".join(("columns: spread", "missing", "type", *more))
    return part(head, lines + _more(len(profile.columns) - _MOST_COLUMNS, "column"))


def _told(one: ColumnProfile, n_rows: int, model: str | None, level: int, glyphs: GlyphSet) -> str:
    more = (f"{distinct(one):>8}", f"{power(one, model):>4}", ", ".join(one.flags))[:level]
    least = (
        f"{spread(one, _CELLS, glyphs):<{_CELLS}}",
        f"{share(missing_share(one, n_rows)):>7}",
        f"{one.dtype.value:<8}",
    )
    return " ".join((*least, *more)).rstrip()


def of_rows(profile: Profile) -> list[Line]:
    """What there is to say of its rows and of the columns together."""
    return joined(
        [
            part("rows", _repeated(profile)),
            part("go together", [pair(one) for one in profile.pairs[:_MOST_PAIRS]]),
            part("the oddest rows", [odd_row(one) for one in profile.odd_rows[:_MOST_ODD_ROWS]]),
        ]
    )


def _repeated(profile: Profile) -> list[Line]:
    told = [
        ("duplicates", f"{profile.n_duplicates:,}" if profile.n_duplicates else ""),
        ("key again", f"{profile.n_key_conflicts:,} with other values" if profile.n_key_conflicts else ""),
    ]
    told += [(model, f"{n:,} alike but for the target") for model, n in profile.conflicting_labels.items()]
    return facts(told)


def pair(one: Pair, column: str = "") -> Line:
    """How closely two columns go together; for one of them only the other is named."""
    names = f"{one.a}, {one.b}" if not column else one.b if one.a == column else one.a
    return Line(f"{one.value:+.2f}  {one.method}", label=names)


def odd_row(one: OddRow) -> Line:
    """A row that stands apart, with its score."""
    return Line(show(one.row), label=f"{one.score:.2f}")


def unprofiled(why: str, making: str) -> list[Line]:
    """What stands where there is no profile.

    Args:
        why: it cannot be made; empty where it can.
        making: how far it is; empty while it is not being made.
    """
    if making:
        return [Line(f"{making}: its profile is being made", "bold $primary")]
    return [Line(why or NO_PROFILE, "" if why else "bold")]


def n_warnings(profile: Profile | None) -> str:
    """`3 warnings`, `no warning`, `no profile`."""
    if profile is None:
        return "no profile"
    return count(len(profile.warnings), "warning") if profile.warnings else "no warning"
