"""The one table from an error to an HTTP status, and the shapes in which errors are told.

Everywhere but in the dialects that is a problem document (RFC 9457); below `/v2` it is `{"error": "..."}`, to MLflow's
clients `{"error_code": ..., "message": ...}`.
No body ever carries a traceback or where the lab lies on disk.
"""

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException

from mllab.errors import InvalidInput, LabError, NotFound, Unavailable
from mllab.faces.server.mlflow.errors import is_mlflow
from mllab.faces.server.mlflow.errors import tell as tell_mlflow

log = logging.getLogger("mllab.server")

Headers = list[tuple[bytes, bytes]]

RETRY_SECONDS = 1
"""What `Retry-After` asks of a caller who came at a bad moment."""

TABLE: dict[str, tuple[int, str]] = {
    "error": (500, "mllab could not do this"),
    "invalid-input": (422, "The request does not fit"),
    "not-found": (404, "Not found"),
    "conflict": (409, "The present state forbids this"),
    "unavailable": (503, "Not possible at the moment"),
    "cancelled": (409, "Stopped before it was done"),
    "bad-request": (400, "Bad request"),
    "malformed": (400, "The body is not valid JSON"),
    "foreign-host": (400, "This host name is not served here"),
    "unauthorized": (401, "The lab's token is needed"),
    "cross-site": (403, "Other sites may not ask"),
    "method-not-allowed": (405, "Method not allowed"),
    "not-acceptable": (406, "No acceptable form of the answer"),
    "slow-body": (408, "The body came too slowly"),
    "already-exists": (409, "It is there already"),
    "no-room": (507, "No room on the lab's disk"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "This content type is not understood"),
    "head-too-large": (431, "The request's head is too large"),
    "internal": (500, "Something went wrong inside mllab"),
}
"""Slug of an error to its status and title: the children of LabError first, then what only HTTP knows."""

V2_STATUS = {422: 400}
"""Below `/v2` what does not fit is a 400, as the protocol has it."""


_MOST_SHOWN = 200
"""Characters of the path that a problem document repeats."""


class HttpError(LabError):
    """A request that is refused before it reaches the lab.

    Args:
        slug: its row in `TABLE`.
        message: what is wrong, one sentence.
        hint: what to do next; may be empty.
        headers: to send along, such as `Allow`.
    """

    def __init__(self, slug: str, message: str, hint: str = "", headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """Take the slug of this one error rather than of its class."""
        super().__init__(message, hint)
        self.slug = slug
        self.headers = list(headers)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One offending place of a request."""

    pointer: str
    """JSON pointer into the body (RFC 6901)."""
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem document (RFC 9457)."""

    type: str
    """`urn:mllab:problem:<slug>`."""
    title: str
    status: int
    detail: str
    instance: str
    """Path of the request, as it was sent."""
    message: str
    """`detail` without the hint."""
    hint: str
    errors: list[Place]


class V2Error(msgspec.Struct, frozen=True, kw_only=True):
    """How the Open Inference Protocol tells an error."""

    error: str


def explain(error: Exception) -> LabError:
    """Any exception as one with a row in the table; what nobody foresaw is logged and told without its details."""
    match error:
        case LabError():
            return error
        case MethodNotAllowedException():
            allow = dict(error.headers or {}).get("allow", "")
            headers = [(b"allow", allow.encode("latin-1"))]
            return HttpError("method-not-allowed", "this path does not take this method", f"it takes {allow}", headers)
        case NotFoundException():
            return NotFound("there is nothing at this path", "GET /docs lists what there is")
        case ValidationException():
            return InvalidInput("a parameter of the query does not fit", "", _query_places(error))
        case HTTPException() if error.status_code < 500:
            return HttpError("bad-request", error.detail)
    log.error("a request failed unforeseen", exc_info=error)
    return HttpError("internal", "this is a fault of mllab, not of the request", "the host's log holds the details")


def _query_places(error: ValidationException) -> list[tuple[str, str, str]]:
    found: list[Any] = error.extra if isinstance(error.extra, list) else []
    return [(f"/{one.get('key', '')}", "query", str(one.get("message", ""))) for one in found if isinstance(one, dict)]


def _slug(error: LabError) -> str:
    """The slug in the table: the error's own, or that of the nearest class that has one."""
    slugs = [error.slug, *(getattr(kind, "slug", "error") for kind in type(error).__mro__)]
    return next((slug for slug in slugs if slug in TABLE), "error")


class Teller:
    """Answers errors in the dialect of the path that was asked."""

    def __init__(self, folder: str) -> None:
        """Remember what must not be told: where the lab lies on disk."""
        self._folder = folder

    def __call__(self, error: Exception, scope: Any) -> tuple[int, Headers, bytes]:
        """Status, headers and body that answer an error.

        Args:
            error: what went wrong.
            scope: the ASGI scope of the request.
        """
        told = explain(error)
        slug = _slug(told)
        status, title = TABLE[slug]
        headers: Headers = list(told.headers) if isinstance(told, HttpError) else []
        if isinstance(told, Unavailable):
            headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
        path = str(scope["path"])
        detail = self._without_folder(f"{told.message}; {told.hint}" if told.hint else told.message, path)
        places = [Place(pointer=p, code=c, detail=d) for p, c, d in getattr(told, "problems", ())]
        if is_mlflow(path):
            is_endpoint = not isinstance(error, NotFoundException)
            where = [place for place in places if place.code == "form"]
            status, body = tell_mlflow(slug, status, _with_places(detail, where), is_endpoint=is_endpoint)
            headers.append((b"content-type", b"application/json"))
            return status, _sized(headers, body), body
        if path == "/v2" or path.startswith("/v2/"):
            body = msgspec.json.encode(V2Error(error=_with_places(detail, places)))
            headers.append((b"content-type", b"application/json"))
            return V2_STATUS.get(status, status), _sized(headers, body), body
        problem = Problem(
            type=f"urn:mllab:problem:{slug}",
            title=title,
            status=status,
            detail=detail,
            instance=bytes(scope.get("raw_path") or b"")[:_MOST_SHOWN].decode("ascii", "replace"),
            message=self._without_folder(told.message, path),
            hint=self._without_folder(told.hint, path),
            errors=places,
        )
        body = msgspec.json.encode(problem)
        headers.append((b"content-type", b"application/problem+json"))
        return status, _sized(headers, body), body

    def _without_folder(self, detail: str, path: str) -> str:
        """Commands come from the lab's owner, who sent the path; nobody else learns where it lies."""
        return detail if path.startswith("/api/v1/commands/") else detail.replace(self._folder, "the lab's folder")


def _with_places(detail: str, places: Sequence[Place]) -> str:
    """The V2 shape has one string only: the first places go into it."""
    first = [f"{place.pointer}: {place.detail}" for place in places[:5]]
    more = [f"and {len(places) - 5} more"] if len(places) > 5 else []
    return "; ".join([detail, *first, *more])


def _sized(headers: Headers, body: bytes) -> Headers:
    return [*headers, (b"content-length", str(len(body)).encode())]
