"""A new lab from a data file, the demo lab, and what is appended to a declaration later."""

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from mllab.config import SourceTable, parse_config
from mllab.engine import Engine
from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.records import LabProposal, Refusal, Schema, Task
from mllab.steps.propose import Proposal
from mllab.store.artifacts import Artifacts, sync_folder
from mllab.workflows.declare import render_lab, render_model, render_source, source_name
from mllab.workflows.workspace import Workspace

_GITIGNORE = "/inbox/\n/outbox/\n/later/\n/.mllab/\n"
_DEMO_MONTHS = 3
"""How many months lie in the demo's inbox at the start."""


def create_lab(
    folder: Path,
    file: Path,
    target: str,
    key: tuple[str, ...],
    timestamp: str | None,
    name: str | None,
    *,
    clock: Callable[[], datetime],
) -> LabProposal:
    """Detect, propose, write, copy; nothing is left behind where it fails. See `Lab.create`."""
    if (folder / "mllab.toml").exists():
        raise Conflict(f"{folder} is a lab already", "add to it with `mllab source add` and `mllab model add`")
    with tempfile.TemporaryDirectory(prefix="mllab-init-") as scratch:
        found = _look(Path(scratch), file, target, key, timestamp)
    source = source_name(file.name)
    proposal = msgspec.convert(found["proposal"], Proposal)
    table = msgspec.convert(found["source"], SourceTable)
    model = name or _as_name(target)
    text = render_lab(_as_name(folder.absolute().name), "UTC", source, table, proposal, model)
    parse_config(text)
    _make_folders(folder)
    _copy_whole(file, folder / "inbox" / source / file.name)
    _write(folder / "mllab.toml", text)
    return LabProposal(
        folder=str(folder),
        source=source,
        model=model,
        task=proposal.task,
        columns=_columns(found),
        rows=found["rows"],
        notes=found["notes"],
        text=text,
    )


_TRACKING_ONLY = """# A lab that runs are logged to, from scripts (`lab.start_run`) and MLflow's client.
# Data can come later: `mllab source add FILE` declares it here.

[lab]
name = {name}
tracking_only = true  # no source is declared yet, and that is meant
"""


def create_empty(folder: Path) -> Path:
    """A lab without data. See `Lab.create_empty`."""
    if (folder / "mllab.toml").exists():
        raise Conflict(f"{folder} is a lab already", "open it")
    text = _TRACKING_ONLY.format(name=msgspec.json.encode(_as_name(folder.absolute().name)).decode())
    parse_config(text)
    _make_folders(folder)
    _write(folder / "mllab.toml", text)
    return folder


def add_source(workspace: Workspace, file: Path, key: tuple[str, ...], timestamp: str | None) -> LabProposal:
    """Append a source for a file, and drop the file. See `Lab.add_source`."""
    with tempfile.TemporaryDirectory(prefix="mllab-source-") as scratch:
        found = _look(Path(scratch), file, None, key, timestamp)
    name = source_name(file.name)
    if name in workspace.config().source:
        raise Conflict(f"source `{name}` is declared already", f"copy the file into inbox/{name}/")
    text = (
        workspace.config_text().rstrip() + "\n\n" + render_source(name, msgspec.convert(found["source"], SourceTable))
    )
    parse_config(text)
    _copy_whole(file, workspace.folder / "inbox" / name / file.name)
    _write(workspace.folder / "mllab.toml", text)
    columns, notes = _columns(found), found["notes"]
    return LabProposal(
        folder=str(workspace.folder),
        source=name,
        model=None,
        task=None,
        columns=columns,
        rows=found["rows"],
        notes=notes,
        text=text,
    )


