"""What the screen of data asks the lab for: the tables, and all about the row under the cursor."""

from mllab.errors import NotFound
from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels.data_actions import Pair, newest_pair
from mllab.faces.tui.viewmodels.datapane import About
from mllab.faces.tui.viewmodels.filepane import MOST_REJECTIONS
from mllab.lab import Lab
from mllab.records import ColumnDiff, Contract, DatasetVersion, Profile, ProfileDiff, ProfileEntry, SourceSummary

_MOST_KEPT = 8
"""Profiles beyond those of the sources' newest versions; the ones read longest ago go first."""


class Profiles:
    """Profiles, and differences of two, as they have been read: what is kept under a digest never changes."""

    def __init__(self) -> None:
        """None is read."""
        self._read: dict[str, Profile] = {}
        self._diff: tuple[tuple[str, str], ProfileDiff] | None = None
        self._n_sources = 0

    def find(self, lab: Lab, entry: ProfileEntry | None) -> Profile | None:
        """A profile; None where there is none, or where it has gone meanwhile."""
        if entry is None:
            return None
        found = self._read.pop(entry.artifact, None) or _or_none(lab, entry)
        if found is not None:
            self._read[entry.artifact] = found
        while len(self._read) > self._n_sources + _MOST_KEPT:
            del self._read[next(iter(self._read))]
        return found

    def newest(self, lab: Lab, found: view.Found) -> dict[str, Profile]:
        """Source to its newest profile."""
        self._n_sources = len(found.sources)
        read = {one.name: self.find(lab, found.entry(one.name, None)) for one in found.sources}
        return {name: profile for name, profile in read.items() if profile is not None}

    def diff(self, lab: Lab, pair: Pair, found: view.Found) -> ProfileDiff | None:
        """Two versions side by side; None where one of them has no profile."""
        before, after = found.entry(*pair[0]), found.entry(*pair[1])
        if before is None or after is None:
            return None
        key = before.artifact, after.artifact
        if self._diff is None or self._diff[0] != key:
            self._diff = key, lab.diff_profiles(*pair)
        return self._diff[1]


def _or_none(lab: Lab, entry: ProfileEntry) -> Profile | None:
    try:
        return lab.profile(entry.source, entry.version)
    except NotFound:
        return None


def look_at(
    lab: Lab, tab: str, model: str | None, pair: Pair | None, profiles: Profiles
) -> tuple[view.Found, Pair | None]:
    """All that the table of a tab is made from, and which versions are compared.

    Args:
        lab: asked in a worker thread.
        tab: one of `view.TABS`.
        model: whose sources are shown alone; None for all.
        pair: the versions that somebody chose to compare.
        profiles: those that have been read.
    """
    found = view.Found(
        files=lab.data_files(),
        jobs=lab.jobs(open_only=True),
        sources=lab.sources(),
        versions=lab.dataset_versions() if tab == "versions" else (),
        quarantine=lab.quarantine() if tab == "quarantine" else (),
        entries=lab.profiles(),
    )
    found = view.of_sources(found, _sources_of(lab, model))
    if tab == "columns":
        found = found._replace(profiles=profiles.newest(lab, found))
    if tab == "changes":
        pair = pair if pair and all(found.entry(*one) for one in pair) else newest_pair(found)
        found = found._replace(diff=profiles.diff(lab, pair, found) if pair else None)
    return found, pair


def _sources_of(lab: Lab, model: str | None) -> set[str] | None:
    """The sources that a model is made from, its features' included; None for no certain model."""
    if model is None:
        return None
    config = lab.config()
    table = config.model.get(model)
    if table is None:
        return None
    views = [config.feature_view[name].source for name in table.features if name in config.feature_view]
    return {table.source, *views}


def about(lab: Lab, row: view.Row, found: view.Found, pair: Pair | None, profiles: Profiles) -> About:
    """What else is known of a row."""
    record, file = row.record, row.file
    match record:
        case SourceSummary():
            return About(row, found, contract=_contract(lab, record), profile=row.profile)
        case DatasetVersion():
            return About(row, found, profile=profiles.find(lab, row.entry))
        case ColumnDiff() if pair is not None:
            before, after = (profiles.find(lab, found.entry(*one)) for one in pair)
            return About(row, found, profile=after, before=before)
    return About(row, found, lab.rejections(file.sha256, MOST_REJECTIONS) if file and file.n_rejected else ())


def _contract(lab: Lab, source: SourceSummary) -> Contract | None:
    return lab.contract(source.name) if source.contract_version else None
