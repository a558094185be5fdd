"""A small HTTP proxy that writes down what a real client asks and what it is answered."""

import base64
import hashlib
import http.client
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import msgspec

_NOT_PASSED = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}
_MOST_KEPT = 400
"""Bytes of a body that is no JSON and is kept as it is; a longer one is told by its length."""


@dataclass
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    """With its query."""
    body: Any = None
    """JSON decoded; `{"base64": ...}` or `{"n_bytes": n, "sha256": ...}` for what is none."""
    status: int = 0
    reply: Any = None
    media: str = ""
    """Content type of the request, where it has one."""


def told(body: bytes, media: str) -> Any:
    """A body as a fixture keeps it."""
    if not body:
        return None
    if media.startswith("application/json"):
        return msgspec.json.decode(body)
    if len(body) <= _MOST_KEPT:
        return {"base64": base64.b64encode(body).decode()}
    return {"n_bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


class Recorder:
    """Stands between a client and a server; use it as a context manager."""

    def __init__(self, target: str) -> None:
        """Forward to a server's address."""
        self.exchanges: list[Exchange] = []
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Recorder":
        threading.Thread(target=self._server.serve_forever, name="recorder", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        """Ask the server, and note it."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        media = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        reply = told(content, answer.getheader("content-type", ""))
        self.exchanges.append(Exchange(method, path, told(body, media), answer.status, reply, media))
        return answer.status, answer.getheaders(), content


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self._body()
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED}
            status, sent, content = recorder.forward(self.command, self.path, headers, body)
            self.send_response_only(status)
            for name, value in sent:
                if name.lower() not in _NOT_PASSED:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pieces = []
            while n_bytes := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(n_bytes))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on  # noqa: N815

    return Handler
