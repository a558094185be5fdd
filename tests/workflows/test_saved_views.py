"""Lists of runs that are kept under a name."""

import pytest

from mllab.errors import InvalidInput, NotFound
from mllab.lab import Lab
from mllab.store.writer import replayed
from tests.support.labs import a_lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab.open(a_lab(tmp_path_factory.mktemp("views") / "lab", 60)) as lab:
        yield lab


def test_a_view_is_kept_replaced_and_let_go(lab):
    lab.save_view("best", filter="status:finished", sort="-metric.auc", columns=["name", "metric.auc"])
    assert lab.saved_view("best").columns == ("name", "metric.auc")
    lab.save_view("best", filter="status:failed")
    assert [(view.name, view.filter, view.sort, view.columns) for view in lab.saved_views()] == [
        ("best", "status:failed", "-started", ())
    ]
    lab.delete_saved_view("best")
    assert lab.saved_views() == []
    lab.save_view("best")
    assert [view.name for view in lab.saved_views()] == ["best"]


def test_a_view_that_is_not_there_is_named_with_the_nearest(lab):
    lab.save_view("newest of the week")
    with pytest.raises(NotFound) as caught:
        lab.saved_view("newest of the wek")
    assert "newest of the week" in caught.value.hint
    with pytest.raises(NotFound):
        lab.delete_saved_view("nosuch")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 251},
        {"name": "a", "filter": "statuss:failed"},
        {"name": "a", "sort": "colour"},
        {"name": "a", "columns": ["ok", ""]},
        {"name": "a", "columns": ["name"] * 201},
    ],
)
def test_what_cannot_be_is_refused(lab, fields):
    with pytest.raises(InvalidInput):
        lab.save_view(**fields)


def test_views_are_in_the_log(lab):
    lab.save_view("logged", filter="tag:x")
    copy = replayed(lab.folder / ".mllab" / "lab.db")
    assert [row["name"] for row in copy.execute("SELECT name FROM saved_views WHERE name = 'logged'")] == ["logged"]


@pytest.mark.parametrize("column", ["foo", "metric.", "metrics.auc", "nmae", ""])
def test_a_column_that_no_run_has_is_refused(lab, column):
    with pytest.raises(InvalidInput):
        lab.save_view("odd", columns=[column])
