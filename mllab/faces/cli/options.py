"""What many commands share: the options `--lab`, `--json`, `--no-wait`, and opening the lab they name."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mllab.errors import InvalidInput
from mllab.faces.cli.place import lab_folder

if TYPE_CHECKING:
    from mllab.lab import Lab

LAB_HELP = "The lab's folder; default: this folder or the nearest one above it that has mllab.toml."


def _or_of_the_whole_line(context: typer.Context, given: Path | None) -> Path | None:
    """`--lab` behind the command wins over the one before it, and that over MLLAB_LAB."""
    above = context.find_root().params.get("lab")
    return given or (Path(above) if above else None)


LabFolder = Annotated[
    Path | None, typer.Option("--lab", "-C", metavar="DIR", help=LAB_HELP, callback=_or_of_the_whole_line)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Queue the job and return at once.")]


def reading(given: Path | None) -> "Lab":
    """The lab, opened beside whoever holds it; for commands that only ask."""
    from mllab.lab import Lab

    return Lab.open(lab_folder(given), read_only=True)


def opened(given: Path | None) -> "Lab":
    """The lab, opened to change it: through its host, or alone where none runs."""
    from mllab.lab import Lab

    return Lab.open(lab_folder(given))


def key_values(pairs: list[str]) -> dict[str, int | float | bool | str]:
    """`["eta=0.1", ...]` as a dict; numbers and true/false become what they look like.

    Raises:
        InvalidInput: a pair without `=`.
    """
    found: dict[str, int | float | bool | str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise InvalidInput(f"`{pair}` is not a parameter", "write NAME=VALUE, for example --param eta=0.1")
        found[name.strip()] = _value(text.strip())
    return found


def _value(text: str) -> int | float | bool | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
