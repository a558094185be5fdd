"""One preview: a sample of real rows through with_columns, functions, features and transforms, told step by step."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from mllab.config import FeatureViewTable, LabConfig, SourceTable, nearest, parse_config
from mllab.config.transforms import TargetEncode, Transform, do_of
from mllab.engine.preview_problem import Texts, Where
from mllab.engine.preview_rows import SourceRows, load_rows
from mllab.engine.user_code import apply, call, load_functions
from mllab.errors import InvalidInput
from mllab.records import DType, PreviewStep, Progress, Record, Task
from mllab.steps.before_after import columns_of, removed, stage_columns, type_name
from mllab.steps.checks import check_rows
from mllab.steps.evaluate import encode_target
from mllab.steps.feature_plan import Group, chosen_view, plan_features
from mllab.steps.features import build_index, feature_names, join_view
from mllab.steps.identity import deduplicate, instants, row_hashes
from mllab.steps.inputs import supervise
from mllab.steps.plain import plain_values
from mllab.steps.train import infer_task
from mllab.steps.training_set import computed, request_values, row_by_row
from mllab.steps.transforms import Supervision
from mllab.steps.transforms.choose import chosen_transforms, view_transforms
from mllab.steps.transforms.preview import Chain, stages
from mllab.store.artifacts import Artifacts

SAMPLE_ROWS = 1_000
"""Rows that the numbers are about, unless more are to be shown."""
_AT = "__at"


class PreviewInputs(Record, frozen=True, kw_only=True):
    """What to preview."""

    name: str
    kind: str
    """`view`, `on_demand`, `source` or `model`."""
    toml: str
    """The text of `mllab.toml`."""
    features: str
    """The text of `features.py`."""
    rows: int
    """How many first rows to tell."""
    sample: str
    """The source whose rows are the sample."""
    sources: dict[str, SourceRows]
    """Rows of every source that is needed."""
    seconds: float
    """After so long the owner's code is stopped where it is."""


class _Source(NamedTuple):
    """Rows of a source after `with_columns`."""

    rows: pl.DataFrame
    sample: pl.DataFrame
    """The newest of them, the newest first."""


