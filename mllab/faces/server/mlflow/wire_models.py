"""What MLflow's clients send of logged models and of the registry; as `wire`."""

from typing import Annotated

import msgspec

from mllab.faces.server.mlflow.wire import Asked, Int64, Pair

Version = Annotated[int, msgspec.Meta(ge=1, le=2**31)]


# -- logged models ----------------------------------------------------------------------------------------------------


class OfModel(Asked, frozen=True, kw_only=True):
    """A logged model by id."""

    model_id: str = ""


class GetModel(OfModel, frozen=True, kw_only=True):
    """A logged model."""

    allow_deleted: bool = False


class CreateModel(Asked, frozen=True, kw_only=True):
    """A new logged model."""

    experiment_id: str
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[Pair] = []
    tags: list[Pair] = []


class FinalizeModel(OfModel, frozen=True, kw_only=True):
    """Whether its files are all there."""

    status: str | int


class SetModelTags(OfModel, frozen=True, kw_only=True):
    """Tags of a logged model."""

    tags: list[Pair] = []


class DeleteModelTag(OfModel, frozen=True, kw_only=True):
    """A tag of a logged model that goes."""

    tag_key: str = ""


class LogModelParams(OfModel, frozen=True, kw_only=True):
    """Parameters of a logged model."""

    params: list[Pair] = []


class ListModelFiles(OfModel, frozen=True, kw_only=True):
    """Files of a logged model."""

    artifact_directory_path: str = ""


class OrderBy(Asked, frozen=True, kw_only=True):
    """What logged models are ordered by."""

    field_name: str
    ascending: bool = True


class OnDataset(Asked, frozen=True, kw_only=True):
    """Data that metrics must be of."""

    dataset_name: str
    dataset_digest: str = ""


class SearchModels(Asked, frozen=True, kw_only=True):
    """Logged models by what is known of them."""

    experiment_ids: list[str] = []
    filter: str = ""
    datasets: list[OnDataset] = []
    max_results: Int64 = 100
    order_by: list[OrderBy] = []
    page_token: str = ""


# -- the registry -----------------------------------------------------------------------------------------------------


class OfName(Asked, frozen=True, kw_only=True):
    """A registered model."""

    name: str


class CreateName(OfName, frozen=True, kw_only=True):
    """A new registered model."""

    tags: list[Pair] = []
    description: str = ""


class UpdateName(OfName, frozen=True, kw_only=True):
    """What is said about it."""

    description: str | None = None


class RenameName(OfName, frozen=True, kw_only=True):
    """Another name."""

    new_name: str = ""


class SearchRegistry(Asked, frozen=True, kw_only=True):
    """Registered models, or versions, by what is known of them."""

    filter: str = ""
    max_results: Int64 = 100
    order_by: list[str] = []
    page_token: str = ""


class SearchVersions(SearchRegistry, frozen=True, kw_only=True):
    """Versions by what is known of them."""

    max_results: Int64 = 10_000


class LatestVersions(OfName, frozen=True, kw_only=True):
    """The newest version of each stage."""

    stages: list[str] = []


class SetNameTag(OfName, frozen=True, kw_only=True):
    """A tag of a registered model."""

    key: str
    value: str = ""


class DeleteNameTag(OfName, frozen=True, kw_only=True):
    """A tag of a registered model that goes."""

    key: str


class OfAlias(OfName, frozen=True, kw_only=True):
    """An alias."""

    alias: str


class SetAlias(OfAlias, frozen=True, kw_only=True):
    """Which version it names."""

    version: Version


class OfVersion(OfName, frozen=True, kw_only=True):
    """A version."""

    version: Version


class CreateVersion(OfName, frozen=True, kw_only=True):
    """A new version."""

    source: str
    run_id: str = ""
    run_link: str = ""
    description: str = ""
    model_id: str = ""
    tags: list[Pair] = []


class UpdateVersion(OfVersion, frozen=True, kw_only=True):
    """What is said about it."""

    description: str | None = None


class TransitionStage(OfVersion, frozen=True, kw_only=True):
    """Another stage."""

    stage: str
    archive_existing_versions: bool = False


class SetVersionTag(OfVersion, frozen=True, kw_only=True):
    """A tag of a version."""

    key: str
    value: str = ""


class DeleteVersionTag(OfVersion, frozen=True, kw_only=True):
    """A tag of a version that goes."""

    key: str
