"""Transforms as they are declared: every mistake that can be seen without data is named with its line."""

import re
from pathlib import Path

import pytest

from mllab.config import parse_config
from mllab.config.transforms import Impute, OneHot, Scale, TargetEncode, Transform
from mllab.errors import InvalidInput

ROOT = Path(__file__).parent.parent.parent
DEMO = (ROOT / "sample_data" / "mllab.toml").read_text()


def with_steps(feature: str, steps: str, where: str = "feature_view.weather") -> str:
    return f"{DEMO}\n[{where}.transform]\n{feature} = {steps}\n"


def test_steps_are_read_in_order_with_their_parameters() -> None:
    text = with_steps("temp", '[{ do = "impute", with = "median" }, { do = "scale", by = "robust" }]')
    text += '[model.late_arrival.transform]\ncarrier = [{ do = "target_encode", smoothing = 5 }]\ntemp = [{ do = "scale" }]\n'
    config = parse_config(text)
    assert config.feature_view["weather"].transform == {"temp": (Impute(with_="median"), Scale(by="robust"))}
    assert config.model["late_arrival"].transform == {"carrier": (TargetEncode(smoothing=5.0),), "temp": (Scale(),)}


def test_inline_steps_of_a_model_are_read_too() -> None:
    text = DEMO.replace(
        'metric = "log_loss"', 'metric = "log_loss"\ntransform.carrier = [{ do = "one_hot", top = 3 }]', 1
    )
    assert parse_config(text).model["late_arrival"].transform == {"carrier": (OneHot(top=3),)}


def refused(text: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parse_config(text)
    return caught.value


LINE = DEMO.count("\n") + 3


@pytest.mark.parametrize(
    ("steps", "message", "hint"),
    [
        (
            '[{ do = "impte" }]',
            "unknown `do = 'impte'` in `feature_view.weather.transform.temp`",
            "did you mean `impute`?",
        ),
        ('[{ do = "zzz" }]', "unknown `do = 'zzz'`", "valid names: `bin`, `clip`"),
        ("[{ do = [] }]", "unknown `do = []`", "valid names"),
        ("[{ do = 3 }]", "unknown `do = 3`", "valid names"),
        ('[{ with = "mean" }]', "a step without `do`", "`impute`"),
        ('[{ do = "impute", wth = "mean" }]', "unknown key `wth`", "did you mean `with`?"),
        ('[{ do = "impute" }]', "missing required field `with`", ""),
        ('[{ do = "impute", with = "meen" }]', "`feature_view.weather.transform.temp.with`: invalid enum value", ""),
        ('[{ do = "bin", bins = 1 }]', "`feature_view.weather.transform.temp.bins`: expected `int` >= 2", ""),
        ('{ do = "scale" }', "expected `array`", ""),
        ('["scale"]', "expected `object`", ""),
        ('[{ do = "impute", with = "constant" }]', 'step 1 (`impute`): `with = "constant"` needs `value`', "value = 0"),
        ('[{ do = "impute", with = "mean", value = 0 }]', "`value` means nothing", "constant"),
        ('[{ do = "impute", with = "constant", value = nan }]', "`value` cannot be nan", "finite"),
        ('[{ do = "clip" }]', "it has no bound", "`low`"),
        ('[{ do = "clip", low = inf }]', "`low` cannot be inf", "finite"),
        ('[{ do = "clip", low = 3, high = 2 }]', "`low` 3.0 is above `high` 2.0", "swap"),
        ('[{ do = "clip", low = 1, high = 99, as = "quantile" }]', "shares from 0 to 1", "0.01"),
        ('[{ do = "bin", edges = [1, 2] }]', "go together", "edges"),
        ('[{ do = "bin", by = "edges" }]', "go together", "edges"),
        ('[{ do = "bin", by = "edges", edges = [2, 1] }]', "do not ascend", "least"),
        ('[{ do = "bin" }, { do = "ordinal", order = [1, 1] }]', "step 2 (`ordinal`): `order` holds 1 twice", "once"),
        ('[{ do = "bin" }, { do = "ordinal", order = [] }]', "`order` is empty", "leave"),
        ('[{ do = "date_parts", parts = ["hour", "hour"] }]', "names a part twice", "weekday"),
        ('[{ do = "date_parts", parts = ["hour"], timezone = "Nowhere/X" }]', "no time zone", "Europe/Berlin"),
        (
            '[{ do = "scale" }, { do = "one_hot" }]',
            "step 2 (`one_hot`) takes text, whole numbers or truth values",
            "`bin`",
        ),
        ('[{ do = "hash" }, { do = "text_length" }]', "takes text, step 1 (`hash`) gives none", "before"),
        ('[{ do = "bin" }, { do = "date_parts", parts = ["day"] }]', "takes dates", "comes first"),
    ],
)
def test_a_mistake_in_a_step_is_named_with_its_line_and_what_to_do(steps: str, message: str, hint: str) -> None:
    error = refused(with_steps("temp", steps))
    assert f"mllab.toml line {LINE}" in error.message and message in error.message
    assert hint in error.hint


def test_steps_belong_to_features_that_there_are() -> None:
    error = refused(with_steps("tmp", '[{ do = "scale" }]'))
    assert "no feature of view `weather` is called `tmp`" in error.message and "`temp`" in error.hint
    plain = DEMO.replace('"calendar", "carrier"', '"carrier"')
    text = f'{plain}\n[model.late_arrival.transform]\ncarier = [{{ do = "one_hot" }}]\n'
    assert "no feature of model `late_arrival` is called `carier`" in refused(text).message
    parse_config(text.replace("carier", "late_share_6h").replace("one_hot", "scale"))


def test_what_an_on_demand_function_computes_is_not_known_without_data() -> None:
    parse_config(with_steps("hour", '[{ do = "scale" }]', "model.late_arrival"))


def test_every_transform_and_every_parameter_is_documented() -> None:
    text = (ROOT / "docs" / "transforms.md").read_text()
    for step in Transform.__args__:
        tag = step.__struct_config__.tag
        section = re.search(rf"### `{tag}`\n(.*?)(?=\n##|\Z)", text, re.DOTALL)
        assert section, tag
        missing = [name for name in step.__struct_encode_fields__ if f"`{name}" not in section[1]]
        assert not missing, (tag, missing)


def test_examples_of_the_docs_are_valid() -> None:
    text = (ROOT / "docs" / "transforms.md").read_text()
    examples = re.findall(r"^(\w+ = \[\{ do = .*\])$", text, re.MULTILINE)
    assert len(examples) >= 10
    for example in examples:
        parse_config(f'[source.s]\n[model.m]\nsource = "s"\ntarget = "t"\n[model.m.transform]\n{example}\n')
