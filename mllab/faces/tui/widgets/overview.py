"""The overview of one run: how far it is or what went wrong, its metrics beside the naive baseline, what it is."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content

from mllab.faces.tui.safe import pad, safe_text
from mllab.faces.tui.viewmodels.curves import Group, Look
from mllab.faces.tui.viewmodels.page import facts
from mllab.faces.tui.viewmodels.run import Measured, Overview
from mllab.faces.tui.viewmodels.words import STATUS_INKS, status
from mllab.faces.tui.widgets.curves import Curves
from mllab.faces.tui.widgets.words import Words, wrapped

_METRIC = 20
_NUMBER = 10


class RunOverview(Horizontal):
    """Words on the left, the main curve on the right; one below the other where it is narrow."""

    DEFAULT_CSS = """
    RunOverview {
        height: 1fr; width: 1fr;
        #told { width: 48%; min-width: 56; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        Curves { width: 1fr; height: 1fr; }
    }
    """

    def compose(self) -> ComposeResult:
        """Words and curve."""
        with VerticalScroll(id="told"):
            yield Words()
        yield Curves(most=1)

    def show_overview(self, found: Overview, name: Content, groups: Sequence[Group], look: Look) -> None:
        """Show a run.

        Args:
            found: what is to be said.
            name: the run's, with its mark.
            groups: its curves; the first is drawn.
            look: how.
        """
        curve = self.query_one(Curves)
        curve.display = bool(groups)
        curve.show_groups(groups, look)
        self.query_one(Words).write(lambda width: words_of(found, name, width))

    @property
    def scroll(self) -> VerticalScroll:
        """What the keys of rows scroll."""
        return self.query_one("#told", VerticalScroll)


def words_of(found: Overview, name: Content, width: int) -> Content:
    """The text of an overview in lines of at most so many cells."""
    ink = STATUS_INKS.get(found.status, "")
    lines = [name.stylize("bold") + Content("  ") + Content(status(found.status)).stylize(ink or "bold")]
    if found.progress:
        lines.append(Content.styled(f"{found.bar} " if found.bar else "", "$primary") + safe_text(found.progress))
    told = [one._replace(ink="bold $error" if one.label == "error" else "") for one in facts(found.trouble)]
    lines += [wrapped(told, width)] if told else []
    if found.measured:
        lines += [Content(""), *_metrics(found.measured, found.measured_on)]
    return Content("\n").join([*lines, Content(""), wrapped(facts(found.facts), width)])


def _metrics(measured: Sequence[Measured], title: str) -> list[Content]:
    has_baseline = any(one.baseline != "-" for one in measured)
    head = pad(title, _METRIC) + pad("model", _NUMBER, right=True)
    lines = [Content.styled(head + (pad("naive", _NUMBER, right=True) if has_baseline else ""), "bold")]
    return lines + [_metric(one, has_baseline) for one in measured]


def _metric(one: Measured, has_baseline: bool) -> Content:
    line = Content(pad(one.metric, _METRIC) + pad(one.value, _NUMBER, right=True))
    if not has_baseline:
        return line
    ink = {"better": "$success", "worse": "$error"}.get(one.verdict.rpartition(" ")[2], "")
    return line + Content(pad(one.baseline, _NUMBER, right=True) + "  ") + Content.styled(one.verdict, ink)
