"""What a dataset version looks like: columns, each against the target and against time, pairs, rows, warnings."""

from datetime import datetime
from typing import Any

from mllab.records.base import Record
from mllab.records.declaration import DType


class Histogram(Record, frozen=True, kw_only=True):
    """How the numbers of a column are spread, over all rows."""

    edges: tuple[float, ...]
    """Ascending; one more than there are counts. Each bin holds its lower edge, the last one its upper edge too."""
    counts: tuple[int, ...]
    below: int = 0
    """Values under the first edge."""
    above: int = 0
    """Values over the last edge."""


class TopValue(Record, frozen=True, kw_only=True):
    """A frequent value and how often it stands there."""

    value: str
    n: int


class Outliers(Record, frozen=True, kw_only=True):
    """Numbers far from the rest, counted over all rows."""

    low: float
    """Quartile 1 - 1.5 x (quartile 3 - quartile 1)."""
    high: float
    n_beyond: int
    """Values outside `low` to `high`."""
    robust_low: float | None = None
    """Where 0.6745 x |x - median| / MAD passes 3.5; None where the MAD is 0."""
    robust_high: float | None = None
    n_robust: int = 0


class TextLengths(Record, frozen=True, kw_only=True):
    """Characters of the texts of a column."""

    least: int
    mean: float
    most: int


class TimeBin(Record, frozen=True, kw_only=True):
    """A column within one stretch of time, over the sampled rows."""

    start: datetime
    n: int
    n_missing: int
    value: float | None
    """Mean of numbers, share of true, share of the most frequent text; None without a value."""


class TimeGap(Record, frozen=True, kw_only=True):
    """Days without a row between two days with rows, more of them than is usual in the column."""

    after: datetime
    """The day before it, midnight UTC."""
    until: datetime
    """The day after it."""
    n_days: int
    """Days without a row."""


class TargetBin(Record, frozen=True, kw_only=True):
    """A model's target among the rows whose value of the column lies in one bin, over the sampled rows."""

    label: str
    n: int
    value: float
    """Rate of the positive class, or mean of the target."""
    low: float | None = None
    """Lower end of the 95 % Wilson interval of a rate."""
    high: float | None = None


class AgainstTarget(Record, frozen=True, kw_only=True):
    """A column against the target of one model."""

    model: str
    target: str
    positive: str | None = None
    """The class whose rate is shown; None for a mean."""
    bins: tuple[TargetBin, ...] = ()
    power: float | None = None
    """Predictive power of the column alone, out of fold: area under the ROC curve; for numbers R2, or the square of
    Spearman's correlation where that is greater; 0 to 1."""


class ColumnProfile(Record, frozen=True, kw_only=True):
    """One column of a dataset version."""

    name: str
    dtype: DType
    n_missing: int
    n_distinct: int
    """Of the values that are not missing."""
    is_distinct_exact: bool = True
    """Else estimated by HyperLogLog, with an error of some per cent."""
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    std: float | None = None
    percentiles: tuple[float, ...] = ()
    """Of numbers: 0 to 100, all 101 of them, over the sampled rows; the ends over all rows."""
    n_zero: int = 0
    n_negative: int = 0
    histogram: Histogram | None = None
    outliers: Outliers | None = None
    top: tuple[TopValue, ...] = ()
    """The most frequent values, over `n_top` rows."""
    n_top: int = 0
    lengths: TextLengths | None = None
    number_share: float | None = None
    """Of texts: share that are numbers."""
    date_share: float | None = None
    """Of texts: share that are dates."""
    gaps: tuple[TimeGap, ...] = ()
    """Of dates and times: the longest ones, at most 5, over all rows."""
    n_gaps: int = 0
    flags: tuple[str, ...] = ()
    """`constant`, `empty`, `id-like`, `mixed`, `leak`."""
    against_time: tuple[TimeBin, ...] = ()
    against_target: tuple[AgainstTarget, ...] = ()

    def quantile(self, percent: int) -> float | None:
        """A percentile of numbers; None of other columns."""
        return self.percentiles[percent] if self.percentiles else None


