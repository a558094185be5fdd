"""From an error in the lab's own words to the line that causes it, in `features.py` or in `mllab.toml`."""

import re
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

from mllab.config.locate import line_of
from mllab.errors import LabError
from mllab.records import PreviewProblem
from mllab.steps.code_places import Place, piece, place_of

FEATURES, DECLARATION = "features.py", "mllab.toml"
_PREFIX = re.compile(r"^(features\.py|mllab\.toml)(?: line (\d+))?: ")
_IN_TOML = re.compile(r"at line (\d+), column (\d+)\)?$")
_HEADER = re.compile(r"\s*\[")
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


def is_of_owner(error: BaseException) -> bool:
    """Whether code of features.py raised it."""
    return _innermost(error) is not None


def problem_of(error: BaseException, texts: Texts, where: Where) -> PreviewProblem:
    """What went wrong, with the line where that can be told.

    Args:
        error: as it was raised: the lab's own, or whatever features.py raised while an expression called it.
        texts: the files it is about.
        where: what was being done.
    """
    cause = error.__cause__ if isinstance(error, LabError) else error
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


def _said(error: BaseException, cause: BaseException | None) -> tuple[str, str]:
    if isinstance(cause, TooSlow):
        return str(cause), "look for a loop that does not end, or for code that works on every row in Python"
    if isinstance(error, LabError):
        return error.message, error.hint
    first_line = str(error).strip().partition("\n")[0]  # Polars adds lines of its own
    return f"{type(error).__name__}: {first_line}", f"mend {FEATURES}"


def _found(
    error: BaseException, cause: BaseException | None, texts: Texts, where: Where, message: str
) -> tuple[str | None, Place | None]:
    """The file and the place in it, from the surest sign to the vaguest."""
    if (place := _raised_at(cause, texts.features)) is not None:
        return FEATURES, place
    if (place := _in_declaration(message, texts.toml)) is not None:
        return DECLARATION, place
    words = [one for one in _NAMED.findall(message) if one != where.function]
    function = where.function if where.function and _is_about(where.function, error, message) else None
    if function and (place := place_of(texts.features, function, words)) is not None:
        return FEATURES, place
    line = _saying(texts.toml, where.key, words)
    return (DECLARATION, piece(texts.toml, line, None, None)) if line else (None, None)


def _is_about(function: str, error: BaseException, message: str) -> bool:
    """Whether a function is to be mended: it is named, called wrongly, or made what features cannot be."""
    named = f"`{function}`" in message or f"{function}()" in message
    return named or (isinstance(error, LabError) and error.hint.endswith(f"in {FEATURES}"))


def _saying(toml: str, key: str, words: Sequence[str]) -> int | None:
    """The line of a key, or another line of its table that holds one of the words as a text; the last word first."""
    own = line_of(toml, key) if key else None
    if own is None:
        return None
    lines = toml.splitlines()
    first = next((at for at in range(own, 0, -1) if _HEADER.match(lines[at - 1])), 1)
    end = next((at for at in range(first + 1, len(lines) + 1) if _HEADER.match(lines[at - 1])), len(lines) + 1)
    places: list[int] = [own, *range(first, end)]
    for word in reversed(words):
        for at in places:
            if re.search(f"^[^#]*[\"']{re.escape(word)}[\"']", lines[at - 1]):
                return at
    return own


def _raised_at(cause: BaseException | None, text: str) -> Place | None:
    """Where Python stopped in features.py: the innermost line of it."""
    if isinstance(cause, SyntaxError) and cause.filename == FEATURES:
        line, start = cause.lineno or 1, cause.offset or 1
        same_line = cause.end_lineno == line and cause.end_offset
        return Place(line, max(start, 1), max((cause.end_offset or start) - start, 1) if same_line else 1)
    if isinstance(cause, SyntaxError | ValueError) and "\0" in text and _innermost(cause) is None:
        line = text[: text.index("\0")].count("\n") + 1
        return piece(text, line, None, None)
    found = _innermost(cause)
    return None if found is None else _piece_of(found, text)


def _innermost(cause: BaseException | None) -> TracebackType | None:
    """The last place in features.py that an exception came through."""
    found, trace = None, cause.__traceback__ if cause is not None else None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FEATURES:
            found = trace
        trace = trace.tb_next
    return found


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
