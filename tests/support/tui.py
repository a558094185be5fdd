"""The terminal UI over a real lab, in this process, without a terminal."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from textual.pilot import Pilot

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.base import LabScreen
from mllab.host import Host
from mllab.lab import Lab
from tests.support.screens import settle

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
    keys: dict[str, str] | None = None,
    now: datetime | None = None,
) -> AsyncIterator[tuple[LabApp, Pilot]]:
    """The UI of a lab, loaded; the lab is closed at the end."""
    sessions: list[Alone | Hosting] = []

    def opener(at: Path) -> Alone | Hosting:
        sessions.append((Hosting if hosting else Alone)(at))
        return sessions[-1]

    app = LabApp(folder, opener, keys=keys or {}, clock=lambda: now or datetime.now(UTC))
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            if (folder / "mllab.toml").exists():
                await wait_for(pilot, lambda: app.lab is not None)
            await settle(pilot)
            yield app, pilot
    finally:
        for session in sessions:
            await asyncio.to_thread(session.close)


async def wait_for(pilot: Pilot, holds: Callable[[], object], seconds: float = _PATIENCE_SECONDS) -> None:
    """Wait until something holds on the screen."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come to hold"
        await pilot.pause(0.02)


def present(app: LabApp) -> LabScreen:
    """The lab screen in front."""
    assert isinstance(app.screen, LabScreen), app.screen
    return app.screen
