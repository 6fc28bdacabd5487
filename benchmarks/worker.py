"""One peer in a process of its own: ``python -m benchmarks.worker JOB`` with JOB as JSON.

Loads the model, tries the batch sizes that the peer may choose from, says that it is ready, and
then encodes the whole corpus for every line ``go`` (or ``save``, which keeps the vectors as well).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from benchmarks.machine import peak_mb, versions
from benchmarks.peers import PEERS, Encode, load

PROBE_TOKENS_SHARE = 0.25


def fastest_batch_size(encode: Encode, texts: list[str], sizes: tuple[int, ...]) -> int:
    """The batch size that took least time on every fourth text, best of two turns.

    Doubles as warm-up, and runs for peers with one size as well for that reason.
    """
    sample = texts[:: int(1 / PROBE_TOKENS_SHARE)]
    best: dict[int, float] = {}
    for size in sizes + sizes:
        start = time.perf_counter()
        encode(sample, size)
        best[size] = min(best.get(size, float("inf")), time.perf_counter() - start)
    return min(best, key=best.__getitem__)


def serve(job: dict[str, Any], orders: TextIO, answers: TextIO) -> None:
    """Load, warm up, and obey until the orders end."""

    def answer(**fields: object) -> None:
        print(json.dumps(fields), file=answers, flush=True)

    peer = PEERS[job["peer"]]
    texts = Path(job["corpus"]).read_text(encoding="utf-8").split("\n")
    try:
        found = versions(peer.distributions)
        start = time.perf_counter()
        encode = load(peer, Path(job["model"]), Path(job["artifacts"]), job["threads"])
        load_seconds = time.perf_counter() - start
    except ImportError as error:
        answer(error=f"not installed ({error})")
        return
    size = fastest_batch_size(encode, texts, peer.batch_sizes)
    answer(batch_size=size, versions=found, load_seconds=load_seconds)
    for order in orders:
        start = time.perf_counter()
        vectors = encode(texts, size)
        seconds = time.perf_counter() - start
        if order.strip() == "save":
            import numpy as np

            np.save(job["vectors"], np.asarray(vectors, dtype=np.float32))
        answer(seconds=seconds, peak_mb=peak_mb())


if __name__ == "__main__":
    # Libraries print to stdout as they please; answers get a stream that only we know.
    private = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(json.loads(sys.argv[1]), sys.stdin, private)
