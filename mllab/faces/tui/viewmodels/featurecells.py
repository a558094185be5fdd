"""The cells of the tables of features: which columns each has, what stands in a cell and in which colour."""

from datetime import datetime

from mllab.faces.tui.charts.glyphs import GlyphSet, filled, get_glyphs
from mllab.faces.tui.viewmodels.columns import ColumnLook
from mllab.faces.tui.viewmodels.features import KINDS, Row
from mllab.faces.tui.viewmodels.featurewords import changed
from mllab.faces.tui.viewmodels.words import age, digest
from mllab.records import FeatureViewSummary, FeatureViewVersion

COLUMNS: dict[str, tuple[ColumnLook, ...]] = {
    "views": (
        ColumnLook("view", "view", 12, grow=True),
        ColumnLook("kind", "kind", 9),
        ColumnLook("version", "ver", 3, right=True),
        ColumnLook("source", "source", 10, from_width=90),
        ColumnLook("entity", "entity", 14, from_width=106),
        ColumnLook("features", "features", 8, right=True),
        ColumnLook("rows", "rows", 7, right=True, from_width=77),
        ColumnLook("newest", "newest", 6, right=True),
        ColumnLook("made", "made", 6, right=True),
        ColumnLook("used", "used by", 9, grow=True),
    ),
    "features": (
        ColumnLook("view", "view", 11, grow=True),
        ColumnLook("feature", "feature", 15, grow=True),
        ColumnLook("type", "type", 8),
        ColumnLook("importance", "importance", 16),
        ColumnLook("used", "used by", 10, grow=True),
    ),
    "versions": (
        ColumnLook("view", "view", 14, grow=True),
        ColumnLook("version", "ver", 3, right=True),
        ColumnLook("since", "since", 5, right=True),
        ColumnLook("digest", "digest", 12),
        ColumnLook("changed", "changed", 16, grow=True),
    ),
}
_BAR_CELLS = 8


def cell(row: Row, column: str, now: datetime, glyphs: GlyphSet = "braille") -> str:
    """What stands in a cell; nothing in a column of another table."""
    if column == "view":
        return row.view.name
    if column == "used":
        return ", ".join(row.view.used_by) or "-"
    if row.version is not None:
        return _version_cell(row.version, row.before, column, now)
    return _feature_cell(row, column, glyphs) if row.feature else _view_cell(row, column, now)


def _view_cell(row: Row, column: str, now: datetime) -> str:
    one = row.view
    if column == "kind":
        return KINDS.get(one.kind, one.kind) if one.is_declared else "✗ gone"
    if column in ("features", "entity"):
        return _asked(one, column)
    return _kept_cell(row, column, now) if one.kind == "view" else ""


def _asked(one: FeatureViewSummary, column: str) -> str:
    if column == "entity":
        return ", ".join(one.entity) or "-"
    return f"{len(one.features):,}" if one.features else "-"


def _kept_cell(row: Row, column: str, now: datetime) -> str:
    one = row.view
    match column:
        case "version":
            return str(one.version) if one.version is not None else "-"
        case "source":
            return one.source or "-"
        case "rows":
            return f"{one.n_rows:,}" if one.materialized_at else "-"
        case "newest":
            return age(one.newest_at, now)
        case "made":
            return ("✗ " if row.failure else "") + age(one.materialized_at, now)
    return ""


def _feature_cell(row: Row, column: str, glyphs: GlyphSet) -> str:
    match column:
        case "feature":
            return row.feature
        case "type":
            return row.view.features.get(row.feature) or "-"
        case "importance":
            return importance(row.view.importance.get(row.feature), row.most, _BAR_CELLS, glyphs)
    return ""


def importance(share: float | None, most: float, cells: int, glyphs: GlyphSet) -> str:
    """A bar and its share of the gain: `███▌     12.0 %`; `-` where no model weighs the feature.

    Args:
        share: from 0; 1 is all the gain of one model.
        most: the share that fills the bar.
        cells: of the bar.
        glyphs: the characters to draw with.
    """
    if share is None:
        return "-"
    bar = filled(share / most * cells, get_glyphs(glyphs).right) if most > 0 else ""
    return f"{bar:<{cells}}{share * 100:>6.1f} %"


def _version_cell(one: FeatureViewVersion, before: FeatureViewVersion | None, column: str, now: datetime) -> str:
    match column:
        case "version":
            return str(one.version)
        case "since":
            return age(one.created_at, now)
        case "digest":
            return digest(one.digest)
        case "changed":
            return ", ".join(changed(before, one))
    return ""


def ink(row: Row, column: str) -> str:
    """The colour of a cell; what it says, its text says too."""
    if column == "made" and row.failure:
        return "$error"
    if column == "kind" and not row.view.is_declared:
        return "$warning"
    return "$primary" if column == "importance" and row.feature in row.view.importance else ""
