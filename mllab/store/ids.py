"""Ids that sort by time: `<kind>_<uuid7 in hex>`."""

import os
import time


def new_id(kind: str) -> str:
    """A fresh id of a kind, for example `run_0192...`; later ids sort after earlier ones (to the millisecond)."""
    millis = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (
        (millis & (1 << 48) - 1) << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return f"{kind}_{value:032x}"
