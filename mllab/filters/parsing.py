"""From text to tree: whatever the text, a tree or a `FilterError` that shows the offending term."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mllab.errors import InvalidInput
from mllab.filters.tree import (
    HAVE_FIELDS,
    HAVE_NAMES,
    KEYWORDS,
    And,
    Compare,
    FilterError,
    Has,
    Node,
    Not,
    Or,
    Sort,
    Word,
    quote,
)
from mllab.filters.values import FIELDS, SORT_FIELDS, is_nan, nearest, number
from mllab.records.metric_names import SPLITS

MOST_CHARACTERS = 2000
MOST_TERMS = 100
MOST_NESTED = 16
"""Bounds of one filter; a query made of it stays within what SQLite takes."""

_OPERATOR = re.compile(r">=|<=|!=|==|[:=<>]")
_NO_TEXT = re.compile("[\ud800-\udfff\0]")


class _Token(NamedTuple):
    kind: str
    """`(`, `)`, `-`, a keyword, `term`, or `end`."""
    start: int
    end: int
    raw: str = ""
    """As written."""
    value: str = ""
    """Without quotes."""
    shape: str = ""
    """The value with a quote in place of every character that was quoted: no sign in it is an operator."""


# -- text to tokens --------------------------------------------------------------------------------------------------


def _checked(text: str, of: str = "filter") -> str:
    if len(text) > MOST_CHARACTERS:
        said = f"the {of} is longer than {MOST_CHARACTERS:,} characters"
        raise FilterError(said, "leave some of it out", start=MOST_CHARACTERS, end=len(text), of=of)
    if (odd := _NO_TEXT.search(text)) is not None:
        raise FilterError(f"the {of} holds what is no text", "remove it", start=odd.start(), end=odd.end(), of=of)
    return text


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _Token(text[at], at, at + 1) if text[at] in "()-" else _term(text, at)
        yield token
        at = token.end
    yield _Token("end", at, at)


def _term(text: str, start: int) -> _Token:
    """What stands between spaces and parentheses, quoted parts included."""
    at, value, shape = start, "", ""
    while at < len(text) and not text[at].isspace() and text[at] not in "()":
        if text[at] == '"':
            quoted, at = _quoted(text, at)
            value, shape = value + quoted, shape + '"' * len(quoted)
        else:
            value, shape, at = value + text[at], shape + text[at], at + 1
    raw = text[start:at]
    return _Token(raw if raw in KEYWORDS else "term", start, at, raw, value, shape)


def _quoted(text: str, start: int) -> tuple[str, int]:
    """What the quote at `start` holds, and where the text goes on behind it."""
    at, found = start + 1, ""
    while at < len(text) and text[at] != '"':
        at += text[at] == "\\"
        found += text[at : at + 1]
        at += 1
    if at >= len(text):
        raise FilterError("this quote is not closed", 'write `"` at its end', start=start, end=len(text))
    return found, at + 1


# -- tokens to a tree ------------------------------------------------------------------------------------------------


def parse(text: str) -> Node | None:
    """A filter's text as a tree; None where it is blank.

    Raises:
        FilterError: it cannot be understood; `start` and `end` show the offending term.
    """
    parser = _Parser(list(_tokens(_checked(text))))
    return None if parser.token.kind == "end" else parser.whole()


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at, self._n_nested, self._n_terms = tokens, 0, 0, 0

    @property
    def token(self) -> _Token:
        return self._tokens[self._at]

    def whole(self) -> Node:
        node = self._any()
        if self.token.kind == ")":
            raise _refused(self.token, "this `)` closes nothing", "remove it, or open a `(` before")
        return node

    def _take(self, kind: str) -> bool:
        there = self.token.kind == kind
        self._at += there
        return there

    def _any(self) -> Node:
        terms = [self._all()]
        while self._take("OR"):
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else Or(terms=tuple(terms))

    def _all(self) -> Node:
        terms = [self._one()]
        while self._take("AND") or self.token.kind not in ("end", ")", "OR"):
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else And(terms=tuple(terms))

    def _one(self) -> Node:
        token = self.token
        if token.kind not in ("term", "(", "-", "NOT"):
            raise self._nothing_here(token)
        self._at += 1
        if token.kind == "term":
            self._n_terms += 1
            if self._n_terms > MOST_TERMS:
                raise _refused(token, f"the filter has more than {MOST_TERMS} terms", "leave some out")
            return _node(token)
        self._n_nested += 1
        if self._n_nested > MOST_NESTED:
            raise _refused(token, f"the filter is nested deeper than {MOST_NESTED}", "write it flatter")
        node = self._group(token) if token.kind == "(" else self._opposite(token)
        self._n_nested -= 1
        return node

    def _group(self, opening: _Token) -> Node:
        node = self._any()
        if not self._take(")"):
            raise _refused(opening, "this `(` is not closed", "write `)` at its end")
        return node

    def _opposite(self, sign: _Token) -> Not:
        if sign.kind == "-" and self.token.start != sign.end:
            raise _refused(sign, "this `-` stands alone", 'write it before a term, or quote it: "-"')
        return Not(term=self._one())

    def _nothing_here(self, token: _Token) -> FilterError:
        """A sign that waits for a term is the offender; else the one that came where a term should."""
        waiting = self._at > 0 and token.kind in ("end", ")", "OR")
        sign = self._tokens[self._at - 1] if waiting else token
        side = "behind" if waiting else "before"
        return _refused(
            sign, f"there is no term {side} `{sign.kind}`", f'to search for the text, quote it: "{sign.kind}"'
        )


def _refused(token: _Token, message: str, hint: str) -> FilterError:
    return FilterError(message, hint, start=token.start, end=token.end)


# -- one term --------------------------------------------------------------------------------------------------------


def _node(token: _Token) -> Word | Compare | Has:
    found = _OPERATOR.search(token.shape)
    if found is None:
        return _word(token)
    head, dot, name = token.value[: found.start()].partition(".")
    if _is_bare_metric(head, dot, found[0], token.value[found.end() :]):
        head, dot, name = "metric", ".", head + dot + name
    field, value = _field(token, head), token.value[found.end() :]
    if not value and not token.raw.endswith('"'):
        raise _refused(token, f"there is no value behind `{token.raw}`", f"for example {FIELDS[field].example}")
    op = "=" if found[0] == "==" else found[0]
    if field == "has" and op == ":" and not dot:
        return _has(token, value)
    _check(token, field, name if dot else None, op, value)
    return Compare(field=field, name=name, op=op, value=value, start=token.start, end=token.end)


def _is_bare_metric(head: str, dot: str, op: str, value: str) -> bool:
    """Whether `roc_auc>0.7` or `test.roc_auc>0.7` is meant: no field is called so, and it is compared to a number."""
    is_name = bool(head) and (not dot or head in SPLITS) and head.lower() not in FIELDS
    return is_name and op != ":" and (number(value) is not None or is_nan(value))


def _field(token: _Token, head: str) -> str:
    if head.lower() in FIELDS:
        return head.lower()
    quoting = f"to search for the text, quote it: {quote(token.value)}"
    if not head:
        raise _refused(token, f"there is no field before the sign in `{token.raw}`", f"write no spaces; {quoting}")
    close = nearest(head, list(FIELDS), 1)
    examples = [FIELDS[one].example for one in close] or [field.example for field in FIELDS.values()]
    raise _refused(token, f"no field is called `{head}`", f"for example {', '.join(examples)}; {quoting}")


def _check(token: _Token, field: str, name: str | None, op: str, value: str) -> None:
    """Refuse what the field cannot be asked."""
    spec = FIELDS[field]
    example = f"for example {spec.example}"
    if name is not None and spec.named is False:
        raise _refused(token, f"`{field}` takes no name behind a dot", example)
    if name == "" or (name is None and spec.named):
        raise _refused(token, f"`{field}` needs a name behind a dot", example)
    if op not in spec.operators or (field == "tag" and name is None and op == "!="):
        raise _refused(token, f"`{field}` cannot be compared with `{op}`", example)
    try:
        spec.check(value)
    except InvalidInput as error:
        raise _refused(token, f"{error.message} (in `{token.raw}`)", error.hint) from error
    if field == "metric" and is_nan(value) and op not in (":", "=", "!="):
        raise _refused(token, f"nothing is less or more than nan (in `{token.raw}`)", f"write metric.{name}=nan")


def _has(token: _Token, value: str) -> Has:
    field, _, name = value.partition(".")
    if value.lower() not in HAVE_FIELDS and (field.lower() not in HAVE_NAMES or not name):
        hint = "for example has:metric.auc, has:param.lr, has:tag.note, has:parent, has:git"
        raise _refused(token, f"`{token.raw}` cannot be asked", hint)
    return Has(field=field.lower(), name=name, start=token.start, end=token.end)


def _word(token: _Token) -> Word:
    head, dot, _ = token.shape.partition(".")
    if dot and head.lower() in HAVE_NAMES:
        hint = f"for example {FIELDS[head.lower()].example}; to search for the text, quote it: {quote(token.value)}"
        raise _refused(token, f"`{token.raw}` is not compared with anything", hint)
    if not token.value:
        raise _refused(token, "there is nothing between these quotes", "write what to search for")
    return Word(text=token.value, start=token.start, end=token.end)


# -- orders ----------------------------------------------------------------------------------------------------------


def parse_sort(text: str) -> Sort:
    """An order's text: a field, with `-` before it for the greatest first.

    Raises:
        FilterError: nothing can be sorted so.
    """
    start, end = len(_checked(text, "sort")) - len(text.lstrip()), len(text.rstrip())
    descending = text[start:end].startswith("-")
    try:
        token = _term(text, start + descending)
    except FilterError as error:
        raise FilterError(error.message, error.hint, start=error.start, end=error.end, of="sort") from error
    field, dot, name = token.value.partition(".")
    has_name = field.lower() in ("metric", "param")
    if token.end < end or field.lower() not in SORT_FIELDS or (bool(dot), bool(name)) != (has_name, has_name):
        raise _no_order(text[start:end], field, start, max(start, end))
    return Sort(field=field.lower(), name=name, descending=descending, start=token.start, end=token.end)


def _no_order(text: str, field: str, start: int, end: int) -> FilterError:
    known = {one: f"{one}.NAME" if one in ("metric", "param") else one for one in SORT_FIELDS}
    close = [known[one] for one in nearest(field, SORT_FIELDS, 1)]
    hint = (
        f"did you mean `{close[0]}`?" if close else f"one of {', '.join(known.values())}; `-` before it turns it round"
    )
    return FilterError(f"runs cannot be sorted by `{text}`", hint, start=start, end=end, of="sort")
