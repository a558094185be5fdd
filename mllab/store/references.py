"""Every column that names artifacts: the one list that verifying and collecting go by.

A column that is not here, and not in `OTHER_DIGESTS`, must not hold the digest of an artifact: it would be collected.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mllab.store.connect import Connection


class Reference(NamedTuple):
    """A column whose values name artifacts."""

    table: str
    column: str
    owner: str
    """SQL for what the row is called."""
    form: str = "text"
    """`text`: a digest; `list`: a JSON array of them; `values`: the values of a JSON object; `$.path`: there in a JSON
    object; `anywhere`: wherever a JSON text holds 64 hex digits."""
    where: str = "1"
    """SQL for the rows that count."""
    is_needed: bool = True
    """Whether a missing artifact is a flaw; else it is kept where it is there."""
    opens: str = ""
    """What names further artifacts inside it: a `bundle`, or the `recipe` that a run can be repeated from."""


_OPEN = "status IN ('queued', 'running')"

REFERENCES: tuple[Reference, ...] = (
    Reference("configs", "toml_digest", "digest"),
    Reference("configs", "features_digest", "digest"),
    Reference("datafiles", "sha256", "name"),
    Reference("datafiles", "part_digest", "name"),
    Reference("datafiles", "rejected_digest", "name"),
    Reference("datasets", "parts", "source || '@' || version", "list"),
    Reference("training_sets", "artifact", "digest", where="purged_at IS NULL"),
    Reference("profiles", "artifact", "source || '@' || version"),
    Reference("runs", "artifacts", "run_id", "values", where="purged_at IS NULL"),
    Reference("runs", "training", "run_id", where="purged_at IS NULL", opens="recipe"),
    Reference("runs", "git", "run_id", "$.diff", where="purged_at IS NULL"),
    Reference("logged_models", "artifacts", "model_id", "values"),
    Reference("versions", "bundle", "model || '@' || version", where="bundle <> ''", opens="bundle"),
    Reference("logged_models", "artifacts", "model_id", "values"),
    Reference("jobs", "args", "job_id", "anywhere", is_needed=False),
    Reference("jobs", "result", "job_id", "anywhere", is_needed=False),
    Reference(
        "job_steps",
        "output",
        "job_id",
        "anywhere",
        where=f"job_id IN (SELECT job_id FROM jobs WHERE {_OPEN})",  # noqa: S608
        is_needed=False,
    ),
)
"""What keeps an artifact from being collected."""

OTHER_DIGESTS: dict[tuple[str, str], str] = {
    ("configs", "digest"): "names the declaration, over both texts",
    ("contracts", "digest"): "over schemas, rules and code; all of them stand in the row",
    ("contracts", "config_digest"): "a row of configs",
    ("datafiles", "diff"): "how columns differ",
    ("datafiles", "replaced_by"): "a row of datafiles",
    ("datasets", "digest"): "over the digests of the parts",
    ("erasures", "key_digest"): "over what was asked for and an erased salt",
    ("erasures", "training_sets"): "rows of training_sets",
    ("feature_views", "digest"): "names the definition, which stands in the row",
    ("feature_views", "config_digest"): "a row of configs",
    ("materializations", "digest"): "a row of feature_views",
    ("materializations", "index"): "a folder of .mllab/offline, made again at any time",
    ("training_sets", "digest"): "over the rows, whatever file holds them",
    ("training_sets", "config_digest"): "a row of configs",
    ("runs", "training_set"): "a row of training_sets",
    ("runs", "config_digest"): "a row of configs",
    ("runs", "datasets.digest"): "as told by who logged it: data outside of the lab, or of its own by other columns",
    ("versions", "training_set"): "a row of training_sets",
    ("logged_models", "metrics.dataset_digest"): "as told by who logged it: data outside of the lab",
    ("jobs", "config_digest"): "a row of configs",
}
"""Columns of state tables that hold digests, or look like it, but name no artifact: why."""


class Named(NamedTuple):
    """An artifact that a row names."""

    digest: str
    reference: Reference
    owner: str


def named(connection: Connection) -> Iterator[Named]:
    """Every digest that a database names, column by column; one that several rows name comes several times."""
    for one in REFERENCES:
        for owner, digest in connection.execute(_sql(one)):
            yield Named(digest, one, str(owner))


def _sql(one: Reference) -> str:
    column = f't."{one.column}"'
    plain, joined, is_digest = column, "", f"{column} <> ''"
    if one.form.startswith("$"):
        plain = f"json_extract({column}, '{one.form}')"
        is_digest = f"{plain} IS NOT NULL"
    elif one.form != "text":
        function = "json_tree" if one.form == "anywhere" else "json_each"
        joined, plain = f", {function}({column}) j", "j.atom"
        is_digest = "j.type = 'text' AND length(j.atom) = 64 AND j.atom NOT GLOB '*[^0-9a-f]*'"
    return f"SELECT {one.owner}, {plain} FROM {one.table} t{joined} WHERE ({one.where}) AND {is_digest}"  # noqa: S608
