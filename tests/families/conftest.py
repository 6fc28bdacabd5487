import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel

from embedcli.batching import batches
from embedcli.checkpoints import open_weights
from embedcli.documents import FloatArray, IntArray
from embedcli.engines.numpy_engine import NumpyEngine
from embedcli.families import load_family
from embedcli.threads import single_threaded_blas

TOLERANCE = 1e-5
"""Largest difference from transformers in float32, relative to the largest state."""


@dataclass(frozen=True)
class Tiny:
    """A checkpoint with random weights, as a folder and as transformers' model."""

    folder: Path
    model: PreTrainedModel

    def engine(self, **changes: object) -> NumpyEngine:
        """Our engine over the folder, with ``changes`` in what its config.json says."""
        values = json.loads((self.folder / "config.json").read_text())
        return NumpyEngine(load_family(values | changes, open_weights(self.folder)), workers=1)

    def reference(self, text: IntArray) -> FloatArray:
        """AutoModel's last hidden states (T, D) of one text, without padding, in float64.

        Random weights give scores so large that two right answers in float32 are 1e-5 apart.
        """
        with torch.inference_mode():
            ids = torch.from_numpy(text)[None].long()
            return self.model.double()(ids).last_hidden_state[0].numpy()


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Products this small only lose time by threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with single_threaded_blas():
        yield
    torch.set_num_threads(threads)


def random_weights(model: PreTrainedModel, seed: int) -> None:
    """All weights matter, where from_config has zeros, ones and values near 0."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        drawn = torch.randn(parameter.shape, generator=generator)
        scale = parameter.ndim == 1 and name.endswith("weight")
        parameter.data = 1 + 0.2 * drawn if scale else 0.3 * drawn


@pytest.fixture
def make_tiny(tmp_path: Path) -> Callable[..., Tiny]:
    """config, seed, dtype, class of the model, options of save_pretrained -> a Tiny."""

    def make(
        config: PreTrainedConfig,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
        model_class: type[PreTrainedModel] | None = None,
        **options: str,
    ) -> Tiny:
        model = model_class(config) if model_class else AutoModel.from_config(config)
        random_weights(model, seed)
        folder = tmp_path / f"{config.model_type}-{seed}-{dtype}"
        model.to(dtype).save_pretrained(folder, **options)
        return Tiny(folder, model.float().eval())

    return make


def draw_texts(
    lengths: Iterable[int], vocab_size: int, first: int = 0, seed: int = 0
) -> list[IntArray]:
    """Random ids from ``first`` on, one text a length."""
    generator = np.random.default_rng(seed)
    return [generator.integers(first, vocab_size, n, dtype=np.int32) for n in lengths]


def states_of(engine: NumpyEngine, texts: Sequence[IntArray], tokens: int = 64) -> list[FloatArray]:
    """Our states (T, D) of each text, packed into batches of about ``tokens`` tokens."""
    states: list[FloatArray] = [np.empty(0, np.float32)] * len(texts)
    for batch in batches(texts, tokens):
        packed, start = engine.states(batch), 0
        for place, length in zip(batch.order, batch.lengths, strict=True):
            states[place] = packed[start : start + length].copy()
            start += length
    return states


def assert_close(ours: Sequence[FloatArray], theirs: Sequence[FloatArray]) -> None:
    """Whole tensors, relative to their scale."""
    for mine, reference in zip(ours, theirs, strict=True):
        assert mine.shape == reference.shape
        assert mine.dtype == np.float32
        assert np.abs(mine - reference).max() <= TOLERANCE * np.abs(reference).max()


def check_parity(tiny: Tiny, texts: Sequence[IntArray]) -> None:
    """Equal to AutoModel: each text alone, all together, and in another order and batch size."""
    engine = tiny.engine()
    theirs = [tiny.reference(text) for text in texts]
    assert_close(states_of(engine, texts, tokens=10**6), theirs)
    assert_close([states_of(engine, [text])[0] for text in texts], theirs)
    shuffled = np.random.default_rng(1).permutation(len(texts))
    ours = states_of(engine, [texts[place] for place in shuffled])
    assert_close(ours, [theirs[place] for place in shuffled])


@pytest.fixture
def parity(make_tiny: Callable[..., Tiny]) -> Callable[..., Tiny]:
    """config, the longest text, what ``make_tiny`` takes -> checked against AutoModel."""

    def check(config: PreTrainedConfig, longest: int, **options: object) -> Tiny:
        tiny = make_tiny(config, **options)
        lengths = [1, 2, 3, 3, 3, 7, longest // 2, longest - 1, longest, longest, 1]
        # With ids from 0 on, padding tokens stand inside texts too.
        texts = draw_texts(lengths, config.vocab_size)
        texts += draw_texts(lengths, config.vocab_size, first=min(4, config.vocab_size - 1))
        check_parity(tiny, texts)
        return tiny

    return check


@pytest.fixture
def ragged_states() -> Callable[[NumpyEngine], FloatArray]:
    """The states (T, D) of a fixed ragged batch, to compare two engines bit by bit."""

    def states(engine: NumpyEngine) -> FloatArray:
        texts = draw_texts([40, 12, 12, 5, 1], vocab_size=40)
        return np.concatenate(states_of(engine, texts))

    return states


@pytest.fixture
def prefixed() -> Callable[[Tiny, str, str], None]:
    """Rename all tensors of a checkpoint to start with a prefix, and add a head beside them."""

    def rename(tiny: Tiny, prefix: str, head: str) -> None:
        file = tiny.folder / "model.safetensors"
        tensors = {prefix + name: tensor for name, tensor in load_file(file).items()}
        save_file(tensors | {head: torch.zeros(3)}, file)

    return rename
