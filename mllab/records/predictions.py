"""Answers and the truth that arrives later."""

from datetime import datetime
from typing import Any

from mllab.records.base import Record


class Prediction(Record, frozen=True, kw_only=True):
    """One logged answer."""

    prediction_id: str
    model: str
    version: int
    at: datetime
    as_of: datetime
    """The request's own time: the model's timestamp column if it was sent, else `at`."""
    request: dict[str, Any]
    features: dict[str, Any]
    """What the model saw, looked-up and computed features included."""
    value: Any
    probabilities: dict[str, float] | None = None


class Label(Record, frozen=True, kw_only=True):
    """The truth about one prediction, arriving later."""

    prediction_id: str
    label: Any
    observed_at: datetime
    received_at: datetime
