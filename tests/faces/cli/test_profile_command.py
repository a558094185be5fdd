"""`mllab data profile` and `mllab data diff`: made when asked for, shown as a table, as JSON, as one page."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mllab.faces.cli.profile import spark
from mllab.lab import Lab
from mllab.records import ColumnProfile, DType, Histogram

Call = Callable[..., Any]
SOURCE = """
[source.s]

[engine]
kind = "inline"
"""
HOSTILE = 'a,<b>\n1,<script>alert(1)</script>\n2,\x1b[31mred\n3,\u202eevil\n4,"x & ""y"""\n'


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A lab whose data tries to be more than text."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "mllab.toml").write_text(SOURCE)
    (tmp_path / "s.csv").write_text(HOSTILE, encoding="utf-8")
    with Lab.open(folder) as lab:
        lab.add(tmp_path / "s.csv", source="s", wait=True)
    return folder


def test_a_profile_is_made_when_it_is_asked_for_and_shown(mllab: Call, own: Path) -> None:
    said = mllab("data", "profile", "offers", "-C", own)
    assert said.code == 0, said.err
    assert said.out.splitlines()[0] == "offers@1: 600 rows, 5 columns"
    price = next(line for line in said.out.splitlines() if line.startswith("price "))
    assert re.search("[▁▂▃▄▅▆▇█]{5}", price)
    offer = next(line for line in said.out.splitlines() if line.startswith("offer "))
    assert "id-like" in offer
    assert "WHAT TO DO" in said.out
    with Lab.open(own) as lab:
        assert [one.version for one in lab.profiles()] == [1]


def test_the_same_profile_comes_as_json_and_anew_when_wanted(mllab: Call, own: Path) -> None:
    first = mllab("data", "profile", "offers@1", "--json", "-C", own).json
    assert (first["source"], first["version"], first["n_rows"], first["n_sampled"]) == ("offers", 1, 600, 600)
    assert [one["name"] for one in first["columns"]] == ["offer", "price", "area", "town", "sold"]
    assert mllab("data", "profile", "offers", "--json", "-C", own).json["made_at"] == first["made_at"]
    assert mllab("data", "profile", "offers", "--anew", "--json", "-C", own).json["made_at"] > first["made_at"]


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href")]

    def handle_data(self, data: str) -> None:
        self.said += data


def test_the_page_stands_alone_and_holds_no_markup_of_the_data(mllab: Call, hostile: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert mllab("data", "profile", "s", "--html", page, "-C", hostile).code == 0
    text = page.read_text(encoding="utf-8")
    found = Page(text)
    assert {"script", "link", "img", "iframe"} & set(found.tags) == set()
    assert found.links == []
    assert "url(" not in text and "@import" not in text
    assert "svg" in found.tags
    for shown in ("<b>", "<script>alert(1)</script>", "\\x1b[31mred", "\\u202eevil", 'x & "y"'):
        assert shown in found.said
    assert "\x1b" not in text and "\u202e" not in text


def test_the_page_shows_rates_with_their_intervals(mllab: Call, own: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    mllab("data", "profile", "offers", "--html", page, "-C", own)
    assert re.search(r"rate of true of sold", page.read_text())
    assert re.search(r'<td class="n">0\.\d+ to 0\.\d+</td>', page.read_text())


def test_data_that_drives_a_terminal_is_spelled_out(mllab: Call, hostile: Path) -> None:
    for form in ([], ["--json"]):
        said = mllab("data", "profile", "s", *form, "-C", hostile)
        assert said.code == 0
        assert "\x1b" not in said.out and "\u202e" not in said.out


def test_two_versions_are_compared_the_most_changed_column_first(mllab: Call, own: Path, tmp_path: Path) -> None:
    rows = [f"{9_000_000 + i},{900 + i}.5,{20 + i % 50}.0,Kiel,true" for i in range(300)]
    more = tmp_path / "more.csv"
    more.write_text("\n".join(["offer,price,area,town,sold", *rows]) + "\n")
    assert mllab("data", "add", more, "-s", "offers", "-C", own).code == 0
    found = mllab("data", "diff", "offers@1", "offers@2", "--json", "-C", own).json
    assert (found["a"], found["b"], found["rows_before"], found["rows_after"]) == ("offers@1", "offers@2", 600, 900)
    distances = [max(one["psi"] or 0, one["ks"] or 0) for one in found["columns"]]
    assert distances == sorted(distances, reverse=True)
    town = next(one for one in found["columns"] if one["name"] == "town")
    assert town["top"][0]["value"] == "Kiel"
    assert town["top"][0]["share_after"] > town["top"][0]["share_before"]
    said = mllab("data", "diff", "offers@1", "offers", "-C", own)
    assert said.out.splitlines()[0] == "offers@1: 600 rows; offers@2: 900 rows"
    assert "Kiel: " in said.out


@pytest.mark.parametrize(
    ("reference", "code", "told"),
    [
        ("nosuch", 3, "no source is called `nosuch`"),
        ("offers@9", 3, "has no version 9"),
        ("offers@one", 2, "`one` is no version"),
        ("offers@²", 2, "`²` is no version"),
        ("offers@0", 3, "has no version 0"),
    ],
)
def test_what_is_not_there_is_told(mllab: Call, trained: Path, reference: str, code: int, told: str) -> None:
    for line in (("profile", reference), ("diff", reference, "offers")):
        said = mllab("data", *line, "-C", trained)
        assert told in said.err
        assert said.code == code


def test_a_page_that_cannot_be_written_is_told(mllab: Call, hostile: Path, tmp_path: Path) -> None:
    said = mllab("data", "profile", "s", "--html", tmp_path / "no" / "page.html", "-C", hostile)
    assert said.code != 0
    assert "cannot be written" in said.err


def test_a_histogram_is_drawn_in_one_line() -> None:
    def drawn(*counts: int) -> str:
        edges = tuple(float(at) for at in range(len(counts) + 1))
        histogram = Histogram(edges=edges, counts=counts)
        return spark(ColumnProfile(name="x", dtype=DType.INT, n_missing=0, n_distinct=9, histogram=histogram)) or ""

    assert drawn(0, 1, 4, 8) == " ▂▅█"
    assert len(drawn(*range(40))) == 20
    assert drawn(0, 0) == "  "
