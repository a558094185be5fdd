"""Strict JSON in, JSON out: what is not JSON is malformed, what is JSON of another shape does not fit."""

import re
from typing import Any, TypeVar

import msgspec

from mllab.errors import InvalidInput
from mllab.faces.server.errors import HttpError

T = TypeVar("T")

_PLACE = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>[^\]]*)\]")


def read(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    """Decode a body into the decoder's type.

    Raises:
        HttpError: it is not JSON by RFC 8259, or nested or numbered beyond what can be held.
        InvalidInput: it is JSON of another shape; the place is named.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        _must_be_json(body)
        raise _unfit(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _malformed(error) from error


def read_object(body: bytes) -> dict[str, Any]:
    """Decode a body that must be an object with whatever is in it; raises as `read`."""
    return read(body, _ANY_OBJECT)


_ANY_OBJECT: "msgspec.json.Decoder[dict[str, Any]]" = msgspec.json.Decoder(dict[str, Any])


def _must_be_json(body: bytes) -> None:
    """A wrong type is reported before the text behind it has been read: see whether that is JSON at all."""
    try:
        msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise _malformed(error) from error


def _malformed(error: Exception) -> HttpError:
    match error:
        case RecursionError():
            what = "it is nested too deeply"
        case UnicodeDecodeError():
            what = "it is not valid UTF-8"
        case _:
            what = str(error)
    return HttpError("malformed", f"the body cannot be read as JSON: {what}", "send one JSON object in UTF-8")


def _unfit(text: str) -> InvalidInput:
    """Msgspec's sentence with its place as a JSON pointer."""
    found = _PLACE.search(text)
    pointer = _pointer(found["path"]) if found else ""
    what = text[: found.start()] if found else text
    return InvalidInput("the body does not have the expected form", "", [(pointer, "form", what)])


def _pointer(path: str) -> str:
    """`.rows[0]` as `/rows/0`; msgspec writes `[...]` where it does not know the key."""
    steps = [step["name"] or step["index"] for step in _STEP.finditer(path)]
    known = steps[: steps.index("...")] if "..." in steps else steps
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in known)
