"""Records -> documents: which field is the text, which is the id; JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from embedcli.documents import Document
from embedcli.errors import InputError
from embedcli.inputs.options import ReadOptions
from embedcli.inputs.origin import Item, Origin
from embedcli.inputs.streams import TextStream

_NAMES_SHOWN = 20
_DEFAULT_ID_FIELD = "id"


def jsonl_documents(text: TextStream, options: ReadOptions) -> Iterator[Item]:
    """Gives a document for each line that is not blank; each must be a JSON object."""
    for number, line in enumerate(text.lines(), 1):
        if isinstance(line, InputError):
            yield line
        elif not line.isspace():
            try:
                record = _parse(line, number, text.origin)
                require_fields(options, record, text.origin, number)
                yield record_document(
                    record[options.text_field],
                    record.get(id_field(options)),
                    text.origin,
                    number,
                )
            except InputError as error:
                yield error


def id_field(options: ReadOptions) -> str:
    """Names the field where ids are looked for."""
    return _DEFAULT_ID_FIELD if options.id_field is None else options.id_field


def require_fields(
    options: ReadOptions, present: Iterable[str], origin: Origin, line: int | None = None
) -> None:
    """Checks that the fields which were asked for exist.

    Raises:
        InputError: kind ``field``; it names the fields that there are.
    """
    names = list(present)
    wanted = {"--text-field": options.text_field, "--id-field": options.id_field}
    for option, name in wanted.items():
        if name is not None and name not in names:
            shown = ", ".join(f"'{field}'" for field in names[:_NAMES_SHOWN])
            more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
            there = f"there are {shown}{more}" if names else "there are no fields"
            raise origin.error(
                "field", f"no field '{name}'; {there}; choose one with {option}", line
            )


def record_document(value: object, id_value: object, origin: Origin, line: int) -> Document:
    """Makes the document of one record.

    Args:
        value: what the text field holds.
        id_value: what the id field holds; without one (None, or ``""``) the id is ``path:LINE``.
        origin: the file.
        line: where the record starts, from 1.

    Raises:
        InputError: kind ``empty``, ``malformed`` or ``undecodable``.
    """
    if value is None:
        raise origin.error("empty", "the text field is null; a string is expected", line)
    if not isinstance(value, str):
        raise origin.error(
            "malformed", f"the text field holds {_json_name(value)}; a string is expected", line
        )
    name = "" if id_value is None else str(id_value)
    if isinstance(id_value, bool | bytes | dict | list):
        raise origin.error(
            "malformed",
            f"the id field holds {_json_name(id_value)}; a string or a number is expected",
            line,
        )
    for text in (value, name):
        _require_unicode(text, origin, line)
    return origin.document(value, line, name or None)


def _parse(line: str, number: int, origin: Origin) -> dict[str, object]:
    try:
        record = json.loads(line.rstrip())
    except json.JSONDecodeError as error:
        raise origin.error(
            "malformed",
            f"not JSON ({error.msg}, column {error.colno}); one object a line is expected",
            number,
        ) from None
    except (ValueError, RecursionError) as error:
        raise origin.error("malformed", f"JSON beyond what can be read ({error})", number) from None
    if not isinstance(record, dict):
        raise origin.error(
            "malformed", f"{_json_name(record)}; one JSON object a line is expected", number
        )
    return record


def _require_unicode(text: str, origin: Origin, line: int) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise origin.error(
            "undecodable",
            f"half a surrogate pair (\\u{ord(text[error.start]):04x}) at character {error.start}; "
            "whole characters are expected",
            line,
        ) from None


def _json_name(value: object) -> str:
    names = {bool: "a boolean", bytes: "bytes", dict: "an object", list: "an array"}
    names |= {int: "a number", float: "a number", str: "a string", type(None): "null"}
    return names.get(type(value), f"a {type(value).__name__}")
