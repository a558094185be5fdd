"""The reproducing half of the Python API: a run is done again from what was kept of it, and compared."""

from collections.abc import Sequence

from mllab.lab.opened import Opened
from mllab.records import EnvironmentChange, Job, Reproduction, ScriptPlan


class Reproducing(Opened):
    """Proofs that a run can be had again. Use it through `Lab`."""

    def reproduce(self, run: str, *, tolerance: float = 1e-6, strict: bool = False, wait: bool = False) -> Job:
        """Do a training again with its own declaration, code, rows, parameters and seed, and compare.

        Args:
            run: id, the id's first characters, or name.
            tolerance: greatest relative difference of a metric that is near enough, 0 or more.
            strict: refuse where packages or platform are others than when the run was made.
            wait: until it is over.

        Returns:
            The job; once it is over `reproduction` tells what came out.

        Raises:
            NotFound: no run is called so. Conflict: several are.
        """
        job = self._do("reproduce", Job, run=run, tolerance=tolerance, strict=strict)
        return self.wait(job.job_id) if wait else job

    def reproduction(self, run: str) -> Reproduction | None:
        """What came out when a run was done again the last time; None where it never was.

        Raises:
            NotFound: no run is called so. Conflict: several are.
        """
        from mllab.workflows.reproducing import find_reproduction

        return find_reproduction(self._workspace, self._workspace.runs.get_run(run))

    def changes_since(self, run: str) -> tuple[EnvironmentChange, ...]:
        """Packages and platform that are others in this process than when a run was made.

        Raises:
            NotFound: no run is called so. Conflict: several are.
        """
        from mllab.workflows.reproducing import changes_since

        return changes_since(self._workspace.runs.get_run(run))

    def plan_script(self, run: str, *, here: bool = False) -> ScriptPlan:
        """What `reproduce_script` would run; nothing is done.

        Raises:
            NotFound: no run is called so. Conflict: several are.
        """
        from mllab.workflows.reproducing_script import plan_script

        return plan_script(self._workspace, self._workspace.runs.get_run(run), here=here)

    def reproduce_script(
        self,
        run: str,
        *,
        here: bool = False,
        tolerance: float = 1e-6,
        ignore: Sequence[str] = (),
        timeout_seconds: float = 3600.0,
    ) -> Reproduction:
        """Bring back the code of a run that a script has logged, run it as a program of this process, and compare.

        Look first at what will be run (`plan_script`): it is what the run's record says.

        Args:
            run: id, the id's first characters, or name.
            here: run the present file where it lies, if it still is what it was, instead of the code that git had.
            tolerance: greatest relative difference of a metric that is near enough, 0 or more.
            ignore: patterns of metrics that are not compared, such as `seconds_*`.
            timeout_seconds: after which the script is stopped.

        Raises:
            NotFound: no run is called so. Conflict: several are.
        """
        from mllab.workflows.reproducing_script import run_script

        found, since = self._workspace.runs.get_run(run), self._workspace.clock()
        ran = run_script(self._workspace, found, here=here, timeout_seconds=timeout_seconds)
        told = {"items": ran.items, "problem": ran.problem}
        fields = {"run": found.run_id, "since": since, "tolerance": tolerance, "ignore": list(ignore)} | told
        return self._do("conclude_reproduction", Reproduction, **fields)
