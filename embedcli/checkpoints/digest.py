"""The sha256 of a checkpoint's weights, computed beside the work that uses them."""

from __future__ import annotations

import threading
from pathlib import Path

from embedcli.checkpoints.known_digests import known_digest, remember
from embedcli.checkpoints.safetensors import weights_files
from embedcli.errors import ModelError

_CHUNK_BYTES = 1 << 22
"""Large, because the thread waits for the interpreter's lock after each."""


def weights_sha256(folder: Path) -> str:
    """The sha256 of ``model.safetensors``, as hex.

    Without safetensors it is ``pytorch_model*.bin``. For shards it is the sha256 over the raw
    digests of the shards, one after another in name order. Files are read in chunks, so memory
    does not grow with them, and a file that has not changed since it was hashed is not read again.

    Raises:
        ModelError: when there are no weights, or they cannot be read.
    """
    import hashlib

    files = sorted(folder.glob("pytorch_model*.bin")) if _only_pickled(folder) else None
    digests = [_file_digest(path) for path in files or weights_files(folder)]
    if len(digests) == 1:
        return digests[0].hex()
    return hashlib.sha256(b"".join(digests)).hexdigest()


class Digest:
    """``weights_sha256`` in a thread of its own; hashing lets the other threads run.

    Args:
        folder: the folder with the weights.
        pinned: what the digest must be, for a model that is pinned.
    """

    def __init__(self, folder: Path, pinned: str | None = None) -> None:
        self._folder = folder
        self._pinned = pinned
        self._sha256 = ""
        self._error: ModelError | None = None
        self._thread = threading.Thread(target=self._run, name="weights-sha256", daemon=True)
        self._thread.start()

    def result(self) -> str:
        """Wait for the digest, as hex.

        Raises:
            ModelError: when the weights cannot be read, or are not the pinned ones.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        if self._pinned is not None and self._sha256 != self._pinned:
            raise ModelError(
                f"the weights in {self._folder} have sha256 {self._sha256}, expected "
                f"{self._pinned}; install the package again"
            )
        return self._sha256

    def _run(self) -> None:
        try:
            self._sha256 = weights_sha256(self._folder)
        except ModelError as error:
            self._error = error
        except OSError as error:  # the folder may vanish while the thread looks into it
            self._error = ModelError(f"{self._folder} cannot be read: {error.strerror}")


def _only_pickled(folder: Path) -> bool:
    return next(folder.glob("*.safetensors"), None) is None


def _file_digest(path: Path) -> bytes:
    try:
        before = path.stat()
        known = known_digest(path, before)
        if known is not None:
            return bytes.fromhex(known)
        digest = _hashed(path)
        remember(path, before, digest.hex())
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return digest


def _hashed(path: Path) -> bytes:
    import hashlib

    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
    return digest.digest()
