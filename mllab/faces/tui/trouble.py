"""What went wrong in a worker thread: an error to be said, and where it came from for whoever wants to know."""

import traceback
from typing import NamedTuple

from mllab.errors import LabError


class Trouble(NamedTuple):
    """An error with its traceback."""

    error: LabError
    trace: str


def trouble_of(error: Exception, hint: str = "ctrl+t shows where it came from") -> Trouble:
    """An error as it is said; one that was not meant to happen as a `LabError`, for it must not end the lab's host.

    Args:
        error: that was caught.
        hint: what to do about one that is no `LabError`.
    """
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, LabError):
        return Trouble(error, trace)
    return Trouble(LabError(f"unexpected: {type(error).__name__}: {error}", hint), trace)
