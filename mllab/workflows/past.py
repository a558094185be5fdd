"""The lab at a past moment: the log up to then, applied to an empty database, answers as the present one does."""

from datetime import datetime

from mllab.config import LabConfig
from mllab.errors import InvalidInput, LabError, NotFound
from mllab.filters import moments
from mllab.records import ConfigVersion, LabStatus
from mllab.store.connect import Connection, Readers
from mllab.store.datasets import Datasets
from mllab.store.db import Database
from mllab.store.jobs import Jobs
from mllab.store.registry import Registry
from mllab.store.replay import replay, snapshot
from mllab.store.rows import from_micros, to_micros
from mllab.workflows.views import model_states, newest_versions
from mllab.workflows.workspace import Workspace

_NOUNS = ("alias", "config", "dataset", "deployment", "gates", "job", "model", "version")
"""All that a status is put together from."""
_PASSING = "job.progressed"
"""Most events are of this type, and they change no job's status."""


class _Replayed(Readers):
    """One connection as the stores read it, in the thread that made it."""

    def __init__(self, connection: Connection) -> None:
        """Wrap it."""
        self._connection = connection

    def connection(self) -> Connection:
        """That one."""
        return self._connection


def read_moment(workspace: Workspace, text: str) -> datetime:
    """A past moment from a person's words; of a day its end, of a length of time so long ago.

    Raises:
        InvalidInput: it means nothing, or lies ahead.
    """
    now = workspace.clock()
    first, end = moments(text, now)
    if first > now:
        raise InvalidInput(f"`{text}` lies ahead", "give a moment that is past")
    return min(end, now)


def status_at(workspace: Workspace, at: datetime) -> LabStatus:
    """The lab at a glance, as it was; nothing is asked of a host.

    Raises:
        NotFound: the lab did not exist yet. Unavailable: its log cannot be applied.
    """
    with snapshot(workspace.db.readers) as log:
        last = _last_before(log, at)
        with replay(log, up_to=last, nouns=_NOUNS, without=_PASSING) as copy:
            db = Database(_Replayed(copy))
            config = _config(workspace, Datasets(db).latest_config())
            deployments = {one.model: one.version for one in Registry(db).list_deployments()}
            return LabStatus(
                lab=(config.lab.name if config else "") or workspace.folder.absolute().name,
                folder=str(workspace.folder.absolute()),
                url=None,
                ready=bool(deployments),
                serving=bool(deployments),
                models=model_states(db, list(config.model) if config else []),
                jobs=Jobs(db).counts(),
                deployments=deployments,
                datasets=newest_versions(db),
                at=at,
            )


def _last_before(log: Connection, at: datetime) -> int:
    """Number of the last event up to a moment."""
    last = log.execute("SELECT max(seq) FROM events WHERE at <= ?", (to_micros(at),)).fetchone()[0]
    if last is None:
        first = log.execute("SELECT min(at) FROM events").fetchone()[0]
        hint = f"its first event is of {from_micros(first):%Y-%m-%d %H:%M:%S} UTC" if first else "it has never run"
        raise NotFound(f"the lab did not exist yet at {at:%Y-%m-%d %H:%M:%S} UTC", hint)
    return int(last)


def _config(workspace: Workspace, accepted: ConfigVersion | None) -> LabConfig | None:
    """The declaration in force then; None where its text is gone or means nothing to this mllab."""
    if accepted is None:
        return None
    try:
        return workspace.config_at(accepted.digest)
    except LabError:
        return None
