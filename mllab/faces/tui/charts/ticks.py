"""Round numbers for an axis: ticks in steps of 1, 2 or 5 times a power of ten, decades, and labels that differ."""

import math
from collections.abc import Iterator, Sequence

_MANTISSAS = (1, 2, 5)
_LEAST_POWER, _MOST_POWER = -300, 308
_SLACK = 1e-9
"""How far outside the range a tick may lie, in steps: as far as rounding moves it."""
_MOST_DECIMALS = 8
_SUFFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def round_ticks(low: float, high: float, n_most: int, *, whole: bool = False) -> list[float]:
    """The finest round ticks inside a range.

    Args:
        low: finite.
        high: finite; a range that is empty or upside down has no ticks.
        n_most: how many there may be.
        whole: only integers.

    Returns:
        Ascending multiples of 1, 2 or 5 times a power of ten; none where no step gives so few.
    """
    if n_most < 1 or not low <= high:
        return []
    for mantissa, power in _steps(high / 2 / n_most - low / 2 / n_most, whole=whole):
        step = mantissa * float(f"1e{power}")
        first, last = math.ceil(low / step - _SLACK), math.floor(high / step + _SLACK)
        if last - first < n_most:
            return [_decimal(i * mantissa, power) for i in range(first, last + 1)]
    return []


def round_range(low: float, high: float, n_most: int) -> list[float]:
    """Round ticks around a range, the first at or below it and the last at or above; none where they would be more."""
    for mantissa, power in _steps(high / 2 / n_most - low / 2 / n_most, whole=False):
        step = mantissa * float(f"1e{power}")
        slack = _SLACK * min(high / step - low / step, 1.0)
        first, last = math.floor(low / step + slack), math.ceil(high / step - slack)
        if last - first < n_most and math.isfinite(_decimal(max(-first, last) * mantissa, power)):
            return [_decimal(i * mantissa, power) for i in range(first, last + 1)]
    return []


def _steps(least: float, *, whole: bool) -> Iterator[tuple[int, int]]:
    """Mantissas and powers of ten of the steps from about this size on, up to a hundred times it."""
    lowest = math.floor(math.log10(least)) if least > 0 else _LEAST_POWER
    lowest = max(lowest, 0 if whole else _LEAST_POWER)
    for power in range(lowest, min(lowest + 3, _MOST_POWER + 1)):
        yield from ((mantissa, power) for mantissa in _MANTISSAS if mantissa == 1 or power < _MOST_POWER)


def _decimal(digits: int, power: int) -> float:
    """The float nearest to digits times a power of ten, as no product of floats gives it: 0.3 from 3 and -1."""
    return float(f"{digits}e{power}")


def log_ticks(low: float, high: float, n_most: int) -> list[float]:
    """Ticks for a logarithmic axis: decades, every so many of them, or finer steps where there are few.

    Args:
        low: above 0.
        high: finite.
        n_most: how many there may be.
    """
    if n_most < 1 or not 0 < low <= high:
        return []
    powers = range(math.ceil(math.log10(low) - _SLACK), math.floor(math.log10(high) + _SLACK) + 1)
    if len(powers) > n_most:
        stride = math.ceil(len(powers) / n_most)
        return [_decimal(1, power) for power in powers if power % stride == 0]
    inner = [_decimal(mantissa, power) for power in range(powers.start - 1, powers.stop + 1) for mantissa in _MANTISSAS]
    fine = [tick for tick in inner if low <= tick <= high]
    if 2 <= len(fine) <= n_most:
        return fine
    return [_decimal(1, power) for power in powers] if len(powers) > 1 else round_ticks(low, high, n_most)


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Labels with as many decimals as tell the ticks apart, the same number for all; thousands as k, M, G.

    Args:
        ticks: finite and ascending.

    Returns:
        One label a tick, no two alike unless two ticks are.
    """
    most = max(map(abs, ticks), default=0.0)
    if most == 0:
        return ["0"] * len(ticks)
    step = min((b - a for a, b in zip(ticks, ticks[1:], strict=False) if b > a), default=most)
    found = _fixed(ticks, most, step) if 1e-4 <= most < 1e13 else None
    found = found or [_scientific(tick, most, min(step, most)) for tick in ticks]
    return found if len(set(found)) == len(set(ticks)) else [f"{tick:.17g}" for tick in ticks]


def _fixed(ticks: Sequence[float], most: float, step: float) -> list[str] | None:
    """The shortest labels of equal decimals, in ones, thousands or more; None where all take too many decimals."""
    sizes = [(size, suffix) for size, suffix in _SUFFIXES if most >= 10_000 and most >= size]
    found = [labels for size, suffix in [*sizes, (1.0, "")] if (labels := _rounded(ticks, step, size, suffix))]
    return min(found, key=lambda labels: max(map(len, labels)), default=None)


def _rounded(ticks: Sequence[float], step: float, size: float, suffix: str) -> list[str] | None:
    n_least = max(0, -math.floor(math.log10(step / size) + _SLACK))
    for n in range(n_least, min(n_least + 1, _MOST_DECIMALS) + 1):
        labels = [f"{tick / size:.{n}f}" for tick in ticks]
        if all(abs(float(label) * size - tick) <= step / 50 for label, tick in zip(labels, ticks, strict=True)):
            return [label + suffix if float(label) else "0" if suffix else label.lstrip("-") for label in labels]
    return None


def short_labels(values: Sequence[float], n_digits: int = 3) -> list[str]:
    """Labels of any numbers, each as short as its first digits allow; more digits where two would be alike."""
    found = [_short(value, n_digits) for value in values]
    alike = len(set(found)) < len(set(values)) and n_digits < 17
    return short_labels(values, n_digits + 1) if alike else found


def _short(value: float, n_digits: int) -> str:
    if not math.isfinite(value):
        return str(value)
    rounded = float(f"{value:.{n_digits - 1}e}")
    if rounded == 0 or math.isinf(rounded):
        return f"{value:g}"
    power = math.floor(math.log10(abs(rounded)))
    if not -4 <= power < 12:
        return _scientific(value, 1.0, 10.0 ** (2 - n_digits))
    size, suffix = next((one for one in _SUFFIXES if abs(rounded) >= max(one[0], 10_000)), (1.0, ""))
    text = f"{rounded / size:.{max(0, n_digits - 1 - power + round(math.log10(size)))}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + suffix


def _scientific(tick: float, most: float, step: float) -> str:
    if tick == 0:
        return "0"
    n_digits = max(0, math.floor(math.log10(most)) - math.floor(math.log10(step)) + 1)
    digits, power = f"{tick:.{min(n_digits, 17)}e}".split("e")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}e{int(power)}"


def log_labels(ticks: Sequence[float]) -> list[str]:
    """Labels of logarithmic ticks, each as short as it can be; no two alike."""
    found = [f"{tick:g}" if 1e-3 <= tick < 1e4 else _scientific(tick, tick, tick) for tick in ticks]
    return found if len(set(found)) == len(set(ticks)) else tick_labels(ticks)
