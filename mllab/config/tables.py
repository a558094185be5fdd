"""The tables of `mllab.toml` as records; docs/configuration.md is written from them."""

from typing import Literal

import msgspec

from mllab.config.transforms import Chains
from mllab.records import DType

NULL_WORDS = ("", "NA", "N/A", "null", "NULL", "?", "NaN", "nan", "None")
"""Cells that mean "missing" in text files unless a source says otherwise."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The common form of a TOML table."""


class LabTable(Table, frozen=True, kw_only=True):
    """`[lab]`."""

    name: str = ""
    timezone: str = "UTC"
    """Zone of naive times and of schedules."""
    tracking_only: bool = False
    """Whether a lab without a source is meant: runs are logged to it."""


class FieldTable(Table, frozen=True, kw_only=True):
    """One entry of `[source.NAME.fields]`; what is not said is inferred from the first file."""

    type: DType | None = None
    nullable: bool | None = None
    range: tuple[float | str | None, float | str | None] | None = None
    """Least and greatest value: numbers; for dates and times texts such as `2024-05-06` or RFC 3339; `""` is open."""
    allowed: tuple[str | int | float | bool, ...] | None = None
    unique: bool = False
    """No value twice, within a file and among all accepted files."""
    on_bad: Literal["reject", "null"] = "reject"


class SourceTable(Table, frozen=True, kw_only=True):
    """`[source.NAME]`: how to read its files, whose they are, its contract."""

    files: str | tuple[str, ...] = ()
    """Patterns of inbox file names that belong here, besides everything in `inbox/NAME/`."""
    with_columns: str | None = None
    """A function of `features.py`, run once at intake."""
    key: tuple[str, ...] = ()
    timestamp: str | None = None
    created_timestamp: str | None = None
    """Column with the moment of a row's revision, where the data has one: of rows with one key the latest stands."""
    freshness: str | None = None
    """How old the newest row may be before the source counts as stale, for example `2d`; needs `timestamp`."""
    checks: str | None = None
    """A function of `features.py` that returns named Boolean expressions; a row for which one is false is a bad row."""
    timezone: str | None = None
    null: tuple[str, ...] = NULL_WORDS
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    thousands: str = ""
    skip_rows: int = 0
    compression: Literal["none", "gzip", "zstd"] = "none"
    dates: dict[str, str] = {}
    """Column to `iso` or a strptime format; text columns not named here stay text."""
    max_rejected_share: float = 0.05
    """Above this share of bad rows the whole file goes to quarantine."""
    fields: dict[str, FieldTable] = {}

    def patterns(self) -> tuple[str, ...]:
        """The file name patterns as a tuple."""
        return (self.files,) if isinstance(self.files, str) else self.files


class EntityTable(Table, frozen=True, kw_only=True):
    """`[entity.NAME]`: what features describe; views name it instead of its columns."""

    join_keys: tuple[str, ...]
    description: str = ""


class AggregateTable(Table, frozen=True, kw_only=True):
    """One windowed aggregate of a feature view, over rows with event_timestamp in (t - window, t]."""

    by: Literal["count", "sum", "mean", "min", "max", "last", "distinct"]
    of: str | None = None
    window: str


class FeatureViewTable(Table, frozen=True, kw_only=True):
    """`[feature_view.NAME]`: columns of a source as they were known at a moment, by entity."""

    source: str
    entity: tuple[str, ...]
    """Join keys: columns of the source, or names of declared entities that stand for theirs."""
    timestamp: str | None = None
    """Column that says when the values became known; default: the source's timestamp."""
    function: str | None = None
    """A function of `features.py` whose expressions add columns to the source's rows, each row by itself."""
    ttl: str | None = None
    features: tuple[str, ...] = ()
    aggregate: dict[str, AggregateTable] = {}
    transform: Chains = {}
    """Feature to a list of steps, fitted on the training split of each model that takes it: docs/transforms.md."""
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class OnDemandTable(Table, frozen=True, kw_only=True):
    """`[on_demand.NAME]`: a function of `features.py` computed from the request's own columns."""

    function: str
    inputs: tuple[str, ...]


