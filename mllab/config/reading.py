"""From the text of `mllab.toml` to a checked declaration."""

import tomllib
from typing import Any, get_args, get_origin

import msgspec

from mllab.config.check import Check
from mllab.config.locate import explain, line_of, place, refuse_unknown_keys
from mllab.config.tables import FeatureViewTable, LabConfig
from mllab.errors import InvalidInput


def parse_config(text: str, where: str = "mllab.toml") -> LabConfig:
    """A checked declaration from its TOML text.

    Args:
        text: the file's content.
        where: how to call the file in messages.

    Raises:
        InvalidInput: broken TOML, an unknown key, a wrong type, a name that is not declared.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{where} is not valid TOML: {error}", "mend that place; the rest was not read") from error
    refuse_unknown_keys(raw, LabConfig, "", text, where)
    try:
        config = msgspec.convert(raw, LabConfig)
    except msgspec.ValidationError as error:
        message, path = explain(*_culprit(raw, str(error)))
        raise InvalidInput(f"{place(text, path, where)}: {message}", "see docs/configuration.md") from error
    config = _with_join_keys(config)
    Check(config, text, where).run()
    return config


def _with_join_keys(config: LabConfig) -> LabConfig:
    """The declaration with every view's entities replaced by their join keys."""

    def keys(view: FeatureViewTable) -> tuple[str, ...]:
        named = [config.entity[one].join_keys if one in config.entity else (one,) for one in view.entity]
        return tuple(dict.fromkeys(key for one in named for key in one))

    views = {name: msgspec.structs.replace(view, entity=keys(view)) for name, view in config.feature_view.items()}
    return msgspec.structs.replace(config, feature_view=views)


def origins(config: LabConfig, text: str) -> list[tuple[str, Any, str]]:
    """Every value in force as (dotted key, value, `line N` or `default`)."""
    raw = tomllib.loads(text)
    found: list[tuple[str, Any, str]] = []

    def walk(value: Any, given: Any, path: str) -> None:
        if isinstance(value, msgspec.Struct):
            value = {name: getattr(value, name) for name in value.__struct_fields__}
        if isinstance(value, dict) and value:
            for name, inner in value.items():
                walk(
                    inner,
                    given.get(name) if isinstance(given, dict) else None,
                    f"{path}.{name}" if path else name,
                )
        elif given is None:
            found.append((path, value, "default"))
        else:
            line = line_of(text, path)
            found.append((path, value, f"line {line}" if line else "mllab.toml"))

    walk(config, raw, "")
    return found


def _culprit(raw: Any, message: str, table: Any = LabConfig, path: str = "") -> tuple[str, str]:
    """Msgspec's message, and the dotted path of the one named table that causes it: msgspec itself says `[...]`."""
    if not isinstance(raw, dict) or not (isinstance(table, type) and issubclass(table, msgspec.Struct)):
        return message, path
    for field in msgspec.structs.fields(table):
        value = raw.get(field.encode_name)
        if get_origin(field.type) is not dict or not isinstance(value, dict):
            continue
        kind = get_args(field.type)[1]
        for name, inner in value.items():
            try:
                msgspec.convert(inner, kind)
            except msgspec.ValidationError as error:
                below = ".".join(one for one in (path, field.encode_name, name) if one)
                return _culprit(inner, str(error), kind, below)
    return message, path
