"""What a run would be, without running it: tokens are counted, time is taken from a sample."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from embedcli.batching import batches
from embedcli.document_tokenizer import DocumentTokenizer
from embedcli.documents import Document, FloatArray, IntArray
from embedcli.errors import InputError
from embedcli.model import EmbeddingModel
from embedcli.outputs import Plan
from embedcli.outputs.size import estimated_bytes
from embedcli.pipeline import OnError, read_together
from embedcli.workers import computed_ahead

SAMPLE_WINDOWS, SAMPLE_TOKENS = 256, 8192
"""How much is computed to take the time: a second's work or less."""


@dataclass(slots=True)
class Census:
    """What the documents come to.

    Attributes:
        documents: how many can be embedded.
        rows: of the output.
        tokens: that the model would see.
        truncated: documents that would be cut.
        tokens_lost: how many tokens that would cost.
        names: bytes of ids and sources.
        sample: windows drawn from all of them, each as likely as any other.
        seconds: that reading and tokenizing took.
    """

    documents: int = 0
    rows: int = 0
    tokens: int = 0
    truncated: int = 0
    tokens_lost: int = 0
    names: int = 0
    sample: list[IntArray] = field(default_factory=list)
    seconds: float = 0.0


def take_census(
    documents: Iterable[Document], reader: DocumentTokenizer, on_error: OnError
) -> Census:
    """Tokenizes all documents and keeps none of them.

    Args:
        documents: any number of documents, read lazily.
        reader: the model's tokenizer and limits.
        on_error: is given each document that could not be embedded.
    """
    census, began, windows = Census(), time.monotonic(), 0
    chance = random.Random(0)  # noqa: S311 - a sample, not a secret
    for group in read_together(documents):
        for tokenized in reader.tokenize(group):
            if isinstance(tokenized, InputError):
                on_error(tokenized)
                continue
            rows = len(tokenized.windows) if reader.options.long == "split" else 1
            document = tokenized.document
            census.documents += 1
            census.rows += rows
            census.tokens += sum(map(len, tokenized.windows))
            census.truncated += tokenized.tokens_lost > 0
            census.tokens_lost += tokenized.tokens_lost
            census.names += rows * len(json.dumps([document.id, document.source]))
            for window in tokenized.windows:
                windows += 1
                if len(census.sample) < SAMPLE_WINDOWS:
                    census.sample.append(window)
                elif (place := chance.randrange(windows)) < SAMPLE_WINDOWS:
                    census.sample[place] = window
    census.seconds = time.monotonic() - began
    return census


def probe(census: Census, model: EmbeddingModel) -> tuple[float, FloatArray]:
    """Computes a part of the sample.

    Returns:
        Seconds that all tokens would take, and a vector (D,), or states (T, D), to look at.
    """
    sample, tokens = [census.sample[0]], len(census.sample[0])
    for window in census.sample[1:]:
        if tokens + len(window) <= SAMPLE_TOKENS:
            sample.append(window)
            tokens += len(window)
    cut = list(batches(sample, model.batch_tokens))
    with model.computing():
        # The first batch of a process pays for its working memory.
        vector = model.finish(model.encode(cut[-1])[0])
        began = time.monotonic()
        for _, answers in computed_ahead([(None, cut)], model.encode, model.workers):
            for _ in answers:
                pass
        seconds = time.monotonic() - began
    return seconds / tokens * census.tokens, vector


def output_bytes(census: Census, plan: Plan, vector: FloatArray) -> int:
    """About how many bytes the output would have, its index among them."""
    lines = census.tokens if vector.ndim == 2 else census.rows
    some = vector if vector.ndim == 1 else vector[0]
    return estimated_bytes(plan, census.rows, lines, np.ascontiguousarray(some), census.names)
