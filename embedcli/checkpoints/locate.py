"""From a model's name or path to its folder: local, in a package, in the cache, on the hub."""

from __future__ import annotations

import re
from pathlib import Path

from embedcli.checkpoints.cache import cache_folder, cached_models, find_cached
from embedcli.checkpoints.checkpoint import Checkpoint, holds_settings
from embedcli.checkpoints.hub import HubError, download, told_to_stay_offline
from embedcli.checkpoints.packaged import PACKAGED_MODELS, find_packaged, packaged_entry
from embedcli.errors import ModelError

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_DEFAULT_ORGANISATION = "sentence-transformers"


def find_checkpoint(name: str, *, revision: str | None = None, offline: bool = False) -> Checkpoint:
    """Find a model: a local folder, a package's data, the cache, then the hub.

    A name without ``/`` is first taken as one of the organisation ``sentence-transformers``, as
    that library does.

    Args:
        name: a folder, or a name on the hub.
        revision: a branch, tag or commit of the hub's repository; packages are then passed over.
        offline: never ask the hub; so do ``HF_HUB_OFFLINE`` and ``TRANSFORMERS_OFFLINE``.

    Raises:
        ModelError: when it is not to be had; the message says where it was looked for.
    """
    path = Path(name).expanduser()
    if name and path.is_dir():
        return _local(name, path)
    if not _HUB_NAME.fullmatch(name) or path.exists():
        raise ModelError(_no_folder(name, path))
    models = (name,) if "/" in name else (f"{_DEFAULT_ORGANISATION}/{name}", name)
    for model in models:
        packaged = None if revision else find_packaged(model, name=name)
        found = packaged or find_cached(model, name=name, revision=revision)
        if found is not None:
            return _completed(found, model, revision, offline)
    return _from_hub(name, models, revision, offline)


def list_checkpoints() -> tuple[Checkpoint, ...]:
    """The models on this machine: those that packages carry, then those in the cache, by name."""
    packaged = (find_packaged(entry.model, name=entry.model) for entry in PACKAGED_MODELS)
    return (*(found for found in packaged if found is not None), *cached_models())


def _local(name: str, folder: Path) -> Checkpoint:
    if not holds_settings(folder):
        raise ModelError(
            f"{name} is a folder without config.json or modules.json; give the folder of a model"
        )
    return Checkpoint(name, folder, None, "folder")


def _no_folder(name: str, path: Path) -> str:
    if name and path.exists():
        return f"{name} is a file; give the folder of a model, or its name on the hub"
    return f"no folder {name!r}; give the folder of a model, or a name like organisation/model"


def _completed(found: Checkpoint, model: str, revision: str | None, offline: bool) -> Checkpoint:
    """A snapshot without its pooling files is completed from the hub where that can be done."""
    if found.caution is None or offline or told_to_stay_offline():
        return found
    try:
        folder, commit = download(model, revision)
    except HubError:
        return found
    return Checkpoint(found.name, folder, commit, "hub")


def _from_hub(
    name: str, models: tuple[str, ...], revision: str | None, offline: bool
) -> Checkpoint:
    if offline or told_to_stay_offline():
        raise ModelError(_not_found(name, models, revision, "the hub was not asked (offline)"))
    reasons = []
    for model in models:
        try:
            folder, commit = download(model, revision)
        except HubError as error:
            reasons.append(str(error))
        else:
            return Checkpoint(name, folder, commit, "hub")
    raise ModelError(_not_found(name, models, revision, reasons[-1]))


def _not_found(name: str, models: tuple[str, ...], revision: str | None, hub: str) -> str:
    entry = next(filter(None, map(packaged_entry, models)), None)
    places = "no such folder"
    remedy = f"fetch it where the hub answers: `hf download {models[0]}`, or give a folder"
    if revision:
        places += f", no revision {revision!r} in the cache {cache_folder()}"
    else:
        places += f", not in the cache {cache_folder()}"
        if entry is not None:
            places = f"package {entry.distribution} is not installed, {places}"
            remedy = f"run `pip install 'embedcli[{entry.extra}]'`"
    return f"no model {name!r}: {places}, and {hub}; {remedy}"
