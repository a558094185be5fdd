"""What a thing was made from and what was made of it, as lines."""

from mllab.faces.tui.viewmodels import lineage as view
from mllab.faces.tui.viewmodels.lineage import lineage, short_id
from mllab.records import TraceNode, kind_words
from tests.support.jobs import a_job
from tests.support.registry import a_model, a_version
from tests.support.runs import a_run


def a_dataset(n_files: int) -> TraceNode:
    files = [TraceNode(kind="file", id=f"{i:064x}", text=f"part-{i}.csv") for i in range(n_files)]
    return TraceNode(kind="dataset", id="customers@1", text="600 rows", children=files)


def test_each_stop_stands_below_what_was_made_of_it() -> None:
    found = lineage(TraceNode(kind="version", id="churn@3", text="", children=[a_dataset(1)]))
    assert [(line.indent, line.text) for line in found] == [
        (0, "version churn@3"),
        (2, "└ dataset customers@1"),
        (4, "600 rows"),
        (4, "└ file 0000000000000000…"),
        (6, "part-0.csv"),
    ]


def test_of_very_many_files_the_first_are_named() -> None:
    found = lineage(a_dataset(50))
    assert found[-1].text == "and 20 more" and len(found) < 70


def test_kinds_have_our_words_and_only_digests_are_cut() -> None:
    assert [kind_words(one) for one in ("training_set", "config", "run")] == ["training set", "declaration", "run"]
    assert short_id("version", "a-very-long-model-name@3") == "a-very-long-model-name@3"
    assert short_id("training_set", "a" * 64) == "a" * 16


# -- the screen -------------------------------------------------------------------------------------------------------


def a_root() -> TraceNode:
    file = TraceNode(kind="file", id="f" * 64, text="a.csv", marks=("missing",))
    answer = TraceNode(kind="prediction", id="p_1_2", text="true")
    return TraceNode(
        kind="version",
        id="churn@1",
        children=[file],
        made=[answer],
        n_more_made=1204,
        totals={"prediction": 1205, "alias": 1, "looked_up": 2},
    )


def test_both_trees_are_lines_below_their_headings() -> None:
    found = view.stops(a_root())
    assert [one.guide + one.kind for one in found] == [
        "version",
        "made from",
        "└─ file",
        "made of it",
        "├─ prediction",
        "└─ and 1,204 more",
    ]
    assert found[3].text == "1,205 predictions, 1 alias, 2 predictions that only looked features up in it"
    assert (found[2].text, view.ink(found[2]), found[2].traced) == ("[missing] a.csv", "$error", f"file:{'f' * 64}")
    assert len({one.key for one in found}) == len(found)
    assert "".join(one.guide for one in view.stops(a_root(), ascii_only=True)).isascii()


def test_only_stops_and_what_is_not_listed_can_be_opened() -> None:
    found = view.stops(a_root())
    assert [view.why_not_open(one) is None for one in found] == [True, False, True, False, True, True]
    assert view.why_not_open(None) == "there is nothing here"
    assert view.place_of(a_root()) == ("models", "churn@1")
    assert view.place_of(TraceNode(kind="dataset", id="a@1")) is None


def test_what_is_under_a_cursor_elsewhere_is_named_for_a_trace() -> None:
    run, model, version = a_run("churn-1"), a_model(a_version(2)), a_version(2)
    named = {
        "run:run_churn-1": (run.run_id, run),
        "job:job_4": ("job_4", a_job(4, job_id="job_4")),
        "model:churn": ("churn", model),
        "version:churn@2": ("churn@2", version),
    }
    assert {view.traced(id, record) for id, record in named.values()} == set(named)
    assert view.traced("run_1 run_2", [run, a_run("churn-2")]) == "run:run_churn-1"
    assert view.traced("churn", a_model()) is None
    for nothing in ({"name": "x"}, [], None, "text"):
        assert view.traced("x", nothing) is None
