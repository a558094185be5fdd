"""What the screen of features asks the lab for: the tables, and all about the row under the cursor."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from mllab.errors import NotFound
from mllab.faces.tui.viewmodels import features as view
from mllab.faces.tui.viewmodels.featurepane import About
from mllab.faces.tui.viewmodels.featurewords import Declaration
from mllab.lab import Lab
from mllab.records import Event, FeatureViewVersion, Materialization

_PAGE = 1000
Key = tuple[str, str]
"""View and digest of its definition."""


class Failures(NamedTuple):
    """The newest failure of each definition, as far as the log has been read."""

    events: Mapping[Key, Event] = {}
    """In the order of the log."""
    after: int = 0
    """Where to read on."""


def read_on(lab: Lab, known: Failures) -> Failures:
    """The failures with what has come since, page by page."""
    found, after, end = dict(known.events), known.after, lab.last_seq()
    while after < end:
        page = lab.events(after, limit=_PAGE, type=view.FAILED)
        for one in page:
            key = one.subject, str(one.payload.get("digest", ""))
            found.pop(key, None)
            found[key] = one
        after = page[-1].seq if len(page) == _PAGE else max(end, page[-1].seq if page else 0)
    return Failures(found, after)


def standing(lab: Lab, known: Failures) -> dict[str, Event]:
    """View to the failure that nothing has mended since."""
    if not known.events:
        return {}
    failures = [view.Failure(one, _ended_at(lab, one)) for one in known.events.values()]
    return view.standing(failures, lab.materializations(), lab.config().feature_view)


def _ended_at(lab: Lab, failure: Event) -> datetime | None:
    """When the job was over in which something failed; None while it goes on."""
    try:
        return lab.job(failure.job_id).finished_at if failure.job_id else failure.at
    except NotFound:
        return failure.at


def look_at(lab: Lab, failures: Failures) -> view.Found:
    """All that the tables are made from."""
    return view.Found(
        views=lab.feature_views(),
        versions=lab.feature_versions(),
        kept=lab.materializations(),
        failures=standing(lab, failures),
    )


def about(lab: Lab, row: view.Row, found: view.Found) -> About:
    """What else is known of a row."""
    one = row.view
    if one.kind != "view" or one.source is None:
        return About(row)
    version = row.version or _newest(found, one.name)
    return About(
        row=row,
        table=row.version.declaration if row.version else _declared(lab, one.name, version),
        version=version,
        kept=_kept(found, version),
        datasets=lab.dataset_versions(one.source),
        files=lab.data_files(one.source),
    )


def _newest(found: view.Found, name: str) -> FeatureViewVersion | None:
    return next((one for one in reversed(found.versions) if one.view == name), None)


def _kept(found: view.Found, version: FeatureViewVersion | None) -> Materialization | None:
    return next((one for one in found.kept if version and one.digest == version.digest), None)


def _declared(lab: Lab, name: str, version: FeatureViewVersion | None) -> Declaration | None:
    """The table that is in force; of what is declared no longer the last one."""
    table = lab.config().feature_view.get(name)
    if table is None:
        return version.declaration if version else None
    found: Declaration = msgspec.json.decode(msgspec.json.encode(table))
    return found
