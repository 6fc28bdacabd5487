"""embedcli: text into vectors, exactly and fast.

>>> from embedcli import load_model
>>> load_model("untrained").embed(["a text", "another"]).shape
(2, 128)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from embedcli.documents import Document, Row
    from embedcli.errors import EmbedcliError, InputError, ModelError, OutputError
    from embedcli.model import EmbeddingModel, embed, load_model
    from embedcli.options import ModelOptions

_HOMES = {
    "Document": "documents",
    "EmbedcliError": "errors",
    "EmbeddingModel": "model",
    "InputError": "errors",
    "ModelError": "errors",
    "ModelOptions": "options",
    "OutputError": "errors",
    "Row": "documents",
    "embed": "model",
    "load_model": "model",
}

__all__ = [
    "Document",
    "EmbedcliError",
    "EmbeddingModel",
    "InputError",
    "ModelError",
    "ModelOptions",
    "OutputError",
    "Row",
    "__version__",
    "embed",
    "load_model",
]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for, so that `embedcli --help` does not wait for NumPy.
    if name in _HOMES:
        return getattr(import_module(f"embedcli.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'embedcli' has no attribute {name!r}")
