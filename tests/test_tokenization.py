"""load_tokenizer gives the ids of AutoTokenizer over hostile text, whatever the folder holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from embedcli.checkpoints.locate import find_checkpoint
from embedcli.tokenization import Tokenizer as OurTokenizer
from embedcli.tokenization import load_tokenizer

CORPUS = [
    "The quick brown fox jumps over the lazy dog.",
    "Vectors, attention and transformers: naïve café résumé.",
    "Das ist ein Übergrößenträger; 東京は日本の首都です。",
    "مرحبا بالعالم and שלום עולם in one line",
]

HOSTILE = [
    "  spaces   and\ttabs\r\nnew lines \u00a0\u2003 wide  ",
    "emoji 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 end",
    "combining e\u0301 a\u0308\u0323 Z\u0335\u0321\u034a\u0301 ﬁ ligature ①",
    "NAÏVE Café RÉSUMÉ İstanbul ıI ß ẞ Σς",
    "مرحبا بالعالم \u202bשלום\u202c עולם",
    "zero\u200bwidth \u200djoin\ufeff er\u2060s soft\u00adhyphen",
    "control \x00 \x01\x07\x1b[31m \x7f \x85 chars \ufffd",
    "x" * 500 + " " + "long" * 90,
    "東京タワー and 漢字かな交じり文 한국어",
    "[CLS] [SEP] [MASK] <s> </s> <mask> <pad> [UNK] <unk> ##ing",
    "special<mask>inside[MASK]words NEWTOK newtok and ExtraWord",
    "private \ue000 astral 𝔘𝔫𝔦 \U0001f9ff \U000e0001",
    "",
    "\n\n",
    "it's don't they'll I'm 3.14 1,000",
]

Build = Callable[[Path], None]


def save(folder: Path, tokenizer: Any, model_type: str, **config: Any) -> None:
    """Save a tokenizer and a config.json that is enough to choose its class."""
    tokenizer.save_pretrained(folder)
    config = {"model_type": model_type, "max_position_embeddings": 64, **config}
    (folder / "config.json").write_text(json.dumps(config))


def change(folder: Path, file: str, **values: Any) -> None:
    """Replace values in a JSON file of a folder; ``None`` removes one."""
    path = folder / file
    data = json.loads(path.read_text()) if path.exists() else {}
    data |= values
    data = {key: value for key, value in data.items() if value is not ...}
    path.write_text(json.dumps(data))


def word_piece(*, lowercase: bool = True, special: tuple[str, ...] = ()) -> Tokenizer:
    """A WordPiece tokenizer as BERT has it."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = special or SPECIAL
    trainer = trainers.WordPieceTrainer(
        vocab_size=220, special_tokens=list(special), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def byte_bpe(*, add_prefix_space: bool = False) -> Tokenizer:
    """A byte-level BPE tokenizer as RoBERTa has it."""
    tokenizer = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix=""))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def unigram() -> Tokenizer:
    """A Unigram tokenizer as XLM-RoBERTa has it, its unknown token at 3."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=150,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


BERT_TOKENS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
ROBERTA_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}


def fast(tokenizer: Tokenizer, tokens: dict[str, str], **kwargs: Any) -> PreTrainedTokenizerFast:
    """The wrapper of transformers around a tokenizer."""
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **tokens, **kwargs)


def declare(folder: Path, tokenizer_class: Any, **values: Any) -> None:
    """Name the class in tokenizer_config.json, as checkpoints of the hub do."""
    change(folder, "tokenizer_config.json", tokenizer_class=tokenizer_class, **values)


def bert(folder: Path, **values: Any) -> None:
    """A BERT folder whose tokenizer.json and tokenizer_config.json agree."""
    lowercase = values.get("do_lower_case", True)
    save(folder, fast(word_piece(lowercase=lowercase), BERT_TOKENS), "bert")
    declare(folder, "BertTokenizer", **values)


def roberta(folder: Path, **values: Any) -> None:
    """A RoBERTa folder."""
    save(folder, fast(byte_bpe(), ROBERTA_TOKENS), "roberta")
    declare(folder, "RobertaTokenizerFast", **values)


def xlm_roberta(folder: Path, **values: Any) -> None:
    """An XLM-RoBERTa folder."""
    save(folder, fast(unigram(), ROBERTA_TOKENS), "xlm-roberta")
    declare(folder, "XLMRobertaTokenizer", **values)


def reference(folder: Path) -> Any:
    """What transformers loads from a folder."""
    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


def mpnet(folder: Path) -> None:
    """An MPNet folder: WordPiece with the special tokens of RoBERTa."""
    tokenizer = word_piece(special=("<s>", "<pad>", "</s>", "[UNK]", "<mask>"))
    save(folder, fast(tokenizer, ROBERTA_TOKENS | {"unk_token": "[UNK]"}), "mpnet")
    declare(folder, "MPNetTokenizer")


def with_added_tokens(folder: Path, **values: Any) -> None:
    """A folder whose tokenizer got words of its own."""
    tokenizer = fast(word_piece(), BERT_TOKENS)
    tokenizer.add_tokens(["NEWTOK"])
    tokenizer.add_special_tokens({"extra_special_tokens": ["ExtraWord"]})
    save(folder, tokenizer, "bert")
    if values:
        declare(folder, **values)


def decoder(*tokens: str) -> dict[str, dict[str, Any]]:
    """An ``added_tokens_decoder`` that gives the tokens ids from 0."""
    flags = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": False}
    return {str(i): {"content": t, "special": True, **flags} for i, t in enumerate(tokens)}


def ours(folder: Path, **options: Any) -> OurTokenizer:
    """What embedcli loads from a folder."""
    file = folder / "tokenizer_config.json"
    settings = json.loads(file.read_text()) if file.is_file() else {}
    config = json.loads((folder / "config.json").read_text())
    return load_tokenizer(folder, config=config, tokenizer_config=settings, **options)


SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

DIRECT: dict[str, Build] = {
    "BERT": bert,
    "BERT, cased": lambda f: bert(f, do_lower_case=False),
    "BERT, a cased file under a class that lower-cases": lambda f: (
        save(f, fast(word_piece(lowercase=False), BERT_TOKENS), "bert"),
        declare(f, "BertTokenizer"),
    )[-1],
    "BERT, accents kept": lambda f: bert(f, strip_accents=False),
    "BERT, Chinese not split": lambda f: bert(f, tokenize_chinese_chars=False),
    "BERT, no tokenizer_config.json": lambda f: (
        bert(f),
        (f / "tokenizer_config.json").unlink(),
    )[-1],
    "BERT, added tokens listed": lambda f: bert(f, added_tokens_decoder=decoder(*SPECIAL)),
    "BERT, special tokens split": lambda f: bert(f, split_special_tokens=True),
    "BERT, class named in config.json": lambda f: (
        bert(f),
        declare(f, ...),
        change(f, "config.json", tokenizer_class="BertTokenizer"),
    )[-1],
    "BERT, file as it stands": lambda f: save(
        f, fast(word_piece(lowercase=False), BERT_TOKENS), "bert"
    ),
    "DistilBERT": lambda f: (
        save(f, fast(word_piece(), BERT_TOKENS), "distilbert"),
        declare(f, "DistilBertTokenizer"),
    )[-1],
    "MPNet": mpnet,
    "added tokens, built anew": lambda f: with_added_tokens(f, tokenizer_class="BertTokenizer"),
    "added tokens, file as it stands": with_added_tokens,
    "RoBERTa": roberta,
    "RoBERTa, space put before": lambda f: roberta(f, add_prefix_space=True),
    "XLM-RoBERTa": xlm_roberta,
    "XLM-RoBERTa, no space put before": lambda f: xlm_roberta(f, add_prefix_space=False),
    "ModernBERT, cut on the left": lambda f: save(
        f, fast(byte_bpe(), ROBERTA_TOKENS, truncation_side="left"), "modernbert"
    ),
    "Llama, file as it stands": lambda f: save(f, fast(byte_bpe(), ROBERTA_TOKENS), "llama"),
}
LEFT_TO_TRANSFORMERS: dict[str, Build] = {
    "a class that is not known": lambda f: bert(f) or declare(f, "FunnelTokenizer"),
    "a family that is not known": lambda f: save(f, fast(unigram(), ROBERTA_TOKENS), "t5"),
    "fewer added tokens than the file": lambda f: bert(
        f, added_tokens_decoder=decoder(*SPECIAL[:4])
    ),
    "more added tokens than the file": lambda f: bert(
        f, added_tokens_decoder=decoder(*SPECIAL, "NEWTOK")
    ),
    "an extra special token": lambda f: bert(f, extra_special_tokens=["ExtraWord"]),
    "a special token taken away": lambda f: bert(f, mask_token=None),
    "a special token elsewhere": lambda f: (
        bert(f),
        change(f, "special_tokens_map.json", mask_token="newtok"),
    )[-1],
    "an older file of added tokens": lambda f: (
        bert(f),
        change(f, "added_tokens.json", NEWTOK=220),
    )[-1],
}


@pytest.mark.parametrize("kind", [*DIRECT, *LEFT_TO_TRANSFORMERS])
def test_ids_are_those_of_auto_tokenizer_over_hostile_text(kind: str, tmp_path: Path) -> None:
    (DIRECT | LEFT_TO_TRANSFORMERS)[kind](tmp_path)
    expected = reference(tmp_path)
    tokenizer = ours(tmp_path)
    assert tokenizer.source == ("tokenizer.json" if kind in DIRECT else "AutoTokenizer")
    assert [ids.tolist() for ids in tokenizer.encode(HOSTILE)] == expected(HOSTILE)["input_ids"]
    assert tokenizer.pad_id == expected.pad_token_id
    assert tokenizer.vocab_size == len(expected)


@pytest.mark.parametrize("kind", ["BERT", "RoBERTa", "XLM-RoBERTa", "ModernBERT, cut on the left"])
@pytest.mark.parametrize("max_tokens", [3, 4, 17, 64])
def test_truncation_is_the_tokenizers_own(kind: str, max_tokens: int, tmp_path: Path) -> None:
    DIRECT[kind](tmp_path)
    expected = reference(tmp_path)(HOSTILE, truncation=True, max_length=max_tokens)["input_ids"]
    tokenizer = ours(tmp_path)
    cut = [tokenizer.windows(ids, max_tokens=max_tokens) for ids in tokenizer.encode(HOSTILE)]
    assert [window.windows[0].tolist() for window in cut] == expected


def test_the_carried_model_gives_the_ids_of_auto_tokenizer() -> None:
    folder = find_checkpoint("all-MiniLM-L6-v2").folder
    texts = [*HOSTILE, *CORPUS, " ".join(CORPUS) * 20]
    assert [ids.tolist() for ids in ours(folder).encode(texts)] == reference(folder)(texts)[
        "input_ids"
    ]


def test_one_text_alone_has_the_ids_that_it_has_among_others(tmp_path: Path) -> None:
    roberta(tmp_path)
    tokenizer = ours(tmp_path)
    alone = [tokenizer.encode([text])[0].tolist() for text in HOSTILE]
    assert alone == [ids.tolist() for ids in tokenizer.encode(HOSTILE)]
    assert tokenizer.encode([]) == []


def test_lower_case_comes_before_the_tokenizers_own_normaliser(tmp_path: Path) -> None:
    bert(tmp_path, do_lower_case=False)
    cased, lowered = ours(tmp_path), ours(tmp_path, do_lower_case=True)
    texts = ["Quick FOX", "naïve Café"]
    expected = [ids.tolist() for ids in cased.encode([text.lower() for text in texts])]
    assert [ids.tolist() for ids in lowered.encode(texts)] == expected


@pytest.mark.parametrize("given", [None, "false", "true"])
def test_texts_together_have_the_ids_that_each_has_alone(
    minilm: Path, given: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = load_tokenizer(minilm, config={"model_type": "bert"}, tokenizer_config={})
    texts = [*HOSTILE, "word and number 7, " * 20_000, *CORPUS]
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    alone = [tokenizer.encode([text])[0].tolist() for text in texts]
    if given is not None:
        monkeypatch.setenv("TOKENIZERS_PARALLELISM", given)
    assert [ids.tolist() for ids in tokenizer.encode(texts)] == alone
