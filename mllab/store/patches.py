"""Patches in git's own form: what `git apply` takes, written and applied without git.

Every section names the whole hash of the content before and after it, so that applying one proves what came out. Names
are quoted wherever a byte of them could be misread. Text is a unified diff; anything else is a literal binary patch.
"""

import base64
import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from dulwich.patch import FilePatch, apply_patch_hunks, git_base85_decode, parse_unified_diff

from mllab.errors import InvalidInput
from mllab.store.line_changes import changed_blocks

_CONTEXT = 3
"""Unchanged lines shown before and after a change."""
_MOST_BYTES = 64_000_000
"""What one section of a patch may unpack to."""
_LINE_BYTES = 52
"""Content in a line of a binary patch."""
_PLAIN = re.compile(rb"[!#-\[\]-~]+")
_INDEX = re.compile(rb"^index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})(?: [0-7]+)?$", re.MULTILINE)
_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_HINT = "it belongs to another commit, or was damaged; see the run's commit"


class Side(NamedTuple):
    """A file before or after a change."""

    mode: int
    """As git keeps it: 0o100644, 0o100755 or 0o120000."""
    sha: bytes
    """Hex hash of the blob."""
    content: bytes


def quoted(path: bytes) -> str:
    """A path as git writes it: as it is where it is plain ASCII without spaces, else quoted with escapes."""
    if _PLAIN.fullmatch(path):
        return path.decode("ascii")
    shown = (
        "\\" + _ESCAPES[byte] if byte in _ESCAPES else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in path
    )
    return f'"{"".join(shown)}"'


def misfit(path: bytes) -> InvalidInput:
    """What to raise where a section says something else of a file than is there."""
    return InvalidInput(f"the patch does not fit the commit at {quoted(path)}", _HINT)


def is_text(content: bytes) -> bool:
    """Whether lines of it can be shown."""
    return b"\0" not in content


# -- writing ---------------------------------------------------------------------------------------------------------


def file_patch(path: bytes, old: Side | None, new: Side | None) -> bytes:
    """The section of one file; for a file that becomes a link, or the other way, two."""
    if old is not None and new is not None and (old.mode ^ new.mode) & 0o170000:
        return file_patch(path, old, None) + file_patch(path, None, new)
    known = old or new
    if known is None:
        return b""
    if old is None or new is None or old.sha != new.sha:
        content = _index_line(old, new, known) + _content_part(path, old, new)
    else:
        content = b""
    return _header(path, old, new) + content


def _header(path: bytes, old: Side | None, new: Side | None) -> bytes:
    lines = [f"diff --git {_name(b'a/', path)} {_name(b'b/', path)}"]
    if old is None and new is not None:
        lines.append(f"new file mode {new.mode:o}")
    elif new is None and old is not None:
        lines.append(f"deleted file mode {old.mode:o}")
    elif old is not None and new is not None and old.mode != new.mode:
        lines += [f"old mode {old.mode:o}", f"new mode {new.mode:o}"]
    return "".join(f"{line}\n" for line in lines).encode()


def _name(prefix: bytes, path: bytes) -> str:
    return quoted(prefix + path)


def _index_line(old: Side | None, new: Side | None, known: Side) -> bytes:
    nothing = b"0" * len(known.sha)
    mode = b" %o" % new.mode if old is not None and new is not None and old.mode == new.mode else b""
    return b"index %s..%s%s\n" % (old.sha if old else nothing, new.sha if new else nothing, mode)


def _content_part(path: bytes, old: Side | None, new: Side | None) -> bytes:
    before, after = old.content if old else b"", new.content if new else b""
    if not (is_text(before) and is_text(after)):
        return _literal(after)
    hunks = b"".join(_hunks(_lines(before), _lines(after)))
    if not hunks:
        return b""  # an empty file comes or goes
    names = (_name(b"a/", path) if old else "/dev/null", _name(b"b/", path) if new else "/dev/null")
    return "--- {}\n+++ {}\n".format(*names).encode() + hunks


def deletion(path: bytes, old: Side) -> bytes:
    """The section that removes a file whose content need not be shown: `old.content` is not looked at."""
    return _header(path, old, None) + _index_line(old, None, old) + _literal(b"")


def replacement(path: bytes, old: Side, new: Side) -> bytes:
    """The section that replaces a file whose content need not be shown: `old.content` is not looked at."""
    if (old.mode ^ new.mode) & 0o170000:
        return deletion(path, old) + file_patch(path, None, new)
    content = b"" if old.sha == new.sha else _index_line(old, new, old) + _literal(new.content)
    return _header(path, old, new) + content


def _literal(content: bytes) -> bytes:
    packed = zlib.compress(content)
    lines = [b"GIT binary patch\nliteral %d\n" % len(content)]
    for start in range(0, len(packed), _LINE_BYTES):
        part = packed[start : start + _LINE_BYTES]
        length = len(part) + (64 if len(part) <= 26 else 70)  # A..Z for 1..26, a..z for 27..52
        lines.append(bytes([length]) + base64.b85encode(part, pad=True) + b"\n")
    return b"".join(lines) + b"\n"


