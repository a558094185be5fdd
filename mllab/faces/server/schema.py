"""The API described: the OpenAPI 3.1 document, and one page for people that loads nothing from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import (
    Components,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.types import ControllerRouterHandler

import mllab
from mllab.faces.server.errors import TABLE, Problem, V2Error
from mllab.faces.server.mlflow.errors import MlflowError

_TEXT = Schema(type=OpenAPIType.STRING)
_ANY_OBJECT = Schema(type=OpenAPIType.OBJECT, additional_properties=True)
_LABEL = Schema(
    type=OpenAPIType.OBJECT,
    properties={"prediction_id": _TEXT, "label": Schema(), "observed_at": Schema(type=OpenAPIType.STRING)},
    required=["prediction_id", "label"],
)
_TENSOR = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "name": _TEXT,
        "shape": Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.INTEGER)),
        "datatype": _TEXT,
        "data": Schema(type=OpenAPIType.ARRAY, items=Schema()),
    },
    required=["name", "shape", "datatype", "data"],
)

_FLAG = Schema(type=OpenAPIType.BOOLEAN)
_MOMENT = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME)
_TEXTS = Schema(type=OpenAPIType.ARRAY, items=_TEXT)
_OTHER = Schema()
_TYPES: dict[Any, Schema] = {
    str: _TEXT,
    bool: _FLAG,
    float: Schema(type=OpenAPIType.NUMBER),
    int: Schema(type=OpenAPIType.INTEGER),
    list[str]: _TEXTS,
}
_COLUMNS = Schema(type=OpenAPIType.OBJECT, additional_properties=Schema(type=OpenAPIType.ARRAY, items=Schema()))


def _json(schema: Schema) -> RequestBody:
    return RequestBody(content={"application/json": OpenAPIMediaType(schema=schema)}, required=True)


def _list_of(name: str, item: Schema) -> RequestBody:
    listed = Schema(type=OpenAPIType.ARRAY, items=item)
    return _json(Schema(type=OpenAPIType.OBJECT, properties={name: listed}, required=[name]))


def _object(properties: dict[str, Schema], *required: str) -> RequestBody:
    return _json(Schema(type=OpenAPIType.OBJECT, properties=dict(properties), required=list(required)))


# The routes read these bodies themselves, strictly and once: so their form is said here and not by their signature.


@dataclass
class PredictOperation(Operation):
    """Rows by column name."""

    def __post_init__(self) -> None:
        self.request_body = _list_of("rows", _ANY_OBJECT)
        asked = {"explain": OpenAPIType.BOOLEAN, "version": OpenAPIType.INTEGER, "alias": OpenAPIType.STRING}
        queried = [Parameter(name=name, param_in="query", schema=Schema(type=kind)) for name, kind in asked.items()]
        self.parameters = [*(self.parameters or ()), *queried]


@dataclass
class LabelsOperation(Operation):
    """Labels by prediction."""

    def __post_init__(self) -> None:
        self.request_body = _list_of("labels", _LABEL)


@dataclass
class CommandOperation(Operation):
    """The fields of a command."""

    def __post_init__(self) -> None:
        self.request_body = _json(_ANY_OBJECT)


@dataclass
class InferOperation(Operation):
    """Input tensors."""

    def __post_init__(self) -> None:
        self.request_body = _list_of("inputs", _TENSOR)


@dataclass
class FeaturesOperation(Operation):
    """Names of features, and entities by column."""

    def __post_init__(self) -> None:
        said = {"feature_service": _TEXT, "full_feature_names": _FLAG, "at": _MOMENT}
        self.request_body = _object({"entities": _COLUMNS, "features": _TEXTS, **said}, "entities")


@dataclass
class PushOperation(Operation):
    """Rows of a source by column."""

    def __post_init__(self) -> None:
        self.request_body = _object({"push_source_name": _TEXT, "df": _COLUMNS, "to": _TEXT}, "push_source_name", "df")


@dataclass
class MaterializeOperation(Operation):
    """Which views, up to when."""

    def __post_init__(self) -> None:
        self.request_body = _object({"start_ts": _TEXT, "end_ts": _TEXT, "feature_views": _TEXTS}, "end_ts")


def answers(kind: Any, *statuses: int) -> dict[int, ResponseSpec]:
    """What a route may answer.

    Args:
        kind: type of the good answer; None where the route's signature says it.
        statuses: of the errors it may give, 400 apart.
    """
    titles = dict(reversed(TABLE.values()))
    found = {
        status: ResponseSpec(Problem, generate_examples=False, description=title, media_type="application/problem+json")
        for status, title in titles.items()
        if status in (400, *statuses)
    }
    if kind is not None:
        found[200] = ResponseSpec(kind, generate_examples=False, description="The answer")
    return found


def v2_answers(*statuses: int, kind: Any = None) -> dict[int, ResponseSpec]:
    """As `answers`, in the shape of the Open Inference Protocol."""
    kinds = {status: V2Error for status in (400, *statuses)} | ({200: kind} if kind else {})
    return {
        status: ResponseSpec(one, generate_examples=False, description="Why not" if one is V2Error else "The answer")
        for status, one in kinds.items()
    }


@dataclass
class FileOperation(Operation):
    """The bytes of a file."""

    def __post_init__(self) -> None:
        binary = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        self.request_body = RequestBody(content={"application/octet-stream": OpenAPIMediaType(schema=binary)})


def mlflow_operation(kind: type[msgspec.Struct], *, in_query: bool) -> type[Operation]:
    """An operation that takes the fields of a struct.

    Args:
        kind: what is sent.
        in_query: whether it comes as the query, else as a JSON body.
    """
    fields = {one.encode_name: _TYPES.get(one.type, _OTHER) for one in msgspec.structs.fields(kind)}
    required = [one.encode_name for one in msgspec.structs.fields(kind) if one.required]

    @dataclass
    class MlflowOperation(Operation):
        """What one endpoint of MLflow's dialect is sent."""

        def __post_init__(self) -> None:
            taken = {one.name for one in self.parameters or () if isinstance(one, Parameter)}
            asked = {name: schema for name, schema in fields.items() if name not in taken}
            if not in_query:
                self.request_body = _object(asked, *(name for name in required if name in asked))
                return
            queried = [
                Parameter(name=name, param_in="query", schema=schema, required=name in required)
                for name, schema in asked.items()
            ]
            self.parameters = [*(self.parameters or ()), *queried]

    return MlflowOperation


