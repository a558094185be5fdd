"""The filter grammar: what is read, what is refused and where, and that writing and reading agree."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.filters import (
    MOST_CHARACTERS,
    MOST_NESTED,
    MOST_TERMS,
    And,
    Compare,
    FilterError,
    Has,
    Not,
    Or,
    Word,
    format_filter,
    moments,
    nearest,
    number,
    parse,
    parse_sort,
    span,
)
from tests.support.filters import trees

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


def unplaced(node):
    """A tree without the places of its terms."""
    match node:
        case Not(term=term):
            return Not(term=unplaced(term))
        case And(terms=terms) | Or(terms=terms):
            return type(node)(terms=tuple(unplaced(one) for one in terms))
        case None:
            return None
    return msgspec.structs.replace(node, start=0, end=0)


def read(text):
    return unplaced(parse(text))


def word(text):
    return Word(text=text)


def compare(field, op, value, name=""):
    return Compare(field=field, name=name, op=op, value=value)


TERMS = {
    "churn": word("churn"),
    "late_arrival-2": word("late_arrival-2"),
    '"two words"': word("two words"),
    r'"a \"quote\" and a \\"': word('a "quote" and a \\'),
    'half" and half"': word("half and half"),
    "and": word("and"),
    '"AND"': word("AND"),
    '"metric.auc"': word("metric.auc"),
    "tag:baseline": compare("tag", ":", "baseline"),
    "tag.cause:retrain": compare("tag", ":", "retrain", "cause"),
    'tag."my key"!="my value"': compare("tag", "!=", "my value", "my key"),
    "status:failed": compare("status", ":", "failed"),
    "Status=failed": compare("status", "=", "failed"),
    "model:late_arrival": compare("model", ":", "late_arrival"),
    "name:x": compare("name", ":", "x"),
    'name:""': compare("name", ":", ""),
    "metric.auc>=0.9": compare("metric", ">=", "0.9", "auc"),
    "test.roc_auc<0.5": compare("metric", "<", "0.5", "test.roc_auc"),
    "metric.auc<-1e-3": compare("metric", "<", "-1e-3", "auc"),
    "metric.test.roc_auc!=1": compare("metric", "!=", "1", "test.roc_auc"),
    "metric.a-b/c.min<.2": compare("metric", "<", ".2", "a-b/c.min"),
    'metric."a b">1': compare("metric", ">", "1", "a b"),
    'metric."a>b:c"<=1': compare("metric", "<=", "1", "a>b:c"),
    "param.lr<0.1": compare("param", "<", "0.1", "lr"),
    "param.booster=dart": compare("param", "=", "dart", "booster"),
    "param.booster==dart": compare("param", "=", "dart", "booster"),
    "param.url:http://x?a=b": compare("param", ":", "http://x?a=b", "url"),
    "has:metric.f1": Has(field="metric", name="f1"),
    'has:param."a b.c"': Has(field="param", name="a b.c"),
    "has:tag.x": Has(field="tag", name="x"),
    "started>2026-01-01": compare("started", ">", "2026-01-01"),
    "started>=2026-01-01T12:30+02:00": compare("started", ">=", "2026-01-01T12:30+02:00"),
    "started>7d": compare("started", ">", "7d"),
    "duration>5m": compare("duration", ">", "5m"),
    "seed=3": compare("seed", "=", "3"),
    "metric.auc=nan": compare("metric", "=", "nan", "auc"),
    "auc!=NaN": compare("metric", "!=", "NaN", "auc"),
    "has:parent": Has(field="parent"),
    "has:GIT": Has(field="git"),
    "experiment:churn": compare("experiment", ":", "churn"),
    "parent:sweep-1": compare("parent", ":", "sweep-1"),
    "id:0197c3": compare("id", ":", "0197c3"),
    "dataset:orders": compare("dataset", ":", "orders"),
    'user!="ada l"': compare("user", "!=", "ada l"),
    "origin:mlflow": compare("origin", ":", "mlflow"),
    "branch:feature/x": compare("branch", ":", "feature/x"),
    "commit:4B825dc": compare("commit", ":", "4B825dc"),
    "dirty:true": compare("dirty", ":", "true"),
}


@pytest.mark.parametrize("text", TERMS)
def test_a_term_is_read_as_what_it_says(text):
    assert read(text) == TERMS[text]


A, B, C = word("a"), word("b"), word("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        (" \t\n ", None),
        ("a b", And(terms=(A, B))),
        ("a AND b c", And(terms=(A, B, C))),
        ("a OR b c", Or(terms=(A, And(terms=(B, C))))),
        ("a b OR c", Or(terms=(And(terms=(A, B)), C))),
        ("(a OR b) c", And(terms=(Or(terms=(A, B)), C))),
        ("((a))", A),
        ("(a b) c", And(terms=(And(terms=(A, B)), C))),
        ("-a b", And(terms=(Not(term=A), B))),
        ("NOT a OR b", Or(terms=(Not(term=A), B))),
        ("-(a b)", Not(term=And(terms=(A, B)))),
        ("NOT NOT a", Not(term=Not(term=A))),
        ("--a", Not(term=Not(term=A))),
        ("-status:failed", Not(term=compare("status", ":", "failed"))),
        ('"-a"', word("-a")),
        ("(a)(b)", And(terms=(A, B))),
    ],
)
def test_not_binds_closer_than_and_and_that_closer_than_or(text, tree):
    assert read(text) == tree


def test_terms_know_their_places():
    node = parse('a (metric."x y">1 OR has:tag.b)')
    compared, has = node.terms[1].terms
    assert (node.terms[0].start, node.terms[0].end) == (0, 1)
    assert (compared.start, compared.end) == (3, 17)
    assert (has.start, has.end) == (21, 30)


REFUSED = {
    "a statuss:failed": ("statuss:failed", "no field is called `statuss`", "status:failed"),
    "colour:red b": ("colour:red", "no field is called `colour`", "metric.auc>=0.9"),
    "status:faild": ("status:faild", "`faild` is no status", "`failed`"),
    "status:zzz": ("status:zzz", "`zzz` is no status", "running, finished, failed, cancelled"),
    "a metric.auc>=0.9x": ("metric.auc>=0.9x", "`0.9x` is not a number", "0.9"),
    "metric.auc>nan": ("metric.auc>nan", "nothing is less or more than nan", "metric.auc=nan"),
    "commit:xyz": ("commit:xyz", "`xyz` is no commit", "hex digits"),
    "dirty:maybe": ("dirty:maybe", "neither true nor false", "dirty:true"),
    "user>a": ("user>a", "cannot be compared with `>`", "user:ada"),
    "has:parents": ("has:parents", "cannot be asked", "has:parent"),
    "metric>1": ("metric>1", "`metric` needs a name", "metric.auc>=0.9"),
    "metric.>1": ("metric.>1", "`metric` needs a name", "metric.auc>=0.9"),
    "metric.auc": ("metric.auc", "`metric.auc` is not compared", '"metric.auc"'),
    "metric.auc >= 0.9": ("metric.auc", "`metric.auc` is not compared", "metric.auc>=0.9"),
    "x >= 0.9": (">=", "no field before the sign in `>=`", "no spaces"),
    ">=1": (">=1", "no field before the sign in `>=1`", "no spaces"),
    "param.lr<": ("param.lr<", "no value behind `param.lr<`", "param.lr<0.1"),
    'param."a"=': ('param."a"=', "no value behind", "param.lr<0.1"),
    "status.x:failed": ("status.x:failed", "`status` takes no name", "status:failed"),
    "status>failed": ("status>failed", "cannot be compared with `>`", "status:failed"),
    "duration=5m": ("duration=5m", "cannot be compared with `=`", "duration>5m"),
    "duration>5": ("duration>5", "`5` is not a length of time", "30s, 5m"),
    "duration>99999999w": ("duration>99999999w", "is not a length of time", ""),
    "started>yesterday": ("started>yesterday", "`yesterday` is not a moment", "7d"),
    "started>2026-02-30": ("started>2026-02-30", "is not a moment", "2026-01-31"),
    "seed=1.5": ("seed=1.5", "`1.5` is not a whole number", ""),
    "seed=99999999999999999999": ("seed=99999999999999999999", "is not a whole number", ""),
    "tag!=x": ("tag!=x", "cannot be compared with `!=`", "tag:baseline"),
    "tag.x>1": ("tag.x>1", "cannot be compared with `>`", "tag:baseline"),
    "has:colour.x": ("has:colour.x", "cannot be asked", "has:metric.auc"),
    "has:metric": ("has:metric", "cannot be asked", "has:metric.auc"),
    "has=metric.x": ("has=metric.x", "cannot be compared with `=`", "has:metric.auc"),
    "has.a:metric.x": ("has.a:metric.x", "takes no name", "has:metric.auc"),
    'a "b c': ('"b c', "this quote is not closed", ""),
    '""': ('""', "nothing between these quotes", ""),
    "a (b": ("(", "this `(` is not closed", ""),
    "a) b": (")", "this `)` closes nothing", ""),
    ")": (")", "no term before `)`", ""),
    "a OR": ("OR", "no term behind `OR`", '"OR"'),
    "OR a": ("OR", "no term before `OR`", '"OR"'),
    "a AND OR b": ("AND", "no term behind `AND`", ""),
    "NOT": ("NOT", "no term behind `NOT`", ""),
    "()": ("(", "no term behind `(`", ""),
    "a - b": ("-", "this `-` stands alone", '"-"'),
    "a -": ("-", "no term behind `-`", ""),
    "a\ud800": ("\ud800", "no text", ""),
    "a\0b": ("\0", "no text", ""),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_named_with_its_place_and_what_to_write(text):
    term, message, hint = REFUSED[text]
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert text[error.start : error.end] == term
    assert message in error.message
    assert hint in error.hint
    assert error.problems == (("/filter", "filter", error.message),)


def test_a_filter_is_bounded_in_length_terms_and_depth():
    for text in (
        "a" * (MOST_CHARACTERS + 1),
        "a " * (MOST_TERMS + 1),
        "(" * (MOST_NESTED + 1) + "a" + ")" * (MOST_NESTED + 1),
        "NOT " * (MOST_NESTED + 1) + "a",
        "-" * MOST_CHARACTERS,
        "(" * MOST_CHARACTERS,
    ):
        with pytest.raises(FilterError):
            parse(text)
    assert parse("a " * MOST_TERMS)
    assert parse("(" * MOST_NESTED + "a" + ")" * MOST_NESTED)


# -- properties ------------------------------------------------------------------------------------------------------


@given(trees)
def test_a_tree_is_read_back_from_its_text(tree):
    assert read(format_filter(tree)) == tree


pieces = st.sampled_from(
    ["metric.", "param.", "tag", "has:", "status:", "started>", "seed=", "OR", "AND", "NOT", "(", ")", '"', "\\", "-"]
    + [" ", ">=", "7d", "0.9", "a", ".", "é", "\ud800"]
)


@given(st.text() | st.lists(pieces, max_size=30).map("".join))
def test_any_text_is_a_tree_or_a_filter_error_with_a_place_inside_it(text):
    try:
        node = parse(text)
    except FilterError as error:
        assert 0 <= error.start < error.end <= len(text)
        assert error.message
    else:
        assert unplaced(parse(format_filter(node))) == unplaced(node)


@given(st.text() | st.lists(pieces, max_size=10).map("".join))
def test_any_text_is_an_order_or_a_filter_error(text):
    try:
        parse_sort(text)
    except FilterError as error:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.of == "sort"


# -- orders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "field", "name", "descending"),
    [
        ("-started", "started", "", True),
        (" name ", "name", "", False),
        ("status", "status", "", False),
        ("duration", "duration", "", False),
        ("-model", "model", "", True),
        ("metric.test.roc_auc", "metric", "test.roc_auc", False),
        ("-param.max_depth", "param", "max_depth", True),
        ('-metric."a b"', "metric", "a b", True),
    ],
)
def test_an_order_is_a_field_and_a_direction(text, field, name, descending):
    sort = parse_sort(text)
    assert (sort.field, sort.name, sort.descending) == (field, name, descending)
    assert text[sort.start : sort.end] == text.strip().removeprefix("-")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "started"),
        ("-", "one of"),
        ("startd", "`started`"),
        ("metrik", "`metric.NAME`"),
        ("metric", "`metric.NAME`"),
        ("metric.", "`metric.NAME`"),
        ("name.x", "`name`"),
        ("name status", "`name`"),
        ("- name", "one of"),
        ('metric."a', "at its end"),
        ("metric.\ud800", "remove"),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_the_nearest(text, hint):
    with pytest.raises(FilterError) as caught:
        parse_sort(text)
    assert hint in caught.value.hint
    assert caught.value.of == "sort"
    assert caught.value.problems[0][0] == "/sort"


# -- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("-0.5", -0.5), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("inf", float("inf")), ("+7", 7)]
    + [("9223372036854775807", 2**63 - 1), ("9223372036854775808", 2.0**63), ("9" * 500, float("inf"))]
    + [(text, None) for text in ("nan", "", "1_000", "٣", "0x1", "1e", "--1", "a")],
)
def test_numbers_are_plain_ones(text, value):
    assert number(text) == value
    assert type(number(text)) is type(value)


def test_lengths_of_time_have_a_unit():
    assert span("1.5h") == timedelta(minutes=90)
    assert span("2w") == timedelta(days=14)


def test_a_day_is_long_and_a_time_is_not():
    day = datetime(2026, 1, 31, tzinfo=UTC)
    assert moments("2026-01-31", NOW) == (day, day + timedelta(days=1))
    assert moments("2026-01-31T12:00+02:00", NOW) == (day + timedelta(hours=10),) * 2
    assert moments("7d", NOW) == (NOW - timedelta(days=7),) * 2


def test_near_names_are_found_by_their_ends_too():
    known = ["test.roc_auc", "test.log_loss", "model_bytes"]
    assert nearest("auc", known) == ["test.roc_auc"]
    assert nearest("logloss", known, 1) == ["test.log_loss"]
    assert nearest("zzz", known) == []
