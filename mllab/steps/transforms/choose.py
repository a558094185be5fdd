"""Which steps each feature of a model has: what its view says, unless the model says otherwise."""

from collections.abc import Sequence

from msgspec import structs

from mllab.config import LabConfig
from mllab.config.transforms import DateParts, Transform
from mllab.steps.feature_plan import Group
from mllab.steps.features import feature_names

Chain = tuple[Transform, ...]


def chosen_transforms(config: LabConfig, model: str, groups: Sequence[Group]) -> dict[str, Chain]:
    """Feature to its steps, moments with the zone they are read in.

    Args:
        config: the declaration.
        model: name of a model.
        groups: where its features come from; see `plan_features`.

    Returns:
        Only features that have steps; an empty list in the model takes those of the view away.
    """
    table = config.model[model]
    found: dict[str, Chain] = {}
    for group in groups:
        if group.kind == "view":
            found |= view_transforms(config, group.name, group.features)
    zone = config.zone_of(table.source)
    found |= {name: _zoned(steps, zone) for name, steps in table.transform.items()}
    return {name: steps for name, steps in found.items() if steps}


def view_transforms(config: LabConfig, view: str, features: Sequence[str] = ()) -> dict[str, Chain]:
    """What a view says of its features.

    Args:
        config: the declaration.
        view: name of a view.
        features: which of its features; none for all.
    """
    table = config.feature_view[view]
    wanted, zone = features or feature_names(table), config.zone_of(table.source)
    return {name: _zoned(steps, zone) for name, steps in table.transform.items() if name in wanted}


def _zoned(steps: Chain, zone: str) -> Chain:
    return tuple(
        structs.replace(step, timezone=zone) if isinstance(step, DateParts) and step.timezone is None else step
        for step in steps
    )
