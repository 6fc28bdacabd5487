"""One writer and one reader a format; an output appears whole or not at all."""

from __future__ import annotations

from embedcli.outputs.atomic import file_errors_as_output_errors
from embedcli.outputs.comparison import Distance, distance
from embedcli.outputs.formats import FORMATS, Format, choose_format
from embedcli.outputs.merging import Merged, open_shards
from embedcli.outputs.opening import open_output
from embedcli.outputs.output import Output
from embedcli.outputs.plan import Plan, check_output
from embedcli.outputs.quantization import OUTPUT_DTYPES
from embedcli.outputs.reading import read_output
from embedcli.outputs.run_facts import deciding, differences
from embedcli.outputs.share_map import ShareMap, check_share
from embedcli.outputs.size import estimated_bytes
from embedcli.outputs.stored import Stored
from embedcli.outputs.stored_rows import StoredRow, StoredRows, read_rows

__all__ = [
    "FORMATS",
    "OUTPUT_DTYPES",
    "Distance",
    "Format",
    "Merged",
    "Output",
    "Plan",
    "ShareMap",
    "Stored",
    "StoredRow",
    "StoredRows",
    "check_output",
    "check_share",
    "choose_format",
    "deciding",
    "differences",
    "distance",
    "estimated_bytes",
    "file_errors_as_output_errors",
    "open_output",
    "open_shards",
    "read_output",
    "read_rows",
]
