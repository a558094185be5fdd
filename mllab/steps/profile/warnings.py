"""What of a profile is worth a person's eye: sentences, each with what to do."""

from collections.abc import Iterator

import numpy as np

from mllab.records import ColumnProfile, Profile, ProfileWarning
from mllab.steps.profile.power import LEAK

MISSING_SHARE = 0.5
LEAST_BIN_ROWS = 30
MOVED = 1.0
"""A column has moved where the mean of some stretch of time differs from the rest by so many standard deviations."""


def warnings_of(profile: Profile, timestamp: str | None = None) -> tuple[ProfileWarning, ...]:
    """All of them: leaks first, then rows, then columns in order.

    Args:
        profile: what was found out.
        timestamp: the source's, whose gaps are told.
    """
    leaks = [one for column in profile.columns for one in _leaks(column)]
    rest = [one for column in profile.columns for one in _of_column(column, profile.n_rows)]
    at = profile.column(timestamp) if timestamp else None
    return (*leaks, *_rows(profile), *(_gap(at) if at else ()), *rest)


def _leaks(column: ColumnProfile) -> Iterator[ProfileWarning]:
    for against in column.against_target:
        if against.power is not None and against.power >= LEAK:
            text = f"alone it predicts `{against.target}` of {against.model} (power {against.power:.3f})"
            hint = f"is it known when you ask? Leave it out of `features` of [model.{against.model}]; name it to use it"
            yield ProfileWarning(code="leak", column=column.name, text=text, hint=hint)


def _rows(profile: Profile) -> Iterator[ProfileWarning]:
    if profile.n_duplicates:
        text = f"{profile.n_duplicates:,} of {profile.n_rows:,} rows repeat an earlier one in every column"
        yield ProfileWarning(code="duplicates", column=None, text=text, hint="declare the source's `key` to drop them")
    if profile.n_key_conflicts:
        text = f"{profile.n_key_conflicts:,} rows repeat a key with other values"
        hint = "the later one stands; name a `created_timestamp` if the data says when a row was revised"
        yield ProfileWarning(code="key_conflicts", column=None, text=text, hint=hint)
    for model, n in profile.conflicting_labels.items():
        text = f"{n:,} of {profile.n_rows:,} rows have the features of others and another target ({model})"
        hint = "no model can tell them apart: look for a missing feature, or wrong labels"
        yield ProfileWarning(code="conflicting_labels", column=None, text=text, hint=hint)


def _gap(one: ColumnProfile) -> Iterator[ProfileWarning]:
    if one.gaps:
        longest = one.gaps[0]
        text = f"no row lies between {longest.after:%Y-%m-%d} and {longest.until:%Y-%m-%d}"
        more = f", the longest of {one.n_gaps:,} gaps" if one.n_gaps > 1 else ""
        yield ProfileWarning(code="gap", column=one.name, text=text + more, hint="ask whether a file is missing")


def _of_column(one: ColumnProfile, n_rows: int) -> Iterator[ProfileWarning]:
    if "empty" in one.flags:
        yield ProfileWarning(code="empty", column=one.name, text="it has no value at all", hint="leave it out")
    elif one.n_missing > MISSING_SHARE * n_rows:
        text = f"{one.n_missing / n_rows:.0%} of its values are missing"
        hint = "ask where they get lost; `impute` with an indicator keeps the fact"
        yield ProfileWarning(code="missing", column=one.name, text=text, hint=hint)
    if "constant" in one.flags:
        yield ProfileWarning(code="constant", column=one.name, text="it has one value only", hint="leave it out")
    if "id-like" in one.flags:
        text = f"{one.n_distinct:,} of {n_rows - one.n_missing:,} values differ, like those of an id"
        yield ProfileWarning(code="id-like", column=one.name, text=text, hint="a key, not a feature")
    if "mixed" in one.flags:
        kinds = (("numbers", one.number_share), ("dates", one.date_share))
        shares = [f"{share:.0%} {what}" for what, share in kinds if share]
        text = f"its texts are of several kinds: {', '.join(shares)}"
        yield ProfileWarning(code="mixed", column=one.name, text=text, hint="clean it in `with_columns`, or split it")
    yield from _moved(one)


def _moved(one: ColumnProfile) -> Iterator[ProfileWarning]:
    bins = [each for each in one.against_time if each.value is not None and each.n - each.n_missing >= LEAST_BIN_ROWS]
    if len(bins) < 4 or not one.std or "id-like" in one.flags:
        return
    values = np.array([each.value for each in bins], np.float64)
    away = np.abs(values - np.median(values)) / one.std
    worst = int(away.argmax())
    if away[worst] >= MOVED:
        when = f"{bins[worst].start:%Y-%m-%d %H:%M}"
        text = f"its mean is {values[worst]:.4g} from {when}, {np.median(values):.4g} in the middle of all times"
        yield ProfileWarning(code="moved", column=one.name, text=text, hint="look at it against time before you train")
