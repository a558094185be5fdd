"""Two dataset versions side by side: what a line says, and how spreads are laid over each other."""

import pytest

from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.viewmodels import changes
from mllab.records import ColumnDiff, Histogram, ProfileDiff
from tests.support.profiles import a_profile, moved

AGE = ColumnDiff(
    name="age",
    change="same",
    before="int",
    after="int",
    missing_before=0.1,
    mean_before=50.0,
    mean_after=88.0,
    median_before=50.0,
    median_after=90.0,
    psi=3.4,
    ks=0.4,
)
NEW = ColumnDiff(name="tariff", change="added", after="float")
GONE = ColumnDiff(name="fax", change="missing", before="string")
TYPED = ColumnDiff(name="zip", change="type", before="int", after="string", missing_after=0.02)
CALM = ColumnDiff(name="plan", change="same", before="string", after="string", psi=0.01)
DIFF = ProfileDiff(
    a="customers@1", b="customers@2", rows_before=600, rows_after=900, columns=(GONE, NEW, TYPED, AGE, CALM)
)


def cells(one: ColumnDiff) -> list[str]:
    return [changes.cell(one, look.id) for look in changes.COLUMNS]


def told(one: ColumnDiff, width: int = 60) -> str:
    before, after = a_profile(1).column(one.name), moved(2).column(one.name)
    lines = changes.lines(one, DIFF, before, after, width, "braille")
    return "\n".join(
        line.plain() if isinstance(line, Picture) else f"{line.label} {line.text}".strip() for line in lines
    )


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (AGE, ["! age", "", "10.0 % → 0 %", "50 → 88", "3.400", "0.400"]),
        (NEW, ["! tariff", "+ new (float)", "", "", "-", "-"]),
        (GONE, ["! fax", "- gone (string)", "", "", "-", "-"]),
        (TYPED, ["! zip", "int → string", "0 % → 2.0 %", "-", "-", "-"]),
        (CALM, ["  plan", "", "-", "-", "0.010", "-"]),
    ],
)
def test_a_line_says_what_has_changed_and_how_much(one: ColumnDiff, said: list[str]) -> None:
    assert cells(one) == said
    assert changes.ink(one, "name") == ("" if one is CALM else "$warning")


def test_the_headline_names_both_and_counts() -> None:
    assert changes.headline(DIFF) == ("customers@1 → customers@2 · 4 of 5 columns changed much · 600 → 900 rows")


def test_the_pane_shows_both_spreads_and_says_what_is_much() -> None:
    text = told(AGE)
    for words in (
        "! it has changed much",
        "median 50 → 90",
        "PSI 3.400; above 0.25 is much",
        "reference",
        "current",
        "━",
    ):
        assert words in text
    assert "not much has changed" in told(CALM) and "basic 60.0 % → 13.3 %" in told(CALM)
    assert told(NEW) == "! only in customers@2, as float" and told(GONE) == "! only in customers@1, as string"


BEFORE = Histogram(edges=(0.0, 10.0, 20.0), counts=(30, 70))


def test_shares_of_the_second_are_counted_in_the_bins_of_the_first() -> None:
    edges, old, new = changes.rebinned(BEFORE, [0.2 * at for at in range(101)])
    assert edges == [0.0, 10.0, 20.0] and old == [0.3, 0.7] and new == pytest.approx([0.5, 0.5])


def test_what_lies_beyond_the_first_has_bins_of_its_own() -> None:
    edges, old, new = changes.rebinned(BEFORE, [-20.0 + at for at in range(101)])
    assert edges == [float("-inf"), 0.0, 10.0, 20.0, float("inf")] and old == [0.0, 0.3, 0.7, 0.0]
    assert new == pytest.approx([0.2, 0.1, 0.1, 0.6])


@pytest.mark.parametrize("value", [0.0, 7.0, 10.0, 20.0, 30.0])
def test_a_constant_lies_in_one_bin(value: float) -> None:
    edges, _, new = changes.rebinned(BEFORE, [value] * 101)
    assert sum(new) == pytest.approx(1.0) and max(new) == pytest.approx(1.0) and len(edges) == len(new) + 1


def test_many_values_alike_lie_where_they_are() -> None:
    """Half of them 10: that is the lower edge of the second bin."""
    _, _, new = changes.rebinned(BEFORE, [*(0.2 * at for at in range(50)), *[10.0] * 51])
    assert new == pytest.approx([0.5, 0.5], abs=0.01)
