"""Every wish to change the registry, or a model that a script logs."""

from mllab.records.base import Command
from mllab.records.logged_models import LoggedModelStatus, ModelLink, ModelMetric


class CreateLoggedModel(Command, frozen=True, kw_only=True):
    """Make room for the files of a model."""

    experiment_id: str
    name: str = ""
    """Empty: its id."""
    run_id: str | None = None
    type: str = ""
    params: dict[str, str] = {}
    tags: dict[str, str] = {}


class ChangeLoggedModel(Command, frozen=True, kw_only=True):
    """Add to a logged model, or take something away."""

    model_id: str
    status: LoggedModelStatus | None = None
    params: dict[str, str] = {}
    set: dict[str, str] = {}
    remove: tuple[str, ...] = ()
    artifacts: dict[str, str] = {}
    """Path to digest."""
    drop: tuple[str, ...] = ()
    """Paths of files, or of folders, that go."""
    metrics: tuple[ModelMetric, ...] = ()
    links: tuple[ModelLink, ...] = ()


class TrashLoggedModel(Command, frozen=True, kw_only=True):
    """Take a logged model out of the lists."""

    model_id: str


class DropArtifacts(Command, frozen=True, kw_only=True):
    """Take files away from a run that was logged from outside."""

    run_id: str
    paths: tuple[str, ...]
    """Of files, or of folders."""


class RegisterModel(Command, frozen=True, kw_only=True):
    """Make a name under which versions are kept."""

    name: str
    note: str = ""
    tags: dict[str, str] = {}


class ChangeModel(Command, frozen=True, kw_only=True):
    """Say something about a registered model."""

    name: str
    note: str | None = None
    set: dict[str, str] = {}
    remove: tuple[str, ...] = ()


class RenameModel(Command, frozen=True, kw_only=True):
    """Give a registered model another name."""

    name: str
    new_name: str


class DeleteModel(Command, frozen=True, kw_only=True):
    """Take a registered model and its versions out of the lists."""

    name: str


class RegisterVersion(Command, frozen=True, kw_only=True):
    """Keep a model from elsewhere as the next version of a name."""

    model: str
    source: str
    """Where its files lie."""
    run_id: str = ""
    model_id: str | None = None
    note: str = ""
    tags: dict[str, str] = {}


class ChangeVersion(Command, frozen=True, kw_only=True):
    """Say something about a version."""

    model: str
    version: int
    note: str | None = None
    stage: str | None = None
    archive: bool = False
    """Whether other versions leave that stage."""
    set: dict[str, str] = {}
    remove: tuple[str, ...] = ()


class DeleteVersion(Command, frozen=True, kw_only=True):
    """Take a version out of the lists."""

    model: str
    version: int


class PointAlias(Command, frozen=True, kw_only=True):
    """Let an alias name a version; `champion` deploys one that can be served."""

    model: str
    alias: str
    version: int


class RemoveAlias(Command, frozen=True, kw_only=True):
    """Take an alias away."""

    model: str
    alias: str


REGISTERING: dict[str, type[Command]] = {
    "create_logged_model": CreateLoggedModel,
    "change_logged_model": ChangeLoggedModel,
    "trash_logged_model": TrashLoggedModel,
    "drop_artifacts": DropArtifacts,
    "register_model": RegisterModel,
    "change_model": ChangeModel,
    "rename_model": RenameModel,
    "delete_model": DeleteModel,
    "register_version": RegisterVersion,
    "change_version": ChangeVersion,
    "delete_version": DeleteVersion,
    "point_alias": PointAlias,
    "remove_alias": RemoveAlias,
}
"""Verb of `Lab` to its command."""
