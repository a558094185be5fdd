"""OpenLineage's facets and datasets from records; pure.

https://openlineage.io/spec/2-0-2/OpenLineage.json and, for each facet, its own schema in the version named here.
Values of data are left out: what is exported cannot be forgotten with the data.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from mllab import __version__
from mllab.config import FeatureViewTable, LabConfig
from mllab.records import DatasetVersion, DType, Event, GitState, Profile, Schema
from mllab.steps.feature_plan import plan_features
from mllab.steps.features import feature_names

Facet = dict[str, Any]

PRODUCER = f"https://pypi.org/project/mllab/{__version__}/"
EVENT_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_OWN = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet"
_SCHEMAS = {
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "dataQualityMetrics": "1-0-3/DataQualityMetricsInputDatasetFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "parent": "1-2-0/ParentRunFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "sourceCodeLocation": "1-1-0/SourceCodeLocationJobFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
}


def facet(name: str, **fields: Any) -> dict[str, Facet]:
    """One facet by its name; fields that are None are left out."""
    version, _, title = _SCHEMAS[name].partition("/")
    url = f"https://openlineage.io/spec/facets/{version}/{title}.json#/$defs/{title}"
    given = {key: value for key, value in fields.items() if value is not None}
    return {name: {"_producer": PRODUCER, "_schemaURL": url, **given}}


def event_number(event: Event) -> dict[str, Facet]:
    """A facet of mllab's own: the number of the event in the lab's log."""
    return {"mllab_event": {"_producer": PRODUCER, "_schemaURL": _OWN, "seq": event.seq}}


def dataset(namespace: str, name: str, version: object, *parts: Mapping[str, Facet]) -> dict[str, Any]:
    """A dataset with its version, and further facets."""
    facets: dict[str, Facet] = facet("version", datasetVersion=str(version))
    for part in parts:
        facets |= part
    return {"namespace": namespace, "name": name, "facets": facets}


def schema_facet(schema: Schema | None) -> dict[str, Facet]:
    """Columns and their types."""
    if schema is None:
        return {}
    fields = [
        {"name": field.name, "type": field.dtype.value, "ordinal_position": place}
        for place, field in enumerate(schema.fields, 1)
    ]
    return facet("schema", fields=fields)


def quality_facet(version: DatasetVersion, profile: Profile | None) -> dict[str, Facet]:
    """How many rows were read; where a profile was made, also how many values are missing and different."""
    columns = {
        one.name: {
            "nullCount": one.n_missing,
            "distinctCount": one.n_distinct,
            "count": profile.n_rows - one.n_missing,
        }
        for one in (profile.columns if profile is not None else ())
        if profile is not None
    }
    return facet("dataQualityMetrics", rowCount=version.n_rows, fileCount=len(version.parts), columnMetrics=columns)


def git_facet(git: GitState | None, url: str) -> dict[str, Facet]:
    """Which commit the code was; nothing where it lies in no repository."""
    if git is None or git.commit is None:
        return {}
    return facet(
        "sourceCodeLocation", type="git", url=url, path=git.folder or None, version=git.commit, branch=git.branch
    )


# -- columns ----------------------------------------------------------------------------------------------------------


def columns_of_view(namespace: str, view: FeatureViewTable) -> dict[str, Facet]:
    """Feature to the columns of the source it is made from; of a view with code only what its declaration tells."""
    found = {name: _inputs(namespace, view.source, (name,), "IDENTITY") for name in view.features}
    for name, one in view.aggregate.items():
        columns = (one.of,) if one.of is not None else view.entity
        found[name] = _inputs(namespace, view.source, columns, "AGGREGATION")
    return facet("columnLineage", fields=found)


def columns_of_training(namespace: str, config: LabConfig, model: str, schema: Schema | None) -> dict[str, Facet]:
    """Feature, and the target, to the source columns behind it.

    Raises:
        InvalidInput: the declaration does not fit the columns any more.
    """
    if schema is None or model not in config.model:
        return {}
    table, types = config.model[model], {field.name: field.dtype for field in schema.fields}
    found = {table.target: _inputs(namespace, table.source, (table.target,), "IDENTITY")}
    found |= _of_groups(namespace, config, model, types)
    return facet("columnLineage", fields=found)


def _of_groups(namespace: str, config: LabConfig, model: str, types: dict[str, DType]) -> dict[str, Any]:
    source, found = config.model[model].source, {}
    for group in plan_features(config, model, types).groups:
        if group.kind == "column":
            found[group.name] = _inputs(namespace, source, (group.name,), "IDENTITY")
        elif group.kind == "on_demand":
            found[group.name] = _inputs(namespace, source, config.on_demand[group.name].inputs, "TRANSFORMATION")
        else:
            view = config.feature_view[group.name]
            of_view = columns_of_view(namespace, view)["columnLineage"]["fields"]
            wanted = group.features or tuple(feature_names(view))
            found |= {name: of_view[name] for name in wanted if name in of_view}
    return found


def _inputs(namespace: str, source: str, columns: Iterable[str], subtype: str) -> dict[str, Any]:
    how = [{"type": "DIRECT", "subtype": subtype, "description": "", "masking": False}]
    return {
        "inputFields": [
            {"namespace": namespace, "name": source, "field": column, "transformations": how} for column in columns
        ]
    }