class Run:
    """What a preview has shown so far, and what it is at."""

    def __init__(self, artifacts: Artifacts, wanted: PreviewInputs, report: Callable[[Progress], None]) -> None:
        """Nothing is read or run yet."""
        self.artifacts, self.wanted, self.report = artifacts, wanted, report
        self.texts, self.where = Texts(wanted.toml, wanted.features), Where()
        self.config: LabConfig = parse_config(wanted.toml)
        self.steps: list[PreviewStep] = []
        self.sample_text = ""
        self._sources: dict[str, _Source] = {}
        self._since = time.perf_counter()

    def all(self) -> None:
        """Everything that belongs to the previewed name."""
        sample = self.source(self.wanted.sample, is_sample=True).sample
        name = self.wanted.name
        if self.wanted.kind == "view":
            self.view(name, sample)
        elif self.wanted.kind == "on_demand":
            self.on_demand(name, sample)
        elif self.wanted.kind == "model":
            self.model(name, sample)
        else:
            self.checks(name, sample)
        self.begin("features.py")
        _ = self.functions  # a file that does not run is told, whether or not this needs it

    def begin(self, step: str, key: str = "", function: str | None = None) -> None:
        """From here on errors and time belong to this step; its title is reported."""
        self.report(Progress(text=step))
        self.where, self._since = Where(step, key, function), time.perf_counter()

    def show(
        self, kind: str, frame: pl.DataFrame, before: pl.DataFrame | None = None, notes: Collection[str] = ()
    ) -> None:
        """Tell what the present step made."""
        seconds = time.perf_counter() - self._since
        self.steps.append(
            PreviewStep(
                kind=kind,
                title=self.where.step,
                n_rows=frame.height,
                n_before=len(before.columns) if before is not None else len(frame.columns),
                columns=columns_of(frame, before, self.wanted.rows),
                removed=removed(frame, before) if before is not None else (),
                notes=tuple(notes),
                seconds=seconds,
            )
        )

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Those of features.py."""
        return load_functions(self.texts.features)

    def expressions(self, function: str, columns: Collection[str]) -> list[pl.Expr]:
        """What a function returns."""
        return call(self.functions, function, columns)

    # -- a source -----------------------------------------------------------------------------------------------------

    def source(self, name: str, *, is_sample: bool = False) -> _Source:
        """Rows of a source after `with_columns`; those of the sample are shown."""
        if name in self._sources:
            return self._sources[name]
        table, given = self.config.source[name], self.wanted.sources[name]
        self.begin(f"rows of {name}", f"source.{name}")
        found = load_rows(self.artifacts, given, table, self.config.zone_of(name))
        raw = pl.concat(found.frames)
        newest = found.order.head(max(SAMPLE_ROWS, self.wanted.rows))
        if is_sample:
            which = "first" if given.schema is None else "newest"
            self.sample_text = f"the {which} {len(newest):,} of {raw.height:,} rows of {name} ({given.label})"
            left_out = f"{found.n_left_out:,} older files are left out"
            self.show("rows", raw[newest], notes=[left_out] if found.n_left_out else [])
        rows = raw
        if table.with_columns is not None:
            self.begin(f"with_columns: {table.with_columns}", f"source.{name}.with_columns", table.with_columns)
            expressions = self.expressions(table.with_columns, raw.columns)
            made = [apply(one, expressions, table.with_columns) for one in found.frames]
            rows = pl.concat(made, how="diagonal_relaxed")
            if is_sample:
                self.show("with_columns", rows[newest], raw[newest], self._overwritten(raw, expressions, given))
        self._sources[name] = _Source(rows, rows[newest])
        return self._sources[name]

    def _overwritten(self, raw: pl.DataFrame, expressions: Sequence[pl.Expr], given: SourceRows) -> list[str]:
        made = {one.meta.output_name() for one in expressions}
        names = ", ".join(f"`{name}`" for name in raw.columns if name in made)
        if not names or given.schema is None:
            return []
        return [f"{names}: only what the function made of it at intake is kept, so it ran on that"]

    def checks(self, name: str, sample: pl.DataFrame) -> None:
        """The owner's checks of a source: true where a row passes."""
        function = self.config.source[name].checks
        if function is None:
            return
        self.begin(f"checks: {function}", f"source.{name}.checks", function)
        found = self.expressions(function, sample.columns)
        check_rows(sample, found, function)
        passed = sample.with_columns(one.cast(pl.Boolean).fill_null(True) for one in found)
        passed = passed.select(one.meta.output_name() for one in found)
        notes = [f"{n:,} rows fail `{one.name}`" for one in passed.iter_columns() if (n := int((~one).sum()))]
        self.show("checks", passed, notes=notes)

    # -- features -----------------------------------------------------------------------------------------------------

    def view(self, name: str, sample: pl.DataFrame) -> None:
        """A view's function, its features at the moment of each sampled row, their transforms."""
        view, table = self.config.feature_view[name], self.config.source[self.config.feature_view[name].source]
        if view.function is not None:
            self.begin(f"function: {view.function}", f"feature_view.{name}.function", view.function)
            before, sample = sample, self._with_function(view, sample)
            self.show("function", sample, before)
        at = view.timestamp or table.timestamp
        features = self.joined(name, view, sample, at)
        for feature, steps in view_transforms(self.config, name).items():
            self.transforms(features, feature, steps, f"feature_view.{name}.transform.{feature}")

    def _with_function(self, view: FeatureViewTable, frame: pl.DataFrame) -> pl.DataFrame:
        assert view.function is not None  # noqa: S101 - for mypy
        why = "a view's function takes each row by itself; aggregates are declared in the view"
        expressions = self.expressions(view.function, frame.columns)
        return frame.with_columns(row_by_row(frame, expressions, view.function, why).get_columns())

    def joined(self, name: str, view: FeatureViewTable, sample: pl.DataFrame, at: str | None) -> pl.DataFrame:
        """The features of a view as they were known at the moment of each sampled row; shown."""
        table, key = self.config.source[view.source], f"feature_view.{name}.features"
        rows = self.source(view.source).rows
        moment = view.timestamp or table.timestamp
        self.begin(f"features of {name}", key if view.features else f"feature_view.{name}.aggregate", view.function)
        if at is None or moment is None:
            raise InvalidInput(f"view `{name}` has no time to look its features up at", "declare a `timestamp`")
        if missing := [one for one in view.entity if one not in sample.columns]:
            message = f"view `{name}` needs `{missing[0]}`, which the rows do not have"
            raise InvalidInput(message, nearest(missing[0], sample.columns))
        keyed = sample.select(*view.entity, instants(sample, at).alias(_AT))
        past = _of_entities(_standing(rows, table), keyed, view.entity)
        past = past if view.function is None else self._with_function(view, past)
        index = build_index(past, view, moment, key=table.key, created_timestamp=table.created_timestamp)
        features = join_view(keyed, _AT, index, view).select(feature_names(view))
        shown = keyed.rename({_AT: at if at not in keyed.columns and at not in features.columns else "as of"})
        shown = shown.drop(one for one in shown.columns if one in features.columns)
        self.show("features", pl.DataFrame([*shown.get_columns(), *features.get_columns()]), shown)
        return features

    def on_demand(self, name: str, sample: pl.DataFrame) -> pl.DataFrame:
        """What an on-demand group computes of each sampled row; shown beside its inputs."""
        table = self.config.on_demand[name]
        self.begin(f"on_demand {name}: {table.function}", f"on_demand.{name}.inputs", table.function)
        asked = request_values(sample, table.inputs)
        self.where = self.where._replace(key=f"on_demand.{name}.function")
        made = computed(sample, table.inputs, self.expressions(table.function, table.inputs), table.function)
        found = plain_values(made, made.columns, f"`{table.function}`")
        self.show("on_demand", asked.with_columns(found.get_columns()), asked)
        return found

    def model(self, name: str, sample: pl.DataFrame) -> None:
        """Every feature of a model, and its transforms."""
        self.begin(f"features of model {name}", f"model.{name}.features")
        types = {one: type_name(dtype) for one, dtype in sample.schema.items()}
        known = {one: DType(type) for one, type in types.items() if type in set(DType)}
        plan = plan_features(self.config, name, known)
        columns = [column for group in plan.groups for column in self.group(group, sample, plan.timestamp)]
        if named := [group.name for group in plan.groups if group.kind == "column"]:
            self.begin("columns", f"model.{name}.features")
            self.show("columns", sample.select(named))
        self.begin(f"features of model {name}", f"model.{name}.features")
        features = pl.DataFrame(columns)
        chains = chosen_transforms(self.config, name, plan.groups)
        fitted_on, supervision = self.supervision(name, sample, chains.values()) if chains else (None, None)
        for feature, steps in chains.items():
            key = f"model.{name}.transform.{feature}"
            self.transforms(features, feature, steps, key, fitted_on, supervision)

    def group(self, group: Group, sample: pl.DataFrame, at: str | None) -> list[pl.Series]:
        """The features of one group of a model."""
        if group.kind == "view":
            return self.joined(group.name, chosen_view(self.config, group), sample, at).get_columns()
        if group.kind == "on_demand":
            return self.on_demand(group.name, sample).get_columns()
        return request_values(sample, [group.name]).get_columns()

    def supervision(
        self, model: str, sample: pl.DataFrame, chains: Collection[Sequence[Transform]]
    ) -> tuple[pl.Series | None, Supervision | None]:
        """Which sampled rows have their target, and these targets where a transform learns from them."""
        table = self.config.model[model]
        target = plain_values(sample, [table.target], f"target `{table.target}`").to_series()
        known = target.is_not_null()
        if not known.any():
            return None, None
        if not any(isinstance(step, TargetEncode) for steps in chains for step in steps):
            return known, None
        labelled = sample.filter(known)
        labelled = labelled.with_columns(__row=pl.Series(row_hashes(labelled, self.config.source[table.source].key)))
        task = Task(table.task) if table.task else infer_task(target)
        classes = target.drop_nulls().unique().sort().to_list()
        y = encode_target(target.filter(known), classes, task)
        return known, supervise(labelled, y, task, classes, table.seed)

    def transforms(
        self,
        features: pl.DataFrame,
        feature: str,
        steps: Sequence[Transform],
        key: str,
        fit_on: pl.Series | None = None,
        supervision: Supervision | None = None,
    ) -> None:
        """What each transform makes of a feature, fitted on the sample; those that need a target only with one."""
        notes = ["fitted on the sample, not on a training split"]
        self.begin(f"transform of {feature}", key)
        learning = [number for number, step in enumerate(steps) if isinstance(step, TargetEncode)]
        if learning and supervision is None:
            steps = steps[: learning[0]]
            notes.append("`target_encode` learns from a target: preview the model to see it")
        if feature not in features.columns:
            raise InvalidInput(f"`{feature}` has transforms and is none of the features", "correct the name")
        chain = Chain(feature, tuple(steps))
        made = stages(features, chain, fit_on=fit_on, supervision=supervision, n_first=self.wanted.rows)
        seconds = (time.perf_counter() - self._since) / max(len(steps), 1)
        for before, stage, step in zip(made, made[1:], steps, strict=False):
            shown = PreviewStep(
                kind="transform",
                title=f"transform of {feature}: {stage.number} {do_of(step)}",
                n_rows=features.height,
                n_before=len(before.columns),
                columns=stage_columns(stage, before),
                removed=tuple(one.name for one in before.columns if one.name not in {o.name for o in stage.columns}),
                notes=tuple(notes),
                seconds=seconds,
            )
            self.steps.append(shown)


def _standing(rows: pl.DataFrame, table: SourceTable) -> pl.DataFrame:
    """One row per key, or all revisions of each, as views read them."""
    if table.created_timestamp is None:
        return deduplicate([rows], table.key)[0]
    return rows.unique(maintain_order=True) if table.key else rows


def _of_entities(rows: pl.DataFrame, keyed: pl.DataFrame, entity: Sequence[str]) -> pl.DataFrame:
    """The rows of the sampled entities; all of them where that cannot be told."""
    if any(rows.schema.get(name) != keyed.schema[name] for name in entity):
        return rows
    return rows.join(keyed.select(entity).unique(), on=list(entity), how="semi", maintain_order="left")
