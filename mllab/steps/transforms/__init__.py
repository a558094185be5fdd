"""Transforms of features, one family a file; a new one is a file, its two records and a line here.

A transform learns from the training split alone, is stored with the version as a record, and is applied value by value
by the same kernel offline and online.
"""

from typing import Any

from mllab.config.transforms import do_of
from mllab.records import FittedTransform
from mllab.steps.transforms.categories import OneHotEncoding, OrdinalEncoding
from mllab.steps.transforms.contract import FLOAT32_MAX, Column, Family, Kernel, Learnt, Supervision
from mllab.steps.transforms.curves import Logarithm, YeoJohnson
from mllab.steps.transforms.dates import Dating
from mllab.steps.transforms.missing import Imputing
from mllab.steps.transforms.ranges import Binning, Clipping
from mllab.steps.transforms.scaling import Scaling
from mllab.steps.transforms.target import TargetEncoding
from mllab.steps.transforms.text import Hashing, Measuring

__all__ = ["FAMILIES", "FLOAT32_MAX", "Column", "Family", "Kernel", "Learnt", "Supervision", "family_of", "kernel_of"]

FAMILIES: dict[str, Family[Any, Any]] = {
    "impute": Imputing(),
    "clip": Clipping(),
    "scale": Scaling(),
    "log": Logarithm(),
    "power": YeoJohnson(),
    "bin": Binning(),
    "one_hot": OneHotEncoding(),
    "ordinal": OrdinalEncoding(),
    "target_encode": TargetEncoding(),
    "date_parts": Dating(),
    "text_length": Measuring(),
    "hash": Hashing(),
}
"""The `do` of a declared or fitted step to what fits and applies it."""


def family_of(step: Any) -> Family[Any, Any]:
    """The family of a declared or fitted step."""
    return FAMILIES[do_of(step)]


def kernel_of(fitted: FittedTransform) -> Kernel:
    """The function that applies a fitted transform to one value."""
    return family_of(fitted).kernel(fitted)
