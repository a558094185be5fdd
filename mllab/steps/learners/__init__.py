"""Algorithm families, one file each; a new one is a file and a line here."""

from collections.abc import Mapping
from typing import Any

from mllab.errors import InvalidInput
from mllab.steps.learners.contract import Fitted, Learner, Report, Sample, ShouldStop
from mllab.steps.learners.xgboost import XGBoost

__all__ = ["LEARNERS", "Fitted", "Learner", "Report", "Sample", "ShouldStop", "check_params", "get_learner"]

LEARNERS: dict[str, Learner] = {"xgboost": XGBoost()}
"""Name in `[model.NAME] learner` to the learner."""


def get_learner(name: str) -> Learner:
    """The learner of a name.

    Raises:
        InvalidInput: there is none.
    """
    if name not in LEARNERS:
        raise InvalidInput(f"no learner is called `{name}`", "learners: " + ", ".join(LEARNERS))
    return LEARNERS[name]


def check_params(learner: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters completed with the learner's defaults, without loading its library.

    Raises:
        InvalidInput: an unknown learner or name, or a value that does not fit.
    """
    return get_learner(learner).check_params(params)
