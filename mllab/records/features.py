"""Feature views: their versions, what is kept of them, what is found for an entity."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from mllab.records.base import Record


class FeatureStatus(StrEnum):
    """What a lookup found for one feature of one entity at one moment."""

    PRESENT = "PRESENT"
    NULL_VALUE = "NULL_VALUE"
    """There is a row, and the value in it is missing."""
    NOT_FOUND = "NOT_FOUND"
    """Nothing was known of the entity at that moment."""
    OUTSIDE_MAX_AGE = "OUTSIDE_MAX_AGE"
    """The latest row was older than the view's ttl."""


class FeatureViewVersion(Record, frozen=True, kw_only=True):
    """One definition of a feature view; made when a run or a materialization first uses it."""

    view: str
    version: int
    digest: str
    """Over the declaration and the code it calls; what only describes (description, owner, tags) is left out."""
    source: str
    declaration: dict[str, Any]
    """The table as declared, entities replaced by their join keys."""
    timestamp: str
    """The column that says when the values became known."""
    key: tuple[str, ...] = ()
    """The source's key; with `created_timestamp` it tells which of two rows stands."""
    created_timestamp: str | None = None
    code: str | None = None
    """The text of the function it calls, with everything of `features.py` that function refers to."""
    config_digest: str
    """The declaration it was first seen in."""
    created_at: datetime


class Materialization(Record, frozen=True, kw_only=True):
    """What is kept of one view version: its offline index and its online rows."""

    digest: str
    """Of the view version."""
    view: str
    version: int
    source: str
    dataset_version: int
    """The newest dataset version that is in."""
    index: str
    """Name of the folder below `.mllab/offline/` that holds the memory-mapped index."""
    n_entities: int
    n_rows: int
    n_skipped: int = 0
    """Rows without a time or a part of their entity."""
    newest_at: datetime | None = None
    """The newest event_timestamp."""
    online_from: datetime | None = None
    """Moments from here on are answered online, earlier ones from the index; None: nothing is online."""
    n_online: int = 0
    made_at: datetime


class FeatureRow(Record, frozen=True, kw_only=True):
    """What is known of one entity at one moment: one row of an answer to a lookup of features."""

    entity: dict[str, Any]
    values: dict[str, Any]
    """Feature to value, null unless its status is PRESENT; but a count of nothing is 0."""
    statuses: dict[str, FeatureStatus]
    event_timestamps: dict[str, datetime | None]
    """Feature to when the row that answered became known."""


class FeatureViewSummary(Record, frozen=True, kw_only=True):
    """A declared feature view, or one that models still use, as `feature list` shows it."""

    name: str
    version: int | None
    """None until a run or a materialization used it."""
    kind: str
    """`view`, `on_demand` or `service`."""
    source: str | None
    entity: tuple[str, ...]
    features: dict[str, str]
    """Feature to type where that is known, else to an empty text."""
    timestamp: str | None = None
    ttl: str | None = None
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    """`model@version` of those that pin a version of it, and models whose declaration names it."""
    n_versions: int = 0
    n_rows: int = 0
    n_entities: int = 0
    newest_at: datetime | None = None
    materialized_at: datetime | None = None
    online_from: datetime | None = None
    is_declared: bool = True
    importance: dict[str, float] = {}
    """Feature to share of the champion's total gain, 0 to 1, summed over the models that use it."""


class Verification(Record, frozen=True, kw_only=True):
    """Logged predictions replayed: did they see what the offline store gives for their moment?"""

    model: str
    n_predictions: int
    n_values: int
    n_equal: int
    n_unknown: int = 0
    """Predictions whose view version or data is not here any more (forgotten, or older than the lab keeps)."""
    differences: tuple["Difference", ...] = ()
    """The first ones."""

    def is_clean(self) -> bool:
        """Whether every value was equal to the bit."""
        return self.n_equal == self.n_values


class Difference(Record, frozen=True, kw_only=True):
    """One value that a prediction saw and the offline store does not give."""

    prediction_id: str
    feature: str
    logged: Any
    offline: Any
