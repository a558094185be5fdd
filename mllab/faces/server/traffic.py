"""Counts of requests and the latency of the latest predictions, for status line and metrics."""

import math

_N_LATENCIES = 1024


class Traffic:
    """Written by the server's loop, read from any thread."""

    def __init__(self) -> None:
        """Nothing has been asked yet."""
        self.n_requests = self.n_errors = self.n_refused = self.n_predictions = 0
        self._ring: list[float] = []
        self._next = 0

    def add(self, status: int, seconds: float, *, is_prediction: bool) -> None:
        """Count one answered request.

        Args:
            status: its HTTP status.
            seconds: from its head to the end of its answer.
            is_prediction: whether its latency counts.
        """
        self.n_requests += 1
        if status >= 400:
            if status >= 500:
                self.n_errors += 1
            else:
                self.n_refused += 1
        elif is_prediction:
            self.n_predictions += 1
            if len(self._ring) < _N_LATENCIES:
                self._ring.append(seconds)
            else:
                self._ring[self._next] = seconds
                self._next = (self._next + 1) % _N_LATENCIES

    def stats(self) -> dict[str, int | float | None]:
        """Counts since the start and percentiles of the last 1,024 answered predictions.

        Returns:
            `requests`, `errors` (status 500 and above), `refused` (400 to 499), `predictions` (requests, not rows),
            and `p50_seconds`, `p95_seconds`, `p99_seconds`, None before the first prediction.
        """
        latencies = sorted(self._ring)
        return {
            "requests": self.n_requests,
            "errors": self.n_errors,
            "refused": self.n_refused,
            "predictions": self.n_predictions,
            **{f"p{share}_seconds": _percentile(latencies, share / 100) for share in (50, 95, 99)},
        }


def _percentile(ordered: list[float], share: float) -> float | None:
    """The least value that at least this share of the values do not exceed (nearest rank)."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
