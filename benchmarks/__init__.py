"""Ratios against a bare baseline measured in the same run; `make bench`. Never a timed test."""

import re
from pathlib import Path


def peak_bytes() -> int:
    """The most memory this process has held; `getrusage` would count what its parent held when it was started."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None, "/proc/self/status tells no VmHWM"
    return int(found[1]) * 1024
