"""What one run of the benchmarks was asked to do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Attributes are the options of ``python -m benchmarks``.

    Attributes:
        model: folder of the model.
        work: folder for corpora, converted models, vectors and logs.
        threads: given to everything that runs.
        rounds: counted rounds; medians are quoted.
        peers: names in ``benchmarks.peers.PEERS``.
        corpora: which corpora the steady state is measured on.
        sizes: lines of each corpus, and of ``whole``, ``few`` and ``many``.
        pythons: peer -> interpreter, where it is not this one.
        min_cosine: a peer below it has not computed the same vectors.
        explicit_model: the user named the model, so commands must name it too.
    """

    model: Path
    work: Path
    threads: int
    rounds: int
    peers: tuple[str, ...]
    corpora: tuple[str, ...]
    sizes: Mapping[str, int]
    min_cosine: float
    explicit_model: bool
    pythons: Mapping[str, str] = field(default_factory=dict)

    def python(self, peer: str) -> str:
        """The interpreter that a peer runs in."""
        return self.pythons.get(peer, sys.executable)

    def command(self) -> list[str]:
        """How embedcli is started: the installed script, or the module where there is none."""
        python = Path(self.python("embedcli"))
        script = python.parent / "embedcli"
        return [str(script)] if script.exists() else [str(python), "-m", "embedcli"]

    def model_arguments(self) -> list[str]:
        """``-m`` for embedcli, unless it finds the measured model by itself."""
        return ["-m", str(self.model)] if self.explicit_model else []
