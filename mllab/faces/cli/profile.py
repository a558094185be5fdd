"""`mllab data profile` and `mllab data diff`: what a dataset looks like, and what has changed between two versions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_json, print_table, say
from mllab.faces.cli.progress import wait
from mllab.faces.text import safe
from mllab.records import ColumnDiff, ColumnProfile, Profile

_BLOCKS = "▁▂▃▄▅▆▇█"
_SPARK_CELLS = 20
_SHOWN_PAIRS = 10

Dataset = Annotated[
    str, typer.Argument(metavar="SOURCE[@VERSION]", help="A source; without a version its newest data.")
]


def show_profile(
    source: Dataset,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one self-contained page.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Make it again, for models declared since.")] = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Show what a dataset version looks like; makes its profile where there is none yet."""
    found = _profile(source, lab, anew=anew)
    if html is not None:
        from mllab.faces.cli.profile_html import page

        try:
            html.write_text(page(found), encoding="utf-8")
        except OSError as error:
            raise Unavailable(f"{html} cannot be written: {error.strerror}", "choose another place") from error
        say(f"profile of {found.source}@{found.version} written to {html}")
    elif as_json:
        print_json(found)
    else:
        _print_profile(found)


def _profile(source: str, lab: Path | None, *, anew: bool = False) -> Profile:
    name, version = named(source)
    try:
        with reading(lab) as it:
            found = it.profile(name, version)
    except NotFound as error:
        if "has no profile yet" not in error.message:
            raise
    else:
        if not anew:
            return found
    with opened(lab) as it:
        wait(it, it.make_profile(name, version))
        return it.profile(name, version)


def named(reference: str) -> tuple[str, int | None]:
    """The parts of `SOURCE[@VERSION]`.

    Raises:
        InvalidInput: the version is no number.
    """
    name, at, version = reference.partition("@")
    if at and not (version.isascii() and version.isdigit()):
        raise InvalidInput(f"`{version}` is no version of a dataset", "write SOURCE@2, or SOURCE for the newest")
    return name, int(version) if at else None


def _print_profile(found: Profile) -> None:
    of = "" if found.n_sampled == found.n_rows else f" ({found.n_sampled:,} of them sampled)"
    say(f"{found.source}@{found.version}: {found.n_rows:,} rows{of}, {len(found.columns)} columns")
    rows = [
        (
            one.name,
            one.dtype,
            _share(one.n_missing, found.n_rows),
            f"{one.n_distinct:,}" if one.is_distinct_exact else f"about {one.n_distinct:,}",
            _number(one.quantile(50)) if one.percentiles else _top(one),
            _number(one.minimum),
            _number(one.maximum),
            spark(one),
            _power(one),
            ", ".join(one.flags) or None,
        )
        for one in found.columns
    ]
    columns = ("column", "type", "missing", "distinct", "median / top", "least", "greatest", "spread", "power", "flags")
    print_table(columns, rows, empty="no columns")
    if found.pairs:
        say("")
        strongest = [(one.a, one.b, one.method, f"{one.value:+.3f}") for one in found.pairs[:_SHOWN_PAIRS]]
        print_table(("go together", "with", "by", "value"), strongest, empty="")
    if found.warnings:
        say("")
        print_table(
            ("look at", "", "what to do"),
            [(one.column or "rows", one.text, one.hint) for one in found.warnings],
            empty="",
        )


def _share(n: int, total: int) -> str:
    if not n or not total:
        return ""
    share = n / total
    return f"{share:.1%}" if share >= 0.001 else "<0.1%"


def _number(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else "" if value is None else str(value)


def _top(one: ColumnProfile) -> str:
    if not one.top:
        return ""
    return f"{one.top[0].value} ({one.top[0].n / one.n_top:.0%})"


def _power(one: ColumnProfile) -> str | None:
    powers = [each.power for each in one.against_target if each.power is not None]
    return f"{max(powers):.2f}" if powers else None


def spark(one: ColumnProfile, cells: int = _SPARK_CELLS) -> str:
    """A column's histogram, or its frequent values, as a row of blocks."""
    counts: Sequence[float] = one.histogram.counts if one.histogram else [each.n for each in one.top]
    if not counts:
        return ""
    width = -(-len(counts) // cells)
    sums = [sum(counts[at : at + width]) for at in range(0, len(counts), width)]
    most = max(sums) or 1
    return "".join(_BLOCKS[min(7, round(7 * one / most))] if one else " " for one in sums)


def show_diff(
    before: Annotated[str, typer.Argument(metavar="A", help="SOURCE@VERSION, the earlier one.")],
    after: Annotated[str, typer.Argument(metavar="B", help="SOURCE@VERSION, or SOURCE for its newest data.")],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Compare two dataset versions column by column, most changed first."""
    for one in (before, after):
        _profile(one, lab)
    with reading(lab) as it:
        found = it.diff_profiles(named(before), named(after))
    if as_json:
        print_json(found)
        return
    say(f"{found.a}: {found.rows_before:,} rows; {found.b}: {found.rows_after:,} rows")
    columns = ("column", "change", "missing", "mean", "median", "most changed value", "PSI", "KS", "")
    print_table(columns, [_diff_row(one) for one in found.columns], empty="no columns")
    say("PSI above 0.25, or KS above 0.2: look at it before you train on both")


def _diff_row(one: ColumnDiff) -> tuple[str | None, ...]:
    change = f"{one.before or 'none'} -> {one.after or 'none'}" if one.change != "same" else ""
    return (
        one.name,
        change or None,
        _two(f"{one.missing_before:.1%}", f"{one.missing_after:.1%}"),
        _two(_number(one.mean_before), _number(one.mean_after)),
        _two(_number(one.median_before), _number(one.median_after)),
        _value(one),
        None if one.psi is None else f"{one.psi:.3f}",
        None if one.ks is None else f"{one.ks:.3f}",
        "!" if (one.psi or 0) > 0.25 or (one.ks or 0) > 0.2 or one.change != "same" else None,
    )


def _value(one: ColumnDiff) -> str | None:
    if not one.top:
        return None
    first = one.top[0]
    return f"{first.value}: {first.share_before:.1%} -> {first.share_after:.1%}"


def _two(before: str, after: str) -> str | None:
    if not before and not after:
        return None
    return safe(before if before == after else f"{before} -> {after}")
