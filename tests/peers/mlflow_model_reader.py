"""Runs under MLflow's own Python, not under mllab's: loads the folders of models and asks them.

Argument: a folder of folders, each with `model/` and `asked.json` (columns to values; times as text). Prints, by name of
the folder, what came back as one JSON object; numbers as hexadecimal, so that no bit is lost.
"""

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="1", GIT_PYTHON_REFRESH="quiet")

import mlflow
import pandas as pd


def shown(values: Any) -> list[Any]:
    return [one.hex() if isinstance(one, float) else one for one in values.tolist()]


def ask(folder: Path) -> dict[str, Any]:
    """Load a model in both flavors, and ask it in the ways a DataFrame can say the same."""
    place = str(folder / "model")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="this XGBoost")
        model = mlflow.pyfunc.load_model(place)
    asked = json.loads((folder / "asked.json").read_text())
    frame = pd.DataFrame(asked)
    answer = {
        "predictions": shown(model.predict(frame)),
        "objects": shown(model.predict(pd.DataFrame(asked, dtype=object))),
        "whole numbers": shown(model.predict(frame.astype({name: "Int64" for name in ("count",) if name in frame}))),
        "booster inputs": mlflow.xgboost.load_model(place).num_features(),
        "example": shown(model.predict(model.input_example)),
        "columns": model.metadata.get_input_schema().input_names(),
        "model id": model.metadata.model_id,
    }
    if "at" in frame:
        moments = [None if one is None else pd.Timestamp(one.upper()) for one in asked["at"]]
        answer["times"] = shown(model.predict(frame.assign(at=pd.Series(moments, dtype=object))))
        days = frame.assign(day=pd.to_datetime(frame["day"]))
        answer["days"] = shown(model.predict(days))
    if model.metadata.metadata["mllab"]["task"] != "regression":
        table = model.predict(frame, params={"output": "probability"})
        answer["probabilities"] = {name: shown(table[name]) for name in table}
    try:
        model.predict(frame.assign(size="x"))
    except Exception as error:  # noqa: BLE001 - whichever it is, its words are asked for
        answer["refusal"] = str(error)
    return answer


def main(folder: str) -> None:
    """Ask every model."""
    found = {one.name: ask(one) for one in sorted(Path(folder).iterdir())}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
