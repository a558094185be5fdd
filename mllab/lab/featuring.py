"""The features half of the Python API: views, what was known of an entity, training sets.

Reads go straight to the lab's files, whoever hosts it. Each verb imports its workflow in its body.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Event as Stop
from typing import TYPE_CHECKING, Any

import msgspec

from mllab.lab.opened import Opened
from mllab.records import (
    FeaturePreview,
    FeatureViewSummary,
    FeatureViewVersion,
    Job,
    Materialization,
    Verification,
    ViewImport,
    ViewPackage,
)

if TYPE_CHECKING:
    import polars as pl

    from mllab.workflows.history import TrainingFrames
    from mllab.workflows.online_answer import OnlineAnswer


class Featuring(Opened):
    """What a lab knows of its entities. Use it through `Lab`."""

    def feature_views(self) -> list[FeatureViewSummary]:
        """Declared feature views, on-demand groups and services, and views that only older versions use."""
        from mllab.workflows.feature_list import feature_views

        return feature_views(self._workspace)

    def feature_view(self, name: str) -> FeatureViewSummary:
        """One of them.

        Raises:
            NotFound: nothing is called so.
        """
        from mllab.workflows.feature_list import feature_view

        return feature_view(self._workspace, name)

    def feature_versions(self, view: str | None = None) -> list[FeatureViewVersion]:
        """Versions of one feature view, or of all: each definition that a run or a materialization has used."""
        return self._workspace.features.list_versions(view)

    def materializations(self) -> list[Materialization]:
        """What is kept of each version of each view."""
        return self._workspace.features.list_materializations()

    def get_historical_features(
        self,
        entity_frame: Any,
        features: Sequence[str],
        *,
        known_as_of: datetime | None = None,
        full_feature_names: bool = False,
    ) -> "pl.DataFrame":
        """Features as they were known at each row's own moment; every row is kept, in its order.

        Args:
            entity_frame: a Polars frame, an Arrow table or a dict of columns: join keys, `event_timestamp`, and what
                on-demand groups read.
            features: views, `view:feature`, services, on-demand groups, columns of the frame.
            known_as_of: use only data that this lab had by then, and revisions made by then.
            full_feature_names: call a feature `view__feature`.

        Raises:
            InvalidInput: a name, column or type that does not fit. NotFound: data was erased.
        """
        from mllab.workflows.history import get_historical

        return get_historical(self._workspace, entity_frame, features, known_as_of, full_feature_names)

    def get_online_features(
        self,
        features: Sequence[str],
        entity_rows: Sequence[Mapping[str, Any]],
        *,
        at: datetime | None = None,
        full_feature_names: bool = False,
    ) -> "OnlineAnswer":
        """What is known of entities at a moment: a sequence of `FeatureRow`, each value with its status.

        Args:
            features: views, `view:feature`, services, on-demand groups, columns of the rows.
            entity_rows: per entity its join keys, and what on-demand groups read.
            at: the moment; default: now. The present is answered by the online store, older moments by the offline one.
            full_feature_names: call a feature `view__feature`.

        Raises:
            InvalidInput: names or rows that do not fit. Unavailable: a view holds no data yet.
        """
        from mllab.workflows.online_features import get_online

        return get_online(self._workspace, features, entity_rows, at, full_feature_names)

    def get_training_set(self, model: str, *, digest: str | None = None) -> "TrainingFrames":
        """A frozen training set as frames `train`, `validation`, `test`, with its content hash.

        Args:
            model: name of a model.
            digest: of the training set; default: that of the model's newest run.

        Raises:
            NotFound: there is none yet, or it was erased.
        """
        from mllab.workflows.history import get_training_set

        return get_training_set(self._workspace, model, digest)

    def materialize(
        self, view: str | None = None, *, end: datetime | None = None, anew: bool = False, wait: bool = False
    ) -> Job:
        """Bring one view, or all of them, up to the newest data. Happens by itself after each intake.

        Args:
            view: name of a view; default: all.
            end: rows that became known later stay offline.
            anew: even where no data has come.
            wait: until it is done.

        Raises:
            NotFound: no view is called so.
        """
        job = self._do("materialize", Job, view=view, end=None if end is None else end.isoformat(), anew=anew)
        return self.wait(job.job_id) if wait else job

    def push(self, source: str, rows: Sequence[Mapping[str, Any]], *, wait: bool = False) -> Job:
        """Bring rows of a source by hand: checked and kept like a dropped file, and online at once.

        Raises:
            NotFound: no source is called so. InvalidInput: no rows, or too many. Conflict: they were pushed before.
        """
        job = self._do("push", Job, source=source, rows=[dict(row) for row in rows])
        return self.wait(job.job_id) if wait else job

    def export_view(self, view: str) -> ViewPackage:
        """A declared feature view as a package for another lab: declaration, code, statistics; no data.

        Raises:
            NotFound: no view is called so, or nothing has used it yet.
        """
        from mllab.workflows.view_exchange import export_view

        return export_view(self._workspace, view)

    def import_view(
        self, path: str | Path, *, source: str | None = None, name: str | None = None, trust: bool = False
    ) -> ViewImport:
        """Append an exported view to this lab's `mllab.toml`; its code to `features.py` only with `trust`.

        Args:
            path: what `export_view` was written to.
            source: of this lab; default: the one of the same name.
            name: of the view here; default: as it was called.
            trust: that the code may run here; without it a view with code is shown and nothing is changed.

        Raises:
            NotFound: no such file or source. InvalidInput: it does not fit. Conflict: a name is taken.
        """
        from mllab.workflows.view_exchange import import_view

        return import_view(self._workspace, Path(path), source, name, trust)

    def verify_features(self, model: str, *, limit: int = 1_000) -> Verification:
        """Replay a model's latest predictions: did each see, to the bit, what the offline store gives?

        Args:
            model: name of a model.
            limit: so many predictions at most.

        Raises:
            NotFound: no such model. LabError: it could not be replayed.
        """
        from mllab.workflows.work import result_of

        job = self.wait(self._do("verify_features", Job, model=model, limit=limit).job_id)
        return msgspec.convert(result_of(job)["verification"], Verification)

    def preview_feature(self, view: str, *, rows: int = 20, seconds: float = 20.0) -> FeaturePreview:
        """Run `features.py` and `mllab.toml` as they lie in the folder on real rows; nothing is changed.

        Args:
            view: a feature view, on-demand group, source or model.
            rows: how many first rows to tell.
            seconds: how long the code may take.

        Returns:
            Each step, and the problem that ended them, where there is one.

        Raises:
            NotFound: nothing is called so, or there are no rows yet.
        """
        from mllab.workflows.preview import preview_feature

        return preview_feature(self._workspace, view, rows, seconds=seconds)

    def watch_feature(self, view: str, stop: Stop, *, rows: int = 20) -> Iterator[FeaturePreview]:
        """A preview now and after each change of `features.py` or `mllab.toml`, until `stop` is set; never an error."""
        from mllab.workflows.preview import watch_feature

        return watch_feature(self._workspace, view, rows, stop)
