"""Lists of runs: what a filter lets through, in which order, in windows, and what upgrading keeps."""

import math
import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlite_utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mllab.filters import And, Compare, FilterError, Not, Or, format_filter
from mllab.records import GitState, MetricPoint, Run, RunDataset, RunNames, RunStatus
from mllab.store import run_plan
from mllab.store.connect import Readers, sqlite3
from mllab.store.db import Database
from mllab.store.metrics import add_final, add_points, as_point
from mllab.store.migrations import migrations
from mllab.store.rows import to_micros, to_row
from mllab.store.runs import Runs
from mllab.store.tables import NEWEST_STEP, is_current
from mllab.store.writer import Writer, replayed
from tests.support.filters import trees, trees_of
from tests.support.many_runs import NEWEST, write_runs

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
HOSTILE = "a'b\"c%_\\$.[0]; DROP TABLE runs --"


def a_run(number, **changes):
    fields = {
        "run_id": f"run_{number:032x}",
        "name": f"one-{number}",
        "experiment": "e",
        "status": RunStatus.FINISHED,
        "started_at": NOW - timedelta(days=number),
        "finished_at": NOW - timedelta(days=number) + timedelta(minutes=number),
    }
    return Run(**(fields | changes))


def put(db, *runs):
    """Write runs as a training does: their last metrics are searchable."""

    def write(tx):
        for run in runs:
            tx.emit("run.finished", run.run_id, "", run)
            add_final(tx, run.run_id, run.metrics, to_micros(run.started_at))

    db.write(write)


def opened(path):
    writer = Writer(path / "lab.db", lambda: NOW)
    writer.start()
    return Database(Readers(writer.path), writer)


@pytest.fixture
def db(tmp_path):
    database = opened(tmp_path)
    yield database
    database.close()


SOME = (
    a_run(1, name="Churn-1", model="churn", tags={"cause": "train"}, seed=3, metrics={"test.auc": 0.9, "loss": 0.3}),
    a_run(2, model="churn", tags={"cause": "retrain", "baseline": "yes"}, params={"lr": 0.05, "booster": "dart"}),
    a_run(3, model="price", status=RunStatus.FAILED, error="out of memory", params={"lr": 0.5, "deep": True}),
    a_run(4, model="price", tags={"note": "100%_sure"}, params={"lr": "auto", HOSTILE: 1, "shape": [1, 2]}),
    a_run(5, status=RunStatus.RUNNING, finished_at=None, metrics={"test.auc": 0.5}, tags={HOSTILE: HOSTILE}),
    a_run(6, params={"lr": None, "n": 10**12}, metrics={"a b/c": -1.0, "val.f1": 0.5}, tags={"cause": "Retrain"}),
)
quoted = '"' + HOSTILE.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    database = opened(tmp_path_factory.mktemp("some"))
    put(database, *SOME)
    curve = [0.9, 0.2, 0.4]
    points = [
        MetricPoint(run_id=SOME[4].run_id, metric="val.loss", step=i, at=NOW, value=value)
        for i, value in enumerate(curve)
    ]
    database.write(lambda tx: add_points(tx, SOME[4].run_id, [as_point(one) for one in points]))
    yield Runs(database)
    database.close()


def numbers(runs):
    return sorted(int(run.run_id[4:], 16) for run in runs)


