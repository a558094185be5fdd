"""A script's run done again: its code as git had it, in a folder of its own, with the same command line.

Nothing in anybody's working tree is written, and no shell is asked. It runs as a program of whoever asks for it, in
their own process: a host never starts one. What it logs is a run of its own, compared by `conclude_script`.
"""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from mllab.errors import InvalidInput, LabError, NotFound
from mllab.records import GitState, RestoredItem, Run, RunStatus, ScriptPlan
from mllab.store.repository import restore
from mllab.workflows.script import REPRODUCES
from mllab.workflows.script import Command as Started
from mllab.workflows.workspace import Workspace

LAB = "MLLAB_LAB"
_NO_FILE = ("", "python", "notebook", "-c")
"""What a run is logged from where that is no file."""
_KEPT = ("PYTHONHASHSEED", "OMP_NUM_THREADS")
_HERE = "with --here the present file is run where it lies, if it still is what it was"


class Ran(NamedTuple):
    """What became of running a script again."""

    items: tuple[RestoredItem, ...]
    problem: str
    """Why it came to nothing; empty where the script ended well."""


# -- before it runs ---------------------------------------------------------------------------------------------------


def plan_script(workspace: Workspace, run: Run, *, here: bool) -> ScriptPlan:
    """What would be run, or why nothing can; changes nothing.

    Args:
        workspace: the lab.
        run: that a script has logged.
        here: run the present file where it lies, instead of the code that git had.
    """
    plan = ScriptPlan(run_id=run.run_id, name=run.name, is_here=here)
    try:
        started = started_as(workspace, run)
        if here:
            _check_present(run, started)
        elif run.git is None or run.git.commit is None:
            raise NotFound("its code is in no commit of a git repository", _HERE)
        else:
            _root(run, started, run.git)
    except LabError as error:
        return msgspec.structs.replace(plan, problem=error.message, hint=error.hint)
    return msgspec.structs.replace(
        plan,
        argv=(_python(started), *started.argv),
        cwd=started.cwd,
        environment=_environment(started),
        commit=run.git.commit if run.git else None,
    )


def started_as(workspace: Workspace, run: Run) -> Started:
    """How the process was started that logged a run.

    Raises:
        NotFound: that was not kept, or is gone. InvalidInput: a notebook or a session has logged it.
    """
    if run.purged_at is not None:
        raise NotFound(f"it was removed from the trash for good on {run.purged_at:%Y-%m-%d}")
    if run.status is not RunStatus.FINISHED:
        raise NotFound(f"it is {run.status.value}: there is nothing whole to compare with")
    if run.source == "notebook" or run.training is None:
        what = "a notebook logged it" if run.source == "notebook" else "its command line was not kept"
        raise InvalidInput(f"{what}, and there is no program to run again")
    try:
        found = msgspec.json.decode(workspace.artifacts.get(run.training), type=Started)
    except msgspec.MsgspecError as error:
        raise InvalidInput("what was kept of its command line cannot be read") from error
    if not found.argv or any("\0" in text for text in (*found.argv, found.cwd, found.python)):
        raise InvalidInput("a session without a script logged it, and there is no program to run again")
    return found


def _check_present(run: Run, started: Started) -> None:
    """The present file is only as good as the one that made the run where it is that one.

    Raises:
        NotFound: there is no such file, or no hash of it was kept. InvalidInput: it is another one by now.
    """
    path = _script(run, started)
    if path is None or not started.script:
        raise NotFound("no hash of its script was kept, so nobody can say whether the present one is the same")
    if not path.is_file() or not Path(started.cwd).is_dir():
        raise NotFound(f"{path} or its folder is not there any more")
    if hashlib.sha256(path.read_bytes()).hexdigest() != started.script:
        raise InvalidInput(f"{path} is not the file any more that made {run.name}")


def _script(run: Run, started: Started) -> Path | None:
    """Where the script lay."""
    return None if run.source in _NO_FILE else Path(started.cwd) / run.source


def _root(run: Run, started: Started, git: GitState) -> Path:
    """The top of the working tree that the run was started in.

    Raises:
        NotFound: it is not there any more.
    """
    script, inside = _script(run, started), PurePosixPath(git.folder).parts
    places = [script.resolve().parent] if script is not None else []
    for folder in (*places, Path(started.cwd).resolve()):
        if folder.parts[len(folder.parts) - len(inside) :] == inside:
            root = folder.parents[len(inside) - 1] if inside else folder
            if root.is_dir():
                return root
            raise NotFound(f"the repository {root} is not there any more", "put it back, then try again")
    raise NotFound(f"it is not known where the repository of {started.cwd} begins")


def _python(started: Started) -> str:
    return started.python if Path(started.python).is_file() else sys.executable


