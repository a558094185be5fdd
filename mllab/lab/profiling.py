"""The profiling half of the Python API: what a dataset looks like, and what has changed between two versions."""

from mllab.lab.opened import Opened
from mllab.records import Job, Profile, ProfileDiff, ProfileEntry


class Profiling(Opened):
    """What a lab's data looks like. Use it through `Lab`."""

    def profile(self, source: str, version: int | None = None) -> Profile:
        """The profile of a dataset version; default: the newest.

        Raises:
            NotFound: no such source or version, or it has no profile yet.
        """
        from mllab.workflows.profiling import get_profile

        return get_profile(self._workspace, source, version)

    def profiles(self, source: str | None = None) -> list[ProfileEntry]:
        """Which dataset versions have a profile, by source and version."""
        return self._workspace.profiles.list(source)

    def make_profile(self, source: str, version: int | None = None, *, wait: bool = False) -> Job:
        """Profile a dataset version. Happens by itself, once nothing more urgent is to be done.

        Raises:
            NotFound: no such source or version.
        """
        job = self._do("make_profile", Job, source=source, version=version)
        return self.wait(job.job_id) if wait else job

    def diff_profiles(self, a: tuple[str, int | None], b: tuple[str, int | None]) -> ProfileDiff:
        """Two profiled dataset versions side by side, each as (source, version); most changed columns first.

        Raises:
            NotFound: one of them has no profile.
        """
        from mllab.workflows.profiling import diff

        return diff(self._workspace, a, b)
