"""What may be done with a model or a version, why not, and what it changes."""

import re
from collections.abc import Sequence

from mllab.faces.tui.viewmodels import models as view
from mllab.faces.tui.viewmodels.models import find_champion
from mllab.faces.tui.viewmodels.words import count
from mllab.records import AliasMove, ModelSummary

USUAL_ALIASES = ("challenger", "shadow")
USUAL_REASONS = {"Promote": "promoted by hand", "Roll back": "rolled back by hand"}
"""By the word on the button."""
_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")


def earlier_champion(model: ModelSummary, moves: Sequence[AliasMove]) -> int | None:
    """The version a rollback goes back to: the last champion before that was not rejected."""
    champion = find_champion(model)
    rejected = {one.version for one in model.versions if one.status == "rejected"}
    before = [one.version for one in moves if one.alias == "champion" and one.version is not None]
    return next((one for one in reversed(before) if champion and one not in {champion.version, *rejected}), None)


def why_not_version(row: view.Row | None) -> str | None:
    """Why a row is no version."""
    if row is None:
        return "there is no model here"
    if row.version is None:
        name = row.model.name
        return (
            f"put the cursor on a version of {name}" if row.model.versions else f"{name} has no version yet: n trains"
        )
    return None


def why_not_promote(row: view.Row | None) -> str | None:
    """Why this version cannot become champion."""
    why = why_not_version(row)
    if why is not None or row is None or row.version is None:
        return why
    if "champion" in row.version.aliases:
        return f"version {row.version.version} is the champion already"
    if row.version.status == "rejected":
        return f"version {row.version.version} was rejected: {row.version.reason or 'no reason was given'}"
    return None


def why_not_roll_back(row: view.Row | None, moves: view.Moves) -> str | None:
    """Why there is nothing to go back to."""
    if row is None:
        return "there is no model here"
    if find_champion(row.model) is None:
        return f"{row.model.name} has no champion to roll back"
    if earlier_champion(row.model, moves.get(row.model.name, ())) is None:
        return f"there is no earlier champion of {row.model.name}"
    return None


def why_not_release(row: view.Row | None) -> str | None:
    """Why there is nothing to release."""
    if row is None:
        return "there is no model here"
    return None if row.model.held else f"{row.model.name} is not held"


def alias_choices(model: ModelSummary) -> list[str]:
    """The usual aliases and the model's own, without `champion`."""
    own = {alias for one in model.versions for alias in one.aliases} - {"champion", *USUAL_ALIASES}
    return [*USUAL_ALIASES, *sorted(own)]


def why_not_alias(name: str) -> str | None:
    """Why a word cannot be an alias that is set here."""
    if name == "champion":
        return "P makes a version the champion"
    return None if _ALIAS.fullmatch(name) else f"`{name}` cannot be an alias: letters, digits, _ and -, no digit first"


# -- what it changes --------------------------------------------------------------------------------------------------


def promotion(row: view.Row) -> tuple[str, str]:
    """Question and consequences of making a version the champion."""
    assert row.version is not None  # noqa: S101 - `why_not_promote` was asked before
    number, champion = row.version.version, find_champion(row.model)
    if champion:
        told = [f"Version {number} answers instead of version {champion.version} from the next request on."]
        told.append(f"R takes it back: version {champion.version} again, version {number} rejected, the model held.")
    else:
        told = [f"Version {number} answers from the next request on; no version has answered so far."]
    return f"Promote {row.model.name} version {number} to champion?", "\n\n".join([*_warnings(row), *told])


def _warnings(row: view.Row) -> list[str]:
    """What speaks against a promotion."""
    assert row.version is not None  # noqa: S101 - `why_not_promote` was asked before
    told = []
    failed = [one for one in row.gates if not one.passed]
    if failed:
        named = "\n".join(f"  ✗ {one.metric} {one.rule.replace('_', ' ')}: {one.why}" for one in failed)
        told.append(f"It failed {len(failed)} of its {count(len(row.gates), 'gate')}:\n{named}")
    elif row.version.gates_passed is None:
        told.append("No gate has judged it.")
    if row.model.held:
        told.append(f"{row.model.name} is held and stays so; U releases it.")
    return told


def rollback(row: view.Row, moves: view.Moves) -> tuple[str, str]:
    """Question and consequences of going back."""
    present, name = find_champion(row.model), row.model.name
    target = earlier_champion(row.model, moves.get(name, ()))
    assert present is not None  # noqa: S101 - `why_not_roll_back` was asked before
    text = (
        f"Version {target} answers again instead of version {present.version}, from the next request on.\n\n"
        f"Version {present.version} is rejected for good. {name} is held: no new version becomes champion by itself "
        "until U releases it."
    )
    return f"Roll {name} back from version {present.version} to version {target}?", text


def moved(move: AliasMove) -> str:
    """What a move has done, and how to take it back."""
    before = f"version {move.previous}" if move.previous is not None else "no version"
    said = f"{move.alias} of {move.model}: {before} → version {move.version}"
    if move.alias == "champion" and move.previous is not None and not move.reason.startswith(view.ROLLED_BACK):
        return f"{said}\nR rolls back"
    return said