class FeatureServiceTable(Table, frozen=True, kw_only=True):
    """`[feature_service.NAME]`: what one model asks for, under a name of its own."""

    features: tuple[str, ...]
    """Views, single features as `view:feature`, on-demand groups and columns."""
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class SplitTable(Table, frozen=True, kw_only=True):
    """How samples are divided; durations for `time`, shares for `hash`."""

    by: Literal["time", "hash"]
    validation: str | float
    test: str | float


class GateTable(Table, frozen=True, kw_only=True):
    """One rule a version must pass."""

    metric: str
    min: float | None = None
    max: float | None = None
    no_worse_than: Literal["champion"] | None = None
    margin: float = 0.0
    min_rows: int = 100
    """For a comparison: fewer rows that neither version has seen are not enough."""


class AlertAfterTable(Table, frozen=True, kw_only=True):
    """Persistence: at least `windows` of the last `of` windows."""

    windows: int = 3
    of: int = 5


class MonitoringTable(Table, frozen=True, kw_only=True):
    """`[monitoring]`, or `[model.NAME.monitoring]` for one model."""

    window: str = "1d"
    alert_after: AlertAfterTable = AlertAfterTable()


class ModelTable(Table, frozen=True, kw_only=True):
    """`[model.NAME]`: one row of `source` is one sample."""

    source: str
    target: str
    task: Literal["binary", "multiclass", "regression"] | None = None
    label_within: str | None = None
    request: tuple[str, ...] = ()
    """What a caller sends; default: the features that are columns of the source."""
    features: tuple[str, ...] = ()
    """Names of views (or `view:feature`), services, on-demand groups or columns; default: every usable column."""
    transform: Chains = {}
    """Feature to a list of steps; stands in place of what its view says. See docs/transforms.md."""
    learner: Literal["xgboost"] = "xgboost"
    params: dict[str, int | float | str | bool] = {}
    seed: int = 0
    split: SplitTable | None = None
    """Default: by time where the source has a timestamp, else by hash; 15 % each for validation and test."""
    metric: str | None = None
    promote: Literal["auto", "ask"] = "ask"
    gates: tuple[GateTable, ...] = ()
    monitoring: MonitoringTable | None = None


class OnTable(Table, frozen=True, kw_only=True):
    """When a trigger fires; exactly one of `data`, `cron`, `every`, `alert`."""

    data: str | None = None
    min_rows: int = 1
    cron: str | None = None
    every: str | None = None
    alert: str | None = None
    kinds: tuple[str, ...] = ()


class TriggerTable(Table, frozen=True, kw_only=True):
    """`[trigger.NAME]`."""

    on: OnTable
    do: Literal["retrain", "train"] = "retrain"
    model: str | None = None
    """Default: every model of the watched source, or the model the alert is about."""
    at_most: str | None = None
    """For example `1 per day`."""


class EngineTable(Table, frozen=True, kw_only=True):
    """`[engine]`: where heavy and untrusted steps run."""

    kind: Literal["child", "inline"] = "child"
    memory_bytes: int = 6_000_000_000
    step_seconds: float = 3600.0


class ServingTable(Table, frozen=True, kw_only=True):
    """`[serving]`."""

    host: str = "127.0.0.1"
    port: int = 8610
    default: str | None = None


class LineageTable(Table, frozen=True, kw_only=True):
    """`[lineage]`: jobs told to others as OpenLineage's run events; read when the host starts."""

    file: str | None = None
    """Append one JSON object a line to this file, a path from the lab's folder: `outbox/openlineage.jsonl`."""
    url: str | None = None
    """Post each event to this URL, for example `http://localhost:5000/api/v1/lineage`."""


class LabConfig(Table, frozen=True, kw_only=True):
    """A whole declaration."""

    lab: LabTable = LabTable()
    source: dict[str, SourceTable] = {}
    entity: dict[str, EntityTable] = {}
    feature_view: dict[str, FeatureViewTable] = {}
    on_demand: dict[str, OnDemandTable] = {}
    feature_service: dict[str, FeatureServiceTable] = {}
    model: dict[str, ModelTable] = {}
    monitoring: MonitoringTable = MonitoringTable()
    trigger: dict[str, TriggerTable] = {}
    engine: EngineTable = EngineTable()
    serving: ServingTable = ServingTable()
    lineage: LineageTable = LineageTable()

    def zone_of(self, source: str) -> str:
        """Zone of naive times of a source."""
        return self.source[source].timezone or self.lab.timezone
