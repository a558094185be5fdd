"""Names that must be declared elsewhere, and combinations of values that mean nothing."""

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mllab.config.locate import place
from mllab.config.tables import (
    FeatureViewTable,
    FieldTable,
    LabConfig,
    LineageTable,
    ModelTable,
    SourceTable,
    SplitTable,
    TriggerTable,
)
from mllab.config.transforms import Chains, DateParts, chain_problem
from mllab.config.words import duration, nearest
from mllab.errors import InvalidInput


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


class Check:
    """Names that must be declared elsewhere, and combinations that mean nothing."""

    def __init__(self, config: LabConfig, text: str, where: str) -> None:
        self.config, self.text, self.where = config, text, where

    def fail(self, path: str, message: str, hint: str) -> NoReturn:
        """Refuse, naming the line of a dotted key."""
        raise InvalidInput(f"{place(self.text, path, self.where)}: {message}", hint)

    def known(self, path: str, name: str, valid: list[str], what: str) -> None:
        """Refuse a name that is not declared."""
        if name not in valid:
            self.fail(path, f"no {what} is called `{name}`", nearest(name, valid))

    def lasts(self, path: str, text: str | None) -> None:
        """Refuse a text that is no duration."""
        if text is not None:
            try:
                duration(text)
            except InvalidInput as error:
                self.fail(path, error.message, error.hint)

    def zone(self, path: str, name: str | None) -> None:
        """Refuse a name that is no time zone."""
        if name is not None:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError):
                self.fail(path, f"no time zone is called `{name}`", "use a name such as Europe/Berlin or UTC")

    def run(self) -> None:
        """Check everything; the first problem is raised."""
        config = self.config
        if not config.source and not config.lab.tracking_only:
            hint = "declare at least one [source.NAME], or `tracking_only = true` in [lab] for runs alone"
            raise InvalidInput(f"{self.where} declares no source", hint)
        self.zone("lab.timezone", config.lab.timezone)
        self.names()
        for name, source in config.source.items():
            self.source(name, source)
        for name, view in config.feature_view.items():
            self.view(name, view)
        for name, service in config.feature_service.items():
            self.references(f"feature_service.{name}.features", service.features)
        for name, model in config.model.items():
            self.model(name, model)
        for name, trigger in config.trigger.items():
            self.trigger(name, trigger)
        if config.serving.default is not None:
            self.known("serving.default", config.serving.default, list(config.model), "model")
        self.lineage(config.lineage)

    def lineage(self, table: LineageTable) -> None:
        """Check `[lineage]`."""
        parts = PurePosixPath("-" if table.file is None else table.file).parts
        is_bad = not parts or ".." in parts or parts[0] in ("/", ".mllab", "inbox")
        if table.file is not None and (is_bad or not table.file.endswith((".jsonl", ".ndjson"))):
            hint = 'name a file in the lab\'s folder that ends so: "outbox/openlineage.jsonl"'
            self.fail("lineage.file", f"`{table.file}` cannot be written to", hint)
        if table.url is not None and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", table.url):
            hint = "for example http://localhost:5000/api/v1/lineage"
            self.fail("lineage.url", f"`{table.url}` is no http or https URL", hint)

    def names(self) -> None:
        """Refuse names that could not stand in a path or a command line."""
        for kind in ("source", "entity", "feature_view", "on_demand", "feature_service", "model", "trigger"):
            for name in getattr(self.config, kind):
                if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,99}", name):
                    hint = "letters, digits, _ and -, at most 100"
                    self.fail(f"{kind}.{name}", f"`{name}` cannot name a {kind}", hint)

    def source(self, name: str, source: SourceTable) -> None:
        """Check one `[source.NAME]`."""
        self.zone(f"source.{name}.timezone", source.timezone)
        self.lasts(f"source.{name}.freshness", source.freshness)
        if source.freshness and not source.timestamp:
            self.fail(f"source.{name}.freshness", "freshness is the age of the newest row", "declare a `timestamp`")
        if len(source.delimiter) != 1 or len(source.quote) != 1:
            self.fail(f"source.{name}.delimiter", "delimiter and quote are one character each", 'for example "\\t"')
        for column, field in source.fields.items():
            self.field(f"source.{name}.fields.{column}", column, field, source)

    def field(self, path: str, column: str, field: FieldTable, source: SourceTable) -> None:
        """Check one entry of `[source.NAME.fields]`."""
        must = {*source.key, source.timestamp, source.created_timestamp}
        if field.on_bad == "null" and (column in must or field.nullable is False):
            reason = f"`{column}` must not be missing, so its bad cells cannot be made so"
            self.fail(path, reason, 'take `on_bad = "null"` out: such a row is left out')
        bounds = [one for one in field.range or () if one not in (None, "")]
        for bound in bounds:
            if isinstance(bound, str) and not _is_time(bound):
                self.fail(
                    path, f"`{bound}` is no day and no time", 'for example "2024-05-06" or "2024-05-06T07:08:09Z"'
                )
        if len(bounds) == 2 and (isinstance(bounds[0], str) != isinstance(bounds[1], str)):
            self.fail(path, f"the range of `{column}` mixes numbers and times", "give two numbers or two times")

    def view(self, name: str, view: FeatureViewTable) -> None:
        """Check one `[feature_view.NAME]`."""
        path = f"feature_view.{name}"
        self.known(f"{path}.source", view.source, list(self.config.source), "source")
        self.lasts(f"{path}.ttl", view.ttl)
        if not view.features and not view.aggregate:
            self.fail(path, f"view `{name}` has no feature", "name columns in `features`, or declare an `aggregate`")
        for feature, aggregate in view.aggregate.items():
            self.lasts(f"{path}.aggregate.{feature}", aggregate.window)
            if aggregate.of is None and aggregate.by != "count":
                hint = "name the column to aggregate"
                self.fail(f"{path}.aggregate.{feature}", f"`{aggregate.by}` needs `of`", hint)
        if not view.timestamp and not self.config.source[view.source].timestamp:
            self.fail(path, f"view `{name}` has no timestamp", "name the column that says when its values became known")
        self.transforms(path, view.transform, [*view.features, *view.aggregate], f"feature of view `{name}`")

    def transforms(self, path: str, chains: Chains, features: list[str] | None, what: str) -> None:
        """Check the `transform` of a view or model; features None: which there are is not known without data."""
        for feature, steps in chains.items():
            here = f"{path}.transform.{feature}"
            if features is not None:
                self.known(here, feature, features, what)
            if found := chain_problem(steps):
                self.fail(here, f"`{feature}`, {found[0]}", found[1])
            for step in steps:
                if isinstance(step, DateParts):
                    self.zone(here, step.timezone)

    def features_of(self, model: ModelTable) -> list[str] | None:
        """The names of a model's features; None where an on-demand function or the columns of a file give them."""
        found: list[str] = []
        services = self.config.feature_service
        for name in [one for it in model.features for one in (services[it].features if it in services else (it,))]:
            if name in self.config.on_demand:
                return None
            view, colon, feature = name.partition(":")
            table = self.config.feature_view.get(view)
            found += [name] if table is None else [feature] if colon else [*table.features, *table.aggregate]
        return found or None

    def references(self, path: str, names: tuple[str, ...]) -> None:
        """Refuse a `view:feature` whose view is declared and has no such feature; other colons belong to columns."""
        for one in names:
            view, colon, feature = one.partition(":")
            if colon and view in self.config.feature_view:
                table = self.config.feature_view[view]
                self.known(path, feature, [*table.features, *table.aggregate], f"feature of view `{view}`")

    def model(self, name: str, model: ModelTable) -> None:
        """Check one `[model.NAME]`."""
        path = f"model.{name}"
        self.references(f"{path}.features", model.features)
        self.known(f"{path}.source", model.source, list(self.config.source), "source")
        self.lasts(f"{path}.label_within", model.label_within)
        self.transforms(path, model.transform, self.features_of(model), f"feature of model `{name}`")
        if model.target in model.features:
            self.fail(f"{path}.features", f"`{model.target}` is the target and cannot be a feature", "take it out")
        for gate in model.gates:
            if sum(limit is not None for limit in (gate.min, gate.max, gate.no_worse_than)) != 1:
                self.fail(
                    f"{path}.gates",
                    f"the gate on `{gate.metric}` needs exactly one rule",
                    "min, max or no_worse_than",
                )
        if model.split is not None:
            self.split(name, model.source, model.split)

    def split(self, model: str, source: str, split: SplitTable) -> None:
        """Check the `split` of a model."""
        path = f"model.{model}.split"
        if split.by == "time" and not self.config.source[source].timestamp:
            self.fail(path, f"source `{source}` has no timestamp to split by", 'use by = "hash"')
        for part in (split.validation, split.test):
            if isinstance(part, str) and split.by == "hash":
                self.fail(path, "a split by hash takes shares", "for example validation = 0.15")
            elif isinstance(part, str):
                self.lasts(path, part)
            elif not 0 < part < 0.5:
                self.fail(path, f"a share of {part} is not between 0 and 0.5", "for example 0.15")

    def trigger(self, name: str, trigger: TriggerTable) -> None:
        """Check one `[trigger.NAME]`."""
        path, on = f"trigger.{name}", trigger.on
        if sum(one is not None for one in (on.data, on.cron, on.every, on.alert)) != 1:
            self.fail(f"{path}.on", f"trigger `{name}` needs exactly one cause", "data, cron, every or alert")
        self.lasts(f"{path}.on", on.every)
        if on.data is not None:
            self.known(f"{path}.on", on.data, list(self.config.source), "source")
        if on.alert is not None:
            self.known(f"{path}.on", on.alert, list(self.config.model), "model")
        if trigger.model is not None:
            self.known(f"{path}.model", trigger.model, list(self.config.model), "model")
        if trigger.at_most is not None and not re.fullmatch(r"[1-9]\d* per (hour|day|week)", trigger.at_most):
            self.fail(f"{path}.at_most", f"`{trigger.at_most}` is not a budget", 'for example "1 per day"')
