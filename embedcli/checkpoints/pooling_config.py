"""``1_Pooling/config.json``: how token states become one vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from embedcli.checkpoints.json_files import JsonObject
from embedcli.errors import ModelError

NO_FILE = "embedcli (no file says)"

# Their names in files, in the order in which several are concatenated, and on the command line.
POOLING_MODES = {
    "cls": "cls",
    "max": "max",
    "mean": "mean",
    "mean_sqrt_len_tokens": "mean-sqrt-len",
    "weightedmean": "weighted-mean",
    "lasttoken": "last",
}
_OLD_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


@dataclass(frozen=True, slots=True)
class PoolingModule:
    """Token states (T, D) to one vector; several modes are concatenated in this order.

    Attributes:
        modes: ``cls``, ``max``, ``mean``, ``mean-sqrt-len``, ``weighted-mean`` or ``last``.
        include_prompt: whether the prompt's tokens count.
        source: the file that says so.
    """

    modes: tuple[str, ...]
    include_prompt: bool = True
    source: str = NO_FILE


def read_pooling(config: JsonObject) -> PoolingModule:
    """Read either spelling: one ``pooling_mode``, or a boolean for each mode.

    Raises:
        ModelError: when a mode is not known or a value has the wrong type.
    """
    stated: Any = config.get("pooling_mode", str | list, [])
    modes = [stated] if isinstance(stated, str) else stated
    if "pooling_mode" not in config.data:
        modes = [mode for key, mode in _OLD_KEYS.items() if config.get(key, bool, False)]
    unknown = next((mode for mode in modes if str(mode) not in POOLING_MODES), None)
    if unknown is not None:
        raise ModelError(
            f"{config.name}: pooling mode {unknown!r} is not known; expected one of "
            f"{', '.join(POOLING_MODES)}"
        )
    named = tuple(POOLING_MODES[mode] for mode in modes) or ("mean",)
    return PoolingModule(named, config.get("include_prompt", bool, True), config.name)
