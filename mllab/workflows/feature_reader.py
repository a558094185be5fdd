"""What a view knows of an entity at a moment: the present from the online store, older moments from the index.

A lookup reads the online rows and the moment from which on they answer in one statement; only an earlier moment goes
to the memory-mapped index. Both hold the same values, so that it does not show which of them answered.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mllab.config import FeatureViewTable, duration
from mllab.engine.offline import read_index
from mllab.errors import NotFound, Unavailable
from mllab.records import FeatureStatus, Materialization
from mllab.steps.features import Known, feature_names, known_rows, online_features
from mllab.steps.view_index import ViewIndex
from mllab.store.online import Found, OnlineRow
from mllab.store.rows import from_micros, to_micros
from mllab.workflows.feature_views import Definition
from mllab.workflows.workspace import Workspace

_KEPT = 64
"""So many indexes stay mapped."""
_FRESH_SECONDS = 0.25
"""How long a process that does not hold the lab relies on what it has read of a materialization."""


Answer = tuple[dict[str, Any], dict[str, FeatureStatus], datetime | None]
"""Feature to value, feature to status, and when the row that answered became known."""


class Lookup(NamedTuple):
    """How features of one view are found."""

    digest: str
    """Of the view's definition."""
    table: FeatureViewTable
    window_us: int | None
    """The longest window of its aggregates; None without any."""
    features: tuple[str, ...]
    """Which of the view's features are wanted."""
    ttl_us: float
    """Infinite without one."""
    is_whole: bool
    """Whether all of the view's features are wanted."""
    present: dict[str, FeatureStatus]
    """The statuses of an entity that has a value for each of them."""


def lookup_of(one: Definition, features: Sequence[str]) -> Lookup:
    """How some features of a definition are found."""
    windows = [duration(each.window) for each in one.table.aggregate.values()]
    longest = max(windows) // timedelta(microseconds=1) if windows else None
    ttl = math.inf if one.table.ttl is None else duration(one.table.ttl) // timedelta(microseconds=1)
    is_whole = list(features) == feature_names(one.table)
    present = dict.fromkeys(features, FeatureStatus.PRESENT)
    return Lookup(one.digest, one.table, longest, tuple(features), ttl, is_whole, present)


def answer_of(lookup: Lookup, found: "Known | OnlineRow | None", at_us: int) -> Answer:
    """What `look_up_many` found for one entity, by feature."""
    if isinstance(found, tuple) and not isinstance(found, Known) and _is_whole(lookup, found, at_us):
        return dict(zip(lookup.features, found[1], strict=False)), lookup.present.copy(), from_micros(found[0])
    known = _known(lookup, found, at_us)
    values = known.values if lookup.is_whole else {name: known.values[name] for name in lookup.features}
    if known.is_fresh:
        statuses = {name: known.status(name) for name in lookup.features}
    else:  # the same for each of them
        statuses = dict.fromkeys(lookup.features, known.status(""))
    return values, statuses, None if known.at_us is None else from_micros(known.at_us)


def values_of(lookup: Lookup, found: "Known | OnlineRow | None", at_us: int) -> Sequence[Any]:
    """What `look_up_many` found for one entity, by the order of the wanted features."""
    if isinstance(found, tuple) and not isinstance(found, Known) and _is_whole(lookup, found, at_us):
        return found[1]
    known = _known(lookup, found, at_us)
    return [known.values[name] for name in lookup.features]


def _is_whole(lookup: Lookup, row: OnlineRow, at_us: int) -> bool:
    """Whether a row answers all that is wanted just as it is."""
    return lookup.is_whole and at_us - row[0] <= lookup.ttl_us and None not in row[1]


def _known(lookup: Lookup, found: "Known | OnlineRow | None", at_us: int) -> Known:
    if isinstance(found, Known):
        return found
    return online_features(() if found is None else (found,), at_us, lookup.table)


class _Kept(NamedTuple):
    """What was read of a materialization."""

    made: Materialization
    online_from_us: float
    """Infinite where nothing is online."""
    until: float
    """When a process that does not hold the lab reads it again."""


