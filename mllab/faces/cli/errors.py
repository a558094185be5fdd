"""From an error to two lines on stderr and an exit code: the one table and the one handler of the command line."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import typer

from mllab.errors import Cancelled, Conflict, InvalidInput, LabError, NoRoom, NotFound, Unavailable
from mllab.faces.cli.output import say_error

UNEXPECTED, BAD_INPUT, INTERRUPTED = 1, 2, 130

EXIT_CODES: dict[type[LabError], int] = {
    InvalidInput: BAD_INPUT,
    NotFound: 3,
    Conflict: 4,
    Unavailable: 5,
    NoRoom: 5,
    Cancelled: INTERRUPTED,
    LabError: UNEXPECTED,
}
"""Error to exit code; 0 is success, 2 is also a wrong command line, 130 also Ctrl-C."""


def exit_code(error: LabError) -> int:
    """The exit code of an error: its own class's, else that of the nearest parent in the table."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def wants_traceback(args: Sequence[str]) -> bool:
    """Whether the caller asked to see where an error came from."""
    return "--traceback" in args or os.environ.get("MLLAB_TRACEBACK", "") not in ("", "0")


def guarded(command: Callable[[], Any], args: Sequence[str]) -> int:
    """Run a command line and turn whatever goes wrong into words and an exit code.

    Args:
        command: does the work; an integer it returns is the exit code.
        args: the command line, to see whether a traceback is wanted.
    """
    try:
        left = command()
        sys.stdout.flush()
        return left if isinstance(left, int) else 0
    except BrokenPipeError:
        return _reader_is_gone()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except LabError as error:
        _trace(args)
        return tell(error)
    except typer.TyperException as error:
        path = getattr(getattr(error, "ctx", None), "command_path", "mllab")
        say_error(error.format_message(), f"`{path} --help` shows what is possible")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: one sentence instead of a traceback
        _trace(args)
        hint = "" if wants_traceback(args) else "run again as `mllab --traceback ...` to see where it happened"
        say_error(f"unexpected: {type(error).__name__}: {error}", hint)
        return UNEXPECTED


def tell(error: LabError) -> int:
    """Say an error on stderr; its exit code."""
    say_error(error.message, error.hint)
    problems = getattr(error, "problems", ())
    for pointer, code, detail in problems if len(problems) > 1 else ():
        say_error(f"  {pointer}: {detail} ({code})", label="")
    return exit_code(error)


def _trace(args: Sequence[str]) -> None:
    if wants_traceback(args):
        traceback.print_exc()


def _reader_is_gone() -> int:
    """End quietly when `| head` has read enough; what is still buffered goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return UNEXPECTED
