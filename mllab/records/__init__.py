"""Every noun of a lab, in the order of the pipeline; one record is one row.

Records are frozen and know nothing of storage, files or faces. Building one does not validate it; `msgspec.convert`
at a border (file, row, request) does. Times are aware datetimes in UTC, `_share` is 0..1, digests are SHA-256 in hex.

    events → declaration → data → runs → registry → predictions, with jobs and commands beside them
"""

from mllab.records.base import Record
from mllab.records.bundle import Bundle, FeatureSpec, GoldenRow
from mllab.records.commands import (
    COMMANDS,
    Add,
    Assign,
    Cancel,
    Command,
    LogLabels,
    Promote,
    Release,
    Retry,
    Rollback,
    Train,
)
from mllab.records.data import DataFile, DatasetVersion, FileStatus, Refusal, Rejection, TrainingSet
from mllab.records.declaration import ConfigVersion, DType, Field, Schema, SourceState
from mllab.records.events import Event
from mllab.records.jobs import Job, JobStatus, JobStep, Lane, Progress, TriggerState
from mllab.records.predictions import Label, Prediction
from mllab.records.registry import (
    AliasMove,
    Deployment,
    GateResult,
    ModelVersion,
    RegisteredModel,
    VersionStatus,
)
from mllab.records.runs import MetricPoint, Run, RunStatus, Task
from mllab.records.views import (
    Answer,
    FileSummary,
    LabProposal,
    LabStatus,
    ModelState,
    ModelSummary,
    QuarantineEntry,
    Served,
    SourceSummary,
    TraceNode,
    VersionSummary,
)

__all__ = [
    "Add",
    "AliasMove",
    "Answer",
    "Assign",
    "Bundle",
    "COMMANDS",
    "Cancel",
    "Command",
    "ConfigVersion",
    "DType",
    "DataFile",
    "DatasetVersion",
    "Deployment",
    "Event",
    "FeatureSpec",
    "Field",
    "FileStatus",
    "FileSummary",
    "GateResult",
    "GoldenRow",
    "Job",
    "JobStatus",
    "JobStep",
    "LabProposal",
    "LabStatus",
    "Label",
    "Lane",
    "LogLabels",
    "MetricPoint",
    "ModelState",
    "ModelSummary",
    "ModelVersion",
    "Prediction",
    "Progress",
    "Promote",
    "QuarantineEntry",
    "Record",
    "Refusal",
    "RegisteredModel",
    "Rejection",
    "Release",
    "Retry",
    "Rollback",
    "Run",
    "RunStatus",
    "Schema",
    "Served",
    "SourceState",
    "SourceSummary",
    "Task",
    "TraceNode",
    "Train",
    "TrainingSet",
    "TriggerState",
    "VersionStatus",
    "VersionSummary",
]
