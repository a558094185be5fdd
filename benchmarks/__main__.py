"""Run every benchmark, or those named: `python -m benchmarks loop serve start`."""

import sys

from benchmarks import features, intake, loop, profile, search, serve, start, tracking, tracking_http, tui

ALL = {
    "start": start.main,
    "intake": intake.main,
    "features": features.main,
    "loop": loop.main,
    "profile": profile.main,
    "search": search.main,
    "serve": serve.main,
    "tracking": tracking.main,
    "tracking_http": tracking_http.main,
    "tui": tui.main,
}

if __name__ == "__main__":
    for name in [one for one in sys.argv[1:] if not one.isdigit()] or ALL:
        print(f"== {name}")
        ALL[name]()
