"""The files of a working tree that git does not know yet and does not ignore.

Only names are looked at. A repository in the repository is named in the notes and not entered, as git does not; the
state of a lab is never entered.
"""

import os
import stat
from collections.abc import Container, Iterator

from dulwich.config import Config
from dulwich.ignore import IgnoreFilterManager
from dulwich.repo import Repo

from mllab.store.patches import quoted

_MOST_ENTRIES = 50_000
"""Names that are looked at."""
_NOT_CODE = frozenset(
    (
        *(".csv", ".tsv", ".psv", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".ipc", ".avro", ".orc"),
        *(".xls", ".xlsx", ".ods", ".db", ".sqlite", ".sqlite3", ".duckdb"),
        *(".h5", ".hdf5", ".npy", ".npz", ".pkl", ".pickle", ".joblib"),
        *(".gz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".tar"),
        *(".pem", ".key", ".p12", ".pfx", ".log"),
    )
)
"""Endings of data and of secrets: whoever erases somebody's rows, or a key, does not think of patches."""
_SECRETS = (".env", "credentials", "id_rsa", "id_ed25519", ".netrc")
"""How names of files with secrets begin."""
_MOST_NAMED = 3


def new_files(
    repo: Repo, config: Config, known: Container[bytes], submodules: Container[bytes], notes: list[str]
) -> Iterator[bytes]:
    """Files and links that are not in the index and not ignored; what was not looked at is noted.

    Args:
        repo: with a working tree.
        config: git's, of this repository and its user.
        known: paths in the index.
        submodules: those of them that are folders, which are not entered.
        notes: gets a sentence for each thing that was left out.
    """
    if config.get_boolean((b"status",), b"showuntrackedfiles", True) is False:
        notes.append("new files are left out, as git's status.showUntrackedFiles says")
        return
    try:
        yield from _Walk(repo, config, known, submodules, notes).files()
    except Exception as error:  # noqa: BLE001 - ignore files can be damaged or out of reach in any way
        notes.append(f"not all new files were looked for ({type(error).__name__})")


def is_code(name: str) -> bool:
    """Whether a new file may go into a patch: its name is not that of data or of a secret."""
    low = name.lower()
    _, dot, ending = low.rpartition(".")
    return dot + ending not in _NOT_CODE and not low.startswith(_SECRETS)


class _Walk:
    """One walk through a working tree, from the top."""

    def __init__(
        self, repo: Repo, config: Config, known: Container[bytes], submodules: Container[bytes], notes: list[str]
    ) -> None:
        self.root, self.known, self.submodules, self.notes = repo.path, known, submodules, notes
        self.ignores = IgnoreFilterManager.from_repo(repo, config)

    def files(self) -> Iterator[bytes]:
        waiting, n_left = [""] if self._can_be_asked("") else [], _MOST_ENTRIES
        data: list[str] = []
        while waiting:
            folder = waiting.pop()
            entries = self._entries(folder)
            n_left -= len(entries)
            if n_left < 0:
                self.notes.append(f"not all new files were looked for: there are more than {_MOST_ENTRIES:,} names")
                return
            for entry in entries:
                path = folder + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if self._enters(path):
                        waiting.append(f"{path}/")
                elif self._is_new(path, entry):
                    if is_code(entry.name):
                        yield os.fsencode(path)
                    else:
                        data.append(path)
        if data:
            shown = ", ".join(quoted(os.fsencode(path)) for path in sorted(data)[:_MOST_NAMED])
            more = f" and {len(data) - _MOST_NAMED} more" if len(data) > _MOST_NAMED else ""
            self.notes.append(f"new files that look like data or secrets are left out: {shown}{more}")

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(f"{self.root}/{folder}") as listed:
                entries = list(listed)
        except OSError as error:
            self.notes.append(f"{quoted(os.fsencode(folder))} is left out: {error.strerror}")
            return []
        return entries

    def _enters(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        if name in (".git", ".mllab") or os.fsencode(path) in self.submodules:
            return False
        if not self._can_be_asked(path) or self.ignores.may_prune_directory(f"{path}/"):
            return False
        if os.path.lexists(f"{self.root}/{path}/.git"):
            self.notes.append(f"{quoted(os.fsencode(path))} is left out: it is a repository of its own")
            return False
        return True

    def _can_be_asked(self, path: str) -> bool:
        """Whether reading what a folder ignores would end: a pipe could keep us waiting for ever."""
        try:
            mode = os.lstat(f"{self.root}/{path}/.gitignore").st_mode
        except OSError:
            return True
        if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
            return True
        self.notes.append(f"{quoted(os.fsencode(path or '.'))} is left out: its .gitignore is no file")
        return False

    def _is_new(self, path: str, entry: os.DirEntry[str]) -> bool:
        if os.fsencode(path) in self.known or entry.name in (".git", ".mllab"):
            return False
        return (entry.is_symlink() or entry.is_file()) and not self.ignores.is_ignored(path)
