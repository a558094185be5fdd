"""A preview runs the files as they lie in the folder on real rows, tells what is wrong where, and changes nothing."""

import math
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import polars as pl
import pytest

from mllab.errors import NotFound
from mllab.lab import Lab
from mllab.records import FeaturePreview, PreviewColumn, PreviewStep
from mllab.store.lock import LabLock

TOML = """
[engine]
kind = "inline"

[source.sales]
files = "sales*"
key = ["id"]
timestamp = "at"
with_columns = "derived"
checks = "plausible"

[feature_view.recent]
source = "sales"
entity = ["shop"]
function = "ratios"
features = ["share"]
aggregate.n_1d = { by = "count", window = "1d" }
aggregate.spent_1d = { of = "price", by = "sum", window = "1d" }
transform.share = [{ do = "impute", with = "constant", value = 0.0 }, { do = "bin", bins = 2 }]

[on_demand.size]
function = "sizes"
inputs = ["price"]

[model.back]
source = "sales"
target = "returned"
request = ["shop", "price", "at"]
features = ["recent", "size", "shop"]
transform.shop = [{ do = "target_encode" }]
"""
FEATURES = """import polars as pl


def derived():
    return [(pl.col("price") * pl.col("n")).alias("total")]


def plausible():
    return [(pl.col("price") < 39).alias("cheap")]


def ratios():
    return [(pl.col("price") / pl.col("total")).alias("share")]


def sizes():
    return [(pl.col("price") > 20).alias("is_big")]
"""
N_ROWS = 60


def sales(n_rows: int = N_ROWS) -> str:
    rows = [
        f"{at},2024-01-{1 + at // 4:02d}T{at % 4:02d}:00:00Z,{'ab'[at % 2]},{at % 41},{at % 3},{str(at % 5 == 0).lower()}"
        for at in range(n_rows)
    ]
    return "\n".join(["id,at,shop,price,n,returned", *rows]) + "\n"