def _environment(started: Started) -> dict[str, str]:
    """Those of the variables that were kept that decide what is computed; nothing else may be set from a record."""
    return {name: text for name, text in started.environment.items() if name in _KEPT and "\0" not in text}


# -- running ----------------------------------------------------------------------------------------------------------


def run_script(workspace: Workspace, run: Run, *, here: bool, timeout_seconds: float) -> Ran:
    """Bring the code back and run it; what it prints goes to stderr.

    Args:
        workspace: the lab that it is to log into.
        run: that a script has logged.
        here: as of `plan_script`.
        timeout_seconds: after which it is stopped.

    Returns:
        What was restored, and what went wrong.
    """
    plan = plan_script(workspace, run, here=here)
    if plan.problem:
        return Ran((), plan.problem)
    started = started_as(workspace, run)
    items = [_python_item(started)]
    try:
        with _code(workspace, run, started, items, here=here) as (argv, folder):
            problem = _run(workspace, run, [_python(started), *argv], folder, _environment(started), timeout_seconds)
    except LabError as error:
        problem = error.message
    return Ran(tuple(items), problem)


def _python_item(started: Started) -> RestoredItem:
    used = _python(started)
    gone = f"{started.python} is not there any more; {used} is used" if used != started.python else ""
    return RestoredItem(what="python", said=started.python, problem=gone)


@contextlib.contextmanager
def _code(
    workspace: Workspace, run: Run, started: Started, items: list[RestoredItem], *, here: bool
) -> Iterator[tuple[list[str], Path]]:
    """The command line, and the folder to run it in; a folder that was made for it goes afterwards."""
    if here or run.git is None:
        said = f"{started.script[:12]}, the present file; what it imports is not proved"
        items.append(RestoredItem(what="script", said=said))
        yield list(started.argv), Path(started.cwd)
        return
    root = _root(run, started, run.git)
    with tempfile.TemporaryDirectory(prefix="mllab-again-", ignore_cleanup_errors=True) as made:
        top = Path(made).resolve() / (root.name or "code")
        items += _restored(workspace, run.git, root, top)
        yield _argv_in(run, started, root, top), _cwd_in(started, root, top, items)


def _restored(workspace: Workspace, git: GitState, root: Path, top: Path) -> list[RestoredItem]:
    patch = workspace.artifacts.get(git.diff) if git.diff else None
    left = restore(root, git, patch, top)
    commit = (git.commit or "")[:12] + (f" on {git.branch}" if git.branch else "")
    items = [RestoredItem(what="commit", said=commit)]
    if git.diff:
        items.append(RestoredItem(what="changes since the commit", said=git.diff[:12]))
    return items + [RestoredItem(what="code", problem=text) for text in (*git.notes, *left)]


def _argv_in(run: Run, started: Started, root: Path, top: Path) -> list[str]:
    """The command line with the restored script in the place of the present one."""
    script = _script(run, started)
    if script is None or not script.resolve().is_relative_to(root):
        return list(started.argv)
    restored = str(top / script.resolve().relative_to(root))
    argv, place = list(started.argv), Path(started.cwd)
    found = next((i for i, text in enumerate(argv) if (place / text).resolve() == script.resolve()), None)
    return argv if found is None else [*argv[:found], restored, *argv[found + 1 :]]


def _cwd_in(started: Started, root: Path, top: Path, items: list[RestoredItem]) -> Path:
    folder = Path(started.cwd).resolve()
    if not folder.is_relative_to(root):
        problem = f"{folder} lies outside of the repository; it runs at the top of the restored code"
        items.append(RestoredItem(what="working folder", problem=problem))
        return top
    inside = top / folder.relative_to(root)
    inside.mkdir(parents=True, exist_ok=True)
    return inside


def _run(
    workspace: Workspace, run: Run, argv: list[str], folder: Path, environment: dict[str, str], seconds: float
) -> str:
    """Run a program to its end; what went wrong, or nothing."""
    marks = {REPRODUCES: run.run_id, LAB: str(workspace.folder.resolve()), "PWD": str(folder)}
    try:
        process = subprocess.Popen(  # noqa: S603 - the very command that was shown and agreed to; no shell
            argv,
            cwd=folder,
            env=os.environ | environment | marks,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno() if _has_handle() else subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"it cannot be started: {error.strerror}"
    try:
        status = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"it took longer than {seconds:g} s and was stopped"
    finally:
        _end(process)
    if status < 0:
        return f"the script was ended by signal {-status}"
    return f"the script ended with status {status}" if status else ""


def _has_handle() -> bool:
    try:
        return sys.stderr.fileno() >= 0
    except (OSError, ValueError):
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Whatever the script has left running ends with it."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
