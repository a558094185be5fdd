"""Request values → matrix → answer: the hot path of serving, and the same arithmetic for whole frames.

Loads neither Polars nor scikit-learn by itself; XGBoost is imported when the first `Predictor` is made.
A Predictor is immutable once built and may be used from several threads at once.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mllab.errors import InvalidInput
from mllab.records import Bundle, DType, FeatureSpec, FittedTransform, Task
from mllab.records.transforms import FittedHash, FittedTextLength
from mllab.steps.transforms import FLOAT32_MAX
from mllab.steps.transforms.chain import Program, by_column, compile_chains, run_frame

if TYPE_CHECKING:
    import polars as pl

Matrix = NDArray[np.float32]
"""Shape (n rows, n inputs of the model); NaN is missing; never infinite."""

_NAN = float("nan")
_SHOWN_CHARACTERS = 60


class Encoder:
    """Values of features → transforms → float32, compiled once per model.

    After the transforms bool → 0 or 1; int and float → float64 → nearest float32; string → position in the input's
    categories. None, NaN, an absent feature, an unseen category and a magnitude above `FLOAT32_MAX` → NaN.
    """

    def __init__(
        self,
        features: Sequence[FeatureSpec],
        inputs: Sequence[FeatureSpec] | None = None,
        transforms: Sequence[FittedTransform] = (),
    ) -> None:
        """Prepare lookups and transforms.

        Args:
            features: what a row brings; without transforms in the order of the matrix columns.
            inputs: the features after their transforms, in the order of the matrix columns.
            transforms: in the order they are applied.

        Raises:
            InvalidInput: the transforms do not make the inputs.
        """
        self.features = tuple(features)
        self.inputs = self.features if inputs is None else tuple(inputs)
        self._columns = [(spec.name, _codes(spec)) for spec in self.features]
        steps = by_column(transforms)
        self._shown = [(spec, _seen(spec, steps.get(spec.name, ()))) for spec in self.features]
        self._programs = _programs(self.features, self.inputs, transforms)
        self._plan = [
            (name, codes, program and program.run)
            for (name, codes), program in zip(self._columns, self._programs, strict=True)
            if transforms
        ]

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> Matrix:
        """Encode rows of Python values, each of its feature's dtype (see `RequestShape`).

        Returns:
            Shape (len(rows), n inputs), C order.
        """
        flat: list[float | None] = []
        if self._plan:
            self._transform(rows, flat)
        else:
            for row in rows:
                for name, codes in self._columns:
                    value = row.get(name)
                    flat.append(value if codes is None else codes.get(value, _NAN))
        wide = np.array(flat, dtype=np.float64).reshape(len(rows), len(self.inputs))
        wide[np.abs(wide) > FLOAT32_MAX] = _NAN
        return wide.astype(np.float32)

    def _transform(self, rows: Sequence[Mapping[str, Any]], flat: list[float | None]) -> None:
        """Append the inputs of all rows, one row after the other."""
        for row in rows:
            for name, codes, run in self._plan:
                value = row.get(name)
                if run is not None:
                    flat += run(value)
                else:
                    flat.append(value if codes is None else codes.get(value, _NAN))

    def frame(self, frame: "pl.DataFrame") -> Matrix:
        """Encode a frame that has a column per feature; equal to the bit to `rows` of the same values.

        Returns:
            Shape (frame.height, n inputs), C order.
        """
        matrix = np.empty((frame.height, len(self.inputs)), dtype=np.float32)
        position = 0
        for (name, codes), program in zip(self._columns, self._programs, strict=True):
            series = frame.get_column(name)
            if program is None:
                matrix[:, position] = _column(series, codes)
            else:
                matrix[:, position : position + len(program.inputs)] = _narrow(run_frame(program, series))
            position += 1 if program is None else len(program.inputs)
        return matrix

    def places(self) -> list[tuple[str, int, int]]:
        """Each feature with its first matrix column and the one after its last."""
        widths = [1 if program is None else len(program.inputs) for program in self._programs]
        ends = np.cumsum(widths).tolist()
        return [(spec.name, end - n, end) for spec, n, end in zip(self.features, widths, ends, strict=True)]

    def warnings(self, row: Mapping[str, Any]) -> list[str]:
        """What makes an answer less certain: nulls, unseen categories, values outside the training range."""
        found = []
        for spec, codes in self._shown:
            value = row.get(spec.name)
            if value is None or value != value:
                found.append(f"`{spec.name}` is null")
            elif codes is not None:
                if value not in codes:
                    found.append(f"`{spec.name}`: {_shown(value)} was not seen in training")
            elif spec.low is not None and spec.high is not None and not spec.low <= value <= spec.high:
                found.append(f"`{spec.name}` is {value:.9g}, not in {spec.low:.9g} to {spec.high:.9g} as in training")
        return found


def encode_rows(rows: Sequence[Mapping[str, Any]], features: Sequence[FeatureSpec]) -> Matrix:
    """Encode rows once; see `Encoder.rows`."""
    return Encoder(features).rows(rows)


def encode_frame(frame: "pl.DataFrame", features: Sequence[FeatureSpec]) -> Matrix:
    """Encode a frame once; see `Encoder.frame`."""
    return Encoder(features).frame(frame)


def warnings_for(row: Mapping[str, Any], features: Sequence[FeatureSpec]) -> list[str]:
    """Warnings of one row; see `Encoder.warnings`."""
    return Encoder(features).warnings(row)


class Predictor:
    """A model version in memory: its bundle and its booster."""

    def __init__(self, bundle: Bundle, booster_bytes: bytes, nthread: int = 1) -> None:
        """Load the booster. Only bytes whose digest was verified may come here: corrupt ones can end the process.

        Args:
            bundle: signature, classes and golden rows.
            booster_bytes: the UBJ file that `bundle.booster` names.
            nthread: threads of one call.

        Raises:
            InvalidInput: the bytes are no booster, or one with another number of features.
        """
        import xgboost

        self.bundle = bundle
        self.encoder = Encoder(bundle.features, bundle.inputs, bundle.transforms)
        self._booster = xgboost.Booster()
        try:
            self._booster.load_model(bytearray(booster_bytes))
        except xgboost.core.XGBoostError as error:
            raise InvalidInput("the model file holds no XGBoost booster", "train the model again") from error
        self._booster.set_param({"nthread": nthread})
        if self._booster.num_features() != len(bundle.inputs):
            raise InvalidInput(
                f"the booster takes {self._booster.num_features()} inputs, its bundle names {len(bundle.inputs)}",
                "the files of two versions were mixed up: train the model again",
            )
        self._labels = [label_text(one) for one in bundle.classes]

    def output(self, matrix: Matrix) -> NDArray[np.float32]:
        """The model's raw answer, through XGBoost's own transform.

        Args:
            matrix: shape (n, n inputs), from this model's encoder.

        Returns:
            binary: (n,) probability of the second class; multiclass: (n, n classes) probabilities; regression: (n,).
        """
        if len(matrix) == 0:
            wide = self.bundle.task is Task.MULTICLASS
            return np.empty((0, len(self.bundle.classes)) if wide else 0, dtype=np.float32)
        found: NDArray[np.float32] = self._booster.inplace_predict(matrix, validate_features=False)
        return found

    def answers(self, matrix: Matrix) -> tuple[list[Any], list[dict[str, float]] | None]:
        """Answers as a caller reads them.

        Returns:
            Values: the class in its own type, or a float. Probabilities: label to share, summing to 1; None for
            regression. Labels are the classes as text, `true` and `false` for booleans.
        """
        return self.interpret(self.output(matrix))

    def interpret(self, output: NDArray[np.float32]) -> tuple[list[Any], list[dict[str, float]] | None]:
        """The same as `answers`, from what `output` gave."""
        bundle = self.bundle
        if bundle.task is Task.REGRESSION:
            return output.tolist(), None
        if bundle.task is Task.BINARY:
            no, yes = self._labels
            shares = output.tolist()
            values = [bundle.classes[p >= bundle.threshold] for p in shares]
            return values, [{no: 1.0 - p, yes: p} for p in shares]
        best = output.argmax(axis=1).tolist()
        return [bundle.classes[i] for i in best], [dict(zip(self._labels, row, strict=True)) for row in output.tolist()]

    def contributions(self, matrix: Matrix) -> list[dict[str, float]]:
        """How much each feature moved the margin (log-odds, or the value itself for regression): SHAP values.

        What transforms made of a feature is summed up: explanations name what a caller knows.

        Returns:
            Per row: feature name to contribution, and `bias`; they sum to the margin. For multiclass, of the class
            that is answered.
        """
        import xgboost

        kinds = feature_types(self.bundle.inputs)
        names = [f"f{i}" for i in range(len(kinds))]
        inputs = xgboost.DMatrix(matrix, feature_names=names, feature_types=kinds, nthread=1)
        parts = self._booster.predict(inputs, pred_contribs=True)
        if self.bundle.task is Task.MULTICLASS:
            parts = parts[np.arange(len(matrix)), self.output(matrix).argmax(axis=1)]
        keys = [*(spec.name for spec in self.bundle.features), "bias"]
        if self.bundle.transforms:
            starts = [start for _, start, _ in self.encoder.places()]
            parts = np.add.reduceat(parts, [*starts, parts.shape[1] - 1], axis=1)
        return [dict(zip(keys, row, strict=True)) for row in parts.tolist()]

    def warnings(self, row: Mapping[str, Any]) -> list[str]:
        """Warnings of one row; see `Encoder.warnings`."""
        return self.encoder.warnings(row)

    def verify_golden(self) -> str | None:
        """Whether the recorded rows are answered as recorded, to the bit.

        Returns:
            None if so, else a sentence that says what differs.
        """
        golden = self.bundle.golden
        if not golden:
            return "no golden row was recorded"
        found = self.output(self.encoder.rows([one.features for one in golden])).reshape(len(golden), -1)
        for position, one in enumerate(golden):
            recorded = np.array(one.output, dtype=np.float32)
            if found[position].tobytes() != recorded.tobytes():
                return f"golden row {position} gives {found[position].tolist()}, recorded was {recorded.tolist()}"
        return None


def label_text(label: bool | int | float | str) -> str:
    """A class as the key of a probability."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def feature_types(features: Sequence[FeatureSpec]) -> list[str]:
    """XGBoost's type of each column: `c` for categories, `q` for numbers (and for a string never seen)."""
    return ["c" if spec.categories else "q" for spec in features]


