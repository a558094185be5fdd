"""What intake hands from step to step: a table as read, as typed, as accepted."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mllab.records import Refusal, Rejection, Schema, SchemaChange


class Refused(Exception):
    """Carries a refusal out of nested code; every public step turns it back into its result."""

    def __init__(
        self, code: str, reason: str, hint: str, line: int | None = None, diff: Sequence[SchemaChange] = ()
    ) -> None:
        """Take the fields of a `Refusal`."""
        super().__init__(reason)
        self.refusal = Refusal(code=code, reason=reason, hint=hint, line=line, diff=tuple(diff))

    def with_diff(self, diff: Sequence[SchemaChange]) -> "Refused":
        """The same refusal, with how the file's columns differ from the contract."""
        one = self.refusal
        return Refused(one.code, one.reason, one.hint, one.line, diff)


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as it stands in its file."""

    frame: pl.DataFrame
    """Text files: every column `String`, every cell as written. Others: the file's own column types."""
    lines: pl.Series
    """Int64, one per row: the 1-based line where the row begins in a text file, else its 1-based number."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """A table in the types of its contract, without the rows that do not fit."""

    frame: pl.DataFrame
    lines: pl.Series
    rejections: tuple[Rejection, ...] = ()
    """One per rejected row, in file order."""
    notes: tuple[str, ...] = ()
    schema: Schema = Schema(fields=())
    """The contract of the raw columns as it was applied: as declared by now, and with what was taken over."""
    n_nulled: int = 0
    """Cells that did not fit and were made missing."""
    diff: tuple[SchemaChange, ...] = ()
    """How the file's columns differ from the contract and were taken all the same."""


@dataclass(frozen=True, slots=True)
class Validated:
    """What a file adds to its source."""

    frame: pl.DataFrame
    schema: Schema
    lines: pl.Series
    rejections: tuple[Rejection, ...] = ()
    """One per row that this step rejected, in file order."""
    n_rejected: int = 0
    notes: tuple[str, ...] = ()
    n_nulled: int = 0


def counted(n: int, one: str, many: str = "") -> str:
    """`1 row`, `1,200 rows`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def shown(text: str, most: int = 40) -> str:
    """A cell or name for a sentence: in backticks, control characters escaped, cut when long."""
    safe = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text[: most + 1])
    return f"`{safe[:most]}…`" if len(safe) > most else f"`{safe}`"
