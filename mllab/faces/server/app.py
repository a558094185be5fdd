"""The ASGI application: routes, errors and guard put together around one lab."""

from typing import Any

from litestar import Litestar, Request, get
from litestar.datastructures import State
from litestar.response import Response
from litestar.types import ASGIApp

from mllab.faces.server import feast, own_api, v2
from mllab.faces.server.desk import Desk, desk_of
from mllab.faces.server.errors import Teller
from mllab.faces.server.guard import BODY_SECONDS, Guard
from mllab.faces.server.mlflow import routes as mlflow
from mllab.faces.server.schema import describe, page
from mllab.faces.server.welcome import welcome_page
from mllab.lab import Lab

_API = [own_api.router, v2.router, feast.router, mlflow.router]


@get("/openapi.json", include_in_schema=False)
async def openapi(state: State) -> Response[bytes]:
    """The description of every route."""
    return Response(_document(state), media_type="application/json")


@get("/docs", include_in_schema=False)
async def docs(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The description for people."""
    url = f"http://{request.headers.get('host', '')}"
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(page(_document(request.app.state), url), media_type="text/html", headers=headers)


@get("/", include_in_schema=False)
async def welcome(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Where a browser arrives, for example by a link that MLflow's client prints."""
    lab = desk_of(request.app.state).lab
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(welcome_page(lab.folder.name, lab.deployments()), media_type="text/html", headers=headers)


def _document(state: State) -> bytes:
    """The OpenAPI document, made when it is first asked for."""
    if "document" not in state:
        state["document"] = describe(_API)
    document: bytes = state["document"]
    return document


def create_app(
    lab: Lab, token: str, *, host: str = "127.0.0.1", desk: Desk | None = None, body_seconds: float = BODY_SECONDS
) -> ASGIApp:
    """The server's application around a lab.

    Args:
        lab: what is asked; it is not closed here.
        token: what commands, and every request from elsewhere, must bring.
        host: the address that will be listened on.
        desk: what the routes work with, for one who wants to count requests or to announce the end.
        body_seconds: how long a body may take, anew for each megabyte.

    Returns:
        An ASGI application: a Litestar behind the guard.
    """
    desk = desk or Desk(lab)
    teller = Teller(str(lab.folder))

    def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        status, headers, body = teller(error, request.scope)
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        return Response(body, status_code=status, media_type=sent.pop("content-type"), headers=sent)

    app = Litestar(
        [*_API, openapi, docs, welcome],
        state=State({"desk": desk}),
        exception_handlers={Exception: answer_error},
        request_max_body_size=None,
        openapi_config=None,
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
    )
    guard = Guard(app, teller=teller, desk=desk, token=token, host=host, body_seconds=body_seconds)
    app.state["check_token"] = guard.check_token
    return guard
