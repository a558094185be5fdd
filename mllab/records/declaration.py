"""What a lab declares: its accepted configuration and the contracts of its sources."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from mllab.records.base import Record


class ConfigVersion(Record, frozen=True, kw_only=True):
    """One accepted text of `mllab.toml` together with its `features.py`."""

    digest: str
    accepted_at: datetime
    toml_digest: str
    features_digest: str | None = None


class DType(StrEnum):
    """Column types of a contract; `json` and nested types are refused at the border."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STRING = "string"
    DATETIME = "datetime"
    DATE = "date"


class Field(Record, frozen=True, kw_only=True):
    """One expected column."""

    name: str
    dtype: DType
    nullable: bool = True
    optional: bool = False
    """A file may come without it: its cells are missing then."""


class Schema(Record, frozen=True, kw_only=True):
    """Expected columns of a source, in file order: the data contract."""

    fields: tuple[Field, ...]

    def names(self) -> list[str]:
        """Column names in order."""
        return [field.name for field in self.fields]


class Contract(Record, frozen=True, kw_only=True):
    """One version of what a source demands of its files: columns and types as adopted, rules as declared."""

    source: str
    version: int
    raw_schema: Schema
    """Columns as they stand in a file."""
    schema: Schema
    """Columns after `with_columns`: what an accepted part holds."""
    rules: dict[str, Any]
    """`key`, `timestamp`, `created_timestamp`, `freshness`, `checks`, `fields`, `max_rejected_share` as declared."""
    digest: str
    """Over schemas, rules and the code of the checks."""
    reason: str
    """`inferred from FILE`, `declaration changed`, `accepted from FILE`."""
    config_digest: str
    adopted_at: datetime


class SourceState(Record, frozen=True, kw_only=True):
    """What is known of a declared source beyond its declaration: the contract inferred from its first file."""

    name: str
    raw_schema: Schema | None = None
    """Columns as they stand in the file; later files must bring them."""
    schema: Schema | None = None
    """Columns after `with_columns` and renames: what an accepted part holds."""
    adopted_at: datetime | None = None
    contract_version: int = 0
    """The newest contract's number; 0 before the first accepted file."""
