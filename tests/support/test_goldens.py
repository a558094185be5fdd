"""The comparator of kept texts: it fails where it must."""

from pathlib import Path

import pytest

from tests.support.goldens import UPDATE, matches_golden, matches_svg


@pytest.fixture(autouse=True)
def nobody_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(UPDATE, raising=False)


def test_a_missing_golden_fails_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="is missing"):
        matches_golden(tmp_path / "a.txt", "text")
    assert list(tmp_path.iterdir()) == []


def test_another_text_fails_with_the_difference(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    with pytest.raises(AssertionError, match=r"\+three"):
        matches_golden(tmp_path / "a.txt", "one\nthree")


def test_what_an_update_keeps_matches_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "a.txt"
    monkeypatch.setenv(UPDATE, "1")
    assert matches_golden(path, "one  \n\n├ two\n")
    monkeypatch.delenv(UPDATE)
    assert matches_golden(path, "one  \n\n├ two\n")
    assert path.read_text(encoding="utf-8") == "one\n\n├ two\n\n"


def test_pictures_are_alike_whatever_number_their_names_begin_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, picture = tmp_path / "a.svg", '<svg><g class="terminal-{}-r1">{}</g></svg>'
    monkeypatch.setenv(UPDATE, "1")
    assert matches_svg(path, picture.format(123, "text"))
    monkeypatch.delenv(UPDATE)
    assert matches_svg(path, picture.format(987654, "text"))
    with pytest.raises(AssertionError, match="not as kept"):
        matches_svg(path, picture.format(123, "other"))