def write(folder: Path, toml: str = TOML, features: str | None = FEATURES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mllab.toml").write_text(toml, encoding="utf-8")
    if features is not None:
        (folder / "features.py").write_text(features, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab with 60 accepted rows, none of which fails a check."""
    folder = write(tmp_path_factory.mktemp("preview") / "lab", features=FEATURES.replace("< 39", "< 100"))
    file = folder.parent / "sales.csv"
    file.write_text(sales(), encoding="utf-8")
    with Lab.host(folder) as lab:
        lab.add(file, wait=True)
        assert lab.sources()[0].n_rows == N_ROWS
    return folder


@pytest.fixture
def lab(made: Path) -> Iterator[Lab]:
    """The lab, opened beside whoever holds it, its files as above."""
    write(made)
    with Lab.open(made, read_only=True) as lab:
        yield lab


def broken(lab: Lab, name: str, old: str, new: str, *, seconds: float = 20.0) -> FeaturePreview:
    """A preview after an edit of one of the files."""
    assert (old in TOML) != (old in FEATURES)
    write(lab.folder, TOML.replace(old, new), FEATURES.replace(old, new))
    found = lab.preview_feature(name, rows=3, seconds=seconds)
    assert found.problem is not None
    return found


def step(found: FeaturePreview, kind: str) -> PreviewStep:
    return next(one for one in found.steps if one.kind == kind)


def column(one: PreviewStep, name: str) -> PreviewColumn:
    return next(each for each in one.columns if each.name == name)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Everything that a lab is made of; logs and what SQLite keeps beside an open database are none of it."""
    left_out = ("worker.log", "mllab.log", "lab.db-wal", "lab.db-shm")
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in left_out)
    return {str(path): path.read_bytes() for path in paths}


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_a_view_is_shown_step_by_step(lab: Lab) -> None:
    found = lab.preview_feature("recent", rows=3)
    assert found.problem is None
    assert [one.kind for one in found.steps] == [
        "rows",
        "with_columns",
        "function",
        "features",
        "transform",
        "transform",
    ]
    assert found.sample == "the newest 60 of 60 rows of sales (version 1)"
    assert column(found.steps[0], "id").values == (59, 58, 57)
    assert [one.name for one in found.steps[1].columns if one.change == "new"] == ["total"]
    assert [one.name for one in found.steps[2].columns if one.change == "new"] == ["share"]
    assert all(one.seconds >= 0 for one in found.steps)


def test_numbers_of_a_column_are_those_of_the_sample(lab: Lab) -> None:
    rows = step(lab.preview_feature("sales", rows=2), "rows")
    price, shop = column(rows, "price"), column(rows, "shop")
    prices = [at % 41 for at in range(N_ROWS)]
    assert (price.low, price.high, price.n_null) == (0.0, 40.0, 0)
    assert price.mean == pytest.approx(sum(prices) / N_ROWS)
    assert shop.top == (("a", 30), ("b", 30))


def test_aggregates_are_those_of_the_row_s_own_entity_and_moment(lab: Lab) -> None:
    features = step(lab.preview_feature("recent", rows=N_ROWS), "features")
    for back, (n, spent) in enumerate(
        zip(column(features, "n_1d").values, column(features, "spent_1d").values, strict=True)
    ):
        at = N_ROWS - 1 - back
        inside = [o for o in range(at + 1) if o % 2 == at % 2 and (at // 4 - o // 4) * 24 + at % 4 - o % 4 < 24]
        assert (n, spent) == (len(inside), sum(o % 41 for o in inside))


def test_features_of_a_model_are_those_that_its_training_set_would_hold(lab: Lab) -> None:
    found = lab.preview_feature("back", rows=N_ROWS)
    rows, features = step(found, "rows"), step(found, "features")
    entities = {"shop": list(column(rows, "shop").values), "event_timestamp": list(column(rows, "at").values)}
    frame = pl.DataFrame(entities).with_columns(pl.col("event_timestamp").str.to_datetime(time_zone="UTC"))
    joined = lab.get_historical_features(frame, ["recent"])
    for name in ("share", "n_1d", "spent_1d"):
        assert list(column(features, name).values) == ["inf" if one == math.inf else one for one in joined[name]]


def test_transforms_follow_the_features_they_are_declared_for(lab: Lab) -> None:
    found = [one for one in lab.preview_feature("recent").steps if one.kind == "transform"]
    assert [one.title for one in found] == ["transform of share: 1 impute", "transform of share: 2 bin"]
    assert found[0].columns[0].n_null == 0
    assert set(found[1].columns[0].values) <= {0, 1}


def test_a_source_shows_which_rows_its_checks_refuse(lab: Lab) -> None:
    found = step(lab.preview_feature("sales"), "checks")
    assert found.notes == ("2 rows fail `cheap`",)


def test_an_on_demand_group_is_computed_of_the_rows_of_the_model_that_asks_for_it(lab: Lab) -> None:
    found = step(lab.preview_feature("size", rows=2), "on_demand")
    assert [(one.name, one.change) for one in found.columns] == [("price", ""), ("is_big", "new")]
    assert column(found, "is_big").values == (False, False)


def test_a_model_shows_all_its_features_and_transforms_that_learn_from_its_target(lab: Lab) -> None:
    found = lab.preview_feature("back", rows=2)
    assert found.problem is None
    assert [one.kind for one in found.steps] == [
        "rows",
        "with_columns",
        "features",
        "on_demand",
        "columns",
        "transform",
        "transform",
        "transform",
    ]
    assert found.steps[-1].title == "transform of shop: 1 target_encode"
    assert found.steps[-1].columns[0].type == "float"


def test_the_files_as_they_lie_there_are_run_not_the_accepted_ones(lab: Lab) -> None:
    write(lab.folder, features=FEATURES.replace("* pl.col(", "+ pl.col("))
    total = column(step(lab.preview_feature("sales", rows=1), "with_columns"), "total")
    assert total.values == ((59 % 41) + 59 % 3,)


def test_nothing_in_the_lab_is_changed(lab: Lab) -> None:
    before = snapshot(lab.folder)
    lab.preview_feature("back")
    assert snapshot(lab.folder) == before
    assert not LabLock(lab.folder / ".mllab").is_held_elsewhere()


def test_it_works_beside_a_host_and_inside_one(made: Path) -> None:
    write(made)
    with Lab.host(made) as host, Lab.open(made, read_only=True) as beside:
        assert beside.preview_feature("recent").problem is None
        assert host.preview_feature("recent").problem is None


# -- rows that were not accepted yet ----------------------------------------------------------------------------------


def test_without_accepted_rows_a_file_of_the_inbox_is_shown_in_its_own_order(tmp_path: Path) -> None:
    folder = write(tmp_path / "lab")
    (folder / "inbox").mkdir()
    (folder / "inbox" / "sales_1.csv").write_text(sales(), encoding="utf-8")
    with Lab.open(folder, read_only=True) as lab:
        found = lab.preview_feature("recent", rows=2)
    assert (found.problem, found.sample) == (None, "the first 60 of 60 rows of sales (sales_1.csv)")
    assert column(found.steps[0], "id").values == (0, 1)
    assert (folder / "inbox" / "sales_1.csv").exists()


def test_a_lab_that_never_ran_is_previewed_and_stays_as_it_is(tmp_path: Path) -> None:
    folder = write(tmp_path / "lab", features=FEATURES.replace("def ratios():", "def ratios(:"))
    (folder / "inbox").mkdir()
    (folder / "inbox" / "sales_1.csv").write_text(sales(), encoding="utf-8")
    before = snapshot(folder)
    with Lab.look(folder) as lab:
        assert pointed(lab.preview_feature("recent"))[:2] == ("features.py", 12)
        assert lab.preview_feature("size").problem is not None
    assert snapshot(folder) == before


def test_without_accepted_rows_a_file_in_quarantine_is_shown(tmp_path: Path) -> None:
    folder = write(tmp_path / "lab", features=FEATURES.replace("< 39", "< 0"))
    file = tmp_path / "sales_1.csv"
    file.write_text(sales(), encoding="utf-8")
    with Lab.host(folder) as lab:
        lab.add(file, wait=True)
        found = lab.preview_feature("sales", rows=2)
    assert found.sample == "the first 60 of 60 rows of sales (sales_1.csv, quarantined)"
    assert found.steps[-1].notes == ("60 rows fail `cheap`",)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    folder = write(tmp_path / "lab")
    (folder / "inbox").mkdir()
    (folder / "inbox" / "sales_1.csv").write_bytes(b"\x00\x01\x02")
    with Lab.open(folder, read_only=True) as lab:
        found = lab.preview_feature("sales")
    assert found.problem is not None and found.problem.message.startswith("sales_1.csv: ")
    assert (found.problem.step, found.problem.file) == ("rows of sales", "mllab.toml")


def test_without_any_rows_there_is_a_hint_where_to_put_some(tmp_path: Path) -> None:
    with Lab.open(write(tmp_path / "lab"), read_only=True) as lab, pytest.raises(NotFound) as caught:
        lab.preview_feature("recent")
    assert "inbox/sales/" in caught.value.hint


def test_of_a_view_and_a_source_of_one_name_either_can_be_asked_for(lab: Lab) -> None:
    write(lab.folder, TOML.replace("[feature_view.recent]", "[feature_view.sales]").replace('["recent"', '["sales"'))
    assert [lab.preview_feature(name).kind for name in ("sales", "source:sales", "model:back")] == [
        "view",
        "source",
        "model",
    ]
    with pytest.raises(NotFound):
        lab.preview_feature("view:back")


def test_an_unknown_name_is_told_with_the_nearest_one(lab: Lab) -> None:
    with pytest.raises(NotFound) as caught:
        lab.preview_feature("recnt")
    assert "`recent`" in caught.value.hint


# -- what is wrong ----------------------------------------------------------------------------------------------------


def pointed(found: FeaturePreview) -> tuple[str | None, int | None, str]:
    """File, line, and the piece of it that is meant."""
    one = found.problem
    assert one is not None and one.column is not None
    return one.file, one.line, one.text[one.column - 1 : one.column - 1 + one.width]


def test_a_syntax_error_is_shown_at_its_place_after_the_steps_that_need_no_code(lab: Lab) -> None:
    found = broken(lab, "recent", "def ratios():", "def ratios(:")
    assert pointed(found) == ("features.py", 12, ":")
    assert [one.kind for one in found.steps] == ["rows"]


def test_an_error_while_running_is_shown_at_its_expression_without_a_traceback(lab: Lab) -> None:
    found = broken(lab, "recent", 'pl.col("price") / pl.col("total")', 'pl.col("price") / nothing')
    assert pointed(found) == ("features.py", 13, "nothing")
    assert found.problem is not None and found.problem.message == "NameError: name 'nothing' is not defined"
    assert [one.kind for one in found.steps] == ["rows", "with_columns"]


def test_an_unknown_column_is_shown_where_it_is_read(lab: Lab) -> None:
    found = broken(lab, "recent", 'pl.col("total"))', 'pl.col("totl"))')
    assert pointed(found) == ("features.py", 13, '"totl"')
    assert found.problem is not None and "`total`" in found.problem.hint


def test_an_error_of_polars_names_function_and_column_and_points_at_what_it_read(lab: Lab) -> None:
    found = broken(lab, "recent", 'pl.col("price") / pl.col("total")', 'pl.col("price").str.len_chars()')
    assert pointed(found) == ("features.py", 13, '"price"')
    assert found.problem is not None and found.problem.message.startswith("`ratios`, column `share`: ")


def test_an_expression_that_looks_at_other_rows_is_refused_with_the_reason(lab: Lab) -> None:
    found = broken(lab, "recent", 'pl.col("total")).alias', 'pl.col("total").sum()).alias')
    assert pointed(found) == ("features.py", 13, '"share"')
    assert found.problem is not None and "depends on other rows" in found.problem.message
    assert "each row by itself" in found.problem.hint
    on_demand = broken(lab, "size", "> 20", "> pl.col('price').mean()")
    assert on_demand.problem is not None and "depends on other rows" in on_demand.problem.message


def test_a_function_that_is_not_there_is_shown_where_it_is_asked_for(lab: Lab) -> None:
    file, line, meant = pointed(broken(lab, "recent", 'function = "ratios"', 'function = "ratio"'))
    assert (file, meant) == ("mllab.toml", 'function = "ratio"')
    assert line == 1 + TOML[: TOML.index('function = "ratios"')].count("\n")


def test_a_broken_declaration_is_shown_at_its_line(lab: Lab) -> None:
    assert pointed(broken(lab, "recent", "window = ", "windw = "))[0] == "mllab.toml"
    found = broken(lab, "recent", 'entity = ["shop"]', 'entity = ["shop"')
    assert pointed(found)[0] == "mllab.toml" and found.steps == ()


def test_a_feature_that_no_column_gives_is_shown_where_it_is_declared(lab: Lab) -> None:
    found = broken(lab, "recent", 'features = ["share"]\n', 'features = ["share", "sharre"]\n')
    file, _, meant = pointed(found)
    assert (file, meant) == ("mllab.toml", 'features = ["share", "sharre"]')


def test_what_an_expression_calls_is_shown_at_its_own_line_with_the_steps_before_it(lab: Lab) -> None:
    called = 'pl.col("price").map_elements(lambda price: 1 / (price - 5), return_dtype=pl.Float64)'
    found = broken(lab, "recent", 'pl.col("price") / pl.col("total")', called)
    assert pointed(found) == ("features.py", 13, "1 / (price - 5)")
    assert found.problem is not None and found.problem.message == "ZeroDivisionError: division by zero"
    assert [one.kind for one in found.steps] == ["rows", "with_columns"]


def test_what_is_raised_past_every_except_is_shown_at_its_line(lab: Lab) -> None:
    old = '    return [(pl.col("price") > 20).alias("is_big")]'
    found = broken(lab, "size", old, "    raise KeyboardInterrupt")
    assert pointed(found) == ("features.py", 17, "raise KeyboardInterrupt")


def test_a_zero_byte_is_shown_at_its_line(lab: Lab) -> None:
    found = broken(lab, "recent", 'alias("total")', 'alias("to\0tal")')
    assert found.problem is not None and (found.problem.file, found.problem.line) == ("features.py", 5)


def test_a_function_that_wants_arguments_is_shown_at_its_definition(lab: Lab) -> None:
    found = broken(lab, "recent", "def ratios():", "def ratios(frame):")
    assert pointed(found) == ("features.py", 12, "def ratios")


def test_a_column_that_no_feature_can_be_is_shown_where_it_is_made(lab: Lab) -> None:
    found = broken(lab, "recent", 'pl.col("price") / pl.col("total")', 'pl.concat_list("price", "total")')
    assert pointed(found) == ("features.py", 13, '"share"')


def test_a_name_that_no_column_has_is_shown_on_the_line_that_says_it(lab: Lab) -> None:
    for name, old, new in (
        ("recent", 'entity = ["shop"]', 'entity = ["shp"]'),
        ("recent", 'of = "price"', 'of = "prise"'),
        ("back", 'target = "returned"', 'target = "retrned"'),
    ):
        file, _, meant = pointed(broken(lab, name, old, new))
        assert file == "mllab.toml" and new in meant


def test_a_broken_function_is_told_even_where_the_preview_does_not_need_it(lab: Lab) -> None:
    write(lab.folder, TOML.replace('function = "ratios"\n', "").replace("with_columns", "#"), "x = 1 / 0\n")
    found = lab.preview_feature("sales")
    assert pointed(found) == ("features.py", 1, "1 / 0")


def test_code_that_does_not_end_is_stopped_and_its_line_told(lab: Lab) -> None:
    loop = "    while True:\n        pass\n    return [(pl.col('price') / 2).alias('share')]"
    old = 'def ratios():\n    return [(pl.col("price") / pl.col("total")).alias("share")]'
    since = time.monotonic()
    found = broken(lab, "recent", old, f"def ratios():\n{loop}", seconds=0.5)
    assert time.monotonic() - since < 20
    assert found.problem is not None and found.problem.line in (13, 14)
    assert found.problem.message == "it has not ended within 0.5 s"


def test_code_that_will_not_be_stopped_ends_with_its_process(lab: Lab) -> None:
    old = 'def ratios():\n    return [(pl.col("price") / pl.col("total")).alias("share")]'
    stubborn = "def ratios():\n    while True:\n        try:\n            while True:\n                pass\n"
    stubborn += "        except Exception:\n            pass"
    found = broken(lab, "recent", old, stubborn, seconds=0.2)
    assert (
        found.problem is not None and found.problem.message == "it has not ended within 0.2 s and could not be stopped"
    )
    assert found.problem.step == "function: ratios"
    write(lab.folder)
    assert lab.preview_feature("recent").problem is None


def test_code_that_needs_too_much_memory_is_told_with_its_line(lab: Lab) -> None:
    found = broken(lab, "recent", "import polars as pl\n", "import polars as pl\nx = bytearray(10**12)\n")
    assert pointed(found) == ("features.py", 2, "bytearray(10**12)")
    assert found.problem is not None and found.problem.message == "MemoryError"


def test_code_that_ends_its_process_is_a_problem(lab: Lab) -> None:
    found = broken(lab, "recent", "import polars as pl\n", "import polars as pl\nimport os\nos._exit(3)\n")
    assert found.problem is not None and "status 3" in found.problem.message
    assert found.problem.step == "with_columns: derived"


# -- watching ---------------------------------------------------------------------------------------------------------


def test_watching_shows_every_edit_and_outlives_broken_code(lab: Lab) -> None:
    stop = Event()
    seen: list[FeaturePreview] = []

    def follow() -> None:
        for one in lab.watch_feature("recent", stop, rows=1):
            seen.append(one)

    def wait_for(n: int) -> FeaturePreview:
        until = time.monotonic() + 30
        while len(seen) < n:
            assert time.monotonic() < until and thread.is_alive()
            time.sleep(0.02)
        return seen[n - 1]

    thread = Thread(target=follow, daemon=True)
    thread.start()
    assert wait_for(1).problem is None
    write(lab.folder, features=FEATURES.replace("def ratios():", "def ratios(:"))
    assert wait_for(2).problem is not None
    write(lab.folder, TOML.replace("[feature_view.recent]", "[feature_view.other]"))
    assert wait_for(3).problem is not None
    write(lab.folder)
    assert wait_for(4).problem is None
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
