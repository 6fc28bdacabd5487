"""llama.cpp through xllamacpp, which carries its server inside the process.

It gets the token ids of the model's own tokenizer, sorted by length, so that the vectors can agree.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.machine import token_limit
from benchmarks.peers import Encode
from benchmarks.peers.sorted_batches import FloatArray, load_tokenizer, sorted_batches

SLOTS = 32


def load(model: Path, artifacts: Path, threads: int) -> Encode:
    """A server with a slot for every text of a batch, mean pooling and flash attention."""
    import xllamacpp

    limit = token_limit(model)
    params = xllamacpp.CommonParams()
    params.model.path = str(artifacts / "gguf" / "model.gguf")
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * limit
    params.n_batch = params.n_ubatch = 2048
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)
    tokenizer = load_tokenizer(model)

    def encode(texts: list[str], size: int) -> FloatArray:
        parts, order = [], []
        for places, rows in sorted_batches(tokenizer, texts, size):
            answer = server.handle_embeddings({"input": rows, "model": "local"})
            data = sorted(answer["data"], key=lambda item: item["index"])
            parts.append(np.array([item["embedding"] for item in data], dtype=np.float32))
            order.extend(places)
        vectors = np.empty((len(texts), parts[0].shape[1]), dtype=np.float32)
        vectors[order] = np.concatenate(parts)
        return vectors

    return encode
