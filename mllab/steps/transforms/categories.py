"""`one_hot` and `ordinal`: categories as columns, or as positions."""

from collections import Counter
from typing import Any

from mllab.config.transforms import OneHot, Ordinal
from mllab.records import DType
from mllab.records.transforms import FittedOneHot, FittedOrdinal
from mllab.steps.transforms.contract import Column, Kernel, Learnt, Supervision, label_of

MOST_COLUMNS = 100
"""Categories that `one_hot` takes without being told how many to keep."""
MOST_POSITIONS = 10_000
"""Categories that `ordinal` orders by frequency."""


class OneHotEncoding:
    """The transform `one_hot`: a truth value per category, the most frequent first, equally frequent ones by value.

    A missing value is none of them. So is an unseen one, unless `top` was declared: then it is `other`, as are the
    categories beyond the top.
    """

    def fit(self, column: Column, step: OneHot, supervision: Supervision | None) -> Learnt:
        """Find the categories."""
        found = by_frequency(column.known())
        if step.top is None and len(found) > MOST_COLUMNS:
            hint = "say how many to keep, for example top = 50, or use target_encode"
            column.refuse(f"`{column.name}` has {len(found):,} categories, a column each is too many", hint)
        names = [f"{column.name}={label_of(one)}" for one in found[: step.top]]
        names += [f"{column.name}=other"] if step.top is not None else []
        fitted = FittedOneHot(
            column=column.name,
            outputs=tuple(names),
            categories=tuple(found[: step.top]),
            has_other=step.top is not None,
        )
        return Learnt(fitted, (DType.BOOL,) * len(names))

    def kernel(self, fitted: FittedOneHot) -> Kernel:
        """A row of truth values per category, made beforehand."""
        width, places = len(fitted.outputs), range(len(fitted.outputs))
        none = (False,) * width
        rows: dict[Any, Any] = {
            category: tuple(i == place for i in places) for place, category in enumerate(fitted.categories)
        }
        rows[None] = none
        unseen: Any = (*none[1:], True) if fitted.has_other else none
        if width == 1:
            rows, unseen = {category: row[0] for category, row in rows.items()}, unseen[0]
        return lambda value: rows.get(value, unseen)


class OrdinalEncoding:
    """The transform `ordinal`: a position; a missing value, and one that has no position, is missing."""

    def fit(self, column: Column, step: Ordinal, supervision: Supervision | None) -> Learnt:
        """Find the categories, or look whether the declared ones occur."""
        found = by_frequency(column.known())
        if step.order is not None:
            if set(found).isdisjoint(step.order):
                said = f"no training row has one of `order`; the most frequent value is {found[0]!r}"
                column.refuse(said, "write the values as they stand in the data, text in quotes")
            found = list(step.order)
        elif len(found) > MOST_POSITIONS:
            column.refuse(f"`{column.name}` has {len(found):,} categories to order", "declare `order`")
        fitted = FittedOrdinal(column=column.name, outputs=(column.name,), categories=tuple(found))
        return Learnt(fitted, (DType.INT,))

    def kernel(self, fitted: FittedOrdinal) -> Kernel:
        """Look the position up."""
        return {category: position for position, category in enumerate(fitted.categories)}.get


def by_frequency(known: list[Any]) -> list[Any]:
    """Distinct values, the most frequent first, equally frequent ones ascending."""
    return [value for value, _ in sorted(Counter(known).items(), key=lambda one: (-one[1], one[0]))]
