"""Where the profiles of dataset versions are kept."""

from mllab.records import ProfileEntry
from mllab.store.db import Database


class Profiles:
    """Reads which versions have a profile."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def find(self, source: str, version: int | None = None) -> ProfileEntry | None:
        """The profile of a version, or the newest of a source."""
        sql = "SELECT * FROM profiles WHERE source = ?1 AND (?2 IS NULL OR version = ?2) ORDER BY version DESC LIMIT 1"
        return self._db.one(ProfileEntry, sql, source, version)

    def list(self, source: str | None = None) -> "list[ProfileEntry]":
        """Profiles by source and version."""
        sql = "SELECT * FROM profiles WHERE ?1 IS NULL OR source = ?1 ORDER BY source, version"
        return self._db.all(ProfileEntry, sql, source)
