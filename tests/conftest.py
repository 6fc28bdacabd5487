"""What many tests share: the carried model, and a tiny checkpoint that says nothing of pooling."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedcli.checkpoints import find_checkpoint

# A runner in the background may ignore Ctrl-C, and every child of it would: the tests send it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_model: runs all-MiniLM-L6-v2, which `.[dev]` carries")


@pytest.fixture(scope="session", autouse=True)
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes into the user's own cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def minilm() -> Path:
    return find_checkpoint("sentence-transformers/all-MiniLM-L6-v2").folder


@pytest.fixture(scope="session")
def plain_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT as transformers saves it: no modules.json, no pooling."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "fox", "a", "b", "c", ","]
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=48,
    )
    folder = tmp_path_factory.mktemp("plain-bert")
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    vocabulary = {word: number for number, word in enumerate(words)}
    BertTokenizer(vocab=vocabulary, model_max_length=48).save_pretrained(folder)
    return folder
