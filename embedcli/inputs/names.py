r"""Names of files as ids: one line, valid Unicode, distinct and reversible.

A path is bytes on most systems, and may hold bytes that are not UTF-8, line breaks or backslashes.
``escape`` writes

    a backslash                                    as  \\
    a byte that is not UTF-8, or a control < 0x80  as  \xHH
    any other control or line break, and any other
    half of a surrogate pair                       as  \uHHHH

and leaves every other character as it is, so that different names always get different ids.
"""

from __future__ import annotations

import re

# Python decodes the byte 0xHH of a broken name to U+DCHH.
_BYTE_BASE = 0xDC00
_UNSAFE = re.compile("[\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4}))")


def escape(name: str) -> str:
    """Gives the id of a path or name, as ``os.fsdecode`` gives it."""
    return _UNSAFE.sub(_escape_character, name)


def unescape(escaped: str) -> str:
    """Gives back the name that ``escape`` was given."""
    return _ESCAPED.sub(_unescape_match, escaped)


def _escape_character(match: re.Match[str]) -> str:
    character = match[0]
    if character == "\\":
        return "\\\\"
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    if _BYTE_BASE + 0x80 <= code <= _BYTE_BASE + 0xFF:
        return f"\\x{code - _BYTE_BASE:02x}"
    return f"\\u{code:04x}"


def _unescape_match(match: re.Match[str]) -> str:
    byte, unit = match.groups()
    if byte:
        code = int(byte, 16)
        return chr(code if code < 0x80 else _BYTE_BASE + code)
    return chr(int(unit, 16)) if unit else "\\"
