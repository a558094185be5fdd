"""How a column of a table looks, before anything is known of its cells."""

from typing import NamedTuple


class ColumnLook(NamedTuple):
    """Title, width and place of a column."""

    id: str
    """Also the field it is sorted by, where it can be."""
    title: str
    width: int
    """Cells; with `grow` the least."""
    grow: bool = False
    """Takes its share of the width that is left over."""
    right: bool = False
    """Stands at the right end of its cells, as numbers do."""
    from_width: int = 0
    """Cells of the table from which it is shown."""
