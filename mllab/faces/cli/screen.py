"""Starting the terminal UI: the session it sits at, what becomes of the host when it ends, the exit code."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mllab.errors import Conflict, LabError, Unavailable
from mllab.faces.cli.place import lab_folder

if TYPE_CHECKING:
    from mllab.host import Host
    from mllab.lab import Lab

_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.1


class LabSession:
    """Hosts the lab, or sits beside the process that does."""

    def __init__(self, folder: Path, *, port: int | None = None, polling: bool = False) -> None:
        """Nothing is opened yet; see `Host` for the options."""
        self.folder, self._port, self._polling = folder, port, polling
        self.is_host = False
        self._host: Host | None = None
        self._lab: Lab | None = None

    def open(self) -> "Lab":
        """Host, else attach.

        Raises:
            LabError: the lab cannot be opened.
        """
        from mllab.host import Host
        from mllab.lab import Lab

        host = Host(self.folder, port=self._port, polling=self._polling)
        try:
            host.start()
        except Conflict:
            self._lab = Lab.open(self.folder, read_only=True)
            return self._lab
        self._host, self.is_host = host, True
        return host.lab

    def close(self) -> None:
        """Stop what was started here."""
        if self._host is not None:
            self._host.stop()
        if self._lab is not None:
            self._lab.close()


def show(folder: Path, *, port: int | None = None, polling: bool = False) -> int:
    """Show the terminal UI until it is left; the exit code.

    Args:
        folder: the lab, or where one may be made.
        port: where to serve; None for what the declaration says.
        polling: look at the inbox instead of listening.
    """
    from mllab.faces.tui.app import LabApp
    from mllab.faces.tui.session import Leaving

    sessions: list[LabSession] = []

    def open_session(at: Path) -> LabSession:
        sessions.append(LabSession(at, port=port, polling=polling))
        return sessions[-1]

    app = LabApp(folder, open_session, show_traceback=_wants_traceback())
    left: Leaving | None = None
    try:
        left = app.run()
    finally:
        hosted = [one for one in sessions if one.is_host]
        if hosted and left is not Leaving.KEEP:
            _note("stopping…")
        for session in sessions:
            session.close()
    if left is Leaving.KEEP and hosted:
        go_on(hosted[-1].folder, port)
    return app.return_code or 0


def go_on(folder: Path, port: int | None = None) -> None:
    """Start a host in the background that outlives this terminal; says where it answers.

    Raises:
        Unavailable: it did not come up.
    """
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "mllab"]
    command = [*program, "--lab", str(folder.absolute()), "up", "--headless"]
    command += [] if port is None else ["--port", str(port)]
    child = subprocess.Popen(  # noqa: S603 - this very program
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = _wait_for(folder, child)
    mine = _command(folder)
    _note(f"serving goes on at {url} (process {child.pid}); `{mine}` attaches to it, `{mine} down` stops it")


def _command(folder: Path) -> str:
    """How this program is called for a lab from here, to be pasted."""
    found = shutil.which("mllab")
    called = Path(sys.argv[0])
    program = "mllab" if found else str(called) if called.name == "mllab" else f"{sys.executable} -m mllab"
    return program if lab_folder(None) == folder.absolute() else f"{program} --lab {shlex.quote(str(folder))}"


def _wait_for(folder: Path, child: "subprocess.Popen[bytes]") -> str:
    """The address of the host that was started, once it answers."""
    from mllab.lab import Lab

    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and child.poll() is None:
        with Lab.open(folder, read_only=True) as lab:
            url = lab.status().url if lab.is_attached else None
        if url is not None:
            return url
        time.sleep(_LOOK_SECONDS)
    raise Unavailable("the host in the background did not come up", "see .mllab/mllab.log, then start `mllab up`")


def _note(text: str) -> None:
    from mllab.faces.cli.headless import note

    note(text)


def _wants_traceback() -> bool:
    from mllab.faces.cli.errors import wants_traceback

    return wants_traceback(sys.argv)


def main() -> None:
    """`mllab` alone, in front of a person: the UI of the lab here, without loading any command."""
    place = os.environ.get("MLLAB_LAB")
    try:
        code = show(lab_folder(Path(place) if place else None))
    except LabError as error:
        from mllab.faces.cli.errors import tell

        code = tell(error)
    sys.exit(code)
