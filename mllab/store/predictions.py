"""The prediction log: records appended before an answer leaves, then brought into the database.

A record is written by one `write(2)` to `.mllab/predictions/<boot>-<n>.log`, so it survives `kill -9` at once; `sync`
makes it survive a power cut. Bringing a segment in is idempotent: its offset moves in the same transaction.
"""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mllab.records import Label, Prediction
from mllab.store.db import Database
from mllab.store.rows import to_micros
from mllab.store.segments import bodies, framed, read_from

_SEGMENT_BYTES = 16 << 20
_ROWS_A_COMMIT = 20_000
"""Longer transactions would keep other writers waiting."""
_encoder = msgspec.msgpack.Encoder()
_HOLDS = (
    "(EXISTS (SELECT 1 FROM json_each(request) WHERE key = ? AND atom IN (SELECT value FROM json_each(?)))"
    " OR EXISTS (SELECT 1 FROM json_each(features) WHERE key = ? AND atom IN (SELECT value FROM json_each(?))))"
)


class LoggedRow(msgspec.Struct, frozen=True, array_like=True):
    """One row of a logged request."""

    as_of: int
    request: dict[str, Any]
    features: dict[str, Any]
    value: Any
    probabilities: dict[str, float] | None


class LoggedRequest(msgspec.Struct, frozen=True, array_like=True):
    """One answered request; its rows are numbered from `first` on."""

    boot: str
    first: int
    model: str
    version: int
    at: int
    rows: Sequence[LoggedRow]


class Predictions:
    """Appends to this process's segment; reads what has been brought in.

    `append` and `next_ids` may be called from any thread.
    """

    def __init__(self, db: Database, folder: Path) -> None:
        """Nothing is opened before the first append."""
        self._db, self._folder = db, folder
        self._boot = f"{time.time_ns() // 1_000_000:x}{os.urandom(2).hex()}"
        self._counter = 0
        self._guard, self._bringing = threading.Lock(), threading.Lock()
        self._handle: int | None = None
        self._segment, self._size, self._dirty = 0, 0, False

    def append(self, model: str, version: int, at: int, rows: Sequence[LoggedRow]) -> list[str]:
        """Log one answered request; the ids of its rows. Times in microseconds.

        Raises:
            OSError: the disk is full or failing; the answer must not be given.
        """
        with self._guard:
            first, boot = self._counter + 1, self._boot
            body = _encoder.encode(LoggedRequest(boot, first, model, version, at, rows))
            record = framed(body)
            if self._handle is None or self._size > _SEGMENT_BYTES:
                self._open()
            written = os.write(self._handle, record)  # type: ignore[arg-type]
            if written != len(record):
                os.ftruncate(self._handle, self._size)  # type: ignore[arg-type]
                raise OSError(28, "the prediction log could not be written whole")
            self._counter += len(rows)
            self._size += written
            self._dirty = True
        return [f"p_{boot}_{number}" for number in range(first, first + len(rows))]

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._handle is not None:
            os.fsync(self._handle)
            os.close(self._handle)
        self._segment += 1
        path = self._folder / f"{self._boot}-{self._segment}.log"
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = 0

    def sync(self) -> None:
        """Make everything appended so far survive a power cut."""
        with self._guard:
            handle, self._dirty = (os.dup(self._handle) if self._dirty and self._handle is not None else None), False
        if handle is not None:
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def bring_in(self) -> int:
        """Read new records of every segment into the database; how many rows came. One thread at a time does it."""
        with self._bringing:
            return self._bring_in()

    def _bring_in(self) -> int:
        n_rows = 0
        for path in sorted(self._folder.glob("*.log")):
            start = int(self._db.value("SELECT n_bytes FROM segments WHERE name = ?", path.name) or 0)
            requests, end = _read(path, start)
            if requests:
                n_rows += self._db.write(lambda tx, r=requests, e=end, p=path: _insert(tx, p.name, r, e))  # type: ignore[misc]
            if not path.name.startswith(f"{self._boot}-") and end >= start:
                self._retire(path)
        return n_rows

    def _retire(self, path: Path) -> None:
        """A segment of a process that is gone holds nothing new: drop it with its offset."""
        path.unlink(missing_ok=True)
        self._db.write(lambda tx: tx.execute("DELETE FROM segments WHERE name = ?", path.name) and None)

    def retire_segments(self) -> None:
        """Bring everything in and drop every segment; this process's next answer begins a new one."""
        self.sync()
        with self._bringing:
            with self._guard:
                if self._handle is not None:
                    os.close(self._handle)
                    self._handle = None
                closed = sorted(self._folder.glob("*.log"))
            self._bring_in()
            for path in closed:
                self._retire(path)

    def spent_segments(self) -> list[Path]:
        """Segments that are brought in whole and that nobody appends to: a later one of their process is there."""
        known = {row[0]: row[1] for row in self._db.readers.all("SELECT name, n_bytes FROM segments")}
        newest: dict[str, int] = {}
        found: list[tuple[str, int, Path]] = []
        for path in self._folder.glob("*.log"):
            boot, _, number = path.stem.rpartition("-")
            found.append((boot, int(number), path))
            newest[boot] = max(newest.get(boot, 0), int(number))
        spent = [path for boot, number, path in sorted(found) if number < newest[boot]]
        return [path for path in spent if known.get(path.name) == path.stat().st_size]

    def retire_spent(self, path: Path) -> None:
        """Drop a segment that `spent_segments` has named."""
        with self._bringing:
            self._retire(path)

    def forget(self, wanted: Mapping[str, Sequence[Any]]) -> int:
        """Delete the predictions that were asked, or saw, all of these, and their labels.

        Args:
            wanted: request or feature column to the values, as JSON holds them, that stand for the one meant.

        Returns:
            How many predictions were deleted.
        """
        pairs = [(name, msgspec.json.encode(list(values)).decode()) for name, values in wanted.items()]
        sql = f"SELECT prediction_id FROM predictions WHERE {' AND '.join([_HOLDS] * len(pairs))}"  # noqa: S608
        ids = [(row[0],) for row in self._db.readers.all(sql, *(text for pair in pairs for text in (*pair, *pair)))]
        for start in range(0, len(ids), _ROWS_A_COMMIT):
            self._db.write(lambda tx, some=ids[start : start + _ROWS_A_COMMIT]: _delete(tx, some))  # type: ignore[misc]
        return len(ids)

    def counts(self) -> dict[tuple[str, int], int]:
        """How many predictions each version gave, by model and version."""
        rows = self._db.readers.all("SELECT model, version, count(*) FROM predictions GROUP BY model, version")
        return {(row[0], row[1]): row[2] for row in rows}

    def find(self, prediction_id: str) -> Prediction | None:
        """A prediction that has been brought in."""
        return self._db.one(Prediction, "SELECT * FROM predictions WHERE prediction_id = ?", prediction_id)

    def list_predictions(self, model: str | None = None, limit: int = 100, offset: int = 0) -> list[Prediction]:
        """The newest predictions that have been brought in, newest first."""
        where, args = ("WHERE model = ?", [model]) if model is not None else ("", [])
        sql = f"SELECT * FROM predictions {where} ORDER BY at DESC, rowid DESC LIMIT ? OFFSET ?"  # noqa: S608
        return self._db.all(Prediction, sql, *args, limit, offset)

    def count_predictions(self, model: str | None = None) -> int:
        """How many predictions have been brought in."""
        where, args = ("WHERE model = ?", [model]) if model is not None else ("", [])
        return int(self._db.value(f"SELECT count(*) FROM predictions {where}", *args))  # noqa: S608

    def find_label(self, prediction_id: str) -> Label | None:
        """The truth about a prediction, where it has arrived."""
        return self._db.one(Label, "SELECT * FROM labels WHERE prediction_id = ?", prediction_id)

    def close(self) -> None:
        """Sync and close this process's segment."""
        self.sync()
        with self._guard:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


