"""What the columns of a profile look like in a table, and what may be done with versions."""

from datetime import timedelta

import pytest

from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels import data_actions as actions
from mllab.faces.tui.viewmodels import datacells, profile
from mllab.records import DatasetVersion, FileStatus, Impact, Job, Lane, ProfileWarning, SchemaChange, VersionImpact
from tests.support.files import NOON, a_file, a_refused, a_source, digest
from tests.support.profiles import a_column, a_profile, a_text, an_entry, by_target

LATER = NOON + timedelta(hours=2)
COLUMNS = {"customer": "string", "age": "int", "plan": "string", "new": "bool"}


def versions(*numbers: int) -> list[DatasetVersion]:
    return [
        DatasetVersion(source="customers", version=one, digest=digest(one), parts=("p",), n_rows=600, created_at=NOON)
        for one in numbers
    ]


def a_found(*profiled: int, existing: tuple[int, ...] = (1, 2, 3)) -> view.Found:
    """Versions of customers, some of them profiled."""
    made = [a_profile(one) for one in profiled]
    return view.Found(
        files=(),
        sources=[a_source(columns=COLUMNS, timestamp=None, version=3)],
        versions=versions(*existing),
        entries=[an_entry(one) for one in made],
        profiles={"customers": made[-1]} if made else {},
    )


def row_of(found: view.Found, key: str, tab: str = "versions") -> view.Row:
    return next(one for one in view.rows(found, tab) if one.key == key)


# -- cells ------------------------------------------------------------------------------------------------------------


def cells(row: view.Row, tab: str) -> list[str]:
    return [datacells.cell(row, look.id, LATER) for look in datacells.COLUMNS[tab]]


def test_a_column_is_a_line_with_missing_distinct_spread_power_and_flags() -> None:
    rows = view.rows(a_found(3), "columns")
    assert [cells(row, "columns") for row in rows] == [
        ["customers", "4 col.", "", "", "", "", "2 warnings"],
        ["  customer", "string", "-", "600", "", "-", "key, id-like"],
        ["  age", "int", "10.0 %", "101", "██████████", "0.71", ""],
        ["  plan", "string", "-", "2", "█▆        ", "0.71", ""],
        ["  new", "bool", "", "", "", "", ""],
    ]
    assert [datacells.ink(row, "about") for row in rows] == ["$warning", "$warning", "", "", ""]
    assert [one.column for one in view.filtered(rows, "id-like")] == ["customer"]
    assert view.record(rows[2]) == a_profile(3).columns[1] and view.record(rows[4]) == a_source(
        columns=COLUMNS, timestamp=None, version=3
    )


def test_a_version_says_whether_it_has_a_profile() -> None:
    job = Job(job_id="j", kind="profile", lane=Lane.QUICK, subject="customers", args={"version": 3}, queued_at=NOON)
    rows = view.rows(a_found(1)._replace(jobs=[job]), "versions")
    assert [datacells.cell(row, "profile", LATER) for row in rows] == ["… queued", "-", "✓"]


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "-"), (0.0001, "<0.1 %"), (0.001, "0.1 %"), (0.125, "12.5 %"), (1.0, "100.0 %")]
)
def test_a_share_is_told_in_percent(share: float, said: str) -> None:
    assert profile.share(share) == said


def test_the_spread_shows_shares_from_zero_and_gaps_as_blanks() -> None:
    plan = a_text(values=(("a", 1000), ("b", 990), ("c", 0), ("d", 10)))
    assert profile.spread(plan, 6, "braille") == "██ ▁  "
    assert profile.spread(a_text(values=()), 6, "braille") == ""
    assert set(profile.spread(a_column(), 5, "ascii")) == {"#"}


def test_power_is_the_greatest_or_that_of_one_model() -> None:
    age = a_column(against_target=(by_target(power=0.6), by_target("rain", power=0.9), by_target("none", power=None)))
    assert profile.power(age) == "0.90" and profile.power(age, "churn") == "0.60" and profile.power(age, "none") == "-"


def test_an_estimate_says_so() -> None:
    assert profile.distinct(a_column(n_distinct=12_345, is_distinct_exact=False)) == "~12,345"


def test_warnings_of_a_column_are_its_own() -> None:
    one = ProfileWarning(code="leak", column="age", text="it knows", hint="leave it out")
    made = a_profile(warnings=(one, *a_profile().warnings))
    assert [line.text for line in profile.warnings(made, "age")] == ["! it knows", "leave it out"]
    assert profile.warnings(made, "plan") == [] and profile.warnings(made)[0].text == "! age: it knows"


# -- two versions -----------------------------------------------------------------------------------------------------


