"""Dots smaller than a cell: a curve is drawn in them, and each cell becomes the character that shows its dots."""

from functools import lru_cache


class Canvas:
    """Dots of one curve; (0, 0) is the top left one.

    A column of cells is one integer, a byte for each cell from the top: a rise of any height is a single operation.
    """

    def __init__(self, n_columns: int, n_rows: int, dots: tuple[tuple[int, ...], ...]) -> None:
        """An empty canvas of so many cells, with the bits of the dots in each (see `Glyphs.dots`)."""
        self._n_rows = n_rows
        self._across = len(dots)
        self._masks = tuple(_masks(column, n_rows) for column in dots)
        self._columns = [0] * n_columns

    def rise(self, x: int, top: int, bottom: int) -> None:
        """Draw the dots of a column from one to another, both included and `top` not below `bottom`."""
        masks = self._masks[x % self._across]
        self._columns[x // self._across] |= masks[bottom + 1] ^ masks[top]

    def line(self, x0: int, y0: int, x1: int, y1: int) -> None:
        """Draw from one dot to another that is not left of it, without a gap."""
        y, n = y0, x1 - x0
        for i in range(n):
            y = self._step(x0 + i, y, (2 * n * y0 + 2 * (i + 1) * (y1 - y0) + n) // (2 * n))
        if n == 0:
            self.rise(x0, min(y0, y1), max(y0, y1))

    def _step(self, x: int, y: int, to: int) -> int:
        """From a dot to one in the next column; half of a rise belongs to either."""
        middle = (y + to) // 2
        if to > y:
            self.rise(x, y, middle)
            self.rise(x + 1, middle + 1, to)
        elif to < y:
            self.rise(x, middle + 1, y)
            self.rise(x + 1, to, middle)
        else:
            self.rise(x, y, y)
            self.rise(x + 1, y, y)
        return to

    def column(self, column: int) -> bytes:
        """The bits of a column's cells from the top; empty where it has no dots."""
        bits = self._columns[column]
        return bits.to_bytes(self._n_rows, "little") if bits else b""


@lru_cache(maxsize=64)
def _masks(dots: tuple[int, ...], n_rows: int) -> tuple[int, ...]:
    """For each number of dots from the top, all their bits."""
    masks = [0]
    for row in range(n_rows):
        masks += [masks[-1] | sum(dots[:n]) << 8 * row for n in range(1, len(dots) + 1)]
    return tuple(masks)
