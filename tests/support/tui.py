"""The terminal UI over a real lab, in this process, without a terminal."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from mllab.faces.tui.actions import TOP_SCREENS
from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.widgets.lines import Headline
from mllab.host import Host
from mllab.lab import Lab
from tests.support.screens import QuickPilot, settle

_PATIENCE_SECONDS = 20.0


class Alone:
    """A session that opens the lab in this process; nobody works its queue."""

    is_host = False

    def __init__(self, folder: Path) -> None:
        self.folder, self.lab = folder, None

    def open(self) -> Lab:
        self.lab = Lab.open(self.folder)
        return self.lab

    def close(self) -> None:
        if self.lab is not None:
            self.lab.close()


class Hosting:
    """A session that hosts the lab: queue, watcher, server, children."""

    is_host = True

    def __init__(self, folder: Path) -> None:
        self.folder, self.host = folder, Host(folder, port=0)

    def open(self) -> Lab:
        self.host.start()
        return self.host.lab

    def close(self) -> None:
        self.host.stop()


@asynccontextmanager
async def lab_app(
    folder: Path,
    size: tuple[int, int] = (80, 24),
    *,
    hosting: bool = False,
    toasts: bool = True,
    keys: dict[str, str] | None = None,
    now: datetime | None = None,
) -> AsyncIterator[tuple[LabApp, QuickPilot]]:
    """The UI of a lab, loaded; the lab is closed at the end."""
    sessions: list[Alone | Hosting] = []

    def opener(at: Path) -> Alone | Hosting:
        sessions.append((Hosting if hosting else Alone)(at))
        return sessions[-1]

    app = LabApp(folder, opener, keys=keys or {}, clock=lambda: now or datetime.now(UTC))
    workers = ThreadPoolExecutor(thread_name_prefix="tui")
    asyncio.get_running_loop().set_default_executor(workers)
    try:
        async with app.run_test(size=size, notifications=toasts):
            pilot = QuickPilot(app)
            if (folder / "mllab.toml").exists():
                await wait_for(pilot, lambda: app.lab is not None)
            await settle(pilot)
            yield app, pilot
    finally:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="after"))
        await asyncio.to_thread(_close, workers, sessions)


def _close(workers: ThreadPoolExecutor, sessions: "list[Alone | Hosting]") -> None:
    """Close labs that no worker of the UI reads any more."""
    workers.shutdown(wait=True)
    for session in sessions:
        session.close()


async def wait_for(pilot: QuickPilot, holds: Callable[[], object], seconds: float = _PATIENCE_SECONDS) -> None:
    """Wait until something holds on the screen."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come to hold"
        await pilot.pause(0.02)


def present(app: LabApp) -> LabScreen:
    """The lab screen in front."""
    assert isinstance(app.screen, LabScreen), app.screen
    return app.screen


async def go_to(pilot: QuickPilot, name: str) -> LabScreen:
    """Go to any screen with its keys: `run` is the first run, `compare` the first two, `groups` all."""
    app = pilot.app
    if name == present(app).NAME:
        return present(app)
    below = {"run": "runs", "compare": "runs", "groups": "runs", "lineage": "runs"}.get(name, name)
    await pilot.press(str(TOP_SCREENS.index(below) + 1))
    while len(app.screen_stack) > 1:
        app.pop_screen()
        await pilot.pause()
    await settle(pilot)
    if name == "run":
        await pilot.press("g", "enter")
    if name == "compare":
        await pilot.press("escape", "escape", "escape", "g", "space", "space", "c")
    if name == "groups":
        await pilot.press("escape", "escape", "escape", "B")
    if name == "lineage":
        await pilot.press("escape", "escape", "escape", "g", "O")
    await settle(pilot)
    assert name == present(app).NAME
    return present(app)


def headline(app: LabApp) -> str:
    """What the headline says."""
    return present(app).query_one(Headline).text


def toasts(app: LabApp) -> str:
    """What was said in the corner."""
    return "\n".join(one.message for one in app._notifications)


def last_toast(app: LabApp) -> str:
    """What was said in the corner last; empty where nothing was."""
    said = list(app._notifications)
    return said[-1].message if said else ""
