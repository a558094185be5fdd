"""A source's contract: adopted with the first file, renewed with the declaration, widened by a person."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from mllab.engine.frames import load_parts
from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.lab import Lab
from mllab.records import Contract, DataFile, DType, FileStatus, SchemaChange
from mllab.store.writer import replayed
from tests.support.intake import declare, redeclare, take

SOURCE = '[source.orders]\nkey = ["id"]\n'
FIRST = "id,price\n" + "".join(f"{at},{at}\n" for at in range(20))
CHECKED = SOURCE + 'checks = "rules"\n'
RULES = "import polars as pl\n\nLIMIT = 90\n\n\ndef rules():\n    return [(pl.col('price') < LIMIT).alias('price_is_low')]\n"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab.host(declare(tmp_path / "lab", SOURCE)) as one:
        yield one


def drop(lab: Lab, name: str, content: str) -> DataFile:
    return take(lab, name, content, "orders")


def rows(start: int, header: str = "id,price", cell: str = "{at}", n: int = 20) -> str:
    return f"{header}\n" + "".join(f"{at},{cell.format(at=at)}\n" for at in range(start, start + n))


def types(lab: Lab) -> list[str]:
    return [event.type for event in lab.events() if event.type.partition(".")[0] in ("contract", "source", "datafile")]


# -- versions ---------------------------------------------------------------------------------------------------------


def test_the_first_accepted_file_makes_contract_1_with_everything_in_its_event(lab: Lab) -> None:
    assert lab.contracts("orders") == []
    file = drop(lab, "first.csv", FIRST)
    assert types(lab) == ["datafile.received", "contract.adopted", "source.adopted", "datafile.accepted"]
    contract = lab.contract("orders")
    assert (contract.version, contract.reason, file.contract_version) == (1, "inferred from first.csv", 1)
    assert contract.rules == {"key": ["id"], "max_rejected_share": 0.05, "fields": {}}
    (event,) = lab.events(type="contract.adopted")
    assert msgspec.convert(event.payload, Contract) == contract
    assert lab.sources()[0].contract_version == 1


def test_a_refused_first_file_makes_no_contract(lab: Lab) -> None:
    assert drop(lab, "bad.csv", "id;price\n1;2\n").status is FileStatus.QUARANTINED
    assert lab.contracts("orders") == []
    with pytest.raises(NotFound, match="has no contract yet"):
        lab.contract("orders")


def test_files_under_the_same_rules_share_a_contract(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    redeclare(lab, SOURCE + 'timezone = "Europe/Berlin"\n')
    assert drop(lab, "second.csv", rows(20)).contract_version == 1
    assert len(lab.contracts("orders")) == 1


def test_a_file_under_changed_rules_makes_the_next_contract(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    redeclare(lab, SOURCE + "fields = { price = { type = 'float', range = [0, 1000] } }\n")
    assert lab.contract("orders").version == 1
    assert drop(lab, "second.csv", rows(20, cell="{at}.5")).contract_version == 2
    first, second = lab.contracts("orders")
    assert second.reason == "declaration changed"
    assert second.rules["fields"] == {"price": {"type": "float", "range": [0.0, 1000.0]}}
    assert [one.schema.fields[1].dtype for one in (first, second)] == [DType.INT, DType.FLOAT]
    assert lab.sources()[0].columns["price"] == "float"
    assert lab.contract("orders", 1) == first


def test_a_changed_check_makes_the_next_contract_and_other_code_does_not(lab: Lab) -> None:
    redeclare(lab, CHECKED, RULES)
    drop(lab, "first.csv", FIRST)
    redeclare(lab, CHECKED, RULES + "\n\ndef other():\n    return []\n")
    assert drop(lab, "second.csv", rows(20)).contract_version == 1
    redeclare(lab, CHECKED, RULES.replace("90", "91"))
    assert drop(lab, "third.csv", rows(40)).contract_version == 2


def test_contracts_are_found_by_version_or_said_to_be_missing(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    with pytest.raises(NotFound, match="no contract 2"):
        lab.contract("orders", 2)
    with pytest.raises(NotFound, match="no source is called `ordrs`") as caught:
        lab.contract("ordrs")
    assert "`orders`" in caught.value.hint


def test_the_log_replayed_gives_the_same_contracts(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    drop(lab, "other.csv", rows(20, header="id,cost"))
    lab.accept_schema("other.csv", wait=True)
    copy = replayed(lab.folder / ".mllab" / "lab.db")
    for table in ("contracts", "sources", "datafiles"):
        mine = [tuple(row) for row in lab.workspace.db.readers.all(f"SELECT * FROM {table}")]
        assert [tuple(row) for row in copy.execute(f"SELECT * FROM {table}")] == mine
    copy.close()


# -- columns that differ ----------------------------------------------------------------------------------------------


def test_a_new_column_is_left_out_and_remembered(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    file = drop(lab, "wide.csv", rows(20, header="id,price,colour", cell="{at},red"))
    assert file.status is FileStatus.ACCEPTED
    assert "new column `colour` not in the contract, left out" in file.notes
    assert file.diff == (SchemaChange(column="colour", change="added", found="string"),)
    assert lab.sources()[0].columns == {"id": "int", "price": "int"}


def test_a_missing_or_turned_column_is_quarantined_with_the_difference(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    missing = drop(lab, "missing.csv", rows(20, header="id,cost"))
    assert (missing.status, missing.code) == (FileStatus.QUARANTINED, "schema")
    assert [(one.column, one.change) for one in missing.diff] == [("price", "missing"), ("cost", "added")]
    turned = drop(lab, "turned.csv", rows(20, cell="cheap"))
    assert (turned.code, turned.diff) == (
        "schema",
        (SchemaChange(column="price", change="type", contract="int", found="string"),),
    )


# -- accepting them ---------------------------------------------------------------------------------------------------


def test_accepted_columns_give_the_next_contract_and_the_file_is_taken(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    drop(lab, "other.csv", rows(20, header="id,cost", cell="{at}.5"))
    job = lab.accept_schema("other.csv", wait=True)
    file = lab.file("other.csv")
    assert (file.status, file.contract_version, file.diff, file.code) == (FileStatus.ACCEPTED, 2, (), None)
    assert job.result is not None and job.result["version"] == 2
    contract = lab.contract("orders")
    assert contract.reason == "accepted from other.csv"
    assert contract.schema.names() == ["id", "price", "cost"]
    assert [(one.name, one.dtype.value, one.optional) for one in contract.raw_schema.fields] == [
        ("id", "int", False),
        ("price", "int", True),
        ("cost", "float", False),
    ]
    assert drop(lab, "third.csv", rows(40, header="id,cost", cell="{at}.5")).contract_version == 2
    both = drop(lab, "both.csv", rows(60, header="id,price,cost", cell="1,{at}.5"))
    assert (both.status, both.contract_version) == (FileStatus.ACCEPTED, 2)


def test_old_and_new_parts_are_read_together(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    drop(lab, "turned.csv", rows(20, cell="cheap"))
    lab.accept_schema("turned.csv", wait=True)
    workspace = lab.workspace
    dataset, schema = workspace.datasets.latest_dataset("orders"), workspace.datasets.source_state("orders").schema
    assert dataset is not None and schema is not None
    found = load_parts(workspace.artifacts, dataset.parts, schema)
    assert [frame["price"].to_list()[:2] for frame in found.frames] == [["0", "1"], ["cheap", "cheap"]]
    assert found.n_lost == 0


def test_a_file_with_too_many_cells_of_another_type_can_be_accepted_too(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    file = drop(lab, "some.csv", rows(20, n=10) + rows(30, cell="{at}.5", n=5).partition("\n")[2])
    assert (file.code, [one.change for one in file.diff]) == ("type", ["type"])
    lab.accept_schema("some.csv", wait=True)
    assert lab.contract("orders").schema.fields[1].dtype is DType.FLOAT


def test_a_file_that_is_refused_again_leaves_the_contract_as_it_was(lab: Lab) -> None:
    redeclare(lab, SOURCE + "fields = { id = { range = [0, 100] } }\n")
    drop(lab, "first.csv", FIRST)
    drop(lab, "other.csv", rows(500, header="id,cost"))
    lab.accept_schema("other.csv", wait=True)
    file = lab.file("other.csv")
    assert (file.status, file.code) == (FileStatus.QUARANTINED, "range")
    assert len(lab.contracts("orders")) == 1


def test_only_a_file_refused_for_its_columns_can_be_accepted(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    with pytest.raises(Conflict, match=r"first\.csv is accepted"):
        lab.accept_schema("first.csv")
    drop(lab, "semi.csv", "id;price\n1;2\n")
    with pytest.raises(Conflict, match="not why it was refused") as caught:
        lab.accept_schema("semi.csv")
    assert "delimiter" in caught.value.hint


NEEDED = {
    "the key": ("key = ['price']", "its `key` needs it"),
    "fields": ("fields = { price = { nullable = true } }", "its `fields` needs it"),
    "a view": (
        "timestamp = 'id'\n[feature_view.v]\nsource = 'orders'\nentity = ['id']\nfeatures = ['price']",
        "feature view `v` needs it",
    ),
    "a target": ("[model.m]\nsource = 'orders'\ntarget = 'price'", "model `m`, whose target it is, needs it"),
    "a feature": ("[model.m]\nsource = 'orders'\ntarget = 'id'\nfeatures = ['price']", "model `m` needs it"),
}


@pytest.mark.parametrize(("declared", "said"), NEEDED.values(), ids=NEEDED)
def test_a_column_that_the_declaration_needs_is_not_given_up(lab: Lab, declared: str, said: str) -> None:
    times = [f"2024-01-{at + 1:02d}" for at in range(20)]
    redeclare(lab, f"[source.orders]\n{declared}\n")
    file = drop(lab, "first.csv", "id,price\n" + "".join(f"{time},{at}\n" for at, time in enumerate(times)))
    assert file.status is FileStatus.ACCEPTED, file
    drop(lab, "other.csv", "id,cost\n" + "".join(f"{time},{at}\n" for at, time in enumerate(times)))
    with pytest.raises(InvalidInput, match="column `price` is missing in other.csv") as caught:
        lab.accept_schema("other.csv")
    assert said in caught.value.message


# -- unique, checks, freshness, through a real lab --------------------------------------------------------------------


def test_values_may_not_come_again_in_a_later_file_unless_the_row_is_corrected(lab: Lab) -> None:
    redeclare(lab, SOURCE + "fields = { price = { unique = true } }\n")
    drop(lab, "first.csv", FIRST)
    file = drop(lab, "second.csv", rows(5, n=60).replace("\n21,21\n", "\n21,3\n"))
    assert (file.n_rows, file.n_rejected) == (59, 1)
    (found,) = lab.rejections("second.csv")
    assert (found.line, found.code, found.column) == (18, "duplicate", "price")


def test_a_unique_column_is_compared_in_the_newest_types(lab: Lab) -> None:
    redeclare(lab, "[source.orders]\nfields = { price = { unique = true } }\n")
    drop(lab, "first.csv", FIRST)
    redeclare(lab, "[source.orders]\nfields = { price = { unique = true, type = 'string' } }\n")
    file = drop(lab, "second.csv", rows(100).replace("\n105,105\n", "\n105,7\n"))
    assert [one.code for one in lab.rejections("second.csv")] == ["duplicate"], file


def test_a_column_that_is_declared_before_it_is_in_the_contract_can_be_accepted(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    redeclare(lab, SOURCE + "fields = { mail = { nullable = false } }\n")
    file = drop(lab, "wide.csv", rows(20, header="id,price,mail", cell="1,x"))
    assert (file.code, [one.column for one in file.diff]) == ("schema", ["mail"])
    assert file.hint is not None and "new column `mail`: `mllab data accept-schema` takes" in file.hint
    lab.accept_schema("wide.csv", wait=True)
    assert lab.contract("orders").schema.fields[2].nullable is False


def test_a_new_column_may_be_unique_at_once(lab: Lab) -> None:
    drop(lab, "first.csv", FIRST)
    redeclare(lab, SOURCE + "fields = { mail = { unique = true } }\n")
    refused = drop(lab, "mails.csv", rows(20, header="id,mail"))
    assert refused.code == "schema"
    lab.accept_schema("mails.csv", wait=True)
    assert lab.file("mails.csv").n_rows == 20
    assert drop(lab, "again.csv", rows(30, header="id,mail")).status is FileStatus.ACCEPTED
    assert drop(lab, "stolen.csv", rows(70, header="id,mail", cell="25")).code == "duplicate"


def test_rows_that_fail_a_check_are_left_out_by_its_name(lab: Lab) -> None:
    redeclare(lab, CHECKED, RULES)
    file = drop(lab, "first.csv", rows(0, n=91))
    assert (file.n_rows, file.n_rejected) == (90, 1)
    assert [one.reason for one in lab.rejections("first.csv")] == ["check `price_is_low` is false"]


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ("def rules():\n    return 1\n", "does not return a list of Polars expressions"),
        ("import polars as pl\ndef rules():\n    return [pl.col('price').alias('p')]\n", "not true or false"),
        ("import polars as pl\ndef rules():\n    return [(pl.col('cost') > 1).alias('p')]\n", "reads `cost`"),
        ("", "has no function `rules`"),
    ],
)
def test_a_broken_check_is_a_mistake_of_the_declaration(lab: Lab, features: str, said: str) -> None:
    redeclare(lab, CHECKED, features)
    file = drop(lab, "first.csv", FIRST)
    assert (file.status, file.code) == (FileStatus.QUARANTINED, "declaration")
    assert file.reason is not None and said in file.reason
    redeclare(lab, CHECKED, RULES)
    lab.retry("first.csv", wait=True)
    assert lab.file("first.csv").status is FileStatus.ACCEPTED


def test_a_source_whose_newest_row_is_old_is_stale(lab: Lab) -> None:
    redeclare(lab, SOURCE + "timestamp = 'at'\nfreshness = '2d'\n")
    old = "id,at\n1,2024-01-01T00:00:00Z\n2,2024-01-03T00:00:00Z\n"
    file = drop(lab, "old.csv", old)
    assert file.newest_at is not None and file.newest_at.isoformat() == "2024-01-03T00:00:00+00:00"
    assert any(note.startswith("stale: the newest row of orders is of 2024-01-03 00:00") for note in file.notes)
    assert (lab.sources()[0].is_stale, lab.sources()[0].newest_at) == (True, file.newest_at)
    now = lab.workspace.clock().isoformat()
    assert not any("stale" in note for note in drop(lab, "new.csv", f"id,at\n3,{now}\n4,{now}\n").notes)
    assert not lab.sources()[0].is_stale
    assert not any("stale" in note for note in drop(lab, "late.csv", old.replace("1,", "9,")).notes)


def test_cells_made_missing_are_counted_with_the_file(lab: Lab) -> None:
    redeclare(lab, SOURCE + "fields = { price = { range = [0, 15], on_bad = 'null' } }\n")
    file = drop(lab, "first.csv", FIRST)
    assert (file.n_rows, file.n_rejected, file.n_nulled) == (20, 0, 4)
    assert "4 cells of `price` read as missing: each is outside 0 to 15" in file.notes
