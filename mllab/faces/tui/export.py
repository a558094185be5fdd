"""Writing the present view to a file: what it lists as CSV or JSON, or how it looks as SVG."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mllab.faces.text import show
from mllab.faces.tui.widgets.dialogs import PickOne

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp
    from mllab.faces.tui.screens.base import LabScreen

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be run by a spreadsheet."""


def export_view(app: "LabApp", screen: "LabScreen") -> None:
    """Ask for the format, then write into the lab's `outbox/`."""
    options = [("svg", "SVG: the screen as it looks")]
    if screen.why_not_export() is None:
        options = [("csv", "CSV: the listed rows"), ("json", "JSON: the listed records"), *options]

    def write(kind: str | None) -> None:
        if kind == "svg":
            _keep(app, screen.NAME, "svg", app.export_screenshot(title=f"mllab {screen.NAME}"))
        elif kind is not None:
            screen.ask(screen.exported, lambda found: _keep(app, screen.NAME, kind, _as_text(kind, found)))

    app.push_screen(PickOne("Export this view as", options), write)


def _as_text(kind: str, found: tuple[Sequence[str], Sequence[Sequence[Any]], Any]) -> str:
    headers, rows, records = found
    if kind == "json":
        return msgspec.json.format(msgspec.json.encode(records), indent=2).decode() + "\n"
    return as_csv(headers, rows)


def as_csv(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as CSV; text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(one) for one in headers])
    writer.writerows([_cell(one) for one in row] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else show(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _keep(app: "LabApp", name: str, kind: str, text: str) -> None:
    folder = app.folder / "outbox"
    path = _free(folder, f"{name}-{app.now():%Y%m%d-%H%M%S}", kind)
    try:
        folder.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        app.tell(f"{path} cannot be written: {error.strerror}\nmake room, or check the folder's permissions", "error")
        return
    app.tell(f"wrote {path}")


def _free(folder: Path, stem: str, kind: str) -> Path:
    names = (f"{stem}.{kind}", *(f"{stem}-{n}.{kind}" for n in range(2, 1000)))
    return next(folder / name for name in names if not (folder / name).exists())
