"""The Lab's changing verbs over HTTP, when another process hosts the lab; its predictions and its counts."""

import http.client
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from mllab.errors import BY_SLUG, InvalidInput, LabError, Unavailable
from mllab.records import Answer, Command, TrafficStats
from mllab.store.lock import HostInfo, LabLock

T = TypeVar("T")
_SECONDS = 60.0


class Client:
    """Talks to one host on this machine."""

    def __init__(self, info: HostInfo) -> None:
        """Remember address and token; connections are made per call."""
        self._info = info
        self._address = urlsplit(info.url)

    def command(self, verb: str, command: Command, result: type[T]) -> T:
        """Send one command and return its result.

        Raises:
            LabError: what the host answered, as the same class. Unavailable: it did not answer.
        """
        return msgspec.convert(self._post(f"/api/v1/commands/{verb}", command), result, strict=False)

    def predict(
        self,
        model: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        version: int | None = None,
        alias: str | None = None,
        explain: bool = False,
    ) -> Answer:
        """Ask the host for predictions; as `Lab.predict`."""
        asked = {"version": version, "alias": alias, "explain": "true" if explain else None}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        path = f"/api/v1/models/{quote(model, safe='')}/predict" + (f"?{query}" if query else "")
        return msgspec.convert(self._post(path, {"rows": list(rows)}), Answer, strict=False)

    def traffic(self) -> TrafficStats:
        """What the host's server has answered; raises as `command`."""
        return msgspec.convert(self._ask("GET", "/api/v1/serving"), TrafficStats, strict=False)

    def _post(self, path: str, body: Any) -> Any:
        return self._ask("POST", path, msgspec.json.encode(body))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._info.token}"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except ConnectionRefusedError as error:
            said = f"the host (process {self._info.pid}) has stopped: nothing can be changed from here"
            raise Unavailable(said, "start it again with `mllab up`") from error
        except OSError as error:
            hint = "if it hangs, stop that process and start `mllab up` again"
            raise Unavailable(f"the host (process {self._info.pid}) did not answer: {error}", hint) from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise _error(answer.status, content)
        return msgspec.json.decode(content) if content else None


class _Problem(msgspec.Struct):
    """What of a problem document makes it the error it was."""

    type: str
    message: str
    hint: str
    errors: list[dict[str, str]] = []


def _error(status: int, content: bytes) -> LabError:
    """The host's problem document as the error it was."""
    try:
        problem = msgspec.json.decode(content, type=_Problem)
    except msgspec.DecodeError:
        return Unavailable(f"the host answered {status}", "see .mllab/mllab.log")
    kind = BY_SLUG.get(problem.type.rpartition(":")[2], LabError)
    if kind is InvalidInput:
        places = [(one["pointer"], one["code"], one["detail"]) for one in problem.errors]
        return InvalidInput(problem.message, problem.hint, places)
    return kind(problem.message, problem.hint)


def client_of(lock: LabLock) -> Client | None:
    """The client of the host that holds a lab; None where its holder takes no commands (a script, say)."""
    info = lock.host()
    return Client(info) if info is not None else None
