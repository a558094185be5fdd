"""What each path asks of a request's body and offers as an answer, and which hosts may be named."""

import ipaddress
import re
import socket
from functools import lru_cache
from typing import NamedTuple

MEGABYTE = 1 << 20


class Rules(NamedTuple):
    """What holds for one path."""

    max_bytes: int = MEGABYTE
    """Limit of the body."""
    needs_body: bool = False
    """Whether even an empty body must say that it is JSON."""
    model: str | None = None
    """The model that is asked, where the path is that of a prediction."""
    produces: tuple[str, ...] = ("application/json",)
    """Media types an answer may have."""
    is_file: bool = False
    """Whether a body is the bytes of a file, handed on piece by piece."""


_PREDICTION = Rules(max_bytes=16 * MEGABYTE, needs_body=True)
_FILE = Rules(max_bytes=10 << 30, produces=("application/octet-stream", "application/json"), is_file=True)
_PATHS: tuple[tuple[re.Pattern[str], Rules], ...] = (
    (re.compile(r"/api/v1/models/(?P<model>[^/]+)/predict"), _PREDICTION),
    (re.compile(r"/v2/models/(?P<model>[^/]+)(/versions/[^/]+)?/infer"), _PREDICTION),
    (re.compile(r"/api/v1/labels"), Rules(max_bytes=16 * MEGABYTE, needs_body=True)),
    (re.compile(r"/api/v1/commands/[^/]+"), Rules(needs_body=True)),
    (re.compile(r"/get-online-features|/push"), Rules(max_bytes=16 * MEGABYTE, needs_body=True)),
    (re.compile(r"/materialize(-incremental)?"), Rules(needs_body=True)),
    (re.compile(r"/api/v1/events"), Rules(produces=("application/json", "text/event-stream"))),
    (re.compile(r"/api/2\.0/mlflow-artifacts/artifacts/.+", re.DOTALL), _FILE),
    (re.compile(r"/api/2\.0/mlflow/.+", re.DOTALL), Rules(max_bytes=32 * MEGABYTE)),
    (re.compile(r"/version|/health"), Rules(produces=("text/plain",))),
    (re.compile(r"/(docs)?"), Rules(produces=("text/html",))),
    (re.compile(r"/openapi\.json"), Rules(produces=("application/json", "application/vnd.oai.openapi+json"))),
)
_OTHERS = Rules()


@lru_cache(1024)
def rules_of(path: str) -> Rules:
    """The rules of a path. One that is written in an unusual way gets those of an unknown path, the strictest."""
    for pattern, rules in _PATHS:
        if found := pattern.fullmatch(path):
            return rules._replace(model=found.groupdict().get("model"))
    return _OTHERS


@lru_cache(1024)
def is_acceptable(accept: bytes, produces: tuple[str, ...]) -> bool:
    """Whether an `Accept` header leaves room for one of the media types (RFC 9110, 12.5.1)."""
    offers = {"*/*", *produces, *(f"{kind.partition('/')[0]}/*" for kind in produces)}
    for part in accept.decode("latin-1").lower().split(","):
        kind, *params = (word.strip() for word in part.split(";"))
        if kind in offers and not any(re.fullmatch(r"q=0(\.0*)?", param) for param in params):
            return True
    return not accept.strip()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Hosts:
    """The host names under which the server may be asked; the port is not compared.

    A page of another site can make a browser come here under its own name (DNS rebinding): so only our names pass.
    Bound to every interface, the machine's names and plain addresses pass as well: an address cannot be rebound.
    """

    _FORM = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")
    _MOST_KNOWN = 256

    def __init__(self, bound: str) -> None:
        """Learn the names.

        Args:
            bound: the address that is listened on.
        """
        self._names = {"127.0.0.1", "localhost", "[::1]", _as_host(bound)}
        self._any_address = bound in ("", "0.0.0.0", "::")  # noqa: S104
        if self._any_address:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        self._known: set[bytes] = set()

    def __contains__(self, header: bytes) -> bool:
        """Whether a `Host` header names us."""
        if header in self._known:
            return True
        found = self._FORM.fullmatch(header.decode("latin-1").lower())
        if found is None or not self._is_ours(found["name"]):
            return False
        if len(self._known) < self._MOST_KNOWN:
            self._known.add(header)
        return True

    def _is_ours(self, name: str) -> bool:
        return name in self._names or (self._any_address and _is_address(name))


def _as_host(address: str) -> str:
    return f"[{address.lower()}]" if ":" in address and not address.startswith("[") else address.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
