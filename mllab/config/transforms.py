"""Transforms of a feature as `[feature_view.NAME.transform]` and `[model.NAME.transform]` declare them, one per `do`.

What they learn and how they compute is in `mllab/steps/transforms/`; docs/transforms.md explains them.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from mllab.records import DType

Types = frozenset[DType]
Problem = tuple[str, str]
"""What is wrong, and what to do about it."""

NUMBERS: Types = frozenset({DType.BOOL, DType.INT, DType.FLOAT})
GROUPS: Types = frozenset({DType.BOOL, DType.INT, DType.STRING})
TEXTS: Types = frozenset({DType.STRING})
DATES: Types = frozenset({DType.DATETIME, DType.DATE})
WORDS: dict[Types, str] = {
    NUMBERS: "numbers",
    GROUPS: "text, whole numbers or truth values",
    TEXTS: "text",
    DATES: "dates",
    NUMBERS | TEXTS: "numbers, text or truth values",
}
"""What a step takes, for messages."""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """The common form of one step: what it takes and what it gives."""

    takes: ClassVar[Types]
    gives: ClassVar[Types] = frozenset()
    """Types of its columns; empty: as they came."""

    def problem(self) -> Problem | None:
        """What is wrong with the parameters, as far as they tell without data."""
        for field in msgspec.structs.fields(type(self)):
            value = getattr(self, field.name)
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, float) and not math.isfinite(one):
                    return f"`{field.encode_name}` cannot be {one}", "write a finite number"
        return self.mistake()

    def mistake(self) -> Problem | None:
        """Combinations of parameters that mean nothing."""
        return None


class Impute(Step, frozen=True, kw_only=True, tag="impute"):
    """Put a value where one is missing."""

    takes: ClassVar[Types] = NUMBERS | TEXTS

    with_: Literal["mean", "median", "most_frequent", "constant"] = msgspec.field(name="with")
    value: bool | int | float | str | None = None
    """For `constant`."""
    indicator: bool = False
    """Add `NAME_missing`: whether a value was missing."""

    def mistake(self) -> Problem | None:
        """A constant without its value, or a value without `constant`."""
        if (self.with_ == "constant") == (self.value is not None):
            return None
        if self.value is None:
            return '`with = "constant"` needs `value`', "for example value = 0"
        return f'`value` means nothing to `with = "{self.with_}"`', 'write with = "constant", or take `value` out'


class Clip(Step, frozen=True, kw_only=True, tag="clip"):
    """Pull values beyond two bounds to the bounds."""

    takes: ClassVar[Types] = NUMBERS
    gives: ClassVar[Types] = frozenset({DType.FLOAT})

    low: float | None = None
    high: float | None = None
    as_: Literal["value", "quantile"] = msgspec.field(default="value", name="as")
    """Whether the bounds are values, or shares (0 to 1) of the training rows."""

    def mistake(self) -> Problem | None:
        """No bound, bounds in the wrong order, shares beyond 0 to 1."""
        bounds = [one for one in (self.low, self.high) if one is not None]
        if not bounds:
            return "it has no bound", "give `low`, `high` or both"
        if bounds != sorted(bounds):
            return f"`low` {self.low} is above `high` {self.high}", "swap them"
        if self.as_ == "quantile" and not all(0 <= one <= 1 for one in bounds):
            return "quantiles are shares from 0 to 1", "for example low = 0.01, high = 0.99"
        return None


class Scale(Step, frozen=True, kw_only=True, tag="scale"):
    """Shift and divide, so that features of different units become comparable."""

    takes: ClassVar[Types] = NUMBERS
    gives: ClassVar[Types] = frozenset({DType.FLOAT})

    by: Literal["standard", "minmax", "robust"] = "standard"


class Log(Step, frozen=True, kw_only=True, tag="log"):
    """log(1 + x)."""

    takes: ClassVar[Types] = NUMBERS
    gives: ClassVar[Types] = frozenset({DType.FLOAT})

    signed: bool = False
    """For values below zero: -log(1 - x)."""


class Power(Step, frozen=True, kw_only=True, tag="power"):
    """The Yeo-Johnson transform that makes the training rows most like a normal distribution."""

    takes: ClassVar[Types] = NUMBERS
    gives: ClassVar[Types] = frozenset({DType.FLOAT})


class Bin(Step, frozen=True, kw_only=True, tag="bin"):
    """The number of the interval that holds a value, from 0."""

    takes: ClassVar[Types] = NUMBERS
    gives: ClassVar[Types] = frozenset({DType.INT})

    by: Literal["quantile", "uniform", "edges"] = "quantile"
    bins: Annotated[int, msgspec.Meta(ge=2, le=256)] = 10
    """For `quantile` and `uniform`; fewer where edges fall together."""
    edges: tuple[float, ...] = ()
    """For `edges`: the inner borders; a value that equals one lies above it."""

    def mistake(self) -> Problem | None:
        """Edges without `by = "edges"` or the other way round, or not ascending."""
        if (self.by == "edges") != bool(self.edges):
            return '`by = "edges"` and `edges` go together', 'for example by = "edges", edges = [0, 10, 100]'
        if any(a >= b for a, b in pairwise(self.edges)):
            return "`edges` do not ascend", "write them from least to greatest, each once"
        return None


class OneHot(Step, frozen=True, kw_only=True, tag="one_hot"):
    """One column per category: is it this one?"""

    takes: ClassVar[Types] = GROUPS
    gives: ClassVar[Types] = frozenset({DType.BOOL})

    top: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    """Only the so many most frequent; rarer and unseen ones share a column `NAME=other`."""


class Ordinal(Step, frozen=True, kw_only=True, tag="ordinal"):
    """The position of a category, from 0."""

    takes: ClassVar[Types] = GROUPS
    gives: ClassVar[Types] = frozenset({DType.INT})

    order: tuple[bool | int | str, ...] | None = None
    """Categories from least to greatest; default: by frequency, the most frequent first."""

    def mistake(self) -> Problem | None:
        """An order without, or with repeated categories."""
        if self.order is None:
            return None
        repeated = [one for one, n in Counter((type(one), one) for one in self.order).items() if n > 1]
        if repeated:
            return f"`order` holds {repeated[0][1]!r} twice", "name each category once"
        return None if self.order else ("`order` is empty", "name the categories, or leave `order` out")


class TargetEncode(Step, frozen=True, kw_only=True, tag="target_encode"):
    """The mean of the target in a category; of training rows the mean in the other folds."""

    takes: ClassVar[Types] = GROUPS
    gives: ClassVar[Types] = frozenset({DType.FLOAT})

    smoothing: Annotated[float, msgspec.Meta(ge=0)] = 20.0
    """How many rows of the overall mean are added to each category."""
    folds: Annotated[int, msgspec.Meta(ge=2, le=20)] = 5
    top: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10_000
    """Only the so many most frequent; rarer ones count as unseen."""


DatePart = Literal["year", "month", "day", "weekday", "hour", "day_of_year", "is_weekend"]


class DateParts(Step, frozen=True, kw_only=True, tag="date_parts"):
    """Numbers from a date or a moment."""

    takes: ClassVar[Types] = DATES
    gives: ClassVar[Types] = frozenset({DType.BOOL, DType.INT, DType.FLOAT})

    parts: tuple[DatePart, ...]
    cyclic: bool = False
    """Sine and cosine (`NAME.hour_sin`, `NAME.hour_cos`) instead of the number, for parts that come round again."""
    timezone: str | None = None
    """Zone in which a moment is read; default: the source's."""

    def mistake(self) -> Problem | None:
        """No part, or one twice."""
        if not self.parts or len(set(self.parts)) < len(self.parts):
            return "`parts` is empty or names a part twice", 'for example parts = ["hour", "weekday"]'
        return None