FOUND = {
    "": [1, 2, 3, 4, 5, 6],
    "churn": [1, 2],
    "CHURN-1": [1],
    "MEMORY": [3],
    "retrain": [2, 6],
    "cause": [],
    "run_0000": [1, 2, 3, 4, 5, 6],
    "run_": [],
    "0000": [],
    "%": [4, 5],
    "100%_": [4],
    "0%s": [],
    quoted: [5],
    "name:one": [2, 3, 4, 5, 6],
    "name:E-3": [3],
    "name=churn-1": [1],
    "name=churn": [],
    "name!=churn-1": [2, 3, 4, 5, 6],
    "status:failed": [3],
    "status!=finished": [3, 5],
    "model:churn": [1, 2],
    "model:chur": [],
    "model!=churn": [3, 4, 5, 6],
    "tag:baseline": [2],
    "tag:YES": [2],
    "tag:cause": [1, 2, 6],
    "tag.cause:retrain": [2, 6],
    "tag.cause!=retrain": [1],
    "tag.cause=retrai": [],
    f"tag.{quoted}={quoted}": [5],
    "has:tag.cause": [1, 2, 6],
    f"has:tag.{quoted}": [5],
    "has:tag.nosuch": [],
    "-has:tag.nosuch": [1, 2, 3, 4, 5, 6],
    "metric.test.auc>=0.9": [1],
    "metric.test.auc<inf": [1, 5],
    "metric.auc=0.9": [1],
    "metric.auc!=0.9": [5],
    "-metric.auc=0.9": [2, 3, 4, 5, 6],
    "metric.f1:0.5": [6],
    'metric."a b/c"<0': [6],
    "metric.loss<1": [1],
    "metric.val.loss<=0.4": [5],
    "metric.val.loss.min=0.2": [5],
    "metric.val.loss.max=0.9": [5],
    "metric.val.loss.first=0.9": [5],
    "metric.auc.last>0.6": [1],
    "has:metric.auc": [1, 5],
    "has:metric.loss": [1],
    "has:metric.nosuch": [],
    "param.lr<0.1": [2],
    "param.lr>0.1": [3],
    "param.lr>=0.05": [2, 3],
    "param.lr=5e-2": [2],
    "param.lr!=0.05": [3, 4, 6],
    "param.lr=AUTO": [4],
    "param.lr>abc": [4, 6],
    "param.lr=null": [6],
    "param.n=1000000000000": [6],
    "param.deep=True": [3],
    "param.shape:[1,2]": [4],
    "param.booster=dart": [2],
    "has:param.lr": [2, 3, 4, 6],
    f"has:param.{quoted}": [4],
    f"param.{quoted}=1": [4],
    "started>2d": [1],
    "started<=2d": [2, 3, 4, 5, 6],
    "started:2026-04-29": [2],
    "started!=2026-04-29": [1, 3, 4, 5, 6],
    "started>2026-04-29": [1],
    "started>=2026-04-29": [1, 2],
    "started<2026-04-29": [3, 4, 5, 6],
    "started<=2026-04-29": [2, 3, 4, 5, 6],
    "started=2026-04-29T12:30": [2],
    "started>2026-04-29T12:30Z": [1],
    "duration>2m": [3, 4, 5, 6],
    "duration<=2m": [1, 2],
    "duration>4d": [5],
    "seed=3": [1],
    "seed!=3": [2, 3, 4, 5, 6],
    "seed>=0 -seed:3": [2, 3, 4, 5, 6],
    "model:churn OR status:failed": [1, 2, 3],
    "model:churn -tag:baseline": [1],
    "NOT (model:churn OR status:failed)": [4, 5, 6],
    "-memory": [1, 2, 4, 5, 6],
}


@pytest.mark.parametrize("text", FOUND)
def test_a_filter_lets_through_what_it_says(some, text):
    assert numbers(some.list_runs(text, now=NOW)) == FOUND[text]
    assert some.count_runs(text, now=NOW) == len(FOUND[text])


@pytest.mark.parametrize(
    ("text", "term", "message", "hint"),
    [
        ("a metric.aux>1", "metric.aux>1", "no run has a metric called `aux`", "nearest: test.auc"),
        ("metric.zzz>1", "metric.zzz>1", "`zzz`", "known: a b/c, loss, test.auc"),
        ("a param.lrr<1", "param.lrr<1", "no run has a parameter called `lrr`", "nearest: lr"),
        ("metric.test.auc.avg>1", "metric.test.auc.avg>1", "`test.auc.avg`", ""),
    ],
)
def test_a_name_that_no_run_has_is_refused_with_the_nearest(some, text, term, message, hint):
    with pytest.raises(FilterError) as caught:
        some.count_runs(text, now=NOW)
    error = caught.value
    assert text[error.start : error.end] == term
    assert message in error.message
    assert hint in error.hint


