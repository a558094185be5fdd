"""What a file is by its first bytes, whatever its name says."""

import re

_FIRST_BYTES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "gzip", "compressed"),
    (b"\x28\xb5\x2f\xfd", "zstd", "compressed"),
    (b"BZh", "bzip2", "compressed"),
    (b"\xfd7zXZ\x00", "xz", "compressed"),
    (b"\x04\x22\x4d\x18", "LZ4", "compressed"),
    (b"PAR1", "Parquet", "table"),
    (b"ARROW1", "Arrow", "table"),
    (b"PK\x03\x04", "zip", "other"),
    (b"PK\x05\x06", "zip", "other"),
    (b"7z\xbc\xaf\x27\x1c", "7z", "other"),
    (b"Rar!\x1a\x07", "RAR", "other"),
    (b"%PDF-", "PDF", "other"),
    (b"SQLite format 3\x00", "SQLite database", "other"),
    (b"FEA1", "Feather version 1", "other"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel or Word", "other"),
    (b"\x89PNG\r\n", "PNG image", "other"),
    (b"\xff\xd8\xff", "JPEG image", "other"),
    (b"GIF8", "GIF image", "other"),
    (b"\x7fELF", "program", "other"),
    (b"\x93NUMPY", "NumPy array", "other"),
    (b"\x89HDF\r\n", "HDF5", "other"),
    (b"Obj\x01", "Avro", "other"),
    (b"\x80\x04\x95", "Python pickle", "other"),
    (b"{\\rtf", "RTF", "other"),
)
_MARKUP = re.compile(rb"\s*<(!doctype\b|html\b|\?xml\b)", re.IGNORECASE)
_OFFICE = {
    b"xl/": "Excel workbook",
    b"word/": "Word document",
    b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet": "OpenDocument spreadsheet",
    b"mimetypeapplication/vnd.oasis": "OpenDocument file",
}


def recognise(content: bytes) -> tuple[str, str]:
    """Name a file's format by its first bytes.

    Returns:
        (format, kind): kind is `compressed`, `table` (Parquet, Arrow, JSON lines), `other`, or `text` for anything
        that could be delimited text.
    """
    for first, name, kind in _FIRST_BYTES:
        if content.startswith(first):
            return (_inside_zip(content), kind) if name == "zip" else (name, kind)
    head = content[:4096].removeprefix(b"\xef\xbb\xbf")
    if found := _MARKUP.match(head):
        return ("XML" if b"xml" in found[1].lower() else "HTML page"), "other"
    if re.match(rb'\s*\{\s*"[^"\n]*"\s*:', head):
        return "JSON lines", "table"
    if re.match(rb"\s*\[\s*[\[{]", head):
        return "JSON array", "other"
    return "text", "text"


def _inside_zip(content: bytes) -> str:
    head = content[:8192] + content[-8192:]
    return next((name for mark, name in _OFFICE.items() if mark in head), "zip archive")
