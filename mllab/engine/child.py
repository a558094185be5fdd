"""The child's side: `python -m mllab _worker FOLDER MEMORY` does one task after another until its parent is gone.

The messages' pipe is the process's stdin and stdout; anything that is printed goes to stderr instead. The child
writes artifacts, never the database.
"""

import os
import queue
import resource
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import msgspec

from mllab.engine.tasks import find_task
from mllab.engine.wire import Done, Failed, Said, StopTask, Task, ToChild, receive, send
from mllab.errors import LabError
from mllab.records import Progress
from mllab.store.artifacts import Artifacts


def main() -> None:
    """Serve the parent until it closes the pipe."""
    artifacts = Artifacts(Path(sys.argv[2]))
    _limit_memory(int(sys.argv[3]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbound, outbound = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(inbound, tasks, stop), daemon=True).start()
    while True:
        task = tasks.get()
        stop.clear()
        send(outbound, _do(task, artifacts, outbound, stop))


def _listen(inbound: int, tasks: "queue.SimpleQueue[Task]", stop: threading.Event) -> None:
    """Runs beside the task, so that the child ends with its parent even in the middle of a fit."""
    while (message := receive(inbound, ToChild)) is not None:
        if isinstance(message, StopTask):
            stop.set()
        else:
            tasks.put(message)
    os._exit(0)


def _do(task: Task, artifacts: Artifacts, outbound: int, stop: threading.Event) -> Done | Failed:
    def report(progress: Progress) -> None:
        send(outbound, Said(progress=msgspec.to_builtins(progress)))

    try:
        outputs: dict[str, Any] = find_task(task.name)(artifacts, task.inputs, report, stop.is_set)
        return Done(outputs=outputs)
    except LabError as error:
        return Failed(slug=error.slug, message=error.message, hint=error.hint)
    except MemoryError:
        return Failed(slug=None, message="the step ran out of memory")
    except BaseException as error:  # noqa: BLE001 - a native panic must not end the child without a word
        text = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        return Failed(slug=None, message=f"{type(error).__name__}: {text}", trace=traceback.format_exc())


def _limit_memory(n_bytes: int) -> None:
    """Private memory beyond this ends in MemoryError or a native abort, not in a swapping laptop."""
    if n_bytes and sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, n_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
