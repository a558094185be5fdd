"""Features as the files in the lab's folder declare them at this moment, run on real rows in a process of its own.

Changes nothing, takes no lock, and needs no host: what is wrong in the files is part of the result.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Stop

import msgspec

from mllab.config import LabConfig, nearest, parse_config
from mllab.engine import Engine, StepDied
from mllab.engine.preview_problem import Texts, Where, problem_of
from mllab.engine.preview_rows import SourceRows
from mllab.engine.preview_run import PreviewInputs
from mllab.errors import InvalidInput, LabError, NotFound
from mllab.records import FeaturePreview, FileStatus, PreviewProblem
from mllab.steps.feature_plan import view_names
from mllab.workflows.ingest import sources_by_name
from mllab.workflows.workspace import Workspace

LIMIT_SECONDS = 20.0
"""How long the owner's code may take."""
_MEMORY_BYTES = 4_000_000_000
_GRACE_SECONDS = 2.0
"""Code that cannot be stopped where it is ends with its process, so much later."""
_START_SECONDS = 120.0
_LANE = "preview"
_LOOK_SECONDS = 0.3
_SETTLE_SECONDS = 0.05
"""An editor may save in two steps."""


def preview_feature(
    workspace: Workspace, name: str, rows: int = 20, *, seconds: float = LIMIT_SECONDS
) -> FeaturePreview:
    """What each step makes of a sample of real rows, up to the first that fails.

    Args:
        workspace: the lab.
        name: a feature view, on-demand group, source or model of `mllab.toml` as it lies in the folder; where one
            name stands for several, that order counts, or `source:NAME` and the like.
        rows: how many first rows to tell.
        seconds: how long it may take.

    Raises:
        NotFound: nothing is called so, or there are no rows of it yet.
    """
    with _engine(workspace) as engine:
        return _preview(workspace, engine, name, rows, seconds)


def watch_feature(
    workspace: Workspace, name: str, rows: int, stop: Stop, *, seconds: float = LIMIT_SECONDS
) -> Iterator[FeaturePreview]:
    """A preview now and one after each change of `features.py` or `mllab.toml`, until `stop` is set; never an error."""
    with _engine(workspace) as engine:
        while not stop.is_set():
            mark = _marks(workspace.folder)
            try:
                yield _preview(workspace, engine, name, rows, seconds)
            except LabError as error:
                yield FeaturePreview(name=name, kind="", problem=PreviewProblem(message=error.message, hint=error.hint))
            while _marks(workspace.folder) == mark and not stop.wait(_LOOK_SECONDS):
                pass
            stop.wait(_SETTLE_SECONDS)


@contextmanager
def _engine(workspace: Workspace) -> Iterator[Engine]:
    engine = Engine(workspace.artifacts, memory_bytes=_MEMORY_BYTES, step_seconds=_START_SECONDS)
    try:
        yield engine
    finally:
        engine.close()


def _marks(folder: Path) -> list[tuple[int, int]]:
    found = []
    for name in ("mllab.toml", "features.py"):
        try:
            status = (folder / name).stat()
            found.append((status.st_mtime_ns, status.st_size))
        except OSError:
            found.append((0, 0))
    return found


def _preview(workspace: Workspace, engine: Engine, name: str, rows: int, seconds: float) -> FeaturePreview:
    since = time.monotonic()
    try:
        texts = Texts(workspace.config_text(), _features_text(workspace.folder))
    except InvalidInput as error:
        return FeaturePreview(name=name, kind="", problem=problem_of(error, Texts("", ""), Where()))
    try:
        config = parse_config(texts.toml)
    except InvalidInput as error:
        return FeaturePreview(name=name, kind="", problem=problem_of(error, texts, Where()))
    wanted = _inputs(workspace, config, texts, name, rows, seconds)
    made = _run(engine, wanted)
    return msgspec.structs.replace(made, seconds=time.monotonic() - since)


def _features_text(folder: Path) -> str:
    """The present text; empty where there is none.

    Raises:
        InvalidInput: it cannot be read.
    """
    try:
        return (folder / "features.py").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise InvalidInput(f"features.py is not UTF-8 (byte {error.start})", "save it as UTF-8") from None
    except OSError as error:
        raise InvalidInput(f"features.py cannot be read: {error.strerror}", "mend its permissions") from None


def _run(engine: Engine, wanted: PreviewInputs) -> FeaturePreview:
    made = FeaturePreview(name=wanted.name, kind=wanted.kind)
    at = [""]
    engine.step_seconds = _START_SECONDS
    try:
        engine.warm(_LANE)
        engine.step_seconds = wanted.seconds + _GRACE_SECONDS
        found = engine.run(_LANE, "preview", msgspec.to_builtins(wanted), lambda said: at.append(said.text))
    except StepDied as error:
        problem = msgspec.structs.replace(_death(error, wanted.seconds), step=at[-1])
        return msgspec.structs.replace(made, problem=problem)
    problem = msgspec.convert(found["problem"], PreviewProblem | None)
    known = {"name": wanted.name, "kind": wanted.kind, "sample": found["sample"], "steps": found["steps"]}
    return msgspec.structs.replace(msgspec.convert(known, FeaturePreview), problem=problem)


