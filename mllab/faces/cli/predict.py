"""`mllab predict`: ask a model with rows from the command line, a file or stdin."""

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.faces.cli.lab import Model
from mllab.faces.cli.options import AsJson, LabFolder, opened
from mllab.faces.cli.output import print_json, print_table, say
from mllab.faces.text import show
from mllab.records import Answer, Bundle, DType

app = typer.Typer(help="Ask a model.", rich_markup_mode=None, add_completion=False)

Row = dict[str, Any]

_MOST_CONTRIBUTIONS = 8


@app.command()
def predict(
    model: Model,
    rows: Annotated[
        str | None, typer.Argument(metavar="JSON|-", help="One row or a list of rows; `-` reads stdin.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--in", metavar="FILE", help="Rows from a .json, .jsonl or .csv file.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Ask this version, not the deployed one.")
    ] = None,
    alias: Annotated[str | None, typer.Option(metavar="ALIAS", help="Ask the version under this alias.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Add what each feature contributes.")] = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Ask a model; the answer is logged and can be traced by its prediction id."""
    text, kind = _text(rows, file)
    with opened(lab) as it:
        if kind == ".csv":
            asked = csv_rows(text, it.served(model, version=version, alias=alias).bundle)
        else:
            asked = json_rows(text, lines=kind in (".jsonl", ".ndjson"))
        answer = it.predict(model, asked, version=version, alias=alias, explain=explain)
    if as_json:
        print_json(answer)
        return
    _print(answer)


def _text(rows: str | None, file: Path | None) -> tuple[str, str]:
    """The text that holds the rows, and its kind as a file suffix."""
    if (rows is None) == (file is None):
        raise InvalidInput("say what to ask, once", "one of: a JSON row, --in FILE, or `-` for stdin")
    if rows == "-":
        return sys.stdin.read(), ".json"
    if file is None:
        return rows or "", ".json"
    kind = file.suffix.lower()
    if kind not in (".json", ".jsonl", ".ndjson", ".csv"):
        raise InvalidInput(f"{file}: cannot tell rows from a `{kind}` file", "use .json, .jsonl or .csv")
    try:
        return file.read_text(encoding="utf-8-sig"), kind
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {file}", "check the path") from error
    except OSError as error:
        raise Unavailable(f"cannot read {file}: {error.strerror}", "name a file you may read") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not UTF-8 (byte {error.start})", "save it as UTF-8") from error


def json_rows(text: str, *, lines: bool = False) -> list[Row]:
    """Rows from JSON: one object, a list of them, or with `lines` (or where that fits) one object a line.

    Raises:
        InvalidInput: it is not JSON, or not rows.
    """
    decoder = msgspec.json.Decoder()
    try:
        found = decoder.decode_lines(text) if lines else decoder.decode(text)
    except msgspec.DecodeError as error:
        hint = "a row looks like '{\"column\": 1.5}'; quote it from the shell with single quotes"
        raise InvalidInput(f"the rows are not JSON: {error}", hint) from error
    if isinstance(found, dict):
        inner = found.get("rows")
        found = inner if len(found) == 1 and isinstance(inner, list) else [found]
    if not isinstance(found, list) or not found or not all(isinstance(row, dict) for row in found):
        raise InvalidInput("rows are JSON objects, and at least one", "write {...} or [{...}, {...}]")
    return found


def csv_rows(text: str, bundle: Bundle) -> list[Row]:
    """Rows from CSV with a header; cells become the types that the model asks for, empty ones are missing.

    Raises:
        InvalidInput: a cell does not fit, or there are no rows.
    """
    types = {field.name: field.dtype for field in bundle.request}
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [
            {
                name: _cell(cell, types.get(name), name, reader.line_num)
                for name, cell in row.items()
                if name is not None
            }
            for row in reader
        ]
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num}: {error}", "mend the line") from error
    if not rows:
        raise InvalidInput("the file holds no rows", "a header and at least one line")
    return rows


def _cell(text: str | None, dtype: DType | None, column: str, line: int) -> Any:
    if text is None or text == "":
        return None
    try:
        match dtype:
            case DType.INT:
                return int(text)
            case DType.FLOAT:
                return float(text)
            case DType.BOOL:
                return {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()]
    except (ValueError, KeyError):
        raise InvalidInput(f"line {line}, column `{column}`: `{text}` is no {dtype}", "mend the cell") from None
    return text


def _print(answer: Answer) -> None:
    say(f"{answer.model} version {answer.version}", to=sys.stderr)
    classes = list(answer.probabilities[0]) if answer.probabilities else []
    rows = [
        (value, *(answer.probabilities[i][one] for one in classes if answer.probabilities), answer.prediction_ids[i])
        for i, value in enumerate(answer.predictions)
    ]
    print_table(("prediction", *(f"p({one})" for one in classes), "id"), rows)
    for i, contributions in enumerate(answer.explanations or []):
        largest = sorted(contributions.items(), key=lambda one: -abs(one[1]))[:_MOST_CONTRIBUTIONS]
        say(f"row {i + 1}: " + ", ".join(f"{name} {'+' if share >= 0 else ''}{show(share)}" for name, share in largest))
    for warning in answer.warnings:
        say(f"warning: {warning}", to=sys.stderr)
