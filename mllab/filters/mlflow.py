"""The filter strings and orders of MLflow's searches, read into the same tree: every comparison becomes a `Match`.

    metrics.auc > 0.9 AND params.`max depth` = '6' AND tags.team ILIKE '%risk%' AND attributes.start_time > 1700000000

Beyond MLflow's own grammar OR, NOT and parentheses are understood.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mllab.filters.mlflow_words import Token, read_tokens
from mllab.filters.parsing import MOST_NESTED, MOST_TERMS
from mllab.filters.tree import And, FilterError, Match, Node, Not, Or, Sort
from mllab.filters.values import number

_KINDS = {
    **dict.fromkeys(("metric", "metrics"), "metric"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "param"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), "attribute"),
    **dict.fromkeys(("dataset", "datasets"), "dataset"),
}
_ALIASES = {"created": "start_time", "Created": "start_time"} | dict.fromkeys(
    ("run name", "Run name", "Run Name"), "run_name"
)
_SIGNS = ("=", "!=", "<", "<=", ">", ">=")
_TEXT_OPERATORS = ("=", "!=", "LIKE", "ILIKE")
_OPERATORS = {
    "metric": _SIGNS,
    "param": (*_TEXT_OPERATORS, "IS NULL", "IS NOT NULL"),
    "tag": (*_TEXT_OPERATORS, "IS NULL", "IS NOT NULL"),
    "dataset": (*_TEXT_OPERATORS, "IN", "NOT IN"),
}


class _Grammar(NamedTuple):
    """What one of the searches can ask."""

    texts: frozenset[str]
    """Attributes that are held against texts."""
    numbers: frozenset[str]
    """Attributes that are held against numbers."""
    kinds: frozenset[str]
    sorted_by: frozenset[str] = frozenset()
    """Attributes that can only be ordered by."""


_RUNS = _Grammar(
    frozenset({"run_id", "run_name", "status", "user_id", "artifact_uri"}),
    frozenset({"start_time", "end_time"}),
    frozenset(_KINDS.values()),
)
_REGISTRY = _Grammar(
    frozenset({"name", "run_id", "source_path"}),
    frozenset({"version_number", "creation_timestamp", "last_updated_timestamp"}),
    frozenset({"attribute", "tag"}),
    frozenset({"timestamp", "last_updated_timestamp"}),
)
_EXPERIMENTS = _Grammar(
    frozenset({"name", "experiment_id"}),
    frozenset({"creation_time", "last_update_time"}),
    frozenset({"attribute", "tag"}),
)


_LOGGED_MODELS = _Grammar(
    frozenset({"name", "model_id", "model_type", "status", "source_run_id", "experiment_id"}),
    frozenset({"creation_timestamp", "last_updated_timestamp"}),
    frozenset({"attribute", "metric", "param", "tag"}),
    frozenset({"timestamp"}),
)


def parse_mlflow(text: str) -> Node | None:
    """A filter of runs as a tree; None where it is blank. What names mean is not looked up: unknown ones match nothing.

    Raises:
        FilterError: it cannot be understood; `start` and `end` show the offending term.
    """
    return _parse(text, _RUNS)


def parse_registry(text: str) -> Node | None:
    """A filter of registered models or of versions as a tree, for `matches`; as `parse_mlflow`."""
    return _parse(text, _REGISTRY)


def parse_experiments(text: str) -> Node | None:
    """A filter of experiments as a tree, for `matches`; as `parse_mlflow`."""
    return _parse(text, _EXPERIMENTS)


def parse_logged_models(text: str) -> Node | None:
    """A filter of logged models as a tree; as `parse_mlflow`."""
    return _parse(text, _LOGGED_MODELS)


def parse_logged_models_order_by(orders: Sequence[str]) -> tuple[Sort, ...]:
    """What logged models are ordered by; as `parse_order_by`."""
    return _orders(orders, _LOGGED_MODELS)


def parse_order_by(orders: Sequence[str]) -> tuple[Sort, ...]:
    """What runs are ordered by, the first before the second: `metrics.x DESC`, `attributes.start_time`, `tags.y`.

    Raises:
        FilterError: nothing can be ordered so, or twice by the same.
    """
    return _orders(orders, _RUNS)


def parse_registry_order_by(orders: Sequence[str]) -> tuple[Sort, ...]:
    """What models, versions or experiments are ordered by; as `parse_order_by`."""
    every = _REGISTRY.texts | _REGISTRY.numbers | _EXPERIMENTS.texts | _EXPERIMENTS.numbers
    return _orders(orders, _Grammar(every, frozenset(), frozenset({"attribute", "tag"}), _REGISTRY.sorted_by))


def _parse(text: str, grammar: _Grammar) -> Node | None:
    parser = _Parser(read_tokens(text), grammar)
    return None if parser.token.kind == "end" else parser.whole()


def _orders(orders: Sequence[str], grammar: _Grammar) -> tuple[Sort, ...]:
    found = [_order(text, grammar) for text in orders]
    asked = [(sort.field, sort.name) for sort in found]
    for text, sort in zip(orders, found, strict=True):
        if asked.count((sort.field, sort.name)) > 1:
            raise FilterError(f"`{text}` is ordered by twice", "name it once", start=0, end=len(text), of="sort")
    return tuple(found)


def _order(text: str, grammar: _Grammar) -> Sort:
    try:
        parser = _Parser(read_tokens(text), grammar)
        first = parser.token
        field, name = parser.identifier(ordering=True)
        descending = parser.word("DESC")
        if not descending:
            parser.word("ASC")
        parser.must_end()
    except FilterError as error:
        raise FilterError(error.message, error.hint, start=error.start, end=error.end, of="sort") from error
    return Sort(field=field, name=name, descending=descending, start=first.start, end=len(text))


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, tokens: list[Token], grammar: _Grammar) -> None:
        self._tokens, self._at, self._grammar = tokens, 0, grammar
        self._n_nested, self._n_terms = 0, 0

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def whole(self) -> Node:
        node = self._any()
        self.must_end()
        return node

    def must_end(self) -> None:
        if self.token.kind != "end":
            raise _refused(self.token, f"`{self.token.raw}` is not expected here", "join comparisons with AND")

    def word(self, word: str) -> bool:
        """Pass a keyword, where it stands here."""
        there = self.token.is_word(word)
        self._at += there
        return there

    def _sign(self, kind: str) -> bool:
        there = self.token.kind == kind
        self._at += there
        return there

    def _any(self) -> Node:
        terms = [self._all()]
        while self.word("OR"):
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else Or(terms=tuple(terms))

    def _all(self) -> Node:
        terms = [self._one()]
        while self.word("AND"):
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else And(terms=tuple(terms))

    def _one(self) -> Node:
        opening = self.token
        if not (opening.kind == "(" or opening.is_word("NOT")):
            return self._comparison()
        self._at += 1
        self._n_nested += 1
        if self._n_nested > MOST_NESTED:
            raise _refused(opening, f"the filter is nested deeper than {MOST_NESTED}", "write it flatter")
        node = Not(term=self._one()) if opening.kind != "(" else self._any()
        if opening.kind == "(" and not self._sign(")"):
            raise _refused(opening, "this `(` is not closed", "write `)` at its end")
        self._n_nested -= 1
        return node

    # -- one comparison ----------------------------------------------------------------------------------------------

    def _comparison(self) -> Match:
        first = self.token
        self._n_terms += 1
        if self._n_terms > MOST_TERMS:
            raise _refused(first, f"the filter has more than {MOST_TERMS} comparisons", "leave some out")
        field, name = self.identifier()
        op = self._operator(field, name)
        value = self._value(field, name, op)
        return Match(field=field, name=name, op=op, value=value, start=first.start, end=self._tokens[self._at - 1].end)

    def identifier(self, *, ordering: bool = False) -> tuple[str, str]:
        """What is compared or ordered by: its kind, and its key."""
        token = self.token
        if token.kind not in ("word", "name"):
            what = f"`{token.raw}`" if token.raw else "the end"
            raise _refused(
                token, f"there is no name at {what}", "for example metrics.auc, params.lr, attributes.status"
            )
        self._at += 1
        kind, dot, name = token.value.partition(".") if token.kind == "word" else ("attribute", ".", token.value)
        kind, name = (kind, name) if dot else ("attribute", kind)
        if kind not in _KINDS or _KINDS[kind] not in self._grammar.kinds:
            kinds = ", ".join(f"{one}." for one in sorted(self._grammar.kinds))
            raise _refused(token, f"`{token.raw}` begins with no kind of name", f"one of {kinds}")
        field = _KINDS[kind]
        return field, self._key(token, field, name, ordering)

    def _key(self, token: Token, field: str, name: str, ordering: bool) -> str:
        allowed: frozenset[str] | None = None
        if field == "attribute":
            name = _ALIASES.get(name, name)
            allowed = self._grammar.texts | self._grammar.numbers | (self._grammar.sorted_by if ordering else set())
        elif field == "dataset":
            allowed = frozenset() if ordering else frozenset({"name", "digest", "context"})
        if allowed is not None and name not in allowed:
            hint = f"one of {', '.join(sorted(allowed))}" if allowed else "order by a metric, parameter, tag, attribute"
            raise _refused(token, f"`{token.raw}` is no {field} that can be asked for", hint)
        if not name:
            raise _refused(token, f"there is no name in `{token.raw}`", "for example metrics.auc")
        return name

    def _operator(self, field: str, name: str) -> str:
        token = self.token
        op = self._read_operator()
        if field != "attribute":
            allowed = _OPERATORS[field]
        elif name in self._grammar.numbers:
            allowed = _SIGNS
        else:
            allowed = (*_TEXT_OPERATORS, "IN", "NOT IN")
        if op not in allowed:
            said = f"`{op or token.raw or 'the end'}` is no comparison of a {field}"
            raise _refused(
                token,
                f"{said} (behind `{self._tokens[max(0, self._at - 1)].raw}`)" if not op else said,
                f"one of {' '.join(allowed)}",
            )
        return op

    def _read_operator(self) -> str:
        token = self.token
        if token.kind == "sign":
            self._at += 1
            return {"==": "=", "<>": "!="}.get(token.raw, token.raw)
        for words in (("IS", "NOT", "NULL"), ("IS", "NULL"), ("NOT", "IN"), ("IN",), ("LIKE",), ("ILIKE",)):
            ahead = self._tokens[self._at : self._at + len(words)]
            if len(ahead) == len(words) and all(one.is_word(word) for one, word in zip(ahead, words, strict=True)):
                self._at += len(words)
                return " ".join(words)
        return ""

    def _value(self, field: str, name: str, op: str) -> str | float | tuple[str, ...]:
        if op.startswith("IS"):
            return ""
        if op.endswith("IN"):
            return self._list()
        if field == "metric" or (field == "attribute" and name in self._grammar.numbers):
            return self._number(f"{field} `{name}`")
        return self._text(f"{field} `{name}`")

    def _number(self, of: str) -> float:
        token = self.token
        value = number(token.value) if token.kind == "word" else None
        if value is None:
            raise _refused(token, f"{of} is compared with a number, not `{token.raw}`", "for example 0.9")
        self._at += 1
        return value

    def _text(self, of: str) -> str:
        token = self.token
        if token.kind not in ("text", "name") or token.raw.startswith("`"):
            raise _refused(token, f"{of} is compared with a text in quotes, not `{token.raw}`", "for example 'a'")
        self._at += 1
        return token.value

    def _list(self) -> tuple[str, ...]:
        found: list[str] = []
        opening = self.token
        if not self._sign("("):
            raise _refused(opening, f"there is no list at `{opening.raw}`", "for example ('a', 'b')")
        while not found or self._sign(","):
            found.append(self._text("a list"))
        if not self._sign(")"):
            raise _refused(opening, "this `(` is not closed", "write `)` at its end")
        return tuple(found)


def _refused(token: Token, message: str, hint: str) -> FilterError:
    return FilterError(message, hint, start=token.start, end=token.end)
