"""From what a person writes to the thing that is meant: an id, the beginning of a digest, a name, or `kind:id`."""

import re
from collections.abc import Callable, Mapping

from mllab.errors import Conflict, NotFound
from mllab.records import TRACED_KINDS
from mllab.workflows.predictions import get_prediction
from mllab.workflows.trace_graph import Key
from mllab.workflows.workspace import Workspace

_HEX = re.compile(r"[0-9a-fA-F]{6,64}")
_FILE_DIGITS, _DIGITS = 6, 8
_VERSIONED = re.compile(r"(.+)@([1-9]\d{0,8})")
_KEPT = re.compile(r"(.+)@(\d{1,9}):(\d{1,9})")
_SHOWN, _MOST = 8, 100
"""Things that one text names: so many are listed, so many looked for."""

Find = Callable[[Workspace, str], list[str]]
"""The ids of all things of one kind that are called so."""


def get_key(workspace: Workspace, text: str) -> Key:
    """The one thing that is called so.

    Args:
        workspace: the lab.
        text: an id, the first 8 or more digits of a digest, a name, `NAME@VERSION`, or any of them behind `kind:`.

    Raises:
        NotFound: nothing is called so.
        Conflict: several things are; the message names each by `kind:id`.
    """
    kind, colon, rest = text.partition(":")
    found = _called(workspace, kind, rest) if colon and kind in FIND else []
    if not found:
        found = [key for each in _STRONG for key in _called(workspace, each, text)]
    for kind in _WEAK:
        found = found or _called(workspace, kind, text)
    if not found:
        hint = "give an id, the first 8 digits of a digest, NAME@VERSION, the name of a file, run or model, or KIND:ID"
        raise NotFound(f"nothing is called `{text}`", hint)
    if len(found) > 1:
        listed = ", ".join(f"{each}:{id}" for each, id in found[:_SHOWN])
        n_more = len(found) - _SHOWN
        more = "" if n_more <= 0 else " and more" if len(found) >= _MOST else f" and {n_more} more"
        raise Conflict(f"`{text}` names several things: {listed}{more}", "trace one of those")
    return found[0]


def _called(workspace: Workspace, kind: str, text: str) -> list[Key]:
    return [(kind, id) for id in FIND[kind](workspace, text)]


def _texts(workspace: Workspace, sql: str, *args: object) -> list[str]:
    return [row[0] for row in workspace.db.readers.all(f"{sql} LIMIT {_MOST}", *args)]


def _by_digest(table: str, column: str, n_digits: int = _DIGITS) -> Find:
    """Things that are named by a digest; its first digits are enough."""

    def find(workspace: Workspace, text: str) -> list[str]:
        if not _HEX.fullmatch(text) or len(text) < n_digits:
            return []
        return _texts(workspace, f"SELECT {column} FROM {table} WHERE {column} GLOB ? || '*'", text.lower())  # noqa: S608

    return find


def _files(workspace: Workspace, text: str) -> list[str]:
    by_digest = _by_digest("datafiles", "sha256", _FILE_DIGITS)(workspace, text)
    if by_digest:
        return by_digest
    exact = _texts(workspace, "SELECT sha256 FROM datafiles WHERE name = ?", text)
    if exact or not text:
        return exact
    return _texts(workspace, "SELECT sha256 FROM datafiles WHERE substr(name, -length(?1) - 1) = '/' || ?1", text)


def _versions_in(table: str, column: str) -> Find:
    def find(workspace: Workspace, text: str) -> list[str]:
        match = _VERSIONED.fullmatch(text)
        if match is None:
            return []
        sql = f"SELECT {column} || '@' || version FROM {table} WHERE {column} = ? AND version = ?"  # noqa: S608
        return _texts(workspace, sql, match[1], int(match[2]))

    return find


def _materializations(workspace: Workspace, text: str) -> list[str]:
    match = _KEPT.fullmatch(text)
    if match is None:
        return []
    sql = (
        "SELECT seq FROM events WHERE type = 'materialization.made' AND payload ->> 'view' = ?"
        " AND payload ->> 'version' = ? AND payload ->> 'dataset_version' = ?"
    )
    return [text] if _texts(workspace, sql, match[1], int(match[2]), int(match[3])) else []


