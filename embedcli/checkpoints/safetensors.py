"""Weights from safetensors files, mapped into memory and handed out by checkpoint name."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embedcli.checkpoints.json_files import read_object
from embedcli.checkpoints.safetensors_header import TensorPlace, header_length, parse_header
from embedcli.documents import FloatArray
from embedcli.errors import ModelError

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
_FLOATS = ("F32", "F16", "BF16", "F64")
_INTEGERS = {"I64": "<i8", "I32": "<i4", "I16": "<i2", "U16": "<u2", "U8": "u1"}


@dataclass(frozen=True, slots=True)
class _Tensor:
    file: mmap.mmap
    place: TensorPlace

    def array(self, dtype: str) -> npt.NDArray[np.generic]:
        """The tensor's items in their own width, as a view into the file."""
        if 0 in self.place.shape:
            return np.empty(self.place.shape, dtype)
        count = (self.place.stop - self.place.start) // np.dtype(dtype).itemsize
        flat = np.frombuffer(self.file, dtype, count, self.place.start)
        return flat.reshape(self.place.shape)


class Weights:
    """The tensors of a checkpoint by name; it remembers which were never asked for."""

    def __init__(self, tensors: Mapping[str, _Tensor]) -> None:
        self._tensors = tensors
        self._taken: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor's name, in the order of the files."""
        return tuple(self._tensors)

    @property
    def dtype(self) -> str:
        """The dtypes of the stored tensors, as ``F32`` or ``BF16, F32``; integers left out."""
        stored = {tensor.place.dtype for tensor in self._tensors.values()}
        return ", ".join(sorted(stored & set(_FLOATS))) or ", ".join(sorted(stored))

    @property
    def parameters(self) -> int:
        """How many numbers the floating tensors hold."""
        places = (tensor.place for tensor in self._tensors.values())
        return sum(int(np.prod(place.shape)) for place in places if place.dtype in _FLOATS)

    def has(self, name: str) -> bool:
        """Whether there is a tensor of this name."""
        return name in self._tensors

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, without taking it.

        Raises:
            ModelError: when there is no such tensor.
        """
        return self._find(name).place.shape

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> FloatArray:
        """A tensor as float32: F32 is a read-only view into the file, the rest is widened.

        Args:
            name: the tensor's name in the checkpoint.
            shape: what its shape must be, where that is known.

        Raises:
            ModelError: when it is missing, has another shape, or holds no floats.
        """
        tensor = self._find(name)
        place = tensor.place
        if shape is not None and place.shape != shape:
            raise ModelError(f"tensor {name!r} has shape {place.shape}, expected {shape}")
        self._taken.add(name)
        return _as_float32(tensor, name)

    def take_integers(self, name: str) -> npt.NDArray[np.int64]:
        """A tensor of whole numbers.

        Raises:
            ModelError: when it is missing or holds something else.
        """
        tensor = self._find(name)
        dtype = _INTEGERS.get(tensor.place.dtype)
        if dtype is None:
            raise ModelError(f"tensor {name!r} is {tensor.place.dtype}, expected whole numbers")
        self._taken.add(name)
        return tensor.array(dtype).astype(np.int64)

    @property
    def taken(self) -> tuple[str, ...]:
        """The tensors that were taken, in the order of the files."""
        return tuple(name for name in self._tensors if name in self._taken)

    def left_over(self) -> tuple[str, ...]:
        """The tensors that were never taken, in the order of the files."""
        return tuple(name for name in self._tensors if name not in self._taken)

    def _find(self, name: str) -> _Tensor:
        tensor = self._tensors.get(name)
        if tensor is None:
            raise ModelError(f"no tensor {name!r} in the weights{self._near(name)}")
        return tensor

    def _near(self, name: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(name, self._tensors, n=3, cutoff=0.5)
        return f"; near it: {', '.join(near)}" if near else ""


def open_weights(folder: Path) -> Weights:
    """Map the weights of a folder: ``model.safetensors``, or the shards that its index names.

    Raises:
        ModelError: when there are none, or a file is malformed.
    """
    tensors: dict[str, _Tensor] = {}
    shards = _shards(folder)
    for file in weights_files(folder):
        wanted = shards.get(file.name)
        found = _map_file(file)
        missing = next((name for name in wanted or () if name not in found), None)
        if missing is not None:
            raise ModelError(f"{file.name} has no tensor {missing!r}, which {INDEX_FILE} says")
        tensors |= {name: found[name] for name in wanted or found}
    return Weights(tensors)


def weights_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files of a folder's weights, in name order.

    Raises:
        ModelError: when there are none, with what to do where the weights are of another format.
    """
    shards = _shards(folder)
    if shards:
        return tuple(folder / name for name in sorted(shards))
    if (folder / WEIGHTS_FILE).is_file():
        return (folder / WEIGHTS_FILE,)
    pickled = next(folder.glob("*.bin"), None)
    if pickled is not None:
        raise ModelError(
            f"{folder} has {pickled.name} and no {WEIGHTS_FILE}: the numpy engine reads "
            "safetensors only; the torch engine can read it (`--engine torch`)"
        )
    raise ModelError(f"{folder} has no weights; expected {WEIGHTS_FILE} or {INDEX_FILE}")


def _shards(folder: Path) -> dict[str, list[str]]:
    """Tensor names by shard file; empty where one file holds all."""
    if (folder / WEIGHTS_FILE).is_file():
        return {}
    index = read_object(folder, INDEX_FILE, limit=64 << 20)
    if index is None:
        return {}
    shards: dict[str, list[str]] = {}
    for tensor, file in index.get("weight_map", dict, {}).items():
        if not _plain_name(file):
            raise ModelError(f"{INDEX_FILE}: shard {file!r} is no plain name of a safetensors file")
        shards.setdefault(file, []).append(tensor)
    if not shards:
        raise ModelError(f"{INDEX_FILE}: weight_map is empty")
    return shards


def _plain_name(file: object) -> bool:
    if not isinstance(file, str) or not file.endswith(".safetensors"):
        return False
    return not set(file) & set("/\\:\0") and ".." not in file


def _map_file(path: Path) -> dict[str, _Tensor]:
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            length = header_length(stream.read(8), size, path.name)
            places = parse_header(stream.read(length), size, path.name)
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return {name: _Tensor(mapped, place) for name, place in places.items()}


def _as_float32(tensor: _Tensor, name: str) -> FloatArray:
    match tensor.place.dtype:
        case "F32":
            # Old files may start a tensor anywhere; BLAS wants whole words.
            return np.require(tensor.array("<f4"), np.float32, "A")
        case "BF16":
            # The sixteen bits are the upper half of the float32.
            widened = tensor.array("<u2").astype(np.uint32) << 16
            return widened.view(np.float32)
        case "F16":
            return tensor.array("<f2").astype(np.float32)
        case "F64":
            return tensor.array("<f8").astype(np.float32)
        case other:
            raise ModelError(f"tensor {name!r} is {other}, expected one of {', '.join(_FLOATS)}")
