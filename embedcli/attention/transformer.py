"""The Transformer (Vaswani et al. 2017): an encoder, and a decoder that attends to its states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embedcli.attention.arrays import floats
from embedcli.attention.decoder import Decoder
from embedcli.attention.encoder import Encoder
from embedcli.attention.memory import Array, Memory


@dataclass(frozen=True, slots=True)
class Transformer:
    """Encoder and decoder between embedded sequences; embeddings and logits are the caller's."""

    encoder: Encoder
    decoder: Decoder

    def __call__(
        self,
        source: Array,
        target: Array,
        source_mask: npt.NDArray[np.generic] | None = None,
        target_mask: npt.NDArray[np.generic] | None = None,
        cross_mask: npt.NDArray[np.generic] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """Encode the source once, and decode every position of the target at once.

        Args:
            source: (B, S, D), embeddings plus positions.
            target: (B, T, D), the same for the target, shifted right by one.
            source_mask: broadcast to (B, H, S, S), ``padding_mask(source_lengths)`` say.
            target_mask: broadcast to (B, H, T, T); causal unless given.
            cross_mask: broadcast to (B, H, T, S): as a rule the source's padding mask again.
            memory: scratch.

        Returns:
            (B, T, D), a state for each target position.

        Raises:
            ValueError: when the two batches or widths differ.
        """
        source, target = floats(source), floats(target)
        if source.shape[:-2] != target.shape[:-2] or source.shape[-1] != target.shape[-1]:
            raise ValueError(
                f"expected source (B, S, D) and target (B, T, D) of one batch size and width, "
                f"got {source.shape} and {target.shape}"
            )
        memory = memory or Memory()
        # The decoder reuses the scratch that the encoder's states lie in, so they move out of it.
        states = self.encoder(source, source_mask, memory=memory).copy()
        return self.decoder(target, states, target_mask, cross_mask, memory)
