"""Learning curves as pictures."""

import math
from itertools import chain
from typing import Any

import pytest

from mllab.faces.tui.viewmodels.curves import (
    PLAIN,
    Look,
    best_of,
    curves_of,
    draw_groups,
    draw_runs,
    grid,
    groups_of,
    main_curve,
    sentence,
    series_of_group,
)
from tests.support.runs import a_curve, a_run

POINTS = [
    *a_curve("train.log_loss", 0.7, 0.5, 0.3, 0.2),
    *a_curve("validation.log_loss", 0.7, 0.5, 0.45, 0.6),
    *a_curve("validation.roc_auc", 0.5, 0.7, 0.8, 0.75),
    *a_curve("single", 1.0),
]
NOISY = [0.5 + 0.1 * (-1) ** step for step in range(40)]


def test_curves_are_grouped_by_metric_with_validation_before_training() -> None:
    assert [(group.metric, list(group.curves)) for group in groups_of(POINTS)] == [
        ("log_loss", ["validation", "train"]),
        ("roc_auc", ["validation"]),
    ]


def test_a_metric_of_no_split_is_a_group_of_its_own() -> None:
    assert [(group.metric, list(group.curves)) for group in groups_of(a_curve("loss", 2, 1))] == [("loss", ["loss"])]
    assert groups_of([]) == []


def test_the_best_point_is_the_lowest_or_the_highest_by_the_metric() -> None:
    assert best_of("log_loss", [0.7, 0.4, 0.5]) == 1
    assert best_of("roc_auc", [0.7, 0.4, 0.9]) == 2
    assert best_of("roc_auc", [math.nan, 0.4]) == 1
    assert best_of("roc_auc", [math.nan]) is None
    assert best_of("n_rows", [1.0, 2.0]) is None


def test_the_sentence_says_the_best_and_the_last_value() -> None:
    said = sentence(groups_of(POINTS)[0])
    assert said == "log_loss · validation best 0.45 at step 2, last 0.6 · train last 0.2 · smaller is better"


def test_smoothed_curves_have_the_raw_ones_dim_and_nameless_behind_them() -> None:
    group = groups_of(a_curve("validation.f1", *NOISY))[0]
    front, behind = series_of_group(group, Look(smoothing=0.9), "braille")
    assert (behind.ink, behind.name, behind.mark) == ("muted", "", "")
    assert list(behind.ys) == NOISY
    assert behind.best == 0
    assert max(front.ys[5:]) - min(front.ys[5:]) < 0.1
    assert front.best is None


def test_the_smoothing_goes_round() -> None:
    look = PLAIN
    seen = []
    for _ in range(4):
        look = look.next_smoothing()
        seen.append(look.smoothing)
    assert seen == [0.6, 0.9, 0.0, 0.6]
    assert Look(log_y=True, smoothing=0.9).words() == "log Y · smoothed 0.9"
    assert PLAIN.words() == ""


@pytest.mark.parametrize(
    ("n", "width", "height", "found"),
    [(1, 80, 20, (1, 1)), (5, 80, 20, (1, 2)), (5, 80, 8, (1, 1)), (2, 180, 40, (2, 1)), (9, 180, 60, (2, 3))],
)
def test_as_many_charts_are_drawn_as_have_room(n: int, width: int, height: int, found: tuple[int, int]) -> None:
    assert grid(n, width, height) == found


@pytest.mark.parametrize("look", [PLAIN, Look(log_y=True), Look(smoothing=0.6)])
@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
@pytest.mark.parametrize(("width", "height"), [(78, 20), (118, 36), (198, 46), (40, 9)])
def test_a_picture_fills_exactly_its_room(look: Look, glyphs: Any, width: int, height: int) -> None:
    points = list(chain.from_iterable(a_curve(f"validation.m{n}", *NOISY) for n in range(7)))
    picture = draw_groups(groups_of(points), 0, look, width, height, glyphs)
    assert (picture.width, picture.height) == (width, height)
    if glyphs == "ascii":
        assert picture.plain().replace("·", "").isascii()


def test_later_metrics_are_drawn_from_the_chosen_one_on() -> None:
    groups = groups_of(POINTS)
    assert "roc_auc" not in draw_groups(groups, 0, PLAIN, 78, 9, "braille").plain()
    assert "roc_auc" in draw_groups(groups, 1, PLAIN, 78, 9, "braille").plain()


def test_runs_are_drawn_over_each_other_with_their_names_at_the_ends() -> None:
    first, second, third = a_run("one"), a_run("two"), a_run("three")
    found = [(first, curves_of(POINTS)), (second, curves_of(a_curve("validation.log_loss", 0.9, 0.8))), (third, {})]
    text = draw_runs("validation.log_loss", found, Look(smoothing=0.6), 78, 12, "braille").plain()
    assert "one" in text
    assert "two" in text
    assert "three" not in text
    assert text.startswith("validation.log_loss · smaller is better · smoothed 0.6")


def test_hostile_names_of_metrics_and_runs_are_spelled_out() -> None:
    points = a_curve("bad\x1b[31m\n.loss", 3, 2, 1)
    text = draw_groups(groups_of(points), 0, PLAIN, 78, 12, "braille").plain()
    assert "\x1b" not in text
    assert len(text.splitlines()) == 12
    text = draw_runs("m", [(a_run("\x1b]0;x\x07"), {"m": ([0.0, 1.0], [1.0, 2.0])})], PLAIN, 78, 12, "braille").plain()
    assert "\x1b" not in text


def test_a_curve_needs_two_points_and_validation_is_worth_a_first_look() -> None:
    points = [*a_curve("train.loss", 3, 2, 1), *a_curve("validation.loss", 3, 2, 1), *a_curve("test.auc", 1)]
    assert list(curves_of(points)) == ["train.loss", "validation.loss"]
    assert main_curve(list(curves_of(points))) == "validation.loss"
    assert main_curve([]) is None
