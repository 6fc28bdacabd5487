"""What overflows at lower precision is computed again in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embedcli.batching import pack

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny BERT whose feed-forward values are beyond the range of float16."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=30,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=8,
    )
    model = transformers.BertModel(config)
    with torch.no_grad():
        model.encoder.layer[0].intermediate.dense.weight.mul_(20_000)
        model.encoder.layer[0].output.dense.weight.mul_(20_000)
    model.save_pretrained(tmp_path)
    return tmp_path


def test_a_batch_that_overflows_is_finite_after_all(folder: Path) -> None:
    from embedcli.engines.torch_engine import TorchEngine

    batch = pack([np.array([1, 2, 3], np.int32), np.array([4, 5], np.int32)], [0, 1])
    engine = TorchEngine(folder, device="cpu", dtype="float16")
    assert not np.isfinite(engine._states(engine._model, batch)).all()
    exact = TorchEngine(folder, device="cpu").states(batch)
    np.testing.assert_allclose(engine.states(batch), exact, rtol=1e-2, atol=1e-2)
