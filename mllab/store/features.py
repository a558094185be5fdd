"""Versions of feature views, and what is kept of each."""

from datetime import datetime

from mllab.errors import NotFound
from mllab.records import FeatureViewVersion, Materialization
from mllab.store.db import Database
from mllab.store.rows import to_micros


class Features:
    """Reads definitions and materializations. Safe to use from several threads."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def find_version(self, digest: str) -> FeatureViewVersion | None:
        """The numbered version of a definition."""
        return self._db.one(FeatureViewVersion, "SELECT * FROM feature_views WHERE digest = ?", digest)

    def list_versions(self, view: str | None = None) -> list[FeatureViewVersion]:
        """Versions of one view, or of all of them, by view and number."""
        sql = "SELECT * FROM feature_views WHERE ?1 IS NULL OR view = ?1 ORDER BY view, version"
        return self._db.all(FeatureViewVersion, sql, view)

    def get_version(self, view: str, version: int | None = None) -> FeatureViewVersion:
        """One version of a view; the newest without a number.

        Raises:
            NotFound: it was never used.
        """
        found = [one for one in self.list_versions(view) if version in (None, one.version)]
        if not found:
            number = "" if version is None else f" version {version}"
            hint = "a version is made when a run or a materialization first uses the view"
            raise NotFound(f"feature view `{view}` has no{number or ' version yet'}", hint)
        return found[-1]

    def find_materialization(self, digest: str) -> Materialization | None:
        """What is kept of a definition."""
        return self._db.one(Materialization, "SELECT * FROM materializations WHERE digest = ?", digest)

    def list_materializations(self) -> list[Materialization]:
        """What is kept of every definition, by view and version."""
        return self._db.all(Materialization, "SELECT * FROM materializations ORDER BY view, version")

    def dataset_version_at(self, digest: str, at: datetime) -> int | None:
        """The dataset version whose rows answered for a definition at a moment; None before its first."""
        sql = (
            "SELECT payload ->> 'dataset_version' FROM events WHERE type = 'materialization.made' AND at <= ?2"
            " AND payload ->> 'digest' = ?1 ORDER BY seq DESC LIMIT 1"
        )
        found = self._db.value(sql, digest, to_micros(at))
        return None if found is None else int(found)
