"""The operating half of the Python API: jobs, triggers and serving, asked and changed.

Reads go straight to the database, whoever hosts the lab; only the server's counts come from its host.
"""

from mllab.errors import Unavailable
from mllab.lab.opened import Opened
from mllab.records import Deployment, Job, JobStep, TrafficStats, TriggerState, TriggerSummary


class Operating(Opened):
    """What goes on in a lab, and what a person does about it. Use it through `Lab`."""

    # -- jobs -----------------------------------------------------------------------------------------------------

    def jobs(self, *, open_only: bool = False, limit: int = 1000, offset: int = 0) -> list[Job]:
        """Jobs, newest first."""
        return self._workspace.jobs.list_jobs(open_only=open_only, limit=limit, offset=offset)

    def count_jobs(self, *, open_only: bool = False) -> int:
        """How many jobs there are, or how many of them are not over."""
        return self._workspace.jobs.count_jobs(open_only=open_only)

    def job(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFound: it does not exist.
        """
        return self._workspace.jobs.get_job(job_id)

    def job_steps(self, job_id: str) -> list[JobStep]:
        """The finished steps of a job, oldest first; their outputs are left out.

        Raises:
            NotFound: the job does not exist.
        """
        return self._workspace.jobs.list_steps(self.job(job_id).job_id)

    def cancel(self, job_id: str) -> Job:
        """Stop a job that is queued or running.

        Raises:
            Conflict: it is over.
        """
        return self._do("cancel", Job, job_id=job_id)

    def retry_job(self, job_id: str) -> Job:
        """Put a failed or cancelled job into the queue again, as a new job.

        Returns:
            The new job; where the same work is open already, its job.

        Raises:
            NotFound: it does not exist. Conflict: it is open or finished.
        """
        return self._do("retry_job", Job, job_id=job_id)

    # -- triggers -------------------------------------------------------------------------------------------------

    def triggers(self) -> list[TriggerSummary]:
        """Declared triggers: when they fire, what they do, how far they are."""
        from mllab.workflows.trigger_list import triggers

        return triggers(self._workspace)

    def pause_trigger(self, name: str) -> TriggerState:
        """Let a trigger start nothing until it is resumed.

        Raises:
            NotFound: no trigger is declared so. Conflict: it is paused already.
        """
        return self._do("pause_trigger", TriggerState, name=name)

    def resume_trigger(self, name: str) -> TriggerState:
        """Let a paused trigger go on.

        Raises:
            NotFound: no trigger is declared so. Conflict: it is not paused.
        """
        return self._do("resume_trigger", TriggerState, name=name)

    def fire_trigger(self, name: str) -> list[Job]:
        """Do now what a trigger does, whatever its budget and pause say.

        Returns:
            The jobs that wait in the queue for it.

        Raises:
            NotFound: no trigger is declared so.
        """
        return self._do("fire_trigger", list[Job], name=name)

    # -- serving --------------------------------------------------------------------------------------------------

    def traffic(self) -> TrafficStats | None:
        """What the host's server has answered since its start; None where no host runs.

        Raises:
            Unavailable: the host does not answer.
        """
        if self._client is None:
            return self._workspace.traffic()
        try:
            return self._client.traffic()
        except Unavailable:
            if self._workspace.lock.is_held_elsewhere():
                raise
            return None

    @property
    def is_serving(self) -> bool:
        """Whether this process's server takes predictions."""
        return self._workspace.is_serving

    def switch_serving(self, on: bool) -> TrafficStats:
        """Open or close the host's prediction routes; everything else goes on, and a restart opens them again.

        Raises:
            Conflict: no host runs.
        """
        return self._do("switch_serving", TrafficStats, on=on)

    def deployments(self) -> list[Deployment]:
        """Which version answers for each model, since when."""
        return self._workspace.registry.list_deployments()
