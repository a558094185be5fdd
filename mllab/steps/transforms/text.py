"""`text_length` and `hash`: numbers from texts."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from mllab.config.transforms import Hash, TextLength
from mllab.records import DType
from mllab.records.transforms import FittedHash, FittedTextLength
from mllab.steps.transforms.contract import Column, Kernel, Learnt, Supervision


class Measuring:
    """The transform `text_length`: characters, or words (what spaces divide); nothing is learnt."""

    def fit(self, column: Column, step: TextLength, supervision: Supervision | None) -> Learnt:
        """Nothing is learnt."""
        fitted = FittedTextLength(column=column.name, outputs=(column.name,), of=step.of)
        return Learnt(fitted, (DType.INT,))

    def kernel(self, fitted: FittedTextLength) -> Kernel:
        """Count; a missing text has no length."""
        if fitted.of == "words":
            return lambda text: None if text is None else len(text.split())
        return lambda text: None if text is None else len(text)


class Hashing:
    """The transform `hash`: signed feature hashing (Weinberger et al. 2009); nothing is learnt.

    A piece of text adds 1 or -1 to one of the buckets, both told by BLAKE2b-64 of its UTF-8 bytes, little-endian: the
    lowest bit is the sign, the others modulo `buckets` the bucket. A missing text has no pieces.
    """

    def fit(self, column: Column, step: Hash, supervision: Supervision | None) -> Learnt:
        """Name the buckets."""
        names = tuple(f"{column.name}#{bucket}" for bucket in range(step.buckets))
        fitted = FittedHash(column=column.name, outputs=names, of=step.of, ngram=step.ngram, lower=step.lower)
        return Learnt(fitted, (DType.FLOAT,) * step.buckets)

    def kernel(self, fitted: FittedHash) -> Kernel:
        """Count the pieces of a text by bucket."""
        n, ngram, lower, pieces = len(fitted.outputs), fitted.ngram, fitted.lower, _PIECES[fitted.of]

        def count(text: Any) -> tuple[float, ...]:
            found = [0.0] * n
            for piece in pieces((text or "").lower() if lower else text or "", ngram):
                hashed = _kept(piece) if len(piece) <= _MOST_KEPT else _hashed(piece)
                found[(hashed >> 1) % n] += 1.0 if hashed & 1 else -1.0
            return tuple(found)

        return count


def _hashed(piece: str) -> int:
    return int.from_bytes(blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


_kept = lru_cache(maxsize=65_536)(_hashed)
_MOST_KEPT = 32
"""Characters of the pieces that are remembered: callers choose texts, so the memory has to be bounded."""


def _words(text: str, ngram: int) -> Iterator[str]:
    """Sequences of 1 to `ngram` words, joined by single spaces."""
    words = text.split()
    yield from words
    for n in range(2, ngram + 1):
        for start in range(len(words) - n + 1):
            yield " ".join(words[start : start + n])


def _chars(text: str, ngram: int) -> Iterator[str]:
    """All pieces of `ngram` characters, spaces of any length taken as one."""
    text = " ".join(text.split())
    for start in range(len(text) - ngram + 1):
        yield text[start : start + ngram]


_PIECES: dict[str, Callable[[str, int], Iterator[str]]] = {"words": _words, "chars": _chars}
