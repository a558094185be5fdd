"""The table of models and versions: its rows, what stands in a cell, what is said around it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.faces.tui.viewmodels.columns import ColumnLook
from mllab.faces.tui.viewmodels.metrics import signed
from mllab.faces.tui.viewmodels.page import matches
from mllab.faces.tui.viewmodels.words import age, count, number
from mllab.records import AliasMove, GateResult, ModelSummary, ModelVersion, VersionSummary

COLUMNS = (
    ColumnLook("name", "model", 12, grow=True),
    ColumnLook("aliases", "aliases", 12, grow=True),
    ColumnLook("status", "status", 10),
    ColumnLook("gates", "gates", 9),
    ColumnLook("metric", "metric", 8, right=True),
    ColumnLook("difference", "to ●", 8, right=True),
    ColumnLook("age", "age", 4, right=True),
)
ALIAS_MARKS = {"champion": "●", "challenger": "◆"}
ROLLED_BACK = "rollback: "
"""So begins the reason of a move that a rollback made."""

Moves = Mapping[str, Sequence[AliasMove]]
"""Model to every move of its aliases, oldest first."""


class Row(NamedTuple):
    """A model, or one of its versions below it."""

    key: str
    """`model` or `model@3`."""
    model: ModelSummary
    version: VersionSummary | None = None
    gates: tuple[GateResult, ...] = ()
    """Of the version in `about`."""

    @property
    def about(self) -> VersionSummary | None:
        """The version a pane tells about: on the model's own row the champion, else the newest."""
        return self.version or find_champion(self.model) or max(self.model.versions, key=_number, default=None)


def _number(version: VersionSummary) -> int:
    return version.version


def key_of(model: str, version: int) -> str:
    """What names a version."""
    return f"{model}@{version}"


def rows(models: Sequence[ModelSummary], made: Mapping[str, ModelVersion], filter: str = "") -> list[Row]:
    """Each model, then its versions, newest first; with a filter only versions that match, and their models.

    Args:
        models: with their versions.
        made: by `model@version`; the gates of a version that is not among them are not shown.
        filter: words on name, version, aliases, status and gates.
    """
    found = []
    for model in models:
        above = _with_gates(Row(model.name, model), made)
        below = [
            _with_gates(Row(key_of(model.name, one.version), model, one), made)
            for one in sorted(model.versions, key=_number, reverse=True)
        ]
        kept = [row for row in below if matches(_words(row), filter)]
        if kept or matches(_words(above), filter):
            found += [above, *kept]
    return found


def _with_gates(row: Row, made: Mapping[str, ModelVersion]) -> Row:
    version = made.get(key_of(row.model.name, row.about.version)) if row.about else None
    return row._replace(gates=version.gates) if version else row


def _words(row: Row) -> str:
    words = (row.model.name, "held" if row.model.held else "")
    if row.version is None:
        return " ".join(words)
    one = row.version
    judged = {None: "unjudged", True: "passed", False: "failed"}[one.gates_passed]
    return " ".join((*words, f"version {one.version} v{one.version}", *one.aliases, one.status, judged))


# -- versions ----------------------------------------------------------------------------------------------------------


def find_champion(model: ModelSummary) -> VersionSummary | None:
    """The version that answers."""
    return next((one for one in model.versions if "champion" in one.aliases), None)


def main_metric(version: VersionSummary) -> tuple[str, float | None]:
    """The metric that says most about a version: its name without the split, its value."""
    for name in ("roc_auc", "r2", "accuracy", "rmse"):
        if f"test.{name}" in version.metrics:
            return name, version.metrics[f"test.{name}"]
    first = next((name for name in version.metrics if name.startswith("test.")), "")
    return first.removeprefix("test."), version.metrics.get(first)


# -- cells ------------------------------------------------------------------------------------------------------------


def cell(row: Row, column: str, now: datetime) -> str:
    """What stands in a cell."""
    return _model_cell(row.model, column) if row.version is None else _version_cell(row, row.version, column, now)


