"""The pane beside the tables of features: one view, feature, version, on-demand group or service, in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.viewmodels import featurewords as words
from mllab.faces.tui.viewmodels.featurecells import importance
from mllab.faces.tui.viewmodels.features import KINDS, Row
from mllab.faces.tui.viewmodels.lineage import lineage
from mllab.faces.tui.viewmodels.page import Line, facts, joined, part, title
from mllab.faces.tui.viewmodels.words import count, moment
from mllab.records import (
    DataFile,
    DatasetVersion,
    Event,
    FeatureViewSummary,
    FeatureViewVersion,
    Materialization,
    TraceNode,
)

_BAR_CELLS = 12


class About(NamedTuple):
    """What else is known of the row under the cursor."""

    row: Row
    table: words.Declaration | None = None
    """What is declared now, on the tab of versions what that version was; None for what is no view."""
    version: FeatureViewVersion | None = None
    """The newest version of the view, or the row's own."""
    kept: Materialization | None = None
    """Of that version."""
    datasets: Sequence[DatasetVersion] = ()
    """Of the view's source, oldest first."""
    files: Sequence[DataFile] = ()
    """Of that source."""


def heading(row: Row) -> str:
    """What is told about."""
    if row.version is not None:
        return f"{row.view.name} version {row.version.version}"
    if row.feature:
        return f"{row.view.name}:{row.feature}"
    return f"{KINDS.get(row.view.kind, row.view.kind)} {row.view.name}"


def lines(about: About, now: datetime, glyphs: GlyphSet) -> list[Line]:
    """All of it.

    Args:
        about: what is known.
        now: for ages.
        glyphs: the characters of bars.
    """
    row = about.row
    if row.view.kind == "service":
        return _service(row.view)
    if row.view.kind == "on_demand":
        return _on_demand(row.view)
    if row.version is not None:
        first = _version(about, row.version, now)
    elif row.feature:
        first = _feature(about, glyphs)
    else:
        first = _view(about, glyphs)
    return joined([_failed(row.failure, now), *first, *_made_of(about, now)])


def _made_of(about: About, now: datetime) -> list[list[Line]]:
    """What is kept, what that was made from, the code."""
    code = about.version.code if about.version else None
    return [part("kept", _kept(about, now)), part("made from", _lineage(about)), part("code", words.code(code))]


# -- what has a page of its own ---------------------------------------------------------------------------------------


def _service(one: FeatureViewSummary) -> list[Line]:
    asked = [Line(f"· {name}") for name in one.features]
    return joined([_described(one), part("asks for", asked), _used(one)])


def _on_demand(one: FeatureViewSummary) -> list[Line]:
    reads = facts([("reads", ", ".join(one.entity))])
    said = [Line("Computed from each request by itself: nothing of it is kept.", "dim")]
    return joined([_described(one), reads, _used(one), said])


def _view(about: About, glyphs: GlyphSet) -> list[list[Line]]:
    one = about.row.view
    return [
        _described(one),
        part("declaration", _declared(about)),
        _features(about, one.features),
        _weights(one, glyphs),
        _used(one),
    ]


def _features(about: About, features: Mapping[str, str]) -> list[Line]:
    """Each feature with its type, where that is known, and where its value comes from."""
    made = [(name, ", ".join(filter(None, (type, _how(about, name))))) for name, type in features.items()]
    return part(count(len(features), "feature"), [Line(text, label=name) for name, text in made])


def _how(about: About, feature: str) -> str:
    return words.how(about.table or {}, feature)


def _feature(about: About, glyphs: GlyphSet) -> list[list[Line]]:
    row, one = about.row, about.row.view
    share = one.importance.get(row.feature)
    told = facts(
        [
            ("type", one.features.get(row.feature) or "not known yet"),
            ("value", _how(about, row.feature)),
            ("transform", words.transform(about.table or {}, row.feature)),
            ("importance", importance(share, row.most, _BAR_CELLS, glyphs) if share is not None else ""),
        ]
    )
    said = "Share of the total gain, summed over the models that answer." if share is not None else _NO_WEIGHT
    return [told, [Line(said, "dim")], _described(one), part("declaration", _declared(about)), _used(one)]


_NO_WEIGHT = "No model that answers weighs it."


