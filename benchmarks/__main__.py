"""Run every benchmark, or those named: `python -m benchmarks loop serve start`."""

import sys

from benchmarks import intake, loop, serve, start, tui

ALL = {"start": start.main, "intake": intake.main, "loop": loop.main, "serve": serve.main, "tui": tui.main}

if __name__ == "__main__":
    for name in sys.argv[1:] or ALL:
        print(f"== {name}")
        ALL[name]()
