"""The tables of features and the words around them: rows, cells, filters, failures, what changed between versions."""

from datetime import timedelta
from typing import Any

import pytest

from mllab.faces.tui.charts.glyphs import GLYPH_SETS
from mllab.faces.tui.viewmodels import featurecells as cells
from mllab.faces.tui.viewmodels import features as view
from mllab.faces.tui.viewmodels import featurewords as words
from mllab.records import Materialization
from tests.support.featuring import NEW_CODE, NOON, a_failure, a_view, a_view_version, kept_of

NOW = NOON + timedelta(hours=2)
FIRST, SECOND = a_view_version(1), a_view_version(2, code=NEW_CODE)
CLOCK = a_view("clock", kind="on_demand", source=None, features={}, entity=("sold_at",), importance={}, version=None)
SERVICE = a_view("small", kind="service", source=None, entity=(), features={"takings:total": ""}, used_by=())


def found(*views: Any, **fields: Any) -> view.Found:
    return view.Found(**{"views": views or (a_view(), CLOCK, SERVICE), "versions": (FIRST, SECOND)} | fields)


def shown(row: view.Row, tab: str) -> dict[str, str]:
    return {look.id: cells.cell(row, look.id, NOW).strip() for look in cells.COLUMNS[tab]}


# -- rows and cells -----------------------------------------------------------------------------------------------------


def test_a_view_is_told_with_kind_version_rows_both_ages_and_who_uses_it() -> None:
    rows = view.rows(found(), "views")
    assert shown(rows[0], "views") == {
        "view": "takings",
        "kind": "view",
        "version": "2",
        "source": "sales",
        "entity": "shop",
        "features": "2",
        "rows": "240",
        "newest": "2d",
        "made": "3h",
        "used": "big, big@1",
    }
    assert shown(rows[1], "views")["kind"] == "on demand" and shown(rows[1], "views")["rows"] == ""
    assert shown(rows[2], "views")["features"] == "1" and shown(rows[2], "views")["used"] == "-"


def test_a_view_that_nothing_has_used_yet_has_no_numbers_and_one_that_is_gone_says_so() -> None:
    new = a_view("new", version=None, materialized_at=None, newest_at=None, n_rows=0)
    gone = a_view("old", is_declared=False)
    first, second = view.rows(found(new, gone), "views")
    assert [shown(first, "views")[name] for name in ("version", "rows", "newest", "made")] == ["-"] * 4
    assert shown(second, "views")["kind"] == "✗ gone" and cells.ink(second, "kind") == "$warning"


def test_features_come_by_importance_with_bars_to_the_greatest_one() -> None:
    other = a_view("other", features={"a": "int", "b": "bool"}, importance={"a": 0.25})
    rows = view.rows(found(a_view(), other, CLOCK, SERVICE), "features")
    assert [(row.view.name, row.feature) for row in rows] == [
        ("takings", "total"),
        ("other", "a"),
        ("takings", "n_sales"),
        ("other", "b"),
    ]
    assert [shown(row, "features")["importance"] for row in rows] == [
        "████████  50.0 %",
        "████      25.0 %",
        "██        12.5 %",
        "-",
    ]


@pytest.mark.parametrize("glyphs", GLYPH_SETS)
@pytest.mark.parametrize("share", [0.0, 1e-9, 0.3, 1.0, 2.5])
def test_a_bar_keeps_to_its_cells_whatever_the_share_and_the_characters(share: float, glyphs: Any) -> None:
    told = cells.importance(share, max(share, 1.0), 8, glyphs)
    assert len(told) == 16 and told.endswith(" %") and (glyphs != "ascii" or told.isascii())
    assert cells.importance(0.0, 0.0, 8, glyphs).strip() == "0.0 %"


def test_versions_come_by_view_the_newest_first_with_what_changed_to_the_one_before() -> None:
    rows = view.rows(found(), "versions")
    assert [row.key for row in rows] == ["takings@2", "takings@1"]
    assert shown(rows[0], "versions") == {
        "view": "takings",
        "version": "2",
        "since": "1d",
        "digest": "020202020202",
        "changed": "code",
    }
    assert shown(rows[1], "versions")["changed"] == "first definition"


