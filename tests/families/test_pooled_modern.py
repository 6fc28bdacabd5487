"""Vectors of the newer families' folders equal those of sentence-transformers."""

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoConfig, PreTrainedTokenizerFast, T5EncoderModel

from embedcli import load_model
from embedcli.options import ModelOptions

TEXTS = ["a cat sat.", "", "Ein Wort!", "x", "long " * 30, "日本 é"]
SIZES = {
    "vocab_size": 259,
    "hidden_size": 24,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "intermediate_size": 37,
    "max_position_embeddings": 40,
}
WINDOW = {"num_key_value_heads": 2, "head_dim": 6, "sliding_window": 8}
CASES = {
    "gemma3_text": (SIZES | WINDOW | {"use_bidirectional_attention": True}, "mean"),
    "mistral": (SIZES | WINDOW, "lasttoken"),
    "modernbert": (SIZES | {"local_attention": 8, "pad_token_id": 0}, "cls"),
    "nomic_bert": (SIZES, "mean"),
    "qwen3": (SIZES | WINDOW, "lasttoken"),
    "t5": (
        {"vocab_size": 259, "d_model": 24, "d_kv": 4, "d_ff": 37, "num_layers": 2, "num_heads": 3},
        "mean",
    ),
}


def byte_tokenizer(side: str) -> PreTrainedTokenizerFast:
    """One token a byte, and an end behind each text."""
    pieces = ["<pad>", "<end>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing("$A <end>", None, [("<end>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<end>",
        unk_token="<unk>",
        padding_side=side,
        model_max_length=37,
    )


@pytest.mark.parametrize("family", CASES)
def test_vectors_equal_sentence_transformers(make_tiny, tmp_path, family):
    values, pooling = CASES[family]
    tiny = make_tiny(
        AutoConfig.for_model(family, **values),
        model_class=T5EncoderModel if family == "t5" else None,
    )
    byte_tokenizer("left" if pooling == "lasttoken" else "right").save_pretrained(tiny.folder)
    parts = [modules.Transformer(str(tiny.folder)), modules.Pooling(24, pooling_mode=pooling)]
    folder = tmp_path / "saved"
    SentenceTransformer(modules=parts, device="cpu").save(str(folder))
    theirs = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    for engine in ("numpy", "torch"):
        ours = load_model(str(folder), ModelOptions(engine=engine)).embed(TEXTS)
        assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max(), engine
