"""Models that scripts log: read by id, by experiment, by run."""

from collections.abc import Iterable

import msgspec

from mllab.errors import NotFound
from mllab.records import LinkRole, LoggedModel, ModelLink
from mllab.store.db import Database


class LoggedModels:
    """Reads logged models."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def get_model(self, model_id: str, *, deleted: bool = False) -> LoggedModel:
        """One logged model; with `deleted` also one that was taken out of the lists.

        Raises:
            NotFound: it does not exist.
        """
        sql = "SELECT * FROM logged_models WHERE model_id = ?1 AND (?2 OR deleted_at IS NULL)"
        found = self._db.one(LoggedModel, sql, model_id, deleted)
        if found is None:
            raise NotFound(f"no logged model has the id `{model_id[:80]}`", "mlflow.search_logged_models() lists them")
        return found

    def list_models(self, experiments: Iterable[str]) -> list[LoggedModel]:
        """The logged models of some experiments (by id), newest first."""
        sql = (
            "SELECT * FROM logged_models WHERE experiment_id IN (SELECT value FROM json_each(?))"
            " AND deleted_at IS NULL ORDER BY created_at DESC, model_id DESC"
        )
        return self._db.all(LoggedModel, sql, _json(experiments))

    def links(self, runs: Iterable[str]) -> dict[str, list[tuple[str, ModelLink]]]:
        """Run to the logged models that it made or used: id and link."""
        sql = (
            "SELECT l.run_id, l.model_id, l.role, l.step FROM model_links l JOIN logged_models m USING (model_id)"
            " WHERE l.run_id IN (SELECT value FROM json_each(?)) AND m.deleted_at IS NULL"
            " ORDER BY m.created_at, l.model_id"
        )
        found: dict[str, list[tuple[str, ModelLink]]] = {}
        for run_id, model_id, role, step in self._db.readers.all(sql, _json(runs)):
            link = ModelLink(run_id=run_id, role=LinkRole(role), step=step)
            found.setdefault(run_id, []).append((model_id, link))
        return found


def _json(texts: Iterable[str]) -> str:
    return msgspec.json.encode(list(texts)).decode()
