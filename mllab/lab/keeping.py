"""The keeping half of the Python API: is everything as it was written, what can go, what was in the past."""

from collections.abc import Callable
from datetime import UTC, datetime

from mllab.lab.opened import Opened
from mllab.records import Collection, Job, LabStatus, LabVerification, Progress


class Keeping(Opened):
    """A lab's own state, held against its history. Use it through `Lab`."""

    def status(self, *, at: str | datetime | None = None) -> LabStatus:
        """The lab at a glance.

        Args:
            at: a past moment: an aware time, or a text such as `7d`, `2026-01-31` (its end) or RFC 3339.

        Raises:
            InvalidInput: that is no past moment. NotFound: the lab did not exist yet.
        """
        if at is None:
            from mllab.workflows.views import status

            return status(self._workspace)
        from mllab.workflows.past import read_moment, status_at

        moment = at if isinstance(at, str) else at.astimezone(UTC).isoformat()
        return status_at(self._workspace, read_moment(self._workspace, moment))

    def verify(self, *, report: Callable[[Progress], None] = lambda progress: None) -> LabVerification:
        """Hash every artifact, check the database, apply the log anew, ask every deployed version its golden rows.

        Changes nothing; reads beside whoever writes.

        Args:
            report: is told how far it is.
        """
        from mllab.workflows.verifying_lab import verify_lab

        return verify_lab(self._workspace, report)

    def find_garbage(self, *, trash_days: float = 30.0) -> Collection:
        """What `collect` would remove now; changes nothing."""
        from mllab.workflows.collecting import find_garbage

        return find_garbage(self._workspace, trash_days)

    def collect(self, *, trash_days: float = 30.0, wait: bool = False) -> Job:
        """Remove for good what nothing needs any more: old runs in the trash, and files that nothing names.

        Args:
            trash_days: runs go that lie in the trash for longer.
            wait: return once it is done.

        Returns:
            The job; its result holds the `collection`.
        """
        job = self._do("collect", Job, trash_days=trash_days)
        return self.wait(job.job_id) if wait else job