def _read(path: Path, start: int) -> tuple[list[LoggedRequest], int]:
    """Whole, undamaged records from an offset on, and the offset behind them."""
    found: list[LoggedRequest] = []
    at = 0
    for body, end in bodies(read_from(path, start)):
        found.append(msgspec.msgpack.decode(body, type=LoggedRequest))
        at = end
    return found, start + at


def _insert(tx: Any, name: str, requests: list[LoggedRequest], end: int) -> int:
    def text(value: Any) -> str:
        return msgspec.json.encode(value).decode()

    rows = [
        (
            f"p_{one.boot}_{one.first + i}",
            one.model,
            one.version,
            one.at,
            row.as_of,
            text(row.request),
            text(row.features),
            text(row.value),
            None if row.probabilities is None else text(row.probabilities),
        )
        for one in requests
        for i, row in enumerate(one.rows)
    ]
    tx.many("INSERT OR IGNORE INTO predictions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    tx.execute("INSERT OR REPLACE INTO segments (name, n_bytes) VALUES (?, ?)", name, end)
    return len(rows)


def _delete(tx: Any, ids: Sequence[tuple[str]]) -> None:
    tx.many("DELETE FROM labels WHERE prediction_id = ?", ids)
    tx.many("DELETE FROM predictions WHERE prediction_id = ?", ids)


def add_label(tx: Any, label: Label) -> None:
    """Keep the truth about one prediction; the same again changes nothing."""
    tx.execute(
        "INSERT OR IGNORE INTO labels (prediction_id, label, observed_at, received_at) VALUES (?, ?, ?, ?)",
        label.prediction_id,
        msgspec.json.encode(label.label).decode(),
        to_micros(label.observed_at),
        to_micros(label.received_at),
    )
