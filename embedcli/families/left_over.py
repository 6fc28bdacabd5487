"""Tensors that no family asked for: heads are none of our business, parts of the encoder are."""

from __future__ import annotations

from itertools import takewhile

from embedcli.checkpoints.safetensors import Weights
from embedcli.errors import ModelError

BUFFERS = ("position_ids", "token_type_ids", "inv_freq")
"""Last parts of names of what old files store and the code computes."""


def refuse_half_used(family: str, weights: Weights) -> None:
    """A checkpoint with more in the encoder than its config says would give wrong vectors.

    The encoder is what lies in the containers (``encoder``, ``embeddings``, ``layers``) that
    tensors were taken from. Whatever lies beside them (``pooler``, ``cls``, ``lm_head``) is a head
    that comes after the last hidden state.

    Raises:
        ModelError: naming the first tensor of the encoder that is left over.
    """
    taken = [name.split(".") for name in weights.taken]
    levels = zip(*taken, strict=False)
    depth = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
    containers = {tuple(parts[: depth + 1]) for parts in taken}
    for name in weights.left_over():
        parts = name.split(".")
        if tuple(parts[: depth + 1]) in containers and parts[-1] not in BUFFERS:
            raise ModelError(
                f"tensor {name!r} is no part of a {family} as config.json describes it; the numpy "
                "engine leaves no part of an encoder out"
            )
