"""all-MiniLM-L6-v2: both engines give the vectors of sentence-transformers, whole and exact."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel

from embedcli import Document, EmbeddingModel, ModelOptions, load_model
from embedcli.attention import Memory
from embedcli.batching import batches
from embedcli.checkpoints import Weights, open_weights, read_settings
from embedcli.checkpoints.locate import find_checkpoint
from embedcli.families import load_family
from embedcli.pooling import normalize, pool

pytestmark = pytest.mark.real_model

NAME = "sentence-transformers/all-MiniLM-L6-v2"
WORDS = (
    "the river town bridge light keeper of and to in a with under over slowly bright cold "
    "attention transformer vector token language model learns 42 3.14 naïve café Straße "
    "東京 река مدينة unbelievable, tokenization; (yes) 'no' -- e.g. etc. 👍🏽 #tag @home"
)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """216 texts of 1 to 600 words, short ones more often than long ones."""
    rng = np.random.default_rng(20)
    short = np.exp(rng.uniform(0, np.log(120), 210)).astype(int)
    lengths = [*short, 150, 200, 250, 300, 400, 600]
    drawn = [" ".join(rng.choice(WORDS.split(), length)) for length in lengths]
    drawn[0] = "a"
    return drawn


@pytest.fixture(scope="module")
def reference(texts: list[str]) -> npt.NDArray[np.float32]:
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    folder = str(find_checkpoint(NAME).folder)
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    vectors: npt.NDArray[np.float32] = model.encode(texts, batch_size=32, show_progress_bar=False)
    return vectors


@pytest.fixture(scope="module", params=["numpy", "torch"])
def model(request: pytest.FixtureRequest) -> EmbeddingModel:
    return load_model(NAME, ModelOptions(engine=request.param))


def worst(ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max())


def test_every_component_is_within_1e_5(
    model: EmbeddingModel, texts: list[str], reference: npt.NDArray[np.float32]
) -> None:
    vectors = model.embed(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (216, 384)
    difference = worst(vectors, reference)
    assert difference < 1e-5, f"{model.engine.name}: {difference:.1e}"


def test_the_batch_does_not_matter(
    model: EmbeddingModel, texts: list[str], reference: npt.NDArray[np.float32]
) -> None:
    order = np.random.default_rng(1).permutation(len(texts))
    shuffled = model.embed([texts[place] for place in order])
    assert worst(shuffled, reference[order]) < 1e-5
    for start in (0, 40, 200):
        few = model.embed(texts[start : start + 7])
        assert worst(few, reference[start : start + 7]) < 1e-5
    for place in (0, 5, 130, 215):
        assert worst(model.embed([texts[place]]), reference[[place]]) < 1e-5


@pytest.mark.parametrize("engine", ["numpy", "torch"])
def test_last_hidden_states_are_automodels_on_whole_tensors(engine: Any, texts: list[str]) -> None:
    chosen = [*texts[:40], texts[-1]]
    model = load_model(NAME, ModelOptions(engine=engine, pooling="none"))
    theirs = AutoModel.from_pretrained(find_checkpoint(NAME).folder).eval()
    documents = [Document(str(n), text, "-", "-") for n, text in enumerate(chosen)]
    tokenized = model.tokenize(documents)
    for row, document in zip(model.rows(documents), tokenized, strict=True):
        ids = torch.from_numpy(document.windows[0].astype(np.int64))[None]  # type: ignore[union-attr]
        with torch.inference_mode():
            expected = theirs(input_ids=ids).last_hidden_state[0].numpy()
        assert worst(row.vector, expected) < 1e-4


class DoubleWeights(Weights):
    """The checkpoint's numbers in float64."""

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> Any:
        return super().take(name, shape).astype(np.float64)


class DoubleMemory(Memory):
    """Scratch arrays in float64."""

    def array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike = None) -> Any:
        del dtype
        return super().array(name, shape, np.float64)


@pytest.fixture(scope="module")
def exact(texts: list[str]) -> npt.NDArray[np.float64]:
    """Our own stack in float64: what float32 rounds."""
    checkpoint = find_checkpoint(NAME)
    settings = read_settings(checkpoint)
    opened = open_weights(checkpoint.folder)
    opened.__class__ = DoubleWeights
    encoder = load_family(settings.config, opened)
    model = load_model(NAME)
    documents = [Document(str(n), text, "-", "-") for n, text in enumerate(texts)]
    windows = [found.windows[0] for found in model.tokenize(documents)]  # type: ignore[union-attr]
    vectors = np.empty((len(texts), 384))
    memory = DoubleMemory()
    for batch in batches(windows, 512):
        states = encoder(batch.ids, batch.blocks, memory)
        assert states.dtype == np.float64
        vectors[list(batch.order)] = normalize(pool(states, batch.blocks, ["mean"]))
    return vectors


def test_float32_stays_within_2e_6_of_float64(
    exact: npt.NDArray[np.float64], texts: list[str]
) -> None:
    difference = worst(load_model(NAME).embed(texts), exact)
    assert difference < 2e-6, f"numpy in float32: {difference:.1e}"


def test_our_float64_is_torchs(exact: npt.NDArray[np.float64], texts: list[str]) -> None:
    folder: Path = find_checkpoint(NAME).folder
    theirs = AutoModel.from_pretrained(folder, dtype=torch.float64).eval()
    model = load_model(NAME)
    for place in (0, 3, 60, 215):
        (found,) = model.tokenize([Document("x", texts[place], "-", "-")])
        ids = torch.from_numpy(found.windows[0].astype(np.int64))[None]  # type: ignore[union-attr]
        with torch.inference_mode():
            states = theirs(input_ids=ids).last_hidden_state[0].numpy()
        difference = worst(exact[place], normalize(states.mean(axis=0)))
        assert difference < 1e-6, f"float64: {difference:.1e}"
