"""Repositories made with git itself, out of reach of the settings of whoever runs the tests."""

import os
import subprocess
from pathlib import Path

ALONE = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "XDG_CONFIG_HOME": "/nonexistent",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
}


def git(folder: Path, *args: str | bytes, stdin: bytes = b"") -> bytes:
    """Run git; what it prints."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", folder, *args], input=stdin, capture_output=True, timeout=30, env=inherited | ALONE
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def a_repository(folder: Path, files: dict[str, str | bytes] | None = None, *args: str) -> Path:
    """A repository on `main` with one commit of files; none where there are no files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", *args)
    if files is not None:
        write(folder, files)
        commit(folder)
    return folder


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write files, with their folders."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def commit(folder: Path, said: str = "x") -> str:
    """Commit everything; the commit."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", said)
    return git(folder, "rev-parse", "HEAD").decode().strip()


def files_of(folder: Path) -> dict[bytes, tuple[str, bytes]]:
    """Path to kind and content of everything but git's and mllab's own; folders count by what is in them."""
    found: dict[bytes, tuple[str, bytes]] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if {".git", ".mllab"} & set(name.parts) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink():
            found[os.fsencode(name)] = ("link", os.fsencode(path.readlink()))
        else:
            kind = "script" if path.stat().st_mode & 0o100 else "file"
            found[os.fsencode(name)] = (kind, path.read_bytes())
    return found
