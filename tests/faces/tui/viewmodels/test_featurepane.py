"""The pane beside the tables of features: a view, feature, version, service or on-demand group in words."""

from datetime import timedelta
from typing import Any

from mllab.faces.tui.viewmodels import featurepane as pane
from mllab.faces.tui.viewmodels import features as view
from mllab.records import DatasetVersion
from tests.support.featuring import NEW_CODE, NOON, a_failure, a_view, a_view_version, kept_of
from tests.support.files import a_file

NOW = NOON + timedelta(hours=2)
FIRST, SECOND = a_view_version(1), a_view_version(2, code=NEW_CODE)
DATA = [
    DatasetVersion(source="sales", version=at, digest="d" * 64, parts=("p1",), n_rows=240, created_at=NOON)
    for at in (1, 2)
]
FILES = [a_file(1, "sales.csv", part_digest="p1"), a_file(2, "other.csv", part_digest="p2")]


def about(tab: str = "views", at: int = 0, summary: Any = None, **fields: Any) -> pane.About:
    found = view.Found(views=(summary or a_view(),), versions=(FIRST, SECOND))
    row = view.rows(found, tab)[at]._replace(**({"failure": fields.pop("failure")} if "failure" in fields else {}))
    known = {"table": SECOND.declaration, "version": row.version or SECOND, "datasets": DATA, "files": FILES}
    return pane.About(row, **known | {"kept": kept_of(SECOND, n_skipped=4)} | fields)


def told(it: pane.About) -> str:
    return "\n".join(
        f"{line.label}|{line.text}" if line.label else line.text for line in pane.lines(it, NOW, "braille")
    )


def test_a_view_is_told_in_full() -> None:
    it = about(summary=a_view(description="what shops take", owner="ann", tags=("a", "b")))
    text = told(it)
    for words in (
        "what shops take",
        "owner|ann",
        "tags|a, b",
        "version|2, the newest of 2",
        "rows of|sales",
        "by|shop",
        "known at|sold_at",
        "answers for|ever: the latest row, however old",
        "function|priced of features.py",
        "total|float, sum of gross over the last 1d",
        "total|████████████  50.0 %",
        "· big@1",
        "rows|240 of 3 entities",
        "skipped|4 rows without a time",
        "data|sales version 1, 1 version behind",
        "online|3 rows",
        "view takings@2",
        "└ dataset sales@1",
        "sales.csv: accepted, 600 rows",
        '    return [(pl.col("price") * 1.25)',
    ):
        assert words in text, words
    assert "other.csv" not in text and pane.heading(it.row) == "view takings"


def test_a_view_without_data_or_users_says_what_would_bring_them() -> None:
    it = about(summary=a_view(used_by=(), importance={}), kept=None, version=None, datasets=[], files=[])
    text = told(it)
    assert "nothing yet: the first data of its source, or f, makes it" in text and "made from" not in text
    assert "nothing: a model names it in its `features`" in text and "importance" not in text and "code" not in text


def test_why_a_view_is_not_up_to_date_stands_above_all() -> None:
    lines = told(about(failure=a_failure(SECOND.digest))).split("\n")
    assert lines[:2] == ["✗ not up to date", "view takings stays as it is: its function fails"]
    assert "f makes it anew" in lines[3]


def test_a_declaration_that_is_newer_than_its_last_version_says_so() -> None:
    changed = {**SECOND.declaration, "ttl": "2d"}
    text = told(about(table=changed))
    assert "2d: an older row answers no longer" in text
    assert "changed since version 2: its next use makes another" in text
    assert "changed since" not in told(about())


def test_a_view_that_is_gone_says_why_it_is_still_here() -> None:
    assert "declared no longer" in told(about(summary=a_view(is_declared=False)))


def test_a_feature_is_told_with_type_making_transform_and_importance() -> None:
    table = {**SECOND.declaration, "transform": {"total": [{"do": "log"}]}}
    it = about("features", table=table)
    text = told(it)
    assert pane.heading(it.row) == "takings:total"
    assert "value|sum of gross over the last 1d" in text and "transform|log" in text
    assert "importance|████████████  50.0 %" in text and "Share of the total gain" in text
    other = told(about("features", summary=a_view(importance={}, features={"total": ""})))
    assert "No model that answers weighs it." in other and "type|not known yet" in other


def test_a_version_is_told_with_what_changed_and_its_own_declaration_and_code() -> None:
    text = told(about("versions"))
    assert "changed since version 1" in text and '+    return [(pl.col("price") * 1.25)' in text
    assert f"digest|{SECOND.digest}" in text and "total|sum of gross over the last 1d" in text
    first = about("versions", 1, table=FIRST.declaration, kept=kept_of(FIRST, online_from=None))
    assert "the first definition of this view" in told(first) and "online|nothing" in told(first)
    assert pane.heading(first.row) == "takings version 1"


def test_a_service_and_a_group_on_demand_have_their_own_words() -> None:
    service = a_view("small", kind="service", features={"takings:total": "", "clock": ""}, used_by=(), n_versions=0)
    text = told(about(summary=service))
    assert "· takings:total\n· clock" in text and "declaration" not in text
    clock = a_view("clock", kind="on_demand", features={}, entity=("sold_at",), description="computed by `clock`")
    assert "reads|sold_at" in told(about(summary=clock)) and pane.heading(about(summary=clock).row) == "on demand clock"
