"""The torch engine runs an AutoModel on padded batches and gives packed states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel

from embedcli.batching import Batch, pack
from embedcli.engines.torch_engine import TorchEngine
from embedcli.errors import ModelError


def batch(*lengths: int) -> Batch:
    rng = np.random.default_rng(0)
    windows = [rng.integers(5, 11, length).astype(np.int32) for length in lengths]
    return pack(windows, range(len(windows)))


def test_states_are_those_of_each_text_alone(plain_bert: Path) -> None:
    packed = batch(9, 4, 4, 1)
    states = TorchEngine(plain_bert).states(packed)
    assert (states.shape, states.dtype) == ((18, 8), np.float32)
    model = AutoModel.from_pretrained(plain_bert).eval()
    start = 0
    for length in packed.lengths:
        ids = torch.from_numpy(packed.ids[start : start + length].astype(np.int64))[None]
        with torch.inference_mode():
            alone = model(input_ids=ids).last_hidden_state[0].numpy()
        np.testing.assert_allclose(states[start : start + length], alone, atol=1e-5)
        start += length


def test_an_engine_says_what_it_is(plain_bert: Path) -> None:
    engine = TorchEngine(plain_bert, dtype="bfloat16")
    assert (engine.name, engine.width, engine.dtype, engine.workers) == ("torch", 8, "bfloat16", 1)


def test_what_transformers_cannot_load_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "nothing-like-it"}')
    with pytest.raises(ModelError, match="transformers cannot load it: ") as caught:
        TorchEngine(tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3