class TextLength(Step, frozen=True, kw_only=True, tag="text_length"):
    """How long a text is."""

    takes: ClassVar[Types] = TEXTS
    gives: ClassVar[Types] = frozenset({DType.INT})

    of: Literal["chars", "words"] = "chars"


class Hash(Step, frozen=True, kw_only=True, tag="hash"):
    """Counts of words or of pieces of words, by signed feature hashing."""

    takes: ClassVar[Types] = TEXTS
    gives: ClassVar[Types] = frozenset({DType.FLOAT})

    of: Literal["words", "chars"] = "words"
    ngram: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    """Words: sequences of up to so many. Chars: pieces of just so many."""
    buckets: Annotated[int, msgspec.Meta(ge=2, le=256)] = 32
    lower: bool = True
    """Whether upper and lower case are one."""


Transform = Impute | Clip | Scale | Log | Power | Bin | OneHot | Ordinal | TargetEncode | DateParts | TextLength | Hash
Chains = dict[str, tuple[Transform, ...]]
"""Feature to its steps in order."""


def do_of(step: msgspec.Struct) -> str:
    """The name of a transform, declared or fitted: its `do`."""
    return str(step.__struct_config__.tag)


def step_name(number: int, step: msgspec.Struct) -> str:
    """A step for messages: ``step 2 (`scale`)``."""
    return f"step {number} (`{do_of(step)}`)"


def chain_problem(steps: Sequence[Transform]) -> Problem | None:
    """What is wrong with the steps of one feature, as far as they tell without data."""
    types: Types = frozenset(DType)
    before = ""
    for number, step in enumerate(steps, 1):
        name = step_name(number, step)
        if found := step.problem():
            return f"{name}: {found[0]}", found[1]
        if not types & step.takes:
            return f"{name} takes {WORDS[step.takes]}, {before} gives none", remedy(step.takes)
        types, before = step.gives or types & step.takes, name
    return None


def remedy(takes: Any) -> str:
    """What to do where a step is given what it cannot take."""
    if takes == DATES:
        return "date_parts comes first, on a column that the source declares in `dates` or as its timestamp"
    if takes == TEXTS:
        return "put it before the steps that make numbers of the text"
    if takes == GROUPS:
        return "`bin` makes groups of numbers"
    return "make numbers first: ordinal, one_hot, target_encode or hash of text, date_parts of dates"
