"""What was found for several entities; each row is put together only when somebody looks at it."""

from collections.abc import Callable, Sequence
from typing import Any, overload

from mllab.records import FeatureRow


class OnlineAnswer(Sequence[FeatureRow]):
    """Features of entities at one moment, in the order they were asked for. Reads nothing any more."""

    def __init__(
        self, features: tuple[str, ...], n_rows: int, row: Callable[[int], FeatureRow], values: Callable[[int], Any]
    ) -> None:
        """Take what was read.

        Args:
            features: names, in the order of `values`.
            n_rows: number of entities.
            row: puts a row together.
            values: the values of a row, by the order of `features`.
        """
        self.features, self._n, self._row, self._values = features, n_rows, row, values
        self._made: dict[int, FeatureRow] = {}

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, place: int) -> FeatureRow: ...

    @overload
    def __getitem__(self, place: slice) -> list[FeatureRow]: ...

    def __getitem__(self, place: int | slice) -> FeatureRow | list[FeatureRow]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._n))]
        if not -self._n <= place < self._n:
            raise IndexError(f"{self._n} rows have no row {place}")
        place %= self._n
        if place not in self._made:
            self._made[place] = self._row(place)
        return self._made[place]

    def values(self) -> list[Sequence[Any]]:
        """The values alone: per entity, by the order of `features`; null (a count 0) unless the status is PRESENT."""
        return [self._values(place) for place in range(self._n)]
