"""XGBoost without its scikit-learn half, in processes that are ours alone.

`import xgboost` imports scikit-learn where that is installed, for estimators that nothing here uses: 1.2 s and 66 MB
in each process. A module that is None in `sys.modules` cannot be imported; that is all this does, for the moment of
the import. Never call it in a process of somebody else's, such as a notebook.
"""

import importlib
import sys


def import_xgboost() -> None:
    """Import xgboost once, leaving scikit-learn importable afterwards."""
    if "xgboost" in sys.modules or "sklearn" in sys.modules:
        return
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("xgboost")
    finally:
        del sys.modules["sklearn"]