class Pair(Record, frozen=True, kw_only=True):
    """How closely two columns go together, over the sampled rows."""

    a: str
    b: str
    method: str
    """`pearson`, `spearman` (-1 to 1), `cramers_v`, `correlation_ratio` (0 to 1)."""
    value: float


class OddRow(Record, frozen=True, kw_only=True):
    """A row that an isolation forest sets apart most easily."""

    score: float
    """0 to 1; about 0.5 is ordinary."""
    row: dict[str, Any]


class ProfileWarning(Record, frozen=True, kw_only=True):
    """Something worth a person's eye."""

    code: str
    """`constant`, `empty`, `id-like`, `missing`, `mixed`, `leak`, `duplicates`, `key_conflicts`, `conflicting_labels`,
    `moved`, `gap`."""
    column: str | None
    text: str
    hint: str


class Profile(Record, frozen=True, kw_only=True):
    """All that was found out about one dataset version."""

    source: str
    version: int
    n_rows: int
    """All accepted rows, those included that a later row with the same key stands for."""
    n_sampled: int
    """Rows that percentiles, bins against target and time, pairs, power and odd rows are taken over."""
    columns: tuple[ColumnProfile, ...]
    pairs: tuple[Pair, ...] = ()
    """Strongest first; at most 200."""
    n_duplicates: int = 0
    """Rows that repeat an earlier one in every column; of more than 16 million rows an estimate."""
    n_key_conflicts: int = 0
    """Rows that repeat the key of an earlier one with other values; an estimate as `n_duplicates` is."""
    conflicting_labels: dict[str, int] = {}
    """Model to the number of rows whose features stand with another target elsewhere; of more than 4 million rows an
    estimate."""
    odd_rows: tuple[OddRow, ...] = ()
    warnings: tuple[ProfileWarning, ...] = ()
    made_at: datetime

    def column(self, name: str) -> ColumnProfile | None:
        """One column by name."""
        return next((one for one in self.columns if one.name == name), None)


class ProfileEntry(Record, frozen=True, kw_only=True):
    """Where the profile of a dataset version is kept."""

    source: str
    version: int
    artifact: str
    n_rows: int
    n_columns: int
    made_at: datetime


class TopChange(Record, frozen=True, kw_only=True):
    """A frequent value whose share of the known values has changed."""

    value: str
    share_before: float
    share_after: float
    """0 also where it is no longer among the 20 most frequent."""


class ColumnDiff(Record, frozen=True, kw_only=True):
    """One column in two dataset versions."""

    name: str
    change: str
    """`same`, `added`, `missing`, `type`."""
    before: str = ""
    after: str = ""
    """Types, where they differ."""
    missing_before: float = 0.0
    missing_after: float = 0.0
    """Shares."""
    mean_before: float | None = None
    mean_after: float | None = None
    median_before: float | None = None
    median_after: float | None = None
    quantiles_before: tuple[float, ...] = ()
    """Of numbers: the 5th, 25th, 50th, 75th and 95th percentile."""
    quantiles_after: tuple[float, ...] = ()
    top: tuple[TopChange, ...] = ()
    """Of texts and truth values: what has changed most, at most 5."""
    psi: float | None = None
    """Population stability index, the sum of (q - p) ln(q / p) over the deciles of the first, or over its frequent
    values and all others together; above 0.25 is much."""
    ks: float | None = None
    """Greatest distance between the two cumulative distributions of numbers, 0 to 1."""


class ProfileDiff(Record, frozen=True, kw_only=True):
    """Two dataset versions side by side; the columns that differ most come first."""

    a: str
    b: str
    rows_before: int
    rows_after: int
    columns: tuple[ColumnDiff, ...]
