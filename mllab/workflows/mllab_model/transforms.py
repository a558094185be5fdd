"""Values of features → inputs of the booster, one value at a time.

Only `math` computes what is more than +, -, * and /: NumPy may round the last bit otherwise.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

Kernel = Callable[[Any], Any]
LARGEST = float(np.finfo(np.float32).max)
"""A magnitude above this is missing."""
_NAN = float("nan")


def programs_of(learnt: Mapping[str, Any]) -> list[tuple[str, Kernel, int]]:
    """By feature: what makes its inputs of one value, and how many these are."""
    codes = {one["name"]: _codes(one) for one in learnt["inputs"] if one["dtype"] == "string"}
    steps: dict[str, list[Mapping[str, Any]]] = {}
    for one in learnt["transforms"]:
        steps.setdefault(one["column"], []).append(one)
    found = []
    for feature in learnt["features"]:
        run, names = _chain(feature["name"], steps, 0)
        ends = [codes.get(name, _same) for name in names]
        found.append((feature["name"], _then(run, [(end, 1) for end in ends]), len(names)))
    return found


def _codes(spec: Mapping[str, Any]) -> Kernel:
    places = {category: float(place) for place, category in enumerate(spec["categories"])}
    return lambda value: places.get(value, _NAN)


def _same(value: Any) -> Any:
    return value


def _chain(column: str, steps: Mapping[str, Sequence[Mapping[str, Any]]], n_done: int) -> tuple[Kernel, list[str]]:
    """The steps of a column but for the first `n_done` as one function, and the names of what it gives."""
    mine = steps.get(column, ())
    if n_done >= len(mine):
        return _same, [column]
    step = mine[n_done]
    parts = [_chain(one, steps, n_done + 1 if one == column else 0) for one in step["outputs"]]
    run = _then(_KERNELS[step["do"]](step), [(kernel, len(names)) for kernel, names in parts])
    return run, [name for _, names in parts for name in names]


def _then(first: Kernel, parts: Sequence[tuple[Kernel, int]]) -> Kernel:
    """A function, and what is done to each of the values it gives: one value, or a tuple where it gives several."""
    if len(parts) == 1:
        rest = parts[0][0]
        return lambda value: rest(first(value))

    def run(value: Any) -> tuple[Any, ...]:
        found: list[Any] = []
        for one, (kernel, n) in zip(first(value), parts, strict=True):
            if n == 1:
                found.append(kernel(one))
            else:
                found += kernel(one)
        return tuple(found)

    return run


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not -LARGEST <= value <= LARGEST)


def _on_numbers(compute: Callable[[float], float | None]) -> Kernel:
    def run(value: Any) -> float | None:
        if value is None or not -LARGEST <= value <= LARGEST:
            return None
        try:
            return compute(float(value))
        except OverflowError:
            return None

    return run


def _impute(step: Mapping[str, Any]) -> Kernel:
    fill = step["value"]
    if step.get("indicator"):
        return lambda value: (fill, True) if _is_missing(value) else (value, False)
    return lambda value: fill if _is_missing(value) else value


def _clip(step: Mapping[str, Any]) -> Kernel:
    low = -math.inf if step.get("low") is None else step["low"]
    high = math.inf if step.get("high") is None else step["high"]
    return _on_numbers(lambda x: low if x < low else high if x > high else x)


def _scale(step: Mapping[str, Any]) -> Kernel:
    center, scale = step["center"], step["scale"]
    return _on_numbers(lambda x: (x - center) / scale)


def _log(step: Mapping[str, Any]) -> Kernel:
    if step["signed"]:
        return _on_numbers(lambda x: math.copysign(math.log1p(abs(x)), x))
    return _on_numbers(lambda x: math.log1p(x) if x >= 0.0 else None)


def _power(step: Mapping[str, Any]) -> Kernel:
    above, below = _branch(step["exponent"]), _branch(2.0 - step["exponent"])
    return _on_numbers(lambda x: above(x) if x >= 0.0 else -below(-x))


def _branch(exponent: float) -> Callable[[float], float]:
    if exponent == 0.0:
        return math.log1p
    return lambda x: math.expm1(exponent * math.log1p(x)) / exponent


def _bin(step: Mapping[str, Any]) -> Kernel:
    edges = step["edges"]
    return _on_numbers(lambda x: bisect_right(edges, x))


def _one_hot(step: Mapping[str, Any]) -> Kernel:
    width = len(step["outputs"])
    places = {category: place for place, category in enumerate(step["categories"])}
    places[None] = -1
    unseen = width - 1 if step["has_other"] else -1
    rows = {place: tuple(one == place for one in range(width)) for place in range(-1, width)}
    if width == 1:
        return lambda value: rows[places.get(value, unseen)][0]
    return lambda value: rows[places.get(value, unseen)]


def _ordinal(step: Mapping[str, Any]) -> Kernel:
    return {category: place for place, category in enumerate(step["categories"])}.get


def _target_encode(step: Mapping[str, Any]) -> Kernel:
    values, prior = dict(zip(step["categories"], step["values"], strict=True)), step["prior"]
    if len(step["outputs"]) == 1:
        return lambda value: values.get(value, prior)[0]
    return lambda value: values.get(value, prior)


def _text_length(step: Mapping[str, Any]) -> Kernel:
    is_words = step["of"] == "words"
    return lambda text: None if text is None else len(text.split() if is_words else text)


def _hash(step: Mapping[str, Any]) -> Kernel:
    n, ngram, pieces = len(step["outputs"]), step["ngram"], _words if step["of"] == "words" else _chars

    def count(text: Any) -> tuple[float, ...]:
        found = [0.0] * n
        for piece in pieces((text or "").lower() if step["lower"] else text or "", ngram):
            digest = blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            hashed = int.from_bytes(digest, "little")
            found[(hashed >> 1) % n] += 1.0 if hashed & 1 else -1.0
        return tuple(found)

    return count if n > 1 else lambda text: count(text)[0]


def _words(text: str, ngram: int) -> list[str]:
    words = text.split()
    return [" ".join(words[start : start + n]) for n in range(1, ngram + 1) for start in range(len(words) - n + 1)]


def _chars(text: str, ngram: int) -> list[str]:
    text = " ".join(text.split())
    return [text[start : start + ngram] for start in range(len(text) - ngram + 1)]


_PARTS: dict[str, Callable[[Any], int | bool]] = {
    "year": lambda day: day.year,
    "month": lambda day: day.month,
    "day": lambda day: day.day,
    "weekday": lambda day: day.weekday(),
    "hour": lambda day: day.hour,
    "day_of_year": lambda day: day.toordinal() - date(day.year, 1, 1).toordinal() + 1,
    "is_weekend": lambda day: day.weekday() >= 5,
}
_CYCLES = {"month": (1, 12), "day": (1, 31), "weekday": (0, 7), "hour": (0, 24), "day_of_year": (1, 366)}


def _date_parts(step: Mapping[str, Any]) -> Kernel:
    zone, width = None if step["of_dates"] else ZoneInfo(step["timezone"]), len(step["outputs"])

    def take(value: Any) -> tuple[Any, ...]:
        day = _day(value, zone)
        if day is None:
            return (None,) * width
        found: list[Any] = []
        for part in step["parts"]:
            place = _PARTS[part](day)
            if step["cyclic"] and part in _CYCLES:
                first, n = _CYCLES[part]
                turn = math.tau * (place - first) / n
                found += [math.sin(turn), math.cos(turn)]
            else:
                found.append(place)
        return tuple(found)

    return take if width > 1 else lambda value: take(value)[0]


def _day(value: Any, zone: tzinfo | None) -> Any:
    """A date, or a moment in a zone; also of the texts of recorded rows."""
    try:
        if isinstance(value, str):
            value = date.fromisoformat(value) if zone is None else datetime.fromisoformat(value)
        if value is None or zone is None:
            return value
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone)
    except (ValueError, OverflowError):
        return None


_KERNELS: dict[str, Callable[[Mapping[str, Any]], Kernel]] = {
    "impute": _impute,
    "clip": _clip,
    "scale": _scale,
    "log": _log,
    "power": _power,
    "bin": _bin,
    "one_hot": _one_hot,
    "ordinal": _ordinal,
    "target_encode": _target_encode,
    "date_parts": _date_parts,
    "text_length": _text_length,
    "hash": _hash,
}
"""The `do` of a fitted step to what makes its function."""
