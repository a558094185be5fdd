"""What of a repository's working tree differs from a commit, read the way git does: by the index's notes of times.

Only looks: the index is never written, no filter, hook or other program runs, and no link is followed. Files count as
they lie; ends of lines are not converted. What is ignored, and every `.mllab`, stays out, tracked or not.
"""

import errno
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

from dulwich.index import (
    FLAG_VALID,
    ConflictedIndexEntry,
    IndexEntry,
    read_index_dict,
    read_submodule_head,
    validate_path_element_hfs,
    validate_path_element_ntfs,
)
from dulwich.object_format import ObjectFormat
from dulwich.objects import Tree
from dulwich.repo import Repo

from mllab.store.new_files import new_files
from mllab.store.patches import quoted

FILE, SCRIPT, LINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000
_MOST_HASHED_BYTES = 256_000_000
_SETTLED_NS = 2_000_000_000
"""A file that has not changed for so long cannot change again without its time telling."""
_MOST_CACHED = 50_000
_LOW_32 = 0xFFFFFFFF
_UNUSUAL = re.compile(rb"(?:^|/)(?:\.|git~|/|$)|[^ -~]|\\", re.IGNORECASE)
"""What a path that leads out of its folder, or into git's own, cannot do without."""


class Entry(NamedTuple):
    """A file as git sees it."""

    mode: int
    sha: bytes | None
    """Hex hash of its blob; None where nobody has asked yet."""


@dataclass
class Differences:
    """From a commit to the working tree."""

    changed: dict[bytes, tuple[Entry | None, Entry | None]] = field(default_factory=dict)
    """Path to what it was and what it is; a submodule's hash is its commit."""
    notes: list[str] = field(default_factory=list)


_Index = dict[bytes, IndexEntry | ConflictedIndexEntry]
_indexes: dict[str, tuple[tuple[int, ...], _Index]] = {}
_trees: dict[tuple[str, bytes], dict[bytes, Entry]] = {}
_hashes: dict[tuple[bytes, tuple[int, ...], str], bytes] = {}


# -- a commit's tree -------------------------------------------------------------------------------------------------


def tree_files(repo: Repo, tree: bytes) -> dict[bytes, Entry]:
    """Path to file, link or submodule of a tree by its hash; kept for the next who asks. Not to be changed.

    Raises:
        KeyError: an object is missing. Exception: one is damaged.
    """
    key = (repo.commondir(), tree)
    if key not in _trees:
        files = dict(_walk_tree(repo, tree))
        _keep(_trees, key, files, 8)
        return files
    return _trees[key]


def _walk_tree(repo: Repo, tree: bytes) -> Iterator[tuple[bytes, Entry]]:
    waiting = [(b"", tree)]
    while waiting:
        prefix, sha = waiting.pop()
        found = repo.object_store[sha]  # type: ignore[index]
        if not isinstance(found, Tree):
            raise KeyError(sha)
        for name, mode, child in found.iteritems():
            if stat.S_ISDIR(mode):
                waiting.append((prefix + name + b"/", child))
            else:
                yield prefix + name, Entry(_kept_mode(mode), child)


def _kept_mode(mode: int) -> int:
    """Old gits wrote further modes of files."""
    return (SCRIPT if mode & 0o100 else FILE) if stat.S_ISREG(mode) else mode


# -- the working tree ------------------------------------------------------------------------------------------------


def differences(repo: Repo, before: dict[bytes, Entry]) -> Differences:
    """What differs between the files of a commit and the working tree."""
    found = Differences()
    looked = _Look(repo, found.notes)
    now = looked.tracked()
    submodules = {path for path, entry in now.items() if entry.mode == SUBMODULE}
    for path in new_files(repo, looked.config, looked.index, submodules, found.notes):
        present = looked.entry(path, None)
        if present is not None:
            now[path] = present
    for path in sorted(before.keys() | now.keys()):
        if is_hidden(path) or looked.is_outside_checkout(path):
            continue
        old, new = before.get(path), now.get(path)
        if new is None and is_safe(path):
            new = looked.entry(path, None)  # what is taken out of the index alone is still there
        if old == new:
            continue
        if not is_safe(path):
            found.notes.append(f"{quoted(path)} is left out: no file can be called so")
        elif old is None or new is None or new.sha is not None or old != looked.hashed(path, new):
            found.changed[path] = (old, new)
    return found


