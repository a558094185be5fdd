"""What a script logged when it was run again, beside what it logged the first time."""

import msgspec

from mllab.records import ConcludeReproduction, EnvironmentChange, Reproduction, Run, RunStatus, Verdict
from mllab.steps.reproduction import compared, environment_changes, metric_differences, verdict_of
from mllab.workflows.bringing_in import bring_in
from mllab.workflows.reproducing import ARTIFACT, TAG, again_name, conclude
from mllab.workflows.workspace import Workspace

_ABOUT_PLACE = (ARTIFACT, "requirements.txt")
"""Files of a run that are about its surroundings, which are compared as such."""


def conclude_script(workspace: Workspace, command: ConcludeReproduction) -> Reproduction:
    """Compare a run with the one that the script made of it, and keep the verdict.

    Raises:
        NotFound: no run is called so. Conflict: several are.
    """
    bring_in(workspace)
    run = workspace.runs.get_run(command.run)
    found = _judged(workspace, command, run, _apart(workspace, run, _made_since(workspace, command, run)))
    workspace.db.write(lambda tx: conclude(workspace, tx, found))
    return found


def _apart(workspace: Workspace, run: Run, again: Run | None) -> Run | None:
    """A script names its run as it always does; the new one gets another, so that the name still means the first."""
    if again is None or again.name != run.name or again.run_id == run.run_id:
        return again
    name = again_name(workspace, run, again.run_id)
    said, change = (
        f"{again.name} is called {name} now: it does {run.run_id} again",
        {"run_id": again.run_id, "name": name},
    )
    workspace.db.write(lambda tx: tx.emit("run.renamed", again.run_id, said, change))
    return msgspec.structs.replace(again, name=name)


def _judged(workspace: Workspace, command: ConcludeReproduction, run: Run, again: Run | None) -> Reproduction:
    why = command.problem or ("the script logged no run" if again is None else _unfinished(again))
    if again is None or why:
        said = f"{run.name} cannot be reproduced: {why}"
        return _record(workspace, command, run, Verdict.CANNOT, said, again)
    metrics = metric_differences(run.metrics, again.metrics, command.tolerance, command.ignore)
    differences, notes = [*_params(run, again), *_data(run, again), *_missing(run, again)], _files(run, again)
    verdict = verdict_of(not notes, metrics, differences)
    return Reproduction(
        run_id=run.run_id,
        verdict=verdict,
        text=f"{run.name} reproduced as {again.name}: {_said(verdict, command.tolerance)}",
        again=again.run_id,
        tolerance=command.tolerance,
        items=command.items,
        environment=_environment(run, again),
        n_metrics=len(compared([*run.metrics, *again.metrics], command.ignore)),
        metrics=metrics,
        differences=tuple(differences),
        notes=tuple(notes),
        at=workspace.clock(),
    )


def _record(
    workspace: Workspace, command: ConcludeReproduction, run: Run, verdict: Verdict, said: str, again: Run | None
) -> Reproduction:
    return Reproduction(
        run_id=run.run_id,
        verdict=verdict,
        text=said,
        again=again.run_id if again else None,
        tolerance=command.tolerance,
        items=command.items,
        environment=_environment(run, again) if again else (),
        at=workspace.clock(),
    )


def _made_since(workspace: Workspace, command: ConcludeReproduction, run: Run) -> Run | None:
    """The run that the script has made of this one: of several the one of its name, else of its parameters."""
    sql = (
        "SELECT r.run_id FROM runs r JOIN run_tags t ON t.run_id = r.run_id AND t.name = ? AND t.text = ?"
        " WHERE r.started_at >= ? ORDER BY r.started_at"
    )
    since = int(command.since.timestamp() * 1_000_000)
    ids = [row[0] for row in workspace.db.readers.all(sql, TAG, run.run_id, since)]
    found = workspace.runs.by_ids(ids)
    named = [one for one in found if one.name == run.name] or [one for one in found if one.params == run.params]
    return next(iter(named or found), None)


def _unfinished(again: Run) -> str:
    if again.status is RunStatus.FINISHED:
        return ""
    return f"the run that the script made is {again.status.value}" + (f": {again.error}" if again.error else "")


def _environment(run: Run, again: Run) -> tuple[EnvironmentChange, ...]:
    return environment_changes(run.environment, again.environment)


def _params(run: Run, again: Run) -> list[str]:
    names = sorted({*run.params, *again.params})
    return [
        f"parameter {name} is {_shown(again, name)}, then it was {_shown(run, name)}"
        for name in names
        if (name in run.params, run.params.get(name)) != (name in again.params, again.params.get(name))
    ]


def _shown(run: Run, name: str) -> str:
    return f"{run.params[name]!r:.60}" if name in run.params else "missing"


def _data(run: Run, again: Run) -> list[str]:
    """Data that was used, by name and use."""
    before = {(one.name, one.context): one.digest for one in run.datasets}
    after = {(one.name, one.context): one.digest for one in again.datasets}
    return [
        f"the data `{key[0]}` is {after.get(key, 'missing')[:12]}, then it was {before.get(key, 'missing')[:12]}"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


def _files(run: Run, again: Run) -> list[str]:
    """Files that it made: they may hold a time or a path, so another content decides nothing."""
    names = sorted({*run.artifacts} & {*again.artifacts} - set(_ABOUT_PLACE))
    return [
        f"the file {name} is {again.artifacts[name][:12]}, then it was {run.artifacts[name][:12]}"
        for name in names
        if run.artifacts[name] != again.artifacts[name]
    ]


def _missing(run: Run, again: Run) -> list[str]:
    told = {
        "was not made again": {*run.artifacts} - {*again.artifacts},
        "is new": {*again.artifacts} - {*run.artifacts},
    }
    return [f"the file {name} {what}" for what, names in told.items() for name in sorted(names - set(_ABOUT_PLACE))]


def _said(verdict: Verdict, tolerance: float) -> str:
    if verdict is Verdict.SAME:
        return "the same parameters, metrics, data and files"
    if verdict is Verdict.WITHIN:
        return f"the same parameters and data, every metric within {tolerance:g} of the first one's"
    return "different"
