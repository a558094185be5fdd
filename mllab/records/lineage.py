"""Lineage: what a thing was made from, and what was made of it."""

from datetime import datetime

from mllab.records.base import Record

TRACED_KINDS: dict[str, str] = {
    "file": "a received file: the SHA-256 of its bytes",
    "dataset": "a version of a source's data: SOURCE@VERSION",
    "view": "a version of a feature view: VIEW@VERSION",
    "materialization": "the rows of a view at a version of the data: VIEW@VERSION:DATASET_VERSION",
    "training_set": "a training set: its digest",
    "config": "an accepted declaration: its digest",
    "commit": "a git commit: 40 hex digits",
    "data": "data from elsewhere, as a run was told of it: NAME#DIGEST",
    "run": "a run: its id",
    "logged_model": "a model as a script logged it: its id",
    "version": "a model version: MODEL@VERSION",
    "alias": "a name for a version: MODEL@ALIAS",
    "deployment": "what answers for a model: MODEL",
    "model": "a model: MODEL",
    "prediction": "a logged answer: its id",
    "label": "the truth about a prediction: the prediction's id",
    "job": "a job: its id",
    "experiment": "a group of runs: its name",
}
"""Kinds of things in a lineage, each with what its ids look like."""

KIND_WORDS = {
    "training_set": "training set",
    "config": "declaration",
    "materialization": "kept view",
    "logged_model": "logged model",
}
"""What people read for a kind, where that is not the kind's own name."""

MOST_LISTED = 10
"""Stops listed below one stop where nothing else is asked for."""


class TraceNode(Record, frozen=True, kw_only=True):
    """One stop of a lineage, with what it was made from, what was made of it, or (at the head) both."""

    kind: str
    """One of `TRACED_KINDS`."""
    id: str
    """Of its kind; `kind:id` can be traced again."""
    text: str = ""
    how: str = ""
    """What ties it to the stop above, where that is not plainly that one was made of the other."""
    marks: tuple[str, ...] = ()
    """What is wrong with it or noteworthy: `retracted`, `erased`, `missing`, `damaged`, `verified`, `failed`."""
    is_repeated: bool = False
    """Whether it stands further up, too, with everything below it."""
    children: "list[TraceNode]" = []
    """What it was made from."""
    n_more: int = 0
    """How much else it was made from that is not listed."""
    made: "list[TraceNode]" = []
    """What was made of it."""
    n_more_made: int = 0
    """How much else was made of it that is not listed."""
    totals: dict[str, int] = {}
    """At the head, kind to how many things of it were made on the whole way on, listed or not; labels only of one
    prediction. `looked_up` counts the predictions that only looked features up in it."""


class Touched(Record, frozen=True, kw_only=True):
    """A logged answer that a thing has gone into."""

    prediction_id: str
    model: str
    version: int
    at: datetime
    how: str
    """`taught`: its model learnt from the thing; `looked up`: it only looked features up that came from it."""


def kind_words(kind: str) -> str:
    """What people read for a kind of thing."""
    return KIND_WORDS.get(kind, kind)
