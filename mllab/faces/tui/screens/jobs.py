"""Jobs: what goes on and what came of it; the triggers that start work, paused and fired by hand from here."""

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from mllab.faces.tui.screens.job_loading import MOST_FILTERED, Seen, exported_jobs, look_at
from mllab.faces.tui.screens.stacked import StackedScreen
from mllab.faces.tui.screens.windows import JobRows
from mllab.faces.tui.viewmodels import jobs as view
from mllab.faces.tui.viewmodels.words import STATUS_INKS, count, span, status
from mllab.faces.tui.widgets.dialogs import confirm
from mllab.faces.tui.widgets.rows import ListRows, Rows
from mllab.faces.tui.widgets.vtable import Column, VTable
from mllab.lab import Lab
from mllab.records import Job, JobStatus, JobStep, TriggerSummary

_NO_JOBS = "no jobs yet\n\na file that is dropped into inbox/, n on 2 Runs, or r on a trigger below starts one"
_NO_TRIGGERS = "no triggers: add [trigger.NAME] to mllab.toml, and new data retrain a model by themselves"
_TRY_AGAIN = (JobStatus.FAILED, JobStatus.CANCELLED)


class JobsScreen(StackedScreen):
    """Jobs above, triggers below."""

    NAME = "jobs"
    MAIN = "jobs"
    AUTO_FOCUS = "#jobs"
    EXAMPLE = "words of status, kind and subject:  failed retrain  -intake"
    FOLLOWS = frozenset({"job", "trigger", "dataset", "config"})

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._seen: Seen | None = None

    def stack(self) -> ComposeResult:
        """Both tables."""
        yield VTable[Job](self._job_columns(), id="jobs")
        yield VTable[TriggerSummary](self._trigger_columns(), id="triggers", classes="few")

    def on_mount(self) -> None:
        """Triggers are few."""
        self.fit_lines(self._triggers, 0)
        self._triggers.empty = _NO_TRIGGERS

    def _job_columns(self) -> list[Column[Job]]:
        kind = f"{'kind':<{view.KIND}} subject"
        return [
            Column(id="status", title="status", cell=_status, width=11),
            Column(id="job", title=kind, cell=view.what, width=20, grow=True),
            Column(id="outcome", title="step, or what came of it", cell=view.outcome, width=21, grow=True),
            Column(id="took", title="took", cell=self._took, width=6, right=True),
            Column(id="queued", title="queued", cell=lambda job: self.age(job.queued_at), width=6, right=True),
        ]

    def _trigger_columns(self) -> list[Column[TriggerSummary]]:
        return [
            Column(id="name", title="trigger", cell=lambda one: one.name, width=11, grow=True),
            Column(id="next", title="next", cell=self._next_firing, width=16),
            Column(id="on", title="fires on", cell=lambda one: one.on, width=18, grow=True),
            Column(id="do", title="then", cell=view.does, width=14),
            Column(id="last", title="last", cell=lambda one: self.age(one.last_fired_at), width=5, right=True),
            Column(id="budget", title="at most", cell=lambda one: one.at_most or "-", width=11),
            Column(id="fired", title="fired", cell=lambda one: f"{one.n_fired:,}", width=6, right=True),
        ]

    def _took(self, job: Job) -> str:
        return span(view.took(job, self.lab_app.now()))

    def _next_firing(self, trigger: TriggerSummary) -> str:
        return view.next_firing(trigger, self.lab_app.now())

    @property
    def _jobs(self) -> VTable[Job]:
        return self.query_one("#jobs", VTable)

    @property
    def _triggers(self) -> VTable[TriggerSummary]:
        return self.query_one("#triggers", VTable)

    # -- loading --------------------------------------------------------------------------------------------------

    def load(self, lab: Lab) -> Seen:
        """Jobs and triggers as they are now."""
        return look_at(lab, self._filter, self.lab_app.model, self._jobs.cursor_key)

    def show(self, found: Seen) -> None:
        """Tables, pane, count."""
        before = self.shown_before(self._seen)
        self._seen = found
        self._jobs.empty = self._why_empty()
        if before is None or before.rows != found.rows:
            self._jobs.set_source(self._rows(found))
        if before is None or before.triggers != found.triggers:
            self._triggers.set_source(ListRows(found.triggers, lambda one: one.name))
            self.fit_lines(self._triggers, len(found.triggers))
        self._read()
        self.say(view.headline(found.counts, self._filter, MOST_FILTERED))

    def show_pane(self, found: Seen) -> None:
        """The job under the cursor."""
        self._seen = (self._seen or found)._replace(story=found.story)
        self._read()

    def _rows(self, found: Seen) -> Rows[Job]:
        if found.listed is not None or self.lab_app.lab is None:
            return ListRows(found.listed or [], lambda job: job.job_id)
        return JobRows(self.lab_app.lab, found.open)

    def _why_empty(self) -> str:
        if self._filter:
            return f"no job matches  {self._filter}\n\nesc clears the filter"
        if self.lab_app.model:
            return f"no job of {self.lab_app.model} yet\n\nM shows all models"
        return _NO_JOBS

    def tick(self) -> None:
        """What is shown goes on: spans, ages."""
        self._jobs.refresh()
        self._triggers.refresh()
        self._read()

    # -- the pane -------------------------------------------------------------------------------------------------

    @on(VTable.Highlighted)
    def _highlighted_here(self) -> None:
        self._read()

    def _read(self) -> None:
        """Let the pane tell of the trigger, or the job, under the cursor."""
        now = self.lab_app.now()
        trigger, job = self._find_trigger(), self._find_job()
        if trigger is not None:
            self.tell(f"trigger {trigger.name}", f"trigger {trigger.name}", view.trigger_page(trigger, now))
        elif job is not None:
            self.tell(job.job_id, view.job_title(job), view.job_page(self._story_of(job), now))
        else:
            self.tell("", "", ())

    def _story_of(self, job: Job) -> view.JobStory:
        """What has been loaded of a job; until then, what the table knows."""
        known = self._seen.story if self._seen else None
        if known is not None and known.job.job_id == job.job_id:
            return known
        return view.JobStory(job, (), None)

    def _find_trigger(self) -> TriggerSummary | None:
        return self._triggers.cursor_record if self._at == "triggers" else None

    def _find_job(self) -> Job | None:
        return self._jobs.cursor_record if self._at == "jobs" else None

    # -- actions ------------------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Jobs are tried again and stopped, triggers are fired and paused."""
        if action in ("retry", "cancel"):
            return self._why_not_job(action)
        if action in ("run_now", "pause_trigger") and self._find_trigger() is None:
            return self._why_no_trigger("fires" if action == "run_now" else "pauses")
        return super().why_not(action)

    def _why_not_job(self, action: str) -> str | None:
        job = self._find_job()
        if job is None:
            return "this is for jobs: tab goes to them" if self._at == "triggers" else "there is no job here"
        if action == "retry" and job.status not in _TRY_AGAIN:
            return f"this job is {job.status.value}: only failed and cancelled ones are tried again"
        if action == "cancel" and job.status.is_over():
            return f"this job is {job.status.value} already: nothing is left to stop"
        return None

    def _why_no_trigger(self, verb: str) -> str:
        if self._seen is not None and not self._seen.triggers:
            return "there are no triggers: add [trigger.NAME] to mllab.toml"
        return f"this {verb} a trigger: tab goes to the triggers below"

    def do_filter(self) -> None:
        """Type a filter; it is for the jobs."""
        self.set_focus(self._jobs)
        super().do_filter()

    def do_retry(self) -> None:
        """Put the job into the queue again."""
        job = self._find_job()
        if job is not None:
            self.act(lambda lab: lab.retry_job(job.job_id), lambda again: self.lab_app.tell(_queued([again])))

    def do_cancel(self) -> None:
        """Take a waiting job out of the queue; ask before a running one is stopped."""
        job = self._find_job()
        if job is None:
            return
        if job.status is JobStatus.QUEUED:
            self._cancel(job)
        else:
            self.ask(lambda lab: lab.job_steps(job.job_id), lambda steps: self._ask_to_cancel(job, steps))

    def _ask_to_cancel(self, job: Job, steps: Sequence[JobStep]) -> None:
        text = view.cancel_text(steps)
        dialog = confirm(f"Stop the {job.kind} of {job.subject}?", text, "Stop it", no="Keep it")
        self.app.push_screen(dialog, lambda answer: self._cancel(job) if answer == "yes" else None)

    def _cancel(self, job: Job) -> None:
        def said(stopped: Job) -> None:
            how = "is taken out of the queue" if stopped.status is JobStatus.CANCELLED else "is asked to stop"
            self.lab_app.tell(f"{job.kind} of {job.subject} {how}; u tries it again")

        self.act(lambda lab: lab.cancel(job.job_id), said)

    def do_run_now(self) -> None:
        """Fire the trigger."""
        trigger = self._find_trigger()
        if trigger is not None:
            self.act(lambda lab: lab.fire_trigger(trigger.name), lambda jobs: self.lab_app.tell(_queued(jobs)))

    def do_pause_trigger(self) -> None:
        """Pause the trigger, or let it go on."""
        trigger = self._find_trigger()
        if trigger is None:
            return
        if trigger.paused:
            said = f"trigger {trigger.name} goes on"
            self.act(lambda lab: lab.resume_trigger(trigger.name), lambda _: self.lab_app.tell(said))
        else:
            said = f"trigger {trigger.name} is paused; i lets it go on"
            self.act(lambda lab: lab.pause_trigger(trigger.name), lambda _: self.lab_app.tell(said))

    def copyable(self) -> tuple[str, Any] | None:
        """The job or the trigger under the cursor."""
        trigger, job = self._find_trigger(), self._find_job()
        if trigger is not None:
            return trigger.name, trigger
        return (job.job_id, job) if job else None

    def why_not_export(self) -> str | None:
        """Jobs there are."""
        return None if self._jobs.n_rows else "there are no jobs to export"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """The jobs of the filter, those still open first."""
        jobs, now = exported_jobs(lab, self._filter, self.lab_app.model), self.lab_app.now()
        return view.EXPORTED, [view.exported(job, now) for job in jobs], jobs


def _status(job: Job) -> Content:
    return Content.styled(status(job.status.value), STATUS_INKS.get(job.status.value, ""))


def _queued(jobs: Sequence[Job]) -> str:
    if not jobs:
        return "fired; it has nothing to do"
    named = ", ".join(f"{job.kind} of {job.subject}" for job in jobs)
    return f"queued: {named}" if len(jobs) < 4 else f"{count(len(jobs), 'job')} queued"