def _model_cell(model: ModelSummary, column: str) -> str:
    champion = find_champion(model)
    match column:
        case "name":
            return model.name
        case "aliases":
            return "‖ HELD" if model.held else "" if champion else "no champion" if model.versions else "no version"
        case "metric" if model.versions:
            return main_metric(champion or model.versions[-1])[0]
    return ""


def _version_cell(row: Row, version: VersionSummary, column: str, now: datetime) -> str:
    match column:
        case "name":
            return f"  version {version.version}"
        case "aliases":
            return aliases(version.aliases)
        case "status":
            return "✗ rejected" if version.status == "rejected" else version.status
        case "gates":
            return gates_word(row)
        case "metric":
            return number(main_metric(version)[1])
        case "difference":
            return signed(difference(row))
    return age(version.created_at, now)


def aliases(names: Sequence[str]) -> str:
    """Aliases with their marks, the weightiest first: `● champion, shadow`."""
    order = sorted(names, key=lambda name: (name not in ALIAS_MARKS, name != "champion", name))
    return ", ".join(f"{ALIAS_MARKS[name]} {name}" if name in ALIAS_MARKS else name for name in order)


def gates_word(row: Row) -> str:
    """How many gates were passed: `✓ 3 of 3`, `✗ 2 of 3`, `unjudged`."""
    passed = row.version.gates_passed if row.version else None
    if passed is None:
        return "unjudged"
    if not row.gates:
        return "✓ no gates" if passed else "✗ failed"
    n_passed = sum(one.passed for one in row.gates)
    return f"{'✓' if passed else '✗'} {n_passed} of {len(row.gates)}"


def difference(row: Row) -> float | None:
    """How far the main metric lies from the champion's on the same rows; None for the champion, and where not known."""
    champion = find_champion(row.model)
    if row.version is None or champion is None or champion.version == row.version.version:
        return None
    if not has_same_rows(row.version, champion):
        return None
    name, value = main_metric(row.version)
    base = champion.metrics.get(f"test.{name}")
    return None if value is None or base is None else value - base


def has_same_rows(one: VersionSummary, other: VersionSummary) -> bool:
    """Whether two versions were measured on the same rows, so that better and worse mean something."""
    return one.training_set is not None and one.training_set == other.training_set


def ink(row: Row, column: str) -> str:
    """The colour of a cell; what it says, its text says too."""
    if row.version is None:
        return "bold $warning" if column == "aliases" and row.model.held else "bold"
    champion = "champion" in row.version.aliases
    if column == "gates" and row.version.gates_passed is not None:
        return "$success" if row.version.gates_passed else "$error"
    if column == "aliases":
        return "bold $success" if champion else "$warning" if "challenger" in row.version.aliases else ""
    return "$error" if column == "status" and row.version.status == "rejected" else ""


def headline(models: Sequence[ModelSummary], shown: Sequence[Row], filter: str, moves: Moves) -> str:
    """Counts, the filter, and each model that is held, with why and what to do."""
    n_all = sum(len(model.versions) for model in models)
    n_shown = sum(row.version is not None for row in shown)
    parts = [count(len(models), "model")]
    counted = count(n_all, "version") if n_all else "no version yet: n trains one"
    parts.append(f"{n_shown:,} of {counted}" if filter and n_all else counted)
    if filter:
        parts.append(f"filter {filter}")
    parts += [
        f"{one.name} is HELD ({held_reason(moves.get(one.name, ()))}): U releases it" for one in models if one.held
    ]
    return " · ".join(parts)


def held_reason(moves: Sequence[AliasMove]) -> str:
    """Why a held model is held: the reason of its last rollback."""
    told = [one.reason.removeprefix(ROLLED_BACK) for one in moves if one.reason.startswith(ROLLED_BACK)]
    return told[-1] if told else "rolled back"


def why_empty(filter: str) -> str:
    """What an empty table says."""
    if filter:
        return f"no version matches  {filter}\n\nesc clears the filter"
    return (
        "no models yet\n\na model is declared in mllab.toml as [model.NAME]: its source and the column to predict\n"
        "`mllab model add SOURCE TARGET` writes one"
    )