def add_model(workspace: Workspace, source: str, target: str, name: str | None) -> LabProposal:
    """Append a model over a source that has data. See `Lab.add_model`."""
    config = workspace.config()
    if source not in config.source:
        raise NotFound(f"no source is called `{source}`", "see `mllab source list`")
    dataset = workspace.datasets.latest_dataset(source)
    if dataset is None or not dataset.parts:
        raise InvalidInput(f"source `{source}` has no accepted data yet", "drop a file first, then declare the model")
    model = name or _as_name(target)
    if model in config.model:
        raise Conflict(f"model `{model}` is declared already", "choose another name with --name")
    table = config.source[source]
    inputs = {
        "parts": dataset.parts,
        "schema": workspace.datasets.source_state(source).schema,
        "target": target,
        "key": table.key,
        "timestamp": table.timestamp,
    }
    engine = Engine(workspace.artifacts)
    try:
        found = engine.run("intake", "propose", msgspec.to_builtins(inputs))
    finally:
        engine.close()
    proposal = msgspec.convert(found["proposal"], Proposal)
    text = workspace.config_text().rstrip() + "\n\n" + render_model(model, source, table, proposal)
    parse_config(text)
    _write(workspace.folder / "mllab.toml", text)
    return LabProposal(
        folder=str(workspace.folder),
        source=source,
        model=model,
        task=Task(proposal.task),
        columns=_columns(found),
        rows=found["rows"],
        notes=found["notes"],
        text=text,
    )


# -- the demo --------------------------------------------------------------------------------------------------------


def sample_folder() -> Path:
    """Where the sample data lies: in the package, or beside it in a checkout.

    Raises:
        Unavailable: it was not installed.
    """
    package = Path(__file__).parent.parent
    for folder in (package / "_sample_data", package.parent / "sample_data"):
        if (folder / "mllab.toml").exists():
            return folder
    raise Unavailable("the sample data is not installed", "install mllab from its wheel, or run it from a checkout")


def create_demo(folder: Path) -> Path:
    """The demo lab: the first months in the inbox, the others in `later/`. See `Lab.create_demo`."""
    samples, later = sample_folder(), folder / "later"
    if (folder / "mllab.toml").exists():
        if not later.is_dir():
            raise Conflict(f"{folder} is a lab, and not the demo", "choose another folder, or `mllab up` it")
        return later
    if folder.is_dir() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty", "choose a new folder for the demo")
    _make_folders(folder)
    later.mkdir(exist_ok=True)
    months = sorted(path.stem[-2:] for path in samples.glob("flights_2013_*.csv"))
    for kind in ("weather", "flights"):
        for month in months:
            name = f"{kind}_2013_{month}.csv"
            _copy_whole(samples / name, (folder / "inbox" if month in months[:_DEMO_MONTHS] else later) / name)
    shutil.copyfile(samples / "features.py", folder / "features.py")
    _write(folder / "mllab.toml", (samples / "mllab.toml").read_text(encoding="utf-8"))
    return later


# -- files -----------------------------------------------------------------------------------------------------------


def _look(scratch: Path, file: Path, target: str | None, key: tuple[str, ...], timestamp: str | None) -> dict[str, Any]:
    """Detect and propose in a child, on a copy of the file."""
    artifacts = Artifacts(scratch / "artifacts")
    try:
        with file.open("rb") as content:
            digest, _ = artifacts.take(content)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {file}", "give the path of a data file") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}", "give the path of a data file") from error
    engine = Engine(artifacts)
    try:
        inputs = {"sha256": digest, "name": file.name, "target": target, "key": key, "timestamp": timestamp}
        found = engine.run("intake", "detect", msgspec.to_builtins(inputs))
    finally:
        engine.close()
    if found.get("refusal"):
        refusal = msgspec.convert(found["refusal"], Refusal)
        place = f" line {refusal.line}" if refusal.line else ""
        raise InvalidInput(f"{file.name}{place}: {refusal.reason} ({refusal.code})", refusal.hint)
    return found


def _columns(found: dict[str, Any]) -> dict[str, str]:
    return {field.name: field.dtype.value for field in msgspec.convert(found["schema"], Schema).fields}


def _make_folders(folder: Path) -> None:
    try:
        for one in (folder / "inbox", folder / "outbox", folder / ".mllab"):
            one.mkdir(parents=True, exist_ok=True)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text(_GITIGNORE, encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            f"cannot make a lab in {folder}: {error.strerror}", "choose a folder you may write to"
        ) from error


def _copy_whole(source: Path, target: Path) -> None:
    """Under another name first, so that nobody takes half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, temporary)
    temporary.replace(target)


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def _as_name(text: str) -> str:
    """A valid name made from any text."""
    kept = (
        "".join(one if one.isascii() and (one.isalnum() or one in "_-") else "_" for one in text).strip("_-") or "model"
    )
    return kept[:100] if not kept[0].isdigit() else f"m_{kept}"[:100]
