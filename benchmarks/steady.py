"""Steady state: every peer in its own process, warm, encoding the same texts in turns."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.artifacts import ensure_with
from benchmarks.machine import child_environment
from benchmarks.peers import OURS, PEERS, REFERENCE
from benchmarks.processes import PeerFailedError, Worker
from benchmarks.settings import Settings

PAUSE = 0.3
"""Seconds between turns: idle OpenMP threads spin for a while after their last work."""


@dataclass
class PeerResult:
    """What one peer did on one corpus; ``seconds`` has one entry a round."""

    name: str
    versions: dict[str, str]
    batch_size: int
    cosine: float | None = None
    peak_mb: float = 0.0
    seconds: list[float] = field(default_factory=list)


@dataclass
class CorpusResult:
    """All peers on one corpus, and the sgemm rates measured between them."""

    corpus: str
    tokens: int
    peers: dict[str, PeerResult]
    missing: dict[str, str]
    gflops: list[dict[str, float]]

    def tokens_per_second(self, peer: str) -> float:
        """Median over rounds."""
        return self.tokens / statistics.median(self.peers[peer].seconds)

    def lead(self, peer: str) -> float | None:
        """How many times faster embedcli is: median of the ratios within each round."""
        if OURS not in self.peers:
            return None
        pairs = zip(self.peers[peer].seconds, self.peers[OURS].seconds, strict=True)
        return statistics.median(theirs / ours for theirs, ours in pairs)

    def roofline(self) -> float:
        """GFLOPS of the fastest product, median over rounds."""
        rates = [statistics.median(r[name] for r in self.gflops) for name in self.gflops[0]]
        return max(rates)


def say(text: str) -> None:
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)


def measure(settings: Settings, corpus: str, path: Path, tokens: int) -> CorpusResult:
    """Check every peer's vectors, then time the peers in turns."""
    workers, result = _start(settings, corpus, path, tokens)
    roofline = _roofline_worker(settings)
    try:
        _check(settings, workers, result)
        for number in range(settings.rounds):
            for name, worker in workers.items():
                if name not in result.peers:
                    continue
                time.sleep(PAUSE)
                answer = _ask(worker, "go", name, result)
                if answer is not None:
                    result.peers[name].seconds.append(answer["seconds"])
                    result.peers[name].peak_mb = answer["peak_mb"]
                    rate = tokens / answer["seconds"]
                    say(f"{corpus} round {number + 1}: {name} {rate:,.0f} tokens/s")
            time.sleep(PAUSE)
            result.gflops.append(roofline.ask("go")["gflops"])
    finally:
        roofline.stop()
        for worker in workers.values():
            worker.stop()
    return result


def _ask(worker: Worker, order: str, name: str, result: CorpusResult) -> dict[str, Any] | None:
    """The worker's answer; None, and the peer leaves the table, when it fails."""
    try:
        return worker.ask(order)
    except PeerFailedError as error:
        result.peers.pop(name, None)
        result.missing[name] = str(error)
        say(f"{result.corpus}: {name} left out: {error}")
        return None


def _start(
    settings: Settings, corpus: str, path: Path, tokens: int
) -> tuple[dict[str, Worker], CorpusResult]:
    """Load the peers one after another; those that cannot be had are noted."""
    workers: dict[str, Worker] = {}
    result = CorpusResult(corpus, tokens, {}, {}, [])
    for name in dict.fromkeys((REFERENCE, *settings.peers)):
        try:
            workers[name] = _worker(settings, name, path)
        except PeerFailedError as error:
            result.missing[name] = str(error)
            say(f"{corpus}: {name} left out: {error}")
            continue
        ready = workers[name].ready
        say(f"{corpus}: {name} ready in {ready['load_seconds']:.1f} s, batch {ready['batch_size']}")
        if name in settings.peers:
            result.peers[name] = PeerResult(name, ready["versions"], ready["batch_size"])
    return workers, result


def _worker(settings: Settings, name: str, corpus: Path) -> Worker:
    peer, python = PEERS[name], settings.python(name)
    environment = child_environment(settings.threads)
    artifacts = settings.work / "models"
    if peer.artifact is not None:
        ensure_with(python, peer.artifact, settings.model, artifacts, environment)
    job: dict[str, Any] = {
        "peer": name,
        "model": str(settings.model),
        "artifacts": str(artifacts),
        "corpus": str(corpus),
        "threads": settings.threads,
        "vectors": str(_vectors(settings, name)),
    }
    log = settings.work / f"{name}.log"
    return Worker(python, "benchmarks.worker", job, environment, log)


def _roofline_worker(settings: Settings) -> Worker:
    environment = child_environment(settings.threads) | {"OPENBLAS_NUM_THREADS": "1"}
    job = {"model": str(settings.model), "threads": settings.threads}
    log = settings.work / "roofline.log"
    return Worker(settings.python(OURS), "benchmarks.roofline", job, environment, log)


def _vectors(settings: Settings, name: str) -> Path:
    return settings.work / f"{name}.npy"


def _check(settings: Settings, workers: dict[str, Worker], result: CorpusResult) -> None:
    """Cosine of every peer's vectors with sentence-transformers' over the whole corpus."""
    for name, worker in workers.items():
        _ask(worker, "save", name, result)
    if REFERENCE not in workers or REFERENCE in result.missing:
        return
    reference = np.load(_vectors(settings, REFERENCE)).astype(np.float64)
    for name, peer in result.peers.items():
        peer.cosine = min_cosine(np.load(_vectors(settings, name)), reference)
        say(f"{result.corpus}: {name} min cosine {peer.cosine:.7f}")


def min_cosine(vectors: np.ndarray, reference: np.ndarray) -> float:
    """Smallest cosine between rows of two (N, D) arrays; -1 where their shapes differ."""
    if vectors.shape != reference.shape:
        return -1.0
    a, b = vectors.astype(np.float64), reference.astype(np.float64)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(np.min(np.sum(a * b, axis=1) / norms))