def test_the_end_of_a_metrics_name_must_mean_one_unless_it_is_of_the_test_split(db):
    runs = Runs(db)
    put(db, a_run(1, metrics={"train.f1": 0.1, "val.f1": 0.2}))
    with pytest.raises(FilterError, match=r"several metrics end in `\.f1`") as caught:
        runs.list_runs("metric.f1>0")
    assert caught.value.hint == "write one in full: train.f1, val.f1"
    with pytest.raises(FilterError):
        runs.list_runs(sort="-metric.f1")
    put(db, a_run(2, metrics={"test.f1": 0.3}))
    assert numbers(runs.list_runs("metric.f1>0")) == [2]


def test_an_order_by_a_name_that_no_run_has_is_refused_at_its_place(some):
    for sort, hint in (("-metric.aux", "nearest: test.auc"), ("param.lrr", "nearest: lr")):
        with pytest.raises(FilterError) as caught:
            some.list_runs(sort=sort)
        assert (caught.value.of, sort[caught.value.start :]) == ("sort", sort.removeprefix("-"))
        assert caught.value.hint == hint


def test_a_lab_without_runs_has_no_names_and_refuses_them(db):
    runs = Runs(db)
    assert (runs.list_runs(), runs.count_runs("a OR status:failed"), runs.rank("run_1")) == ([], 0, None)
    assert runs.names() == RunNames(metrics=(), params=(), tags=())
    with pytest.raises(FilterError) as caught:
        runs.list_runs("metric.auc>1")
    assert caught.value.hint == "no run has any yet"


def test_the_names_are_those_of_metrics_parameters_and_tags(some):
    assert some.names().metrics == ("a b/c", "loss", "test.auc", "val.f1", "val.loss")
    assert some.names().params == tuple(sorted(["lr", "booster", "deep", HOSTILE, "shape", "n"]))
    assert some.names().tags == tuple(sorted(["cause", "baseline", "note", HOSTILE]))


def test_a_parameter_of_an_old_run_only_is_known(db):
    put(db, a_run(2000, params={"old": 1}), *(a_run(i) for i in range(1, 1102)))
    runs = Runs(db)
    assert runs.names().params == ("old",)
    assert numbers(runs.list_runs("param.old=1")) == [2000]


@given(trees)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tree_is_answered_or_refused_by_name(some, tree):
    text = format_filter(tree)
    try:
        assert len(some.list_runs(text, now=NOW)) == some.count_runs(text, now=NOW)
    except FilterError as error:
        assert "no run has a" in error.message


def test_the_widest_and_the_deepest_filter_are_answered(some):
    assert some.count_runs("-(" * 8 + "metric.test.auc>0.6" + ")" * 8) == 1
    assert some.count_runs(" OR ".join(["metric.auc>0.6"] * 100)) == 1
    assert some.count_runs("o " * 100) == 5
    assert some.count_runs("(" * 16 + "param.lr<0.1 OR o" + ")" * 16) == 5


# -- where a run comes from -------------------------------------------------------------------------------------------