def _codes(spec: FeatureSpec) -> dict[Any, float] | None:
    if spec.dtype is not DType.STRING:
        return None
    return {category: float(code) for code, category in enumerate(spec.categories)}


def _programs(
    features: Sequence[FeatureSpec], inputs: Sequence[FeatureSpec], transforms: Sequence[FittedTransform]
) -> list[Program | None]:
    """What is done to each feature; None for one without transforms."""
    codes = {spec.name: partial(_code, found) for spec in inputs if (found := _codes(spec)) is not None}
    programs = compile_chains([spec.name for spec in features], transforms, codes)
    made = [program.inputs if program else (spec.name,) for spec, program in zip(features, programs, strict=True)]
    if [name for names in made for name in names] != [spec.name for spec in inputs]:
        raise InvalidInput("the transforms of the model do not make its inputs", "train the model again")
    return programs


def _code(codes: dict[Any, float], value: Any) -> float:
    return codes.get(value, _NAN)


def _seen(spec: FeatureSpec, steps: Sequence[FittedTransform]) -> Collection[Any] | None:
    """The values of a text feature that are nothing new; None where any is fine."""
    if spec.dtype is not DType.STRING:
        return None
    if any(isinstance(one, FittedTextLength | FittedHash) for one in steps):
        return None
    return {*spec.categories, *(value for one in steps for value in getattr(one, "categories", ()))}


def _column(series: "pl.Series", codes: dict[Any, float] | None) -> NDArray[np.float32]:
    """One encoded column, shape (n,)."""
    import polars as pl

    if codes is not None:
        series = series.replace_strict(list(codes), list(codes.values()), default=None, return_dtype=pl.Float64)
    return _narrow(series.cast(pl.Float64).to_numpy(writable=True))


def _narrow(wide: NDArray[np.float64]) -> NDArray[np.float32]:
    """The nearest float32; a magnitude that has none is missing. Changes its argument."""
    wide[np.abs(wide) > FLOAT32_MAX] = _NAN
    return wide.astype(np.float32)


def _shown(value: Any) -> str:
    text = ascii(value) if not str(value).isprintable() else repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
