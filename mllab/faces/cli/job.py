"""`mllab job`: the queue of work."""

from typing import Annotated

import msgspec
import typer

from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.faces.cli.progress import done_by, print_queued, wait

app = typer.Typer(help="The queue of work.", rich_markup_mode=None, add_completion=False)

Reference = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]


@app.command("list")
def list_jobs(
    open_only: Annotated[bool, typer.Option("--open", help="Only jobs that are queued or running.")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 1000,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List jobs, newest first."""
    with reading(lab) as it:
        jobs = it.jobs(open_only=open_only, limit=limit)
    if as_json:
        print_json(jobs)
        return
    rows = [
        (job.job_id, job.kind, job.subject, job.status, job.queued_at, job.error or job.progress_text) for job in jobs
    ]
    print_table(("id", "kind", "subject", "status", "queued", "said last"), rows, empty="no jobs")


@app.command("show")
def show_job(job: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Show one job with its finished steps."""
    with reading(lab) as it:
        found = it.job(job)
        steps = it.job_steps(job)
    if as_json:
        print_json(msgspec.to_builtins(found) | {"steps": steps})
        return
    print_fields(
        [
            ("job", found.job_id),
            ("kind", found.kind),
            ("subject", found.subject),
            ("status", found.status),
            ("step", found.step),
            ("said last", found.progress_text),
            ("error", found.error),
            ("hint", found.hint),
            ("attempts", found.attempts),
            ("lane", found.lane),
            ("queued", found.queued_at),
            ("started", found.started_at),
            ("finished", found.finished_at),
            ("result", found.result),
        ]
    )
    if steps:
        say()
        print_table(("step", "finished"), [(step.name, step.finished_at) for step in steps])


@app.command("cancel")
def cancel_job(job: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Stop a job that is queued or running."""
    with opened(lab) as it:
        found = it.cancel(job)
    if as_json:
        print_json(found)
        return
    say(f"asked {found.kind} of {found.subject} ({found.job_id}) to stop: it is {found.status}")


@app.command("retry")
def retry_job(job: Reference, no_wait: NoWait = False, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Put a failed or cancelled job into the queue again."""
    with opened(lab) as it:
        again = it.retry_job(job)
        if no_wait:
            print_queued(again, as_json)
            return
        over = wait(it, again)
        happened = done_by(it, over)
    if as_json:
        print_json(over)
        return
    for event in happened:
        say(event.text)
