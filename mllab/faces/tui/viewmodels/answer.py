"""What a model's answer to one row says in words: the verdict, how likely, whether it is right, and why."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mllab.faces.text import safe, show
from mllab.faces.tui.viewmodels.page import Line
from mllab.faces.tui.viewmodels.words import class_name, latency, number, progress_bar
from mllab.records import Answer, Bundle, Served, Task

_MOST_CLASSES = 5


class Asked(NamedTuple):
    """What a model was asked."""

    row: str
    """Which row the form was filled with: `row 3 of 50`."""
    target: Any | None
    """That row's label, where it is known."""
    is_changed: bool
    """Whether values of the row were changed before asking."""
    values: Mapping[str, Any]
    texts: Mapping[str, str]
    """The form as it stood."""


class Told(NamedTuple):
    """An answer with its question."""

    asked: Asked
    answer: Answer
    bundle: Bundle
    """Of the version that answered."""
    features: Mapping[str, Any]
    """What the model saw, as far as it is known: looked-up and computed features, too."""
    seconds: float
    """From asking to the answer, as measured."""


class Share(NamedTuple):
    """The probability of one class."""

    label: str
    bar: str
    text: str


def verdict(told: Told) -> tuple[str, str]:
    """The target's name and what is predicted."""
    return safe(told.bundle.target), show(told.answer.predictions[0])


def shares(told: Told, cells: int) -> list[Share]:
    """Probabilities with bars of so many cells: of the positive class, or of the likeliest; none for a number."""
    found = (told.answer.probabilities or [{}])[0]
    if told.bundle.task is Task.BINARY:
        positive = class_name(told.bundle.classes[1])
        share, limit = found.get(positive, 0.0), told.bundle.threshold
        bar = with_threshold(progress_bar(share, cells), limit)
        sign = "≥" if share >= limit else "<"
        return [Share(f"probability of {safe(positive)}", bar, f"{share:.3f} {sign} threshold {show(limit)}")]
    likeliest = sorted(found.items(), key=lambda one: -one[1])[:_MOST_CLASSES]
    return [Share(safe(label), progress_bar(share, cells), f"{share:.3f}") for label, share in likeliest]


def with_threshold(bar: str, threshold: float) -> str:
    """A bar with a mark where the threshold lies."""
    at = min(int(threshold * len(bar)), len(bar) - 1) if bar else -1
    return f"{bar[:at]}┃{bar[at + 1 :]}" if at >= 0 else bar


def truth(told: Told) -> Line | None:
    """Whether the row's own label says the same; None where the label is not known."""
    target, asked = told.asked.target, told.asked
    if target is None:
        return None
    if asked.is_changed:
        return Line(f"the row's own label was {show(target)}; values were changed since", "$muted")
    is_class = told.bundle.task is not Task.REGRESSION
    return judged("the row's own label", told.answer.predictions[0], target, is_class=is_class)


def judged(name: str, predicted: Any, truth: Any, *, is_class: bool) -> Line:
    """What came true, and how an answer stands to it: right or wrong; for a regression, how far off.

    Args:
        name: what the truth is called.
        predicted: the answer.
        truth: of the same kind; a class may be given as it is named among probabilities.
        is_class: whether both are classes.
    """
    if not is_class and _is_number(predicted) and _is_number(truth):
        return Line(f"{name}: {show(truth)}, the answer is {_off(predicted, truth)}")
    right = predicted == truth or class_name(predicted) == class_name(truth)
    mark, ink = ("✓ right", "$success") if right else ("✗ wrong", "$error")
    return Line(f"{name}: {show(truth)} {mark}", ink)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _off(predicted: Any, target: Any) -> str:
    difference = predicted - target
    return "just that" if difference == 0 else f"{show(abs(difference))} too {'high' if difference > 0 else 'low'}"


