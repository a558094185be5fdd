"""A feature view on its way to another lab."""

from datetime import datetime
from typing import Any

from mllab.records.base import Record


class ViewPackage(Record, frozen=True, kw_only=True):
    """Declaration, code and statistics of one view version; what `feature export` writes."""

    format: int = 1
    view: str
    version: int
    digest: str
    """Of the definition: the same in every lab that has it."""
    source: str
    declaration: dict[str, Any]
    """The table as declared, without what was left at its default."""
    source_columns: dict[str, str]
    """The columns of the source that the view reads, with their types."""
    source_rules: dict[str, Any] = {}
    """`key`, `timestamp`, `created_timestamp` of the source."""
    code: str | None = None
    """The function it calls, with everything of `features.py` that the function refers to."""
    statistics: dict[str, Any] = {}
    """Rows, entities, newest row; per column what its profile says, where there is one."""
    exported_at: datetime


class ViewImport(Record, frozen=True, kw_only=True):
    """What importing a view has done, or would do."""

    view: str
    source: str
    table: str
    """The text that is appended to `mllab.toml`."""
    code: str | None
    """What is appended to `features.py`; only with `trust`."""
    is_done: bool
    notes: tuple[str, ...] = ()
