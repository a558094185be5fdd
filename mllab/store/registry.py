"""Registered models, versions, aliases, deployments."""

from mllab.errors import NotFound
from mllab.records import AliasMove, Deployment, ModelVersion, RegisteredModel
from mllab.store.db import Database


class Registry:
    """Reads the registry."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def list_models(self) -> list[RegisteredModel]:
        """Models that are registered, by name."""
        return self._db.all(RegisteredModel, "SELECT * FROM models WHERE deleted_at IS NULL ORDER BY name")

    def find_model(self, name: str) -> RegisteredModel | None:
        """A model by name."""
        return self._db.one(RegisteredModel, "SELECT * FROM models WHERE name = ? AND deleted_at IS NULL", name)

    def get_model(self, name: str) -> RegisteredModel:
        """A model by name.

        Raises:
            NotFound: it does not exist.
        """
        found = self.find_model(name)
        if found is None:
            raise NotFound(f"no model is called `{name[:80]}`", "see `mllab model list`")
        return found

    def list_versions(self, model: str) -> list[ModelVersion]:
        """A model's versions, oldest first."""
        sql = "SELECT * FROM versions WHERE model = ? AND deleted_at IS NULL ORDER BY version"
        return self._db.all(ModelVersion, sql, model)

    def get_version(self, model: str, version: int) -> ModelVersion:
        """One version.

        Raises:
            NotFound: the model or the version does not exist.
        """
        sql = "SELECT * FROM versions WHERE model = ? AND version = ? AND deleted_at IS NULL"
        found = self._db.one(ModelVersion, sql, model, version)
        if found is None:
            existing = [str(one.version) for one in self.list_versions(model)]
            hint = f"versions: {', '.join(existing)}" if existing else "see `mllab model list`"
            raise NotFound(f"model `{model}` has no version {version}", hint)
        return found

    def version_of_run(self, run_id: str) -> ModelVersion | None:
        """The version a run was registered as."""
        sql = "SELECT * FROM versions WHERE run_id = ? AND deleted_at IS NULL ORDER BY version LIMIT 1"
        return self._db.one(ModelVersion, sql, run_id)

    def aliases(self, model: str) -> dict[str, int]:
        """Alias to version, as they stand."""
        rows = self._db.readers.all(
            "SELECT alias, version FROM (SELECT *, row_number() OVER (PARTITION BY alias ORDER BY moved_at DESC,"
            " move_id DESC) AS age FROM alias_moves WHERE model = ?)"
            " WHERE age = 1 AND version IS NOT NULL ORDER BY alias",
            model,
        )
        return {row["alias"]: row["version"] for row in rows}

    def alias_moves(self, model: str, alias: str | None = None) -> list[AliasMove]:
        """Every move of a model's aliases, oldest first."""
        return self._db.all(
            AliasMove,
            "SELECT * FROM alias_moves WHERE model = ?1 AND (?2 IS NULL OR alias = ?2) ORDER BY moved_at, move_id",
            model,
            alias,
        )

    def find_deployment(self, model: str) -> Deployment | None:
        """Which version answers for a model."""
        return self._db.one(Deployment, "SELECT * FROM deployments WHERE model = ?", model)

    def list_deployments(self) -> list[Deployment]:
        """Every deployment, by model."""
        return self._db.all(Deployment, "SELECT * FROM deployments ORDER BY model")
