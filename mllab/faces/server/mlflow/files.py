"""Files of runs, of logged models, and of versions that mllab made, as one tree of paths.

EXPERIMENT/RUN/artifacts/...    EXPERIMENT/models/MODEL_ID/artifacts/...    mllab/models/NAME/VERSION/...
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mllab.errors import InvalidInput, LabError, NotFound
from mllab.faces.server.mlflow import wire
from mllab.faces.server.mlflow.asking import Answer, run_of
from mllab.faces.server.mlflow.runs import get_run
from mllab.lab import Lab

_RUN = re.compile(r"(?P<experiment>\d{1,18})/(?P<id>[A-Za-z0-9][\w-]{0,255})/artifacts(?:/(?P<path>.+))?", re.ASCII)
_MODEL = re.compile(r"(?P<experiment>\d{1,18})/models/(?P<id>m-[0-9a-f]{32})/artifacts(?:/(?P<path>.+))?")
_MADE = re.compile(r"mllab/models/(?P<name>[^/]+)/(?P<version>\d{1,9})(?:/(?P<path>.+))?", re.ASCII)
_MOST_CHARACTERS = 4_000


class Folder:
    """The files of one run, logged model or version."""

    def __init__(
        self,
        lab: Lab,
        files: Mapping[str, str | bytes],
        path: str,
        keep: "Callable[[str, str], object] | None" = None,
        drop: "Callable[[str], object] | None" = None,
    ) -> None:
        """Remember what is there.

        Args:
            lab: where artifacts lie.
            files: path to digest, or to the content itself.
            path: what is meant inside; empty for all.
            keep: takes a path and the digest of what is kept under it.
            drop: takes the path of a file or folder away.
        """
        self._lab, self._files, self.path = lab, files, path
        self._keep, self._drop = keep, drop

    def content(self) -> Path | bytes:
        """The file that is meant, where it lies on disk, or its content.

        Raises:
            NotFound: there is no such file.
        """
        found = self._files.get(self.path)
        if found is None:
            raise NotFound(f"there is no file `{self.path[:80]}`")
        return found if isinstance(found, bytes) else self._lab.artifact_path(found)

    def list(self) -> Iterable[tuple[str, int | None]]:
        """What lies directly in the folder that is meant: name, and bytes of a file; None for a folder."""
        inside, known = f"{self.path}/" if self.path else "", set[str]()
        for path in sorted(self._files):
            if not path.startswith(inside):
                continue
            name, _, below = path.removeprefix(inside).partition("/")
            if name not in known:
                known.add(name)
                yield name, None if below else self._n_bytes(self._files[path])

    def _n_bytes(self, file: str | bytes) -> int:
        if isinstance(file, bytes):
            return len(file)
        try:
            return self._lab.artifact_path(file).stat().st_size
        except (LabError, OSError):
            return 0

    def keep(self, digest: str) -> None:
        """Keep an artifact under the path that is meant.

        Raises:
            InvalidInput: nothing can be kept there. Conflict, NotFound: it cannot be kept now.
        """
        if self._keep is None or not self.path:
            raise InvalidInput(f"nothing can be put at `{self.path[:80]}`", "log artifacts to a run")
        self._keep(self.path, digest)

    def drop(self) -> None:
        """Take the file or folder that is meant away; raises as `keep`."""
        if self._drop is None:
            raise InvalidInput("these files stay", "they belong to a version that mllab made")
        self._drop(self.path)


def find(lab: Lab, path: str) -> Folder:
    """The folder that a path leads into.

    Raises:
        InvalidInput: the path cannot be. NotFound: nothing is there.
    """
    _check_path(path)
    if found := _MODEL.fullmatch(path):
        return _of_model(lab, found)
    if found := _RUN.fullmatch(path):
        return _of_run(lab, found)
    if found := _MADE.fullmatch(path):
        return Folder(lab, lab.mlflow_files(found["name"], version=int(found["version"])), found["path"] or "")
    raise NotFound(f"there is no file `{path[:80]}`")


def _check_path(path: str) -> None:
    if len(path) > _MOST_CHARACTERS or not path.isprintable() or "\\" in path:
        raise InvalidInput("this cannot be the path of a file", "write printable characters, and `/` between folders")
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise InvalidInput(f"`{path[:80]}` cannot be the path of a file", "write it without `.`, `..` and `//`")


def _of_model(lab: Lab, found: "re.Match[str]") -> Folder:
    model = lab.logged_model(found["id"])
    if model.experiment_id != found["experiment"]:
        raise NotFound(f"experiment {found['experiment']} has no logged model `{model.model_id}`")
    return Folder(
        lab,
        model.artifacts,
        found["path"] or "",
        keep=lambda path, digest: lab.change_logged_model(model.model_id, artifacts={path: digest}),
        drop=lambda path: lab.change_logged_model(model.model_id, drop=[path]),
    )


def _of_run(lab: Lab, found: "re.Match[str]") -> Folder:
    run = get_run(lab, found["id"])
    if lab.experiment(run.experiment).experiment_id != found["experiment"]:
        raise NotFound(f"experiment {found['experiment']} has no run `{run.run_id}`")
    return Folder(
        lab,
        run.artifacts,
        found["path"] or "",
        keep=lambda path, digest: lab.log_run(run.run_id, artifacts={path: digest}),
        drop=lambda path: lab.drop_artifacts(run.run_id, [path]),
    )


def listed(lab: Lab, root: str, inside: str) -> list[Answer]:
    """Files and folders directly in a folder, by their path from the root.

    Raises:
        InvalidInput: the path cannot be. NotFound: the root does not exist.
    """
    found = find(lab, f"{root}/{inside}" if inside else root)
    before = f"{inside}/" if inside else ""
    return [_told(f"{before}{name}", n_bytes) for name, n_bytes in found.list()]


def _told(path: str, n_bytes: int | None) -> Answer:
    if n_bytes is None:
        return {"path": path, "is_dir": True}
    return {"path": path, "is_dir": False, "file_size": n_bytes}


def list_files(lab: Lab, asked: wire.ListFiles) -> Answer:
    """Files and folders directly below a path, by their names alone."""
    files = [_told(name, n_bytes) for name, n_bytes in find(lab, asked.path.strip("/")).list()]
    return {"files": files} if files else {}


def list_artifacts(lab: Lab, asked: wire.ListArtifacts) -> Answer:
    """Files and folders of a run directly below a path."""
    run = get_run(lab, run_of(asked))
    root = f"{lab.experiment(run.experiment).experiment_id}/{run.run_id}/artifacts"
    files = listed(lab, root, asked.path.strip("/"))
    return {"root_uri": f"mlflow-artifacts:/{root}"} | ({"files": files} if files else {})