def facts(told: Told) -> list[Line]:
    """Who answered, how fast, under which id; then what makes the answer less certain."""
    answer = told.answer
    lines = [Line(f"version {answer.version} · {latency(told.seconds)} · id {answer.prediction_ids[0]}", "$muted")]
    return lines + [Line(f"! {text.removeprefix('row 0: ')}", "$warning") for text in answer.warnings]


def why(told: Told) -> str:
    """What the bars of the contributions mean."""
    match told.bundle.task:
        case Task.BINARY:
            label = safe(class_name(told.bundle.classes[1]))
        case Task.MULTICLASS:
            return f"why: bars add to the margin of {show(told.answer.predictions[0])}"
        case _:
            return f"why: bars add to the margin, which is {safe(told.bundle.target)} itself"
    return f"why: bars add to the margin, log-odds of {label}"


def total(told: Told) -> str:
    """How the bars add up."""
    parts = told.answer.explanations[0] if told.answer.explanations else {}
    bias, whole = parts.get("bias", 0.0), sum(parts.values())
    return f"bias {number(bias)}, with all bars {number(whole)}: the margin"


def reasons(told: Told, most: int) -> list[tuple[str, float]]:
    """Contributions by feature with the values that the model saw, the largest first; the rest as one, zeros too."""
    parts = dict(told.answer.explanations[0]) if told.answer.explanations else {}
    parts.pop("bias", None)
    ranked = sorted(parts.items(), key=lambda one: -abs(one[1]))
    moving = [one for one in ranked if one[1] != 0]
    kept = moving[:most] if len(moving) > most + 1 else moving
    found = [(_named(name, told.features), value) for name, value in kept]
    left = ranked[len(kept) :]
    return [*found, (f"{len(left)} others", sum(value for _, value in left))] if left else found


def _named(name: str, values: Mapping[str, Any]) -> str:
    if name not in values:
        return safe(name)
    return f"{safe(name)} = {'null' if values[name] is None else show(values[name])}"


def stale(told: Told, texts: Mapping[str, str], row: str, version: int) -> str:
    """Why an answer is no longer that of the form; empty while it is."""
    if told.asked.row != row:
        return f"this answers {told.asked.row}; the form holds {row} now: ctrl+s asks again"
    if dict(told.asked.texts) != dict(texts):
        return "the form was changed after this answer: ctrl+s asks again"
    if told.answer.version != version:
        return f"version {told.answer.version} gave this answer, version {version} answers now: ctrl+s asks again"
    return ""


def before(served: Served) -> list[Line]:
    """What stands where the answer will be."""
    bundle = served.bundle
    what = " or ".join(show(one) for one in bundle.classes[:_MOST_CLASSES]) if bundle.classes else "a number"
    more = len(bundle.classes) - _MOST_CLASSES
    told = f"{bundle.target}: {what}" + (f", or one of {more} more" if more > 0 else "")
    return [Line(f"ctrl+s asks version {served.version}", "bold"), Line(f"it answers {told}, and says why")]


def refused(message: str, elsewhere: Sequence[tuple[str, str, str]]) -> list[Line]:
    """A request that was refused; what belongs to a field stands there."""
    lines = [Line(f"✗ refused: {message}", "$error")]
    lines += [Line(f"{pointer}: {detail}", indent=2) for pointer, _, detail in elsewhere]
    return [*lines, Line("mend what is marked ✗, then ctrl+s asks again", "$muted")]


def places(
    problems: Sequence[tuple[str, str, str]], names: Sequence[str]
) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """What a host found wrong with a row: by field, and what belongs to none.

    Args:
        problems: JSON pointer such as `/rows/0/age`, code, detail.
        names: of the fields.
    """
    by_pointer = {f"/rows/0/{_escaped(name)}": name for name in names}
    beside = {by_pointer[pointer]: detail for pointer, _, detail in problems if pointer in by_pointer}
    return beside, [problem for problem in problems if problem[0] not in by_pointer]


def _escaped(name: str) -> str:
    return name[:100].replace("~", "~0").replace("/", "~1")
