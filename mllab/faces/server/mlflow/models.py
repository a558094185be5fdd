"""Logged models: made, finished, tagged, found."""

from mllab.errors import InvalidInput, NotFound
from mllab.faces.server.mlflow import replies, wire_models
from mllab.faces.server.mlflow.asking import MOST_KEY, MOST_PARAM, MOST_TAG, Answer, as_dict, at_most, offset_of, page
from mllab.faces.server.mlflow.files import listed
from mllab.lab import Lab
from mllab.records import LoggedModelStatus

_STATUSES: dict[str, LoggedModelStatus] = {
    "1": LoggedModelStatus.PENDING,
    "2": LoggedModelStatus.READY,
    "3": LoggedModelStatus.FAILED,
    **{name: status for status, name in replies.MODEL_STATUS.items()},
}
_MOST_FOUND = 1_000


def create(lab: Lab, asked: wire_models.CreateModel) -> Answer:
    """Make room for the files of a model."""
    made = lab.create_logged_model(
        asked.experiment_id,
        name=asked.name,
        run_id=asked.source_run_id or None,
        type=asked.model_type,
        params=as_dict(asked.params, "param", MOST_PARAM),
        tags=as_dict(asked.tags, "tag", MOST_TAG),
    )
    return {"model": replies.logged_model(made)}


def get(lab: Lab, asked: wire_models.GetModel) -> Answer:
    """One logged model."""
    return {"model": replies.logged_model(lab.logged_model(asked.model_id, deleted=asked.allow_deleted))}


def finalize(lab: Lab, asked: wire_models.FinalizeModel) -> Answer:
    """Say whether its files are all there."""
    status = _STATUSES.get(str(asked.status))
    if status is None:
        said = f"a logged model cannot be `{str(asked.status)[:40]}`"
        raise InvalidInput(said, f"statuses: {', '.join(replies.MODEL_STATUS.values())}")
    return {"model": replies.logged_model(lab.change_logged_model(asked.model_id, status=status))}


def delete(lab: Lab, asked: wire_models.OfModel) -> Answer:
    """Take it out of the lists."""
    lab.trash_logged_model(asked.model_id)
    return {}


def set_tags(lab: Lab, asked: wire_models.SetModelTags) -> Answer:
    """Tag it."""
    lab.change_logged_model(asked.model_id, set=as_dict(asked.tags, "tag", MOST_TAG))
    return {}


def delete_tag(lab: Lab, asked: wire_models.DeleteModelTag) -> Answer:
    """Take a tag away."""
    if asked.tag_key not in lab.logged_model(asked.model_id).tags:
        raise NotFound(f"logged model {asked.model_id[:80]} has no tag `{asked.tag_key[:MOST_KEY]}`")
    lab.change_logged_model(asked.model_id, remove=[asked.tag_key])
    return {}


def log_params(lab: Lab, asked: wire_models.LogModelParams) -> Answer:
    """Log parameters of it."""
    lab.change_logged_model(asked.model_id, params=as_dict(asked.params, "param", MOST_PARAM))
    return {}


def list_files(lab: Lab, asked: wire_models.ListModelFiles) -> Answer:
    """Its files, with their whole paths inside of it."""
    model = lab.logged_model(asked.model_id)
    root = f"mlflow-artifacts:/{model.experiment_id}/models/{model.model_id}/artifacts"
    found = listed(lab, f"{model.experiment_id}/models/{model.model_id}/artifacts", asked.artifact_directory_path)
    return {"root_uri": root} | replies.filled({"files": found})


def search(lab: Lab, asked: wire_models.SearchModels) -> Answer:
    """Logged models that a filter lets through, the newest first where nothing else is asked."""
    limit, offset = at_most(asked.max_results, _MOST_FOUND), offset_of(asked.page_token)
    found = lab.search_logged_models(
        asked.experiment_ids,
        asked.filter,
        order_by=[f"{one.field_name} {'ASC' if one.ascending else 'DESC'}" for one in asked.order_by],
        datasets=[(one.dataset_name, one.dataset_digest) for one in asked.datasets],
    )
    shown, more = page(found, offset, limit)
    return replies.filled({"models": [replies.logged_model(one) for one in shown]}) | more
