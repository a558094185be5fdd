"""Whether one thing with attributes and tags, such as a registered model, is what a tree of `Match`es asks for."""

import re
from collections.abc import Mapping

from mllab.filters.tree import And, Match, Node, Not, Or

PROMPT = "mlflow.prompt.is_prompt"
"""MLflow keeps prompts among its models; a model without this tag is none, so that `!= 'true'` holds for it."""


def matches(node: Node | None, attributes: Mapping[str, str | float | None], tags: Mapping[str, str]) -> bool:
    """Whether a thing is asked for. A comparison with what it lacks never holds.

    Args:
        node: of `parse_registry` or `parse_experiments`; None asks for everything.
        attributes: name to value.
        tags: name to value.
    """
    match node:
        case None:
            return True
        case And(terms=terms):
            return all(matches(term, attributes, tags) for term in terms)
        case Or(terms=terms):
            return any(matches(term, attributes, tags) for term in terms)
        case Not(term=term):
            return not matches(term, attributes, tags)
        case Match():
            return _holds(node, attributes, tags)
    raise ValueError(node)


def _holds(asked: Match, attributes: Mapping[str, str | float | None], tags: Mapping[str, str]) -> bool:
    value = tags.get(asked.name) if asked.field == "tag" else attributes.get(asked.name)
    if asked.op.startswith("IS"):
        return (value is None) is (asked.op == "IS NULL")
    if value is None and asked.field == "tag" and asked.name == PROMPT:
        value = "false"
    return value is not None and _compare(value, asked)


def _compare(value: str | float, asked: Match) -> bool:
    wanted = asked.value
    if asked.op.endswith("LIKE") and isinstance(wanted, str):
        flags = re.DOTALL | (re.IGNORECASE if asked.op == "ILIKE" else 0)
        return re.fullmatch(_pattern(wanted), str(value), flags) is not None
    if isinstance(wanted, tuple):
        return (str(value) in wanted) is (asked.op == "IN")
    if asked.op in ("=", "!="):
        return (value == wanted) is (asked.op == "=")
    return _is_ordered(float(value), asked.op, float(wanted))


def _is_ordered(value: float, op: str, wanted: float) -> bool:
    if op in ("<", "<="):
        return value < wanted or (op == "<=" and value == wanted)
    return value > wanted or (op == ">=" and value == wanted)


def _pattern(like: str) -> str:
    return "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in like)
