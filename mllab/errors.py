"""Every error mllab raises on purpose; one sentence that says what and where, one hint that says what to do.

    LabError
    ├── InvalidInput   the caller's words, file or request cannot be used as they are
    ├── NotFound       the named thing does not exist
    ├── Conflict       the thing exists, but its state forbids the wish
    ├── Unavailable    it could work later: busy, stopped, cannot be reached, cannot be written
    └── Cancelled      a person or a deadline stopped the work

A failing gate or a file in quarantine is a *result*, not an exception. Each face keeps one table from these
classes to an exit code or an HTTP status; nothing below the faces knows about either.
"""

from collections.abc import Sequence


class LabError(Exception):
    """Something mllab can explain.

    Args:
        message: what is wrong and where, one sentence.
        hint: what to do next; may be empty.
    """

    slug = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep the sentence and the hint apart, so that each face can lay them out."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidInput(LabError):
    """The caller's words, file or request cannot be used as they are.

    Args:
        message: what is wrong and where, one sentence.
        hint: what to do next; may be empty.
        problems: for a request, each offending place as (JSON pointer, code, detail).
    """

    slug = "invalid-input"

    def __init__(self, message: str, hint: str = "", problems: Sequence[tuple[str, str, str]] = ()) -> None:
        """Keep the single places beside the sentence."""
        super().__init__(message, hint)
        self.problems = tuple(problems)


class NotFound(LabError):
    """The named thing does not exist."""

    slug = "not-found"


class Conflict(LabError):
    """The thing exists, but its present state forbids the wish."""

    slug = "conflict"


class Unavailable(LabError):
    """It could work later: busy, stopped, out of reach, out of room."""

    slug = "unavailable"


class NoRoom(Unavailable):
    """The disk is full: trying again soon does not help."""

    slug = "no-room"


class Cancelled(LabError):
    """A person or a deadline stopped the work."""

    slug = "cancelled"


BY_SLUG: dict[str, type[LabError]] = {
    kind.slug: kind for kind in (LabError, InvalidInput, NotFound, Conflict, Unavailable, NoRoom, Cancelled)
}
"""How an error crosses a process border: its slug there, its class again here."""
