"""Rows gathered in a spool until a format can write them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs.plan import Plan
from embedcli.outputs.quantization import Quantizer
from embedcli.outputs.rows import Rows
from embedcli.outputs.spooling.spool import Spool


class Staging:
    """A spool that refuses at once what its format could not write at the end.

    Attributes:
        spool: where the rows lie.
    """

    def __init__(self, spool: Spool, plan: Plan) -> None:
        self.spool = spool
        self._plan = plan
        self._quantizer = Quantizer(plan.output_dtype)
        self._ids: set[str] = set()

    def add(self, row: Row) -> None:
        """Spools one row.

        Raises:
            OutputError: for a second matrix where one fits, an id that comes twice where ids are
                keys, a number beyond the dtype.
        """
        if not row.vector.size:
            self.spool.append(row)
            return
        chosen = self._plan.format
        if self._plan.matrices and self.spool.count and not chosen.matrices:
            raise OutputError(
                f"one .{chosen.name} holds the token states of one document and {row.id} is the "
                "second; use .npz, .safetensors or a directory"
            )
        if self._plan.matrices and chosen.keyed:
            refuse_double_id(row, self._ids, chosen.name)
        self._quantizer.observe(row.vector, row.id)
        self.spool.append(row)

    def complete(self, facts: Mapping[str, Any]) -> tuple[Rows, dict[str, Any]]:
        """All rows, ready to be written, and the facts with those of the dtype added.

        Raises:
            OutputError: when the dtype's ranges cannot be taken from these rows.
        """
        self._quantizer.check()
        width = int(facts.get("dimension") or 0)
        rows = Rows(self.spool, self._quantizer, matrices=self._plan.matrices, width=width)
        return rows, {**facts, **self._quantizer.facts()}

    def write(self, stream: BinaryIO, facts: Mapping[str, Any]) -> None:
        """Writes all rows in the plan's format."""
        self._plan.format.write(stream, *self.complete(facts))


def refuse_double_id(row: Row, ids: set[str], holder: str) -> None:
    """Notes the row's id.

    Raises:
        OutputError: when it was noted before.
    """
    if row.id in ids:
        raise OutputError(
            f"id {row.id!r} comes twice and {holder} keys token states by id; give distinct ids"
        )
    ids.add(row.id)
