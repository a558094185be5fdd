"""What differs between the code of two runs, as far as git and what the runs have kept can tell."""

import msgspec

from mllab.errors import LabError
from mllab.records import CodeDiff, GitState, Run
from mllab.store import repository
from mllab.workflows.workspace import Workspace

MOST_CHARACTERS = 500_000
"""Of one patch."""


def diff_code(workspace: Workspace, before: Run, after: Run) -> CodeDiff:
    """Commits, the files that differ between them, and what each run's files had beyond its commit."""
    old, new = before.git, after.git
    if old is None or new is None:
        lacking = " and ".join(run.name for run in (before, after) if run.git is None)
        return CodeDiff(known=False, why=f"{lacking}: no git commit was recorded")
    known = CodeDiff(
        before=_commit(old),
        after=_commit(new),
        branches=(old.branch or "", new.branch or ""),
        uncommitted=(_uncommitted(workspace, old), _uncommitted(workspace, new)),
    )
    if old.commit == new.commit or old.commit is None or new.commit is None:
        return known
    return _between(workspace, old.commit, new.commit, known)


def _between(workspace: Workspace, before: str, after: str, known: CodeDiff) -> CodeDiff:
    """With the files that differ between two commits, where the lab's folder still lies in that repository."""
    try:
        files = repository.changed_files(workspace.folder, before, after)
        text = _cut(repository.diff_commits(workspace.folder, before, after))
    except LabError as error:
        return msgspec.structs.replace(known, why=f"the files between the commits are not known: {error.message}")
    return msgspec.structs.replace(known, files=tuple(files), text=text)


def _commit(state: GitState) -> str:
    return (state.commit or "") + ("+" if state.is_dirty else "")


def _uncommitted(workspace: Workspace, state: GitState) -> str:
    if state.diff is None:
        return ""
    try:
        return _cut(workspace.artifacts.get(state.diff).decode(errors="replace"))
    except LabError as error:
        return f"cannot be shown: {error.message}"


def _cut(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}\n… and {len(text) - MOST_CHARACTERS:,} characters more"
