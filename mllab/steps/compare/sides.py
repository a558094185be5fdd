"""What a comparison row by row needs of a run, and whether two runs have it."""

from mllab.records.base import Record

ARTIFACTS = ("predictions.parquet", "predictions.csv")
"""Where a script has logged its predictions row by row; the first that a run has counts."""


class Side(Record, frozen=True, kw_only=True):
    """One run of a pair."""

    run_id: str
    name: str
    bundle: str | None = None
    """Digest of its model."""
    training_set: str | None = None
    """Content hash."""
    frame: str | None = None
    """Digest of the training set's rows."""
    predictions: str | None = None
    """Digest of the predictions that it has logged."""
    is_csv: bool = False

    @property
    def has_model(self) -> bool:
        """Whether its model can be asked on the rows of its training set."""
        return bool(self.bundle and self.frame)


def why_not(reference: Side, other: Side) -> str:
    """Why two runs have nothing to be compared by, row by row; empty where they may have."""
    both = (reference, other)
    if all(one.has_model for one in both) or all(one.predictions for one in both):
        return ""
    lacking = next((one for one in both if not one.has_model and not one.predictions), None)
    if lacking is None:
        return f"one has a model, the other only logged predictions: log {ARTIFACTS[0]} with both"
    return f"{lacking.name} has neither a model that mllab trained nor an artifact {' or '.join(ARTIFACTS)}"
