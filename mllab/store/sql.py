"""Pieces of statements with what is bound to them: what a user wrote is always bound, and never a part of the text."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec


class Sql(NamedTuple):
    """A piece of a statement with its bound values, in order."""

    text: str
    args: tuple[Any, ...] = ()


TRUE = Sql("1")
"""A condition that always holds."""


def joined(sign: str, parts: Sequence[Sql]) -> Sql:
    """Conditions under one AND or OR."""
    text = f" {sign} ".join(f"({part.text})" for part in parts)
    return Sql(text, args_of(parts))


def args_of(parts: Sequence[Sql]) -> tuple[Any, ...]:
    """What is bound to pieces that follow each other."""
    return tuple(arg for part in parts for arg in part.args)


def escaped(text: str) -> str:
    r"""A text as a pattern of LIKE that fits only itself, with `ESCAPE '\'`."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def as_json(values: Sequence[str]) -> str:
    """Texts as `json_each(?)` takes them."""
    return msgspec.json.encode(values).decode()


class Lookup(NamedTuple):
    """What a table with rows of runs says about some of them: asked run by run, or listed from its index."""

    table: str
    """With its alias, such as `run_params p`."""
    which: Sql
    """Picks at most one row of each run."""
    held: tuple[Sql, ...] = (TRUE,)
    """What must hold of that row: one of these, and never two at once."""
    is_equality: bool = False
    """Whether it is a text that is equal: its index then goes on by time."""

    @property
    def alias(self) -> str:
        """How the row is called in the conditions."""
        return self.table[-1]

    def probe(self) -> Sql:
        """A condition of the row `r` of `runs`; a subquery that is a value, so that SQLite does not walk it instead."""
        where = joined("AND", [Sql(f"{self.alias}.run_id = r.run_id"), self.which, joined("OR", self.held)])
        return Sql(f"(SELECT 1 FROM {self.table} WHERE {where.text})", where.args)  # noqa: S608

    def listed(self) -> Sql:
        """A statement that gives the ids of the runs, each once."""
        parts = [joined("AND", [self.which, held]) for held in self.held]
        texts = [f"SELECT {self.alias}.run_id FROM {self.table} WHERE {part.text}" for part in parts]  # noqa: S608
        return Sql(" UNION ALL ".join(texts), args_of(parts))
