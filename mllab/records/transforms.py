"""What transforms of features learnt on the training split: a part of the bundle, applied alike offline and online."""

from typing import Literal

from mllab.records.base import Record

Category = bool | int | str
Part = Literal["year", "month", "day", "weekday", "hour", "day_of_year", "is_weekend"]


class FittedStep(Record, frozen=True, kw_only=True, tag_field="do"):
    """The common form of one fitted transform."""

    column: str
    """The column it reads: a feature, or an output of an earlier transform."""
    outputs: tuple[str, ...]
    """The columns that stand in its place."""


class FittedImpute(FittedStep, frozen=True, kw_only=True, tag="impute"):
    """A missing value becomes `value`."""

    value: bool | int | float | str
    indicator: bool = False
    """Whether the second output tells that a value was missing."""


class FittedClip(FittedStep, frozen=True, kw_only=True, tag="clip"):
    """max(low, min(high, x)); a bound may be absent."""

    low: float | None = None
    high: float | None = None


class FittedScale(FittedStep, frozen=True, kw_only=True, tag="scale"):
    """(x - center) / scale."""

    center: float
    scale: float


class FittedLog(FittedStep, frozen=True, kw_only=True, tag="log"):
    """log(1 + x)."""

    signed: bool


class FittedPower(FittedStep, frozen=True, kw_only=True, tag="power"):
    """Yeo-Johnson."""

    exponent: float
    """Its lambda."""


class FittedBin(FittedStep, frozen=True, kw_only=True, tag="bin"):
    """How many edges are at most x."""

    edges: tuple[float, ...]
    """Inner borders, ascending."""


class FittedOneHot(FittedStep, frozen=True, kw_only=True, tag="one_hot"):
    """Is it this category? In the order of the outputs."""

    categories: tuple[Category, ...]
    has_other: bool
    """Whether the last output tells that it is none of them."""


class FittedOrdinal(FittedStep, frozen=True, kw_only=True, tag="ordinal"):
    """The position in `categories`; any other value is missing."""

    categories: tuple[Category, ...]


class FittedTargetEncode(FittedStep, frozen=True, kw_only=True, tag="target_encode"):
    """The smoothed mean of the target in a category; one output per class for multiclass."""

    categories: tuple[Category | None, ...]
    """None stands for missing."""
    values: tuple[tuple[float, ...], ...]
    """By category, then output."""
    prior: tuple[float, ...]
    """For every other value."""


class FittedDateParts(FittedStep, frozen=True, kw_only=True, tag="date_parts"):
    """Parts of a moment, read in a zone, or of a date."""

    parts: tuple[Part, ...]
    cyclic: bool
    timezone: str
    of_dates: bool
    """Days, not moments: the zone means nothing."""


class FittedTextLength(FittedStep, frozen=True, kw_only=True, tag="text_length"):
    """Characters or words of a text."""

    of: Literal["chars", "words"]


class FittedHash(FittedStep, frozen=True, kw_only=True, tag="hash"):
    """Signed counts of words or of pieces of words, one output per bucket."""

    of: Literal["words", "chars"]
    ngram: int
    lower: bool


FittedTransform = (
    FittedImpute
    | FittedClip
    | FittedScale
    | FittedLog
    | FittedPower
    | FittedBin
    | FittedOneHot
    | FittedOrdinal
    | FittedTargetEncode
    | FittedDateParts
    | FittedTextLength
    | FittedHash
)
