"""Vectors of whole model folders equal those of sentence-transformers."""

import json

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules
from tokenizers import pre_tokenizers
from transformers import AutoConfig, AutoTokenizer, BertTokenizer, MPNetTokenizer, RobertaTokenizer

from embedcli import load_model
from embedcli.errors import ModelError

LETTERS = "abcdefghijklmnopqrstuvwxyz.,!?"
TEXTS = ["a cat sat.", "", "Ein Wort!", "x", "<pad> inside, [PAD] too", "long " * 30, "日本 é"]


def word_pieces(*first):
    pieces = [*first, *LETTERS, *("##" + letter for letter in LETTERS)]
    return {piece: number for number, piece in enumerate(pieces)}


def bytes_of(*first):
    pieces = [*first, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    return {piece: number for number, piece in enumerate(pieces)}


MARKUP = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
BRACKETS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
TOKENIZERS = {
    "bert": lambda: BertTokenizer(vocab=word_pieces(*BRACKETS)),
    "distilbert": lambda: BertTokenizer(vocab=word_pieces(*BRACKETS)),
    "electra": lambda: BertTokenizer(vocab=word_pieces(*BRACKETS)),
    "mpnet": lambda: MPNetTokenizer(vocab=word_pieces(*MARKUP, "[UNK]")),
    "roberta": lambda: RobertaTokenizer(vocab=bytes_of(*MARKUP), merges=[]),
}


@pytest.fixture
def saved(make_tiny, tmp_path):
    """family, pooling -> the folder of a sentence-transformers model."""

    def save(family, pooling="mean"):
        tokenizer = TOKENIZERS[family]()
        tokenizer.model_max_length = 37
        config = AutoConfig.for_model(
            family,
            vocab_size=len(tokenizer),
            hidden_size=24,
            num_attention_heads=4,
            num_hidden_layers=2,
            intermediate_size=37,
            max_position_embeddings=40,
        )
        tiny = make_tiny(config)
        tokenizer.save_pretrained(tiny.folder)
        transformer = modules.Transformer(str(tiny.folder))
        pool = modules.Pooling(24, pooling_mode=pooling)
        folder = tmp_path / "saved"
        SentenceTransformer(modules=[transformer, pool], device="cpu").save(str(folder))
        return folder

    return save


def assert_equal_vectors(folder, texts=TEXTS):
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts)
    ours = load_model(str(folder)).embed(texts)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


@pytest.mark.parametrize("family", TOKENIZERS)
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_equal_sentence_transformers(saved, family, pooling):
    assert_equal_vectors(saved(family, pooling))


def test_segment_ids_other_than_0_are_refused(saved):
    folder = saved("bert")
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    special = {name: {"id": name, "ids": [2], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    single = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 1}},
        {"Sequence": {"id": "A", "type_id": 0}},
    ]
    tokenizer["post_processor"] = {
        "type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": special,
    }  # fmt: skip
    path.write_text(json.dumps(tokenizer))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["tokenizer_class"] = "TokenizersBackend"
    settings["model_input_names"] = ["input_ids", "token_type_ids", "attention_mask"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert AutoTokenizer.from_pretrained(folder)("a")["token_type_ids"][0] == 1
    with pytest.raises(ModelError, match="segment ids other than 0"):
        load_model(str(folder))
