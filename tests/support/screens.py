"""What a terminal would show, as plain text; keys and clicks, and waiting until all that they lead to is there."""

import asyncio
import contextlib
import unicodedata
from typing import Any

from textual.app import App, ScreenStackError
from textual.events import Key
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.strip import Strip

_SECONDS = 10.0
_BUSY_SECONDS = 1.0
_ROUND_SECONDS = 0.001


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
    until, was_quiet = loop.time() + seconds, False
    while True:
        busy = _busy(pilot.app)
        if (was_quiet and not busy) or pilot.app._exit:
            return
        assert loop.time() < until, f"still busy after {seconds} s: {busy}"
        if busy:
            await asyncio.sleep(_ROUND_SECONDS)
        else:
            await pilot._wait_for_screen()  # a message that is being handled stands in no queue any more
        was_quiet = not busy
        pilot.app.screen._on_timer_update()


def _busy(app: App[Any]) -> list[object]:
    """What is still to come: workers, messages, a layout, what waits for the next painting."""
    found: list[object] = [worker for worker in app.workers if not worker.is_finished]
    found += [app._resize_timer] if app._resize_timer is not None else []
    for screen in app.screen_stack[-1:]:
        found += [screen] if screen._layout_required or screen._callbacks else []
        found += [one for one in (app, *screen.walk_children(with_self=True)) if one.message_queue_size]
    return found


class QuickPilot(Pilot[Any]):
    """Textual's pilot, but for how long it waits: until all is handled, not until the process has been idle a while."""

    async def press(self, *keys: str) -> None:
        """Press keys, each as soon as what the one before it led to is on the screen."""
        for key in keys:
            event = _key_event(key)
            event.set_sender(self.app)
            self.app.post_message(event)
            await self.pause()

    async def pause(self, delay: float | None = None) -> None:
        """Pause so long; without a time, until all is handled, or for a second while a worker is busy."""
        if delay is not None:
            await super().pause(delay)
            return
        with contextlib.suppress(AssertionError, ScreenStackError):  # busy still; or it was left
            await settle(self, _BUSY_SECONDS)


def _key_event(key: str) -> Key:
    name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
    try:
        return Key(name, unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name))))
    except KeyError:
        return Key(name, name if len(name) == 1 else None)
