"""A model version → the folder that MLflow's client loads it from.

The flavor `python_function` loads the package that goes along in `code/` and answers as the lab does; the flavor
`xgboost` loads the bare booster, whose inputs are f0, f1, ….
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from mllab.records import Bundle, DType, Field, ModelVersion, Task

MLFLOW_VERSION = "3.17.2"
"""Whose form the folder has."""
PACKAGE = "mllab_model"
"""The package in `code/`."""
FORMAT = 1
"""Of `mllab.json`."""

_TYPES = {
    DType.BOOL: "boolean",
    DType.INT: "any",
    DType.FLOAT: "double",
    DType.STRING: "string",
    DType.DATETIME: "any",
    DType.DATE: "any",
}
"""Types of a signature. MLflow's `long` takes no missing value, and its `datetime` drops the offset of a text and
refuses times with a zone: these columns come through unchanged, and the package checks them."""


def takes_request(bundle: Bundle) -> bool:
    """Whether rows of a request are enough outside the lab: nothing is looked up or computed by a function."""
    return not bundle.views and not bundle.on_demand


def columns_of(bundle: Bundle) -> tuple[Field, ...]:
    """What the exported model takes: the request, or where a part of it is looked up, the features themselves."""
    if takes_request(bundle):
        return bundle.request
    return tuple(Field(name=spec.name, dtype=spec.dtype) for spec in bundle.features)


def model_id_of(made: ModelVersion) -> str:
    """MLflow's id of the logged model that a version is: `m-` and 32 hex digits, always the same."""
    return "m-" + hashlib.sha256(f"{made.model}@{made.version}".encode()).hexdigest()[:32]


def files_of_version(
    made: ModelVersion,
    bundle: Bundle,
    booster: bytes,
    code: Mapping[str, bytes],
    *,
    timezone: str,
    environment: Mapping[str, str],
) -> dict[str, bytes]:
    """The files of a version's folder; the same version gives the same bytes.

    Args:
        made: the version.
        bundle: of it.
        booster: the UBJ file that the bundle names.
        code: file name to content of the package that answers.
        timezone: of datetimes without an offset.
        environment: packages and their versions in which it was trained, as its run has recorded them.

    Returns:
        Path with `/` to content, by path.
    """
    files = {f"code/{PACKAGE}/{name}": content for name, content in code.items()}
    files |= {"model.ubj": booster, "mllab.json": _json(_learnt(bundle, timezone))}
    files |= _examples(bundle) | _environment(environment)
    size = sum(map(len, files.values()))
    files["MLmodel"] = _yaml(_description(made, bundle, environment, size, "input_example.json" in files))
    return dict(sorted(files.items()))


def _learnt(bundle: Bundle, timezone: str) -> dict[str, Any]:
    """What the package needs to answer; of recorded rows as many as the bundle has."""
    found: dict[str, Any] = msgspec.to_builtins(
        {
            "format": FORMAT,
            "takes": "request" if takes_request(bundle) else "features",
            "timezone": timezone,
            "columns": [{"name": field.name, "dtype": field.dtype} for field in columns_of(bundle)],
            "task": bundle.task,
            "classes": bundle.classes,
            "threshold": bundle.threshold,
            "features": [{"name": spec.name} for spec in bundle.features],
            "inputs": [
                {"name": spec.name, "dtype": spec.dtype, "categories": spec.categories} for spec in bundle.inputs
            ],
            "transforms": bundle.transforms,
            "golden": bundle.golden,
        }
    )
    return found


def _description(
    made: ModelVersion, bundle: Bundle, environment: Mapping[str, str], size: int, has_example: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "artifact_path": "model",
        "flavors": _flavors(environment),
        "is_signature_from_type_hint": False,
        "metadata": {"mllab": _origin(made, bundle)},
        "mlflow_version": MLFLOW_VERSION,
        "model_id": model_id_of(made),
        "model_size_bytes": size,
        "model_uuid": model_id_of(made),
        "prompts": None,
        "run_id": made.run_id,
        "signature": _signature(bundle),
        "type_hint_from_example": False,
        "utc_time_created": made.created_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    if has_example:
        found["saved_input_example_info"] = {
            "artifact_path": "input_example.json",
            "pandas_orient": "split",
            "serving_input_path": "serving_input_example.json",
            "type": "dataframe",
        }
    return found


def _flavors(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "python_function": {
            "code": "code",
            "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
            "loader_module": PACKAGE,
            "python_version": environment["python"],
        },
        "xgboost": {
            "code": None,
            "data": "model.ubj",
            "model_class": "xgboost.core.Booster",
            "model_format": "ubj",
            "xgb_version": _xgboost(environment),
        },
    }


def _origin(made: ModelVersion, bundle: Bundle) -> dict[str, Any]:
    """Where it comes from, and what its columns are in the lab's words."""
    return {
        "model": made.model,
        "version": made.version,
        "bundle": made.bundle,
        "task": bundle.task.value,
        "target": bundle.target,
        "takes": "request" if takes_request(bundle) else "features",
        "columns": {field.name: field.dtype.value for field in columns_of(bundle)},
    }


def _signature(bundle: Bundle) -> dict[str, str]:
    inputs = [
        {"type": _TYPES[field.dtype], "name": field.name, "required": not field.nullable}
        for field in columns_of(bundle)
    ]
    outputs = [{"type": "tensor", "tensor-spec": {"dtype": _answer_type(bundle), "shape": [-1]}}]
    params = [{"name": "output", "default": "prediction", "shape": None, "type": "string"}]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs), "params": json.dumps(params)}


def _answer_type(bundle: Bundle) -> str:
    """NumPy's name of the type of an answer."""
    if bundle.task is Task.REGRESSION:
        return "float64"
    return {bool: "bool", int: "int64", float: "float64", str: "object"}[type(bundle.classes[0])]


def _examples(bundle: Bundle) -> dict[str, bytes]:
    """A real row, as the columns take it; nothing where the bundle has none."""
    recorded = bundle.golden[0].features if bundle.golden else {}
    row = bundle.request_example if takes_request(bundle) else recorded
    if not row:
        return {}
    names = [field.name for field in columns_of(bundle)]
    split = {"columns": names, "data": [[row.get(name) for name in names]]}
    return {
        "input_example.json": json.dumps(split).encode(),
        "serving_input_example.json": json.dumps({"dataframe_split": split}, indent=2).encode(),
    }


def _environment(environment: Mapping[str, str]) -> dict[str, bytes]:
    """What MLflow installs to load the model elsewhere. Only XGBoost's version can change an answer."""
    packages = ["mlflow", "numpy", "pandas", f"xgboost=={_xgboost(environment)}"]
    python = environment["python"]
    conda = {
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": packages}],
        "name": "mlflow-env",
    }
    virtual = {
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": ["-r requirements.txt"],
    }
    return {
        "requirements.txt": "\n".join(packages).encode(),
        "conda.yaml": _yaml(conda),
        "python_env.yaml": _yaml(virtual, sort_keys=False),
    }


def _xgboost(environment: Mapping[str, str]) -> str:
    """Its version, of whichever of the two packages that bring it."""
    return environment.get("xgboost") or environment["xgboost-cpu"]


def _yaml(content: dict[str, Any], *, sort_keys: bool = True) -> bytes:
    text: str = yaml.safe_dump(content, sort_keys=sort_keys, default_flow_style=False)
    return text.encode()


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