def _death(error: StepDied, seconds: float) -> PreviewProblem:
    if error.code == "timeout":
        hint = "look for a loop in features.py that does not end"
        return PreviewProblem(message=f"it has not ended within {seconds:g} s and could not be stopped", hint=hint)
    if error.code == "memory":
        message = f"it needed more than {_MEMORY_BYTES / 1e9:g} GB of memory"
        return PreviewProblem(message=message, hint="look in features.py for what makes so many values at once")
    return PreviewProblem(message=error.message, hint=error.hint)


# -- whose rows -------------------------------------------------------------------------------------------------------


def _inputs(
    workspace: Workspace, config: LabConfig, texts: Texts, name: str, rows: int, seconds: float
) -> PreviewInputs:
    kind, name = _kind_of(config, name)
    sample = _sample_of(workspace, config, kind, name)
    names = [sample]
    if kind == "model":
        names += [config.feature_view[view].source for view in view_names(config, config.model[name].features)]
    return PreviewInputs(
        name=name,
        kind=kind,
        toml=texts.toml,
        features=texts.features,
        rows=rows,
        sample=sample,
        sources={one: _rows_of(workspace, config, one) for one in dict.fromkeys(names)},
        seconds=seconds,
    )


def _kind_of(config: LabConfig, name: str) -> tuple[str, str]:
    """What is called so, and its bare name: `weather` is the view of that name, `source:weather` the source.

    Raises:
        NotFound: nothing is called so.
    """
    kinds: dict[str, Collection[str]] = {
        "view": config.feature_view,
        "on_demand": config.on_demand,
        "source": config.source,
        "model": config.model,
    }
    asked, colon, bare = name.partition(":")
    if colon and asked in kinds:
        kinds, name = {asked: kinds[asked]}, bare
    for kind, names in kinds.items():
        if name in names:
            return kind, name
    message = f"mllab.toml declares no feature view, on-demand group, source or model `{name}`"
    raise NotFound(message, nearest(name, list(dict.fromkeys(one for names in kinds.values() for one in names))))


def _sample_of(workspace: Workspace, config: LabConfig, kind: str, name: str) -> str:
    """The source whose rows are the sample."""
    if kind == "view":
        return config.feature_view[name].source
    if kind == "on_demand":
        return _source_of_group(workspace, config, name)
    return name if kind == "source" else config.model[name].source


def _source_of_group(workspace: Workspace, config: LabConfig, name: str) -> str:
    """The source whose rows bring the inputs: that of a model which asks for the group, else one with such columns."""
    for model in config.model.values():
        services = [config.feature_service[one].features for one in model.features if one in config.feature_service]
        if name in model.features or any(name in one for one in services):
            return model.source
    for source in config.source if _has_run(workspace) else ():
        schema = workspace.datasets.source_state(source).schema
        if schema is not None and set(config.on_demand[name].inputs) <= set(schema.names()):
            return source
    return next(iter(config.source))


def _rows_of(workspace: Workspace, config: LabConfig, source: str) -> SourceRows:
    """The accepted rows of a source, else a file that waits.

    Raises:
        NotFound: there is neither.
    """
    found = _accepted(workspace, source) if _has_run(workspace) else None
    if found is not None:
        return found
    for path, name in _inbox(workspace.folder / "inbox"):
        if sources_by_name(name, config) == [source]:
            return SourceRows(source=source, label=name, file=str(path), is_path=True)
    for file in workspace.datasets.list_files(newest_first=True) if _has_run(workspace) else ():
        open_status = file.status in (FileStatus.QUARANTINED, FileStatus.WAITING, FileStatus.RECEIVED)
        is_its = file.source == source or (file.source is None and sources_by_name(file.name, config) == [source])
        if open_status and is_its and workspace.artifacts.has(file.sha256):
            label = f"{file.name}, {file.status.value}"
            return SourceRows(source=source, label=label, file=file.sha256)
    raise NotFound(f"there are no rows of source `{source}` yet", f"drop a file into inbox/{source}/")


def _has_run(workspace: Workspace) -> bool:
    """Whether anything was taken in ever: a lab that never ran has no database."""
    return workspace.db.readers.path.exists()


def _accepted(workspace: Workspace, source: str) -> SourceRows | None:
    state, dataset = workspace.datasets.source_state(source), workspace.datasets.latest_dataset(source)
    if dataset is None or not dataset.parts or state.schema is None:
        return None
    raw = state.raw_schema or state.schema
    label = f"version {dataset.version}"
    return SourceRows(source=source, label=label, parts=dataset.parts, schema=state.schema, raw=tuple(raw.names()))


def _inbox(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files in the inbox and one folder below it, with their names below it; hidden ones and links left out."""
    for path in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield path, path.relative_to(folder).as_posix()
