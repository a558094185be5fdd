"""The registering part of the Python API: models that scripts log, the names they are kept under, versions, aliases.

Reads go straight to the database, whoever hosts the lab.
"""

from collections.abc import Mapping, Sequence

from mllab.lab.opened import Opened
from mllab.records import (
    AliasMove,
    Experiment,
    LoggedModel,
    LoggedModelStatus,
    ModelLink,
    ModelMetric,
    ModelVersion,
    RegisteredModel,
    Run,
)


class Registering(Opened):
    """What is kept of models that came from elsewhere, and every model's name. Use it through `Lab`."""

    # -- logged models ------------------------------------------------------------------------------------------------

    def logged_model(self, model_id: str, *, deleted: bool = False) -> LoggedModel:
        """A model that a script logged; with `deleted` also one that is in no list any more.

        Raises:
            NotFound: it does not exist.
        """
        return self._workspace.logged_models.get_model(model_id, deleted=deleted)

    def logged_models(self, experiments: Sequence[str]) -> list[LoggedModel]:
        """The models logged in some experiments (by id), newest first."""
        return self._workspace.logged_models.list_models(experiments)

    def model_links(self, runs: Sequence[str]) -> dict[str, list[tuple[str, ModelLink]]]:
        """Run to the logged models that it made or used: id, and how."""
        return self._workspace.logged_models.links(runs)

    def create_logged_model(
        self,
        experiment_id: str,
        *,
        name: str = "",
        run_id: str | None = None,
        type: str = "",
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> LoggedModel:
        """Make room for the files of a model.

        Raises:
            NotFound: there is no such experiment or run. InvalidInput: a name or value that cannot be.
            Conflict: the experiment lies in the trash.
        """
        fields = {"params": dict(params or {}), "tags": dict(tags or {})}
        given = {"experiment_id": experiment_id, "name": name, "run_id": run_id, "type": type}
        return self._do("create_logged_model", LoggedModel, **given, **fields)

    def change_logged_model(
        self,
        model_id: str,
        *,
        status: LoggedModelStatus | None = None,
        params: Mapping[str, str] | None = None,
        set: Mapping[str, str] | None = None,
        remove: Sequence[str] = (),
        artifacts: Mapping[str, str] | None = None,
        drop: Sequence[str] = (),
        metrics: Sequence[ModelMetric] = (),
        links: Sequence[ModelLink] = (),
    ) -> LoggedModel:
        """Add to a logged model, or take tags and files away; all of it or nothing.

        Args:
            model_id: whose.
            status: whether its files are all there.
            params: do not change once they are told.
            set: tags.
            remove: tags.
            artifacts: path to the digest that `keep_artifact` gave.
            drop: paths of files or folders.
            metrics: the last value by step and time is kept.
            links: runs that made it, or used it.

        Raises:
            NotFound: there is no such model, tag or file. Conflict: a parameter has another value.
            InvalidInput: a name or value that cannot be.
        """
        return self._do(
            "change_logged_model",
            LoggedModel,
            model_id=model_id,
            status=status,
            params=dict(params or {}),
            set=dict(set or {}),
            remove=tuple(remove),
            artifacts=dict(artifacts or {}),
            drop=tuple(drop),
            metrics=tuple(metrics),
            links=tuple(links),
        )

    def trash_logged_model(self, model_id: str) -> LoggedModel:
        """Take a logged model out of the lists.

        Raises:
            NotFound: it does not exist.
        """
        return self._do("trash_logged_model", LoggedModel, model_id=model_id)

    def drop_artifacts(self, run_id: str, paths: Sequence[str]) -> Run:
        """Take files, or whole folders, away from a run that was logged from outside.

        Raises:
            NotFound: there is no such run or file. Conflict: mllab trained the run.
        """
        return self._do("drop_artifacts", Run, run_id=run_id, paths=tuple(paths))

    # -- names --------------------------------------------------------------------------------------------------------

    def registered_models(self) -> list[RegisteredModel]:
        """Names under which versions are kept, in order."""
        return self._workspace.registry.list_models()

    def registered_model(self, name: str) -> RegisteredModel:
        """One name.

        Raises:
            NotFound: it does not exist.
        """
        return self._workspace.registry.get_model(name)

    def model_versions(self, name: str) -> list[ModelVersion]:
        """The versions of a name, oldest first."""
        return self._workspace.registry.list_versions(name)

    def aliases(self, name: str) -> dict[str, int]:
        """Alias to version, as they stand."""
        return self._workspace.registry.aliases(name)

    def register_model(self, name: str, *, note: str = "", tags: Mapping[str, str] | None = None) -> RegisteredModel:
        """Make a name for versions from elsewhere.

        Raises:
            Conflict: it is taken, or declared in `mllab.toml`. InvalidInput: a name or value that cannot be.
        """
        return self._do("register_model", RegisteredModel, name=name, note=note, tags=dict(tags or {}))

    def change_model(
        self, name: str, *, note: str | None = None, set: Mapping[str, str] | None = None, remove: Sequence[str] = ()
    ) -> RegisteredModel:
        """Say something about a registered model.

        Raises:
            NotFound: it does not exist. InvalidInput: a value that cannot be.
        """
        fields = {"note": note, "set": dict(set or {}), "remove": tuple(remove)}
        return self._do("change_model", RegisteredModel, name=name, **fields)

    def rename_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name; its versions and aliases come along.

        Raises:
            NotFound: it does not exist. Conflict: the new name is taken, or mllab trains one of the two.
            InvalidInput: a name that cannot be.
        """
        return self._do("rename_model", RegisteredModel, name=name, new_name=new_name)

    def delete_model(self, name: str) -> RegisteredModel:
        """Take a model and its versions out of the lists.

        Raises:
            NotFound: it does not exist. Conflict: mllab trains it.
        """
        return self._do("delete_model", RegisteredModel, name=name)

    # -- by filters ---------------------------------------------------------------------------------------------------

    def search_experiments(
        self, filter: str = "", *, order_by: Sequence[str] = (), deleted: bool | None = False
    ) -> list[Experiment]:
        """Experiments that a filter in MLflow's grammar lets through, in order; `deleted` as in `experiments`.

        Raises:
            FilterError: filter or order cannot be understood.
        """
        from mllab.workflows.searching_registry import search_experiments

        return search_experiments(self._workspace, filter, order_by, deleted)

    def search_models(self, filter: str = "", *, order_by: Sequence[str] = ()) -> list[RegisteredModel]:
        """Registered models that a filter lets through; as `search_experiments`."""
        from mllab.workflows.searching_registry import search_models

        return search_models(self._workspace, filter, order_by)

    def search_versions(self, filter: str = "", *, order_by: Sequence[str] = ()) -> list[ModelVersion]:
        """Versions that a filter lets through; as `search_experiments`."""
        from mllab.workflows.searching_registry import search_versions

        return search_versions(self._workspace, filter, order_by)

    def search_logged_models(
        self,
        experiments: Sequence[str],
        filter: str = "",
        *,
        order_by: Sequence[str] = (),
        datasets: Sequence[tuple[str, str]] = (),
    ) -> list[LoggedModel]:
        """Logged models of some experiments that a filter lets through; as `search_experiments`.

        Args:
            experiments: ids.
            filter: for example `metrics.auc > 0.9 AND name = 'trees'`.
            order_by: for example `metrics.auc DESC`; then the newest first.
            datasets: name and digest (empty: any); only metrics on one of these count.
        """
        from mllab.workflows.searching_registry import search_logged_models

        return search_logged_models(self._workspace, experiments, filter, order_by, datasets)

    # -- versions and aliases -----------------------------------------------------------------------------------------

    def register_version(
        self,
        model: str,
        source: str,
        *,
        run_id: str = "",
        model_id: str | None = None,
        note: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> ModelVersion:
        """Keep a model from elsewhere as the next version of a name; it is listed, and never served.

        Raises:
            NotFound: there is no such model, run or logged model. InvalidInput: a value that cannot be.
        """
        fields = {"run_id": run_id, "model_id": model_id, "note": note, "tags": dict(tags or {})}
        return self._do("register_version", ModelVersion, model=model, source=source, **fields)

    def change_version(
        self,
        model: str,
        version: int,
        *,
        note: str | None = None,
        stage: str | None = None,
        archive: bool = False,
        set: Mapping[str, str] | None = None,
        remove: Sequence[str] = (),
    ) -> ModelVersion:
        """Say something about a version.

        Raises:
            NotFound: it does not exist. InvalidInput: a value that cannot be.
        """
        fields = {"note": note, "stage": stage, "archive": archive, "set": dict(set or {}), "remove": tuple(remove)}
        return self._do("change_version", ModelVersion, model=model, version=version, **fields)

    def delete_version(self, model: str, version: int) -> ModelVersion:
        """Take a version out of the lists, and the aliases that name it away.

        Raises:
            NotFound: it does not exist. Conflict: it answers.
        """
        return self._do("delete_version", ModelVersion, model=model, version=version)

    def point_alias(self, model: str, alias: str, version: int) -> AliasMove:
        """Let an alias name a version; `champion` deploys one that mllab can serve.

        Raises:
            NotFound: no such version. InvalidInput: an alias that cannot be. Conflict: it cannot be promoted.
        """
        return self._do("point_alias", AliasMove, model=model, alias=alias, version=version)

    def remove_alias(self, model: str, alias: str) -> AliasMove:
        """Take an alias away.

        Raises:
            NotFound: no such model or alias. Conflict: the version under it answers.
        """
        return self._do("remove_alias", AliasMove, model=model, alias=alias)
