"""Filters to draw at random."""

from hypothesis import strategies as st

from mllab.filters import And, Compare, Has, Node, Not, Or, Word

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
signs = st.text("ab\".\\ '%_()<>=!:-/\t", min_size=1, max_size=8)
names = texts | signs
numbers = st.floats(allow_nan=False).map(str) | st.integers(-(2**63) + 1, 2**63 - 1).map(str)
spans = st.builds("{}{}".format, st.integers(0, 500), st.sampled_from("smhdw"))
days = st.dates().map(str)

leaves: st.SearchStrategy[Node] = (
    st.builds(Word, text=names)
    | st.builds(Has, field=st.sampled_from(["metric", "param", "tag"]), name=names)
    | st.builds(Compare, field=st.just("tag"), op=st.sampled_from(":="), value=names)
    | st.builds(Compare, field=st.just("tag"), name=names, op=st.sampled_from([":", "=", "!="]), value=names)
    | st.builds(Compare, field=st.sampled_from(["name", "model"]), op=st.sampled_from([":", "!="]), value=names)
    | st.builds(Compare, field=st.just("metric"), name=names, op=st.sampled_from([":", ">=", "<"]), value=numbers)
    | st.builds(Compare, field=st.just("param"), name=names, op=st.sampled_from(["=", "<=", ">"]), value=names)
    | st.builds(Compare, field=st.just("started"), op=st.sampled_from([">", "<=", ":", "!="]), value=spans | days)
    | st.builds(Compare, field=st.just("duration"), op=st.sampled_from([">", "<="]), value=spans)
    | st.builds(Compare, field=st.just("seed"), op=st.sampled_from(["!=", "<="]), value=st.integers(-9, 9).map(str))
    | st.builds(Compare, field=st.just("status"), op=st.sampled_from([":", "!="]), value=st.sampled_from(["failed"]))
)
"""Any single term; whether its names exist is another question."""


def trees_of(leaves: st.SearchStrategy[Node], most: int = 8) -> st.SearchStrategy[Node]:
    """Trees of these terms."""
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(Not, term=inner)
            | st.builds(And, terms=st.lists(inner, min_size=2, max_size=3).map(tuple))
            | st.builds(Or, terms=st.lists(inner, min_size=2, max_size=3).map(tuple))
        ),
        max_leaves=most,
    )


trees = trees_of(leaves)