def test_every_cell_of_every_table_is_short_text_and_of_other_tables_nothing() -> None:
    for tab in view.TABS:
        for row in view.rows(found(), tab):
            for look in cells.COLUMNS[tab]:
                assert "\n" not in cells.cell(row, look.id, NOW) and isinstance(cells.ink(row, look.id), str)
            assert cells.cell(row, "no such column", NOW) == ""


def test_ids_are_the_view_the_feature_with_its_view_and_the_version() -> None:
    every = [view.rows(found(), tab)[0] for tab in view.TABS]
    assert [view.identity(row) for row in every] == ["takings", "takings:total", "takings@2"]
    assert view.record(every[0]) == a_view() and view.record(every[2]) == SECOND
    assert view.identity(view.rows(found(), "views")[2]) == "small"


# -- what is shown of them ----------------------------------------------------------------------------------------------


def test_words_filter_by_name_kind_source_user_and_feature() -> None:
    rows = view.rows(found(), "views")

    def names(filter: str) -> list[str]:
        return [row.view.name for row in view.filtered(rows, filter)]

    assert names("demand") == ["clock"] and names("sales") == ["takings"] and names("big@1") == ["takings", "clock"]
    assert names("-service -demand") == ["takings"] and names("n_sales") == ["takings"] and names("x y") == []
    versions = view.rows(found(), "versions")
    assert [row.key for row in view.filtered(versions, "code v2")] == ["takings@2"]


def test_one_model_shows_what_it_uses_and_the_versions_of_that() -> None:
    other = a_view("other", used_by=("small@3",))
    only = view.of_model(found(a_view(), other), "small")
    assert [one.name for one in only.views] == ["other"] and only.versions == []
    assert view.of_model(found(), None) == found()
    assert [one.version for one in view.of_model(found(), "big").versions] == [1, 2]


def test_the_headline_counts_kinds_or_what_the_filter_leaves_and_names_failures() -> None:
    failed = found(failures={"takings": a_failure("x")})
    assert view.headline(found(), "views", 3, 3, "") == "1 view, 1 on demand, 1 service"
    assert view.headline(found(), "features", 1, 2, "tot") == "1 of 2 features · filter tot"
    assert view.headline(failed, "versions", 2, 2, "") == "2 versions · 1 view not up to date: enter says why"
    assert view.notes(failed) == {"views": "3 ✗1", "features": "2"}


def test_an_empty_table_says_what_belongs_there_and_how() -> None:
    told = view.why_empty("views", "", None, has_views=False)
    assert "[feature_view.NAME]" in told and "mllab.toml" in told and len(told.split("\n")) < 14
    assert "esc" in view.why_empty("views", "x", None, has_views=True)
    assert "M shows all" in view.why_empty("features", "", "big", has_views=True)
    assert "no version yet" in view.why_empty("versions", "", None, has_views=True)
    assert "no view has a feature" in view.why_empty("features", "", None, has_views=True)


def test_only_what_is_kept_is_made_anew() -> None:
    rows = view.rows(found(a_view(), CLOCK, SERVICE, a_view("old", is_declared=False, online_from=None)), "views")
    said = [view.why_not_materialize(row) or "" for row in rows]
    assert said[0] == "" and "nothing of it is kept" in said[1] and "a name for features" in said[2]
    assert "neither declared nor used" in said[3] and view.why_not_materialize(None) == "there is no view here"
    assert view.why_not_materialize(view.rows(found(), "versions")[1]) is None


# -- failures -----------------------------------------------------------------------------------------------------------

KEPT = kept_of(SECOND)
LATER = {"made_at": NOON + timedelta(hours=1)}
SOON = {"made_at": NOON + timedelta(minutes=2)}
ENDED = NOON + timedelta(minutes=3)
"""The job that failed a minute after noon was over."""


