"""Tensors of the Open Inference Protocol to rows, and an answer back to tensors; knows nothing of HTTP."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from mllab.errors import InvalidInput
from mllab.records import Answer, Bundle, DType, Field, Task

DATATYPES: dict[DType, str] = {
    DType.BOOL: "BOOL",
    DType.INT: "INT64",
    DType.FLOAT: "FP64",
    DType.STRING: "BYTES",
    DType.DATETIME: "BYTES",
    DType.DATE: "BYTES",
}
"""How the protocol calls our column types; a date, or a time as RFC 3339, is text there."""

_NUMERIC = (DType.INT, DType.FLOAT, DType.BOOL)
_CONTENT_TYPES = (None, "pd", "np", "str", "datetime")


class Tensor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An input or an output."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] | None = None
    data: list[Any]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] | None = None


class InferBody(msgspec.Struct, frozen=True, kw_only=True):
    """What `infer` is sent; as the protocol asks, what it does not name is passed over."""

    inputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[Wanted] | None = None


class Inferred(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `infer` answers."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[Tensor]


def is_matrix(inputs: Sequence[Tensor]) -> bool:
    """Whether the one input may hold all columns side by side."""
    return len(inputs) == 1 and len(inputs[0].shape) == 2 and inputs[0].shape[1] > 1


def rows_of(inputs: Sequence[Tensor]) -> list[dict[str, Any]]:
    """One row per position of the inputs, each of them a column of shape [n] or [n, 1].

    Raises:
        InvalidInput: shapes, datatypes and data do not fit together.
    """
    if not inputs:
        raise _unfit("", "there are no inputs")
    names = [tensor.name for tensor in inputs]
    if len(set(names)) < len(names):
        raise _unfit("", "two inputs have the same name")
    columns = []
    for at, tensor in enumerate(inputs):
        if not (len(tensor.shape) == 1 or (len(tensor.shape) == 2 and tensor.shape[1] == 1)):
            raise _unfit(f"/{at}/shape", f"input `{tensor.name}` is one column: its shape is [n] or [n, 1]")
        columns.append(_values(tensor, at))
    if len({len(column) for column in columns}) > 1:
        raise _unfit("", "the inputs differ in their number of rows")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def rows_of_matrix(matrix: Tensor, fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Rows of a tensor that holds every request column, in the order of the model's metadata.

    Raises:
        InvalidInput: a column is not numeric, or shape, datatype and data do not fit.
    """
    others = [field.name for field in fields if field.dtype not in _NUMERIC]
    if others:
        raise _unfit("/0", f"`{others[0]}` is no number: send one input for each column")
    if matrix.shape[1] != len(fields):
        raise _unfit("/0/shape", f"{matrix.shape[1]} columns where the model has {len(fields)}")
    if matrix.datatype == "BYTES":
        raise _unfit("/0/datatype", "a matrix holds numbers")
    flat, width = _values(matrix, 0), len(fields)
    names = [field.name for field in fields]
    flags = [name for name, field in zip(names, fields, strict=True) if field.dtype is DType.BOOL]
    rows = [dict(zip(names, flat[at : at + width], strict=True)) for at in range(0, len(flat), width)]
    for row in rows:
        row.update({name: _flag(row[name]) for name in flags})
    return rows


def _flag(value: Any) -> Any:
    """0 and 1 of a numeric tensor are a flag; anything else stays, and is refused with its place."""
    return bool(value) if value in (0, 1) else value


def _values(tensor: Tensor, at: int) -> list[Any]:
    """The data in row-major order, checked against shape and datatype."""
    check = _CHECKS.get(tensor.datatype)
    if check is None:
        raise _unfit(f"/{at}/datatype", f"`{tensor.datatype[:20]}` is none of {', '.join(_CHECKS)}")
    if (kind := (tensor.parameters or {}).get("content_type")) not in _CONTENT_TYPES:
        raise _unfit(f"/{at}/parameters", f"content_type `{str(kind)[:20]}` is not understood; pd, np, str are")
    data = tensor.data
    if data and isinstance(data[0], list):
        if len(data) != tensor.shape[0] or not all(isinstance(row, list) for row in data):
            raise _unfit(f"/{at}/data", f"input `{tensor.name}` does not have the shape {tensor.shape}")
        data = [value for row in data for value in row]
    if min(tensor.shape) < 0 or math.prod(tensor.shape) != len(data):
        raise _unfit(f"/{at}/data", f"input `{tensor.name}` has {len(data)} values for the shape {tensor.shape}")
    for place, value in enumerate(data):
        if value is not None and not check(value):
            raise _unfit(f"/{at}/data", f"value {place} of input `{tensor.name}` is no {tensor.datatype}")
    return data


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _is_number(value: Any) -> bool:
    return type(value) is float or type(value) is int


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "BOOL": lambda value: type(value) is bool,
    **{f"INT{bits}": _whole(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": _whole(0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": _is_number for bits in (16, 32, 64)},
    "BYTES": lambda value: type(value) is str,
}


def _unfit(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, "", [(f"/inputs{pointer}", "tensor", detail)])


# -- the answer -------------------------------------------------------------------------------------------------------


def input_metadata(fields: Sequence[Field]) -> list[dict[str, Any]]:
    """What a model takes; -1 stands for any number of rows."""
    return [{"name": field.name, "datatype": DATATYPES[field.dtype], "shape": [-1]} for field in fields]


def output_metadata(bundle: Bundle) -> list[dict[str, Any]]:
    """What a model gives."""
    found: list[dict[str, Any]] = [{"name": "predict", "datatype": _datatype(bundle), "shape": [-1]}]
    if bundle.task is not Task.REGRESSION:
        found.append({"name": "predict_proba", "datatype": "FP64", "shape": [-1, len(bundle.classes)]})
    return found


def _datatype(bundle: Bundle) -> str:
    return "FP64" if bundle.task is Task.REGRESSION else DATATYPES[bundle.target_dtype]


def inferred(answer: Answer, bundle: Bundle, asked: InferBody) -> Inferred:
    """An answer as the outputs that were asked for; all of them where none is named."""
    names = [one.name for one in asked.outputs] if asked.outputs else [one["name"] for one in output_metadata(bundle)]
    parameters: dict[str, Any] = {"prediction_ids": answer.prediction_ids}
    if answer.warnings:
        parameters["warnings"] = answer.warnings
    return Inferred(
        model_name=answer.model,
        model_version=str(answer.version),
        id=asked.id,
        parameters=parameters,
        outputs=[_output(name, answer, bundle) for name in names],
    )


def check_outputs(asked: InferBody, bundle: Bundle) -> None:
    """Refuse an output that the model does not have, before anything is predicted.

    Raises:
        InvalidInput: which one, and which there are.
    """
    known = [one["name"] for one in output_metadata(bundle)]
    for at, wanted in enumerate(asked.outputs or ()):
        if wanted.name not in known:
            detail = f"there is no output `{wanted.name[:40]}`; there is {' and '.join(known)}"
            raise InvalidInput(detail, "", [(f"/outputs/{at}", "output", detail)])


def _output(name: str, answer: Answer, bundle: Bundle) -> Tensor:
    n_rows = len(answer.predictions)
    if name == "predict":
        return Tensor(name=name, shape=[n_rows], datatype=_datatype(bundle), data=answer.predictions)
    shares = [share for row in answer.probabilities or () for share in row.values()]
    return Tensor(name=name, shape=[n_rows, len(bundle.classes)], datatype="FP64", data=shares)
