"""What each trick brings: ``python -m benchmarks.ablations TEXTS``, one text a line.

Every variant takes one trick out and encodes the same texts in the same run, in turns, in one
thread. The ratio is the variant's time over the time with all tricks: 1.20 means that the trick
saves a sixth.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import numpy as np

from embedcli import EmbeddingModel, ModelOptions, load_model
from embedcli.attention import (
    Memory,
    activations,
    dot_product,
    folding,
    linear,
    multi_head,
    normalization,
    padding_mask,
    softmax,
)
from embedcli.batching import batches, pack
from embedcli.documents import Document, IntArray

ROUNDS = 5
Windows = Sequence[IntArray]
Run = Callable[[EmbeddingModel, Windows], None]


def as_it_is(model: EmbeddingModel, windows: Windows) -> None:
    """All tricks."""
    in_batches_of(model.batch_tokens, model, windows)


def in_batches_of(tokens: int, model: EmbeddingModel, windows: Windows) -> None:
    """All tricks, with smaller batches."""
    for batch in batches(windows, tokens):
        model.encode(batch)


def by_base_e(model: EmbeddingModel, windows: Windows) -> None:
    """All tricks but exp2, on weights that are folded for exp."""
    as_it_is(_folded_for_base_e(model.reader.checkpoint.name), windows)


@cache
def _folded_for_base_e(name: str) -> EmbeddingModel:
    return load_model(name, ModelOptions(engine="numpy", threads=1))


def in_input_order(model: EmbeddingModel, windows: Windows) -> None:
    """Batches as they come: packed, but hardly two lengths are equal."""
    for order in _runs_of(windows, model.batch_tokens):
        model.encode(pack(windows, order))


def padded(model: EmbeddingModel, windows: Windows) -> None:
    """Batches of 32 texts in input order, padded to the longest and masked."""
    encoder = model.engine._encoder  # noqa: SLF001 - the variant is about this engine's inside
    memory = Memory()
    for start in range(0, len(windows), 32):
        texts = windows[start : start + 32]
        lengths = [len(text) for text in texts]
        ids = np.zeros((len(texts), max(lengths)), dtype=np.int32)
        for row, text in zip(ids, texts, strict=True):
            row[: len(text)] = text
        positions = np.tile(np.arange(max(lengths), dtype=np.int32), len(texts))
        x = encoder.norm(encoder.words[ids.reshape(-1)] + encoder.positions[positions])
        encoder.encoder(x.reshape(*ids.shape, -1), padding_mask(lengths), None, memory)


def fresh_memory(model: EmbeddingModel, windows: Windows) -> None:
    """New scratch arrays for every batch."""
    for batch in batches(windows, model.batch_tokens):
        model.engine._thread.memory = Memory()  # noqa: SLF001
        model.encode(batch)


def _runs_of(windows: Windows, most: int) -> Iterator[list[int]]:
    run: list[int] = []
    tokens = 0
    for place, window in enumerate(windows):
        if run and tokens + len(window) > most:
            yield run
            run, tokens = [], 0
        run.append(place)
        tokens += len(window)
    yield run


@contextmanager
def _base_e() -> Iterator[None]:
    with ExitStack() as held:
        for module in (activations, dot_product):
            held.enter_context(patch.object(module, "exponential", np.exp))
        for module in (activations, dot_product, folding):
            held.enter_context(patch.object(module, "PER_UNIT", 1.0))
        logit = activations._LOGIT  # noqa: SLF001
        held.enter_context(patch.object(activations, "_SCALED_LOGIT", logit))
        yield


@contextmanager
def _shifted_softmax() -> Iterator[None]:
    def attend(query, key, value, mask, scale, out, memory):
        scores = dot_product._scores(query, key, mask, scale, memory)  # noqa: SLF001
        np.matmul(softmax(scores, out=scores), value, out=out)

    with patch.object(dot_product, "_attend", attend):
        yield


@contextmanager
def _whole_arrays() -> Iterator[None]:
    def one_tile(rows: int, width: int) -> list[slice]:  # noqa: ARG001
        return [slice(0, rows)]

    with patch.object(linear, "tiles", one_tile), patch.object(normalization, "tiles", one_tile):
        yield


def _keys_row_by_row() -> AbstractContextManager[object]:
    return patch.object(multi_head, "SEVERAL_KEYS", 1 << 30)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


VARIANTS: dict[str, tuple[Callable[[], object], Run]] = {
    "all tricks": (_nothing, as_it_is),
    "exp in place of exp2": (_base_e, by_base_e),
    "batches of 512 tokens": (_nothing, partial(in_batches_of, 512)),
    "batches of 256 tokens": (_nothing, partial(in_batches_of, 256)),
    "input order": (_nothing, in_input_order),
    "padded batches of 32": (_nothing, padded),
    "maximum taken off before exp": (_shifted_softmax, as_it_is),
    "keys row by row": (_keys_row_by_row, as_it_is),
    "activation and norm over whole arrays": (_whole_arrays, as_it_is),
    "fresh memory for each batch": (_nothing, fresh_memory),
}


def main() -> None:
    """Measure every variant in turns and print a table."""
    texts = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    model = load_model(options=ModelOptions(engine="numpy", threads=1))
    documents = [Document(str(n), text, "-", "-") for n, text in enumerate(texts)]
    windows = [window for doc in model.tokenize(documents) for window in doc.windows]
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with model.computing():
        for _ in range(ROUNDS):
            for name, (changed, run) in VARIANTS.items():
                with changed():
                    began = time.thread_time()
                    run(model, windows)
                    seconds[name].append(time.thread_time() - began)
    print("| variant | time against all tricks |\n| --- | --: |")
    for name, taken in seconds.items():
        ratios = [a / b for a, b in zip(taken, seconds["all tricks"], strict=True)]
        print(f"| {name} | {statistics.median(ratios):.2f} |")


if __name__ == "__main__":
    main()
