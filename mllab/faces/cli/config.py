"""`mllab config`: the lab's declaration, `mllab.toml`."""

from pathlib import Path
from typing import Annotated

import typer

from mllab.config import origins, parse_config
from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.faces.cli.options import AsJson, LabFolder, reading
from mllab.faces.cli.output import print_json, print_table, say, to_json
from mllab.faces.cli.place import lab_folder

app = typer.Typer(help="The lab's declaration, mllab.toml.", rich_markup_mode=None, add_completion=False)


@app.command("show")
def show_config(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Show every value in force and where it comes from."""
    with reading(lab) as it:
        values = origins(it.config(), it.config_text())
    if as_json:
        print_json([{"key": key, "value": value, "origin": origin} for key, value, origin in values])
        return
    print_table(("key", "origin", "value"), [(key, origin, to_json(value)) for key, value, origin in values])


@app.command("check")
def check_config(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Default: the lab's mllab.toml.")] = None,
    lab: LabFolder = None,
) -> None:
    """Check a declaration to the last key; no lab is needed."""
    path = file or lab_folder(lab) / "mllab.toml"
    config = parse_config(_read(path), str(path))
    counts = {"source": len(config.source), "model": len(config.model), "trigger": len(config.trigger)}
    said = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items() if count)
    say(f"{path} is valid: {said or 'empty'}")


def _read(path: Path) -> str:
    """The file's text.

    Raises:
        NotFound: there is no such file. Unavailable: it cannot be read. InvalidInput: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", "name a declaration: `mllab config check FILE`") from error
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}", "name a file you may read") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 (byte {error.start})", "save it as UTF-8") from error
