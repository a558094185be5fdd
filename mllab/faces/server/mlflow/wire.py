"""What MLflow's clients send of experiments and runs; of models in `wire_models`.

Unknown fields are passed over, for newer clients send more. Whole numbers may come as text, numbers that JSON has not
as `"NaN"`, `"Infinity"`, `"-Infinity"`.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Millis = Annotated[int, msgspec.Meta(ge=-62_135_596_800_000, le=253_402_300_799_999)]
"""Milliseconds since 1970, of the years 1 to 9999."""


class View(StrEnum):
    """Which of what is in the trash is wanted."""

    ACTIVE_ONLY = "ACTIVE_ONLY"
    DELETED_ONLY = "DELETED_ONLY"
    ALL = "ALL"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What every request is."""


class Pair(Asked, frozen=True, kw_only=True):
    """A tag or parameter."""

    key: str
    value: str = ""


# -- experiments ------------------------------------------------------------------------------------------------------


class OfExperiment(Asked, frozen=True, kw_only=True):
    """An experiment by id."""

    experiment_id: str


class GetExperimentByName(Asked, frozen=True, kw_only=True):
    """An experiment by name."""

    experiment_name: str


class CreateExperiment(Asked, frozen=True, kw_only=True):
    """A new experiment."""

    name: str
    artifact_location: str = ""
    tags: list[Pair] = []


class SearchExperiments(Asked, frozen=True, kw_only=True):
    """Experiments by what is known of them."""

    max_results: Int64 = 1000
    page_token: str = ""
    filter: str = ""
    order_by: list[str] = []
    view_type: View = View.ACTIVE_ONLY


class UpdateExperiment(Asked, frozen=True, kw_only=True):
    """Another name."""

    experiment_id: str
    new_name: str = ""


class SetExperimentTag(Asked, frozen=True, kw_only=True):
    """A tag of an experiment."""

    experiment_id: str
    key: str
    value: str = ""


class DeleteExperimentTag(Asked, frozen=True, kw_only=True):
    """A tag of an experiment that goes."""

    experiment_id: str
    key: str


# -- runs -------------------------------------------------------------------------------------------------------------


class OfRun(Asked, frozen=True, kw_only=True):
    """A run by id; older clients call the id `run_uuid`, some send both."""

    run_id: str = ""
    run_uuid: str = ""


class CreateRun(Asked, frozen=True, kw_only=True):
    """A new run."""

    experiment_id: str = "0"
    user_id: str = ""
    run_name: str = ""
    start_time: Millis | None = None
    tags: list[Pair] = []


class UpdateRun(OfRun, frozen=True, kw_only=True):
    """How a run goes on."""

    status: str = ""
    end_time: Millis | None = None
    run_name: str = ""


class Metric(Asked, frozen=True, kw_only=True):
    """One value of a metric."""

    key: str
    value: float
    timestamp: Millis
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogMetric(OfRun, frozen=True, kw_only=True):
    """One value of a metric of a run."""

    key: str
    value: float
    timestamp: Millis
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogParam(OfRun, frozen=True, kw_only=True):
    """A parameter of a run."""

    key: str
    value: str = ""


class SetTag(OfRun, frozen=True, kw_only=True):
    """A tag of a run."""

    key: str
    value: str = ""


class DeleteTag(OfRun, frozen=True, kw_only=True):
    """A tag of a run that goes."""

    key: str


class LogBatch(OfRun, frozen=True, kw_only=True):
    """Metrics, parameters and tags of a run at once."""

    metrics: list[Metric] = []
    params: list[Pair] = []
    tags: list[Pair] = []


class Dataset(Asked, frozen=True, kw_only=True):
    """Data that a run has used."""

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    schema: str = ""
    profile: str = ""


class DatasetInput(Asked, frozen=True, kw_only=True):
    """Data with its tags."""

    dataset: Dataset
    tags: list[Pair] = []


class ModelOutput(Asked, frozen=True, kw_only=True):
    """A logged model that a run has made, or used."""

    model_id: str
    step: Int64 = 0


class LogInputs(OfRun, frozen=True, kw_only=True):
    """What a run has used."""

    datasets: list[DatasetInput] = []
    models: list[ModelOutput] = []


class LogOutputs(OfRun, frozen=True, kw_only=True):
    """The models that a run has made."""

    models: list[ModelOutput] = []


class LogModel(OfRun, frozen=True, kw_only=True):
    """What clients before 3.0 say of a model whose files are among the run's."""

    model_json: str


class SearchRuns(Asked, frozen=True, kw_only=True):
    """Runs by what was logged of them."""

    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: View = View.ACTIVE_ONLY
    max_results: Int64 = 1000
    order_by: list[str] = []
    page_token: str = ""


class GetHistory(OfRun, frozen=True, kw_only=True):
    """Every value of a metric."""

    metric_key: str
    max_results: Int64 | None = None
    page_token: str = ""


class GetHistories(Asked, frozen=True, kw_only=True):
    """Values of one metric of several runs, thinned out."""

    run_ids: list[str]
    metric_key: str
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 = 2500


class ListArtifacts(OfRun, frozen=True, kw_only=True):
    """Files of a run."""

    path: str = ""


class ListFiles(Asked, frozen=True, kw_only=True):
    """Files below a path of the whole store."""

    path: str = ""
