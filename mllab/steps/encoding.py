"""From the bytes of a text file to UTF-8 without a byte order mark; or why they are not what was declared."""

import codecs

from mllab.steps.tables import Refused


def to_utf8(content: bytes, encoding: str) -> bytes:
    """Recode a text as UTF-8, its byte order mark taken off.

    Raises:
        Refused: with code `encoding`; the reason names the byte, the hint the declaration that would accept it.
    """
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise Refused("encoding", f"no encoding is called `{encoding}`", 'for example `encoding = "utf-8"`') from None
    guessed = guess_utf16(content)
    wide = name.startswith("utf-16")
    if guessed and not wide:
        raise Refused("encoding", f"the text is UTF-16, but {encoding} is declared", _add(guessed), 1)
    if wide and not guessed:
        raise Refused("encoding", f"{encoding} is declared, but the text is not UTF-16", _add("utf-8"), 1)
    if wide and (name == "utf-16" or guessed == "utf-16"):
        name = guessed
    if name == "utf-8" and content.isascii():
        return content
    try:
        text = content.decode(name)
    except UnicodeDecodeError as error:
        raise _undecodable(content, encoding, error) from None
    except LookupError:
        raise Refused("encoding", f"`{encoding}` does not encode text", 'for example `encoding = "utf-8"`') from None
    if name == "utf-8":
        return content.removeprefix(codecs.BOM_UTF8)
    try:
        return text.removeprefix("\ufeff").encode()
    except UnicodeEncodeError as error:
        reason = f"character {error.start:,} is half of a surrogate pair"
        raise Refused("encoding", reason, "write the file again as UTF-8") from None


def guess_utf16(content: bytes) -> str:
    """`utf-16` or `utf-16-be` where a text is that, by its mark or by the zero bytes of its ASCII; else empty."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = content[:4096]
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[::2], head[1::2]
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return ""


def guess_encoding(content: bytes) -> str:
    """The encoding a text most likely has: `utf-8` wherever it can be that, else UTF-16, else a one-byte one."""
    if guessed := guess_utf16(content):
        return guessed
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if _is_cut(content, error) else guess_one_byte(content)
    return "utf-8"


def guess_one_byte(content: bytes) -> str:
    """`cp1252` where bytes 0x80-0x9f stand for its letters and quotes, else `latin-1`."""
    if any(0x80 <= byte <= 0x9F for byte in set(content)):
        try:
            content.decode("cp1252")
        except UnicodeDecodeError:
            return "latin-1"
        return "cp1252"
    return "latin-1"


def line_at(content: bytes, offset: int) -> int:
    """1-based line of a byte."""
    return content.count(b"\n", 0, offset) + 1


def _undecodable(content: bytes, encoding: str, error: UnicodeDecodeError) -> Refused:
    where = f"at byte {error.start:,}"
    line = line_at(content, error.start)
    if _is_cut(content, error):
        hint = f"send the whole file again; or, if it is whole, {_add(guess_one_byte(content))}"
        return Refused("encoding", f"the text ends inside a character {where}", hint, line)
    bad = content[error.start]
    reason = f"byte 0x{bad:02x} {where} is not {encoding}"
    known = codecs.lookup(encoding).name
    if known == "utf-8":
        return Refused("encoding", reason, _add(guess_one_byte(content)), line)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return Refused("encoding", reason, "write the file again as UTF-8", line)
    return Refused("encoding", reason, _add("utf-8"), line)


def _is_cut(content: bytes, error: UnicodeDecodeError) -> bool:
    return error.end >= len(content) and ("end of data" in error.reason or "truncated" in error.reason)


def _add(encoding: str) -> str:
    return f'add `encoding = "{encoding}"` to its [source] table'
