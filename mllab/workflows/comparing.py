"""Runs side by side: what is recorded of each is gathered here, and laid against the reference by pure steps."""

import math
from collections.abc import Iterable, Sequence

import msgspec

from mllab.engine.engine import StepDied
from mllab.errors import Conflict, InvalidInput, LabError, NotFound
from mllab.records import (
    Comparison,
    DataDiff,
    PairTest,
    Run,
    RunDiff,
    TextDiff,
    TrainingSet,
)
from mllab.steps.compare import sources, texts, values
from mllab.steps.compare.curves import BY, align
from mllab.steps.compare.sides import ARTIFACTS, Side, why_not
from mllab.store.ids import new_id
from mllab.workflows.code_diff import diff_code
from mllab.workflows.dead_clients import PROCESS
from mllab.workflows.workspace import Workspace


def compare(
    workspace: Workspace, references: Sequence[str], *, against: str | None, smooth: float, by: str, curves: bool
) -> Comparison:
    """All of a comparison but what needs rows; see `Lab.compare`."""
    if by not in BY:
        raise InvalidInput(f"curves are not aligned by `{by}`", "by step, or by time")
    if not (math.isfinite(smooth) and 0.0 <= smooth < 1.0):
        raise InvalidInput(f"curves cannot be smoothed by {smooth:g}", "give a weight from 0 to below 1, such as 0.6")
    runs = get_runs(workspace, [*([against] if against else []), *references])
    same_rows = values.has_same_rows(runs)
    points = {run.run_id: workspace.runs.metric_points(run.run_id) for run in runs} if curves else {}
    return Comparison(
        runs=tuple(runs),
        same_rows=same_rows,
        params=values.param_rows(runs),
        metrics=values.metric_rows(runs, same_rows),
        curves=align(runs, points, by=by, weight=smooth),
        diffs=tuple(_Differ(workspace).diff(runs[0], run) for run in runs[1:]),
    )


def get_runs(workspace: Workspace, references: Iterable[str]) -> list[Run]:
    """Runs in order, each once.

    Raises:
        NotFound: no run is called so. Conflict: several are, or one is purged. InvalidInput: fewer than two.
    """
    found = {run.run_id: run for run in (workspace.runs.get_run(one) for one in references)}
    if len(found) < 2:
        raise InvalidInput(f"{len(found)} run cannot be compared with itself", "name two runs or more")
    for run in found.values():
        if run.purged_at is not None:
            said = f"run {run.name} was removed from the trash for good on {run.purged_at:%Y-%m-%d}"
            raise Conflict(said, "what it had to be compared by is gone; leave it out")
    return list(found.values())


def with_tests(found: Comparison, pairs: tuple[PairTest, ...]) -> Comparison:
    """A comparison with what was found row by row."""
    return msgspec.structs.replace(found, significance=pairs, n_tests=sum(len(pair.tests) for pair in pairs))


# -- row by row -------------------------------------------------------------------------------------------------------


def compare_rows(workspace: Workspace, references: Sequence[str]) -> tuple[PairTest, ...]:
    """Each run but the first against the first, in a process of its own; see `Lab.compare_rows`."""
    runs = get_runs(workspace, references)
    reference, *others = [_side(workspace, run) for run in runs]
    if all(why_not(reference, other) for other in others):
        return tuple(_refused(reference, other, why_not(reference, other)) for other in others)
    inputs = {"runs": msgspec.to_builtins([reference, *others])}
    try:
        made = workspace.engine.run_apart(
            new_id("compare"), "compare_rows", inputs, lambda progress: None, workspace.stopping.is_set
        )
    except StepDied as error:
        return tuple(_refused(reference, other, error.message) for other in others)
    return msgspec.convert(made["pairs"], tuple[PairTest, ...])


def _refused(reference: Side, other: Side, why: str) -> PairTest:
    return PairTest(run_id=other.run_id, reference=reference.run_id, why_not=why)


def _side(workspace: Workspace, run: Run) -> Side:
    frozen = workspace.datasets.find_training_set(run.training_set or "")
    logged = next((name for name in ARTIFACTS if name in run.artifacts), None)
    return Side(
        run_id=run.run_id,
        name=run.name,
        bundle=run.artifacts.get("bundle"),
        training_set=run.training_set,
        frame=frozen.artifact if frozen else None,
        predictions=run.artifacts[logged] if logged else None,
        is_csv=logged == ARTIFACTS[1],
    )


# -- what runs were made from -----------------------------------------------------------------------------------------


def _surroundings(run: Run) -> dict[str, str]:
    """What a run ran on, but for its process, which is never the same."""
    return {name: value for name, value in run.environment.items() if name != PROCESS}


class _Differ:
    """Diffs of several runs; what they share is read once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._versions = {(one.source, one.version): one for one in workspace.datasets.list_datasets()}
        self._files = {
            one.part_digest: one.name for one in workspace.datasets.list_files() if one.part_digest is not None
        }

    def diff(self, before: Run, after: Run) -> RunDiff:
        """How a run differs from the reference in what it was made from."""
        return RunDiff(
            run_id=after.run_id,
            code=diff_code(self.workspace, before, after),
            declaration=self._text(before, after, is_code=False),
            features=self._text(before, after, is_code=True),
            environment=values.changes_of(_surroundings(before), _surroundings(after)),
            data=self._data(before, after),
        )

    def _data(self, before: Run, after: Run) -> DataDiff:
        sets = self._set(before), self._set(after)
        return sources.diff_data((before, after), sets, self._versions, self._files)

    def _set(self, run: Run) -> TrainingSet | None:
        return self.workspace.datasets.find_training_set(run.training_set) if run.training_set else None

    def _text(self, before: Run, after: Run, *, is_code: bool) -> TextDiff:
        if before.config_digest is None or after.config_digest is None:
            lacking = [run.name for run in (before, after) if run.config_digest is None]
            return texts.unknown(f"{' and '.join(lacking)}: no declaration was recorded")
        try:
            old, new = (self._read(run.config_digest or "", is_code) for run in (before, after))
        except LabError as error:
            return texts.unknown(error.message)
        return texts.diff_code(old, new) if is_code else texts.diff_declarations(old or "", new or "")

    def _read(self, digest: str, is_code: bool) -> str | None:
        """The text of a declaration, or of its `features.py`."""
        found = self.workspace.datasets.find_config(digest)
        if found is None:
            raise NotFound(f"the declaration {digest[:12]} is not known here")
        wanted = found.features_digest if is_code else found.toml_digest
        return self.workspace.artifacts.get(wanted).decode(errors="replace") if wanted else None
