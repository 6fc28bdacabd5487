"""The torch engine: any model that ``transformers`` loads as an encoder, on CPU or GPU."""

from __future__ import annotations

import os
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from embedcli.batching import Batch
from embedcli.documents import FloatArray
from embedcli.errors import ModelError

BATCH_TOKENS = {"cpu": 2048, "cuda": 32768}
"""Tokens a batch: enough to fill the device, few enough to keep padding and memory small."""

ENCODERS = {
    "longt5": "LongT5EncoderModel",
    "mt5": "MT5EncoderModel",
    "t5": "T5EncoderModel",
    "umt5": "UMT5EncoderModel",
}
"""Encoder-decoders whose encoder is a model of its own; AutoModel would want texts to decode."""


class TorchEngine:
    """Runs an AutoModel, or the encoder of an encoder-decoder; see ``engines.Engine``."""

    name = "torch"
    workers = 1  # torch spreads one batch over the cores itself

    def __init__(
        self,
        folder: Path,
        *,
        device: str | None = None,
        dtype: str = "float32",
        threads: int | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        torch, transformers = _imports()
        self._torch = torch
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.dtype = dtype
        self.batch_tokens = BATCH_TOKENS.get(self.device.split(":")[0], 2048)
        if threads is not None:
            torch.set_num_threads(threads)
        try:
            options = {"trust_remote_code": trust_remote_code, "local_files_only": True}
            config = transformers.AutoConfig.from_pretrained(folder, **options)
            model_class = getattr(transformers, ENCODERS.get(config.model_type, "AutoModel"))
            model = model_class.from_pretrained(folder, dtype=getattr(torch, dtype), **options)
            self._model = model.to(self.device).eval()
        except Exception as error:  # any class of transformers meets any file in there
            raise ModelError(
                f"{folder}: transformers cannot load it: {_first_line(error)}"
            ) from error
        if self._model.config.is_encoder_decoder:
            raise ModelError(
                f"{folder}: {config.model_type} has an encoder and a decoder, and embedcli knows "
                f"how to take the encoder of {', '.join(ENCODERS)}"
            )
        # A decoder would keep the keys and values of every layer for tokens to come.
        self._model.config.use_cache = False
        self.width = int(self._model.config.hidden_size)

    def states(self, batch: Batch) -> FloatArray:
        """(T, D) states, float32 on the host.

        A batch that overflows at lower precision is computed again in float32.
        """
        states = self._states(self._model, batch)
        if self.dtype != "float32" and not np.isfinite(states).all():
            states = self._states(self._float32_model, batch)
        return states

    @cached_property
    def _float32_model(self) -> Any:
        return deepcopy(self._model).float()

    def _states(self, model: Any, batch: Batch) -> FloatArray:
        # Padding exists between these lines only.
        torch = self._torch
        lengths = np.asarray(batch.lengths)
        kept = np.arange(lengths.max()) < lengths[:, None]
        ids = np.zeros(kept.shape, dtype=np.int64)
        ids[kept] = batch.ids
        with torch.inference_mode():
            output = model(
                input_ids=torch.from_numpy(ids).to(self.device),
                attention_mask=torch.from_numpy(kept.astype(np.int64)).to(self.device),
            )
            states = output.last_hidden_state.float().cpu().numpy()
        packed: FloatArray = states[kept]
        return packed


def _imports() -> tuple[Any, Any]:
    # The progress bars and advice of transformers would mix with our own lines on stderr.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        import torch
        import transformers.utils.logging
    except ImportError as error:
        raise ModelError(
            "the torch engine needs torch and transformers: pip install 'embedcli[torch]'"
        ) from error
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return torch, transformers


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
