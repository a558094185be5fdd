"""What a virtual table tells its screen; handlers are called `on_vtable_...`."""

from typing import Any

from textual.message import Message
from textual.widget import Widget

from mllab.faces.tui.trouble import Trouble


class TableMessage(Message):
    """Any of them; `table` is the one that tells."""

    def __init__(self, table: Widget) -> None:
        """Keep the sender."""
        super().__init__()
        self.table = table

    @property
    def control(self) -> Widget:
        """The table, for the selectors of `on`."""
        return self.table


class Highlighted(TableMessage, namespace="vtable"):
    """The cursor stands on another row, or its row has changed; without rows, key and record are None."""

    def __init__(self, table: Widget, key: str | None, index: int, record: Any) -> None:
        """Say which row."""
        super().__init__(table)
        self.key, self.index, self.record = key, index, record

    def can_replace(self, message: Message) -> bool:
        """Only the last one counts."""
        return isinstance(message, Highlighted) and message.table is self.table


class Opened(TableMessage, namespace="vtable"):
    """Enter, or a double click, on a row."""

    def __init__(self, table: Widget, key: str, record: Any) -> None:
        """Say which row."""
        super().__init__(table)
        self.key, self.record = key, record


class MarksChanged(TableMessage, namespace="vtable"):
    """Rows were marked or unmarked."""


class SortAsked(TableMessage, namespace="vtable"):
    """The header of a column that can be sorted by was clicked."""

    def __init__(self, table: Widget, column_id: str) -> None:
        """Say which column."""
        super().__init__(table)
        self.column_id = column_id


class Failed(TableMessage, namespace="vtable"):
    """The rows could not be read; the table shows what it showed."""

    def __init__(self, table: Widget, trouble: Trouble) -> None:
        """Say why."""
        super().__init__(table)
        self.trouble = trouble


class Loaded(TableMessage, namespace="vtable"):
    """New rows, or the same ones read anew, are shown."""

    def __init__(self, table: Widget, n_rows: int) -> None:
        """Say how many there are."""
        super().__init__(table)
        self.n_rows = n_rows
