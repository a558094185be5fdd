"""Files, versions, left-out rows and logged answers, as lists."""

import pytest

from mllab.errors import NotFound
from mllab.records import FileStatus
from tests.support.labs import customers


def test_files_come_newest_first_with_all_that_is_known(lab, tmp_path):
    broken = tmp_path / "broken.csv"
    broken.write_text("nothing,in,common\n1,2,3\n")
    lab.add(broken, source="customers", wait=True)
    files = lab.data_files()
    assert [file.name for file in files] == ["broken.csv", "customers.csv"]
    assert files[0].code and files[0].hint
    assert lab.data_files("customers", FileStatus.ACCEPTED) == files[1:]
    assert lab.data_files("nobody") == []


def test_each_accepted_file_makes_a_version_of_its_source(lab, tmp_path):
    lab.add(customers(tmp_path / "more.csv", 60, seed=9), source="customers", wait=True)
    versions = lab.dataset_versions("customers")
    assert [(one.version, one.n_rows, len(one.parts)) for one in versions] == [(1, 600, 1), (2, 660, 2)]
    assert lab.dataset_versions() == versions
    assert lab.declared_sources() == ["customers"]


def test_rows_that_were_left_out_are_listed_by_line(lab, tmp_path):
    path = customers(tmp_path / "more.csv", 200, seed=9)
    lines = path.read_text().splitlines()
    for at in (10, 20, 30):
        lines[at] = lines[at].replace(",", ",x", 1)
    path.write_text("\n".join(lines) + "\n")
    lab.add(path, source="customers", wait=True)
    rejections = lab.rejections("more.csv")
    assert [(one.line, one.column) for one in rejections] == [(11, "age"), (21, "age"), (31, "age")]
    assert lab.rejections("more.csv", limit=2) == rejections[:2]
    assert len([one for one in lab.quarantine() if one.scope == "row"]) == 3
    assert lab.rejections("customers.csv") == []
    with pytest.raises(NotFound):
        lab.rejections("nosuch.csv")


def test_answers_are_listed_newest_first_as_soon_as_they_are_given(lab):
    row = lab.signature("churn").bundle.request_example
    ids = [id for _ in range(3) for id in lab.predict("churn", [row, row]).prediction_ids]
    assert [one.prediction_id for one in lab.predictions()] == ids[::-1]
    assert lab.predictions("churn", limit=2, offset=1) == lab.predictions()[1:3]
    assert lab.predictions("nobody") == []
    assert (lab.count_predictions(), lab.count_predictions("churn"), lab.count_predictions("nobody")) == (6, 6, 0)
