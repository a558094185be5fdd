"""The parent's side: one child per lane, started when first needed and kept warm; or everything inline."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from mllab.engine.tasks import find_task
from mllab.engine.wire import Done, Failed, Said, StopTask, Task, ToParent, receive, send
from mllab.errors import BY_SLUG, Cancelled, LabError
from mllab.records import Progress
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]

_GRACE_SECONDS = 5.0
"""How long a child may take to stop when asked, before it is killed."""
_LOOK_SECONDS = 0.2
"""How often a waiting parent looks at stop requests, limits and the child's memory."""


class StepDied(LabError):
    """The process of a step ended, hung or outgrew its limits; the lab itself is unharmed."""

    slug = "step-died"

    def __init__(self, message: str, hint: str = "", *, code: str = "crash") -> None:
        """`code` is `crash`, `memory` or `timeout`."""
        super().__init__(message, hint)
        self.code = code


class Engine:
    """Runs tasks by name. Safe to use from several threads; tasks of one lane run one after another."""

    def __init__(
        self, artifacts: Artifacts, *, kind: str = "child", memory_bytes: int = 0, step_seconds: float = 3600.0
    ) -> None:
        """Nothing is started yet.

        Args:
            artifacts: where inputs lie and outputs go.
            kind: `child` or `inline`.
            memory_bytes: limit of each child; 0 for none.
            step_seconds: limit of each task.
        """
        self.artifacts, self.kind = artifacts, kind
        self.memory_bytes, self.step_seconds = memory_bytes, step_seconds
        self._children: dict[str, _Child] = {}
        self._guard = threading.Lock()
        self._closed = False

    def run(
        self,
        lane: str,
        task: str,
        inputs: dict[str, Any],
        report: Report = lambda progress: None,
        should_stop: ShouldStop = lambda: False,
    ) -> dict[str, Any]:
        """Run one task to its end and return its outputs.

        Raises:
            Cancelled: `should_stop` said so.
            StepDied: the child crashed, hung or outgrew its limits.
            LabError: what the task itself explained.
        """
        if self.kind == "inline":
            return find_task(task)(self.artifacts, msgspec.to_builtins(inputs), report, should_stop)
        child = self._child(lane)
        try:
            with child.turn:
                return child.run(task, inputs, report, should_stop, self.step_seconds, self.memory_bytes)
        finally:
            if not child.is_alive():
                child.end()
                with self._guard:
                    if self._children.get(lane) is child:
                        del self._children[lane]

    def run_apart(
        self, name: str, task: str, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
    ) -> dict[str, Any]:
        """As `run`, in a child of its own that ends with the task: it is in nobody's way, and its memory goes back.

        Args:
            name: that no lane and no other running task has.
            task: see `run`, as for everything else.
            inputs: of the task.
            report: told how far it is.
            should_stop: asked whether to stop.
        """
        try:
            return self.run(name, task, inputs, report, should_stop)
        finally:
            with self._guard:
                child = self._children.pop(name, None)
            if child is not None:
                child.end()

    def warm(self, lane: str) -> None:
        """Start a lane's child and let it import what its tasks need."""
        if self.kind == "child":
            self.run(lane, "warm", {"lane": lane})

    def is_busy(self, lane: str) -> bool:
        """Whether a task that came now would have to wait for another one of its lane."""
        child = self._children.get(lane)
        return child is not None and child.turn.locked()

    def pids(self) -> dict[str, int]:
        """Process ids of the children, by lane."""
        return {lane: child.process.pid for lane, child in self._children.items() if child.is_alive()}

    def close(self) -> None:
        """End every child."""
        self._closed = True
        for child in list(self._children.values()):
            child.kill()
            with child.turn:
                child.end()
        self._children.clear()

    def _child(self, lane: str) -> "_Child":
        with self._guard:
            if self._closed:
                raise Cancelled("the lab is closing")
            found = self._children.get(lane)
            if found is None or not found.is_alive():
                if found is not None:
                    found.end()  # it died while it had nothing to do: its pipes are still open
                found = self._children[lane] = _Child(self.artifacts.folder, self.memory_bytes)
            return found


