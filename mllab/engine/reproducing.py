"""A training set made again from its parts, to prove that they give the one that a run has learnt from."""

from collections.abc import Callable
from typing import Any

from mllab.engine.frames import keep_frame, load_frame
from mllab.engine.training import assembled
from mllab.errors import LabError
from mllab.records import Progress
from mllab.steps.training_set import TooLittle, content_digest
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]

_NO_INDEX = "reproduced"
"""No index is called so: rows of views come from the parts themselves, and not from what was derived from them."""


def training_set_again(
    artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
) -> dict[str, Any]:
    """Look whether the frozen training set is whole, and whether its parts give the same one.

    Inputs: frozen (artifact), digest (of its content), made_from (the inputs of `training_set`), or None where the
    parts are not to be asked. Outputs: artifact to learn from or None, frozen (what is wrong with the frozen one, or
    empty), made (digest of what was made again, or None), problem (why nothing was made, or empty).

    Where the frozen one is gone or damaged and the parts give the same rows, these are kept in its place.
    """
    wrong = _wrong_with(artifacts, inputs["frozen"], inputs["digest"])
    found: dict[str, Any] = {
        "artifact": None if wrong else inputs["frozen"],
        "frozen": wrong,
        "made": None,
        "problem": "",
    }
    if inputs["made_from"] is None:
        return found
    try:
        made = assembled(artifacts, _from_parts(inputs["made_from"]), report)
    except LabError as error:
        return found | {"problem": error.message}
    if isinstance(made, TooLittle):
        return found | {"problem": made.reason}
    found["made"] = content_digest(made.frame)
    if wrong and found["made"] == inputs["digest"]:
        artifacts.discard(inputs["frozen"])
        found["artifact"] = keep_frame(artifacts, made.frame)
    return found


def _wrong_with(artifacts: Artifacts, artifact: str, digest: str) -> str:
    try:
        frame = load_frame(artifacts, artifact)
    except LabError as error:
        return error.message
    is_same = content_digest(frame) == digest
    return "" if is_same else f"the artifact {artifact[:12]} holds other rows than the run has learnt from"


def _from_parts(made_from: dict[str, Any]) -> dict[str, Any]:
    views = {name: one | {"index": _NO_INDEX} for name, one in made_from["views"].items()}
    return made_from | {"views": views}
