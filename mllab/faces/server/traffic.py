"""Counts of requests and the latency of the latest predictions, for status line and metrics."""

import math
from datetime import datetime

from mllab.records import ModelTraffic, TrafficStats

_N_LATENCIES = 1024


class Latencies:
    """How long the latest predictions took."""

    def __init__(self) -> None:
        """None yet."""
        self.n_predictions = 0
        self._ring: list[float] = []

    def add(self, seconds: float) -> None:
        """Remember one; the oldest makes room for it."""
        if len(self._ring) < _N_LATENCIES:
            self._ring.append(seconds)
        else:
            self._ring[self.n_predictions % _N_LATENCIES] = seconds
        self.n_predictions += 1

    def stats(self) -> ModelTraffic:
        """The count since the start, and percentiles of the last 1,024; None before the first one."""
        ordered = sorted(self._ring)
        return ModelTraffic(
            n_predictions=self.n_predictions,
            p50_seconds=_percentile(ordered, 0.50),
            p95_seconds=_percentile(ordered, 0.95),
            p99_seconds=_percentile(ordered, 0.99),
        )


class Traffic:
    """Written by the server's loop, read from any thread."""

    def __init__(self, started_at: datetime) -> None:
        """Nothing has been asked yet.

        Args:
            started_at: when counting begins, UTC.
        """
        self._started_at = started_at
        self.n_requests = self.n_errors = self.n_refused = 0
        self._all = Latencies()
        self._models: dict[str, Latencies] = {}

    def add(self, status: int, seconds: float, *, model: str | None) -> None:
        """Count one answered request.

        Args:
            status: its HTTP status.
            seconds: from its head to the end of its answer.
            model: that was asked to predict; None for any other request.
        """
        self.n_requests += 1
        if status >= 500:
            self.n_errors += 1
        elif status >= 400:
            self.n_refused += 1
        elif model is not None:
            self._all.add(seconds)
            self._models.setdefault(model, Latencies()).add(seconds)

    def stats(self, *, at: datetime, serving: bool, url: str) -> TrafficStats:
        """Counts since the start and percentiles of the last 1,024 answered predictions.

        Args:
            at: the present moment.
            serving: whether predictions are taken.
            url: where the server answers.
        """
        whole = self._all.stats()
        return TrafficStats(
            at=at,
            started_at=self._started_at,
            serving=serving,
            url=url,
            n_requests=self.n_requests,
            n_errors=self.n_errors,
            n_refused=self.n_refused,
            n_predictions=whole.n_predictions,
            p50_seconds=whole.p50_seconds,
            p95_seconds=whole.p95_seconds,
            p99_seconds=whole.p99_seconds,
            models={name: one.stats() for name, one in sorted(self._models.copy().items())},
        )


def _percentile(ordered: list[float], share: float) -> float | None:
    """The least value that at least this share of the values do not exceed (nearest rank)."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
