"""Static embeddings, family "static": their states are rows of a table, with no model to ask."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from embedcli import load_model
from embedcli.errors import ModelError
from embedcli.options import ModelOptions

WORDS = ["[UNK]", "[CLS]", "a", "cat", "sat", "the", "mat", "1", ".", "on"]
TEXTS = ["a cat sat on the mat.", "the", "a dog", "", "\x00", "Cat 1.", "[CLS] mat"]


def tokenizer_of(truncation=None):
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, "[UNK]"))
    tokenizer.add_special_tokens(["[CLS]"])
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A", special_tokens=[("[CLS]", 1)]
    )
    tokenizer.enable_padding(length=8)
    if truncation is not None:
        tokenizer.enable_truncation(**truncation)
    return tokenizer


def table(rows=10):
    return torch.randn(rows, 6, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def saved(tmp_path):
    """options of tokenizer_of, following modules -> the folder of a sentence-transformers model."""

    def save(*following, **options):
        static = StaticEmbedding(tokenizer_of(**options), embedding_weights=table())
        folder = tmp_path / "saved"
        SentenceTransformer(modules=[static, *following], device="cpu").save(str(folder))
        return folder

    return save


def write_model2vec(folder, config=None, **tensors):
    """The three files of model2vec."""
    folder.mkdir()
    save_file({"embeddings": table()} | tensors, folder / "model.safetensors")
    tokenizer_of().save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"model_type": "model2vec"} | (config or {})))
    return folder


def add_modules(folder, *kinds):
    entries = [
        {"idx": n, "name": str(n), "path": "", "type": f"sentence_transformers.models.{kind}"}
        for n, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(entries))


def assert_equal_vectors(folder):
    theirs = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(load_model(str(folder)).embed(TEXTS), theirs, atol=1e-6)


def test_states_equal_rows_of_the_table(saved):
    options = ModelOptions(pooling="none")
    (row,) = load_model(str(saved()), options).rows([document("cat sat")])
    np.testing.assert_array_equal(row.vector, table().numpy()[[3, 4]])


def document(text):
    from embedcli.documents import Document

    return Document("1", text, "-", "-")


@pytest.mark.parametrize("following", [(), (Normalize(),)])
def test_vectors_equal_sentence_transformers(saved, following):
    assert_equal_vectors(saved(*following))


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_tokenizers_own_truncation_is_obeyed(saved, side):
    folder = saved(truncation={"max_length": 3, "direction": side})
    assert_equal_vectors(folder)
    limit = load_model(str(folder)).reader.usage.max_tokens
    assert (limit.value, limit.source) == (3, "tokenizer.json")


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"weights": torch.arange(len(WORDS), dtype=torch.float32) / 3},
        {"embeddings": table(4), "mapping": torch.arange(len(WORDS)) % 4},
        {
            "embeddings": table(3).half(),
            "mapping": (torch.arange(len(WORDS)) % 3).int(),
            "weights": torch.linspace(-1, 1, len(WORDS), dtype=torch.float64),
        },
    ],
)
def test_model2vec_files_equal_sentence_transformers(tmp_path, tensors):
    folder = write_model2vec(tmp_path / "m", **tensors)
    add_modules(folder, "StaticEmbedding", "Normalize")
    assert_equal_vectors(folder)


@pytest.mark.parametrize("normalize", [False, True])
def test_a_model2vec_folder_alone_is_a_mean_scaled_as_its_config_says(tmp_path, normalize):
    folder = write_model2vec(tmp_path / "m", {"normalize": normalize, "max_length": 3})
    model = load_model(str(folder))
    mean = table().numpy()[[2, 3, 4]].mean(axis=0)
    expected = mean / np.linalg.norm(mean) if normalize else mean
    np.testing.assert_allclose(model.embed(["a cat sat on"])[0], expected, atol=1e-6)
    assert "unknown ones too" in model.reader.settings.cautions[0]


@pytest.mark.parametrize(
    ("config", "limit"),
    [({}, 512), ({"max_length": None}, None), ({"max_length": 7}, 7)],
)
def test_a_model2vec_folder_alone_has_model2vecs_limit(tmp_path, config, limit):
    folder = write_model2vec(tmp_path / "m", config)
    assert load_model(str(folder)).reader.usage.max_tokens.value == limit


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"embeddings": torch.zeros(4)}, r"has shape \(4,\), expected \(V, D\)"),
        ({"embeddings": torch.zeros(9, 2, dtype=torch.int8)}, "'embeddings' is I8"),
        ({"mapping": torch.tensor([0, 10])}, "'mapping' does not choose among 10 rows"),
        ({"mapping": torch.zeros(3)}, "'mapping' is F32, expected whole numbers"),
        ({"weights": torch.zeros(4)}, r"'weights' has shape \(4,\), expected \(10,\)"),
    ],
)
def test_tensors_that_do_not_fit_are_named(tmp_path, tensors, message):
    with pytest.raises(ModelError, match=message):
        load_model(str(write_model2vec(tmp_path / "m", **tensors)))


def test_a_word_beyond_the_table_is_an_error(saved):
    folder = saved()
    path = folder / "model.safetensors"
    save_file({"embedding.weight": load_file(path)["embedding.weight"][:4]}, path)
    with pytest.raises(ModelError, match="gives id 5, and the model's table of words ends at 3"):
        load_model(str(folder)).embed(["the"])


@pytest.mark.parametrize("options", [{"engine": "torch"}, {"device": "cuda"}, {"dtype": "float16"}])
def test_static_embeddings_run_on_the_numpy_engine_only(saved, options):
    with pytest.raises(ModelError, match=r"static embeddings: .*leave --engine"):
        load_model(str(saved()), ModelOptions(**options))
