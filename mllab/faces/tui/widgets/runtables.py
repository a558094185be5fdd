"""The tables of one run: params, metrics by split, artifacts, log, lineage."""

from collections.abc import Callable, Sequence
from typing import Any

from textual.content import Content

from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.viewmodels.lineage import short_id
from mllab.faces.tui.viewmodels.runrows import ArtifactRow, LineageRow, MetricRow, ParamRow, Row, key_of
from mllab.faces.tui.viewmodels.words import number
from mllab.faces.tui.widgets.columns import Column
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.vtable import VTable
from mllab.records import Event

_NO_PARAMS = "no parameters\n\na run has the parameters that its learner was given; this one was given none"
_NO_ARTIFACTS = "no artifacts yet\n\na finished run keeps its model here: files named by the digest of their bytes"
_NO_EVENTS = "no events\n\nwhat the run's job did is told here; a run without a job of this lab has none"
_NO_ANALYSIS = (
    "confusion, calibration, slices and explanations come with model analysis\n\n"
    "once the run is finished, its metrics on train, validation and test rows are listed here"
)


def run_tables() -> dict[str, VTable[Any]]:
    """A table for each tab that has one; the name of the tab is its id."""
    return {
        "params": VTable(_params(), empty=_NO_PARAMS, id="params"),
        "analysis": VTable(_metrics(), empty=_NO_ANALYSIS, id="analysis"),
        "artifacts": VTable(_artifacts(), empty=_NO_ARTIFACTS, id="artifacts"),
        "log": VTable(_log(), empty=_NO_EVENTS, id="log"),
        "lineage": VTable(_lineage(), id="lineage"),
    }


def _text(
    id: str, width: int, cell: Callable[[Any], str | Content], *, grow: bool = False, right: bool = False, wide: int = 0
) -> Column[Any]:
    return Column(id=id, title=id, cell=cell, width=width, grow=grow, right=right, from_width=wide)


def _params() -> list[Column[ParamRow]]:
    return [
        _text("name", 20, lambda row: row.name),
        _text("value", 14, lambda row: Content.styled(row.value, "bold") if row.note else row.value, right=True),
        _text("declared", 12, lambda row: row.declared, right=True),
        _text("note", 22, lambda row: row.note, grow=True),
    ]


def _metrics() -> list[Column[MetricRow]]:
    def column(name: str) -> Column[MetricRow]:
        return _text(name, 11, lambda row: number(getattr(row, name)), right=True)

    def test(row: MetricRow) -> str:
        return number(row.test if row.whole is None else row.whole)

    first = [_text("metric", 20, lambda row: row.metric, grow=True), column("train"), column("validation")]
    return [
        *first,
        _text("test", 11, test, right=True),
        _text("naive", 11, lambda row: number(row.baseline), right=True),
    ]


def _artifacts() -> list[Column[ArtifactRow]]:
    return [
        _text("name", 16, lambda row: row.name),
        _text("digest", 12, lambda row: row.digest, grow=True),
        _text("used by", 26, lambda row: row.used, grow=True),
    ]


def _log() -> list[Column[Event]]:
    return [
        _text("at", 8, lambda event: f"{event.at:%H:%M:%S}"),
        _text("type", 19, lambda event: event.type, wide=100),
        _text("text", 30, lambda event: _said(event), grow=True),
    ]


def _said(event: Event) -> Content:
    ink = {"failed": "$error", "finished": "$success"}.get(event.type.rpartition(".")[2], "")
    text = safe_text(event.text, limit=400)
    return text.stylize(ink) if ink else text


def _lineage() -> list[Column[LineageRow]]:
    return [
        _text("what", 24, lambda row: Content.styled(row.guide, "dim") + safe_text(row.kind)),
        _text("id", 16, lambda row: short_id(row.node_kind, row.id)),
        _text("text", 24, lambda row: row.text, grow=True),
    ]


def fill(table: VTable[Any], rows: Sequence[Row]) -> None:
    """Show rows; the cursor stays on its row."""
    table.set_source(ListRows(rows, key_of))
