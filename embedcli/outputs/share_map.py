"""Which rows of a whole run a shard holds: the part of its provenance that merging needs."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs.plan import Plan

SHARD, ROWS, ROWS_OF_ALL, DIGEST = "shard", "shard_rows", "rows_of_all", "sha256_of_all"
FACTS_OF_A_SHARD = (SHARD, ROWS, ROWS_OF_ALL, DIGEST)
FORMATS_OF_SHARDS = ("npy", "npz", "safetensors", "parquet")


class ShareMap:
    """A bit for each row of the whole run, in its order: whether this shard has it.

    Attributes:
        count: rows of the whole run so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._bits = bytearray()
        self._digest = hashlib.sha256()

    def add(self, row: Row) -> bool:
        """Notes the next row of the whole run and tells whether it is ours: not empty.

        The digest is over all ids and texts, ours or not.
        """
        own = row.vector.size > 0
        self._digest.update(f"{row.sha256} {len(row.id)} {row.id}".encode("utf-8", "surrogatepass"))
        if self.count % 8 == 0:
            self._bits.append(0)
        self._bits[-1] |= own << (self.count % 8)
        self.count += 1
        return own

    def facts(self) -> dict[str, Any]:
        """What goes into the provenance, beside the share itself."""
        bits = base64.b64encode(zlib.compress(bytes(self._bits), 9)).decode()
        digest = self._digest.hexdigest()
        return {ROWS: bits, ROWS_OF_ALL: self.count, DIGEST: digest}


def read_share_map(facts: Mapping[str, Any], name: str) -> npt.NDArray[np.bool_]:
    """(rows of the whole run,) whether the shard has each, from its facts.

    Raises:
        OutputError: when the facts do not say it.
    """
    try:
        count = int(facts[ROWS_OF_ALL])
        unpacker = zlib.decompressobj()
        # Bounded: a crafted file could otherwise unfold to any size.
        packed = unpacker.decompress(base64.b64decode(facts[ROWS], validate=True), count // 8 + 2)
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
        if count < 0 or len(packed) != (count + 7) // 8 or bits[count:].any():
            raise ValueError
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise OutputError(
            f"{name}: what it says about its shard is damaged; make it again"
        ) from error
    return bits[:count].astype(np.bool_)


def check_share(plan: Plan) -> None:
    """Refuses what no shard can be written to.

    Raises:
        OutputError: for a stream, a directory, a format without provenance, a narrower dtype.
    """
    able = ", ".join(FORMATS_OF_SHARDS)
    if plan.path is None or plan.format.name not in FORMATS_OF_SHARDS:
        raise OutputError(
            f"--shard needs a file that carries its provenance ({able}): give -o SHARD.npy, and "
            "choose the final format when you merge"
        )
    if plan.directory:
        raise OutputError("--shard writes one file, not a directory: give -o SHARD.npy")
    if plan.output_dtype != "float32":
        raise OutputError(
            f"--shard keeps float32 and --output-dtype is {plan.output_dtype}; give it to "
            "`embedcli merge`, which sees all rows"
        )
