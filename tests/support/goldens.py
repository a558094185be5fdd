"""Texts kept as files: what a picture or a screen must look like, down to the character."""

import difflib
import os
import re
from pathlib import Path

UPDATE = "MLLAB_UPDATE_GOLDENS"
_NUMBER = re.compile(r"terminal-\d+")


def matches_golden(path: Path, text: str) -> bool:
    """Whether a text is the kept one, blanks at the ends of lines aside.

    True, or an assertion error with the difference.

    With MLLAB_UPDATE_GOLDENS=1 the text is kept instead. A golden that is missing fails.
    """
    lines = [line.rstrip() for line in text.split("\n")]
    if os.environ.get(UPDATE) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return True
    assert path.exists(), f"{path} is missing; look at the text, then run once with {UPDATE}=1"
    kept = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    difference = difflib.unified_diff(kept, lines, path.name, "now", lineterm="")
    assert kept == lines, f"not as kept; if it is right, run once with {UPDATE}=1\n" + "\n".join(difference)
    return True


def matches_svg(path: Path, svg: str) -> bool:
    """Whether a picture of the screen is the kept one, but for the number that all names in it begin with.

    True, or an assertion error with the difference; see `matches_golden`.
    """
    return matches_golden(path, _NUMBER.sub("terminal", svg))