def is_hidden(path: bytes) -> bool:
    """Whether a path lies in the state of a lab."""
    return b".mllab" in path.split(b"/")


def is_safe(path: bytes) -> bool:
    """Whether a path stays in its folder and out of git's own, on every file system."""
    if not _UNUSUAL.search(path):
        return True
    parts = path.split(b"/")
    if not all(part and b"\0" not in part and validate_path_element_ntfs(part) for part in parts):
        return False
    return sys.platform != "darwin" or all(validate_path_element_hfs(part) for part in parts)


class _Look:
    """One look at a working tree."""

    def __init__(self, repo: Repo, notes: list[str]) -> None:
        self.repo, self.notes = repo, notes
        self.root = os.fsencode(repo.path)
        self.config = repo.get_config_stack()
        self.has_modes = self.config.get_boolean((b"core",), b"filemode", True)
        self.index, self.index_ns = self._read_index()
        self.sparse = tuple(path for path, entry in self.index.items() if stat.S_ISDIR(getattr(entry, "mode", 0)))
        self._real: dict[bytes, bool] = {b"": True}

    def _read_index(self) -> tuple[_Index, int]:
        path = self.repo.index_path()
        try:
            times = os.stat(path)  # noqa: PTH116 - git's paths may be bytes that are no text
            mark = (times.st_mtime_ns, times.st_size, times.st_ino)
            kept = _indexes.get(path)
            if kept is None or kept[0] != mark:
                with open(path, "rb") as file:  # noqa: PTH123
                    kept = (mark, read_index_dict(file, self.repo.object_format))
                if time.time_ns() - times.st_mtime_ns > _SETTLED_NS:
                    _keep(_indexes, path, kept, 8)
        except FileNotFoundError:
            return {}, 0
        except Exception as error:  # noqa: BLE001 - damage of any kind; every file then counts as it lies
            self.notes.append(f"the index cannot be read ({type(error).__name__})")
            return {}, 0
        return kept[1], times.st_mtime_ns

    def tracked(self) -> dict[bytes, Entry]:
        """Path to what lies there now, of what the index knows."""
        found = {}
        for path, entry in self.index.items():
            if is_hidden(path) or not is_safe(path):
                continue
            present = self.entry(path, None if isinstance(entry, ConflictedIndexEntry) else entry)
            if present is not None:
                found[path] = present
        return found

    def entry(self, path: bytes, known: IndexEntry | None) -> Entry | None:
        """What lies at a path; None where nothing does."""
        if known is not None:
            if known.skip_worktree or known.flags & FLAG_VALID:
                return Entry(known.mode, known.sha)
            if known.mode == SUBMODULE:
                return Entry(SUBMODULE, self._submodule(path, known.sha))  # whatever lies there
        try:
            times = os.lstat(self.root + b"/" + path)
        except (OSError, ValueError):
            return None
        mode = self._mode(times, known)
        if mode is None or not self._lies_in_folders(path):
            return None
        if known is not None and _is_unchanged(times, known, self.index_ns):
            return Entry(mode, known.sha)
        return Entry(mode, None)

    def _mode(self, times: os.stat_result, known: IndexEntry | None) -> int | None:
        if stat.S_ISLNK(times.st_mode):
            return LINK
        if not stat.S_ISREG(times.st_mode):
            return None
        if not self.has_modes:
            return known.mode if known is not None and stat.S_ISREG(known.mode) else FILE
        return SCRIPT if times.st_mode & 0o100 else FILE

    def _lies_in_folders(self, path: bytes) -> bool:
        """Whether no part of the way to a file is a link."""
        folder = path.rpartition(b"/")[0]
        if folder not in self._real:
            try:
                is_folder = stat.S_ISDIR(os.lstat(self.root + b"/" + folder).st_mode)
            except (OSError, ValueError):
                is_folder = False
            self._real[folder] = is_folder and self._lies_in_folders(folder)
        return self._real[folder]

    def _submodule(self, path: bytes, pinned: bytes) -> bytes:
        try:
            return read_submodule_head(self.root + b"/" + path) or pinned
        except Exception as error:  # noqa: BLE001 - somebody else's repository, damaged in any way
            self.notes.append(f"submodule {quoted(path)} cannot be read ({type(error).__name__})")
            return pinned

    def hashed(self, path: bytes, entry: Entry) -> Entry:
        """The same with its hash; without, where it cannot be read."""
        full = self.root + b"/" + path
        try:
            return Entry(entry.mode, hash_file(full, self.repo.object_format))
        except OSError:
            return entry

    def is_outside_checkout(self, path: bytes) -> bool:
        """Whether a path lies in a folder that a sparse checkout leaves out."""
        return path.startswith(self.sparse) if self.sparse else False


