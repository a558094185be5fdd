"""A whole lab held against what it says of itself: artifacts, database, log, deployed models. Changes nothing.

Everything is read in pieces, beside whoever writes; the database is seen as it was at one moment.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from mllab.errors import LabError, NotFound, Unavailable
from mllab.records import Bundle, Deployment, Flaw, LabVerification, Progress
from mllab.steps.predict import Predictor
from mllab.store.connect import Connection, sqlite3
from mllab.store.replay import Difference, differences, replay, snapshot
from mllab.workflows.reaching import needs
from mllab.workflows.workspace import Workspace

Report = Callable[[Progress], None]

_MOST_OF_A_KIND = 100
_BACKUP = "restore it from a backup of .mllab"


class Flaws:
    """What was found, of each kind the first ones; counts all."""

    def __init__(self) -> None:
        """Nothing was found."""
        self.first: list[Flaw] = []
        self.counts: Counter[str] = Counter()

    def add(self, kind: str, subject: str, text: str, hint: str = _BACKUP) -> None:
        """One more."""
        self.counts[kind] += 1
        if self.counts[kind] <= _MOST_OF_A_KIND:
            self.first.append(Flaw(kind=kind, subject=subject, text=text, hint=hint))


def verify_lab(workspace: Workspace, report: Report = lambda progress: None) -> LabVerification:
    """Hash every artifact, check the database, apply the log anew, ask every deployed version its golden rows."""
    flaws, held, deployed = Flaws(), _Held(), list[Deployment]()
    n_events = n_rows = 0
    with snapshot(workspace.db.readers) as connection:
        with _answering(flaws):
            _database(connection, flaws, report)
        with _answering(flaws):
            n_events, n_rows = _log(connection, flaws, report)
    with _answering(flaws):
        held = _artifacts(workspace, flaws, report)
    report(Progress(text="asking the deployed versions"))
    with _answering(flaws):
        deployed = workspace.registry.list_deployments()
        for one in deployed:
            _version(workspace, one, flaws)
    return LabVerification(
        n_artifacts=held.n_files,
        n_bytes=held.n_bytes,
        n_named=held.n_named,
        n_erased=held.n_erased,
        n_unreferenced=held.n_unreferenced,
        unreferenced_bytes=held.unreferenced_bytes,
        n_events=n_events,
        n_rows=n_rows,
        n_versions=len(deployed),
        flaws=tuple(flaws.first),
        n_flaws=flaws.counts.total(),
    )


@contextmanager
def _answering(flaws: Flaws) -> Iterator[None]:
    """A database that cannot be read ends one check, not all of them."""
    try:
        yield
    except (sqlite3.Error, Unavailable, msgspec.MsgspecError) as error:
        flaws.add("database", "lab.db", f"the database cannot be read: {error}")


# -- artifacts --------------------------------------------------------------------------------------------------------


class _Held(NamedTuple):
    """What lies in the folder of artifacts."""

    n_files: int = 0
    n_bytes: int = 0
    n_named: int = 0
    n_erased: int = 0
    n_unreferenced: int = 0
    unreferenced_bytes: int = 0


def _artifacts(workspace: Workspace, flaws: Flaws, report: Report) -> _Held:
    report(Progress(text="reading what the database names"))
    needed, kept = _named(workspace)
    files = {digest: status.st_size for digest, status in workspace.artifacts.files()}
    _hash_all(workspace, files, needed, flaws, report)
    absent = [digest for digest in needed if digest not in files and not workspace.artifacts.has(digest)]
    n_erased = sum(workspace.artifacts.is_erased(digest) for digest in absent)
    if n_erased < len(absent):
        still = _named(workspace)[0]  # it may have been removed with who named it, since that was read
        for digest in absent:
            if digest in still and not workspace.artifacts.is_erased(digest):
                flaws.add("missing", digest, f"the artifact {digest[:12]} is missing; {still[digest]} names it")
    left = [n_bytes for digest, n_bytes in files.items() if digest not in kept and digest not in needed]
    return _Held(len(files), sum(files.values()), len(needed), n_erased, len(left), sum(left))


def _named(workspace: Workspace) -> tuple[dict[str, str], set[str]]:
    """Artifacts that must be there, to who names them; and all that are named."""
    needed: dict[str, str] = {}
    kept: set[str] = set()
    with snapshot(workspace.db.readers) as connection:
        for need in needs(workspace, connection):
            kept.add(need.digest)
            if need.is_needed:
                needed.setdefault(need.digest, need.by)
        _boosters(workspace, connection, needed)
    return needed, kept


def _boosters(workspace: Workspace, connection: Connection, needed: dict[str, str]) -> None:
    """A bundle names its booster inside; without it the version is nothing."""
    for model, version, digest in connection.execute("SELECT model, version, bundle FROM versions WHERE bundle <> ''"):
        try:
            bundle = msgspec.json.decode(workspace.artifacts.get(digest), type=Bundle)
        except (LabError, msgspec.MsgspecError):
            continue  # told of as missing or damaged, or logged by somebody in a form of their own
        needed.setdefault(bundle.booster, f"the bundle of {model}@{version}")


def _hash_all(
    workspace: Workspace, files: dict[str, int], needed: dict[str, str], flaws: Flaws, report: Report
) -> None:
    n_all, n_done = max(sum(files.values()), 1), 0

    def tell(n_bytes: int) -> None:
        nonlocal n_done
        n_done += n_bytes
        text = f"hashing {len(files):,} artifacts: {n_done / 1e6:,.0f} of {n_all / 1e6:,.0f} MB"
        report(Progress(text=text, share=n_done / n_all))

    for digest in sorted(files):
        by = needed.get(digest, "nothing that must have it")
        try:
            is_whole = workspace.artifacts.is_whole(digest, tell)
        except NotFound:
            continue  # removed since it was listed
        except OSError as error:
            flaws.add("damaged", digest, f"the artifact {digest[:12]} cannot be read: {error.strerror}; {by} names it")
            continue
        if not is_whole:
            flaws.add("damaged", digest, f"the artifact {digest[:12]} is not what was written; {by} names it")


# -- database and log -------------------------------------------------------------------------------------------------


def _database(connection: Connection, flaws: Flaws, report: Report) -> None:
    report(Progress(text="checking the database"))
    for (said,) in connection.execute(f"PRAGMA quick_check({_MOST_OF_A_KIND})"):
        if said != "ok":
            flaws.add("database", "lab.db", f"the database is damaged: {said}")
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        flaws.add("reference", f"{table} {rowid}", f"row {rowid} of {table} names a row of {parent} that is not there")


def _log(connection: Connection, flaws: Flaws, report: Report) -> tuple[int, int]:
    """How many events were applied, and how many rows compared with what they give."""
    n_events, last = connection.execute("SELECT count(*), max(seq) FROM events").fetchone()

    def tell(seq: int) -> None:
        report(Progress(text=f"applying the log: event {seq:,} of {last:,}", share=seq / last))

    n_rows = 0
    try:
        with replay(connection, report=tell) as copy:
            for found in differences(connection, copy):
                if isinstance(found, int):
                    n_rows += found
                else:
                    flaws.add("replay", found.table, _said(found))
    except LabError as error:
        flaws.add("replay", "events", error.message, error.hint)
    return n_events, n_rows


def _said(one: Difference) -> str:
    row = f"{one.table} {' '.join(str(part) for part in one.key)}"
    if not one.is_in_log:
        return f"{row}: the table has this row, the log does not give it"
    if not one.is_in_table:
        return f"{row}: the log gives this row, the table does not have it"
    return f"{row}: the log gives another {', '.join(one.columns)} than the table has"


# -- deployed versions ------------------------------------------------------------------------------------------------


def _version(workspace: Workspace, one: Deployment, flaws: Flaws) -> None:
    name = f"{one.model}@{one.version}"
    hint = f"`mllab model rollback {one.model}`, or {_BACKUP}"
    try:
        made = workspace.registry.get_version(one.model, one.version)
        bundle = msgspec.json.decode(workspace.artifacts.get(made.bundle), type=Bundle)
        differs = Predictor(bundle, workspace.artifacts.get(bundle.booster)).verify_golden()
    except LabError as error:
        flaws.add("version", name, f"{name} answers requests and cannot be loaded: {error.message}", hint)
    except msgspec.MsgspecError as error:
        flaws.add("version", name, f"the bundle of {name} cannot be read: {error}", hint)
    else:
        if differs is not None:
            flaws.add("version", name, f"{name} does not answer as recorded: {differs}", hint)
