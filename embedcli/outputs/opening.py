"""From a checked plan to the output that carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from embedcli.outputs.output import Output
from embedcli.outputs.plan import Plan
from embedcli.outputs.quantization import Quantizer
from embedcli.outputs.stream_output import DirectStream, SpooledStream


def open_output(plan: Plan, *, stream: BinaryIO, facts: Mapping[str, Any]) -> Output:
    """Opens the output that ``check_output`` planned.

    Args:
        plan: what to write, and where.
        stream: where rows go when the plan has no path.
        facts: what is known before the first row; formats that carry provenance inside write it
            into each file of a directory, and a run that is resumed must have the same.
            ``finish`` is given all facts.

    Raises:
        OutputError: when the place cannot be written, another process writes it, or the rows of a
            run before do not fit.
    """
    # Imported where they are needed: an answer on stdout does not wait for what keeps files.
    if plan.path is not None:
        if plan.directory:
            from embedcli.outputs.directory_output import DirectoryOutput

            return DirectoryOutput(plan.path, plan, facts)
        from embedcli.outputs.file_output import FileOutput

        return FileOutput(plan.path, plan, facts)
    layout = plan.format.layout
    if layout is None or Quantizer(plan.output_dtype).needs_all_rows:
        return SpooledStream(stream, plan)
    return DirectStream(stream, layout, plan.output_dtype)
