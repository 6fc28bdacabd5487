"""Old and new spellings of the pipeline are read alike; what is not known is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from embedcli.checkpoints.modules import (
    DenseModule,
    LayerNormModule,
    Module,
    NormalizeModule,
    StaticEmbeddingModule,
    TransformerModule,
    read_modules,
)
from embedcli.checkpoints.pooling_config import PoolingModule
from embedcli.errors import ModelError

OLD = "sentence_transformers.models."
NEW = "sentence_transformers.sentence_transformer.modules."
TANH = "torch.nn.modules.activation.Tanh"


def write(folder: Path, *steps: tuple[str, str], **configs: dict[str, Any]) -> Path:
    """``modules.json`` from (type, path) pairs, and ``PATH/config.json`` of the steps."""
    folder.mkdir(exist_ok=True)
    entries = [
        {"idx": idx, "name": str(idx), "type": kind, "path": path}
        for idx, (kind, path) in enumerate(steps)
    ]
    (folder / "modules.json").write_text(json.dumps(entries))
    for path, config in configs.items():
        (folder / path).mkdir(exist_ok=True)
        (folder / path / "config.json").write_text(json.dumps(config))
    return folder


def with_pooling(folder: Path, **pooling: Any) -> PoolingModule:
    steps = [(OLD + "Transformer", ""), (OLD + "Pooling", "P")]
    modules = read_modules(write(folder, *steps, P=pooling))
    assert modules is not None
    assert isinstance(modules[1], PoolingModule)
    return modules[1]


def after_pooling(folder: Path, kind: str, path: str = "X", **config: Any) -> Module:
    steps = [(OLD + "Transformer", ""), (OLD + "Pooling", "P"), (kind, path)]
    modules = read_modules(write(folder, *steps, P={"pooling_mode": "cls"}, X=config))
    assert modules is not None
    return modules[2]


def test_without_the_file_there_is_no_pipeline(tmp_path: Path) -> None:
    assert read_modules(tmp_path) is None


@pytest.mark.parametrize(
    ("transformer", "pooling", "normalize"),
    [
        (OLD + "Transformer", OLD + "Pooling", OLD + "Normalize"),
        (
            "sentence_transformers.base.modules.transformer.Transformer",
            NEW + "pooling.Pooling",
            "sentence_transformers.base.modules.normalize.Normalize",
        ),
        (OLD + "Transformer.Transformer", NEW + "Pooling", NEW + "normalize.Normalize"),
    ],
)
def test_the_three_usual_steps_in_any_spelling(
    transformer: str, pooling: str, normalize: str, tmp_path: Path
) -> None:
    steps = [(transformer, "0_Transformer"), (pooling, "P"), (normalize, "2_Normalize")]
    assert read_modules(write(tmp_path, *steps, P={"pooling_mode": "mean"})) == (
        TransformerModule("0_Transformer"),
        PoolingModule(("mean",), True, "P/config.json"),
        NormalizeModule(),
    )


@pytest.mark.parametrize(
    ("config", "modes"),
    [
        ({"pooling_mode": "lasttoken"}, ("last",)),
        ({"pooling_mode": ["weightedmean", "cls"]}, ("weighted-mean", "cls")),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, ("cls", "mean")),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, ("mean-sqrt-len",)),
        ({"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False}, ("max",)),
        ({"pooling_mode_lasttoken": True}, ("last",)),
        ({"pooling_mode_mean_tokens": False}, ("mean",)),
        ({"pooling_mode": "cls", "pooling_mode_mean_tokens": True}, ("cls",)),
        ({"word_embedding_dimension": 8}, ("mean",)),
    ],
)
def test_pooling_modes_in_any_spelling(
    config: dict[str, Any], modes: tuple[str, ...], tmp_path: Path
) -> None:
    assert with_pooling(tmp_path, **config).modes == modes


def test_a_prompt_may_be_left_out_of_pooling(tmp_path: Path) -> None:
    assert with_pooling(tmp_path, pooling_mode="mean", include_prompt=False).include_prompt is False


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"pooling_mode": "median"}, r"P/config\.json: pooling mode 'median'"),
        ({"pooling_mode": [["cls"]]}, "pooling mode"),
        ({"pooling_mode": 3}, "pooling_mode is 3"),
        ({"pooling_mode_cls_token": "yes"}, "pooling_mode_cls_token"),
        ({"include_prompt": 0}, "include_prompt"),
    ],
)
def test_a_pooling_that_is_not_known_is_refused(
    config: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        with_pooling(tmp_path, **config)


def test_dense_by_its_file(tmp_path: Path) -> None:
    config = {"in_features": 8, "out_features": 4, "bias": False, "activation_function": TANH}
    found = after_pooling(tmp_path, OLD + "Dense", **config)
    assert found == DenseModule("X", 8, 4, False, "Tanh", False, "X/config.json")


def test_dense_without_an_activation_has_the_librarys_own(tmp_path: Path) -> None:
    found = after_pooling(tmp_path, OLD + "Dense", in_features=8, out_features=4, use_residual=True)
    assert found == DenseModule("X", 8, 4, True, "Tanh", True, "X/config.json")


@pytest.mark.parametrize(
    "config",
    [
        {"activation_function": "torch.nn.modules.activation.Softplus"},
        {"activation_function": "my_code.Tanh"},
        {"module_input_name": "token_embeddings"},
        {"module_output_name": "other"},
        {"out_features": 0},
        {"in_features": None},
    ],
)
def test_a_dense_that_is_not_known_is_refused(config: dict[str, Any], tmp_path: Path) -> None:
    whole = {"in_features": 8, "out_features": 4} | config
    with pytest.raises(ModelError, match=r"X/config\.json: "):
        after_pooling(tmp_path, OLD + "Dense", **whole)


def test_layer_norm_and_dropout(tmp_path: Path) -> None:
    found = after_pooling(tmp_path, NEW + "layer_norm.LayerNorm", dimension=8)
    assert found == LayerNormModule("X", 8, "X/config.json")
    steps = [(OLD + "Transformer", ""), (OLD + "Pooling", "P"), (OLD + "Dropout", "D")]
    assert len(read_modules(write(tmp_path, *steps, P={})) or ()) == 2


def test_normalising_token_states_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="module_input_name is 'token_embeddings'"):
        after_pooling(tmp_path, OLD + "Normalize", module_input_name="token_embeddings")


def test_static_embeddings_need_no_pooling(tmp_path: Path) -> None:
    steps = [(OLD + "StaticEmbedding", ""), (OLD + "Normalize", "1_Normalize")]
    found = read_modules(write(tmp_path, *steps))
    assert found == (StaticEmbeddingModule(""), NormalizeModule())


@pytest.mark.parametrize(
    "kind",
    [
        OLD + "WordEmbeddings",
        OLD + "CNN",
        OLD + "Router",
        "sentence_transformers.sparse_encoder.models.SpladePooling",
        "custom_st.Transformer",
        "os.system",
        "",
    ],
)
def test_an_unknown_step_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"module type '{kind.removeprefix(OLD)}'") as caught:
        after_pooling(tmp_path, kind)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("path", ["../secret", "/etc", "C:\\x"])
def test_a_step_outside_the_folder_is_not_read(path: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="leaves the model's folder"):
        after_pooling(tmp_path, OLD + "Dense", path)


@pytest.mark.parametrize(
    "steps",
    [
        [],
        ["Transformer"],
        ["Pooling", "Transformer"],
        ["Transformer", "Normalize", "Pooling"],
        ["Transformer", "Pooling", "Pooling"],
        ["StaticEmbedding", "Pooling"],
    ],
)
def test_steps_that_do_not_fit_are_refused(steps: list[str], tmp_path: Path) -> None:
    listed = [(OLD + step, "P") for step in steps]
    with pytest.raises(ModelError, match=r"modules\.json"):
        read_modules(write(tmp_path, *listed, P={}))


def test_a_missing_pooling_file_is_an_error(tmp_path: Path) -> None:
    steps = [(OLD + "Transformer", ""), (OLD + "Pooling", "1_Pooling")]
    with pytest.raises(ModelError, match=r"1_Pooling/config\.json is missing"):
        read_modules(write(tmp_path, *steps))
