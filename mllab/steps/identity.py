"""Which row is which: stable hashes of rows, deduplication by key, the digest of a frame.

Must not use Polars' own hashes or orders of groups: they differ from release to release, these values are kept.
"""

import struct
from collections.abc import Sequence
from hashlib import blake2b, sha256

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.errors import InvalidInput

Hashes = NDArray[np.uint64]

_TYPE_NAMES: dict[pl.DataType, str] = {
    pl.Boolean(): "bool",
    pl.Int64(): "int",
    pl.UInt64(): "uint",
    pl.Float64(): "float",
    pl.String(): "string",
    pl.Datetime("us", "UTC"): "datetime",
    pl.Date(): "date",
}


def instants(frame: pl.DataFrame, column: str) -> pl.Series:
    """A column of moments as µs in UTC; times without zone are taken as UTC, dates as their midnight.

    Raises:
        InvalidInput: the column is missing or holds no moments.
    """
    if column not in frame.columns:
        raise InvalidInput(f"there is no column `{column}` to take the time from", "name a column that holds times")
    found = frame[column]
    if found.dtype == pl.Null or found.dtype == pl.Date:
        found = found.cast(pl.Datetime("us"))
    if not isinstance(found.dtype, pl.Datetime):
        raise InvalidInput(
            f"`{column}` holds {found.dtype} and no moments", "make a datetime of it in `with_columns` or `dates`"
        )
    if found.dtype.time_zone is None:
        found = found.dt.replace_time_zone("UTC")
    return found.dt.convert_time_zone("UTC").dt.cast_time_unit("us")


def deduplicate(
    parts: Sequence[pl.DataFrame], key: Sequence[str], created_timestamp: str | None = None
) -> tuple[pl.DataFrame, int, int]:
    """All rows of the parts, one per key.

    Args:
        parts: in order of arrival; where a key repeats the last row stands.
        key: the source's declared key; empty keeps every row, and so does a null in any key column.
        created_timestamp: column with the moment of a row's revision: of a key the row revised last stands, whatever
            came in last.

    Returns:
        The rows, how many repeated a kept or overruled row exactly, how many were overruled by other values.
    """
    frame = pl.concat(parts, how="diagonal_relaxed") if parts else pl.DataFrame()
    if not key or frame.height == 0:
        return frame, 0, 0
    partial = pl.any_horizontal(pl.col(name).is_null() for name in key)
    whole = frame.filter(~partial)
    n_dropped = whole.height - whole.select(key).n_unique()
    if n_dropped == 0:
        return frame, 0, 0
    n_identical = whole.height - whole.n_unique()
    if created_timestamp is not None:
        revised = instants(frame, created_timestamp).rename("__revised")
        order = frame.select(revised, pl.Series("__hash", row_hashes(frame))).with_row_index("__place")
        frame = frame[order.sort("__revised", "__hash", nulls_last=False)["__place"]]
    return frame.filter(pl.struct(key).is_last_distinct() | partial), n_identical, n_dropped - n_identical


def row_hashes(frame: pl.DataFrame, key: Sequence[str] = ()) -> Hashes:
    """A stable 64-bit hash of each row: of its key columns, or of all columns where no key is given or a part is null.

    The sum over columns of mix(seed(column) xor value), mixed again; a null adds nothing, so that a new column leaves
    old rows as they were. mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014) with its constants
    0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB; seed and texts are BLAKE2b-64, little-endian. A float
    without fraction hashes as the whole number it is, a moment as µs in UTC, a date as its midnight.
    """
    hashes = _hash_columns(frame, list(key) or frame.columns)
    if key:
        partial = frame.select(pl.any_horizontal(pl.col(name).is_null() for name in key)).to_series().to_numpy()
        if partial.any():
            hashes[partial] = _hash_columns(frame.filter(partial), frame.columns)
    return hashes


def _hash_columns(frame: pl.DataFrame, columns: Sequence[str]) -> Hashes:
    total = np.zeros(frame.height, np.uint64)
    for name in columns if frame.height else ():
        seed = np.uint64(text_hash(name))
        values = frame[name]
        hashed = mix(_words(values) ^ seed)
        hashed[values.is_null().to_numpy()] = 0
        total += hashed
    return mix(total)


def hash_values(names: Sequence[str], values: Sequence[bool | int | float | str]) -> int:
    """What `row_hashes` gives for one row of plain values without null; many times faster for a single one."""
    total = 0
    for name, value in zip(names, values, strict=True):
        total += _mix_one(_word_of(value) ^ text_hash(name))
    return _mix_one(total & _WORD)


_WORD = 2**64 - 1


def _word_of(value: bool | int | float | str) -> int:
    if isinstance(value, str):
        return text_hash(value)
    if isinstance(value, int):
        return value & _WORD
    value += 0.0
    if abs(value) < 2**53 and value.is_integer():
        return int(value) & _WORD
    return int.from_bytes(struct.pack("<d", value), "little")


def _mix_one(word: int) -> int:
    word = (word + 0x9E3779B97F4A7C15) & _WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)


def text_hash(text: str) -> int:
    """BLAKE2b-64 of the UTF-8 text, read little-endian."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def mix(words: Hashes) -> Hashes:
    """The finaliser of SplitMix64, word by word."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _words(values: pl.Series) -> Hashes:
    """Each value as 64 bits, nulls as anything."""
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime | pl.Date):
        values = instants(values.to_frame(), values.name).to_physical()
    elif dtype.is_float() or dtype.is_decimal():
        floats = values.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0
        whole = (np.abs(floats) < 2**53) & (np.floor(floats) == floats)
        bits: NDArray[np.int64] = np.where(whole, np.where(whole, floats, 0).astype(np.int64), floats.view(np.int64))
        return bits.view(np.uint64)
    elif dtype in (pl.String, pl.Categorical, pl.Enum):
        texts = values.cast(pl.String).fill_null("")
        distinct = texts.unique(maintain_order=True)
        words = np.fromiter(map(text_hash, distinct), np.uint64, distinct.len())
        return texts.replace_strict(distinct, pl.Series(words), return_dtype=pl.UInt64).to_numpy()
    elif dtype == pl.UInt64:
        return values.fill_null(0).to_numpy()
    return values.cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64)


def content_digest(frame: pl.DataFrame) -> str:
    """SHA-256 in hex over shape, names, types and values; the same for any chunking.

    For each column its name and type, then which rows are null (one bit each, little-endian), then numbers as
    their little-endian bytes and texts as their UInt32 lengths in bytes and UTF-8; a null counts as 0 or "".
    """
    digest = sha256(f"{frame.height},{frame.width}".encode())
    for column in frame.iter_columns():
        digest.update(f"\0{column.name}\0{_TYPE_NAMES.get(column.dtype, str(column.dtype))}\0".encode())
        digest.update(np.packbits(column.is_null().to_numpy(), bitorder="little").tobytes())
        if column.dtype == pl.String:
            texts = column.fill_null("")
            digest.update(texts.str.len_bytes().to_numpy().astype("<u4").tobytes())
            digest.update("".join(texts.to_list()).encode())
        else:
            plain = column.cast(pl.UInt8) if column.dtype in (pl.Boolean, pl.Null) else column.to_physical()
            numbers = plain.fill_null(0).to_numpy()
            digest.update(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
