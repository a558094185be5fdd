"""What a filter and an order are once they are understood, and how they are written."""

import re
from typing import TypeAlias

from mllab.errors import InvalidInput
from mllab.records import Record

KEYWORDS = ("AND", "OR", "NOT")
HAVE_NAMES = ("metric", "param", "tag")
"""Fields that go on behind a dot."""
HAVE_FIELDS = ("parent", "note", "git", "dataset", "error")
"""What else a run can have or lack."""

_BARE = re.compile(r"[\w./+-]+")


class FilterError(InvalidInput):
    """A filter or an order that cannot be understood, or that names what does not exist.

    Args:
        message: what is wrong, with the offending term in it.
        hint: what to write instead.
        start: where the offending term starts in the text, in characters.
        end: where it ends, exclusive.
        of: which text that is: `filter` or `sort`.
    """

    def __init__(self, message: str, hint: str = "", *, start: int, end: int, of: str = "filter") -> None:
        """Keep the place beside the sentence."""
        super().__init__(message, hint, [(f"/{of}", of, message)])
        self.start, self.end, self.of = start, end, of


class Word(Record, frozen=True, kw_only=True):
    """Text to be found anywhere in a run."""

    text: str
    start: int = 0
    end: int = 0
    """Characters of the filter's text that the term takes, the end exclusive; so for every term."""


class Compare(Record, frozen=True, kw_only=True):
    """A field held against a value."""

    field: str
    """A key of `FIELDS`."""
    name: str = ""
    """Of the metric, parameter or tag; empty for other fields."""
    op: str
    value: str
    """As written, without quotes; it fits its field."""
    start: int = 0
    end: int = 0


class Has(Record, frozen=True, kw_only=True):
    """Whether a run has a metric, parameter or tag at all, or another thing that not every run has."""

    field: str
    """`metric`, `param` or `tag`; or one of `HAVE_FIELDS`."""
    name: str = ""
    """Of the metric, parameter or tag; empty for other fields."""
    start: int = 0
    end: int = 0


class Match(Record, frozen=True, kw_only=True):
    """A comparison as MLflow means it: capitals matter, and a name that no run has is no error."""

    field: str
    """`metric`, `param`, `tag`, `attribute` or `dataset`."""
    name: str
    op: str
    """`=`, `!=`, `<`, `<=`, `>`, `>=`, `LIKE`, `ILIKE`, `IN`, `NOT IN`, `IS NULL` or `IS NOT NULL`."""
    value: str | float | tuple[str, ...] = ""
    """A number for metrics and moments (milliseconds), a tuple behind IN, else text."""
    start: int = 0
    end: int = 0


class Not(Record, frozen=True, kw_only=True):
    """The opposite of a term."""

    term: "Node"


class And(Record, frozen=True, kw_only=True):
    """Two terms or more that must all hold."""

    terms: "tuple[Node, ...]"


class Or(Record, frozen=True, kw_only=True):
    """Two terms or more of which one must hold."""

    terms: "tuple[Node, ...]"


Node: TypeAlias = Word | Compare | Has | Match | Not | And | Or


class Sort(Record, frozen=True, kw_only=True):
    """What a list is ordered by; what has no value comes last either way."""

    field: str
    """One of `SORT_FIELDS`."""
    name: str = ""
    """Of the metric or parameter."""
    descending: bool = False
    start: int = 0
    end: int = 0


def format_filter(node: Node | None) -> str:
    """The text of a tree, which `parse` reads back as the same tree.

    Raises:
        ValueError: a `Match`, which only MLflow's grammar writes.
    """
    match node:
        case Match():
            raise ValueError(node)
        case None:
            return ""
        case Word(text=text):
            like_a_field = text.partition(".")[0].lower() in HAVE_NAMES
            return quote(text) if text in KEYWORDS or text.startswith("-") or like_a_field else _bare(text)
        case Compare():
            return f"{_dotted(node.field, node.name)}{node.op}{_bare(node.value)}"
        case Has():
            return f"has:{_dotted(node.field, node.name)}"
        case Not(term=term):
            return f"{'NOT ' if isinstance(term, Not) else '-'}{_grouped(term)}"
        case And(terms=terms):
            return " ".join(_grouped(term) for term in terms)
        case Or(terms=terms):
            return " OR ".join(_grouped(term) if isinstance(term, Or) else format_filter(term) for term in terms)


def _grouped(node: Node) -> str:
    return f"({format_filter(node)})" if isinstance(node, And | Or) else format_filter(node)


def _dotted(field: str, name: str) -> str:
    return f"{field}.{_bare(name)}" if name else field


def _bare(text: str) -> str:
    return text if _BARE.fullmatch(text) else quote(text)


def quote(text: str) -> str:
    """A text in double quotes, as the grammar reads it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
