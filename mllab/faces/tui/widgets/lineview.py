"""Lines that scroll below one line of header, and are drawn anew only where they have changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


class LineView(ScrollView):
    """The lines; what stands in them is told by `_look`."""

    def __init__(self, *, id: str | None, classes: str | None) -> None:
        """No lines yet."""
        super().__init__(id=id, classes=classes)
        self._n_rows, self._is_comparing = 0, False

    @property
    def n_rows(self) -> int:
        """Rows of the source, as last counted."""
        return self._n_rows

    @property
    def _top(self) -> int:
        """The position of the first row on the screen."""
        return self.scroll_offset.y

    @property
    def _width(self) -> int:
        """Cells of a line, without the scrollbar."""
        return self.scrollable_content_region.width

    @property
    def _page(self) -> int:
        """Rows on the screen, at least 1."""
        return max(1, self.size.height - 1)

    def _look(self, index: int) -> object:
        """All that the line of a row depends on; None behind the last row."""
        raise NotImplementedError

    def _looks(self) -> list[object]:
        return [self._look(index) for index in range(self._top, self._top + self._page)]

    @contextmanager
    def _repainted(self) -> Iterator[None]:
        """Draw the lines of the screen anew on which the body changes something."""
        before, self._is_comparing = self._looks(), True
        try:
            yield
        finally:
            self._is_comparing = False
        changed = [y for y, (old, new) in enumerate(zip(before, self._looks(), strict=True), 1) if old != new]
        if changed:
            self.refresh(*(Region(0, y, self._width, 1) for y in changed))

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self._width, 1))

    def _scroll(self, top: int) -> None:
        if top != self._top:
            self.scroll_to(y=top, animate=False, force=True)

    def _extend(self) -> None:
        """Let the scrollbar know how many lines there are; the layout, only where that shows or hides it."""
        size = Size(0, self._n_rows + 1)
        if self.styles.auto_dimensions or self.show_vertical_scrollbar != (size.height > self._page + 1):
            self.virtual_size = size
        elif size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = size.height

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """While lines are compared, those that have changed are drawn anew anyhow."""
        if not self._is_comparing:
            super().watch_scroll_y(old_value, new_value)
        elif self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
