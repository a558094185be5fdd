"""The common form of every record, and of every wish."""

from html import escape
from typing import Any

import msgspec

_LONGEST = 200


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen, keyword-only; building one does not validate it."""

    def _repr_html_(self) -> str:
        """A table of the fields that say something, for notebooks."""
        fields = ((name, getattr(self, name)) for name in self.__struct_fields__)
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{_cell(one)}</td></tr>" for name, one in fields if _says(one))
        return f"<table><caption>{escape(type(self).__name__)}</caption>{rows}</table>"


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of one changing verb of `Lab`, by the verb's own names."""


def _says(value: Any) -> bool:
    return value is not None and value not in ("", (), [], {})


def _cell(value: Any) -> str:
    """A value as HTML: what is made of parts as a line for each, what is long cut."""
    if isinstance(value, dict):
        return "<br>".join(f"{escape(str(name))} = {_cell(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return "<br>".join(_cell(one) for one in value)
    text = str(value)
    return escape(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
