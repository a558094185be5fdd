"""What a thing was made from, as lines."""

from mllab.faces.tui.viewmodels.lineage import kind_words, lineage, short_id
from mllab.records import TraceNode


def a_dataset(n_files: int) -> TraceNode:
    files = [TraceNode(kind="datafile", id=f"{i:064x}", text=f"part-{i}.csv") for i in range(n_files)]
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
