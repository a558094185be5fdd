"""One way to hash plain structures: canonical JSON, SHA-256."""

import hashlib
from typing import Any

import msgspec


def digest_of(value: Any) -> str:
    """SHA-256 in hex over the sorted JSON of a record or plain structure."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