def test_a_version_is_compared_with_the_last_profiled_one_before() -> None:
    found = a_found(1, 3)
    assert actions.pair(row_of(found, "customers@3"), [], found) == (("customers", 1), ("customers", 3))
    assert actions.pair(row_of(found, "customers/age", "columns"), [], found) == (("customers", 1), ("customers", 3))
    assert actions.newest_pair(found) == (("customers", 1), ("customers", 3))


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        (["customers@3", "customers@1"], (("customers", 1), ("customers", 3))),
        (["customers@1"], (("customers", 1), ("customers", 3))),
        (["customers@3"], (("customers", 2), ("customers", 3))),
        (["customers@3", "gone@7"], (("customers", 2), ("customers", 3))),
        (["customers@1", "customers@2", "customers@3"], "3 versions are marked: two are compared"),
    ],
)
def test_marked_versions_are_compared_the_earlier_one_first(marked: list[str], said: object) -> None:
    found = a_found(1, 2, 3)
    assert actions.pair(row_of(found, "customers@3"), marked, found) == said


def test_without_two_profiles_it_is_said_which_one_is_missing() -> None:
    found = a_found(3)
    assert actions.pair(row_of(found, "customers@2"), [], found) == "customers@2 has no profile yet: f on it makes one"
    assert actions.pair(row_of(found, "customers@3"), ["customers@1"], found) == (
        "customers@1 has no profile yet: f on it makes one"
    )
    assert "no version before customers@3 has a profile" in str(actions.pair(row_of(found, "customers@3"), [], found))
    assert actions.newest_pair(found) is None
    file = view.rows(view.Found(files=[a_file()]), "files")[0]
    assert "no dataset version" in str(actions.pair(file, [], found)) and actions.why_not_mark(file) is not None


def test_a_profile_is_made_of_any_version_with_rows_but_not_twice_at_once() -> None:
    found = a_found(3)
    assert actions.why_not_profile(row_of(found, "customers@3")) is None
    assert actions.version_of(row_of(found, "customers/age", "columns")) == ("customers", 3)
    job = Job(job_id="j", kind="profile", lane=Lane.QUICK, subject="customers", args={"version": 3}, queued_at=NOON)
    busy = row_of(found._replace(jobs=[job]), "customers@3")
    assert actions.why_not_profile(busy) == "the profile of customers@3 is being made"
    bare = view.rows(view.Found(files=(), sources=[a_source(version=None)]), "columns")[0]
    assert actions.why_not_profile(bare) == "customers has no data yet"
    assert "no dataset version" in str(actions.why_not_profile(None))


# -- files ------------------------------------------------------------------------------------------------------------


def file_row(**fields: object) -> view.Row:
    return view.rows(view.Found(files=[a_file(1, **fields)]), "files")[0]


def test_only_an_accepted_file_is_taken_back_and_what_is_taken_back_is_taken_again() -> None:
    assert actions.why_not_retract(file_row()) is None
    gone = file_row(status=FileStatus.RETRACTED)
    assert "it is retracted (customers)" in str(actions.why_not_retract(gone))
    assert actions.why_not_retry(gone) is None
    assert "erased on request" in str(actions.why_not_retry(file_row(status=FileStatus.RETRACTED, erased_at=NOON)))


def test_only_columns_that_keep_a_file_out_are_taken_over() -> None:
    diff = (SchemaChange(column="age", change="type", contract="int", found="string"),)
    schema, other = a_refused(code="schema", diff=diff), a_refused()
    rows = view.rows(view.Found(files=[schema, other]), "files")
    assert actions.why_not_accept(rows[0]) is None
    assert actions.why_not_accept(rows[1]) == "semi.csv is not refused for its columns"
    question, text = actions.acceptance(schema)
    assert question == "Take the columns of semi.csv over into the contract of customers?"
    assert text.startswith("≠ age: int in the contract, string in the file\n")
    assert "\nand 94 more\n" in actions.acceptance(a_refused(diff=diff * 100))[1]


def test_before_a_file_is_taken_back_all_that_was_made_from_it_is_told() -> None:
    made = [
        VersionImpact(model="churn", version=at, aliases=("champion",) * (at == 9), n_predictions=at)
        for at in range(10)
    ]
    impact = Impact(
        file="may.csv",
        sha256=digest(1),
        source="customers",
        status="accepted",
        n_rows=300,
        dataset_version=3,
        dataset_rows=900,
        training_sets=("a", "b"),
        runs=("r",),
        versions=tuple(made),
        views=("age@1",),
        retrain=("churn",),
    )
    question, text = actions.retraction(impact)
    assert question == "Take may.csv out of the data?" and text.startswith("300 rows of 900 leave customers.")
    assert "2 training sets, 1 run, 10 model versions, 1 feature view, 45 predictions" in text
    assert "· churn@9 (champion): 9 predictions" in text and "· and 7 earlier ones" in text and "age@1" in text
    assert actions.retracted(impact).endswith("churn learnt from it: n in Models trains again")


# -- much of everything -------------------------------------------------------------------------------------------------


def test_of_many_warnings_and_columns_the_first_are_told_and_the_others_counted() -> None:
    one = ProfileWarning(code="constant", column="age", text="one value", hint="leave it out")
    made = a_profile(warnings=(one,) * 1000, columns=tuple(a_column(f"c{at}") for at in range(1000)))
    assert profile.warnings(made)[-1].text == "and 960 warnings more: the tab columns has them all"
    listed = profile.columns(made, None, 80, "braille")
    assert len(listed) == 102 and listed[-1].text.startswith("and 900 columns more")
