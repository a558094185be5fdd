"""Which noun lives in which table: the one map that events are applied by.

An event `run.finished` changes the row of noun `run`. Its payload is the part of the row that changed, primary key
included; applying it is an upsert. So the log, replayed from empty, gives the same tables.
"""

from typing import NamedTuple

import msgspec

from mllab.errors import Unavailable
from mllab.records import (
    AliasMove,
    ConfigVersion,
    Contract,
    DataFile,
    DatasetVersion,
    Deployment,
    Erasure,
    Experiment,
    FeatureViewVersion,
    Job,
    LoggedModel,
    Materialization,
    ModelVersion,
    ProfileEntry,
    RegisteredModel,
    Run,
    SavedView,
    SourceState,
    TrainingSet,
    TriggerState,
)
from mllab.store.connect import Readers

NEWEST_STEP = "m005_tracking"
"""The last step of `migrations`, said again here for those who only read: they do not import what migrates."""


def is_current(readers: Readers) -> bool:
    """Whether a database has every step of this mllab's schema; False too for one that cannot be asked."""
    try:
        return bool(readers.all("SELECT 1 FROM _sqlite_migrations WHERE name = ?", NEWEST_STEP))
    except Unavailable:
        return False
    finally:
        readers.close()


class StateTable(NamedTuple):
    """A state table, the record of its rows, its primary key."""

    name: str
    record: type[msgspec.Struct]
    key: tuple[str, ...]


STATE_TABLES: dict[str, StateTable] = {
    "config": StateTable("configs", ConfigVersion, ("digest",)),
    "source": StateTable("sources", SourceState, ("name",)),
    "contract": StateTable("contracts", Contract, ("source", "version")),
    "datafile": StateTable("datafiles", DataFile, ("sha256",)),
    "dataset": StateTable("datasets", DatasetVersion, ("source", "version")),
    "erasure": StateTable("erasures", Erasure, ("erasure_id",)),
    "feature_view": StateTable("feature_views", FeatureViewVersion, ("view", "version")),
    "materialization": StateTable("materializations", Materialization, ("digest",)),
    "profile": StateTable("profiles", ProfileEntry, ("source", "version")),
    "experiment": StateTable("experiments", Experiment, ("experiment_id",)),
    "training_set": StateTable("training_sets", TrainingSet, ("digest",)),
    "run": StateTable("runs", Run, ("run_id",)),
    "saved_view": StateTable("saved_views", SavedView, ("name",)),
    "logged_model": StateTable("logged_models", LoggedModel, ("model_id",)),
    "model": StateTable("models", RegisteredModel, ("name",)),
    "version": StateTable("versions", ModelVersion, ("model", "version")),
    "gates": StateTable("versions", ModelVersion, ("model", "version")),
    "alias": StateTable("alias_moves", AliasMove, ("move_id",)),
    "deployment": StateTable("deployments", Deployment, ("model",)),
    "job": StateTable("jobs", Job, ("job_id",)),
    "trigger": StateTable("triggers", TriggerState, ("name",)),
}
"""Noun of the event type to its table. Nouns that are not here (metrics, predictions, labels) announce bulk facts."""
