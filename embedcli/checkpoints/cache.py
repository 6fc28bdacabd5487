"""The Hugging Face cache, read from its documented folder layout.

``models--ORG--NAME/refs/REV`` holds a commit hash; ``models--ORG--NAME/snapshots/HASH`` the files;
``models--ORG--NAME/.no_exist/HASH/FILE`` marks a file that the hub is known not to have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from embedcli.checkpoints.checkpoint import Checkpoint, holds_settings, holds_weights

DEFAULT_REVISION = "main"
_PREFIX = "models--"
_MAX_REF_BYTES = 200


def cache_folder() -> Path:
    """Where the Hugging Face libraries keep their downloads, by the variables that they obey."""
    environment = os.environ
    home = environment.get("XDG_CACHE_HOME") or "~/.cache"
    hf_home = environment.get("HF_HOME") or str(Path(home) / "huggingface")
    hub = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    return Path(os.path.expandvars(hub or str(Path(hf_home) / "hub"))).expanduser()


def find_cached(model: str, *, name: str, revision: str | None = None) -> Checkpoint | None:
    """The cached snapshot of a model with its weights, or None.

    Args:
        model: the full name on the hub.
        name: what the user asked for.
        revision: a branch, tag or full commit hash; ``main`` unless given.
    """
    repository = cache_folder() / (_PREFIX + model.replace("/", "--"))
    commit = _commit(repository, revision or DEFAULT_REVISION)
    if commit is None:
        return None
    snapshot = repository / "snapshots" / commit
    if not (holds_settings(snapshot) and holds_weights(snapshot)):
        return None
    return Checkpoint(name, snapshot, commit, "cache", None, _caution(repository, commit, model))


def cached_models() -> Iterator[Checkpoint]:
    """Every model in the cache whose default revision is there, by name."""
    for repository in sorted(cache_folder().glob(_PREFIX + "*")):
        model = repository.name.removeprefix(_PREFIX).replace("--", "/", 1)
        checkpoint = find_cached(model, name=model)
        if checkpoint is not None:
            yield checkpoint


def _commit(repository: Path, revision: str) -> str | None:
    path = PurePosixPath(revision)
    if path.is_absolute() or ".." in path.parts or "\0" in revision:
        return None
    ref = repository / "refs" / revision
    if ref.is_file() and ref.stat().st_size <= _MAX_REF_BYTES:
        commit = ref.read_text(encoding="ascii", errors="replace").strip()
    else:
        commit = revision
    known = commit.isalnum() and (repository / "snapshots" / commit).is_dir()
    return commit if known else None


def _caution(repository: Path, commit: str, model: str) -> str | None:
    """A snapshot that another library fetched may lack the files that say how to pool."""
    snapshot = repository / "snapshots" / commit
    absent = repository / ".no_exist" / commit / "modules.json"
    if (snapshot / "modules.json").is_file() or absent.is_file():
        return None
    return (
        f"{model} lies in the cache without modules.json, which was never asked for: pooling and "
        f"normalisation may not be the authors'; run `hf download {model}`"
    )