CODE = GitState(commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904", branch="main", is_dirty=True)
FROM = (
    a_run(1, name="sweep", experiment="tuning", user="Ada", origin="python", git=CODE),
    a_run(2, parent_run_id=f"run_{1:032x}", experiment="tuning", note="look at the tail", git=GitState(branch="fix/x")),
    a_run(3, parent_run_id=f"run_{1:032x}", datasets=(RunDataset(name="Orders", digest="abcdef0123"),), user="bob"),
    a_run(4, training_set=None, metrics={"loss": 0.5}, params={"big": 2**60 + 1}),
    a_run(5, status=RunStatus.FAILED, error="out of memory", params={"big": 2**60}),
)


@pytest.fixture(scope="module")
def sourced(tmp_path_factory):
    database = opened(tmp_path_factory.mktemp("sourced"))
    put(database, *FROM)
    database.write(lambda tx: add_points(tx, FROM[0].run_id, [("loss", 0, 1, 2.0), ("loss", 1, 2, math.nan)]))
    yield Runs(database)
    database.close()


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "experiment:tuning": [1, 2],
        "experiment!=tuning": [3, 4, 5],
        "parent:sweep": [2, 3],
        "parent:SWEEP": [2, 3],
        f"parent=run_{1:032x}": [2, 3],
        "parent:run_0000": [2, 3],
        "parent:run_": [],
        "parent!=sweep": [1, 4, 5],
        "has:parent": [2, 3],
        "-has:parent": [1, 4, 5],
        "has:note": [2],
        "has:git": [1, 2],
        "has:dataset": [3],
        "has:error": [5],
        "tail": [2],
        "user:ada": [1],
        "origin:python": [1],
        "branch:fix/x": [2],
        "branch!=main": [2],
        "commit:4B825": [1],
        "commit!=4b82": [],
        "dirty:true": [1],
        "dirty:false": [2],
        "dirty!=true": [2],
        "dataset:orders": [3],
        "dataset:abcdef01": [3],
        "dataset:abc": [],
        "dataset!=orders": [1, 2, 4, 5],
        f"id:{0:031x}": [1, 2, 3, 4, 5],
        f"id=run_{2:032x}": [2],
        f"id:{3:032x} has:parent": [3],
        "metric.loss=nan": [1],
        "metric.loss!=nan": [4],
        "metric.loss<9": [4],
        "metric.loss!=0": [4],
        "metric.loss.first>1": [1],
        "metric.loss.min>1": [1],
        "loss=nan": [1],
        "has:metric.loss": [1, 4],
        f"param.big={2**60 + 1}": [4],
        f"param.big!={2**60 + 1}": [5],
        f"param.big>={2**60}": [4, 5],
    }.items(),
)
def test_a_filter_can_ask_where_a_run_comes_from(sourced, text, found):
    assert numbers(sourced.list_runs(text, now=NOW)) == found
    assert sourced.count_runs(text, now=NOW) == len(found)


def test_what_is_no_number_is_listed_as_such_and_sorted_behind_the_numbers(sourced):
    ordered = sourced.list_runs("has:metric.loss", sort="metric.loss")
    assert [run.run_id for run in ordered] == [FROM[3].run_id, FROM[0].run_id]
    assert math.isnan(ordered[1].metrics["loss"])
    assert math.isnan(sourced.get_run("sweep").metrics["loss"])


def test_a_filter_by_nan_is_answered_in_the_order_of_the_same_metric(sourced):
    assert numbers(sourced.list_runs("metric.loss=nan", sort="-metric.loss")) == [1]


def test_the_summaries_of_a_metric_can_be_sorted_by(sourced):
    for sort, first in (("-metric.loss.first", 1), ("metric.loss.max", 4), ("-metric.loss.min", 1)):
        assert numbers(sourced.list_runs(sort=sort, limit=1)) == [first]


# -- against plain Python --------------------------------------------------------------------------------------------

