"""Goes along with a model into the `code/` of its MLflow folder, and answers there as the lab does, to the bit.

This package runs where no mllab is: it imports nothing of mllab, and besides Python only NumPy and XGBoost, and pandas
for a table of probabilities. `mllab.json` beside the model says what was learnt. The arithmetic is that of
steps/predict.py, request.py and transforms/; the tests hold both to the same bits.
"""

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from .reading import listed, reader_of  # noqa: TID252 - the package has another name where it lies in mllab
from .transforms import LARGEST, programs_of  # noqa: TID252

_FORMAT = 1
"""Of `mllab.json`; several models in one process share the package of the first."""


def _load_pyfunc(path: str) -> "Model":
    """What MLflow calls to load the folder of a model."""
    folder = Path(path)
    learnt = json.loads((folder / "mllab.json").read_text(encoding="utf-8"))
    if learnt["format"] != _FORMAT:
        raise ValueError(
            f"mllab.json has format {learnt['format']}, this code reads {_FORMAT}: load it in a new process"
        )
    model = Model(learnt, (folder / "model.ubj").read_bytes())
    if not model.is_as_recorded():
        said = (
            f"this XGBoost ({xgboost.__version__}) rounds some answers differently from the one that trained the model"
        )
        warnings.warn(said, stacklevel=2)
    return model


class Model:
    """A model version of a lab. It never changes once it is made."""

    def __init__(self, learnt: Mapping[str, Any], booster: bytes) -> None:
        """Compile what was learnt, and load the booster.

        Args:
            learnt: the content of `mllab.json`.
            booster: the content of `model.ubj`.
        """
        self.learnt = learnt
        self._readers = {one["name"]: reader_of(one["dtype"], learnt) for one in learnt["columns"]}
        self._programs = programs_of(learnt)
        self._booster = xgboost.Booster()
        self._booster.load_model(bytearray(booster))
        self._booster.set_param({"nthread": 1})

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Answers to the rows of a pandas DataFrame.

        Args:
            data: columns as the signature names them; one that is absent is missing in every row.
            params: `output`: "prediction", the class or the value, or "probability", a table with a column per class.

        Returns:
            An array with an answer per row, or the table.

        Raises:
            ValueError: a value does not fit its column, or `output` means nothing here.
        """
        output = (params or {}).get("output", "prediction")
        if output not in ("prediction", "probability"):
            raise ValueError(f"`output` is {output!r}; it can be 'prediction' or 'probability'")
        names = [name for name in self._readers if name in data]
        columns = {name: listed(data[name]) for name in names}
        raw = self.output(self.matrix(self.read(columns), len(data)))
        if output == "prediction":
            return self.predictions(raw)
        import pandas  # type: ignore[import-untyped, unused-ignore]

        return pandas.DataFrame(self.probabilities(raw), index=data.index)

    def read(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Values as the lab reads them from a request.

        Raises:
            ValueError: with column and row.
        """
        found: dict[str, list[Any]] = {}
        for name, values in columns.items():
            read, found[name] = self._readers[name], []
            for row, value in enumerate(values):
                try:
                    found[name].append(None if value is None else read(value))
                except (ValueError, OverflowError) as error:
                    raise ValueError(f"column `{name}`, row {row}: {error}") from error
        return found

    def matrix(self, columns: Mapping[str, Sequence[Any]], n_rows: int) -> Any:
        """What the booster takes: float32, shape (n rows, n inputs), NaN where a value is missing.

        Args:
            columns: feature to its values, as `read` gives them.
            n_rows: how many each has.
        """
        blocks = []
        for name, run, width in self._programs:
            values = columns.get(name) or [None] * n_rows
            blocks.append(np.array([run(one) for one in values], dtype=np.float64).reshape(n_rows, width))
        wide = np.concatenate(blocks, axis=1)
        wide[np.abs(wide) > LARGEST] = np.nan
        return np.ascontiguousarray(wide.astype(np.float32))

    def output(self, matrix: Any) -> Any:
        """The booster's answer, float32: (n,), or (n, n classes) for more than two classes."""
        if len(matrix) == 0:
            n_classes = len(self.learnt["classes"])
            return np.empty((0, n_classes) if self.learnt["task"] == "multiclass" else 0, dtype=np.float32)
        return self._booster.inplace_predict(matrix, validate_features=False)

    def predictions(self, output: Any) -> Any:
        """The class in its own type, or the value: shape (n,)."""
        if self.learnt["task"] == "regression":
            return output.astype(np.float64)
        classes = self.learnt["classes"]
        if self.learnt["task"] == "binary":
            chosen = [classes[share >= self.learnt["threshold"]] for share in output.tolist()]
        else:
            chosen = [classes[place] for place in output.argmax(axis=1).tolist()] if len(output) else []
        return np.array(chosen, dtype=object if isinstance(classes[0], str) else type(classes[0]))

    def probabilities(self, output: Any) -> dict[str, list[float]]:
        """By class, as text, the share of each row.

        Raises:
            ValueError: the model predicts a number.
        """
        if self.learnt["task"] == "regression":
            raise ValueError("the model predicts a number, which has no probability")
        labels = [str(one).lower() if isinstance(one, bool) else str(one) for one in self.learnt["classes"]]
        if self.learnt["task"] == "binary":
            shares: list[float] = output.tolist()
            return {labels[0]: [1.0 - one for one in shares], labels[1]: shares}
        return {label: output[:, place].tolist() for place, label in enumerate(labels)}

    def is_as_recorded(self) -> bool:
        """Whether the rows that were recorded in training are answered again to the bit."""
        golden = self.learnt["golden"]
        names = [name for name, _, _ in self._programs]
        columns = {name: [one["features"].get(name) for one in golden] for name in names}
        found = self.output(self.matrix(columns, len(golden))).reshape(len(golden), -1)
        recorded = np.array([one["output"] for one in golden], dtype=np.float32).reshape(len(golden), -1)
        return bool(found.tobytes() == recorded.tobytes())
