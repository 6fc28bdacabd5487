"""How many bytes an output will have, before there is one."""

from __future__ import annotations

from embedcli.documents import FloatArray
from embedcli.outputs.number_text import joined
from embedcli.outputs.plan import Plan
from embedcli.outputs.quantization import Quantizer

# Bytes around each row, digest and index included, and how often its names stand in the output.
_AROUND = {
    "npy": (137, 1.0),
    "npz": (50, 0.5),
    "safetensors": (100, 1.0),
    "parquet": (75, 0.5),
    "json": (68, 0.5),
    "jsonl": (68, 0.5),
    "csv": (10, 0.5),
    "openai": (55, 0.0),
}
# How many bytes a byte of a number takes.
_ENCODED = {"npy": 1.0, "npz": 1.0, "safetensors": 1.0, "parquet": 1.0, "base64": 4 / 3, "hex": 2.0}
_SEPARATOR = {"raw": 1, "csv": 1}


def estimated_bytes(plan: Plan, rows: int, lines: int, vector: FloatArray, names: int) -> int:
    """The size of an output, index included, to some percent.

    Args:
        plan: the output.
        rows: of the output.
        lines: vectors in them: as many for vectors, more for token states.
        vector: one of them, (D,), before it is converted.
        names: bytes of all ids and sources, as JSON.
    """
    quantizer, name = Quantizer(plan.output_dtype), plan.format.name
    numbers = quantizer.columns(len(vector))
    around, share_of_names = _AROUND.get(name, (1, 0.0))
    if name in _ENCODED:
        # Parquet keeps a small integer in four bytes, and packs them.
        item = 3 if name == "parquet" and quantizer.dtype.kind != "f" else quantizer.dtype.itemsize
        line = numbers * item * _ENCODED[name]
    else:
        # Levels and packed signs have about three characters; floats are measured on the vector.
        floats = quantizer.dtype.kind == "f"
        separators = numbers * _SEPARATOR.get(name, 2)
        line = (len(joined(vector, "")) if floats else numbers * 3) + separators
    return int(lines * line + rows * around + names * share_of_names)
