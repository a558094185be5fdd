"""What may be done with a file, a dataset version or two of them, why not, and what it changes."""

from collections.abc import Collection, Sequence

from mllab.faces.tui.viewmodels import contracts
from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels.words import count
from mllab.records import DataFile, DatasetVersion, FileStatus, Impact, ProfileEntry, SourceSummary

Version = tuple[str, int]
"""A source, and a version of its data."""
Pair = tuple[Version, Version]
_MOST_VERSIONS = 3
"""Versions of models that an impact names."""
_MOST_CHANGES = 6
"""Columns that the question about a schema names."""
_NO_VERSION = "this is no dataset version: [ and ] go to versions"

# -- files ------------------------------------------------------------------------------------------------------------


def why_not_assign(row: view.Row | None, sources: Sequence[SourceSummary]) -> str | None:
    """Why a file cannot be given to a source."""
    why = _why_no_file(row)
    if why is not None or row is None or row.file is None:
        return why
    if row.file.status is not FileStatus.WAITING:
        return f"{row.file.name} does not wait: it is {row.file.status.value}" + _of(row.file)
    return None if sources else "no source is declared: `mllab source add FILE` writes one"


def why_not_retry(row: view.Row | None) -> str | None:
    """Why a file cannot be taken again."""
    why = _why_no_file(row)
    if why is not None or row is None or row.file is None:
        return why
    if row.file.erased_at is not None:
        return f"the bytes of {row.file.name} were erased on request"
    if row.file.status is FileStatus.WAITING:
        return f"{row.file.name} waits for a source: a assigns one"
    if row.file.status not in (FileStatus.QUARANTINED, FileStatus.RETRACTED):
        return f"{row.file.name} is not in quarantine: it is {row.file.status.value}" + _of(row.file)
    return None


def why_not_accept(row: view.Row | None) -> str | None:
    """Why the columns of a file cannot be taken over into the contract."""
    why = why_not_retry(row)
    if why is not None or row is None or row.file is None:
        return why
    return None if row.file.diff else f"{row.file.name} is not refused for its columns"


def why_not_retract(row: view.Row | None) -> str | None:
    """Why a file cannot be taken out of its source's data."""
    why = _why_no_file(row)
    if why is not None or row is None or row.file is None:
        return why
    if row.file.status is FileStatus.ACCEPTED:
        return None
    return f"the rows of {row.file.name} are not in the data: it is {row.file.status.value}" + _of(row.file)


def _why_no_file(row: view.Row | None) -> str | None:
    if row is None:
        return "there is no file here"
    return None if row.file is not None else "this is no file: [ and ] go to files"


def _of(file: DataFile) -> str:
    return f" ({file.source})" if file.source else ""


def acceptance(file: DataFile) -> tuple[str, str]:
    """The question before a file's columns are taken over, and what follows from it."""
    told = [contracts.change(one) for one in file.diff[:_MOST_CHANGES]]
    if len(file.diff) > _MOST_CHANGES:
        told.append(f"and {len(file.diff) - _MOST_CHANGES:,} more")
    follows = "New columns come in as they are, missing ones become optional, changed types are the file's."
    comes = "The next version of the contract comes with the file, once its rows are accepted."
    return f"Take the columns of {file.name} over into the contract of {file.source}?", "\n".join(
        [*told, "", follows, comes]
    )


def retraction(impact: Impact) -> tuple[str, str]:
    """The question before a file is taken out of the data, and all that was made from it."""
    rows = f"{count(impact.n_rows, 'row')} of {impact.dataset_rows:,} leave {impact.source}"
    told = [f"{rows}. Its bytes stay: u takes it again."]
    made = [
        count(len(impact.training_sets), "training set"),
        count(len(impact.runs), "run"),
        count(len(impact.versions), "model version"),
        count(len(impact.views), "feature view"),
        count(impact.n_predictions(), "prediction"),
    ]
    told += ["", "Made from it, and staying as it is: " + ", ".join(made)]
    for one in impact.versions[-_MOST_VERSIONS:]:
        aliases = f" ({', '.join(one.aliases)})" if one.aliases else ""
        told.append(f"· {one.model}@{one.version}{aliases}: {count(one.n_predictions, 'prediction')}")
    if len(impact.versions) > _MOST_VERSIONS:
        told.append(f"· and {len(impact.versions) - _MOST_VERSIONS:,} earlier ones")
    if impact.views:
        told.append(f"Feature views follow at once: {', '.join(impact.views)}")
    return f"Take {impact.file} out of the data?", "\n".join(told)


