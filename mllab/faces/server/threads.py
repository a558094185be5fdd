"""The few threads in which the server waits for disk and for large requests, so that its loop never does."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from mllab.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

N_THREADS = 4
MOST_WAITING = 64
"""Calls at work or waiting; one more is turned away instead of piling up."""

log = logging.getLogger(__name__)


class Threads:
    """A bounded pool. `run` belongs to the server's loop."""

    def __init__(self, n_threads: int = N_THREADS, most_waiting: int = MOST_WAITING) -> None:
        """Threads start when first needed."""
        self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix="mllab-http")
        self._most, self._n_open = most_waiting, 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in a thread and return what it returns.

        Raises:
            Unavailable: too many calls wait already.
        """
        if self._n_open >= self._most:
            raise Unavailable("too many requests are waiting", "try again in a second")
        self._n_open += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(call, *args, **kwargs))
        finally:
            self._n_open -= 1

    def start(self, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call a function in a thread, and do not wait; what it raises is logged. Left out where too much waits."""
        if self._n_open < self._most:
            self._pool.submit(_logged, partial(call, *args, **kwargs))

    def close(self) -> None:
        """Drop what waits; what runs ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _logged(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:  # nobody waits for it: the log is the only place that can hear of it
        log.exception("something that nobody waits for failed")
