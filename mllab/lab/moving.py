"""The moving part of the Python API: runs and models from MLflow's tracking stores, and into one."""

from collections.abc import Callable
from pathlib import Path

from mllab.lab.opened import Opened
from mllab.records import Moved, Progress


class Moving(Opened):
    """What goes between a lab and other tools. Use it through `Lab`."""

    def import_mlflow(
        self,
        place: str | Path,
        *,
        artifacts: str | Path | None = None,
        report: Callable[[Progress], None] = lambda progress: None,
    ) -> Moved:
        """Bring experiments, runs, curves, files and registered models over from MLflow; again: only what is new.

        Args:
            place: a folder `mlruns`, a SQLite file, or the http URL of a server.
            artifacts: a folder where artifacts lie, if not beside the store.
            report: told how far it is.

        Raises:
            NotFound: there is nothing of that name. InvalidInput: it is no store of MLflow.
            Unavailable: no room, or the server does not answer.
        """
        from mllab.workflows.importing_mlflow import import_mlflow, open_source

        return import_mlflow(self._workspace, self._do, open_source(str(place), artifacts), report)

    def export_mlflow(self, folder: str | Path, *, report: Callable[[Progress], None] = lambda progress: None) -> Moved:
        """Write every experiment, run, curve, file and version as a folder that MLflow opens.

        Args:
            folder: it must be empty, or not there.
            report: told how far it is.

        Raises:
            Conflict: the folder holds something. Unavailable: it cannot be written.
        """
        from mllab.workflows.exporting_mlflow import export_mlflow

        return export_mlflow(self._workspace, Path(folder), report)
