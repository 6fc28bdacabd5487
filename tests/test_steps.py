"""The steps after the pooling equal the modules of sentence-transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers.base.modules import Dense as LibraryDense
from sentence_transformers.sentence_transformer.modules import LayerNorm as LibraryLayerNorm

from embedcli.attention import Block
from embedcli.checkpoints import DenseModule, LayerNormModule, NormalizeModule
from embedcli.checkpoints.modules import ACTIVATIONS
from embedcli.errors import ModelError
from embedcli.steps import Head, build_steps

VECTORS = np.random.default_rng(0).standard_normal((5, 6)).astype(np.float32)


def theirs(module: torch.nn.Module) -> np.ndarray:
    with torch.inference_mode():
        features = {"sentence_embedding": torch.from_numpy(VECTORS)}
        found: np.ndarray = module(features)["sentence_embedding"].numpy()
        return found


def save(module: LibraryDense | LibraryLayerNorm, folder: Path) -> None:
    folder.mkdir()
    module.save(str(folder))


def dense(out_features: int = 4, **options: object) -> DenseModule:
    settings: dict[str, object] = {"bias": True, "activation": "Identity", "residual": False}
    settings |= options
    return DenseModule("2_Dense", 6, out_features, source="2_Dense/config.json", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dense_is_the_librarys(activation: str, bias: bool, tmp_path: Path) -> None:
    torch.manual_seed(1)
    function = getattr(torch.nn, activation)()
    module = LibraryDense(6, 4, bias=bias, activation_function=function)
    save(module, tmp_path / "2_Dense")
    (step,) = build_steps(tmp_path, [dense(activation=activation, bias=bias)])
    np.testing.assert_allclose(step(VECTORS), theirs(module), atol=1e-6)


@pytest.mark.parametrize("out_features", [4, 6])
def test_a_residual_dense_adds_its_input_or_the_projection(
    out_features: int, tmp_path: Path
) -> None:
    from safetensors.numpy import save_file

    rng = np.random.default_rng(2)
    weights = {
        "linear.weight": rng.standard_normal((out_features, 6)).astype(np.float32),
        "linear.bias": rng.standard_normal(out_features).astype(np.float32),
    }
    expected = np.tanh(VECTORS @ weights["linear.weight"].T + weights["linear.bias"])
    if out_features == 6:
        expected = expected + VECTORS
    else:
        weights["residual.weight"] = rng.standard_normal((4, 6)).astype(np.float32)
        expected = expected + VECTORS @ weights["residual.weight"].T
    (tmp_path / "2_Dense").mkdir()
    save_file(weights, tmp_path / "2_Dense" / "model.safetensors")
    (step,) = build_steps(tmp_path, [dense(out_features, activation="Tanh", residual=True)])
    np.testing.assert_allclose(step(VECTORS), expected, atol=1e-5)


def test_layer_norm_is_the_librarys(tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = LibraryLayerNorm(6)
    torch.nn.init.normal_(module.norm.weight)
    torch.nn.init.normal_(module.norm.bias)
    save(module, tmp_path / "3_LayerNorm")
    (step,) = build_steps(tmp_path, [LayerNormModule("3_LayerNorm", 6, "config.json")])
    np.testing.assert_allclose(step(VECTORS), theirs(module), atol=1e-6)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    save(LibraryDense(6, 3), tmp_path / "2_Dense")
    with pytest.raises(ModelError, match=r"linear\.(weight|bias)"):
        build_steps(tmp_path, [dense(4)])


def test_a_last_normalisation_is_left_to_the_end_and_an_inner_one_is_a_step(
    tmp_path: Path,
) -> None:
    save(LibraryDense(6, 4, activation_function=torch.nn.Identity()), tmp_path / "2_Dense")
    assert build_steps(tmp_path, [NormalizeModule()]) == ()
    steps = build_steps(tmp_path, [NormalizeModule(), dense(), NormalizeModule()])
    assert len(steps) == 2
    np.testing.assert_allclose(np.linalg.norm(steps[0](VECTORS), axis=1), 1, atol=1e-6)


def head(**options: object) -> Head:
    defaults: dict[str, object] = {
        "modes": ("mean",), "skip": 0, "steps": (), "dim": None, "normalized": False,
        "renormalized": False,
    }  # fmt: skip
    return Head(**(defaults | options))  # type: ignore[arg-type]


def test_without_pooling_the_states_of_each_text_are_copies() -> None:
    states = VECTORS.copy()
    first, second = head(modes=()).pool(states, [Block(0, 1, 3), Block(3, 1, 2)])
    states[:] = 0
    np.testing.assert_array_equal(first, VECTORS[:3])
    np.testing.assert_array_equal(second, VECTORS[3:])


def test_the_width_is_that_of_a_finished_vector(tmp_path: Path) -> None:
    save(LibraryDense(6, 4), tmp_path / "2_Dense")
    steps = build_steps(tmp_path, [dense(activation="Tanh")])
    assert head().width(6) == 6
    assert head(modes=("cls", "mean")).width(6) == 12
    assert head(steps=steps).width(6) == 4
    assert head(steps=steps, dim=3).width(6) == 3
    assert head(modes=()).width(6) == 6


def test_finish_normalises_then_cuts_then_normalises_again() -> None:
    vector = np.array([3.0, 0.0, 4.0], dtype=np.float32)
    np.testing.assert_allclose(head().finish(vector), vector)
    np.testing.assert_allclose(head(normalized=True).finish(vector), [0.6, 0, 0.8])
    np.testing.assert_allclose(head(normalized=True, dim=2).finish(vector), [0.6, 0])
    again = head(normalized=True, dim=2, renormalized=True)
    np.testing.assert_allclose(again.finish(vector), [1, 0])
