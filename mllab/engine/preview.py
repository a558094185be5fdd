"""The task that runs the present text of `features.py` and `mllab.toml` on real rows and tells what each step makes.

It reads artifacts and keeps none. What the owner's code does wrong is part of its answer.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import msgspec

from mllab.engine.preview_problem import TooSlow, is_of_owner, problem_of
from mllab.engine.preview_run import PreviewInputs, Run
from mllab.errors import InvalidInput, NotFound
from mllab.records import Progress
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


def preview(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Run the steps one after the other until the last one or the first that fails.

    Inputs: the fields of `PreviewInputs`. Outputs: sample (in words), steps, problem or None.
    """
    wanted = msgspec.convert(inputs, PreviewInputs)
    run = Run(artifacts, wanted, report)
    problem = None
    try:
        with _ending_after(wanted.seconds):
            run.all()
    except (InvalidInput, NotFound, TooSlow) as error:
        problem = problem_of(error, run.texts, run.where)
    except BaseException as error:  # noqa: BLE001 - expressions may call code of features.py, which may raise anything
        if not is_of_owner(error):
            raise
        problem = problem_of(error, run.texts, run.where)
    found: dict[str, Any] = msgspec.to_builtins({"sample": run.sample_text, "steps": run.steps, "problem": problem})
    return found


@contextmanager
def _ending_after(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` inside the body once the time is over, so that the line that was running can be told."""

    def over(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"it has not ended within {seconds:g} s")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
