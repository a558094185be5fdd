"""The pane beside the models: gates, metrics, history, card and lineage of a version, in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.errors import LabError
from mllab.faces.tui.viewmodels import models as view
from mllab.faces.tui.viewmodels.lineage import lineage
from mllab.faces.tui.viewmodels.metrics import signed
from mllab.faces.tui.viewmodels.modelmetrics import metrics
from mllab.faces.tui.viewmodels.page import BLANK, Line, facts, title
from mllab.faces.tui.viewmodels.words import count, moment, number, span
from mllab.records import AliasMove, Bundle, GateResult, Run, TraceNode, VersionSummary

TABS = ("gates", "metrics", "history", "card", "lineage")


class Seen(NamedTuple):
    """All that the pane tells about; what could not be read is the error."""

    row: view.Row
    moves: Sequence[AliasMove] = ()
    run: Run | LabError | None = None
    bundle: Bundle | LabError | None = None
    trace: TraceNode | LabError | None = None


def heading(row: view.Row) -> str:
    """What is told about."""
    if row.about is None:
        return row.model.name
    marks = view.aliases(row.about.aliases)
    return f"{row.model.name} version {row.about.version}" + (f"  {marks}" if marks else "")


def lines(seen: Seen, tab: str, now: datetime, width: int) -> list[Line]:
    """One tab.

    Args:
        seen: what is known.
        tab: one of `TABS`.
        now: for ages.
        width: cells of a line.
    """
    row = seen.row
    head = _held(row, seen.moves)
    if row.about is None:
        return [*head, *_no_version(row)]
    match tab:
        case "gates":
            told = gates(row, row.about)
        case "metrics":
            told = metrics(row.about, view.find_champion(row.model), width)
        case "history":
            told = history(seen.moves, row.version, now)
        case "card":
            told = card(seen, row.about, now)
        case _:
            told = _lineage(seen.trace)
    return [*head, *told]


def _held(row: view.Row, moves: Sequence[AliasMove]) -> list[Line]:
    if not row.model.held:
        return []
    return [
        Line(f"‖ HELD: {view.held_reason(moves)}", "bold $warning"),
        Line("a new version that passes its gates becomes challenger, never champion by itself"),
        Line("U releases the model; P promotes a version by hand"),
        BLANK,
    ]


def _no_version(row: view.Row) -> list[Line]:
    return [
        Line(f"no version of {row.model.name} yet"),
        BLANK,
        Line("A version is a trained model that was registered, judged by its gates and may answer requests."),
        BLANK,
        Line("n trains it now", "bold"),
        Line("or drop a data file into inbox/: a trigger retrains when there are enough new rows"),
        BLANK,
        *facts([("target", row.model.target), ("task", row.model.task.value if row.model.task else "")]),
    ]


# -- gates ------------------------------------------------------------------------------------------------------------


def gates(row: view.Row, version: VersionSummary) -> list[Line]:
    """Each rule with what was observed and why it passed or failed."""
    judged = row.gates
    if version.gates_passed is None and version.origin != "mllab":
        return [
            Line("no gate judges a version that was registered by another program"),
            Line("it is listed and downloaded here, and answers nothing"),
        ]
    if version.gates_passed is None:
        return [
            Line("· no gate has judged this version"),
            Line("`mllab retrain` goes on to them"),
        ]
    if not judged:
        return [Line("no gate is declared for this model"), Line("declare them in mllab.toml as gates = [...]")]
    n_passed = sum(one.passed for one in judged)
    all_passed = n_passed == len(judged)
    said = f"{n_passed} of {count(len(judged), 'gate')} passed"
    found = [Line(f"{'✓' if all_passed else '✗'} {said}", "bold $success" if all_passed else "bold $error"), BLANK]
    for one in sorted(judged, key=lambda one: one.passed):
        found += [*gate(one), BLANK]
    if version.status == "rejected":
        found.append(Line(f"✗ rejected: {version.reason or 'no reason was given'}", "$error"))
    return found


def gate(one: GateResult) -> list[Line]:
    """One rule."""
    mark, word, ink = ("✓", "passed", "$success") if one.passed else ("✗", "failed", "$error")
    return [
        Line(f"{mark} {_rule(one)}: {word}", f"bold {ink}"),
        Line("  ".join(_measured(one)), indent=2),
        Line(one.why, "dim", indent=2),
    ]


def _rule(one: GateResult) -> str:
    if one.rule == "no_worse_than":
        against = f"version {one.against_version}" if one.against_version is not None else "the champion"
        return f"{one.metric} no worse than {against}"
    return f"{one.metric} {'at least' if one.rule == 'min' else 'at most'} {number(one.limit)}"


def _measured(one: GateResult) -> list[str]:
    told = [f"observed {number(one.observed)}", f"limit {number(one.limit)}"]
    if one.difference is not None:
        values = {"difference": one.difference, "at worst": one.observed, "limit": one.limit}
        told = [f"{word} {signed(value)}" for word, value in values.items()]
    return [*told, *([f"{one.n_rows:,} rows"] if one.n_rows else [])]


# -- history ----------------------------------------------------------------------------------------------------------


def history(moves: Sequence[AliasMove], version: VersionSummary | None, now: datetime) -> list[Line]:
    """Every move of an alias, newest first; those from or to a version stand out."""
    if not moves:
        return [Line("no alias has moved yet"), Line("A points one at a version, P makes it the champion")]
    found = []
    for one in reversed(moves):
        before = "none" if one.previous is None else str(one.previous)
        after = "none" if one.version is None else str(one.version)
        mark = view.ALIAS_MARKS.get(one.alias, "·")
        concerned = version is None or version.version in (one.previous, one.version)
        found += [
            Line(f"{mark} {one.alias}  {before} → {after}", "bold" if concerned else ""),
            Line(f"{moment(one.moved_at, now)}, by {one.by}", indent=2),
            Line(one.reason, "dim", indent=2),
        ]
    return found


# -- card -------------------------------------------------------------------------------------------------------------


def card(seen: Seen, version: VersionSummary, now: datetime) -> list[Line]:
    """What is known now of a version, in words."""
    model = seen.row.model
    told = facts(
        [
            ("predicts", f"{model.target}" + (f" ({model.task.value})" if model.task else "")),
            ("status", f"✗ rejected: {version.reason}" if version.status == "rejected" else version.status),
            ("registered", moment(version.created_at, now)),
            *_trained_on(seen.trace),
        ]
    )
    parts = [told, _of_bundle(seen.bundle), *_of_run(seen.run, version)]
    parts.append([Line("Full model cards come with a later part of mllab.", "dim")])
    return [line for part in parts if part for line in (*part, BLANK)]


def _trained_on(trace: TraceNode | LabError | None) -> list[tuple[str, str]]:
    """Training set and data, from the lineage."""
    if not isinstance(trace, TraceNode):
        return []
    nodes = {one.kind: one for one in _walk(trace)}
    datasets = [f"{one.id} ({one.text})" for one in _walk(trace) if one.kind == "dataset"]
    frozen = nodes.get("training_set")
    return [("trained on", frozen.text if frozen else ""), ("data", ", ".join(datasets))]


def _walk(node: TraceNode) -> list[TraceNode]:
    return [node, *(below for child in node.children for below in _walk(child))]


def _of_bundle(bundle: Bundle | LabError | None) -> list[Line]:
    """Signature and features."""
    if not isinstance(bundle, Bundle):
        return _missing(bundle, "signature")
    classes = ", ".join(number(one) for one in bundle.classes)
    made = [one.name for one in bundle.features]
    told = [
        ("answers", classes or "a number"),
        ("features", f"{len(made)}: {', '.join(made)}"),
        ("learner", bundle.learner),
    ]
    asked = [Line(one.dtype.value, label=one.name) for one in bundle.request]
    return [title("a request brings"), *asked, BLANK, *facts(told)]


def _of_run(run: Run | LabError | None, version: VersionSummary) -> list[list[Line]]:
    """The run, and its parameters."""
    if not isinstance(run, Run):
        return [_missing(run, f"run {version.run_id}")]
    took = span((run.finished_at - run.started_at).total_seconds()) if run.finished_at else ""
    params = [Line(number(value), label=name) for name, value in sorted(run.params.items())]
    told = facts([("run", run.name), ("took", took), ("seed", str(run.seed))])
    return [told, [title("parameters"), *params] if params else []]


def _missing(error: object, what: str) -> list[Line]:
    if not isinstance(error, LabError):
        return []
    return [Line(f"{what}: {error.message}", "$error"), *([Line(error.hint)] if error.hint else [])]


# -- lineage ----------------------------------------------------------------------------------------------------------


def _lineage(trace: TraceNode | LabError | None) -> list[Line]:
    """What a version was made from, down to the files."""
    if not isinstance(trace, TraceNode):
        return _missing(trace, "lineage") or [Line("no lineage is known")]
    return lineage(trace)