def _version(about: About, one: FeatureViewVersion, now: datetime) -> list[list[Line]]:
    told = facts(
        [
            ("since", moment(one.created_at, now)),
            ("digest", one.digest),
            ("key", ", ".join(one.key)),
            ("revised at", one.created_timestamp or ""),
            ("first in", f"declaration {one.config_digest}"),
        ]
    )
    before = about.row.before
    first = [Line("the first definition of this view")]
    changes = part(f"changed since version {before.version}", words.changes(before, one)) if before else first
    features = dict.fromkeys(words.features(one.declaration), "")
    return [told, changes, part("declaration", _declared(about)), _features(about, features)]


# -- parts ------------------------------------------------------------------------------------------------------------


def _failed(failure: Event | None, now: datetime) -> list[Line]:
    if failure is None:
        return []
    return [
        Line("✗ not up to date", "bold $error"),
        Line(failure.text),
        Line(moment(failure.at, now), "dim"),
        Line("f makes it anew, once that is mended", "bold"),
    ]


def _described(one: FeatureViewSummary) -> list[Line]:
    gone = [Line("✗ declared no longer: kept for the versions that use it", "$warning")] if not one.is_declared else []
    versions = f"{one.version}, the newest of {one.n_versions:,}" if one.n_versions > 1 else str(one.version or "")
    said = [Line(one.description)] if one.description else []
    return [*gone, *said, *facts([("owner", one.owner), ("tags", ", ".join(one.tags)), ("version", versions)])]


def _weights(one: FeatureViewSummary, glyphs: GlyphSet) -> list[Line]:
    """The features that models weigh, the most important first."""
    ordered = sorted(one.importance.items(), key=lambda pair: -pair[1])
    most = ordered[0][1] if ordered else 0.0
    return part(
        "importance", [Line(importance(share, most, _BAR_CELLS, glyphs), label=name) for name, share in ordered]
    )


def _used(one: FeatureViewSummary) -> list[Line]:
    if not one.used_by:
        return [title("used by"), Line("nothing: a model names it in its `features`")]
    return [title("used by"), *(Line(f"· {name}") for name in one.used_by)]


def _kept(about: About, now: datetime) -> list[Line]:
    made = about.kept
    if made is None:
        return [Line("nothing yet: the first data of its source, or f, makes it")]
    skipped = f"{count(made.n_skipped, 'row')} without a time or a part of the entity" if made.n_skipped else ""
    return facts(
        [
            ("rows", f"{made.n_rows:,} of {made.n_entities:,} entities"),
            ("skipped", skipped),
            ("newest row", moment(made.newest_at, now)),
            ("made", moment(made.made_at, now)),
            ("data", _data(made, about.datasets)),
            ("online", f"{made.n_online:,} rows" if made.online_from else "nothing"),
            ("online from", moment(made.online_from, now)),
        ]
    )


def _data(made: Materialization, datasets: Sequence[DatasetVersion]) -> str:
    """The dataset version that is in, and how far that is behind."""
    n_behind = sum(one.version > made.dataset_version for one in datasets)
    behind = f"{count(n_behind, 'version')} behind" if n_behind else "the newest"
    return f"{made.source} version {made.dataset_version}, {behind}"


def _declared(about: About) -> list[Line]:
    if about.table is None:
        return []
    timestamp = about.row.version.timestamp if about.row.version else about.row.view.timestamp
    found = words.declaration(about.table, timestamp)
    for name in about.table.get("transform") or {}:
        found.append(Line(f"{name}: {words.transform(about.table, name)}, fitted by each model", label="transform"))
    version = about.version
    if version is not None and words.has_changed(about.table, version):
        found.append(Line(f"changed since version {version.version}: its next use makes another", "$warning"))
    return found


# -- lineage ----------------------------------------------------------------------------------------------------------


def _lineage(about: About) -> list[Line]:
    """Version of the view, dataset version, files."""
    made = about.kept
    dataset = next((one for one in about.datasets if made and one.version == made.dataset_version), None)
    if made is None or dataset is None:
        return []
    text = f"{made.n_rows:,} rows, known at {about.row.view.timestamp or 'no time'}"
    node = TraceNode(
        kind="view", id=f"{made.view}@{made.version}", text=text, children=[_dataset(dataset, about.files)]
    )
    return lineage(node)


def _dataset(one: DatasetVersion, received: Sequence[DataFile]) -> TraceNode:
    by_part = {file.part_digest: file for file in received}
    files = [_file(by_part[digest]) for digest in reversed(one.parts) if digest in by_part]
    return TraceNode(kind="dataset", id=f"{one.source}@{one.version}", text=f"{one.n_rows:,} rows", children=files)


def _file(one: DataFile) -> TraceNode:
    return TraceNode(kind="file", id=one.sha256, text=f"{one.name}: {one.status.value}, {one.n_rows:,} rows")
