"""No pickle is loaded and no code of a model folder runs."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcli import ModelError, ModelOptions, load_model
from embedcli.errors import InputError
from embedcli.outputs import read_output

from .conftest import CONFIG, Spoil


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.place),)


@pytest.mark.parametrize("engine", ["numpy", "torch", "auto"])
def test_pickled_weights_never_run(engine: Any, spoil: Spoil, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    folder = spoil("pytorch_model.bin", pickle.dumps(Trap(sprung), protocol=2))
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError):
        load_model(str(folder), ModelOptions(engine=engine))
    assert not sprung.exists()


def test_pickled_weights_in_an_archive_never_run(spoil: Spoil, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    folder = spoil("pytorch_model.bin", b"")
    (folder / "model.safetensors").unlink()
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Trap(sprung), protocol=2))
        archive.writestr("archive/version", "3\n")
    with pytest.raises(ModelError):
        load_model(str(folder), ModelOptions(engine="torch"))
    assert not sprung.exists()


@pytest.mark.parametrize("engine", ["numpy", "torch"])
def test_code_of_the_folder_never_runs_unless_it_may(
    engine: Any, spoil: Spoil, tmp_path: Path
) -> None:
    sprung = tmp_path / "sprung"
    code = f"import os\nos.mkdir({str(sprung)!r})\n".encode()
    custom = {"AutoConfig": "custom.Config", "AutoModel": "custom.Model"}
    folder = spoil("custom.py", code)
    spoil("config.json", {**CONFIG, "model_type": "its-own", "auto_map": custom})
    spoil("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["custom.Tokenizer", None]}})
    with pytest.raises(ModelError) as caught:
        load_model(str(folder), ModelOptions(engine=engine))
    assert "\n" not in str(caught.value)
    assert not sprung.exists()


@pytest.mark.parametrize("name", ["out.npy", "out.npz"])
def test_objects_in_an_output_are_not_unpickled(name: str, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    objects = np.array([Trap(sprung)], dtype=object)
    if name.endswith("npy"):
        np.save(tmp_path / name, objects, allow_pickle=True)
    else:
        np.savez(tmp_path / name, vectors=objects)
    with pytest.raises(InputError):
        read_output(tmp_path / name)
    assert not sprung.exists()
