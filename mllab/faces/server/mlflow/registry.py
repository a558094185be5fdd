"""Registered models and their aliases; their versions are in `versions`."""

from collections.abc import Sequence

from mllab.errors import Conflict, NotFound
from mllab.faces.server.errors import HttpError
from mllab.faces.server.mlflow import replies, wire_models
from mllab.faces.server.mlflow.asking import MOST_KEY, Answer, as_dict, at_most, check_pair, offset_of, page
from mllab.lab import Lab
from mllab.records import ModelVersion, RegisteredModel

MOST_TAG = 100_000
_MOST_FOUND = 1_000


def told(lab: Lab, model: RegisteredModel) -> Answer:
    """A registered model with its newest versions."""
    latest = newest_by_stage(lab.model_versions(model.name))
    return replies.registered_model(model, latest, lab.aliases(model.name))


def newest_by_stage(versions: Sequence[ModelVersion]) -> list[ModelVersion]:
    """The newest version of each stage."""
    return list({one.stage: one for one in versions}.values())


def create(lab: Lab, asked: wire_models.CreateName) -> Answer:
    """Make a name under which versions are kept."""
    tags = as_dict(asked.tags, "tag", MOST_TAG)
    try:
        return {"registered_model": told(lab, lab.register_model(asked.name, note=asked.description, tags=tags))}
    except Conflict as error:
        raise HttpError("already-exists", error.message, error.hint) from error


def get(lab: Lab, asked: wire_models.OfName) -> Answer:
    """One registered model."""
    return {"registered_model": told(lab, lab.registered_model(asked.name))}


def search(lab: Lab, asked: wire_models.SearchRegistry) -> Answer:
    """Registered models that a filter lets through, by name where nothing else is asked."""
    limit, offset = at_most(asked.max_results, _MOST_FOUND), offset_of(asked.page_token)
    shown, more = page(lab.search_models(asked.filter, order_by=asked.order_by), offset, limit)
    return replies.filled({"registered_models": [told(lab, one) for one in shown]}) | more


def update(lab: Lab, asked: wire_models.UpdateName) -> Answer:
    """Describe it."""
    return {"registered_model": told(lab, lab.change_model(asked.name, note=asked.description))}


def rename(lab: Lab, asked: wire_models.RenameName) -> Answer:
    """Give it another name."""
    return {"registered_model": told(lab, lab.rename_model(asked.name, asked.new_name))}


def delete(lab: Lab, asked: wire_models.OfName) -> Answer:
    """Take it and its versions out of the lists."""
    lab.delete_model(asked.name)
    return {}


def set_tag(lab: Lab, asked: wire_models.SetNameTag) -> Answer:
    """Tag it."""
    check_pair(asked.key, asked.value, "tag", MOST_TAG)
    lab.change_model(asked.name, set={asked.key: asked.value})
    return {}


def delete_tag(lab: Lab, asked: wire_models.DeleteNameTag) -> Answer:
    """Take a tag away."""
    lab.change_model(asked.name, remove=[asked.key])
    return {}


def latest_versions(lab: Lab, asked: wire_models.LatestVersions) -> Answer:
    """The newest version of each stage."""
    model, wanted = lab.registered_model(asked.name), {stage.lower() for stage in asked.stages}
    found = [
        one
        for one in newest_by_stage(lab.model_versions(model.name))
        if one.stage.lower() in wanted or (not wanted and one.stage != "Archived")
    ]
    return replies.filled({"model_versions": [replies.version(one, {}) for one in found]})


def set_alias(lab: Lab, asked: wire_models.SetAlias) -> Answer:
    """Let an alias name a version; `champion` deploys one that mllab can serve."""
    lab.point_alias(asked.name, asked.alias, asked.version)
    return {}


def get_alias(lab: Lab, asked: wire_models.OfAlias) -> Answer:
    """The version that an alias names."""
    model = lab.registered_model(asked.name)
    aliases = lab.aliases(model.name)
    if asked.alias not in aliases:
        raise NotFound(f"model {model.name} has no alias `{asked.alias[:MOST_KEY]}`")
    return {"model_version": replies.version(lab.version(model.name, aliases[asked.alias]), aliases)}


def delete_alias(lab: Lab, asked: wire_models.OfAlias) -> Answer:
    """Take an alias away; one that is not there is gone already."""
    if asked.alias in lab.aliases(lab.registered_model(asked.name).name):
        lab.remove_alias(asked.name, asked.alias)
    return {}
