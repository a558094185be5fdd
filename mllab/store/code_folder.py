"""Files of a commit, written into a folder of their own so that none can come to lie outside of it."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from mllab.errors import InvalidInput, Unavailable
from mllab.store.patches import quoted
from mllab.store.worktree import FILE, LINK, SCRIPT, SUBMODULE, Entry, is_safe

_HINT = "the commit was made to do harm, or for another file system; look at it with git"


def check_paths(files: Mapping[bytes, Entry]) -> None:
    """Refuse names that lead anywhere else, and files that are folders of others.

    Raises:
        InvalidInput: naming the first.
    """
    for path, entry in files.items():
        if not is_safe(path) or entry.mode not in (FILE, SCRIPT, LINK, SUBMODULE):
            raise InvalidInput(f"{quoted(path)} cannot be written into a folder", _HINT)
        parent = path.rpartition(b"/")[0]
        while parent:
            if parent in files:
                raise InvalidInput(f"{quoted(parent)} is a file and a folder at once", _HINT)
            parent = parent.rpartition(b"/")[0]


def write_files(target: Path, files: Mapping[bytes, Entry], content: Callable[[bytes], bytes]) -> tuple[str, ...]:
    """Write files into a folder that is empty or missing; links come last, so that nothing is written through one.

    Args:
        target: the folder.
        files: proved by `check_paths`.
        content: of a path, or where its link leads.

    Returns:
        What could not be written as it was, one sentence each.

    Raises:
        InvalidInput: two names are one on this file system. Unavailable: the folder cannot be written.
    """
    notes: list[str] = []
    links = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        root = target.resolve()
        for path in sorted(files):
            full, mode = root / os.fsdecode(path), files[path].mode
            full.parent.mkdir(parents=True, exist_ok=True)
            if mode == SUBMODULE:
                full.mkdir(exist_ok=True)
                notes.append(f"submodule {quoted(path)} is an empty folder")
            elif mode == LINK:
                links.append(path)
            else:
                _write(full, content(path), 0o777 if mode == SCRIPT else 0o666)
        for path in links:
            _link(root, path, content(path), notes)
    except FileExistsError as error:
        raise InvalidInput(f"two names are one on this file system: {error.filename!r}", _HINT) from error
    except OSError as error:
        raise Unavailable(f"cannot write to {target}: {error.strerror}", "make room, or name another folder") from error
    return tuple(notes)


def _write(full: Path, content: bytes, mode: int) -> None:
    with open(os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:  # noqa: PTH123
        file.write(content)


def _link(root: Path, path: bytes, leads_to: bytes, notes: list[str]) -> None:
    if leads_out(path, leads_to):
        notes.append(f"{quoted(path)} is a file: as a link it would lead out of the folder")
        _write(root / os.fsdecode(path), leads_to, 0o666)
    else:
        (root / os.fsdecode(path)).symlink_to(os.fsdecode(leads_to))


def leads_out(path: bytes, leads_to: bytes) -> bool:
    """Whether a link could lead out of its top folder, now or by other links.

    Its own way up starts at a real folder, so steps up that come first can be counted; a step up that comes later
    could start behind another link, and counts as leading out.
    """
    if not leads_to or b"\0" in leads_to or leads_to.startswith(b"/"):
        return True
    parts = [part for part in leads_to.split(b"/") if part not in (b"", b".")]
    n_up = next((n for n, part in enumerate(parts) if part != b".."), len(parts))
    return n_up > path.count(b"/") or b".." in parts[n_up:]
