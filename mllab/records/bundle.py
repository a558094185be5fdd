"""What serving needs of a model version, in one file: signature, transforms, golden rows, digest of the booster."""

from typing import Any

from msgspec.structs import force_setattr

from mllab.records.base import Record
from mllab.records.declaration import DType, Field
from mllab.records.runs import Task
from mllab.records.transforms import FittedTransform


class FeatureSpec(Record, frozen=True, kw_only=True):
    """One input column of a model and what was learnt about it on the training split."""

    name: str
    dtype: DType
    """`bool`, `int`, `float` or `string`; of a raw feature that has transforms also `datetime` or `date`."""
    categories: tuple[str, ...] = ()
    """For `string`: the code of a value is its position here; any other value is missing to the model."""
    low: float | None = None
    """Least value seen in training; for warnings only."""
    high: float | None = None


class GoldenRow(Record, frozen=True, kw_only=True):
    """A real row and the model's recorded output; a loaded model must answer it again to the bit."""

    features: dict[str, Any]
    output: tuple[float, ...]
    """float32 values as Python floats: one, or one per class for multiclass."""


class Bundle(Record, frozen=True, kw_only=True):
    """Everything but the booster's own bytes, which its digest names."""

    learner: str
    booster: str
    """Digest of the UBJ file."""
    task: Task
    target: str
    target_dtype: DType
    classes: tuple[bool | int | float | str, ...] = ()
    """Classes in the order of the model's outputs; for binary the second is the positive one."""
    threshold: float = 0.5
    features: tuple[FeatureSpec, ...]
    """What is looked up, computed and logged, before any transform."""
    inputs: tuple[FeatureSpec, ...] = ()
    """What the booster takes, in the order of the matrix columns: the features after their transforms."""
    transforms: tuple[FittedTransform, ...] = ()
    """In the order they are applied."""
    request: tuple[Field, ...]
    """What a caller sends."""
    request_example: dict[str, Any] = {}
    """A real request row."""
    timestamp: str | None = None
    """The request column that carries the as-of moment."""
    views: tuple[str, ...] = ()
    on_demand: tuple[str, ...] = ()
    config_digest: str = ""
    """The declaration whose views and functions this version was trained with."""
    golden: tuple[GoldenRow, ...] = ()
    importance: dict[str, float] = {}
    """Feature to its share of the total gain of the trees, 0 to 1."""

    def __post_init__(self) -> None:
        """Without transforms, and in a bundle older than they, the features are the inputs."""
        if not self.inputs:
            force_setattr(self, "inputs", self.features)
