"""From an error in the lab's own words to the line that causes it, in `features.py` or in `mllab.toml`."""

import re
from types import TracebackType
from typing import NamedTuple

from mllab.config.locate import line_of
from mllab.errors import LabError
from mllab.records import PreviewProblem
from mllab.steps.code_places import Place, piece, place_of

FEATURES, DECLARATION = "features.py", "mllab.toml"
_PREFIX = re.compile(r"^(features\.py|mllab\.toml)(?: line (\d+))?: ")
_IN_TOML = re.compile(r"at line (\d+), column (\d+)\)?$")
_NAMED = re.compile(r"[`\"]([^`\"\n]+)[`\"]")


class TooSlow(Exception):
    """The time for a preview is over."""


class Texts(NamedTuple):
    """The two files of a declaration."""

    toml: str
    features: str


class Where(NamedTuple):
    """What was being done."""

    step: str = ""
    """Its title."""
    key: str = ""
    """The dotted key of `mllab.toml` that asks for it."""
    function: str | None = None
    """The function of `features.py` that does it."""


def problem_of(error: LabError | TooSlow, texts: Texts, where: Where) -> PreviewProblem:
    """What went wrong, with the line where that can be told.

    Args:
        error: as it was raised.
        texts: the files it is about.
        where: what was being done.
    """
    cause = error if isinstance(error, TooSlow) else error.__cause__
    message, hint = _said(error, cause)
    file, place = _found(error, cause, texts, where, message)
    text = texts.features if file == FEATURES else texts.toml
    lines = text.split("\n")
    inside = place is not None and 0 < place.line <= len(lines)
    return PreviewProblem(
        message=_PREFIX.sub("", message).rstrip(": "),
        hint=hint,
        step=where.step,
        file=file,
        line=place.line if place else None,
        text=lines[place.line - 1] if place and inside else "",
        column=place.column if place else None,
        width=place.width if place else 1,
    )


def _said(error: LabError | TooSlow, cause: BaseException | None) -> tuple[str, str]:
    if isinstance(cause, TooSlow):
        return str(cause), "look for a loop that does not end, or for code that works on every row in Python"
    assert isinstance(error, LabError)  # noqa: S101 - for mypy
    return error.message, error.hint


def _found(
    error: Exception, cause: BaseException | None, texts: Texts, where: Where, message: str
) -> tuple[str | None, Place | None]:
    """The file and the place in it, from the surest sign to the vaguest."""
    if (place := _raised_at(cause, texts.features)) is not None:
        return FEATURES, place
    if (place := _in_declaration(message, texts.toml)) is not None:
        return DECLARATION, place
    if where.function is not None and f"`{where.function}`" in message:
        words = [one for one in _NAMED.findall(message) if one != where.function]
        if (place := place_of(texts.features, where.function, words)) is not None:
            return FEATURES, place
    line = line_of(texts.toml, where.key) if where.key else None
    return (DECLARATION, piece(texts.toml, line, None, None)) if line else (None, None)


def _raised_at(cause: BaseException | None, text: str) -> Place | None:
    """Where Python stopped in features.py: the innermost line of it."""
    if isinstance(cause, SyntaxError) and cause.filename == FEATURES:
        line, start = cause.lineno or 1, cause.offset or 1
        same_line = cause.end_lineno == line and cause.end_offset
        return Place(line, max(start, 1), max((cause.end_offset or start) - start, 1) if same_line else 1)
    found, trace = None, cause.__traceback__ if cause is not None else None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FEATURES:
            found = trace
        trace = trace.tb_next
    return None if found is None else _piece_of(found, text)


def _piece_of(trace: TracebackType, text: str) -> Place:
    """The very expression, where the interpreter knows it."""
    positions = list(trace.tb_frame.f_code.co_positions())
    line, last, start, end = positions[trace.tb_lasti // 2] if trace.tb_lasti >= 0 else (None, None, None, None)
    if line != trace.tb_lineno:
        return piece(text, trace.tb_lineno, None, None)
    return piece(text, line, start, end if last == line else None)


def _in_declaration(message: str, toml: str) -> Place | None:
    """The line that a message about `mllab.toml` names itself."""
    prefix, inside = _PREFIX.match(message), _IN_TOML.search(message)
    if prefix and prefix[1] == DECLARATION and prefix[2]:
        return piece(toml, int(prefix[2]), None, None)
    if message.startswith(DECLARATION) and inside:
        return Place(int(inside[1]), int(inside[2]), 1)
    return None
