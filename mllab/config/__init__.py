"""`mllab.toml` -> LabConfig: the declaration of a lab, checked to the last key.

Reads text, never files. Every error names the key, its line where it can be found, and the nearest valid name.
"""

from mllab.config.reading import origins, parse_config
from mllab.config.tables import (
    NULL_WORDS,
    AggregateTable,
    AlertAfterTable,
    EngineTable,
    EntityTable,
    FeatureServiceTable,
    FeatureViewTable,
    FieldTable,
    GateTable,
    LabConfig,
    LabTable,
    LineageTable,
    ModelTable,
    MonitoringTable,
    OnDemandTable,
    OnTable,
    ServingTable,
    SourceTable,
    SplitTable,
    TriggerTable,
)
from mllab.config.words import duration, nearest

__all__ = [
    "AggregateTable",
    "AlertAfterTable",
    "EngineTable",
    "EntityTable",
    "FeatureServiceTable",
    "FeatureViewTable",
    "FieldTable",
    "GateTable",
    "LabConfig",
    "LabTable",
    "LineageTable",
    "ModelTable",
    "MonitoringTable",
    "NULL_WORDS",
    "OnDemandTable",
    "OnTable",
    "ServingTable",
    "SourceTable",
    "SplitTable",
    "TriggerTable",
    "duration",
    "nearest",
    "origins",
    "parse_config",
]
