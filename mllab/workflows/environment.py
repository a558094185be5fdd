"""What a run ran on: Python, machine, packages."""

import functools
import os
import platform
from importlib.metadata import distributions

_NAMED = (
    *("mllab", "polars", "numpy", "pandas", "scipy", "scikit-learn"),
    *("xgboost", "xgboost-cpu", "lightgbm", "catboost", "torch", "tensorflow", "jax"),
)


@functools.cache
def describe() -> dict[str, str]:
    """What matters for repeating a run, by name."""
    found = {"python": platform.python_version(), "platform": platform.platform(), "n_cpus": str(os.cpu_count())}
    return found | {name: version for name, version in _installed().items() if name in _NAMED}


@functools.cache
def packages() -> bytes:
    """Every installed package, one a line, as pip writes them."""
    return "".join(f"{name}=={version}\n" for name, version in sorted(_installed().items())).encode()


@functools.cache
def _installed() -> dict[str, str]:
    return {one.name.lower(): one.version for one in distributions() if one.name}
