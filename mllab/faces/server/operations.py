"""The operating part of mllab's own API: jobs, triggers, and what the server itself has answered."""

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery

from mllab.faces.server.desk import desk_of
from mllab.faces.server.pages import Cursor, Limit, Page, page_of
from mllab.faces.server.schema import answers
from mllab.lab import Lab
from mllab.records import Deployment, Job, JobStep, TrafficStats, TriggerSummary


class JobDetail(Job, frozen=True, kw_only=True):
    """A job with its finished steps."""

    steps: list[JobStep]
    """Oldest first, without their outputs."""


@get("/jobs", responses=answers(None, 422))
async def jobs(
    state: State, limit: Limit = 100, cursor: Cursor = None, open_only: FromQuery[bool] = False
) -> Page[Job]:
    """Jobs, newest first."""

    def look(lab: Lab) -> Page[Job]:
        return page_of(lambda n: lab.jobs(open_only=open_only, limit=n), lambda job: job.job_id, limit, cursor)

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


@get("/jobs/{job_id:str}", responses=answers(None, 404))
async def job(state: State, job_id: FromPath[str]) -> JobDetail:
    """One job with its finished steps."""

    def look(lab: Lab) -> JobDetail:
        return JobDetail(**msgspec.structs.asdict(lab.job(job_id)), steps=lab.job_steps(job_id))

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


@get("/triggers")
async def triggers(state: State) -> list[TriggerSummary]:
    """Declared triggers: when they fire, what they do, how far they are."""
    desk = desk_of(state)
    return await desk.threads.run(desk.lab.triggers)


@get("/serving")
async def serving(state: State) -> TrafficStats:
    """What this server has answered since its start, and whether it takes predictions."""
    return desk_of(state).stats()


@get("/deployments")
async def deployments(state: State) -> list[Deployment]:
    """Which version answers for each model, since when."""
    desk = desk_of(state)
    return await desk.threads.run(desk.lab.deployments)
