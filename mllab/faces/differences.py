"""Differences between runs in words: a line for each part, and the whole of it as text. Shared by the faces.

Nothing here is made safe: whoever shows it does that.
"""

from collections.abc import Sequence

from mllab.faces.text import show
from mllab.records import (
    Change,
    CodeDiff,
    DataDiff,
    MetricRow,
    MetricTest,
    PairTest,
    Run,
    RunDiff,
    SourceDiff,
    TextDiff,
)

PARTS = ("code", "declaration", "features.py", "environment", "data")
_MOST_NAMED = 3
_DIGITS = 8


def in_a_line(diff: RunDiff, part: str) -> str:
    """What differs in one of `PARTS`, short; `same` where nothing does, `not known: …` where it cannot be told."""
    match part:
        case "code":
            return _code_line(diff.code)
        case "declaration":
            return _declaration_line(diff.declaration)
        case "features.py":
            return _text_line(diff.features)
        case "environment":
            return _some([change_words(one) for one in diff.environment]) or "same"
    return _data_line(diff.data)


def metric_words(row: MetricRow, run: Run) -> str:
    """A run's last value: `nan`, `inf` or `-inf` where it is no finite number, `-` where it has none."""
    value = row.values.get(run.run_id)
    return str(run.metrics[row.name]) if value is None and row.name in run.metrics else show(value)


def in_full(diff: RunDiff, part: str) -> str:
    """All that is known of one of `PARTS`, as many lines; begins with what `in_a_line` says."""
    told = {
        "code": lambda: _code_text(diff.code),
        "declaration": lambda: _text(diff.declaration),
        "features.py": lambda: _text(diff.features),
        "environment": lambda: "\n".join(change_words(one) for one in diff.environment),
        "data": lambda: _data_text(diff.data),
    }[part]()
    return "\n\n".join(one for one in (in_a_line(diff, part), told) if one)


def change_words(change: Change) -> str:
    """`seed: 1 -> 2`; of what only one has, that it has it."""
    return f"{change.name}: {show(change.before)} -> {show(change.after)}"


def _some(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _n(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


# -- code and texts ---------------------------------------------------------------------------------------------------


def _code_line(code: CodeDiff) -> str:
    if not code.known:
        return f"not known: {code.why}"
    told = [] if code.before == code.after else [f"{_short(code.before)} -> {_short(code.after)}"]
    if code.branches[0] != code.branches[1]:
        told.append(f"branch {code.branches[0] or '-'} -> {code.branches[1] or '-'}")
    if code.files:
        told.append(f"{_n(len(code.files), 'file')}: {_some([path for path, _ in code.files])}")
    if code.uncommitted[0] != code.uncommitted[1]:
        told.append(f"other uncommitted changes ({_lines(code.uncommitted[0])}, {_lines(code.uncommitted[1])})")
    return "; ".join([*told, code.why] if code.why else told) or f"same ({_short(code.after) or 'no commit'})"


def _short(commit: str) -> str:
    """The first digits, and the mark of changed files."""
    return commit[:_DIGITS] + ("+" if commit.endswith("+") else "")


def _lines(text: str) -> str:
    return _n(len(text.splitlines()), "line") if text else "none"


def _code_text(code: CodeDiff) -> str:
    told = ["\n".join(f"{kind:<8} {path}" for path, kind in code.files), code.text]
    for which, text in zip(("the reference", "this run"), code.uncommitted, strict=True):
        told.append(f"not committed, {which}:\n{text}" if text else "")
    return "\n\n".join(one for one in told if one)


def _declaration_line(diff: TextDiff) -> str:
    if diff.changes:
        return f"{_n(len(diff.changes), 'key')}: {_some([one.name for one in diff.changes])}"
    return _text_line(diff)


def _text_line(diff: TextDiff) -> str:
    if not diff.known:
        return f"not known: {diff.why}"
    lines = diff.text.splitlines()
    added = sum(one.startswith("+") and not one.startswith("+++") for one in lines)
    removed = sum(one.startswith("-") and not one.startswith("---") for one in lines)
    return f"+{added} -{removed} lines" if added or removed else diff.text or "same"


def _text(diff: TextDiff) -> str:
    keys = "\n".join(change_words(one) for one in diff.changes)
    return "\n\n".join(one for one in (keys, diff.text) if one)


# -- data -------------------------------------------------------------------------------------------------------------


def _data_line(data: DataDiff) -> str:
    if not data.known:
        return f"not known: {data.why}"
    told = [_source_line(one) for one in data.sources if one.before != one.after]
    told += [change_words(one) for one in data.changes]
    if told:
        return "; ".join(told)
    return "same" if data.training_sets[0] == data.training_sets[1] else "same versions, another training set"


def _source_line(one: SourceDiff) -> str:
    told = [f"{one.source}: {_version(one.before)} -> {_version(one.after)}"]
    if one.rows_before is not None and one.rows_after is not None:
        told.append(f"{one.rows_after - one.rows_before:+,} rows")
    told += [f"+ {_some(one.added)}"] if one.added else []
    told += [f"- {_some(one.removed)}"] if one.removed else []
    return ", ".join(told)


def _version(version: int | None) -> str:
    return "-" if version is None else f"version {version}"


def _data_text(data: DataDiff) -> str:
    told = []
    if any(data.training_sets):
        told.append("training set: " + " -> ".join(one[:12] or "-" for one in data.training_sets))
    for one in data.sources:
        rows = " -> ".join("-" if n is None else f"{n:,}" for n in (one.rows_before, one.rows_after))
        told.append(f"{one.source}: {_version(one.before)} -> {_version(one.after)}, rows {rows}")
        told += [f"  + {name}" for name in one.added] + [f"  - {name}" for name in one.removed]
    return "\n".join([*told, *(change_words(one) for one in data.changes)])


# -- row by row -------------------------------------------------------------------------------------------------------


def pair_words(pair: PairTest) -> str:
    """On how many rows, and which; or why not."""
    return f"not comparable: {pair.why_not}" if pair.why_not else f"{pair.n_rows:,} rows: {pair.rows}"


def difference_words(difference: float) -> str:
    """Signed, in two digits; `=` for none at all."""
    return "=" if difference == 0 else f"{difference:+.2g}"


def p_words(p: float) -> str:
    """A p-value with two digits; very small ones as such."""
    return "<0.0001" if p < 0.0001 else f"{p:.2g}"


def outcome_words(test: MetricTest) -> str:
    """`-0.013 (-0.02 to -0.006), p 0.004: better`."""
    said = {1: "better", -1: "worse", 0: "may be chance"}[test.verdict]
    interval = f"{test.low:+.2g} to {test.high:+.2g}"
    return f"{test.difference:+.2g} ({interval}), p {p_words(test.p_adjusted)}: {said}"


def holm_words(n_tests: int) -> str:
    """What the p-values of so many tests are corrected for."""
    if n_tests < 2:
        return "better or worse where p < 0.05"
    return f"better or worse where p < 0.05 after Holm, over {n_tests} tests"
