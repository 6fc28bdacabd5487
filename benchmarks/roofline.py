"""The sgemm rate that NumPy reaches here: the ceiling of a NumPy engine.

A worker like the peers (``python -m benchmarks.roofline JOB``): for every order it runs the model's
own products in as many Python threads as the run has, BLAS at one thread each.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from threading import Barrier, Thread

import numpy as np

from benchmarks.machine import read_config

COLUMNS = 512
SQUARE = 1536
SECONDS = 0.3

Shape = tuple[int, int, int]


def widths(model: Path) -> tuple[int, int, int]:
    """Hidden width D, feed-forward width F, layers."""
    config = read_config(model)
    names = ("hidden_size", "intermediate_size", "num_hidden_layers")
    hidden, inner, layers = (int(str(config[name])) for name in names)
    return hidden, inner, layers


def linear_flops(model: Path) -> int:
    """Operations of all linear layers for one token, a multiply-add counted as two."""
    D, F, layers = widths(model)
    return 2 * layers * (4 * D * D + 2 * D * F)


def shapes(model: Path) -> dict[str, Shape]:
    """(rows, inner, columns) of the model's products, and a large square one."""
    D, F, _ = widths(model)
    return {
        "queries, keys, values": (3 * D, D, COLUMNS),
        "output projection": (D, D, COLUMNS),
        "feed-forward, in": (F, D, COLUMNS),
        "feed-forward, out": (D, F, COLUMNS),
        "large square": (SQUARE, SQUARE, SQUARE),
    }


def gflops(shape: Shape, threads: int) -> float:
    """Rate of one product, over and over in every thread for SECONDS."""
    barrier = Barrier(threads + 1)
    done = [0] * threads

    def work(index: int) -> None:
        m, k, n = shape
        rng = np.random.default_rng(index)
        a = rng.random((m, k), dtype=np.float32)
        b = rng.random((k, n), dtype=np.float32)
        out = np.empty((m, n), dtype=np.float32)
        np.matmul(a, b, out=out)
        barrier.wait()
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            np.matmul(a, b, out=out)
            done[index] += 1
        barrier.wait()

    running = [Thread(target=work, args=(index,)) for index in range(threads)]
    for thread in running:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    barrier.wait()
    seconds = time.perf_counter() - start
    for thread in running:
        thread.join()
    m, k, n = shape
    return 2.0 * m * k * n * sum(done) / seconds / 1e9


def main() -> None:
    """Answer every order with the rate of every shape."""
    job = json.loads(sys.argv[1])
    table = shapes(Path(job["model"]))
    print(json.dumps({"versions": {"numpy": np.__version__}}), flush=True)
    for _ in sys.stdin:
        rates = {name: gflops(shape, job["threads"]) for name, shape in table.items()}
        print(json.dumps({"gflops": rates}), flush=True)


if __name__ == "__main__":
    main()
