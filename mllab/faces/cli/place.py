"""Which lab is meant, and whether a person sits in front. Light to import: the first paint waits for it."""

import os
import sys
from pathlib import Path


def lab_folder(given: Path | None) -> Path:
    """The folder meant: the given one, else the nearest one upwards that holds a lab, else this one."""
    if given is not None:
        return given
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "mllab.toml").is_file()), here)


def has_terminal() -> bool:
    """Whether a person sits in front of this process."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
