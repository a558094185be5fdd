"""The many metrics of a run or version, in a line for lists and in a table for one."""

from collections.abc import Mapping

from mllab.faces.cli.output import print_table

_SPLITS = ("train", "validation", "test")
_MOST_IN_A_LINE = 3


def headline(metrics: Mapping[str, float]) -> dict[str, float]:
    """The first few metrics on the test split, without its name; all the first few where there are none."""
    tested = {name.removeprefix("test."): value for name, value in metrics.items() if name.startswith("test.")}
    return dict(list((tested or metrics).items())[:_MOST_IN_A_LINE])


def print_metrics(metrics: Mapping[str, float]) -> None:
    """A row per metric and a column per split; what belongs to no split comes after."""
    by_name: dict[str, dict[str, float]] = {}
    whole: dict[str, float] = {}
    for name, value in metrics.items():
        split, _, metric = name.partition(".")
        if split in _SPLITS and metric:
            by_name.setdefault(metric, {})[split] = value
        else:
            whole[name] = value
    if by_name:
        print_table(("metric", *_SPLITS), [(name, *map(one.get, _SPLITS)) for name, one in by_name.items()])
    if whole:
        print_table(("metric", "value"), whole.items())
