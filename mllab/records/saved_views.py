"""Lists of runs that people keep under a name."""

from datetime import datetime

from mllab.records.base import Command, Record


class SavedView(Record, frozen=True, kw_only=True):
    """A filter of runs with an order and columns, kept under a name. Not a feature view."""

    name: str
    filter: str = ""
    sort: str = "-started"
    columns: tuple[str, ...] = ()
    """Such as `name`, `status`, `metric.test.auc`, `param.lr`, `tag.note`; empty for the usual ones."""
    saved_at: datetime
    deleted_at: datetime | None = None


class SaveView(Command, frozen=True, kw_only=True):
    """Keep a list of runs under a name, in place of what had it before."""

    name: str
    filter: str = ""
    sort: str = "-started"
    columns: tuple[str, ...] = ()


class DeleteSavedView(Command, frozen=True, kw_only=True):
    """Let go of a name of a list of runs."""

    name: str


SAVING: dict[str, type[Command]] = {"save_view": SaveView, "delete_saved_view": DeleteSavedView}
"""Verb of `Lab` to its command."""