def _lines(content: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in content.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _hunks(a: list[bytes], b: list[bytes]) -> Iterator[bytes]:
    group: list[tuple[int, int, int, int]] = []
    for block in changed_blocks(a, b):
        if group and block[0] - group[-1][1] > 2 * _CONTEXT:
            yield _hunk(a, b, group)
            group = []
        group.append(block)
    if group:
        yield _hunk(a, b, group)


def _hunk(a: list[bytes], b: list[bytes], group: list[tuple[int, int, int, int]]) -> bytes:
    before, after = min(_CONTEXT, group[0][0]), min(_CONTEXT, len(a) - group[-1][1])
    i, j = group[0][0] - before, group[0][2] - before
    end_i, end_j = group[-1][1] + after, group[-1][3] + after
    said = [b"@@ -%s +%s @@\n" % (_range(i, end_i), _range(j, end_j))]
    for i1, i2, j1, j2 in group:
        said += [_line(b" ", line) for line in a[i:i1]]
        said += [_line(b"-", line) for line in a[i1:i2]]
        said += [_line(b"+", line) for line in b[j1:j2]]
        i = i2
    said += [_line(b" ", line) for line in a[i:end_i]]
    return b"".join(said)


def _range(start: int, stop: int) -> bytes:
    return b"%d,%d" % (start if stop == start else start + 1, stop - start)


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n\\ No newline at end of file\n"


# -- applying --------------------------------------------------------------------------------------------------------


class Change(NamedTuple):
    """One section of a patch."""

    path: bytes
    old: tuple[int | None, bytes | None] | None
    """Mode and hash before, where the section names them; None for a new file."""
    new: tuple[int | None, bytes | None] | None
    """The same after; None for a file that goes."""
    apply: Callable[[bytes], bytes]
    """Content before to content after."""


def changes(patch: bytes) -> Iterator[Change]:
    """The sections of a patch, in order.

    Raises:
        InvalidInput: it is none, or has what `file_patch` does not write, such as renames.
    """
    for section in re.split(rb"^(?=diff --git )", patch, flags=re.MULTILINE):
        if section.startswith(b"diff --git "):
            yield _change(section)
        elif section.strip():
            raise InvalidInput("this is no patch of git", _HINT)


def _change(section: bytes) -> Change:
    try:
        (parsed,) = parse_unified_diff(section)
    except (ValueError, IndexError) as error:
        raise InvalidInput(f"the patch cannot be read: {error}", _HINT) from error
    paths = {path.partition(b"/")[2] for path in (parsed.old_path, parsed.new_path) if path is not None}
    if len(paths) != 1 or parsed.rename_from is not None or parsed.copy_from is not None:
        raise InvalidInput("the patch names a file in a way that is not understood", _HINT)
    path = paths.pop()
    header = re.split(rb"^(?:--- |GIT binary patch)", section, maxsplit=1, flags=re.MULTILINE)[0]
    found = _INDEX.search(header)
    before, after = found.groups() if found else (None, None)
    return Change(
        path,
        None if parsed.old_path is None else (parsed.old_mode, before),
        None if parsed.new_path is None else (parsed.new_mode, after),
        lambda content: _applied(path, parsed, section, content),
    )


def _applied(path: bytes, parsed: FilePatch, section: bytes, content: bytes) -> bytes:
    if parsed.binary:
        return _unpacked(path, parsed)
    if not parsed.hunks:
        return content
    _check_counts(path, parsed)
    lines = apply_patch_hunks(parsed, _lines(content))
    if lines is None:
        raise misfit(path)
    return b"".join(lines)


def _check_counts(path: bytes, parsed: FilePatch) -> None:
    """A patch that was cut off must not be half applied."""
    for hunk in parsed.hunks:
        signs = [line[:1] for line in hunk.lines]
        n_old = signs.count(b" ") + signs.count(b"-")
        if (n_old, signs.count(b" ") + signs.count(b"+")) != (hunk.old_count, hunk.new_count):
            raise InvalidInput(f"the patch is cut off at {quoted(path)}", _HINT)


def _unpacked(path: bytes, parsed: FilePatch) -> bytes:
    if parsed.binary_new is None or parsed.binary_new_delta:
        raise InvalidInput(f"the patch does not hold the content of {quoted(path)}", _HINT)
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(git_base85_decode(parsed.binary_new), _MOST_BYTES)
    except (ValueError, zlib.error) as error:
        raise InvalidInput(f"the patch is damaged at {quoted(path)}", _HINT) from error
    if not unpacker.eof:
        raise InvalidInput(f"the patch is cut off at {quoted(path)}, or holds too much", _HINT)
    return content
