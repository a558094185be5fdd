"""How MLflow's clients are told what went wrong: a code of theirs, and a sentence.

The client tries again after 408, 429 and 5xx: what a caller did wrong is never one of those.
"""

import msgspec

PREFIXES = ("/api/2.0/mlflow", "/api/3.0/mlflow")

_CODES: dict[str, tuple[int, str]] = {
    "invalid-input": (400, "INVALID_PARAMETER_VALUE"),
    "not-found": (404, "RESOURCE_DOES_NOT_EXIST"),
    "conflict": (400, "INVALID_PARAMETER_VALUE"),
    "already-exists": (400, "RESOURCE_ALREADY_EXISTS"),
    "cancelled": (409, "ABORTED"),
    "unavailable": (503, "TEMPORARILY_UNAVAILABLE"),
    "no-room": (507, "RESOURCE_EXHAUSTED"),
    "unauthorized": (401, "UNAUTHENTICATED"),
    "cross-site": (403, "PERMISSION_DENIED"),
    "method-not-allowed": (405, "ENDPOINT_NOT_FOUND"),
}
"""Slug of an error to status and code, where they are others than those of `_code`."""


class MlflowError(msgspec.Struct, frozen=True, kw_only=True):
    """How the dialect tells an error."""

    error_code: str
    message: str


def is_mlflow(path: str) -> bool:
    """Whether a path is the dialect's."""
    return path.startswith(PREFIXES)


def tell(slug: str, status: int, message: str, *, is_endpoint: bool) -> tuple[int, bytes]:
    """Status and body.

    Args:
        slug: of the error.
        status: what it has everywhere else.
        message: one sentence, and what to do.
        is_endpoint: whether the path itself is there.
    """
    status, code = _CODES.get(slug, (status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST"))
    if not is_endpoint and status == 404:
        code = "ENDPOINT_NOT_FOUND"
    return status, msgspec.json.encode(MlflowError(error_code=code, message=message))
