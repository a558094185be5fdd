"""The curating half of the Python API: data taken back, given back, and erased for good."""

from collections.abc import Mapping
from pathlib import Path

from mllab.lab.opened import Opened
from mllab.records import Erasure, Export, Impact, Job


class Curating(Opened):
    """What becomes of data that is in. Use it through `Lab`."""

    def impact(self, file: str) -> Impact:
        """What was made from a file: training sets, runs, versions and their answers; what to train again.

        Raises:
            NotFound: no file is called so. Conflict: several are.
        """
        from mllab.workflows.impact import impact

        return impact(self._workspace, self._workspace.datasets.get_file(file))

    def retract(self, file: str, *, reason: str = "") -> Impact:
        """Take an accepted file out of its source's data; its bytes stay, and `retry` takes it again.

        Returns:
            What had been made from it. Feature views follow in a job of their own.

        Raises:
            NotFound: no file is called so. Conflict: it is not accepted, or several are called so.
        """
        return self._do("retract", Impact, file=file, reason=reason)

    def replace(self, file: str, path: str | Path, *, reason: str = "", wait: bool = False) -> Job:
        """Take a file in, and in the moment it is accepted take another one out; a refused one changes nothing.

        Args:
            file: the accepted file that gives way.
            path: the file that comes in its place; it stays where it is.
            reason: why, for the record.
            wait: return once the new file is accepted or refused.

        Raises:
            NotFound: one of them does not exist.
            Conflict: the first is not accepted, or the second is taken in already.
        """
        job = self._do("replace", Job, file=file, path=str(Path(path).absolute()), reason=reason)
        return self.wait(job.job_id) if wait else job

    def export_data(
        self,
        source: str,
        version: int | None = None,
        to: str | Path | None = None,
        format: str = "original",
    ) -> Export:
        """Give a version of a source's data back; nothing in the lab changes, and no file that differs is overwritten.

        Args:
            source: its name.
            version: of its data; default: the newest.
            to: folder to write into; default: `outbox/SOURCE@VERSION` in the lab's folder.
            format: `original` for the files byte for byte as received; `parquet` for the accepted rows in one file,
                one per key, as training sees them.

        Raises:
            NotFound: no such source or version. InvalidInput: no such format.
            Conflict: a file lies there that differs. Unavailable: the folder cannot be written.
        """
        from mllab.workflows.exporting import export_data

        return export_data(self._workspace, source, version, None if to is None else Path(to), format)

    def forget(self, source: str, key: Mapping[str, str], *, reason: str = "", wait: bool = False) -> Job:
        """Erase the rows of a source in which all these columns have these values, and every trace of them. For good.

        Args:
            source: its name.
            key: column to value, as text.
            reason: why, for the record; it must not say the value.
            wait: return once it is done.

        Returns:
            The job; its result names the erasure, where something was found.

        Raises:
            NotFound: no such source. InvalidInput: no such column, or a value it cannot hold.
        """
        job = self._do("forget", Job, source=source, key=dict(key), reason=reason)
        return self.wait(job.job_id) if wait else job

    def erasures(self) -> list[Erasure]:
        """What was erased on request, oldest first."""
        return self._workspace.datasets.list_erasures()
