"""Very long texts give the same ids in pieces, whatever the tokenizer."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    processors,
    trainers,
)
from tokenizers import pre_tokenizers as pre

from embedcli import pieces as module
from embedcli.document_tokenizer import add_tokenizer, find_model
from embedcli.model_name import DEFAULT_MODEL
from embedcli.options import ModelOptions
from embedcli.pieces import ids_in_pieces
from embedcli.tokenization import Tokenizer as Wrapped

WORDS = [
    "naïve",
    "ΣΊΣΥΦΟΣ",
    "東京都の水",
    "[MASK]",
    "a\u0301b",
    "don't",
    "\u200dx",
    "x" * 40,
    "🙂🙂",
    "\t",
    "1234567",
    "water",
    "wheels",
    "",
    "\n\n",
    "    ",
    "</s>",
    "ﬁne",
]
CORPUS = [" ".join(random.Random(seed).choices(WORDS, k=30)) for seed in range(60)]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(pre_tokenizer: pre.PreTokenizer) -> Tokenizer:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=420, initial_alphabet=pre.ByteLevel.alphabet(), special_tokens=["<s>", "</s>"]
    )
    backend.train_from_iterator(CORPUS, trainer)
    backend.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return backend


def gpt2() -> Tokenizer:
    return byte_level(pre.ByteLevel(add_prefix_space=False))


def llama3() -> Tokenizer:
    split = pre.Split(Regex(LLAMA3), "isolated")
    return byte_level(pre.Sequence([split, pre.ByteLevel(add_prefix_space=False, use_regex=False)]))


def from_the_right() -> Tokenizer:
    """Digits in groups of three that are counted from the end of the number."""
    split = pre.Split(Regex(r"\d{1,3}(?=(?:\d{3})*(?!\d))"), "isolated")
    return byte_level(pre.Sequence([split, pre.ByteLevel(add_prefix_space=True)]))


def unigram() -> Tokenizer:
    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    backend.pre_tokenizer = pre.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=120, unk_token="<unk>", special_tokens=["<unk>", "</s>"], show_progress=False
    )
    backend.train_from_iterator(CORPUS, trainer)
    backend.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 1)])
    return backend


def sentencepiece_bpe() -> Tokenizer:
    """As Llama 2 and Gemma have it: the whole text is one word."""
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>", "<s>"])
    trained.train_from_iterator(CORPUS, trainer)
    backend = Tokenizer(trained.model)
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    backend.decoder = decoders.Metaspace()
    backend.post_processor = processors.TemplateProcessing("<s> $A", None, [("<s>", 1)])
    return backend


def word_piece() -> Tokenizer:
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=30))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre.BertPreTokenizer()
    specials = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=150, special_tokens=specials)
    backend.train_from_iterator(CORPUS, trainer)
    backend.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    backend.add_tokens([AddedToken("two words"), AddedToken("water wheels", lstrip=True)])
    return backend


KINDS: list[Callable[[], Tokenizer]] = [
    gpt2,
    llama3,
    from_the_right,
    unigram,
    sentencepiece_bpe,
    word_piece,
]
BUILT = {kind.__name__: kind() for kind in KINDS}
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=80).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=80).map("".join),
    st.text("ab \n1", max_size=300),
    st.builds(
        lambda a, n, b: a + b * n, st.text(max_size=9), st.integers(50, 300), st.text(max_size=3)
    ),
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE_CHARACTERS", 90)
    monkeypatch.setattr(module, "SHARED_CHARACTERS", 60)
    monkeypatch.setattr(module, "RUN_TOKENS", 6)


def whole(backend: Tokenizer, text: str) -> list[int]:
    return list(backend.encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize("name", BUILT)
@settings(deadline=None, max_examples=150)
@given(text=TEXTS)
def test_a_text_in_pieces_has_the_ids_of_the_whole(name: str, text: str) -> None:
    backend = BUILT[name]
    assert ids_in_pieces(backend, text).tolist() == whole(backend, text)


@pytest.mark.parametrize("name", BUILT)
def test_pieces_are_joined_and_the_whole_text_is_not_needed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    class Counting:
        def encode(self, text: str, *, add_special_tokens: bool) -> object:
            seen.append(len(text))
            return BUILT[name].encode(text, add_special_tokens=add_special_tokens)

    monkeypatch.setattr(module, "PIECE_CHARACTERS", 600)
    monkeypatch.setattr(module, "SHARED_CHARACTERS", 300)
    text = " ".join(CORPUS)
    found = ids_in_pieces(Counting(), text)  # type: ignore[arg-type]
    assert found.tolist() == whole(BUILT[name], text)
    assert max(seen) <= 2400 < len(text)


@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("word", ["a" * 2000, "ab1" * 700, "7" * 1999, " " * 1001, "🙂" * 500])
def test_a_word_of_any_length_gives_the_ids_of_the_whole(name: str, word: str) -> None:
    for text in (word, f"water {word} wheels", word + " don't"):
        assert ids_in_pieces(BUILT[name], text).tolist() == whole(BUILT[name], text)


@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("parallel", ["false", "true"])
def test_special_tokens_stand_around_the_whole(
    name: str, parallel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", parallel)
    tokenizer = Wrapped(BUILT[name], source="a test")
    text = " ".join(CORPUS[:4])
    assert tokenizer.encode(["x", text])[1].tolist() == list(BUILT[name].encode(text).ids)


@pytest.mark.real_model
@settings(deadline=None, max_examples=40)
@given(words=st.lists(st.sampled_from(WORDS), max_size=80), gap=st.sampled_from([" ", "\n", "  "]))
def test_the_default_model_gives_the_same_ids_in_pieces(words: list[str], gap: str) -> None:
    tokenizer = add_tokenizer(find_model(DEFAULT_MODEL, ModelOptions())).tokenizer
    text = gap.join(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE_CHARACTERS", 1 << 18)
        expected = tokenizer.encode([text])[0].tolist()
    assert tokenizer.encode([text])[0].tolist() == expected
