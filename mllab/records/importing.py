"""What comes from another tracking store, as it was there; and what was brought over."""

from mllab.records.base import Command, Record
from mllab.records.logged_models import LoggedModel
from mllab.records.registry import ModelVersion, RegisteredModel


class ImportLoggedModel(Command, frozen=True, kw_only=True):
    """Keep a logged model under the id that it had elsewhere."""

    model: LoggedModel


class ImportRegistered(Command, frozen=True, kw_only=True):
    """Keep a registered model with the numbers of its versions and its aliases."""

    model: RegisteredModel
    versions: tuple[ModelVersion, ...] = ()
    aliases: dict[str, int] = {}


IMPORTING: dict[str, type[Command]] = {
    "import_logged_model": ImportLoggedModel,
    "import_registered": ImportRegistered,
}


class Moved(Record, frozen=True, kw_only=True):
    """What was brought into a lab, or out of it; of an import only what was new."""

    n_experiments: int = 0
    n_runs: int = 0
    n_points: int = 0
    n_artifacts: int = 0
    n_bytes: int = 0
    """Of the artifacts."""
    n_logged_models: int = 0
    n_registered: int = 0
    """Registered models."""
    n_versions: int = 0
    n_added_to: int = 0
    """Runs that were there already, with something to add."""
    n_unchanged: int = 0
    """Runs that were there already, with nothing to add."""
    n_notes: int = 0
    notes: tuple[str, ...] = ()
    """What was left out and why; the first of them."""