class _Child:
    """One process that does one task at a time."""

    def __init__(self, folder: Path, memory_bytes: int) -> None:
        command = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "mllab"]
        self.turn = threading.Lock()
        self.log_path = folder.parent / "worker.log"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, "_worker", str(folder), str(memory_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
            )
        assert self.process.stdin is not None and self.process.stdout is not None  # noqa: S101 - for mypy
        self._to, self._from = self.process.stdin.fileno(), self.process.stdout.fileno()

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End the process; whoever waits for its answer sees the pipe end."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill it and let go of its pipes; only while nobody waits for an answer."""
        self.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def run(
        self,
        task: str,
        inputs: dict[str, Any],
        report: Report,
        should_stop: ShouldStop,
        step_seconds: float,
        memory_bytes: int,
    ) -> dict[str, Any]:
        try:
            send(self._to, Task(name=task, inputs=inputs))
        except OSError:
            raise self._died() from None
        watch = _Watch(self, should_stop, step_seconds, memory_bytes)
        with selectors.DefaultSelector() as ready:
            ready.register(self._from, selectors.EVENT_READ)
            while True:
                if not ready.select(_LOOK_SECONDS):
                    watch.look()
                    continue
                message = receive(self._from, ToParent)
                if message is None:
                    raise watch.cause or self._died()
                if isinstance(message, Said):
                    watch.look()
                    report(msgspec.convert(message.progress, Progress))
                else:
                    return self._outcome(message, watch)

    def ask_to_stop(self) -> None:
        with contextlib.suppress(OSError):
            send(self._to, StopTask())

    def _outcome(self, message: Done | Failed, watch: "_Watch") -> dict[str, Any]:
        if isinstance(message, Done):
            return message.outputs
        if message.trace:
            with self.log_path.open("a") as log:
                log.write(message.trace)
        if message.slug in BY_SLUG:
            raise BY_SLUG[message.slug](message.message, message.hint)
        code = "memory" if "memory" in message.message.lower() else "crash"
        raise watch.cause or StepDied(message.message, "the whole story is in .mllab/worker.log", code=code)

    def _died(self) -> StepDied:
        status = self.process.wait()
        how = f"by signal {-status} ({signal.Signals(-status).name})" if status < 0 else f"with status {status}"
        hint = "the lab goes on; see .mllab/worker.log, and retry"
        return StepDied(f"the step's process ended {how}", hint)


class _Watch:
    """Stop requests, time and memory of one running task."""

    def __init__(self, child: _Child, should_stop: ShouldStop, step_seconds: float, memory_bytes: int) -> None:
        self.child, self.should_stop = child, should_stop
        self.until = time.monotonic() + step_seconds
        self.step_seconds, self.memory_bytes = step_seconds, memory_bytes
        self.kill_at: float | None = None
        self.cause: LabError | None = None

    def look(self) -> None:
        now = time.monotonic()
        if self.kill_at is None and self.should_stop():
            self.cause = Cancelled("stopped on request")
            self.child.ask_to_stop()
            self.kill_at = now + _GRACE_SECONDS
        elif self.cause is None and now > self.until:
            hint = "raise `step_seconds` in [engine] if it really needs longer"
            self.cause = StepDied(f"the step took longer than {self.step_seconds:.0f} s", hint, code="timeout")
            self.kill_at = now
        elif (
            self.cause is None
            and self.memory_bytes
            and (used := resident_bytes(self.child.process.pid)) > self.memory_bytes
        ):
            hint = "raise `memory_bytes` in [engine], or bring less data at once"
            self.cause = StepDied(f"the step outgrew its memory ({used / 1e9:.1f} GB)", hint, code="memory")
            self.kill_at = now
        if self.kill_at is not None and now >= self.kill_at:
            self.child.kill()


def resident_bytes(pid: int) -> int:
    """Memory a process holds now; 0 where the system does not tell."""
    try:
        with Path(f"/proc/{pid}/statm").open() as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
