"""What every request passes before a route sees it: host, origin, token, media types, size and pace of its body.

A raw ASGI layer around the application, because it must hold for paths that do not exist as well, and because it
costs each prediction a few microseconds only. It reads bodies whole; routes get them in one piece.
"""

import asyncio
import hmac
from collections.abc import Mapping
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.faces.server.desk import Desk
from mllab.faces.server.errors import HttpError, Teller, log
from mllab.faces.server.rules import MEGABYTE, Hosts, Rules, is_acceptable, is_loopback, rules_of

MAX_HEAD_BYTES = 32 * 1024
"""Path, query and headers of one request."""
BODY_SECONDS = 10.0
"""How long a body may take, counted anew for each megabyte of it."""

_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WANTED = frozenset(
    {
        b"accept",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"inference-header-content-length",
        b"origin",
        b"sec-fetch-site",
        b"transfer-encoding",
    }
)
_JSON_TYPES = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})

Heads = Mapping[bytes, bytes]


class _Gone(Exception):  # noqa: N818
    """The caller hung up before the body was complete: there is nobody to answer."""


class Guard:
    """The outermost layer of the server."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        teller: Teller,
        desk: Desk,
        token: str,
        host: str,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        """Stand before an application.

        Args:
            app: what is guarded.
            teller: writes the refusals.
            desk: counts requests, and knows when no new work is taken.
            token: the lab's token.
            host: the address that is listened on; if others can reach it, every request needs the token.
            body_seconds: see `BODY_SECONDS`.
        """
        self.app, self._tell, self._desk = app, teller, desk
        self._token, self._exposed = token, not is_loopback(host)
        self._hosts, self._body_seconds = Hosts(host), body_seconds

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Check one request, pass it on, count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        rules = rules_of(scope["path"])
        try:
            heads = self._check(scope, rules)
            if scope["method"] in _WITH_BODY:
                receive = await self._take_body(heads, rules, receive)
            await self.app(scope, receive, counted)
        except _Gone:
            return
        except Exception as error:  # whatever a handler raises becomes a problem document, never a torn connection
            if status:
                log.error("an answer broke off", exc_info=error)
                raise
            await self._refuse(error, scope, counted)
        finally:
            if status:
                self._desk.traffic.add(status, perf_counter() - began, model=rules.model)

    async def _refuse(self, error: Exception, scope: Scope, send: Send) -> None:
        status, headers, body = self._tell(error, scope)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    # -- the head -----------------------------------------------------------------------------------------------

    def _check(self, scope: Any, rules: Rules) -> Heads:
        """Refuse what the head alone forbids; the order is that of what a stranger may learn."""
        heads = self._heads(scope)
        if heads.get(b"host", b"") not in self._hosts:
            raise HttpError("foreign-host", "this host name is not served here", "ask for 127.0.0.1 or localhost")
        _check_path(scope["raw_path"])
        _check_origin(heads)
        if scope["query_string"]:
            self._check_query(scope["query_string"])
        if self._exposed:
            self.check_token(heads.get(b"authorization", b""))
        accept = heads.get(b"accept", b"*/*")
        if accept != b"*/*" and not is_acceptable(accept, rules.produces):
            raise HttpError("not-acceptable", f"the answer is {' or '.join(rules.produces)}", "change `Accept`")
        if self._desk.closing.is_set():
            raise Unavailable("mllab is shutting down", "try again once it runs again")
        return heads

    def _heads(self, scope: Any) -> Heads:
        """The headers that matter here; too much of a head, and more than one `Host`, are refused."""
        found: dict[bytes, bytes] = {}
        n_bytes, n_hosts = len(scope["raw_path"]) + len(scope["query_string"]), 0
        for name, value in scope["headers"]:
            n_bytes += len(name) + len(value)
            if name in _WANTED:
                found[name] = value
                n_hosts += name == b"host"
        if n_bytes > MAX_HEAD_BYTES:
            raise HttpError("head-too-large", f"path and headers may have {MAX_HEAD_BYTES} bytes")
        if n_hosts != 1:
            raise HttpError("foreign-host", f"a request needs one Host header, this one has {n_hosts}")
        return found

    def _check_query(self, query: bytes) -> None:
        names = {name.lower() for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)}
        if names & {"token", "access_token"} or (self._token and self._token.encode() in query):
            raise _unauthorized("the token does not belong into the address, where logs and histories keep it")

    def check_token(self, authorization: bytes) -> None:
        """Compare the token of an `Authorization` header in constant time.

        Raises:
            HttpError: it is missing or wrong.
        """
        scheme, _, given = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise _unauthorized("this needs the lab's token")
        if not self._token or not hmac.compare_digest(given.strip(), self._token.encode()):
            raise _unauthorized("this is not the lab's token")

    # -- the body -----------------------------------------------------------------------------------------------

    async def _take_body(self, heads: Heads, rules: Rules, receive: Receive) -> Receive:
        """Read the body, and return a `receive` that hands it on in one piece."""
        if b"inference-header-content-length" in heads:
            raise HttpError("bad-request", "binary tensor data is not understood", "send JSON (`binary_data=False`)")
        n_bytes = int(heads.get(b"content-length", b"0"))
        if rules.is_file:
            return self._passing(n_bytes, heads, rules, receive)
        if rules.needs_body or n_bytes or b"transfer-encoding" in heads:
            _check_media(heads)
        if n_bytes > rules.max_bytes:
            raise _too_large(rules)
        body = await self._read(receive, rules)
        is_told = False

        async def at_once() -> Any:
            nonlocal is_told
            if is_told:
                return await receive()
            is_told = True
            return {"type": "http.request", "body": body, "more_body": False}

        return at_once

    def _passing(self, n_bytes: int, heads: Heads, rules: Rules, receive: Receive) -> Receive:
        """A `receive` that hands the bytes of a file on as they come: in time, and not too many."""
        _check_coding(heads)
        if n_bytes > rules.max_bytes:
            raise _too_large(rules)
        loop = asyncio.get_running_loop()
        n_come, until = 0, loop.time() + self._body_seconds

        async def piece() -> Any:
            nonlocal n_come, until
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError as error:
                raise self._late() from error
            come = len(message["body"]) if message["type"] == "http.request" else 0
            n_come += come
            if n_come > rules.max_bytes:
                raise _too_large(rules)
            if n_come // MEGABYTE > (n_come - come) // MEGABYTE:
                until = loop.time() + self._body_seconds
            return message

        return piece

    def _late(self) -> HttpError:
        late = f"the body was not complete after {self._body_seconds:g} s"
        return HttpError("slow-body", late, headers=[(b"connection", b"close")])

    async def _read(self, receive: Receive, rules: Rules) -> bytes:
        pieces: list[bytes] = []
        n_bytes, more = 0, True
        try:
            async with asyncio.timeout(self._body_seconds) as deadline:
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise _Gone
                    piece, more = message["body"], message["more_body"]
                    pieces.append(piece)
                    n_bytes += len(piece)
                    if n_bytes > rules.max_bytes:
                        raise _too_large(rules)
                    if n_bytes // MEGABYTE > (n_bytes - len(piece)) // MEGABYTE:
                        deadline.reschedule(asyncio.get_running_loop().time() + self._body_seconds)
        except TimeoutError as error:
            raise self._late() from error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _check_path(raw_path: bytes) -> None:
    """No path here needs dot segments, slashes or control characters in disguise: they are never looked up."""
    if b"%" in raw_path or b"/." in raw_path:
        low = raw_path.lower().replace(b"%2e", b".")
        coded = {low[at + 1 : at + 3] for at in range(len(low)) if low[at : at + 1] == b"%"}
        hidden = any(code in (b"2f", b"5c", b"7f") or code[:1] in (b"0", b"1") for code in coded)
        if hidden or any(segment in (b".", b"..") for segment in low.split(b"/")):
            if raw_path.startswith(b"/api/2.0/mlflow"):
                raise InvalidInput(
                    "this cannot be the path of a file", "write it without `.`, `..` and control characters"
                )
            raise NotFound("there is nothing at this path", "GET /docs lists what there is")


def _check_origin(heads: Heads) -> None:
    """A page of another site may make a browser send requests here: those are refused, whatever they ask."""
    origin = heads.get(b"origin")
    if (
        origin is not None
        and origin.lower().removeprefix(b"https://").removeprefix(b"http://") != heads[b"host"].lower()
    ):
        raise HttpError("cross-site", "a page of another origin may not ask", "ask from a program, not from a page")
    if heads.get(b"sec-fetch-site") == b"cross-site":
        raise HttpError("cross-site", "a page of another site may not ask", "ask from a program, not from a page")


def _check_coding(heads: Heads) -> None:
    coding = heads.get(b"content-encoding", b"identity")
    if coding.strip().lower() != b"identity":
        raise HttpError("unsupported-media-type", "compressed bodies are not understood", "send it as it is")


def _check_media(heads: Heads) -> None:
    _check_coding(heads)
    if (kind := heads.get(b"content-type", b"")) not in _JSON_TYPES:
        base, _, params = kind.lower().partition(b";")
        charset = params.replace(b'"', b"").strip()
        if base.strip() != b"application/json" or charset not in (b"", b"charset=utf-8"):
            raise HttpError(
                "unsupported-media-type", "the body must be JSON in UTF-8", "set `Content-Type: application/json`"
            )


def _unauthorized(message: str) -> HttpError:
    hint = "send `Authorization: Bearer TOKEN`"
    return HttpError("unauthorized", message, hint, [(b"www-authenticate", b'Bearer realm="mllab"')])


def _too_large(rules: Rules) -> HttpError:
    return HttpError("too-large", f"a body may have {rules.max_bytes} bytes here", "send it in several requests")
