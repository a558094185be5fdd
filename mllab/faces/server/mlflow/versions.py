"""Versions of registered models."""

import re

from mllab.errors import InvalidInput
from mllab.faces.server.mlflow import replies, wire_models
from mllab.faces.server.mlflow.asking import Answer, as_dict, at_most, check_pair, offset_of, page
from mllab.faces.server.mlflow.registry import MOST_TAG
from mllab.faces.server.mlflow.runs import get_run
from mllab.lab import Lab
from mllab.records import ModelVersion

_MOST_FOUND = 200_000
_SOURCE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
_OF_LOGGED = re.compile(r"models:/(?P<id>m-[0-9a-f]{32})/?")


def told(lab: Lab, made: ModelVersion) -> Answer:
    """A version as the reply of most endpoints."""
    return {"model_version": replies.version(made, lab.aliases(made.model))}


def create(lab: Lab, asked: wire_models.CreateVersion) -> Answer:
    """Keep a model from elsewhere as the next version of a name."""
    found = _OF_LOGGED.fullmatch(asked.source)
    model_id = asked.model_id or (found["id"] if found else "")
    if not _SOURCE.match(asked.source):
        hint = "register a model that was logged here: `models:/m-...` or `runs:/RUN/PATH`"
        raise InvalidInput(f"`{asked.source[:80]}` is no place that everybody can read from", hint)
    run_id = get_run(lab, asked.run_id).run_id if asked.run_id else ""
    tags = as_dict(asked.tags, "tag", MOST_TAG)
    made = lab.register_version(
        asked.name, asked.source, run_id=run_id, model_id=model_id or None, note=asked.description, tags=tags
    )
    return told(lab, made)


def get(lab: Lab, asked: wire_models.OfVersion) -> Answer:
    """One version."""
    return told(lab, lab.version(asked.name, asked.version))


def search(lab: Lab, asked: wire_models.SearchVersions) -> Answer:
    """Versions that a filter lets through, the newest first where nothing else is asked."""
    limit, offset = at_most(asked.max_results, _MOST_FOUND), offset_of(asked.page_token)
    shown, more = page(lab.search_versions(asked.filter, order_by=asked.order_by), offset, limit)
    aliases = {name: lab.aliases(name) for name in {one.model for one in shown}}
    return replies.filled({"model_versions": [replies.version(one, aliases[one.model]) for one in shown]}) | more


def update(lab: Lab, asked: wire_models.UpdateVersion) -> Answer:
    """Describe it."""
    return told(lab, lab.change_version(asked.name, asked.version, note=asked.description))


def transition(lab: Lab, asked: wire_models.TransitionStage) -> Answer:
    """Move it to another stage, which means nothing to mllab."""
    archive = asked.archive_existing_versions
    return told(lab, lab.change_version(asked.name, asked.version, stage=asked.stage, archive=archive))


def delete(lab: Lab, asked: wire_models.OfVersion) -> Answer:
    """Take it out of the lists."""
    lab.delete_version(asked.name, asked.version)
    return {}


def set_tag(lab: Lab, asked: wire_models.SetVersionTag) -> Answer:
    """Tag it."""
    check_pair(asked.key, asked.value, "tag", MOST_TAG)
    lab.change_version(asked.name, asked.version, set={asked.key: asked.value})
    return {}


def delete_tag(lab: Lab, asked: wire_models.DeleteVersionTag) -> Answer:
    """Take a tag away."""
    lab.change_version(asked.name, asked.version, remove=[asked.key])
    return {}


def download_uri(lab: Lab, asked: wire_models.OfVersion) -> Answer:
    """Where its files are had."""
    made = lab.version(asked.name, asked.version)
    if made.bundle:
        return {"artifact_uri": replies.home_of(made)}
    if made.model_id:
        model = lab.logged_model(made.model_id, deleted=True)
        return {"artifact_uri": f"mlflow-artifacts:/{model.experiment_id}/models/{model.model_id}/artifacts"}
    return {"artifact_uri": made.source}