def _is_unchanged(times: os.stat_result, known: IndexEntry, index_ns: int) -> bool:
    """Whether the index's note of a file's times and size holds, and is older than the index itself."""
    return (
        times.st_mtime_ns == _nanoseconds(known.mtime)
        and times.st_ctime_ns == _nanoseconds(known.ctime)
        and times.st_size & _LOW_32 == known.size
        and times.st_ino & _LOW_32 == known.ino
        and times.st_mtime_ns < index_ns
    )


def _nanoseconds(at: Any) -> int:
    return at[0] * 1_000_000_000 + at[1] if isinstance(at, tuple) else int(at * 1_000_000_000)


# -- content ---------------------------------------------------------------------------------------------------------


def read_file(path: bytes, most: int) -> bytes | None:
    """Content of a file, or a link's target; None where there are more bytes than `most`.

    Raises:
        OSError: it cannot be read, or is neither.
    """
    if stat.S_ISLNK(os.lstat(path).st_mode):
        return os.readlink(path)  # noqa: PTH115 - git's paths may be bytes that are no text
    with _open(path) as file:
        content = file.read(most + 1)
    return None if len(content) > most else content


def _open(path: bytes) -> BinaryIO:
    """Never waits, as for a pipe, and never follows a link."""
    file = open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")  # noqa: PTH123, SIM115
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "not a file")


def _hash_content(path: bytes, format: ObjectFormat) -> bytes:
    with _open(path) as file:
        hasher = format.new_hash()
        hasher.update(b"blob %d\0" % os.fstat(file.fileno()).st_size)
        while chunk := file.read(1 << 20):
            hasher.update(chunk)
    return hasher.hexdigest().encode()


def hash_blob(content: bytes, format: ObjectFormat) -> bytes:
    """Hex hash that git knows content by."""
    return format.hash_object_hex(b"blob %d\0" % len(content) + content)


def hash_file(path: bytes, format: ObjectFormat) -> bytes | None:
    """As `hash_blob`, of a file or link; not asked twice while its times stay. None where it is too big.

    Raises:
        OSError: it cannot be read.
    """
    times = os.lstat(path)
    key = (path, (times.st_mtime_ns, times.st_ctime_ns, times.st_size, times.st_ino), format.name)
    if key in _hashes:
        return _hashes[key]
    if times.st_size > _MOST_HASHED_BYTES:
        return None
    is_link = stat.S_ISLNK(times.st_mode)
    sha = hash_blob(os.readlink(path), format) if is_link else _hash_content(path, format)  # noqa: PTH115
    if time.time_ns() - max(times.st_mtime_ns, times.st_ctime_ns) > _SETTLED_NS:
        _keep(_hashes, key, sha, _MOST_CACHED)
    return sha


def _keep(cache: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    if len(cache) >= most:
        cache.clear()
    cache[key] = value
