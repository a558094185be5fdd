"""Experiments: made, found, tagged, put into the trash."""

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.faces.server.errors import HttpError
from mllab.faces.server.mlflow import replies, wire
from mllab.faces.server.mlflow.asking import MOST_KEY, Answer, as_dict, at_most, check_pair, offset_of, page
from mllab.lab import Lab
from mllab.records import Experiment

MOST_NAME, MOST_TAG = 500, 20_000
"""Characters of a name, of a tag's value."""
_DELETED = {wire.View.ACTIVE_ONLY: False, wire.View.DELETED_ONLY: True, wire.View.ALL: None}
_MOST_LISTED = 50_000


def create(lab: Lab, asked: wire.CreateExperiment) -> Answer:
    """Make an experiment."""
    if len(asked.name) > MOST_NAME:
        raise InvalidInput(f"the name has {len(asked.name):,} characters", f"at most {MOST_NAME} are taken")
    tags = as_dict(asked.tags, "tag", MOST_TAG)
    try:
        return {"experiment_id": lab.create_experiment(asked.name, tags=tags).experiment_id}
    except Conflict as error:
        raise HttpError("already-exists", error.message, error.hint) from error


def get(lab: Lab, asked: wire.OfExperiment) -> Answer:
    """One experiment, by id."""
    return {"experiment": replies.experiment(experiment_of(lab, asked.experiment_id))}


def experiment_of(lab: Lab, experiment_id: str) -> Experiment:
    """An experiment by its id alone.

    Raises:
        NotFound: there is none of that id.
    """
    found = lab.experiment(experiment_id)
    if found.experiment_id != experiment_id:
        raise NotFound(f"no experiment has the id `{experiment_id[:80]}`")
    return found


def get_by_name(lab: Lab, asked: wire.GetExperimentByName) -> Answer:
    """One experiment, by name."""
    found = lab.experiment(asked.experiment_name)
    if found.name != asked.experiment_name:
        found = next((one for one in lab.experiments(deleted=None) if one.name == asked.experiment_name), found)
    if found.name != asked.experiment_name:
        raise NotFound(f"no experiment is called `{asked.experiment_name[:80]}`")
    return {"experiment": replies.experiment(found)}


def search(lab: Lab, asked: wire.SearchExperiments) -> Answer:
    """Experiments that a filter lets through, the newest first where nothing else is asked."""
    limit, offset = at_most(asked.max_results, _MOST_LISTED), offset_of(asked.page_token)
    lab.experiment("0")
    found = lab.search_experiments(asked.filter, order_by=asked.order_by, deleted=_DELETED[asked.view_type])
    shown, more = page(found, offset, limit)
    return replies.filled({"experiments": [replies.experiment(one) for one in shown]}) | more


def delete(lab: Lab, asked: wire.OfExperiment) -> Answer:
    """Put an experiment into the trash."""
    lab.trash_experiment(experiment_of(lab, asked.experiment_id).experiment_id)
    return {}


def restore(lab: Lab, asked: wire.OfExperiment) -> Answer:
    """Take an experiment out of the trash."""
    lab.restore_experiment(experiment_of(lab, asked.experiment_id).experiment_id)
    return {}


def update(lab: Lab, asked: wire.UpdateExperiment) -> Answer:
    """Give an experiment another name."""
    if not asked.new_name or len(asked.new_name) > MOST_NAME:
        raise InvalidInput(f"`new_name` has {len(asked.new_name):,} characters", f"1 to {MOST_NAME} are taken")
    found = experiment_of(lab, asked.experiment_id)
    try:
        lab.update_experiment(found.experiment_id, name=asked.new_name)
    except Conflict as error:
        raise HttpError("already-exists", error.message, error.hint) from error
    return {}


def set_tag(lab: Lab, asked: wire.SetExperimentTag) -> Answer:
    """Tag an experiment."""
    check_pair(asked.key, asked.value, "tag", MOST_TAG)
    lab.update_experiment(experiment_of(lab, asked.experiment_id).experiment_id, set={asked.key: asked.value})
    return {}


def delete_tag(lab: Lab, asked: wire.DeleteExperimentTag) -> Answer:
    """Take a tag of an experiment away."""
    found = experiment_of(lab, asked.experiment_id)
    if asked.key not in found.tags:
        raise NotFound(f"experiment {found.name} has no tag `{asked.key[:MOST_KEY]}`")
    lab.update_experiment(found.experiment_id, remove=[asked.key])
    return {}
