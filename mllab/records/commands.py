"""Every wish to change something, as its record: what a second process sends to the host."""

from typing import Any

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of one changing verb of `Lab`, by the verb's own names."""


class Train(Command, frozen=True, kw_only=True):
    """Fit a model: a run, and with `register` a version."""

    model: str
    params: dict[str, Any] = {}
    seed: int | None = None
    register: bool = False
    retrain: bool = False
    """Go on through gates and promotion policy, as triggers do."""
    name: str | None = None


class Promote(Command, frozen=True, kw_only=True):
    """Point `alias` at a version; `champion` deploys it."""

    model: str
    version: int
    alias: str = "champion"
    reason: str = ""


class Rollback(Command, frozen=True, kw_only=True):
    """Put the former champion back, reject the present one, hold the model."""

    model: str
    reason: str = ""


class Release(Command, frozen=True, kw_only=True):
    """Allow automatic promotion again."""

    model: str


class Add(Command, frozen=True, kw_only=True):
    """Take a file in without the inbox."""

    path: str
    source: str | None = None


class Assign(Command, frozen=True, kw_only=True):
    """Say whose a waiting file is."""

    file: str
    source: str


class Retry(Command, frozen=True, kw_only=True):
    """Take a quarantined file again under the present declaration."""

    file: str


class Cancel(Command, frozen=True, kw_only=True):
    """Stop a job (or the job of a run)."""

    job_id: str


class LogLabels(Command, frozen=True, kw_only=True):
    """Bring truth for earlier predictions."""

    labels: tuple[dict[str, Any], ...]


COMMANDS: dict[str, type[Command]] = {
    "train": Train,
    "promote": Promote,
    "rollback": Rollback,
    "release": Release,
    "add": Add,
    "assign": Assign,
    "retry": Retry,
    "cancel": Cancel,
    "log_labels": LogLabels,
}
"""Verb of `Lab` to its command; what `POST /api/v1/commands/{verb}` accepts."""