class FeatureReader:
    """Looks features up. Safe to use from several threads."""

    def __init__(self, workspace: Workspace) -> None:
        """Nothing is read yet."""
        self._workspace = workspace
        self._kept: dict[str, _Kept] = {}
        self.asked: dict[tuple[str, ...], tuple[Any, float]] = {}
        """Lists of features that were worked out, each with when that is to be done again."""
        self._indexes: OrderedDict[str, ViewIndex] = OrderedDict()
        self._guard = threading.Lock()

    def forget(self, digest: str) -> None:
        """A view was materialized: read what is kept of it anew."""
        self._kept.pop(digest, None)

    def look_up(self, lookup: Lookup, entity: Sequence[Any], at_us: int) -> Known:
        """What is known of one entity at a moment.

        Args:
            lookup: which view.
            entity: plain values in the order of the view's entity; a null one is nobody.
            at_us: the moment in µs since 1970 UTC.

        Raises:
            Unavailable: the source has data that the view does not hold yet. NotFound: the view's rows are gone.
        """
        if any(value is None for value in entity):
            return online_features((), at_us, lookup.table)
        kept = self._materialization(lookup.digest)
        if kept is None:
            self._refuse_unmade(lookup)
            return online_features((), at_us, lookup.table)
        if at_us >= kept.online_from_us:
            found = self._online(lookup, entity, at_us)
            if found.online_from is not None and at_us >= found.online_from:
                return online_features(found.rows, at_us, lookup.table)
        return self._offline(lookup, entity, at_us)

    def look_up_many(
        self, lookup: Lookup, entities: Sequence[Sequence[Any]], at_us: int
    ) -> "Sequence[Known | OnlineRow | None]":
        """What is known of many entities at one moment, in their order, for `answer_of` and `values_of`."""
        kept = self._materialization(lookup.digest)
        if lookup.window_us is None and kept is not None and at_us >= kept.online_from_us:
            found = self._workspace.online.latest_of(lookup.digest, entities, at_us)
            if found is not None and at_us >= found[0]:
                return found[1]
        return [self.look_up(lookup, entity, at_us) for entity in entities]

    def _refuse_unmade(self, lookup: Lookup) -> None:
        """A view over a source with data must not answer as if nothing were known."""
        if self._workspace.datasets.latest_dataset(lookup.table.source) is not None:
            said = f"a feature view over `{lookup.table.source}` is not made yet"
            raise Unavailable(said, "try again in a moment; without a host: `mllab feature materialize`")

    def _online(self, lookup: Lookup, entity: Sequence[Any], at_us: int) -> Found:
        if lookup.window_us is None:
            return self._workspace.online.latest(lookup.digest, entity, at_us)
        return self._workspace.online.window(lookup.digest, entity, at_us - lookup.window_us, at_us)

    def _offline(self, lookup: Lookup, entity: Sequence[Any], at_us: int) -> Known:
        for _ in range(2):  # the index may give way to a newer one just now
            kept = self._materialization(lookup.digest)
            if kept is None:
                break
            try:
                index = self.index(kept.made.index)
            except NotFound:
                self.forget(lookup.digest)
                continue
            return online_features(known_rows(index, entity, at_us, lookup.table), at_us, lookup.table)
        raise NotFound(f"the rows of a feature view over `{lookup.table.source}` are gone", "mllab feature materialize")

    def index(self, name: str) -> ViewIndex:
        """An index by name, mapped once.

        Raises:
            NotFound: it is not there any more.
        """
        with self._guard:
            if name in self._indexes:
                self._indexes.move_to_end(name)
                return self._indexes[name]
        found = read_index(self._workspace.offline.path(name))
        with self._guard:
            self._indexes[name] = found
            while len(self._indexes) > _KEPT:
                self._indexes.popitem(last=False)
        return found

    def is_kept(self, digest: str) -> bool:
        """Whether a view was materialized at all."""
        return self._materialization(digest) is not None

    def _materialization(self, digest: str) -> _Kept | None:
        """What is kept of a view; who holds the lab is told of changes, others look again."""
        found = self._kept.get(digest)
        if found is not None and (self._workspace.db.writer is not None or time.monotonic() < found.until):
            return found
        made = self._workspace.features.find_materialization(digest)
        if made is None:
            return None
        online_from = math.inf if made.online_from is None else to_micros(made.online_from)
        found = self._kept[digest] = _Kept(made, online_from, time.monotonic() + _FRESH_SECONDS)
        return found


def reader_of(workspace: Workspace) -> FeatureReader:
    """The one reader of a workspace."""
    if workspace.reader is None:
        workspace.reader = FeatureReader(workspace)
    return workspace.reader
