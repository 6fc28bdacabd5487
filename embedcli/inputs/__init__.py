"""Paths and streams -> documents.

Ids: the path inside an INPUT directory with ``/``, the path as given for a file, ``-`` for stdin,
``text:N`` for a text of the command line; ``:LINE`` is appended for lines, paragraphs and records
without an id. See ``escape`` for names that are no plain text.
"""

from embedcli.inputs.names import escape, unescape
from embedcli.inputs.options import ReadOptions, Tally, Unit, check_options
from embedcli.inputs.reading import OnError, read_documents, text_documents

__all__ = [
    "OnError",
    "ReadOptions",
    "Tally",
    "Unit",
    "check_options",
    "escape",
    "read_documents",
    "text_documents",
    "unescape",
]
