"""What config.json says of rotary position embeddings, in its newer and its older spelling."""

from __future__ import annotations

from embedcli.attention import RotaryEmbedding
from embedcli.errors import ModelError
from embedcli.families.parts import Config

KNOWN = {"rope_type", "type", "rope_theta", "partial_rotary_factor"}


def rotary_embedding(
    config: Config, head_width: int, theta: str = "rope_theta", layer_type: str | None = None
) -> RotaryEmbedding:
    """The plain rotary embedding of a model, or of its layers of one type.

    Args:
        config: config.json; ``rope_parameters`` (transformers 5), for all layers or by layer type,
            or else ``theta`` beside the other settings.
        head_width: d, which must be even.
        theta: the older key of the base.
        layer_type: ``full_attention`` or ``sliding_attention``, where the types differ.

    Raises:
        ModelError: when the base is missing, or the angles are scaled or partial.
    """
    if head_width % 2:
        raise ModelError(f"config.json: heads are {head_width} wide, expected an even number")
    parameters = config.values.get("rope_parameters") or {}
    if layer_type is not None:
        parameters = parameters.get(layer_type) or {}
    unknown = sorted(set(parameters) - KNOWN)
    if unknown:
        raise ModelError(
            f"config.json: rope_parameters has {', '.join(unknown)}, and the numpy engine knows "
            "only rope_theta; use --engine torch"
        )
    rope = Config({**config.values, **parameters})
    rope.require("rope_scaling", None)
    rope.require("rope_type", "default")
    rope.require("type", "default")
    rope.require("partial_rotary_factor", None, 1.0)
    return RotaryEmbedding(rope.number("rope_theta" if "rope_theta" in parameters else theta))