@pytest.mark.parametrize(
    ("digest", "kept", "declared", "stands"),
    [
        (SECOND.digest, [KEPT], {"takings"}, True),
        (SECOND.digest, [kept_of(SECOND, **SOON)], {"takings"}, False),
        (SECOND.digest, [KEPT, kept_of(a_view_version(3), **LATER)], {"takings"}, True),
        (FIRST.digest, [kept_of(FIRST, online_from=None), kept_of(SECOND, **LATER)], {"takings"}, False),
        ("new", [KEPT], {"takings"}, True),
        ("new", [kept_of(SECOND, **SOON)], {"takings"}, True),
        ("new", [kept_of(SECOND, **LATER)], {"takings"}, False),
        ("new", [], set(), False),
        ("", [], {"takings"}, True),
    ],
    ids=[
        "nothing made since",
        "made since",
        "another one that is used made since",
        "mended by a new version",
        "never made",
        "the same job made an older version",
        "a later job made another version",
        "declared no longer",
        "no digest",
    ],
)
def test_a_failure_stands_until_its_definition_is_made_or_nobody_uses_it(
    digest: str, kept: list[Materialization], declared: set[str], stands: bool
) -> None:
    failure = a_failure(digest, payload={"digest": digest} if digest else {})
    told = view.standing([view.Failure(failure, ENDED)], kept, declared)
    assert told == ({"takings": failure} if stands else {})


def test_while_its_job_goes_on_a_failure_is_not_mended() -> None:
    failure = a_failure("new")
    assert view.standing([view.Failure(failure, None)], [kept_of(SECOND, **LATER)], {"takings"}) != {}


def test_of_several_failures_of_a_view_the_newest_is_told_at_its_age() -> None:
    failures = [a_failure(SECOND.digest, minutes=minute) for minute in (1, 2)]
    told = view.standing([view.Failure(one, ENDED) for one in failures], [KEPT], {"takings"})
    assert told == {"takings": failures[1]}
    row = view.rows(found(failures=told), "views")[0]
    assert shown(row, "views")["made"] == "✗ 3h" and cells.ink(row, "made") == "$error"
    assert view.filtered([row], "failed") == [row]


# -- words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("aggregate", "said"),
    [
        ({"by": "count", "window": "6h"}, "number of rows over the last 6h"),
        ({"by": "count", "of": "late", "window": "6h"}, "number of rows with late over the last 6h"),
        ({"by": "distinct", "of": "item", "window": "1d"}, "number of different values of item over the last 1d"),
        ({"by": "mean", "of": "{of}", "window": "1d"}, "mean of {of} over the last 1d"),
        ({"by": "other"}, "other of None over the last ?"),
    ],
)
def test_an_aggregate_is_said_in_words(aggregate: dict[str, Any], said: str) -> None:
    assert words.how({"aggregate": {"x": aggregate}}, "x") == said
    assert words.how({"aggregate": {"x": aggregate}}, "y") == "the latest value"


def test_transforms_are_said_step_by_step() -> None:
    steps = [{"do": "impute", "with": "mean", "indicator": False, "value": None}, {"do": "scale"}]
    assert words.transform({"transform": {"x": steps}}, "x") == "impute with=mean, then scale"
    assert words.transform({}, "x") == ""


def test_what_changed_names_keys_features_and_code() -> None:
    total = {"by": "sum", "of": "gross", "window": "2d"}
    other = a_view_version(3, declaration={**FIRST.declaration, "aggregate": {"total": total}, "ttl": "1d"}, key=())
    assert words.changed(FIRST, other) == ["aggregate.total", "ttl", "key"]
    lines = words.changes(FIRST, other)
    assert [line.label for line in lines] == ["aggregate.total", "ttl", "key"]
    assert lines[1].text == "- → 1d" and lines[2].text == "sale → -"


def test_changed_code_is_shown_line_by_line_with_its_marks() -> None:
    lines = words.changes(FIRST, SECOND)
    assert lines[0].text == "changed code"
    marks = {line.text[:1]: line.ink for line in lines[1:]}
    assert marks["-"] == "$error" and marks["+"] == "$success" and any("1.25" in line.text for line in lines)


def test_code_keeps_its_indentation_and_very_long_code_is_cut() -> None:
    assert [line.text for line in words.code("a\n\tb")] == ["a", "    b"]
    assert words.code(None) == []
    long = words.code("x\n" * 1000)
    assert len(long) == words.MOST_CODE + 1 and long[-1].text == "and 601 more lines"


def test_describing_a_view_otherwise_is_no_other_definition() -> None:
    assert not words.has_changed(
        {**FIRST.declaration, "description": "x", "tags": ["a"], "transform": {"a": []}}, FIRST
    )
    assert words.has_changed({**FIRST.declaration, "ttl": "3d"}, FIRST)