OPERATIONS = {
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def at_random(draw, number):
    """A run with few distinct values, some of them missing."""
    status = draw.choice(list(RunStatus))
    metrics = {name: draw.choice([0.1, 0.5, 0.9]) for name in ("auc", "loss") if draw.random() < 0.6}
    params = {"lr": draw.choice([1, 2.5, "auto", True])} if draw.random() < 0.8 else {}
    return a_run(
        number,
        name=draw.choice("abAB") + draw.choice("xy"),
        model=draw.choice(["m1", "m2", None]),
        status=status,
        metrics=metrics,
        params=params,
        seed=draw.randint(0, 3),
        started_at=NOW - timedelta(hours=draw.randint(0, 5)),
        finished_at=None if status is RunStatus.RUNNING else NOW + timedelta(minutes=draw.randint(0, 3)),
        deleted_at=NOW if draw.random() < 0.15 else None,
    )


RANDOM = [at_random(random.Random(number), number) for number in range(80)]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    database = opened(tmp_path_factory.mktemp("mixed"))
    put(database, *RANDOM)
    yield Runs(database)
    database.close()


def holds(node, run):
    match node:
        case And(terms=terms):
            return all(holds(term, run) for term in terms)
        case Or(terms=terms):
            return any(holds(term, run) for term in terms)
        case Not(term=term):
            return not holds(term, run)
        case Compare(field="status"):
            return OPERATIONS[node.op](run.status.value, node.value)
        case Compare(field="seed"):
            return OPERATIONS[node.op](run.seed, int(node.value))
        case Compare(field="metric"):
            value = run.metrics.get(node.name)
            return value is not None and OPERATIONS[node.op](value, float(node.value))
    raise AssertionError(node)


checkable = (
    st.builds(Compare, field=st.just("status"), op=st.sampled_from(["=", "!="]), value=st.sampled_from(list(RunStatus)))
    | st.builds(Compare, field=st.just("seed"), op=st.sampled_from(list(OPERATIONS)), value=st.sampled_from("0123"))
    | st.builds(
        Compare,
        field=st.just("metric"),
        name=st.sampled_from(["auc", "loss"]),
        op=st.sampled_from(list(OPERATIONS)),
        value=st.sampled_from(["0.1", "0.5", "0.7"]),
    )
)


@given(trees_of(checkable, 12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_query_lets_through_what_the_tree_means(mixed, tree):
    kept = [run for run in RANDOM if run.deleted_at is None]
    assert numbers(mixed.list_runs(format_filter(tree))) == numbers(run for run in kept if holds(tree, run))


KEYS = {
    "started": lambda run: run.started_at,
    "name": lambda run: run.name.lower(),
    "status": lambda run: run.status.value,
    "model": lambda run: run.model,
    "duration": lambda run: run.finished_at and run.finished_at - run.started_at,
    "seed": lambda run: run.seed,
    "metric.auc": lambda run: run.metrics.get("auc"),
    "metric.auc.max": lambda run: run.metrics.get("auc"),
    "param.lr": lambda run: rank_of_param(run.params.get("lr")),
}


def rank_of_param(value):
    """Numbers before texts, and truth is a text."""
    if value is None:
        return None
    is_number = not isinstance(value, str | bool)
    return (not is_number, value if is_number else str(value).lower())


LISTS = (
    {},
    {"filter": "metric.auc>0.2 param.lr=1"},
    {"filter": "param.lr=auto started>3h"},
    {"filter": "has:metric.auc -status:failed seed>0"},
    {"model": "m1"},
    {"trashed": True},
    {"filter": "seed>=1"},
    {"filter": "status:finished OR metric.auc>0.2", "model": "m2"},
)


@pytest.mark.parametrize("listed", LISTS, ids=str)
@pytest.mark.parametrize("field", KEYS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_windows_add_up_to_the_order_and_ranks_are_places_in_it(mixed, sign, field, listed):
    whole = mixed.list_runs(sort=sign + field, **listed)
    values = [KEYS[field](run) for run in whole]
    have = [value for value in values if value is not None]
    assert len(whole) == mixed.count_runs(**listed)
    assert have == sorted(have, reverse=sign == "-")
    assert values[: len(have)] == have, "runs without a value come last"
    in_sevens = [mixed.list_runs(sort=sign + field, offset=i, limit=7, **listed) for i in range(0, len(whole) + 7, 7)]
    assert [run.run_id for window in in_sevens for run in window] == [run.run_id for run in whole]
    assert [mixed.rank(run.run_id, sort=sign + field, **listed) for run in whole] == list(range(len(whole)))


@pytest.mark.parametrize("field", KEYS)
def test_an_order_turned_round_is_the_same_runs_the_other_way(mixed, field):
    up = [run for run in mixed.list_runs(sort=field) if KEYS[field](run) is not None]
    down = [run for run in mixed.list_runs(sort=f"-{field}") if KEYS[field](run) is not None]
    assert up == down[::-1]


def test_a_run_outside_a_list_has_no_rank_in_it(mixed):
    trashed, kept = (next(run for run in RANDOM if bool(run.deleted_at) is gone) for gone in (True, False))
    assert mixed.rank(trashed.run_id) is None
    assert mixed.rank(trashed.run_id, trashed=True) is not None
    assert mixed.rank(kept.run_id, trashed=True) is None
    assert mixed.rank(kept.run_id, f"-status:{kept.status.value}") is None
    assert mixed.rank("run_nosuch") is None


def test_what_lies_in_the_trash_is_in_no_list_but_its_own_and_still_found(mixed):
    trashed = [run for run in RANDOM if run.deleted_at]
    assert numbers(mixed.list_runs(trashed=True)) == numbers(trashed)
    assert mixed.count_runs() == len(RANDOM) - len(trashed)
    assert not set(numbers(trashed)) & set(numbers(mixed.list_runs()))
    assert mixed.get_run(trashed[0].run_id) == trashed[0]


def plans_of(runs, **listed):
    """Steps of the plans of the statements that find the ids of a list."""
    connection, seen = runs._db.readers.connection(), []
    connection.set_trace_callback(seen.append)
    runs.list_ids(limit=10, **listed)
    connection.set_trace_callback(None)
    return [row[3] for sql in seen for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.parametrize("field", ["started", "name", "status", "model", "experiment", "duration"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_orders_of_columns_need_no_sorting(mixed, sign, field):
    plan = plans_of(mixed, sort=sign + field)
    assert any(f"runs_{field}" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_the_order_of_a_metric_needs_no_sorting_and_no_look_at_the_runs(mixed):
    plan = plans_of(mixed, sort="-metric.auc")
    assert any("COVERING INDEX metric_summary_last" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_a_walk_that_meets_too_few_is_given_up_for_the_index_that_lists_the_fewest(db, monkeypatch):
    many = [a_run(i, params={"rare": "x" if i % 50 == 0 else "y"}, metrics={"auc": i / 500}) for i in range(1, 501)]
    put(db, *many)
    runs = Runs(db)
    whole = {
        sort: runs.list_runs("param.rare=x metric.auc>0.1", sort=sort, limit=3) for sort in KEYS if "lr" not in sort
    }
    monkeypatch.setattr(run_plan, "_WALK_STEPS", 1)
    monkeypatch.setattr(run_plan, "_STEPS_PER_ROW", 0)
    for sort, found in whole.items():
        assert len(found) == 3
        assert runs.list_runs("param.rare=x metric.auc>0.1", sort=sort, limit=3) == found


def test_a_list_by_time_walks_the_index_of_its_parameter_or_tag(db):
    put(db, *(a_run(i, params={"p": i % 3}, tags={"t": "x"}) for i in range(1, 40)))
    for text, index in (("param.p=a", "run_params_text"), ("tag.t=x", "run_tags_text")):
        plan = plans_of(Runs(db), filter=text)
        assert any(index in step for step in plan), plan
        assert not any("TEMP B-TREE FOR ORDER" in step for step in plan), plan


# -- metrics ---------------------------------------------------------------------------------------------------------


def test_a_run_that_goes_on_is_listed_with_the_last_values_of_its_curves(some):
    assert some.list_runs("status:running")[0].metrics == {"val.loss": 0.4, "test.auc": 0.5}
    assert some.get_run(SOME[4].run_id).metrics == {"val.loss": 0.4, "test.auc": 0.5}


def test_what_a_run_reports_at_its_end_is_searchable_and_its_curves_stay(db):
    run = a_run(1, metrics={"val.loss": 0.2, "test.auc": 0.9, "broken": math.nan})
    curve = [
        MetricPoint(run_id=run.run_id, metric="val.loss", step=i, at=NOW, value=v) for i, v in enumerate([1, 0.2, 0.3])
    ]
    runs = Runs(db)
    db.write(lambda tx: add_points(tx, run.run_id, [as_point(one) for one in curve]))
    put(db, msgspec.structs.replace(run, metrics={}))
    db.write(lambda tx: add_final(tx, run.run_id, run.metrics, to_micros(NOW)))
    assert [point.value for point in runs.metric_points(run.run_id, "val.loss")] == [1, 0.2, 0.3]
    assert [(point.step, point.value) for point in runs.metric_points(run.run_id, "test.auc")] == [(2, 0.9)]
    assert runs.count_runs("metric.test.auc>=0.9 metric.val.loss<=0.2 metric.val.loss.max=1") == 1
    assert runs.count_runs("has:metric.broken") == 1
    assert runs.count_runs("metric.broken<inf") == 0


# -- upgrading -------------------------------------------------------------------------------------------------------


def test_a_database_of_the_first_schema_keeps_everything_and_becomes_searchable(tmp_path):
    path = tmp_path / "lab.db"
    old = sqlite3.connect(str(path), isolation_level=None)
    old.row_factory = sqlite3.Row
    migrations.apply(sqlite_utils.Database(old), stop_before="m002_runs_in_long_lists")
    run = a_run(1, metrics={"val.loss": 0.2, "test.auc": 1}, params={"lr": 0.1}, tags={"a": "b"})
    going = a_run(2, status=RunStatus.RUNNING, finished_at=None)
    for one in (run, going):
        known = {row[1] for row in old.execute("PRAGMA table_info(runs)")}
        row = {name: value for name, value in to_row(Run, msgspec.structs.asdict(one)).items() if name in known}
        marks = ", ".join(f":{name}" for name in row)
        old.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({marks})", row)
    old.execute("INSERT INTO metric_keys (name) VALUES ('val.loss')")
    for step, value in enumerate([0.9, 0.2, 0.3]):
        old.execute("INSERT INTO metric_points VALUES (?, 1, ?, 5, ?)", (run.run_id, step, value))
    old.execute("INSERT INTO metric_summary VALUES (1, 0.3, 0.9, 0.2, 0.9, ?)", (run.run_id,))
    old.close()
    assert not is_current(Readers(path))

    db = opened(tmp_path)
    runs = Runs(db)
    assert is_current(Readers(path))
    assert runs.list_runs() == [run, going]
    assert [point.value for point in runs.metric_points(run.run_id, "val.loss")] == [0.9, 0.2, 0.3]
    assert [(point.step, point.value, point.at) for point in runs.metric_points(run.run_id, "test.auc")] == [
        (2, 1.0, run.finished_at)
    ]
    assert numbers(runs.list_runs("metric.test.auc=1 metric.val.loss=0.2 metric.val.loss.first=0.9")) == [1]
    db.close()


def test_those_who_only_read_know_the_newest_step_of_the_schema():
    assert migrations.pending(sqlite_utils.Database(memory=True))[-1].name == NEWEST_STEP


def test_the_trash_and_the_tags_are_in_the_log(db):
    put(db, a_run(1))
    db.write(lambda tx: tx.emit("run.trashed", "", "", {"run_id": a_run(1).run_id, "deleted_at": NOW}))
    db.write(lambda tx: tx.emit("run.tagged", "", "", {"run_id": a_run(1).run_id, "tags": {"a": "b"}}))
    copy = replayed(db.readers.path)
    assert [tuple(row) for row in copy.execute("SELECT * FROM runs")] == [
        tuple(row) for row in db.readers.all("SELECT * FROM runs")
    ]
    assert Runs(db).get_run("one-1").deleted_at == NOW


# -- many ------------------------------------------------------------------------------------------------------------


def test_runs_made_in_bulk_are_like_real_ones(tmp_path):
    write_runs(tmp_path, 3000)
    readers = Readers(tmp_path / ".mllab" / "lab.db")
    assert is_current(Readers(readers.path))
    runs = Runs(Database(readers))
    assert runs.count_runs() == 3000
    newest = runs.list_runs(limit=50)
    assert newest[0].started_at == NEWEST
    assert newest[0].status is RunStatus.RUNNING
    assert set(newest[0].metrics) == {"train.log_loss", "validation.log_loss"}
    finished = next(run for run in newest if run.status is RunStatus.FINISHED)
    assert set(finished.metrics) == set(runs.names().metrics)
    assert len(runs.metric_points(finished.run_id, "train.log_loss")) > 1
    assert runs.count_runs("tag:baseline") == 3
    best = runs.list_runs(sort="-metric.test.roc_auc", limit=2)
    assert best[0].metrics["test.roc_auc"] >= best[1].metrics["test.roc_auc"]
    readers.close()