def _commits(workspace: Workspace, text: str) -> list[str]:
    if not _HEX.fullmatch(text) or not _DIGITS <= len(text) <= 40:
        return []
    sql = "SELECT DISTINCT git ->> 'commit' FROM runs WHERE git ->> 'commit' GLOB ? || '*'"
    return _texts(workspace, sql, text.lower())


def _data(workspace: Workspace, text: str) -> list[str]:
    if "#" not in text:
        return []
    sql = (
        "SELECT DISTINCT (d.value ->> 'name') || '#' || (d.value ->> 'digest') FROM runs r, json_each(r.datasets) d"
        " WHERE r.datasets <> '[]' AND (d.value ->> 'name') || '#' || (d.value ->> 'digest') = ?"
    )
    return _texts(workspace, sql, text)


def _runs(workspace: Workspace, text: str) -> list[str]:
    exact = _texts(workspace, "SELECT run_id FROM runs WHERE run_id = ?", text)
    if exact:
        return exact
    sql = (
        "SELECT run_id FROM runs WHERE name = ?1"
        " UNION SELECT run_id FROM runs WHERE length(?1) >= 8 AND run_id >= ?1 AND run_id < ?1 || char(1114111)"
    )
    return _texts(workspace, sql, text)


def _logged_models(workspace: Workspace, text: str) -> list[str]:
    return _texts(workspace, "SELECT model_id FROM logged_models WHERE model_id = ?", text)


def _aliases(workspace: Workspace, text: str) -> list[str]:
    model, _, alias = text.rpartition("@")
    return [text] if model and alias in workspace.registry.aliases(model) else []


def _deployments(workspace: Workspace, text: str) -> list[str]:
    return [text] if workspace.registry.find_deployment(text) else []


def _models(workspace: Workspace, text: str) -> list[str]:
    return [text] if workspace.registry.find_model(text) else []


def _predictions(workspace: Workspace, text: str) -> list[str]:
    if not text.startswith("p_"):
        return []
    try:
        return [get_prediction(workspace, text).prediction_id]
    except NotFound:
        return []


def _labels(workspace: Workspace, text: str) -> list[str]:
    return [text] if workspace.predictions.find_label(text) else []


def _jobs(workspace: Workspace, text: str) -> list[str]:
    exact = _texts(workspace, "SELECT job_id FROM jobs WHERE job_id = ?", text)
    sql = "SELECT job_id FROM jobs WHERE length(?1) >= 8 AND job_id >= ?1 AND job_id < ?1 || char(1114111)"
    return exact or (_texts(workspace, sql, text) if text.startswith("job_") else [])


def _experiments(workspace: Workspace, text: str) -> list[str]:
    sql = (
        "SELECT name FROM experiments WHERE name = ?1 OR experiment_id = ?1"
        " UNION SELECT experiment FROM (SELECT experiment FROM runs WHERE experiment = ?1 LIMIT 1)"
    )
    return _texts(workspace, sql, text)


FIND: Mapping[str, Find] = {
    "file": _files,
    "dataset": _versions_in("datasets", "source"),
    "view": _versions_in("feature_views", "view"),
    "materialization": _materializations,
    "training_set": _by_digest("training_sets", "digest"),
    "config": _by_digest("configs", "digest"),
    "commit": _commits,
    "data": _data,
    "run": _runs,
    "logged_model": _logged_models,
    "version": _versions_in("versions", "model"),
    "alias": _aliases,
    "deployment": _deployments,
    "model": _models,
    "prediction": _predictions,
    "label": _labels,
    "job": _jobs,
    "experiment": _experiments,
}
"""Kind to how such things are found."""

_WEAK = ("model", "experiment")
"""Asked only where nothing before is called so: a model's name stands for what answers for it, and experiments are
often called like a model."""
_STRONG = tuple(kind for kind in TRACED_KINDS if kind not in (*_WEAK, "label"))
"""A label's id is its prediction's: it is traced as `label:p_...` only."""
