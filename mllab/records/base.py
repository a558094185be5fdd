"""The common form of every record."""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen, keyword-only; building one does not validate it."""
