"""The filter grammar of lists of runs, for the command line, the API and the terminal UI: text to a small tree.

    churn -status:failed tag:baseline metric.auc>=0.9 (param.lr<0.1 OR has:tag.note) started>7d

Bare words are searched for; a term `FIELD OPERATOR VALUE` compares. NOT (or `-`) binds closer than AND (or nothing),
and AND closer than OR. Double quotes keep spaces and signs together, in names and values alike: `metric."a b">1`; in
them a backslash keeps the character behind it. What a metric's name means is for whoever turns the tree into a query.
"""

from mllab.filters.matching import matches
from mllab.filters.mlflow import (
    parse_experiments,
    parse_logged_models,
    parse_logged_models_order_by,
    parse_mlflow,
    parse_order_by,
    parse_registry,
    parse_registry_order_by,
)
from mllab.filters.parsing import MOST_CHARACTERS, MOST_NESTED, MOST_TERMS, parse, parse_sort
from mllab.filters.tree import And, Compare, FilterError, Has, Match, Node, Not, Or, Sort, Word, format_filter, quote
from mllab.filters.values import FIELDS, SORT_FIELDS, is_nan, moments, nearest, number, span

__all__ = [
    "And",
    "Compare",
    "FIELDS",
    "FilterError",
    "Has",
    "MOST_CHARACTERS",
    "MOST_NESTED",
    "MOST_TERMS",
    "Match",
    "Node",
    "Not",
    "Or",
    "SORT_FIELDS",
    "Sort",
    "Word",
    "format_filter",
    "is_nan",
    "matches",
    "moments",
    "nearest",
    "number",
    "parse",
    "parse_experiments",
    "parse_logged_models",
    "parse_logged_models_order_by",
    "parse_mlflow",
    "parse_order_by",
    "parse_registry",
    "parse_registry_order_by",
    "parse_sort",
    "quote",
    "span",
]
