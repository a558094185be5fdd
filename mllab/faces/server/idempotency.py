"""A changing request sent twice under one `Idempotency-Key` is done once and answered twice."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from mllab.errors import Conflict, InvalidInput

_MOST_KEYS = 1024
_MOST_CHARACTERS = 255


class _Done(NamedTuple):
    digest: bytes
    answer: "asyncio.Future[bytes]"


class Idempotency:
    """The answers of the last 1,024 keyed requests of this process. Belongs to the server's loop."""

    def __init__(self) -> None:
        """No key is known yet."""
        self._known: OrderedDict[str, _Done] = OrderedDict()

    async def once(self, key: str | None, path: str, body: bytes, do: Callable[[], Awaitable[bytes]]) -> bytes:
        """Do a thing, or give the answer of the time it was done; what failed may be tried again.

        Args:
            key: what the caller calls this request; None: it is done each time.
            path: what was asked.
            body: with what.
            do: does it.

        Raises:
            Conflict: the key was used for another request.
            InvalidInput: the key is too long.
        """
        if key is None:
            return await do()
        if not 0 < len(key) <= _MOST_CHARACTERS:
            raise InvalidInput(f"an Idempotency-Key has 1 to {_MOST_CHARACTERS} characters")
        digest = hashlib.sha256(path.encode() + b"\0" + body).digest()
        if (known := self._known.get(key)) is not None:
            if known.digest != digest:
                raise Conflict("this Idempotency-Key was used for another request", "take a new key for a new request")
            return await asyncio.shield(known.answer)
        answer = asyncio.ensure_future(do())
        self._known[key] = _Done(digest, answer)
        if len(self._known) > _MOST_KEYS:
            self._known.popitem(last=False)
        try:
            return await asyncio.shield(answer)
        except Exception:  # whatever it is, it is raised again below; only the key is given free
            self._known.pop(key, None)
            raise
