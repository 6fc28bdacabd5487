"""Pooling and normalisation equal those of sentence-transformers on the same token states."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sentence_transformers.sentence_transformer.modules import Pooling

from embedcli.attention import Block
from embedcli.checkpoints.pooling_config import POOLING_MODES
from embedcli.pooling import POOLINGS, normalize, pool

LENGTHS = [9, 5, 5, 2, 1]
BLOCKS = (Block(0, 1, 9), Block(9, 2, 5), Block(19, 1, 2), Block(21, 1, 1))
WIDTH = 6


@pytest.fixture
def states() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((sum(LENGTHS), WIDTH)).astype(np.float32)


def reference(states: np.ndarray, module: Pooling, prompt_length: int = 0) -> np.ndarray:
    """The library's own result on the padded states."""
    padded = torch.zeros(len(LENGTHS), max(LENGTHS), WIDTH)
    mask = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.int64)
    start = 0
    for row, length in enumerate(LENGTHS):
        padded[row, :length] = torch.from_numpy(states[start : start + length])
        mask[row, :length] = 1
        start += length
    features = {"token_embeddings": padded, "attention_mask": mask}
    if prompt_length:
        features["prompt_length"] = prompt_length
    pooled: np.ndarray = module(features)["sentence_embedding"].numpy()
    return pooled


@pytest.mark.parametrize(("theirs", "ours"), POOLING_MODES.items())
def test_each_pooling_is_the_librarys(theirs: str, ours: str, states: np.ndarray) -> None:
    expected = reference(states, Pooling(WIDTH, pooling_mode=theirs))
    np.testing.assert_allclose(pool(states, BLOCKS, [ours]), expected, atol=1e-6)


def test_every_pooling_of_the_command_is_one_of_theirs() -> None:
    assert set(POOLINGS) == set(POOLING_MODES.values())


def test_several_poolings_are_concatenated_in_order(states: np.ndarray) -> None:
    expected = reference(states, Pooling(WIDTH, pooling_mode=("max", "mean")))
    np.testing.assert_allclose(pool(states, BLOCKS, ["max", "mean"]), expected, atol=1e-6)


@pytest.mark.parametrize(
    "mode", ["mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
)
def test_the_tokens_of_a_prompt_are_left_out_as_in_the_library(
    mode: str, states: np.ndarray
) -> None:
    module = Pooling(WIDTH, pooling_mode=mode, include_prompt=False)
    expected = reference(states, module, prompt_length=3)[:3]
    ours = pool(states, BLOCKS, [POOLING_MODES[mode]], skip=3)[:3]  # longer than the prompt
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_a_text_that_is_all_prompt_keeps_its_last_token(states: np.ndarray) -> None:
    pooled = pool(states, BLOCKS, ["mean"], skip=3)
    np.testing.assert_array_equal(pooled[3], states[20])
    assert np.isfinite(pooled).all()


def test_poolings_by_hand() -> None:
    states = np.array([[1.0, 5.0], [3.0, 1.0]], dtype=np.float32)
    block = (Block(0, 1, 2),)
    by_hand = {
        "mean": [2, 3],
        "cls": [1, 5],
        "max": [3, 5],
        "last": [3, 1],
        "mean-sqrt-len": [4 / 2**0.5, 6 / 2**0.5],
        "weighted-mean": [(1 + 2 * 3) / 3, (5 + 2 * 1) / 3],
    }
    for mode, expected in by_hand.items():
        np.testing.assert_allclose(pool(states, block, [mode]), [expected], rtol=1e-6)


def test_normalize_is_torchs_and_leaves_zero_alone() -> None:
    vectors = np.array([[3, 4], [0, 0], [1e-20, 0]], dtype=np.float32)
    expected = torch.nn.functional.normalize(torch.from_numpy(vectors), dim=-1).numpy()
    np.testing.assert_allclose(normalize(vectors), expected, atol=1e-7)
    np.testing.assert_allclose(normalize(vectors)[:2], [[0.6, 0.8], [0, 0]], atol=1e-7)
