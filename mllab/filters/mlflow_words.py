"""The words of MLflow's filter strings: keywords and names, texts in quotes, numbers, signs."""

import re
from typing import NamedTuple

from mllab.filters.tree import FilterError

_MOST_CHARACTERS = 20_000
"""Longer filters are refused; a list of run ids may be long."""
_NO_TEXT = re.compile("[\ud800-\udfff\0]")
_SIGN = re.compile(r"<=|>=|!=|==|<>|[=<>(),]")
_WORD = re.compile(r"[^\s()<>=!,'\"`]+")
_QUOTES = "'\"`"


class Token(NamedTuple):
    """One word, with its place."""

    kind: str
    """`word`, `name` (in backticks or double quotes), `text` (in single quotes), `sign`, `(`, `)`, `,` or `end`."""
    start: int
    end: int
    raw: str = ""
    """As written."""
    value: str = ""
    """Without quotes."""

    def is_word(self, word: str) -> bool:
        """Whether this is a keyword, in small or capital letters."""
        return self.kind == "word" and self.raw.upper() == word


def read_tokens(text: str) -> list[Token]:
    """Every word of a filter, and an end.

    Raises:
        FilterError: a quote that is not closed, or what is no text.
    """
    if len(text) > _MOST_CHARACTERS:
        said = f"the filter is longer than {_MOST_CHARACTERS:,} characters"
        raise FilterError(said, "leave some of it out", start=_MOST_CHARACTERS, end=len(text))
    if (odd := _NO_TEXT.search(text)) is not None:
        raise FilterError("the filter holds what is no text", "remove it", start=odd.start(), end=odd.end())
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found.append(_token(text, at))
        at = found[-1].end
    return [*found, Token("end", len(text), len(text))]


def _token(text: str, start: int) -> Token:
    if sign := _SIGN.match(text, start):
        raw = sign[0]
        return Token(raw if raw in "()," else "sign", start, sign.end(), raw, raw)
    if text[start] in _QUOTES:
        value, end = _quoted(text, start)
        return Token("text" if text[start] == "'" else "name", start, end, text[start:end], value)
    word = _WORD.match(text, start)
    if word is None:
        raise FilterError(f"`{text[start]}` is no sign", "write !=", start=start, end=start + 1)
    value, end = word[0], word.end()
    if value.endswith(".") and end < len(text) and text[end] in _QUOTES:
        key, end = _quoted(text, end)
        value += key
    return Token("word", start, end, text[start:end], value)


def _quoted(text: str, start: int) -> tuple[str, int]:
    """What the quote at `start` holds, and where the text goes on behind it; a quote in it is written twice."""
    quote, at, found = text[start], start + 1, ""
    while (close := text.find(quote, at)) >= 0:
        found += text[at:close]
        if text[close + 1 : close + 2] != quote:
            return found, close + 1
        found, at = found + quote, close + 2
    raise FilterError("this quote is not closed", f"write {quote} at its end", start=start, end=len(text))
