"""What a terminal would show, as plain text, and waiting until it is all there."""

import asyncio
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip

_SECONDS = 10.0
_ROUND_SECONDS = 0.005
_QUIET_ROUNDS = 3
"""A message may lead to another, and that to a third, before anything is painted."""


def screen_strips(app: App[Any]) -> list[Strip]:
    """The lines of the terminal with their styles, as they are shown now; screens below a dialog included."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    return [Strip.join(line) for line in update.strips]


def screen_text(app: App[Any]) -> str:
    """The lines of the terminal as they are shown now, without the blanks at their ends."""
    return "\n".join(strip.text.rstrip() for strip in screen_strips(app))


async def settle(pilot: Pilot[Any], seconds: float = _SECONDS) -> None:
    """Wait until no worker is busy, every message is handled and the screen is painted.

    Args:
        pilot: of the app.
        seconds: how long to wait at most.

    Raises:
        AssertionError: a worker is still busy after that time.
    """
    loop = asyncio.get_running_loop()
    until, n_quiet = loop.time() + seconds, 0
    while n_quiet < _QUIET_ROUNDS:
        busy = [worker for worker in pilot.app.workers if not worker.is_finished]
        assert loop.time() < until, f"still busy after {seconds} s: {busy}"
        n_quiet = 0 if busy else n_quiet + 1
        await pilot.pause(_ROUND_SECONDS if busy else 0)
