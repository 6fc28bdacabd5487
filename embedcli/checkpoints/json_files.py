"""JSON files of a model folder: bounded, checked, and every complaint names file and key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from types import UnionType
from typing import Any, TypeVar

from embedcli.errors import ModelError

SETTINGS_LIMIT = 8 << 20
TOKENIZER_LIMIT = 64 << 20
_LONGEST_PATH = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object of a JSON file that remembers which file it came from."""

    name: str
    data: Mapping[str, Any]

    def get(self, key: str, kind: type[T] | UnionType, default: T) -> T:
        """The value of a key, or the default where the key is missing or null.

        Raises:
            ModelError: when the value is of another type; a bool is no number here.
        """
        value = self.data.get(key)
        if value is None:
            return default
        allowed = isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)
        if not allowed:
            raise ModelError(f"{self.name}: {key} is {_short(value)}, expected {_kind_name(kind)}")
        return value  # type: ignore[no-any-return]


def read_object(folder: Path, name: str, *, limit: int = SETTINGS_LIMIT) -> JsonObject | None:
    """Read a JSON object; None where there is no such file.

    Raises:
        ModelError: when the file is too large, is no JSON, or holds something else.
    """
    path = folder / name
    if not path.is_file():
        return None
    data = _parse(path, name, limit)
    if not isinstance(data, dict):
        raise ModelError(f"{name} holds {_short(data)}, expected an object")
    return JsonObject(name, data)


def read_list(folder: Path, name: str) -> list[JsonObject] | None:
    """Read a JSON list of objects; None where there is no such file.

    Raises:
        ModelError: as ``read_object``.
    """
    path = folder / name
    if not path.is_file():
        return None
    data = _parse(path, name, SETTINGS_LIMIT)
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise ModelError(f"{name} holds {_short(data)}, expected a list of objects")
    return [JsonObject(name, item) for item in data]


def inner_path(path: str, *, said_by: str) -> str:
    """Refuse a path that leaves the model's folder, in POSIX or Windows spelling.

    Raises:
        ModelError: naming the path and the file that said it.
    """
    parts = PureWindowsPath(path)
    if len(path) > _LONGEST_PATH:
        raise ModelError(f"{said_by}: a path has {len(path)} characters, expected a short one")
    if parts.anchor or ".." in parts.parts or "\0" in path:
        raise ModelError(f"{said_by}: path {path!r} leaves the model's folder; it is not followed")
    return path


def check_size(path: Path, name: str, limit: int) -> None:
    """Refuse a file that is larger than such files are.

    Raises:
        ModelError: naming both sizes.
    """
    size = path.stat().st_size
    if size > limit:
        raise ModelError(f"{name} has {size} bytes, expected at most {limit}")


def _parse(path: Path, name: str, limit: int) -> Any:
    try:
        check_size(path, name, limit)
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{name} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is no valid JSON: {str(error)[:120]}") from error


def _kind_name(kind: type[Any] | UnionType) -> str:
    names = {bool: "true or false", str: "a text", int: "a whole number", dict: "an object"}
    return names.get(kind, str(kind)) if isinstance(kind, type) else str(kind)


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