def retracted(impact: Impact) -> str:
    """What is said afterwards."""
    left = f"{impact.source}@{impact.dataset_version} has {count(impact.dataset_rows, 'row')}"
    learnt = f"; {', '.join(impact.retrain)} learnt from it: n in Models trains again" if impact.retrain else ""
    return f"{impact.file} is out of the data: {left}{learnt}"


# -- versions ---------------------------------------------------------------------------------------------------------


def version_of(row: view.Row | None) -> Version | None:
    """The dataset version that a line is about; of a source its newest one."""
    record = row.record if row else None
    if isinstance(record, DatasetVersion):
        return record.source, record.version
    if isinstance(record, SourceSummary) and record.version is not None:
        return record.name, record.version
    return None


def why_not_profile(row: view.Row | None) -> str | None:
    """Why no profile can be made."""
    if row is not None and isinstance(row.record, SourceSummary) and row.record.version is None:
        return f"{row.record.name} has no data yet"
    found = version_of(row)
    if row is None or found is None:
        return _NO_VERSION
    if isinstance(row.record, DatasetVersion | SourceSummary) and not row.record.n_rows:
        return f"{found[0]}@{found[1]} has no rows to profile"
    return f"the profile of {found[0]}@{found[1]} is being made" if row.job else None


def why_not_mark(row: view.Row | None) -> str | None:
    """Why a line cannot be marked."""
    return None if row is not None and isinstance(row.record, DatasetVersion) else _NO_VERSION


def pair(row: view.Row | None, marked: Collection[str], found: view.Found) -> Pair | str:
    """The two versions that are to be compared, the earlier one first; else why there are none.

    Args:
        row: under the cursor; without marks its version is compared with the last profiled one before.
        marked: keys of lines, in the order of marking.
        found: which versions have a profile.
    """
    here = version_of(row)
    if row is None or here is None:
        return _NO_VERSION
    if isinstance(row.record, SourceSummary):
        return _with_the_one_before(row.entry, here, found)
    known = {f"{one.source}@{one.version}": (one.source, one.version) for one in found.versions}
    chosen = [known[key] for key in marked if key in known]
    if len(chosen) > 2:
        return f"{len(chosen)} versions are marked: two are compared"
    if len(chosen) == 1 and chosen[0] != here:
        chosen.append(here)
    return _both(chosen, found) if len(chosen) == 2 else _with_the_one_before(row.entry, here, found)


def _both(chosen: Sequence[Version], found: view.Found) -> Pair | str:
    for one in chosen:
        if found.entry(*one) is None:
            return _unprofiled(one)
    first, second = chosen
    return (second, first) if first[0] == second[0] and first[1] > second[1] else (first, second)


def _with_the_one_before(entry: ProfileEntry | None, here: Version, found: view.Found) -> Pair | str:
    if entry is None:
        return _unprofiled(here)
    before = [one.version for one in found.entries if one.source == entry.source and one.version < entry.version]
    if not before:
        return f"no version before {entry.source}@{entry.version} has a profile: f on one makes it"
    return (entry.source, max(before)), (entry.source, entry.version)


def _unprofiled(one: Version) -> str:
    return f"{one[0]}@{one[1]} has no profile yet: f on it makes one"


def newest_pair(found: view.Found) -> Pair | None:
    """The two that are compared while nobody has chosen any: the newest profile that has one before it."""
    for entry in sorted(found.entries, key=lambda one: one.made_at, reverse=True):
        both = _with_the_one_before(entry, (entry.source, entry.version), found)
        if not isinstance(both, str):
            return both
    return None
