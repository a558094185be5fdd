"""MLflow's filter strings: what is read, what is refused and where, and what a registry filter picks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.filters import (
    MOST_NESTED,
    MOST_TERMS,
    And,
    FilterError,
    Match,
    Not,
    Or,
    matches,
    parse_experiments,
    parse_mlflow,
    parse_order_by,
    parse_registry,
    parse_registry_order_by,
)
from tests.test_filters import unplaced


def read(text):
    return unplaced(parse_mlflow(text))


def match(field, name, op, value=""):
    return Match(field=field, name=name, op=op, value=value)


TERMS = {
    "metrics.auc > 0.9": match("metric", "auc", ">", 0.9),
    "metric.auc>=-1e-3": match("metric", "auc", ">=", -1e-3),
    "metrics.`a b` != 1": match("metric", "a b", "!=", 1),
    'metrics."a/b" <> 2': match("metric", "a/b", "!=", 2),
    "metrics.val.loss == 1": match("metric", "val.loss", "=", 1),
    "params.lr = '0.1'": match("param", "lr", "=", "0.1"),
    'parameter.lr = "0.1"': match("param", "lr", "=", "0.1"),
    "param.x LIKE 'a%'": match("param", "x", "LIKE", "a%"),
    "parameters.x ilike '%A'": match("param", "x", "ILIKE", "%A"),
    "params.x IS NULL": match("param", "x", "IS NULL"),
    "tags.x is not null": match("tag", "x", "IS NOT NULL"),
    "tag.`mlflow.parentRunId` = 'abc'": match("tag", "mlflow.parentRunId", "=", "abc"),
    "tags.x = 'it''s'": match("tag", "x", "=", "it's"),
    "status = 'FINISHED'": match("attribute", "status", "=", "FINISHED"),
    "attributes.status != 'FAILED'": match("attribute", "status", "!=", "FAILED"),
    "attr.run_name = 'n'": match("attribute", "run_name", "=", "n"),
    "run.`run name` = 'n'": match("attribute", "run_name", "=", "n"),
    "run_id IN ('a', 'b')": match("attribute", "run_id", "IN", ("a", "b")),
    "attributes.run_id not in ('a')": match("attribute", "run_id", "NOT IN", ("a",)),
    "attribute.start_time >= 1700000000000": match("attribute", "start_time", ">=", 1700000000000),
    "created < 5": match("attribute", "start_time", "<", 5),
    "user_id = 'ada'": match("attribute", "user_id", "=", "ada"),
    "datasets.name = 'orders'": match("dataset", "name", "=", "orders"),
    "dataset.digest IN ('x','y')": match("dataset", "digest", "IN", ("x", "y")),
    "datasets.context LIKE 'tr%'": match("dataset", "context", "LIKE", "tr%"),
}


@pytest.mark.parametrize("text", TERMS)
def test_a_comparison_is_read_as_what_it_says(text):
    assert read(text) == TERMS[text]


A, B, C = (match("param", name, "=", "1") for name in "abc")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        (" \n", None),
        ("params.a='1' and params.b='1' AND params.c='1'", And(terms=(A, B, C))),
        ("params.a='1' OR params.b='1' AND params.c='1'", Or(terms=(A, And(terms=(B, C))))),
        ("(params.a='1' or params.b='1') and not params.c='1'", And(terms=(Or(terms=(A, B)), Not(term=C)))),
    ],
)
def test_not_binds_closer_than_and_and_that_closer_than_or(text, tree):
    assert read(text) == tree


REFUSED = {
    "metrics.auc > 'a'": ("'a'", "metric `auc` is compared with a number, not `'a'`", "0.9"),
    "metrics.auc LIKE 'a'": ("LIKE", "`LIKE` is no comparison of a metric", ">="),
    "params.lr > '1'": (">", "`>` is no comparison of a param", "LIKE"),
    "params.lr = 0.1": ("0.1", "a text in quotes, not `0.1`", "'a'"),
    "tags.x = `a`": ("`a`", "a text in quotes, not ``a``", "'a'"),
    "attributes.colour = 'x'": ("attributes.colour", "is no attribute that can be asked for", "run_name"),
    "colour = 'x'": ("colour", "is no attribute that can be asked for", "status"),
    "things.x = 'x'": ("things.x", "begins with no kind of name", "metric."),
    "datasets.size = 'x'": ("datasets.size", "is no dataset that can be asked for", "digest"),
    "start_time = '5'": ("'5'", "compared with a number", "0.9"),
    "params.a = '1' params.b = '2'": ("params.b", "`params.b` is not expected here", "AND"),
    "params.a = '1' AND": ("", "there is no name at the end", "metrics.auc"),
    "params.a = ": ("", "a text in quotes, not ``", "'a'"),
    "params.a": ("", "`the end` is no comparison of a param", "="),
    "params.a = 'x": ("'x", "this quote is not closed", "'"),
    "(params.a = 'x'": ("(", "this `(` is not closed", ")"),
    "run_id IN 'a'": ("'a'", "there is no list", "('a', 'b')"),
    "run_id IN ('a'": ("(", "this `(` is not closed", ")"),
    "params.a ! '1'": ("!", "is no sign", "!="),
    "metrics.auc > nan": ("nan", "compared with a number", ""),
    "metrics. > 1": ("metrics.", "there is no name", "metrics.auc"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_named_with_its_place_and_what_to_write(text):
    term, message, hint = REFUSED[text]
    with pytest.raises(FilterError) as caught:
        parse_mlflow(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert text[caught.value.start : caught.value.end] == term


def test_a_filter_is_bounded_in_length_terms_and_depth():
    one = "params.a = '1'"
    for text in (
        f"params.a = '{'x' * 30_000}'",
        " AND ".join([one] * (MOST_TERMS + 1)),
        "(" * (MOST_NESTED + 1) + one + ")" * (MOST_NESTED + 1),
        "NOT " * (MOST_NESTED + 1) + one,
    ):
        with pytest.raises(FilterError):
            parse_mlflow(text)
    assert parse_mlflow(" AND ".join([one] * MOST_TERMS))


pieces = st.sampled_from(
    ["metrics.a", "params.`b", "tags.", "status", "'x'", '"y"', "`", "'", "=", "!", "!=", "LIKE", "IN", "IS", "NOT"]
    + ["NULL", "AND", "OR", "(", ")", ",", " ", "1", "\ud800", "DESC"]
)


@given(st.text() | st.lists(pieces, max_size=20).map(" ".join))
def test_any_text_is_a_tree_or_a_filter_error_with_a_place_inside_it(text):
    for parse in (parse_mlflow, parse_registry, lambda one: parse_order_by([one])):
        try:
            parse(text)
        except FilterError as error:
            assert 0 <= error.start <= error.end <= len(text)
            assert error.message


# -- orders ----------------------------------------------------------------------------------------------------------


def test_orders_have_a_direction_and_come_one_after_the_other():
    orders = parse_order_by(["metrics.`a b` DESC", "attributes.start_time", "params.x asc", "tags.t"])
    assert [(one.field, one.name, one.descending) for one in orders] == [
        ("metric", "a b", True),
        ("attribute", "start_time", False),
        ("param", "x", False),
        ("tag", "t", False),
    ]


@pytest.mark.parametrize(
    "texts", [["metrics.x DOWN"], ["colour"], [""], ["datasets.name"], ["params.a", "param.a DESC"]]
)
def test_an_order_that_cannot_be_is_refused(texts):
    with pytest.raises(FilterError) as caught:
        parse_order_by(texts)
    assert caught.value.of == "sort"


def test_models_are_ordered_by_name_and_time():
    orders = parse_registry_order_by(["name DESC", "last_updated_timestamp", "timestamp ASC"])
    assert [(one.name, one.descending) for one in orders] == [
        ("name", True),
        ("last_updated_timestamp", False),
        ("timestamp", False),
    ]


# -- the registry ----------------------------------------------------------------------------------------------------

MODEL = {"name": "Churn", "run_id": "abc", "source_path": "s3://x", "version_number": 3}
PICKED = {
    "name = 'Churn'": True,
    "name = 'churn'": False,
    "name LIKE 'Ch%'": True,
    "name LIKE 'ch%'": False,
    "name ILIKE 'ch_rn'": True,
    "name != 'x'": True,
    "name IN ('x', 'Churn')": True,
    "run_id NOT IN ('abc')": False,
    "version_number >= 3": True,
    "version_number > 3": False,
    "version_number <= 3 AND version_number < 4": True,
    "source_path = 's3://x'": True,
    "tags.team = 'risk'": True,
    "tags.team != 'risk'": False,
    "tags.none != 'risk'": False,
    "tags.none IS NULL": True,
    "tags.team = 'risk' AND tag.`mlflow.prompt.is_prompt` != 'true'": True,
    "tag.`mlflow.prompt.is_prompt` = 'true'": False,
    "NOT name = 'Churn' OR tags.team IS NOT NULL": True,
    "": True,
}


@pytest.mark.parametrize("text", PICKED)
def test_a_registry_filter_picks_what_it_says(text):
    assert matches(parse_registry(text), MODEL, {"team": "risk"}) is PICKED[text]


def test_a_prompt_is_left_out_where_the_client_says_so():
    suffix = "tag.`mlflow.prompt.is_prompt` != 'true'"
    assert not matches(parse_registry(suffix), MODEL, {"mlflow.prompt.is_prompt": "true"})


def test_a_registry_has_no_metrics_and_experiments_have_no_versions():
    with pytest.raises(FilterError):
        parse_registry("metrics.auc > 1")
    with pytest.raises(FilterError):
        parse_experiments("version_number = 1")
    assert matches(parse_experiments("name LIKE 'a%' AND creation_time > 5"), {"name": "ab", "creation_time": 6}, {})
