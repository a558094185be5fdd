"""The demo's last step: wait until everything is worked through, then ask the lab's own endpoint over HTTP."""

import http.client
import json
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mllab.errors import LabError, NotFound, Unavailable
from mllab.faces.cli.output import say
from mllab.faces.text import curl, safe

if TYPE_CHECKING:
    from mllab.faces.cli.headless import Signals
    from mllab.host import Host
    from mllab.lab import Lab

MODEL = "late_arrival"
_PATIENCE_SECONDS = 1800.0
_LOOK_SECONDS = 1.0
_CALL_SECONDS = 30.0


def work_through(host: "Host", signals: "Signals") -> None:
    """Wait until nothing is left to do, or a signal comes.

    Raises:
        LabError: it takes longer than half an hour.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not signals.stop.is_set() and not host.wait_until_quiet(_LOOK_SECONDS):
        if time.monotonic() > deadline:
            raise LabError(
                f"the demo was not done within {_PATIENCE_SECONDS:.0f} s", "`mllab job list` shows what is open"
            )


def ask_own_endpoint(host: "Host", folder: Path, later: Path) -> None:
    """Send the model's own example over HTTP; print request, answer, a curl line, and how to go on.

    Raises:
        LabError: no model answers; the message says why.
    """
    try:
        example = host.lab.served(MODEL).bundle.request_example
    except (NotFound, Unavailable) as error:
        raise LabError(f"no model answers: {_why(host.lab) or error.message}", error.hint) from error
    body = json.dumps({"rows": [example]}, default=str)
    path = f"/api/v1/models/{MODEL}/predict"
    say()
    say(f"POST {host.url}{path}")
    say(f"  {body}")
    say(f"  -> {_post(host.url, path, body)}")
    say()
    say("ask it yourself while the lab is up:")
    say(f"  {curl(host.url, MODEL, example)}")
    say("go on:")
    say(f"  mllab up --lab {shlex.quote(str(folder))}")
    received = {Path(one.file).name for one in host.lab.files()}
    months = sorted(one for one in later.glob("*") if one.name not in received)
    if months:
        say(f"  cp {shlex.quote(str(months[0]))} {shlex.quote(str(folder / 'inbox'))}/    # the next month arrives")


def _post(url: str, path: str, body: str) -> str:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_CALL_SECONDS)
    try:
        connection.request("POST", path, body.encode(), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read().decode("utf-8", "backslashreplace")
    except OSError as error:
        raise LabError(f"the endpoint at {url} did not answer: {error}") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise LabError(f"the endpoint answered {answer.status}: {safe(content)}")
    return content


def _why(lab: "Lab") -> str | None:
    """The newest event that tells what went wrong."""
    bad = ("datafile.quarantined", "run.failed", "run.cancelled", "job.failed", "gates.failed")
    found = [event for type in bad for event in lab.events(type=type)]
    return max(found, key=lambda event: event.seq).text if found else None
