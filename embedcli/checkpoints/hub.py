"""Downloads from the Hugging Face hub: only the files that embedcli reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from embedcli.errors import ModelError

_ANSWER_SECONDS = 5
_READ_SUFFIXES = (".json", ".txt", ".model", ".jinja", ".py")
_OTHER_RUNTIMES = ("onnx/", "openvino/", "coreml/", "tf_model", "flax_model", "gguf/")
_CRITICAL = 50
_TRUE = {"1", "ON", "YES", "TRUE"}


class HubError(ModelError):
    """The hub has no such model, does not give it, or does not answer."""


def told_to_stay_offline() -> bool:
    """Whether the environment forbids the hub, by the variables that its own library obeys."""
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in _TRUE


def download(model: str, revision: str | None = None) -> tuple[Path, str]:
    """Bring a model into the cache.

    Args:
        model: the full name on the hub.
        revision: a branch, tag or commit; the default branch unless given.

    Returns:
        The folder of the snapshot and its commit hash.

    Raises:
        HubError: with a short reason, when it cannot be had.
    """
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    # The client behind the library has changed; its errors are the bases of the library's own.
    failures: tuple[type[Exception], ...] = (*HfHubHTTPError.__bases__, OSError, ValueError)
    try:
        with _quiet():
            info = huggingface_hub.HfApi().model_info(
                model, revision=revision, timeout=_ANSWER_SECONDS
            )
            wanted = files_to_fetch([file.rfilename for file in info.siblings or ()])
            folder = huggingface_hub.snapshot_download(
                model, revision=info.sha, allow_patterns=wanted, etag_timeout=_ANSWER_SECONDS
            )
    except GatedRepoError as error:
        raise HubError("the hub gives it only after `hf auth login`") from error
    except RepositoryNotFoundError as error:
        raise HubError("the hub has no such model, or it is private") from error
    except failures as error:
        raise HubError(f"the hub gives no answer ({type(error).__name__})") from error
    return Path(folder), str(info.sha)


def files_to_fetch(names: Sequence[str]) -> list[str]:
    """The files of a repository that embedcli reads.

    Each folder's weights are its safetensors, or ``pytorch_model*.bin`` where it has none.
    """
    own = [PurePosixPath(name) for name in names if not name.startswith(_OTHER_RUNTIMES)]
    safe = {path.parent for path in own if path.suffix == ".safetensors"}
    return [
        str(path)
        for path in own
        if path.suffix in (".safetensors", *_READ_SUFFIXES)
        or (path.match("pytorch_model*.bin") and path.parent not in safe)
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines of the hub's library, and no bars where stderr is no terminal."""
    from huggingface_hub import logging
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    verbosity, were_disabled = logging.get_verbosity(), are_progress_bars_disabled()
    logging.set_verbosity(_CRITICAL)
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if not were_disabled:
            enable_progress_bars()
