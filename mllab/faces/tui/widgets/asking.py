"""One question at a time, asked in a worker thread on behalf of a widget; late answers are dropped."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from textual.widget import Widget

from mllab.faces.tui.trouble import Trouble, trouble_of

_MOST_THREADS = 2
"""Questions under way, those counted whose answer nobody waits for any more."""


class Question(NamedTuple):
    """What to ask, and what to do with the answer."""

    ask: Callable[[], Any]
    """Runs in a worker thread; may raise, as a rule a `LabError`."""
    take: Callable[[Any], None]
    """Gets the answer, on the loop."""


class Asker:
    """Asks what its widget wants to know next, whenever the former answer has come.

    So a key that is held down queues nothing: the widget is asked for its question when the thread is free, and
    names what is of interest by then.
    """

    def __init__(
        self, widget: Widget, find_question: Callable[[], Question | None], fail: Callable[[Trouble], None]
    ) -> None:
        """Ask for a widget.

        Args:
            widget: its workers ask.
            find_question: the next question, or None.
            fail: told of what was raised; then nothing is asked until the next `ask`.
        """
        self._widget, self._find_question, self._fail = widget, find_question, fail
        self._generation = self._n_threads = 0
        self._is_busy = False

    def ask(self) -> None:
        """Put the next question, unless one is under way."""
        if self._is_busy or self._n_threads >= _MOST_THREADS or not self._widget.is_attached:
            return
        question = self._find_question()
        if question is not None:
            self._is_busy = True
            self._n_threads += 1
            self._widget.run_worker(self._answered(question, self._generation), group="rows")

    def drop(self) -> None:
        """Wait no longer for the question under way; its answer is not taken."""
        self._generation += 1
        self._is_busy = False

    async def _answered(self, question: Question, generation: int) -> None:
        answer, trouble = None, None
        try:
            answer = await asyncio.to_thread(question.ask)
        except Exception as error:  # noqa: BLE001 - a fault of one table must not take the lab's host down
            trouble = trouble_of(error)
        finally:
            self._n_threads -= 1
        if generation == self._generation:
            self._is_busy = False
            if trouble is not None:
                self._fail(trouble)
                return
            question.take(answer)
        self.ask()
