"""What git knows about a folder: the state of its code, kept with a run and brought back later.

Git's files are read without git, and nothing of the repository is executed: no hook, filter or helper. Nothing in the
repository is written. Everything read is foreign: names, links and objects may be hostile or damaged.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from dulwich.errors import NotGitRepository
from dulwich.objects import Commit, ObjectID
from dulwich.repo import Repo

from mllab.errors import Conflict, InvalidInput, LabError, NotFound
from mllab.records import GitState
from mllab.store.code_folder import check_paths, write_files
from mllab.store.patches import Change, Side, changes, deletion, file_patch, is_text, misfit, quoted, replacement
from mllab.store.worktree import FILE, SUBMODULE, Differences, Entry, differences, hash_blob, read_file, tree_files

_MOST_FILE_BYTES = 1_000_000
_MOST_PATCH_BYTES = 10_000_000
_MOST_SHOWN_BYTES = 1_000_000
_MOST_NOTES = 20
_FSCK = "look with `git fsck`"
_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


# -- looking ---------------------------------------------------------------------------------------------------------


def read_state(folder: Path, put: Callable[[bytes], str]) -> GitState | None:
    """What the code around a folder is at this moment. Never raises: what cannot be read is in the notes.

    The patch leads from the commit to the working tree, staged or not, with files that are new and not ignored. A file
    beyond 1 MB, and what would make the patch longer than 10 MB, is left out and named in the notes, as are submodules.

    Args:
        folder: anywhere in a repository.
        put: keeps the patch; its digest.

    Returns:
        The state; None where the folder lies in no working tree.
    """
    try:
        with contextlib.closing(Repo.discover(folder)) as repo:
            inside = None if repo.bare else _inside(folder, repo)
            return None if inside is None else _state(repo, inside, put)
    except NotGitRepository:
        return None
    except Exception as error:  # noqa: BLE001 - a damaged repository must never end a training
        return GitState(notes=(f"the repository cannot be read ({type(error).__name__})",))


def _inside(folder: Path, repo: Repo) -> str | None:
    real, root = folder.resolve(), Path(repo.path).resolve()
    if not real.is_relative_to(root):
        return None
    return "" if real == root else _as_text(os.fsencode(real.relative_to(root).as_posix()))


def _state(repo: Repo, inside: str, put: Callable[[bytes], str]) -> GitState:
    chain, commit = repo.refs.follow(b"HEAD")  # type: ignore[arg-type]
    branch = _as_text(chain[-1].removeprefix(b"refs/heads/")) if len(chain) > 1 else None
    known = GitState(commit=commit.decode() if commit else None, branch=branch, folder=inside)
    try:
        before = tree_files(repo, _tree(repo, commit)) if commit else {}
    except Exception as error:  # noqa: BLE001 - objects can be missing or damaged in any way
        return _with(known, notes=(f"the commit cannot be read ({type(error).__name__}); changes are not known",))
    found = differences(repo, before)
    patch = _patch(repo, found)
    notes = found.notes
    return _with(
        known,
        is_dirty=bool(found.changed),
        diff=_kept(patch, put, notes) if patch else None,
        notes=tuple(notes[:_MOST_NOTES]) + ((f"and {len(notes) - _MOST_NOTES:,} more",) if notes[_MOST_NOTES:] else ()),
    )


def _with(state: GitState, **changed: object) -> GitState:
    return msgspec.structs.replace(state, **changed)


def _kept(patch: bytes, put: Callable[[bytes], str], notes: list[str]) -> str | None:
    try:
        return put(patch)
    except LabError as error:
        notes.insert(0, f"the changes are not kept: {error.message}")
        return None


def _patch(repo: Repo, found: Differences) -> bytes:
    """The changes as one patch, what goes before what comes; what was left out is noted."""
    pieces, n_left = [], _MOST_PATCH_BYTES
    for path, (old, new) in sorted(found.changed.items(), key=lambda one: one[1][1] is not None):
        try:
            piece = _piece(repo, path, old, new)
        except OSError as error:
            piece = f"it cannot be read ({error.strerror or error})"
        if isinstance(piece, bytes) and len(piece) > n_left:
            piece = f"the patch would be longer than {_MOST_PATCH_BYTES // 1_000_000} MB"
        if isinstance(piece, str):
            found.notes.append(f"{quoted(path)} is left out: {piece}")
        else:
            pieces.append(piece)
            n_left -= len(piece)
    return b"".join(pieces)


def _piece(repo: Repo, path: bytes, old: Entry | None, new: Entry | None) -> bytes | str:
    """The section of one file, or why there is none."""
    if SUBMODULE in (old and old.mode, new and new.mode):
        return "it is a submodule" + (f", now at commit {new.sha.decode()}" if new and new.sha else "")
    before = _shown(repo, old) if old is not None else None
    if new is None:
        return (
            file_patch(path, before, None)
            if before or old is None
            else deletion(path, Side(old.mode, old.sha or b"", b""))
        )
    content = read_file(os.fsencode(repo.path) + b"/" + path, _MOST_FILE_BYTES)
    if content is None:
        return f"it has more than {_MOST_FILE_BYTES // 1_000_000} MB"
    after = Side(new.mode, hash_blob(content, repo.object_format), content)
    if old is None or before is not None:
        return file_patch(path, before, after)
    return replacement(path, Side(old.mode, old.sha or b"", b""), after)


def _shown(repo: Repo, old: Entry) -> Side | None:
    """A file of the commit with its content; None where that is too long to be shown, no text, or missing."""
    try:
        content = _blob(repo, old)
    except NotFound:
        return None
    return Side(old.mode, old.sha or b"", content) if len(content) <= _MOST_FILE_BYTES and is_text(content) else None


def _blob(repo: Repo, entry: Entry) -> bytes:
    """Content of a file of a commit, proved.

    Raises:
        NotFound: it is missing or damaged.
    """
    try:
        content: bytes = repo.object_store[ObjectID(entry.sha or b"")].as_raw_string()
    except Exception as error:  # noqa: BLE001 - packs and objects can be damaged in any way
        raise _missing("an object", entry.sha, error) from error
    if hash_blob(content, repo.object_format) != entry.sha:
        raise _missing("an object", entry.sha, ValueError("damaged"))
    return content


def _missing(what: str, sha: bytes | str | None, error: Exception) -> NotFound:
    shown = sha.decode() if isinstance(sha, bytes) else sha
    why = "is not in this repository" if isinstance(error, KeyError) else "cannot be read"
    return NotFound(f"{what} {(shown or '')[:12]} {why}", f"fetch it, or {_FSCK}")


def _as_text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


# -- commits ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[Repo]:
    try:
        repo = Repo.discover(folder)
    except NotGitRepository as error:
        raise NotFound(f"{folder} is in no repository", "start it in the folder of the lab") from error
    except Exception as error:  # noqa: BLE001 - a repository can be damaged in any way
        raise InvalidInput(f"the repository of {folder} cannot be read ({type(error).__name__})", _FSCK) from error
    with contextlib.closing(repo):
        yield repo


def _tree(repo: Repo, commit: bytes) -> bytes:
    found = repo.object_store[ObjectID(commit)]
    if not isinstance(found, Commit):
        raise KeyError(commit)
    tree: bytes = found.tree
    return tree


def _files(repo: Repo, commit: str) -> dict[bytes, Entry]:
    """Path to file of a commit; not to be changed.

    Raises:
        NotFound: there is no such commit, or something of it is missing.
    """
    if not _HEX.fullmatch(commit):
        raise NotFound(f"`{commit[:64]}` is no commit", "give all its hex digits")
    try:
        return tree_files(repo, _tree(repo, commit.encode()))
    except Exception as error:  # noqa: BLE001 - objects can be missing or damaged in any way
        raise _missing("commit", commit, error) from error


def changed_files(folder: Path, a: str, b: str) -> list[tuple[str, str]]:
    """What differs between two commits, by path: (path, `added`, `deleted` or `changed`).

    Raises:
        NotFound: the folder is in no repository, or a commit is not in it. InvalidInput: it is damaged.
    """
    with _opened(folder) as repo:
        return [(_as_text(path), _kind(old, new)) for path, old, new in _changed(repo, a, b)]


def _changed(repo: Repo, a: str, b: str) -> list[tuple[bytes, Entry | None, Entry | None]]:
    before, after = _files(repo, a), _files(repo, b)
    both = [(path, before.get(path), after.get(path)) for path in sorted(before.keys() | after.keys())]
    return [one for one in both if one[1] != one[2]]


def _kind(old: Entry | None, new: Entry | None) -> str:
    return "added" if old is None else "deleted" if new is None else "changed"


def diff_commits(folder: Path, a: str, b: str) -> str:
    """What differs between two commits, to be read by people: unified text up to 1 MB.

    Raises:
        NotFound: the folder is in no repository, or a commit is not in it. InvalidInput: it is damaged.
    """
    with _opened(folder) as repo:
        found, shown, n_left = _changed(repo, a, b), [], _MOST_SHOWN_BYTES
        for n, (path, old, new) in enumerate(found):
            piece = _readable(repo, path, old, new)
            if len(piece) > n_left:
                shown.append(f"... and {len(found) - n:,} more files\n")
                break
            shown.append(piece)
            n_left -= len(piece)
    return "".join(shown)


def _readable(repo: Repo, path: bytes, old: Entry | None, new: Entry | None) -> str:
    if SUBMODULE in (old and old.mode, new and new.mode):
        return f"submodule {quoted(path)} {_kind(old, new)}\n"
    sides = [_shown(repo, entry) if entry is not None else None for entry in (old, new)]
    if any(entry is not None and side is None for entry, side in zip((old, new), sides, strict=True)):
        return f"{quoted(path)} {_kind(old, new)}: not text, or more than {_MOST_FILE_BYTES // 1_000_000} MB\n"
    return file_patch(path, *sides).decode("utf-8", "replace")


# -- bringing back ---------------------------------------------------------------------------------------------------


def restore(folder: Path, git: GitState, patch: bytes | None, target: Path) -> tuple[str, ...]:
    """Write the code of a run into an empty folder: the files of the commit, then what the patch says.

    Everything is worked out and proved by hash before the first file is written. Nothing is written outside the
    target: a link that leads out of it becomes a file that says where it led, as git does where there are no links.

    Args:
        folder: anywhere in the repository that has the commit.
        git: the run's state; without a commit only the patch is written.
        patch: what `git.diff` names; None for the bare commit.
        target: missing, or an empty folder.

    Returns:
        What is not as it was, one sentence each.

    Raises:
        NotFound: the folder is in no repository, the commit is not in it, or a part of it is missing.
        InvalidInput: the patch does not fit, or a name would lead out of the target. Conflict: the target has files.
        Unavailable: it cannot be written.
    """
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise Conflict(f"{target} is not empty", "name a new folder")
    with _opened(folder) as repo:
        files = dict(_files(repo, git.commit)) if git.commit else {}
        patched: dict[bytes, bytes] = {}
        for change in changes(patch or b""):
            _apply(repo, files, patched, change)
        check_paths(files)
        return write_files(target, files, lambda path: patched[path] if path in patched else _blob(repo, files[path]))


def _apply(repo: Repo, files: dict[bytes, Entry], patched: dict[bytes, bytes], change: Change) -> None:
    """One section of a patch, on the list of files."""
    path, present = change.path, files.pop(change.path, None)
    before = patched.pop(path, None)
    if (present is None) != (change.old is None):
        raise misfit(path)
    if present is not None and change.old is not None:
        mode, sha = change.old
        if mode not in (None, present.mode) or sha not in (None, present.sha):
            raise misfit(path)
    if change.new is None:
        return
    if before is None:
        before = _blob(repo, present) if present is not None else b""
    mode, sha = change.new
    content = change.apply(before)
    made = Entry(mode or (present.mode if present else FILE), hash_blob(content, repo.object_format))
    if sha not in (None, made.sha):
        raise misfit(path)
    files[path], patched[path] = made, content
