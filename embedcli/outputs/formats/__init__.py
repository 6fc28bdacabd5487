"""One writer and one reader a format, and the table of them."""

from __future__ import annotations

from embedcli.outputs.formats.table import FORMATS, Format, choose_format

__all__ = ["FORMATS", "Format", "choose_format"]
