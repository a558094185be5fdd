"""The lines of the features screen: views, features, versions; and what is said around them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.faces.tui.viewmodels.featurewords import changed
from mllab.faces.tui.viewmodels.page import matches
from mllab.faces.tui.viewmodels.words import count
from mllab.records import Event, FeatureViewSummary, FeatureViewVersion, Materialization

TABS = ("views", "features", "versions")
KINDS = {"view": "view", "on_demand": "on demand", "service": "service"}
FAILED = "materialization.failed"
"""Type of the event that tells why a view was not brought up to date."""


class Row(NamedTuple):
    """One line of any of the tables."""

    key: str
    view: FeatureViewSummary
    feature: str = ""
    """Of the view; empty on other tabs."""
    version: FeatureViewVersion | None = None
    """On the tab of versions."""
    before: FeatureViewVersion | None = None
    """The version before it."""
    failure: Event | None = None
    """Why the view is not up to date."""
    most: float = 0.0
    """The greatest importance of all features: as long as the longest bar."""


class Found(NamedTuple):
    """All that the tables are made from."""

    views: Sequence[FeatureViewSummary] = ()
    versions: Sequence[FeatureViewVersion] = ()
    """By view and number."""
    kept: Sequence[Materialization] = ()
    failures: Mapping[str, Event] = {}
    """View to why it is not up to date."""


def of_model(found: Found, model: str | None) -> Found:
    """Only what one model uses; None for everything."""
    if model is None:
        return found
    views = [one for one in found.views if model in {each.partition("@")[0] for each in one.used_by}]
    names = {one.name for one in views}
    return found._replace(views=views, versions=[one for one in found.versions if one.view in names])


class Failure(NamedTuple):
    """Why a definition could not be made."""

    event: Event
    """Of the type `FAILED`."""
    ended_at: datetime | None
    """When the job that tried was over; it may have made other definitions of the same view."""


def standing(
    failures: Iterable[Failure], kept: Sequence[Materialization], declared: Collection[str]
) -> dict[str, Event]:
    """The failures that nothing has mended since: view to event.

    Args:
        failures: the newest of each definition, oldest first.
        kept: what is kept of each definition now.
        declared: names of the views that are declared now.
    """
    by_digest = {one.digest: one for one in kept}
    return {one.event.subject: one.event for one in failures if _stands(one, by_digest, declared)}


def _stands(failure: Failure, kept: Mapping[str, Materialization], declared: Collection[str]) -> bool:
    """Whether neither the definition that failed was made since, nor, where it answers nowhere, another one later."""
    event, ended_at = failure
    own = kept.get(event.payload.get("digest", ""))
    if own is not None and own.online_from is not None:
        return own.made_at < event.at
    made = [one.made_at for one in kept.values() if one.view == event.subject]
    is_mended = ended_at is not None and any(at > ended_at for at in made)
    return event.subject in declared and not is_mended


# -- rows -----------------------------------------------------------------------------------------------------------


def rows(found: Found, tab: str) -> list[Row]:
    """The lines of one of `TABS`."""
    return {"views": _views, "features": _features, "versions": _versions}[tab](found)


def filtered(rows: list[Row], filter: str) -> list[Row]:
    """The lines that match words on names, kind, source, entity, owner, tags, users; all of them for no words."""
    return [row for row in rows if matches(_words(row), filter)] if filter else rows


def _views(found: Found) -> list[Row]:
    return [Row(_key(one), one, failure=_failure(found, one)) for one in found.views]


def _key(view: FeatureViewSummary) -> str:
    return view.name if view.kind == "view" else f"{view.kind}:{view.name}"


def _failure(found: Found, view: FeatureViewSummary) -> Event | None:
    return found.failures.get(view.name) if view.kind == "view" else None


def _features(found: Found) -> list[Row]:
    """The most important first; those that no model weighs as they are declared."""
    views = [one for one in found.views if one.kind == "view"]
    most = max((share for one in views for share in one.importance.values()), default=0.0)
    made = [
        Row(f"{one.name}:{name}", one, name, failure=_failure(found, one), most=most)
        for one in views
        for name in one.features
    ]
    return sorted(made, key=lambda row: -row.view.importance.get(row.feature, -1.0))


def _versions(found: Found) -> list[Row]:
    """By view, its newest version first."""
    views = {one.name: one for one in found.views if one.kind == "view"}
    made: dict[str, list[Row]] = {}
    before: FeatureViewVersion | None = None
    for one in found.versions:
        last = before if before is not None and before.view == one.view else None
        if one.view in views:
            summary = views[one.view]
            row = Row(f"{one.view}@{one.version}", summary, version=one, before=last, failure=_failure(found, summary))
            made.setdefault(one.view, []).insert(0, row)
        before = one
    return [row for rows in made.values() for row in rows]


def _words(row: Row) -> str:
    one = row.view
    names = [one.name, KINDS.get(one.kind, one.kind), one.source or "", *one.entity, one.owner, *one.tags, *one.used_by]
    if row.feature:
        names += [row.feature, one.features.get(row.feature, "")]
    elif row.version is not None:
        names += [f"version {row.version.version} v{row.version.version}", *changed(row.before, row.version)]
    else:
        names += [*one.features, one.description]
    names += ["failed" if row.failure else "", "" if one.is_declared else "undeclared"]
    return " ".join(names)


def identity(row: Row) -> str:
    """What is copied as the id of a line: a view, `view:feature`, `view@version`."""
    return row.key if row.feature or row.version else row.view.name


def record(row: Row) -> FeatureViewSummary | FeatureViewVersion:
    """What is copied as JSON."""
    return row.version or row.view


def why_not_materialize(row: Row | None) -> str | None:
    """Why a view cannot be made anew."""
    if row is None:
        return "there is no view here"
    if row.view.kind == "on_demand":
        return f"{row.view.name} is computed from the request: nothing of it is kept"
    if row.view.kind == "service":
        return f"{row.view.name} is a name for features: their views are made anew"
    if not row.view.is_declared and row.view.online_from is None:
        return f"{row.view.name} is neither declared nor used any more"
    return None


# -- around the table -------------------------------------------------------------------------------------------------


def notes(found: Found) -> dict[str, str]:
    """What stands behind the names of tabs: counts; of the views those that are not up to date."""
    failed = f" ✗{len(found.failures):,}" if found.failures else ""
    n_features = sum(len(one.features) for one in found.views if one.kind == "view")
    return {"views": f"{len(found.views):,}{failed}", "features": f"{n_features:,}"}


def headline(found: Found, tab: str, n_shown: int, n_all: int, filter: str) -> str:
    """`2 of 6 features · filter late · 1 view is not up to date`."""
    if tab == "views" and not filter:
        parts = [_kinds(found)]
    else:
        noun = {"views": "line", "features": "feature", "versions": "version"}[tab]
        parts = [f"{n_shown:,} of {count(n_all, noun)}" if filter else count(n_all, noun)]
    if filter:
        parts.append(f"filter {filter}")
    n_failed = len(found.failures)
    if n_failed:
        parts.append(f"{count(n_failed, 'view')} not up to date: enter says why")
    return " · ".join(parts)


def _kinds(found: Found) -> str:
    """How many of each kind."""
    counts = {kind: sum(one.kind == kind for one in found.views) for kind in KINDS}
    parts = [count(counts["view"], "view")]
    parts += [f"{counts['on_demand']:,} on demand"] if counts["on_demand"] else []
    parts += [count(counts["service"], "service")] if counts["service"] else []
    return ", ".join(parts)


def why_empty(tab: str, filter: str, model: str | None, *, has_views: bool) -> str:
    """What an empty table says.

    Args:
        tab: one of `TABS`.
        filter: in force.
        model: the only one that is shown; None for all.
        has_views: whether anything is declared, shown or not.
    """
    if filter:
        return f"nothing matches  {filter}\n\nesc clears the filter"
    if not has_views:
        return _HOW
    if tab == "versions":
        return "no version yet\n\na run, or the first data of a view's source, makes its first version"
    if model is not None:
        return f"{model} uses no feature view\n\nM shows all models"
    return "no view has a feature\n\na view lists them in `features`, or computes them in `aggregate`"


_HOW = """no feature view is declared yet

a view says what was known of an entity at a moment:
declare one in mllab.toml, and a model may name it in its features

[feature_view.NAME]
source = "SOURCE"          # whose rows
entity = ["COLUMN"]        # of whom
timestamp = "COLUMN"       # when a row became known
features = ["COLUMN"]      # its latest values"""
