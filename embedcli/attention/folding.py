"""Exact algebra that is done once, when weights are loaded, so that no batch has to do it."""

from __future__ import annotations

import math
from dataclasses import replace

from embedcli.attention.exponential import PER_UNIT
from embedcli.attention.linear import Linear
from embedcli.attention.multi_head import MultiHeadAttention


def folded(attention: MultiHeadAttention) -> MultiHeadAttention:
    """The same attention in fewer passes over its activations.

    - The factor of the scores goes into the query projection, and with it what the exponential
      multiplies them by.
    - The key bias b adds q.b to every score of a query, and softmax takes it off again: it is
      left out.
    - The weights of a query sum to one, so the value bias comes through as it is: it goes into
      the output bias.

    Args:
        attention: with as many heads for keys as for queries, and without rotary positions or
            norms of heads, which stand between projections and scores. It is not changed.

    Raises:
        ValueError: when it is otherwise.
    """
    between = attention.rotary or attention.query_norm or attention.key_norm
    if between is not None or attention.key.weight.shape != attention.query.weight.shape:
        raise ValueError("shared, turned or normalised heads stand between what is to be folded")
    width = attention.query.weight.shape[0] // attention.num_heads
    scale = 1 / math.sqrt(width) if attention.scale is None else attention.scale
    return replace(
        attention,
        query=_scaled(attention.query, scale * PER_UNIT),
        key=Linear(attention.key.weight),
        value=Linear(attention.value.weight),
        output=_shifted(attention.output, attention.value),
        scale=1 / PER_UNIT,
    )


def _scaled(linear: Linear, factor: float) -> Linear:
    number = linear.weight.dtype.type(factor)
    bias = None if linear.bias is None else linear.bias * number
    return Linear(linear.weight * number, bias)


def _shifted(output: Linear, value: Linear) -> Linear:
    if value.bias is None:
        return output
    shift = output.weight @ value.bias
    return Linear(output.weight, shift if output.bias is None else output.bias + shift)
