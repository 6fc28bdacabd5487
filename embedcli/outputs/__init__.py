"""One writer and one reader a format; an output appears whole or not at all.

Here is what every run needs. What merges, verifies or estimates imports its own module.
"""

from __future__ import annotations

from embedcli.outputs.formats import FORMATS, Format, choose_format
from embedcli.outputs.opening import open_output
from embedcli.outputs.output import Output
from embedcli.outputs.plan import Plan, check_output
from embedcli.outputs.quantization import OUTPUT_DTYPES
from embedcli.outputs.reading import read_output
from embedcli.outputs.stored import Stored

__all__ = [
    "FORMATS",
    "OUTPUT_DTYPES",
    "Format",
    "Output",
    "Plan",
    "Stored",
    "check_output",
    "choose_format",
    "open_output",
    "read_output",
]
