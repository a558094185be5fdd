"""The data of two runs against each other: dataset versions, the files between them, rows and feature views."""

from collections.abc import Mapping, Sequence

from mllab.records import Change, DataDiff, DatasetVersion, Run, SourceDiff, TrainingSet
from mllab.steps.compare.values import changes_of

_COUNTS = ("n_train", "n_validation", "n_test", "n_unlabelled")

Versions = Mapping[tuple[str, int], DatasetVersion]
"""Source and number to version."""


def diff_data(
    runs: tuple[Run, Run],
    sets: tuple[TrainingSet | None, TrainingSet | None],
    versions: Versions,
    files: Mapping[str, str],
) -> DataDiff:
    """What differs between what two runs were trained on.

    Args:
        runs: the reference, and the other one.
        sets: the training set of each, where it has one.
        versions: of every source that the training sets name.
        files: digest of a part to the name of the file that it came from.
    """
    logged = _logged_changes(*runs)
    before, after = sets
    if before is None or after is None:
        lacking = " and ".join(run.name for run, one in zip(runs, sets, strict=True) if one is None)
        known = bool(runs[0].datasets and runs[1].datasets)
        return DataDiff(known=known, why="" if known else f"{lacking}: no training set was recorded", changes=logged)
    sources = [
        _source(name, before.datasets.get(name), after.datasets.get(name), versions, files)
        for name in sorted({*before.datasets, *after.datasets})
    ]
    counted = changes_of({n: getattr(before, n) for n in _COUNTS}, {n: getattr(after, n) for n in _COUNTS})
    views = [
        Change(name=f"view {one.name}", before=one.before, after=one.after)
        for one in changes_of(before.views, after.views)
    ]
    return DataDiff(
        training_sets=(before.digest, after.digest),
        sources=tuple(sources),
        changes=(*counted, *views, *logged),
    )


def _source(
    name: str, before: int | None, after: int | None, versions: Versions, files: Mapping[str, str]
) -> SourceDiff:
    old, new = versions.get((name, before or 0)), versions.get((name, after or 0))
    old_parts, new_parts = (one.parts if one else () for one in (old, new))
    return SourceDiff(
        source=name,
        before=before,
        after=after,
        rows_before=old.n_rows if old else None,
        rows_after=new.n_rows if new else None,
        added=_only(new_parts, old_parts, files) if new else (),
        removed=_only(old_parts, new_parts, files) if old else (),
    )


def _only(here: Sequence[str], there: Sequence[str], files: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the files that are here alone; of one that is not kept any more, its part's digest."""
    others = set(there)
    return tuple(files.get(part, part[:12]) for part in here if part not in others)


def _logged_changes(before: Run, after: Run) -> tuple[Change, ...]:
    """Datasets that scripts have logged, by name and what they were used for."""
    each = [
        {f"dataset {one.name}" + (f" ({one.context})" if one.context else ""): one.digest for one in run.datasets}
        for run in (before, after)
    ]
    return changes_of(*each)
