"""What is found out about a lab's own state: flaws, and what nothing needs any more."""

from mllab.records.base import Record

_WORDS = {
    "run": "runs",
    "training_set": "training sets",
    "artifact": "artifacts",
    "temporary": "temporary files",
    "index": "indexes",
    "segment": "log segments",
}


class Flaw(Record, frozen=True, kw_only=True):
    """One thing in a lab that is not as it was written."""

    kind: str
    """`damaged`, `missing`, `database`, `reference`, `replay` or `version`."""
    subject: str
    """Digest, table or version."""
    text: str
    """One sentence for people."""
    hint: str = ""


class LabVerification(Record, frozen=True, kw_only=True):
    """A whole lab held against its digests and its log."""

    n_artifacts: int
    """Files that were read and hashed."""
    n_bytes: int
    n_named: int
    """Digests that the database, or a bundle, names."""
    n_erased: int
    """Of these: erased on request."""
    n_unreferenced: int
    """Files that nothing names; no flaw, `mllab gc` removes them."""
    unreferenced_bytes: int
    n_events: int
    """Events that were replayed."""
    n_rows: int
    """Rows of state tables that were compared with the replay."""
    n_versions: int
    """Deployed versions that were loaded and asked."""
    flaws: tuple[Flaw, ...] = ()
    """Of each kind the first ones."""
    n_flaws: int = 0
    """All of them."""

    def is_clean(self) -> bool:
        """Whether everything is as it was written."""
        return self.n_flaws == 0


class Removal(Record, frozen=True, kw_only=True):
    """One thing that nothing needs any more."""

    kind: str
    """`run`, `training_set`, `artifact`, `temporary`, `index` or `segment`."""
    id: str
    """Run id, digest or path below `.mllab/`."""
    text: str
    """What it is, and why it goes."""
    n_bytes: int = 0
    """Bytes of files; what a run takes in the database is not counted."""


class Collection(Record, frozen=True, kw_only=True):
    """What was removed for good, or would be."""

    is_dry: bool
    """Whether nothing was changed."""
    counts: dict[str, int] = {}
    """Kind of what goes to how many."""
    n_bytes: int = 0
    """Bytes of all files that go."""
    removals: tuple[Removal, ...] = ()
    """What goes; once it is done, the first 1,000."""
    kept: tuple[str, ...] = ()
    """Why runs stay that lie in the trash for long enough: one sentence each."""

    def said(self) -> str:
        """One sentence: what goes, and how many bytes."""
        if not self.counts:
            return "nothing to remove"
        parts = ", ".join(f"{_WORDS[kind]}: {n:,}" for kind, n in self.counts.items())
        return f"{'would be ' * self.is_dry}removed: {parts}; {self.n_bytes:,} bytes"