def mlflow_answers(*statuses: int) -> dict[int, ResponseSpec]:
    """As `answers`, in the shape of MLflow's dialect; what a good answer holds is MLflow's to say."""
    bad = {
        status: ResponseSpec(MlflowError, generate_examples=False, description="Why not") for status in (400, *statuses)
    }
    return bad | {200: ResponseSpec(dict[str, Any], generate_examples=False, description="The answer")}


def describe(handlers: Sequence[ControllerRouterHandler]) -> bytes:
    """The OpenAPI document of these routes as JSON."""
    schemes: Any = {"token": SecurityScheme(type="http", scheme="bearer", description="`token` of .mllab/host.json")}
    config = OpenAPIConfig(
        title="mllab",
        version=mllab.__version__,
        description="The whole life of a model in one terminal, one process, one folder.",
        components=Components(security_schemes=schemes),
        use_handler_docstrings=True,
    )
    document = Litestar(handlers, openapi_config=config, logging_config=None).openapi_schema.to_schema()
    return msgspec.json.encode(document)


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>mllab API</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; color-scheme: light dark }}
table {{ border-collapse: collapse; width: 100% }}
td {{ padding: .3rem .6rem; border-top: 1px solid #8884; vertical-align: top }}
code, pre {{ font: 14px/1.4 ui-monospace, monospace }}
pre {{ background: #8882; padding: .8rem; overflow-x: auto }}
</style>
<h1>mllab {version}</h1>
<pre>curl {url}/api/v1/models/MODEL/predict \\
  -H 'content-type: application/json' \\
  -d '{{"rows": [{{"column": 1}}]}}'</pre>
<p>The columns that a model wants: <code>GET /api/v1/models/MODEL</code>.
All of this for programs: <a href="/openapi.json">/openapi.json</a>.
Commands need <code>Authorization: Bearer TOKEN</code>, with the token of <code>.mllab/host.json</code>.</p>
<table>{rows}</table></html>
"""


def page(document: bytes, url: str) -> bytes:
    """The routes of an OpenAPI document as one HTML page."""
    paths: dict[str, dict[str, Any]] = msgspec.json.decode(document)["paths"]
    rows = [
        f"<tr><td><code>{method.upper()}</code><td><code>{escape(path)}</code>"
        f"<td>{escape(operation.get('description') or '').split(chr(10))[0]}"
        for path, operations in sorted(paths.items())
        for method, operation in operations.items()
        if isinstance(operation, dict)
    ]
    return _PAGE.format(version=escape(mllab.__version__), url=escape(url), rows="\n".join(rows)).encode()
