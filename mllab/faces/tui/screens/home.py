"""Home: the lab at a glance; enter goes to whatever the line is about. The run at work is drawn beside it."""

from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize

from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.screens.feature_loading import Failures, read_on, standing
from mllab.faces.tui.viewmodels import home as view
from mllab.faces.tui.viewmodels.words import count
from mllab.faces.tui.widgets.columns import Column
from mllab.faces.tui.widgets.dialogs import confirm
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.runpane import RunPane
from mllab.faces.tui.widgets.table_messages import Opened
from mllab.faces.tui.widgets.vtable import VTable
from mllab.lab import Lab
from mllab.records import FileStatus, MetricPoint, Run

_FILES_A_MONTH = 2
_NEWS = timedelta(days=2)
"""A refused file is news for so long; older ones are in Data."""
_EVENTS_LOOKED_AT = 200


class Seen(NamedTuple):
    """The lines' sources, and the newest run."""

    glance: view.Glance
    run: Run | None
    points: list[MetricPoint]


class HomeScreen(LabScreen):
    """The lab at a glance."""

    NAME = "home"
    FOLLOWS = frozenset(
        {
            "job",
            "datafile",
            "dataset",
            "run",
            "metrics",
            "version",
            "gates",
            "alias",
            "deployment",
            "model",
            "config",
            "declaration",
            "materialization",
            "serving",
        }
    )

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._failures = Failures()

    def body(self) -> ComposeResult:
        """Lines, and the run at work."""
        table = VTable[view.Line](classes="pane")
        table.empty = "opening the lab…"
        yield table
        yield RunPane(classes="side")

    def on_mount(self) -> None:
        """Two columns without a sort."""
        self.table.columns = [
            Column(id="section", title="", cell=lambda line: Content.styled(line.section, "bold"), width=10),
            Column(id="text", title="the lab at a glance", cell=_text, width=30, grow=True),
        ]

    def on_resize(self, event: Resize) -> None:
        """More room, more lines."""
        super().on_resize(event)
        self.call_after_refresh(self.redraw)

    def load(self, lab: Lab) -> Seen:
        """A look at everything."""
        app = self.lab_app
        models = [one for one in lab.models() if app.model in (None, one.name)]
        failures = self._failures = read_on(lab, self._failures)
        quarantined = lab.data_files(status=FileStatus.QUARANTINED)
        glance = view.Glance(
            status=lab.status(),
            open_jobs=lab.jobs(open_only=True),
            models=models,
            waiting=lab.data_files(status=FileStatus.WAITING),
            quarantined=[one for one in quarantined if one.received_at > app.now() - _NEWS],
            since=lab.events(app.seen_before),
            lately=lab.events(max(lab.last_seq() - _EVENTS_LOOKED_AT, 0)),
            has_data=bool(lab.dataset_versions()),
            takes_data=bool(lab.declared_sources()),
            next_month=_month(_next_files(lab)),
            refused=_refused(lab),
            outdated=standing(lab, failures),
        )
        newest = lab.list_runs(model=app.model, limit=1)
        run = newest[0] if newest else None
        return Seen(glance, run, lab.curve_points(run.run_id) if run else [])

    def show(self, found: Seen) -> None:
        """Lines, pane, and a sentence."""
        now = self.lab_app.now()
        self.table.set_source(
            ListRows(view.lines(found.glance, now, self.table.size.height - 1), lambda line: line.key)
        )
        self.query_one(RunPane).show_run(found.run, found.points, now)
        n_open = len(found.glance.open_jobs)
        self.say(f"{self.lab_app.lab_name} · " + (count(n_open, "open job") if n_open else "idle"))

    @on(VTable.Opened)
    def _opened(self, event: Opened) -> None:
        line = event.record
        if line.target == "drop":
            self._drop_next_month()
        elif line.target:
            self.lab_app.go(line.target, line.row)

    def _drop_next_month(self) -> None:
        """Take in the demo's next month, as if its files had been dropped."""

        def ask(files: list[Path]) -> None:
            names = " and ".join(path.name for path in files)
            text = f"{names} are taken in; their trigger retrains the model."
            self.app.push_screen(confirm("Drop the next month?", text, "Drop", danger=False), lambda a: drop(a, files))

        def drop(answer: str | None, files: list[Path]) -> None:
            if answer == "yes":
                said = f"dropped {', '.join(path.name for path in files)}; watch it here"
                self.act(lambda lab: [lab.add(path) for path in files], lambda _: self.lab_app.tell(said))

        self.ask(_next_files, ask)

    def copyable(self) -> tuple[str, Any] | None:
        """The line's text."""
        line = self.table.cursor_record
        return (line.text, line) if line else None


def _text(line: view.Line) -> Content:
    return safe_text(line.text, limit=400).stylize(line.ink) if line.ink else safe_text(line.text, limit=400)


def _next_files(lab: Lab) -> list[Path]:
    """The demo's next month: the weather and the flights of the first month that was not taken in yet."""
    later = lab.folder / "later"
    if not later.is_dir():
        return []
    received = {Path(one.name).name for one in lab.data_files()}
    months = sorted({path.stem[-7:] for path in later.glob("*.csv") if path.name not in received})
    return sorted(later.glob(f"*{months[0]}.csv"), reverse=True)[:_FILES_A_MONTH] if months else []


def _refused(lab: Lab) -> str:
    """The sentence on the last declaration, where it was refused and nothing better came since."""
    refused = lab.events(type="declaration.refused")
    accepted = lab.events(type="config.changed")
    is_last = refused and (not accepted or refused[-1].seq > accepted[-1].seq)
    return refused[-1].text if is_last else ""


def _month(files: list[Path]) -> str:
    return files[0].stem[-7:].replace("_", "-") if files else ""
